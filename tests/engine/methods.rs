//! Ways of training: what they are resumed with, what they need, and what they bring about.

use crate::{dataset, finish, options, preset, trained, wait_until};
use collapsar::device::TrainingDevice;
use collapsar::experiment::remedies::REMEDIES;
use collapsar::experiment::{Change, Experiment, Method};
use collapsar::train::checkpoint::Checkpoint;
use collapsar::train::{Learner, Phase, Probe, Progress, ReadingValue, Session, SessionEvent, StepOutcome};
use std::time::Duration;

pub(crate) fn small(assignments: &[&str]) -> Experiment {
    let mut experiment = Experiment { variants: Vec::new(), ..preset("collapse-2d") };
    let own = ["data.examples=600", "model.hidden=[16]", "optimizer.batch_size=32", "model.sigma=0.5"];
    for assignment in [&own, assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    experiment
}

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

/// Trains to `half`, saves, reads, goes on to `whole`, and holds the result against an uninterrupted run.
pub(crate) fn assert_resumes(assignments: &[&str], half: u64, whole: u64) {
    let straight = Experiment { steps: whole, ..small(assignments) };
    let mut uninterrupted = trained(&straight);
    let expected = uninterrupted.summarize().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.collapsar");
    saved(&mut trained(&Experiment { steps: half, ..straight.clone() })).write(&path).unwrap();
    let mut checkpoint = Checkpoint::read(&path).unwrap();
    checkpoint.experiment.steps = whole;
    let resumed = Session::resume(checkpoint, dataset(&straight), TrainingDevice::cpu(), options(true));
    let mut resumed = finish(resumed.unwrap());
    assert_eq!(resumed.summarize().unwrap(), expected, "{assignments:?}");
    // Evaluations differ: a run is measured where it ends, too.
    let curve = |session: &Session| session.runs()[0].history.negative_elbo.clone();
    assert_eq!(curve(&resumed), curve(&uninterrupted), "curves of {assignments:?}");
    let [found, state] = [&mut resumed, &mut uninterrupted].map(|session| saved(session).variants.remove(0));
    assert_eq!((found.weights, found.optimizer), (state.weights, state.optimizer), "{assignments:?}");
    assert_eq!(found.algorithm, state.algorithm, "{assignments:?}");
}

#[test]
fn methods_resume_bit_for_bit_in_the_middle_of_their_algorithms() {
    // Batches of 32 of 600 examples: an epoch of lagging-inference training has 19 steps.
    assert_resumes(&["objective.method=lagging"], 10, 60);
    assert_resumes(&["objective.method=lagging", "objective.lagging.encoder_steps=5"], 150, 200);
    assert_resumes(&["objective.method=iwae"], 50, 120);
    assert_resumes(&["objective.annealing.schedule=cyclical", "objective.annealing.steps=60"], 50, 150);
    assert_resumes(&["objective.free_bits=0.3"], 50, 120);
    assert_resumes(&["objective.target_kl=2"], 50, 120);
    let two_stage = ["objective.pretraining.steps=80", "objective.free_bits=0.3"];
    assert_resumes(&two_stage, 50, 120);
    assert_resumes(&two_stage, 80, 120);
    assert_resumes(&two_stage, 100, 120);
}

fn phase(learner: &mut Learner) -> Phase {
    match learner.answer(Probe::Method).unwrap().value {
        ReadingValue::Method(reading) => reading.phase,
        other => panic!("{other:?}"),
    }
}

fn learner(experiment: &Experiment) -> Learner {
    Learner::new(experiment.runs().unwrap().remove(0), dataset(experiment), &TrainingDevice::cpu())
}

#[test]
fn lagging_training_ends_its_aggressive_part_and_tells() {
    let mut learner = learner(&small(&["objective.method=lagging", "objective.lagging.encoder_steps=30"]));
    assert_eq!(phase(&mut learner), Phase::Aggressive { last: 0, all: 0 });
    learner.step().unwrap();
    let Phase::Aggressive { last, all } = phase(&mut learner) else { panic!("an epoch has 19 steps") };
    assert!(last == all && (1..=30).contains(&last), "{last}, {all}");
    let mut ended_after = None;
    for step in 2..3000_u64 {
        learner.step().unwrap();
        if matches!(phase(&mut learner), Phase::NoLongerAggressive { .. }) {
            ended_after = Some(step);
            break;
        }
    }
    let ended_after = ended_after.expect("mutual information stops rising");
    assert_eq!(ended_after % 19, 0, "at the end of an epoch");
    let Phase::NoLongerAggressive { all } = phase(&mut learner) else { unreachable!() };
    learner.step().unwrap();
    assert_eq!(phase(&mut learner), Phase::NoLongerAggressive { all }, "no more steps of the encoder alone");
}

#[test]
fn a_divergence_takes_back_what_the_method_remembers_too() {
    let mut settings = small(&["objective.method=lagging", "objective.lagging.encoder_steps=5", "data.examples=6000"]);
    let mut learner = learner(&settings);
    let memory = |learner: &Learner| learner.state(Progress::default()).unwrap().algorithm;
    let mut at_fifty = None;
    for step in 0..70 {
        if step == 50 {
            at_fifty = Some(memory(&learner));
        }
        learner.step().unwrap();
    }
    assert_ne!(at_fifty, Some(memory(&learner)), "20 more steps are counted");
    settings.assign("optimizer.learning_rate=1e30").unwrap();
    learner.configure(settings.runs().unwrap().remove(0));
    let kept = (0..20).find_map(|_| match learner.step().unwrap() {
        StepOutcome::Diverged { kept_step, .. } => Some(kept_step),
        StepOutcome::Taken(_) => None,
    });
    assert_eq!(kept, Some(50));
    assert_eq!(at_fifty, Some(memory(&learner)));
}

#[test]
fn the_first_of_two_stages_is_an_autoencoder_and_the_second_starts_with_a_new_decoder() {
    let experiment = small(&["objective.pretraining.steps=200", "objective.pretraining.reset_decoder=true"]);
    let mut learner = learner(&experiment);
    let losses = |learner: &mut Learner, steps: u64| {
        let mut last = None;
        for _ in 0..steps {
            if let StepOutcome::Taken(points) = learner.step().unwrap() {
                last = points.last().copied();
            }
        }
        last.unwrap()
    };
    let first = losses(&mut learner, 1);
    let end = losses(&mut learner, 199);
    assert!(end.reconstruction < first.reconstruction - 0.5, "{first:?}, {end:?}");
    assert!(end.kl > 2.0, "nothing holds the KL back: {}", end.kl);
    assert_eq!(phase(&mut learner), Phase::Joint);
    let next = losses(&mut learner, 1);
    assert!(next.reconstruction > end.reconstruction + 0.5, "the decoder is new: {end:?}, {next:?}");
    assert!((next.kl - end.kl).abs() < 0.5 * end.kl, "the encoder is not");
}

/// Slope of the encoder's posterior means over the exact ones, through the origin, over all dimensions.
pub(crate) fn slope(session: &mut Session, run: usize) -> f64 {
    session.subscribe(run, &[Probe::PosteriorComparison]);
    wait_until(session, |session| session.runs()[run].reading(&Probe::PosteriorComparison).is_some());
    let reading = session.runs()[run].reading(&Probe::PosteriorComparison).unwrap();
    let ReadingValue::PosteriorComparison(comparison) = &reading.value else { panic!("{:?}", reading.value) };
    let exact = comparison.exact.as_ref().unwrap();
    let pairs = || exact.means.iter().zip(&comparison.encoder_means).map(|(x, y)| (f64::from(*x), f64::from(*y)));
    let spread = pairs().map(|(x, _)| x * x).sum::<f64>();
    assert!(spread / exact.means.len() as f64 > 0.05, "the model has information: {spread}");
    pairs().map(|(x, y)| x * y).sum::<f64>() / spread
}

#[test]
fn the_preset_closes_the_gap_of_a_slow_encoder_where_the_plain_vae_does_not() {
    let experiment = preset("lagging");
    let mut session = trained(&experiment);
    let names: Vec<String> = session.runs().iter().map(|run| run.settings.name.clone()).collect();
    let slopes: Vec<f64> = (0..names.len()).map(|run| slope(&mut session, run)).collect();
    assert_eq!(names, ["vae", "lagging", "semi-amortized"]);
    assert!(slopes[0] < 0.5, "{slopes:?}");
    assert!(slopes[1] > 0.9 && slopes[2] > 0.9, "{slopes:?}");
}

#[test]
fn every_remedy_is_a_variant_that_can_be_trained() {
    let base = Experiment { variants: Vec::new(), steps: 12, ..small(&[]) };
    for remedy in REMEDIES {
        let variant = remedy.variant(&base).unwrap();
        assert_eq!(variant.name, remedy.name);
        let experiment = Experiment { variants: vec![variant], ..base.clone() };
        experiment.validate_for(&dataset(&experiment)).unwrap();
        let session = trained(&experiment);
        assert_eq!(session.runs()[0].progress.step, 12, "{}: {:?}", remedy.name, session.runs()[0].state);
    }
}

#[test]
fn stages_of_remedies_share_the_steps_of_a_run() {
    let of = |name: &str, steps: u64| {
        let base = Experiment { variants: Vec::new(), ..Experiment { steps, ..small(&[]) } };
        let remedy = REMEDIES.iter().find(|remedy| remedy.name == name).unwrap();
        let experiment = Experiment { variants: vec![remedy.variant(&base).unwrap()], ..base };
        experiment.runs().unwrap().remove(0).objective
    };
    assert_eq!(of("annealing", 3000).annealing.steps, 1000);
    assert_eq!(of("two-stage", 300).pretraining.steps, 50);
    let cyclical = of("cyclical", 600).annealing;
    assert!(cyclical.steps * cyclical.cycles < 600, "the last cycle ends before the run: {cyclical:?}");
    let libi = of("libi", 100).libi;
    assert_eq!((libi.likelihood_steps, libi.inference_steps), (50, 50));
    assert_eq!(of("two-stage", 0).pretraining.steps, 500, "a lesson in the window has no limit");
}

#[test]
fn settings_that_no_method_can_use_are_refused_in_one_sentence() {
    let said = |assignments: &[&str]| small(assignments).validate().unwrap_err().to_string();
    let cases: [(&[&str], &str); 30] = [
        (&["objective.target_kl=13"], "K = 2 latent dimensions hold at most 12 nats"),
        (&["objective.target_kl=-1"], "between 0 and 12"),
        (&["objective.free_bits=7"], "between 0 and 6 nats"),
        (&["objective.free_bits=0.1", "objective.target_kl=1"], "exclude each other"),
        (&["objective.free_bits=0.1", "model.family=hierarchical"], "set it to 0"),
        (&["model.prior=vamp", "objective.free_bits=0.1"], "has no closed form"),
        (&["objective.information.target=12.5"], "carry at most 12 nats"),
        (&["objective.information.weight=-1"], "0 or above"),
        (&["objective.lagging.encoder_steps=0"], "between 1 and"),
        (&["objective.lagging.check_every=0"], "between 1 and"),
        (&["objective.refinement.steps=0"], "between 1 and"),
        (&["objective.refinement.rate=0"], "above 0"),
        (&["objective.refinement.momentum=1"], "below 1"),
        (&["objective.importance_samples=0"], "between 1 and"),
        (&["objective.annealing.steps=0"], "at least 1 step"),
        (&["objective.annealing.start=1.5"], "between 0 and 1"),
        (&["objective.libi.repeats=0"], "at least 1"),
        (&["objective.libi.covariance_tolerance=0"], "above 0"),
        (&["objective.method=iwae", "objective.beta=0.5"], "has no KL term to weigh; set it to 1"),
        (&["objective.method=iwae", "objective.annealing.schedule=linear"], "no KL term to anneal"),
        (
            &["objective.method=iwae", "optimizer.batch_size=4096", "objective.importance_samples=4096"],
            "with batches of 4096 it must be at most 64",
        ),
        (&["objective.information.weight=1e300"], "at most 1e6"),
        (&["objective.libi.gaussianity_weight=1e300"], "at most 1e6"),
        (&["objective.refinement.rate=1e30"], "at most 100"),
        (&["objective.method=libi", "model.family=hierarchical"], "set it to \"vae\""),
        (&["objective.method=libi", "optimizer.batch_size=2"], "above K = 2"),
        (&["objective.method=mutual", "model.likelihood=bernoulli"], "set it to \"gaussian\""),
        (&["objective.method=mutual", "model.prior=vamp"], "set it to \"standard\""),
        (&["objective.method=semi-amortized", "model.encoder_variance=0.5"], "set it to \"learned\""),
        (&["objective.method=lagging", "objective.pretraining.steps=5"], "no first stage"),
    ];
    for (assignments, part) in cases {
        let sentence = said(assignments);
        assert!(sentence.contains(part), "{assignments:?}: {sentence}");
        assert!(!sentence.contains('\n') && sentence.len() < 320, "{sentence}");
        let key = assignments.last().unwrap().split_once('=').unwrap().0;
        let key = if key == "model.family" || key == "objective.beta" || sentence.contains(key) { "" } else { key };
        assert!(sentence.contains(key), "names the setting: {sentence}");
    }
}

#[test]
fn what_can_be_turned_while_training_needs_no_restart() {
    let before = small(&["objective.method=mutual"]);
    for (assignment, change) in [
        ("objective.information.target=3", Change::Live),
        ("objective.information.weight=2", Change::Live),
        ("objective.free_bits=0.2", Change::Live),
        ("objective.target_kl=2", Change::Live),
        ("objective.method=elbo", Change::Structural),
        ("objective.libi.repeats=2", Change::Structural),
    ] {
        let mut after = before.clone();
        after.assign(assignment).unwrap();
        assert_eq!(before.change_to(&after), change, "{assignment}");
    }
    assert_eq!(before.runs().unwrap()[0].objective.method, Method::Mutual);
}
