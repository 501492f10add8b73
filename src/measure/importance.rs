//! Importance-weighted estimate of −log p(x) (Burda, Grosse, Salakhutdinov 2016, eq. 8).

use super::EvaluationPool;
use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use crate::random::{Purpose, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};

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

const SAMPLES_PER_CHUNK: usize = 100;
const LARGEST_CHUNK: usize = 16;
/// Numbers in one tensor of `[rows, D]`, about: bounds the memory for data of many dimensions.
const CHUNK_VALUES: usize = 2 << 20;

/// −log (1/S) Σ_s p(x, z_s) / q(z_s | x), z_s ~ q(z | x), averaged over the first pool examples; nats per example.
///
/// # Errors
/// A device that fails to answer.
pub fn importance_weighted_nll<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    seed: u64,
    device: &Device,
) -> Result<f64, DeviceError> {
    let examples = importance_examples(pool);
    let chunk_size = (CHUNK_VALUES / (SAMPLES_PER_CHUNK * pool.dimensions())).clamp(1, LARGEST_CHUNK);
    let mut total = 0.0;
    for first in (0..examples).step_by(chunk_size) {
        let count = chunk_size.min(examples - first);
        let x = pool.inputs().narrow(0, first, count);
        let mut log_weights = vec![Vec::with_capacity(IMPORTANCE_SAMPLES); count];
        for chunk in 0..IMPORTANCE_SAMPLES / SAMPLES_PER_CHUNK {
            let rows = count * SAMPLES_PER_CHUNK;
            let latent = model.latent_dimensions();
            // Index 0 of the purpose belongs to the one-sample reconstruction.
            let index = 1 + ((first as u64) << 8 | chunk as u64);
            let noise = normals(&mut stream(seed, Purpose::Measurement, index), rows * latent);
            let noise = Tensor::from_data(TensorData::new(noise, [rows, latent]), device);
            let values = read(model.log_weights(x.clone(), noise))?;
            for (weights, values) in log_weights.iter_mut().zip(values.chunks_exact(SAMPLES_PER_CHUNK)) {
                weights.extend(values.iter().map(|&value| f64::from(value)));
            }
        }
        total -= log_weights.iter().map(|weights| log_mean_exp(weights)).sum::<f64>();
    }
    Ok(total / examples.max(1) as f64)
}

fn log_mean_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + (values.iter().map(|value| (value - largest).exp()).sum::<f64>() / values.len() as f64).ln()
}
