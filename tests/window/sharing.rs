//! Training on the window's own wgpu device, while it draws.

use collapsar::device::{DeviceChoice, DeviceKind, Drawable};
use collapsar::experiment::Experiment;
use collapsar::train::{Probe, ReadingValue, RunState, Session};
use collapsar::ui::panels::Panel;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{AppOptions, Environment};
use eframe::egui::vec2;

#[test]
fn a_model_trains_on_the_device_that_draws_the_window() {
    let steps = 4;
    let experiment = Experiment { steps, ..AppOptions::default().experiment };
    let options =
        AppOptions { experiment, device: DeviceChoice::Gpu, environment: Environment::Test, ..AppOptions::default() };
    let mut window = match harness(options, vec2(1280.0, 720.0)) {
        Ok(window) => window,
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    window.state_mut().show_samples(true);
    // The limit only turns a hang into a failure: a software driver compiles kernels for seconds.
    for _ in 0..20_000 {
        window.step();
        let session = window.state().session();
        if session.is_some_and(|session| session.runs().iter().all(|run| run.state == RunState::Finished)) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let session = window.state().session().expect("a session");
    assert_eq!(session.device().kind, DeviceKind::Gpu);
    for run in session.runs() {
        assert_eq!((&run.state, run.progress.step), (&RunState::Finished, steps));
        assert!(run.history.negative_elbo.last().is_some_and(|last| last.mean.is_finite()));
    }
    // A hidden panel asks for nothing, so the one that is meant must be in view.
    window.state_mut().show_only(Panel::Plane);
    let samples = Probe::Samples { dimensions: [0, 1] };
    let is_answered = |session: &Session| session.runs().iter().all(|run| run.reading(&samples).is_some());
    for _ in 0..20_000 {
        window.step();
        if window.state().session().is_some_and(is_answered) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    for run in window.state().session().expect("a session").runs() {
        let Some(ReadingValue::Samples(samples)) = run.reading(&samples).map(|reading| &reading.value) else {
            panic!("no samples");
        };
        assert!(matches!(samples.points, Drawable::Device(_)), "drawn where they were computed");
    }
    window.run_steps(3);
    let picture = window.render().expect("the window draws beside it");
    assert!(picture.pixels().any(|pixel| pixel != picture.get_pixel(0, 0)), "the picture is not empty");
}
