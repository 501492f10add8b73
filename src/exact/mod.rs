//! Exact answers that need no training: posteriors on a grid, and in classical models whose likelihood is known.

mod grid;
mod mixture;
mod ppca;

pub use grid::{ExactPosterior, LatentBall, exact_posterior, posterior_on};
pub use mixture::{MixtureError, MixtureWeight, WeightPosterior};
pub use ppca::{Ppca, PpcaError, PpcaPosterior, Spectrum};
