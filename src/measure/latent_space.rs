//! The latent space as a picture: densities over one dimension, posteriors in a plane, a decoded grid.

use super::{DEVIATION_SHARES, EvaluationPool, PoolIndex, PoolPosteriors, PriorContours};
use crate::device::{DeviceError, read};
use crate::exact::PriorDensity;
use crate::model::LatentModel;
use crate::priority::give_way;
use burn::tensor::{Device, Tensor, TensorData};

/// Half-width of latent axes, in prior standard deviations: room for an aggregated posterior somewhat wider than the prior.
pub const LATENT_RANGE: f32 = 4.0;

/// Densities are compared at this many posterior means to find the highest.
const PEAK_SAMPLES: usize = 48;
const MARGINAL_POINTS: usize = 241;
const GRID_RANGE: f32 = 3.0;
const GRID_LINES: usize = 13;
const GRID_POINTS: usize = 61;

/// Densities over one latent dimension, all on the same grid.
#[derive(Clone, Debug, PartialEq)]
pub struct Marginal {
    /// Latent dimension.
    pub dimension: usize,
    /// Grid over the dimension, ascending.
    pub grid: Vec<f32>,
    /// Density of the prior; of a learned mixture, its marginal.
    pub prior: Vec<f32>,
    /// Whether the prior is a learned mixture.
    pub is_prior_learned: bool,
    /// Density of the aggregated posterior: the exact mixture of the pool's posteriors.
    pub aggregated: Vec<f32>,
    /// Density of the selected example's posterior.
    pub posterior: Vec<f32>,
    /// Pool index of that example.
    pub example: PoolIndex,
    /// Total variation between the aggregated posterior and the prior, ½ ∫ |q(z) − p(z)| dz, in [0, 1].
    pub aggregated_distance: f32,
    /// Total variation between the example's posterior and the prior.
    pub posterior_distance: f32,
}

/// The pool's posteriors in a plane of two latent dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Latent dimensions on the horizontal and vertical axis.
    pub dimensions: [usize; 2],
    /// One diagonal Gaussian per pool example: `[mean x, mean y, standard deviation x, standard deviation y]`.
    pub posteriors: Vec<[f32; 4]>,
    /// Class of each pool example, where the data have labels.
    pub labels: Option<Vec<u32>>,
    /// Contours of the prior over the plane for [`DEVIATION_SHARES`], where it is a learned mixture.
    pub prior: Option<PriorContours>,
    /// Highest density of the mixture of the Gaussians at some of their means, per squared unit.
    pub highest: f32,
    /// Standard deviations that only a tenth of the Gaussians fall below, per axis.
    pub narrow: [f32; 2],
    /// Distance from the origin along an axis that holds 99 % of the means.
    pub extent: f32,
}

/// A decoded grid over a latent plane, for data of two dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct LatentGrid {
    /// Latent dimensions of the grid.
    pub dimensions: [usize; 2],
    /// Decoded grid lines, each a polyline in data space: first those along the first dimension, then along the second.
    pub lines: [Vec<Vec<[f32; 2]>>; 2],
    /// Decoded curve along the first dimension through the example's posterior mean.
    pub curve: Vec<[f32; 2]>,
    /// Pool examples in data space.
    pub examples: Vec<[f32; 2]>,
    /// Class of each, where the data have labels.
    pub labels: Option<Vec<u32>>,
    /// The selected example in data space.
    pub example: [f32; 2],
    /// Its reconstruction.
    pub reconstruction: [f32; 2],
    /// Standard deviation of the likelihood, the size of the noise around the grid.
    pub sigma: f32,
}

/// Densities over latent dimension `dimension`; the aggregated posterior is the exact mixture over the pool.
///
/// Every density is the mean over its grid cell, from the normal distribution function: a posterior much narrower than a cell
/// keeps its mass, and the distances are exact up to what two densities differ by within a cell. A learned prior may need wider axes.
pub fn marginal(posteriors: &PoolPosteriors, prior: &PriorDensity, dimension: usize, example: PoolIndex) -> Marginal {
    let marginal = prior.marginal(&[dimension]);
    let range = LATENT_RANGE.max(marginal.radius() as f32);
    let width = 2.0 * range / (MARGINAL_POINTS - 1) as f32;
    let at = |cell: f32| width * cell - range;
    let grid: Vec<f32> = (0..MARGINAL_POINTS).map(|cell| at(cell as f32)).collect();
    let edges: Vec<f64> = (0..=MARGINAL_POINTS).map(|cell| f64::from(at(cell as f32 - 0.5))).collect();
    let prior = prior_distribution(&edges, &marginal);
    let (mean, sd) = posteriors.moments(example, dimension);
    let posterior = distribution(&edges, mean, sd);
    let mut aggregated = vec![0.0; edges.len()];
    for index in 0..posteriors.len() {
        give_way();
        let (mean, sd) = posteriors.moments(index, dimension);
        aggregated.iter_mut().zip(distribution(&edges, mean, sd)).for_each(|(sum, below)| *sum += below);
    }
    aggregated.iter_mut().for_each(|sum| *sum /= posteriors.len() as f64);
    let density =
        |below: &[f64]| below.windows(2).map(|pair| ((pair[1] - pair[0]) / f64::from(width)) as f32).collect();
    Marginal {
        dimension,
        example,
        is_prior_learned: marginal.is_learned(),
        aggregated_distance: total_variation(&aggregated, &prior),
        posterior_distance: total_variation(&posterior, &prior),
        prior: density(&prior),
        posterior: density(&posterior),
        aggregated: density(&aggregated),
        grid,
    }
}

/// Mass of a prior of one dimension below each edge.
fn prior_distribution(edges: &[f64], prior: &PriorDensity) -> Vec<f64> {
    if !prior.is_learned() {
        return distribution(edges, 0.0, 1.0);
    }
    let mut sums = vec![0.0; edges.len()];
    for component in prior.components() {
        let weight = component.log_weight.exp();
        let below = distribution(edges, component.mean[0] as f32, component.sd[0] as f32);
        sums.iter_mut().zip(below).for_each(|(sum, below)| *sum += weight * below);
    }
    sums
}

/// Mass of N(mean, sd²) below each edge.
fn distribution(edges: &[f64], mean: f32, sd: f32) -> Vec<f64> {
    edges.iter().map(|edge| normal_distribution((edge - f64::from(mean)) / f64::from(sd))).collect()
}

/// Φ(x), by Abramowitz and Stegun (1964), 7.1.26; absolute error below 1e-7.
fn normal_distribution(x: f64) -> f64 {
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let upper = 0.5 * series.iter().fold(0.0, |sum, coefficient| sum * t + coefficient) * t * (-z * z).exp();
    if x > 0.0 { 1.0 - upper } else { upper }
}

/// ½ Σ over cells of |mass − mass|, given the mass below each edge; the tails outside are two more cells.
fn total_variation(a: &[f64], b: &[f64]) -> f32 {
    let cells = |below: &[f64]| -> Vec<f64> {
        let inner = below.windows(2).map(|pair| pair[1] - pair[0]);
        let tails = [below.first().copied().unwrap_or(0.0), 1.0 - below.last().copied().unwrap_or(1.0)];
        inner.chain(tails).collect()
    };
    let difference: f64 = cells(a).iter().zip(cells(b)).map(|(a, b)| (a - b).abs()).sum();
    (0.5 * difference) as f32
}

/// The pool's posteriors in the plane of two latent dimensions.
pub fn plane(
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    prior: &PriorDensity,
    dimensions: [usize; 2],
) -> Plane {
    let of = |index| {
        let [(mean_x, sd_x), (mean_y, sd_y)] = dimensions.map(|dimension| posteriors.moments(index, dimension));
        [mean_x, mean_y, sd_x, sd_y]
    };
    Plane::of(
        dimensions,
        (0..posteriors.len()).map(of).collect(),
        pool.labels().cloned(),
        PriorContours::of(&prior.marginal(&dimensions), &DEVIATION_SHARES),
    )
}

impl Plane {
    fn of(
        dimensions: [usize; 2],
        posteriors: Vec<[f32; 4]>,
        labels: Option<Vec<u32>>,
        prior: Option<PriorContours>,
    ) -> Self {
        let step = (posteriors.len() / PEAK_SAMPLES).max(1);
        let highest =
            posteriors.iter().step_by(step).map(|[x, y, ..]| density(&posteriors, *x, *y)).fold(0.0, f32::max);
        let narrow =
            [2, 3].map(|axis| quantile(posteriors.iter().map(|posterior| posterior[axis]), 0.1).unwrap_or(1.0));
        let far = posteriors.iter().map(|[x, y, ..]| x.abs().max(y.abs()));
        let extent = quantile(far, 0.99).unwrap_or(0.0);
        Self { dimensions, labels, prior, highest: highest.max(1e-3), narrow, extent, posteriors }
    }
}

/// The mixture's density at a point, per squared unit.
fn density(posteriors: &[[f32; 4]], x: f32, y: f32) -> f32 {
    let sum: f32 = posteriors
        .iter()
        .map(|[mean_x, mean_y, sd_x, sd_y]| {
            let (dx, dy) = ((x - mean_x) / sd_x, (y - mean_y) / sd_y);
            (-0.5 * (dx * dx + dy * dy)).exp() / (sd_x * sd_y)
        })
        .sum();
    sum / (std::f32::consts::TAU * posteriors.len().max(1) as f32)
}

fn quantile(values: impl Iterator<Item = f32>, fraction: f32) -> Option<f32> {
    let mut values: Vec<f32> = values.filter(|value| value.is_finite()).collect();
    let at = ((values.len() as f32 - 1.0).max(0.0) * fraction) as usize;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(at, f32::total_cmp).1)
}

/// A grid over ±3 of two latent dimensions, decoded into data of two dimensions; the other latent dimensions stay at the
/// example's posterior mean. `None` for data of another dimension.
///
/// # Errors
/// A device that fails to answer.
pub fn latent_grid<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    dimensions: [usize; 2],
    example: PoolIndex,
    sigma: Option<f32>,
    device: &Device,
) -> Result<Option<LatentGrid>, DeviceError> {
    if pool.dimensions() != 2 {
        return Ok(None);
    }
    let latent = model.latent_dimensions();
    let center = posteriors.mean(example);
    let along = |i: usize, count: usize| GRID_RANGE * (2.0 * i as f32 / (count - 1) as f32 - 1.0);
    let mut rows = Vec::new();
    let mut push = |values: &[(usize, f32)]| {
        let mut z = center.to_vec();
        values.iter().for_each(|&(dimension, value)| z[dimension] = value);
        rows.extend(z);
    };
    let [first, second] = dimensions;
    for (running, fixed) in [(first, second), (second, first)] {
        for line in 0..GRID_LINES {
            (0..GRID_POINTS).for_each(|i| push(&[(fixed, along(line, GRID_LINES)), (running, along(i, GRID_POINTS))]));
        }
    }
    (0..GRID_POINTS).for_each(|i| push(&[(first, along(i, GRID_POINTS))]));
    push(&[]);

    let count = rows.len() / latent;
    let z = Tensor::<2>::from_data(TensorData::new(rows, [count, latent]), device);
    let outputs = read(model.mean_output(model.decode_for(z, pool.input(example))))?;
    let points: Vec<[f32; 2]> = outputs.chunks_exact(2).map(|point| [point[0], point[1]]).collect();
    let mut polylines = points.chunks_exact(GRID_POINTS).map(<[_]>::to_vec);
    let lines = [polylines.by_ref().take(GRID_LINES).collect(), polylines.by_ref().take(GRID_LINES).collect()];
    let curve = polylines.next().unwrap_or_default();
    let pair = |values: &[f32]| [values[0], values[1]];
    Ok(Some(LatentGrid {
        dimensions,
        lines,
        curve,
        examples: (0..pool.len()).map(|index| pair(pool.example(index))).collect(),
        labels: pool.labels().cloned(),
        example: pair(pool.example(example)),
        reconstruction: points.last().copied().unwrap_or_default(),
        sigma: sigma.unwrap_or(0.0),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mixture_of_priors_has_the_priors_peak() {
        let plane = Plane::of([0, 1], vec![[0.0, 0.0, 1.0, 1.0]; 100], None, None);
        assert!((plane.highest - 0.159_155).abs() < 1e-4);
        assert_eq!(plane.narrow, [1.0, 1.0]);
        assert_eq!(plane.extent, 0.0);
    }
}
