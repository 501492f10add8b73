//! How far posteriors are from the prior: KL per dimension, variance of posterior means, mutual information.

use super::{PoolIndex, PoolPosteriors, learned_prior};
use crate::exact::PriorDensity;
use crate::kernels;
use crate::priority::give_way;

/// A dimension is active when the variance of its posterior mean over examples is at least this (Burda et al. 2016).
pub const ACTIVE_UNIT_VARIANCE: f32 = 0.01;

/// E_x KL(q(z_d | x) ‖ N(0, 1)) per dimension: the mean over examples of ½(μ² + σ² − log σ² − 1).
pub fn kl_per_dimension(posteriors: &PoolPosteriors) -> Vec<f32> {
    let average = |dimension| mean((0..posteriors.len()).map(|index| kl(posteriors, index, dimension)));
    (0..posteriors.latent_dimensions()).map(average).collect()
}

fn kl(posteriors: &PoolPosteriors, index: PoolIndex, dimension: usize) -> f32 {
    let mean = posteriors.mean(index)[dimension];
    let log_variance = posteriors.log_variance(index)[dimension];
    0.5 * (mean * mean + log_variance.exp_m1() - log_variance)
}

/// KL(q(z | x) ‖ p(z)) of one example, nats.
pub(super) fn example_kl(posteriors: &PoolPosteriors, index: PoolIndex, prior: &PriorDensity) -> f32 {
    if prior.is_learned() {
        return learned_prior::example_kl(posteriors, index, prior);
    }
    (0..posteriors.latent_dimensions()).map(|dimension| kl(posteriors, index, dimension)).sum()
}

/// `Var_x E_q[z_d]`, in two passes, n − 1.
pub(super) fn posterior_mean_variance(posteriors: &PoolPosteriors) -> Vec<f32> {
    let count = posteriors.len();
    let of = |dimension: usize| {
        let means = || (0..count).map(|index| f64::from(posteriors.mean(index)[dimension]));
        let center = means().sum::<f64>() / count as f64;
        (means().map(|mean| (mean - center).powi(2)).sum::<f64>() / (count.max(2) - 1) as f64) as f32
    };
    (0..posteriors.latent_dimensions()).map(of).collect()
}

/// I_q(x; z) = E_x E_q(z|x) [log q(z | x) − log q(z)] with q(z) the mixture over the pool, at the pair of samples μ ± σ ⊙ noise of
/// each example, `noise: [pool, K]`.
///
/// Both terms use the same sample: the estimate then never exceeds log(pool), and its noise vanishes with the information. The
/// mirrored sample cancels what is left of it to first order, so that the estimate stays below the KL of a collapsed model too.
/// (With the entropy in closed form instead, as in lagging-encoder code, a collapsed model shows noise of order √(K/2n).)
pub fn mutual_information(posteriors: &PoolPosteriors, noise: &[f32]) -> f32 {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    // Dimension-major, so that the loop over the pool vectorises.
    let column = |of: &dyn Fn(usize, usize) -> f32| -> Vec<Vec<f32>> {
        (0..latent).map(|dimension| (0..count).map(|index| of(index, dimension)).collect()).collect()
    };
    let means = column(&|index, dimension| posteriors.mean(index)[dimension]);
    let precisions = column(&|index, dimension| (-posteriors.log_variance(index)[dimension]).exp());
    let normalizers: Vec<f32> =
        (0..count).map(|index| -0.5 * posteriors.log_variance(index).iter().sum::<f32>()).collect();

    let mut log_densities = vec![0.0_f32; count];
    let mut information_at = |own: usize, sign: f32| {
        give_way();
        // log q(z | x_j), up to the constant that cancels.
        log_densities.copy_from_slice(&normalizers);
        for dimension in 0..latent {
            let (mean, sd) = posteriors.moments(own, dimension);
            let z = mean + sign * sd * noise[own * latent + dimension];
            let pool = means[dimension].iter().zip(&precisions[dimension]);
            for (log_density, (mean, precision)) in log_densities.iter_mut().zip(pool) {
                let difference = z - mean;
                *log_density -= 0.5 * difference * difference * precision;
            }
        }
        log_densities[own] - kernels::log_mean_exp(&log_densities)
    };
    mean((0..count).map(|own| 0.5 * (information_at(own, 1.0) + information_at(own, -1.0))))
}

/// Summed in f64: a pool's values may differ by orders of magnitude.
pub(super) fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (mut sum, mut count) = (0.0_f64, 0_u32);
    for value in values {
        sum += f64::from(value);
        count += 1;
    }
    (sum / f64::from(count.max(1))) as f32
}
