//! Log densities with gradients, as Hamiltonian Monte Carlo and variational inference need them: over all of Rⁿ, with the Jacobians of the
//! transforms that bring a standard deviation or a weight there.

use super::{MixtureError, MixtureWeight, Ppca};
use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};
use wide::f64x4;

/// A log density over Rⁿ, known up to a constant.
pub trait LogDensity: Sync {
    /// n.
    fn dimensions(&self) -> usize;

    /// log p(position) up to a constant; its gradient replaces the content of `gradient`. Both slices have n entries.
    fn evaluate(&self, position: &[f64], gradient: &mut [f64]) -> f64;

    /// A random place to start from, `[n]`: uniform between −2 and 2, as Stan has it, for want of anything better.
    fn start(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        (0..self.dimensions()).map(|_| 4.0 * uniform(random) - 2.0).collect()
    }
}

/// Uniform between 0 and 1.
fn uniform(random: &mut ChaCha8Rng) -> f64 {
    StandardUniform.sample(random)
}

/// z of one example under probabilistic PCA: log p(z | x) = −½ zᵀΛz + zᵀWᵀx/σ² with Λ = I + WᵀW/σ².
#[derive(Clone, Debug)]
pub struct LatentDensity {
    precision: DMatrix<f64>,
    projection: DVector<f64>,
}

impl LatentDensity {
    /// Of the centred example `x`, `[D]`.
    pub fn new(model: &Ppca, x: &DVector<f64>) -> Self {
        let variance = model.sigma * model.sigma;
        let latent = model.weights.ncols();
        Self {
            precision: DMatrix::identity(latent, latent) + model.weights.tr_mul(&model.weights) / variance,
            projection: model.weights.tr_mul(x) / variance,
        }
    }
}

impl LogDensity for LatentDensity {
    fn dimensions(&self) -> usize {
        self.projection.len()
    }

    fn evaluate(&self, position: &[f64], gradient: &mut [f64]) -> f64 {
        let mut value = 0.0;
        for (row, gradient) in gradient.iter_mut().enumerate() {
            let pull: f64 = self.precision.row(row).iter().zip(position).map(|(a, z)| a * z).sum();
            *gradient = self.projection[row] - pull;
            value += position[row] * (self.projection[row] - 0.5 * pull);
        }
        value
    }
}

/// θ = logit α of a mixture whose components are known.
#[derive(Clone, Debug)]
pub struct WeightDensity {
    prior: (f64, f64),
    /// p(x_i | k) of both components, divided by the larger.
    relative: Vec<(f64, f64)>,
}

impl WeightDensity {
    /// Of the data `[N]`.
    ///
    /// # Errors
    /// As [`MixtureWeight::posterior`].
    pub fn new(mixture: &MixtureWeight, data: &[f64]) -> Result<Self, MixtureError> {
        mixture.check(data)?;
        Ok(Self { prior: mixture.prior, relative: mixture.relative_likelihoods(data).1 })
    }
}

impl LogDensity for WeightDensity {
    fn dimensions(&self) -> usize {
        1
    }

    fn evaluate(&self, position: &[f64], gradient: &mut [f64]) -> f64 {
        let (prior, slope) = log_prior(position[0], self.prior);
        let (alpha, rest) = (sigmoid(position[0]), sigmoid(-position[0]));
        let (mut value, mut sum) = (0.0, 0.0);
        for chunk in self.relative.chunks(LOGARITHM_EVERY) {
            let mut product = 1.0;
            for (first, second) in chunk {
                let likelihood = alpha * first + rest * second;
                product *= likelihood;
                sum += (first - second) / likelihood;
            }
            value += if product > SMALLEST_PRODUCT {
                product.ln()
            } else {
                chunk.iter().map(|(first, second)| (alpha * first + rest * second).ln()).sum::<f64>()
            };
        }
        gradient[0] = slope + sum * alpha * rest;
        prior + value
    }
}

/// Factors between two logarithms.
const LOGARITHM_EVERY: usize = 32;
/// A smaller product has lost digits to underflow.
const SMALLEST_PRODUCT: f64 = 1e-290;

/// log Beta(α; a, b) + log |dα/dθ| up to a constant, at θ = logit α, and its derivative.
fn log_prior(theta: f64, (a, b): (f64, f64)) -> (f64, f64) {
    (-a * softplus(-theta) - b * softplus(theta), a * sigmoid(-theta) - b * sigmoid(theta))
}

/// Means, standard deviations and weight of both components, θ = (μ₁, μ₂, log σ₁, log σ₂, logit α): μ_k ~ N(0, 2), σ_k ~ N⁺(0, 2),
/// α ~ Beta(a, b), as in the experiments of Wang, Blei and Cunningham (2021). The components are not ordered: exchanging them changes the
/// prior only in a and b, so that chains may disagree about which is the first.
#[derive(Clone, Debug)]
pub struct MixtureDensity {
    prior: (f64, f64),
    data: Vec<f64>,
    /// The data, four at a time; the last lanes repeat a datum and count for nothing.
    lanes: Vec<f64x4>,
    last: f64x4,
}

/// Standard deviation of the priors of μ_k and σ_k.
const PRIOR_DEVIATION: f64 = 2.0;
/// Candidates for the second mean of a start.
const CANDIDATES: usize = 5;
/// Factors of at most 2 whose product is far from overflow.
const FACTORS: usize = 512;

impl MixtureDensity {
    /// Of the data `[N]`; of the mixture only the prior matters.
    ///
    /// # Errors
    /// As [`MixtureWeight::posterior`].
    pub fn new(mixture: &MixtureWeight, data: &[f64]) -> Result<Self, MixtureError> {
        mixture.check(data)?;
        let (chunks, rest) = data.as_chunks::<4>();
        let mut lanes: Vec<f64x4> = chunks.iter().map(|chunk| f64x4::from(*chunk)).collect();
        let mut last = f64x4::ONE;
        if let Some(first) = rest.first() {
            lanes.push(f64x4::from(std::array::from_fn(|i| *rest.get(i).unwrap_or(first))));
            last = f64x4::from(std::array::from_fn(|i| f64::from(u8::from(i < rest.len()))));
        }
        Ok(Self { prior: mixture.prior, data: data.to_vec(), lanes, last })
    }
}

/// Sums over data, r being the posterior probability that a datum is of the first component and d_k its distance from μ_k in σ_k.
#[derive(Clone, Copy)]
struct Sums {
    /// Σ max(Δ, 0) − ½ d₂² + log(1 + e^−|Δ|).
    log_likelihood: f64x4,
    /// Of 1 + e^−|Δ|, since the last logarithm.
    product: f64x4,
    count: f64x4,
    /// Σ r.
    responsibility: f64x4,
    /// Σ r d₁ and Σ r d₁².
    first: [f64x4; 2],
    /// Σ (1 − r) d₂ and Σ (1 − r) d₂².
    second: [f64x4; 2],
}

/// What the sums need of the parameters.
#[derive(Clone, Copy)]
struct Components {
    means: [f64x4; 2],
    inverse_deviations: [f64x4; 2],
    /// log α/(1 − α) + log σ₂/σ₁.
    offset: f64x4,
}

impl LogDensity for MixtureDensity {
    fn dimensions(&self) -> usize {
        5
    }

    fn evaluate(&self, position: &[f64], gradient: &mut [f64]) -> f64 {
        let [mean1, mean2, log_sd1, log_sd2, theta] = *position else { return f64::NAN };
        let inverse = [(-log_sd1).exp(), (-log_sd2).exp()];
        let sums = self.sums(&Components {
            means: [mean1, mean2].map(f64x4::splat),
            inverse_deviations: inverse.map(f64x4::splat),
            offset: f64x4::splat(theta + log_sd2 - log_sd1),
        });

        let count = sums.count.reduce_add();
        let responsibility = sums.responsibility.reduce_add();
        let alpha = sigmoid(theta);
        let (prior, slope) = log_prior(theta, self.prior);
        let scale = PRIOR_DEVIATION.powi(-2);
        let variances = [(2.0 * log_sd1).exp(), (2.0 * log_sd2).exp()];
        let [linear1, square1] = sums.first.map(f64x4::reduce_add);
        let [linear2, square2] = sums.second.map(f64x4::reduce_add);
        gradient[0] = linear1 * inverse[0] - mean1 * scale;
        gradient[1] = linear2 * inverse[1] - mean2 * scale;
        gradient[2] = square1 - responsibility + 1.0 - variances[0] * scale;
        gradient[3] = square2 - (count - responsibility) + 1.0 - variances[1] * scale;
        gradient[4] = responsibility - count * alpha + slope;
        let priors = -0.5 * scale * (mean1 * mean1 + mean2 * mean2 + variances[0] + variances[1]) + log_sd1 + log_sd2;
        sums.log_likelihood.reduce_add() - count * (softplus(theta) + log_sd2) + priors + prior
    }

    /// Means at two data by greedy k-means++ (Arthur and Vassilvitskii 2007), deviations by what is left around them, in random order.
    /// From anywhere else a chain may end with one component for all data and an empty one, and not find out in any time.
    fn start(&self, random: &mut ChaCha8Rng) -> Vec<f64> {
        let square = |a: f64, b: f64| (a - b) * (a - b);
        let count = self.data.len();
        let first = self.data[((uniform(random) * count as f64) as usize).min(count - 1)];
        let left = |second: f64| -> f64 {
            self.data.iter().map(|&x| square(x, first).min(square(x, second))).sum::<f64>() / count as f64
        };
        let total = count as f64 * left(first);
        let mut second = first;
        for _ in 0..CANDIDATES {
            let mut mark = uniform(random) * total;
            let candidate = self.data.iter().copied().find(|&x| {
                mark -= square(x, first);
                mark < 0.0
            });
            second = candidate.filter(|&candidate| left(candidate) < left(second)).unwrap_or(second);
        }
        let spread = left(second).sqrt();
        let log_sd = if spread > 0.0 { spread.ln() } else { 0.0 };
        let mut near = |center: f64| center + uniform(random) - 0.5;
        let (log_sd1, log_sd2, theta) = (near(log_sd), near(log_sd), near(0.0));
        let (mean1, mean2) = if uniform(random) < 0.5 { (first, second) } else { (second, first) };
        vec![mean1, mean2, log_sd1, log_sd2, theta]
    }
}

impl MixtureDensity {
    /// One pass over the data.
    fn sums(&self, components: &Components) -> Sums {
        let mut sums = Sums::zero();
        let Some((last, full)) = self.lanes.split_last() else { return sums };
        for chunk in full.chunks(FACTORS - 1) {
            chunk.iter().for_each(|&x| sums.add(x, f64x4::ONE, components));
            sums.take_logarithm();
        }
        sums.add(*last, self.last, components);
        sums.take_logarithm();
        sums
    }
}

impl Sums {
    fn zero() -> Self {
        let zero = f64x4::ZERO;
        Self {
            log_likelihood: zero,
            product: f64x4::ONE,
            count: zero,
            responsibility: zero,
            first: [zero; 2],
            second: [zero; 2],
        }
    }

    /// Adds four data, those with `mask` 1. With Δ = log α/(1 − α) + log N(x; μ₁, σ₁) − log N(x; μ₂, σ₂), the log-likelihood of a datum is
    /// log(1 − α) + log N(x; μ₂, σ₂) + max(Δ, 0) + log(1 + e^−|Δ|): one exponential each, and one logarithm for the product of many.
    #[inline(always)]
    fn add(&mut self, x: f64x4, mask: f64x4, components: &Components) {
        let [mean1, mean2] = components.means;
        let [inverse1, inverse2] = components.inverse_deviations;
        let half = f64x4::splat(0.5);
        let (d1, d2) = ((x - mean1) * inverse1, (x - mean2) * inverse2);
        let (square1, square2) = (d1 * d1, d2 * d2);
        let delta = components.offset + half * (square2 - square1);
        let e = (-delta.abs()).exp();
        let likelier = mask / (f64x4::ONE + e);
        let unlikelier = e * likelier;
        let is_first = delta.simd_ge(f64x4::ZERO);
        let first = is_first.select(likelier, unlikelier);
        let second = is_first.select(unlikelier, likelier);
        self.product *= f64x4::ONE + e * mask;
        self.log_likelihood += (delta.max(f64x4::ZERO) - half * square2) * mask;
        self.count += mask;
        self.responsibility += first;
        self.first[0] += first * d1;
        self.first[1] += first * square1;
        self.second[0] += second * d2;
        self.second[1] += second * square2;
    }

    fn take_logarithm(&mut self) {
        self.log_likelihood += self.product.ln();
        self.product = f64x4::ONE;
    }
}

/// log(1 + eˣ) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// 1 / (1 + e^−x) with full relative accuracy on both sides.
pub(super) fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}
