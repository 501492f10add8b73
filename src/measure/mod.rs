//! What is read off a model: KL per dimension, active units, mutual information, importance-weighted likelihood, injectivity.
//!
//! All information is in nats per example. Definitions: Burda et al. (2016) for active units and the importance-weighted bound,
//! Hoffman and Johnson (2016) for the split of the KL into mutual information and marginal KL.

mod divergence;
mod importance;
mod injectivity;
mod latent_space;
mod pool;
mod traversal;

pub use divergence::{ACTIVE_UNIT_VARIANCE, Measures, measure, mutual_information};
pub use importance::{IMPORTANCE_SAMPLES, importance_examples, importance_weighted_nll};
pub use injectivity::{Injectivity, injectivity};
pub use latent_space::{LATENT_RANGE, LatentGrid, Marginal, Plane, latent_grid, marginal, plane};
pub use pool::{EvaluationPool, LARGEST_POOL, PoolIndex, PoolPosteriors};
pub use traversal::{Traversal, traversal};
