//! Affine maps with an activation: a dense layer, or one side of a layer of an input-convex network.

use super::host::{self, CpuTensor, Side};
use super::{Activation, is_on_cpu, plain};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// f(x W + c) for `x: [batch, in]`, `W: [in, out]` and an offset c that is a row, `[out]` or `[1, out]`, or a matrix, `[batch, out]`.
pub fn affine<const D: usize>(x: Tensor<2>, weight: Tensor<2>, offset: Tensor<D>, function: Activation) -> Tensor<2> {
    apply(x, weight, offset, Form { is_transposed: false, function })
}

/// x Wᵀ + c for `x: [batch, out]`, `W: [in, out]` and an offset as in [`affine`], of `in` columns.
pub fn affine_by_transpose<const D: usize>(x: Tensor<2>, weight: Tensor<2>, offset: Tensor<D>) -> Tensor<2> {
    apply(x, weight, offset, Form { is_transposed: true, function: Activation::Identity })
}

/// x W for `x: [batch, in]` and `W: [in, out]`.
pub fn product(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    multiply(x, weight, Form::default())
}

/// x Wᵀ for `x: [batch, out]` and `W: [in, out]`. (burn's product with a transposed matrix leaves that matrix' gradient transposed, to be copied.)
pub fn product_by_transpose(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    multiply(x, weight, Form { is_transposed: true, function: Activation::Identity })
}

fn multiply(x: Tensor<2>, weight: Tensor<2>, form: Form) -> Tensor<2> {
    if is_on_cpu(&x) {
        let [x, weight] = [x, weight].map(Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as Affine>::product(x, weight, form))
    } else {
        plain::product(x, weight, form)
    }
}

fn apply<const D: usize>(x: Tensor<2>, weight: Tensor<2>, offset: Tensor<D>, form: Form) -> Tensor<2> {
    if is_on_cpu(&x) {
        let [x, weight] = [x, weight].map(Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as Affine>::affine(x, weight, offset.into_dispatch(), form))
    } else {
        plain::affine(x, weight, offset, form)
    }
}

/// Which of a family of affine maps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Form {
    /// Whether W is read as Wᵀ.
    pub is_transposed: bool,
    /// f.
    pub function: Activation,
}

impl Form {
    fn side(self) -> Side {
        if self.is_transposed { Side::Transposed } else { Side::Plain }
    }

    fn product(self, x: &CpuTensor, weight: &CpuTensor) -> CpuTensor {
        host::product(x, Side::Plain, weight, self.side())
    }

    fn forward(self, x: &CpuTensor, weight: &CpuTensor, offset: CpuTensor) -> CpuTensor {
        self.function.forward(host::product_onto(offset, x, weight, self.side()))
    }

    /// Gradient of W, given that of the product.
    fn weight_gradient(self, x: &CpuTensor, gradient: &CpuTensor) -> CpuTensor {
        let (left, right) = if self.is_transposed { (gradient, x) } else { (x, gradient) };
        host::product(left, Side::Transposed, right, Side::Plain)
    }

    /// Gradient of x, given that of the product.
    fn input_gradient(self, weight: &CpuTensor, gradient: &CpuTensor) -> CpuTensor {
        let side = if self.is_transposed { Side::Plain } else { Side::Transposed };
        host::product(gradient, Side::Plain, weight, side)
    }
}

/// burn's extension point.
#[backend_extension(Flex, Autodiff)]
pub trait Affine: Backend {
    /// f(x W + c) or f(x Wᵀ + c).
    fn affine(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        form: Form,
    ) -> FloatTensor<Self>;

    /// x W or x Wᵀ.
    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>, form: Form) -> FloatTensor<Self>;
}

impl Affine for Flex {
    fn affine(x: CpuTensor, weight: CpuTensor, offset: CpuTensor, form: Form) -> CpuTensor {
        form.forward(&x, &weight, offset)
    }

    fn product(x: CpuTensor, weight: CpuTensor, form: Form) -> CpuTensor {
        form.product(&x, &weight)
    }
}

#[derive(Debug)]
struct AffineBackward(Form);

/// What the backward pass of an affine map reads.
#[derive(Clone, Debug)]
struct AffineState {
    x: CpuTensor,
    weight: CpuTensor,
    /// f(x W + c); none for the identity.
    output: Option<CpuTensor>,
    offset: Vec<usize>,
}

impl Backward<Flex, 3> for AffineBackward {
    type State = AffineState;

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let AffineState { x, weight, output, offset: shape } = ops.state;
        let [of_x, of_weight, of_offset] = ops.parents;
        let mut gradient = gradients.consume::<Flex>(&ops.node);
        if let Some(output) = output {
            gradient = self.0.function.backward(output, gradient);
        }
        if let Some(node) = of_weight {
            gradients.register::<Flex>(node.id, self.0.weight_gradient(&x, &gradient));
        }
        if let Some(node) = of_x {
            gradients.register::<Flex>(node.id, self.0.input_gradient(&weight, &gradient));
        }
        if let Some(node) = of_offset {
            let is_matrix = shape == host::shape(&gradient);
            let of_offset = if is_matrix { gradient } else { host::column_sums(gradient, &shape) };
            gradients.register::<Flex>(node.id, of_offset);
        }
    }
}

#[derive(Debug)]
struct ProductBackward(Form);

impl Backward<Flex, 2> for ProductBackward {
    /// x and W.
    type State = (CpuTensor, CpuTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (x, weight) = ops.state;
        let [of_x, of_weight] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        if let Some(node) = of_weight {
            gradients.register::<Flex>(node.id, self.0.weight_gradient(&x, &gradient));
        }
        if let Some(node) = of_x {
            gradients.register::<Flex>(node.id, self.0.input_gradient(&weight, &gradient));
        }
    }
}

impl<C: CheckpointStrategy> Affine for Autodiff<Flex, C> {
    fn affine(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        offset: FloatTensor<Self>,
        form: Form,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), offset.node()];
        let [x, weight, offset] = [x, weight, offset].map(|tensor| tensor.into_primitive());
        let shape = host::shape(&offset);
        match AffineBackward(form).prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => {
                let output = form.forward(&x, &weight, offset);
                let kept = (form.function != Activation::Identity).then(|| output.clone());
                tracked.finish(AffineState { x, weight, output: kept, offset: shape }, output)
            }
            OpsKind::UnTracked(untracked) => untracked.finish(form.forward(&x, &weight, offset)),
        }
    }

    fn product(x: FloatTensor<Self>, weight: FloatTensor<Self>, form: Form) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node()];
        let [x, weight] = [x, weight].map(|tensor| tensor.into_primitive());
        match ProductBackward(form).prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => {
                let output = form.product(&x, &weight);
                tracked.finish((x, weight), output)
            }
            OpsKind::UnTracked(untracked) => untracked.finish(form.product(&x, &weight)),
        }
    }
}
