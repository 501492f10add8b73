//! Eigenvalues of the data's covariance on a logarithmic axis, and σ² as a line over them that can be dragged.

use super::super::words::significant;
use super::active;
use super::words::lives;
use crate::exact::PpcaReading;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::words::short_number;
use crate::ui::panels::{caption_ui, dimension_name, title_ui};
use crate::ui::selection::Selection;
use crate::ui::theme::Palette;
use eframe::egui::{Align2, CursorIcon, Rect, Role, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};

/// Eigenvalues drawn at most.
const SHOWN: usize = 20;
/// Ends of the axis, unless an eigenvalue lies beyond: all of the slider's σ² are within.
const ENDS: [f32; 2] = [1e-3, 1e3];
/// How near to the line the pointer takes hold of it.
const GRIP: f32 = 7.0;

const EXPLANATION: &str = "Variance of the data along their principal directions: the eigenvalues λ of the covariance (1/n), largest first, on a \
    logarithmic axis. The first K belong to latent dimensions. At maximum likelihood a dimension lives if its bar rises above σ², and the part \
    above the line is what its column of W explains. Drag the line to change σ";

/// Draws the spectrum; `sigma` is changed by dragging the line.
pub(in crate::ui::classical) fn spectrum_ui(
    ui: &mut Ui,
    palette: &Palette,
    reading: &PpcaReading,
    selection: &mut Selection,
    sigma: &mut f64,
    height: f32,
) {
    title_ui(ui, "Spectrum of the data", EXPLANATION, |_| {});
    caption_ui(ui, palette, &lives(reading));
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label(reading)));
    let shown = reading.eigenvalues.len().min(SHOWN).max(reading.weights.len().min(2 * SHOWN));
    let eigenvalues = &reading.eigenvalues[..shown.min(reading.eigenvalues.len())];
    let axes =
        Axes::within(outer, margins(outer.width()), Axis::linear(0.0, shown.max(1) as f32), vertical(eigenvalues));
    if !ui.is_rect_visible(outer) {
        return;
    }
    axes.back_ui(ui, palette, [false, true]);
    let lives = active(reading);
    for (at, lambda) in eigenvalues.iter().enumerate() {
        bar_ui(ui, palette, &axes, at, *lambda, lives.get(at).copied(), line_y(&axes, *sigma), selection);
    }
    axes.front_ui(ui, palette, "", "eigenvalue λ");
    let font = TextStyle::Small.resolve(ui.style());
    let hidden = reading.eigenvalues.len() - eigenvalues.len();
    let below = if hidden > 0 {
        format!("principal direction; {hidden} more left out")
    } else {
        "principal direction".to_owned()
    };
    let place = pos2(axes.frame.center().x, axes.frame.bottom() + 17.0);
    ui.painter().text(place, Align2::CENTER_TOP, below, font, palette.weak_text);
    line_ui(ui, palette, &axes, sigma);
}

fn margins(width: f32) -> Margins {
    Margins { bottom: 34.0, top: 8.0, ..Margins::of_width(width) }
}

/// Powers of ten around the slider's range and every eigenvalue that is not nought.
fn vertical(eigenvalues: &[f64]) -> Axis {
    let positive = eigenvalues.iter().map(|lambda| *lambda as f32).filter(|lambda| *lambda > 1e-9);
    let (low, high) =
        positive.fold((ENDS[0], ENDS[1]), |(low, high), lambda| (low.min(lambda), high.max(2.0 * lambda)));
    Axis::logarithmic(10f32.powf(low.log10().floor()), 10f32.powf(high.log10().ceil()))
}

fn label(reading: &PpcaReading) -> String {
    let lives = active(reading);
    let mut text = "Eigenvalues of the covariance:".to_owned();
    for (at, lambda) in reading.eigenvalues.iter().take(SHOWN).enumerate() {
        let state = match lives.get(at) {
            Some(true) => " active",
            Some(false) => " dead",
            None => "",
        };
        text.push_str(&format!(" {}{state};", significant(*lambda, 4)));
    }
    text.push_str(&format!(" σ² {}", significant(reading.settings.sigma.powi(2), 4)));
    text
}

#[expect(clippy::too_many_arguments, reason = "a bar, where it stands, what it means, and what a click changes")]
fn bar_ui(
    ui: &Ui,
    palette: &Palette,
    axes: &Axes,
    at: usize,
    lambda: f64,
    is_active: Option<bool>,
    line: f32,
    selection: &mut Selection,
) {
    let slot = Rect::from_x_y_ranges(axes.x_at(at as f32)..=axes.x_at(at as f32 + 1.0), axes.frame.y_range());
    let top = axes.y_at((lambda as f32).max(axes.y.min)).min(axes.frame.bottom() - 1.0);
    let width = (0.62 * slot.width()).min(56.0);
    let bar = Rect::from_min_max(
        pos2(slot.center().x - width / 2.0, top),
        pos2(slot.center().x + width / 2.0, axes.frame.bottom()),
    );
    let painter = ui.painter();
    match is_active {
        Some(true) => {
            painter.rect_filled(bar, 1.0, palette.exact);
        }
        Some(false) => {
            painter.rect_filled(bar, 1.0, palette.tint(palette.exact, 0.15));
            painter.rect_stroke(bar, 1.0, Stroke::new(1.2, palette.exact), StrokeKind::Inside);
        }
        None => {
            painter.rect_filled(bar, 1.0, palette.tint(palette.data, 0.5));
        }
    }
    let font = TextStyle::Small.resolve(ui.style());
    let name = match is_active {
        Some(_) => dimension_name(at),
        None => (at + 1).to_string(),
    };
    let is_selected = is_active.is_some() && selection.dimension == at;
    let color = if is_selected { palette.text } else { palette.weak_text };
    let every = (24.0 / slot.width()).ceil().max(1.0) as usize;
    if is_selected || at.is_multiple_of(every) {
        painter.text(pos2(slot.center().x, axes.frame.bottom() + 2.0), Align2::CENTER_TOP, name, font.clone(), color);
    }
    if slot.width() >= 38.0 {
        // Not under the line.
        let is_crossed = (bar.top() - 17.0..bar.top() + 3.0).contains(&line);
        let (y, align) = match is_crossed && bar.height() > 24.0 {
            true => (bar.top().max(line) + 4.0, Align2::CENTER_TOP),
            false => (bar.top() - 1.0, Align2::CENTER_BOTTOM),
        };
        painter.text(pos2(slot.center().x, y), align, short_number(lambda as f32), font, palette.text);
    }
    let Some(is_active) = is_active else { return };
    let response = ui.interact(slot, ui.scope_id().with(("eigenvalue", at)), Sense::click());
    let state = if is_active { "active" } else { "dead" };
    let text = format!("Eigenvalue {} = {}, {} {state}", at + 1, significant(lambda, 4), dimension_name(at));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
    if response.clicked() {
        selection.select(at);
    }
    response.on_hover_ui(|ui| {
        ui.strong(&text);
        ui.label(format!("√λ = {}: the σ at which this dimension dies", significant(lambda.max(0.0).sqrt(), 4)));
        ui.weak("Click to look at this dimension");
    });
}

/// Where the line stands.
fn line_y(axes: &Axes, sigma: f64) -> f32 {
    axes.y_at((sigma * sigma) as f32).clamp(axes.frame.top(), axes.frame.bottom())
}

/// The line at σ², over everything else.
fn line_ui(ui: &Ui, palette: &Palette, axes: &Axes, sigma: &mut f64) {
    let frame = axes.frame;
    let y = line_y(axes, *sigma);
    let grip = Rect::from_x_y_ranges(frame.x_range(), (y - GRIP)..=(y + GRIP));
    let response = ui.interact(grip, ui.scope_id().with("variance-line"), Sense::drag());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Splitter, true, format!("σ² = {}, drag to change σ", significant(*sigma * *sigma, 4)))
    });
    if response.dragged()
        && let Some(pointer) = response.interact_pointer_pos()
    {
        *sigma = rounded(f64::from(axes.y_value(pointer.y.clamp(frame.top(), frame.bottom()))).sqrt());
    }
    let y = line_y(axes, *sigma);
    let is_held = response.hovered() || response.dragged();
    let painter = ui.painter();
    painter.hline(frame.x_range(), y, Stroke::new(if is_held { 3.0 } else { 2.0 }, palette.accent));
    painter.circle_filled(pos2(frame.right() - 8.0, y), if is_held { 6.0 } else { 5.0 }, palette.accent);
    let font = TextStyle::Small.resolve(ui.style());
    let text = format!("σ² = {}", significant(*sigma * *sigma, 3));
    let galley = painter.layout_no_wrap(text, font, palette.text);
    let above = y - galley.size().y - 3.0 > frame.top();
    let top = if above { y - galley.size().y - 3.0 } else { y + 3.0 };
    let place = Rect::from_min_size(pos2(frame.right() - galley.size().x - 18.0, top), galley.size());
    painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 2.0, palette.tint(palette.surface, 0.85));
    painter.galley(place.min, galley, palette.text);
    response
        .on_hover_cursor(CursorIcon::ResizeVertical)
        .on_hover_text("Variance σ² of the noise, per column. Drag up and the dimensions below the line die; drag down and they come back");
}

/// Three significant digits: a pointer is no finer, and such a number can be read.
fn rounded(value: f64) -> f64 {
    let step = 10f64.powf(value.max(1e-9).log10().floor() - 2.0);
    (value / step).round() * step
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;

    #[test]
    fn the_axis_holds_the_slider_and_every_eigenvalue() {
        let axis = vertical(&[18.0, 8.0, 0.01]);
        assert!((axis.min - 1e-3).abs() < 1e-9 && (axis.max - 1e3).abs() < 1e-2);
        let axis = vertical(&[4e4, 1e-5, 0.0]);
        assert!(axis.min <= 1e-5 && axis.min > 1e-7 && axis.max >= 4e4, "{axis:?}");
    }

    #[test]
    fn dragged_values_are_short() {
        assert!((rounded(2.898_765) - 2.9).abs() < 1e-12);
        assert!((rounded(0.051_23) - 0.0512).abs() < 1e-12);
    }

    #[test]
    fn a_screen_reader_hears_the_eigenvalues() {
        assert!(label(&reading(3.0)).starts_with("Eigenvalues of the covariance: 18.29 active; 8.403 dead; 0.0112;"));
    }
}
