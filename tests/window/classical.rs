//! Classical models in the window: chosen like any lesson, answered at once, and nothing trains.

use collapsar::experiment::{Classical, presets::Preset};
use collapsar::ui::picture::{PictureError, harness};
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::accesskit::Role;
use eframe::egui::{Key, Modifiers, Theme, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::time::{Duration, Instant};

type Window = Harness<'static, App>;

fn open(options: AppOptions) -> Option<Window> {
    let options = AppOptions { environment: Environment::Test, theme: Some(Theme::Dark), ..options };
    match harness(options, vec2(1440.0, 900.0)) {
        Ok(window) => Some(window),
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// The window on a classical preset with some settings.
fn model(preset: &str, settings: &[&str]) -> Option<Window> {
    let mut model = Preset::find(preset).unwrap().classical().unwrap().unwrap();
    settings.iter().for_each(|setting| model.assign(setting).unwrap());
    open(AppOptions { classical: Some(model), ..AppOptions::default() })
}

/// Draws frames until something has come about.
fn wait(window: &mut Window, what: &str, condition: impl Fn(&Window) -> bool) {
    let start = Instant::now();
    loop {
        window.step();
        if condition(window) {
            window.run_steps(2);
            return;
        }
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "waited in vain until {what}; messages: {:?}",
            window.state().log().entries().map(|entry| entry.text.clone()).collect::<Vec<_>>()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn says(window: &Window, text: &str) -> bool {
    window.query_all_by_label_contains(text).next().is_some()
}

fn hears(window: &mut Window, text: &str) {
    wait(window, text, |window| says(window, text));
}

fn click(window: &mut Window, label: &str) {
    window.get_by_label(label).click();
    window.run_steps(3);
}

/// Clicks a control whose words stand elsewhere, too.
fn press(window: &mut Window, role: Role, label: &str) {
    window.get_by_role_and_label(role, label).click();
    window.run_steps(3);
}

fn choose(window: &mut Window, lesson: &str) {
    click(window, "Lesson ▾");
    click(window, lesson);
}

fn drag(window: &mut Window, slider: &str, value: f64) {
    window.get_by_role_and_label(Role::Slider, slider).set_value_accesskit(value);
    window.run_steps(2);
}

#[test]
fn dimensions_die_as_sigma_crosses_the_eigenvalues() {
    let Some(mut window) = open(AppOptions::default()) else { return };
    wait(&mut window, "the first lesson trains", |window| window.state().session().is_some());
    choose(&mut window, "Probabilistic PCA, exactly");
    assert!(window.state().session().is_none(), "what was in training has ended");
    hears(&mut window, "2 of 2 dimensions active: σ = 1 lies below √λ = 4.277 and 2.899");
    // ½ log(18.293/1) and ½ log(8.403/1).
    hears(&mut window, "z1 1.453, predicted 1.453; z2 1.064, predicted 1.064");
    drag(&mut window, "σ", 3.0);
    hears(&mut window, "1 of 2 dimensions active: σ = 3 lies between √λ = 4.277 and 2.899");
    hears(&mut window, "z1 0.3546, predicted 0.3546; z2 0, predicted 0");
    hears(&mut window, "z1 lives, z2 has died");
    drag(&mut window, "σ", 4.3);
    hears(&mut window, "0 of 2 dimensions active");
    hears(&mut window, "Flat: R = 0 nats");
    drag(&mut window, "σ", 2.0);
    hears(&mut window, "2 of 2 dimensions active");
}

#[test]
fn the_line_in_the_spectrum_is_dragged() {
    let Some(mut window) = model("ppca", &[]) else { return };
    hears(&mut window, "2 of 2 dimensions active");
    let line = window.get_by_label("σ² = 1, drag to change σ").rect();
    window.drag_at(line.center());
    window.run_steps(2);
    window.hover_at(line.center() - vec2(0.0, 36.0));
    window.run_steps(2);
    window.drop_at(line.center() - vec2(0.0, 36.0));
    hears(&mut window, "0 of 2 dimensions active");
    let slider = window.get_by_role_and_label(Role::Slider, "σ").accesskit_node().numeric_value().unwrap();
    assert!(slider > 4.277, "the slider follows: {slider}");
}

#[test]
fn nothing_trains_and_the_way_back_is_open() {
    let Some(mut window) = model("ppca", &[]) else { return };
    hears(&mut window, "2 of 2 dimensions active");
    for control in ["▶ Run", "Step", "Reset", "Speed ▾"] {
        assert!(window.get_by_label(control).accesskit_node().is_disabled(), "{control}");
    }
    assert!(says(&window, "Exact inference"));
    assert!(!says(&window, "Training curves"));
    window.key_press_modifiers(Modifiers::NONE, Key::Space);
    hears(&mut window, "Nothing is trained here");
    choose(&mut window, "8×8 digits");
    wait(&mut window, "the digits train", |window| {
        window.state().session().is_some_and(|session| session.runs().iter().all(|run| run.progress.step > 5))
    });
    assert!(says(&window, "Training curves"));
    assert!(window.state().classical().is_none());
}

#[test]
fn an_error_is_one_sentence_and_the_last_picture_stays() {
    let Some(mut window) = model("ppca", &[]) else { return };
    hears(&mut window, "2 of 2 dimensions active");
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(9.0);
    hears(&mut window, "needs 1 ≤ K < D");
    assert!(says(&window, "2 of 2 dimensions active") && says(&window, "Eigenvalues of the covariance"));
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(1.0);
    hears(&mut window, "1 of 1 dimension active");
    assert!(!says(&window, "needs 1 ≤ K < D"));
    window.get_by_role_and_label(Role::SpinButton, "σ").set_value_accesskit(-1.0);
    hears(&mut window, "must be above 0");
    assert!(says(&window, "1 of 1 dimension active"));
    assert!(
        matches!(window.state().classical().unwrap().settings(), Classical::Ppca(settings) if settings.sigma == 1.0)
    );
}

#[test]
fn ways_of_inference_stand_side_by_side() {
    let Some(mut window) = model("ppca", &["weights=generating"]) else { return };
    hears(&mut window, "Inference side by side, z1 of example 1");
    hears(&mut window, "The draws of HMC give z1 =");
    click(&mut window, "Next example");
    hears(&mut window, "Inference side by side, z1 of example 2");
    window.key_press_modifiers(Modifiers::NONE, Key::Num2);
    hears(&mut window, "Inference side by side, z2 of example 2");
    // Everything is at rest, so the harness can settle; it also checks that every control has a name.
    hears(&mut window, "Sampling done");
    window.run_ok();
}

#[test]
fn the_weight_of_equal_components_is_its_prior_whatever_the_data() {
    let Some(mut window) = model("mixture-weight", &[]) else { return };
    hears(&mut window, "Collapsed: the posterior of α is its prior, after 1,000 data as after none");
    hears(&mut window, "Flat: p(x|α) does not depend on α, so that the posterior is the prior");
    drag(&mut window, "Examples N", 10_000.0);
    hears(&mut window, "after 10,000 data as after none");
    drag(&mut window, "Separation", 1.0);
    hears(&mut window, "Not collapsed: α is KL");
    hears(&mut window, "Not flat: R/N =");
}

#[test]
fn overlap_collapses_only_where_parameters_are_integrated_out() {
    let Some(mut window) = model("mixture-weight", &["separation=1", "examples=200"]) else { return };
    hears(&mut window, "Not collapsed: α is KL");
    hears(&mut window, "Integrate them out");
    press(&mut window, Role::RadioButton, "Integrated out");
    hears(&mut window, "HMC stands for the exact answer");
    hears(&mut window, "Overlapping data fit one wide component as well as two");
    wait(&mut window, "the chains have ended", |window| {
        let model = window.state().classical().unwrap();
        model.is_current() && model.progress().is_none()
    });
    let verdicts = ["integrated out α is its prior", "by HMC", "chains of HMC disagree"];
    assert!(verdicts.iter().any(|verdict| says(&window, verdict)), "a verdict by HMC");
    press(&mut window, Role::RadioButton, "Fixed");
    hears(&mut window, "Not collapsed: α is KL");
}

#[test]
fn an_own_file_is_given_to_ppca() {
    let Some(mut window) = model("ppca", &[]) else { return };
    hears(&mut window, "2 of 2 dimensions active");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.csv");
    let row = |at: usize| format!("{},{},{}\n", at % 13, (at * 7) % 11, (at * 5) % 17);
    std::fs::write(&path, "a,b,c\n".to_owned() + &(0..120).map(row).collect::<String>()).unwrap();
    click(&mut window, "Own file…");
    window.get_by_role_and_label(Role::TextInput, "Path").focus();
    window.run_steps(2);
    window.get_by_role_and_label(Role::TextInput, "Path").type_text(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Open path");
    let is_offered = |window: &Window| window.query_by_role_and_label(Role::Button, "Use in PPCA").is_some();
    wait(&mut window, "the preview offers it", is_offered);
    press(&mut window, Role::Button, "Use in PPCA");
    hears(&mut window, "Probabilistic PCA of own.csv");
    hears(&mut window, "3 dimensions");
    assert!(window.state().session().is_none());
}

#[test]
fn built_in_data_are_given_to_ppca_and_constant_columns_are_left_out() {
    let Some(mut window) = model("ppca", &[]) else { return };
    hears(&mut window, "2 of 2 dimensions active");
    click(&mut window, "Data ▾");
    click(&mut window, "Digits, 8×8");
    hears(&mut window, "3 of 64 columns are constant");
    hears(&mut window, "61 dimensions");
    assert!(window.state().session().is_none());
}

#[test]
fn a_model_is_saved_and_opened_again() {
    let Some(mut window) = model("ppca", &["sigma=3"]) else { return };
    hears(&mut window, "1 of 2 dimensions active");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("saved.toml");
    click(&mut window, "Data ▾");
    window.get_by_label_contains("Save experiment…").click();
    window.run_steps(3);
    let field = window.get_by_role_and_label(Role::TextInput, "File");
    field.set_text_value_accesskit(&path.display().to_string());
    window.run_steps(2);
    click(&mut window, "Save");
    wait(&mut window, "it is written", |_| path.exists());
    let mut again = open(AppOptions { open: Some(path), ..AppOptions::default() }).unwrap();
    hears(&mut again, "1 of 2 dimensions active: σ = 3");
    assert!(again.state().session().is_none());
}
