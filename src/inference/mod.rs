//! Ways of training: what is minimised, from a batch and its noise.

mod elbo;

pub use elbo::{ElboTerms, elbo_terms};
