//! Exact answers that need no training of their own: the posterior on a grid over the latent space.

mod grid;
mod ppca;

pub use grid::{ExactPosterior, LatentBall, exact_posterior, posterior_on};
pub use ppca::{Ppca, PpcaError, PpcaPosterior, Spectrum};
