//! Log-likelihoods of whole rows: the elementwise part and its sum in one pass.

use super::host::{self, CpuTensor};
use super::{is_on_cpu, plain, vector};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// log p(x | l) of independent Bernoulli variables with logits l, Σ_d x_d l_d − softplus(l_d): `[rows, D]` each to `[rows]`, nats.
pub fn bernoulli_log_likelihood(x: Tensor<2>, logits: Tensor<2>) -> Tensor<1> {
    apply(x, logits, RowKind::Bernoulli)
}

/// Σ_d (x_d − y_d)²: `[rows, D]` each to `[rows]`.
pub fn squared_distance(x: Tensor<2>, y: Tensor<2>) -> Tensor<1> {
    apply(x, y, RowKind::SquaredDistance)
}

fn apply(x: Tensor<2>, y: Tensor<2>, kind: RowKind) -> Tensor<1> {
    // Where one row stands for many, burn's own operations broadcast.
    if is_on_cpu(&x) && x.dims() == y.dims() {
        let [x, y] = [x, y].map(Tensor::into_dispatch);
        return Tensor::from_dispatch(<Dispatch as RowDensity>::rows(x, y, kind));
    }
    match kind {
        RowKind::Bernoulli => plain::bernoulli_log_likelihood(x, y),
        RowKind::SquaredDistance => plain::squared_distance(x, y),
    }
}

/// What is summed over a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// x y − softplus(y).
    Bernoulli,
    /// (x − y)².
    SquaredDistance,
}

impl RowKind {
    fn forward(self, x: &CpuTensor, y: &CpuTensor) -> CpuTensor {
        match self {
            Self::Bernoulli => row_sums(x, y, |x, l| x * l - vector::softplus(l)),
            Self::SquaredDistance => row_sums(x, y, |x, y| (x - y) * (x - y)),
        }
    }

    /// Derivatives of the sum in x and in y, of which the first is asked for only where x is not data.
    fn derivatives(self, x: &CpuTensor, y: &CpuTensor, of_x: bool) -> (Option<CpuTensor>, CpuTensor) {
        let (values, shape) = ([x, y].map(host::entries), host::shape(x));
        let [x, y] = values;
        match self {
            Self::Bernoulli => (
                of_x.then(|| host::tensor(y.to_vec(), shape.clone())),
                host::tensor(vector::zip(x, y, |x, l| x - vector::sigmoid(l)), shape),
            ),
            Self::SquaredDistance => (
                of_x.then(|| host::tensor(vector::zip(x, y, |x, y| 2.0 * (x - y)), shape.clone())),
                host::tensor(vector::zip(x, y, |x, y| 2.0 * (y - x)), shape),
            ),
        }
    }
}

#[inline(always)]
fn row_sums(x: &CpuTensor, y: &CpuTensor, f: impl Fn(f32, f32) -> f32 + Copy) -> CpuTensor {
    let [rows, columns] = host::dims(x);
    let pairs = host::entries(x).chunks_exact(columns.max(1)).zip(host::entries(y).chunks_exact(columns.max(1)));
    host::tensor(pairs.map(|(x, y)| vector::sum_of(x, y, f)).collect(), [rows])
}

/// burn's extension point.
#[backend_extension(Flex, Autodiff)]
pub trait RowDensity: Backend {
    /// The sum over every row, `[rows]`.
    fn rows(x: FloatTensor<Self>, y: FloatTensor<Self>, kind: RowKind) -> FloatTensor<Self>;
}

impl RowDensity for Flex {
    fn rows(x: CpuTensor, y: CpuTensor, kind: RowKind) -> CpuTensor {
        kind.forward(&host::contiguous(x), &host::contiguous(y))
    }
}

#[derive(Debug)]
struct RowBackward(RowKind);

impl Backward<Flex, 2> for RowBackward {
    /// x and y.
    type State = (CpuTensor, CpuTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (x, y) = ops.state;
        let [of_x, of_y] = ops.parents;
        let gradient = host::contiguous(gradients.consume::<Flex>(&ops.node));
        let (in_x, in_y) = self.0.derivatives(&x, &y, of_x.is_some());
        if let (Some(node), Some(in_x)) = (of_x, in_x) {
            gradients.register::<Flex>(node.id, host::scale_rows(in_x, host::entries(&gradient)));
        }
        if let Some(node) = of_y {
            gradients.register::<Flex>(node.id, host::scale_rows(in_y, host::entries(&gradient)));
        }
    }
}

impl<C: CheckpointStrategy> RowDensity for Autodiff<Flex, C> {
    fn rows(x: FloatTensor<Self>, y: FloatTensor<Self>, kind: RowKind) -> FloatTensor<Self> {
        let nodes = [x.node(), y.node()];
        let [x, y] = [x, y].map(|tensor| host::contiguous(tensor.into_primitive()));
        let output = kind.forward(&x, &y);
        match RowBackward(kind).prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => tracked.finish((x, y), output),
            OpsKind::UnTracked(untracked) => untracked.finish(output),
        }
    }
}
