//! Mean, standard deviation and KL of a mixture weight's posterior, by quadrature where its mass is: a fixed grid over α resolves neither a posterior
//! narrower than its spacing nor one that lies at an end.

use super::weight_inference::log_beta;

/// Points of the trapezoidal rule, which converges faster than any power of its spacing here.
const POINTS: usize = 161;
/// Below the mode by so many nats there is nothing left to count.
const DROP: f64 = 45.0;
/// Zooming in ends when the mass fills at least this share of the range.
const FILLED: f64 = 0.5;
const MOST_ZOOMS: usize = 40;

/// Of the posterior of α.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WeightMoments {
    pub mean: f64,
    pub sd: f64,
    /// Nats.
    pub kl_to_prior: f64,
}

/// Of the density ∝ Beta(α; a, b) exp(log_likelihood(α, 1 − α)), over θ = log(α/(1 − α)), where it has tails that end:
/// p(θ) ∝ α^a (1 − α)^b exp(log_likelihood).
pub(super) fn weight_moments(prior: (f64, f64), log_likelihood: impl Fn(f64, f64) -> f64) -> WeightMoments {
    let (a, b) = prior;
    let evaluate = |theta: f64| {
        let (alpha, rest) = ((1.0 + (-theta).exp()).recip(), (1.0 + theta.exp()).recip());
        let likelihood = log_likelihood(alpha, rest);
        // log α and log(1 − α) without their rounding to 0.
        (-a * softplus(-theta) - b * softplus(theta) + likelihood, likelihood, alpha)
    };
    let (mut low, mut high) = (-DROP / a - 10.0, DROP / b + 10.0);
    let mut values = Vec::new();
    let mut spacing = 0.0;
    for _ in 0..MOST_ZOOMS {
        spacing = (high - low) / (POINTS - 1) as f64;
        let at = |index: usize| low + index as f64 * spacing;
        values = (0..POINTS).map(|index| evaluate(at(index))).collect();
        let best = highest(&values);
        let counts = |value: &(f64, f64, f64)| value.0 > best - DROP;
        let first = values.iter().position(counts).unwrap_or(0).saturating_sub(1);
        let last = (values.iter().rposition(counts).unwrap_or(POINTS - 1) + 1).min(POINTS - 1);
        if (last - first) as f64 >= FILLED * (POINTS - 1) as f64 {
            break;
        }
        (low, high) = (at(first), at(last));
    }
    let best = highest(&values);
    let weights: Vec<f64> = values.iter().map(|(joint, ..)| (joint - best).exp()).collect();
    let total: f64 = weights.iter().sum();
    let average = |of: &dyn Fn(&(f64, f64, f64)) -> f64| {
        weights.iter().zip(&values).map(|(weight, value)| weight * of(value)).sum::<f64>() / total
    };
    let mean = average(&|value| value.2);
    let log_evidence = best + (total * spacing).ln() - log_beta(a, b);
    WeightMoments {
        mean,
        sd: average(&|value| (value.2 - mean).powi(2)).sqrt(),
        // Rounding may leave the KL of equal distributions slightly negative.
        kl_to_prior: (average(&|value| value.1) - log_evidence).max(0.0),
    }
}

fn highest(values: &[(f64, f64, f64)]) -> f64 {
    values.iter().map(|(joint, ..)| *joint).fold(f64::NEG_INFINITY, f64::max)
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
