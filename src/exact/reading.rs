//! What [`super::ClassicalSession`] answers: a classical model's likelihood, and its posterior by every way of inference.

use crate::experiment::{Inference, MixtureSettings, PpcaSettings};
use std::sync::Arc;

/// Everything about a classical model as it is set now.
#[derive(Clone, Debug, PartialEq)]
pub enum ClassicalReading {
    /// Probabilistic PCA.
    Ppca(Box<PpcaReading>),
    /// The weight of a mixture.
    Mixture(Box<MixtureReading>),
}

/// Probabilistic PCA of a data set, and the posterior of one example.
#[derive(Clone, Debug, PartialEq)]
pub struct PpcaReading {
    /// The settings that this belongs to.
    pub settings: PpcaSettings,
    /// N.
    pub examples: usize,
    /// D, constant columns left out.
    pub dimensions: usize,
    /// Remarks on the data, one sentence each: constant columns that were left out, rows that were left out.
    pub warnings: Vec<String>,
    /// Eigenvalues λ of the data's covariance (1/n), descending, `[D]`.
    pub eigenvalues: Vec<f64>,
    /// W, one column `[D]` per latent dimension, `[K][D]`.
    pub weights: Vec<Vec<f64>>,
    /// max(½ log(λ_i/σ²), 0), nats: the KL of latent dimension i at maximum likelihood, `[K]`.
    pub predicted_kl: Vec<f64>,
    /// Index of the example that is looked at.
    pub example: usize,
    /// That example with the data's mean removed, `[D]`.
    pub centered: Vec<f64>,
    /// log p(x | z) of the example over the first two latent dimensions, or over the only one.
    pub surface: LikelihoodSurface,
    /// Exact, mean-field and, once it is sampled, HMC, in this order.
    pub posteriors: Vec<PpcaInference>,
}

/// log p(x | z) over a latent plane or line around 0.
#[derive(Clone, Debug, PartialEq)]
pub struct LikelihoodSurface {
    /// The axes go from −reach to reach.
    pub reach: f32,
    /// Points per axis.
    pub side: usize,
    /// Nats; `[side, side]` with the second dimension ascending by rows, `[side]` for K = 1. Other latent dimensions are at the exact
    /// posterior mean.
    pub log_likelihood: Arc<Vec<f32>>,
    /// R, largest minus smallest value, nats.
    pub range: f64,
}

/// Posterior of PPCA by one way of inference.
#[derive(Clone, Debug, PartialEq)]
pub struct PpcaInference {
    /// The way.
    pub inference: Inference,
    /// Posterior mean of the example, `[K]`.
    pub mean: Vec<f64>,
    /// Posterior covariance, row-major `[K, K]`; diagonal for mean-field.
    pub covariance: Vec<f64>,
    /// KL of each latent dimension's marginal to the prior, nats, `[K]`: averaged over examples for exact and mean-field, of the looked-at
    /// example (through its moments) for HMC.
    pub kl_per_dimension: Vec<f64>,
    /// The same for the joint posterior.
    pub kl: f64,
    /// KL of each marginal of the looked-at example, nats, `[K]`: comparable between all ways.
    pub example_kl_per_dimension: Vec<f64>,
    /// What sampling left behind; none for the others.
    pub sampling: Option<Sampling>,
}

/// Draws and their diagnostics.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// Draws of the quantities of interest, row-major `[draws, quantities]`, all chains after one another.
    pub draws: Vec<f64>,
    /// Draws in all.
    pub count: usize,
    /// Chains.
    pub chains: usize,
    /// Split R̂ of each quantity (Vehtari et al. 2021); near 1 when chains agree.
    pub r_hat: Vec<f64>,
    /// Effective sample size of each quantity, over all chains.
    pub effective_draws: Vec<f64>,
    /// Divergent transitions after warm-up.
    pub divergences: usize,
}

/// The weight of a mixture, given data.
#[derive(Clone, Debug, PartialEq)]
pub struct MixtureReading {
    /// The settings that this belongs to.
    pub settings: MixtureSettings,
    /// Histogram of the data: edges, one more than there are counts.
    pub edges: Vec<f64>,
    /// Counts between the edges.
    pub counts: Vec<usize>,
    /// Mean and standard deviation of both components, as the data were drawn.
    pub components: [[f64; 2]; 2],
    /// α = i/1000, i = 1 … 999.
    pub grid: Vec<f64>,
    /// Prior density on the grid.
    pub prior: Vec<f64>,
    /// log p(data | α) at the known components, nats per example, on the grid.
    pub log_likelihood: Vec<f64>,
    /// R, nats, summed over the data.
    pub log_likelihood_range: f64,
    /// R/N.
    pub log_likelihood_range_per_example: f64,
    /// By way of inference, as far as known: with fixed parameters exact first; with integrated parameters there is no exact answer and HMC
    /// stands for it.
    pub posteriors: Vec<WeightInference>,
}

/// Posterior of the weight by one way of inference.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightInference {
    /// The way.
    pub inference: Inference,
    /// Density on the grid of [`MixtureReading`]; of HMC's draws a histogram of 50 equal bins over [0, 1], read at the grid.
    pub density: Vec<f64>,
    /// Posterior mean of α.
    pub mean: f64,
    /// Posterior standard deviation of α.
    pub sd: f64,
    /// KL to the prior, nats.
    pub kl_to_prior: f64,
    /// What sampling left behind; its only quantity is α. None for the others.
    pub sampling: Option<Sampling>,
}
