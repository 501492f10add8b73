//! Learned priors against sums and quadratures in double precision, closed forms of linear models, and finite differences.

use crate::{assert_close, matrix, normals};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::{self, Dataset, Unmonitored};
use collapsar::device::{Handover, TrainingDevice};
use collapsar::exact::{PriorComponent, PriorDensity, exact_posterior};
use collapsar::experiment::{Experiment, Settings};
use collapsar::inference::{KlPenalty, elbo_terms};
use collapsar::measure::{self, EvaluationPool};
use collapsar::model::{DiagonalGaussian, LatentModel, PriorComponents, Vae};
use collapsar::train::{Learner, Marginal, Probe, ReadingValue};
use std::f64::consts::TAU;
use std::sync::Arc;

fn settings(assignments: &[&str]) -> (Settings, Dataset) {
    let mut experiment = Experiment::default();
    for assignment in [&["data.examples=600", "model.hidden=[16]"], assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    experiment.validate_for(&data).unwrap();
    (experiment.runs().unwrap().remove(0), data)
}

fn model(assignments: &[&str], device: &Device) -> (Vae, Dataset) {
    let (settings, data) = settings(assignments);
    (Vae::new(&settings, &data, device), data)
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    let values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
    values.into_iter().map(f64::from).collect()
}

fn normal(z: f64, mean: f64, variance: f64) -> f64 {
    (-0.5 * (z - mean).powi(2) / variance).exp() / (TAU * variance).sqrt()
}

/// Weights, means and variances of a mixture, read back.
struct Plain {
    weights: Vec<f64>,
    means: Vec<Vec<f64>>,
    variances: Vec<Vec<f64>>,
}

impl Plain {
    fn of(model: &impl LatentModel) -> Self {
        let PriorComponents { gaussians, log_weight } = model.prior_components().unwrap();
        let [_, latent] = gaussians.mean.dims();
        let rows = |values: Vec<f64>| values.chunks_exact(latent).map(<[f64]>::to_vec).collect();
        Self {
            weights: numbers(log_weight.exp()),
            means: rows(numbers(gaussians.mean)),
            variances: rows(numbers(gaussians.log_variance.exp())),
        }
    }

    /// Σ_c w_c Π_d N(z_d; μ_cd, σ_cd²) over the first dimensions, as many as z has.
    fn density(&self, z: &[f64]) -> f64 {
        let component = |c: usize| -> f64 {
            z.iter().enumerate().map(|(d, z)| normal(*z, self.means[c][d], self.variances[c][d])).product()
        };
        (0..self.weights.len()).map(|c| self.weights[c] * component(c)).sum()
    }
}

/// Adds random numbers to the parameters of a learned prior, or one number to one of its entries.
struct Shake<'a> {
    path: Vec<String>,
    shift: &'a mut dyn FnMut(usize, &mut [f32]),
    at: usize,
}

impl<'a> Shake<'a> {
    /// `shift` is given the number of the prior's parameter, and its entries.
    fn new(shift: &'a mut dyn FnMut(usize, &mut [f32])) -> Self {
        Self { path: Vec::new(), shift, at: 0 }
    }
}

impl ModuleMapper for Shake<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.path.iter().any(|name| name == "mixture") {
            return param;
        }
        let at = self.at;
        self.at += 1;
        param.map(|tensor| {
            let (shape, device, is_trained) = (tensor.shape(), tensor.device(), tensor.is_require_grad());
            let mut values: Vec<f32> = tensor.into_data().try_into_vec().unwrap();
            (self.shift)(at, &mut values);
            let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
            if is_trained { tensor.require_grad() } else { tensor }
        })
    }
}

/// A model whose mixture has different weights, means and variances.
fn shaken(model: Vae, seed: u64, size: f32) -> Vae {
    let mut shift = |at: usize, values: &mut [f32]| {
        let noise = normals(seed + at as u64, values.len());
        values.iter_mut().zip(noise).for_each(|(value, noise)| *value += size * noise);
    };
    model.map(&mut Shake::new(&mut shift))
}

const FREE: [&str; 2] = ["model.prior=gaussian-mixture", "model.prior_components=4"];
const VAMP: [&str; 2] = ["model.prior=vamp", "model.prior_components=5"];

#[test]
fn log_densities_are_those_of_the_sum_over_components() {
    for own in [FREE, VAMP] {
        let (model, _) = model(&[&own[..], &["model.latent_dimensions=3"]].concat(), &Device::flex());
        let model = shaken(model, 3, 0.6);
        let plain = Plain::of(&model);
        assert_close(plain.weights.iter().sum(), 1.0, 1e-6, "weights");
        let read = PriorDensity::of(&model).unwrap();
        let points = normals(7, 60);
        let tensors = numbers(model.log_prior(matrix(20, 3, &points)));
        for (z, log) in points.chunks_exact(3).zip(tensors) {
            let z: Vec<f64> = z.iter().map(|&z| f64::from(z)).collect();
            let expected = plain.density(&z).ln();
            assert_close(log, expected, 1e-5, "log p(z) on the device");
            assert_close(read.log_density(&z), expected, 1e-6, "log p(z) read back");
            let mut sum = 0.0;
            read.for_each_conditional(&z, |d, log| {
                let ratio = plain.density(&z[..=d]).ln() - if d == 0 { 0.0 } else { plain.density(&z[..d]).ln() };
                assert_close(log, ratio, 1e-5, "conditional");
                sum += log;
            });
            assert_close(sum, expected, 1e-6, "conditionals add up");
        }
    }
}

#[test]
fn a_mixture_starts_near_the_standard_normal_and_its_components_differ() {
    let (model, _) = model(&["model.prior=gaussian-mixture", "model.prior_components=64"], &Device::flex());
    let plain = Plain::of(&model);
    assert!(plain.weights.iter().all(|weight| (weight - 1.0 / 64.0).abs() < 1e-7));
    assert!(plain.variances.iter().flatten().all(|variance| (variance - 1.0).abs() < 1e-6));
    // Standard deviation ½ of the means, over 128 numbers.
    let square = plain.means.iter().flatten().map(|mean| mean * mean).sum::<f64>() / 128.0;
    assert!((square - 0.25).abs() < 0.25 * 4.0 * (2.0_f64 / 128.0).sqrt(), "{square}");
}

#[test]
fn a_vamp_prior_is_the_mean_of_posteriors_of_training_examples() {
    let (model, data) = model(&VAMP, &Device::flex());
    let plain = Plain::of(&model);
    let positions: Vec<usize> = (0..data.training_len()).collect();
    let encoded = model.encode(matrix(positions.len(), data.dimensions(), &data.training_batch(&positions)));
    let means = numbers(encoded.mean);
    let found =
        |mean: &Vec<f64>| means.chunks_exact(2).any(|own| own.iter().zip(mean).all(|(a, b)| (a - b).abs() < 1e-6));
    assert!(plain.means.iter().all(found) && plain.weights.iter().all(|weight| (weight - 0.2).abs() < 1e-7));
    assert!((0..5).all(|c| (0..c).all(|other| plain.means[c] != plain.means[other])), "an example was taken twice");
}

#[test]
fn other_weights_do_not_depend_on_the_prior() {
    let x = matrix(4, 2, &normals(5, 8));
    let outputs = |own: &[&str]| {
        let (model, _) = model(own, &Device::flex());
        (numbers(model.encode(x.clone()).mean), numbers(model.decode(x.clone())))
    };
    assert_eq!(outputs(&[]), outputs(&FREE));
    assert_eq!(outputs(&[]), outputs(&VAMP));
}

#[test]
fn kl_terms_add_up_and_none_is_negative_in_expectation() {
    let (model, _) = model(&FREE, &Device::flex());
    let model = shaken(model, 11, 1.0);
    let (mixture, plain) = (model.prior_components().unwrap(), Plain::of(&model));
    let side = 161;
    for (mean, sd) in [([0.4, -0.9], [0.6, 0.3]), ([-1.5, 1.0], [0.2, 1.1]), ([0.0, 0.0], [1.0, 1.0])] {
        // A lattice over ±6 standard deviations.
        let step = 12.0 / (side - 1) as f64;
        let at = |position: usize| step * position as f64 - 6.0;
        let points: Vec<[f64; 2]> = (0..side * side)
            .map(|index| [mean[0] + sd[0] * at(index % side), mean[1] + sd[1] * at(index / side)])
            .collect();
        let flat: Vec<f32> = points.iter().flatten().map(|&z| z as f32).collect();
        let rows = points.len();
        let both = [mean, sd.map(|sd: f64| 2.0 * sd.ln())].map(|pair| pair.map(|value| value as f32).repeat(rows));
        let [means, log_variances] = both.map(|values| matrix(rows, 2, &values));
        let posterior = DiagonalGaussian { mean: means, log_variance: log_variances };
        let terms = numbers(mixture.kl_terms(&posterior, matrix(rows, 2, &flat)));
        let (mut own, mut kl, mut first) = ([0.0; 2], 0.0, 0.0);
        for (z, terms) in points.iter().zip(terms.chunks_exact(2)) {
            let q = [0, 1].map(|d| normal(z[d], mean[d], sd[d].powi(2)));
            let mass = q[0] * q[1] * step * step * sd[0] * sd[1];
            let ratio = (q[0] * q[1]).ln() - plain.density(z).ln();
            assert_close(terms[0] + terms[1], ratio, 1e-4, "log q(z) − log p(z)");
            (0..2).for_each(|d| own[d] += mass * terms[d]);
            kl += mass * ratio;
            first += mass * (q[0].ln() - plain.density(&z[..1]).ln());
        }
        assert!(own.iter().all(|term| *term > 0.0), "{own:?}");
        assert_close(own[0] + own[1], kl, 1e-5, "KL to the mixture");
        assert_close(own[0], first, 1e-5, "KL of the first dimension to the mixture's marginal");
    }
}

/// Of every parameter of the prior, in the order of the model.
struct Gradients<'a> {
    gradients: &'a GradientsParams,
    path: Vec<String>,
    found: Vec<Vec<f32>>,
}

impl ModuleVisitor for Gradients<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if self.path.iter().any(|name| name == "mixture") {
            assert!(self.path.iter().all(|name| name != Vae::ENCODER), "the prior belongs to the generative model");
            let gradient = self.gradients.get::<D>(param.id).expect("every parameter has a gradient");
            self.found.push(gradient.into_data().try_into_vec().unwrap());
        }
    }
}

#[test]
fn gradients_of_the_bound_match_finite_differences() {
    let device = Device::flex().autodiff();
    for (own, groups) in [(FREE, 3), (VAMP, 1)] {
        let (model, data) = model(&own, &device);
        let model = shaken(model, 17, 0.4);
        let positions: Vec<usize> = (0..64).collect();
        let on = |values: Vec<f32>| Tensor::<2>::from_data(TensorData::new(values, [64, 2]), &device);
        let (x, noise) = (on(data.training_batch(&positions)), on(normals(19, 128)));
        // Summed over the batch, so that gradients are of order 1.
        let loss = |model: &Vae| {
            elbo_terms(model, x.clone(), noise.clone()).loss(&KlPenalty::weighted(&[1.0])).mul_scalar(64.0)
        };
        let gradients = GradientsParams::from_grads(loss(&model).backward(), &model);
        let mut visitor = Gradients { gradients: &gradients, path: Vec::new(), found: Vec::new() };
        model.visit(&mut visitor);
        assert_eq!(visitor.found.len(), groups);
        for (group, gradient) in visitor.found.iter().enumerate() {
            assert!(gradient.iter().any(|g| g.abs() > 0.3), "group {group} of {own:?}: {gradient:?}");
            for (entry, gradient) in gradient.iter().enumerate() {
                let at = |delta: f32| -> f64 {
                    let mut shift = |at: usize, values: &mut [f32]| {
                        if at == group {
                            values[entry] += delta;
                        }
                    };
                    let value: f32 = loss(&model.clone().map(&mut Shake::new(&mut shift))).into_scalar();
                    f64::from(value)
                };
                let h = 1e-2_f32;
                let difference = (at(h) - at(-h)) / (2.0 * f64::from(h));
                assert_close(f64::from(*gradient), difference, 1e-2, &format!("{own:?}, group {group}, entry {entry}"));
            }
        }
    }
}

/// Weight, mean and standard deviations of a component.
type Component = (f64, [f64; 2], [f64; 2]);

/// x = W z + σ ε with a diagonal W in two dimensions, under a mixture.
struct Linear {
    weights: [f64; 2],
    sigma: f64,
    /// Weight, means and standard deviations.
    components: Vec<Component>,
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
        let squares = (x - natural).powi_scalar(2).sum_dim(1).mul_scalar(-0.5 / self.sigma.powi(2));
        squares.squeeze_dim(1).sub_scalar((TAU * self.sigma * self.sigma).ln())
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        self.prior_components().unwrap().log_density(z)
    }

    fn prior_components(&self) -> Option<PriorComponents> {
        let flat = |pick: &dyn Fn(&Component) -> [f64; 2]| -> Vec<f32> {
            self.components.iter().flat_map(pick).map(|value| value as f32).collect()
        };
        let count = self.components.len();
        let weights: Vec<f32> = self.components.iter().map(|component| component.0.ln() as f32).collect();
        Some(PriorComponents {
            gaussians: DiagonalGaussian {
                mean: matrix(count, 2, &flat(&|component| component.1)),
                log_variance: matrix(count, 2, &flat(&|component| component.2.map(|sd| 2.0 * sd.ln()))),
            },
            log_weight: matrix(1, count, &weights).flatten(0, 1),
        })
    }
}

#[test]
fn an_exact_posterior_under_a_mixture_is_that_of_quadrature() {
    let model = Linear {
        weights: [0.9, 0.5],
        sigma: 0.7,
        components: vec![(0.5, [2.0, 0.5], [0.6, 0.4]), (0.3, [-1.5, -1.0], [0.5, 1.0]), (0.2, [0.0, 3.0], [0.3, 0.3])],
    };
    let examples = [[0.8_f32, -0.5], [-0.3, 0.9], [2.0, 0.1]];
    let tensor = matrix(3, 2, &examples.concat());
    let (radius, found) = exact_posterior(&model, tensor, &Device::flex()).unwrap().unwrap();
    // A component lies 3 away from the origin: the usual ball would cut it off.
    assert!((4.0..=6.0).contains(&radius), "{radius}");
    for (x, found) in examples.iter().zip(&found) {
        // A square of another lattice, wider than any ball here.
        let (side, reach) = (801, 8.0);
        let step = 2.0 * reach / (side - 1) as f64;
        let at = |position: usize| step * position as f64 - reach;
        let prior = |z: [f64; 2]| -> f64 {
            let component = |(weight, mean, sd): &(f64, [f64; 2], [f64; 2])| {
                weight * (0..2).map(|d| normal(z[d], mean[d], sd[d] * sd[d])).product::<f64>()
            };
            model.components.iter().map(component).sum()
        };
        let likelihood = |z: [f64; 2]| -> f64 {
            let place = |d: usize| normal(f64::from(x[d]), model.weights[d] * z[d], model.sigma * model.sigma);
            (0..2).map(place).product()
        };
        let (mut evidence, mut information) = (0.0, 0.0);
        let mut marginals = [vec![0.0; side], vec![0.0; side]];
        let mut priors = marginals.clone();
        let mut mean = [0.0; 2];
        for index in 0..side * side {
            let places = [index % side, index / side];
            let z = places.map(at);
            let (p, l) = (prior(z) * step * step, likelihood(z));
            evidence += p * l;
            information += if l > 0.0 { p * l * l.ln() } else { 0.0 };
            for d in 0..2 {
                mean[d] += p * l * z[d];
                marginals[d][places[d]] += p * l;
                priors[d][places[d]] += p;
            }
        }
        let kl = information / evidence - evidence.ln();
        assert!((found.kl - kl).abs() < 0.03, "KL {} instead of {kl}", found.kl);
        // What differs is the share of the prior outside of the ball.
        assert!((found.log_evidence - evidence.ln()).abs() < 0.03, "{} {}", found.log_evidence, evidence.ln());
        // In closed form, too: each component is a Gaussian in x.
        let component = |(weight, mean, sd): &(f64, [f64; 2], [f64; 2])| {
            let of = |d: usize| {
                let variance = (model.weights[d] * sd[d]).powi(2) + model.sigma.powi(2);
                normal(f64::from(x[d]), model.weights[d] * mean[d], variance)
            };
            weight * of(0) * of(1)
        };
        assert_close(evidence.ln(), model.components.iter().map(component).sum::<f64>().ln(), 1e-6, "evidence");
        for d in 0..2 {
            assert!((found.mean[d] - mean[d] / evidence).abs() < 0.01, "mean {} {}", found.mean[d], mean[d] / evidence);
            let terms = marginals[d].iter().zip(&priors[d]).map(|(mass, prior)| (mass / evidence, prior));
            let own: f64 = terms.filter(|(mass, _)| *mass > 0.0).map(|(mass, prior)| mass * (mass / prior).ln()).sum();
            assert!((found.kl_per_dimension[d] - own).abs() < 0.03, "{} {own}", found.kl_per_dimension[d]);
        }
    }
}

#[test]
fn samples_and_marginals_of_a_mixture_have_its_moments() {
    let component = |weight: f64, mean: [f64; 3], sd: [f64; 3]| PriorComponent {
        log_weight: weight.ln(),
        mean: mean.to_vec(),
        sd: sd.to_vec(),
    };
    let prior = PriorDensity::mixture(vec![
        component(0.25, [2.0, 0.0, -1.0], [0.5, 1.0, 0.2]),
        component(0.75, [-1.0, 0.5, 1.0], [0.3, 0.4, 1.0]),
    ]);
    let mut rows = normals(23, 3 * 40_000);
    prior.place(&mut rows, &mut collapsar::random::stream(1, collapsar::random::Purpose::ModelSamples, 2));
    let mean = |d: usize| rows.iter().skip(d).step_by(3).map(|&z| f64::from(z)).sum::<f64>() / 40_000.0;
    for (d, expected) in [0.25 * 2.0 - 0.75, 0.375, -0.25 + 0.75].into_iter().enumerate() {
        assert!((mean(d) - expected).abs() < 0.03, "{d}: {} instead of {expected}", mean(d));
    }
    // p(z3, z1 | z2) p(z2) = p(z).
    let (z, swapped) = ([0.3, -0.2, 0.7], [0.7, 0.3]);
    let joint =
        prior.conditional(&[2, 0], &[9.0, -0.2, 9.0]).log_density(&swapped) + prior.marginal(&[1]).log_density(&[-0.2]);
    assert_close(joint, prior.log_density(&z), 1e-6, "conditional times marginal");
    assert_eq!(PriorDensity::standard(2).radius(), 3.0);
    assert_eq!((prior.radius().fract(), prior.scale()), (0.0, 1.0));
    let narrow = PriorDensity::mixture(vec![PriorComponent { log_weight: 0.0, mean: vec![0.1], sd: vec![0.2] }]);
    // 99 % lie within some 0.57.
    assert_eq!((narrow.radius(), narrow.scale()), (0.75, 0.25));
    let norms = || rows.chunks_exact(3).map(|z| z.iter().map(|z| z * z).sum::<f32>().sqrt());
    let outside = norms().filter(|norm| f64::from(*norm) > prior.radius()).count() as f64 / 40_000.0;
    assert!(outside < 0.012, "{outside}");
}

#[test]
fn one_component_at_the_standard_normal_changes_no_measure() {
    let device = Device::flex();
    let one = ["model.prior=gaussian-mixture", "model.prior_components=1"];
    let (standard, data) = model(&[], &device);
    let (mixture, _) = model(&one, &device);
    let mixture = mixture.map(&mut Shake::new(&mut |_, values: &mut [f32]| values.fill(0.0)));
    let (settings, _) = settings(&[]);
    let pool = EvaluationPool::new(&data, settings.model.likelihood, 1, &device);
    let of = |model: &Vae| {
        let posteriors = pool.posteriors(model).unwrap();
        let measures = measure::measure(model, &pool, &posteriors, Some(1.0), 3, &device).unwrap();
        let comparison = measure::posterior_comparison(model, &pool, &posteriors, &device).unwrap();
        let map = measure::likelihood_map(model, &pool, &posteriors, [0, 1], 2, &device, Handover::ReadBack).unwrap();
        let noise = measure::Noise { sigma: Some(1.0), expansion: None };
        let information = measure::model_information(model, noise, 64, 5, &device).unwrap();
        let marginal = measure::marginal(&posteriors, &PriorDensity::of(model).unwrap(), 1, 2);
        let likelihood = measure::likelihood_estimate(model, &pool, [20, 100], 3, &device).unwrap();
        (measures, comparison, map, information, marginal, likelihood)
    };
    let (a, b) = (of(&standard), of(&mixture));
    assert_eq!(a.0.reconstruction, b.0.reconstruction);
    assert_eq!((a.0.mutual_information, a.0.active_units), (b.0.mutual_information, b.0.active_units));
    // Over 32 samples of each of the pool's examples.
    for (exact, sampled) in a.0.kl_per_dimension.iter().zip(&b.0.kl_per_dimension) {
        assert!((exact - sampled).abs() < 0.02, "{exact} {sampled}");
    }
    let [a_exact, b_exact] = [&a.1, &b.1].map(|comparison| comparison.exact.as_ref().unwrap());
    assert_eq!(a_exact.is_widened, b_exact.is_widened);
    for (a, b) in a_exact.kl.iter().zip(&b_exact.kl) {
        assert!((a - b).abs() < 0.02 * (1.0 + a), "exact KL {a} {b}");
    }
    let [a_kl, b_kl] = [&a.1, &b.1].map(|comparison| comparison.statuses.encoder_kl);
    assert!((a_kl - b_kl).abs() < 0.03, "{a_kl} {b_kl}");
    assert!((a.2.kl.unwrap() - b.2.kl.unwrap()).abs() < 0.02 && (a.2.encoder_kl - b.2.encoder_kl).abs() < 0.1);
    assert!(a.2.prior.is_none() && b.2.prior.is_some() && b.2.log_prior.is_some());
    assert!((a.3.mutual_information - b.3.mutual_information).abs() < 0.01, "{:?} {:?}", a.3, b.3);
    assert!((a.4.aggregated_distance - b.4.aggregated_distance).abs() < 1e-3);
    assert!((a.5.log_likelihood - b.5.log_likelihood).abs() < 1e-4 && (a.5.elbo - b.5.elbo).abs() < 1e-4);
}

/// Mean and variance of a density on the grid.
fn moments(marginal: &Marginal, density: &[f32]) -> [f64; 2] {
    let pairs = || marginal.grid.iter().zip(density).map(|(z, p)| (f64::from(*z), f64::from(*p)));
    let total: f64 = pairs().map(|(_, p)| p).sum();
    let mean = pairs().map(|(z, p)| z * p).sum::<f64>() / total;
    [mean, pairs().map(|(z, p)| (z - mean).powi(2) * p).sum::<f64>() / total]
}

/// With the encoder frozen, the KL to the prior is least where a single Gaussian has the moments of the aggregated posterior.
#[test]
fn the_best_single_gaussian_has_the_moments_of_the_aggregated_posterior() {
    let (settings, data) = settings(&[
        "data.examples=4000",
        "model.prior=gaussian-mixture",
        "model.prior_components=1",
        "model.encoder_variance=0.2",
        "optimizer.encoder_rate=0",
        "optimizer.learning_rate=0.01",
        "optimizer.batch_size=512",
    ]);
    let mut learner = Learner::new(settings, Arc::new(data), &TrainingDevice::cpu());
    let distances = |learner: &mut Learner| {
        let differences = (0..2).flat_map(|dimension| {
            let probe = Probe::Marginal { dimension, example: 0 };
            let ReadingValue::Marginal(marginal) = learner.answer(probe).unwrap().value else { panic!("no marginal") };
            let [prior, aggregated] =
                [&marginal.prior, &marginal.aggregated].map(|density| moments(&marginal, density));
            [prior[0] - aggregated[0], prior[1] - aggregated[1]]
        });
        differences.map(f64::abs).fold(0.0, f64::max)
    };
    assert!(distances(&mut learner) > 0.3, "the prior starts where it should end");
    for _ in 0..500 {
        learner.step().unwrap();
    }
    let distance = distances(&mut learner);
    assert!(distance < 0.06, "{distance}");
}
