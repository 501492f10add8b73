//! Decoders: the map from z to the likelihood's natural parameter.

use super::BrenierDecoder;
use crate::experiment::LikelihoodKind;
use crate::kernels::{self, Activation};
use crate::nn::{Dense, Initializer, Mlp};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// `[batch, K]` to `[batch, D]`, given centred conditions `[batch, C]` where the model has any.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one decoder per level, and burn's modules are not boxed")]
pub enum Decoder {
    /// Multilayer perceptron.
    Standard(StandardDecoder),
    /// Injective in z.
    Brenier(BrenierDecoder),
    /// Lower-triangular linear map.
    Triangular(TriangularDecoder),
}

impl Decoder {
    /// Natural parameter, `[batch, D]`.
    pub fn forward(&self, z: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        match self {
            Self::Standard(decoder) => decoder.forward(z, condition),
            Self::Brenier(decoder) => decoder.forward(z, condition),
            Self::Triangular(decoder) => decoder.forward(z),
        }
    }

    /// Sets the floor m of a Brenier decoder.
    pub(super) fn set_convexity(&mut self, convexity: f64) {
        if let Self::Brenier(decoder) = self {
            decoder.set_convexity(convexity);
        }
    }
}

/// Multilayer perceptron of (z, c) with tanh hidden layers and a linear output; without hidden layers, U₁ z + U₂ c + b.
#[derive(Module, Debug)]
pub struct StandardDecoder {
    hidden: Mlp,
    output: Dense,
}

impl StandardDecoder {
    /// Over `inputs` = K + C inputs. Its output starts around `offset`, the natural parameter of the training mean.
    pub fn new(inputs: usize, hidden: &[usize], offset: Vec<f32>, initializer: &mut Initializer<'_>) -> Self {
        let last = hidden.last().copied().unwrap_or(inputs);
        let hidden = Mlp::new(inputs, hidden, initializer);
        let dimensions = offset.len();
        Self { hidden, output: Dense::with_bias(last, dimensions, 1.0, offset, initializer) }
    }

    fn forward(&self, z: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        let input = match condition {
            Some(condition) => Tensor::cat(vec![z, condition], 1),
            None => z,
        };
        self.output.forward(self.hidden.forward(input))
    }
}

/// x̂ = C z + b with C lower-triangular: C_dk = 0 for k > d. As in the linear examples of Yacoby, Pan and Doshi-Velez (2019), where the decoder
/// is a Cholesky factor, z cannot be rotated until its posteriors are along the axes.
#[derive(Module, Debug)]
pub struct TriangularDecoder {
    /// Cᵀ, `[K, D]`, of which the mask keeps what is in the triangle.
    weight: Param<Tensor<2>>,
    /// `[D]`.
    bias: Param<Tensor<1>>,
    /// 1 in the triangle, 0 outside, `[K, D]`.
    #[module(skip)]
    mask: Tensor<2>,
}

impl TriangularDecoder {
    /// Over K inputs, at most as many as outputs. Its output starts around `offset`.
    pub fn new(inputs: usize, offset: Vec<f32>, initializer: &mut Initializer<'_>, device: &Device) -> Self {
        let outputs = offset.len();
        let sd = (2.0 / (inputs + outputs) as f64).sqrt();
        let mask = (0..inputs * outputs).map(|at| if at % outputs >= at / outputs { 1.0_f32 } else { 0.0 }).collect();
        Self {
            weight: initializer.normal(inputs, outputs, 0.0, sd),
            bias: initializer.vector(offset),
            mask: Tensor::from_data(TensorData::new::<f32, _>(mask, [inputs, outputs]), device),
        }
    }

    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        kernels::affine(z, self.weight.val() * self.mask.clone(), self.bias.val(), Activation::Identity)
    }
}

/// Natural parameter of the training mean, where decoders start: the mean itself, or its logit.
pub(super) fn offset(kind: LikelihoodKind, training_mean: &[f32]) -> Vec<f32> {
    match kind {
        LikelihoodKind::Gaussian => training_mean.to_vec(),
        LikelihoodKind::Bernoulli => {
            // A pixel that is never on would start at −∞.
            training_mean.iter().map(|mean| mean.clamp(0.01, 0.99)).map(|mean| (mean / (1.0 - mean)).ln()).collect()
        }
    }
}
