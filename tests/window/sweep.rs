//! The phase diagram in the window: set up by label, trained, read, opened as a run.

use collapsar::experiment::Experiment;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::time::{Duration, Instant};

type Window = Harness<'static, App>;

/// The default lesson, paused, with cells of a moment.
fn window(size: [f32; 2]) -> Option<Window> {
    let mut experiment = AppOptions::default().experiment;
    for setting in ["data.examples=200", "model.hidden=[4]", "optimizer.batch_size=16", "steps=12"] {
        experiment.assign(setting).unwrap();
    }
    let options = AppOptions {
        experiment,
        running: false,
        environment: Environment::Test,
        theme: Some(Theme::Dark),
        ..AppOptions::default()
    };
    let mut window = match harness(options, vec2(size[0], size[1])) {
        Ok(window) => window,
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    wait(&mut window, "the session starts", |app| app.session().is_some());
    Some(window)
}

/// Draws frames until something has come about. The limit only turns a hang into a failure.
fn wait(window: &mut Window, what: &str, condition: impl Fn(&App) -> bool) {
    let start = Instant::now();
    loop {
        window.step();
        if condition(window.state()) {
            window.run_steps(2);
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

fn experiment(window: &Window) -> &Experiment {
    window.state().session().unwrap().experiment()
}

/// Opens the view and makes it two by two.
fn open(window: &mut Window) {
    click(window, "Lesson ▾");
    // The menu entry has its shortcut behind its name.
    window.get_by_label_contains("Phase diagram…").click();
    window.run_steps(3);
    let values: Vec<_> = window.query_all_by_role_and_label(Role::SpinButton, "Values").collect();
    assert_eq!(values.len(), 2, "one for each axis");
    values.into_iter().for_each(|values| values.set_value_accesskit(2.0));
    window.run_steps(3);
}

fn start(window: &mut Window) {
    click(window, "Start");
    wait(window, "all cells are trained", |app| {
        app.phase_diagram().is_some_and(|diagram| diagram.is_complete() && !diagram.is_running())
    });
}

#[test]
fn cells_are_trained_read_and_opened() {
    let Some(mut window) = window([1440.0, 900.0]) else { return };
    open(&mut window);
    assert!(window.query_by_label("4 runs of 12 steps").is_some());
    let before = experiment(&window).clone();
    start(&mut window);
    assert_eq!(*experiment(&window), before, "the run in the window is another matter");
    assert!(window.query_by_label("4 cells").is_some());
    let cells: Vec<String> = window
        .state()
        .phase_diagram()
        .unwrap()
        .cells()
        .iter()
        .map(|cell| match cell.as_ref().unwrap().active(0).unwrap() {
            1 => "1 active dimension".to_owned(),
            active => format!("{active} active dimensions"),
        })
        .collect();
    let places = ["KL weight β = 0.25, Noise σ = 0.3", "KL weight β = 8, Noise σ = 0.3"];
    for (place, count) in places.iter().zip(&cells) {
        assert!(window.query_by_label(&format!("{place}: {count}")).is_some(), "{place}: {count}");
    }
    click(&mut window, &format!("{}: {}", places[1], cells[1]));
    wait(&mut window, "the cell is a run", |app| app.session().unwrap().experiment().objective.beta == 8.0);
    assert_eq!(experiment(&window).model.sigma.fixed(), Some(0.3));
    assert!(experiment(&window).variants.is_empty());
    let said = window.state().log().entries().any(|entry| entry.text.contains("cell at KL weight β = 8"));
    assert!(said);
    assert!(window.query_by_label("Start").is_none(), "the map makes room for the run");
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(3);
    assert!(window.query_by_label("4 cells").is_some(), "and is one key away");
    // The fixture is no lesson as it is, and has no title.
    let back: Vec<_> = window.query_all_by_role_and_label(Role::Button, "Back to the former experiment").collect();
    assert_eq!(back.len(), 2, "in the window, and on the message that the cell was opened");
    back[0].click();
    window.run_steps(3);
    wait(&mut window, "what was there before is back", |app| *app.session().unwrap().experiment() == before);
    assert!(!window.state().session().unwrap().is_active(), "paused, as it was");
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(3);
    assert!(window.query_by_label("4 cells").is_some(), "the map is still there");
    assert!(window.query_by_role_and_label(Role::Button, "Start over").is_some());
}

#[test]
fn a_sweep_is_cancelled_and_resumed() {
    let Some(mut window) = window([1280.0, 720.0]) else { return };
    open(&mut window);
    window.get_by_role_and_label(Role::SpinButton, "Steps per cell").set_value_accesskit(1_000_000.0);
    window.run_steps(3);
    click(&mut window, "Start");
    wait(&mut window, "a cell is in training", |app| {
        (0..4).any(|index| app.phase_diagram().unwrap().is_in_training(index))
    });
    let place = window.get_by_label("Cancel").rect();
    click(&mut window, "Cancel");
    wait(&mut window, "it has stopped", |app| !app.phase_diagram().unwrap().is_running());
    assert!(window.query_by_label("0 of 4 cells, stopped").is_some());
    // A second click on Cancel goes on with what there is, and drops nothing.
    assert_eq!(window.get_by_label("Resume").rect(), place);
    assert!(!window.get_by_label("Start over").rect().intersects(place));
    assert!(window.query_by_label("Start").is_none());
    click(&mut window, "Resume");
    assert!(window.state().phase_diagram().unwrap().is_running());
    click(&mut window, "Cancel");
}

#[test]
fn cells_are_saved_as_a_table() {
    let Some(mut window) = window([1920.0, 1080.0]) else { return };
    open(&mut window);
    start(&mut window);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.csv");
    click(&mut window, "Export cells…");
    window.get_by_role_and_label(Role::TextInput, "File").set_text_value_accesskit(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Save");
    wait(&mut window, "it is saved", |app| app.log().entries().any(|entry| entry.text.starts_with("Saved")));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, collapsar::sweep::csv(window.state().phase_diagram().unwrap()));
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn escape_closes_the_window_and_loses_nothing() {
    let Some(mut window) = window([1280.0, 720.0]) else { return };
    open(&mut window);
    start(&mut window);
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label("4 cells").is_none());
    assert!(window.state().phase_diagram().unwrap().is_complete());
    window.key_press_modifiers(Modifiers::COMMAND, Key::P);
    window.run_steps(3);
    assert!(window.query_by_label("4 cells").is_some());
}

#[test]
fn what_is_wrong_with_an_axis_is_said_in_the_words_of_the_window() {
    let Some(mut window) = window([1280.0, 720.0]) else { return };
    open(&mut window);
    window.query_all_by_role_and_label(Role::SpinButton, "From").next().unwrap().set_value_accesskit(99.0);
    window.run_steps(3);
    assert_eq!(window.query_all_by_label("From must be below To").count(), 1);
    assert!(window.query_by_label_contains("KEY=").is_none());
}
