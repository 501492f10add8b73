//! What is measured of latent levels: terms of the KL, mutual information, and KLs by mode where coordinates mean nothing.

use super::divergence::{mean, posterior_mean_variance};
use super::{ACTIVE_UNIT_VARIANCE, COLLAPSED_KL, EvaluationPool, PoolPosteriors, mutual_information};
use crate::device::{DeviceError, read};
use crate::model::{LatentModel, spherical_cubature};
use crate::random::{Purpose, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

/// What is measured of one latent level.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LevelMeasures {
    /// Its first dimension in lists over all levels.
    pub first: usize,
    /// Number of its dimensions.
    pub dimensions: usize,
    /// Its term of the KL, nats per example; E log q(z1|x) − log p(z1|z2) of a lower level may be negative.
    pub kl: f32,
    /// Number of its dimensions with `posterior_mean_variance` ≥ [`ACTIVE_UNIT_VARIANCE`].
    pub active_units: usize,
    /// Number of its dimensions in which q moves with what it is given: x, or z1 for z2, which may encode nothing but the noise of z1. Modes
    /// (eigenvalues of a covariance) where the encoder variance is fixed.
    #[serde(default)]
    pub active_dimensions: usize,
    /// I_q(x; z) of this level's variable, estimated over the pool.
    pub mutual_information: f32,
    /// KL by mode, descending, where the encoder variance is fixed: ½ (v − log s − 1) with v an eigenvalue of E_x E_q\[z zᵀ\], and s that
    /// variance, in units of the prior (of p(z1 | z2) for z1). Their sum is `kl`.
    pub kl_per_mode: Option<Vec<f32>>,
}

impl LevelMeasures {
    /// Dimensions whose posterior mean moves with x, and whether these are modes: the coordinates of z1 are arbitrary where its encoder
    /// variance is fixed.
    pub fn active_in_x(&self) -> (usize, bool) {
        if self.first == 0 && self.kl_per_mode.is_some() {
            (self.active_dimensions, true)
        } else {
            (self.active_units, false)
        }
    }
}

/// Pairs of mirrored samples that a lower level's term of the KL is averaged over, where no cubature is exact.
const MIRRORED_PAIRS: u64 = 4;
/// Index of their random numbers, apart from those of importance weighting.
const FIRST_STREAM: u64 = 1 << 40;

/// −E_q log p(x | z) over the pool, nats per example: exact for a linear model of up to 32 latent dimensions, otherwise at the sample made of `noise: [pool, K]`.
///
/// # Errors
/// A device that fails to answer.
pub(super) fn reconstruction<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    noise: &[f32],
    device: &Device,
) -> Result<f32, DeviceError> {
    let sets = exact_noise(model, pool.len()).unwrap_or_else(|| vec![noise.to_vec()]);
    let mut total = 0.0;
    for set in &sets {
        let bound = model.bound(pool.inputs(), on(set, pool.len(), device));
        total -= f64::from(mean(read(bound.log_likelihood)?.into_iter()));
    }
    Ok((total / sets.len() as f64) as f32)
}

/// E_x E_q of each dimension's term of the KL, nats per example: exact for a linear model, otherwise over mirrored samples.
///
/// # Errors
/// A device that fails to answer.
pub(super) fn kl_per_dimension<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    seed: u64,
    device: &Device,
) -> Result<Vec<f32>, DeviceError> {
    let (count, latent) = (pool.len(), model.latent_dimensions());
    let sets = noise_sets(model, count, seed);
    let mut totals = vec![0.0; latent];
    for set in &sets {
        let terms = read(model.kl_terms(pool.inputs(), on(set, count, device)))?;
        for row in terms.chunks_exact(latent) {
            totals.iter_mut().zip(row).for_each(|(total, &term)| *total += f64::from(term));
        }
    }
    Ok(totals.into_iter().map(|total| (total / (sets.len() * count) as f64) as f32).collect())
}

/// Latent dimensions up to which the 2K points of a cubature are affordable.
const LARGEST_CUBATURE: usize = 32;

/// The points of a cubature, each for all of `count` examples; `None` where it is not exact, or takes too many.
fn exact_noise<M: LatentModel>(model: &M, count: usize) -> Option<Vec<Vec<f32>>> {
    let latent = model.latent_dimensions();
    let is_affordable = latent <= LARGEST_CUBATURE;
    (model.has_exact_expectation() && is_affordable)
        .then(|| spherical_cubature(latent).chunks_exact(latent).map(|point| point.repeat(count)).collect())
}

/// Noise over which expectations are averaged, each set for all of `count` examples.
fn noise_sets<M: LatentModel>(model: &M, count: usize, seed: u64) -> Vec<Vec<f32>> {
    let pair = |index| {
        let mut generator = stream(seed, Purpose::Measurement, FIRST_STREAM + index);
        let noise = normals(&mut generator, count * model.latent_dimensions());
        let mirror = noise.iter().map(|value| -value).collect();
        [noise, mirror]
    };
    exact_noise(model, count).unwrap_or_else(|| (0..MIRRORED_PAIRS).flat_map(pair).collect())
}

fn on(noise: &[f32], rows: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(noise.to_vec(), [rows, noise.len() / rows.max(1)]), device)
}

/// Measures of every level, from its own posteriors and its KLs by mode; `noise: [pool, K]` over all levels.
pub(super) fn measures<M: LatentModel>(
    model: &M,
    posteriors: &[PoolPosteriors],
    modes: Vec<Option<Vec<f32>>>,
    kl_per_dimension: &[f32],
    noise: &[f32],
) -> Vec<LevelMeasures> {
    let latent = kl_per_dimension.len();
    let mut first = 0;
    let of = |((own, kl_per_mode), fixed): ((&PoolPosteriors, Option<Vec<f32>>), Option<f64>)| {
        let dimensions = own.latent_dimensions();
        let columns = first..first + dimensions;
        first = columns.end;
        let own_noise: Vec<f32> = noise.chunks_exact(latent).flat_map(|row| &row[columns.clone()]).copied().collect();
        let is_active = |variance: &f32| *variance >= ACTIVE_UNIT_VARIANCE;
        let active_units = posterior_mean_variance(own).iter().copied().filter(is_active).count();
        let kl = &kl_per_dimension[columns.clone()];
        LevelMeasures {
            first: columns.start,
            dimensions,
            kl: kl.iter().sum(),
            active_units,
            active_dimensions: match (columns.start, fixed, &kl_per_mode) {
                (0, None, _) => active_units,
                (0, Some(_), _) => active_modes(own),
                (_, Some(variance), Some(modes)) => modes.iter().filter(|kl| moves(**kl, variance)).count(),
                _ => kl.iter().filter(|kl| f64::from(**kl) >= COLLAPSED_KL).count(),
            },
            mutual_information: mutual_information(own, &own_noise),
            kl_per_mode,
        }
    };
    posteriors.iter().zip(modes).zip(model.fixed_variances()).map(of).collect()
}

/// Eigenvalues of the covariance of posterior means that are at least [`ACTIVE_UNIT_VARIANCE`].
fn active_modes(posteriors: &PoolPosteriors) -> usize {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let means = (0..count).flat_map(|index| posteriors.mean(index)).map(|&mean| f64::from(mean));
    let mut means = DMatrix::from_row_iterator(count, latent, means);
    let center = means.row_mean();
    means.row_iter_mut().for_each(|mut row| row -= &center);
    let covariance = means.tr_mul(&means) / (count.max(2) - 1) as f64;
    covariance.symmetric_eigenvalues().iter().filter(|variance| **variance >= f64::from(ACTIVE_UNIT_VARIANCE)).count()
}

/// Whether a mode's mean varies by at least [`ACTIVE_UNIT_VARIANCE`], given its KL = ½ (v + s − log s − 1).
fn moves(kl: f32, variance: f64) -> bool {
    2.0 * f64::from(kl) - variance + variance.ln() + 1.0 >= f64::from(ACTIVE_UNIT_VARIANCE)
}

/// ½ (v − log s − 1) for every eigenvalue v of E_x E_q[z zᵀ], descending, of every level whose encoder variance s is fixed; z and s in
/// units of the prior.
///
/// A loss with an isotropic encoder variance does not change when the latent space is rotated, so that only these are comparable.
///
/// # Errors
/// A device that fails to answer.
pub(super) fn kl_per_mode<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    seed: u64,
    device: &Device,
) -> Result<Vec<Option<Vec<f32>>>, DeviceError> {
    let (fixed, dimensions) = (model.fixed_variances(), model.level_dimensions());
    // A learned mixture changes when the latent space is rotated.
    if fixed.iter().all(Option::is_none) || model.prior_components().is_some() {
        return Ok(fixed.iter().map(|_| None).collect());
    }
    let moments = match fixed[..] {
        // Nothing has to be sampled.
        [Some(variance)] => {
            let latent = posteriors.latent_dimensions();
            let means: Vec<f32> = (0..posteriors.len()).flat_map(|index| posteriors.mean(index)).copied().collect();
            second_moments(means.into_iter(), latent) + DMatrix::identity(latent, latent) * variance
        }
        _ => sampled_moments(model, pool, seed, device)?,
    };
    let mut first = 0;
    let level = |(fixed, dimensions): (Option<f64>, usize)| {
        let own = moments.view((first, first), (dimensions, dimensions)).into_owned();
        first += dimensions;
        let variance = fixed?;
        let mut modes: Vec<f64> = own.symmetric_eigenvalues().iter().copied().collect();
        modes.sort_by(|a, b| b.total_cmp(a));
        Some(modes.into_iter().map(|mode| (0.5 * (mode - variance.ln() - 1.0)) as f32).collect())
    };
    Ok(fixed.into_iter().zip(dimensions).map(level).collect())
}

/// E_x E_q[z zᵀ] over all levels, `[K, K]`.
fn sampled_moments<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    seed: u64,
    device: &Device,
) -> Result<DMatrix<f64>, DeviceError> {
    let (count, latent) = (pool.len(), model.latent_dimensions());
    let sets = noise_sets(model, count, seed);
    let mut moments = DMatrix::zeros(latent, latent);
    for set in &sets {
        moments += second_moments(read(model.sample(pool.inputs(), on(set, count, device)))?.into_iter(), latent);
    }
    Ok(moments / sets.len() as f64)
}

/// Mean of z zᵀ over rows z `[n, K]`.
fn second_moments(rows: impl ExactSizeIterator<Item = f32>, latent: usize) -> DMatrix<f64> {
    let count = rows.len() / latent;
    let rows = DMatrix::from_row_iterator(count, latent, rows.map(f64::from));
    rows.tr_mul(&rows) / count.max(1) as f64
}
