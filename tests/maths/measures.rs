//! Measures against closed forms, brute force and a model whose posterior is known.

use crate::{assert_close, matrix, normals};
use burn::tensor::{Device, Tensor};
use collapsar::data::{Dataset, ExampleShape};
use collapsar::exact::PriorDensity;
use collapsar::experiment::LikelihoodKind;
use collapsar::measure::{self, EvaluationPool, PoolPosteriors};
use collapsar::model::{DiagonalGaussian, LatentModel};
use proptest::prelude::*;

/// x = w z + σ ε in one dimension; its encoder has the exact posterior's mean, and `narrowed` times its variance.
struct LinearGaussian {
    weight: f64,
    sigma: f64,
    narrowed: f64,
}

impl LinearGaussian {
    fn posterior_variance(&self) -> f64 {
        1.0 / (1.0 + self.weight.powi(2) / self.sigma.powi(2))
    }
}

impl LatentModel for LinearGaussian {
    fn latent_dimensions(&self) -> usize {
        1
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        let variance = self.posterior_variance();
        let mean = x.mul_scalar(variance * self.weight / self.sigma.powi(2));
        DiagonalGaussian { log_variance: mean.zeros_like().add_scalar((self.narrowed * variance).ln()), mean }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        z.mul_scalar(self.weight)
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        let constant = self.sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln();
        (x - natural).powi_scalar(2).mul_scalar(-0.5 / self.sigma.powi(2)).sub_scalar(constant).squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).mul_scalar(-0.5).sub_scalar(0.5 * (2.0 * std::f64::consts::PI).ln()).squeeze_dim(1)
    }
}

fn pool(values: Vec<f32>) -> EvaluationPool {
    let data = Dataset::from_examples("line", ExampleShape::Vector(1), values, None).unwrap();
    EvaluationPool::new(&data, LikelihoodKind::Gaussian, 1, &Device::flex())
}

#[test]
fn importance_weighting_gives_the_evidence_also_where_q_is_too_narrow() {
    let pool = pool(normals(5, 400));
    for narrowed in [1.0, 0.5, 0.25] {
        let model = LinearGaussian { weight: 1.3, sigma: 0.6, narrowed };
        let variance = model.weight.powi(2) + model.sigma.powi(2);
        let exact: f64 = (0..pool.len())
            .map(|index| f64::from(pool.example(index)[0]))
            .map(|x| -0.5 * x * x / variance - 0.5 * (2.0 * std::f64::consts::PI * variance).ln())
            .sum::<f64>()
            / pool.len() as f64;
        // Relative variance of a weight: ∫ p² / (½ q + ½ q′) − 1 of the posterior p, in units of its own deviation.
        let density =
            |z: f64, variance: f64| (-0.5 * z * z / variance).exp() / (2.0 * std::f64::consts::PI * variance).sqrt();
        let steps = (-4000..=4000).map(|step| f64::from(step) * 5e-3);
        let squared = |z: f64| {
            let proposal = 0.5 * (density(z, narrowed) + density(z, 2.0 * narrowed));
            if proposal > 0.0 { density(z, 1.0).powi(2) / proposal } else { 0.0 }
        };
        let relative: f64 = steps.map(squared).sum::<f64>() * 5e-3 - 1.0;
        let samples = 500.0;
        let estimate = measure::likelihood_estimate(&model, &pool, [pool.len(), 500], 7, &Device::flex()).unwrap();
        // The logarithm of a mean of S weights is biased by −½ relative / S, and scatters by √(relative / S).
        let expected = exact - 0.5 * relative / samples;
        let error = 4.0 * (relative / samples / pool.len() as f64).sqrt() + 1e-5;
        let found = estimate.log_likelihood;
        assert!((found - expected).abs() < error, "{narrowed}: {found} instead of {expected} ± {error}");
        // KL(q ‖ p) = ½ (narrowed − 1 − log narrowed), from one half of the samples: e² of 250 draws has a deviation of √2.
        let gap = 0.5 * (narrowed - 1.0 - narrowed.ln());
        let error = error + 4.0 * 0.5 * (1.0 - narrowed) * (2.0 / 250.0 / pool.len() as f64).sqrt() + 1e-3;
        let found = estimate.posterior_matching();
        assert!((found - gap).abs() < error, "{narrowed}: {found} instead of {gap} ± {error}");
    }
}

#[test]
fn measures_of_a_linear_model_match_their_closed_forms() {
    // Data drawn from the model: KL_d = −½ log(1 − a) with a the variance of the posterior mean (notes on the linear case).
    let model = LinearGaussian { weight: 1.5, sigma: 1.0, narrowed: 1.0 };
    let spread = (model.weight.powi(2) + model.sigma.powi(2)).sqrt() as f32;
    let pool = pool(normals(9, 4096).iter().map(|x| spread * x).collect());
    let device = Device::flex();
    let posteriors = pool.posteriors(&model).unwrap();
    let measures = measure::measure(&model, &pool, &posteriors, None, 3, &device).unwrap();
    let active = model.weight.powi(2) / (model.weight.powi(2) + model.sigma.powi(2));
    // Sampling error of a variance over n examples: √(2/n).
    let error = 4.0 * (2.0 / measures.pool as f64).sqrt();
    assert_close(f64::from(measures.posterior_mean_variance[0]), active, error, "variance of the posterior mean");
    assert_close(f64::from(measures.kl), -0.5 * (1.0 - active).ln(), error, "KL");
    assert_close(f64::from(measures.mutual_information), -0.5 * (1.0 - active).ln(), 2.0 * error, "mutual information");
    assert_eq!((measures.active_units, measures.collapsed_dimensions.as_slice()), (1, [].as_slice()));
    assert_close(
        f64::from(measures.negative_elbo),
        f64::from(measures.reconstruction + measures.kl),
        1e-6,
        "−ELBO is the sum of its parts",
    );
}

#[test]
fn mutual_information_is_zero_without_and_log_n_with_full_information() {
    let count = 64;
    let noise = normals(11, 2 * count);
    let same = PoolPosteriors::from_parts(vec![0.3; 2 * count], vec![-0.4; 2 * count], 2);
    assert!(measure::mutual_information(&same, &noise).abs() < 1e-5);
    let apart: Vec<f32> = (0..2 * count).map(|at| 100.0 * (at / 2) as f32).collect();
    let apart = PoolPosteriors::from_parts(apart.clone(), vec![-2.0; 2 * count], 2);
    assert_close(f64::from(measure::mutual_information(&apart, &noise)), (count as f64).ln(), 1e-5, "log n");
}

#[test]
fn the_variance_of_posterior_means_divides_by_n_minus_one() {
    let posteriors = PoolPosteriors::from_parts(vec![1.0, 2.0, 4.0], vec![0.0; 3], 1);
    let model = LinearGaussian { weight: 1.0, sigma: 1.0, narrowed: 1.0 };
    let pool = pool(vec![0.0, 1.0, 2.0]);
    let measures = measure::measure(&model, &pool, &posteriors, None, 3, &Device::flex()).unwrap();
    // Mean 7/3, squared deviations 16/9 + 1/9 + 25/9.
    assert_close(f64::from(measures.posterior_mean_variance[0]), 42.0 / 9.0 / 2.0, 1e-6, "n − 1");
    // ½ E[μ²] when σ = 1.
    assert_close(f64::from(measure::kl_per_dimension(&posteriors)[0]), 0.5 * 21.0 / 3.0, 1e-6, "KL");
}

#[test]
fn the_aggregated_posterior_is_a_density_and_the_mixture_of_all() {
    let posteriors = PoolPosteriors::from_parts(vec![-0.5, 0.2, 1.0], vec![-1.0, -2.0, -0.5], 1);
    let marginal = measure::marginal(&posteriors, &PriorDensity::standard(1), 0, 1);
    let width = marginal.grid[1] - marginal.grid[0];
    for density in [&marginal.prior, &marginal.aggregated, &marginal.posterior] {
        assert_close(f64::from(density.iter().sum::<f32>() * width), 1.0, 2e-3, "integral");
    }
    let alone = [0, 1, 2].map(|index| measure::marginal(&posteriors, &PriorDensity::standard(1), 0, index).posterior);
    for (at, density) in marginal.aggregated.iter().enumerate() {
        let mixture = alone.iter().map(|posterior| posterior[at]).sum::<f32>() / 3.0;
        assert_close(f64::from(*density), f64::from(mixture), 1e-5, "mixture");
    }
}

#[test]
fn distances_from_the_prior_are_total_variation() {
    let example = |mean: f32, sd: f32| {
        // Two examples, one at the prior.
        let posteriors = PoolPosteriors::from_parts(vec![0.0, mean], vec![0.0, 2.0 * sd.ln()], 1);
        let marginal = measure::marginal(&posteriors, &PriorDensity::standard(1), 0, 1);
        (f64::from(marginal.posterior_distance), f64::from(marginal.aggregated_distance))
    };
    // Between N(0, 1) and N(1, 1) the total variation is 2 Φ(½) − 1 = 0.382925.
    for ((mean, sd), expected, tolerance) in [
        ((0.0, 1.0), 0.0, 1e-6),
        ((1.0, 1.0), 0.382_925, 1e-3),
        // Disjoint, outside of the grid too.
        ((5.0, 0.1), 1.0, 1e-3),
        // Far narrower than a cell: all but the prior's mass in the two cells that it meets, 2 × 0.0133.
        ((0.015, 0.0025), 1.0, 0.027),
    ] {
        let (posterior, aggregated) = example(mean, sd);
        assert!((posterior - expected).abs() <= tolerance, "N({mean}, {sd}²): {posterior} instead of {expected}");
        // Half of the mixture is the prior.
        assert!((aggregated - expected / 2.0).abs() <= tolerance, "N({mean}, {sd}²): {aggregated}");
    }
}

#[test]
fn a_traversal_moves_one_dimension_and_keeps_the_others() {
    let model = LinearGaussian { weight: 2.0, sigma: 0.5, narrowed: 1.0 };
    let pool = pool(normals(13, 40));
    let posteriors = pool.posteriors(&model).unwrap();
    let traversal = measure::traversal(&model, &pool, &posteriors, 1, &Device::flex()).unwrap();
    assert_eq!(traversal.order, [0]);
    for (position, output) in traversal.positions.iter().zip(&traversal.outputs) {
        assert_close(f64::from(*output), 2.0 * f64::from(*position), 1e-6, "decoded position");
    }
    assert_close(
        f64::from(traversal.reconstruction[0]),
        2.0 * f64::from(posteriors.mean(1)[0]),
        1e-6,
        "reconstruction",
    );
    let decoded: Vec<f32> = model.decode(matrix(1, 1, posteriors.mean(1))).into_data().try_to_vec().unwrap();
    assert_eq!(traversal.reconstruction, decoded);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Against the definition evaluated term by term in f64, and below log n for any posteriors.
    #[test]
    fn mutual_information_matches_brute_force_and_its_cap(seed in 0_u64..10_000, count in 2_usize..40, latent in 1_usize..5, spread in 0.0_f32..4.0) {
        let mean: Vec<f32> = normals(seed, count * latent).iter().map(|x| spread * x).collect();
        let log_variance: Vec<f32> = normals(seed + 1, count * latent).iter().map(|x| x - 1.0).collect();
        let noise = normals(seed + 2, count * latent);
        let log_q = |sign: f64, z: usize, x: usize| -> f64 {
            (0..latent).map(|d| {
                let moments = |row: usize| (f64::from(mean[row * latent + d]), f64::from(log_variance[row * latent + d]));
                let (own_mean, own_log_variance) = moments(z);
                let z = own_mean + sign * (0.5 * own_log_variance).exp() * f64::from(noise[z * latent + d]);
                let (mean, log_variance) = moments(x);
                -0.5 * (log_variance + (z - mean).powi(2) / log_variance.exp() + (2.0 * std::f64::consts::PI).ln())
            }).sum()
        };
        let brute: f64 = [1.0, -1.0].iter().flat_map(|&sign| (0..count).map(move |i| (sign, i))).map(|(sign, i)| {
            let mixture: f64 = (0..count).map(|j| (log_q(sign, i, j) - log_q(sign, i, i)).exp()).sum::<f64>() / count as f64;
            -mixture.ln()
        }).sum::<f64>() / (2 * count) as f64;
        let posteriors = PoolPosteriors::from_parts(mean.clone(), log_variance.clone(), latent);
        let estimate = f64::from(measure::mutual_information(&posteriors, &noise));
        prop_assert!((estimate - brute).abs() < 1e-3 * (1.0 + brute.abs()), "{estimate} {brute}");
        prop_assert!(estimate <= (count as f64).ln() + 1e-5);
    }
}
