//! p(x | z) given the decoder's output.

use crate::experiment::{Learnable, LikelihoodKind};
use crate::kernels;
use crate::nn::Initializer;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};

/// Distribution of an example given its natural parameter.
#[derive(Module, Debug)]
pub struct Likelihood {
    #[module(skip)]
    kind: LikelihoodKind,
    /// σ of a Gaussian when it is fixed.
    #[module(skip)]
    fixed_sigma: f64,
    /// log σ of a Gaussian when it is learned, `[1]`.
    log_sigma: Option<Param<Tensor<1>>>,
}

/// A learned log σ stays within these bounds, so that σ → 0 cannot make the likelihood infinite.
const LOG_SIGMA_RANGE: (f32, f32) = (-6.0, 4.0);

impl Likelihood {
    /// A likelihood as the settings say.
    pub fn new(kind: LikelihoodKind, sigma: Learnable, initializer: &Initializer<'_>) -> Self {
        let learned = kind == LikelihoodKind::Gaussian && sigma == Learnable::Learned;
        Self {
            kind,
            fixed_sigma: sigma.initial(),
            log_sigma: learned.then(|| initializer.vector(vec![sigma.initial().ln() as f32])),
        }
    }

    /// Kind of distribution.
    pub fn kind(&self) -> LikelihoodKind {
        self.kind
    }

    /// Sets a fixed σ; a learned one is left alone.
    pub fn set_sigma(&mut self, sigma: Learnable) {
        if let Learnable::Fixed(sigma) = sigma {
            self.fixed_sigma = sigma;
        }
    }

    /// σ of a Gaussian now; reads a learned one back from the device.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn sigma(&self) -> Result<Option<f32>, crate::device::DeviceError> {
        if self.kind != LikelihoodKind::Gaussian {
            return Ok(None);
        }
        match self.clamped_log_sigma() {
            None => Ok(Some(self.fixed_sigma as f32)),
            Some(log_sigma) => Ok(crate::device::read(log_sigma.exp())?.first().copied()),
        }
    }

    fn clamped_log_sigma(&self) -> Option<Tensor<1>> {
        let (low, high) = LOG_SIGMA_RANGE;
        self.log_sigma.as_ref().map(|log_sigma| log_sigma.val().clamp(low, high))
    }

    /// Mean in the data's scale, `[batch, D]`.
    pub fn mean(&self, natural: Tensor<2>) -> Tensor<2> {
        match self.kind {
            LikelihoodKind::Gaussian => natural,
            LikelihoodKind::Bernoulli => activation::sigmoid(natural),
        }
    }

    /// A sample of a Gaussian likelihood made of standard normal `noise: [batch, D]`, mean + σ noise; differentiable in the mean and in a learned
    /// σ, `[batch, D]`.
    pub fn reparameterize(&self, natural: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        natural
            + match self.clamped_log_sigma() {
                None => noise.mul_scalar(self.fixed_sigma),
                Some(log_sigma) => noise * log_sigma.exp().unsqueeze::<2>(),
            }
    }

    /// log p(x | z), nats, `[batch]`.
    ///
    /// Gaussian: −½ Σ_d ((x_d − μ_d)/σ)² − D log σ − ½ D log 2π. Bernoulli, logits l: Σ_d x_d l_d − softplus(l_d).
    pub fn log_density(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        let [_, dimensions] = x.dims();
        match self.kind {
            LikelihoodKind::Bernoulli => kernels::bernoulli_log_likelihood(x, natural),
            LikelihoodKind::Gaussian => self.gaussian(kernels::squared_distance(x, natural), dimensions),
        }
    }

    /// [`Self::log_density`] of every example `x: [n, D]` for every natural parameter `[m, D]`, nats, `[n, m]`: by one matrix product.
    pub fn log_density_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        let [_, dimensions] = x.dims();
        match self.kind {
            LikelihoodKind::Bernoulli => {
                let normalizer = kernels::softplus(natural.clone()).sum_dim(1).transpose();
                kernels::product_by_transpose(x, natural) - normalizer
            }
            LikelihoodKind::Gaussian => {
                // ‖x − f‖² = ‖x‖² − 2 x·f + ‖f‖² around the mean of f, so that little is lost where f hardly moves.
                let center = natural.clone().mean_dim(0);
                let (x, natural) = (x - center.clone(), natural - center);
                let own = x.clone().powi_scalar(2).sum_dim(1) + natural.clone().powi_scalar(2).sum_dim(1).transpose();
                let squares = (own - kernels::product_by_transpose(x, natural).mul_scalar(2.0)).clamp_min(0.0);
                self.gaussian(squares, dimensions)
            }
        }
    }

    /// −½ squares/σ² − D log σ − ½ D log 2π for sums of squares over D dimensions.
    fn gaussian<const N: usize>(&self, squares: Tensor<N>, dimensions: usize) -> Tensor<N> {
        let dimensions = dimensions as f64;
        let constant = 0.5 * dimensions * (2.0 * std::f64::consts::PI).ln();
        match self.clamped_log_sigma() {
            None => {
                let sigma = self.fixed_sigma;
                squares.mul_scalar(-0.5 / (sigma * sigma)).sub_scalar(dimensions * sigma.ln() + constant)
            }
            Some(log_sigma) => {
                let precision: Tensor<N> = log_sigma.clone().mul_scalar(-2.0).exp().unsqueeze();
                let normalizer: Tensor<N> = log_sigma.mul_scalar(dimensions).add_scalar(constant).unsqueeze();
                (squares * precision).mul_scalar(-0.5) - normalizer
            }
        }
    }
}
