//! How far a Brenier decoder is from flat: smallest curvatures met, and the floor that its construction guarantees.

use super::{EvaluationPool, PoolPosteriors};
use crate::device::{DeviceError, read};
use crate::model::{BrenierDecoder, LatentModel, Vae};
use crate::nn::PotentialWeights;
use burn::tensor::{Device, Tensor, TensorData};

/// Pool examples whose posterior mean is looked at.
const POINTS: usize = 64;
/// Hessians larger than this are not decomposed: g2 of an image would take minutes.
pub(super) const LARGEST_HESSIAN: usize = 64;

/// Smallest curvatures of the two potentials of a Brenier decoder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injectivity {
    /// m², certified: ‖decoder(z) − decoder(z′)‖ ≥ m² ‖z − z′‖ for all z, z′.
    pub floor: f64,
    /// Smallest eigenvalue of the Hessian of g1's potential over posterior means of the pool.
    pub smallest_latent: f64,
    /// The same for g2, at the images of those; left out above 64 data dimensions.
    pub smallest_output: Option<f64>,
}

/// Looks at the decoder around the posterior means of the pool's first examples.
///
/// # Errors
/// A device that fails to answer.
pub fn injectivity(
    decoder: &BrenierDecoder,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    model: &Vae,
    device: &Device,
) -> Result<Injectivity, DeviceError> {
    let (latent, count) = (model.latent_dimensions(), pool.len().min(POINTS));
    let means: Vec<f32> = (0..count).flat_map(|index| posteriors.mean(index).iter().copied()).collect();
    let smallest = |weights: &PotentialWeights, points: &[f32]| {
        smallest_eigenvalues(weights, points).into_iter().fold(f64::INFINITY, f64::min)
    };
    let latent_weights = decoder.latent_map().potential_weights()?;
    let smallest_output = if pool.dimensions() <= LARGEST_HESSIAN {
        let z = Tensor::<2>::from_data(TensorData::new(means.clone(), [count, latent]), device);
        let arguments =
            read(decoder.output_map_argument(z, model.condition(Some(pool.inputs().narrow(0, 0, count)), count)))?;
        Some(smallest(&decoder.output_map().potential_weights()?, &arguments))
    } else {
        None
    };
    Ok(Injectivity { floor: decoder.expansion(), smallest_latent: smallest(&latent_weights, &means), smallest_output })
}

/// Smallest eigenvalue of the Hessian at each of the points, row-major `[points, d]`.
pub(super) fn smallest_eigenvalues(weights: &PotentialWeights, points: &[f32]) -> Vec<f64> {
    let smallest = |point: &[f32]| weights.hessian(point).symmetric_eigenvalues().min();
    points.chunks_exact(weights.dimensions).map(smallest).collect()
}
