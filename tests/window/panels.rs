//! The panels: what they say in words, and that a click in one of them is seen in all.

use collapsar::data::{self, Dataset, Unmonitored};
use collapsar::experiment::Experiment;
use collapsar::train::Probe;
use collapsar::ui::panels::Panel;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::{Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub type Window = Harness<'static, App>;

pub fn window(preset: &str, steps: u64) -> Option<Window> {
    let preset = collapsar::experiment::presets::Preset::find(preset).unwrap();
    let experiment = Experiment { steps, ..preset.experiment().unwrap() };
    let options =
        AppOptions { experiment, environment: Environment::Test, theme: Some(Theme::Light), ..AppOptions::default() };
    match harness(options, vec2(1600.0, 1000.0)) {
        Ok(window) => Some(window),
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

pub fn dataset(experiment: &Experiment) -> Arc<Dataset> {
    Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap())
}

pub fn wait(window: &mut Window, what: &str, condition: impl Fn(&Window) -> bool) {
    let start = Instant::now();
    loop {
        window.step();
        if condition(window) {
            window.run_steps(2);
            return;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn says(window: &Window, text: &str) -> usize {
    window.query_all_by_label_contains(text).count()
}

#[test]
fn a_click_on_a_bar_selects_the_dimension_in_every_column() {
    let Some(mut window) = window("collapse-2d", 60) else { return };
    wait(&mut window, "both columns show z1", |window| says(window, "Densities over z1") == 2);
    window.query_all_by_label_contains("z2, KL").next().unwrap().click();
    wait(&mut window, "both columns show z2", |window| says(window, "Densities over z2") == 2);
    wait(&mut window, "the plane follows", |window| says(window, "Aggregated posterior over z2 and z1") == 2);
}

#[test]
fn planes_show_samples_of_both_columns_when_asked() {
    let Some(mut window) = window("collapse-2d", 40) else { return };
    wait(&mut window, "the planes are drawn", |window| says(window, "Means spread by") >= 2);
    assert_eq!(says(&window, "samples of q(z)"), 0);
    let choices = says(&window, "Samples of the aggregated posterior");
    window.query_all_by_label_contains("Samples of the aggregated posterior").next().unwrap().click();
    let words = "100,000 samples of q(z), 10,000 examples. Means spread by";
    wait(&mut window, "both planes show samples", |window| says(window, words) >= 2);
    assert_eq!(choices, 2);
    window.query_all_by_label_contains("Samples of the aggregated posterior").next().unwrap().click();
    wait(&mut window, "both planes show the density again", |window| says(window, "samples of q(z)") == 0);
    let session = window.state().session().unwrap();
    let samples = Probe::Samples { dimensions: [0, 1] };
    assert!(session.runs().iter().all(|run| run.reading(&samples).is_none()), "nobody asks for samples any longer");
}

#[test]
fn pictures_are_told_in_words() {
    let Some(mut window) = window("collapse-2d", 40) else { return };
    for words in ["KL per dimension, nats per example: z1", "Decoded latent grid: The decoded grid", "Means spread by"]
    {
        wait(&mut window, words, |window| says(window, words) >= 2);
    }
    for curve in ["−ELBO over steps", "Reconstruction over steps", "KL over steps", "Mutual information over steps"] {
        wait(&mut window, curve, |window| says(window, curve) == 1);
    }
}

#[test]
fn a_run_of_some_steps_is_not_judged() {
    let Some(mut window) = window("collapse-2d", 40) else { return };
    wait(&mut window, "both runs end", |window| says(window, "Finished") == 2);
    // A headline and a diagnosis each.
    wait(&mut window, "both runs are too young", |window| says(window, "Too early to tell") == 4);
    assert_eq!(says(&window, "−ELBO of"), 0, "runs that cannot be judged are not compared");
}

#[test]
fn the_logarithmic_axis_is_one_for_all_columns() {
    let Some(mut window) = window("collapse-2d", 40) else { return };
    wait(&mut window, "bars are drawn", |window| says(window, "z1, KL") == 2);
    window.query_all_by_label_contains("Logarithmic KL axis").next().unwrap().click();
    window.run_steps(3);
    let toggled = |window: &Window| {
        let boxes = window.query_all_by_label_contains("Logarithmic KL axis");
        boxes.filter(|node| node.accesskit_node().toggled() == Some(eframe::egui::accesskit::Toggled::True)).count()
    };
    assert_eq!(toggled(&window), 2);
}

#[test]
fn traversal_rows_select_their_dimension() {
    let Some(mut window) = window("digits", 30) else { return };
    wait(&mut window, "rows are drawn", |window| says(window, "Traversal of z5") == 2);
    window.query_all_by_label_contains("Traversal of z5").next().unwrap().click_accesskit();
    wait(&mut window, "the densities follow", |window| says(window, "Densities over z5") == 2);
}

#[test]
fn panels_are_found_by_name() {
    for panel in Panel::ALL {
        assert_eq!(Panel::from_name(panel.name()), Some(panel));
    }
    assert_eq!(Panel::from_name("curve"), None);
}
