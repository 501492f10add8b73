//! Likelihood before inference (Yacoby, Pan, Doshi-Velez 2019).
//!
//! The likelihood stage trains an autoencoder without noise: z = h(x) is the mean of the encoder, and penalties make the codes of a batch
//! look like draws from N(0, I). The inference stage then fits q to the generative model as it is, which is the evidence lower bound with
//! the decoder frozen. After a repeat h is the mean of that q, since both are the same network here.

use super::{Descent, batch_mean};
use crate::experiment::LibiSettings;
use crate::model::{LatentModel, Vae};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Variance that whitening adds, as a part of what a dimension has: far above rounding, far below what a model needs.
const RELATIVE_RIDGE: f64 = 1e-6;
/// The same for a dimension that has none.
const ABSOLUTE_RIDGE: f64 = 1e-20;
/// Exponents of penalties up to here are taken as they are. e⁸ is 2,981 nats, more than any likelihood that training starts with is off by;
/// single precision would end at e⁸⁸.
const LARGEST_EXPONENT: f64 = 8.0;

/// Where the algorithm is after some steps; a function of their number alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LibiPhase {
    /// Repeat, from 0; after the last one, their number.
    pub repeat: u64,
    /// What the next step is on.
    pub stage: LibiStage,
    /// Whether the next step is the first of its stage.
    pub is_first: bool,
}

/// The two steps of the algorithm, and what comes after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LibiStage {
    /// Likelihood of the generative model, with deterministic codes that must look like the prior.
    Likelihood,
    /// Inference, with the generative model frozen.
    Inference,
    /// All repeats are done and the best generative model is in place: inference goes on.
    Done,
}

impl LibiPhase {
    /// Where the algorithm is after `step` steps.
    pub fn at(settings: &LibiSettings, step: u64) -> Self {
        let length = settings.likelihood_steps + settings.inference_steps;
        let (repeat, within) = (step / length, step % length);
        if repeat >= settings.repeats {
            let is_first = step == settings.repeats * length;
            return Self { repeat: settings.repeats, stage: LibiStage::Done, is_first };
        }
        let stage = if within < settings.likelihood_steps { LibiStage::Likelihood } else { LibiStage::Inference };
        Self { repeat, stage, is_first: within == 0 || within == settings.likelihood_steps }
    }
}

/// The Henze–Zirkler statistic of Gaussianity of codes `[n, K]`, n ≥ 2, `[1]` (Henze and Zirkler 1990, eq. 1.3 and 2.6).
///
/// With D_jk and D_j the squared Mahalanobis distances between two codes, and of a code from the mean, under the biased covariance, and
/// b = ((2K + 1) n / 4)^(1/(K+4)) / √2:
///
/// HZ = 1/n Σ_jk e^(−b² D_jk / 2) − 2 (1 + b²)^(−K/2) Σ_j e^(−b² D_j / (2 (1 + b²))) + n (1 + 2 b²)^(−K/2).
///
/// Below 1 on average for Gaussian codes, and the larger the less Gaussian; blind to mean and covariance.
pub fn henze_zirkler(codes: Tensor<2>) -> Tensor<1> {
    let [count, latent] = codes.dims();
    let (n, k) = (count as f64, latent as f64);
    let squared_b = 0.5 * ((2.0 * k + 1.0) * n / 4.0).powf(2.0 / (k + 4.0));
    let white = whitened(codes);
    let norms = white.clone().square().sum_dim(1);
    let products = white.clone().matmul(white.transpose());
    let distances = norms.clone() + norms.clone().transpose() - products.mul_scalar(2.0);
    let between = distances.mul_scalar(-0.5 * squared_b).exp().sum().div_scalar(n);
    let from_mean = norms.mul_scalar(-0.5 * squared_b / (1.0 + squared_b)).exp().sum();
    between - from_mean.mul_scalar(2.0 * (1.0 + squared_b).powf(-0.5 * k)) + n * (1.0 + 2.0 * squared_b).powf(-0.5 * k)
}

/// Codes `[n, K]` with mean 0 and biased covariance I, so that their squared distances are Mahalanobis distances S⁻¹ of the codes given.
///
/// A sweep of K steps, as in a Cholesky factorisation of S: step k takes the part along column k, orthogonal to the columns before it, out
/// of all columns after it, and divides column k by its standard deviation. It needs no inverse and forms no S, whose condition number would
/// be the square. Where codes have no variance left in a direction (all of them equal, or one latent dimension a multiple of another), S has
/// no inverse; a variance of a millionth of the dimension's own is added, so that this direction becomes one in which the codes do not vary:
/// the value and its gradient are finite, and the statistic high.
fn whitened(codes: Tensor<2>) -> Tensor<2> {
    let [_, latent] = codes.dims();
    let mut rest = codes.clone() - codes.mean_dim(0);
    let mut columns = Vec::with_capacity(latent);
    let ridges = rest.clone().square().mean_dim(0).mul_scalar(RELATIVE_RIDGE).add_scalar(ABSOLUTE_RIDGE);
    for index in 0..latent {
        let column = rest.clone().narrow(1, 0, 1);
        let variance = column.clone().square().mean_dim(0) + ridges.clone().narrow(1, index, 1);
        let unit = column / variance.sqrt();
        if index + 1 < latent {
            let others = rest.narrow(1, 1, latent - index - 1);
            let along = (others.clone() * unit.clone()).mean_dim(0);
            rest = others - unit.clone() * along;
        } else {
            rest = unit.clone();
        }
        columns.push(unit);
    }
    Tensor::cat(columns, 1)
}

/// What keeps codes `[n, K]` like draws from the prior, `[1]` (eq. 44):
/// ε_HZ e^HZ + e^(‖Cov − I‖² / ε_Σ) + e^(‖mean‖² / ε_μ), with the biased covariance and its Frobenius norm.
///
/// Codes far from the prior would overflow: beyond an exponent of 8 each e^y goes on along its tangent, e⁸ (1 + y − 8), which grows with
/// what is wrong and has the gradient of a penalty of fixed, large weight.
pub fn code_penalty(codes: Tensor<2>, settings: &LibiSettings) -> Tensor<1> {
    let [count, latent] = codes.dims();
    let mean = codes.clone().mean_dim(0);
    let centered = codes.clone() - mean.clone();
    let covariance = centered.clone().transpose().matmul(centered).div_scalar(count as f64);
    let excess = covariance.clone() - Tensor::eye(latent, &covariance.device());
    let moments = bounded_exp(excess.square().sum().div_scalar(settings.covariance_tolerance))
        + bounded_exp(mean.square().sum().div_scalar(settings.mean_tolerance));
    // It costs n² distances: without a weight, none is computed.
    if settings.gaussianity_weight == 0.0 {
        return moments;
    }
    moments + bounded_exp(henze_zirkler(codes)).mul_scalar(settings.gaussianity_weight)
}

fn bounded_exp(exponent: Tensor<1>) -> Tensor<1> {
    let above = exponent.clone().sub_scalar(LARGEST_EXPONENT).clamp_min(0.0);
    exponent.clamp_max(LARGEST_EXPONENT).exp() + above.mul_scalar(LARGEST_EXPONENT.exp())
}

/// A step on the likelihood at deterministic codes, −mean log p(x | h(x)) + [`code_penalty`], of distinct examples `x: [batch, D]`.
///
/// Told of it are the reconstruction at the codes, and the KL of q as it is, which has no part in the loss.
pub fn descend_likelihood(model: &Vae, x: Tensor<2>, settings: &LibiSettings) -> Descent {
    let posterior = model.encode(x.clone());
    let codes = posterior.mean.clone();
    let kl = batch_mean(&model.kl_given(&posterior, || codes.clone()));
    let reconstruction = model.log_likelihood(x.clone(), model.decode_for(codes.clone(), x)).mean().neg();
    // Zero times the KL: a part of the graph that no backward pass visits stays with parameters that never change, and grows with every step.
    let loss = reconstruction.clone() + code_penalty(codes, settings) + kl.clone().mul_scalar(0.0);
    Descent {
        gradients: GradientsParams::from_grads(loss.backward(), model),
        reconstruction: reconstruction.inner(),
        kl: kl.inner(),
    }
}
