//! The window around the panels: commands, settings, files, messages.

use collapsar::experiment::{DecoderKind, Experiment, Learnable, LikelihoodKind};
use collapsar::train::RunState;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::accesskit::Role;
use eframe::egui::{DroppedFile, Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

type Window = Harness<'static, App>;

/// The default lesson for some steps, or none where nothing can be drawn; CI must be able to draw.
fn window(steps: u64) -> Option<Window> {
    let experiment = Experiment { steps, ..AppOptions::default().experiment };
    let options =
        AppOptions { experiment, environment: Environment::Test, theme: Some(Theme::Dark), ..AppOptions::default() };
    let mut window = match harness(options, vec2(1440.0, 900.0)) {
        Ok(window) => window,
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    wait(&mut window, "the session starts", |app| app.session().is_some_and(|session| session.runs().len() == 2));
    Some(window)
}

/// Draws frames until something has come about. Training repaints for ever, so nothing here waits for the window to settle.
fn wait(window: &mut Window, what: &str, condition: impl Fn(&App) -> bool) {
    let start = Instant::now();
    loop {
        window.step();
        if condition(window.state()) {
            window.run_steps(2);
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "waited in vain until {what}; messages: {:?}",
            messages(window)
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

fn messages(window: &Window) -> Vec<String> {
    window.state().log().entries().map(|entry| entry.text.clone()).collect()
}

fn steps(app: &App) -> u64 {
    app.session().unwrap().runs().iter().map(|run| run.progress.step).min().unwrap()
}

fn experiment(window: &Window) -> &Experiment {
    window.state().session().unwrap().experiment()
}

fn write(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn table(rows: usize) -> String {
    let row = |at: usize| format!("{},{},{},{}\n", at % 13, (at * 7) % 11, at as f32 / 10.0, ["red", "green"][at % 2]);
    "width,height,depth,kind\n".to_owned() + &(0..rows).map(row).collect::<String>()
}

/// Opens a path by typing it.
fn open(window: &mut Window, path: &Path) {
    click(window, "Open…");
    window.get_by_role_and_label(Role::TextInput, "Path").focus();
    window.run_steps(2);
    window.get_by_role_and_label(Role::TextInput, "Path").type_text(&path.display().to_string());
    window.run_steps(2);
    click(window, "Open path");
}

#[test]
fn the_verdict_says_what_was_measured() {
    let Some(mut window) = window(300) else { return };
    wait(&mut window, "both runs end", |app| {
        app.session()
            .unwrap()
            .runs()
            .iter()
            .all(|run| run.state == RunState::Finished && !run.history.evaluations.is_empty())
    });
    let expected: Vec<String> = window
        .state()
        .session()
        .unwrap()
        .runs()
        .iter()
        .map(|run| {
            let measures = &run.history.evaluations.last().unwrap().measures;
            format!("{} of 2 dimensions collapsed", measures.collapsed_dimensions.len())
        })
        .collect();
    for text in expected {
        // What the panels asked for may be a reading older than the last evaluation.
        let start = Instant::now();
        while window.query_all_by_label(&text).next().is_none() {
            assert!(start.elapsed() < Duration::from_secs(60), "nothing says “{text}”");
            window.step();
        }
    }
    assert!(window.query_all_by_label_contains("−ELBO").count() >= 2);
    assert!(window.query_all_by_label_contains("nats per example").count() >= 2);
    // Everything is at rest now, so the harness can settle; it also checks that every control has a name.
    window.run_ok();
}

#[test]
fn a_table_is_opened_by_its_path_looked_at_and_trained_on() {
    let Some(mut window) = window(0) else { return };
    let (_folder, path) = write("colours.csv", &table(200));
    open(&mut window, &path);
    wait(&mut window, "the file is read", |app| !app.is_loading());
    assert_eq!(
        window.state().session().unwrap().data().name(),
        AppOptions::default().experiment.data.source.to_string(),
        "nothing is trained on unasked"
    );
    assert!(window.query_by_label_contains("2 classes").is_some());
    click(&mut window, "Train on this");
    wait(&mut window, "training begins", |app| app.session().unwrap().data().name() == "colours.csv" && steps(app) > 0);
    assert_eq!(window.state().session().unwrap().data().dimensions(), 3);
    assert!(
        messages(&window).iter().any(|text| text.starts_with("Training on colours.csv")),
        "{:?}",
        messages(&window)
    );
}

#[test]
fn a_bad_file_is_one_sentence_and_training_goes_on() {
    let Some(mut window) = window(0) else { return };
    let (_folder, path) = write("broken.csv", "a,b\n1,2\n3\n");
    let before = experiment(&window).clone();
    open(&mut window, &path);
    wait(&mut window, "the file is refused", |app| app.log().entries().len() > 0);
    let said = messages(&window);
    assert!(said[0].contains("broken.csv, line 3"), "{said:?}");
    assert_eq!(experiment(&window), &before);
    let reached = steps(window.state());
    wait(&mut window, "training has gone on", |app| steps(app) > reached);
}

#[test]
fn a_dropped_experiment_starts() {
    #[derive(Debug)]
    struct Dropped(PathBuf);
    impl DroppedFile for Dropped {
        fn path(&self) -> &Path {
            &self.0
        }
        fn bytes(&self) -> Result<Vec<u8>, String> {
            Err("the window opens paths".to_owned())
        }
    }
    let Some(mut window) = window(0) else { return };
    let (_folder, path) = write("one.toml", "seed = 11\n[model]\nlatent_dimensions = 1\n");
    window.input_mut().dropped_files.push(Arc::new(Dropped(path)));
    wait(&mut window, "it starts", |app| app.session().unwrap().experiment().seed == 11);
    assert_eq!(window.state().session().unwrap().runs().len(), 1);
}

#[test]
fn the_decoder_is_switched_and_switched_back() {
    let Some(mut window) = window(0) else { return };
    let decoder = |window: &Window| window.state().session().unwrap().runs()[0].settings.model.decoder;
    let seed = experiment(&window).seed;
    click(&mut window, "Brenier decoder for standard");
    assert_eq!(decoder(&window), DecoderKind::Brenier);
    assert_eq!(experiment(&window).seed, seed);
    assert!(messages(&window).iter().any(|text| text.contains("restarted with the same seed")));
    press(&mut window, Modifiers::COMMAND, Key::Z);
    assert_eq!(decoder(&window), DecoderKind::Standard);
    press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    assert_eq!(decoder(&window), DecoderKind::Brenier);
}

#[test]
fn sigma_applies_while_training_and_reset_starts_again() {
    let Some(mut window) = window(0) else { return };
    wait(&mut window, "some steps are done", |app| steps(app) > 50);
    window.get_by_role_and_label(Role::Slider, "Noise σ").set_value_accesskit(0.3);
    window.run_steps(3);
    assert_eq!(experiment(&window).model.sigma, Learnable::Fixed(0.3));
    assert!(
        window.state().session().unwrap().runs().iter().all(|run| run.settings.model.sigma == Learnable::Fixed(0.3))
    );
    assert!(steps(window.state()) > 50, "no restart");
    press(&mut window, Modifiers::NONE, Key::Space);
    wait(&mut window, "all pause", |app| app.session().unwrap().runs().iter().all(|run| run.state == RunState::Paused));
    click(&mut window, "Reset");
    wait(&mut window, "all are at the start", |app| steps(app) == 0);
    assert_eq!(experiment(&window).model.sigma, Learnable::Fixed(0.3), "reset keeps the settings");
    click(&mut window, "Step");
    wait(&mut window, "one step is done", |app| steps(app) == 1);
}

#[test]
fn a_structural_change_waits_for_restart() {
    let Some(mut window) = window(0) else { return };
    let latent = |window: &Window| window.state().session().unwrap().runs()[0].settings.model.latent_dimensions;
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(1.0);
    window.run_steps(3);
    assert!(window.query_by_label("Restart needed: Latent dimensions K").is_some());
    assert_eq!(latent(&window), 2, "the present run goes on");
    click(&mut window, "Discard");
    assert!(window.query_by_label_contains("Restart needed").is_none());
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(1.0);
    window.run_steps(3);
    press(&mut window, Modifiers::COMMAND, Key::Enter);
    assert_eq!(latent(&window), 1);
    assert!(window.query_by_label_contains("Restart needed").is_none());
}

#[test]
fn what_cannot_work_is_said_and_applied_nowhere() {
    let Some(mut window) = window(0) else { return };
    let before = experiment(&window).clone();
    // More latent than data dimensions, which a Brenier decoder refuses.
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(5.0);
    window.run_steps(3);
    assert!(window.query_by_label_contains("D ≥ K").is_some());
    assert_eq!(experiment(&window), &before);
    click(&mut window, "Discard");
    window.get_by_role_and_label(Role::TextInput, "Hidden layers").focus();
    window.run_steps(2);
    window.get_by_role_and_label(Role::TextInput, "Hidden layers").type_text(" wide");
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert!(window.query_by_label_contains("is not a width").is_some());
    assert_eq!(experiment(&window), &before);
    let reached = steps(window.state());
    wait(&mut window, "training has gone on", |app| steps(app) > reached);
}

#[test]
fn keys_do_what_the_buttons_do_but_not_while_typing() {
    let Some(mut window) = window(0) else { return };
    press(&mut window, Modifiers::NONE, Key::Num2);
    assert_eq!(window.state().selection().dimension, 1);
    press(&mut window, Modifiers::NONE, Key::CloseBracket);
    assert_eq!(window.state().selection().example, 1);
    press(&mut window, Modifiers::NONE, Key::OpenBracket);
    assert_eq!(window.state().selection().example, 0);
    press(&mut window, Modifiers::NONE, Key::F1);
    assert!(window.query_by_label("Files and settings").is_some(), "the help is open");
    press(&mut window, Modifiers::NONE, Key::F1);
    press(&mut window, Modifiers::NONE, Key::F12);
    assert!(window.query_by_label_contains("Window thread per frame").is_some());
    let theme = window.ctx.theme();
    press(&mut window, Modifiers::COMMAND, Key::D);
    assert_ne!(window.ctx.theme(), theme);
    click(&mut window, if theme == Theme::Dark { "Dark" } else { "Light" });
    assert_eq!(window.ctx.theme(), theme);

    press(&mut window, Modifiers::COMMAND, Key::O);
    window.run_steps(2);
    press(&mut window, Modifiers::NONE, Key::Space);
    press(&mut window, Modifiers::NONE, Key::Num1);
    assert!(window.state().session().unwrap().is_active(), "a blank in a path pauses nothing");
    assert_eq!(window.state().selection().dimension, 1);
}

#[test]
fn a_dialog_that_does_not_open_says_what_to_do() {
    let Some(mut window) = window(0) else { return };
    click(&mut window, "Open…");
    click(&mut window, "Browse for a file…");
    wait(&mut window, "the message comes", |app| {
        app.log().entries().any(|entry| entry.text.contains("type a path or drop a file"))
    });
}

#[test]
fn a_saved_session_goes_on_where_it_stood() {
    let Some(mut window) = window(0) else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.collapsar");
    wait(&mut window, "some steps are done", |app| steps(app) > 20);
    press(&mut window, Modifiers::NONE, Key::Space);
    wait(&mut window, "all pause", |app| app.session().unwrap().runs().iter().all(|run| run.state == RunState::Paused));
    let reached = steps(window.state());
    press(&mut window, Modifiers::COMMAND, Key::S);
    let field = window.get_by_role_and_label(Role::TextInput, "File");
    field.set_text_value_accesskit(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Save");
    wait(&mut window, "it is saved", |app| app.log().entries().any(|entry| entry.text.starts_with("Saved")));
    assert!(path.exists());
    click(&mut window, "Reset");
    wait(&mut window, "all are at the start", |app| steps(app) == 0);
    open(&mut window, &path);
    let waits = |app: &App| app.session().unwrap().runs().iter().all(|run| run.state == RunState::Paused);
    wait(&mut window, "it is open and waits for the person", |app| waits(app) && steps(app) == reached);
    window.run_steps(20);
    assert!(waits(window.state()) && steps(window.state()) == reached, "it goes on waiting");
}

#[test]
fn other_data_adapt_the_model() {
    let Some(mut window) = window(0) else { return };
    click(&mut window, "Lesson ▾");
    click(&mut window, "8×8 digits");
    wait(&mut window, "the digits train", |app| app.session().unwrap().data().dimensions() == 64);
    click(&mut window, "Data ▾");
    click(&mut window, "Pinwheel");
    wait(&mut window, "the pinwheel trains", |app| app.session().unwrap().data().dimensions() == 2);
    let model = &experiment(&window).model;
    assert_eq!((model.latent_dimensions, model.likelihood), (2, LikelihoodKind::Gaussian));
    assert!(messages(&window).iter().any(|text| text.contains("adapted")), "{:?}", messages(&window));
}

#[test]
fn the_window_measures_its_own_time() {
    let Some(mut window) = window(0) else { return };
    wait(&mut window, "some steps are done", |app| steps(app) > 100);
    window.state_mut().clear_frame_times();
    for _ in 0..300 {
        window.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    let summary = window.state().frame_times().summary();
    println!("the window thread's own time per frame while training: {summary:?}");
    assert_eq!(summary.frames, 300);
    assert!(summary.p50 > 0.0 && summary.p50 <= summary.p99 && summary.p99 <= summary.max);
}
