//! Likelihood before inference on its linear example: a biased VAE, a truthful LiBI, and runs resumed anywhere in the algorithm.

use crate::{dataset, finish, options, preset, trained};
use collapsar::data::Dataset;
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::train::checkpoint::{Checkpoint, VariantState};
use collapsar::train::{Session, SessionEvent};
use nalgebra::{Matrix2, Vector2};
use std::f64::consts::TAU;
use std::time::Duration;

/// Examples that models are measured on.
const POOL: usize = 1024;

fn saved(session: &mut Session) -> Checkpoint {
    session.save();
    loop {
        for event in session.wait(Duration::from_millis(10)) {
            if let SessionEvent::Saved(checkpoint) = event {
                return *checkpoint.unwrap();
            }
        }
    }
}

/// C and b of x̂ = C z + b.
fn decoder(state: &VariantState) -> (Matrix2<f64>, Vector2<f64>) {
    let values = |name: &str| -> Vec<f64> {
        let found = state.weights.iter().find(|values| values.name == name).unwrap();
        found.values.iter().map(|value| f64::from(*value)).collect()
    };
    let (weight, bias) = (values("decoder.Triangular.weight"), values("decoder.Triangular.bias"));
    // Stored transposed, and the entry above the diagonal is masked.
    (Matrix2::new(weight[0], 0.0, weight[1], weight[3]), Vector2::new(bias[0], bias[1]))
}

/// AAᵀ + 0.01 I.
fn covariance() -> Matrix2<f64> {
    let a = Matrix2::new(0.75, 0.25, 1.5, -1.0);
    a * a.transpose() + Matrix2::identity() * 0.01
}

/// Mean of log N(x; mean, covariance) over the pool.
fn log_likelihood(data: &Dataset, mean: Vector2<f64>, covariance: Matrix2<f64>) -> f64 {
    let values = data.held_out_batch(&(0..POOL).collect::<Vec<_>>());
    let precision = covariance.try_inverse().unwrap();
    let constant = TAU.ln() + 0.5 * covariance.determinant().ln();
    let of = |x: &[f32]| {
        let difference = Vector2::new(f64::from(x[0]), f64::from(x[1])) - mean;
        -constant - 0.5 * difference.dot(&(precision * difference))
    };
    values.chunks(2).map(of).sum::<f64>() / POOL as f64
}

/// E log p(x) under x ~ N(0, [`covariance`]) of N(mean, covariance).
fn expected_log_likelihood(mean: Vector2<f64>, of_model: Matrix2<f64>) -> f64 {
    let precision = of_model.try_inverse().unwrap();
    -TAU.ln()
        - 0.5 * of_model.determinant().ln()
        - 0.5 * ((precision * covariance()).trace() + mean.dot(&(precision * mean)))
}

#[test]
fn on_the_linear_example_the_vae_is_biased_and_libi_is_not() {
    for seed in [7, 8, 9] {
        let experiment = Experiment { seed, ..preset("libi-linear") };
        let data = dataset(&experiment);
        let truth = data.true_log_likelihood().unwrap();
        let truth_on_pool = log_likelihood(&data, Vector2::zeros(), covariance());
        assert!((truth_on_pool - truth).abs() < 0.1, "a standard error of 0.03: {truth_on_pool}");
        let mut session = trained(&experiment);
        let names: Vec<&str> = session.runs().iter().map(|run| run.settings.name.as_str()).collect();
        assert_eq!(names, ["vae", "libi"]);
        let checkpoint = saved(&mut session);
        let measures = session.summarize().unwrap();
        let of_model = |run: usize| {
            let (c, mean) = decoder(&checkpoint.variants[run]);
            (c, mean, c * c.transpose() + Matrix2::identity() * 0.004)
        };

        // The VAE: L = KL + PM = 0.196 at its own biased decoder.
        let (c, mean, vae) = of_model(0);
        for (found, expected) in [(c.m11.abs(), 0.7945), (c.m21.abs(), 0.2120), (c.m22.abs(), 1.6841)] {
            assert!((found - expected).abs() < 0.05, "seed {seed}: {c}");
        }
        let kl = truth - expected_log_likelihood(mean, vae);
        assert!((kl - 0.162).abs() < 0.03, "seed {seed}: {kl} nats from the truth");
        let loss = truth_on_pool + f64::from(measures[0].measures.negative_elbo);
        assert!((loss - 0.196).abs() < 0.04, "seed {seed}: L = {loss}");

        // LiBI: the truth with one noise covariance too much.
        let (_, mean, libi) = of_model(1);
        let kl = truth - expected_log_likelihood(mean, libi);
        assert!(kl < 0.02, "seed {seed}: {kl} nats from the truth");
        let own = log_likelihood(&data, mean, libi);
        assert!((own - truth_on_pool).abs() < 0.05, "seed {seed}: {own} against {truth_on_pool} on the same examples");
        // Its posteriors are what they are: mean-field q pays for the truth, 0.532.
        let gap = own + f64::from(measures[1].measures.negative_elbo);
        assert!((gap - 0.532).abs() < 0.05, "seed {seed}: posterior matching {gap}");
        // What the summary says of it, from samples of a q that is too narrow and of a wider one.
        let estimated = -measures[1].importance_weighted_nll;
        assert!((estimated - own).abs() < 0.02, "seed {seed}: {estimated}, exactly {own}");

        let moments = [0, 1].map(|run| measures[run].measures.aggregate.unwrap().moment_kl);
        assert!((moments[0] - 0.161).abs() < 0.03 && moments[1] < 0.01, "seed {seed}: {moments:?}");
    }
}

fn small() -> Experiment {
    let mut experiment = Experiment { variants: Vec::new(), ..preset("libi-linear") };
    for assignment in [
        "data.examples=600",
        "optimizer.batch_size=64",
        "objective.method=libi",
        "objective.libi.likelihood_steps=40",
        "objective.libi.inference_steps=30",
        "objective.libi.repeats=2",
    ] {
        experiment.assign(assignment).unwrap();
    }
    experiment
}

fn resumed(experiment: &Experiment, at: u64) -> Session {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part.collapsar");
    let mut part = trained(&Experiment { steps: at, ..experiment.clone() });
    saved(&mut part).write(&path).unwrap();
    let mut checkpoint = Checkpoint::read(&path).unwrap();
    checkpoint.experiment.steps = experiment.steps;
    finish(Session::resume(checkpoint, dataset(experiment), TrainingDevice::cpu(), options(true)).unwrap())
}

#[test]
fn a_run_resumed_anywhere_in_the_algorithm_equals_an_uninterrupted_one() {
    // Stages end after 40, 70, 110 and 140 steps; the best model is put in place at 140.
    let experiment = Experiment { steps: 160, ..small() };
    let mut whole = trained(&experiment);
    let (expected, state) = (whole.summarize().unwrap(), saved(&mut whole).variants.remove(0));
    assert!(state.algorithm.kept.is_some());
    for at in [20, 40, 55, 70, 85, 120, 140, 150] {
        let mut session = resumed(&experiment, at);
        assert_eq!(session.summarize().unwrap(), expected, "resumed after {at} steps");
        let found = saved(&mut session).variants.remove(0);
        assert_eq!((&found.weights, &found.optimizer), (&state.weights, &state.optimizer), "after {at} steps");
        assert_eq!(found.algorithm, state.algorithm, "after {at} steps");
        assert_eq!(found.history.negative_elbo, state.history.negative_elbo, "curve after {at} steps");
    }
}

#[test]
fn the_generative_model_moves_in_the_likelihood_stage_alone_and_the_best_is_kept() {
    let at = |steps: u64| saved(&mut trained(&Experiment { steps, ..small() })).variants.remove(0);
    let states = [20, 40, 50, 70, 110, 139, 160].map(at);
    let [early, end, inferring, inferred, again, last, done] = &states;
    assert_ne!(decoder(early), decoder(end));
    assert_eq!(decoder(end), decoder(inferring));
    assert_ne!(end.weights, inferring.weights, "the encoder moves");
    assert_eq!(decoder(end), decoder(inferred));
    assert_ne!(decoder(inferred), decoder(again), "the second repeat goes on from the first");
    assert_eq!(decoder(again), decoder(last));
    let kept = done.algorithm.kept.as_ref().unwrap();
    let best = if kept.repeat == 0 { inferred } else { last };
    assert_eq!(decoder(done), decoder(best), "repeat {} is in place", kept.repeat);
}

/// Closed form repeats every example with the points of a cubature; the codes are those of distinct examples.
#[test]
fn repeated_rows_of_a_batch_do_not_change_the_likelihood_stage() {
    let mut experiment = Experiment { steps: 30, ..small() };
    let closed = saved(&mut trained(&experiment)).variants.remove(0);
    experiment.assign("objective.expectation=sampled").unwrap();
    let sampled = saved(&mut trained(&experiment)).variants.remove(0);
    assert_eq!(closed.weights, sampled.weights);
}
