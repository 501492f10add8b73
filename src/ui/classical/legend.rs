//! Which colour and line is whose.

use super::curves::Look;
use crate::experiment::Inference;
use crate::ui::panels::explained;
use crate::ui::theme::Palette;
use eframe::egui::{Align, Color32, Layout, RichText, Sense, Shape, Stroke, Ui, vec2};

/// Height of the row.
pub(super) const LEGEND_HEIGHT: f32 = 16.0;

/// How a way of inference is drawn, in every panel.
pub(super) fn look(inference: Inference) -> Look {
    match inference {
        Inference::Exact => Look::Solid,
        Inference::Hmc => Look::Bars,
        Inference::MeanField => Look::Dashed,
    }
}

/// What a way of inference is.
pub(super) fn explanation(inference: Inference) -> &'static str {
    match inference {
        Inference::Exact => "In closed form or by summing over a fine grid: no approximation beyond rounding",
        Inference::Hmc => {
            "Hamiltonian Monte Carlo: draws from the exact posterior by the no-U-turn sampler. No approximation either, only the noise of \
             finitely many draws"
        }
        Inference::MeanField => {
            "A factorised Gaussian q that maximises the evidence lower bound: variational inference. It minimises KL(q ‖ posterior) and tends \
             to be too narrow"
        }
    }
}

/// One entry: a mark and a name.
pub(super) fn entry_ui(ui: &mut Ui, color: Color32, look: Look, name: &str, tooltip: &str) {
    let (rect, _) = ui.allocate_exact_size(vec2(14.0, 14.0), Sense::hover());
    let ends = [rect.left_center(), rect.right_center()];
    let painter = ui.painter();
    match look {
        Look::Solid => {
            painter.line_segment(ends, Stroke::new(3.0, color));
        }
        Look::Dashed => {
            painter.extend(Shape::dashed_line(&ends, Stroke::new(2.0, color), 5.0, 3.0));
        }
        Look::Area | Look::Bars => {
            painter.rect_filled(rect.shrink2(vec2(1.0, 3.0)), 1.0, color.gamma_multiply(0.55));
        }
    }
    explained(ui.label(RichText::new(name).small()), tooltip);
    ui.add_space(4.0);
}

/// A row with the prior and the ways of inference that are drawn.
pub(super) fn legend_ui(ui: &mut Ui, palette: &Palette, prior: (&str, &str), ways: impl Iterator<Item = Inference>) {
    let size = vec2(ui.available_width(), LEGEND_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 4.0;
        entry_ui(ui, palette.prior, Look::Area, prior.0, prior.1);
        for inference in ways {
            entry_ui(ui, palette.inference(inference), look(inference), inference.label(), explanation(inference));
        }
    });
}
