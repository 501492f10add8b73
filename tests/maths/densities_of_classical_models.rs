//! Log densities of the classical models against their definitions and finite differences; diagnostics of chains against theory.

use crate::{assert_close, normals};
use collapsar::exact::{LatentDensity, LogDensity, MixtureDensity, MixtureWeight, Ppca, WeightDensity, convergence};
use nalgebra::{DMatrix, DVector};

const MIXTURE: MixtureWeight = MixtureWeight { first: (-0.5, 1.2), second: (0.8, 0.7), prior: (5.0, 3.0) };

fn noise(seed: u64, count: usize) -> Vec<f64> {
    normals(seed, count).into_iter().map(f64::from).collect()
}

fn value(density: &impl LogDensity, position: &[f64]) -> f64 {
    density.evaluate(position, &mut vec![0.0; position.len()])
}

fn check_gradient(density: &impl LogDensity, position: &[f64]) {
    let mut gradient = vec![0.0; position.len()];
    density.evaluate(position, &mut gradient);
    for (i, slope) in gradient.iter().enumerate() {
        let at = |step: f64| {
            let mut moved = position.to_vec();
            moved[i] += step;
            value(density, &moved)
        };
        // Four points: the error is of fourth order in the step.
        let step = 1e-3;
        let difference = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * step);
        let scale = gradient.iter().fold(1.0_f64, |largest, slope| largest.max(slope.abs()));
        assert!((slope - difference).abs() < 1e-6 * scale, "dimension {i}: {slope} instead of {difference}");
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn log_normal(x: f64, mean: f64, sd: f64) -> f64 {
    -0.5 * ((x - mean) / sd).powi(2) - sd.ln() - 0.5 * (2.0 * std::f64::consts::PI).ln()
}

#[test]
fn gradients_are_finite_differences() {
    let model = Ppca::new(DMatrix::from_row_slice(4, 3, &noise(1, 12)), 0.7).unwrap();
    let latent = LatentDensity::new(&model, &DVector::from_vec(noise(2, 4)));
    // Neither a multiple of the lanes nor within one block of factors.
    let data = noise(3, 2503);
    let weight = WeightDensity::new(&MIXTURE, &data).unwrap();
    let mixture = MixtureDensity::new(&MIXTURE, &data).unwrap();
    for seed in 10..20 {
        check_gradient(&latent, &noise(seed, 3));
        check_gradient(&weight, &noise(seed, 1));
        check_gradient(&mixture, &noise(seed, 5));
    }
}

#[test]
fn values_are_the_definitions() {
    let model = Ppca::new(DMatrix::from_row_slice(4, 2, &noise(1, 8)), 0.7).unwrap();
    let x = DVector::from_vec(noise(2, 4));
    let latent = LatentDensity::new(&model, &x);
    let by_hand = |z: &[f64]| {
        let z = DVector::from_row_slice(z);
        model.log_likelihood(&x, &z) - 0.5 * z.norm_squared()
    };
    let (a, b) = (noise(4, 2), noise(5, 2));
    assert_close(value(&latent, &a) - value(&latent, &b), by_hand(&a) - by_hand(&b), 1e-12, "z");

    let log_beta = |alpha: f64| 4.0 * alpha.ln() + 2.0 * (1.0 - alpha).ln();
    for count in [1, 3, 4, 7, 2048, 2503, 5000] {
        let data: Vec<f64> = noise(6, count).iter().map(|x| 2.0 * x).collect();
        let weight = WeightDensity::new(&MIXTURE, &data).unwrap();
        let by_hand = |theta: f64| {
            let alpha = sigmoid(theta);
            let of = |&x: &f64| {
                (alpha * log_normal(x, -0.5, 1.2).exp() + (1.0 - alpha) * log_normal(x, 0.8, 0.7).exp()).ln()
            };
            // The last term is the Jacobian of the transform.
            data.iter().map(of).sum::<f64>() + log_beta(alpha) + (alpha * (1.0 - alpha)).ln()
        };
        let difference = value(&weight, &[0.9]) - value(&weight, &[-0.4]);
        assert_close(difference, by_hand(0.9) - by_hand(-0.4), 1e-10, "weight");

        let mixture = MixtureDensity::new(&MIXTURE, &data).unwrap();
        let by_hand = |p: [f64; 5]| {
            let (alpha, sd1, sd2) = (sigmoid(p[4]), p[2].exp(), p[3].exp());
            let of = |&x: &f64| {
                (alpha * log_normal(x, p[0], sd1).exp() + (1.0 - alpha) * log_normal(x, p[1], sd2).exp()).ln()
            };
            let priors = log_normal(p[0], 0.0, 2.0)
                + log_normal(p[1], 0.0, 2.0)
                + log_normal(sd1, 0.0, 2.0)
                + log_normal(sd2, 0.0, 2.0)
                + log_beta(alpha);
            let jacobian = sd1.ln() + sd2.ln() + (alpha * (1.0 - alpha)).ln();
            data.iter().map(of).sum::<f64>() + priors + jacobian
        };
        let (here, there) = ([-0.3, 0.9, 0.2, -0.1, 0.4], [0.5, -0.2, -0.3, 0.4, -1.0]);
        let difference = value(&mixture, &here) - value(&mixture, &there);
        assert_close(difference, by_hand(here) - by_hand(there), 1e-10, "mixture");
    }
}

#[test]
fn no_place_overflows() {
    let data: Vec<f64> = (0..3000).map(|i| if i % 2 == 0 { -10.0 } else { 10.0 }).collect();
    let far = MixtureWeight { first: (-10.0, 1.0), second: (10.0, 1.0), prior: (5.0, 5.0) };
    let mut slope = [0.0];
    for theta in [-40.0, 0.0, 40.0] {
        assert!(
            WeightDensity::new(&far, &data).unwrap().evaluate(&[theta], &mut slope).is_finite() && slope[0].is_finite()
        );
    }
    let density = MixtureDensity::new(&far, &data).unwrap();
    let mut slopes = [0.0; 5];
    for position in [[-10.0, 10.0, -8.0, -8.0, 0.0], [0.0, 0.0, 30.0, 0.0, 30.0], [1e6, 0.0, 0.0, 0.0, -30.0]] {
        assert!(density.evaluate(&position, &mut slopes).is_finite(), "{position:?}");
        assert!(slopes.iter().all(|slope| slope.is_finite()), "{position:?}: {slopes:?}");
    }
}

#[test]
fn independent_chains_converge_and_are_worth_their_draws() {
    let chains: Vec<Vec<f64>> = (0..4).map(|chain| noise(30 + chain, 1000)).collect();
    let found = convergence(&chains);
    assert!((found.r_hat - 1.0).abs() < 0.005, "{found:?}");
    assert!((found.effective_draws - 4000.0).abs() < 600.0, "{found:?}");
}

/// x_t = φ x_{t−1} + ε has autocorrelation φ^t: a draw is worth (1 − φ)/(1 + φ) of an independent one.
#[test]
fn correlated_draws_are_worth_less() {
    for phi in [0.5, 0.9, -0.5] {
        let chain = |seed: u64| {
            let mut x = 0.0;
            noise(seed, 20_000)
                .into_iter()
                .map(|e| {
                    x = phi * x + e;
                    x
                })
                .collect::<Vec<f64>>()
        };
        let found = convergence(&(0..4).map(|index| chain(40 + index)).collect::<Vec<_>>());
        let expected = 80_000.0 * (1.0 - phi) / (1.0 + phi);
        assert!((found.effective_draws / expected - 1.0).abs() < 0.15, "φ = {phi}: {found:?} instead of {expected}");
    }
}

#[test]
fn chains_that_disagree_or_drift_are_found() {
    let chains: Vec<Vec<f64>> =
        (0..4).map(|c| noise(60 + c, 1000).iter().map(|x| x + if c == 0 { 100.0 } else { 0.0 }).collect()).collect();
    let found = convergence(&chains);
    // Of eight halves two lie 100 higher: the variance between their means is 100² · 8/7 · ¼ · ¾, that within is 1.
    let expected = (1.0 + 1e4 * (8.0 / 7.0) * 0.1875_f64).sqrt();
    assert!((found.r_hat / expected - 1.0).abs() < 0.03, "{found:?} instead of {expected}");
    assert!(found.effective_draws < 20.0, "{found:?}");
    let drifting: Vec<Vec<f64>> =
        (0..4).map(|c| noise(70 + c, 1000).iter().enumerate().map(|(t, x)| x + t as f64 / 100.0).collect()).collect();
    assert!(convergence(&drifting).r_hat > 1.5);
    let stuck = vec![vec![1.0; 100]; 4];
    assert_eq!(convergence(&stuck).r_hat, 1.0);
}
