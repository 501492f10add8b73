//! Random numbers keyed by (seed, purpose, index): no state to carry, so that variants share batches and noise, reset returns
//! to the same start, CPU and GPU see the same numbers, and a resumed run goes on bit for bit.
//!
//! ChaCha is a counter-based generator: the seed is its key, purpose and index choose one of its 2⁶⁴ streams.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

/// What random numbers are for. Part of every saved run: do not renumber.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Purpose {
    /// Initial weights of the encoder.
    EncoderWeights = 1,
    /// Initial weights of the decoder.
    DecoderWeights = 2,
    /// Order of the training examples; one stream an epoch.
    BatchOrder = 3,
    /// Reparameterisation noise; one stream a step.
    LatentNoise = 4,
    /// Binarisation of training batches; one stream a step.
    Binarization = 5,
    /// Samples drawn for measurements over the evaluation pool.
    Measurement = 6,
    /// Binarisation of the evaluation pool.
    PoolBinarization = 7,
    /// Samples from the model itself.
    ModelSamples = 8,
    /// Data of classical models.
    ClassicalData = 9,
    /// Hamiltonian Monte Carlo and stochastic variational inference; one stream a chain.
    Sampler = 10,
    /// Batches and noise of steps that train the encoder alone; several streams a step.
    InnerSteps = 11,
    /// Noise of the steps that refine posteriors; several streams a step.
    Refinement = 12,
    /// Samples from the prior and from the likelihood while training; several streams a step.
    TrainingSamples = 13,
    /// Initial weights of what a training method adds to the model.
    AuxiliaryWeights = 14,
    /// Samples of the aggregated posterior that are drawn on the screen.
    DrawnSamples = 15,
}

/// The generator for one purpose and index (step, epoch, chunk).
pub fn stream(seed: u64, purpose: Purpose, index: u64) -> ChaCha8Rng {
    let mut generator = ChaCha8Rng::seed_from_u64(seed);
    generator.set_stream((purpose as u64) << 56 | (index & ((1 << 56) - 1)));
    generator
}

/// `count` standard normal numbers.
pub fn normals(generator: &mut ChaCha8Rng, count: usize) -> Vec<f32> {
    let distribution = StandardNormal;
    (0..count).map(|_| distribution.sample(generator)).collect()
}

/// One Bernoulli sample per probability, as 0 or 1.
pub fn binarize(generator: &mut ChaCha8Rng, probabilities: &mut [f32]) {
    for probability in probabilities {
        let uniform: f32 = StandardUniform.sample(generator);
        *probability = if uniform < *probability { 1.0 } else { 0.0 };
    }
}

/// Positions of the training batches: epoch after epoch, each a fresh permutation of all examples.
#[derive(Clone, Debug)]
pub struct BatchOrder {
    seed: u64,
    epoch: Option<u64>,
    permutation: Vec<usize>,
}

impl BatchOrder {
    /// Order over `examples` training examples.
    pub fn new(seed: u64, examples: usize) -> Self {
        Self { seed, epoch: None, permutation: (0..examples).collect() }
    }

    /// Positions of the batch of step `step` (from 0).
    pub fn batch(&mut self, step: u64, batch_size: usize) -> Vec<usize> {
        let examples = self.permutation.len() as u64;
        let first = step * batch_size as u64;
        (first..first + batch_size as u64)
            .map(|at| {
                self.go_to(at / examples);
                self.permutation[(at % examples) as usize]
            })
            .collect()
    }

    fn go_to(&mut self, epoch: u64) {
        if self.epoch == Some(epoch) {
            return;
        }
        // Shuffled from the identity, so that an epoch's order does not depend on the epochs before.
        self.permutation.iter_mut().enumerate().for_each(|(at, position)| *position = at);
        self.permutation.shuffle(&mut stream(self.seed, Purpose::BatchOrder, epoch));
        self.epoch = Some(epoch);
    }
}
