//! Multilayer perceptron with tanh hidden layers.

use super::{Dense, Initializer};
use crate::kernels::Activation;
use burn::module::Module;
use burn::tensor::Tensor;

/// Dense layers, each followed by tanh.
#[derive(Module, Debug)]
pub struct Mlp {
    layers: Vec<Dense>,
}

impl Mlp {
    /// Layers of the given widths over `inputs` inputs.
    pub fn new(inputs: usize, hidden: &[usize], initializer: &mut Initializer<'_>) -> Self {
        let mut inputs = inputs;
        let layers = hidden.iter().map(|&width| {
            let layer = Dense::new(inputs, width, 1.0, initializer);
            inputs = width;
            layer
        });
        Self { layers: layers.collect() }
    }

    /// `[batch, inputs]` to `[batch, last width]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.layers.iter().fold(x, |x, layer| layer.activate(x, Activation::Tanh))
    }
}
