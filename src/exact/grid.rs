//! The exact posterior of a trained model, by evaluating the likelihood on a grid over a ball of the latent space.
//!
//! On the grid the prior, N(0, I) or a learned mixture, is restricted to the ball and normalised there, and the likelihood range
//! R(x) = max_z log p(x|z) − min_z log p(x|z) is taken over the same points. The posterior is the prior tilted by the likelihood, so
//! that KL(p(z|x) ‖ p(z)) ≤ min(R, R²/8) holds on the grid exactly: R is the theorem of Wang, Blei and Cunningham (2021) as a
//! number, 0 if and only if the posterior is the prior.

use super::{LARGEST_DIMENSIONS, LatentBall, PriorDensity};
use crate::device::{DeviceError, read};
use crate::model::LatentModel;
use crate::priority::give_way;
use burn::tensor::{Device, Tensor, TensorData};

/// Radius looked at first; 1 % of the prior's mass lies outside in two dimensions.
pub const SMALLEST_RADIUS: f64 = 3.0;
/// How much larger than the first the last radius is that is looked at, in the prior's scale: a grid under N(0, I) ends at 8.
pub const WIDENED_BY: f64 = 5.0;
/// A grid is widened while a posterior has so much more mass in its outermost ring than the prior has there.
const LARGEST_BORDER_MASS: f64 = 0.01;

/// Points that a posterior must spread over, or its KL is that of a single point and not its own.
const FEWEST_POINTS: f64 = 10.0;
/// Points over which a posterior spreads that needs no finer grid.
const PLENTY_OF_POINTS: f64 = 100.0;
/// Numbers in one tensor of `[points, D]` or `[examples, points]`, about: bounds the memory, and the time before a trainer gives way to a frame.
const CHUNK_VALUES: usize = 512 << 10;
/// Points decoded at once at most: the activations of a hidden layer stay near the processor.
const LARGEST_CHUNK: usize = 8192;
/// Data dimensions above which a grid over two or three latent dimensions has twice the spacing: decoding costs the more.
const LARGE_DATA: usize = 64;
/// Points at most.
const LARGEST_GRID: usize = 400_000;
/// Numbers in a table of `[examples, points]`, about.
const TABLE_VALUES: usize = 16 << 20;
/// Below this, a weight relative to the largest is lost in the sum of all.
const NEGLIGIBLE_LOG_WEIGHT: f64 = -60.0;

/// The exact posterior of one example on a grid.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactPosterior {
    /// R, nats.
    pub likelihood_range: f64,
    /// KL to the prior, nats.
    pub kl: f64,
    /// KL of each dimension's marginal to the prior's marginal, nats, `[K]`; none is larger than `kl`.
    pub kl_per_dimension: Vec<f64>,
    /// log p(x) under the prior on the grid, nats.
    pub log_evidence: f64,
    /// Posterior mean, `[K]`.
    pub mean: Vec<f64>,
    /// Posterior mass in the outermost ring of the grid.
    pub border_mass: f64,
    /// The prior's mass in the same ring, which says nothing about the posterior's reach.
    pub prior_border_mass: f64,
    /// 1 / Σ mass²: over how many points the posterior spreads.
    pub effective_points: f64,
}

impl ExactPosterior {
    /// Whether nearly all of its mass lies within the ball.
    pub fn is_within(&self) -> bool {
        self.border_mass - self.prior_border_mass <= LARGEST_BORDER_MASS
    }

    /// Whether the grid is fine enough for it.
    pub fn is_resolved(&self) -> bool {
        self.effective_points >= FEWEST_POINTS
    }

    /// Whether a finer grid would say the same: sums over a lattice converge faster than any power of its spacing.
    fn is_wide(&self) -> bool {
        self.effective_points >= PLENTY_OF_POINTS
    }

    /// Log of its mass at each point of the ball it was computed on, from the log-likelihood there.
    pub fn log_masses(&self, ball: &LatentBall, log_likelihood: &[f32]) -> impl Iterator<Item = f64> {
        let joint = ball.log_prior.iter().zip(log_likelihood).map(|(prior, &likelihood)| prior + f64::from(likelihood));
        joint.map(|joint| joint - self.log_evidence)
    }
}

/// The posterior over the points of `ball` given log p(x|z) at each of them.
pub fn posterior_on(ball: &LatentBall, log_likelihood: &[f32]) -> ExactPosterior {
    let latent = ball.latent_dimensions;
    let (lowest, highest) = log_likelihood
        .iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
    // Relative to the largest, so that a flat likelihood leaves a KL of 0 to the last digit.
    let reference = f64::from(highest);
    let points =
        || ball.log_prior.iter().zip(log_likelihood).map(|(prior, &value)| (prior, f64::from(value) - reference));
    let largest = points().map(|(prior, likelihood)| prior + likelihood).fold(f64::NEG_INFINITY, f64::max);

    let (mut total, mut squares, mut information, mut border) = (0.0, 0.0, 0.0, 0.0);
    let mut marginals = vec![0.0; latent * ball.side];
    for (((prior, likelihood), place), &is_border) in points().zip(ball.places()).zip(ball.is_border()) {
        let log_weight = prior + likelihood - largest;
        if log_weight < NEGLIGIBLE_LOG_WEIGHT {
            continue;
        }
        let weight = log_weight.exp();
        total += weight;
        squares += weight * weight;
        information += weight * likelihood;
        border += if is_border { weight } else { 0.0 };
        for (axis, &position) in place.iter().enumerate() {
            marginals[axis * ball.side + usize::from(position)] += weight;
        }
    }
    let evidence = largest + total.ln();
    marginals.iter_mut().for_each(|mass| *mass /= total);
    let mean = |marginal: &[f64]| {
        marginal.iter().enumerate().map(|(position, mass)| mass * ball.coordinate(position)).sum::<f64>()
    };
    let divergence = |(axis, marginal): (usize, &[f64])| {
        let masses = marginal.iter().zip(ball.marginal_prior(axis)).filter(|(mass, _)| **mass > 0.0);
        // Between narrow components the prior may be too small for a number.
        masses.map(|(mass, prior)| mass * (mass / prior.max(f64::MIN_POSITIVE)).ln()).sum::<f64>()
    };
    ExactPosterior {
        likelihood_range: reference - f64::from(lowest),
        kl: information / total - evidence,
        kl_per_dimension: marginals.chunks_exact(ball.side).enumerate().map(divergence).collect(),
        log_evidence: reference + evidence,
        mean: marginals.chunks_exact(ball.side).map(mean).collect(),
        border_mass: border / total,
        prior_border_mass: ball.prior_border_mass(),
        effective_points: total * total / squares,
    }
}

/// Exact posteriors of the rows of `examples: [count, D]` under the model, with the radius of the ball; `None` as in [`exact_grid`].
/// Likelihood ranges are comparable between models only at the same radius.
///
/// # Errors
/// A device that fails to answer.
pub fn exact_posterior<M: LatentModel>(
    model: &M,
    examples: Tensor<2>,
    device: &Device,
) -> Result<Option<(f64, Vec<ExactPosterior>)>, DeviceError> {
    Ok(exact_grid(model, &examples, device)?.map(|(ball, posteriors)| (ball.radius, posteriors)))
}

/// A ball that holds and resolves the posteriors of all rows of `examples: [count, D]`, and those posteriors; `None` for more than
/// three latent dimensions, and where a grid has no answer: a posterior or a learned prior narrower than its spacing, or a posterior wider than
/// the largest ball.
///
/// The ball starts at [`PriorDensity::radius`], 3 for N(0, I), and grows until no posterior has more than 1 % of its mass at the border. Its spacing is half the usual
/// one where a posterior is narrow, and twice the usual one where all are wide.
///
/// # Errors
/// A device that fails to answer.
pub fn exact_grid<M: LatentModel>(
    model: &M,
    examples: &Tensor<2>,
    device: &Device,
) -> Result<Option<(LatentBall, Vec<ExactPosterior>)>, DeviceError> {
    let latent = model.latent_dimensions();
    let Some(usual) = LatentBall::usual_spacing(latent) else { return Ok(None) };
    let [_, dimensions] = examples.dims();
    // How far a posterior reaches shows at twice the spacing already, for a fraction of the cost …
    let spacings: &[f64] = match (dimensions > LARGE_DATA, latent) {
        (false, _) | (true, 1) => &[2.0 * usual, usual, 0.5 * usual],
        (true, _) => &[4.0 * usual, 2.0 * usual],
    };
    let prior = PriorDensity::of(model)?;
    let mut radius = prior.radius();
    let scale = prior.scale();
    let largest = radius + WIDENED_BY * scale + 1e-9;
    while radius <= largest {
        let mut is_within = true;
        for (attempt, &spacing) in spacings.iter().enumerate() {
            let Some(ball) = LatentBall::with_spacing(latent, radius, scale * spacing) else { return Ok(None) };
            if ball.len() > LARGEST_GRID {
                break;
            }
            let ball = ball.under(&prior);
            let is_resolved = !prior.is_learned() || ball.holds_prior();
            let posteriors = posteriors_on(model, &ball, examples, device)?;
            is_within = posteriors.iter().all(ExactPosterior::is_within);
            if !is_within {
                break;
            }
            // … and there is nothing to gain from the rest when all are wide. (In three dimensions the search grid is too coarse for R.)
            let has_plenty = latent < LARGEST_DIMENSIONS && posteriors.iter().all(ExactPosterior::is_wide);
            if is_resolved && (has_plenty || attempt > 0 && posteriors.iter().all(ExactPosterior::is_resolved)) {
                return Ok(Some((ball, posteriors)));
            }
        }
        if is_within {
            return Ok(None);
        }
        radius += scale;
    }
    Ok(None)
}

/// Posteriors of the rows of `examples: [count, D]` on one ball, which is decoded for many of them at once.
///
/// # Errors
/// A device that fails to answer.
pub fn posteriors_on<M: LatentModel>(
    model: &M,
    ball: &LatentBall,
    examples: &Tensor<2>,
    device: &Device,
) -> Result<Vec<ExactPosterior>, DeviceError> {
    let [count, _] = examples.dims();
    let together = (TABLE_VALUES / ball.len()).max(1);
    let mut posteriors = Vec::with_capacity(count);
    for first in (0..count).step_by(together) {
        let examples = examples.clone().narrow(0, first, together.min(count - first));
        let log_likelihoods = log_likelihoods(model, &examples, &ball.points, device)?;
        posteriors.extend(log_likelihoods.iter().map(|values| {
            give_way();
            posterior_on(ball, values)
        }));
    }
    Ok(posteriors)
}

/// log p(x | z) of every row of `examples: [count, D]` at every latent point, row-major `[points, K]`; `[count][points]`.
///
/// # Errors
/// A device that fails to answer.
pub fn log_likelihoods<M: LatentModel>(
    model: &M,
    examples: &Tensor<2>,
    points: &[f32],
    device: &Device,
) -> Result<Vec<Vec<f32>>, DeviceError> {
    let latent = model.latent_dimensions();
    let [count, _] = examples.dims();
    if model.is_conditional() && count > 1 {
        // Every example has a decoder of its own.
        let of = |index| log_likelihoods(model, &examples.clone().narrow(0, index, 1), points, device);
        return (0..count).map(of).collect::<Result<Vec<_>, _>>().map(|rows| rows.concat());
    }
    let mut values = vec![Vec::with_capacity(points.len() / latent); count];
    for table in log_likelihood_tables(model, examples, points, device) {
        give_way();
        let [_, columns] = table.dims();
        let table = read(table)?;
        values.iter_mut().zip(table.chunks_exact(columns)).for_each(|(values, row)| values.extend_from_slice(row));
    }
    Ok(values)
}

/// The same on the device, `[count, points]`, for a model that is not conditional or for one example: as tables of neighbouring points, each
/// computed when it is asked for.
pub fn log_likelihood_tables<M: LatentModel>(
    model: &M,
    examples: &Tensor<2>,
    points: &[f32],
    device: &Device,
) -> impl Iterator<Item = Tensor<2>> {
    let latent = model.latent_dimensions();
    let [count, dimensions] = examples.dims();
    let chunk_size = (CHUNK_VALUES / dimensions.max(count).max(1)).clamp(1, LARGEST_CHUNK);
    points.chunks(chunk_size * latent).map(move |points| {
        let rows = points.len() / latent;
        let z = Tensor::from_data(TensorData::new(points.to_vec(), [rows, latent]), device);
        let natural = model.decode_for(z, examples.clone().narrow(0, 0, 1));
        model.log_likelihood_table(examples.clone(), natural)
    })
}

/// log Σ eˣ, without overflow.
pub(super) fn log_sum_exp(values: &[f64]) -> f64 {
    let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + values.iter().map(|value| (value - largest).exp()).sum::<f64>().ln()
}
