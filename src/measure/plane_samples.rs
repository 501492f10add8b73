//! Samples of the aggregated posterior q(z) = E_x q(z | x) over the training examples, in a plane: for a picture of very many points.

use crate::device::{DeviceError, DeviceKind, Drawable, Handover};
use crate::model::LatentModel;
use crate::random::{Purpose, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

/// A training thread of the CPU backend has other things to do: some tens of milliseconds an answer.
const CPU: Limits = Limits { samples: 100_000, work: 1 << 30, values: 16 << 20 };
/// Enough for all of Fashion-MNIST, in 192 MiB; most of what a screen can show.
const GPU: Limits = Limits { samples: 1_000_000, work: 1 << 35, values: 48 << 20 };
/// However costly an example is.
const FEWEST_EXAMPLES: usize = 256;
/// Stream of the noise; those of the inputs are below.
const NOISE_STREAM: u64 = 1 << 40;

/// What the numbers of examples and samples are bounded by.
struct Limits {
    /// Samples in all.
    samples: usize,
    /// Multiplications an answer.
    work: usize,
    /// Numbers kept: inputs, or noise.
    values: usize,
}

/// How many samples are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleEffort {
    /// Training examples.
    pub examples: usize,
    /// Samples of q(z | x) for each of them.
    pub rounds: usize,
}

/// Samples of the aggregated posterior in the plane of two latent dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaneSamples {
    /// Latent dimensions on the horizontal and vertical axis.
    pub dimensions: [usize; 2],
    /// `[rounds, examples, 2]`: each round has a sample of every example.
    pub points: Drawable,
    /// Training examples that were sampled, and how often each.
    pub effort: SampleEffort,
    /// Training examples that there are.
    pub training: usize,
    /// Class of each sampled example, where the data have labels; the same allocation in every answer.
    pub classes: Option<Arc<Vec<u32>>>,
}

/// Draws the samples, with the same noise every time: a point moves only as its posterior does.
pub struct PlaneSampler {
    source: SampledExamples,
    /// `[rounds, examples, 2 or K]`.
    noise: Tensor<3>,
}

/// Examples to be sampled.
pub struct SampledExamples {
    /// As the model sees them, `[rows, D + C]` each: in parts, so that hidden layers of all of them need not fit into memory.
    pub inputs: Vec<Tensor<2>>,
    /// Class of each.
    pub classes: Option<Arc<Vec<u32>>>,
    /// Training examples that there are.
    pub training: usize,
}

impl SampleEffort {
    /// What a kind of device can afford, for examples of so many numbers and multiplications; `levels` has the dimensions of every latent level.
    pub fn affordable(kind: DeviceKind, training: usize, columns: usize, work: usize, levels: &[usize]) -> Self {
        let limits = match kind {
            DeviceKind::Cpu => CPU,
            DeviceKind::Gpu => GPU,
        };
        let (columns, work) = (columns.max(1), work.max(1));
        let affordable = (limits.work / work).max(FEWEST_EXAMPLES).min(limits.values / columns).min(limits.samples);
        let examples = training.min(affordable).max(1);
        let rounds = limits.samples / examples;
        let rounds = if is_gaussian(levels) {
            rounds
        } else {
            // Every sample has noise of all dimensions, and is encoded.
            let latent = levels.iter().sum::<usize>().max(1);
            rounds.min(limits.work / work / examples).min(limits.values / latent / examples)
        };
        Self { examples, rounds: rounds.max(1) }
    }

    /// In all.
    pub fn samples(&self) -> usize {
        self.examples * self.rounds
    }
}

/// Whether q(z | x) is a diagonal Gaussian: two of its dimensions are sampled without the others then.
fn is_gaussian(levels: &[usize]) -> bool {
    levels.len() < 2
}

impl PlaneSampler {
    /// Of as many examples as there are inputs.
    pub fn new<M: LatentModel>(
        model: &M,
        source: SampledExamples,
        effort: SampleEffort,
        seed: u64,
        device: &Device,
    ) -> Self {
        let columns = if is_gaussian(&model.level_dimensions()) { 2 } else { model.latent_dimensions() };
        let shape = [effort.rounds, effort.examples, columns];
        let values = normals(&mut stream(seed, Purpose::DrawnSamples, NOISE_STREAM), shape.iter().product());
        Self { source, noise: Tensor::from_data(TensorData::new(values, shape), device) }
    }

    /// Samples of the model as it is now.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn sample<M: LatentModel>(
        &self,
        model: &M,
        dimensions: [usize; 2],
        handover: Handover,
    ) -> Result<PlaneSamples, DeviceError> {
        let [rounds, examples, _] = self.noise.dims();
        let points = match is_gaussian(&model.level_dimensions()) {
            true => self.of_gaussians(model, dimensions),
            false => self.of_levels(model, dimensions),
        };
        Ok(PlaneSamples {
            dimensions,
            points: handover.hand_over(points)?,
            effort: SampleEffort { examples, rounds },
            training: self.source.training,
            classes: self.source.classes.clone(),
        })
    }

    /// Every example is encoded once.
    fn of_gaussians<M: LatentModel>(&self, model: &M, dimensions: [usize; 2]) -> Tensor<3> {
        let encoded = self.source.inputs.iter().map(|x| {
            let posterior = model.encode(x.clone());
            (columns(posterior.mean, dimensions), columns(posterior.log_variance, dimensions))
        });
        let (means, log_variances): (Vec<_>, Vec<_>) = encoded.unzip();
        let mean: Tensor<3> = Tensor::cat(means, 0).unsqueeze_dim(0);
        let sd: Tensor<3> = Tensor::cat(log_variances, 0).mul_scalar(0.5).exp().unsqueeze_dim(0);
        mean + sd * self.noise.clone()
    }

    /// The levels of a sample depend on each other.
    fn of_levels<M: LatentModel>(&self, model: &M, dimensions: [usize; 2]) -> Tensor<3> {
        let [rounds, ..] = self.noise.dims();
        let rounds = (0..rounds).map(|round| {
            let noise: Tensor<2> = self.noise.clone().narrow(0, round, 1).squeeze_dim(0);
            let mut first = 0;
            let parts = self.source.inputs.iter().map(|x| {
                let [rows, _] = x.dims();
                let sample = model.sample(x.clone(), noise.clone().narrow(0, first, rows));
                first += rows;
                columns(sample, dimensions)
            });
            Tensor::cat(parts.collect(), 0).unsqueeze_dim(0)
        });
        Tensor::cat(rounds.collect(), 0)
    }
}

/// Two columns of a matrix.
fn columns(tensor: Tensor<2>, [first, second]: [usize; 2]) -> Tensor<2> {
    Tensor::cat(vec![tensor.clone().narrow(1, first, 1), tensor.narrow(1, second, 1)], 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gpu_shows_a_million_and_a_cpu_what_is_cheap() {
        let effort = |kind, training, columns, work| SampleEffort::affordable(kind, training, columns, work, &[8]);
        let fashion = 784 * 400;
        let gpu = effort(DeviceKind::Gpu, 60_000, 784, fashion);
        assert_eq!(gpu, SampleEffort { examples: 60_000, rounds: 16 });
        let cpu = effort(DeviceKind::Cpu, 60_000, 784, fashion);
        assert!((1_000..5_000).contains(&cpu.examples) && (95_000..=100_000).contains(&cpu.samples()), "{cpu:?}");
        assert_eq!(effort(DeviceKind::Cpu, 8_000, 2, 400), SampleEffort { examples: 8_000, rounds: 12 });
        assert_eq!(effort(DeviceKind::Gpu, 3_000_000, 2, 400).samples(), 1_000_000);
        // Costly examples are few, but not none.
        assert_eq!(effort(DeviceKind::Cpu, 60_000, 784, 1 << 30).examples, FEWEST_EXAMPLES);
        assert_eq!(effort(DeviceKind::Cpu, 20, 4, 1 << 30).examples, 20);
        let levels = SampleEffort::affordable(DeviceKind::Gpu, 60_000, 784, fashion, &[16, 16]);
        assert_eq!(levels, SampleEffort { examples: 60_000, rounds: 1 });
    }
}
