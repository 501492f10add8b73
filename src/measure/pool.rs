//! The evaluation pool: the held-out examples that everything is measured on, and their posteriors.

use crate::data::{Dataset, ExampleShape};
use crate::device::{DeviceError, read};
use crate::experiment::LikelihoodKind;
use crate::model::LatentModel;
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
    /// The first held-out examples on a device without autodiff. For a Bernoulli likelihood the model sees them binarised, once.
    pub fn new(data: &Dataset, likelihood: LikelihoodKind, seed: u64, device: &Device) -> Self {
        let affordable = (LARGEST_POOL_VALUES / data.dimensions().max(1)).clamp(SMALLEST_POOL, LARGEST_POOL);
        let positions: Vec<usize> = (0..data.held_out_len().min(affordable)).collect();
        let examples = data.held_out_batch(&positions);
        let mut inputs = examples.clone();
        if likelihood == LikelihoodKind::Bernoulli {
            binarize(&mut stream(seed, Purpose::PoolBinarization, 0), &mut inputs);
        }
        let inputs = TensorData::new(inputs, [positions.len(), data.dimensions()]);
        Self {
            examples,
            shape: data.shape(),
            labels: positions.iter().map(|&position| data.held_out_label(position)).collect(),
            inputs: Tensor::from_data(inputs, device),
        }
    }

    /// Examples in the pool.
    pub fn len(&self) -> usize {
        self.examples.len() / self.dimensions()
    }

    /// Whether there is nothing to measure on.
    pub fn is_empty(&self) -> bool {
        self.examples.is_empty()
    }

    /// D.
    pub fn dimensions(&self) -> usize {
        self.shape.dimensions()
    }

    /// Whether examples are pictures.
    pub fn is_image(&self) -> bool {
        matches!(self.shape, ExampleShape::Image { .. })
    }

    /// One example as the data have it, `[D]`.
    pub fn example(&self, index: PoolIndex) -> &[f32] {
        let dimensions = self.dimensions();
        &self.examples[index * dimensions..][..dimensions]
    }

    /// Class of each example, where the data have labels.
    pub fn labels(&self) -> Option<&Vec<u32>> {
        self.labels.as_ref()
    }

    /// The examples as the model sees them, `[pool, D]`.
    pub fn inputs(&self) -> Tensor<2> {
        self.inputs.clone()
    }

    /// Encodes the whole pool.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn posteriors<M: LatentModel>(&self, model: &M) -> Result<PoolPosteriors, DeviceError> {
        let posterior = model.encode(self.inputs());
        Ok(PoolPosteriors {
            mean: read(posterior.mean)?,
            log_variance: read(posterior.log_variance)?,
            latent_dimensions: model.latent_dimensions(),
        })
    }
}

impl PoolPosteriors {
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
