//! [`Measures`]: everything that is measured over the evaluation pool.

use super::divergence::{kl_per_dimension, mean, posterior_mean_variance};
use super::{
    ACTIVE_UNIT_VARIANCE, AggregateFit, EvaluationPool, LevelMeasures, LikelihoodEstimate, ModelInformation,
    PoolPosteriors, learned_prior, levels,
};
use crate::device::{DeviceError, read};
use crate::exact::PriorDensity;
use crate::model::LatentModel;
use crate::random::{Purpose, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Everything measured over the evaluation pool, in nats per example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// E_x KL(q(z_d | x) ‖ p(z_d)) per dimension, in latent order. Under a learned mixture E_x E_q log q(z_d | x) − log p(z_d | z_1 … z_{d−1}), over
    /// samples: never negative in expectation, and dependent on the order of the dimensions, while the sum is the KL to the mixture.
    pub kl_per_dimension: Vec<f32>,
    /// Their sum.
    pub kl: f32,
    /// `Var_x E_q[z_d]` per dimension, n − 1 in the denominator; of z1 in a hierarchical model in units of σ₁², the variance of p(z1 | z2).
    pub posterior_mean_variance: Vec<f32>,
    /// Number of dimensions with `posterior_mean_variance` ≥ [`ACTIVE_UNIT_VARIANCE`].
    pub active_units: usize,
    /// The other dimensions.
    pub collapsed_dimensions: Vec<usize>,
    /// −E_q log p(x | z): exact for linear maps and a Gaussian likelihood, otherwise from one sample per example.
    pub reconstruction: f32,
    /// reconstruction + kl.
    pub negative_elbo: f32,
    /// I_q(x; z), estimated over the pool.
    pub mutual_information: f32,
    /// log of the pool's size, which the estimate cannot exceed.
    pub mutual_information_cap: f32,
    /// KL(q(z) ‖ p(z)) = kl − mutual information (Hoffman and Johnson 2016).
    pub marginal_kl: f32,
    /// Examples in the pool.
    pub pool: usize,
    /// Standard deviation of a Gaussian likelihood.
    pub sigma: Option<f32>,
    /// Information under the model itself; measured at every fifth periodic evaluation and at the end.
    #[serde(default)]
    pub model_information: Option<ModelInformation>,
    /// Log-likelihood and the gap to the ELBO; measured when the model's own information is.
    #[serde(default)]
    pub likelihood: Option<LikelihoodEstimate>,
    /// The aggregated posterior against N(0, I), unless the prior is a learned mixture; measured when the model's own information is.
    #[serde(default)]
    pub aggregate: Option<AggregateFit>,
    /// Lower bound on I_p(x; z) from the auxiliary model of a mutual autoencoder, nats.
    #[serde(default)]
    pub information_bound: Option<f32>,
    /// The latent levels, the one next to the data first; their dimensions follow each other in every list per dimension.
    #[serde(default)]
    pub levels: Vec<LevelMeasures>,
}

impl Measures {
    /// [`LevelMeasures::active_in_x`] over all levels.
    pub fn active_in_x(&self) -> (usize, bool) {
        let levels = self.levels.iter().map(LevelMeasures::active_in_x);
        let both = |(sum, any): (usize, bool), (active, is_by_mode): (usize, bool)| (sum + active, any || is_by_mode);
        // Measures of a run saved by an earlier version have no levels.
        let active = self.kl_per_dimension.len().saturating_sub(self.collapsed_dimensions.len());
        levels.reduce(both).unwrap_or((active, false))
    }
}

/// Measures a model over the pool. Noise depends on the seed alone, so that the same weights give the same numbers.
///
/// # Errors
/// A device that fails to answer.
pub fn measure<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    sigma: Option<f32>,
    seed: u64,
    device: &Device,
) -> Result<Measures, DeviceError> {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let noise = normals(&mut stream(seed, Purpose::Measurement, 0), count * latent);
    let levels = level_posteriors(model, pool, posteriors)?;
    let reconstruction = if model.has_exact_expectation() || levels.len() > 1 {
        levels::reconstruction(model, pool, &noise, device)?
    } else {
        one_sample_reconstruction(model, pool, posteriors, &noise, device)?
    };
    let prior = PriorDensity::of(model)?;
    let kl_per_dimension = match levels.len() {
        1 if prior.is_learned() => learned_prior::kl_per_dimension(posteriors, &prior, seed),
        1 => kl_per_dimension(posteriors),
        _ => levels::kl_per_dimension(model, pool, seed, device)?,
    };
    let kl = kl_per_dimension.iter().sum();
    let posterior_mean_variance: Vec<f32> = levels.iter().flat_map(posterior_mean_variance).collect();
    let modes = levels::kl_per_mode(model, pool, posteriors, seed, device)?;
    let levels = levels::measures(model, &levels, modes, &kl_per_dimension, &noise);
    let is_active = |variance: &f32| *variance >= ACTIVE_UNIT_VARIANCE;
    // z2 depends on x through z1 alone: what both levels know is what z1 knows.
    let mutual_information = levels.first().map_or(0.0, |level| level.mutual_information);
    Ok(Measures {
        active_units: posterior_mean_variance.iter().copied().filter(is_active).count(),
        collapsed_dimensions: (0..latent).filter(|&d| !is_active(&posterior_mean_variance[d])).collect(),
        posterior_mean_variance,
        kl_per_dimension,
        kl,
        reconstruction,
        negative_elbo: reconstruction + kl,
        mutual_information,
        mutual_information_cap: (count as f32).ln(),
        marginal_kl: kl - mutual_information,
        pool: count,
        sigma,
        model_information: None,
        likelihood: None,
        aggregate: None,
        information_bound: None,
        levels,
    })
}

/// q of every level's own variable over the pool.
fn level_posteriors<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
) -> Result<Vec<PoolPosteriors>, DeviceError> {
    if model.level_dimensions().len() == 1 {
        return Ok(vec![posteriors.clone()]);
    }
    model.encode_levels(pool.inputs()).into_iter().map(PoolPosteriors::read).collect()
}

/// −log p(x | z) at one sample per example, averaged over the pool.
fn one_sample_reconstruction<M: LatentModel>(
    model: &M,
    pool: &EvaluationPool,
    posteriors: &PoolPosteriors,
    noise: &[f32],
    device: &Device,
) -> Result<f32, DeviceError> {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let sample = |at: usize| {
        let (mean, sd) = posteriors.moments(at / latent, at % latent);
        mean + sd * noise[at]
    };
    let samples: Vec<f32> = (0..count * latent).map(sample).collect();
    let z = Tensor::<2>::from_data(TensorData::new(samples, [count, latent]), device);
    let log_likelihood = read(model.log_likelihood(pool.inputs(), model.decode_for(z, pool.inputs())))?;
    Ok(-mean(log_likelihood.iter().copied()))
}
