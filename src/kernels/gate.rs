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
        let gradient = host::contiguous(gradients.consume::<Flex>(&ops.node));
        let (is_row, shape) = (is_row(&above, &softplus), host::shape(&above));
        let [in_softplus, in_above] = derivatives(&gradient, &softplus, &host::contiguous(above));
        if let Some(node) = of_softplus {
            gradients.register::<Flex>(node.id, in_softplus);
        }
        if let Some(node) = of_above {
            let in_above = if is_row { host::column_sums(in_above, &shape) } else { in_above };
            gradients.register::<Flex>(node.id, in_above);
        }
    }
}

/// gradient ⊙ e^−s ⊙ above and gradient ⊙ (1 − e^−s), in one pass for both: it is the exponential that costs, and hardly a step wants one alone.
fn derivatives(gradient: &CpuTensor, softplus: &CpuTensor, above: &CpuTensor) -> [CpuTensor; 2] {
    let [gradient_values, softplus_values, above] = [gradient, softplus, above].map(host::entries);
    let length = gradient_values.len();
    let (mut in_softplus, mut in_above) = (vec![0.0; length], vec![0.0; length]);
    // A row of `above` stands for all rows.
    let columns = above.len().max(1);
    let inputs = gradient_values.chunks(columns).zip(softplus_values.chunks(columns));
    let outputs = in_softplus.chunks_mut(columns).zip(in_above.chunks_mut(columns));
    vector::vectorized(
        #[inline(always)]
        || {
            for ((gradient, softplus), (in_softplus, in_above)) in inputs.zip(outputs) {
                let inputs = gradient.iter().zip(softplus).zip(above);
                for (((gradient, &s), above), (in_softplus, in_above)) in
                    inputs.zip(in_softplus.iter_mut().zip(in_above))
                {
                    let exp = vector::exp_of_negative(-s);
                    *in_softplus = gradient * exp * above;
                    *in_above = gradient * vector::slope_given_exp(s, exp);
                }
            }
        },
    );
    [in_softplus, in_above].map(|values| host::tensor(values, host::shape(softplus)))
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
