//! Densities and divergences against quadrature and direct evaluation.

use crate::{assert_close, matrix, normals};
use burn::tensor::Device;
use collapsar::experiment::{Learnable, LikelihoodKind};
use collapsar::model::{DiagonalGaussian, Likelihood};
use collapsar::nn::Initializer;
use collapsar::random::{Purpose, stream};

fn likelihood(kind: LikelihoodKind, sigma: Learnable) -> Likelihood {
    let device = Device::flex();
    let initializer = Initializer::new(stream(1, Purpose::DecoderWeights, 0), &device);
    Likelihood::new(kind, sigma, &initializer)
}

fn gaussian(z: f64, mean: f64, sd: f64) -> f64 {
    (-0.5 * ((z - mean) / sd).powi(2)).exp() / (sd * (2.0 * std::f64::consts::PI).sqrt())
}

#[test]
fn kl_to_the_prior_matches_quadrature() {
    let (means, log_variances) = ([0.0, 0.7, -2.0, 0.1], [0.0, -1.0, 0.5, -6.0]);
    let posterior = DiagonalGaussian { mean: matrix(1, 4, &means), log_variance: matrix(1, 4, &log_variances) };
    let kl: Vec<f32> = posterior.kl_to_standard_normal().into_data().try_to_vec().unwrap();
    for ((mean, log_variance), kl) in means.iter().zip(log_variances).zip(kl) {
        let (mean, sd) = (f64::from(*mean), (0.5 * f64::from(log_variance)).exp());
        let points = 40_000;
        let width = 24.0 * sd / f64::from(points);
        let integral: f64 = (0..points)
            .map(|i| mean - 12.0 * sd + (f64::from(i) + 0.5) * width)
            .map(|z| {
                let q = gaussian(z, mean, sd);
                if q == 0.0 {
                    0.0
                } else {
                    q * (q.ln() - (-0.5 * z * z - 0.5 * (2.0 * std::f64::consts::PI).ln())) * width
                }
            })
            .sum();
        assert_close(f64::from(kl), integral, 1e-5, "KL");
    }
}

#[test]
fn the_posterior_density_is_a_product_of_normal_densities() {
    let (mean, log_variance, z) = ([0.3, -1.0], [-0.5, 0.8], [0.9, 0.2]);
    let posterior = DiagonalGaussian { mean: matrix(1, 2, &mean), log_variance: matrix(1, 2, &log_variance) };
    let actual: f32 = posterior.log_density(matrix(1, 2, &z)).into_scalar();
    let expected: f64 = (0..2)
        .map(|d| gaussian(f64::from(z[d]), f64::from(mean[d]), (0.5 * f64::from(log_variance[d])).exp()).ln())
        .sum();
    assert_close(f64::from(actual), expected, 1e-6, "log q");
}

#[test]
fn a_gaussian_likelihood_is_a_product_of_normal_densities() {
    let (x, mean) = (normals(3, 10), normals(4, 10));
    for (sigma, value) in [(Learnable::Fixed(0.37), 0.37), (Learnable::Fixed(2.0), 2.0), (Learnable::Learned, 1.0)] {
        let actual: Vec<f32> = likelihood(LikelihoodKind::Gaussian, sigma)
            .log_density(matrix(2, 5, &x), matrix(2, 5, &mean))
            .into_data()
            .try_to_vec()
            .unwrap();
        for (row, actual) in actual.iter().enumerate() {
            let expected: f64 =
                (5 * row..5 * row + 5).map(|i| gaussian(f64::from(x[i]), f64::from(mean[i]), value).ln()).sum();
            assert_close(f64::from(*actual), expected, 1e-5, "log p(x|z)");
        }
    }
}

#[test]
fn a_bernoulli_likelihood_sums_to_one_over_all_outcomes() {
    let logits = [-3.0, 0.4, 12.0];
    let likelihood = likelihood(LikelihoodKind::Bernoulli, Learnable::Fixed(1.0));
    let outcomes: Vec<f32> = (0..8_u8).flat_map(|bits| (0..3).map(move |d| f32::from(bits >> d & 1))).collect();
    let logits: Vec<f32> = logits.repeat(8);
    let log: Vec<f32> =
        likelihood.log_density(matrix(8, 3, &outcomes), matrix(8, 3, &logits)).into_data().try_to_vec().unwrap();
    assert_close(log.iter().map(|l| f64::from(*l).exp()).sum(), 1.0, 1e-5, "total probability");
    let probability = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    let expected = (1.0 - probability(-3.0)).ln() + probability(0.4).ln() + (1.0 - probability(12.0)).ln();
    assert_close(f64::from(log[0b010]), expected, 1e-5, "one outcome");
}
