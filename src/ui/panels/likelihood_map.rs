//! log p(x|z) of the selected example over the latent space, with prior, exact posterior and encoder's posterior over it.
//!
//! Colours span the same number of nats in every column, so that a flat likelihood looks flat beside one that is not.

use super::axes::{Axes, Axis, Margins, is_narrow, round_step};
use super::bound::{self, bound_ui};
use super::color_legend::{self, ColorLegend, map_ramp, sign_ui};
use super::likelihood_curve::{self, curve_ui};
use super::likelihood_scale::{Span, shared_reach, shared_span};
use super::memory::{Answer, answer, panel_id};
use super::overlay::{Ink, contours_ui, dashed_circle, front_of_map_ui, gaussian_ui, plated_text_ui, prior_shares_ui};
use super::prior::prior_lines_ui;
use super::words::{example_name, number, round_number, short_number};
use super::{PanelContext, caption_ui, message_ui, title_ui};
use crate::measure::{FLAT_RANGE, LikelihoodMap, MapKind, POSTERIOR_SHARES};
use crate::train::{Probe, ReadingValue};
use crate::ui::canvas::{Contours, HeatMapPicture};
use crate::ui::levels::Levels;
use eframe::egui::{
    Align2, Color32, Rect, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, epaint::EllipseShape, pos2, vec2,
};
use std::sync::Arc;

/// The picture is square and no larger than this.
const LARGEST: f32 = 300.0;
/// About so many contour lines from the first colour to the last.
const LINES: f32 = 8.0;

const EXPLANATION: &str = "log p(x|z) of the selected example in nats, as a function of z. By the theorem of Wang, Blei and Cunningham (2021) the \
    posterior equals the prior exactly when this does not depend on z: a flat map. Its range R = max − min within the faint circle bounds how far the exact \
    posterior can be from the prior: KL ≤ min(R, R²/8). Solid contours hold 50 % and 90 % of the exact posterior, computed on the same points by \
    Bayes' rule; dashed circles, or contours of a learned prior, hold the same shares of the prior, so that the two coincide where the map is flat; the ellipse holds 50 % of the encoder's q(z|x)";
const LEGEND: &str = "log p(x|z) in nats, constants included. The colours span the same number of nats in every column, and end at the largest value of \
    all columns that have the same likelihood and noise. Thin lines join points of equal log p(x|z)";

/// Draws the likelihood of the selected example.
pub(super) fn likelihood_map_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::LikelihoodMap { dimensions: ctx.selection.plane(), example: ctx.selection.example };
    let found = answer(ui.ctx(), panel_id("likelihood-map", run), &ctx.session.runs()[run], &probe, map_of);
    let title = match ui.available_width() < 160.0 {
        true => "log p(x|z)",
        false => "Likelihood over z",
    };
    title_ui(ui, title, EXPLANATION, |_| {});
    let width = ui.available_width();
    let margins = Margins::of_width(width);
    let side = (width - margins.across()).clamp(40.0, LARGEST);
    let height = side + margins.top + margins.bottom;
    let map = match found {
        Answer::Value(map) => map,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            let spacing = 2.0 * ui.spacing().item_spacing.y;
            return message_ui(ui, ctx.palette, height + color_legend::HEIGHT + bound::HEIGHT + spacing, text);
        }
    };
    let span = shared_span(ui, ctx, &probe, run, &map);
    let words = words(&map);
    caption_ui(ui, ctx.palette, &words);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| {
        let axes = match map.kind {
            MapKind::Line => ctx.levels(run).name(map.dimensions[0]),
            _ => ctx.levels(run).names(map.dimensions).join(" and "),
        };
        let label = format!("log p(x|z) of {} over {axes}: {}", example_name(map.example), words[0]);
        WidgetInfo::labeled(Role::Image, true, label)
    });
    if map.kind == MapKind::Line {
        curve_ui(ui, ctx, run, (outer, margins), &map, span, &response);
    } else {
        let left = outer.left() + ((width - side - margins.across()) / 2.0).max(0.0);
        let square = Rect::from_min_size(pos2(left, outer.top()), vec2(side + margins.across(), height));
        let reach = shared_reach(ui, ctx, &probe, &map);
        let axis = Axis::linear(-reach, reach);
        let axes = Axes::within(square, margins, axis, axis);
        if ui.is_rect_visible(outer) {
            picture_ui(ui, ctx, run, &axes, &map, span);
            front_of_map_ui(ui, ctx.palette, &axes, ctx.levels(run).names(map.dimensions));
        }
        value_on_hover(ui, ctx.levels(run), &axes, &map, &response);
    }
    legend_ui(ui, ctx, run, &map, span);
    bound_ui(ui, ctx, run, &map);
}

fn map_of(value: &ReadingValue) -> Option<&Arc<LikelihoodMap>> {
    match value {
        ReadingValue::LikelihoodMap(map) => Some(map),
        _ => None,
    }
}

/// What the map says, long to short.
fn words(map: &LikelihoodMap) -> Vec<String> {
    let range = number(map.likelihood_range as f32);
    let short = short_number(map.likelihood_range as f32);
    let radius = round_number(map.radius as f32);
    let is_flat = map.likelihood_range < FLAT_RANGE;
    let place = match map.kind {
        MapKind::Line | MapKind::Plane | MapKind::PlaneOfThree => "",
        MapKind::Slice => "Slice through the encoder's mean: ",
    };
    let mut long = match is_flat {
        true => format!("{place}flat, range R = {range} nats within |z| ≤ {radius}, so the posterior is the prior"),
        false => format!("{place}range R = {range} nats within |z| ≤ {radius}"),
    };
    if map.kind == MapKind::PlaneOfThree {
        long.push_str("; the plane goes through the exact posterior mean");
    }
    if map.is_widened {
        long.push_str(&format!("; grid widened to radius {radius}: a posterior had mass at its border"));
    }
    if map.posterior.is_none() {
        long.push_str("; the exact posterior is not resolved by the grid");
    }
    let mut letters = long.chars();
    let long = letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default();
    let mut notes = Vec::new();
    if map.kind == MapKind::Slice {
        notes.push("slice".to_owned());
    }
    notes.push(match map.is_widened {
        true => format!("widened to radius {radius}"),
        false => format!("radius {radius}"),
    });
    if map.posterior.is_none() {
        notes.push("posterior not resolved".to_owned());
    }
    let note = notes.join(", ");
    let flat = if is_flat { "Flat: " } else { "" };
    vec![
        long,
        format!("{flat}R = {range} nats ({note})"),
        format!("{flat}R {short} ({})", note.replace("posterior ", "")),
        format!("{flat}R {short} nats"),
    ]
}

fn picture_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, map: &LikelihoodMap, span: Span) {
    let palette = ctx.palette;
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let radius = map.radius as f32;
    let rect = Rect::from_two_pos(axes.at(-radius, -radius), axes.at(radius, radius));
    let contours = Contours {
        from: span.high,
        every: round_step((span.high - span.low) / LINES),
        width: 1.0,
        color: Color32::from_white_alpha(70),
    };
    HeatMapPicture {
        key: panel_id("likelihood-map", run),
        values: map.drawn.clone(),
        side: map.side,
        low: span.low,
        high: span.high,
        rect,
        ramp: map_ramp(),
        contours: Some(contours),
    }
    .paint(&painter);
    // Where the grid of the range, the posterior and the bound ends.
    dashed_circle(
        &painter,
        axes,
        radius,
        0.8,
        Ink { line: Color32::from_white_alpha(110), halo: Color32::TRANSPARENT },
    );
    contours_ui(&painter, rect, &map.contours, 1.5, Ink::OVER_MAP);
    // Over the exact posterior's: on a flat map the two cover each other.
    match &map.prior {
        Some(prior) => prior_lines_ui(ui, &painter, axes, prior, Ink::DARK_OVER_MAP),
        None => prior_shares_ui(ui, &painter, axes, &POSTERIOR_SHARES, Ink::DARK_OVER_MAP),
    }
    let [[x, sd_x], [y, sd_y]] = map.encoder;
    // Half of a Gaussian in a plane lies within √(2 log 2) standard deviations: the share of the inner contours.
    let half = (2.0 * std::f32::consts::LN_2).sqrt();
    gaussian_ui(&painter, palette, axes, [x, y], [half * sd_x, half * sd_y], Ink::OVER_MAP.halo);
    if map.likelihood_range < FLAT_RANGE {
        let place = axes.frame.right_top() + vec2(-6.0, 3.0);
        plated_text_ui(ui, &painter, palette, place, Align2::RIGHT_TOP, "flat");
    }
}

fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, map: &LikelihoodMap, span: Span) {
    if map.kind == MapKind::Line {
        return likelihood_curve::legend_ui(ui, ctx, run, map);
    }
    let palette = ctx.palette;
    let unit = if is_narrow(ui.available_width()) { "" } else { " nats" };
    let legend = ColorLegend {
        ramp: map_ramp(),
        ends: [round_number(span.low), format!("{}{unit}", round_number(span.high))],
        mark: None,
        explanation: LEGEND,
    };
    legend.ui(ui, palette, |ui| {
        if map.posterior.is_some() {
            let exact = "Contours that hold 50 % and 90 % of the exact posterior p(z|x) ∝ p(z) p(x|z), on the grid";
            sign_ui(ui, "exact", exact, |painter, rect| {
                let ring = EllipseShape::stroke(rect.center(), vec2(6.0, 4.5), Stroke::new(1.6, palette.strong_text));
                painter.add(ring);
            });
        }
        let encoder = "The encoder's q(z|x): mean, and the ellipse that holds 50 % of it";
        sign_ui(ui, "q(z|x)", encoder, |painter, rect| {
            painter.add(EllipseShape::stroke(rect.center(), vec2(6.0, 4.5), Stroke::new(1.6, palette.posterior)));
            painter.circle_filled(rect.center(), 2.0, palette.posterior);
        });
        let prior = match map.log_prior {
            Some(_) => "Contours that hold 50 % and 90 % of the learned prior p(z) in this plane",
            None => "Circles that hold 50 % and 90 % of the prior p(z) in this plane",
        };
        sign_ui(ui, "prior", prior, |painter, rect| {
            let ends = [rect.left_center(), rect.right_center()];
            painter.extend(Shape::dashed_line(&ends, Stroke::new(1.4, palette.strong_text), 3.0, 2.5));
        });
    });
}

/// The value under the pointer, by bilinear interpolation.
pub(in crate::ui) fn value_at(values: &[f32], side: usize, [x, y]: [f32; 2]) -> Option<f32> {
    if side < 2 || values.len() != side * side || !(0.0..=1.0).contains(&x) || !(0.0..=1.0).contains(&y) {
        return None;
    }
    let last = (side - 1) as f32;
    let [column, row] = [x, y].map(|share| ((share * last) as usize).min(side - 2));
    let [right, up] = [x * last - column as f32, y * last - row as f32];
    let at = row * side + column;
    let along = |at: usize| values[at] + right * (values[at + 1] - values[at]);
    Some(along(at) + up * (along(at + side) - along(at)))
}

fn value_on_hover(ui: &Ui, levels: Levels, axes: &Axes, map: &LikelihoodMap, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let z = [axes.x_value(pointer.x), axes.y_value(pointer.y)];
    let place = z.map(|z| 0.5 * (z / map.radius as f32 + 1.0));
    if place.iter().any(|share| !(0.0..=1.0).contains(share)) {
        return;
    }
    let value = map.log_likelihood_at(z.map(f64::from)) as f32;
    let density = map.posterior.as_ref().and_then(|posterior| value_at(posterior, map.side, place));
    ui.painter().circle_stroke(pointer, 3.0, Stroke::new(1.0, Color32::WHITE));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("log p(x|z) = {} nats", number(value)));
        let [x, y] = levels.names(map.dimensions);
        ui.label(format!("{x} = {:.2}, {y} = {:.2}", z[0], z[1]).replace('-', "−"));
        ui.label(format!("{} nats below the largest within the radius", number((map.ends[1] - value).max(0.0))));
        if let Some(density) = density {
            ui.label(format!("Exact posterior density {}", number(density)));
        }
        let normal = (-0.5 * (z[0] * z[0] + z[1] * z[1])).exp() / std::f32::consts::TAU;
        let learned = map.log_prior.as_ref().and_then(|log| value_at(log, map.side, place)).map(f32::exp);
        ui.label(format!("Prior density {}", number(learned.unwrap_or(normal))));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quadratic;

    #[test]
    fn what_is_flat_is_called_flat() {
        let flat = words(&quadratic(0.01));
        assert!(flat[0].starts_with("Flat, range R = 0.045 nats within |z| ≤ 3"), "{flat:?}");
        assert!(flat.iter().all(|form| form.starts_with("Flat")));
        let steep = words(&quadratic(3.0));
        assert_eq!(steep[0], "Range R = 13.5 nats within |z| ≤ 3");
        assert!(steep.iter().all(|form| !form.contains("lat")));
    }

    #[test]
    fn slices_and_widened_grids_say_so() {
        let widened = LikelihoodMap { is_widened: true, radius: 5.0, ..quadratic(3.0) };
        assert!(
            words(&widened)[0].contains("widened to radius 5") && words(&widened)[1].contains("widened to radius 5")
        );
        let slice = LikelihoodMap { kind: MapKind::Slice, ..quadratic(3.0) };
        assert!(words(&slice)[0].starts_with("Slice through the encoder's mean") && words(&slice)[1].contains("slice"));
        let sharp = LikelihoodMap { posterior: None, kl: None, ..quadratic(3.0) };
        assert!(words(&sharp)[0].contains("not resolved"));
    }

    #[test]
    fn values_between_points_are_interpolated() {
        let values = [0.0, 1.0, 2.0, 3.0];
        assert_eq!(value_at(&values, 2, [0.5, 0.0]), Some(0.5));
        assert_eq!(value_at(&values, 2, [1.0, 1.0]), Some(3.0));
        assert_eq!(value_at(&values, 2, [0.25, 0.5]), Some(1.25));
        assert_eq!(value_at(&values, 2, [1.2, 0.5]), None);
    }
}
