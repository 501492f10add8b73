//! The exact posterior beside the encoder's, over examples of the pool: whether the model has collapsed, or the encoder lags.
//!
//! The plane of posterior means is that of He, Spokoyny, Neubig and Berg-Kirkpatrick (2019).

use super::{ACTIVE_UNIT_VARIANCE, EvaluationPool, PoolPosteriors, Statuses, example_kl, posterior_mean_variance};
use crate::device::{DeviceError, read};
use crate::exact::{self, ExactPosterior, PriorDensity};
use crate::model::{LatentModel, repeat_rows};
use burn::tensor::{Device, Tensor, TensorData};

/// Pool examples compared: the grid is decoded once for all of them.
const EXAMPLES: usize = 256;
/// Points along a slice.
const SLICE_POINTS: usize = 17;
/// Examples whose slices are taken, and decoded numbers `[examples, K, points, D]` at most.
const SLICED_EXAMPLES: usize = 64;
const SLICE_VALUES: usize = 2 << 20;

/// Exact and encoder's posteriors over the first examples of the pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PosteriorComparison {
    /// K.
    pub latent_dimensions: usize,
    /// Posterior means of the encoder, row-major `[examples, K]`.
    pub encoder_means: Vec<f32>,
    /// KL(q(z|x) ‖ p(z)) per example, nats.
    pub encoder_kl: Vec<f32>,
    /// Mean over examples of the range of log p(x|z) along each dimension within ±3, or the radius of a learned prior, the others at the encoder's
    /// mean; nats, `[K]`. Over the first 64 of the examples, or fewer where decoding costs more.
    pub slice_ranges: Vec<f64>,
    /// What the grid says.
    pub exact: Result<ExactComparison, NoGrid>,
    /// Class of each example, where the data have labels.
    pub labels: Option<Vec<u32>>,
    /// Which of the three has collapsed.
    pub statuses: Statuses,
}

/// Exact posteriors of the same examples, on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactComparison {
    /// Means, row-major `[examples, K]`.
    pub means: Vec<f32>,
    /// KL(p(z|x) ‖ p(z)) per example, nats.
    pub kl: Vec<f32>,
    /// R per example, nats.
    pub likelihood_range: Vec<f32>,
    /// Mean over examples of the KL of each dimension's marginal to the prior, nats, `[K]`.
    pub kl_per_dimension: Vec<f64>,
    /// Radius of the grid in prior standard deviations.
    pub radius: f64,
    /// Whether the grid was widened from its usual radius because a posterior had mass at its border.
    pub is_widened: bool,
}

/// Why there is no exact posterior on a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoGrid {
    /// More than three latent dimensions.
    Dimensions,
    /// A posterior is narrower than the grid's spacing, or wider than the largest grid.
    Unresolved,
}

impl NoGrid {
    /// A sentence for the screen.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Dimensions => "A grid posterior needs K ≤ 3; the slice through the encoder's mean is shown instead",
            Self::Unresolved => {
                "No grid resolves every exact posterior: some are narrower than its spacing, or reach beyond the largest"
            }
        }
    }
}

impl PosteriorComparison {
    /// Examples compared.
    pub fn examples(&self) -> usize {
        self.encoder_kl.len()
    }
}

/// Compares the exact posteriors of the pool's first examples with the encoder's.
///
/// # Errors
/// A device that fails to answer.
pub fn posterior_comparison<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    device: &Device,
) -> Result<PosteriorComparison, DeviceError> {
    let (latent, examples) = (model.latent_dimensions(), pool.len().min(EXAMPLES));
    let prior = PriorDensity::of(model)?;
    let exact = if latent > exact::LARGEST_DIMENSIONS {
        Err(NoGrid::Dimensions)
    } else {
        let grid = exact::exact_grid(model, &pool.inputs().narrow(0, 0, examples), device)?;
        grid.map(|(ball, found)| ExactComparison::new(ball.radius, ball.radius > prior.radius(), &found))
            .ok_or(NoGrid::Unresolved)
    };
    let slice_ranges = slice_ranges(model, pool, posteriors, prior.radius() as f32, device)?;
    let encoder_kl: Vec<f32> = (0..examples).map(|index| example_kl(posteriors, index, &prior)).collect();
    let is_active = |variance: &f32| *variance >= ACTIVE_UNIT_VARIANCE;
    let statuses = Statuses {
        likelihood_range: match &exact {
            Ok(exact) => mean(&exact.likelihood_range),
            // NaN stays NaN: it is not flat.
            Err(_) => slice_ranges
                .iter()
                .copied()
                .fold(0.0, |largest, range| if range.is_nan() || range > largest { range } else { largest }),
        },
        exact_kl: exact.as_ref().ok().map(|exact| mean(&exact.kl)),
        encoder_kl: mean(&encoder_kl),
        active_units: posterior_mean_variance(posteriors).iter().copied().filter(is_active).count(),
    };
    Ok(PosteriorComparison {
        latent_dimensions: latent,
        encoder_means: (0..examples).flat_map(|index| posteriors.mean(index)).copied().collect(),
        encoder_kl,
        slice_ranges,
        exact,
        labels: pool.labels().map(|labels| labels[..examples].to_vec()),
        statuses,
    })
}

impl ExactComparison {
    fn new(radius: f64, is_widened: bool, posteriors: &[ExactPosterior]) -> Self {
        let latent = posteriors.first().map_or(0, |posterior| posterior.mean.len());
        let marginal = |dimension: usize| {
            posteriors.iter().map(|posterior| posterior.kl_per_dimension[dimension]).sum::<f64>()
                / posteriors.len() as f64
        };
        Self {
            means: posteriors.iter().flat_map(|posterior| &posterior.mean).map(|&mean| mean as f32).collect(),
            kl: posteriors.iter().map(|posterior| posterior.kl as f32).collect(),
            likelihood_range: posteriors.iter().map(|posterior| posterior.likelihood_range as f32).collect(),
            kl_per_dimension: (0..latent).map(marginal).collect(),
            radius,
            is_widened,
        }
    }
}

/// Mean over examples of the range of log p(x|z) along each dimension within ±`reach`, the others at the encoder's mean; nats, `[K]`.
fn slice_ranges<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    reach: f32,
    device: &Device,
) -> Result<Vec<f64>, DeviceError> {
    let (latent, dimensions) = (model.latent_dimensions(), pool.dimensions());
    let rows = latent * SLICE_POINTS;
    let examples =
        (SLICE_VALUES / (rows * dimensions)).clamp(1, SLICED_EXAMPLES.min(pool.len()).max(1)).min(pool.len());
    let mut points = Vec::with_capacity(examples * rows * latent);
    for index in 0..examples {
        for dimension in 0..latent {
            for step in 0..SLICE_POINTS {
                let start = points.len();
                // Far outside of the prior a decoder may be saturated, and flat there alone.
                points.extend(posteriors.mean(index).iter().map(|mean| mean.clamp(-reach, reach)));
                points[start + dimension] = reach * (2.0 * step as f32 / (SLICE_POINTS - 1) as f32 - 1.0);
            }
        }
    }
    let z = Tensor::<2>::from_data(TensorData::new(points, [examples * rows, latent]), device);
    let x = repeat_rows(pool.inputs().narrow(0, 0, examples), examples * rows);
    let values = read(model.log_likelihood(x.clone(), model.decode_for(z, x)))?;
    let mut ranges = vec![0.0; latent];
    for (at, slice) in values.chunks_exact(SLICE_POINTS).enumerate() {
        let (lowest, highest) = slice
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
        let is_finite = slice.iter().all(|value| value.is_finite());
        ranges[at % latent] += if is_finite { f64::from(highest - lowest) / examples as f64 } else { f64::NAN };
    }
    Ok(ranges)
}

/// In f64: the values of a pool may differ by orders of magnitude.
fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64
}
