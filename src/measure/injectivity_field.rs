//! How far the decoder is from flat, over a latent plane: the smallest singular value of its Jacobian, and for Brenier decoders the
//! smallest curvature of both potentials.

use super::injectivity::{LARGEST_HESSIAN, smallest_eigenvalues};
use super::{DEVIATION_SHARES, EvaluationPool, PoolIndex, PoolPosteriors, PriorContours};
use crate::device::{DeviceError, read};
use crate::exact::PriorDensity;
use crate::model::{BrenierDecoder, LatentModel, repeat_rows};
use burn::tensor::{Device, Tensor, TensorData};
use nalgebra::DMatrix;
use std::sync::Arc;

/// Half-width of the axes, in prior standard deviations.
const REACH: f32 = 3.0;
/// Points per axis of a plane, finest first, and of a line.
const SIDES: [usize; 5] = [41, 21, 13, 9, 5];
const LINE_SIDE: usize = 161;
/// Half-width of a central difference. Truncation errs by h²/6 of a third derivative, rounding in f32 by some 10⁻⁷/h of the decoder's
/// output: both about 10⁻⁵ here. A power of two, so that points move by exactly this much.
const STEP: f32 = 1.0 / 64.0;
/// σ_min up to this may be rounding, and the sign of the determinant with it.
const ROUNDING: f32 = 1e-4;
/// Decoded numbers for a plane of Jacobians, `[side, side, 2 K, D]`, and numbers in a plane of Hessians, `[side, side, D, D]`, at most.
const JACOBIAN_VALUES: usize = 4 << 20;
const HESSIAN_VALUES: usize = 400_000;
/// Pool examples that the information per dimension is averaged over, at most.
const POINTS: usize = 64;

/// Values over a latent plane; row-major `[side, side]` with the vertical axis ascending by rows, `[side]` for K = 1.
#[derive(Clone, Debug, PartialEq)]
pub struct InjectivityField {
    /// Latent dimensions on the horizontal and vertical axis; the same twice for K = 1.
    pub dimensions: [usize; 2],
    /// Points per axis.
    pub side: usize,
    /// The axes go from −reach to reach, in prior standard deviations.
    pub reach: f32,
    /// Contours of the prior over the plane for [`DEVIATION_SHARES`], where it is a learned mixture.
    pub prior: Option<PriorContours>,
    /// σ_min of the decoder's Jacobian `[D, K]`, by central differences of the natural parameter.
    pub smallest_singular: Arc<Vec<f32>>,
    /// What Brenier decoders have on top.
    pub brenier: Option<BrenierField>,
    /// D = K: whether the determinant changes its sign over the plane, which means that the decoder folds.
    pub folds: Option<bool>,
    /// Mean over posterior means of the pool's first 64 examples, or fewer where decoding costs more, of ‖∂ natural/∂z_j‖²/σ² (Gaussian;
    /// without σ² for Bernoulli), `[K]`: the Fisher information about each dimension under a Gaussian likelihood.
    pub information_per_dimension: Vec<f32>,
}

/// A Brenier decoder given a condition.
pub struct BrenierGiven<'a> {
    /// The decoder.
    pub decoder: &'a BrenierDecoder,
    /// Centred, `[1, C]`; `None` of an unconditional model.
    pub condition: Option<Tensor<2>>,
}

/// Curvatures of a Brenier decoder's potentials over the same points.
#[derive(Clone, Debug, PartialEq)]
pub struct BrenierField {
    /// λ_min of the Hessian of g1's potential.
    pub smallest_latent: Arc<Vec<f32>>,
    /// λ_min of the Hessian of g2's potential at the image of each point; left out above 64 data dimensions.
    pub smallest_output: Option<Arc<Vec<f32>>>,
    /// m², certified: σ_min of the Jacobian is nowhere smaller.
    pub floor: f32,
}

/// Looks at the decoder over the plane of two latent dimensions, the others at the example's posterior mean.
///
/// # Errors
/// A device that fails to answer.
#[expect(
    clippy::too_many_arguments,
    reason = "a model with the parts of it that the trait does not show, and a place in it"
)]
pub fn injectivity_field<M: LatentModel>(
    model: &M,
    brenier: Option<BrenierGiven<'_>>,
    sigma: Option<f32>,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    dimensions: [usize; 2],
    example: PoolIndex,
    device: &Device,
) -> Result<InjectivityField, DeviceError> {
    let (latent, data_dimensions) = (model.latent_dimensions(), pool.dimensions());
    let is_line = latent == 1;
    let side = if is_line { LINE_SIDE } else { side_of_plane(latent, data_dimensions, brenier.is_some()) };
    let along = |position: usize| REACH * (2.0 * position as f32 / (side - 1) as f32 - 1.0);
    let rows = if is_line { 1 } else { side };
    let points: Vec<f32> = (0..rows * side)
        .flat_map(|index| {
            let mut z = posteriors.mean(example).to_vec();
            z[dimensions[1]] = along(index / side);
            z[dimensions[0]] = along(index % side);
            z
        })
        .collect();
    let jacobians = jacobians(model, &points, data_dimensions, pool.input(example), device)?;
    let smallest_singular: Vec<f32> = jacobians.iter().map(smallest_singular_value).collect();

    let mut signs = jacobians.iter().zip(&smallest_singular).filter(|(_, smallest)| **smallest > ROUNDING);
    let folds = (latent == data_dimensions).then(|| {
        let first = signs.next().map(|(jacobian, _)| jacobian.determinant().signum());
        signs.any(|(jacobian, _)| Some(jacobian.determinant().signum()) != first)
    });
    Ok(InjectivityField {
        dimensions,
        side,
        reach: REACH,
        prior: if is_line {
            None
        } else {
            PriorContours::of(&PriorDensity::of(model)?.marginal(&dimensions), &DEVIATION_SHARES)
        },
        smallest_singular: Arc::new(smallest_singular),
        brenier: brenier.map(|given| BrenierField::of(&given, points, latent, device)).transpose()?,
        folds,
        information_per_dimension: information_per_dimension(model, sigma, pool, posteriors, device)?,
    })
}

/// As many points per axis as can be afforded.
fn side_of_plane(latent: usize, data_dimensions: usize, is_brenier: bool) -> usize {
    let has_hessians = is_brenier && data_dimensions <= LARGEST_HESSIAN;
    let is_affordable = |side: &usize| {
        let points = side * side;
        let hessians = if has_hessians { points * data_dimensions * data_dimensions } else { 0 };
        points * 2 * latent * data_dimensions <= JACOBIAN_VALUES && hessians <= HESSIAN_VALUES
    };
    let coarsest = SIDES[SIDES.len() - 1];
    SIDES.into_iter().find(is_affordable).unwrap_or(coarsest)
}

/// ∂ natural/∂z `[D, K]` at each of the points, row-major `[points, K]`: by central differences of one decoded batch.
fn jacobians<M: LatentModel>(
    model: &M,
    points: &[f32],
    data_dimensions: usize,
    x: Tensor<2>,
    device: &Device,
) -> Result<Vec<DMatrix<f64>>, DeviceError> {
    let latent = model.latent_dimensions();
    let mut moved = Vec::with_capacity(2 * latent * points.len());
    for point in points.chunks_exact(latent) {
        for dimension in 0..latent {
            for step in [STEP, -STEP] {
                let start = moved.len();
                moved.extend_from_slice(point);
                moved[start + dimension] += step;
            }
        }
    }
    let count = moved.len() / latent;
    let moved = Tensor::<2>::from_data(TensorData::new(moved, [count, latent]), device);
    let decoded = read(model.decode_for(moved, x))?;
    let of = |decoded: &[f32]| {
        // Columns: all of one latent dimension's differences together.
        let columns = decoded.chunks_exact(2 * data_dimensions).flat_map(|pair| {
            let (above, below) = pair.split_at(data_dimensions);
            above.iter().zip(below).map(|(above, below)| f64::from(above - below) / f64::from(2.0 * STEP))
        });
        DMatrix::from_iterator(data_dimensions, latent, columns)
    };
    Ok(decoded.chunks_exact(2 * latent * data_dimensions).map(of).collect())
}

/// By the eigenvalues of JᵀJ, which is small.
fn smallest_singular_value(jacobian: &DMatrix<f64>) -> f32 {
    jacobian.tr_mul(jacobian).symmetric_eigenvalues().min().max(0.0).sqrt() as f32
}

/// Mean over posterior means of the pool of ‖∂ natural/∂z_j‖², over σ² where there is one; `[K]`.
fn information_per_dimension<M: LatentModel>(
    model: &M,
    sigma: Option<f32>,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    device: &Device,
) -> Result<Vec<f32>, DeviceError> {
    let (latent, dimensions) = (model.latent_dimensions(), pool.dimensions());
    let affordable = JACOBIAN_VALUES / (4 * latent * dimensions);
    let count = affordable.clamp(1, POINTS).min(pool.len());
    let means: Vec<f32> = (0..count).flat_map(|index| posteriors.mean(index)).copied().collect();
    let jacobians = jacobians(model, &means, dimensions, pool.inputs().narrow(0, 0, count), device)?;
    let precision = sigma.map_or(1.0, |sigma| f64::from(sigma).powi(-2));
    let mean = |dimension: usize| {
        let squares = jacobians.iter().map(|jacobian| jacobian.column(dimension).norm_squared());
        (precision * squares.sum::<f64>() / count.max(1) as f64) as f32
    };
    Ok((0..latent).map(mean).collect())
}

impl BrenierField {
    /// At `points`, row-major `[points, K]`.
    fn of(given: &BrenierGiven<'_>, points: Vec<f32>, latent: usize, device: &Device) -> Result<Self, DeviceError> {
        let decoder = given.decoder;
        let field = |values: Vec<f64>| Arc::new(values.into_iter().map(|value| value as f32).collect::<Vec<f32>>());
        let smallest_latent = smallest_eigenvalues(&decoder.latent_map().potential_weights()?, &points);
        let output = decoder.output_map().potential_weights()?;
        let smallest_output = if output.dimensions <= LARGEST_HESSIAN {
            let count = points.len() / latent;
            let z = Tensor::<2>::from_data(TensorData::new(points, [count, latent]), device);
            let condition = given.condition.clone().map(|condition| repeat_rows(condition, count));
            Some(field(smallest_eigenvalues(&output, &read(decoder.output_map_argument(z, condition))?)))
        } else {
            None
        };
        Ok(Self { smallest_latent: field(smallest_latent), smallest_output, floor: decoder.expansion() as f32 })
    }
}
