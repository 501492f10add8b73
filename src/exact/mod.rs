//! Exact answers that need no training: posteriors on a grid, and in classical models whose likelihood is known.

mod grid;
mod mixture;
mod ppca;
mod reading;
mod session;

pub use grid::{ExactPosterior, LatentBall, exact_posterior, posterior_on};
pub use mixture::{MixtureError, MixtureWeight, WeightPosterior};
pub use ppca::{Ppca, PpcaError, PpcaPosterior, Spectrum};
pub use reading::{
    ClassicalReading, LikelihoodSurface, MixtureReading, PpcaInference, PpcaReading, Sampling, WeightInference,
};
pub use session::ClassicalSession;

/// Why a classical model has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ClassicalError {
    /// Probabilistic PCA.
    #[error(transparent)]
    Ppca(#[from] PpcaError),
    /// The mixture.
    #[error(transparent)]
    Mixture(#[from] MixtureError),
    /// Data that cannot be had.
    #[error("{0}")]
    Data(String),
    /// The sampler.
    #[error("sampling failed: {0}")]
    Sampling(String),
}
