//! The weight of a mixture by every way of inference but the exact one: [`WeightInference`] from draws and from a Gaussian over logit α.

use super::density::{MixtureDensity, WeightDensity, sigmoid};
use super::hmc::{HmcSettings, sample};
use super::mean_field::{FactorisedGaussian, advi, gaussian, quadrature};
use super::{ClassicalError, MixtureWeight, Sampling, WeightInference, WeightPosterior};
use crate::data::LoadMonitor;
use crate::experiment::{Inference, MixtureParameters};

/// Bins of the histogram of draws over [0, 1].
const BINS: usize = 50;
/// Random stream of variational inference, which no chain has.
const VARIATIONAL_STREAM: u64 = 1 << 32;

impl WeightInference {
    /// The exact posterior.
    pub fn exact(posterior: WeightPosterior) -> Self {
        Self {
            inference: Inference::Exact,
            density: posterior.posterior,
            mean: posterior.mean,
            sd: posterior.sd,
            kl_to_prior: posterior.kl_to_prior,
            sampling: None,
        }
    }

    /// α by Hamiltonian Monte Carlo, with the components known or integrated out; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`MixtureWeight::posterior`] and [`sample`].
    pub fn hmc(
        mixture: &MixtureWeight,
        data: &[f64],
        parameters: MixtureParameters,
        settings: &HmcSettings,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let sampling = match parameters {
            MixtureParameters::Fixed => {
                let density = WeightDensity::new(mixture, data)?;
                sample(&density, &|position| vec![sigmoid(position[0])], settings, monitor)?
            }
            MixtureParameters::Integrated => {
                let density = MixtureDensity::new(mixture, data)?;
                sample(&density, &|position| vec![sigmoid(position[4])], settings, monitor)?
            }
        };
        Ok(sampling.map(|sampling| Self::of_draws(sampling, mixture.prior)))
    }

    /// α by mean-field variational inference; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`MixtureWeight::posterior`] and [`advi`].
    pub fn mean_field(
        mixture: &MixtureWeight,
        data: &[f64],
        parameters: MixtureParameters,
        seed: u64,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let posterior = match parameters {
            MixtureParameters::Fixed => {
                let (a, b) = mixture.prior;
                gaussian(&WeightDensity::new(mixture, data)?, (a / b).ln(), monitor)
            }
            MixtureParameters::Integrated => {
                advi(&MixtureDensity::new(mixture, data)?, seed, VARIATIONAL_STREAM, monitor)?
            }
        };
        Ok(posterior.map(|posterior| Self::of_gaussian(&posterior, mixture.prior)))
    }

    /// Of draws of α.
    fn of_draws(sampling: Sampling, prior: (f64, f64)) -> Self {
        let draws = &sampling.draws;
        let count = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / count;
        let mut counts = [0_usize; BINS];
        for alpha in draws {
            counts[((alpha * BINS as f64) as usize).min(BINS - 1)] += 1;
        }
        let density = |alpha: f64| {
            let bin = ((alpha * BINS as f64) as usize).min(BINS - 1);
            counts[bin] as f64 * BINS as f64 / count
        };
        let log_prior = draws.iter().map(|alpha| log_beta_density(*alpha, 1.0 - alpha, prior)).sum::<f64>() / count;
        Self {
            inference: Inference::Hmc,
            density: MixtureWeight::grid().map(density).collect(),
            mean,
            sd: (draws.iter().map(|alpha| (alpha - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt(),
            kl_to_prior: -entropy(draws) - log_prior,
            sampling: Some(sampling),
        }
    }

    /// Of a Gaussian over logit α, its last dimension.
    fn of_gaussian(posterior: &FactorisedGaussian, prior: (f64, f64)) -> Self {
        let (center, width) = (posterior.mean[posterior.mean.len() - 1], posterior.sd[posterior.sd.len() - 1]);
        let expectation = |f: &dyn Fn(f64) -> f64| -> f64 {
            quadrature().iter().map(|(noise, weight)| weight * f(center + width * noise)).sum()
        };
        let mean = expectation(&sigmoid);
        let variance = expectation(&|theta| (sigmoid(theta) - mean).powi(2));
        // Both densities with respect to θ = logit α: the KL is the same, and dα/dθ = α (1 − α).
        let log_prior = expectation(&|theta| {
            let (alpha, rest) = (sigmoid(theta), sigmoid(-theta));
            log_beta_density(alpha, rest, prior) + alpha.ln() + rest.ln()
        });
        let entropy = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + width.ln();
        let density = |alpha: f64| {
            let distance = ((alpha / (1.0 - alpha)).ln() - center) / width;
            (-0.5 * distance * distance).exp() / ((2.0 * std::f64::consts::PI).sqrt() * width * alpha * (1.0 - alpha))
        };
        Self {
            inference: Inference::MeanField,
            density: MixtureWeight::grid().map(density).collect(),
            mean,
            sd: variance.sqrt(),
            kl_to_prior: -entropy - log_prior,
            sampling: None,
        }
    }
}

/// Differential entropy from draws, nats, by spacings (Vasicek 1976): one over k draws has mass k/n, and its logarithm is low by
/// log k − ψ(k) ≈ 1/2k on average. It needs no bins, so that a posterior of any width has its entropy.
fn entropy(draws: &[f64]) -> f64 {
    let mut sorted = draws.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len();
    let reach = (count as f64).cbrt().round().max(1.0) as usize;
    let spacing = |at: usize| {
        let (low, high) = (at.saturating_sub(reach), (at + reach).min(count - 1));
        // Draws that a rejected trajectory repeats must not have the entropy of a point.
        let width = (sorted[high] - sorted[low]).max(f64::MIN_POSITIVE);
        let draws = (high - low) as f64;
        (count as f64 * width / draws).ln() + 0.5 / draws
    };
    (0..count).map(spacing).sum::<f64>() / count as f64
}

/// log Beta(α; a, b), with `rest` = 1 − α.
fn log_beta_density(alpha: f64, rest: f64, (a, b): (f64, f64)) -> f64 {
    (a - 1.0) * alpha.ln() + (b - 1.0) * rest.ln() - log_beta(a, b)
}

/// log B(a, b) = log Γ(a) + log Γ(b) − log Γ(a + b).
pub(super) fn log_beta(a: f64, b: f64) -> f64 {
    log_gamma(a) + log_gamma(b) - log_gamma(a + b)
}

/// log Γ(x) for x > 0 by Stirling's series, brought to where three terms of it are exact to rounding by Γ(x + 1) = x Γ(x).
fn log_gamma(x: f64) -> f64 {
    const SERIES_FROM: f64 = 30.0;
    let (mut x, mut shift) = (x, 0.0);
    while x < SERIES_FROM {
        shift += x.ln();
        x += 1.0;
    }
    let square = x * x;
    let series = (1.0 / 12.0 - (1.0 / 360.0 - 1.0 / (1260.0 * square)) / square) / x;
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * std::f64::consts::PI).ln() + series - shift
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal, StandardUniform};

    #[test]
    fn log_gamma_is_the_factorials_and_the_half_integers() {
        let mut factorial = 0.0;
        for n in 1..60 {
            assert!((log_gamma(f64::from(n)) - factorial).abs() < 1e-12 * factorial.max(1.0), "{n}");
            factorial += f64::from(n).ln();
        }
        assert!((log_gamma(0.5) - 0.5 * std::f64::consts::PI.ln()).abs() < 1e-13);
        // B(5, 5) = 1/630.
        assert!((log_beta(5.0, 5.0) + 630.0_f64.ln()).abs() < 1e-12);
    }

    /// Averages over twenty sets of 4,000 draws, so that what is tested is the estimator's bias.
    #[test]
    fn entropy_of_draws_is_that_of_their_distribution() {
        let average = |draw: &dyn Fn(&mut ChaCha8Rng) -> f64| {
            let of = |index| {
                let mut random = stream(3, Purpose::Measurement, index);
                entropy(&(0..4000).map(|_| draw(&mut random)).collect::<Vec<f64>>())
            };
            (0..20).map(of).sum::<f64>() / 20.0
        };
        for width in [1e-4, 1.0] {
            let uniform = average(&|random| 0.5 + width * Distribution::<f64>::sample(&StandardUniform, random));
            assert!((uniform - f64::ln(width)).abs() < 0.005, "width {width}: {uniform}");
            let normal = average(&|random| 0.5 + width * Distribution::<f64>::sample(&StandardNormal, random));
            let expected = 0.5 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln() + width.ln();
            assert!((normal - expected).abs() < 0.02, "width {width}: {normal} instead of {expected}");
        }
    }
}
