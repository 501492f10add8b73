//! p(z) as plain numbers, for grids, measurements and pictures.

use super::grid::SMALLEST_RADIUS;
use super::grid::log_sum_exp;
use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use crate::random::{Purpose, normals, stream};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardUniform};

/// Share of a learned prior that may lie outside of the radius looked at first; of N(0, I) in two dimensions it is 1.1 %.
const OUTSIDE: f64 = 0.01;
/// Samples that this radius is judged by, and the index of their random numbers.
const RADIUS_SAMPLES: usize = 4096;
const RADIUS_STREAM: u64 = 1 << 41;

/// N(0, I), or a learned mixture of diagonal Gaussians.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorDensity {
    latent_dimensions: usize,
    /// Without any the prior is N(0, I).
    components: Vec<PriorComponent>,
}

/// One Gaussian of a mixture.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorComponent {
    /// Logarithm of its weight; the weights sum to 1.
    pub log_weight: f64,
    /// `[K]`.
    pub mean: Vec<f64>,
    /// Standard deviations, `[K]`.
    pub sd: Vec<f64>,
}

impl PriorDensity {
    /// N(0, I).
    pub fn standard(latent_dimensions: usize) -> Self {
        Self { latent_dimensions, components: Vec::new() }
    }

    /// The mixture of these; at least one, whose weights sum to 1.
    pub fn mixture(components: Vec<PriorComponent>) -> Self {
        let latent_dimensions = components.first().map_or(0, |component| component.mean.len());
        Self { latent_dimensions, components }
    }

    /// Of a model as it is now.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn of<M: LatentModel>(model: &M) -> Result<Self, DeviceError> {
        let latent = model.latent_dimensions();
        let Some(mixture) = model.prior_components() else { return Ok(Self::standard(latent)) };
        let means = read(mixture.gaussians.mean)?;
        let log_variances = read(mixture.gaussians.log_variance)?;
        let log_weights: Vec<f64> = read(mixture.log_weight)?.into_iter().map(f64::from).collect();
        // In single precision their sum is 1 to seven digits only.
        let total = log_sum_exp(&log_weights);
        let rows = means.chunks_exact(latent).zip(log_variances.chunks_exact(latent));
        let component = |((mean, log_variance), log_weight): ((&[f32], &[f32]), f64)| PriorComponent {
            log_weight: log_weight - total,
            mean: mean.iter().map(|&mean| f64::from(mean)).collect(),
            sd: log_variance.iter().map(|&log| (0.5 * f64::from(log)).exp()).collect(),
        };
        Ok(Self { latent_dimensions: latent, components: rows.zip(log_weights).map(component).collect() })
    }

    /// Whether it is a learned mixture.
    pub fn is_learned(&self) -> bool {
        !self.components.is_empty()
    }

    /// K.
    pub fn latent_dimensions(&self) -> usize {
        self.latent_dimensions
    }

    /// The Gaussians of a learned mixture; none of N(0, I).
    pub fn components(&self) -> &[PriorComponent] {
        &self.components
    }

    /// log p(z), nats.
    pub fn log_density(&self, z: &[f64]) -> f64 {
        if !self.is_learned() {
            return z.iter().map(|z| log_normal(*z, 0.0, 1.0)).sum();
        }
        let joint = self.components.iter().map(|component| component.log_weight + component.log_density(z));
        log_sum_exp(&joint.collect::<Vec<_>>())
    }

    /// Calls `each` with d and log p(z_d | z_1 … z_{d−1}) in nats; the sum is log p(z).
    pub fn for_each_conditional(&self, z: &[f64], mut each: impl FnMut(usize, f64)) {
        if !self.is_learned() {
            return z.iter().enumerate().for_each(|(d, z)| each(d, log_normal(*z, 0.0, 1.0)));
        }
        let mut joint: Vec<f64> = self.components.iter().map(|component| component.log_weight).collect();
        let mut before = 0.0;
        for (d, &z) in z.iter().enumerate() {
            for (joint, component) in joint.iter_mut().zip(&self.components) {
                *joint += log_normal(z, component.mean[d], component.sd[d]);
            }
            let up_to = log_sum_exp(&joint);
            each(d, up_to - before);
            before = up_to;
        }
    }

    /// The marginal of some dimensions, in the order given.
    #[must_use]
    pub fn marginal(&self, dimensions: &[usize]) -> Self {
        let components = self.components.iter().map(|component| component.of_dimensions(dimensions));
        Self { latent_dimensions: dimensions.len(), components: components.collect() }
    }

    /// p of some dimensions given that the others are those of `place: [K]`.
    #[must_use]
    pub fn conditional(&self, dimensions: &[usize], place: &[f32]) -> Self {
        let others: Vec<usize> = (0..self.latent_dimensions).filter(|d| !dimensions.contains(d)).collect();
        let given: Vec<f64> = others.iter().map(|&d| f64::from(place[d])).collect();
        let mut conditional = self.marginal(dimensions);
        for (of, component) in conditional.components.iter_mut().zip(&self.components) {
            of.log_weight += component.of_dimensions(&others).log_density(&given);
        }
        let total =
            log_sum_exp(&conditional.components.iter().map(|component| component.log_weight).collect::<Vec<_>>());
        conditional.components.iter_mut().for_each(|component| component.log_weight -= total);
        conditional
    }

    /// Turns standard normal rows `[n, K]` into samples of the prior; components are drawn from `generator`, one number a row.
    pub fn place(&self, rows: &mut [f32], generator: &mut ChaCha8Rng) {
        let Some((last, others)) = self.components.split_last() else { return };
        for row in rows.chunks_exact_mut(self.latent_dimensions.max(1)) {
            let mut mark: f64 = StandardUniform.sample(generator);
            let chosen = others.iter().find(|component| {
                mark -= component.log_weight.exp();
                mark < 0.0
            });
            let PriorComponent { mean, sd, .. } = chosen.unwrap_or(last);
            row.iter_mut().zip(mean.iter().zip(sd)).for_each(|(z, (mean, sd))| *z = (mean + sd * f64::from(*z)) as f32);
        }
    }

    /// Radius of the ball around 0 that a grid starts with: 3 for N(0, I), for a learned prior a radius that leaves some 1 % of it outside, a
    /// multiple of ¼ up to 3 and a whole number beyond.
    pub fn radius(&self) -> f64 {
        if !self.is_learned() {
            return SMALLEST_RADIUS;
        }
        let mut rows =
            normals(&mut stream(0, Purpose::Measurement, RADIUS_STREAM), RADIUS_SAMPLES * self.latent_dimensions);
        self.place(&mut rows, &mut stream(0, Purpose::Measurement, RADIUS_STREAM + 1));
        let norm = |row: &[f32]| row.iter().map(|&z| f64::from(z).powi(2)).sum::<f64>().sqrt();
        let mut norms: Vec<f64> = rows.chunks_exact(self.latent_dimensions.max(1)).map(norm).collect();
        norms.sort_by(f64::total_cmp);
        let at = ((1.0 - OUTSIDE) * (norms.len().max(1) - 1) as f64) as usize;
        let norm = norms.get(at).copied().unwrap_or(SMALLEST_RADIUS);
        if norm > SMALLEST_RADIUS { norm.ceil() } else { (4.0 * norm).ceil().max(1.0) / 4.0 }
    }

    /// What distances that are meant for N(0, I) are multiplied by: below 1 where a learned prior is narrower.
    pub fn scale(&self) -> f64 {
        (self.radius() / SMALLEST_RADIUS).min(1.0)
    }
}

impl PriorComponent {
    fn log_density(&self, z: &[f64]) -> f64 {
        z.iter().zip(self.mean.iter().zip(&self.sd)).map(|(z, (mean, sd))| log_normal(*z, *mean, *sd)).sum()
    }

    fn of_dimensions(&self, dimensions: &[usize]) -> Self {
        let pick = |values: &[f64]| dimensions.iter().map(|&d| values[d]).collect();
        Self { log_weight: self.log_weight, mean: pick(&self.mean), sd: pick(&self.sd) }
    }
}

/// log N(z; mean, sd²).
pub(super) fn log_normal(z: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((z - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
}
