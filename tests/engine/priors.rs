//! Training with learned priors: runs, resumes, and what they change.

use crate::{dataset, finish, options, preset, trained};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::measure::Measures;
use collapsar::train::checkpoint::Checkpoint;
use collapsar::train::{Probe, ReadingValue, RunState, Session, SessionEvent};

fn small(steps: u64, own: &[&str]) -> Experiment {
    let mut experiment = Experiment { steps, ..preset("collapse-2d") };
    for assignment in [&["data.examples=600", "model.hidden=[16, 16]", "optimizer.batch_size=32"], own].concat() {
        experiment.assign(assignment).unwrap();
    }
    experiment
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
fn a_run_with_a_learned_prior_resumes_bit_for_bit() {
    let ways: [&[&str]; 4] = [
        &["model.prior=gaussian-mixture", "model.prior_components=6"],
        &["model.prior=vamp", "model.prior_components=6"],
        // The encoder alone, which makes the components of this prior.
        &[
            "model.prior=vamp",
            "objective.method=lagging",
            "objective.lagging.encoder_steps=4",
            "objective.lagging.check_every=2",
        ],
        &["model.prior=gaussian-mixture", "objective.method=iwae", "objective.importance_samples=3"],
    ];
    for own in ways {
        let straight = small(200, own);
        let mut whole = trained(&straight);
        let expected = whole.summarize().unwrap();
        let mut half = trained(&Experiment { steps: 100, ..straight.clone() });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("half.collapsar");
        saved(&mut half).write(&path).unwrap();
        let mut checkpoint = Checkpoint::read(&path).unwrap();
        checkpoint.experiment.steps = 200;
        let resumed = Session::resume(checkpoint, dataset(&straight), TrainingDevice::cpu(), options(true));
        let mut resumed = finish(resumed.unwrap());
        assert_eq!(resumed.summarize().unwrap(), expected, "{own:?}");
        for (resumed, whole) in resumed.runs().iter().zip(whole.runs()) {
            assert_eq!(resumed.history, whole.history, "curves of {own:?}");
        }
    }
}

#[test]
fn the_priors_parameters_are_saved_under_their_names() {
    let mut session = trained(&small(5, &["model.prior=vamp", "model.prior_components=6"]));
    let checkpoint = saved(&mut session);
    let pseudo_inputs: Vec<_> =
        checkpoint.variants[0].weights.iter().filter(|weights| weights.name.starts_with("mixture.")).collect();
    assert_eq!(pseudo_inputs.len(), 1);
    assert_eq!(pseudo_inputs[0].shape, [6, 2]);
}

/// Measures of a plain decoder at σ = 0.3, where nothing collapses.
fn measured(prior: &str) -> Measures {
    let mut experiment = small(1500, &["model.sigma=0.3", "optimizer.batch_size=128", "data.examples=2000"]);
    experiment.variants.truncate(1);
    experiment.assign(prior).unwrap();
    let report = trained(&experiment).summarize().unwrap().remove(0);
    report.measures
}

#[test]
fn a_learned_prior_is_closer_to_the_aggregated_posterior() {
    let standard = measured("model.prior=standard");
    assert_eq!(standard.active_units, 2);
    for prior in ["model.prior=gaussian-mixture", "model.prior=vamp"] {
        let learned = measured(prior);
        assert!(
            learned.marginal_kl < 0.8 * standard.marginal_kl,
            "{prior}: {} against {}",
            learned.marginal_kl,
            standard.marginal_kl
        );
        assert!((learned.marginal_kl - learned.kl + learned.mutual_information).abs() < 1e-5);
        assert!(standard.aggregate.is_some() && learned.aggregate.is_none(), "compared with N(0, I) alone");
    }
}

#[test]
fn every_probe_is_answered_under_a_learned_prior() {
    for (prior, latent) in [("gaussian-mixture", 1), ("gaussian-mixture", 2), ("vamp", 3), ("vamp", 4)] {
        let prior = format!("model.prior={prior}");
        let latent_dimensions = format!("model.latent_dimensions={latent}");
        let own = [prior.as_str(), latent_dimensions.as_str(), "model.prior_components=5", "data.source=pinwheel-r6"];
        let mut experiment = small(20, &own);
        experiment.variants.truncate(1);
        let mut session = trained(&experiment);
        let plane = [0, (latent - 1).min(1)];
        let probes = [
            Probe::Measures,
            Probe::Marginal { dimension: 0, example: 1 },
            Probe::Plane { dimensions: plane },
            Probe::LikelihoodMap { dimensions: plane, example: 1 },
            Probe::PosteriorComparison,
            Probe::InjectivityField { dimensions: plane, example: 1 },
            Probe::Theory,
            Probe::Method,
        ];
        session.subscribe(0, &probes);
        crate::wait_until(&mut session, |session| {
            let run = &session.runs()[0];
            probes.iter().all(|probe| {
                run.reading(probe).is_some_and(|reading| !matches!(reading.value, ReadingValue::Pending(_)))
            })
        });
        assert_eq!(session.runs()[0].state, RunState::Finished);
        let value = |probe: &Probe| session.runs()[0].reading(probe).unwrap().value.clone();
        let ReadingValue::Marginal(marginal) = value(&probes[1]) else { panic!("no marginal") };
        assert!(marginal.is_prior_learned);
        let ReadingValue::LikelihoodMap(map) = value(&probes[3]) else { panic!("no map") };
        assert!(map.log_prior.as_ref().is_some_and(|log| log.len() == map.log_likelihood.len()));
        assert_eq!(map.prior.is_some(), latent > 1);
        assert!(map.kl.is_none_or(|kl| kl >= -1e-6 && kl <= map.bound + 1e-6), "{:?} above {}", map.kl, map.bound);
        if latent > 1 {
            let ReadingValue::Plane(plane) = value(&probes[2]) else { panic!("no plane") };
            assert!(plane.prior.is_some());
        }
        let ReadingValue::Method(method) = value(&probes[7]) else { panic!("no method") };
        assert!(method.aggregate.is_none());
    }
}
