//! The learned prior of a conditional model, p(z | c) = N(μ(c), diag σ²(c)) (Sohn, Lee and Yan 2015).

use crate::nn::{Dense, Initializer, Mlp};
use burn::module::Module;
use burn::tensor::Tensor;

/// σ(c) stays within e^±3, so that neither it nor its inverse can overflow.
const LOG_DEVIATION_RANGE: (f32, f32) = (-3.0, 3.0);

/// c ↦ (μ, σ) of the prior; starts as N(0, I).
#[derive(Module, Debug)]
pub struct ConditionalPrior {
    hidden: Mlp,
    mean: Dense,
    /// Without hidden layers σ is 1, as in the theory of linear models.
    log_deviation: Option<Dense>,
}

impl ConditionalPrior {
    /// Over conditions of `inputs` values.
    pub(super) fn new(inputs: usize, hidden: &[usize], latent: usize, initializer: &mut Initializer<'_>) -> Self {
        let last = hidden.last().copied().unwrap_or(inputs);
        Self {
            hidden: Mlp::new(inputs, hidden, initializer),
            mean: Dense::new(last, latent, 0.0, initializer),
            log_deviation: (!hidden.is_empty()).then(|| Dense::new(last, latent, 0.0, initializer)),
        }
    }

    /// μ(c) + σ(c) ⊙ z of a standard normal z, `[batch, K]`, for centred conditions `[batch, C]`.
    pub(super) fn place(&self, z: Tensor<2>, condition: Tensor<2>) -> Tensor<2> {
        let hidden = self.hidden.forward(condition);
        let mean = self.mean.forward(hidden.clone());
        let (low, high) = LOG_DEVIATION_RANGE;
        match &self.log_deviation {
            Some(layer) => mean + layer.forward(hidden).clamp(low, high).exp() * z,
            None => mean + z,
        }
    }
}
