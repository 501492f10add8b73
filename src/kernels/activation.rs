//! Softplus, sigmoid and tanh: fused on the CPU backend, plain tensor operations elsewhere.

use super::simd;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind, unary};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Device, Tensor, activation};

/// log(1 + eˣ).
pub fn softplus<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(x, Activation::Softplus, |x| activation::softplus(x, 1.0))
}

/// 1 / (1 + e⁻ˣ).
pub fn sigmoid<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(x, Activation::Sigmoid, activation::sigmoid)
}

/// tanh x.
pub fn tanh<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    apply(x, Activation::Tanh, activation::tanh)
}

fn apply<const D: usize>(x: Tensor<D>, kind: Activation, plain: fn(Tensor<D>) -> Tensor<D>) -> Tensor<D> {
    if x.device() == Device::flex() {
        Tensor::from_dispatch(<Dispatch as Activations>::activate(x.into_dispatch(), kind))
    } else {
        plain(x)
    }
}

/// Which function an extension call evaluates.
#[derive(Clone, Copy, Debug)]
pub enum Activation {
    /// log(1 + eˣ).
    Softplus,
    /// 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// tanh x.
    Tanh,
}

/// burn's extension point: the operation, and its product with an incoming gradient.
#[backend_extension(Flex, Autodiff)]
pub trait Activations: Backend {
    /// f(x), elementwise.
    fn activate(x: FloatTensor<Self>, kind: Activation) -> FloatTensor<Self>;

    /// gradient ⊙ f′(x), elementwise; `x` and `y = f(x)` as in the forward pass.
    fn activate_backward(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kind: Activation,
    ) -> FloatTensor<Self>;
}

impl Activations for Flex {
    fn activate(x: FloatTensor<Self>, kind: Activation) -> FloatTensor<Self> {
        match kind {
            Activation::Softplus => simd::map(x, simd::softplus),
            Activation::Sigmoid => simd::map(x, simd::sigmoid),
            Activation::Tanh => simd::map(x, simd::tanh),
        }
    }

    fn activate_backward(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kind: Activation,
    ) -> FloatTensor<Self> {
        match kind {
            Activation::Softplus => simd::zip(x, gradient, |x, gradient| gradient * simd::sigmoid(x)),
            Activation::Sigmoid => simd::zip(y, gradient, |y, gradient| gradient * y * (simd::ONE - y)),
            Activation::Tanh => simd::zip(y, gradient, |y, gradient| gradient * (simd::ONE - y * y)),
        }
    }
}

#[derive(Debug)]
struct ActivationBackward(Activation);

impl<B: Activations> Backward<B, 1> for ActivationBackward {
    /// x and f(x).
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 1>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (x, y) = ops.state;
        unary::<B, _>(ops.parents, ops.node, gradients, |gradient| B::activate_backward(x, y, gradient, self.0));
    }
}

impl<B: Activations, C: CheckpointStrategy> Activations for Autodiff<B, C> {
    fn activate(x: FloatTensor<Self>, kind: Activation) -> FloatTensor<Self> {
        let input = x.primitive().clone();
        let output = B::activate(input.clone(), kind);
        match ActivationBackward(kind).prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => tracked.finish((input, output.clone()), output),
            OpsKind::UnTracked(untracked) => untracked.finish(output),
        }
    }

    /// Never recorded itself: burn differentiates once.
    fn activate_backward(
        x: FloatTensor<Self>,
        y: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        kind: Activation,
    ) -> FloatTensor<Self> {
        let [x, y, gradient] = [x, y, gradient].map(|tensor| tensor.primitive().clone());
        FloatTensor::<Self>::new(B::activate_backward(x, y, gradient, kind))
    }
}
