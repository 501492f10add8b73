//! The exact posterior beside the encoder's, over examples of the pool: whether the model has collapsed, or the encoder lags.
//!
//! The plane of posterior means is that of He, Spokoyny, Neubig and Berg-Kirkpatrick (2019).

use super::Statuses;

/// Exact and encoder's posteriors over the first examples of the pool.
#[derive(Clone, Debug, PartialEq)]
pub struct PosteriorComparison {
    /// K.
    pub latent_dimensions: usize,
    /// Posterior means of the encoder, row-major `[examples, K]`.
    pub encoder_means: Vec<f32>,
    /// KL(q(z|x) ‖ p(z)) per example, nats.
    pub encoder_kl: Vec<f32>,
    /// Mean over examples of the range of log p(x|z) along each dimension within ±3, the others at the encoder's mean; nats, `[K]`.
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
                "The exact posterior is narrower than the grid's spacing; lower its certainty with a larger σ, or look at the slice"
            }
        }
    }
}
