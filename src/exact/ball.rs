//! Lattice points within a ball of the latent space, with the prior normalised over them.

use super::PriorDensity;
use super::grid::{SMALLEST_RADIUS, log_sum_exp};
use crate::priority::give_way;

/// Width of the outermost ring, whose posterior mass says whether a ball is wide enough; at least one spacing, and less in a smaller ball than usual.
const BORDER: f64 = 0.1;
/// Spacing for one, two and three latent dimensions.
const SPACINGS: [f64; LARGEST_DIMENSIONS] = [0.01, 0.05, 0.25];

/// Latent dimensions above which a lattice of useful spacing has too many points.
pub const LARGEST_DIMENSIONS: usize = 3;

/// A learned prior that sums to 1 up to this is resolved by the lattice and held by the ball.
const PRIOR_TOLERANCE: f64 = 0.05;

/// Lattice points of a ball around 0 in up to three latent dimensions, with the prior normalised over them: N(0, I), or a learned one.
#[derive(Clone, Debug)]
pub struct LatentBall {
    /// Radius in prior standard deviations.
    pub radius: f64,
    /// K, from 1 to [`LARGEST_DIMENSIONS`].
    pub latent_dimensions: usize,
    /// Distance of neighbours along an axis.
    pub spacing: f64,
    /// Lattice positions along each axis, from −radius to radius; the outermost belong to the ball only on the axes.
    pub side: usize,
    /// Row-major `[points, K]`.
    pub points: Vec<f32>,
    /// Log of the prior's mass at each point; the masses sum to 1.
    pub log_prior: Vec<f64>,
    /// Position of each point along each axis, from 0, `[points, K]`.
    places: Vec<u16>,
    is_border: Vec<bool>,
    /// Mass of the prior's marginal at each position along each axis, `[K, side]`.
    marginal_prior: Vec<f64>,
    /// The prior's mass before it is normalised: the sum of its density over the points, times a cell.
    prior_mass: f64,
}

impl LatentBall {
    /// With the usual spacing; `None` for more than [`LARGEST_DIMENSIONS`] dimensions.
    pub fn new(latent_dimensions: usize, radius: f64) -> Option<Self> {
        Self::with_spacing(latent_dimensions, radius, Self::usual_spacing(latent_dimensions)?)
    }

    /// With about the given spacing: the nearest that divides the radius. `None` as in [`Self::new`].
    pub fn with_spacing(latent_dimensions: usize, radius: f64, spacing: f64) -> Option<Self> {
        Self::usual_spacing(latent_dimensions)?;
        Some(Self::lattice(latent_dimensions, radius, (radius / spacing).round().max(1.0) as usize))
    }

    /// With `steps` lattice positions along each axis from the centre to the radius, in few dimensions.
    pub fn lattice(latent_dimensions: usize, radius: f64, steps: usize) -> Self {
        let side = 2 * steps + 1;
        let spacing = radius / steps as f64;
        let mut ball = Self {
            radius,
            latent_dimensions,
            spacing,
            side,
            points: Vec::new(),
            log_prior: Vec::new(),
            places: Vec::new(),
            is_border: Vec::new(),
            marginal_prior: Vec::new(),
            prior_mass: 1.0,
        };
        let border = radius - (BORDER * (radius / SMALLEST_RADIUS).min(1.0)).max(0.999 * spacing);
        let mut place = vec![0; latent_dimensions];
        for index in 0..side.pow(latent_dimensions as u32) {
            if index.is_multiple_of(side) {
                give_way();
            }
            // The last axis runs fastest.
            let mut rest = index;
            for position in place.iter_mut().rev() {
                *position = rest % side;
                rest /= side;
            }
            let coordinates = place.iter().map(|&position| ball.coordinate(position));
            let square: f64 = coordinates.map(|z| z * z).sum();
            if square <= radius * radius + 1e-9 {
                ball.points.extend(place.iter().map(|&position| (position as f64 * spacing - radius) as f32));
                ball.places.extend(place.iter().map(|&position| position as u16));
                ball.log_prior.push(-0.5 * square - 0.5 * latent_dimensions as f64 * (2.0 * std::f64::consts::PI).ln());
                ball.is_border.push(square.sqrt() > border);
            }
        }
        ball.normalize();
        ball
    }

    /// The same points under another prior.
    #[must_use]
    pub fn under(mut self, prior: &PriorDensity) -> Self {
        if prior.is_learned() {
            let mut z = vec![0.0; self.latent_dimensions];
            let log_prior = self.places().map(|place| {
                give_way();
                z.iter_mut().zip(place).for_each(|(z, &position)| *z = self.coordinate(usize::from(position)));
                prior.log_density(&z)
            });
            self.log_prior = log_prior.collect();
            self.normalize();
        }
        self
    }

    /// From densities to masses that sum to 1.
    fn normalize(&mut self) {
        let normalizer = log_sum_exp(&self.log_prior);
        self.log_prior.iter_mut().for_each(|log_prior| *log_prior -= normalizer);
        self.prior_mass = (normalizer + self.latent_dimensions as f64 * self.spacing.ln()).exp();
        self.marginal_prior = vec![0.0; self.latent_dimensions * self.side];
        for (place, log_prior) in self.places.chunks_exact(self.latent_dimensions).zip(&self.log_prior) {
            let mass = log_prior.exp();
            for (axis, &position) in place.iter().enumerate() {
                self.marginal_prior[axis * self.side + usize::from(position)] += mass;
            }
        }
    }

    /// Whether the ball holds nearly all of the prior and the lattice resolves it.
    pub fn holds_prior(&self) -> bool {
        (self.prior_mass - 1.0).abs() <= PRIOR_TOLERANCE
    }

    /// Spacing of [`Self::new`]; `None` for more than [`LARGEST_DIMENSIONS`] dimensions.
    pub fn usual_spacing(latent_dimensions: usize) -> Option<f64> {
        SPACINGS.get(latent_dimensions.checked_sub(1)?).copied()
    }

    /// The prior's mass in the outermost ring.
    pub fn prior_border_mass(&self) -> f64 {
        self.log_prior.iter().zip(&self.is_border).filter(|(_, is_border)| **is_border).map(|(log, _)| log.exp()).sum()
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.log_prior.len()
    }

    /// Whether there are no points.
    pub fn is_empty(&self) -> bool {
        self.log_prior.is_empty()
    }

    /// Where a position along an axis is, in prior standard deviations.
    pub fn coordinate(&self, position: usize) -> f64 {
        position as f64 * self.spacing - self.radius
    }

    /// Positions of every point along the axes, `[K]` each, in the order of the points.
    pub fn places(&self) -> impl Iterator<Item = &[u16]> {
        self.places.chunks_exact(self.latent_dimensions)
    }

    /// Whether each point lies in the outermost ring.
    pub(super) fn is_border(&self) -> &[bool] {
        &self.is_border
    }

    /// Mass of the prior's marginal at each position along an axis, `[side]`.
    pub(super) fn marginal_prior(&self, axis: usize) -> &[f64] {
        &self.marginal_prior[axis * self.side..][..self.side]
    }
}
