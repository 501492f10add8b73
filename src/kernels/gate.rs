//! What an activation of softplus lets through on the way back: the second half of the gradient of an input-convex network.

use super::host::{self, CpuTensor};
use super::{is_on_cpu, plain, vector};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// sigmoid(p) ⊙ above from s = softplus(p), `[batch, h]`, as sigmoid(p) = 1 − e^−s; `above` is a matrix, `[batch, h]`, or a row, `[1, h]`.
pub fn gate(softplus: Tensor<2>, above: Tensor<2>) -> Tensor<2> {
    if is_on_cpu(&softplus) {
        let [softplus, above] = [softplus, above].map(Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as Gate>::gate(softplus, above))
    } else {
        plain::gate(softplus, above)
    }
}

/// burn's extension point.
#[backend_extension(Flex, Autodiff)]
pub trait Gate: Backend {
    /// (1 − e^−s) ⊙ above.
    fn gate(softplus: FloatTensor<Self>, above: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl Gate for Flex {
    fn gate(softplus: CpuTensor, above: CpuTensor) -> CpuTensor {
        forward(softplus, above)
    }
}

fn is_row(above: &CpuTensor, softplus: &CpuTensor) -> bool {
    host::dims(above)[0] == 1 && host::dims(softplus)[0] != 1
}

fn forward(softplus: CpuTensor, above: CpuTensor) -> CpuTensor {
    let above = host::contiguous(above);
    let gate = |s, above| vector::slope_of_softplus(s) * above;
    if is_row(&above, &softplus) {
        host::zip_rows(softplus, host::entries(&above), gate)
    } else {
        host::zip(softplus, above, gate)
    }
}

#[derive(Debug)]
struct GateBackward;

impl Backward<Flex, 2> for GateBackward {
    /// s and above.
    type State = (CpuTensor, CpuTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (softplus, above) = ops.state;
        let [of_softplus, of_above] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        let is_row = is_row(&above, &softplus);
        let shape = host::shape(&above);
        if let Some(node) = of_softplus {
            // d/ds (1 − e^−s) = e^−s.
            let slope = |gradient: f32, s: f32| gradient * vector::exp_of_negative(-s);
            let gated = host::zip(gradient.clone(), softplus.clone(), slope);
            let of_softplus = if is_row {
                let above = host::contiguous(above);
                host::zip_rows(gated, host::entries(&above), |gated, above| gated * above)
            } else {
                host::zip(gated, above, |gated, above| gated * above)
            };
            gradients.register::<Flex>(node.id, of_softplus);
        }
        if let Some(node) = of_above {
            let through = host::zip(gradient, softplus, |gradient, s| gradient * vector::slope_of_softplus(s));
            let of_above = if is_row { host::column_sums(through, &shape) } else { through };
            gradients.register::<Flex>(node.id, of_above);
        }
    }
}

impl<C: CheckpointStrategy> Gate for Autodiff<Flex, C> {
    fn gate(softplus: FloatTensor<Self>, above: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [softplus.node(), above.node()];
        let [softplus, above] = [softplus, above].map(|tensor| host::contiguous(tensor.into_primitive()));
        match GateBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => {
                let output = forward(softplus.clone(), above.clone());
                tracked.finish((softplus, above), output)
            }
            OpsKind::UnTracked(untracked) => untracked.finish(forward(softplus, above)),
        }
    }
}
