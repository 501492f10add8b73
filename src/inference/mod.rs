//! Ways of training: what is minimised, from a batch and its noise.
//!
//! Every method turns a batch into a [`Descent`]: gradients, and the two terms that are told of every step. What a method remembers from step
//! to step, and when it takes which kind of step, is kept by [`crate::train`].

mod elbo;
mod gradients;
mod importance;
mod lagging;
mod libi;
mod mutual;
mod penalty;
mod semi_amortized;

pub use elbo::{ElboTerms, descend, descend_with_loss, elbo_terms};
pub use importance::{descend_importance_weighted, importance_weighted_bound};
pub use lagging::{InnerLoop, Lagging};
pub use libi::{LibiPhase, LibiStage, code_penalty, descend_likelihood, henze_zirkler};
pub use mutual::{descend_mutual, information_bound};
pub use penalty::{KlPenalty, kl_factor};
pub use semi_amortized::{Refined, Refinement, descend_semi_amortized, refine};

use crate::random::{Purpose, normals, stream};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

/// What one step is computed from, without autodiff: constants, whose operations among themselves leave no trace in the gradient's graph.
#[derive(Clone)]
pub struct Batch {
    /// `[rows, D + C]`.
    pub x: Tensor<2>,
    /// Standard normal, or the points of a cubature, `[rows, K]`.
    pub noise: Tensor<2>,
}

/// What one optimizer step needs.
pub struct Descent {
    /// Of the loss that is minimised.
    pub gradients: GradientsParams,
    /// −E_q log p(x | z), batch mean in nats per example, `[1]`, without autodiff.
    pub reconstruction: Tensor<1>,
    /// KL to the prior, batch mean in nats per example, `[1]`, without autodiff.
    pub kl: Tensor<1>,
}

/// Random numbers of one step beyond the batch's own noise; functions of seed, step and purpose alone.
#[derive(Clone)]
pub struct StepNoise {
    /// The run's seed.
    pub seed: u64,
    /// Steps taken before.
    pub step: u64,
    /// Where tensors are put.
    pub device: Device,
}

/// Streams of one purpose that a step may draw from.
const STREAMS_PER_STEP: u64 = 1 << 14;

impl StepNoise {
    /// Standard normal numbers `[rows, columns]` of one purpose's stream, below 16,384.
    pub fn normals(&self, purpose: Purpose, number: u64, rows: usize, columns: usize) -> Tensor<2> {
        let mut generator = stream(self.seed, purpose, self.stream_index(number));
        Tensor::from_data(TensorData::new(normals(&mut generator, rows * columns), [rows, columns]), &self.device)
    }

    /// Index of one of the step's streams.
    pub fn stream_index(&self, number: u64) -> u64 {
        self.step * STREAMS_PER_STEP + number
    }
}

/// Sum over columns, mean over rows, `[1]`.
fn batch_mean(terms: &Tensor<2>) -> Tensor<1> {
    let [rows, _] = terms.dims();
    terms.clone().sum().div_scalar(rows as f64)
}
