//! The weight of a two-component mixture against conjugacy, the reference curves, and the theorem.

use crate::assert_close;
use collapsar::exact::{MixtureError, MixtureWeight};
use quantiles::normal_quantile;

/// Quantiles without a statistics crate, so that data have no sampling error.
mod quantiles {
    /// Inverse of the standard normal distribution function by bisection of its complementary error function's series.
    pub fn normal_quantile(p: f64) -> f64 {
        let (mut low, mut high) = (-10.0, 10.0);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if distribution(middle) < p { low = middle } else { high = middle }
        }
        0.5 * (low + high)
    }

    /// Simpson's rule from 0.
    fn distribution(x: f64) -> f64 {
        let steps = 400;
        let width = x / f64::from(steps);
        let density = |t: f64| (-0.5 * t * t).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let sum: f64 = (0..=steps)
            .map(|i| {
                let weight = if i == 0 || i == steps {
                    1.0
                } else if i % 2 == 1 {
                    4.0
                } else {
                    2.0
                };
                weight * density(f64::from(i) * width)
            })
            .sum();
        0.5 + sum * width / 3.0
    }
}

fn sample(count: usize, mean: f64) -> impl Iterator<Item = f64> {
    (0..count).map(move |i| mean + normal_quantile((i as f64 + 0.5) / count as f64))
}

const PRIOR: (f64, f64) = (5.0, 5.0);

#[test]
fn equal_components_leave_the_prior_however_many_data() {
    let mixture = MixtureWeight { first: (-0.5, 1.0), second: (-0.5, 1.0), prior: PRIOR };
    for count in [20, 1000] {
        let data: Vec<f64> = sample(count, -1.0).collect();
        let posterior = mixture.posterior(&data).unwrap();
        assert!(posterior.log_likelihood_range < 1e-9 && posterior.kl_to_prior.abs() < 1e-9);
        // Beta(5, 5): mean ½, sd √(1/44).
        assert_close(posterior.mean, 0.5, 1e-9, "mean");
        assert_close(posterior.sd, (1.0_f64 / 44.0).sqrt(), 1e-5, "sd");
    }
}

#[test]
fn far_apart_components_give_the_conjugate_posterior() {
    // Each datum says which component it comes from: the posterior is Beta(5 + n₁, 5 + n₂).
    let mixture = MixtureWeight { first: (-10.0, 1.0), second: (10.0, 1.0), prior: PRIOR };
    for count in [20, 100, 1000] {
        let second = count * 15 / 100;
        let data: Vec<f64> = sample(count - second, -10.0).chain(sample(second, 10.0)).collect();
        let posterior = mixture.posterior(&data).unwrap();
        let (a, b) = (5.0 + (count - second) as f64, 5.0 + second as f64);
        assert_close(posterior.mean, a / (a + b), 1e-6, "mean");
        assert_close(posterior.sd, (a * b / ((a + b).powi(2) * (a + b + 1.0))).sqrt(), 1e-4, "sd");
        assert_close(posterior.kl_to_prior, beta_kl((a, b), PRIOR), 1e-4, "KL");
        let proportion = second as f64 / count as f64;
        let at = |alpha: f64| (1.0 - proportion) * alpha.ln() + proportion * (1.0 - alpha).ln();
        let range = posterior.log_likelihood_range / count as f64;
        // The largest value is at the data's own proportion, which lies on the grid.
        assert_close(range, at(1.0 - proportion) - at(0.001), 1e-6, "likelihood range per example");
        assert!(posterior.kl_to_prior <= posterior.log_likelihood_range);
    }
}

#[test]
fn a_posterior_at_an_end_is_resolved() {
    // All data from the first component: Beta(10005, 5), narrower than the grid's spacing and half beyond its last point.
    let mixture = MixtureWeight { first: (-10.0, 1.0), second: (10.0, 1.0), prior: PRIOR };
    let posterior = mixture.posterior(&sample(10_000, -10.0).collect::<Vec<f64>>()).unwrap();
    let (a, b) = (10_005.0, 5.0);
    assert_close(posterior.mean, a / (a + b), 1e-9, "mean");
    assert_close(posterior.sd, (a * b / (a + b + 1.0)).sqrt() / (a + b), 1e-9, "sd");
    assert_close(posterior.kl_to_prior, beta_kl((a, b), PRIOR), 1e-3, "KL");
}

/// KL between Beta distributions by quadrature, a hundred times finer than the grid.
fn beta_kl(from: (f64, f64), to: (f64, f64)) -> f64 {
    let points = 100_000;
    let masses = |(a, b): (f64, f64)| -> Vec<f64> {
        let log: Vec<f64> = (1..points)
            .map(|i| f64::from(i) / f64::from(points))
            .map(|alpha| (a - 1.0) * alpha.ln() + (b - 1.0) * (1.0 - alpha).ln())
            .collect();
        let largest = log.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = log.iter().map(|l| (l - largest).exp()).sum();
        log.iter().map(|l| (l - largest).exp() / total).collect()
    };
    masses(from).iter().zip(masses(to)).filter(|(p, _)| **p > 1e-300).map(|(p, q)| p * (p / q).ln()).sum()
}

#[test]
fn densities_integrate_to_one_and_multiply_prior_by_likelihood() {
    let mixture = MixtureWeight { first: (-0.75, 1.0), second: (0.75, 1.0), prior: PRIOR };
    let data: Vec<f64> = sample(17, -0.5).chain(sample(3, 0.5)).collect();
    let posterior = mixture.posterior(&data).unwrap();
    for density in [&posterior.prior, &posterior.posterior] {
        assert_close(density.iter().sum::<f64>() / 1000.0, 1.0, 1e-9, "integral");
    }
    let ratio = |i: usize| (posterior.posterior[i] / posterior.prior[i]).ln() - posterior.log_likelihood[i];
    for i in [1, 200, 700, 998] {
        assert_close(ratio(i), ratio(500), 1e-9, "Bayes' rule");
    }
    // log p(x | α) from the definition.
    let normal = |x: f64, mean: f64| (-0.5 * (x - mean).powi(2)).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let direct: f64 = data.iter().map(|&x| (0.3 * normal(x, -0.75) + 0.7 * normal(x, 0.75)).ln()).sum();
    assert_close(posterior.log_likelihood[299], direct, 1e-12, "log-likelihood at 0.3");
}

#[test]
fn what_has_no_answer_is_one_sentence() {
    let mixture = MixtureWeight { first: (0.0, 1.0), second: (1.0, 1.0), prior: PRIOR };
    assert_eq!(mixture.posterior(&[]).unwrap_err(), MixtureError::NoData);
    assert_eq!(mixture.posterior(&[0.0, f64::NAN]).unwrap_err(), MixtureError::NotFinite(2));
    let flat = MixtureWeight { second: (1.0, 0.0), ..mixture };
    assert_eq!(flat.posterior(&[0.0]).unwrap_err(), MixtureError::Deviation { component: 2, sd: 0.0 });
    let improper = MixtureWeight { prior: (0.0, 1.0), ..mixture };
    assert!(matches!(improper.posterior(&[0.0]), Err(MixtureError::Prior { .. })));
}
