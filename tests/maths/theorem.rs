//! The theorem as numbers: likelihood maps and posterior comparisons of linear models against their closed form, maps against
//! dense evaluation, and the bound KL ≤ min(R, R²/8) over random decoders.

use crate::linear::{Linear, pool, scaled, settings};
use crate::{assert_close, matrix, normals};
use burn::tensor::{Device, Tensor};
use collapsar::data::Dataset;
use collapsar::device::Handover;
use collapsar::exact::{LatentBall, log_likelihoods, posteriors_on};
use collapsar::experiment::{DecoderKind, Learnable, Settings};
use collapsar::measure::{
    self, EvaluationPool, LikelihoodMap, MapKind, NoGrid, PosteriorComparison, likelihood_map, posterior_comparison,
};
use collapsar::model::{DiagonalGaussian, LatentModel};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;

fn map<M: LatentModel>(model: &M, pool: &EvaluationPool, dimensions: [usize; 2], example: usize) -> LikelihoodMap {
    let posteriors = pool.posteriors(model).unwrap();
    likelihood_map(model, pool, &posteriors, dimensions, example, &Device::flex(), Handover::ReadBack).unwrap()
}

fn compare<M: LatentModel>(model: &M, pool: &EvaluationPool) -> PosteriorComparison {
    posterior_comparison(model, pool, &pool.posteriors(model).unwrap(), &Device::flex()).unwrap()
}

/// Places of a map's points along the two axes.
fn places(map: &LikelihoodMap) -> Vec<[f64; 2]> {
    let along = |position: usize| map.radius * (2.0 * position as f64 / (map.side - 1) as f64 - 1.0);
    let rows = map.log_likelihood.len() / map.side;
    (0..rows * map.side).map(|index| [along(index % map.side), along(index / map.side)]).collect()
}

fn example(pool: &EvaluationPool, index: usize) -> DVector<f64> {
    DVector::from_iterator(pool.dimensions(), pool.example(index).iter().map(|&x| f64::from(x)))
}

/// Mean `[K]`, covariance `[K, K]` and KL of the exact posterior of one example.
fn closed_form(model: &Linear, x: &DVector<f64>) -> (DVector<f64>, DMatrix<f64>, f64) {
    let posterior = model.ppca.posterior(&DMatrix::from_row_slice(1, x.len(), x.as_slice())).unwrap();
    let mean = DVector::from_iterator(posterior.means.ncols(), posterior.means.iter().copied());
    (mean, posterior.covariance, posterior.kl)
}

/// Density of the Gaussian posterior of the two dimensions (or the only one) of a map.
fn density(mean: &DVector<f64>, covariance: &DMatrix<f64>, dimensions: &[usize], place: &[f64]) -> f64 {
    let mean = DVector::from_iterator(dimensions.len(), dimensions.iter().map(|&d| mean[d]));
    let covariance =
        DMatrix::from_fn(dimensions.len(), dimensions.len(), |i, j| covariance[(dimensions[i], dimensions[j])]);
    let difference = DVector::from_row_slice(place) - mean;
    let exponent = (difference.transpose() * covariance.clone().try_inverse().unwrap() * &difference)[0];
    (-0.5 * exponent).exp()
        / ((2.0 * std::f64::consts::PI).powi(dimensions.len() as i32) * covariance.determinant()).sqrt()
}

/// Of every example: likelihood at every point, posterior density, mean, KL, range and bound.
fn check_map(model: &Linear, pool: &EvaluationPool, dimensions: [usize; 2], kind: MapKind, tolerance: f64) {
    for index in 0..pool.len() {
        let map = map(model, pool, dimensions, index);
        assert_eq!((map.kind, map.example, map.dimensions), (kind, index, dimensions));
        let x = example(pool, index);
        let (mean, covariance, kl) = closed_form(model, &x);
        let axes = if kind == MapKind::Line { 1 } else { 2 };
        let posterior = map.posterior.as_ref().unwrap();
        let (mut lowest, mut highest) = (f64::INFINITY, f64::NEG_INFINITY);
        let peak = density(&mean, &covariance, &dimensions[..axes], &dimensions.map(|d| mean[d])[..axes]);
        for (place, (&value, &drawn)) in places(&map).iter().zip(map.log_likelihood.iter().zip(posterior)) {
            let mut z = if kind == MapKind::PlaneOfThree { mean.clone() } else { DVector::zeros(mean.len()) };
            (0..axes).for_each(|axis| z[dimensions[axis]] = place[axis]);
            let expected = model.ppca.log_likelihood(&x, &z);
            assert!(
                (f64::from(value) - expected).abs() < 2e-3 * (1.0 + expected.abs()),
                "{value} {expected} at {place:?}"
            );
            let distance = place[..axes].iter().map(|z| z * z).sum::<f64>().sqrt();
            if distance <= map.radius {
                (lowest, highest) = (lowest.min(expected), highest.max(expected));
                let exact = density(&mean, &covariance, &dimensions[..axes], &place[..axes]);
                assert!((f64::from(drawn) - exact).abs() < tolerance * peak, "{drawn} {exact} at {place:?}");
            } else if distance > map.radius + 1e-6 {
                assert_eq!(drawn, 0.0);
            }
        }
        if kind != MapKind::PlaneOfThree {
            assert_close(map.likelihood_range, highest - lowest, 1e-3, "R");
        }
        // The ball leaves out some of the prior.
        assert_close(map.kl.unwrap(), kl, tolerance, "KL");
        for (axis, dimension) in dimensions.into_iter().enumerate() {
            assert_close(map.mean.unwrap()[axis], mean[dimension], tolerance, "mean");
        }
        assert_eq!(map.bound, map.likelihood_range.min(map.likelihood_range.powi(2) / 8.0));
        assert!(map.kl.unwrap() <= map.bound);
        assert_eq!((map.encoder, map.encoder_kl), ([[0.0, 1.0]; 2], 0.0));
    }
}

#[test]
fn a_map_of_a_linear_model_is_its_closed_form() {
    let examples = vec![0.6, -0.4, -0.2, 0.9];
    let line = Linear::new(1, &[0.8, 0.3], 0.7);
    check_map(&line, &pool(2, examples.clone()), [0, 0], MapKind::Line, 0.02);
    let plane = Linear::new(2, &[1.2, 0.4, -0.3, 0.6], 0.6);
    check_map(&plane, &pool(2, examples.clone()), [0, 1], MapKind::Plane, 0.02);
    check_map(&plane, &pool(2, examples), [1, 0], MapKind::Plane, 0.02);
    let space = Linear::new(3, &[1.0, 0.2, 0.0, -0.3, 0.6, 0.1, 0.0, 0.2, 0.8, 0.5, 0.0, 0.1], 0.7);
    check_map(&space, &pool(4, vec![0.6, -0.4, 0.3, 0.1, -0.2, 0.5, 0.0, 0.3]), [0, 2], MapKind::PlaneOfThree, 0.04);
}

#[test]
fn comparisons_of_linear_models_are_their_closed_forms() {
    let models = [
        Linear::new(1, &[0.8, 0.3, 0.1, 0.0], 0.7),
        Linear::new(2, &[1.2, 0.4, -0.3, 0.6, 0.2, 0.2, 0.0, 0.1], 0.6),
        Linear::new(3, &[1.0, 0.2, 0.0, -0.3, 0.6, 0.1, 0.0, 0.2, 0.8, 0.5, 0.0, 0.1], 0.7),
    ];
    for model in models {
        let pool = pool(4, normals(3, 40).iter().map(|x| 0.7 * x).collect());
        let comparison = compare(&model, &pool);
        let exact = comparison.exact.as_ref().unwrap();
        let latent = comparison.latent_dimensions;
        let mut marginals = vec![0.0; latent];
        for index in 0..comparison.examples() {
            let (mean, covariance, kl) = closed_form(&model, &example(&pool, index));
            for (d, marginal) in marginals.iter_mut().enumerate() {
                assert_close(f64::from(exact.means[index * latent + d]), mean[d], 0.02, "mean");
                let variance = covariance[(d, d)];
                *marginal += 0.5 * (variance + mean[d].powi(2) - 1.0 - variance.ln()) / comparison.examples() as f64;
            }
            assert_close(f64::from(exact.kl[index]), kl, 0.03, "KL");
        }
        for (&actual, expected) in exact.kl_per_dimension.iter().zip(marginals) {
            assert_close(actual, expected, 0.02, "marginal KL");
        }
        // Along dimension d from the origin log p is −(z²‖w‖² − 2 z w·x)/2σ²: a parabola over ±3.
        for (d, &range) in comparison.slice_ranges.iter().enumerate() {
            let weights = model.ppca.weights.column(d);
            let mean = (0..pool.len()).map(|index| {
                let value = |z: f64| {
                    -(z * z * weights.norm_squared() - 2.0 * z * weights.dot(&example(&pool, index)))
                        / (2.0 * model.ppca.sigma.powi(2))
                };
                let all: Vec<f64> = (0..=16).map(|step| value(3.0 * (step as f64 / 8.0 - 1.0))).collect();
                all.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                    - all.iter().copied().fold(f64::INFINITY, f64::min)
            });
            assert_close(range, mean.sum::<f64>() / pool.len() as f64, 1e-4, "range along a dimension");
        }
        let statuses = comparison.statuses;
        let mean = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>() / values.len() as f64;
        assert_close(statuses.exact_kl.unwrap(), mean(&exact.kl), 1e-9, "mean KL");
        assert_close(statuses.likelihood_range, mean(&exact.likelihood_range), 1e-9, "mean R");
        assert_eq!((statuses.encoder_kl, statuses.active_units), (0.0, 0));
        assert_eq!(statuses.diagnosis(), measure::Diagnosis::EncoderLags);
    }
}

#[test]
fn more_than_three_dimensions_have_a_slice_and_no_grid() {
    let mut model = Linear::new(5, &normals(9, 30).iter().map(|&x| f64::from(0.4 * x)).collect::<Vec<_>>(), 0.8);
    model.encoder_mean = vec![0.3, -0.2, 0.5, 0.1, -0.4];
    let pool = pool(6, normals(4, 30));
    let comparison = compare(&model, &pool);
    assert_eq!(comparison.exact, Err(NoGrid::Dimensions));
    assert!(comparison.statuses.exact_kl.is_none());
    let largest = comparison.slice_ranges.iter().copied().fold(0.0, f64::max);
    assert_eq!(comparison.statuses.likelihood_range, largest);

    let map = map(&model, &pool, [3, 1], 2);
    assert_eq!(map.kind, MapKind::Slice);
    let x = example(&pool, 2);
    for (place, &value) in places(&map).iter().zip(map.log_likelihood.iter()) {
        let mut z = DVector::from_iterator(5, model.encoder_mean.iter().map(|&z| f64::from(z)));
        (z[3], z[1]) = (place[0], place[1]);
        assert_close(f64::from(value), model.ppca.log_likelihood(&x, &z), 1e-4, "log-likelihood on the slice");
    }
    assert_eq!(map.encoder, [[0.1, 1.0], [-0.2, 1.0]]);
    assert_close(f64::from(map.encoder_kl), 0.5 * 0.55, 1e-6, "KL of the encoder over all dimensions");
}

#[test]
fn a_map_that_misses_mass_is_widened_and_one_that_cannot_resolve_says_so() {
    let pool = pool(2, vec![4.5, 0.0, 4.5, 0.0]);
    let wide = map(&Linear::new(2, &[1.0, 0.0, 0.0, 1.0], 0.3), &pool, [0, 1], 0);
    assert!(wide.is_widened && wide.radius >= 5.0, "{}", wide.radius);
    assert_close(wide.mean.unwrap()[0], 4.5 / 1.09, 0.01, "mean");
    let narrow = map(&Linear::new(2, &[1.0, 0.0, 0.0, 1.0], 0.001), &pool, [0, 1], 0);
    assert!(narrow.posterior.is_none() && narrow.kl.is_none() && narrow.mean.is_none());
    assert_eq!(compare(&Linear::new(2, &[1.0, 0.0, 0.0, 1.0], 0.001), &pool).exact, Err(NoGrid::Unresolved));
    let three = Linear::new(3, &[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], 0.001);
    let narrow = map(&three, &super::linear::pool(3, vec![0.5, 0.0, 0.1, 0.5, 0.0, 0.1]), [0, 1], 0);
    assert!(narrow.posterior.is_none() && narrow.likelihood_range > 1e6);
}

#[test]
fn a_flat_likelihood_makes_a_flat_map() {
    let map = map(&Linear::new(2, &[0.0; 4], 1.0), &pool(2, vec![1.0, 2.0, 1.0, 2.0]), [0, 1], 0);
    assert_eq!((map.likelihood_range, map.bound, map.side), (0.0, 0.0, 33));
    assert!(map.kl.unwrap().abs() < 1e-12);
    assert!(map.interpolation_error < 1e-12);
}

#[test]
fn interpolation_between_the_points_of_a_map_errs_less_than_it_says() {
    let mut sides = Vec::new();
    for latent in [1, 2] {
        for (decoder, scale, sigma) in [
            ("standard", 1.0, "1.0"),
            ("standard", 2.5, "0.5"),
            ("standard", 4.0, "0.3"),
            ("brenier", 1.0, "1.0"),
            ("brenier", 1.0, "0.1"),
            ("brenier", 3.0, "0.5"),
        ] {
            let latent_dimensions = format!("model.latent_dimensions={latent}");
            let own = [
                &*latent_dimensions,
                "data.examples=200",
                &format!("variants.brenier.model.decoder={decoder}"),
                &format!("model.sigma={sigma}"),
            ];
            let (settings, data) = settings("collapse-2d", &own);
            let model = scaled(&settings, &data, scale);
            let pool = EvaluationPool::new(&data, settings.model.likelihood, 1, &Device::flex());
            let dimensions = [0, latent - 1];
            let map = map(&model, &pool, dimensions, 3);
            let steps = 401;
            let rows = if latent == 1 { 1 } else { steps };
            let along = |step: usize| map.radius * (2.0 * step as f64 / (steps - 1) as f64 - 1.0);
            let dense: Vec<[f64; 2]> = (0..rows * steps)
                .map(|index| [along(index % steps), if latent == 1 { 0.0 } else { along(index / steps) }])
                .filter(|place| place[0].hypot(place[1]) <= map.radius)
                .collect();
            let points: Vec<f32> = dense.iter().flat_map(|place| place[..latent].iter().map(|&z| z as f32)).collect();
            let x = pool.inputs().narrow(0, 3, 1);
            let decoded = log_likelihoods(&model, &x, &points, &Device::flex()).unwrap().remove(0);
            let error = dense
                .iter()
                .zip(decoded)
                .map(|(&place, decoded)| (map.log_likelihood_at(place) - f64::from(decoded)).abs())
                .fold(0.0, f64::max);
            // Both values are rounded to f32.
            let rounding = 1e-5 * map.log_likelihood.iter().map(|value| f64::from(value.abs())).fold(0.0, f64::max);
            let what = format!(
                "K = {latent}, {decoder} times {scale}, σ = {sigma}, {} points, R = {}",
                map.side, map.likelihood_range
            );
            assert!(
                error <= f64::from(map.interpolation_error) + rounding,
                "{what}: {error} > {}",
                map.interpolation_error
            );
            let finest = if latent == 1 { 2049 } else { 257 };
            let allowed = (map.likelihood_range / 256.0).max(0.01) + rounding;
            assert!(map.side == finest || error <= allowed, "{what}: {error} could be made smaller");
            sides.push(map.side);
        }
    }
    sides.sort_unstable();
    sides.dedup();
    assert!(sides.len() >= 3, "the maps adapt: {sides:?}");
}

#[test]
fn a_table_of_likelihoods_is_the_likelihood_of_each_pair() {
    for likelihood in ["gaussian", "bernoulli"] {
        let likelihood = format!("model.likelihood={likelihood}");
        let (settings, data) = if likelihood.ends_with("bernoulli") {
            settings("digits", &["model.hidden=[16]"])
        } else {
            settings("collapse-2d", &["data.examples=200", "model.sigma=0.1"])
        };
        let model = scaled(&settings, &data, 1.5);
        let pool = EvaluationPool::new(&data, settings.model.likelihood, 1, &Device::flex());
        let x = pool.inputs().narrow(0, 0, 7);
        let latent = model.latent_dimensions();
        let natural = model.decode(matrix(9, latent, &normals(5, 9 * latent)));
        let table: Vec<f32> = model.log_likelihood_table(x.clone(), natural.clone()).into_data().try_to_vec().unwrap();
        for (row, table) in table.chunks_exact(9).enumerate() {
            let example = x.clone().narrow(0, row, 1).expand([9, pool.dimensions()]);
            let each: Vec<f32> = model.log_likelihood(example, natural.clone()).into_data().try_to_vec().unwrap();
            for (table, each) in table.iter().zip(each) {
                assert_close(f64::from(*table), f64::from(each), 2e-5, &likelihood);
            }
        }
    }
}

thread_local! {
    /// Small networks and small data: the decoder is what varies.
    static BASE: (Settings, Dataset) = settings("collapse-2d", &["data.examples=50", "model.hidden=[6, 6]"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// KL(p(z|x) ‖ p(z)) ≤ min(R, R²/8) on the grid for random decoders of this program, and so for each dimension's marginal.
    #[test]
    fn exact_kl_is_bounded_by_the_likelihood_range(
        seed in 0_u64..1_000_000,
        latent in 1_usize..3,
        is_brenier in any::<bool>(),
        scale in 0.05_f64..4.0,
        sigma in 0.05_f64..3.0,
    ) {
        let model = BASE.with(|(base, data)| {
            let mut settings = Settings { seed, ..base.clone() };
            settings.model.latent_dimensions = latent;
            settings.model.decoder = if is_brenier { DecoderKind::Brenier } else { DecoderKind::Standard };
            settings.model.sigma = Learnable::Fixed(sigma);
            scaled(&settings, data, scale)
        });
        let ball = LatentBall::with_spacing(latent, 3.0, if latent == 1 { 0.02 } else { 0.2 }).unwrap();
        let examples = matrix(3, 2, &normals(seed, 6));
        for posterior in posteriors_on(&model, &ball, &examples, &Device::flex()).unwrap() {
            let range = posterior.likelihood_range;
            prop_assert!(posterior.kl >= -1e-9);
            prop_assert!(posterior.kl <= range.min(range * range / 8.0) + 1e-9, "KL {} with R {range}", posterior.kl);
            for &marginal in &posterior.kl_per_dimension {
                prop_assert!((-1e-9..=posterior.kl + 1e-9).contains(&marginal), "{marginal} of {}", posterior.kl);
            }
        }
    }
}

/// x = tanh(Σ_k z_k / 5) in four latent dimensions, with an encoder far outside of the prior, where that is saturated.
struct Saturating;

impl LatentModel for Saturating {
    fn latent_dimensions(&self) -> usize {
        4
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        let zeros = x.narrow(1, 0, 1).repeat_dim(1, 4).zeros_like();
        DiagonalGaussian { mean: zeros.clone().add_scalar(500.0), log_variance: zeros }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        z.sum_dim(1).mul_scalar(0.2).tanh()
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        (x - natural).powi_scalar(2).sum_dim(1).mul_scalar(-50.0).squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).sum_dim(1).mul_scalar(-0.5).squeeze_dim(1)
    }
}

#[test]
fn a_decoder_that_is_saturated_far_outside_of_the_prior_is_not_called_flat() {
    let compared = compare(&Saturating, &pool(1, vec![0.0; 8]));
    // The slices pass through 3 in the other dimensions, so each runs from tanh(1.2) to tanh(2.4): 50 (.9837² − .8337²) nats.
    let expected = 50.0 * (2.4_f64.tanh().powi(2) - 1.2_f64.tanh().powi(2));
    compared.slice_ranges.iter().for_each(|range| assert_close(*range, expected, 1e-4, "range along a dimension"));
    assert!(!compared.statuses.is_likelihood_flat());
}
