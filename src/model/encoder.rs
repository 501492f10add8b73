//! Amortised posterior q(z | x): a diagonal Gaussian whose mean is a multilayer perceptron of x, or a linear map.

use super::DiagonalGaussian;
use crate::experiment::{EncoderStart, Learnable, SMALLEST_LOG_VARIANCE};
use crate::kernels::Activation;
use crate::nn::{Dense, Initializer, Mlp};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// Range of log σ²: wide enough for every posterior met, narrow enough that exp cannot overflow.
const LOG_VARIANCE_RANGE: (f32, f32) = (SMALLEST_LOG_VARIANCE as f32, 4.0);
/// The same of a parameter, which has no reason to run away: as wide as the optima of linear models reach.
const SHARED_LOG_VARIANCE_RANGE: (f32, f32) = (-30.0, 30.0);

/// x ↦ (mean, log variance).
#[derive(Module, Debug)]
pub struct Encoder {
    hidden: Mlp,
    mean: Dense,
    log_variance: LogVariance,
    /// Subtracted from x, `[1, inputs]`: the training mean, so that no weight is spent on it.
    #[module(skip)]
    center: Tensor<2>,
}

/// Where log σ² comes from.
#[derive(Module, Debug)]
enum LogVariance {
    /// The last hidden layer: another for every example.
    PerExample(Dense),
    /// A parameter per dimension, as in the theory of linear models.
    Shared(SharedLogVariance),
    /// The settings.
    Fixed(FixedVariance),
}

#[derive(Module, Debug)]
struct SharedLogVariance {
    /// `[K]`.
    value: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct FixedVariance {
    #[module(skip)]
    variance: f64,
}

/// Shape and starting point of an [`Encoder`].
pub(super) struct EncoderConfig<'a> {
    /// Mean of its inputs.
    pub center: &'a [f32],
    /// Hidden widths; without any the mean is linear and a learned variance is the same for all examples.
    pub hidden: &'a [usize],
    /// K.
    pub latent: usize,
    /// Where posteriors start.
    pub start: EncoderStart,
    /// σ².
    pub variance: Learnable,
}

impl Encoder {
    /// New weights.
    pub(super) fn new(config: EncoderConfig<'_>, initializer: &mut Initializer<'_>, device: &Device) -> Self {
        let EncoderConfig { center, hidden, latent, start, variance } = config;
        let last = hidden.last().copied().unwrap_or(center.len());
        // Mean 0 and log variance 0 whatever x: the prior. The hidden layers are random in any case, so that gradients flow.
        let gain = match start {
            EncoderStart::Random => 1.0,
            EncoderStart::Prior => 0.0,
        };
        Self {
            hidden: Mlp::new(center.len(), hidden, initializer),
            mean: Dense::new(last, latent, gain, initializer),
            log_variance: match variance {
                Learnable::Fixed(variance) => LogVariance::Fixed(FixedVariance { variance }),
                Learnable::Learned if hidden.is_empty() => {
                    LogVariance::Shared(SharedLogVariance { value: initializer.vector(vec![0.0; latent]) })
                }
                Learnable::Learned => LogVariance::PerExample(Dense::new(last, latent, gain, initializer)),
            },
            center: Tensor::from_data(TensorData::new(center.to_vec(), [1, center.len()]), device),
        }
    }

    /// q(z | x) for `x: [batch, inputs]`.
    pub fn forward(&self, x: Tensor<2>) -> DiagonalGaussian {
        let hidden = self.hidden.forward(x - self.center.clone());
        let mean = self.mean.forward(hidden.clone());
        let log_variance = match &self.log_variance {
            LogVariance::PerExample(layer) => {
                let (low, high) = LOG_VARIANCE_RANGE;
                layer.activate(hidden, Activation::Clamp { low, high })
            }
            LogVariance::Shared(shared) => {
                let (low, high) = SHARED_LOG_VARIANCE_RANGE;
                let value: Tensor<2> = shared.value.val().clamp(low, high).unsqueeze();
                value.expand(mean.dims())
            }
            LogVariance::Fixed(fixed) => mean.full_like(fixed.variance.ln()),
        };
        DiagonalGaussian { mean, log_variance }
    }

    /// Range that log σ² is kept in.
    pub fn log_variance_range(&self) -> (f32, f32) {
        match &self.log_variance {
            LogVariance::PerExample(_) => LOG_VARIANCE_RANGE,
            LogVariance::Shared(_) | LogVariance::Fixed(_) => SHARED_LOG_VARIANCE_RANGE,
        }
    }

    /// σ² where it is fixed.
    pub fn fixed_variance(&self) -> Option<f64> {
        match &self.log_variance {
            LogVariance::Fixed(fixed) => Some(fixed.variance),
            LogVariance::PerExample(_) | LogVariance::Shared(_) => None,
        }
    }

    /// Sets a fixed σ²; a learned one is left alone.
    pub fn set_variance(&mut self, variance: Learnable) {
        if let (LogVariance::Fixed(fixed), Learnable::Fixed(variance)) = (&mut self.log_variance, variance) {
            fixed.variance = variance;
        }
    }
}
