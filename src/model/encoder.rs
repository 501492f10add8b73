//! Amortised posterior q(z | x): a diagonal Gaussian whose parameters are a multilayer perceptron of x.

use crate::experiment::{EncoderStart, ModelSettings};
use crate::nn::{Dense, Initializer, Mlp};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// Range of log σ²: wide enough for every posterior met, narrow enough that exp cannot overflow.
const LOG_VARIANCE_RANGE: (f32, f32) = (-12.0, 4.0);

/// N(mean, diag exp(log_variance)), one per row.
#[derive(Clone, Debug)]
pub struct DiagonalGaussian {
    /// `[batch, K]`.
    pub mean: Tensor<2>,
    /// `[batch, K]`.
    pub log_variance: Tensor<2>,
}

impl DiagonalGaussian {
    /// mean + σ ⊙ noise, `[batch, K]`; differentiable in the parameters (Kingma and Welling 2014).
    pub fn reparameterize(&self, noise: Tensor<2>) -> Tensor<2> {
        self.mean.clone() + self.log_variance.clone().mul_scalar(0.5).exp() * noise
    }

    /// KL to N(0, I) per dimension, nats, `[batch, K]`: ½(μ² + σ² − log σ² − 1).
    pub fn kl_to_standard_normal(&self) -> Tensor<2> {
        let variance = self.log_variance.clone().exp();
        (self.mean.clone().powi_scalar(2) + variance - self.log_variance.clone()).sub_scalar(1.0).mul_scalar(0.5)
    }

    /// log q(z) in nats, `[batch]`.
    pub fn log_density(&self, z: Tensor<2>) -> Tensor<1> {
        let [_, latent] = z.dims();
        let normalizer = latent as f64 * (2.0 * std::f64::consts::PI).ln();
        let standardized = (z - self.mean.clone()).powi_scalar(2) * self.log_variance.clone().neg().exp();
        (standardized + self.log_variance.clone()).sum_dim(1).squeeze_dim(1).add_scalar(normalizer).mul_scalar(-0.5)
    }
}

/// x ↦ (mean, log variance).
#[derive(Module, Debug)]
pub struct Encoder {
    hidden: Mlp,
    mean: Dense,
    log_variance: Dense,
    /// Subtracted from x, `[1, D]`: the training mean, so that no weight is spent on it.
    #[module(skip)]
    center: Tensor<2>,
}

impl Encoder {
    /// An encoder for examples of the given training mean `[D]`.
    pub fn new(
        training_mean: &[f32],
        settings: &ModelSettings,
        initializer: &mut Initializer<'_>,
        device: &Device,
    ) -> Self {
        let ModelSettings { hidden, latent_dimensions, encoder_start, .. } = settings;
        let dimensions = training_mean.len();
        let last = hidden.last().copied().unwrap_or(dimensions);
        // Mean 0 and log variance 0 whatever x: the prior. The hidden layers are random in any case, so that gradients flow.
        let gain = match encoder_start {
            EncoderStart::Random => 1.0,
            EncoderStart::Prior => 0.0,
        };
        Self {
            hidden: Mlp::new(dimensions, hidden, initializer),
            mean: Dense::new(last, *latent_dimensions, gain, initializer),
            log_variance: Dense::new(last, *latent_dimensions, gain, initializer),
            center: Tensor::from_data(TensorData::new(training_mean.to_vec(), [1, dimensions]), device),
        }
    }

    /// q(z | x) for `x: [batch, D]`.
    pub fn forward(&self, x: Tensor<2>) -> DiagonalGaussian {
        let hidden = self.hidden.forward(x - self.center.clone());
        let (low, high) = LOG_VARIANCE_RANGE;
        DiagonalGaussian {
            mean: self.mean.forward(hidden.clone()),
            log_variance: self.log_variance.forward(hidden).clamp(low, high),
        }
    }
}
