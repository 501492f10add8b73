//! The evidence lower bounds themselves, over full matrices, with the expectation over Gaussians taken exactly. No mode, no singular
//! value and no threshold occurs here.

use super::diagonal;
use nalgebra::DMatrix;
use std::f64::consts::PI;

/// A VAE on vectors (c, y) with this second-moment matrix: conditional if the decoder sees c, ordinary if there is no c, and with y ≠ x
/// if the encoder sees nothing but c.
pub struct Vae {
    pub joint: DMatrix<f64>,
    /// dim(c).
    pub conditions: usize,
    pub decoder_sees_condition: bool,
    pub encoder_sees_output: bool,
    pub latent: usize,
    pub beta: f64,
    pub prior: f64,
    /// η²; a parameter without.
    pub decoder: Option<f64>,
    /// s; a parameter without.
    pub encoder: Option<Vec<f64>>,
}

/// Parameters with their names.
pub struct Weights {
    /// Encoder, `[K, dim(c) + dim(y)]`.
    pub w: DMatrix<f64>,
    /// Decoder, `[dim(y), K]`.
    pub u: DMatrix<f64>,
    /// Of the condition, `[dim(y), dim(c)]`.
    pub b: DMatrix<f64>,
    pub s: Vec<f64>,
    pub eta: f64,
}

impl Vae {
    fn outputs(&self) -> usize {
        self.joint.nrows() - self.conditions
    }

    fn seen(&self) -> usize {
        if self.encoder_sees_output { self.joint.nrows() } else { self.conditions }
    }

    pub fn parameters(&self) -> usize {
        let condition = if self.decoder_sees_condition { self.outputs() * self.conditions } else { 0 };
        self.latent * (self.seen() + self.outputs())
            + condition
            + self.encoder.as_ref().map_or(self.latent, |_| 0)
            + usize::from(self.decoder.is_none())
    }

    pub fn weights(&self, parameters: &[f64]) -> Weights {
        let mut rest = parameters;
        let mut take = |count: usize| {
            let (first, others) = rest.split_at(count);
            rest = others;
            first
        };
        let mut w = DMatrix::zeros(self.latent, self.joint.nrows());
        let seen = take(self.latent * self.seen());
        w.columns_mut(0, self.seen()).copy_from_slice(seen);
        let u = DMatrix::from_column_slice(self.outputs(), self.latent, take(self.outputs() * self.latent));
        let mut b = DMatrix::zeros(self.outputs(), self.conditions);
        if self.decoder_sees_condition {
            b.copy_from_slice(take(self.outputs() * self.conditions));
        }
        let s = match &self.encoder {
            Some(s) => s.clone(),
            None => take(self.latent).iter().map(|log| log.exp()).collect(),
        };
        let eta = self.decoder.unwrap_or_else(|| take(1)[0].exp());
        Weights { w, u, b, s, eta }
    }

    pub fn loss(&self, weights: &Weights) -> f64 {
        let Weights { w, u, b, s, eta } = weights;
        let outputs = self.outputs();
        // y − Bc − U(W(c, y) + noise) = (select − [B 0] − UW)(c, y) − U noise.
        let mut map = -(u * w);
        for i in 0..outputs {
            map[(i, self.conditions + i)] += 1.0;
        }
        let mut part = map.columns_mut(0, self.conditions);
        part -= b;
        let error = (&map * &self.joint * map.transpose()).trace() + (u * diagonal(s) * u.transpose()).trace();
        error / (2.0 * eta)
            + 0.5 * outputs as f64 * (2.0 * PI * eta).ln()
            + self.beta * self.kls(weights).iter().sum::<f64>()
    }

    /// By coordinate.
    pub fn kls(&self, weights: &Weights) -> Vec<f64> {
        let means = self.means(weights);
        (0..self.latent).map(|k| kl(means[(k, k)], weights.s[k], self.prior)).collect()
    }

    /// By eigenvalue of Cov(μ), for one encoder variance.
    pub fn kls_by_mode(&self, weights: &Weights) -> Vec<f64> {
        self.means(weights).symmetric_eigenvalues().iter().map(|value| kl(*value, weights.s[0], self.prior)).collect()
    }

    fn means(&self, weights: &Weights) -> DMatrix<f64> {
        &weights.w * &self.joint * weights.w.transpose()
    }
}

fn kl(mean_square: f64, variance: f64, prior: f64) -> f64 {
    0.5 * ((mean_square + variance) / prior - 1.0 - (variance / prior).ln())
}

/// The hierarchical VAE on x with covariance A.
pub struct Hierarchical {
    pub covariance: DMatrix<f64>,
    pub latent: [usize; 2],
    pub beta: [f64; 2],
    /// ex; a parameter without.
    pub decoder: Option<f64>,
    pub level: f64,
    pub prior: f64,
    pub encoder: [Option<f64>; 2],
}

/// Parameters with their names.
pub struct Levels {
    pub w1: DMatrix<f64>,
    pub u1: DMatrix<f64>,
    pub w2: DMatrix<f64>,
    pub u2: DMatrix<f64>,
    pub s1: Vec<f64>,
    pub s2: Vec<f64>,
    pub ex: f64,
}

impl Hierarchical {
    pub fn parameters(&self) -> usize {
        let ([lower, upper], dimensions) = (self.latent, self.covariance.nrows());
        2 * lower * (dimensions + upper)
            + self.encoder[0].map_or(lower, |_| 0)
            + self.encoder[1].map_or(upper, |_| 0)
            + usize::from(self.decoder.is_none())
    }

    pub fn levels(&self, parameters: &[f64]) -> Levels {
        let ([lower, upper], dimensions) = (self.latent, self.covariance.nrows());
        let mut rest = parameters;
        let mut take = |count: usize| {
            let (first, others) = rest.split_at(count);
            rest = others;
            first
        };
        let w1 = DMatrix::from_column_slice(lower, dimensions, take(lower * dimensions));
        let u1 = DMatrix::from_column_slice(dimensions, lower, take(lower * dimensions));
        let w2 = DMatrix::from_column_slice(upper, lower, take(lower * upper));
        let u2 = DMatrix::from_column_slice(lower, upper, take(lower * upper));
        let mut variances = |given: Option<f64>, count: usize| match given {
            Some(variance) => vec![variance; count],
            None => take(count).iter().map(|log| log.exp()).collect(),
        };
        let (s1, s2) = (variances(self.encoder[0], lower), variances(self.encoder[1], upper));
        let ex = self.decoder.unwrap_or_else(|| take(1)[0].exp());
        Levels { w1, u1, w2, u2, s1, s2, ex }
    }

    pub fn loss(&self, levels: &Levels) -> f64 {
        let Levels { w1, u1, ex, .. } = levels;
        let dimensions = self.covariance.nrows() as f64;
        let cross = w1 * &self.covariance;
        let error = self.covariance.trace() - 2.0 * (u1 * &cross).trace()
            + (u1 * self.lower_moments(levels) * u1.transpose()).trace();
        let [first, second] = self.beta;
        error / (2.0 * ex)
            + 0.5 * dimensions * (2.0 * PI * ex).ln()
            + first * self.term(levels)
            + second * self.upper_kls(levels).iter().sum::<f64>()
    }

    /// Cov(z1).
    fn lower_moments(&self, levels: &Levels) -> DMatrix<f64> {
        &levels.w1 * &self.covariance * levels.w1.transpose() + diagonal(&levels.s1)
    }

    /// E log q(z1 | x) − log p(z1 | z2).
    pub fn term(&self, levels: &Levels) -> f64 {
        let Levels { u2, w2, s1, s2, .. } = levels;
        let [lower, _] = self.latent;
        let map = DMatrix::identity(lower, lower) - u2 * w2;
        let error = (&map * self.lower_moments(levels) * map.transpose()).trace()
            + (u2 * diagonal(s2) * u2.transpose()).trace();
        let entropy: f64 = s1.iter().map(|s| 0.5 * (2.0 * PI * s).ln() + 0.5).sum();
        0.5 * lower as f64 * (2.0 * PI * self.level).ln() + error / (2.0 * self.level) - entropy
    }

    fn upper_means(&self, levels: &Levels) -> DMatrix<f64> {
        &levels.w2 * self.lower_moments(levels) * levels.w2.transpose()
    }

    /// By coordinate.
    pub fn upper_kls(&self, levels: &Levels) -> Vec<f64> {
        let means = self.upper_means(levels);
        (0..self.latent[1]).map(|k| kl(means[(k, k)], levels.s2[k], self.prior)).collect()
    }

    /// By eigenvalue, for one encoder variance.
    pub fn upper_kls_by_mode(&self, levels: &Levels) -> Vec<f64> {
        let values = self.upper_means(levels).symmetric_eigenvalues();
        values.iter().map(|value| kl(*value, levels.s2[0], self.prior)).collect()
    }
}
