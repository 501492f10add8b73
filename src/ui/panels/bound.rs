//! The bound KL(p(z|x) ‖ p(z)) ≤ min(R, R²/8) as a dial: how far the posterior is from the prior, and how far it can be.
//!
//! The axis is logarithmic and the same always, so that two columns, and two moments, can be compared at a glance.

use super::axes::is_narrow;
use super::words::{number, short_number};
use super::{PanelContext, caption_ui};
use crate::measure::{COLLAPSED_KL, LikelihoodMap, MapKind};
use eframe::egui::{Align2, Rect, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};

/// Of the caption, the bar and the ticks.
pub(super) const HEIGHT: f32 = 50.0;
const BAR_HEIGHT: f32 = 12.0;
/// Ends of the axis, nats.
const ENDS: [f32; 2] = [1e-4, 100.0];
const TICKS: [(f32, &str); 5] = [(1e-3, "0.001"), (0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10")];

const EXPLANATION: &str = "How far posteriors are from the prior, in nats on a logarithmic axis. Filled: KL(p(z|x) ‖ p(z)) of the exact posterior. \
    Bracket: the bound min(R, R²/8) from the range R of log p(x|z) on the same grid, which no exact posterior passes. Triangle: KL(q(z|x) ‖ p(z)) of the \
    encoder, which the bound does not hold. Dotted: 0.005 nats, below which a posterior counts as collapsed";

/// Where a number of nats stands on the axis, 0 to 1.
fn fraction(nats: f64) -> f32 {
    let [low, high] = ENDS.map(f64::from);
    ((nats.max(low) / low).ln() / (high / low).ln()).clamp(0.0, 1.0) as f32
}

/// The encoder's KL can be held against the bound where both are about the whole latent space.
fn encoder_kl(map: &LikelihoodMap) -> Option<f32> {
    (map.kind != MapKind::Slice && map.encoder_kl.is_finite()).then_some(map.encoder_kl)
}

/// What the dial says, long to short.
fn words(map: &LikelihoodMap) -> Vec<String> {
    let bound = number(map.bound as f32);
    let short_bound = short_number(map.bound as f32);
    let encoder = encoder_kl(map).map_or_else(String::new, |kl| format!("; encoder {}", number(kl)));
    let of_slice = if map.kind == MapKind::Slice { " of the slice" } else { "" };
    match map.kl {
        Some(kl) => vec![
            format!("KL ≤ min(R, R²/8): exact posterior{of_slice} {} ≤ {bound} nats{encoder}", number(kl as f32)),
            format!("KL exact {} ≤ min(R, R²/8) = {bound}{encoder}", number(kl as f32)),
            format!("KL exact {} ≤ {bound} nats", number(kl as f32)),
            format!("KL {} ≤ {short_bound}", short_number(kl as f32)),
        ],
        None => vec![
            format!("KL ≤ min(R, R²/8) = {bound} nats{encoder}; the grid does not resolve the exact posterior"),
            format!("KL ≤ min(R, R²/8) = {bound} nats"),
            format!("KL ≤ {short_bound} nats"),
        ],
    }
}

/// Draws the dial.
pub(super) fn bound_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, map: &LikelihoodMap) {
    let palette = ctx.palette;
    let words = words(map);
    let bottom = ui.cursor().top() + HEIGHT;
    caption_ui(ui, palette, &words);
    let (outer, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), bottom - ui.cursor().top()), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Dial of the bound: {}", words[0])));
    response.on_hover_text(EXPLANATION);
    if !ui.is_rect_visible(outer) {
        return;
    }
    let indent = if is_narrow(outer.width()) { 2.0 } else { 8.0 };
    let bar = Rect::from_min_size(outer.min + vec2(indent, 3.0), vec2(outer.width() - 2.0 * indent, BAR_HEIGHT));
    let x = |nats: f64| bar.left() + fraction(nats) * bar.width();
    let painter = ui.painter();
    painter.rect_filled(bar, 2.0, palette.control);
    // What no exact posterior of this likelihood can have.
    let limit = x(map.bound);
    let beyond = Rect::from_min_max(pos2(limit, bar.top()), bar.max);
    hatch(&painter.with_clip_rect(beyond.intersect(ui.clip_rect())), beyond, palette.outline);
    if let Some(kl) = map.kl {
        let filled = Rect::from_min_max(bar.min, pos2(x(kl), bar.bottom()));
        painter.rect_filled(filled, 2.0, ctx.color(run));
    }
    painter.rect_stroke(bar, 2.0, Stroke::new(1.0, palette.outline), StrokeKind::Inside);
    let threshold = x(COLLAPSED_KL);
    painter.extend(Shape::dotted_line(
        &[pos2(threshold, bar.top()), pos2(threshold, bar.bottom())],
        palette.threshold,
        3.0,
        0.8,
    ));
    let bracket = Stroke::new(2.0, palette.strong_text);
    painter.line_segment([pos2(limit, bar.top() - 3.0), pos2(limit, bar.bottom() + 3.0)], bracket);
    for y in [bar.top() - 2.0, bar.bottom() + 2.0] {
        painter.line_segment([pos2(limit - 4.0, y), pos2(limit, y)], bracket);
    }
    if let Some(kl) = encoder_kl(map) {
        let tip = pos2(x(f64::from(kl)), bar.center().y);
        let triangle = vec![tip, tip + vec2(-5.0, 8.5), tip + vec2(5.0, 8.5)];
        painter.add(Shape::convex_polygon(triangle, palette.posterior, Stroke::new(1.0, palette.surface)));
    }
    let font = TextStyle::Small.resolve(ui.style());
    // Narrow, every second one.
    for (value, text) in TICKS.into_iter().step_by(if is_narrow(outer.width()) { 2 } else { 1 }) {
        let place = pos2(x(f64::from(value)), bar.bottom() + 3.0);
        painter.text(place, Align2::CENTER_TOP, text, font.clone(), palette.weak_text);
    }
}

fn hatch(painter: &eframe::egui::Painter, rect: Rect, color: eframe::egui::Color32) {
    let mut left = rect.left() - rect.height();
    while left < rect.right() {
        let ends = [pos2(left, rect.bottom()), pos2(left + rect.height(), rect.top())];
        painter.line_segment(ends, Stroke::new(1.0, color));
        left += 6.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::quadratic;

    #[test]
    fn decades_are_equally_long() {
        let places = [1e-4, 1e-3, 0.01, 0.1, 1.0, 10.0, 100.0].map(fraction);
        for pair in places.windows(2) {
            assert!((pair[1] - pair[0] - 1.0 / 6.0).abs() < 1e-6, "{places:?}");
        }
        assert_eq!([0.0, 1e9].map(fraction), [0.0, 1.0]);
    }

    #[test]
    fn the_bound_is_told_with_both_kls() {
        let map = LikelihoodMap { kl: Some(0.31), encoder_kl: 0.29, ..quadratic(0.5) };
        assert_eq!(words(&map)[0], "KL ≤ min(R, R²/8): exact posterior 0.310 ≤ 0.633 nats; encoder 0.290");
        let slice = LikelihoodMap { kind: MapKind::Slice, ..map.clone() };
        assert!(!words(&slice)[0].contains("encoder"), "the encoder's KL is over all dimensions");
        let sharp = LikelihoodMap { kl: None, ..map };
        assert!(words(&sharp)[0].contains("does not resolve"));
    }
}
