//! The weight α of the first of two Gaussian components: x_i ~ α N(μ₁, σ₁²) + (1 − α) N(μ₂, σ₂²), α ~ Beta(a, b).
//!
//! Where the components are equal the likelihood does not depend on α, and the exact posterior is the prior, however many data:
//! collapse with no neural network and no approximation (Wang, Blei and Cunningham 2021).

use super::weight_moments::{WeightMoments, weight_moments};
use thiserror::Error;

/// Points of the grid over α: i/1000, i = 1 … 999.
const GRID: usize = 999;
/// Factors under one logarithm at most.
const FACTORS: usize = 64;
/// Decimal logarithm of the smallest product of factors, far from underflow.
const SMALLEST_PRODUCT: f64 = -290.0;

/// Two Gaussian components and the prior of their weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MixtureWeight {
    /// Mean and standard deviation of the first component, whose weight is α.
    pub first: (f64, f64),
    /// Mean and standard deviation of the second.
    pub second: (f64, f64),
    /// Parameters a and b of the Beta prior.
    pub prior: (f64, f64),
}

/// The exact posterior of α: densities on the grid, moments and KL by quadrature where its mass is.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightPosterior {
    /// α, ascending.
    pub grid: Vec<f64>,
    /// Σ_i log p(x_i | α), nats.
    pub log_likelihood: Vec<f64>,
    /// Prior density.
    pub prior: Vec<f64>,
    /// Posterior density.
    pub posterior: Vec<f64>,
    /// Largest minus smallest log-likelihood over the grid, nats, summed over the data.
    pub log_likelihood_range: f64,
    /// Posterior mean of α.
    pub mean: f64,
    /// Posterior standard deviation of α.
    pub sd: f64,
    /// KL(posterior ‖ prior), nats.
    pub kl_to_prior: f64,
}

/// A mixture or data set that has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum MixtureError {
    /// No data.
    #[error("the mixture has no data; give at least one number")]
    NoData,
    /// NaN or infinity.
    #[error("value {0} of the data is not a finite number")]
    NotFinite(usize),
    /// σ ≤ 0.
    #[error("component {component} has the standard deviation {sd}; it must be above 0")]
    Deviation {
        /// 1 or 2.
        component: usize,
        /// The value given.
        sd: f64,
    },
    /// a ≤ 0 or b ≤ 0.
    #[error("the prior is Beta({a}, {b}); both parameters must be above 0")]
    Prior {
        /// First parameter.
        a: f64,
        /// Second parameter.
        b: f64,
    },
}

impl MixtureWeight {
    /// α = i/1000, i = 1 … 999.
    pub fn grid() -> impl Iterator<Item = f64> {
        (1..=GRID).map(|i| i as f64 / (GRID + 1) as f64)
    }

    /// The posterior given data, the components being known.
    ///
    /// # Errors
    /// No data, values that are not finite, σ ≤ 0, a prior that is none.
    pub fn posterior(&self, data: &[f64]) -> Result<WeightPosterior, MixtureError> {
        self.check(data)?;
        let (offset, relative) = self.relative_likelihoods(data);
        // Each factor lies between min(α, 1 − α) and 1, so that a logarithm does for a product of as many as do not underflow.
        let log_likelihood_at = |alpha: f64, rest: f64| -> f64 {
            let factors = (SMALLEST_PRODUCT / alpha.min(rest).max(f64::MIN_POSITIVE).log10()) as usize;
            let product = |chunk: &[(f64, f64)]| -> f64 {
                chunk.iter().map(|(first, second)| alpha * first + rest * second).product()
            };
            relative.chunks(factors.clamp(1, FACTORS)).map(|chunk| product(chunk).ln()).sum::<f64>()
        };
        let grid: Vec<f64> = Self::grid().collect();
        let log_likelihood: Vec<f64> =
            grid.iter().map(|&alpha| offset + log_likelihood_at(alpha, 1.0 - alpha)).collect();
        let WeightMoments { mean, sd, kl_to_prior } = weight_moments(self.prior, log_likelihood_at);
        let (a, b) = self.prior;
        let log_prior: Vec<f64> =
            grid.iter().map(|alpha| (a - 1.0) * alpha.ln() + (b - 1.0) * (1.0 - alpha).ln()).collect();
        let joint: Vec<f64> =
            log_prior.iter().zip(&log_likelihood).map(|(prior, likelihood)| prior + likelihood).collect();
        let (prior, posterior) = (masses(&log_prior), masses(&joint));

        let extremes = log_likelihood
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &value| (low.min(value), high.max(value)));
        let density = |masses: Vec<f64>| masses.iter().map(|mass| mass * (GRID + 1) as f64).collect::<Vec<f64>>();
        Ok(WeightPosterior {
            log_likelihood_range: extremes.1 - extremes.0,
            mean,
            sd,
            kl_to_prior,
            prior: density(prior),
            posterior: density(posterior),
            grid,
            log_likelihood,
        })
    }

    /// Σ_i log m_i with m_i the larger of p(x_i | 1) and p(x_i | 2), and both of them divided by it: log(α p(x_i | 1) + (1 − α) p(x_i | 2))
    /// then is log m_i plus the logarithm of a number between min(α, 1 − α) and 1.
    pub(super) fn relative_likelihoods(&self, data: &[f64]) -> (f64, Vec<(f64, f64)>) {
        let log_density = |x: f64, (mean, sd): (f64, f64)| {
            -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
        };
        let pairs = data.iter().map(|&x| (log_density(x, self.first), log_density(x, self.second)));
        let mut offset = 0.0;
        let relative = pairs.map(|(first, second)| {
            offset += first.max(second);
            ((first - second).min(0.0).exp(), (second - first).min(0.0).exp())
        });
        let relative = relative.collect();
        (offset, relative)
    }

    pub(super) fn check(&self, data: &[f64]) -> Result<(), MixtureError> {
        if data.is_empty() {
            return Err(MixtureError::NoData);
        }
        if let Some(at) = data.iter().position(|value| !value.is_finite()) {
            return Err(MixtureError::NotFinite(at + 1));
        }
        for (component, (_, sd)) in [(1, self.first), (2, self.second)] {
            if !(sd > 0.0 && sd.is_finite()) {
                return Err(MixtureError::Deviation { component, sd });
            }
        }
        let (a, b) = self.prior;
        if a > 0.0 && b > 0.0 { Ok(()) } else { Err(MixtureError::Prior { a, b }) }
    }
}

/// Normalised masses of log weights.
fn masses(log_weights: &[f64]) -> Vec<f64> {
    let total = super::grid::log_sum_exp(log_weights);
    log_weights.iter().map(|weight| (weight - total).exp()).collect()
}
