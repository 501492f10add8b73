//! The exact posterior of a trained model, by evaluating the likelihood on a grid over a ball of the latent space.
//!
//! On the grid the prior is N(0, I) restricted to the ball and normalised there, and the likelihood range
//! R(x) = max_z log p(x|z) − min_z log p(x|z) is taken over the same points. The posterior is the prior tilted by the likelihood, so
//! that KL(p(z|x) ‖ p(z)) ≤ min(R, R²/8) holds on the grid exactly: R is the theorem of Wang, Blei and Cunningham (2021) as a
//! number, 0 if and only if the posterior is the prior.

use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use burn::tensor::{Device, Tensor, TensorData};

/// Radius looked at first; 1 % of the prior's mass lies outside in two dimensions.
const SMALLEST_RADIUS: f64 = 3.0;
/// Radius beyond which a grid is not widened.
const LARGEST_RADIUS: f64 = 8.0;
/// A grid is widened while a posterior has more than this much mass in its outermost ring.
const LARGEST_BORDER_MASS: f64 = 0.01;
/// Width of that ring.
const BORDER: f64 = 0.1;

/// Points that a posterior must spread over, or its KL is that of a single point and not its own.
const FEWEST_POINTS: f64 = 10.0;
/// Numbers in one tensor of `[points, D]`, about: bounds the memory for data of many dimensions.
const CHUNK_VALUES: usize = 2 << 20;

/// Points of a ball around 0 in one or two latent dimensions, with the normalised prior.
#[derive(Clone, Debug)]
pub struct LatentBall {
    /// Radius in prior standard deviations.
    pub radius: f64,
    /// K, 1 or 2.
    pub latent_dimensions: usize,
    /// Row-major `[points, K]`.
    pub points: Vec<f32>,
    /// Log of the prior's mass at each point; the masses sum to 1.
    pub log_prior: Vec<f64>,
    is_border: Vec<bool>,
}

/// The exact posterior of one example on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactPosterior {
    /// R, nats.
    pub likelihood_range: f64,
    /// KL to the prior, nats.
    pub kl: f64,
    /// Posterior mean, `[K]`.
    pub mean: Vec<f64>,
    /// Posterior mass in the outermost ring of the grid.
    pub border_mass: f64,
    /// 1 / Σ mass²: over how many points the posterior spreads.
    pub effective_points: f64,
}

impl LatentBall {
    /// A grid for K = 1 or 2; `None` for more dimensions, where a grid of useful resolution has too many points.
    pub fn new(latent_dimensions: usize, radius: f64) -> Option<Self> {
        let spacing = match latent_dimensions {
            1 => 0.01,
            2 => 0.05,
            _ => return None,
        };
        let steps = (radius / spacing).round() as i32;
        let axis: Vec<f64> = (-steps..=steps).map(|step| f64::from(step) * spacing).collect();
        let mut ball =
            Self { radius, latent_dimensions, points: Vec::new(), log_prior: Vec::new(), is_border: Vec::new() };
        let mut push = |point: &[f64]| {
            let square: f64 = point.iter().map(|z| z * z).sum();
            if square <= radius * radius + 1e-9 {
                ball.points.extend(point.iter().map(|&z| z as f32));
                ball.log_prior.push(-0.5 * square);
                ball.is_border.push(square.sqrt() > radius - BORDER);
            }
        };
        match latent_dimensions {
            1 => axis.iter().for_each(|&z| push(&[z])),
            _ => axis.iter().for_each(|&first| axis.iter().for_each(|&second| push(&[first, second]))),
        }
        let normalizer = log_sum_exp(&ball.log_prior);
        ball.log_prior.iter_mut().for_each(|log_prior| *log_prior -= normalizer);
        Some(ball)
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.log_prior.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.log_prior.is_empty()
    }
}

/// The posterior over the points of `ball` given log p(x|z) at each of them.
pub fn posterior_on(ball: &LatentBall, log_likelihood: &[f32]) -> ExactPosterior {
    let log_likelihood: Vec<f64> = log_likelihood.iter().map(|&value| f64::from(value)).collect();
    let (lowest, highest) = log_likelihood
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    let joint: Vec<f64> =
        ball.log_prior.iter().zip(&log_likelihood).map(|(prior, likelihood)| prior + likelihood).collect();
    let evidence = log_sum_exp(&joint);
    let mut posterior = ExactPosterior {
        likelihood_range: highest - lowest,
        kl: 0.0,
        mean: vec![0.0; ball.latent_dimensions],
        border_mass: 0.0,
        effective_points: 0.0,
    };
    let mut squares = 0.0;
    for (at, (joint, likelihood)) in joint.iter().zip(&log_likelihood).enumerate() {
        let mass = (joint - evidence).exp();
        posterior.kl += mass * (likelihood - evidence);
        squares += mass * mass;
        let point = &ball.points[at * ball.latent_dimensions..][..ball.latent_dimensions];
        posterior.mean.iter_mut().zip(point).for_each(|(mean, &z)| *mean += mass * f64::from(z));
        if ball.is_border[at] {
            posterior.border_mass += mass;
        }
    }
    posterior.effective_points = 1.0 / squares;
    posterior
}

/// Exact posteriors of the rows of `examples: [count, D]` under the model; `None` for more than two latent dimensions, and where
/// a grid has no answer: a posterior narrower than its spacing, or wider than the largest ball.
///
/// The ball starts at radius 3 and grows until no posterior has more than 1 % of its mass at the border; the radius used is
/// returned with the posteriors. Likelihood ranges are comparable between models only at the same radius.
///
/// # Errors
/// A device that fails to answer.
pub fn exact_posterior<M: LatentModel>(
    model: &M,
    examples: Tensor<2>,
    device: &Device,
) -> Result<Option<(f64, Vec<ExactPosterior>)>, DeviceError> {
    let mut radius = SMALLEST_RADIUS;
    while radius <= LARGEST_RADIUS {
        let Some(ball) = LatentBall::new(model.latent_dimensions(), radius) else { return Ok(None) };
        let log_likelihoods = log_likelihoods(model, &examples, &ball, device)?;
        let posteriors: Vec<_> = log_likelihoods.iter().map(|values| posterior_on(&ball, values)).collect();
        if posteriors.iter().all(|posterior| posterior.border_mass <= LARGEST_BORDER_MASS) {
            let resolved = posteriors.iter().all(|posterior| posterior.effective_points >= FEWEST_POINTS);
            return Ok(resolved.then_some((radius, posteriors)));
        }
        radius += 1.0;
    }
    Ok(None)
}

/// log p(x | z) for every example at every point of the ball, `[count][points]`.
fn log_likelihoods<M: LatentModel>(
    model: &M,
    examples: &Tensor<2>,
    ball: &LatentBall,
    device: &Device,
) -> Result<Vec<Vec<f32>>, DeviceError> {
    let [count, dimensions] = examples.dims();
    let mut values = vec![Vec::with_capacity(ball.len()); count];
    let chunk_size = (CHUNK_VALUES / dimensions.max(1)).max(1);
    for points in ball.points.chunks(chunk_size * ball.latent_dimensions) {
        let rows = points.len() / ball.latent_dimensions;
        let natural =
            model.decode(Tensor::from_data(TensorData::new(points.to_vec(), [rows, ball.latent_dimensions]), device));
        for (index, values) in values.iter_mut().enumerate() {
            let example = examples.clone().narrow(0, index, 1).expand([rows, dimensions]);
            values.extend(read(model.log_likelihood(example, natural.clone()))?);
        }
    }
    Ok(values)
}

pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}
