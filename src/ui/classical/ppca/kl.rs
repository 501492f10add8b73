//! KL per latent dimension: measured by exact and mean-field inference, with the law ½ log(λ/σ²) as a mark.

use super::super::words::significant;
use super::way;
use super::words::law;
use crate::exact::PpcaReading;
use crate::experiment::Inference;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::memory::stable_maximum;
use crate::ui::panels::words::short_number;
use crate::ui::panels::{caption_ui, dimension_name, title_ui};
use crate::ui::selection::Selection;
use crate::ui::theme::Palette;
use eframe::egui::{Align2, Id, Rect, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

/// The axis never ends below this: a bar of a thousandth of a nat must not fill the panel.
const LEAST_MAXIMUM: f32 = 0.1;

const EXPLANATION: &str = "KL of each latent dimension's exact posterior to the prior, KL(p(zi|x) ‖ p(zi)) in nats per example, averaged over all \
    examples: bars. The dashed outline is the law ½ log(λi/σ²), or 0 where σ² exceeds λi, which holds at maximum likelihood. The diamond is \
    mean-field inference. Click a bar to look at that dimension";

/// Draws the bars.
pub(in crate::ui::classical) fn kl_ui(
    ui: &mut Ui,
    palette: &Palette,
    reading: &PpcaReading,
    selection: &mut Selection,
    height: f32,
) {
    title_ui(ui, "KL per dimension", EXPLANATION, |_| {});
    caption_ui(ui, palette, &law(reading));
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label(reading)));
    let Some(exact) = way(reading, Inference::Exact) else { return };
    let all = reading.predicted_kl.iter().chain(&exact.kl_per_dimension);
    let largest = all.map(|kl| *kl as f32).fold(LEAST_MAXIMUM, f32::max);
    let maximum = stable_maximum(ui.ctx(), Id::unique("collapsar-ppca-kl"), 1.25 * largest);
    let count = exact.kl_per_dimension.len().max(1);
    let margins = Margins { bottom: 34.0, top: 8.0, ..Margins::of_width(outer.width()) };
    let axes = Axes::within(outer, margins, Axis::linear(0.0, count as f32), Axis::linear(0.0, maximum));
    if !ui.is_rect_visible(outer) {
        return;
    }
    axes.back_ui(ui, palette, [false, true]);
    for dimension in 0..count {
        bar_ui(ui, palette, reading, selection, &axes, dimension);
    }
    axes.front_ui(ui, palette, "", unit(height));
    let font = TextStyle::Small.resolve(ui.style());
    let place = pos2(axes.frame.center().x, axes.frame.bottom() + 17.0);
    ui.painter().text(place, Align2::CENTER_TOP, "latent dimension", font, palette.weak_text);
}

/// The unit as far as it fits beside the axis.
fn unit(height: f32) -> &'static str {
    if height < 150.0 { "nats" } else { "nats per example" }
}

fn label(reading: &PpcaReading) -> String {
    let mut text = "KL per dimension, nats per example:".to_owned();
    let Some(exact) = way(reading, Inference::Exact) else { return text };
    for (at, (kl, law)) in exact.kl_per_dimension.iter().zip(&reading.predicted_kl).enumerate() {
        text.push_str(&format!(" {} {}, predicted {};", dimension_name(at), significant(*kl, 4), significant(*law, 4)));
    }
    text.push_str(&format!(" joint {}", significant(exact.kl, 4)));
    text
}

fn bar_ui(ui: &Ui, palette: &Palette, reading: &PpcaReading, selection: &mut Selection, axes: &Axes, dimension: usize) {
    let kl_of = |inference| {
        way(reading, inference).and_then(|posterior| posterior.kl_per_dimension.get(dimension)).copied().unwrap_or(0.0)
    };
    let (kl, mean_field) = (kl_of(Inference::Exact), kl_of(Inference::MeanField));
    let law = reading.predicted_kl.get(dimension).copied();
    let x = dimension as f32;
    let slot = Rect::from_x_y_ranges(axes.x_at(x)..=axes.x_at(x + 1.0), axes.frame.y_range());
    let width = (0.55 * slot.width()).min(64.0);
    let bar_to = |value: f64, width: f32| {
        let top = axes.y_at(value as f32).clamp(axes.frame.top(), axes.frame.bottom() - 1.5);
        Rect::from_x_y_ranges(
            (slot.center().x - width / 2.0)..=(slot.center().x + width / 2.0),
            top..=axes.frame.bottom(),
        )
    };
    let painter = ui.painter();
    let bar = bar_to(kl, width);
    painter.rect_filled(bar, 1.0, palette.exact);
    let mut top = bar.top();
    if let Some(law) = law {
        let ghost = bar_to(law, width + 8.0);
        top = top.min(ghost.top());
        let corners = [ghost.left_bottom(), ghost.left_top(), ghost.right_top(), ghost.right_bottom()];
        painter.extend(Shape::dashed_line(&corners, Stroke::new(1.5, palette.text), 4.0, 3.0));
    }
    let diamond = pos2(bar.center().x, axes.y_at(mean_field as f32).clamp(axes.frame.top(), axes.frame.bottom()));
    let corners = [vec2(0.0, -5.0), vec2(5.0, 0.0), vec2(0.0, 5.0), vec2(-5.0, 0.0)].map(|by| diamond + by);
    painter.add(Shape::convex_polygon(corners.to_vec(), palette.mean_field, Stroke::new(1.0, palette.surface)));

    let font = TextStyle::Small.resolve(ui.style());
    let is_selected = selection.dimension == dimension;
    let color = if is_selected { palette.text } else { palette.weak_text };
    let every = (22.0 / slot.width()).ceil().max(1.0) as usize;
    if is_selected || dimension.is_multiple_of(every) {
        let place = pos2(slot.center().x, axes.frame.bottom() + 2.0);
        painter.text(place, Align2::CENTER_TOP, dimension_name(dimension), font.clone(), color);
    }
    if slot.width() >= 34.0 {
        let text = if slot.width() >= 60.0 { significant(kl, 4) } else { short_number(kl as f32) };
        let place = pos2(slot.center().x, top.min(diamond.y - 4.0) - 3.0);
        painter.text(place, Align2::CENTER_BOTTOM, text, font, palette.text);
    }
    let response = ui.interact(slot, ui.scope_id().with(("ppca-kl", dimension)), Sense::click());
    let name = format!("KL of {} {} nats per example", dimension_name(dimension), significant(kl, 4));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if response.clicked() {
        selection.select(dimension);
    }
    response.on_hover_ui(|ui| {
        ui.strong(&name);
        if let Some(law) = law {
            ui.label(format!("½ log(λ/σ²) = {}", significant(law, 4)));
        }
        ui.label(format!("Mean-field {}", significant(mean_field, 4)));
        ui.weak("Click to look at this dimension");
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;

    #[test]
    fn a_screen_reader_hears_measured_and_predicted() {
        // `brenier.md` section 13.2: σ = 2 gives .760 and .371.
        let text = label(&reading(2.0));
        assert!(text.contains("z1 0.7601, predicted 0.7601; z2 0.3711, predicted 0.3711;"), "{text}");
    }
}
