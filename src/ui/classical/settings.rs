//! The settings of a classical model. Every change is answered at once; what is out of range is said in the middle of the window, and the
//! last good answer stays.

use super::lab::ClassicalLab;
use super::words::significant;
use crate::data::Source;
use crate::exact::{ClassicalReading, PpcaReading};
use crate::experiment::{Classical, MixtureParameters, MixtureSettings, PpcaData, PpcaSettings, PpcaWeights};
use crate::ui::commands::{Action, UiCommand};
use crate::ui::loading::source_name;
use crate::ui::panels::grouped;
use crate::ui::theme::{Palette, SECTION_GAP};
use eframe::egui::{
    self, Align, ComboBox, DragValue, Layout, Rect, Response, RichText, ScrollArea, Sense, Slider, SliderClamping,
    Stroke, Ui, pos2, style::HandleShape, vec2,
};

const LABEL_WIDTH: f32 = 130.0;
/// Ends of the slider of σ.
const SIGMAS: [f64; 2] = [0.05, 20.0];
/// Room for a slider's number.
const NUMBER_WIDTH: f32 = 66.0;

/// Draws the settings of the draft.
pub fn settings_ui(ui: &mut Ui, model: &ClassicalLab, actions: &mut Vec<Action>) {
    ui.heading("Settings");
    let mut wanted = model.draft().clone();
    ScrollArea::vertical().auto_shrink([false; 2]).show(ui, |ui| {
        ui.set_width(ui.available_width() - 4.0);
        match (&mut wanted, model.reading().map(|reading| &**reading)) {
            (Classical::Ppca(settings), Some(ClassicalReading::Ppca(reading))) => {
                ppca_ui(ui, settings, Some(reading), actions);
            }
            (Classical::Ppca(settings), _) => ppca_ui(ui, settings, None, actions),
            (Classical::MixtureWeight(settings), _) => mixture_ui(ui, settings),
        }
    });
    if wanted != *model.draft() {
        actions.push(Action::Inspect(Box::new(wanted)));
    }
}

fn ppca_ui(ui: &mut Ui, settings: &mut PpcaSettings, reading: Option<&PpcaReading>, actions: &mut Vec<Action>) {
    let palette = Palette::current(ui.ctx());
    sigma_ui(ui, palette, &mut settings.sigma, reading);
    ui.add_space(SECTION_GAP);
    ui.strong("Data");
    data_ui(ui, &mut settings.data, actions);
    if let Some(reading) = reading {
        let counts = format!("{} examples, {} dimensions", grouped(reading.examples as f32), reading.dimensions);
        ui.label(RichText::new(counts).small().weak());
        for warning in &reading.warnings {
            ui.label(RichText::new(warning).small().color(palette.warning));
        }
    }
    ui.add_space(SECTION_GAP);
    ui.strong("Model");
    let tooltip =
        "Number of latent dimensions. Fitting needs 1 ≤ K < D: something must be left for the noise to explain";
    row_ui(ui, "Latent dimensions K", tooltip, |ui, _| {
        ui.add(DragValue::new(&mut settings.latent_dimensions).range(1..=64))
    });
    let tooltip = "Where the weights W come from. Maximum likelihood: fitted anew for every σ, so that columns shrink and vanish as σ grows. \
                   Generating: those that made the data, whatever σ; for other data the fit for σ near 0";
    choice_ui(
        ui,
        "Weights W",
        tooltip,
        &mut settings.weights,
        &PpcaWeights::ALL.map(|weights| (weights, weights.label())),
    );
    ui.add_space(SECTION_GAP);
    ui.strong("Sampling");
    seed_ui(ui, &mut settings.seed);
}

/// σ is what the lesson is about: it comes first, over the whole width, with the places where dimensions die marked.
fn sigma_ui(ui: &mut Ui, palette: &Palette, sigma: &mut f64, reading: Option<&PpcaReading>) {
    let tooltip = "Standard deviation of the noise, the same in every column, in units of the data. Each mark is the root √λ of one of the first K \
                   eigenvalues: there a latent dimension dies";
    // Weights that do not know σ die nowhere.
    let marked = reading.filter(|reading| reading.settings.weights == PpcaWeights::MaximumLikelihood);
    palette.card().stroke(Stroke::new(1.0, palette.accent)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let label = ui.horizontal(|ui| {
            let label = ui.label(RichText::new("σ").heading().color(palette.strong_text)).on_hover_text(tooltip);
            let hint = if marked.is_some() { "noise; drag it past the marks" } else { "noise" };
            ui.label(RichText::new(hint).small().weak());
            label
        });
        let width = (ui.available_width() - NUMBER_WIDTH).max(60.0);
        let left_top = ui.cursor().min;
        ui.add_space(8.0);
        let response = slider_ui(ui, sigma, SIGMAS, true, width);
        response.labelled_by(label.inner.id).on_hover_text(tooltip);
        if let Some(reading) = marked {
            marks_ui(ui, palette, reading, left_top, width);
        }
    });
}

/// Triangles over the slider at the roots of the eigenvalues.
fn marks_ui(ui: &Ui, palette: &Palette, reading: &PpcaReading, left_top: egui::Pos2, width: f32) {
    // The centre of egui's handle stays so far within the rail.
    let radius = ui.spacing().interact_size.y / 2.5
        * match ui.visuals().handle_shape {
            HandleShape::Circle => 1.0,
            HandleShape::Rect { aspect_ratio } => aspect_ratio,
        };
    let latent = reading.weights.len();
    for (at, lambda) in reading.eigenvalues.iter().take(latent).enumerate() {
        let root = lambda.max(0.0).sqrt();
        if !(SIGMAS[0]..=SIGMAS[1]).contains(&root) {
            continue;
        }
        let fraction = ((root / SIGMAS[0]).ln() / (SIGMAS[1] / SIGMAS[0]).ln()) as f32;
        let x = left_top.x + radius + fraction * (width - 2.0 * radius);
        let tip = pos2(x, left_top.y + 11.0);
        let corners = vec![tip, tip + vec2(-4.0, -8.0), tip + vec2(4.0, -8.0)];
        ui.painter().add(egui::Shape::convex_polygon(corners, palette.exact, Stroke::NONE));
        let place = Rect::from_center_size(tip - vec2(0.0, 4.0), vec2(10.0, 12.0));
        let text = format!("√λ = {}: {} dies here", significant(root, 4), crate::ui::panels::dimension_name(at));
        ui.interact(place, ui.scope_id().with(("root", at)), Sense::hover()).on_hover_text(text);
    }
}

fn data_ui(ui: &mut Ui, data: &mut PpcaData, actions: &mut Vec<Action>) {
    let tooltip = "Two factors: five columns with covariance eigenvalues 18.293, 8.403 and three near 0.01. One factor: eigenvalues 12.571 and four near \
                   0.01, so that a second latent dimension has nothing to explain. Files are opened with Open…";
    row_ui(ui, "Data set", tooltip, |ui, width| {
        let combo =
            ComboBox::from_id_salt("data").width(width).truncate().selected_text(data_name(data)).show_ui(ui, |ui| {
                for choice in [PpcaData::TwoFactors, PpcaData::OneFactor] {
                    let name = data_name(&choice);
                    ui.selectable_value(data, choice, name);
                }
                ui.separator();
                for source in Source::NAMED {
                    let name = source_name(&source);
                    ui.selectable_value(data, PpcaData::Source(source), name);
                }
                if let PpcaData::Source(Source::File(_)) = data {
                    let (present, name) = (data.clone(), data_name(data));
                    ui.selectable_value(data, present, name);
                }
            });
        combo.response
    });
    ui.horizontal(|ui| {
        ui.add_space(LABEL_WIDTH + 8.0);
        let response =
            ui.button("Own file…").on_hover_text("Opens a data file; its preview has a button “Use in PPCA”");
        if response.clicked() {
            actions.push(Action::Command(UiCommand::Open));
        }
    });
}

fn data_name(data: &PpcaData) -> String {
    match data {
        PpcaData::TwoFactors => "Two factors".to_owned(),
        PpcaData::OneFactor => "One factor".to_owned(),
        PpcaData::Source(source) => source_name(source),
    }
}

fn mixture_ui(ui: &mut Ui, settings: &mut MixtureSettings) {
    let palette = Palette::current(ui.ctx());
    palette.card().stroke(Stroke::new(1.0, palette.accent)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        let tooltip = "Distance μ2 − μ1 between the means, in standard deviations of a component. At 0 both components are the same distribution";
        wide_slider_ui(ui, "Separation", tooltip, &mut settings.separation, [0.0, 20.0], false);
        let tooltip = "Number of data N that the weight is inferred from";
        let mut examples = settings.examples as f64;
        if wide_slider_ui(ui, "Examples N", tooltip, &mut examples, [20.0, 10_000.0], true).changed() {
            settings.examples = rounded(examples);
        }
    });
    ui.add_space(SECTION_GAP);
    ui.strong("Data");
    let tooltip = "Weight of the first component that the data are drawn with; inference does not know it";
    row_ui(ui, "True weight", tooltip, |ui, _| {
        ui.add(DragValue::new(&mut settings.weight).range(0.0..=1.0).speed(0.005).max_decimals(3))
    });
    seed_ui(ui, &mut settings.seed);
    ui.add_space(SECTION_GAP);
    ui.strong("Model");
    let tooltip = "Fixed: means and deviations of both components are known, and only α is inferred. Integrated out: they are unknown, with priors \
                   μ ~ N(0, 2²) and s ~ N(0, 2²) above 0, and α's posterior is averaged over them by HMC";
    let choices = MixtureParameters::ALL.map(|parameters| (parameters, parameters.label()));
    choice_ui(ui, "Parameters", tooltip, &mut settings.parameters, &choices);
    let tooltip =
        "Parameters of the prior Beta(a, b) of the weight; Beta(5, 5) has mean 0.5 and standard deviation 0.151";
    for (at, name) in ["Prior a", "Prior b"].into_iter().enumerate() {
        row_ui(ui, name, tooltip, |ui, _| ui.add(DragValue::new(&mut settings.prior[at]).speed(0.05).max_decimals(3)));
    }
}

/// A whole number of about three digits: a slider is no finer.
fn rounded(value: f64) -> usize {
    let step = 10f64.powf((value.max(1.0).log10().floor() - 1.0).max(0.0));
    ((value / step).round() * step) as usize
}

fn seed_ui(ui: &mut Ui, seed: &mut u64) {
    let tooltip = "Key of every random number: the mixture's data, and the draws of HMC";
    row_ui(ui, "Seed", tooltip, |ui, _| ui.add(DragValue::new(seed).range(0..=u64::from(u32::MAX)).speed(0.2)));
}

fn label_ui(ui: &mut Ui, label: &str, tooltip: &str) -> Response {
    let size = vec2(LABEL_WIDTH, ui.spacing().interact_size.y);
    let layout = Layout::left_to_right(Align::Center);
    let response = ui.allocate_ui_with_layout(size, layout, |ui| {
        ui.set_min_width(LABEL_WIDTH);
        ui.add(egui::Label::new(label).truncate().sense(Sense::hover()))
    });
    response.inner.on_hover_text(tooltip)
}

/// One of a few, below each other.
fn choice_ui<T: Copy + PartialEq>(ui: &mut Ui, label: &str, tooltip: &str, value: &mut T, choices: &[(T, &str)]) {
    ui.horizontal_top(|ui| {
        label_ui(ui, label, tooltip);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 2.0;
            for (choice, name) in choices {
                ui.radio_value(value, *choice, *name).on_hover_text(tooltip);
            }
        });
    });
}

/// A label and a control that it names; the control is told how wide it may be.
fn row_ui(ui: &mut Ui, label: &str, tooltip: &str, control: impl FnOnce(&mut Ui, f32) -> Response) -> Response {
    let shown = ui.horizontal(|ui| {
        let named = label_ui(ui, label, tooltip);
        let width = (ui.available_width() - 8.0).max(80.0);
        control(ui, width).labelled_by(named.id).on_hover_text(tooltip)
    });
    shown.inner
}

/// A label with a slider below it, over the whole width.
fn wide_slider_ui(
    ui: &mut Ui,
    label: &str,
    tooltip: &str,
    value: &mut f64,
    range: [f64; 2],
    logarithmic: bool,
) -> Response {
    let named = ui.add(egui::Label::new(label).sense(Sense::hover())).on_hover_text(tooltip);
    let width = ui.available_width() - NUMBER_WIDTH;
    slider_ui(ui, value, range, logarithmic, width).labelled_by(named.id).on_hover_text(tooltip)
}

/// A slider that also takes a typed number, which may lie outside: whether there is an answer for it is the model's to say.
fn slider_ui(ui: &mut Ui, value: &mut f64, [low, high]: [f64; 2], logarithmic: bool, width: f32) -> Response {
    ui.scope(|ui| {
        ui.spacing_mut().slider_width = width.max(40.0);
        let slider = Slider::new(value, low..=high).logarithmic(logarithmic);
        ui.add(slider.clamping(SliderClamping::Never).max_decimals(4))
    })
    .inner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_data_are_round() {
        assert_eq!([20.4, 99.6, 1234.0, 9_876.0].map(rounded), [20, 100, 1200, 9900]);
    }
}
