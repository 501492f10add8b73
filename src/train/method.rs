//! Where a training method is: what a panel about it shows.

use crate::experiment::Method;
use crate::inference::{LibiPhase, LibiStage};
use crate::measure::{AggregateFit, LikelihoodEstimate};

/// Answer to [`super::Probe::Method`].
#[derive(Clone, Debug, PartialEq)]
pub struct MethodReading {
    /// The method.
    pub method: Method,
    /// β of the next step, with its schedule.
    pub kl_weight: f64,
    /// Where the method is.
    pub phase: Phase,
    /// Log-likelihood and evidence lower bound over some pool examples.
    pub likelihood: LikelihoodEstimate,
    /// The aggregated posterior against N(0, I); `None` under a learned mixture, which is not that.
    pub aggregate: Option<AggregateFit>,
    /// Lower bound on I_p(x; z) of a mutual autoencoder, nats.
    pub information_bound: Option<f32>,
}

/// What the next step of a training method trains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Phase {
    /// Encoder and generative model together.
    Joint,
    /// The same without the KL term, for so many more steps.
    Autoencoder {
        /// Steps until the second stage.
        steps_left: u64,
    },
    /// The encoder nearly to convergence before each step of the decoder.
    Aggressive {
        /// Steps of the encoder before the last step of the decoder.
        last: u64,
        /// All of them.
        all: u64,
    },
    /// Lagging-inference training after its aggressive part.
    NoLongerAggressive {
        /// Steps that the encoder has taken alone.
        all: u64,
    },
    /// A stage of LiBI.
    Libi {
        /// Which.
        phase: LibiPhase,
        /// Repeats in all.
        repeats: u64,
        /// The best repeat so far, from 0.
        kept: Option<u64>,
    },
}

impl Phase {
    /// Whether the generative model stays as it is.
    pub fn is_inference_only(&self) -> bool {
        matches!(self, Self::Libi { phase, .. } if phase.stage != LibiStage::Likelihood)
    }
}
