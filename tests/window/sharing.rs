//! Training on the window's own wgpu device, while it draws.

use collapsar::device::{DeviceChoice, DeviceKind};
use collapsar::experiment::Experiment;
use collapsar::train::RunState;
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
    let picture = window.render().expect("the window draws beside it");
    assert!(picture.pixels().any(|pixel| pixel != picture.get_pixel(0, 0)), "the picture is not empty");
}
