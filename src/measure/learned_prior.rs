//! What a learned prior changes in measures: its KL has no closed form, and its density is a picture of its own.

use super::highest_density::highest_density_levels;
use super::{PoolIndex, PoolPosteriors};
use crate::exact::PriorDensity;
use crate::random::{Purpose, normals, stream};

/// Pairs of mirrored samples of each posterior that its KL to a mixture is averaged over, at most.
const MIRRORED_PAIRS: usize = 16;
/// The same for the KL of one example alone, which no other examples smooth.
const PAIRS_OF_ONE: usize = 64;
/// Densities of a component in one dimension, at most: a mixture of many components in many dimensions is averaged over fewer pairs.
const LARGEST_EFFORT: usize = 24 << 20;
/// Indices of random numbers, apart from those of other measurements.
const FIRST_STREAM: u64 = 1 << 42;
/// Points per axis of a [`PriorMap`].
const MAP_SIDE: usize = 97;
/// How far a map reaches, in radii that hold 99 %.
const MARGIN: f64 = 1.2;
/// Smallest logarithm of a density relative to its largest that is told from none.
const LOWEST_LOG: f32 = -30.0;

/// E_x E_q log q(z_d | x) − log p(z_d | z_1 … z_{d−1}) per dimension, nats per example, over mirrored samples. Noise depends on the seed alone.
pub(super) fn kl_per_dimension(posteriors: &PoolPosteriors, prior: &PriorDensity, seed: u64) -> Vec<f32> {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let effort = 2 * count * latent * prior.components().len();
    let pairs = (LARGEST_EFFORT / effort.max(1)).clamp(1, MIRRORED_PAIRS);
    let mut totals = vec![0.0; latent];
    for pair in 0..pairs {
        let noise = normals(&mut stream(seed, Purpose::Measurement, FIRST_STREAM + pair as u64), count * latent);
        for (index, noise) in noise.chunks_exact(latent).enumerate() {
            add_terms(posteriors, index, prior, noise, &mut totals);
        }
    }
    totals.into_iter().map(|total| (total / (2 * pairs * count.max(1)) as f64) as f32).collect()
}

/// KL(q(z | x) ‖ p(z)) of one example, nats; over mirrored samples, which are the example's own and always the same.
pub(super) fn example_kl(posteriors: &PoolPosteriors, index: PoolIndex, prior: &PriorDensity) -> f32 {
    let latent = posteriors.latent_dimensions();
    let mut totals = vec![0.0; latent];
    let first = FIRST_STREAM + MIRRORED_PAIRS as u64;
    let noise = normals(&mut stream(0, Purpose::Measurement, first + index as u64), PAIRS_OF_ONE * latent);
    noise.chunks_exact(latent).for_each(|noise| add_terms(posteriors, index, prior, noise, &mut totals));
    (totals.iter().sum::<f64>() / (2 * PAIRS_OF_ONE) as f64) as f32
}

/// Adds log q(z_d | x) − log p(z_d | z_1 … z_{d−1}) at μ + σ ⊙ noise and at μ − σ ⊙ noise, `noise: [K]`.
fn add_terms(posteriors: &PoolPosteriors, index: PoolIndex, prior: &PriorDensity, noise: &[f32], totals: &mut [f64]) {
    let (mean, log_variance) = (posteriors.mean(index), posteriors.log_variance(index));
    let constant = (2.0 * std::f64::consts::PI).ln();
    for sign in [1.0, -1.0] {
        let place =
            |d: usize| f64::from(mean[d]) + sign * (0.5 * f64::from(log_variance[d])).exp() * f64::from(noise[d]);
        let z: Vec<f64> = (0..mean.len()).map(place).collect();
        prior.for_each_conditional(&z, |d, log_prior| {
            totals[d] += -0.5 * (f64::from(noise[d]).powi(2) + f64::from(log_variance[d]) + constant) - log_prior;
        });
    }
}

/// A learned prior over a plane of two latent dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorMap {
    /// The axes go from −reach to reach.
    pub reach: f32,
    /// Points per axis.
    pub side: usize,
    /// Logarithm of the density relative to its largest value, row-major `[side, side]`, the vertical axis ascending by rows.
    pub log_density: Vec<f32>,
}

impl PriorMap {
    /// Of a prior of two dimensions; `None` of N(0, I), whose contours are circles.
    pub(super) fn of(prior: &PriorDensity) -> Option<Self> {
        if !prior.is_learned() {
            return None;
        }
        let reach = MARGIN * prior.radius();
        let at = |position: usize| reach * (2.0 * position as f64 / (MAP_SIDE - 1) as f64 - 1.0);
        let log = |index: usize| prior.log_density(&[at(index % MAP_SIDE), at(index / MAP_SIDE)]);
        let log: Vec<f64> = (0..MAP_SIDE * MAP_SIDE).map(log).collect();
        let highest = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log_density = log.into_iter().map(|log| ((log - highest) as f32).max(LOWEST_LOG)).collect();
        Some(Self { reach: reach as f32, side: MAP_SIDE, log_density })
    }

    /// Levels of `log_density` that enclose shares of the prior's mass.
    pub fn levels(&self, shares: &[f64]) -> Vec<f32> {
        highest_density_levels(self.log_density.iter().copied(), LOWEST_LOG, shares)
    }
}
