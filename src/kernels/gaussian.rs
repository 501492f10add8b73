//! Diagonal Gaussian posteriors: a reparameterised sample, and the KL to the prior.

use super::host::{self, CpuTensor};
use super::{is_on_cpu, plain, vector};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Backend, Dispatch, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

/// μ + σ ⊙ noise, `[rows, K]` each (Kingma and Welling 2014).
pub fn reparameterize(mean: Tensor<2>, log_variance: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
    let dims = mean.dims();
    if is_on_cpu(&mean) && log_variance.dims() == dims && noise.dims() == dims {
        let [mean, log_variance, noise] = [mean, log_variance, noise].map(Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as Gaussian>::sample(mean, log_variance, noise))
    } else {
        plain::reparameterize(mean, log_variance, noise)
    }
}

/// KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² − log σ² − 1), elementwise, nats.
pub fn kl_to_standard_normal(mean: Tensor<2>, log_variance: Tensor<2>) -> Tensor<2> {
    if is_on_cpu(&mean) && mean.dims() == log_variance.dims() {
        let [mean, log_variance] = [mean, log_variance].map(Tensor::into_dispatch);
        Tensor::from_dispatch(<Dispatch as Gaussian>::kl(mean, log_variance))
    } else {
        plain::kl_to_standard_normal(mean, log_variance)
    }
}

/// burn's extension point.
#[backend_extension(Flex, Autodiff)]
pub trait Gaussian: Backend {
    /// μ + σ ⊙ noise.
    fn sample(mean: FloatTensor<Self>, log_variance: FloatTensor<Self>, noise: FloatTensor<Self>) -> FloatTensor<Self>;

    /// ½(μ² + σ² − log σ² − 1).
    fn kl(mean: FloatTensor<Self>, log_variance: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// σ ⊙ other, from log σ².
fn scaled(log_variance: &CpuTensor, other: CpuTensor) -> CpuTensor {
    host::zip(other, log_variance.clone(), |other, log_variance| other * vector::exp(0.5 * log_variance))
}

fn kl(mean: &CpuTensor, log_variance: &CpuTensor) -> CpuTensor {
    let kl = |mean: f32, log_variance: f32| 0.5 * (mean * mean + vector::exp(log_variance) - log_variance - 1.0);
    host::tensor(vector::zip(host::entries(mean), host::entries(log_variance), kl), host::shape(mean))
}

impl Gaussian for Flex {
    fn sample(mean: CpuTensor, log_variance: CpuTensor, noise: CpuTensor) -> CpuTensor {
        host::zip(scaled(&log_variance, noise), mean, |scaled, mean| mean + scaled)
    }

    fn kl(mean: CpuTensor, log_variance: CpuTensor) -> CpuTensor {
        kl(&host::contiguous(mean), &host::contiguous(log_variance))
    }
}

#[derive(Debug)]
struct SampleBackward;

impl Backward<Flex, 3> for SampleBackward {
    /// log σ² and σ ⊙ noise.
    type State = (CpuTensor, CpuTensor);

    fn backward(self, ops: Ops<Self::State, 3>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (log_variance, scaled_noise) = ops.state;
        let [of_mean, of_log_variance, of_noise] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        if let Some(node) = of_log_variance {
            let half = host::zip(scaled_noise, gradient.clone(), |scaled, gradient| 0.5 * scaled * gradient);
            gradients.register::<Flex>(node.id, half);
        }
        if let Some(node) = of_noise {
            gradients.register::<Flex>(node.id, scaled(&log_variance, gradient.clone()));
        }
        if let Some(node) = of_mean {
            gradients.register::<Flex>(node.id, gradient);
        }
    }
}

#[derive(Debug)]
struct KlBackward;

impl Backward<Flex, 2> for KlBackward {
    /// μ and log σ².
    type State = (CpuTensor, CpuTensor);

    fn backward(self, ops: Ops<Self::State, 2>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let (mean, log_variance) = ops.state;
        let [of_mean, of_log_variance] = ops.parents;
        let gradient = gradients.consume::<Flex>(&ops.node);
        if let Some(node) = of_log_variance {
            let derivative = |gradient: f32, log_variance: f32| gradient * 0.5 * (vector::exp(log_variance) - 1.0);
            gradients.register::<Flex>(node.id, host::zip(gradient.clone(), log_variance, derivative));
        }
        if let Some(node) = of_mean {
            gradients.register::<Flex>(node.id, host::zip(gradient, mean, |gradient, mean| gradient * mean));
        }
    }
}

impl<C: CheckpointStrategy> Gaussian for Autodiff<Flex, C> {
    fn sample(mean: FloatTensor<Self>, log_variance: FloatTensor<Self>, noise: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [mean.node(), log_variance.node(), noise.node()];
        let [mean, log_variance, noise] = [mean, log_variance, noise].map(|tensor| tensor.into_primitive());
        let scaled = scaled(&log_variance, noise);
        let output = host::zip(mean, scaled.clone(), |mean, scaled| mean + scaled);
        match SampleBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => tracked.finish((log_variance, scaled), output),
            OpsKind::UnTracked(untracked) => untracked.finish(output),
        }
    }

    fn kl(mean: FloatTensor<Self>, log_variance: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [mean.node(), log_variance.node()];
        let [mean, log_variance] = [mean, log_variance].map(|tensor| host::contiguous(tensor.into_primitive()));
        let output = kl(&mean, &log_variance);
        match KlBackward.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(tracked) => tracked.finish((mean, log_variance), output),
            OpsKind::UnTracked(untracked) => untracked.finish(output),
        }
    }
}
