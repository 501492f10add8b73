//! log p(x|z) of one example over a latent plane, with the exact posterior on the same points: the theorem as a picture.
//!
//! A flat map and a posterior equal to the prior are the same thing (Wang, Blei and Cunningham 2021, Theorem 1); the range R of the
//! map in nats bounds how far the posterior can be from the prior, KL ≤ min(R, R²/8).

use super::PoolIndex;
use std::sync::Arc;

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
    /// Density of the exact posterior at the same points, 0 outside the radius; `None` where the grid does not resolve it.
    pub posterior: Option<Vec<f32>>,
    /// R, largest minus smallest log p(x|z) within the radius, nats.
    pub likelihood_range: f64,
    /// KL(p(z|x) ‖ p(z)) on the grid, nats; `None` where the grid does not resolve the posterior.
    pub kl: Option<f64>,
    /// min(R, R²/8), nats: no KL on this grid can be larger.
    pub bound: f64,
    /// Mean of the exact posterior along the two axes.
    pub mean: Option<[f64; 2]>,
    /// Mean and standard deviation of q(z|x) along the two axes.
    pub encoder: [[f32; 2]; 2],
    /// KL(q(z|x) ‖ p(z)) of this example over all dimensions, nats.
    pub encoder_kl: f32,
}
