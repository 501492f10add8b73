//! What training methods remember from step to step, beside weights and optimizer.

use super::weights::{self, NamedValues};
use crate::device::DeviceError;
use crate::inference::Lagging;
use crate::model::Vae;
use burn::module::Module;
use burn::tensor::Device;

/// Memory of a training method.
#[derive(Clone, Debug, Default)]
pub(super) struct Algorithm {
    /// Of lagging-inference training.
    pub lagging: Lagging,
    /// The best model of LiBI's repeats so far.
    pub kept: Option<Kept>,
}

/// A model that was good.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// Repeat that it comes from, from 0.
    pub repeat: u64,
    /// Importance-weighted log-likelihood of training examples, nats per example.
    pub log_likelihood: f32,
    /// Encoder and generative model.
    pub model: Vae,
}

/// Memory of a training method, as plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlgorithmState {
    /// Of lagging-inference training.
    pub lagging: Lagging,
    /// The best model of LiBI's repeats so far.
    pub kept: Option<KeptState>,
}

/// A model that was good, as plain numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptState {
    /// Repeat that it comes from, from 0.
    pub repeat: u64,
    /// Importance-weighted log-likelihood of training examples, nats per example.
    pub log_likelihood: f32,
    /// Parameters, in the order of the model.
    pub weights: Vec<NamedValues>,
}

impl Algorithm {
    /// As plain numbers; reads back from the device.
    pub fn state(&self) -> Result<AlgorithmState, DeviceError> {
        let kept = match &self.kept {
            Some(kept) => Some(KeptState {
                repeat: kept.repeat,
                log_likelihood: kept.log_likelihood,
                weights: weights::values(&kept.model.valid())?,
            }),
            None => None,
        };
        Ok(AlgorithmState { lagging: self.lagging, kept })
    }

    /// From plain numbers; `model` is any of the same shape, on the autodiff device.
    ///
    /// # Errors
    /// The name of the first parameter that differs.
    pub fn from_state(state: AlgorithmState, model: &Vae, device: &Device) -> Result<Self, String> {
        let kept = match state.kept {
            Some(KeptState { repeat, log_likelihood, weights }) => {
                Some(Kept { repeat, log_likelihood, model: weights::with_values(model.clone(), weights, device)? })
            }
            None => None,
        };
        Ok(Self { lagging: state.lagging, kept })
    }
}
