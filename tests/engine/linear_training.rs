//! Linear models trained with the expectation in closed form end where theory says, on data whose covariance is exact.

use collapsar::data::{self, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::exact::linear::{Matching, Prediction};
use collapsar::experiment::{Experiment, Learnable};
use collapsar::measure::Measures;
use collapsar::train::{Learner, Probe, ReadingValue, StepOutcome};
use std::sync::Arc;

/// Full batch, no sampling anywhere.
const EXACT: [&str; 5] = [
    "data.sampling=exact",
    "objective.expectation=closed-form",
    "model.hidden=[]",
    "optimizer.learning_rate=0.01",
    "optimizer.gradient_clip=1000",
];

fn experiment(settings: &[&str]) -> Experiment {
    let mut experiment = Experiment::default();
    for setting in settings {
        experiment.assign(setting).unwrap();
    }
    experiment
}

/// Trains, and gives what was measured with what was predicted.
fn trained(mut experiment: Experiment, steps: u64) -> (Measures, Prediction) {
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    experiment.optimizer.batch_size = data.training_len();
    experiment.validate_for(&data).unwrap();
    let settings = experiment.runs().unwrap().remove(0);
    let mut learner = Learner::new(settings, Arc::new(data), &TrainingDevice::cpu());
    for _ in 0..steps {
        let outcome = learner.step().unwrap();
        assert!(matches!(outcome, StepOutcome::Taken(_)), "{outcome:?}");
    }
    let ReadingValue::Theory(theory) = learner.answer(Probe::Theory).unwrap().value else { panic!("no theory") };
    (learner.measure().unwrap(), theory.prediction.clone().unwrap())
}

fn descending(values: &[f32]) -> Vec<f64> {
    let mut values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Checks every level's KLs; `expected` are those of the worked examples, for the levels whose optimum is determined.
fn assert_arrives(settings: &[&str], steps: u64, expected: &[&[f64]]) {
    let (measures, prediction) = trained(experiment(&[&EXACT, settings].concat()), steps);
    assert_eq!(measures.levels.len(), expected.len());
    for ((level, predicted), expected) in measures.levels.iter().zip(&prediction.levels).zip(expected) {
        let own = &measures.kl_per_dimension[level.first..level.first + level.dimensions];
        let measured = match predicted.matching {
            Matching::Dimensions => descending(own),
            Matching::Modes => descending(level.kl_per_mode.as_ref().unwrap()),
        };
        for ((measured, predicted), expected) in measured.iter().zip(&predicted.kl_per_dimension).zip(*expected) {
            assert!((predicted - expected).abs() < 1e-4, "{settings:?}: predicted {predicted}, notes {expected}");
            assert!((measured - predicted).abs() < 1e-3, "{settings:?}: {measured} against {predicted}, {measures:?}");
        }
    }
}

#[test]
fn a_variance_that_is_changed_shows_in_the_next_reading() {
    let mut experiment =
        experiment(&[&EXACT[..], &["data.source=linear-gaussian", "model.encoder_variance=0.5"]].concat());
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    experiment.optimizer.batch_size = data.training_len();
    let mut settings = experiment.runs().unwrap().remove(0);
    let mut learner = Learner::new(settings.clone(), Arc::new(data), &TrainingDevice::cpu());
    let before = learner.measure().unwrap();
    settings.model.encoder_variance = Learnable::Fixed(0.25);
    learner.configure(settings);
    let after = learner.measure().unwrap();
    // Per dimension ½ (s − log s) changes, and nothing else.
    let difference = 2.0 * 0.5 * ((0.25 - 0.25_f32.ln()) - (0.5 - 0.5_f32.ln()));
    assert!((after.kl - before.kl - difference).abs() < 1e-4, "{} {}", before.kl, after.kl);
    let modes: f32 = after.levels[0].kl_per_mode.as_ref().unwrap().iter().sum();
    assert!((modes - after.kl).abs() < 1e-3);
}

const SIX: &str = "data.spectrum=[4, 2.5, 1.5, 0.8, 0.4, 0.1]";

#[test]
fn a_linear_vae_arrives_with_a_learned_encoder_variance() {
    let settings = ["data.source=linear-gaussian", SIX, "model.latent_dimensions=6", "objective.beta=2"];
    assert_arrives(&settings, 4000, &[&[0.3466, 0.1116, 0.0, 0.0, 0.0, 0.0]]);
}

#[test]
fn a_linear_vae_arrives_with_a_fixed_encoder_variance() {
    let settings = ["data.source=linear-gaussian", SIX, "model.latent_dimensions=6", "model.encoder_variance=1"];
    assert_arrives(&settings, 4000, &[&[0.5, 0.2906, 0.1124, 0.0, 0.0, 0.0]]);
}

#[test]
fn a_linear_vae_arrives_with_a_learned_decoder_variance() {
    let settings = ["data.source=linear-gaussian", SIX, "model.latent_dimensions=3", "model.sigma=learned"];
    assert_arrives(&settings, 4000, &[&[1.1113, 0.8763, 0.6209]]);
    let settings = [&settings[..], &["objective.beta=2"]].concat();
    assert_arrives(&settings, 4000, &[&[0.2059, 0.0, 0.0]]);
}

const CONDITIONAL: [&str; 4] = [
    "data.source=correlated-gaussian",
    "data.spectrum=[3, 2, 1, 0.5]",
    "model.family=conditional",
    "model.latent_dimensions=4",
];

#[test]
fn a_linear_conditional_vae_loses_dimensions_as_the_correlation_rises() {
    let settings = [&CONDITIONAL[..], &["model.sigma=0.5477225575051661"]].concat();
    let weak = [&settings[..], &["data.correlation=0.5"]].concat();
    assert_arrives(&weak, 5000, &[&[1.0075, 0.8047, 0.4581, 0.1116]]);
    let strong = [&settings[..], &["data.correlation=0.8"]].concat();
    assert_arrives(&strong, 5000, &[&[0.6405, 0.4377, 0.0912, 0.0]]);
    let learned_prior = [&strong[..], &["model.prior=conditional"]].concat();
    assert_arrives(&learned_prior, 5000, &[&[0.6405, 0.4377, 0.0912, 0.0]]);
}

#[test]
fn a_linear_conditional_vae_arrives_where_the_order_of_dimensions_changes() {
    let own = [
        "data.correlation=[0.9, 0.2, 0.6, 0]",
        "model.latent_dimensions=3",
        "objective.beta=2",
        "model.sigma=0.4472135954999579",
    ];
    assert_arrives(&[&CONDITIONAL[..], &own].concat(), 5000, &[&[0.7843, 0.2350, 0.1771]]);
}

const HIERARCHICAL: [&str; 5] = [
    "data.source=linear-gaussian",
    "data.spectrum=[9, 4, 2.25, 1, 0.25]",
    "model.family=hierarchical",
    "model.latent_dimensions=5",
    "model.top_latent_dimensions=5",
];
const NARROW: [&str; 2] = ["model.sigma=0.7071067811865476", "model.level_sigma=0.7071067811865476"];

#[test]
fn a_linear_hierarchical_vae_arrives_with_a_fixed_variance_below() {
    let settings = [&HIERARCHICAL[..], &["model.encoder_variance=0.5"]].concat();
    let lower = [0.3466, 0.3466, 0.3466, 0.2001, 0.0966];
    assert_arrives(&settings, 6000, &[&lower, &[0.7520, 0.3466, 0.0589, 0.0, 0.0]]);
}

#[test]
fn z2_dies_where_both_variances_are_learned_and_its_beta_is_larger() {
    let settings = [&HIERARCHICAL[..], &NARROW, &["objective.top_beta=1.5"]].concat();
    assert_arrives(&settings, 6000, &[&[1.4452, 1.0397, 0.7520, 0.3466, 0.0], &[0.0; 5]]);
}

#[test]
fn z2_lives_where_its_fixed_variance_is_small() {
    let settings = [&HIERARCHICAL[..], &NARROW, &["model.top_encoder_variance=0.36"]].concat();
    assert_arrives(&settings, 6000, &[&[0.9344, 0.5289, 0.2412, -0.1643, -0.5108], &[0.5108; 5]]);
}

#[test]
fn a_linear_hierarchical_vae_arrives_with_both_variances_fixed() {
    let settings = [&HIERARCHICAL[..], &["model.encoder_variance=0.5", "model.top_encoder_variance=1"]].concat();
    assert_arrives(&settings, 6000, &[&[0.6721, 0.4765, 0.3666, 0.2001, 0.0966], &[0.3255, 0.13, 0.02, 0.0, 0.0]]);
}
