//! Conditional and hierarchical models, and linear ones, against closed forms and brute force.

use crate::{assert_close, matrix, normals};
use burn::tensor::{Device, Tensor};
use collapsar::data::{self, Dataset, Unmonitored};
use collapsar::experiment::{Experiment, Settings};
use collapsar::measure::{self, EvaluationPool};
use collapsar::model::{Bound, LatentModel, Vae, spherical_cubature};
use nalgebra::{DMatrix, DVector};

fn model(assignments: &[&str]) -> (Vae, Settings, Dataset) {
    let mut experiment = Experiment::default();
    for assignment in assignments {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    experiment.validate_for(&data).unwrap();
    let settings = experiment.runs().unwrap().remove(0);
    (Vae::new(&settings, &data, &Device::flex()), settings, data)
}

fn pool(settings: &Settings, data: &Dataset) -> EvaluationPool {
    EvaluationPool::for_family(data, settings.model.family, settings.model.likelihood, 1, &Device::flex())
}

fn rows(tensor: Tensor<2>) -> Vec<Vec<f64>> {
    let [_, columns] = tensor.dims();
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    values.chunks_exact(columns).map(|row| row.iter().map(|&value| f64::from(value)).collect()).collect()
}

fn vector(tensor: Tensor<1>) -> Vec<f64> {
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    values.into_iter().map(f64::from).collect()
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

const LINEAR_HIERARCHICAL: [&str; 8] = [
    "data.source=linear-gaussian",
    "data.spectrum=[3, 1, 0.3]",
    "data.examples=500",
    "model.family=hierarchical",
    "model.hidden=[]",
    "model.latent_dimensions=2",
    "model.top_latent_dimensions=1",
    "model.level_sigma=0.8",
];

#[test]
fn the_points_of_the_cubature_have_the_moments_of_a_standard_normal() {
    for dimensions in 1..7 {
        let points = spherical_cubature(dimensions);
        let points: Vec<&[f32]> = points.chunks_exact(dimensions).collect();
        assert_eq!(points.len(), 2 * dimensions);
        for i in 0..dimensions {
            assert_close(mean(points.iter().map(|point| f64::from(point[i]))), 0.0, 1e-6, "mean");
            for j in 0..dimensions {
                let moment = mean(points.iter().map(|point| f64::from(point[i] * point[j])));
                assert_close(moment, if i == j { 1.0 } else { 0.0 }, 1e-5, "covariance");
            }
        }
    }
}

#[test]
fn the_closed_form_expectation_of_a_linear_vae_is_that_of_the_notes() {
    // E‖y − f(z)‖² = ‖y − f(μ)‖² + Σ σ_i² ‖f(e_i) − f(0)‖² for an affine f.
    let own = ["data.source=linear-gaussian", "data.examples=100", "model.hidden=[]", "model.latent_dimensions=3"];
    let (model, settings, data) = model(&own);
    let x = pool(&settings, &data).inputs().narrow(0, 0, 20);
    let posterior = model.encode(x.clone());
    let variances = rows(posterior.log_variance.exp());
    let at_mean = rows(model.decode(posterior.mean));
    let mut basis = vec![0.0; 12];
    (0..3).for_each(|i| basis[3 + 3 * i + i] = 1.0);
    let images = rows(model.decode(matrix(4, 3, &basis)));
    let squares = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
    let noise = spherical_cubature(3).repeat(20);
    let repeated = x.clone().unsqueeze_dim::<3>(1).repeat_dim(1, 6).reshape([120, 6]);
    let Bound { log_likelihood, .. } = model.bound(repeated, matrix(120, 3, &noise));
    let log_likelihood = vector(log_likelihood);
    for (index, x) in rows(x).iter().enumerate() {
        let spread: f64 = (0..3).map(|i| variances[index][i] * squares(&images[i + 1], &images[0])).sum();
        let expected = -0.5 * (squares(x, &at_mean[index]) + spread) - 3.0 * (2.0 * std::f64::consts::PI).ln();
        let measured = mean(log_likelihood[6 * index..6 * (index + 1)].iter().copied());
        assert_close(measured, expected, 1e-4 * expected.abs(), "expectation");
    }
}

#[test]
fn importance_weights_of_a_hierarchical_model_give_its_evidence() {
    // Of a linear model it is known: x = A (ε, z2) + b + noise is Gaussian.
    let (model, settings, data) = model(&[&LINEAR_HIERARCHICAL[..], &["model.sigma=1.5"]].concat());
    let pool = pool(&settings, &data);
    let mut basis = vec![0.0; 12];
    (0..3).for_each(|i| basis[3 + 3 * i + i] = 1.0);
    let images = rows(model.decode(matrix(4, 3, &basis)));
    let offset = DVector::from_vec(images[0].clone());
    let map = DMatrix::from_fn(3, 3, |row, column| images[column + 1][row] - images[0][row]);
    let covariance = &map * map.transpose() + DMatrix::identity(3, 3) * 1.5_f64.powi(2);
    let inverse = covariance.clone().try_inverse().unwrap();
    let log_determinant = covariance.determinant().ln();
    let nll = |x: &Vec<f64>| {
        let difference = DVector::from_vec(x.clone()) - &offset;
        0.5 * ((difference.transpose() * &inverse * &difference)[0]
            + log_determinant
            + 3.0 * (2.0 * std::f64::consts::PI).ln())
    };
    let exact = mean(rows(pool.inputs()).iter().map(nll));
    let estimate = measure::importance_weighted_nll(&model, &pool, 3, &Device::flex()).unwrap();
    // An estimate by 500 samples is an upper bound in expectation; untrained posteriors leave a little of it.
    assert!(estimate > exact - 0.01 && estimate < exact + 0.05, "{estimate} against {exact}");
}

#[test]
fn kl_terms_of_two_levels_are_the_kl_of_their_joint_posterior() {
    // E [log p(x|z) − Σ KL terms] = E log weights, both exactly by the cubature.
    let (model, settings, data) = model(&LINEAR_HIERARCHICAL);
    let x = pool(&settings, &data).inputs().narrow(0, 0, 30);
    let noise = matrix(180, 3, &spherical_cubature(3).repeat(30));
    let repeated = x.clone().unsqueeze_dim::<3>(1).repeat_dim(1, 6).reshape([180, 3]);
    let Bound { log_likelihood, kl } = model.bound(repeated.clone(), noise.clone());
    let elbo = vector(log_likelihood - kl.sum_dim(1).squeeze_dim(1));
    let weights = vector(model.log_weights(x, noise.clone()));
    for (elbo, weights) in elbo.chunks_exact(6).zip(weights.chunks_exact(6)) {
        let (elbo, weights) = (mean(elbo.iter().copied()), mean(weights.iter().copied()));
        assert_close(elbo, weights, 1e-4 * elbo.abs(), "ELBO");
    }
}

#[test]
fn joint_moments_are_those_of_many_samples() {
    for hidden in ["model.hidden=[]", "model.hidden=[6]"] {
        let (model, settings, data) = model(&[&LINEAR_HIERARCHICAL[..], &[hidden]].concat());
        let x = pool(&settings, &data).inputs().narrow(0, 0, 1);
        let moments = model.encode(x.clone());
        let (means, variances) = (rows(moments.mean).remove(0), rows(moments.log_variance.exp()).remove(0));
        let count = 40_000;
        let noise = matrix(count, 3, &normals(11, 3 * count));
        let samples = rows(model.sample(x.expand([count, 3]), noise));
        // The cubature is exact for linear maps, and close to it for the mild bend of a small tanh layer.
        let tolerance = if model.has_exact_expectation() { 0.02 } else { 0.05 };
        for dimension in 0..3 {
            let center = mean(samples.iter().map(|sample| sample[dimension]));
            let variance = mean(samples.iter().map(|sample| (sample[dimension] - center).powi(2)));
            assert_close(means[dimension], center, tolerance, "mean");
            assert_close(variances[dimension], variance, 2.0 * tolerance * variance, "variance");
        }
    }
}

#[test]
fn measures_of_two_levels_add_up() {
    let own = ["model.encoder_variance=0.4", "model.top_encoder_variance=0.7"];
    let (model, settings, data) = model(&[&LINEAR_HIERARCHICAL[..], &own].concat());
    let pool = pool(&settings, &data);
    let posteriors = pool.posteriors(&model).unwrap();
    let measures = measure::measure(&model, &pool, &posteriors, Some(1.0), 5, &Device::flex()).unwrap();
    let [lower, upper] = &measures.levels[..] else { panic!("two levels") };
    assert_eq!((lower.first, lower.dimensions, upper.first, upper.dimensions), (0, 2, 2, 1));
    assert_close(f64::from(lower.kl + upper.kl), f64::from(measures.kl), 1e-5, "levels");
    for level in [lower, upper] {
        let modes: f32 = level.kl_per_mode.as_ref().unwrap().iter().sum();
        assert_close(f64::from(modes), f64::from(level.kl), 1e-3, "modes");
    }
    // Modes of z1 that move with x: eigenvalues of a 2 × 2 covariance.
    let means = rows(model.encode_levels(pool.inputs()).remove(0).mean);
    let count = means.len() as f64;
    let center: Vec<f64> = (0..2).map(|axis| mean(means.iter().map(|row| row[axis]))).collect();
    let product = |a: usize, b: usize| {
        means.iter().map(|row| (row[a] - center[a]) * (row[b] - center[b])).sum::<f64>() / (count - 1.0)
    };
    let (trace, determinant) = (product(0, 0) + product(1, 1), product(0, 0) * product(1, 1) - product(0, 1).powi(2));
    let root = (0.25 * trace * trace - determinant).max(0.0).sqrt();
    let active = [0.5 * trace + root, 0.5 * trace - root].into_iter().filter(|variance| *variance >= 0.01).count();
    assert_eq!(lower.active_dimensions, active);
    // What z2 knows of x, it knows through z1.
    assert!(upper.mutual_information < lower.mutual_information + 1e-3);
    assert_close(f64::from(lower.mutual_information), f64::from(measures.mutual_information), 1e-6, "information");
}

#[test]
fn z1_is_measured_in_units_of_its_noise() {
    // The weights do not depend on σ₁: the same encoder, seen through a unit a hundred times smaller.
    let of = |sigma: &str| {
        let own = [LINEAR_HIERARCHICAL[0], LINEAR_HIERARCHICAL[1], LINEAR_HIERARCHICAL[2], LINEAR_HIERARCHICAL[3]];
        let further = ["model.hidden=[]", "model.latent_dimensions=2", "model.top_latent_dimensions=1", sigma];
        let (model, settings, data) = model(&[&own[..], &further].concat());
        let pool = pool(&settings, &data);
        let lower = model.encode_levels(pool.inputs()).remove(0);
        (rows(lower.mean), rows(lower.log_variance))
    };
    let (large, small) = (of("model.level_sigma=2"), of("model.level_sigma=0.02"));
    for (large, small) in large.0.iter().flatten().zip(small.0.iter().flatten()) {
        assert_close(0.01 * small, *large, 1e-5, "mean in units of σ₁");
    }
    for (large, small) in large.1.iter().flatten().zip(small.1.iter().flatten()) {
        assert_close(small - 2.0 * 100.0_f64.ln(), *large, 1e-5, "log variance in units of σ₁²");
    }
}

#[test]
fn the_reconstruction_of_a_linear_bernoulli_model_is_sampled() {
    // Softplus is no polynomial of the third degree, so that no cubature is exact.
    let own = ["data.source=digits", "model.likelihood=bernoulli", "model.hidden=[]", "model.latent_dimensions=8"];
    let (model, settings, data) = model(&own);
    assert!(!model.has_exact_expectation());
    let pool = pool(&settings, &data);
    let posteriors = pool.posteriors(&model).unwrap();
    let measures = measure::measure(&model, &pool, &posteriors, None, 5, &Device::flex()).unwrap();
    let draws = (0..20).map(|draw| {
        let noise = matrix(pool.len(), 8, &normals(100 + draw, 8 * pool.len()));
        -mean(vector(model.bound(pool.inputs(), noise).log_likelihood).into_iter())
    });
    let expected = mean(draws.collect::<Vec<_>>().into_iter());
    assert_close(f64::from(measures.reconstruction), expected, 0.02, "reconstruction");
}

#[test]
fn a_conditional_brenier_decoder_is_injective_given_any_condition() {
    let own = [
        "data.source=correlated-gaussian",
        "data.spectrum=[3, 2, 1]",
        "data.examples=100",
        "model.family=conditional",
        "model.decoder=brenier",
        "model.convexity=0.9",
        "model.hidden=[8, 8]",
    ];
    let (model, settings, data) = model(&own);
    let x = pool(&settings, &data).inputs();
    let z = [matrix(50, 2, &normals(1, 100)), matrix(50, 2, &normals(2, 100))];
    let mut images = Vec::new();
    for row in 0..4 {
        let given = x.clone().narrow(0, row, 1);
        let [first, second] = z.clone().map(|z| rows(model.decode_for(z, given.clone())));
        let [a, b] = z.clone().map(rows);
        let distance = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
        for index in 0..50 {
            let (before, after) = (distance(&a[index], &b[index]), distance(&first[index], &second[index]));
            assert!(after >= 0.81 * before * (1.0 - 1e-4), "{after} < m² {before}");
        }
        images.push(first[0].clone());
    }
    assert_ne!(images[0], images[1], "the condition matters");
}

#[test]
fn maps_without_hidden_layers_are_affine() {
    for decoder in ["standard", "brenier"] {
        for family in ["conditional", "hierarchical"] {
            let own = [
                "data.source=correlated-gaussian".to_owned(),
                "data.examples=50".to_owned(),
                format!("model.family={family}"),
                format!("model.decoder={decoder}"),
                "model.hidden=[]".to_owned(),
            ];
            let own: Vec<&str> = own.iter().map(String::as_str).collect();
            let (model, settings, data) = model(&own);
            let x = pool(&settings, &data).inputs().narrow(0, 0, 1);
            let latent = model.latent_dimensions();
            let (a, b) = (matrix(1, latent, &normals(1, latent)), matrix(1, latent, &normals(2, latent)));
            let middle = rows(model.decode_for((a.clone() + b.clone()).mul_scalar(0.5), x.clone())).remove(0);
            let ends = [a, b].map(|z| rows(model.decode_for(z, x.clone())).remove(0));
            for (dimension, middle) in middle.iter().enumerate() {
                assert_close(0.5 * (ends[0][dimension] + ends[1][dimension]), *middle, 1e-4, "affine");
            }
        }
    }
}
