//! The thread that answers for classical models: newest settings win, errors keep the last answer, and the same settings have the same
//! answer.

use collapsar::exact::{ClassicalReading, ClassicalSession, MixtureReading, PpcaReading};
use collapsar::experiment::presets::Preset;
use collapsar::experiment::{
    Classical, Inference, MixtureParameters, MixtureSettings, PpcaData, PpcaSettings, PpcaWeights,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

fn start(classical: Classical) -> ClassicalSession {
    ClassicalSession::start(classical, Arc::new(|| {}))
}

/// Polls until the condition holds. The limit only turns a hang into a failure.
fn wait_until(session: &mut ClassicalSession, condition: impl Fn(&ClassicalSession) -> bool) {
    for _ in 0..60_000 {
        session.poll();
        if condition(session) {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the session never got there");
}

fn is_done(session: &ClassicalSession) -> bool {
    session.progress().is_none()
}

fn ppca(session: &ClassicalSession) -> &PpcaReading {
    match session.reading().unwrap().as_ref() {
        ClassicalReading::Ppca(reading) => reading,
        ClassicalReading::Mixture(_) => panic!("another model"),
    }
}

fn mixture(session: &ClassicalSession) -> &MixtureReading {
    match session.reading().unwrap().as_ref() {
        ClassicalReading::Mixture(reading) => reading,
        ClassicalReading::Ppca(_) => panic!("another model"),
    }
}

fn preset(name: &str) -> Classical {
    Preset::find(name).unwrap().classical().unwrap().unwrap()
}

#[test]
fn every_way_of_inference_arrives_in_its_order() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let counter = wakes.clone();
    let mut session = ClassicalSession::start(
        preset("ppca"),
        Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }),
    );
    assert!(session.progress().is_some() && session.reading().is_none());
    wait_until(&mut session, is_done);
    let ways: Vec<Inference> = ppca(&session).posteriors.iter().map(|posterior| posterior.inference).collect();
    assert_eq!(ways, [Inference::Exact, Inference::MeanField, Inference::Hmc]);
    assert!(session.error().is_none());
    // Closed forms, draws, and the end.
    assert_eq!(wakes.load(Ordering::Relaxed), 3);
    let [exact, _, sampled] = ppca(&session).posteriors.as_slice() else { panic!() };
    for (exact, sampled) in exact.mean.iter().zip(&sampled.mean) {
        assert!((exact - sampled).abs() < 0.1, "{exact} and {sampled}");
    }

    session.configure(preset("mixture-weight"));
    wait_until(&mut session, is_done);
    let reading = mixture(&session);
    let ways: Vec<Inference> = reading.posteriors.iter().map(|posterior| posterior.inference).collect();
    assert_eq!(ways, [Inference::Exact, Inference::MeanField, Inference::Hmc]);
    assert_eq!(reading.counts.iter().sum::<usize>(), 1000);
    assert_eq!(reading.edges.len(), reading.counts.len() + 1);
    assert_eq!((reading.grid.len(), reading.prior.len(), reading.log_likelihood.len()), (999, 999, 999));
    assert!(reading.posteriors.iter().all(|posterior| posterior.density.len() == 999));
}

#[test]
fn integrated_parameters_have_no_exact_answer() {
    let settings = MixtureSettings { parameters: MixtureParameters::Integrated, examples: 50, ..Default::default() };
    let mut session = start(Classical::MixtureWeight(settings));
    wait_until(&mut session, |session| session.reading().is_some());
    assert!(mixture(&session).posteriors.iter().all(|posterior| posterior.inference != Inference::Exact));
    wait_until(&mut session, is_done);
    let ways: Vec<Inference> = mixture(&session).posteriors.iter().map(|posterior| posterior.inference).collect();
    assert_eq!(ways, [Inference::MeanField, Inference::Hmc]);
}

#[test]
fn the_newest_settings_win_at_once() {
    let integrated = MixtureSettings {
        parameters: MixtureParameters::Integrated,
        examples: 20_000,
        separation: 0.0,
        ..MixtureSettings::default()
    };
    let mut session = start(Classical::MixtureWeight(integrated.clone()));
    // A slider dragged while inference that would take a minute is under way.
    wait_until(&mut session, |session| session.reading().is_some());
    for step in 1..=200 {
        let separation = f64::from(step) / 100.0;
        session.configure(Classical::MixtureWeight(MixtureSettings { separation, ..integrated.clone() }));
        session.poll();
        assert!(session.progress().is_some());
    }
    let last = Classical::Ppca(PpcaSettings { sigma: 3.5, ..PpcaSettings::default() });
    session.configure(last.clone());
    assert_eq!(session.experiment(), &last);
    wait_until(&mut session, is_done);
    assert_eq!(ppca(&session).settings.sigma, 3.5);
    assert_eq!(ppca(&session).posteriors.len(), 3);
}

#[test]
fn a_dropped_session_ends_its_thread_in_the_middle_of_sampling() {
    let settings =
        MixtureSettings { parameters: MixtureParameters::Integrated, examples: 20_000, ..Default::default() };
    let held = Arc::new(());
    let holder = held.clone();
    let wake = Arc::new(move || {
        let _ = &holder;
    });
    let mut session = ClassicalSession::start(Classical::MixtureWeight(settings), wake);
    wait_until(&mut session, |session| session.progress().is_some_and(|share| share > 0.0));
    assert!(session.progress().is_some_and(|share| share < 1.0));
    drop(session);
    for _ in 0..30_000 {
        if Arc::strong_count(&held) == 1 {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("the thread went on");
}

#[test]
fn asking_the_same_again_is_no_new_request() {
    let mut session = start(preset("ppca"));
    wait_until(&mut session, is_done);
    let reading = session.reading().unwrap().clone();
    session.configure(preset("ppca"));
    session.look_at(0);
    session.poll();
    assert!(is_done(&session) && Arc::ptr_eq(&reading, session.reading().unwrap()));
}

#[test]
fn another_example_has_another_posterior_of_the_same_shape() {
    let mut session = start(preset("ppca"));
    wait_until(&mut session, is_done);
    let first = ppca(&session).posteriors[0].clone();
    session.look_at(12);
    wait_until(&mut session, is_done);
    assert_eq!(ppca(&session).example, 12);
    let second = &ppca(&session).posteriors[0];
    assert_ne!(first.mean, second.mean);
    assert_eq!((&first.covariance, &first.kl_per_dimension), (&second.covariance, &second.kl_per_dimension));
    session.look_at(usize::MAX);
    wait_until(&mut session, is_done);
    assert_eq!(ppca(&session).example, 499);
}

#[test]
fn an_error_keeps_the_last_answer_and_goes_with_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gone.csv");
    let mut session = start(preset("ppca"));
    wait_until(&mut session, is_done);
    let good = session.reading().unwrap().clone();
    let missing = PpcaData::Source(collapsar::data::Source::File(path.clone()));
    for (settings, words) in [
        (PpcaSettings { latent_dimensions: 5, ..PpcaSettings::default() }, "K is 5"),
        (PpcaSettings { sigma: -1.0, ..PpcaSettings::default() }, "above 0"),
        (PpcaSettings { data: missing.clone(), ..PpcaSettings::default() }, "gone.csv"),
    ] {
        session.configure(Classical::Ppca(settings));
        wait_until(&mut session, is_done);
        let sentence = session.error().unwrap().to_string();
        assert!(sentence.contains(words) && !sentence.contains('\n'), "{sentence}");
        assert!(Arc::ptr_eq(&good, session.reading().unwrap()));
    }
    std::fs::write(&path, "a,b,c\n1,2,7\n3,4,7\n5,7,7\n7,7,7\n9,8,7\n").unwrap();
    let settings = PpcaSettings { data: missing, latent_dimensions: 1, ..PpcaSettings::default() };
    session.configure(Classical::Ppca(settings));
    wait_until(&mut session, is_done);
    assert!(session.error().is_none());
    let reading = ppca(&session);
    assert_eq!((reading.examples, reading.dimensions), (5, 2));
    assert!(reading.warnings.iter().any(|warning| warning.contains("column 3 is constant")), "{:?}", reading.warnings);
    assert_eq!(reading.surface.log_likelihood.len(), reading.surface.side);
}

#[test]
fn built_in_data_and_surplus_latent_dimensions_work() {
    let data = PpcaData::Source(collapsar::data::Source::Digits);
    let settings =
        PpcaSettings { data, latent_dimensions: 4, weights: PpcaWeights::Generating, ..PpcaSettings::default() };
    let mut session = start(Classical::Ppca(settings));
    wait_until(&mut session, |session| session.reading().is_some());
    let reading = ppca(&session);
    assert!(reading.dimensions < 64 && !reading.warnings.is_empty(), "{:?}", reading.warnings);
    assert!(reading.eigenvalues.is_sorted_by(|a, b| a >= b));
    assert_eq!((reading.weights.len(), reading.predicted_kl.len()), (4, 4));
}

#[test]
fn the_same_settings_have_the_same_answer() {
    let settings = MixtureSettings { parameters: MixtureParameters::Integrated, examples: 60, ..Default::default() };
    let answer = |classical: &Classical| {
        let mut session = start(classical.clone());
        wait_until(&mut session, is_done);
        session.reading().unwrap().clone()
    };
    for classical in [preset("ppca"), Classical::MixtureWeight(settings)] {
        assert_eq!(answer(&classical), answer(&classical));
    }
}
