//! Latent traversals: what the decoder makes of every latent dimension in turn.

use super::{EvaluationPool, PoolIndex, PoolPosteriors, kl_per_dimension};
use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use burn::tensor::{Device, Tensor, TensorData};

/// Half-width of a traversal, in prior standard deviations.
const RANGE: f32 = 3.0;
/// Rows at most; beyond, the dimensions of smallest KL are left out.
const LARGEST_ROWS: usize = 32;
const IMAGE_POSITIONS: usize = 11;
const CURVE_POSITIONS: usize = 41;

/// Decoded outputs along every latent dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Traversal {
    /// Latent dimensions, in the order of the rows: descending KL.
    pub order: Vec<usize>,
    /// Values that the traversed dimension takes, ascending.
    pub positions: Vec<f32>,
    /// Mean outputs in the data's scale, `[order.len(), positions.len(), D]` row-major; of a completed picture the whole, as everywhere here.
    pub outputs: Vec<f32>,
    /// The example itself, `[D]`.
    pub example: Vec<f32>,
    /// Mean output at the example's posterior mean, `[D]`.
    pub reconstruction: Vec<f32>,
    /// The example's posterior mean, `[K]`.
    pub mean: Vec<f32>,
}

/// Decodes every latent dimension over ±3 prior standard deviations, the others at the example's posterior mean.
///
/// # Errors
/// A device that fails to answer.
pub fn traversal<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    example: PoolIndex,
    device: &Device,
) -> Result<Traversal, DeviceError> {
    let latent = model.latent_dimensions();
    let kl = kl_per_dimension(posteriors);
    let mut order: Vec<usize> = (0..latent).collect();
    order.sort_by(|&a, &b| kl[b].total_cmp(&kl[a]));
    order.truncate(LARGEST_ROWS);
    let count = if pool.is_image() { IMAGE_POSITIONS } else { CURVE_POSITIONS };
    let positions: Vec<f32> = (0..count).map(|i| RANGE * (2.0 * i as f32 / (count - 1) as f32 - 1.0)).collect();

    let mean = posteriors.mean(example).to_vec();
    let mut rows = mean.clone();
    for &dimension in &order {
        for &position in &positions {
            let start = rows.len();
            rows.extend_from_slice(&mean);
            rows[start + dimension] = position;
        }
    }
    let z = Tensor::<2>::from_data(TensorData::new(rows, [1 + order.len() * count, latent]), device);
    let decoded = read(model.mean_output(model.decode_for(z, pool.input(example))))?;
    let mut wholes = decoded.chunks_exact(pool.dimensions()).map(|output| pool.whole(output, example));
    let reconstruction = wholes.next().unwrap_or_default();
    let outputs = wholes.flatten().collect();
    let example = pool.whole(pool.example(example), example);
    Ok(Traversal { order, positions, outputs, example, reconstruction, mean })
}
