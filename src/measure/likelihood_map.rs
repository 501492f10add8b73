//! log p(x|z) of one example over a latent plane, with the exact posterior on the same points: the theorem as a picture.
//!
//! A flat map and a posterior equal to the prior are the same thing (Wang, Blei and Cunningham 2021, Theorem 1); the range R of the
//! map in nats bounds how far the posterior can be from the prior, KL ≤ min(R, R²/8).

use super::contour::ContourLine;
use super::interpolation::Lattice;
use super::{EvaluationPool, PoolIndex, PoolPosteriors, PriorContours, example_kl};
use crate::device::{DeviceError, Drawable, Handover, read};
use crate::exact::{self, ExactPosterior, LatentBall, PriorDensity};
use crate::model::LatentModel;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

/// Points per axis: one more than a power of two, so that a finer map holds the points of a coarser one.
const SIDES_OF_A_PLANE: Sides = Sides { coarsest: 33, finest: 257 };
const SIDES_OF_A_LINE: Sides = Sides { coarsest: 129, finest: 2049 };
/// Decoded numbers `[side, side, D]` at most, unless the coarsest map has more already.
const LARGEST_MAP_VALUES: usize = 2 << 20;
/// Interpolation is checked at twice as many places between the points.
const CHECKS: usize = 128;
/// A map is made finer until interpolation errs by no more than this share of R: a colour ramp has 256 levels …
const ERROR_SHARE: f64 = 1.0 / 256.0;
/// … or than this, nats: a tenth of what is called flat would be seen, this is not.
const ERROR_FLOOR: f64 = 0.01;
/// Checks meet large errors, but not the largest.
const SAFETY: f64 = 2.0;

/// Shares of the mass within the contours of a posterior, and of a learned prior beside it.
pub const POSTERIOR_SHARES: [f64; 2] = [0.9, 0.5];

/// What the points of a [`LikelihoodMap`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapKind {
    /// K = 1: a curve over the only dimension.
    Line,
    /// K = 2: the whole latent space.
    Plane,
    /// K = 3: the likelihood is a slice through the exact posterior mean; posterior and KL are of the whole space, on a coarser grid.
    PlaneOfThree,
    /// K > 3: a slice through the encoder's posterior mean. Range, posterior and KL are those of the slice.
    Slice,
}

/// log p(x|z) of one example over a plane of the latent space.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodMap {
    /// Pool index of the example.
    pub example: PoolIndex,
    /// Latent dimensions on the horizontal and vertical axis; the same twice for [`MapKind::Line`].
    pub dimensions: [usize; 2],
    /// What the points are.
    pub kind: MapKind,
    /// Points per axis.
    pub side: usize,
    /// The axes go from −radius to radius, in prior standard deviations. Range and posterior are taken over the points within that
    /// radius, where the grid of [`crate::exact`] lies.
    pub radius: f64,
    /// Whether the grid was widened from its usual radius because a posterior had mass at its border.
    pub is_widened: bool,
    /// Nats; `[side, side]` with the vertical axis ascending by rows, `[side]` for a line.
    pub log_likelihood: Arc<Vec<f32>>,
    /// The same numbers for the screen.
    pub drawn: Drawable,
    /// By how much Catmull-Rom interpolation between the points errs within the radius, as in [`Self::log_likelihood_at`]; nats. `side` is
    /// what it took to make this small, as far as that could be afforded.
    pub interpolation_error: f32,
    /// log p(z) at the same points where the prior is a learned mixture, nats: of the line or the plane itself, on [`MapKind::Slice`] given the other
    /// dimensions, on [`MapKind::PlaneOfThree`] with the third dimension integrated out; `None` for N(0, I).
    pub log_prior: Option<Vec<f32>>,
    /// Contours of the same over the plane, for [`POSTERIOR_SHARES`].
    pub prior: Option<PriorContours>,
    /// Density of the exact posterior at the same points, 0 outside the radius; `None` where the grid does not resolve it.
    pub posterior: Option<Vec<f32>>,
    /// Contours of the exact posterior for [`POSTERIOR_SHARES`]; none of a line, and where the grid does not resolve it.
    pub contours: Vec<ContourLine>,
    /// Smallest and largest log p(x|z) within the radius, nats.
    pub ends: [f32; 2],
    /// R, largest minus smallest log p(x|z) within the radius, nats.
    pub likelihood_range: f64,
    /// KL(p(z|x) ‖ p(z)) on the grid, nats; `None` where the grid does not resolve the posterior.
    pub kl: Option<f64>,
    /// min(R, R²/8), nats: no KL on this grid can be larger.
    pub bound: f64,
    /// Mean of the exact posterior along the two axes.
    pub mean: Option<[f64; 2]>,
    /// `[mean, standard deviation]` of q(z|x) along either axis.
    pub encoder: [[f32; 2]; 2],
    /// KL(q(z|x) ‖ p(z)) of this example over all dimensions, nats.
    pub encoder_kl: f32,
}

struct Sides {
    coarsest: usize,
    finest: usize,
}

impl LikelihoodMap {
    /// log p(x|z) at any place of the map, in prior standard deviations along the two axes (of a line, the first): interpolated by
    /// Catmull-Rom, and in the outermost cells with the neighbour that is missing continued quadratically, v₋₁ = 3v₀ − 3v₁ + v₂.
    pub fn log_likelihood_at(&self, place: [f64; 2]) -> f64 {
        let steps = 0.5 * (self.side - 1) as f64;
        let lattice = Lattice { values: &self.log_likelihood, side: self.side };
        lattice.at(place.map(|z| (z / self.radius + 1.0) * steps))
    }
}

/// Likelihood and exact posterior of one pool example over the plane of two latent dimensions, which differ unless K = 1.
///
/// The map is as coarse as it can be: it starts with 33 points per axis, and gets finer while interpolating between them errs
/// visibly or the posterior falls between them. Decoding is what costs, and few decoders bend that much.
///
/// # Errors
/// A device that fails to answer.
pub fn likelihood_map<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    dimensions: [usize; 2],
    example: PoolIndex,
    device: &Device,
    handover: Handover,
) -> Result<LikelihoodMap, DeviceError> {
    let kind = match model.latent_dimensions() {
        1 => MapKind::Line,
        2 => MapKind::Plane,
        3 => MapKind::PlaneOfThree,
        _ => MapKind::Slice,
    };
    let x = pool.inputs().narrow(0, example, 1);
    let whole = match kind {
        MapKind::PlaneOfThree => exact::exact_grid(model, &x, device)?,
        MapKind::Line | MapKind::Plane | MapKind::Slice => None,
    };
    let mut center = posteriors.mean(example).to_vec();
    if let Some((_, exact)) = &whole {
        exact.iter().for_each(|exact| center.iter_mut().zip(&exact.mean).for_each(|(z, &mean)| *z = mean as f32));
    }
    let prior = PriorDensity::of(model)?;
    let of_plane = if kind == MapKind::Line { prior.clone() } else { prior.conditional(&dimensions, &center) };
    let first_radius = if kind == MapKind::PlaneOfThree { prior.radius() } else { of_plane.radius() };
    let slice = Slice { model, x, center, dimensions, is_line: kind == MapKind::Line, prior: of_plane, device };
    let surface = match (&whole, kind) {
        (Some((ball, _)), _) => slice.surface(ball.radius)?,
        (None, MapKind::PlaneOfThree) => slice.surface(first_radius)?,
        (None, _) => slice.widened()?,
    };
    let (radius, side) = (surface.ball.radius, surface.ball.side);
    let judged = match (&whole, kind) {
        (Some((_, exact)), _) => exact.first(),
        (None, MapKind::PlaneOfThree) => None,
        (None, _) => Some(&surface.posterior).filter(|posterior| {
            let is_prior_held = !prior.is_learned() || surface.ball.holds_prior();
            posterior.is_within() && posterior.is_resolved() && is_prior_held
        }),
    };
    let posterior = match (&whole, judged) {
        (_, None) => None,
        (Some((ball, _)), Some(exact)) => Some(slice.marginal_density(ball, exact, side)?),
        (None, Some(exact)) => Some(surface.density(exact)),
    };
    // A posterior on the slice has the slice's axes, one over the whole space has the model's.
    let axis_mean = |exact: &ExactPosterior| match kind {
        MapKind::Line => [exact.mean[0]; 2],
        MapKind::Plane | MapKind::Slice => [exact.mean[0], exact.mean[1]],
        MapKind::PlaneOfThree => dimensions.map(|dimension| exact.mean[dimension]),
    };
    let drawn = if kind == MapKind::PlaneOfThree { prior.marginal(&dimensions) } else { slice.prior.clone() };
    let log_prior =
        prior.is_learned().then(|| slice.places(radius, side).map(|place| drawn.log_density(&place) as f32).collect());
    let likelihood_range = judged.map_or(surface.posterior.likelihood_range, |exact| exact.likelihood_range);
    let log_likelihood = Arc::new(surface.values);
    let map = LikelihoodMap {
        example,
        dimensions,
        kind,
        side,
        radius,
        is_widened: radius > first_radius,
        log_prior,
        prior: if kind == MapKind::Line { None } else { PriorContours::of(&drawn, &POSTERIOR_SHARES) },
        interpolation_error: surface.error as f32,
        posterior,
        contours: Vec::new(),
        ends: [f32::NAN; 2],
        likelihood_range,
        kl: judged.map(|exact| exact.kl),
        bound: likelihood_range.min(likelihood_range.powi(2) / 8.0),
        mean: judged.map(axis_mean),
        encoder: dimensions.map(|dimension| posteriors.moments(example, dimension).into()),
        encoder_kl: example_kl(posteriors, example, &prior),
        drawn: match handover {
            Handover::ReadBack => Drawable::Host(log_likelihood.clone()),
            Handover::InPlace => handover.hand_over(surface.table)?,
        },
        log_likelihood,
    };
    Ok(map.with_lines())
}

/// A line or plane of the latent space, and the example whose likelihood is taken along it.
struct Slice<'a, M> {
    model: &'a M,
    /// `[1, D]`.
    x: Tensor<2>,
    /// Where it passes through, `[K]`.
    center: Vec<f32>,
    dimensions: [usize; 2],
    is_line: bool,
    /// Of the line or plane.
    prior: PriorDensity,
    device: &'a Device,
}

/// log p(x|z) over a [`Slice`].
struct Surface {
    /// The lattice points within the radius.
    ball: LatentBall,
    /// `[1, points]`, on the device.
    table: Tensor<2>,
    /// The same: `[side, side]`, or `[side]`.
    values: Vec<f32>,
    /// Of the slice, over those points.
    posterior: ExactPosterior,
    /// Of interpolation.
    error: f64,
}

impl<M: LatentModel> Slice<'_, M> {
    /// The surface within the smallest radius that holds the posterior, or within the largest that is looked at.
    fn widened(&self) -> Result<Surface, DeviceError> {
        let mut radius = self.prior.radius();
        let scale = self.prior.scale();
        let largest = radius + exact::WIDENED_BY * scale - 1e-9;
        loop {
            // How far a posterior reaches shows on the coarsest map already.
            let is_last = radius >= largest;
            let coarse = self.coarsest(radius)?;
            if is_last || coarse.posterior.is_within() {
                let surface = self.refined(coarse)?;
                if is_last || surface.posterior.is_within() {
                    return Ok(surface);
                }
            }
            radius += scale;
        }
    }

    /// The surface within a radius, as fine as it needs to be.
    fn surface(&self, radius: f64) -> Result<Surface, DeviceError> {
        self.refined(self.coarsest(radius)?)
    }

    fn coarsest(&self, radius: f64) -> Result<Surface, DeviceError> {
        self.sampled(radius, self.sides().coarsest)
    }

    /// The same surface, as fine as it needs to be.
    fn refined(&self, mut surface: Surface) -> Result<Surface, DeviceError> {
        let finest = self.sides().finest;
        loop {
            surface.error = self.interpolation_error(&surface)?;
            let allowed = (ERROR_SHARE * surface.posterior.likelihood_range).max(ERROR_FLOOR);
            let excess = surface.error / allowed;
            let is_fine = excess <= 1.0 && surface.posterior.is_resolved();
            let LatentBall { side, radius, .. } = surface.ball;
            // An error that is not a number cannot be made smaller.
            if is_fine || side >= finest || !excess.is_finite() {
                return Ok(surface);
            }
            // Half the spacing leaves an eighth of the error, where the surface is smooth.
            let doublings = (excess.log2() / 3.0).ceil().clamp(1.0, 2.0) as u32;
            surface = self.sampled(radius, ((side - 1) * 2_usize.pow(doublings) + 1).min(finest))?;
        }
    }

    fn sides(&self) -> Sides {
        let Sides { mut coarsest, mut finest } = if self.is_line { SIDES_OF_A_LINE } else { SIDES_OF_A_PLANE };
        if self.prior.is_learned() {
            // Its components may be narrower than the likelihood bends.
            coarsest = 2 * coarsest - 1;
        }
        let [_, dimensions] = self.x.dims();
        let values = |side: usize| dimensions * if self.is_line { side } else { side * side };
        while finest > coarsest && values(finest) > LARGEST_MAP_VALUES {
            finest = finest / 2 + 1;
        }
        Sides { coarsest, finest }
    }

    /// The surface at so many points per axis; its error is not known yet.
    fn sampled(&self, radius: f64, side: usize) -> Result<Surface, DeviceError> {
        let axes = if self.is_line { 1 } else { 2 };
        let steps = (side - 1) / 2;
        let ball = LatentBall::lattice(axes, radius, steps).under(&self.prior);
        let table = self.table(self.places(radius, side).map(|place| [place[0], place[place.len() - 1]]));
        let values = read(table.clone())?;
        let within: Vec<f32> = ball.places().map(|place| values[index_of(place, side)]).collect();
        let posterior = exact::posterior_on(&ball, &within);
        Ok(Surface { ball, table, values, posterior, error: f64::INFINITY })
    }

    /// Places of the points along the two axes, or along the only one.
    fn places(&self, radius: f64, side: usize) -> impl Iterator<Item = Vec<f64>> + use<M> {
        let spacing = radius / ((side - 1) / 2) as f64;
        let (is_line, rows) = if self.is_line { (true, 1) } else { (false, side) };
        let coordinate = move |position: usize| position as f64 * spacing - radius;
        (0..rows * side).map(move |index| match is_line {
            true => vec![coordinate(index)],
            false => vec![coordinate(index % side), coordinate(index / side)],
        })
    }

    /// log p(x|z) at places along the two axes, nats, `[1, places]`.
    fn table(&self, places: impl Iterator<Item = [f64; 2]>) -> Tensor<2> {
        let mut points = Vec::new();
        for place in places {
            let start = points.len();
            points.extend_from_slice(&self.center);
            // On a line both are the same dimension, and the first place counts.
            points[start + self.dimensions[1]] = place[1] as f32;
            points[start + self.dimensions[0]] = place[0] as f32;
        }
        let tables = exact::log_likelihood_tables(self.model, &self.x, &points, self.device);
        Tensor::cat(tables.collect(), 1)
    }

    /// The largest difference met between interpolated and decoded values within the radius, times [`SAFETY`].
    fn interpolation_error(&self, surface: &Surface) -> Result<f64, DeviceError> {
        let (ball, values) = (&surface.ball, &surface.values);
        let lattice = Lattice { values, side: ball.side };
        let place = |place: [f64; 2]| place.map(|position| position * ball.spacing - ball.radius);
        // Cells that the radius crosses count too: their centres may lie half a diagonal outside.
        let reach = ball.radius + std::f64::consts::FRAC_1_SQRT_2 * ball.spacing;
        let is_within = |at: [f64; 2]| {
            let [x, y] = place(at);
            x.hypot(if self.is_line { 0.0 } else { y }) <= reach
        };
        let checks = lattice.checks(CHECKS, is_within);
        let decoded =
            if checks.is_empty() { Vec::new() } else { read(self.table(checks.iter().map(|&at| place(at))))? };
        let differences = checks.iter().zip(decoded).map(|(&at, decoded)| (lattice.at(at) - f64::from(decoded)).abs());
        Ok(SAFETY
            * differences.fold(
                0.0,
                |largest, difference| if difference.is_nan() || difference > largest { difference } else { largest },
            ))
    }

    /// Density of the exact posterior over three dimensions, summed over the one that is not drawn, at the points of a map.
    fn marginal_density(
        &self,
        ball: &LatentBall,
        exact: &ExactPosterior,
        side: usize,
    ) -> Result<Vec<f32>, DeviceError> {
        let log_likelihood = exact::log_likelihoods(self.model, &self.x, &ball.points, self.device)?;
        let log_likelihood = log_likelihood.first().map_or(&[][..], Vec::as_slice);
        let mut coarse = vec![0.0_f32; ball.side * ball.side];
        for (place, log_mass) in ball.places().zip(exact.log_masses(ball, log_likelihood)) {
            let place = self.dimensions.map(|dimension| place[dimension]);
            coarse[index_of(&place, ball.side)] += (log_mass.exp() / ball.spacing.powi(2)) as f32;
        }
        let lattice = Lattice { values: &coarse, side: ball.side };
        let scale = (ball.side - 1) as f64 / (side - 1) as f64;
        let at = |index: usize| [scale * (index % side) as f64, scale * (index / side) as f64];
        let half = (ball.side - 1) as f64 / 2.0;
        let is_within = |[x, y]: [f64; 2]| (x - half).hypot(y - half) <= half + 1e-9;
        let density = |place| if is_within(place) { lattice.at(place).max(0.0) as f32 } else { 0.0 };
        Ok((0..side * side).map(|index| density(at(index))).collect())
    }
}

impl Surface {
    /// Density of the posterior on the slice at every point of the map; 0 outside the radius.
    fn density(&self, exact: &ExactPosterior) -> Vec<f32> {
        let within: Vec<f32> = self.ball.places().map(|place| self.values[index_of(place, self.ball.side)]).collect();
        let cell = self.ball.latent_dimensions as f64 * self.ball.spacing.ln();
        let mut density = vec![0.0; self.values.len()];
        for (place, log_mass) in self.ball.places().zip(exact.log_masses(&self.ball, &within)) {
            density[index_of(place, self.ball.side)] = (log_mass - cell).exp() as f32;
        }
        density
    }
}

/// Index in a map of a lattice point at `[horizontal, vertical]` positions, or at a position along a line.
fn index_of(place: &[u16], side: usize) -> usize {
    place.iter().rev().fold(0, |index, &position| index * side + usize::from(position))
}
