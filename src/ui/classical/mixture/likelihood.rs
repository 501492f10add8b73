//! log p(data|α) per example over the weight: a flat line where the components are equal.

use super::super::curves::span;
use super::super::words::significant;
use super::words::{flatness, is_flat};
use crate::exact::MixtureReading;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::{caption_ui, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{Align2, Pos2, Response, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

/// The axis spans at least so many nats per example: a flat line must look flat, whatever rounding does to it.
const LEAST_SPAN: f32 = 0.05;

const EXPLANATION: &str = "log p(x₁ … x_N|α)/N, the log-likelihood of the weight α at the true components, in nats per example. R is its largest minus \
    its smallest value. The axis never spans less than 0.05 nats, so that a flat line is flat. By the theorem a flat line and a posterior \
    equal to the prior are the same thing";

/// Draws the curve.
pub(in crate::ui::classical) fn likelihood_ui(ui: &mut Ui, palette: &Palette, reading: &MixtureReading, height: f32) {
    title_ui(ui, "Log-likelihood of the weight", EXPLANATION, |_| {});
    let words = flatness(reading);
    caption_ui(ui, palette, &words);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Log-likelihood of the weight: {}", words[0])));
    if !ui.is_rect_visible(outer) {
        return;
    }
    let (low, high) = ends(reading);
    let [bottom, top] = span(low, high, LEAST_SPAN);
    let pad = 0.08 * (top - bottom);
    let axes = Axes::within(
        outer,
        Margins::of_width(outer.width()),
        Axis::linear(0.0, 1.0),
        Axis::linear(bottom - pad, top + pad),
    );
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let points: Vec<Pos2> = reading
        .grid
        .iter()
        .zip(&reading.log_likelihood)
        .map(|(alpha, value)| axes.at(*alpha as f32, *value as f32))
        .collect();
    if !is_flat(reading) {
        range_ui(ui, palette, &axes, reading, low, high);
    }
    painter.line(points, Stroke::new(2.5, palette.text));
    let unit = if height < 150.0 { "nats" } else { "nats per example" };
    axes.front_ui(ui, palette, "weight α", unit);
    value_on_hover(ui, palette, &axes, reading, &response);
}

fn ends(reading: &MixtureReading) -> (f32, f32) {
    let values = reading.log_likelihood.iter().map(|value| *value as f32).filter(|value| value.is_finite());
    let (low, high) =
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

/// Dashed lines at both ends, with R between them.
fn range_ui(ui: &Ui, palette: &Palette, axes: &Axes, reading: &MixtureReading, low: f32, high: f32) {
    let painter = ui.painter();
    for value in [low, high] {
        let y = axes.y_at(value);
        let ends = [pos2(axes.frame.left(), y), pos2(axes.frame.right(), y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, palette.threshold), 4.0, 4.0));
    }
    let x = axes.frame.center().x;
    painter.vline(x, axes.y_at(high)..=axes.y_at(low), Stroke::new(1.0, palette.threshold));
    let font = TextStyle::Small.resolve(ui.style());
    let text = format!("R/N = {}", significant(reading.log_likelihood_range_per_example, 3));
    painter.text(pos2(x + 5.0, axes.y_at(0.5 * (low + high))), Align2::LEFT_CENTER, text, font, palette.text);
}

fn value_on_hover(ui: &Ui, palette: &Palette, axes: &Axes, reading: &MixtureReading, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let alpha = f64::from(axes.x_value(pointer.x));
    let at = reading.grid.partition_point(|grid| *grid < alpha).min(reading.grid.len().saturating_sub(1));
    let Some((alpha, value)) = reading.grid.get(at).zip(reading.log_likelihood.get(at)) else { return };
    ui.painter().vline(pointer.x, axes.frame.y_range(), Stroke::new(1.0, palette.weak_text));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("α = {alpha:.3}"));
        ui.label(format!("{} nats per example", significant(*value, 5)));
    });
}
