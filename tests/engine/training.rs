//! Messages, states, replays and checkpoints.

use crate::{dataset, finish, options, preset, trained, wait_until};
use collapsar::device::TrainingDevice;
use collapsar::experiment::{Change, DecoderKind, Experiment, Learnable};
use collapsar::train::checkpoint::{Checkpoint, CheckpointError};
use collapsar::train::{
    Command, Learner, Pace, Probe, ReadingValue, RunState, Session, SessionEvent, SessionOptions, StepOutcome,
};
use std::sync::Arc;

fn small(steps: u64) -> Experiment {
    let mut experiment = Experiment { steps, ..preset("collapse-2d") };
    for assignment in ["data.examples=600", "model.hidden=[16, 16]", "optimizer.batch_size=32"] {
        experiment.assign(assignment).unwrap();
    }
    experiment
}

fn paused(experiment: &Experiment) -> Session {
    Session::start(experiment.clone(), dataset(experiment), TrainingDevice::cpu(), options(false)).unwrap()
}

fn saved(session: &mut Session) -> Checkpoint {
    session.save();
    loop {
        for event in session.wait(std::time::Duration::from_millis(10)) {
            if let SessionEvent::Saved(checkpoint) = event {
                return *checkpoint.unwrap();
            }
        }
    }
}

#[test]
fn identical_variants_give_bit_identical_metrics() {
    let mut experiment = small(300);
    experiment.variants[0].overrides = experiment.variants[1].overrides.clone();
    let mut session = trained(&experiment);
    let measures = session.summarize().unwrap();
    assert_eq!(measures[0], measures[1]);
    assert_eq!(session.runs()[0].history, session.runs()[1].history);
    assert!(!session.runs()[0].history.evaluations.is_empty());
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one() {
    // A learned prior, and both levels as networks: every part of every family.
    let families = [
        ("collapse-2d", vec![]),
        ("digits", vec![]),
        (
            "conditional-correlation",
            vec!["model.prior=conditional", "model.hidden=[8]", "objective.expectation=sampled"],
        ),
        ("hierarchical", vec![]),
        ("hierarchical", vec!["model.hidden=[8]", "objective.expectation=sampled", "model.decoder=brenier"]),
    ];
    for (preset_name, own) in families {
        let mut straight = Experiment { steps: 200, ..preset(preset_name) };
        own.iter().for_each(|assignment| straight.assign(assignment).unwrap());
        let expected = trained(&straight).summarize().unwrap();

        let mut half = trained(&Experiment { steps: 100, ..straight.clone() });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.collapsar");
        saved(&mut half).write(&path).unwrap();
        let mut checkpoint = Checkpoint::read(&path).unwrap();
        assert_eq!(checkpoint.experiment.steps, 100);
        checkpoint.experiment.steps = 200;
        let resumed = Session::resume(checkpoint, dataset(&straight), TrainingDevice::cpu(), options(true));
        let mut resumed = finish(resumed.unwrap());
        assert_eq!(resumed.summarize().unwrap(), expected, "{preset_name}");
        let whole = trained(&straight);
        for (resumed, whole) in resumed.runs().iter().zip(whole.runs()) {
            assert_eq!(resumed.history, whole.history, "curves of {preset_name}");
        }
    }
}

#[test]
fn a_checkpoint_of_another_model_is_refused_in_one_sentence() {
    let mut session = trained(&small(10));
    let mut checkpoint = saved(&mut session);
    checkpoint.experiment.assign("model.latent_dimensions=1").unwrap();
    let mut resumed = Session::resume(checkpoint, dataset(&small(10)), TrainingDevice::cpu(), options(true)).unwrap();
    wait_until(&mut resumed, |session| session.runs().iter().all(|run| matches!(run.state, RunState::Failed(_))));
    let RunState::Failed(reason) = &resumed.runs()[0].state else { unreachable!() };
    assert!(reason.contains("do not belong to this model"), "{reason}");
}

#[test]
fn damaged_checkpoints_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.collapsar");
    saved(&mut trained(&small(10))).write(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(CheckpointError::Damaged { .. })));
    std::fs::write(&path, b"not a zip archive").unwrap();
    assert!(matches!(Checkpoint::read(&path), Err(CheckpointError::Damaged { .. })));
    assert!(matches!(Checkpoint::read(&folder.path().join("none")), Err(CheckpointError::File { .. })));
}

#[test]
fn commands_step_run_pause_and_reset() {
    let mut session = paused(&small(0));
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.state == RunState::Paused));
    session.command(&Command::Step);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step == 1));
    let first: Vec<_> = session.runs().iter().map(|run| run.history.negative_elbo.last()).collect();
    session.command(&Command::Run);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step > 20));
    session.command(&Command::Pause);
    wait_until(&mut session, |session| !session.is_active());
    let stopped_at: Vec<u64> = session.runs().iter().map(|run| run.progress.step).collect();
    session.command(&Command::Reset);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step == 0));
    assert!(stopped_at.iter().all(|&step| step > 20));
    session.command(&Command::Step);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step == 1));
    let again: Vec<_> = session.runs().iter().map(|run| run.history.negative_elbo.last()).collect();
    assert_eq!(first, again, "reset returns to the same start");
}

#[test]
fn probes_are_answered_while_paused_and_only_while_asked_for() {
    let mut session = paused(&small(0));
    let probes = [
        Probe::Measures,
        Probe::Marginal { dimension: 1, example: 3 },
        Probe::Plane { dimensions: [0, 1] },
        Probe::Traversal { example: 3 },
        Probe::LatentGrid { dimensions: [0, 1], example: 3 },
        Probe::Injectivity,
    ];
    (0..2).for_each(|run| session.subscribe(run, &probes));
    wait_until(&mut session, |session| {
        session.runs().iter().all(|run| probes.iter().all(|probe| run.reading(probe).is_some()))
    });
    let value = |run: usize, probe: &Probe| &session.runs()[run].reading(probe).unwrap().value;
    assert!(matches!(value(0, &Probe::Injectivity), ReadingValue::NotDefined(_)));
    let ReadingValue::Injectivity(injectivity) = value(1, &Probe::Injectivity) else { panic!("Brenier has one") };
    assert_eq!(injectivity.floor, 1.0);
    assert!(injectivity.smallest_latent >= 1.0 && injectivity.smallest_output.unwrap() >= 1.0);
    let ReadingValue::Plane(plane) = value(0, &probes[2]) else { panic!("a plane") };
    assert_eq!(plane.posteriors.len(), 1024);

    session.subscribe(0, &[Probe::Marginal { dimension: 7, example: 0 }]);
    wait_until(&mut session, |session| {
        session.runs()[0].reading(&Probe::Marginal { dimension: 7, example: 0 }).is_some()
    });
    assert!(session.runs()[0].reading(&Probe::Measures).is_none(), "no longer asked for");
    let reading = session.runs()[0].reading(&Probe::Marginal { dimension: 7, example: 0 }).unwrap();
    assert!(matches!(reading.value, ReadingValue::NotDefined(_)));
}

#[test]
fn live_settings_change_the_running_model_and_structural_ones_do_not() {
    let mut session = paused(&small(0));
    session.subscribe(0, &[Probe::Measures]);
    let sigma = |session: &Session| match session.runs()[0].reading(&Probe::Measures).map(|reading| &reading.value) {
        Some(ReadingValue::Measures(measures)) => measures.sigma,
        _ => None,
    };
    wait_until(&mut session, |session| sigma(session) == Some(1.0));
    let mut live = session.experiment().clone();
    live.model.sigma = Learnable::Fixed(0.25);
    live.objective.beta = 2.0;
    assert_eq!(session.configure(&live).unwrap(), Change::Live);
    wait_until(&mut session, |session| sigma(session) == Some(0.25));

    let mut structural = live.clone();
    structural.model.latent_dimensions = 1;
    assert_eq!(session.configure(&structural).unwrap(), Change::Structural);
    assert_eq!(session.experiment(), &live, "left undone");

    let mut wrong = live.clone();
    wrong.model.sigma = Learnable::Fixed(-1.0);
    let error = session.configure(&wrong).unwrap_err().to_string();
    assert!(error.contains("model.sigma") && error.contains("above 0"), "{error}");
    assert_eq!(session.experiment(), &live);
}

#[test]
fn divergence_is_a_state_with_the_last_good_weights_kept() {
    let mut experiment = small(2000);
    experiment.assign("optimizer.learning_rate=1e30").unwrap();
    let mut session = trained(&experiment);
    for run in session.runs() {
        let RunState::Diverged { at_step, kept_step } = run.state else { panic!("{:?}", run.state) };
        assert!(kept_step < at_step);
    }
    for measures in session.summarize().unwrap() {
        assert!(measures.measures.negative_elbo.is_finite(), "the model shown is a good one");
    }
}

#[test]
fn an_update_that_blows_up_at_the_last_step_is_divergence_too() {
    let mut experiment = small(1);
    experiment.assign("optimizer.learning_rate=1e30").unwrap();
    let mut session = trained(&experiment);
    for run in session.runs() {
        assert_eq!(run.state, RunState::Diverged { at_step: 1, kept_step: 0 });
        assert!(run.history.evaluations.is_empty());
    }
    assert!(session.summarize().unwrap().iter().all(|measures| measures.measures.kl.is_finite()));
}

#[test]
fn going_on_after_divergence_rewinds_the_curves() {
    let mut session = paused(&small(0));
    session.command(&Command::Run);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step > 120));
    let mut wild = session.experiment().clone();
    wild.optimizer.learning_rate = 1e30;
    session.configure(&wild).unwrap();
    wait_until(&mut session, |session| !session.is_active());
    let mut tame = wild.clone();
    tame.optimizer.learning_rate = 1e-3;
    session.configure(&tame).unwrap();
    session.command(&Command::Run);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step > 400));
    session.command(&Command::Pause);
    wait_until(&mut session, |session| !session.is_active());
    for run in session.runs() {
        let steps: Vec<u64> = run.history.negative_elbo.buckets().map(|bucket| bucket.step).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "steps ascend");
        assert!(run.history.evaluations.windows(2).all(|pair| pair[0].step < pair[1].step));
    }
}

#[test]
fn a_run_does_not_go_on_with_other_data() {
    let checkpoint = saved(&mut trained(&small(10)));
    let mut other = small(10);
    other.assign("data.examples=601").unwrap();
    let mut resumed = Session::resume(checkpoint, dataset(&other), TrainingDevice::cpu(), options(true)).unwrap();
    wait_until(&mut resumed, |session| session.runs().iter().all(|run| matches!(run.state, RunState::Failed(_))));
    let RunState::Failed(reason) = &resumed.runs()[0].state else { unreachable!() };
    assert!(reason.contains("data are not those"), "{reason}");
    // Saving says why it cannot be done, and does not leave the person waiting.
    resumed.save();
    let events = resumed.poll();
    assert!(events.iter().any(|event| matches!(event, SessionEvent::Saved(Err(reason)) if reason.contains("failed"))));
}

#[test]
fn long_histories_keep_their_newest_point_and_their_extremes() {
    use collapsar::train::history::{LARGEST_HISTORY, Series};
    let mut series = Series::default();
    let steps = 5 * LARGEST_HISTORY as u64 + 3;
    (1..=steps).for_each(|step| series.push(step, if step == 1234 { 99.0 } else { (step % 7) as f32 }));
    let buckets: Vec<_> = series.buckets().collect();
    assert!(buckets.len() <= LARGEST_HISTORY);
    assert_eq!(buckets.last().unwrap().step, steps);
    assert_eq!(buckets.iter().map(|bucket| u64::from(bucket.count)).sum::<u64>(), steps, "nothing is lost");
    assert!(buckets.iter().any(|bucket| bucket.max == 99.0));
    series.truncate(1000);
    assert!(series.buckets().all(|bucket| bucket.step <= 1000));
}

#[test]
fn lockstep_keeps_variants_together() {
    let experiment = small(0);
    let lockstep = SessionOptions { lockstep: true, ..SessionOptions::default() };
    let mut session =
        Session::start(experiment.clone(), dataset(&experiment), TrainingDevice::cpu(), lockstep).unwrap();
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.progress.step > 200));
    session.command(&Command::Pause);
    wait_until(&mut session, |session| !session.is_active());
    let [a, b] = [0, 1].map(|run| session.runs()[run].progress.step);
    assert_eq!(a, b, "whoever is behind catches up before it pauses");
}

#[test]
fn a_pace_slows_training_down_without_changing_it() {
    let mut fast = trained(&small(30));
    let experiment = small(30);
    let mut session = paused(&experiment);
    session.command(&Command::Pace(Pace::StepsPerSecond(500.0)));
    session.command(&Command::Run);
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.state == RunState::Finished));
    assert_eq!(session.summarize().unwrap(), fast.summarize().unwrap());
}

#[test]
fn encoders_start_equal_and_see_the_same_batches_whatever_the_decoder() {
    let experiment = small(0);
    let settings = experiment.runs().unwrap();
    assert_eq!(settings[0].model.decoder, DecoderKind::Standard);
    let data = dataset(&experiment);
    let learners = settings.map_learners(&data);
    let [standard, brenier] = learners.try_into().ok().unwrap();
    let encoder = |learner: &Learner| {
        let weights = learner.state(Default::default()).unwrap().weights;
        weights.into_iter().filter(|w| w.name.starts_with("encoder")).collect::<Vec<_>>()
    };
    assert_eq!(encoder(&standard), encoder(&brenier));
    assert!(!encoder(&standard).is_empty());
}

trait MapLearners {
    fn map_learners(self, data: &Arc<collapsar::data::Dataset>) -> Vec<Learner>;
}

impl MapLearners for Vec<collapsar::experiment::Settings> {
    fn map_learners(self, data: &Arc<collapsar::data::Dataset>) -> Vec<Learner> {
        self.into_iter().map(|settings| Learner::new(settings, data.clone(), &TrainingDevice::cpu())).collect()
    }
}

#[test]
fn a_learned_sigma_approaches_the_noise_of_the_data() {
    // Pinwheel in R⁶ with noise 0.1; two of four dimensions describe it, so σ falls far below the spread of the data.
    let mut experiment = Experiment { steps: 1500, ..preset("surplus-dimensions") };
    experiment.variants.truncate(1);
    experiment.assign("model.sigma=learned").unwrap();
    let mut session = trained(&experiment);
    let sigma = session.summarize().unwrap()[0].measures.sigma.unwrap();
    assert!((0.1..0.2).contains(&sigma), "{sigma}");
}

#[test]
fn every_step_reports_its_losses_once_and_in_order() {
    let mut learner = small(0).runs().unwrap().map_learners(&dataset(&small(0))).remove(1);
    for step in 1..=5 {
        let StepOutcome::Taken(points) = learner.step().unwrap() else { panic!("diverged") };
        assert_eq!(points.iter().map(|point| point.step).collect::<Vec<_>>(), [step]);
        assert!((points[0].negative_elbo - points[0].reconstruction - points[0].kl).abs() < 1e-5);
    }
}
