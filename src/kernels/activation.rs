//! Functions of one number: activations, by themselves or as the last part of an affine map.

use super::host::{self, CpuTensor};
use super::{is_on_cpu, plain, vector};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// log(1 + eˣ).
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activate(x, Activation::Softplus)
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activate(x, Activation::Sigmoid)
}

/// tanh x.
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    activate(x, Activation::Tanh)
}

fn activate<const D: usize>(x: Tensor<D>, function: Activation) -> Tensor<D> {
    if is_on_cpu(&x) {
        Tensor::from_dispatch(<Dispatch as Activations>::activate(x.into_dispatch(), function))
    } else {
        plain::activate(x, function)
    }
}

/// A function of one number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Activation {
    /// x.
    #[default]
    Identity,
    /// log(1 + eˣ).
    Softplus,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// tanh x.
    Tanh,
    /// min(max(x, low), high): no gradient at the ends and beyond.
    Clamp {
        /// Smallest value.
        low: f32,
        /// Largest value.
        high: f32,
    },
}

impl Activation {
    /// f(x).
    pub(super) fn forward(self, x: CpuTensor) -> CpuTensor {
        match self {
            Self::Identity => x,
            Self::Softplus => host::map(x, vector::softplus),
            Self::Sigmoid => host::map(x, vector::sigmoid),
            Self::Tanh => host::map(x, vector::tanh),
            Self::Clamp { low, high } => host::map(x, |x| x.clamp(low, high)),
        }
    }

    /// gradient ⊙ f′(x), from y = f(x).
    pub(super) fn backward(self, y: CpuTensor, gradient: CpuTensor) -> CpuTensor {
        match self {
            Self::Identity => gradient,
            Self::Softplus => host::zip(gradient, y, |gradient, y| gradient * vector::slope_of_softplus(y)),
            Self::Sigmoid => host::zip(gradient, y, |gradient, y| gradient * y * (1.0 - y)),
            Self::Tanh => host::zip(gradient, y, |gradient, y| gradient * (1.0 - y * y)),
            Self::Clamp { low, high } => {
                host::zip(gradient, y, |gradient, y| if y > low && y < high { gradient } else { 0.0 })
            }
        }
    }
}

/// burn's extension point.
#[backend_extension(Flex, Autodiff)]
pub trait Activations: Backend {
    /// f(x), elementwise.
    fn activate(x: FloatTensor<Self>, function: Activation) -> FloatTensor<Self>;
}

impl Activations for Flex {
    fn activate(x: FloatTensor<Self>, function: Activation) -> FloatTensor<Self> {
        function.forward(x)
    }
}

#[derive(Debug)]
struct ActivationBackward(Activation);

impl Backward<Flex, 1> for ActivationBackward {
    /// f(x).
    type State = CpuTensor;

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let y = ops.state;
        unary::<Flex, _>(ops.parents, ops.node, gradients, |gradient| self.0.backward(y, gradient));
    }
}

impl<C: CheckpointStrategy> Activations for Autodiff<Flex, C> {
    fn activate(x: FloatTensor<Self>, function: Activation) -> FloatTensor<Self> {
        let (node, x) = (x.node(), x.into_primitive());
        let output = function.forward(x);
        match ActivationBackward(function).prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => tracked.finish(output.clone(), output),
            OpsKind::UnTracked(untracked) => untracked.finish(output),
        }
    }
}
