//! The middle of the window for a classical model: the verdict in words, then its panels, two to a row, over the height there is.

use super::lab::ClassicalLab;
use super::{ClassicalPanel, mixture, ppca, table};
use crate::exact::{ClassicalReading, MixtureReading, PpcaReading};
use crate::experiment::Classical;
use crate::ui::commands::Action;
use crate::ui::panels::{TITLE_HEIGHT, message_ui};
use crate::ui::selection::Selection;
use crate::ui::settings::capitalised;
use crate::ui::theme::{GAP, Palette};
use eframe::egui::{Align, Id, Label, Layout, Margin, RichText, ScrollArea, Stroke, TextStyle, Ui, vec2};

/// Space between cards.
const BETWEEN: f32 = 8.0;
/// Margin and outline of a card, from top to bottom.
const CARD: f32 = 14.0;
/// A column narrower than this is scrolled to, not squeezed.
const NARROWEST: f32 = 280.0;
/// How long an answer may belong to former settings before that is mentioned.
const PATIENCE_SECONDS: f64 = 0.4;

/// The middle of the window.
#[derive(Default)]
pub struct ClassicalFrame {
    /// One panel instead of all.
    pub only: Option<ClassicalPanel>,
}

/// What panels see, and what they may change.
struct Scene<'a> {
    palette: &'a Palette,
    selection: &'a mut Selection,
    /// The settings as the person has them; panels change σ.
    wanted: Classical,
    actions: &'a mut Vec<Action>,
}

impl ClassicalFrame {
    /// Draws everything.
    pub fn show_ui(&self, ui: &mut Ui, model: &ClassicalLab, selection: &mut Selection, actions: &mut Vec<Action>) {
        let palette = Palette::current(ui.ctx());
        let mut scene = Scene { palette, selection, wanted: model.draft().clone(), actions };
        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
        if self.only.is_none() {
            header_ui(ui, palette, model);
        }
        if let Some(error) = model.error() {
            error_ui(ui, palette, &error, model.reading().is_some());
        }
        ui.add_space(2.0);
        let Some(reading) = model.reading() else {
            let text = if model.error().is_some() { "No answer yet" } else { "Waiting for the first answer" };
            return message_ui(ui, palette, ui.available_height(), text);
        };
        let height = ui.available_height();
        ScrollArea::both().auto_shrink([false; 2]).show(ui, |ui| match (&**reading, self.only) {
            (ClassicalReading::Ppca(reading), Some(panel)) => {
                card_ui(ui, palette, |ui| {
                    ppca_panel_ui(ui, &mut scene, reading, panel, height - CARD - overhead(ui, panel))
                });
            }
            (ClassicalReading::Mixture(reading), Some(panel)) => {
                card_ui(ui, palette, |ui| {
                    mixture_panel_ui(ui, &scene, reading, panel, height - CARD - overhead(ui, panel))
                });
            }
            (ClassicalReading::Ppca(reading), None) => ppca_ui(ui, &mut scene, reading, height),
            (ClassicalReading::Mixture(reading), None) => mixture_ui(ui, &scene, reading, height),
        });
        if scene.wanted != *model.draft() {
            scene.actions.push(Action::Inspect(Box::new(scene.wanted)));
        }
    }
}

fn header_ui(ui: &mut Ui, palette: &Palette, model: &ClassicalLab) {
    let (title, formula) = match model.draft() {
        Classical::Ppca(_) => ("Probabilistic PCA", "z ~ N(0, I),  x | z ~ N(Wz, σ²I)"),
        Classical::MixtureWeight(_) => {
            ("Weight of a mixture", "α ~ Beta(a, b),  x | α ~ α N(μ1, s²) + (1 − α) N(μ2, s²)")
        }
    };
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).heading().color(palette.strong_text));
        ui.add(Label::new(RichText::new(formula).small().color(palette.weak_text)).truncate());
    });
    let verdict = match model.reading().map(|reading| &**reading) {
        Some(ClassicalReading::Ppca(reading)) => ppca::verdict(reading),
        Some(ClassicalReading::Mixture(reading)) => mixture::verdict(reading),
        None => return,
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(verdict).size(16.0).color(palette.strong_text));
        if is_overdue(ui, model) && model.error().is_none() {
            ui.spinner();
            ui.label(RichText::new("of the former settings; the new ones are being answered").small().weak());
        }
    });
}

/// Whether the settings have waited for their answer for so long that it should be mentioned.
fn is_overdue(ui: &Ui, model: &ClassicalLab) -> bool {
    let id = Id::unique("collapsar-classical-current");
    let now = ui.input(|input| input.time);
    if model.is_current() {
        ui.data_mut(|data| data.insert_temp(id, now));
        return false;
    }
    now - ui.data_mut(|data| *data.get_temp_mut_or_insert_with(id, || now)) > PATIENCE_SECONDS
}

fn error_ui(ui: &mut Ui, palette: &Palette, error: &str, has_reading: bool) {
    palette.card().stroke(Stroke::new(1.0, palette.error)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.label(RichText::new(capitalised(error)).color(palette.error));
        if has_reading {
            ui.label(RichText::new("The pictures are those of the last settings that had an answer").small().weak());
        }
    });
}

fn card_ui(ui: &mut Ui, palette: &Palette, draw: impl FnOnce(&mut Ui)) {
    palette.card().inner_margin(Margin::symmetric(8, 6)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
        draw(ui);
    });
}

/// Cards side by side; `draw` is called for each, counted from 0.
fn row_ui(ui: &mut Ui, palette: &Palette, shares: [f32; 2], mut draw: impl FnMut(&mut Ui, usize)) {
    let room = ui.available_width() - BETWEEN;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = BETWEEN;
        for (at, share) in shares.into_iter().enumerate() {
            let width = (room * share).floor().max(NARROWEST);
            ui.allocate_ui_with_layout(vec2(width, 0.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(width);
                ui.push_id(at, |ui| card_ui(ui, palette, |ui| draw(ui, at)));
            });
        }
    });
    ui.add_space(BETWEEN - ui.spacing().item_spacing.y);
}

/// Height of a panel around its picture.
fn overhead(ui: &Ui, panel: ClassicalPanel) -> f32 {
    let spacing = ui.spacing().item_spacing.y;
    let caption = ui.text_style_height(&TextStyle::Small) + spacing;
    let below = match panel {
        ClassicalPanel::LikelihoodMap => ppca::legends_height(ui),
        ClassicalPanel::Density | ClassicalPanel::Weight | ClassicalPanel::Histogram => {
            super::legend::LEGEND_HEIGHT + spacing
        }
        ClassicalPanel::Spectrum | ClassicalPanel::Kl | ClassicalPanel::Likelihood | ClassicalPanel::Inference => 0.0,
    };
    TITLE_HEIGHT + spacing + caption + below
}

fn ppca_ui(ui: &mut Ui, scene: &mut Scene<'_>, reading: &PpcaReading, height: f32) {
    use ClassicalPanel::{Density, Inference, Kl, LikelihoodMap, Spectrum};
    let rows = [overhead(ui, Spectrum), overhead(ui, LikelihoodMap).max(overhead(ui, Density)), table::height(ui)];
    let fixed = rows.iter().sum::<f32>() + 3.0 * CARD + 2.0 * BETWEEN + GAP;
    let room = (height - fixed).max(0.0);
    let upper = (0.36 * room).clamp(116.0, 320.0).round();
    let lower = (room - upper).clamp(180.0, 560.0).round();
    let palette = scene.palette;
    row_ui(ui, palette, [0.5, 0.5], |ui, at| {
        ppca_panel_ui(ui, scene, reading, [Spectrum, Kl][at], upper);
    });
    row_ui(ui, palette, [0.5, 0.5], |ui, at| {
        let panel = [LikelihoodMap, Density][at];
        // Both cards of a row end at the same height.
        let height = lower + overhead(ui, LikelihoodMap) - overhead(ui, panel);
        ppca_panel_ui(ui, scene, reading, panel, height);
    });
    card_ui(ui, palette, |ui| ppca_panel_ui(ui, scene, reading, Inference, 0.0));
}

fn ppca_panel_ui(ui: &mut Ui, scene: &mut Scene<'_>, reading: &PpcaReading, panel: ClassicalPanel, height: f32) {
    let Scene { palette, selection, wanted, actions } = scene;
    let dimension = selection.dimension;
    match panel {
        ClassicalPanel::Spectrum => {
            if let Classical::Ppca(settings) = wanted {
                ppca::spectrum_ui(ui, palette, reading, selection, &mut settings.sigma, height);
            }
        }
        ClassicalPanel::Kl => ppca::kl_ui(ui, palette, reading, selection, height),
        ClassicalPanel::LikelihoodMap => ppca::surface_ui(ui, palette, reading, height, actions),
        ClassicalPanel::Density => ppca::density_ui(ui, palette, reading, dimension, height),
        ClassicalPanel::Inference => ppca::inference_ui(ui, palette, reading, dimension),
        ClassicalPanel::Histogram | ClassicalPanel::Likelihood | ClassicalPanel::Weight => {}
    }
}

fn mixture_ui(ui: &mut Ui, scene: &Scene<'_>, reading: &MixtureReading, height: f32) {
    use ClassicalPanel::{Histogram, Inference, Likelihood, Weight};
    let rows = [overhead(ui, Histogram), overhead(ui, Weight), table::height(ui)];
    let fixed = rows.iter().sum::<f32>() + 3.0 * CARD + 2.0 * BETWEEN + GAP;
    let room = (height - fixed).max(0.0);
    let upper = (0.42 * room).clamp(128.0, 340.0).round();
    let lower = (room - upper).clamp(160.0, 460.0).round();
    let palette = scene.palette;
    row_ui(ui, palette, [0.5, 0.5], |ui, at| {
        let panel = [Histogram, Likelihood][at];
        let height = upper + overhead(ui, Histogram) - overhead(ui, panel);
        mixture_panel_ui(ui, scene, reading, panel, height);
    });
    card_ui(ui, palette, |ui| mixture_panel_ui(ui, scene, reading, Weight, lower));
    ui.add_space(BETWEEN - ui.spacing().item_spacing.y);
    card_ui(ui, palette, |ui| mixture_panel_ui(ui, scene, reading, Inference, 0.0));
}

fn mixture_panel_ui(ui: &mut Ui, scene: &Scene<'_>, reading: &MixtureReading, panel: ClassicalPanel, height: f32) {
    let palette = scene.palette;
    match panel {
        ClassicalPanel::Histogram => mixture::histogram_ui(ui, palette, reading, height),
        ClassicalPanel::Likelihood => mixture::likelihood_ui(ui, palette, reading, height),
        ClassicalPanel::Weight => mixture::weight_ui(ui, palette, reading, height),
        ClassicalPanel::Inference => mixture::inference_ui(ui, palette, reading),
        ClassicalPanel::Spectrum | ClassicalPanel::Kl | ClassicalPanel::LikelihoodMap | ClassicalPanel::Density => {}
    }
}
