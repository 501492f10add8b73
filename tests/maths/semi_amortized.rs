//! Semi-amortised steps: gradients through the refinement against a reference in f64 that is written out here, and where refinement ends.

use crate::parameters::{gradients, parameters};
use crate::{assert_close, matrix, normals};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::{self, Unmonitored};
use collapsar::experiment::{Experiment, RefinementGradient, RefinementSettings};
use collapsar::inference::{Batch, KlPenalty, Refinement, StepNoise, descend_semi_amortized, refine};
use collapsar::measure::{self, EvaluationPool};
use collapsar::model::{LatentModel, Vae};
use collapsar::random::Purpose;
use nalgebra::{DMatrix, DVector};
use std::ops::Range;

const ROWS: usize = 5;
/// K and D.
const TWO: usize = 2;

fn model(assignments: &[&str]) -> (Vae, data::Dataset, Experiment) {
    let mut experiment = Experiment::default();
    for assignment in [&["model.hidden=[3]", "data.examples=50"], assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    let settings = experiment.runs().unwrap().remove(0);
    (Vae::new(&settings, &data, &Device::flex().autodiff()), data, experiment)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    values.into_iter().map(f64::from).collect()
}

/// A network with one hidden layer, by where its weights are in the list of parameters.
struct Net {
    hidden: [Range<usize>; 2],
    outputs: Vec<[Range<usize>; 2]>,
}

/// x W + b, W row-major with one row per input.
fn dense(flat: &[f64], [weight, bias]: &[Range<usize>; 2], x: &[f64]) -> Vec<f64> {
    let (weight, bias) = (&flat[weight.clone()], &flat[bias.clone()]);
    let product =
        |column: usize| x.iter().enumerate().map(|(row, x)| x * weight[row * bias.len() + column]).sum::<f64>();
    bias.iter().enumerate().map(|(column, bias)| bias + product(column)).collect()
}

/// The transposed product, without the bias.
fn back(flat: &[f64], [weight, bias]: &[Range<usize>; 2], y: &[f64]) -> Vec<f64> {
    let columns = bias.len();
    flat[weight.clone()].chunks_exact(columns).map(|row| row.iter().zip(y).map(|(w, y)| w * y).sum()).collect()
}

impl Net {
    fn activations(&self, flat: &[f64], x: &[f64]) -> Vec<f64> {
        dense(flat, &self.hidden, x).into_iter().map(f64::tanh).collect()
    }
}

/// The whole procedure in f64.
struct Reference {
    encoder: Net,
    decoder: Net,
    center: Vec<f64>,
    x: Vec<Vec<f64>>,
    /// ε_k for each step and example.
    noises: Vec<Vec<f64>>,
    last_noise: Vec<f64>,
    sigma: f64,
    beta: f64,
    free_bits: f64,
    settings: RefinementSettings,
}

impl Reference {
    fn encode(&self, flat: &[f64], x: &[f64]) -> [f64; 4] {
        let centered: Vec<f64> = x.iter().zip(&self.center).map(|(x, center)| x - center).collect();
        let hidden = self.encoder.activations(flat, &centered);
        let [mean, log_variance] = [0, 1].map(|at| dense(flat, &self.encoder.outputs[at], &hidden));
        [mean[0], mean[1], log_variance[0], log_variance[1]]
    }

    fn nll(&self, flat: &[f64], x: &[f64], z: &[f64]) -> (f64, Vec<f64>) {
        let hidden = self.decoder.activations(flat, z);
        let decoded = dense(flat, &self.decoder.outputs[0], &hidden);
        let precision = self.sigma.powi(-2);
        let residual: Vec<f64> = decoded.iter().zip(x).map(|(f, x)| f - x).collect();
        let square: f64 = residual.iter().map(|r| r * r).sum();
        let slope: Vec<f64> = residual.iter().map(|r| r * precision).collect();
        let mut before = back(flat, &self.decoder.outputs[0], &slope);
        before.iter_mut().zip(&hidden).for_each(|(b, h)| *b *= 1.0 - h * h);
        let constant = TWO as f64 * (self.sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln());
        (0.5 * square * precision + constant, back(flat, &self.decoder.hidden, &before))
    }

    fn kl(at: &[f64; 4], d: usize) -> f64 {
        0.5 * (at[d].powi(2) + at[2 + d].exp() - at[2 + d] - 1.0)
    }

    /// Value at one sample.
    fn cost(&self, flat: &[f64], example: usize, at: &[f64; 4], noise: &[f64]) -> f64 {
        let z: Vec<f64> = (0..TWO).map(|d| at[d] + (0.5 * at[2 + d]).exp() * noise[d]).collect();
        let kl: f64 = (0..TWO).map(|d| Self::kl(at, d).max(self.free_bits)).sum();
        self.nll(flat, &self.x[example], &z).0 + self.beta * kl
    }

    /// Gradient with respect to λ, over both signs of the noise, clipped.
    fn clipped_gradient(&self, flat: &[f64], example: usize, at: &[f64; 4], noise: &[f64]) -> [f64; 4] {
        let mut gradient = [0.0; 4];
        for sign in [1.0, -1.0] {
            let shift: Vec<f64> = (0..TWO).map(|d| sign * (0.5 * at[2 + d]).exp() * noise[d]).collect();
            let z: Vec<f64> = (0..TWO).map(|d| at[d] + shift[d]).collect();
            let slope = self.nll(flat, &self.x[example], &z).1;
            for d in 0..TWO {
                gradient[d] += 0.5 * slope[d];
                gradient[2 + d] += 0.5 * slope[d] * 0.5 * shift[d];
            }
        }
        for d in (0..TWO).filter(|&d| Self::kl(at, d) > self.free_bits) {
            gradient[d] += self.beta * at[d];
            gradient[2 + d] += self.beta * 0.5 * (at[2 + d].exp() - 1.0);
        }
        for half in [0, 2] {
            let norm = gradient[half].hypot(gradient[half + 1]);
            gradient[half..half + 2].iter_mut().for_each(|g| *g *= (5.0 / norm).min(1.0));
        }
        gradient
    }

    fn refined(&self, flat: &[f64], example: usize) -> [f64; 4] {
        let mut at = self.encode(flat, &self.x[example]);
        let mut velocity = [0.0; 4];
        for noise in &self.noises {
            let gradient = self.clipped_gradient(flat, example, &at, &noise[TWO * example..][..TWO]);
            for i in 0..4 {
                velocity[i] = self.settings.momentum * velocity[i] - gradient[i];
                at[i] += self.settings.rate * velocity[i];
            }
        }
        at
    }

    /// Mean over examples, at posteriors that `place` gives.
    fn loss(&self, flat: &[f64], place: impl Fn(usize) -> [f64; 4]) -> f64 {
        let cost = |example| self.cost(flat, example, &place(example), &self.last_noise[TWO * example..][..TWO]);
        (0..ROWS).map(cost).sum::<f64>() / ROWS as f64
    }
}

/// What a step gives, and the reference with its list of parameters and which of them are the encoder's.
fn step(
    sigma: f64,
    penalty: &KlPenalty,
    settings: &RefinementSettings,
) -> (Vec<f64>, Reference, Vec<f64>, Range<usize>) {
    let (model, data, _) = model(&[&format!("model.sigma={sigma}")]);
    let device = Device::flex().autodiff();
    let x = data.training_batch(&(0..ROWS).collect::<Vec<_>>());
    let x = Tensor::<2>::from_data(TensorData::new(x, [ROWS, TWO]), &device);
    let last = Tensor::<2>::from_data(TensorData::new(normals(3, TWO * ROWS), [ROWS, TWO]), &device);
    let noise = StepNoise { seed: 8, step: 2, device: device.clone() };
    let batch = Batch { x: x.clone(), noise: last.clone() };
    let found = gradients(&model, descend_semi_amortized(&model, batch, penalty, settings, &noise));
    let (mut ranges, mut flat) = (Vec::new(), Vec::new());
    for parameter in parameters(&model) {
        let first = flat.len();
        flat.extend(parameter.values);
        ranges.push((parameter.name, first..flat.len()));
    }
    let find = |start: &str, end: &str| {
        let mut found = ranges.iter().filter(|(name, _)| name.starts_with(start) && name.ends_with(end));
        let range = found.next().unwrap_or_else(|| panic!("{start}…{end}")).1.clone();
        assert!(found.next().is_none(), "{start}…{end} is one parameter");
        range
    };
    let layer = |start: &str| [find(start, "weight"), find(start, "bias")];
    let of_decoder = |part: &str| {
        let is = |(name, _): &&(String, Range<usize>), end: &str| {
            name.starts_with("decoder") && name.contains(part) && name.ends_with(end)
        };
        ["weight", "bias"].map(|end| ranges.iter().find(|range| is(range, end)).unwrap().1.clone())
    };
    let reference = Reference {
        encoder: Net {
            hidden: layer("encoder.hidden"),
            outputs: vec![layer("encoder.mean"), layer("encoder.log_variance")],
        },
        decoder: Net { hidden: of_decoder("hidden"), outputs: vec![of_decoder("output")] },
        center: data.training_mean().iter().map(|&mean| f64::from(mean)).collect(),
        x: values(x).chunks_exact(TWO).map(<[f64]>::to_vec).collect(),
        noises: (0..settings.steps).map(|step| values(noise.normals(Purpose::Refinement, step, ROWS, TWO))).collect(),
        last_noise: values(last),
        sigma,
        beta: penalty.betas[0],
        free_bits: penalty.free_bits,
        settings: settings.clone(),
    };
    let encoder = ranges.iter().filter(|(name, _)| name.starts_with("encoder"));
    let encoder = encoder.map(|(_, range)| range.clone()).reduce(|all, range| all.start..range.end).unwrap();
    (found, reference, flat, encoder)
}

fn differences(flat: &[f64], loss: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let mut point = flat.to_vec();
    let difference = |at: usize| {
        let [above, below] = [1e-5, -1e-5].map(|by| {
            point[at] = flat[at] + by;
            loss(&point)
        });
        point[at] = flat[at];
        (above - below) / 2e-5
    };
    (0..flat.len()).map(difference).collect()
}

fn refinement(steps: u64, rate: f64, gradient: RefinementGradient) -> RefinementSettings {
    RefinementSettings { steps, rate, momentum: 0.5, gradient }
}

fn assert_same(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    assert!(largest > 0.05, "{what}: there is something to compare");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() < tolerance * largest, "{what}, {at}: {found} and {expected}, {largest}");
    }
}

#[test]
fn a_differentiated_step_has_the_gradient_of_the_whole_procedure() {
    // σ, free bits, α: the second case has gradients of norm above 5, which are clipped.
    for (sigma, free_bits, rate) in [(0.7, 0.0, 0.1), (0.15, 0.0, 0.01), (0.7, 0.1, 0.1)] {
        let penalty = KlPenalty { betas: vec![0.8], free_bits, target: 0.0 };
        let settings = refinement(6, rate, RefinementGradient::Differentiated);
        let (found, reference, flat, encoder) = step(sigma, &penalty, &settings);
        let whole = differences(&flat, |flat| reference.loss(flat, |example| reference.refined(flat, example)));
        // Differences over 1e-2 of f32 gradients: 1e-6/1e-2 of a gradient from rounding, 1e-4 of a third derivative from bending.
        assert_same(&found, &whole, 5e-3, &format!("σ = {sigma}, free bits {free_bits}"));
        // It is another gradient than that without the refinement's part.
        let end: Vec<[f64; 4]> = (0..ROWS).map(|example| reference.refined(&flat, example)).collect();
        let direct = differences(&flat, |flat| reference.loss(flat, |example| end[example]));
        let all = whole.iter().zip(&direct).map(|(a, b)| (a - b).abs());
        let of_generator = all.enumerate().filter(|(at, _)| !encoder.contains(at)).map(|(_, difference)| difference);
        let largest = direct.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        assert!(of_generator.fold(0.0, f64::max) > 0.02 * largest, "the decoder takes part in the steps");
    }
}

#[test]
fn a_stopped_step_trains_the_encoder_where_it_is_and_the_rest_where_refinement_ends() {
    let penalty = KlPenalty::weighted(&[0.8]);
    let settings = refinement(6, 0.1, RefinementGradient::Stopped);
    let (found, reference, flat, encoder) = step(0.7, &penalty, &settings);
    let end: Vec<[f64; 4]> = (0..ROWS).map(|example| reference.refined(&flat, example)).collect();
    let mut expected = differences(&flat, |flat| reference.loss(flat, |example| end[example]));
    let own = differences(&flat, |flat| reference.loss(flat, |example| reference.encode(flat, &reference.x[example])));
    expected[encoder.clone()].copy_from_slice(&own[encoder]);
    assert_same(&found, &expected, 1e-3, "stopped");
}

fn measuring(experiment: &Experiment, seed: u64) -> Refinement {
    Refinement {
        settings: experiment.objective.refinement.clone(),
        penalty: KlPenalty::weighted(&[1.0]),
        noise: StepNoise { seed, step: 9, device: Device::flex() },
    }
}

#[test]
fn refined_posteriors_of_a_linear_model_are_the_best_diagonal_ones() {
    let own = ["data.source=linear-gaussian", "data.spectrum=[3, 1, 0.5]", "model.hidden=[]", "model.sigma=0.8"];
    let further = ["objective.refinement.steps=400", "objective.refinement.rate=0.02"];
    let (model, data, experiment) = model(&[&own[..], &further].concat());
    let model = model.valid();
    let x = matrix(ROWS, 3, &data.training_batch(&(0..ROWS).collect::<Vec<_>>()));
    // Images of 0 and of the unit vectors.
    let images = values(model.decode(matrix(3, 2, &[0.0, 0.0, 1.0, 0.0, 0.0, 1.0])));
    let offset = DVector::from_column_slice(&images[..3]);
    let map = DMatrix::from_fn(3, 2, |row, column| images[3 * (column + 1) + row] - images[row]);
    let precision = DMatrix::identity(2, 2) + map.tr_mul(&map) / 0.64;
    let inverse = precision.clone().try_inverse().unwrap();
    let examples = values(x.clone());
    let mut log_variances = [0.0; 2];
    let draws = 20;
    for seed in 0..draws {
        let refined = refine(&model, x.clone(), &measuring(&experiment, seed));
        let (means, own) = (values(refined.mean), values(refined.log_variance));
        for example in 0..ROWS {
            let x = DVector::from_column_slice(&examples[3 * example..][..3]);
            let exact = &inverse * map.tr_mul(&(x - &offset)) / 0.64;
            for d in 0..2 {
                assert_close(means[2 * example + d], exact[d], 1e-3, "mean");
                log_variances[d] += own[2 * example + d] / (ROWS as f64 * f64::from(draws as u32));
            }
        }
    }
    for d in 0..2 {
        // Each draw shakes log σ² by about 0.2 around its optimum.
        assert!((log_variances[d] + precision[(d, d)].ln()).abs() < 0.15, "{log_variances:?} {precision}");
    }
}

#[test]
fn an_example_is_refined_alike_alone_and_among_others() {
    let (model, data, experiment) = model(&["model.sigma=0.5"]);
    let model = model.valid();
    let x = matrix(40, TWO, &data.training_batch(&(0..40).collect::<Vec<_>>()));
    let all = refine(&model, x.clone(), &measuring(&experiment, 1));
    let again = refine(&model, x.clone(), &measuring(&experiment, 1));
    assert_eq!(values(all.mean.clone()), values(again.mean), "the same weights give the same numbers");
    for row in [0, 17, 39] {
        let alone = refine(&model, x.clone().narrow(0, row, 1), &measuring(&experiment, 1));
        for (alone, all) in [(alone.mean, &all.mean), (alone.log_variance, &all.log_variance)] {
            for (alone, all) in values(alone).iter().zip(values(all.clone().narrow(0, row, 1))) {
                assert_close(*alone, all, 1e-4, "refined");
            }
        }
    }
}

#[test]
fn refinement_lowers_the_gap_to_the_likelihood() {
    for assignments in [
        &["model.sigma=1"][..],
        &["model.sigma=0.3"],
        &["model.sigma=0.5", "model.encoder_start=prior"],
        &["data.source=digits", "model.likelihood=bernoulli", "model.latent_dimensions=8"],
    ] {
        let (model, data, experiment) = model(&[&["model.hidden=[64, 64]", "data.examples=300"], assignments].concat());
        let pool = EvaluationPool::new(&data, experiment.model.likelihood, 1, &Device::flex());
        let gap = |refinement| {
            let model = collapsar::inference::Refined::new(&model, refinement);
            measure::likelihood_estimate(&model, &pool, [64, 100], 3, &Device::flex()).unwrap().posterior_matching()
        };
        let [before, after] = [gap(None), gap(Some(measuring(&experiment, 1)))];
        println!("{assignments:?}: {before} to {after}");
        assert!(after < 0.5 * before, "{assignments:?}: {before} to {after}");
    }
}
