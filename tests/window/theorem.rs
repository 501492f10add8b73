//! The theorem on the screen: likelihood maps, exact posteriors, the three statuses.

use crate::panels::{says, wait, window};
use collapsar::measure::PosteriorComparison;
use collapsar::train::{Probe, ReadingValue};
use collapsar::ui::panels::Panel;
use eframe::egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use std::sync::Arc;

type Window = crate::panels::Window;

fn comparisons(window: &Window) -> Vec<Arc<PosteriorComparison>> {
    let runs = window.state().session().unwrap().runs().iter();
    runs.filter_map(|run| match &run.reading(&Probe::PosteriorComparison)?.value {
        ReadingValue::PosteriorComparison(comparison) => Some(comparison.clone()),
        _ => None,
    })
    .collect()
}

#[test]
fn range_and_statuses_are_those_of_the_reading() {
    let Some(mut window) = window("theorem", 300) else { return };
    wait(&mut window, "both runs end", |window| says(window, "Finished") == 2);
    wait(&mut window, "both are compared", |window| {
        says(window, "Likelihood R") == 2 && comparisons(window).len() == 2
    });
    window.run_steps(20);
    let [likelihood, exact, encoder] = ["Likelihood R ", "Exact posterior KL ", "Encoder KL "].map(|what| {
        let labels = window.query_all_by_label_contains(what).filter_map(|node| node.value());
        labels.filter_map(|label| label.strip_prefix(what).map(str::to_owned)).collect::<Vec<String>>()
    });
    let value = |text: &str| -> f64 {
        let digits = text.find(|letter: char| letter != '.' && !letter.is_ascii_digit()).unwrap_or(text.len());
        text[..digits].parse().unwrap()
    };
    for (run, comparison) in comparisons(&window).iter().enumerate() {
        let statuses = comparison.statuses;
        for (text, expected) in [
            (&likelihood[run], statuses.likelihood_range),
            (&exact[run], statuses.exact_kl.unwrap()),
            (&encoder[run], statuses.encoder_kl),
        ] {
            assert!((value(text) - expected).abs() < 5e-3, "{text} {expected}");
        }
        assert_eq!(likelihood[run].ends_with(": flat"), statuses.likelihood_range < 0.2);
        assert_eq!(exact[run].ends_with(": collapsed"), statuses.exact_kl.unwrap() < 0.005);
        assert!(encoder[run].contains(&format!("{} of 2 active", statuses.active_units)), "{}", encoder[run]);
    }
    // With floor 1 the ends of a diameter of |z| ≤ 3 are decoded at least 6 apart: (6/2)² / 2σ² = 2.7 nats with σ = 1.3, and more for
    // data off the middle between them.
    assert!(comparisons(&window)[1].statuses.likelihood_range > 2.6);
}

#[test]
fn the_lessons_panels_stand_first() {
    let top = |window: &Window, label: &str| {
        window.query_all_by_label_contains(label).map(|node| node.rect().top()).fold(f32::INFINITY, f32::min)
    };
    for (preset, is_first) in [("theorem", true), ("collapse-2d", false)] {
        let Some(mut window) = window(preset, 30) else { return };
        wait(&mut window, "the bars are drawn", |window| says(window, "KL per dimension, nats per example") == 2);
        // Every panel is drawn once, to know how high it is.
        let [map, bars] = ["Likelihood over z", "KL per dimension"].map(|label| top(&window, label));
        assert_eq!(map < bars, is_first, "{preset}: {map} {bars}");
    }
}

#[test]
fn the_map_is_told_in_words_and_read_under_the_pointer() {
    let Some(mut window) = window("theorem", 100) else { return };
    let label = "log p(x|z) of example 1 over z1 and z2";
    wait(&mut window, "both maps are drawn", |window| says(window, label) == 2);
    wait(&mut window, "both bounds are drawn", |window| says(window, "Dial of the bound: KL ≤ min(R, R²/8)") == 2);
    let place = window.query_all_by_label_contains(label).next().unwrap().rect().center();
    window.hover_at(place);
    wait(&mut window, "the value is shown", |window| says(window, "log p(x|z) = ") == 1);
    assert_eq!(says(&window, "below the largest within the radius"), 1);
    assert_eq!(says(&window, "Exact posterior density"), 1);
}

#[test]
fn a_click_in_the_plane_of_means_selects_an_example() {
    let Some(mut window) = window("theorem", 200) else { return };
    let label = "Exact against encoder's posterior means of z1";
    wait(&mut window, "both runs end", |window| says(window, "Finished") == 2 && says(window, label) == 2);
    window.run_steps(10);
    let rect = window.query_all_by_label_contains(label).nth(1).unwrap().rect();
    let before = window.state().selection().example;
    for share in [0.3, 0.8] {
        let place = rect.min + share * rect.size();
        window.drag_at(place);
        window.run_steps(2);
        window.drop_at(place);
        window.run_steps(3);
    }
    let after = window.state().selection().example;
    assert_ne!(before, after);
    let expected = format!("log p(x|z) of example {} over", after + 1);
    wait(&mut window, "the maps follow", |window| says(window, &expected) == 2);
}

#[test]
fn bars_know_the_exact_posterior() {
    let Some(mut window) = window("theorem", 60) else { return };
    wait(&mut window, "exact KLs stand beside the encoder's", |window| {
        let bars = window.query_all_by_label_contains("KL per dimension, nats per example");
        let labels = bars.filter_map(|node| node.accesskit_node().label());
        labels.filter(|label| label.matches("(exact ").count() == 2).count() == 2
    });
}

#[test]
fn beyond_three_dimensions_a_slice_stands_in() {
    let Some(mut window) = window("surplus-dimensions", 40) else { return };
    wait(&mut window, "the statuses say so", |window| says(window, "Exact posterior: no grid for K > 3") == 2);
    window.state_mut().show_only(Panel::PosteriorMeans);
    wait(&mut window, "the sentence is shown", |window| says(window, "A grid posterior needs K ≤ 3") == 2);
    window.state_mut().show_only(Panel::LikelihoodMap);
    wait(&mut window, "the slice is drawn", |window| {
        says(window, "log p(x|z) of example 1 over z1 and z2: Slice through the encoder's mean") == 2
    });
}

#[test]
fn one_latent_dimension_has_curves() {
    let Some(mut window) = window("theorem", 40) else { return };
    wait(&mut window, "both maps are drawn", |window| says(window, "log p(x|z) of example 1 over z1 and z2") == 2);
    window.get_by_role_and_label(Role::SpinButton, "Latent dimensions K").set_value_accesskit(1.0);
    window.run_steps(3);
    window.key_press_modifiers(eframe::egui::Modifiers::COMMAND, eframe::egui::Key::Enter);
    wait(&mut window, "both curves are drawn", |window| says(window, "log p(x|z) of example 1 over z1: ") == 2);
    window.state_mut().show_only(Panel::Injectivity);
    wait(&mut window, "both fields are drawn", |window| says(window, "σ_min(J) over z1: ") == 2);
}

#[test]
fn injectivity_has_a_choice_where_there_is_one() {
    let Some(mut window) = window("theorem", 60) else { return };
    window.state_mut().show_only(Panel::Injectivity);
    wait(&mut window, "both fields are drawn", |window| says(window, "σ_min(J) over z1 and z2: ") == 2);
    let label = "Injectivity measure, σ_min(J)";
    assert_eq!(says(&window, label), 1, "a standard decoder has no potentials");
    window.get_by_label(label).click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::Button, "λ_min(H1)").click();
    wait(&mut window, "the curvature is drawn", |window| says(window, "λ_min(H1) over z1 and z2: ") == 1);
    assert!(says(&window, "certified at least m = 1") > 0);
    assert_eq!(says(&window, "σ_min(J) over z1 and z2: "), 1);
}

#[test]
fn a_hidden_panel_asks_for_nothing() {
    let Some(mut window) = window("theorem", 0) else { return };
    let label = "log p(x|z) of example 1 over z1 and z2";
    wait(&mut window, "both maps are drawn", |window| says(window, label) == 2);
    window.get_by_label("View ▾").click();
    window.run_steps(3);
    window.get_by_role_and_label(Role::CheckBox, "Likelihood over z").click();
    window.run_steps(3);
    assert_eq!(says(&window, label), 0);
    // Answers that are no longer asked for do not change.
    let probe = Probe::LikelihoodMap { dimensions: [0, 1], example: 0 };
    let is_asked =
        |window: &Window| window.state().session().unwrap().runs().iter().any(|run| run.reading(&probe).is_some());
    wait(&mut window, "the readings are dropped", |window| !is_asked(window));
}

#[test]
fn an_encoder_that_lags_is_not_called_a_collapsed_model() {
    let Some(mut window) = window("encoder-lag", 400) else { return };
    wait(&mut window, "both runs end", |window| says(window, "Finished") == 2);
    wait(&mut window, "the headline tells", |window| says(window, "Encoder lags: 2 of 2 collapsed") == 1);
    wait(&mut window, "the diagnosis tells", |window| says(window, "The model has information, the encoder lags") == 1);
}
