//! The fused operations in burn's own: what runs on devices without a fused one, and what tests hold the fused ones against.

use super::{Activation, Form};
use burn::tensor::{Tensor, activation};

/// f(x), elementwise.
pub fn activate<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    match function {
        Activation::Identity => x,
        Activation::Softplus => activation::softplus(x, 1.0),
        Activation::Sigmoid => activation::sigmoid(x),
        Activation::Tanh => activation::tanh(x),
        Activation::Clamp { low, high } => x.clamp(low, high),
    }
}

/// f(x W + c) or f(x Wᵀ + c).
pub fn affine<const D: usize>(x: Tensor<2>, weight: Tensor<2>, offset: Tensor<D>, form: Form) -> Tensor<2> {
    let product = product(x, weight, form);
    let [_, columns] = product.dims();
    activate(product + offset.reshape([-1, columns as i32]), form.function)
}

/// x W or x Wᵀ.
pub fn product(x: Tensor<2>, weight: Tensor<2>, form: Form) -> Tensor<2> {
    x.matmul(if form.is_transposed { weight.transpose() } else { weight })
}

/// (1 − e^−s) ⊙ above.
pub fn gate(softplus: Tensor<2>, above: Tensor<2>) -> Tensor<2> {
    softplus.neg().exp().neg().add_scalar(1.0) * above
}

/// Σ_d x_d l_d − softplus(l_d) of every row, `[rows]`.
pub fn bernoulli_log_likelihood(x: Tensor<2>, logits: Tensor<2>) -> Tensor<1> {
    (x * logits.clone() - activation::softplus(logits, 1.0)).sum_dim(1).squeeze_dim(1)
}

/// Σ_d (x_d − y_d)² of every row, `[rows]`.
pub fn squared_distance(x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
    (x - y).powi_scalar(2).sum_dim(1).squeeze_dim(1)
}

/// μ + σ ⊙ noise.
pub fn reparameterize(mean: Tensor<2>, log_variance: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
    mean + log_variance.mul_scalar(0.5).exp() * noise
}

/// ½(μ² + σ² − log σ² − 1), elementwise.
pub fn kl_to_standard_normal(mean: Tensor<2>, log_variance: Tensor<2>) -> Tensor<2> {
    (mean.powi_scalar(2) + log_variance.clone().exp() - log_variance).sub_scalar(1.0).mul_scalar(0.5)
}
