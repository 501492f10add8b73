//! Importance-weighted estimate of −log p(x) (Burda, Grosse, Salakhutdinov 2016, eq. 8).

use super::EvaluationPool;
use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use crate::random::{Purpose, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Samples of q(z | x) per example.
pub const IMPORTANCE_SAMPLES: usize = 500;
/// Examples averaged over where examples have more than [`SMALL_DIMENSIONS`] dimensions: seconds for a decoder of images.
const EXAMPLES_OF_LARGE_DATA: usize = 256;
/// Up to this many data dimensions, the whole pool is averaged over.
const SMALL_DIMENSIONS: usize = 64;

/// Pool examples that [`importance_weighted_nll`] averages over.
pub fn importance_examples(pool: &EvaluationPool) -> usize {
    if pool.dimensions() <= SMALL_DIMENSIONS { pool.len() } else { pool.len().min(EXAMPLES_OF_LARGE_DATA) }
}

/// Pool examples of a periodic estimate, of data with at most [`SMALL_DIMENSIONS`] dimensions and with more.
const PERIODIC_EXAMPLES: [usize; 2] = [128, 32];

/// `[examples, samples]` of an estimate that costs little beside the steps between two of them.
pub fn periodic_effort(pool: &EvaluationPool) -> [usize; 2] {
    let [small, large] = PERIODIC_EXAMPLES;
    let examples = if pool.dimensions() <= SMALL_DIMENSIONS { small } else { large };
    [examples.min(pool.len()), PERIODIC_SAMPLES]
}

/// Samples per example of a periodic estimate.
const PERIODIC_SAMPLES: usize = 100;
/// √2.
const WIDER: f32 = std::f32::consts::SQRT_2;
const LARGEST_CHUNK: usize = 16;
/// Numbers in one tensor of `[rows, D]`, about: bounds the memory for data of many dimensions.
const CHUNK_VALUES: usize = 2 << 20;

/// Log-likelihood and evidence lower bound, means over the same pool examples; nats per example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LikelihoodEstimate {
    /// E log (1/S) Σ_s p(x, z_s) / r(z_s | x), which approaches E log p(x) from below; half of the samples are of q, half of q with twice its
    /// variance, and r is the mixture of both.
    pub log_likelihood: f64,
    /// E log p(x, z) − log q(z | x).
    pub elbo: f64,
}

impl LikelihoodEstimate {
    /// The posterior-matching term E KL(q(z | x) ‖ p(z | x)) = E log p(x) − ELBO (Yacoby, Pan, Doshi-Velez 2019).
    pub fn posterior_matching(&self) -> f64 {
        self.log_likelihood - self.elbo
    }
}

/// −log (1/S) Σ_s p(x, z_s) / r(z_s | x) as in [`LikelihoodEstimate`], averaged over the first pool examples; nats per example.
///
/// # Errors
/// A device that fails to answer.
pub fn importance_weighted_nll<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    seed: u64,
    device: &Device,
) -> Result<f64, DeviceError> {
    let effort = [importance_examples(pool), IMPORTANCE_SAMPLES];
    Ok(-likelihood_estimate(model, pool, effort, seed, device)?.log_likelihood)
}

/// The estimate over the first `examples` of the pool, with an even number of `samples` each; `[examples, samples]`.
///
/// Every second sample is drawn with twice the variance of q, and all are weighed by the density of the mixture of both (Veach and Guibas
/// 1995): where q is narrower than the exact posterior, weights of samples of q alone have no finite variance, and their mean is mostly too
/// small. The ELBO is over the other half.
///
/// # Errors
/// A device that fails to answer.
pub fn likelihood_estimate<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    [examples, samples]: [usize; 2],
    seed: u64,
    device: &Device,
) -> Result<LikelihoodEstimate, DeviceError> {
    let chunk_size = (CHUNK_VALUES / (samples.max(1) * pool.dimensions())).clamp(1, LARGEST_CHUNK);
    let mut sum = LikelihoodEstimate { log_likelihood: 0.0, elbo: 0.0 };
    for first in (0..examples).step_by(chunk_size) {
        let count = chunk_size.min(examples - first);
        // Index 0 of the purpose belongs to the one-sample reconstruction.
        let mut generator = stream(seed, Purpose::Measurement, 1 + first as u64);
        let of = estimate_of(model, pool.inputs().narrow(0, first, count), samples, &mut generator, device)?;
        sum.log_likelihood += of.log_likelihood * count as f64;
        sum.elbo += of.elbo * count as f64;
    }
    let count = examples.max(1) as f64;
    Ok(LikelihoodEstimate { log_likelihood: sum.log_likelihood / count, elbo: sum.elbo / count })
}

/// The same over the rows of `x: [n, D + C]`, all at once.
///
/// # Errors
/// A device that fails to answer.
pub fn estimate_of<M: LatentModel>(
    model: &M,
    x: Tensor<2>,
    samples: usize,
    generator: &mut ChaCha8Rng,
    device: &Device,
) -> Result<LikelihoodEstimate, DeviceError> {
    let ([count, _], latent) = (x.dims(), model.latent_dimensions());
    let samples = samples.next_multiple_of(2).max(2);
    let rows = count * samples;
    let mut noise = normals(generator, rows * latent);
    noise.chunks_exact_mut(latent).skip(1).step_by(2).flatten().for_each(|value| *value *= WIDER);
    let excess: Vec<f64> = noise.chunks_exact(latent).map(log_mixture_ratio).collect();
    let noise = Tensor::from_data(TensorData::new(noise, [rows, latent]), device);
    let values = read(model.log_weights(x, noise))?;
    let of_q: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    let weights: Vec<f64> = of_q.iter().zip(&excess).map(|(weight, excess)| weight - excess).collect();
    let log_likelihood = weights.chunks_exact(samples).map(log_mean_exp).sum::<f64>() / count.max(1) as f64;
    let elbo = of_q.iter().step_by(2).sum::<f64>() / (rows / 2).max(1) as f64;
    Ok(LikelihoodEstimate { log_likelihood, elbo })
}

/// log of the density of the mixture ½ N(0, I) + ½ N(0, 2I) over that of N(0, I), at `noise: [K]`.
fn log_mixture_ratio(noise: &[f32]) -> f64 {
    let square: f64 = noise.iter().map(|&value| f64::from(value).powi(2)).sum();
    let wide = 0.25 * square - 0.5 * noise.len() as f64 * std::f64::consts::LN_2;
    let largest = wide.max(0.0);
    largest + (0.5 * ((-largest).exp() + (wide - largest).exp())).ln()
}

fn log_mean_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + (values.iter().map(|value| (value - largest).exp()).sum::<f64>() / values.len() as f64).ln()
}
