//! The evaluation pool: the held-out examples that everything is measured on, and their posteriors.

use crate::data::{Dataset, ExampleLayout, ExampleShape};
use crate::device::{DeviceError, read};
use crate::experiment::{Family, LikelihoodKind};
use crate::model::{DiagonalGaussian, LatentModel};
use crate::random::{Purpose, binarize, stream};
use burn::tensor::{Device, Tensor, TensorData};

/// Index of an example in the evaluation pool: the held-out part of the data, in its fixed order.
pub type PoolIndex = usize;

/// Examples measured at most. A mutual-information estimate cannot exceed the logarithm of the pool, 6.93 nats here.
pub const LARGEST_POOL: usize = 1024;
/// Numbers in a pool at most: fewer examples where each has very many dimensions.
const LARGEST_POOL_VALUES: usize = 16 << 20;
/// Examples in a pool at least, however many dimensions they have.
const SMALLEST_POOL: usize = 64;

/// Examples that every measurement is taken over; the same for all variants and all steps.
#[derive(Clone, Debug)]
pub struct EvaluationPool {
    examples: Vec<f32>,
    dimensions: usize,
    conditions: Option<Vec<f32>>,
    layout: ExampleLayout,
    shape: ExampleShape,
    labels: Option<Vec<u32>>,
    inputs: Tensor<2>,
}

/// q(z | x) of every pool example.
#[derive(Clone, Debug, PartialEq)]
pub struct PoolPosteriors {
    mean: Vec<f32>,
    log_variance: Vec<f32>,
    latent_dimensions: usize,
}

impl EvaluationPool {
    /// The first held-out examples on a device without autodiff, their conditions left out.
    pub fn new(data: &Dataset, likelihood: LikelihoodKind, seed: u64, device: &Device) -> Self {
        Self::for_family(data, Family::Vae, likelihood, seed, device)
    }

    /// The first held-out examples on a device without autodiff, with their conditions for a conditional model. For a Bernoulli
    /// likelihood the model sees outputs binarised, once.
    pub fn for_family(data: &Dataset, family: Family, likelihood: LikelihoodKind, seed: u64, device: &Device) -> Self {
        let affordable = (LARGEST_POOL_VALUES / data.dimensions().max(1)).clamp(SMALLEST_POOL, LARGEST_POOL);
        let positions: Vec<usize> = (0..data.held_out_len().min(affordable)).collect();
        let examples = data.held_out_batch(&positions);
        let mut inputs = examples.clone();
        if likelihood == LikelihoodKind::Bernoulli {
            binarize(&mut stream(seed, Purpose::PoolBinarization, 0), &mut inputs);
        }
        // A model that is not given the condition is still drawn with it.
        let conditions = data.held_out_condition(&positions);
        let rows = positions.len();
        let given = conditions.as_deref().filter(|_| family == Family::Conditional);
        let inputs = beside(&inputs, given, rows);
        let inputs = TensorData::new(inputs.clone(), [rows, inputs.len() / rows.max(1)]);
        Self {
            examples,
            dimensions: data.dimensions(),
            conditions,
            layout: data.layout().clone(),
            shape: data.shape(),
            labels: positions.iter().map(|&position| data.held_out_label(position)).collect(),
            inputs: Tensor::from_data(inputs, device),
        }
    }

    /// Examples in the pool.
    pub fn len(&self) -> usize {
        self.examples.len() / self.dimensions
    }

    /// Whether there is nothing to measure on.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// D, of the outputs.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// Whether examples are pictures.
    pub fn is_image(&self) -> bool {
        matches!(self.shape, ExampleShape::Image { .. })
    }

    /// One example as the data have it, `[D]`.
    pub fn example(&self, index: PoolIndex) -> &[f32] {
        &self.examples[index * self.dimensions..][..self.dimensions]
    }

    /// An output of the model given one example's condition, `[D]`, as it is drawn: with the condition in its place, where the data are
    /// pictures.
    pub fn whole(&self, output: &[f32], index: PoolIndex) -> Vec<f32> {
        let Some(conditions) = &self.conditions else { return output.to_vec() };
        let columns = conditions.len() / self.len().max(1);
        self.layout.whole(output, &conditions[index * columns..][..columns])
    }

    /// Class of each example, where the data have labels.
    pub fn labels(&self) -> Option<&Vec<u32>> {
        self.labels.as_ref()
    }

    /// The examples as the model sees them, `[pool, D + C]`.
    pub fn inputs(&self) -> Tensor<2> {
        self.inputs.clone()
    }

    /// One of them, `[1, D + C]`.
    pub fn input(&self, index: PoolIndex) -> Tensor<2> {
        self.inputs.clone().narrow(0, index, 1)
    }

    /// Encodes the whole pool.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn posteriors<M: LatentModel>(&self, model: &M) -> Result<PoolPosteriors, DeviceError> {
        PoolPosteriors::read(model.encode(self.inputs()))
    }
}

/// Rows of outputs and of conditions side by side, row-major `[rows, D + C]`.
pub(crate) fn beside(outputs: &[f32], conditions: Option<&[f32]>, rows: usize) -> Vec<f32> {
    let Some(conditions) = conditions else { return outputs.to_vec() };
    let widths = [outputs.len(), conditions.len()].map(|values| (values / rows.max(1)).max(1));
    let pairs = outputs.chunks_exact(widths[0]).zip(conditions.chunks_exact(widths[1]));
    pairs.flat_map(|(output, condition)| output.iter().chain(condition)).copied().collect()
}

impl PoolPosteriors {
    /// Of posteriors on a device.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn read(posterior: DiagonalGaussian) -> Result<Self, DeviceError> {
        let [_, latent_dimensions] = posterior.mean.dims();
        Ok(Self { mean: read(posterior.mean)?, log_variance: read(posterior.log_variance)?, latent_dimensions })
    }

    /// From plain numbers, both row-major `[pool, K]`.
    pub fn from_parts(mean: Vec<f32>, log_variance: Vec<f32>, latent_dimensions: usize) -> Self {
        Self { mean, log_variance, latent_dimensions }
    }

    /// Examples in the pool.
    pub fn len(&self) -> usize {
        self.mean.len() / self.latent_dimensions
    }

    /// Whether the pool is empty.
    pub fn is_empty(&self) -> bool {
        self.mean.is_empty()
    }

    /// K.
    pub fn latent_dimensions(&self) -> usize {
        self.latent_dimensions
    }

    /// Posterior mean of one example, `[K]`.
    pub fn mean(&self, index: PoolIndex) -> &[f32] {
        &self.mean[index * self.latent_dimensions..][..self.latent_dimensions]
    }

    /// log σ² of one example, `[K]`.
    pub fn log_variance(&self, index: PoolIndex) -> &[f32] {
        &self.log_variance[index * self.latent_dimensions..][..self.latent_dimensions]
    }

    /// Mean and standard deviation of one dimension of one example's posterior.
    pub fn moments(&self, index: PoolIndex, dimension: usize) -> (f32, f32) {
        let at = index * self.latent_dimensions + dimension;
        (self.mean[at], (0.5 * self.log_variance[at]).exp())
    }
}
