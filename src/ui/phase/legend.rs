//! What colours and lines of the phase diagram mean.

use super::lines::LINE;
use super::map::{Colors, differing_ui, hatch_ui};
use super::words;
use crate::exact::linear::Applicability;
use crate::sweep::{Expected, PhaseDiagram};
use crate::ui::panels::explained;
use crate::ui::theme::Palette;
use eframe::egui::{Label, Rect, Response, RichText, Sense, Stroke, StrokeKind, Ui, vec2};

/// Numbers that get a swatch of their own; of more, every second, third…
const SWATCHES: usize = 12;

/// Draws the legend, in as many lines as it needs.
pub(super) fn legend_ui(ui: &mut Ui, palette: &Palette, diagram: &PhaseDiagram, level: usize) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let colors = Colors::of(diagram, level);
        let counts = format!(
            "Active dimensions of {}: those whose posterior mean varies by at least 0.01 over the evaluation pool, at the end of the run",
            words::latent(diagram, level)
        );
        word_ui(ui, "Active dimensions", &counts);
        let step = (colors.most + 1).div_ceil(SWATCHES);
        for count in (0..=colors.most).step_by(step) {
            let rect = sign_rect(ui, 14.0);
            ui.painter().rect_filled(rect, 2.0, colors.of_count(count));
            ui.painter().rect_stroke(rect, 2.0, Stroke::new(1.0, palette.outline), StrokeKind::Inside);
            word_ui(ui, &count.to_string(), &counts);
        }
        let Some(Ok(theory)) = diagram.theory() else { return };
        let Some(of_level) = theory.levels.get(level) else { return };
        let has_lines = of_level.lines.iter().any(|line| !line.segments.is_empty());
        if has_lines || of_level.edges.iter().any(|line| !line.segments.is_empty()) {
            ui.add_space(12.0);
            let rect = sign_rect(ui, 22.0);
            for (width, color) in LINE {
                ui.painter().hline(rect.x_range(), rect.center().y, Stroke::new(width, color));
            }
            let (name, explanation) = match theory.applicability {
                _ if !has_lines => (
                    "theory: the optimum ends",
                    "On one side the loss has an optimum, from the closed form for linear models, and on the other it has none".to_owned(),
                ),
                Applicability::Theorem => (
                    "theory: a dimension becomes active",
                    "Where the number of active dimensions at the optimum of the linear model changes, from the closed form; λ1 is the largest eigenvalue of \
                     the data"
                        .to_owned(),
                ),
                Applicability::Guide(reason) => (
                    "guide: a dimension would become active in a linear model",
                    format!("From the closed form for linear models, which is no theorem for this one: {reason}"),
                ),
            };
            word_ui(ui, name, &explanation);
        }
        let comparison = diagram.comparison(level);
        if comparison.differing > 0 {
            ui.add_space(12.0);
            let rect = sign_rect(ui, 14.0);
            ui.painter().rect_filled(rect, 0.0, colors.of_count(colors.most / 2));
            differing_ui(ui, rect);
            let explanation = "Training ended with another number, although the prediction does not change within a quarter of the cell around \
                               its point. Close to a boundary dimensions live and die slowly: more steps per cell may bring both together";
            word_ui(ui, "differs from theory", explanation);
        }
        for (is_there, name, is_dotted, explanation) in [
            (
                of_level.expected.iter().any(|expected| matches!(expected, Expected::NoOptimum(_))),
                "no optimum",
                false,
                "The loss has no minimum: training ends wherever it is stopped, and there is nothing to compare with",
            ),
            (
                of_level.expected.iter().any(|expected| matches!(expected, Expected::NotDetermined(_))),
                "not determined",
                true,
                "The optimum does not fix the number of active dimensions: there is nothing to compare with",
            ),
        ] {
            if is_there {
                ui.add_space(12.0);
                let rect = sign_rect(ui, 14.0);
                ui.painter().rect_filled(rect, 0.0, colors.of_count(colors.most / 2));
                hatch_ui(ui, rect, is_dotted);
                word_ui(ui, name, explanation);
            }
        }
    });
}

fn sign_rect(ui: &mut Ui, width: f32) -> Rect {
    ui.allocate_exact_size(vec2(width, 14.0), Sense::hover()).0
}

fn word_ui(ui: &mut Ui, text: &str, explanation: &str) -> Response {
    let label = Label::new(RichText::new(text).small()).sense(Sense::hover());
    explained(ui.add(label), explanation)
}
