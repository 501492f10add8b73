//! Samples of the aggregated posterior against the posteriors that they are drawn from.

use crate::linear::{scaled, settings};
use crate::{matrix, normals};
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::data::Dataset;
use collapsar::device::{Handover, read};
use collapsar::measure::{PlaneSampler, PlaneSamples, SampleEffort, SampledExamples};
use collapsar::model::{LatentModel, Vae};

const EXAMPLES: usize = 60;
const ROUNDS: usize = 4_000;
const DIMENSIONS: [usize; 2] = [1, 0];

fn inputs(data: &Dataset) -> Tensor<2> {
    let positions: Vec<usize> = (0..EXAMPLES).collect();
    let values = data.training_batch(&positions);
    Tensor::from_data(TensorData::new(values, [EXAMPLES, data.dimensions()]), &Device::flex())
}

/// In parts of these lengths.
fn samples(model: &Vae, data: &Dataset, parts: &[usize]) -> PlaneSamples {
    let mut first = 0;
    let parts = parts.iter().map(|&rows| {
        first += rows;
        inputs(data).narrow(0, first - rows, rows)
    });
    let source = SampledExamples { inputs: parts.collect(), classes: None, training: data.training_len() };
    let effort = SampleEffort { examples: EXAMPLES, rounds: ROUNDS };
    let sampler = PlaneSampler::new(model, source, effort, 7, &Device::flex());
    let samples = sampler.sample(model, DIMENSIONS, Handover::ReadBack).unwrap();
    assert_eq!(samples, sampler.sample(model, DIMENSIONS, Handover::ReadBack).unwrap(), "the same noise every time");
    assert_eq!((samples.effort, samples.points.len()), (effort, 2 * EXAMPLES * ROUNDS));
    samples
}

/// Mean and standard deviation of every example's samples, `[examples][axis]`.
fn moments(points: &[f32]) -> Vec<[[f64; 2]; 2]> {
    let of = |example: usize, axis: usize| {
        let values = (0..ROUNDS).map(|round| f64::from(points[2 * (round * EXAMPLES + example) + axis]));
        let mean = values.clone().sum::<f64>() / ROUNDS as f64;
        [mean, (values.map(|value| (value - mean).powi(2)).sum::<f64>() / ROUNDS as f64).sqrt()]
    };
    (0..EXAMPLES).map(|example| [of(example, 0), of(example, 1)]).collect()
}

fn assert_same(actual: &[[[f64; 2]; 2]], expected: &[[[f64; 2]; 2]], tolerance: f64) {
    for (actual, expected) in actual.iter().flatten().zip(expected.iter().flatten()) {
        let [[mean, sd], [expected_mean, expected_sd]] = [actual, expected];
        assert!((mean - expected_mean).abs() < tolerance * expected_sd, "{mean}, not {expected_mean} ± {expected_sd}");
        assert!((sd / expected_sd - 1.0).abs() < tolerance, "{sd}, not {expected_sd}");
    }
}

#[test]
fn samples_have_the_moments_of_their_posteriors() {
    let (settings, data) = settings("collapse-2d", &["data.examples=400"]);
    let model = scaled(&settings, &data, 1.5);
    let posterior = model.encode(inputs(&data));
    let [means, log_variances] = [posterior.mean, posterior.log_variance].map(|tensor| read(tensor).unwrap());
    let of = |example: usize, dimension: usize| {
        let at = 2 * example + dimension;
        [f64::from(means[at]), (0.5 * f64::from(log_variances[at])).exp()]
    };
    let expected: Vec<_> = (0..EXAMPLES).map(|example| DIMENSIONS.map(|dimension| of(example, dimension))).collect();
    // Five standard errors, of some hundred comparisons.
    assert_same(&moments(samples(&model, &data, &[EXAMPLES]).points.host().unwrap()), &expected, 0.08);
}

#[test]
fn samples_of_two_levels_are_those_of_the_model() {
    let (settings, data) = settings("collapse-2d", &["data.examples=400", "model.family=hierarchical"]);
    let model = scaled(&settings, &data, 1.0);
    let latent = model.latent_dimensions();
    let x = inputs(&data).repeat_dim(0, ROUNDS);
    let noise = matrix(EXAMPLES * ROUNDS, latent, &normals(11, EXAMPLES * ROUNDS * latent));
    let sampled = read(model.sample(x, noise)).unwrap();
    let plane: Vec<f32> = sampled.chunks_exact(latent).flat_map(|z| DIMENSIONS.map(|dimension| z[dimension])).collect();
    let own = samples(&model, &data, &[40, 20]);
    assert_same(&moments(own.points.host().unwrap()), &moments(&plane), 0.15);
}

#[test]
fn samples_do_not_depend_on_how_examples_are_encoded_together() {
    let (settings, data) = settings("collapse-2d", &["data.examples=400"]);
    let model = scaled(&settings, &data, 1.5);
    let [whole, parts] = [&[EXAMPLES][..], &[25, 1, 34]].map(|parts| samples(&model, &data, parts));
    let [whole, parts] = [&whole, &parts].map(|samples| samples.points.host().unwrap());
    let error = whole.iter().zip(parts.iter()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error < 1e-5, "{error}");
}
