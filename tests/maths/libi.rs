//! Likelihood before inference: the statistic against its definition as an integral, penalties and gradients in f64, the optima of the linear
//! example, and the log-likelihoods of the data.

use crate::objective::{assert_gradient, model, scalar};
use crate::{assert_close, matrix, normals};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::{self, Dataset, LoadOptions, Source, Unmonitored};
use collapsar::experiment::{Experiment, LibiSettings};
use collapsar::inference::{LibiPhase, LibiStage, code_penalty, descend_likelihood, henze_zirkler};
use collapsar::measure::{self, PoolPosteriors, aggregate_fit, henze_zirkler_null_mean};
use collapsar::model::{LatentModel, Vae};
use nalgebra::{Cholesky, DMatrix, DVector, Matrix2, Vector2};
use std::f64::consts::{PI, TAU};

/// Codes `[rows, columns]` that are neither Gaussian nor centred nor of equal variances.
fn skewed(rows: usize, columns: usize) -> DMatrix<f64> {
    let noise = normals(11, rows * columns);
    let raw = DMatrix::from_row_iterator(rows, columns, noise.into_iter().map(f64::from));
    DMatrix::from_fn(rows, columns, |row, column| {
        let own = raw[(row, column)];
        0.4 + own * (1.0 + 0.3 * column as f64) + 0.3 * own * own + 0.5 * raw[(row, 0)]
    })
}

fn tensor(codes: &DMatrix<f64>) -> Tensor<2> {
    let values: Vec<f32> = codes.transpose().iter().map(|value| *value as f32).collect();
    matrix(codes.nrows(), codes.ncols(), &values)
}

/// HZ as it is defined: n ∫ |ψ(t) − e^(−|t|²/2)|² N(t; 0, b² I) dt, ψ the characteristic function of whitened codes. On a grid, K = 1 or 2.
fn as_integral(codes: &DMatrix<f64>) -> f64 {
    let (n, k) = (codes.nrows() as f64, codes.ncols());
    let centered = DMatrix::from_fn(codes.nrows(), k, |row, column| codes[(row, column)] - codes.column(column).mean());
    let covariance = centered.transpose() * &centered / n;
    let white = Cholesky::new(covariance).unwrap().l().solve_lower_triangular(&centered.transpose()).unwrap();
    let b = ((2.0 * k as f64 + 1.0) * n / 4.0).powf(1.0 / (k as f64 + 4.0)) / 2.0_f64.sqrt();
    let (cells, reach) = (240, 7.0 * b);
    let width = 2.0 * reach / cells as f64;
    let axis: Vec<f64> = (0..=cells).map(|cell| -reach + width * cell as f64).collect();
    let second = if k == 2 { axis.clone() } else { vec![0.0] };
    let mut sum = 0.0;
    for &s in &axis {
        for &t in &second {
            let phases = white.column_iter().map(|code| s * code[0] + if k == 2 { t * code[1] } else { 0.0 });
            let (re, im) = phases.fold((0.0, 0.0), |(re, im), phase| (re + phase.cos() / n, im + phase.sin() / n));
            let squared = s * s + t * t;
            let density = (-squared / (2.0 * b * b)).exp() / (b * TAU.sqrt()).powi(k as i32);
            sum += ((re - (-0.5 * squared).exp()).powi(2) + im * im) * density * width.powi(k as i32);
        }
    }
    n * sum
}

#[test]
fn the_statistic_is_the_integral_that_defines_it() {
    for k in [1, 2] {
        let codes = skewed(25, k);
        let expected = as_integral(&codes);
        assert!(expected > 0.3, "there is something to compare: {expected}");
        assert_close(measure::henze_zirkler(&codes), expected, 1e-8, "in f64");
        assert_close(scalar(henze_zirkler(tensor(&codes))), expected, 1e-5, "on tensors");
    }
    let codes = skewed(60, 5);
    assert_close(scalar(henze_zirkler(tensor(&codes))), measure::henze_zirkler(&codes), 1e-5, "K = 5");
}

#[test]
fn the_statistic_is_blind_to_mean_and_covariance_and_sees_the_shape() {
    let codes = skewed(80, 2);
    let turned = DMatrix::from_fn(80, 2, |row, column| {
        let (a, b) = (codes[(row, 0)], codes[(row, 1)]);
        if column == 0 { 3.0 + 2.0 * a - b } else { 0.1 * a + 0.3 * b - 7.0 }
    });
    assert_close(measure::henze_zirkler(&turned), measure::henze_zirkler(&codes), 1e-9, "affine maps");
    // A grid of equally likely points in the square: uniform.
    let uniform = DMatrix::from_fn(484, 2, |row, column| if column == 0 { row / 22 } else { row % 22 } as f64);
    let value = measure::henze_zirkler(&uniform);
    assert!((3.0..7.0).contains(&value), "{value}");
}

#[test]
fn its_mean_over_gaussian_samples_is_the_formula() {
    for (k, count) in [(1, 100), (2, 100), (3, 150)] {
        let repeats = 200;
        let noise = normals(5, count * k * repeats);
        let mean = noise
            .chunks(count * k)
            .map(|draws| {
                let draws = DMatrix::from_row_iterator(count, k, draws.iter().map(|value| f64::from(*value)));
                measure::henze_zirkler(&draws)
            })
            .sum::<f64>()
            / repeats as f64;
        let expected = henze_zirkler_null_mean(count, k);
        // The formula is for known mean and covariance as n grows: a few hundredths off.
        assert!((mean - expected).abs() < 0.06, "K = {k}: {mean} instead of {expected}");
    }
}

/// Equation 44 from its words, in f64.
fn penalty(codes: &DMatrix<f64>, settings: &LibiSettings) -> f64 {
    let (n, k) = (codes.nrows() as f64, codes.ncols());
    let mean = DVector::from_fn(k, |column, _| codes.column(column).sum() / n);
    let mut distance = 0.0;
    for i in 0..k {
        for j in 0..k {
            let products = (0..codes.nrows()).map(|row| (codes[(row, i)] - mean[i]) * (codes[(row, j)] - mean[j]));
            let target = if i == j { 1.0 } else { 0.0 };
            distance += (products.sum::<f64>() / n - target).powi(2);
        }
    }
    settings.gaussianity_weight * measure::henze_zirkler(codes).exp()
        + (distance / settings.covariance_tolerance).exp()
        + (mean.norm_squared() / settings.mean_tolerance).exp()
}

fn mild() -> LibiSettings {
    LibiSettings { gaussianity_weight: 0.7, covariance_tolerance: 2.0, mean_tolerance: 0.8, ..LibiSettings::default() }
}

/// The loss and its gradient by the codes.
fn with_gradient(codes: &DMatrix<f64>, loss: impl Fn(Tensor<2>) -> Tensor<1>) -> (f64, Vec<f64>) {
    let device = Device::flex().autodiff();
    let values: Vec<f32> = codes.transpose().iter().map(|value| *value as f32).collect();
    let codes: Tensor<2> = Tensor::from_data(TensorData::new(values, [codes.nrows(), codes.ncols()]), &device);
    let codes = codes.require_grad();
    let loss = loss(codes.clone());
    let gradient = codes.grad(&loss.backward()).unwrap();
    let gradient: Vec<f32> = gradient.into_data().try_to_vec().unwrap();
    (scalar(loss), gradient.into_iter().map(f64::from).collect())
}

fn assert_code_gradient(
    codes: &DMatrix<f64>,
    of: impl Fn(Tensor<2>) -> Tensor<1>,
    exact: impl Fn(&DMatrix<f64>) -> f64,
) {
    let (value, gradient) = with_gradient(codes, of);
    assert_close(value, exact(codes), 1e-4, "value");
    let largest = gradient.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 1e-3, "there is something to compare: {largest}");
    for (at, found) in gradient.iter().enumerate() {
        let at_distance = |by: f64| {
            let mut moved = codes.clone();
            moved[(at / codes.ncols(), at % codes.ncols())] += by;
            exact(&moved)
        };
        let difference = (at_distance(1e-5) - at_distance(-1e-5)) / 2e-5;
        assert!((found - difference).abs() < 1e-3 * largest, "entry {at}: {found} instead of {difference}");
    }
}

#[test]
fn statistic_and_penalties_have_their_gradients() {
    for (rows, k) in [(15, 1), (15, 2), (20, 3)] {
        let codes = skewed(rows, k) * 0.7;
        assert_code_gradient(&codes, henze_zirkler, measure::henze_zirkler);
        assert_code_gradient(&codes, |codes| code_penalty(codes, &mild()), |codes| penalty(codes, &mild()));
    }
    let without = LibiSettings { gaussianity_weight: 0.0, ..mild() };
    let codes = skewed(10, 2) * 0.7;
    assert_code_gradient(&codes, |codes| code_penalty(codes, &without), |codes| penalty(codes, &without));
}

#[test]
fn degenerate_codes_have_a_finite_penalty_and_gradient() {
    let line = DMatrix::from_fn(30, 2, |row, column| (row as f64 - 14.0) * 0.1 * (column as f64 + 1.0));
    let flat = DMatrix::from_fn(30, 2, |row, column| if column == 0 { (row as f64).sin() } else { 0.5 });
    let cases =
        [("all equal", DMatrix::from_element(30, 2, 0.3)), ("all zero", DMatrix::zeros(30, 2)), ("a line", line)];
    let cases = cases.into_iter().chain([("one constant", flat), ("far away", skewed(30, 2) * 1e4)]);
    for (what, codes) in cases {
        let losses: [fn(Tensor<2>) -> Tensor<1>; 2] =
            [henze_zirkler, |codes| code_penalty(codes, &LibiSettings::default())];
        for loss in losses {
            let (value, gradient) = with_gradient(&codes, loss);
            assert!(
                value.is_finite() && gradient.iter().all(|value| value.is_finite()),
                "{what}: {value} {gradient:?}"
            );
        }
        let spread = measure::henze_zirkler(&codes);
        let is_singular = what != "far away";
        assert_eq!(spread == 120.0, is_singular, "{what}: 4n where the covariance is singular, {spread}");
        if is_singular {
            let value = scalar(henze_zirkler(tensor(&codes)));
            assert!(value > 3.0, "{what} is not Gaussian in two dimensions: {value}");
        }
    }
    // Larger is still worse, far beyond where e^y would end.
    let at = |scale: f64| scalar(code_penalty(tensor(&(skewed(30, 2) * scale)), &LibiSettings::default()));
    assert!(at(10.0) < at(20.0) && at(20.0) < at(1e3), "{} {} {}", at(10.0), at(20.0), at(1e3));
}

#[test]
fn a_step_on_the_likelihood_has_the_gradient_of_its_loss() {
    let settings = LibiSettings { covariance_tolerance: 4.0, mean_tolerance: 4.0, ..mild() };
    let (model, x) = model(&["model.encoder_variance=0.25"]);
    let descent = descend_likelihood(&model, x.clone(), &settings);
    let x = x.inner();
    let loss = |model: &Vae| {
        let model = model.valid();
        let codes = model.encode(x.clone()).mean;
        let likelihood = model.log_likelihood(x.clone(), model.decode(codes.clone()));
        scalar(likelihood.mean().neg() + code_penalty(codes, &settings))
    };
    let told = scalar(descent.reconstruction.clone());
    let codes = model.valid().encode(x.clone()).mean;
    assert_close(told, loss(&model) - scalar(code_penalty(codes, &settings)), 1e-4, "what is told");
    let kl = model.valid().kl_terms(x.clone(), Tensor::zeros(x.dims(), &x.device()));
    assert_close(scalar(descent.kl.clone()), scalar(kl.sum()) / 5.0, 1e-5, "the KL of q as it is");
    assert_gradient(&model, descent, loss);
}

#[test]
fn phases_follow_from_the_number_of_steps() {
    let settings = LibiSettings { likelihood_steps: 3, inference_steps: 2, repeats: 2, ..LibiSettings::default() };
    let found: Vec<(u64, LibiStage, bool)> = (0..12)
        .map(|step| LibiPhase::at(&settings, step))
        .map(|LibiPhase { repeat, stage, is_first }| (repeat, stage, is_first))
        .collect();
    let once = |repeat| {
        use LibiStage::{Inference, Likelihood};
        let stages =
            [(Likelihood, true), (Likelihood, false), (Likelihood, false), (Inference, true), (Inference, false)];
        stages.map(|(stage, is_first)| (repeat, stage, is_first))
    };
    assert_eq!(found[..5], once(0));
    assert_eq!(found[5..10], once(1));
    assert_eq!(found[10..], [(2, LibiStage::Done, true), (2, LibiStage::Done, false)]);
}

#[test]
fn the_aggregated_posterior_is_judged_by_samples_of_it() {
    // Collapsed: means of no spread and of a shape of their own, variances 1. The aggregated posterior is the prior.
    let count = 600;
    let means: Vec<f32> = (0..2 * count).map(|at| if at % 4 < 2 { 1e-3 } else { -1e-3 }).collect();
    let collapsed = aggregate_fit(&PoolPosteriors::from_parts(means, vec![0.0; 2 * count], 2));
    assert!(collapsed.moment_kl < 1e-4, "{collapsed:?}");
    assert!(collapsed.henze_zirkler < 2.0 * collapsed.henze_zirkler_null, "{collapsed:?}");
    // Two clusters.
    let means: Vec<f32> = (0..2 * count).map(|at| if at % 4 < 2 { 1.0 } else { -1.0 }).collect();
    let clusters = aggregate_fit(&PoolPosteriors::from_parts(means, vec![-4.0; 2 * count], 2));
    assert!(clusters.henze_zirkler > 5.0, "{clusters:?}");
    // Covariance (1 + e⁻⁴) I + off-diagonal 1: KL by hand.
    let (variance, covariance) = (1.0 + (-4.0_f64).exp(), 1.0);
    let determinant = variance * variance - covariance * covariance;
    assert_close(clusters.moment_kl, 0.5 * (2.0 * variance - 2.0 - determinant.ln()), 1e-5, "moments");
    let diverged = aggregate_fit(&PoolPosteriors::from_parts(vec![f32::NAN; 8], vec![0.0; 8], 2));
    assert!(diverged.moment_kl.is_nan() && diverged.henze_zirkler.is_nan());
}

/// Covariance of the linear example, from its definition: AAᵀ + B + (σ² I − B).
fn linear_covariance() -> Matrix2<f64> {
    let a = Matrix2::new(0.75, 0.25, 1.5, -1.0);
    a * a.transpose() + Matrix2::identity() * 0.01
}

/// KL(p(x) ‖ p_θ(x)) and the posterior-matching term of the best mean-field q, for x̂ = C z and noise 0.004 I.
fn terms(c: &Matrix2<f64>) -> [f64; 2] {
    let noise = 0.004;
    let (truth, of_model) = (linear_covariance(), c * c.transpose() + Matrix2::identity() * noise);
    let ratio = of_model.try_inverse().unwrap() * truth;
    let kl = 0.5 * (ratio.trace() - 2.0 - ratio.determinant().ln());
    let precision = Matrix2::identity() + c.transpose() * c / noise;
    let matching = 0.5 * (precision.m11.ln() + precision.m22.ln() - precision.determinant().ln());
    [kl, matching]
}

fn lower(c: [f64; 3]) -> Matrix2<f64> {
    Matrix2::new(c[0], 0.0, c[1], c[2])
}

#[test]
fn the_elbo_prefers_a_biased_model_to_the_truth() {
    let a = Matrix2::new(0.75, 0.25, 1.5, -1.0);
    let truth = (a * a.transpose() + Matrix2::identity() * 0.006).cholesky().unwrap().l();
    let [kl, matching] = terms(&truth);
    assert!(kl.abs() < 1e-12);
    assert_close(matching, 0.5323, 5e-5, "posterior matching at the truth");
    // Pattern search from several starts.
    let loss = |c: [f64; 3]| terms(&lower(c)).iter().sum::<f64>();
    let mut best = ([0.0; 3], f64::INFINITY);
    for start in [[1.0, 0.0, 1.0], [1.0, 1.0, 1.0], [0.5, -1.0, 2.0], [2.0, 2.0, 0.3]] {
        let (mut at, mut step) = (start, 0.5);
        while step > 1e-7 {
            let moves = (0..6).map(|index| {
                let mut moved = at;
                moved[index / 2] += if index % 2 == 0 { step } else { -step };
                moved
            });
            match moves.min_by(|a, b| loss(*a).total_cmp(&loss(*b))).filter(|moved| loss(*moved) < loss(at)) {
                Some(moved) => at = moved,
                None => step *= 0.5,
            }
        }
        if loss(at) < best.1 {
            best = (at, loss(at));
        }
    }
    let (c, value) = best;
    assert_close(value, 0.1962, 5e-5, "the optimum of the ELBO");
    for (found, expected) in c.iter().zip([0.7945, 0.2120, 1.6841]) {
        assert_close(*found, expected, 1e-3, "its decoder");
    }
    let [kl, matching] = terms(&lower(c));
    assert_close(kl, 0.1621, 1e-4, "KL");
    assert_close(matching, 0.0341, 1e-4, "posterior matching");
    // Step 1 of LiBI does not subtract the noise: one noise covariance too much, ¼ Σ (σ²/λ)² nats in second order.
    let truth = linear_covariance();
    let [kl, _] = terms(&truth.cholesky().unwrap().l());
    let second_order = 0.25 * truth.symmetric_eigenvalues().map(|value| (0.004 / value).powi(2)).sum();
    assert!((kl / second_order - 1.0).abs() < 0.05 && kl < 1e-4, "{kl} and {second_order}");
}

fn open(source: Source, examples: usize) -> Dataset {
    data::load(&source, &LoadOptions { examples: Some(examples), ..LoadOptions::default() }, &Unmonitored).unwrap()
}

fn rows(data: &Dataset) -> Vec<Vec<f64>> {
    let values = data.training_batch(&(0..data.training_len()).collect::<Vec<_>>());
    values.chunks(data.dimensions()).map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect()
}

/// Sets all parameters, in the order of the module.
struct Assign<'a>(&'a [f32]);

impl ModuleMapper for Assign<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (shape, count) = (param.val().shape(), param.val().dims().iter().product::<usize>());
        let (own, rest) = self.0.split_at(count);
        self.0 = rest;
        param.map(|tensor| Tensor::from_data(TensorData::new(own.to_vec(), shape), &tensor.device()).require_grad())
    }
}

struct Norm<'a>(&'a mut burn::optim::GradientsParams, f64);

impl ModuleVisitor for Norm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.0.remove::<D>(param.id) {
            let values: Vec<f32> = gradient.into_data().try_to_vec().unwrap();
            self.1 += values.into_iter().map(|value| f64::from(value).powi(2)).sum::<f64>();
        }
    }
}

#[test]
fn step_one_stays_where_cc_is_the_sample_covariance() {
    let mut experiment = Experiment::default();
    for assignment in
        ["data.source=libi-linear", "model.hidden=[]", "model.decoder=triangular", "model.sigma=0.0632455532"]
    {
        experiment.assign(assignment).unwrap();
    }
    let data = open(Source::LibiLinear, 400);
    let examples = rows(&data);
    let n = examples.len() as f64;
    let mean: Vector2<f64> = examples.iter().map(|row| Vector2::new(row[0], row[1])).sum::<Vector2<f64>>() / n;
    let deviations = examples.iter().map(|row| Vector2::new(row[0], row[1]) - mean);
    let covariance = deviations.map(|row| row * row.transpose()).sum::<Matrix2<f64>>() / n;
    let device = Device::flex().autodiff();
    let vae = Vae::new(&experiment.runs().unwrap().remove(0), &data, &device);
    let x: Vec<f32> = data.training_batch(&(0..400).collect::<Vec<_>>());
    let x: Tensor<2> = Tensor::from_data(TensorData::new(x, [400, 2]), &device);
    let gradient_at = |c: Matrix2<f64>| {
        let inverse = c.try_inverse().unwrap();
        // Weights act on rows from the right, so they are stored transposed. The encoder subtracts the mean by itself.
        let row_major = |m: Matrix2<f64>| [m.m11, m.m21, m.m12, m.m22];
        let values: Vec<f32> = row_major(inverse)
            .into_iter()
            .chain([0.0; 4])
            .chain(row_major(c))
            .chain([mean.x, mean.y])
            .map(|value| value as f32)
            .collect();
        let vae = vae.clone().map(&mut Assign(&values));
        let mut descent = descend_likelihood(&vae, x.clone(), &LibiSettings::default());
        assert_close(scalar(descent.reconstruction.clone()), (TAU * 0.004).ln(), 1e-4, "codes reconstruct exactly");
        let mut norm = Norm(&mut descent.gradients, 0.0);
        vae.visit(&mut norm);
        norm.1.sqrt()
    };
    let at_optimum = gradient_at(covariance.cholesky().unwrap().l());
    let noise_subtracted = covariance - Matrix2::identity() * 0.004;
    let beside = gradient_at(noise_subtracted.cholesky().unwrap().l());
    assert!(at_optimum < 0.02 && beside > 5.0 * at_optimum, "{at_optimum} and {beside}");
}

/// Mean and its standard error.
fn mean(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values: Vec<f64> = values.collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n / n).sqrt())
}

fn log_normal(x: &DVector<f64>, covariance: &DMatrix<f64>) -> f64 {
    let decomposed = covariance.clone().cholesky().unwrap();
    let half = decomposed.l().solve_lower_triangular(x).unwrap();
    -0.5 * half.norm_squared() - decomposed.l().diagonal().map(f64::ln).sum() - 0.5 * x.len() as f64 * TAU.ln()
}

/// The data's density averaged over its own draws is what the data say of themselves.
fn assert_entropy(source: Source, from_notes: f64, tolerance: f64, log_density: impl Fn(&[f64]) -> f64) {
    let data = open(source.clone(), 20_000);
    let claimed = data.true_log_likelihood().unwrap();
    assert_close(claimed, from_notes, tolerance, &source.to_string());
    let (found, error) = mean(rows(&data).iter().map(|row| log_density(row)));
    assert!(error < 0.03 && (found - claimed).abs() < 4.0 * error, "{source}: {found} ± {error} against {claimed}");
}

#[test]
fn gaussian_examples_have_the_log_likelihoods_that_they_say() {
    let covariance = DMatrix::from_iterator(2, 2, linear_covariance().iter().copied());
    assert_entropy(Source::LibiLinear, -2.9708, 2e-5, |x| log_normal(&DVector::from_column_slice(x), &covariance));
    let loadings = DMatrix::from_row_slice(2, 4, &[-0.7074, 0.0995, 0.0286, 0.1240, 0.7074, 0.9948, -0.9995, 0.9920]);
    let covariance = loadings.transpose() * loadings + DMatrix::identity(4, 4) * 1e-6;
    assert_entropy(Source::LibiGaussian, 7.8644, 1e-5, |x| log_normal(&DVector::from_column_slice(x), &covariance));
}

/// Nodes and weights of an integral over N(0, 1).
const HERMITE: [(f64, f64); 4] = [
    (0.539_079_811_351_375_1, 0.373_012_257_679_077_4),
    (1.636_519_042_435_108, 0.117_239_907_661_758_9),
    (2.802_485_861_287_542, 0.009_635_220_120_788_267),
    (4.144_547_186_125_894, 0.000_112_614_538_375_367_8),
];

#[test]
fn the_mobius_example_has_the_log_likelihood_that_it_says() {
    // Complex numbers by hand: z = (b − d x) / (x − 1), x = (z + b) / (z + d).
    let divide = |(a, b): (f64, f64), (c, d): (f64, f64)| {
        let squared = c * c + d * d;
        ((a * c + b * d) / squared, (b * c - a * d) / squared)
    };
    let noiseless = |u: f64, v: f64| {
        let z = divide((1.0 - 7.0 * u + 4.0 * v, 4.0 - 4.0 * u - 7.0 * v), (u - 1.0, v));
        let distance = (z.0 + 7.0).powi(2) + (z.1 + 4.0).powi(2);
        -TAU.ln() - 0.5 * (z.0 * z.0 + z.1 * z.1) - 36.0_f64.ln() + 2.0 * distance.ln()
    };
    let sd = 1e-5_f64.sqrt();
    let nodes = || HERMITE.iter().flat_map(|(node, weight)| [(node * sd, *weight), (-node * sd, *weight)]);
    let density = |x: &[f64]| {
        let mut sum = 0.0;
        for (s, first) in nodes() {
            for (t, second) in nodes() {
                sum += first * second * noiseless(x[0] - s, x[1] - t).exp();
            }
        }
        sum.ln()
    };
    assert_entropy(Source::LibiMobius, 1.926_06, 1e-5, density);
    let data = open(Source::LibiMobius, 20_000);
    let claimed = data.true_log_likelihood().unwrap();
    // What noise takes, de Bruijn: ½ σ² E |∇ log p|², with E over z of |−z + 4 (z + d)/|z + d|²|² |z + d|⁴ / 36 = 264.0556.
    let without = -TAU.ln() - 1.0 - 36.0_f64.ln() + 2.0 * 65.0_f64.ln();
    assert_close(claimed, without - 0.5e-5 * 264.055_6, 5e-6, "to first order in the noise");
}

/// p(x) of one coordinate given a rule for u: points in u with weights N(x; u³, 0.004) du.
fn rule(x: f64, points: usize) -> Vec<(f64, f64)> {
    let sd = 0.004_f64.sqrt();
    let (low, high) = ((x - 6.5 * sd).cbrt(), (x + 6.5 * sd).cbrt());
    let width = (high - low) / (points - 1) as f64;
    let at = |index: usize| low + width * index as f64;
    let weight = |u: f64| (-0.5 * ((x - u.powi(3)) / sd).powi(2)).exp() / (sd * TAU.sqrt()) * width;
    (0..points).map(|index| (at(index), weight(at(index)))).collect()
}

fn cubic_density(first: &[(f64, f64)], second: &[(f64, f64)], precision: &Matrix2<f64>) -> f64 {
    let scale = precision.determinant().sqrt() / (2.0 * PI);
    let mut sum = 0.0;
    for (u, along) in first {
        for (v, across) in second {
            let squared = precision.m11 * u * u + 2.0 * precision.m12 * u * v + precision.m22 * v * v;
            sum += along * across * scale * (-0.5 * squared).exp();
        }
    }
    sum
}

#[test]
fn the_cubic_example_has_the_log_likelihood_that_it_says() {
    let covariance = linear_covariance() - Matrix2::identity() * 0.004;
    let precision = covariance.try_inverse().unwrap();
    let density = |x: &[f64]| cubic_density(&rule(x[0], 31), &rule(x[1], 31), &precision).ln();
    assert_entropy(Source::LibiCubic, -4.0497, 1e-4, density);
    // ∫ p log p on a grid in t, x = t³ + 0.15 t.
    let cells = 120;
    let axis = |sd: f64| -> Vec<(f64, Vec<(f64, f64)>)> {
        let reach = 6.0 * sd;
        let width = 2.0 * reach / cells as f64;
        let at = |cell: usize| -reach + width * (cell as f64 + 0.5);
        let of = |t: f64| ((3.0 * t * t + 0.15) * width, rule(t.powi(3) + 0.15 * t, 25));
        (0..cells).map(|cell| of(at(cell))).collect()
    };
    let (first, second) = (axis(covariance.m11.sqrt()), axis(covariance.m22.sqrt()));
    let (mut mass, mut sum) = (0.0, 0.0);
    for (dx, along) in &first {
        for (dy, across) in &second {
            let density = cubic_density(along, across, &precision);
            mass += density * dx * dy;
            if density > 0.0 {
                sum += density * density.ln() * dx * dy;
            }
        }
    }
    assert_close(mass, 1.0, 2e-3, "total probability");
    assert_close(sum, -4.0497, 2e-3, "∫ p log p");
}

#[test]
fn other_sources_have_no_known_log_likelihood() {
    for source in Source::NAMED {
        let options = LoadOptions { examples: Some(10), ..LoadOptions::default() };
        let data = data::load(&source, &options, &Unmonitored).unwrap();
        assert_eq!(data.true_log_likelihood().is_some(), source.to_string().starts_with("libi-"), "{source}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, "a,b\n1,2\n3,4\n5,7\n").unwrap();
    let data = data::load(&Source::File(path), &LoadOptions::default(), &Unmonitored).unwrap();
    assert_eq!(data.true_log_likelihood(), None);
}
