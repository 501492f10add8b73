//! What a panel may ask of a trainer ([`Probe`]) and what it gets ([`Reading`]).
//!
//! A new plot is a new probe here, its computation in [`crate::measure`], and a panel file; nothing else changes.

use super::method::MethodReading;
use crate::exact::linear::Theory;
use crate::measure::{
    Injectivity, InjectivityField, LatentGrid, LikelihoodMap, Marginal, Measures, Plane, PlaneSamples, PoolIndex,
    PosteriorComparison, Traversal,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A question to a trainer about the model as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Probe {
    /// Everything measured over the evaluation pool: KL per dimension, active units, mutual information.
    Measures,
    /// One latent dimension: prior, aggregated posterior and one example's posterior, as densities.
    Marginal {
        /// Latent dimension.
        dimension: usize,
        /// Whose posterior is drawn.
        example: PoolIndex,
    },
    /// The posteriors of the whole pool in the plane of two latent dimensions.
    Plane {
        /// Latent dimensions on the horizontal and vertical axis.
        dimensions: [usize; 2],
    },
    /// Samples of the aggregated posterior over the training examples, in the plane of two latent dimensions.
    Samples {
        /// Latent dimensions on the horizontal and vertical axis.
        dimensions: [usize; 2],
    },
    /// Decoded outputs along every latent dimension, through one example's posterior mean.
    Traversal {
        /// Where the traversal starts from.
        example: PoolIndex,
    },
    /// A grid over the plane of two latent dimensions, decoded into a two-dimensional data space.
    LatentGrid {
        /// Latent dimensions of the grid; the others stay at the example's posterior mean.
        dimensions: [usize; 2],
        /// Where the other dimensions are taken from.
        example: PoolIndex,
    },
    /// How far the Brenier maps are from flat, with the floor that their construction guarantees.
    Injectivity,
    /// log p(x|z) of one example over a latent plane, with its exact posterior.
    LikelihoodMap {
        /// Latent dimensions on the horizontal and vertical axis; K = 1 has one.
        dimensions: [usize; 2],
        /// Whose likelihood it is.
        example: PoolIndex,
    },
    /// Exact and encoder's posteriors over the pool, and which of likelihood, model and encoder has collapsed.
    PosteriorComparison,
    /// How far the decoder is from flat, over a latent plane.
    InjectivityField {
        /// Latent dimensions on the horizontal and vertical axis; the others stay at the example's posterior mean.
        dimensions: [usize; 2],
        /// Where the other dimensions are taken from.
        example: PoolIndex,
    },
    /// What closed forms of linear models predict for this run.
    Theory,
    /// Where the training method is, and what it has brought: phase, log-likelihood, posterior matching, aggregated posterior.
    Method,
}

/// Answer to a [`Probe`].
#[derive(Clone, Debug)]
pub struct Reading {
    /// Optimizer steps that the model had taken.
    pub step: u64,
    /// What was read.
    pub value: ReadingValue,
}

/// The content of a [`Reading`].
#[derive(Clone, Debug)]
pub enum ReadingValue {
    /// Answer to [`Probe::Measures`].
    Measures(Arc<Measures>),
    /// Answer to [`Probe::Marginal`].
    Marginal(Arc<Marginal>),
    /// Answer to [`Probe::Plane`].
    Plane(Arc<Plane>),
    /// Answer to [`Probe::Samples`].
    Samples(Arc<PlaneSamples>),
    /// Answer to [`Probe::Traversal`].
    Traversal(Arc<Traversal>),
    /// Answer to [`Probe::LatentGrid`].
    LatentGrid(Arc<LatentGrid>),
    /// Answer to [`Probe::Injectivity`].
    Injectivity(Arc<Injectivity>),
    /// Answer to [`Probe::LikelihoodMap`].
    LikelihoodMap(Arc<LikelihoodMap>),
    /// Answer to [`Probe::PosteriorComparison`].
    PosteriorComparison(Arc<PosteriorComparison>),
    /// Answer to [`Probe::InjectivityField`].
    InjectivityField(Arc<InjectivityField>),
    /// Answer to [`Probe::Theory`].
    Theory(Arc<Theory>),
    /// Answer to [`Probe::Method`].
    Method(Arc<MethodReading>),
    /// The answer takes longer and is asked for again; what is being done, for the screen.
    Pending(&'static str),
    /// The probe does not apply; the reason, for the screen.
    NotDefined(&'static str),
}
