//! What is asked of a trained model about the theorem, through a session.

use crate::{dataset, options, preset, trained, wait_until};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::measure::{MapKind, NoGrid};
use collapsar::train::{Probe, ReadingValue, Session};

const MAP: Probe = Probe::LikelihoodMap { dimensions: [0, 1], example: 3 };
const FIELD: Probe = Probe::InjectivityField { dimensions: [0, 1], example: 3 };

fn small(assignments: &[&str]) -> Experiment {
    let mut experiment = Experiment { steps: 0, ..preset("collapse-2d") };
    for assignment in ["data.examples=600", "model.hidden=[16, 16]"].iter().chain(assignments) {
        experiment.assign(assignment).unwrap();
    }
    experiment
}

/// A session that has answered these probes for every variant, before its first step.
fn answered(experiment: &Experiment, probes: &[Probe]) -> Session {
    let session = Session::start(experiment.clone(), dataset(experiment), TrainingDevice::cpu(), options(false));
    let mut session = session.unwrap();
    (0..session.runs().len()).for_each(|run| session.subscribe(run, probes));
    wait_until(&mut session, |session| {
        session.runs().iter().all(|run| probes.iter().all(|probe| run.reading(probe).is_some()))
    });
    session
}

fn value<'a>(session: &'a Session, run: usize, probe: &Probe) -> &'a ReadingValue {
    &session.runs()[run].reading(probe).unwrap().value
}

#[test]
fn probes_about_the_theorem_are_answered() {
    let session = answered(&small(&[]), &[MAP, Probe::PosteriorComparison, FIELD]);
    for run in 0..2 {
        let ReadingValue::LikelihoodMap(map) = value(&session, run, &MAP) else { panic!("a map") };
        assert_eq!((map.kind, map.example, map.dimensions), (MapKind::Plane, 3, [0, 1]));
        assert_eq!(map.log_likelihood.len(), map.side * map.side);
        assert_eq!(map.posterior.as_ref().unwrap().len(), map.side * map.side);
        assert!(map.kl.unwrap() <= map.bound);

        let ReadingValue::PosteriorComparison(comparison) = value(&session, run, &Probe::PosteriorComparison) else {
            panic!("a comparison")
        };
        let exact = comparison.exact.as_ref().unwrap();
        assert_eq!(comparison.encoder_means.len(), exact.means.len());
        assert_eq!(comparison.encoder_means.len(), 2 * comparison.examples());
        assert_eq!(comparison.labels.as_ref().unwrap().len(), comparison.examples());
        // The map has a grid of its own.
        let difference = (map.kl.unwrap() - f64::from(exact.kl[3])).abs();
        assert!(exact.radius != map.radius || difference < 0.01 * (1.0 + map.kl.unwrap()), "{difference}");

        let ReadingValue::InjectivityField(field) = value(&session, run, &FIELD) else { panic!("a field") };
        assert_eq!(field.brenier.is_some(), run == 1);
        assert!(field.folds.is_some());
        if let Some(brenier) = &field.brenier {
            assert_eq!((brenier.floor, field.folds), (1.0, Some(false)));
            assert!(field.smallest_singular.iter().all(|&smallest| smallest >= 0.999));
        }
    }
}

#[test]
fn a_line_a_space_and_a_slice_are_said_to_be_what_they_are() {
    let map = Probe::LikelihoodMap { dimensions: [0, 0], example: 1 };
    let line = answered(&small(&["model.latent_dimensions=1"]), &[map]);
    let ReadingValue::LikelihoodMap(map) = value(&line, 0, &map) else { panic!("a map") };
    assert_eq!((map.kind, map.log_likelihood.len()), (MapKind::Line, map.side));

    let surplus = |latent: usize| {
        let mut experiment = Experiment { steps: 0, ..preset("surplus-dimensions") };
        experiment.assign(&format!("model.latent_dimensions={latent}")).unwrap();
        experiment.assign("data.examples=600").unwrap();
        experiment
    };
    let map = Probe::LikelihoodMap { dimensions: [2, 0], example: 1 };
    let space = answered(&surplus(3), &[map]);
    let ReadingValue::LikelihoodMap(of_three) = value(&space, 1, &map) else { panic!("a map") };
    assert_eq!((of_three.kind, of_three.dimensions), (MapKind::PlaneOfThree, [2, 0]));

    let map = Probe::LikelihoodMap { dimensions: [4, 2], example: 1 };
    let same = Probe::LikelihoodMap { dimensions: [4, 4], example: 1 };
    let missing = Probe::LikelihoodMap { dimensions: [4, 5], example: 1 };
    let slice = answered(&surplus(5), &[map, same, missing, Probe::PosteriorComparison]);
    let ReadingValue::LikelihoodMap(of_five) = value(&slice, 0, &map) else { panic!("a map") };
    assert_eq!((of_five.kind, of_five.dimensions), (MapKind::Slice, [4, 2]));
    assert!(matches!(value(&slice, 0, &same), ReadingValue::NotDefined(reason) if reason.contains("different")));
    assert!(matches!(value(&slice, 0, &missing), ReadingValue::NotDefined(_)));
    let ReadingValue::PosteriorComparison(comparison) = value(&slice, 0, &Probe::PosteriorComparison) else {
        panic!("a comparison")
    };
    let Err(reason) = comparison.exact.clone() else { panic!("no grid in five dimensions") };
    assert_eq!(reason, NoGrid::Dimensions);
    assert!(reason.sentence().contains("K ≤ 3") && reason.sentence().contains("slice"));
    assert_eq!(comparison.slice_ranges.len(), 5);
}

#[test]
fn final_measures_and_the_probe_are_one_computation() {
    let mut session = trained(&Experiment { steps: 60, ..small(&[]) });
    let last = session.summarize().unwrap();
    (0..2).for_each(|run| session.subscribe(run, &[Probe::PosteriorComparison]));
    let probe = Probe::PosteriorComparison;
    wait_until(&mut session, |session| session.runs().iter().all(|run| run.reading(&probe).is_some()));
    for (run, last) in last.iter().enumerate() {
        let ReadingValue::PosteriorComparison(comparison) = value(&session, run, &probe) else {
            panic!("a comparison")
        };
        assert_eq!(comparison.statuses, last.statuses);
        let exact = last.exact.unwrap();
        assert_eq!(exact.radius, comparison.exact.as_ref().unwrap().radius);
        assert_eq!((exact.likelihood_range, Some(exact.kl)), (last.statuses.likelihood_range, last.statuses.exact_kl));
    }
}

#[test]
fn the_models_own_information_is_measured_at_every_fifth_evaluation_and_at_the_end() {
    let mut session = trained(&Experiment { steps: 700, ..small(&[]) });
    for run in session.runs() {
        let measured: Vec<u64> = run
            .history
            .evaluations
            .iter()
            .filter(|evaluation| evaluation.measures.model_information.is_some())
            .map(|evaluation| evaluation.step)
            .collect();
        assert_eq!(measured, [500]);
    }
    let [standard, brenier] = session.summarize().unwrap().try_into().unwrap();
    let [standard, brenier] = [&standard, &brenier].map(|run| run.measures.model_information.unwrap());
    assert_eq!(standard.floor, None);
    assert!(brenier.mutual_information + 3.0 * brenier.standard_error >= brenier.floor.unwrap(), "{brenier:?}");
    assert!(standard.mutual_information < brenier.mutual_information, "{standard:?} {brenier:?}");
}
