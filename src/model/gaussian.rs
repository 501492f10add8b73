//! Diagonal Gaussians over the latent space.

use crate::kernels;
use burn::tensor::Tensor;

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
        kernels::reparameterize(self.mean.clone(), self.log_variance.clone(), noise)
    }

    /// Each of n rows as often as needed for `rows` in all, neighbours together.
    pub fn repeated(self, rows: usize) -> Self {
        let repeat = |tensor| super::repeat_rows(tensor, rows);
        Self { mean: repeat(self.mean), log_variance: repeat(self.log_variance) }
    }

    /// KL to N(0, I) per dimension, nats, `[batch, K]`: ½(μ² + σ² − log σ² − 1).
    pub fn kl_to_standard_normal(&self) -> Tensor<2> {
        kernels::kl_to_standard_normal(self.mean.clone(), self.log_variance.clone())
    }

    /// log q(z_d) of every dimension in nats, `[batch, K]`.
    pub fn log_densities(&self, z: Tensor<2>) -> Tensor<2> {
        let standardized = (z - self.mean.clone()).powi_scalar(2) * self.log_variance.clone().neg().exp();
        (standardized + self.log_variance.clone()).add_scalar((2.0 * std::f64::consts::PI).ln()).mul_scalar(-0.5)
    }

    /// log q(z) in nats, `[batch]`.
    pub fn log_density(&self, z: Tensor<2>) -> Tensor<1> {
        let [_, latent] = z.dims();
        let normalizer = latent as f64 * (2.0 * std::f64::consts::PI).ln();
        let standardized = (z - self.mean.clone()).powi_scalar(2) * self.log_variance.clone().neg().exp();
        (standardized + self.log_variance.clone()).sum_dim(1).squeeze_dim(1).add_scalar(normalizer).mul_scalar(-0.5)
    }
}

/// log N(z; 0, I) in nats, `[batch]`.
pub(super) fn log_standard_normal(z: Tensor<2>) -> Tensor<1> {
    let [_, latent] = z.dims();
    let constant = latent as f64 * (2.0 * std::f64::consts::PI).ln();
    z.powi_scalar(2).sum_dim(1).squeeze_dim(1).add_scalar(constant).mul_scalar(-0.5)
}
