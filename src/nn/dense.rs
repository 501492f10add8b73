//! A dense layer.

use super::Initializer;
use crate::kernels::{self, Activation};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// y = x W + b.
#[derive(Module, Debug)]
pub struct Dense {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Dense {
    /// Glorot-normal weights times `gain`, bias 0.
    pub fn new(inputs: usize, outputs: usize, gain: f64, initializer: &mut Initializer<'_>) -> Self {
        Self::with_bias(inputs, outputs, gain, vec![0.0; outputs], initializer)
    }

    /// Glorot-normal weights times `gain`, and a given bias.
    pub fn with_bias(
        inputs: usize,
        outputs: usize,
        gain: f64,
        bias: Vec<f32>,
        initializer: &mut Initializer<'_>,
    ) -> Self {
        let sd = gain * (2.0 / (inputs + outputs) as f64).sqrt();
        Self { weight: initializer.normal(inputs, outputs, 0.0, sd), bias: initializer.vector(bias) }
    }

    /// `[batch, inputs]` to `[batch, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.activate(x, Activation::Identity)
    }

    /// f(x W + b).
    pub fn activate(&self, x: Tensor<2>, function: Activation) -> Tensor<2> {
        kernels::affine(x, self.weight.val(), self.bias.val(), function)
    }
}
