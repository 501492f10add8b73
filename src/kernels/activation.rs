//! Softplus, sigmoid and tanh.

use burn::tensor::{Tensor, activation};

/// log(1 + eˣ).
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::softplus(x, 1.0)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::sigmoid(x)
}

/// tanh x.
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activation::tanh(x)
}
