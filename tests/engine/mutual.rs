//! The mutual autoencoder: the model's information arrives at its target, or where a weak penalty lets it.

use crate::methods::assert_resumes;
use crate::{dataset, preset, trained, wait_until};
use collapsar::device::TrainingDevice;
use collapsar::experiment::{Change, Experiment};
use collapsar::train::{Command, Learner, Probe, Progress, ReadingValue, Session};
use nalgebra::DMatrix;

const SIGMA: f64 = 0.5;
const EIGENVALUES: [f64; 3] = [4.0, 1.0, 0.2];
const LATENT: usize = 2;

fn learner(target: f64, weight: f64) -> Learner {
    let own = [
        "objective.method=mutual",
        "data.source=linear-gaussian",
        &format!("data.spectrum={EIGENVALUES:?}"),
        "data.sampling=exact",
        "objective.expectation=closed-form",
        "model.hidden=[]",
        &format!("model.latent_dimensions={LATENT}"),
        &format!("model.sigma={SIGMA}"),
        "optimizer.learning_rate=0.01",
        "optimizer.batch_size=6",
        &format!("objective.information.target={target}"),
        &format!("objective.information.weight={weight}"),
    ];
    let mut experiment = Experiment::default();
    own.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
    experiment.validate_for(&dataset(&experiment)).unwrap();
    Learner::new(experiment.runs().unwrap().remove(0), dataset(&experiment), &TrainingDevice::cpu())
}

/// I_p(x; z) of the linear decoder, ½ log det(I + CᵀC/σ²), from its weights.
fn information(learner: &Learner) -> f64 {
    let weights = learner.state(Progress::default()).unwrap().weights;
    let is_matrix = |name: &str| name.starts_with("decoder") && name.ends_with("weight");
    let weight = weights.iter().find(|of| is_matrix(&of.name)).unwrap();
    assert_eq!(weight.shape, [LATENT, EIGENVALUES.len()]);
    let values: Vec<f64> = weight.values.iter().map(|&value| f64::from(value)).collect();
    let map = DMatrix::from_column_slice(EIGENVALUES.len(), LATENT, &values);
    0.5 * (DMatrix::identity(LATENT, LATENT) + map.tr_mul(&map) / SIGMA.powi(2)).determinant().ln()
}

fn bound(learner: &mut Learner) -> f64 {
    match learner.answer(Probe::Method).unwrap().value {
        ReadingValue::Method(reading) => f64::from(reading.information_bound.unwrap()),
        other => panic!("{other:?}"),
    }
}

fn train(learner: &mut Learner, steps: u64) {
    for _ in 0..steps {
        learner.step().unwrap();
    }
}

/// The notes' ½ Σ log max(1, λ_i / ((1 − μ) σ²)) with the multiplier μ.
fn at_multiplier(multiplier: f64) -> f64 {
    let active = |eigenvalue: &f64| 0.5 * (eigenvalue / ((1.0 - multiplier) * SIGMA.powi(2))).max(1.0).ln();
    EIGENVALUES[..LATENT].iter().map(active).sum()
}

#[test]
fn information_arrives_at_three_targets_with_a_sufficient_weight() {
    // The likelihood alone gives 2.08 nats; multipliers are −0.79, 0.34 and 0.76.
    for target in [1.5, 2.5, 3.5] {
        let mut learner = learner(target, 2.5);
        train(&mut learner, 3000);
        let (information, bound) = (information(&learner), bound(&mut learner));
        assert!((information - target).abs() < 0.05, "M = {target}: {information}");
        assert!((bound - target).abs() < 0.05, "M = {target}: {bound}");
    }
}

#[test]
fn information_stops_where_an_insufficient_weight_is_spent() {
    for (target, multiplier) in [(3.5, 0.3), (1.0, -0.3)] {
        let mut learner = learner(target, 0.3);
        train(&mut learner, 3000);
        let (information, expected) = (information(&learner), at_multiplier(multiplier));
        assert!((information - expected).abs() < 0.02, "M = {target}: {information} instead of {expected}");
        assert!((information - target).abs() > 0.5, "M = {target} is out of reach");
    }
}

#[test]
fn a_target_far_below_is_met_by_the_bound_and_not_by_the_information() {
    // A nat less of information would cost 1.9 nats of likelihood. A nat of posterior correlation, which a diagonal r(z | x) cannot read,
    // costs the ELBO one.
    assert!(at_multiplier(-1.9) > 1.0);
    let mut learner = learner(1.0, 2.5);
    train(&mut learner, 3000);
    let (information, bound) = (information(&learner), bound(&mut learner));
    assert!((bound - 1.0).abs() < 0.05, "{bound}");
    assert!(information > 1.2, "{information}");
}

#[test]
fn a_target_that_is_moved_while_training_is_followed() {
    let experiment = Experiment { steps: 1500, ..preset("mutual-information") };
    let mut session = trained(&experiment);
    let measured = |session: &Session, run: usize| {
        let evaluation = session.runs()[run].history.evaluations.last().unwrap();
        (evaluation.measures.information_bound, evaluation.measures.negative_elbo)
    };
    let names: Vec<&str> = session.runs().iter().map(|run| run.settings.name.as_str()).collect();
    assert_eq!(names, ["elbo", "mutual"]);
    let (bound, before) = measured(&session, 1);
    assert!((bound.unwrap() - 1.5).abs() < 0.05, "{bound:?}");
    assert_eq!(measured(&session, 0).0, None, "a plain VAE has no auxiliary model");
    let mut moved = experiment.clone();
    moved.steps = 3000;
    moved.assign("objective.information.target=0.5").unwrap();
    assert_eq!(session.configure(&moved).unwrap(), Change::Live);
    session.command(&Command::Run);
    let is_there = |session: &Session| session.runs().iter().all(|run| run.progress.step == 3000);
    wait_until(&mut session, |session| is_there(session) && !session.is_active());
    let (bound, after) = measured(&session, 1);
    assert!((bound.unwrap() - 0.5).abs() < 0.05, "{bound:?}");
    // x = θz + ε: log p(x) is the same for every θ² + σ².
    assert!((before - after).abs() < 0.01, "{before} and {after}");
    assert!((measured(&session, 0).1 - after).abs() < 0.01, "that of the plain VAE as well");
    let summary = session.summarize().unwrap();
    assert!((summary[1].measures.information_bound.unwrap() - 0.5).abs() < 0.05);
}

#[test]
fn training_resumes_bit_for_bit() {
    let mutual = ["objective.method=mutual", "objective.information.target=2", "model.sigma=learned"];
    assert_resumes(&mutual, 50, 130);
}
