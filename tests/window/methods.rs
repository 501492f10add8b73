//! Training methods: chosen in the settings, told in the panel, as many columns as there are variants.

use crate::panels::{Window, says, wait, window};
use collapsar::experiment::Experiment;
use collapsar::experiment::presets::PRESETS;
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{AppOptions, Environment};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme, Vec2, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};

/// An experiment with variants of methods that work everywhere: name and override of each.
fn opened(variants: &[(&str, &str)], size: Vec2) -> Option<Window> {
    let tables: String = variants.iter().map(|(name, own)| format!("[variants.{name}]\n{own}\n")).collect();
    let experiment = Experiment::from_toml(&format!("steps = 0\n{tables}"), "test").unwrap();
    let options =
        AppOptions { experiment, environment: Environment::Test, theme: Some(Theme::Dark), ..AppOptions::default() };
    match harness(options, size) {
        Ok(window) => Some(window),
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn choose(window: &mut Window, field: &str, choice: &str) {
    // The panel is longer than the window is high.
    window.get_by_role_and_label(Role::ComboBox, field).scroll_to_me();
    window.run_steps(30);
    window.get_by_role_and_label(Role::ComboBox, field).click();
    window.run_steps(3);
    window.query_all_by_label(choice).last().unwrap().click();
    window.run_steps(3);
}

#[test]
fn a_method_is_chosen_and_its_panel_tells_the_phase() {
    let Some(mut window) = window("collapse-2d", 0) else { return };
    wait(&mut window, "the settings are there", |window| says(window, "Noise σ") > 0);
    assert_eq!(says(&window, "Posterior matching of"), 0, "the plain ELBO has no panel of its own");
    assert_eq!(window.query_all_by_role_and_label(Role::SpinButton, "Encoder steps").count(), 0);
    choose(&mut window, "Method", "Lagging-inference training");
    assert_eq!(window.query_all_by_role_and_label(Role::SpinButton, "Encoder steps").count(), 1);
    assert!(window.query_by_label("Restart needed: Method").is_some());
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    wait(&mut window, "both columns tell the phase", |window| says(window, "Aggressive: ") >= 2);
    wait(&mut window, "both have numbers", |window| says(window, "Posterior matching of") == 2);
    assert_eq!(says(&window, "Restart needed"), 0);
}

#[test]
fn what_does_not_fit_is_refused_with_its_remedy() {
    let Some(mut window) = window("collapse-2d", 0) else { return };
    wait(&mut window, "the settings are there", |window| says(window, "Noise σ") > 0);
    choose(&mut window, "Family", "Hierarchical VAE");
    choose(&mut window, "Method", "LiBI");
    assert!(says(&window, "is for one latent level without conditions; set it to \"vae\"") >= 1);
    assert_eq!(says(&window, "Restart needed"), 0);
    choose(&mut window, "Family", "VAE");
    assert_eq!(says(&window, "is for one latent level"), 0, "the way out is where the error stood");
}

#[test]
fn another_family_takes_its_method_along_or_says_why_not() {
    let Some(mut window) = window("collapse-2d", 0) else { return };
    wait(&mut window, "the settings are there", |window| says(window, "Noise σ") > 0);
    choose(&mut window, "Method", "Semi-amortised");
    choose(&mut window, "Family", "Hierarchical VAE");
    assert_eq!(says(&window, "ELBO in the place of “Semi-amortised”, which is for one latent level"), 1);
    assert!(says(&window, "Restart needed: ") == 1);
}

#[test]
fn free_bits_are_dragged_while_training() {
    let variants = [("vae", "objective.method = 'elbo'"), ("free-bits", "objective.free_bits = 0.25")];
    let Some(mut window) = opened(&variants, vec2(1600.0, 1000.0)) else { return };
    wait(&mut window, "the panel tells λ", |window| says(window, "λ = 0.25 nats free per dimension") >= 1);
    window.get_by_role_and_label(Role::Slider, "Free bits λ, free-bits").set_value_accesskit(0.5);
    wait(&mut window, "it is in force", |window| says(window, "λ = 0.5 nats free per dimension") >= 1);
    assert_eq!(says(&window, "Restart needed"), 0);
    let lambda = window.state().session().unwrap().runs()[1].settings.objective.free_bits;
    assert!((lambda - 0.5).abs() < 1e-12);
}

#[test]
fn the_target_of_information_is_dragged_while_training() {
    let Some(mut window) = window("mutual-information", 0) else { return };
    wait(&mut window, "both columns are there", |window| says(window, "target M = ") >= 1);
    let name = window.state().session().unwrap().runs()[1].settings.name.clone();
    let slider = format!("Target M, {name}");
    let label = if says(&window, &slider) > 0 { slider } else { "Target M".to_owned() };
    window.get_by_role_and_label(Role::Slider, &label).set_value_accesskit(0.75);
    wait(&mut window, "it is in force", |window| says(window, "target M = 0.75 nats") >= 1);
    assert_eq!(says(&window, "Restart needed"), 0);
}

#[test]
fn every_one_of_six_columns_is_reached() {
    let variants = [
        ("vae", "objective.method = 'elbo'"),
        ("beta-02", "objective.beta = 0.2"),
        ("free-bits", "objective.free_bits = 0.25"),
        ("iwae", "objective.method = 'iwae'"),
        ("cyclical", "objective.annealing.schedule = 'cyclical'"),
        ("brenier", "model.decoder = 'brenier'"),
    ];
    let titles = ["VAE", "β = 0.2", "Free bits", "IWAE", "Cyclical β", "Brenier"];
    for size in [vec2(1280.0, 720.0), vec2(1920.0, 1080.0)] {
        let Some(mut window) = opened(&variants, size) else { return };
        wait(&mut window, "all columns have titles", |window| {
            titles.iter().all(|title| window.query_all_by_label(title).count() >= 1)
        });
        let standard = |window: &Window, run: &str| {
            window.get_by_role_and_label(Role::RadioButton, &format!("Standard decoder for {run}")).rect()
        };
        assert!(standard(&window, "vae").right() < size.x);
        let before = standard(&window, "brenier").right();
        assert!(before > size.x, "six columns are wider than this window: {before}");
        let last = window.get_by_role_and_label(Role::RadioButton, "Standard decoder for brenier");
        last.scroll_to_me();
        window.run_steps(60);
        let after = standard(&window, "brenier").right();
        assert!(after < size.x, "scrolled to: {after}");
        window.render().expect("it is drawn");
    }
}

#[test]
fn every_lesson_opens_without_a_complaint() {
    for preset in PRESETS.iter().filter(|preset| preset.experiment().is_ok()) {
        let Some(mut window) = window(preset.name, 3) else { return };
        let count = preset.experiment().unwrap().runs().unwrap().len();
        wait(&mut window, &format!("{} runs", preset.name), |window| says(window, "Finished") == count);
        for complaint in ["Stopped: ", "Diverged at", "Restart needed", "The present run goes on"] {
            assert_eq!(says(&window, complaint), 0, "{}: {complaint}", preset.name);
        }
    }
}

#[test]
fn panels_are_the_same_in_every_column() {
    let variants = [("vae", "objective.method = 'elbo'"), ("lagging", "objective.method = 'lagging'")];
    let Some(mut window) = opened(&variants, vec2(1600.0, 1000.0)) else { return };
    wait(&mut window, "both are read", |window| says(window, "Log-likelihood of") == 2);
    let tops: Vec<f32> =
        window.query_all_by_label_contains("Log-likelihood of").map(|node| node.rect().top()).collect();
    assert!((tops[0] - tops[1]).abs() < 1.0, "{tops:?}");
    let label = window.query_all_by_label_contains("Log-likelihood of lagging").next().unwrap();
    assert!(label.accesskit_node().label().is_some());
}
