//! Three ways in which "the posterior collapsed" can be true, kept apart: the likelihood is flat, the exact posterior is the prior,
//! the encoder's posterior is the prior.

use serde::{Deserialize, Serialize};

/// KL under which a posterior counts as the prior, nats per example. In a linear-Gaussian model an active unit's threshold of 0.01 on
/// the variance of the posterior mean is a KL of −½ log(1 − 0.01) = 0.00503 nats.
pub const COLLAPSED_KL: f64 = 0.005;
/// R under which a likelihood counts as flat, nats: by KL ≤ R²/8 it leaves no more than [`COLLAPSED_KL`].
pub const FLAT_RANGE: f64 = 0.2;

/// Means over pool examples by which the three are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statuses {
    /// R, nats: on the grid, or where there is none the largest range along a single dimension.
    pub likelihood_range: f64,
    /// KL of the exact posterior, nats; `None` without a grid.
    pub exact_kl: Option<f64>,
    /// KL of the encoder's posterior, nats.
    pub encoder_kl: f64,
    /// Dimensions whose encoder mean moves with x.
    pub active_units: usize,
}

/// What the three statuses together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnosis {
    /// Likelihood flat: by the theorem every inference gives the prior.
    ModelCollapsed,
    /// The likelihood depends on z, but too little to move the exact posterior away from the prior.
    NearlyFlat,
    /// The exact posterior is informative and the encoder's is the prior.
    EncoderLags,
    /// The encoder's KL is far below the exact one.
    EncoderPartlyLags,
    /// The exact posterior is the prior and the encoder's is not.
    EncoderInvents,
    /// Both are informative.
    Informative,
}

impl Statuses {
    /// R < [`FLAT_RANGE`].
    pub fn is_likelihood_flat(&self) -> bool {
        self.likelihood_range < FLAT_RANGE
    }

    /// KL < [`COLLAPSED_KL`] on the grid; `None` without one.
    pub fn is_exact_collapsed(&self) -> Option<bool> {
        self.exact_kl.map(|kl| kl < COLLAPSED_KL)
    }

    /// No active unit, or KL < [`COLLAPSED_KL`].
    pub fn is_encoder_collapsed(&self) -> bool {
        self.active_units == 0 || self.encoder_kl < COLLAPSED_KL
    }
}
