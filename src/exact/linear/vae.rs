//! The linear VAE: p(z) = N(0, η_e² I), p(y | z) = N(Uz, η² I), q(z | x) = N(Wx, diag s), data centred (or with biases).
//!
//! L = E_q\[−log p(y | z)\] + β KL, nats per example.

use super::decoder_variance::{LearnedVariance, with_fixed_encoder, with_learned_encoder};
use super::error::{check_beta, check_latent, check_variance};
use super::{LinearError, Mode, Target};
use crate::experiment::Learnable;
use std::f64::consts::PI;

/// Settings of a linear VAE; all are variances, not standard deviations.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearVae {
    /// K.
    pub latent_dimensions: usize,
    /// β.
    pub beta: f64,
    /// η².
    pub decoder_variance: Learnable,
    /// η_e².
    pub prior_variance: f64,
    /// s.
    pub encoder_variance: EncoderVariance,
}

/// Variances of q(z | x).
#[derive(Clone, Debug, PartialEq)]
pub enum EncoderVariance {
    /// One per latent dimension, optimised.
    Learned,
    /// One for all.
    Isotropic(f64),
    /// One for each, in any order.
    PerDimension(Vec<f64>),
}

/// The optimum of a linear VAE.
#[derive(Clone, Debug, PartialEq)]
pub struct VaeOptimum {
    /// K of them, largest eigenvalue first.
    pub modes: Vec<Mode>,
    /// E‖y − Uz‖².
    pub reconstruction_error: f64,
    /// L, nats per example, with the Gaussian's constant.
    pub loss: f64,
    /// η².
    pub decoder_variance: f64,
    /// Whether the optimum fixes the sorted KLs.
    pub is_determined: bool,
    /// Whether a smaller decoder variance would be as good as the one that is given.
    pub is_flat_decoder: bool,
    /// Whether coordinates mean nothing: KLs are by mode, the eigenvalues of the covariance of posterior means.
    pub is_by_mode: bool,
    /// What a person should know.
    pub note: Option<String>,
}

impl VaeOptimum {
    /// KLs, descending.
    pub fn kl_per_dimension(&self) -> Vec<f64> {
        let mut kl: Vec<f64> = self.modes.iter().map(|mode| mode.kl).collect();
        kl.sort_by(|a, b| b.total_cmp(a));
        kl
    }

    /// Dimensions that the decoder uses.
    pub fn active_dimensions(&self) -> usize {
        self.modes.iter().filter(|mode| mode.is_active()).count()
    }
}

impl LinearVae {
    /// The global optimum for a target.
    ///
    /// # Errors
    /// Settings out of range, or a loss without an optimum.
    pub fn optimum(&self, target: &Target) -> Result<VaeOptimum, LinearError> {
        let fixed = self.checked()?;
        let (latent, beta) = (self.latent_dimensions, self.beta);
        let learned = match (self.decoder_variance, &fixed) {
            (Learnable::Fixed(value), _) => LearnedVariance { value, is_flat: false },
            (Learnable::Learned, None) => with_learned_encoder(target, latent, beta)?,
            (Learnable::Learned, Some(fixed)) => with_fixed_encoder(target, fixed, beta, self.prior_variance)?,
        };
        let threshold = beta * learned.value;
        let modes: Vec<Mode> = match &fixed {
            None => {
                let mode = |theta| Mode::learned(theta, threshold, self.prior_variance);
                target.top(latent).into_iter().map(mode).collect()
            }
            Some(fixed) => {
                let pairs = target.top(latent).into_iter().zip(fixed);
                pairs.map(|(theta, &variance)| Mode::fixed(theta, threshold, self.prior_variance, variance)).collect()
            }
        };
        let kl: f64 = modes.iter().map(|mode| mode.kl).sum();
        let reconstruction_error = modes.iter().map(|mode| mode.residual).sum::<f64>() + target.unexplained(latent);
        let loss = reconstruction_loss(reconstruction_error, learned.value, target.dimensions()) + beta * kl;
        if !loss.is_finite() {
            return Err(LinearError::Overflow);
        }
        let is_by_mode = fixed.as_ref().is_some_and(|fixed| fixed.windows(2).any(|pair| pair[0] == pair[1]));
        let note = match (learned.is_flat, is_by_mode) {
            (true, _) => Some(format!(
                "the decoder variance is not determined: {:.6} and every smaller one have the same loss, so that the KLs, given here for the \
                 largest, can be any larger ones",
                learned.value
            )),
            (_, true) => Some(BY_MODE.to_owned()),
            _ => None,
        };
        Ok(VaeOptimum {
            modes,
            reconstruction_error,
            loss,
            decoder_variance: learned.value,
            is_determined: !learned.is_flat,
            is_flat_decoder: learned.is_flat,
            is_by_mode,
            note,
        })
    }

    /// The eigenvalue above which a mode is active where the decoder variance is η²: βη², times s/η_e² for one fixed encoder variance s.
    /// `None` where each dimension has its own.
    pub fn threshold(&self, decoder_variance: f64) -> Option<f64> {
        match &self.encoder_variance {
            EncoderVariance::Learned => Some(self.beta * decoder_variance),
            EncoderVariance::Isotropic(variance) => Some(self.beta * decoder_variance * variance / self.prior_variance),
            EncoderVariance::PerDimension(_) => None,
        }
    }

    /// Fixed encoder variances, ascending: the largest θ is paired with the smallest, which the trace inequality makes optimal.
    fn checked(&self) -> Result<Option<Vec<f64>>, LinearError> {
        check_latent("the number of latent dimensions", self.latent_dimensions)?;
        check_beta("β", self.beta)?;
        check_variance("the prior variance", self.prior_variance)?;
        if let Learnable::Fixed(value) = self.decoder_variance {
            check_variance("the decoder variance", value)?;
        }
        let mut fixed = match &self.encoder_variance {
            EncoderVariance::Learned => return Ok(None),
            EncoderVariance::Isotropic(variance) => vec![*variance; self.latent_dimensions],
            EncoderVariance::PerDimension(variances) => variances.clone(),
        };
        if fixed.len() != self.latent_dimensions {
            return Err(LinearError::EncoderVariances { found: fixed.len(), latent: self.latent_dimensions });
        }
        fixed.iter().try_for_each(|variance| check_variance("an encoder variance", *variance))?;
        fixed.sort_by(f64::total_cmp);
        Ok(Some(fixed))
    }
}

/// What equal fixed encoder variances mean for KLs.
pub(super) const BY_MODE: &str = "KLs are by mode, from the eigenvalues of the covariance of the posterior means: with equal fixed encoder \
                                  variances the loss does not change when z is rotated, so that those of single coordinates are not determined";

/// E‖y − ŷ‖²/(2η²) + D/2 log(2πη²).
pub(super) fn reconstruction_loss(error: f64, variance: f64, dimensions: usize) -> f64 {
    error / (2.0 * variance) + 0.5 * dimensions as f64 * (2.0 * PI * variance).ln()
}
