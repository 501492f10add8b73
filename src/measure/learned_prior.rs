//! What a learned prior changes in measures: its KL has no closed form, and its density is a picture of its own.

use super::contour::{ContourLine, contour};
use super::highest_density::{LOWEST_LOG, highest_density_levels};
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
/// Points per axis that [`PriorContours`] are drawn through.
const MAP_SIDE: usize = 97;
/// Shares of the mass of N(0, I) in a plane within one and two standard deviations.
pub const DEVIATION_SHARES: [f64; 2] = [0.393_469, 0.864_665];
/// How far those points reach, in radii that hold 99 %.
const MARGIN: f64 = 1.2;

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

/// Contours of a learned prior over a plane of two latent dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct PriorContours {
    /// Half of the side of the square that the lines' points are fractions of, in prior standard deviations.
    pub reach: f32,
    /// Contours of its highest-density regions, each with the share of the mass within, in the order asked for.
    pub lines: Vec<(f64, Vec<ContourLine>)>,
}

impl PriorContours {
    /// Of a prior of two dimensions; `None` of N(0, I), whose contours are circles.
    pub(super) fn of(prior: &PriorDensity, shares: &[f64]) -> Option<Self> {
        if !prior.is_learned() {
            return None;
        }
        let reach = MARGIN * prior.radius();
        let at = |position: usize| reach * (2.0 * position as f64 / (MAP_SIDE - 1) as f64 - 1.0);
        let log = |index: usize| prior.log_density(&[at(index % MAP_SIDE), at(index / MAP_SIDE)]);
        let log: Vec<f64> = (0..MAP_SIDE * MAP_SIDE).map(log).collect();
        let highest = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let log: Vec<f32> = log.into_iter().map(|log| ((log - highest) as f32).max(LOWEST_LOG)).collect();
        Some(Self { reach: reach as f32, lines: lines_of(&log, MAP_SIDE, shares) })
    }
}

/// Contours, each with its share, of a density given by its logarithm relative to its largest value, row-major `[side, side]`.
fn lines_of(log_density: &[f32], side: usize, shares: &[f64]) -> Vec<(f64, Vec<ContourLine>)> {
    let levels = highest_density_levels(log_density.iter().copied(), LOWEST_LOG, shares);
    shares.iter().zip(levels).map(|(share, level)| (*share, contour(log_density, side, level))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_two_hills_hold_their_share_of_each() {
        let (side, reach) = (97, 6.0_f32);
        let at = |position: usize| reach * (2.0 * position as f32 / (side - 1) as f32 - 1.0);
        // Two equal Gaussians of standard deviation ½ that do not touch.
        let hill = |x: f32, y: f32| -2.0 * (x * x + y * y);
        let log = |index: usize| {
            let (x, y) = (at(index % side), at(index / side));
            hill(x - 3.0, y).max(hill(x + 3.0, y)).max(-30.0)
        };
        let log: Vec<f32> = (0..side * side).map(log).collect();
        let lines = lines_of(&log, side, &[0.5]);
        assert_eq!(lines[0].1.len(), 2);
        let expected = 0.5 * (2.0 * std::f32::consts::LN_2).sqrt();
        for [x, y] in lines[0].1.iter().flatten() {
            let [x, y] = [x, y].map(|share| (2.0 * share - 1.0) * reach);
            let radius = (x.abs() - 3.0).hypot(y);
            // The shares are counted over points that are 0.125 apart.
            assert!((radius - expected).abs() < 0.05, "{radius} instead of {expected}");
        }
    }
}
