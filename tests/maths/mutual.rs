//! The mutual autoencoder: gradients of all three parts, its bound, and the fixed point of linear models.

use crate::linear_theory::minimise::minimise;
use crate::parameters::{changed, gradients, nudged, parameters};
use crate::{assert_close, normals};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::{self, Unmonitored};
use collapsar::experiment::{Experiment, Settings};
use collapsar::inference::{Batch, KlPenalty, StepNoise, descend, descend_mutual, elbo_terms, information_bound};
use collapsar::model::Vae;
use nalgebra::{DMatrix, DVector};

const ROWS: usize = 6;

/// A model with random weights everywhere on an autodiff device, with some examples and the mean that encoders subtract.
fn model_of(assignments: &[&str], seed: u64) -> (Vae, Settings, Tensor<2>, Vec<f64>) {
    let mut experiment = Experiment { seed, ..Experiment::default() };
    for assignment in [&["model.hidden=[4]", "data.examples=50", "objective.method=mutual"], assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    let settings = experiment.runs().unwrap().remove(0);
    let device = Device::flex().autodiff();
    let x = data.training_batch(&(0..ROWS).collect::<Vec<_>>());
    let x = TensorData::new(x, [ROWS, data.dimensions()]);
    let model = Vae::new(&settings, &data, &device);
    // The auxiliary model starts at the prior, where it tells nothing.
    let shifts = normals(seed, 10_000);
    let model = changed(&model, |at, value| value + 0.3 * shifts[at]);
    let center = data.training_mean().iter().map(|&mean| f64::from(mean)).collect();
    (model, settings, Tensor::from_data(x, &device), center)
}

fn model(assignments: &[&str], seed: u64) -> (Vae, Settings, Tensor<2>) {
    let (model, settings, x, _) = model_of(assignments, seed);
    (model, settings, x)
}

fn noise(device: Device) -> StepNoise {
    StepNoise { seed: 5, step: 3, device }
}

fn scalar(tensor: Tensor<1>) -> f64 {
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    f64::from(values[0])
}

fn bound(model: &Vae) -> f64 {
    scalar(information_bound(&model.valid(), &noise(Device::flex()), ROWS).unwrap())
}

/// Which entries of the list of parameters belong to the auxiliary model.
fn is_auxiliary(model: &Vae) -> Vec<bool> {
    let of = |name: &str, count| std::iter::repeat_n(name.starts_with("auxiliary"), count);
    parameters(model).iter().flat_map(|parameter| of(&parameter.name, parameter.values.len())).collect()
}

#[test]
fn every_part_follows_the_gradient_of_its_own_loss_on_either_side_of_the_target() {
    let (model, mut settings, x) = model(&["model.sigma=learned"], 3);
    let latent = Tensor::from_data(TensorData::new(normals(4, 2 * ROWS), [ROWS, 2]), &x.device());
    let penalty = KlPenalty::weighted(&[0.7]);
    let information = bound(&model);
    let is_auxiliary = is_auxiliary(&model);
    assert!(is_auxiliary.contains(&true) && is_auxiliary.contains(&false));
    let mut of_auxiliary = Vec::new();
    for target in [information - 0.5, information + 0.5] {
        settings.objective.information.target = target;
        settings.objective.information.weight = 1.7;
        let batch = Batch { x: x.clone(), noise: latent.clone() };
        let descent = descend_mutual(&model, batch, &penalty, &settings.objective, &noise(x.device()));
        let found = gradients(&model, descent);
        let (x, latent) = (x.clone().inner(), latent.clone().inner());
        let whole = |model: &Vae| {
            let elbo = scalar(elbo_terms(&model.valid(), x.clone(), latent.clone()).loss(&penalty));
            elbo + 1.7 * (bound(model) - target).abs()
        };
        let largest = found.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        for (at, found) in found.iter().enumerate() {
            let loss = |by: f32| {
                let model = nudged(&model, at, by);
                if is_auxiliary[at] { -bound(&model) } else { whole(&model) }
            };
            let difference = (loss(5e-3) - loss(-5e-3)) / 1e-2;
            // f32 losses of order 10 leave 1e-6/1e-2 each; the rest is the third derivative.
            assert!((found - difference).abs() < 3e-3 * largest.max(1.0), "{at}: {found} and {difference}");
        }
        of_auxiliary.push(found.iter().zip(&is_auxiliary).filter(|(_, is)| **is).map(|(of, _)| *of).collect());
    }
    let [above, below]: [Vec<f64>; 2] = of_auxiliary.try_into().unwrap();
    assert_eq!(above, below, "the auxiliary model does not know the target");
}

#[test]
fn without_weight_the_generative_model_is_that_of_the_elbo() {
    let (model, mut settings, x) = model(&["model.sigma=learned"], 3);
    let latent = Tensor::from_data(TensorData::new(normals(4, 2 * ROWS), [ROWS, 2]), &x.device());
    let penalty = KlPenalty::weighted(&[1.0]);
    settings.objective.information.weight = 0.0;
    let batch = || Batch { x: x.clone(), noise: latent.clone() };
    let mutual = gradients(&model, descend_mutual(&model, batch(), &penalty, &settings.objective, &noise(x.device())));
    let plain = gradients(&model, descend(&model, batch(), &penalty));
    for ((mutual, plain), is_auxiliary) in mutual.iter().zip(&plain).zip(is_auxiliary(&model)) {
        assert_close(*plain, if is_auxiliary { 0.0 } else { *mutual }, 1e-6, "gradient");
    }
}

/// K columns, D rows, and the other numbers of a linear model with a linear auxiliary model.
struct LinearParts {
    decoder: DMatrix<f64>,
    decoder_bias: DVector<f64>,
    reader: DMatrix<f64>,
    reader_bias: DVector<f64>,
    reader_variance: Vec<f64>,
}

const LATENT: usize = 2;
const OUTPUTS: usize = 3;
const LINEAR: [&str; 5] = [
    "model.hidden=[]",
    "data.source=linear-gaussian",
    "data.spectrum=[3, 1, 0.3]",
    "model.sigma=0.6",
    "model.latent_dimensions=2",
];

impl LinearParts {
    fn of(model: &Vae) -> Self {
        let all = parameters(model);
        let values = |part: &str, end: &str| {
            let is = |name: &str| name.starts_with(part) && name.ends_with(end);
            let mut found = all.iter().filter(|parameter| is(&parameter.name));
            let values = found.next().unwrap_or_else(|| panic!("{part}…{end}")).values.clone();
            assert!(found.next().is_none(), "{part}…{end} is one parameter");
            values
        };
        // Weights are stored from inputs to outputs.
        Self {
            decoder: DMatrix::from_column_slice(OUTPUTS, LATENT, &values("decoder", "weight")),
            decoder_bias: DVector::from_vec(values("decoder", "bias")),
            reader: DMatrix::from_column_slice(LATENT, OUTPUTS, &values("auxiliary.mean", "weight")),
            reader_bias: DVector::from_vec(values("auxiliary.mean", "bias")),
            reader_variance: values("auxiliary", "value").iter().map(|value| value.exp()).collect(),
        }
    }

    /// H(z) + E log r(z | x) by hand: z − (W (C z + σ ε + b − center) + c) is Gaussian.
    fn bound(&self, center: &DVector<f64>, sigma: f64) -> f64 {
        let shift = &self.reader * (&self.decoder_bias - center) + &self.reader_bias;
        let of_z = DMatrix::identity(LATENT, LATENT) - &self.reader * &self.decoder;
        let terms = (0..LATENT).map(|k| {
            let square = of_z.row(k).norm_squared() + (sigma * self.reader.row(k)).norm_squared() + shift[k].powi(2);
            let variance = self.reader_variance[k];
            0.5 - 0.5 * (variance.ln() + square / variance)
        });
        terms.sum()
    }

    /// ½ log det(I + CᵀC/σ²).
    fn information(&self, sigma: f64) -> f64 {
        let within = DMatrix::identity(LATENT, LATENT) + self.decoder.tr_mul(&self.decoder) / sigma.powi(2);
        0.5 * within.determinant().ln()
    }
}

#[test]
fn the_bound_of_a_linear_model_is_its_closed_form_and_never_above_the_information() {
    for seed in 0..20 {
        let (model, _, _, center) = model_of(&LINEAR, seed);
        let center = DVector::from_vec(center);
        let parts = LinearParts::of(&model);
        let expected = parts.bound(&center, 0.6);
        assert_close(bound(&model), expected, 1e-4 * (1.0 + expected.abs()), "bound");
        let information = parts.information(0.6);
        assert!(bound(&model) <= information + 1e-4, "{} above {information}", bound(&model));
    }
}

#[test]
fn a_step_over_many_samples_is_that_of_the_closed_form() {
    let (model, settings, x) = model(&LINEAR, 2);
    let mut objective = settings.objective;
    let samples = 20_000;
    let many = x.clone().inner().repeat_dim(0, samples / ROWS + 1);
    let [rows, _] = many.dims();
    let many = Tensor::from_inner(many);
    let latent = Tensor::zeros([rows, LATENT], &x.device());
    let penalty = KlPenalty::weighted(&[1.0]);
    let gradient = |objective: &collapsar::experiment::ObjectiveSettings| {
        let batch = Batch { x: many.clone(), noise: latent.clone() };
        gradients(&model, descend_mutual(&model, batch, &penalty, objective, &noise(x.device())))
    };
    let sampled = gradient(&objective);
    objective.expectation = collapsar::experiment::Expectation::ClosedForm;
    let exact = gradient(&objective);
    let largest = exact.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    // Some 0.7 % of chance each.
    for (sampled, exact) in sampled.iter().zip(&exact) {
        assert!((sampled - exact).abs() < 0.05 * largest, "{sampled} and {exact}");
    }
}

#[test]
fn the_fixed_point_of_a_linear_model_is_that_of_the_notes() {
    // Eigenvalues, noise variance; s_i = u_i² + η², minimised freely over u.
    let (eigenvalues, noise) = ([4.0, 1.0_f64], 0.25_f64);
    let information = |u: &[f64]| u.iter().map(|u| 0.5 * (u * u / noise).ln_1p()).sum::<f64>();
    let loss = |u: &[f64]| {
        let term = |(u, eigenvalue): (&f64, &f64)| 0.5 * ((u * u + noise).ln() + eigenvalue / (u * u + noise));
        u.iter().zip(&eigenvalues).map(term).sum::<f64>()
    };
    for (target, weight) in [(1.0, 2.5), (2.5, 2.5), (3.5, 2.5), (3.5, 0.3), (1.0, 0.3)] {
        // The corner of |I − M| is rounded off where it is narrower than 1e-4.
        let rounded = |u: &[f64]| loss(u) + weight * ((information(u) - target).powi(2) + 1e-8).sqrt();
        let reached = information(&minimise(&rounded, vec![1.9, 0.8]).0);
        let clipped = |weight: f64| {
            let active = |eigenvalue: &f64| 0.5 * (eigenvalue / ((1.0 - weight) * noise)).max(1.0).ln();
            eigenvalues.iter().map(active).sum::<f64>()
        };
        // A weight of 1 or more reaches any M above.
        let highest = if weight < 1.0 { clipped(weight) } else { f64::INFINITY };
        let expected = target.clamp(clipped(-weight), highest);
        assert!((reached - expected).abs() < 2e-3, "M = {target}, C = {weight}: {reached} instead of {expected}");
    }
}

#[test]
fn a_model_without_auxiliary_has_no_bound() {
    let (model, ..) = model(&["objective.method=elbo"], 3);
    assert!(information_bound(&model.valid(), &noise(Device::flex()), ROWS).is_none());
    assert!(parameters(&model).iter().all(|parameter| !parameter.name.contains("auxiliary")));
}
