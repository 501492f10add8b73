//! The comparison in the window: set up by label, trained, read, opened as a run.

use collapsar::compare::ComparisonFolder;
use collapsar::experiment::Experiment;
use collapsar::train::RunState;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::time::{Duration, Instant};

type Window = Harness<'static, App>;

/// The default lesson, paused, with rows of a moment.
fn window(size: [f32; 2], theme: Theme) -> Option<Window> {
    let mut experiment = AppOptions::default().experiment;
    for setting in ["data.examples=200", "model.hidden=[4]", "optimizer.batch_size=16", "steps=12"] {
        experiment.assign(setting).unwrap();
    }
    let options = AppOptions {
        experiment,
        running: false,
        environment: Environment::Test,
        theme: Some(theme),
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

fn open(window: &mut Window) {
    click(window, "Lesson ▾");
    // The menu entry has its shortcut behind its name.
    window.get_by_label_contains("Compare methods…").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::SpinButton, "Seeds").set_value_accesskit(2.0);
    window.run_steps(3);
}

fn start(window: &mut Window) {
    click(window, "Start");
    wait(window, "all rows are trained", |app| {
        app.comparison().is_some_and(|table| table.is_complete() && !table.is_running())
    });
}

#[test]
fn rows_are_trained_read_and_opened() {
    let Some(mut window) = window([1280.0, 720.0], Theme::Dark) else { return };
    open(&mut window);
    assert!(window.query_by_label("4 runs of 12 steps").is_some(), "the experiment's variants to begin with");
    click(&mut window, "free-bits");
    assert!(window.query_by_label("6 runs of 12 steps").is_some());
    let before = experiment(&window).clone();
    start(&mut window);
    assert_eq!(*experiment(&window), before, "the run in the window is another matter");
    assert!(window.query_by_label("6 rows").is_some());
    assert_eq!(window.query_all_by_label("2 of 2").count(), 3, "seeds of every method");
    // Sorting by a column puts the best of it first.
    click(&mut window, "−log p(x)");
    assert!(window.query_by_label("−log p(x) ▲").is_some());
    click(&mut window, "▶ brenier");
    let seeds: Vec<_> = window.query_all_by_role_and_label(Role::Button, "Open as a run").collect();
    assert_eq!(seeds.len(), 2);
    seeds[1].click();
    window.run_steps(3);
    wait(&mut window, "the row is a run", |app| app.session().unwrap().experiment().seed == before.seed + 1);
    assert_eq!(experiment(&window).variants.len(), 1);
    assert_eq!(experiment(&window).variants[0].name, "brenier");
    let said = window.state().log().entries().any(|entry| entry.text.contains("Opened brenier with seed 8"));
    assert!(said);
    assert!(window.query_by_label("6 rows").is_none(), "the table makes room for the run");
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.run_steps(3);
    assert!(window.query_by_label("6 rows").is_some(), "and is one key away");
    let back: Vec<_> = window.query_all_by_role_and_label(Role::Button, "Back to the former experiment").collect();
    back[0].click();
    window.run_steps(3);
    wait(&mut window, "what was there before is back", |app| *app.session().unwrap().experiment() == before);
    // Trainers prepare before they pause; one that trains instead would finish.
    wait(&mut window, "it is paused, as it was", |app| {
        app.session().unwrap().runs().iter().all(|run| run.state == RunState::Paused)
    });
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    window.run_steps(3);
    assert!(window.query_by_role_and_label(Role::Button, "Start over").is_some());
}

#[test]
fn a_comparison_is_cancelled_and_resumed() {
    let Some(mut window) = window([1920.0, 1080.0], Theme::Light) else { return };
    open(&mut window);
    window.get_by_role_and_label(Role::SpinButton, "Steps").set_value_accesskit(1_000_000.0);
    window.run_steps(3);
    click(&mut window, "Start");
    wait(&mut window, "a row is in training", |app| {
        (0..4).any(|index| app.comparison().unwrap().is_in_training(index))
    });
    let place = window.get_by_label("Cancel").rect();
    click(&mut window, "Cancel");
    wait(&mut window, "it has stopped", |app| !app.comparison().unwrap().is_running());
    assert!(window.query_by_label("0 of 4 rows, stopped").is_some());
    assert_eq!(window.get_by_label("Resume").rect(), place);
    assert!(!window.get_by_label("Start over").rect().intersects(place));
    click(&mut window, "Resume");
    assert!(window.state().comparison().unwrap().is_running());
    click(&mut window, "Cancel");
}

#[test]
fn rows_are_saved_as_a_table() {
    let Some(mut window) = window([1280.0, 720.0], Theme::Light) else { return };
    open(&mut window);
    start(&mut window);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    click(&mut window, "Export rows…");
    window.get_by_role_and_label(Role::TextInput, "File").set_text_value_accesskit(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Save");
    wait(&mut window, "it is saved", |app| app.log().entries().any(|entry| entry.text.starts_with("Saved")));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text, collapsar::compare::csv(window.state().comparison().unwrap()));
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn rows_of_a_folder_are_shown_without_training() {
    let Some(mut window) = window([1280.0, 720.0], Theme::Light) else { return };
    open(&mut window);
    start(&mut window);
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("comparison");
    let table = window.state().comparison().unwrap();
    let mut folder = ComparisonFolder::create(&path, table.comparison()).unwrap();
    for (index, row) in table.rows().iter().enumerate().take(3) {
        folder.add(index, row.as_ref().unwrap()).unwrap();
    }
    let (comparison, rows) = ComparisonFolder::read(&path).unwrap();
    assert_eq!(rows[..3], table.rows()[..3]);
    window.state_mut().show_rows(comparison, rows);
    window.run_steps(3);
    assert!(window.query_by_label("3 of 4 rows, stopped").is_some());
    assert_eq!(window.query_all_by_label("2 of 2").count(), 1);
    assert_eq!(window.query_all_by_label("1 of 2").count(), 1, "what is missing stays missing");
}

#[test]
fn without_a_method_there_is_nothing_to_start() {
    let Some(mut window) = window([1280.0, 720.0], Theme::Dark) else { return };
    open(&mut window);
    for own in ["standard", "brenier"] {
        click(&mut window, own);
    }
    assert!(window.query_by_label("A comparison needs at least one method").is_some());
    click(&mut window, "Start");
    assert!(window.state().comparison().is_none());
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert!(window.query_by_label("Start").is_none());
}
