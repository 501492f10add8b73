//! Information under the model: linear models against their closed form, Brenier decoders against the floor they certify.

use crate::assert_close;
use crate::linear::{Linear, scaled, settings};
use burn::tensor::Device;
use collapsar::measure::{self, ModelInformation, Noise, PoolPosteriors, model_information};
use collapsar::model::BrenierDecoder;
use nalgebra::DMatrix;
use proptest::prelude::*;

fn of(model: &Linear, samples: usize) -> ModelInformation {
    let noise = Noise { sigma: Some(model.ppca.sigma as f32), expansion: None };
    model_information(model, noise, samples, 3, &Device::flex()).unwrap()
}

/// ½ log det(I + WᵀW/σ²).
fn exact(model: &Linear) -> f64 {
    let weights = &model.ppca.weights;
    let latent = weights.ncols();
    let information = DMatrix::identity(latent, latent) + weights.tr_mul(weights) / model.ppca.sigma.powi(2);
    0.5 * information.determinant().ln()
}

#[test]
fn the_information_of_a_linear_model_is_its_closed_form() {
    let models = [
        Linear::new(1, &[0.3, 0.1], 1.0),
        Linear::new(1, &[2.0, 0.3], 0.5),
        Linear::new(2, &[1.0, 0.2, -0.3, 0.6], 0.8),
        Linear::new(2, &[1.0, 0.2, -0.3, 0.6], 0.2),
        Linear::new(3, &[0.8, 0.0, 0.1, 0.2, 0.6, 0.0, 0.0, 0.1, 0.4], 0.9),
    ];
    for model in models {
        let estimate = of(&model, 1024);
        let (value, error) = (f64::from(estimate.mutual_information), f64::from(estimate.standard_error));
        // Where there is no grid, log p(x) is estimated too: a bias of some e^I/2M.
        let bias = estimate.cap.map_or(0.0, |_| exact(&model).exp() / 1024.0);
        assert!((value - exact(&model)).abs() <= 4.0 * error + bias, "{value} ± {error} and {}", exact(&model));
        assert_eq!(estimate.cap.is_some(), model.ppca.weights.ncols() == 3);
        assert_eq!((estimate.samples, estimate.floor), (1024, None));
    }
}

#[test]
fn without_a_grid_the_estimate_stays_below_its_cap() {
    // 11.6 nats, far above the logarithm of any mixture.
    let model = Linear::new(3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 0.021);
    assert!(exact(&model) > 11.0);
    for samples in [64, 1024] {
        let estimate = of(&model, samples);
        let cap = estimate.cap.unwrap();
        assert_eq!(cap, 16_384_f32.ln());
        assert!(estimate.mutual_information <= cap + 1e-5 && estimate.mutual_information > cap - 0.3, "{estimate:?}");
    }
}

#[test]
fn information_near_the_cap_of_the_smaller_mixture_is_estimated_with_the_larger() {
    // Too certain for a grid over two dimensions: 7.0 nats.
    let model = Linear::new(2, &[1.0, 0.0, 0.0, 1.0], 0.03);
    let estimate = of(&model, 512);
    assert_eq!(estimate.cap, Some(16_384_f32.ln()));
    let (value, error) = (f64::from(estimate.mutual_information), f64::from(estimate.standard_error));
    // Some e^I/2M below.
    let bias = 0.5 * exact(&model).exp() / 16_384.0;
    assert!((value - exact(&model)).abs() <= 4.0 * error + 2.0 * bias, "{value} ± {error} and {}", exact(&model));
}

#[test]
fn a_model_without_information_has_none() {
    for latent in [1, 2, 3] {
        let estimate = of(&Linear::new(latent, &vec![0.0; 4 * latent], 1.0), 256);
        assert!(estimate.mutual_information.abs() < 1e-5 && estimate.standard_error < 1e-5, "{estimate:?}");
    }
}

#[test]
fn brenier_decoders_have_at_least_the_information_that_they_certify() {
    for latent in [1, 2, 3] {
        for (convexity, sigma) in
            [("0.5", "0.6"), ("0.5", "1.0"), ("0.5", "1.5"), ("1", "0.5"), ("1", "1.0"), ("1", "0.03"), ("0.3", "0.1")]
        {
            // Random weights, and none at all: then x = L z + σ ε, and the floor is the information itself.
            for scale in [2.0, 1.0, 0.3, 0.0] {
                let (mut settings, data) = settings(
                    "surplus-dimensions",
                    &[
                        "data.examples=100",
                        "model.hidden=[16, 16]",
                        &format!("model.latent_dimensions={latent}"),
                        &format!("variants.brenier.model.convexity={convexity}"),
                        &format!("model.sigma={sigma}"),
                    ],
                );
                settings.seed = latent as u64;
                let model = scaled(&settings, &data, scale);
                let noise = Noise {
                    sigma: model.likelihood().sigma().unwrap(),
                    expansion: model.brenier().map(BrenierDecoder::expansion),
                };
                let estimate = model_information(&model, noise, 512, 5, &Device::flex()).unwrap();
                let floor = f64::from(estimate.floor.unwrap());
                let (m, sigma): (f64, f64) = (convexity.parse().unwrap(), sigma.parse().unwrap());
                assert_close(floor, 0.5 * latent as f64 * (1.0 + m.powi(4) / sigma.powi(2)).ln(), 1e-5, "floor");
                let (value, error) = (f64::from(estimate.mutual_information), f64::from(estimate.standard_error));
                let what = format!(
                    "K = {latent}, m = {m}, σ = {sigma}, weights times {scale}: {value} ± {error}, floor {floor}"
                );
                // A mixture of M samples in the place of p(x) errs downwards by some e^I/2M, and cannot tell more than log M.
                let cap = estimate.cap.map_or(f64::INFINITY, f64::from);
                let bias = if cap.is_finite() { 0.5 * (floor - cap).exp() } else { 0.0 };
                assert!(value + 4.0 * error + bias >= floor.min(cap - 0.3), "{what}, cap {cap}");
                if scale == 0.0 {
                    // softplus(0) > 0, so that the maps still bend a little more than their floor.
                    assert!(value <= 2.0 * floor + 0.05 + 4.0 * error, "{what}");
                }
            }
        }
    }
}

#[test]
fn bernoulli_likelihoods_have_information_and_no_floor() {
    let (settings, data) = settings("digits", &["model.hidden=[16]"]);
    let model = scaled(&settings, &data, 1.0);
    let noise = Noise { sigma: None, expansion: model.brenier().map(BrenierDecoder::expansion) };
    let estimate = model_information(&model, noise, 128, 5, &Device::flex()).unwrap();
    assert!(estimate.floor.is_none() && estimate.mutual_information > 0.0);
    assert!(estimate.mutual_information <= estimate.cap.unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// MI ≤ KL for any posteriors, within the error of the estimate, and MI ≤ log n.
    #[test]
    fn mutual_information_under_q_is_below_its_kl_and_its_cap(
        seed in 0_u64..100_000,
        count in 2_usize..60,
        latent in 1_usize..5,
        spread in 0.0_f32..3.0,
        width in -3.0_f32..1.0,
    ) {
        let mean = crate::normals(seed, count * latent).iter().map(|x| spread * x).collect();
        let log_variance = crate::normals(seed + 1, count * latent).iter().map(|x| 0.5 * x + width).collect();
        let posteriors = PoolPosteriors::from_parts(mean, log_variance, latent);
        let kl: f64 = measure::kl_per_dimension(&posteriors).iter().map(|&kl| f64::from(kl)).sum();
        let draws: Vec<f64> = (0..24)
            .map(|draw| f64::from(measure::mutual_information(&posteriors, &crate::normals(seed + 2 + draw, count * latent))))
            .collect();
        let mean = draws.iter().sum::<f64>() / 24.0;
        let error = (draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (23.0 * 24.0)).sqrt();
        prop_assert!(mean <= kl + 5.0 * error + 1e-5, "{mean} ± {error} and KL {kl}");
        prop_assert!(draws.iter().all(|&draw| draw <= (count as f64).ln() + 1e-5));
    }
}
