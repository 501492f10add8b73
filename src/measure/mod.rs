//! What is read off a model: KL per dimension, active units, mutual information, importance-weighted likelihood, injectivity.
//!
//! All information is in nats per example. Definitions: Burda et al. (2016) for active units and the importance-weighted bound,
//! Hoffman and Johnson (2016) for the split of the KL into mutual information and marginal KL.

mod aggregate;
mod contour;
mod divergence;
mod highest_density;
mod importance;
mod injectivity;
mod injectivity_field;
mod interpolation;
mod latent_space;
mod learned_prior;
mod levels;
mod likelihood_map;
mod map_contours;
mod measures;
mod model_information;
mod plane_samples;
mod pool;
mod posterior_comparison;
mod status;
mod traversal;

pub use aggregate::{AggregateFit, aggregate_fit, henze_zirkler, henze_zirkler_null_mean};
pub use contour::ContourLine;
pub use divergence::{ACTIVE_UNIT_VARIANCE, kl_per_dimension, mutual_information};
pub use importance::{
    IMPORTANCE_SAMPLES, LikelihoodEstimate, estimate_of, importance_examples, importance_weighted_nll,
    likelihood_estimate, periodic_effort,
};
pub use injectivity::{Injectivity, injectivity};
pub use injectivity_field::{BrenierField, BrenierGiven, InjectivityField, injectivity_field};
pub use latent_space::{LATENT_RANGE, LatentGrid, Marginal, Plane, latent_grid, marginal, plane};
pub use learned_prior::{DEVIATION_SHARES, PriorContours};
pub use levels::LevelMeasures;
pub use likelihood_map::{LikelihoodMap, MapKind, POSTERIOR_SHARES, likelihood_map};
pub use measures::{Measures, measure};
pub use model_information::{FINAL_SAMPLES, ModelInformation, Noise, PERIODIC_SAMPLES, model_information};
pub use plane_samples::{PlaneSampler, PlaneSamples, SampleEffort, SampledExamples};
pub use pool::{EvaluationPool, LARGEST_POOL, PoolIndex, PoolPosteriors};
pub use posterior_comparison::{ExactComparison, NoGrid, PosteriorComparison, posterior_comparison};
pub use status::{COLLAPSED_KL, Diagnosis, FLAT_RANGE, Statuses};
pub use traversal::{Traversal, traversal};

#[cfg(test)]
pub(crate) use map_contours::tests::quadratic;
pub(crate) use pool::beside;

use divergence::{example_kl, posterior_mean_variance};
