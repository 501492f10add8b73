//! Exact posteriors on a grid against a model whose posterior has a closed form, and against the theorem's bound.

use crate::{assert_close, matrix, normals};
use burn::tensor::{Device, Tensor};
use collapsar::exact::{LatentBall, exact_posterior, posterior_on};
use collapsar::model::{DiagonalGaussian, LatentModel};
use proptest::prelude::*;

/// x = W z + σ ε with a diagonal W in two dimensions.
struct Linear {
    weights: [f64; 2],
    sigma: f64,
}

impl LatentModel for Linear {
    fn latent_dimensions(&self) -> usize {
        2
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        DiagonalGaussian { mean: x.zeros_like(), log_variance: x.zeros_like() }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        z * matrix(1, 2, &self.weights.map(|weight| weight as f32))
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        (x - natural).powi_scalar(2).sum_dim(1).mul_scalar(-0.5 / self.sigma.powi(2)).squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).sum_dim(1).mul_scalar(-0.5).squeeze_dim(1)
    }
}

#[test]
fn a_linear_model_has_its_closed_form_posterior() {
    // A ball that holds all but 1e-8 of the prior, so that nothing is left to truncation.
    let ball = LatentBall::new(2, 6.0).unwrap();
    for (weights, sigma) in [([1.2, 0.4], 0.7), ([0.9, 0.0], 0.3), ([0.05, 0.02], 1.0)] {
        let model = Linear { weights, sigma };
        for x in [[0.8_f32, -0.5], [-0.3, 0.2]] {
            let natural = model.decode(matrix(ball.len(), 2, &ball.points));
            let examples = matrix(1, 2, &x).expand([ball.len(), 2]);
            let log_likelihood: Vec<f32> = model.log_likelihood(examples, natural).into_data().try_to_vec().unwrap();
            let posterior = posterior_on(&ball, &log_likelihood);
            let mut kl = 0.0;
            for d in 0..2 {
                let variance = 1.0 / (1.0 + (weights[d] / sigma).powi(2));
                let mean = variance * weights[d] * f64::from(x[d]) / sigma.powi(2);
                assert!((posterior.mean[d] - mean).abs() < 1e-5, "mean {} instead of {mean}", posterior.mean[d]);
                kl += 0.5 * (mean * mean + variance - variance.ln() - 1.0);
            }
            assert!((posterior.kl - kl).abs() < 1e-5, "KL {} instead of {kl}", posterior.kl);
        }
    }
}

#[test]
fn a_posterior_narrower_than_the_grid_has_no_answer() {
    let model = Linear { weights: [1.0, 1.0], sigma: 0.01 };
    assert!(exact_posterior(&model, matrix(1, 2, &[0.3, 0.1]), &Device::flex()).unwrap().is_none());
}

#[test]
fn a_flat_likelihood_leaves_the_prior() {
    let model = Linear { weights: [0.0, 0.0], sigma: 1.0 };
    let (radius, posteriors) = exact_posterior(&model, matrix(1, 2, &[1.0, 2.0]), &Device::flex()).unwrap().unwrap();
    assert_eq!((radius, posteriors[0].likelihood_range), (3.0, 0.0));
    assert!(posteriors[0].kl.abs() < 1e-12);
}

/// x that does not depend on z, in any number of latent dimensions.
struct Flat(usize);

impl LatentModel for Flat {
    fn latent_dimensions(&self) -> usize {
        self.0
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        let mean = x.narrow(1, 0, 1).repeat_dim(1, self.0).zeros_like();
        DiagonalGaussian { log_variance: mean.clone(), mean }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        z.narrow(1, 0, 1).zeros_like()
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        (x - natural).powi_scalar(2).sum_dim(1).mul_scalar(-0.5).squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).sum_dim(1).mul_scalar(-0.5).squeeze_dim(1)
    }
}

#[test]
fn the_priors_own_mass_at_the_border_widens_no_grid() {
    // In three dimensions some 7 % of the prior lie between 2.5 and 3, more than the 1 % that a posterior may have in excess.
    for latent in 1..=3 {
        let (radius, posteriors) =
            exact_posterior(&Flat(latent), matrix(1, 1, &[1.0]), &Device::flex()).unwrap().unwrap();
        assert_eq!((radius, posteriors[0].likelihood_range), (3.0, 0.0), "K = {latent}");
        assert!(latent < 3 || posteriors[0].border_mass > 0.01, "{}", posteriors[0].border_mass);
    }
}

#[test]
fn a_grid_that_misses_mass_is_widened() {
    let model = Linear { weights: [1.0, 1.0], sigma: 0.1 };
    let (radius, posteriors) = exact_posterior(&model, matrix(1, 2, &[4.5, 0.0]), &Device::flex()).unwrap().unwrap();
    assert!(radius >= 5.0, "{radius}");
    assert_close(posteriors[0].mean[0], 4.5 / 1.01, 0.01, "mean");
}

#[test]
fn more_than_three_dimensions_have_no_grid() {
    let ball = LatentBall::new(3, 3.0).unwrap();
    // Lattice points of spacing ¼ in a ball of radius 3: its volume over the cell's, up to the surface.
    assert_close(ball.len() as f64, 4.0 / 3.0 * std::f64::consts::PI * 27.0 * 64.0, 0.02, "points");
    assert_close(ball.log_prior.iter().map(|mass| mass.exp()).sum(), 1.0, 1e-12, "prior");
    assert!(LatentBall::new(4, 3.0).is_none() && LatentBall::new(0, 3.0).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// KL(p(z|x) ‖ p(z)) ≤ min(R, R²/8) on the grid, for any likelihood: here random smooth functions of z.
    #[test]
    fn kl_is_bounded_by_the_likelihood_range(seed in 0_u64..1_000_000, scale in 0.001_f32..30.0, waves in 1_usize..6) {
        let ball = LatentBall::new(1, 3.0).unwrap();
        let coefficients = normals(seed, 3 * waves);
        let log_likelihood: Vec<f32> = ball
            .points
            .iter()
            .map(|z| scale * coefficients.chunks_exact(3).map(|c| c[0] * (2.0 * c[1] * z + c[2]).tanh()).sum::<f32>())
            .collect();
        let posterior = posterior_on(&ball, &log_likelihood);
        let range = posterior.likelihood_range;
        prop_assert!(posterior.kl >= -1e-9);
        prop_assert!(posterior.kl <= range.min(range * range / 8.0) + 1e-9, "KL {} with R {range}", posterior.kl);
    }
}
