//! Mutual information under the model, on samples from it, and the floor that a Brenier decoder's construction certifies.

use crate::device::{DeviceError, read};
use crate::exact::{self, LatentBall, PriorDensity};
use crate::kernels;
use crate::model::LatentModel;
use crate::random::{Purpose, binarize, normals, stream};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Samples from the model while it trains.
pub const PERIODIC_SAMPLES: usize = 256;
/// Samples from the model at the end of a run.
pub const FINAL_SAMPLES: usize = 1024;
/// Samples of the prior in the mixture that stands for p(x) where there is no grid: the logarithm caps the estimate. The larger one is for
/// models whose information comes near the cap of the other.
const MIXTURES: [usize; 2] = [1024, 16_384];
/// An estimate this far below its cap has a bias of a few hundredths, some e^I/2M; nats.
const CLEAR_OF_THE_CAP: f64 = 2.0;
/// Data dimensions above which only the smaller mixture is affordable.
const LARGE_DATA: usize = 64;
/// Grids, coarse first: of this radius under N(0, I), since examples drawn from the model may come from anywhere under the prior …
const GRID_RADIUS: f64 = 5.0;
/// … of so many radii of a learned prior, which is as much …
const LEARNED_RADII: f64 = GRID_RADIUS / exact::SMALLEST_RADIUS;
/// … and with these spacings for K = 1 and K = 2.
const GRID_SPACINGS: [[f64; 3]; 2] = [[0.05, 0.02, 0.005], [0.2, 0.1, 0.05]];

/// I(x; z) of the model p(z) p(x|z), estimated on samples from the model; nats.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelInformation {
    /// The estimate.
    pub mutual_information: f32,
    /// Its standard error.
    pub standard_error: f32,
    /// What the estimate cannot exceed, where it has a cap.
    pub cap: Option<f32>,
    /// Samples from the model behind it.
    pub samples: usize,
    /// (K/2) log(1 + L²/σ²), L = m²: what a Brenier decoder with Gaussian noise of standard deviation σ certifies under N(0, I); `None` for others,
    /// for Bernoulli likelihoods and under a learned prior.
    pub floor: Option<f32>,
}

/// What the estimate needs to know of a model besides the model.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    /// σ of a Gaussian likelihood; `None` for a Bernoulli likelihood.
    pub sigma: Option<f32>,
    /// L with ‖decoder(z) − decoder(z′)‖ ≥ L ‖z − z′‖ for all z, z′, where one is certified.
    pub expansion: Option<f64>,
}

/// I(x; z) of the model, on `samples` examples drawn from it.
///
/// For K ≤ 2 it is the mean of KL(p(z|x) ‖ p(z)) on a grid, which is I(x; z) in expectation. Otherwise, and where a posterior is
/// narrower than the grid's spacing, it is the mean of log p(x|z) − log 1/M Σ_j p(x|z_j) with z itself among M ≥ 1,024 samples of
/// the prior: below log M for any model, and in expectation never above I(x; z).
///
/// # Errors
/// A device that fails to answer.
pub fn model_information<M: LatentModel>(
    model: &M,
    noise: Noise,
    samples: usize,
    seed: u64,
    device: &Device,
) -> Result<ModelInformation, DeviceError> {
    let latent = model.latent_dimensions();
    let prior = PriorDensity::of(model)?;
    let natural = model.decode(prior_samples(&prior, samples, seed, device));
    let x = observed(model, noise, natural, seed, device)?;
    let (terms, cap) = match on_grid(model, &prior, &x, device)? {
        Some(terms) => (terms, None),
        None => {
            let (terms, cap) = against_mixture(model, &prior, &x, seed, device)?;
            (terms, Some(cap as f32))
        }
    };
    let mean = terms.iter().sum::<f64>() / samples as f64;
    let variance = terms.iter().map(|term| (term - mean).powi(2)).sum::<f64>() / (samples.max(2) - 1) as f64;
    let floor =
        |sigma: f32, expansion: f64| (0.5 * latent as f64 * (expansion / f64::from(sigma)).powi(2).ln_1p()) as f32;
    Ok(ModelInformation {
        mutual_information: mean as f32,
        standard_error: (variance / samples as f64).sqrt() as f32,
        cap,
        samples,
        floor: noise
            .sigma
            .zip(noise.expansion)
            .filter(|_| !prior.is_learned())
            .map(|(sigma, expansion)| floor(sigma, expansion)),
    })
}

/// One example drawn from p(x|z) for each natural parameter `[samples, D]`.
fn observed<M: LatentModel>(
    model: &M,
    noise: Noise,
    natural: Tensor<2>,
    seed: u64,
    device: &Device,
) -> Result<Tensor<2>, DeviceError> {
    let shape = natural.dims();
    let mean = model.mean_output(natural);
    let mut generator = stream(seed, Purpose::ModelSamples, 1);
    Ok(match noise.sigma {
        Some(sigma) => {
            let noise = normals(&mut generator, shape.iter().product());
            mean + Tensor::from_data(TensorData::new(noise, shape), device).mul_scalar(sigma)
        }
        None => {
            let mut values = read(mean)?;
            binarize(&mut generator, &mut values);
            Tensor::from_data(TensorData::new(values, shape), device)
        }
    })
}

/// KL of each example's exact posterior; `None` without a grid that resolves them all.
fn on_grid<M: LatentModel>(
    model: &M,
    prior: &PriorDensity,
    x: &Tensor<2>,
    device: &Device,
) -> Result<Option<Vec<f64>>, DeviceError> {
    let latent = model.latent_dimensions();
    let (radius, scale) = match prior.is_learned() {
        true => (LEARNED_RADII * prior.radius(), prior.scale()),
        false => (GRID_RADIUS, 1.0),
    };
    let spacings = latent.checked_sub(1).and_then(|at| GRID_SPACINGS.get(at)).into_iter().flatten();
    for &spacing in spacings {
        let Some(ball) = LatentBall::with_spacing(latent, radius, scale * spacing) else { return Ok(None) };
        let ball = ball.under(prior);
        let posteriors = exact::posteriors_on(model, &ball, x, device)?;
        if ball.holds_prior() && posteriors.iter().all(|posterior| posterior.is_resolved()) {
            return Ok(Some(posteriors.iter().map(|posterior| posterior.kl).collect()));
        }
    }
    Ok(None)
}

/// log p(x_i|z_i) − log 1/M Σ_j p(x_i|z_j) for each of the examples drawn from the first z_j, with log M.
fn against_mixture<M: LatentModel>(
    model: &M,
    prior: &PriorDensity,
    x: &Tensor<2>,
    seed: u64,
    device: &Device,
) -> Result<(Vec<f64>, f64), DeviceError> {
    let [samples, dimensions] = x.dims();
    let [smaller, larger] = MIXTURES.map(|count| count.max(samples));
    let against = |count: usize| -> Result<(Vec<f64>, f64), DeviceError> {
        let natural = model.decode(prior_samples(prior, count, seed, device));
        let table = read(model.log_likelihood_table(x.clone(), natural))?;
        let term = |(own, row): (usize, &[f32])| f64::from(row[own] - kernels::log_mean_exp(row));
        Ok((table.chunks_exact(count).enumerate().map(term).collect(), (count as f64).ln()))
    };
    let (terms, cap) = against(smaller)?;
    let mean = terms.iter().sum::<f64>() / samples as f64;
    if dimensions <= LARGE_DATA && mean > cap - CLEAR_OF_THE_CAP { against(larger) } else { Ok((terms, cap)) }
}

/// The first `count` of a sequence of samples of the prior, `[count, K]`.
fn prior_samples(prior: &PriorDensity, count: usize, seed: u64, device: &Device) -> Tensor<2> {
    let latent = prior.latent_dimensions();
    let mut z = normals(&mut stream(seed, Purpose::ModelSamples, 0), count * latent);
    prior.place(&mut z, &mut stream(seed, Purpose::ModelSamples, 2));
    Tensor::from_data(TensorData::new(z, [count, latent]), device)
}
