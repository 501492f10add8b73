//! What the KL costs, and the importance-weighted bound: values against f64 sums, gradients against finite differences.

use crate::parameters::{gradients, nudged};
use crate::{assert_close, matrix, normals};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::{self, Unmonitored};
use collapsar::experiment::{Experiment, ObjectiveSettings, Schedule};
use collapsar::inference::{
    Batch, Descent, ElboTerms, InnerLoop, KlPenalty, Lagging, descend, descend_importance_weighted, elbo_terms,
    importance_weighted_bound, kl_factor,
};
use collapsar::model::{LatentModel, Vae};

const ROWS: usize = 5;

/// A small model on an autodiff device, with examples `[ROWS, 2]`.
pub fn model(assignments: &[&str]) -> (Vae, Tensor<2>) {
    let mut experiment = Experiment::default();
    for assignment in [&["model.hidden=[4]", "data.examples=50", "model.sigma=0.7"], assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    let settings = experiment.runs().unwrap().remove(0);
    let device = Device::flex().autodiff();
    let x = TensorData::new(data.training_batch(&(0..ROWS).collect::<Vec<_>>()), [ROWS, 2]);
    (Vae::new(&settings, &data, &device), Tensor::from_data(x, &device))
}

fn on_autodiff(rows: usize, columns: usize, values: &[f32]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [rows, columns]), &Device::flex().autodiff())
}

pub fn scalar(tensor: Tensor<1>) -> f64 {
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    f64::from(values[0])
}

/// Holds the gradient of a step against central differences of its loss, at every third parameter.
pub fn assert_gradient(model: &Vae, descent: Descent, loss: impl Fn(&Vae) -> f64) {
    let gradient = gradients(model, descent);
    let step = 1e-2;
    let largest = gradient.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.05, "there is something to compare: {largest}");
    for at in (0..gradient.len()).step_by(3) {
        let at_distance = |by| loss(&nudged(model, at, by));
        let difference = (at_distance(step) - at_distance(-step)) / (2.0 * f64::from(step));
        // f32 losses of order 1 leave 1e-5; the rest is the third derivative.
        let tolerance = 4e-3 * largest + 2e-4;
        assert!((gradient[at] - difference).abs() < tolerance, "parameter {at}: {} and {difference}", gradient[at]);
    }
}

fn terms(kl: &[f32], columns: usize) -> ElboTerms {
    ElboTerms {
        reconstruction: Tensor::from_data(TensorData::new(vec![2.0_f32], [1]), &Device::flex()),
        kl: vec![matrix(kl.len() / columns, columns, kl)],
    }
}

#[test]
fn free_bits_and_targets_cost_what_their_formulas_say() {
    // Two examples, three dimensions.
    let terms = terms(&[0.1, 0.5, 2.0, 0.3, 0.0, 1.0], 3);
    let loss = |free_bits, target| scalar(terms.loss(&KlPenalty { betas: vec![0.5, 9.0], free_bits, target }));
    assert_close(loss(0.0, 0.0), 2.0 + 0.5 * (2.6 + 1.3) / 2.0, 1e-6, "β KL");
    assert_close(loss(0.4, 0.0), 2.0 + 0.5 * ((0.4 + 0.5 + 2.0) + (0.4 + 0.4 + 1.0)) / 2.0, 1e-6, "free bits");
    assert_close(loss(0.0, 3.0), 2.0 + 0.5 * (3.0 - 1.95), 1e-6, "below the target");
    assert_close(loss(0.0, 1.0), 2.0 + 0.5 * (1.95 - 1.0), 1e-6, "above the target");
    assert_close(scalar(terms.total_kl()), 1.95, 1e-6, "what is told is the KL itself");
}

#[test]
fn a_step_has_the_gradient_of_its_loss() {
    let (model, x) = model(&[]);
    let noise = on_autodiff(ROWS, 2, &normals(3, 2 * ROWS));
    let penalties = [
        KlPenalty::weighted(&[0.7]),
        KlPenalty { betas: vec![1.3], free_bits: 0.3, target: 0.0 },
        KlPenalty { betas: vec![1.3], free_bits: 0.0, target: 4.0 },
    ];
    for penalty in penalties {
        let descent = descend(&model, Batch { x: x.clone(), noise: noise.clone() }, &penalty);
        let (x, noise) = (x.clone().inner(), noise.clone().inner());
        assert_gradient(&model, descent, |model| {
            scalar(elbo_terms(&model.valid(), x.clone(), noise.clone()).loss(&penalty))
        });
    }
}

#[test]
fn dimensions_within_their_free_bits_have_no_gradient_from_the_kl() {
    let (model, x) = model(&[]);
    let noise = on_autodiff(ROWS, 2, &normals(3, 2 * ROWS));
    let gradient = |free_bits| {
        let penalty = KlPenalty { betas: vec![1.0], free_bits, target: 0.0 };
        let descent = descend(&model, Batch { x: x.clone(), noise: noise.clone() }, &penalty);
        gradients(&model, descent)
    };
    let without = {
        let penalty = KlPenalty::weighted(&[0.0]);
        let descent = descend(&model, Batch { x: x.clone(), noise: noise.clone() }, &penalty);
        gradients(&model, descent)
    };
    assert_eq!(gradient(1e6), without);
    assert_ne!(gradient(1e-6), without);
}

#[test]
fn the_importance_weighted_bound_is_the_log_of_the_mean_weight() {
    let (model, x) = model(&[]);
    let samples = 7;
    let noise = on_autodiff(ROWS * samples, 2, &normals(5, 2 * ROWS * samples));
    let bound: Vec<f32> = importance_weighted_bound(&model, x.clone(), noise.clone()).into_data().try_to_vec().unwrap();
    // Each weight by itself, in f64, from densities written out here.
    let q = model.encode(x.clone());
    let values = |tensor: Tensor<2>| -> Vec<f64> {
        let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
        values.into_iter().map(f64::from).collect()
    };
    let (means, log_variances) = (values(q.mean), values(q.log_variance));
    let (noise, examples) = (values(noise), values(x));
    let normal = |difference: f64, variance: f64| {
        -0.5 * (difference * difference / variance + variance.ln() + (2.0 * std::f64::consts::PI).ln())
    };
    for index in 0..ROWS {
        let log_weight = |sample: usize| {
            let row = index * samples + sample;
            let z: Vec<f64> = (0..2)
                .map(|k| means[2 * index + k] + (0.5 * log_variances[2 * index + k]).exp() * noise[2 * row + k])
                .collect();
            let decoded = values(model.decode(on_autodiff(1, 2, &[z[0] as f32, z[1] as f32])));
            let likelihood: f64 = (0..2).map(|d| normal(examples[2 * index + d] - decoded[d], 0.49)).sum();
            let prior: f64 = z.iter().map(|z| normal(*z, 1.0)).sum();
            let own: f64 =
                (0..2).map(|k| normal(z[k] - means[2 * index + k], log_variances[2 * index + k].exp())).sum();
            likelihood + prior - own
        };
        let mean = (0..samples).map(|sample| log_weight(sample).exp()).sum::<f64>() / samples as f64;
        assert_close(f64::from(bound[index]), mean.ln(), 1e-4, "log of the mean weight");
    }
}

#[test]
fn a_step_on_the_importance_weighted_bound_has_its_gradient() {
    let (model, x) = model(&["model.sigma=learned"]);
    let noise = on_autodiff(ROWS * 3, 2, &normals(5, 6 * ROWS));
    let descent = descend_importance_weighted(&model, x.clone(), noise.clone());
    let told = scalar(descent.reconstruction.clone()) + scalar(descent.kl.clone());
    let (x, noise) = (x.inner(), noise.inner());
    let bound = |model: &Vae| -scalar(importance_weighted_bound(&model.valid(), x.clone(), noise.clone()).mean());
    assert!(bound(&model) < told + 0.2, "a mean of logarithms is below the logarithm of the mean: {told}");
    assert_gradient(&model, descent, bound);
}

#[test]
fn with_one_sample_the_importance_weighted_bound_is_the_elbo_in_expectation() {
    let (model, x) = model(&[]);
    let model = model.valid();
    let x = x.inner();
    let draws = 4000;
    let noise = matrix(ROWS * draws, 2, &normals(8, 2 * ROWS * draws));
    // Log weights themselves: k = 1.
    let repeated = x.clone().unsqueeze_dim::<3>(1).repeat_dim(1, draws).reshape([ROWS * draws, 2]);
    let single = scalar(importance_weighted_bound(&model, repeated.clone(), noise.clone()).mean());
    let terms = elbo_terms(&model, repeated, noise);
    let elbo = -scalar(terms.loss(&KlPenalty::weighted(&[1.0])));
    // Standard deviation of log q/p − KL over draws about 1.
    assert!((single - elbo).abs() < 4.0 / ((ROWS * draws) as f64).sqrt(), "{single} and {elbo}");
}

#[test]
fn schedules_start_end_and_repeat_where_they_say() {
    let mut objective = ObjectiveSettings::default();
    assert_eq!(kl_factor(&objective, 0), 1.0);
    objective.annealing.schedule = Schedule::Linear;
    objective.annealing.start = 0.1;
    objective.annealing.steps = 10;
    let at = |objective: &ObjectiveSettings, step| kl_factor(objective, step);
    assert_close(at(&objective, 0), 0.1, 1e-12, "start");
    assert_close(at(&objective, 5), 0.55, 1e-12, "half");
    assert_eq!([at(&objective, 10), at(&objective, 1_000_000)], [1.0; 2]);
    objective.annealing.schedule = Schedule::Cyclical;
    objective.annealing.start = 0.0;
    objective.annealing.cycles = 2;
    let factors: Vec<f64> = (0..22).map(|step| at(&objective, step)).collect();
    let cycle = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.0, 1.0, 1.0, 1.0];
    for (step, factor) in factors.iter().enumerate() {
        let expected = if step < 20 { cycle[step % 10] } else { 1.0 };
        assert_close(*factor, expected, 1e-12, "cyclical");
    }
    objective.pretraining.steps = 3;
    let delayed: Vec<f64> = (0..8).map(|step| at(&objective, step)).collect();
    assert_eq!(delayed[..3], [0.0; 3]);
    assert_eq!(delayed[3..], factors[..5], "annealing begins after the first stage");
}

#[test]
fn the_encoders_steps_end_when_their_average_loss_stops_falling() {
    let taken = |losses: &[f64]| {
        let mut inner = InnerLoop::new(3);
        losses.iter().position(|loss| inner.ends_after(*loss)).map(|at| at + 1)
    };
    // Averages 4, 3, 3: the third window has not fallen.
    assert_eq!(taken(&[4.0, 5.0, 3.0, 3.0, 3.0, 3.0, 1.0, 7.0, 1.0, 0.0]), Some(9));
    assert_eq!(taken(&[9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.0]), None);
    assert_eq!(taken(&[1.0, 1.0, 1.0, 1.0, f64::NAN, 1.0, 0.0, 0.0, 0.0]), Some(6), "no number is no fall");
}

#[test]
fn training_is_aggressive_until_information_falls_and_never_again() {
    let mut lagging = Lagging::default();
    let states: Vec<bool> = [0.5, 0.9, 0.9, 0.8, 2.0]
        .into_iter()
        .map(|information| {
            lagging.end_epoch(information);
            lagging.is_aggressive
        })
        .collect();
    assert_eq!(states, [true, true, true, false, false]);
}
