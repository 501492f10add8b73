//! log p(x|z) of the example over the first two latent dimensions, with prior and posteriors over it; a curve where there is only one.

use super::super::curves::span;
use super::super::legend::{LEGEND_HEIGHT, explanation};
use super::super::words::significant;
use super::{line, way};
use crate::exact::{LikelihoodSurface, PpcaReading};
use crate::experiment::Inference;
use crate::measure::FLAT_RANGE;
use crate::ui::canvas::{Contours, HeatMapPicture};
use crate::ui::commands::{Action, UiCommand};
use crate::ui::panels::axes::{Axes, Axis, Margins, round_step};
use crate::ui::panels::color_legend::{self, ColorLegend, map_ramp, sign_ui};
use crate::ui::panels::likelihood_map::value_at;
use crate::ui::panels::overlay::{Ink, prior_ui, text_over};
use crate::ui::panels::words::example_name;
use crate::ui::panels::{caption_ui, dimension_name, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{
    Align, Align2, Button, Color32, Id, Label, Layout, Painter, Pos2, Response, RichText, Role, Sense, Shape, Stroke,
    TextStyle, Ui, WidgetInfo, epaint::EllipseShape, vec2,
};

/// Colours span at least so many nats: a flat likelihood must look flat.
const LEAST_SPAN: f32 = 1.0;
/// Draws drawn at most; more would hide what is under them.
const DRAWS: usize = 300;
/// About so many contour lines from the first colour to the last.
const LINES: f32 = 8.0;

const EXPLANATION: &str = "log p(x|z) of the selected example over the first two latent dimensions, in nats; where there are more, the others are at \
    their exact posterior mean. R is its largest minus its smallest value in this picture. Dashed circles: the prior at one and two standard \
    deviations. Ellipses: the posterior, at one and two, exact and by mean-field. Dots: draws of HMC. By the theorem a flat map and ellipses \
    that lie on the circles are the same thing";

/// Draws the map, as high as wide where there is room.
pub(in crate::ui::classical) fn surface_ui(
    ui: &mut Ui,
    palette: &Palette,
    reading: &PpcaReading,
    height: f32,
    actions: &mut Vec<Action>,
) {
    title_ui(ui, "Likelihood of one example", EXPLANATION, |ui| example_ui(ui, reading, actions));
    let words = words(reading);
    caption_ui(ui, palette, &words);
    let has_plane = reading.weights.len() >= 2;
    if has_plane {
        signs_ui(ui, palette, reading);
    }
    // A curve has no colours to explain.
    let height = if has_plane { height } else { height + legends_height(ui) };
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let said = words.first().cloned().unwrap_or_default();
        WidgetInfo::labeled(Role::Image, true, format!("Log-likelihood over the latent plane: {said}"))
    });
    let surface = &reading.surface;
    let (low, high) = ends(surface);
    let axis = Axis::linear(-surface.reach, surface.reach);
    if !has_plane {
        let [bottom, top] = span(low, high, LEAST_SPAN);
        let pad = 0.06 * (top - bottom);
        let axes = Axes::within(outer, Margins::of_width(outer.width()), axis, Axis::linear(bottom - pad, top + pad));
        if ui.is_rect_visible(outer) {
            curve_ui(ui, palette, &axes, surface);
        }
        return;
    }
    let margins = Margins { bottom: 32.0, ..Margins::of_width(outer.width()) };
    let side = (outer.height() - margins.top - margins.bottom).min(outer.width() - margins.across()).max(40.0);
    // In the middle of the card, and square.
    let aside = ((outer.width() - side - margins.across()) / 2.0).max(0.0);
    let below = (outer.height() - side - margins.top - margins.bottom).max(0.0);
    let margins =
        Margins { left: margins.left + aside, right: margins.right + aside, bottom: margins.bottom + below, ..margins };
    let axes = Axes::within(outer, margins, axis, axis);
    if ui.is_rect_visible(outer) {
        map_ui(ui, palette, &axes, surface, high);
        over_ui(ui, palette, &axes, reading);
        if surface.range < FLAT_RANGE {
            let font = TextStyle::Body.resolve(ui.style());
            let place = axes.frame.center_top() + vec2(0.0, 4.0);
            text_over(ui.painter(), place, Align2::CENTER_TOP, "flat", &font, Ink::OVER_MAP);
        }
        axes.front_ui(ui, palette, &dimension_name(0), &dimension_name(1));
        values_on_hover(ui, &axes, surface, &response);
    }
    legend_ui(ui, palette, reading, high);
}

/// Height of both legends.
pub(in crate::ui::classical) fn legends_height(ui: &Ui) -> f32 {
    LEGEND_HEIGHT + color_legend::HEIGHT + 2.0 * ui.spacing().item_spacing.y
}

/// Buttons that step through the examples.
fn example_ui(ui: &mut Ui, reading: &PpcaReading, actions: &mut Vec<Action>) {
    ui.spacing_mut().item_spacing.x = 4.0;
    for (text, command) in [("›", UiCommand::NextExample), ("‹", UiCommand::PreviousExample)] {
        let response = command.widget_ui(ui, Button::new(RichText::new(text).small()), actions);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, command.text()));
    }
    ui.add(Label::new(RichText::new(example_name(reading.example)).small()));
}

fn ends(surface: &LikelihoodSurface) -> (f32, f32) {
    let finite = surface.log_likelihood.iter().copied().filter(|value| value.is_finite());
    let (low, high) =
        finite.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

/// How flat it is, long to short.
fn words(reading: &PpcaReading) -> Vec<String> {
    let range = reading.surface.range;
    if range < 1e-9 {
        return vec!["Flat: R = 0 nats, so that the posterior is the prior".to_owned(), "Flat, R = 0 nats".to_owned()];
    }
    let text = significant(range, 3);
    vec![format!("Not flat: R = {text} nats over this picture"), format!("R = {text} nats")]
}

fn map_ui(ui: &Ui, palette: &Palette, axes: &Axes, surface: &LikelihoodSurface, high: f32) {
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let low = lowest_color(surface, high);
    let every = round_step((high - low) / LINES);
    let contours = Contours { from: high, every, width: 1.0, color: Color32::from_white_alpha(70) };
    HeatMapPicture {
        key: Id::unique("collapsar-ppca-surface"),
        values: surface.log_likelihood.clone().into(),
        side: surface.side,
        low,
        high,
        rect: axes.frame,
        ramp: map_ramp(),
        contours: Some(contours),
    }
    .paint(&painter);
}

/// The value of the first colour.
fn lowest_color(surface: &LikelihoodSurface, high: f32) -> f32 {
    high - (surface.range as f32).max(LEAST_SPAN)
}

/// Prior, draws and ellipses.
fn over_ui(ui: &Ui, palette: &Palette, axes: &Axes, reading: &PpcaReading) {
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    prior_ui(ui, &painter, axes, Ink::OVER_MAP);
    if let Some(sampling) = way(reading, Inference::Hmc).and_then(|posterior| posterior.sampling.as_ref()) {
        let quantities = sampling.r_hat.len().max(1);
        let step = (sampling.count / DRAWS).max(1);
        for draw in sampling.draws.chunks_exact(quantities).step_by(step) {
            if let [x, y, ..] = *draw {
                painter.circle_filled(axes.at(x as f32, y as f32), 1.4, palette.tint(palette.hmc, 0.85));
            }
        }
    }
    for inference in [Inference::Exact, Inference::MeanField] {
        let Some(posterior) = way(reading, inference).filter(|posterior| posterior.mean.len() >= 2) else { continue };
        for sds in [1.0, 2.0] {
            ring(&painter, palette, line(axes, &posterior.ellipse(sds)), inference);
        }
    }
}

/// A line with a halo, so that it stands out from any colour of the map.
fn ring(painter: &Painter, palette: &Palette, points: Vec<Pos2>, inference: Inference) {
    let halo = if palette.dark { Color32::from_black_alpha(150) } else { Color32::from_white_alpha(200) };
    let color = palette.inference(inference);
    match inference {
        Inference::MeanField => {
            painter.line(points.clone(), Stroke::new(3.0, halo));
            painter.extend(Shape::dashed_line(&points, Stroke::new(2.0, color), 6.0, 4.0));
        }
        Inference::Exact | Inference::Hmc => {
            painter.line(points.clone(), Stroke::new(4.5, halo));
            painter.line(points, Stroke::new(2.5, color));
        }
    }
}

fn curve_ui(ui: &Ui, palette: &Palette, axes: &Axes, surface: &LikelihoodSurface) {
    axes.back_ui(ui, palette, [true, true]);
    let last = surface.side.saturating_sub(1).max(1) as f32;
    let x = |at: usize| surface.reach * (2.0 * at as f32 / last - 1.0);
    let points = surface.log_likelihood.iter().enumerate().map(|(at, value)| axes.at(x(at), *value)).collect();
    ui.painter().line(points, Stroke::new(2.0, palette.text));
    axes.front_ui(ui, palette, &dimension_name(0), "log p(x|z), nats");
}

fn legend_ui(ui: &mut Ui, palette: &Palette, reading: &PpcaReading, high: f32) {
    let legend = ColorLegend {
        ramp: map_ramp(),
        ends: [
            significant(f64::from(lowest_color(&reading.surface, high)), 3),
            format!("{} nats", significant(f64::from(high), 3)),
        ],
        mark: None,
        explanation: "log p(x|z) in nats, constants included, from its smallest to its largest value in the picture and over at least 1 nat. Thin \
                      lines join points of equal log p(x|z)",
    };
    legend.ui(ui, palette, |_| {});
}

/// What is drawn over the map.
fn signs_ui(ui: &mut Ui, palette: &Palette, reading: &PpcaReading) {
    let size = vec2(ui.available_width(), LEGEND_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 4.0;
        sign_ui(ui, "Prior", "N(0, I), at one and two standard deviations", |painter, rect| {
            let ends = [rect.left_center(), rect.right_center()];
            painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, palette.text), 3.0, 2.0));
        });
        for posterior in &reading.posteriors {
            let way = posterior.inference;
            let color = palette.inference(way);
            sign_ui(ui, way.label(), explanation(way), |painter, rect| match way {
                Inference::Hmc => {
                    for by in [vec2(-4.0, 2.0), vec2(0.0, -3.0), vec2(4.0, 1.0)] {
                        painter.circle_filled(rect.center() + by, 1.6, color);
                    }
                }
                Inference::Exact => {
                    painter.add(EllipseShape::stroke(rect.center(), vec2(6.0, 4.5), Stroke::new(2.0, color)));
                }
                Inference::MeanField => {
                    let ends = [rect.left_center(), rect.right_center()];
                    painter.extend(Shape::dashed_line(&ends, Stroke::new(2.0, color), 4.0, 2.0));
                }
            });
        }
    });
}

fn values_on_hover(ui: &Ui, axes: &Axes, surface: &LikelihoodSurface, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let z = [axes.x_value(pointer.x), axes.y_value(pointer.y)];
    let place = z.map(|z| 0.5 * (z / surface.reach + 1.0));
    let Some(value) = value_at(&surface.log_likelihood, surface.side, place) else { return };
    let [x, y] = z.map(|z| significant(f64::from(z), 3));
    ui.painter().circle_stroke(pointer, 3.0, Stroke::new(1.0, Color32::WHITE));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("log p(x|z) = {} nats", significant(f64::from(value), 4)));
        ui.label(format!("{} = {x}, {} = {y}", dimension_name(0), dimension_name(1)));
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;

    #[test]
    fn a_flat_map_is_called_flat() {
        assert!(words(&reading(5.0))[0].starts_with("Flat: R = 0 nats"));
        assert_eq!(words(&reading(1.0))[0], "Not flat: R = 12 nats over this picture");
    }

    #[test]
    fn ends_are_those_of_the_finite_values() {
        assert_eq!(ends(&reading(1.0).surface), (-4.0, -3.0));
        let mut broken = reading(1.0).surface;
        broken.log_likelihood = std::sync::Arc::new(vec![f32::NAN]);
        assert_eq!(ends(&broken), (0.0, 0.0));
    }
}
