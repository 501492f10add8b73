//! Mutual information under the model, on samples from it, and the floor that a Brenier decoder's construction certifies.

use serde::{Deserialize, Serialize};

/// I(x; z) of the model p(z) p(x|z), estimated on samples from the model; nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInformation {
    /// The estimate.
    pub mutual_information: f32,
    /// Its standard error.
    pub standard_error: f32,
    /// What the estimate cannot exceed, where it has a cap.
    pub cap: Option<f32>,
    /// Samples from the model behind it.
    pub samples: usize,
    /// (K/2) log(1 + L²/σ²), L = m²: what a Brenier decoder with Gaussian noise of standard deviation σ certifies; `None` for others and for
    /// Bernoulli likelihoods.
    pub floor: Option<f32>,
}
