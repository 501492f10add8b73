//! Exact answers that need no training: posteriors on a grid, and in classical models whose likelihood is known.

mod ball;
mod data;
mod density;
mod diagnostics;
mod gaussian;
mod grid;
mod hmc;
pub mod linear;
mod mean_field;
mod mixture;
mod mixture_reading;
mod ppca;
mod ppca_answer;
mod ppca_reading;
mod prior;
mod reading;
mod session;
mod weight_inference;
mod weight_moments;

pub use ball::{LARGEST_DIMENSIONS, LatentBall};
pub use data::{PpcaExamples, mixture, mixture_data};
pub use density::{LatentDensity, LogDensity, MixtureDensity, WeightDensity};
pub use diagnostics::{Convergence, convergence};
pub use grid::{
    ExactPosterior, SMALLEST_RADIUS, WIDENED_BY, exact_grid, exact_posterior, log_likelihood_tables, log_likelihoods,
    posterior_on, posteriors_on,
};
pub use hmc::{HmcSettings, sample};
pub use mean_field::{FactorisedGaussian, advi, gaussian};
pub use mixture::{MixtureError, MixtureWeight, WeightPosterior};
pub use mixture_reading::MixtureLesson;
pub use ppca::{Ppca, PpcaError, PpcaPosterior, Spectrum};
pub use ppca_answer::PpcaAnswer;
pub use ppca_reading::{PpcaLesson, SurfaceAtZero, log_likelihood_plane};
pub use prior::{PriorComponent, PriorDensity};
pub use reading::{
    ClassicalReading, LikelihoodSurface, MixtureReading, PpcaInference, PpcaReading, Sampling, WeightInference,
};
pub use session::ClassicalSession;

use crate::experiment::ExperimentError;

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
    /// Settings out of their range.
    #[error(transparent)]
    Settings(#[from] ExperimentError),
    /// The sampler.
    #[error("sampling failed: {0}")]
    Sampling(String),
    /// A mistake in this program.
    #[error("a defect in this program stopped the computation; other settings may work")]
    Defect,
}
