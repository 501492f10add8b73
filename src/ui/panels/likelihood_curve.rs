//! log p(x|z) of a model with one latent dimension: a curve, over the densities that it turns into each other.

use super::PanelContext;
use super::axes::{Axes, Axis, Margins};
use super::color_legend::{self, sign_ui};
use super::likelihood_scale::Span;
use super::posterior::area_under;
use super::words::number;
use crate::measure::LikelihoodMap;
use eframe::egui::{Pos2, Rect, Response, Shape, Stroke, Ui, pos2};

/// Highest density, as a share of the picture's height.
const DENSITIES: f32 = 0.9;

/// Draws the curve within `outer`.
pub(super) fn curve_ui(
    ui: &Ui,
    ctx: &PanelContext<'_>,
    run: usize,
    (outer, margins): (Rect, Margins),
    map: &LikelihoodMap,
    span: Span,
    response: &Response,
) {
    let radius = map.radius as f32;
    let axes = Axes::within(outer, margins, Axis::linear(-radius, radius), Axis::linear(span.low, span.high));
    let palette = ctx.palette;
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let last = (map.side.max(2) - 1) as f32;
    let z = |at: usize| radius * (2.0 * at as f32 / last - 1.0);

    let [mean, sd] = map.encoder[0];
    let normal =
        |z: f32, mean: f32, sd: f32| (-0.5 * ((z - mean) / sd).powi(2)).exp() / (sd * std::f32::consts::TAU.sqrt());
    let prior: Vec<f32> = match &map.log_prior {
        Some(log) => log.iter().map(|log| log.exp()).collect(),
        None => (0..map.side).map(|at| normal(z(at), 0.0, 1.0)).collect(),
    };
    let encoder: Vec<f32> = (0..map.side).map(|at| normal(z(at), mean, sd)).collect();
    let exact = map.posterior.as_deref().unwrap_or_default();
    let highest = prior.iter().chain(&encoder).chain(exact).copied().fold(0.0, f32::max);
    // Densities have no axis of their own: they stand on the floor, the highest of them as high as there is room.
    let density = |values: &[f32]| -> Vec<Pos2> {
        let height = |value: f32| DENSITIES * axes.frame.height() * value / highest;
        values
            .iter()
            .enumerate()
            .map(|(at, value)| pos2(axes.x_at(z(at)), axes.frame.bottom() - height(*value)))
            .collect()
    };
    let prior_curve = density(&prior);
    painter.add(area_under(&prior_curve, axes.frame.bottom(), palette.tint(palette.prior, 0.28)));
    painter.line(prior_curve, Stroke::new(1.0, palette.prior));
    if !exact.is_empty() {
        painter.line(density(exact), Stroke::new(1.6, palette.strong_text));
    }
    painter.extend(Shape::dashed_line(&density(&encoder), Stroke::new(2.0, palette.posterior), 6.0, 3.0));
    let curve: Vec<Pos2> = map
        .log_likelihood
        .iter()
        .enumerate()
        .map(|(at, value)| axes.at(z(at), value.max(2.0 * span.low - span.high)))
        .collect();
    painter.line(curve, Stroke::new(2.5, ctx.color(run)));
    axes.front_ui(ui, palette, &ctx.levels(run).name(map.dimensions[0]), "log p(x|z), nats");

    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let at =
        ((0.5 * (axes.x_value(pointer.x) / radius + 1.0) * last).round().max(0.0) as usize).min(map.side.max(1) - 1);
    let Some(value) = map.log_likelihood.get(at).copied() else { return };
    painter.vline(pointer.x, axes.frame.y_range(), Stroke::new(1.0, palette.weak_text));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("log p(x|z) = {} nats", number(value)));
        ui.label(format!("{} = {}", ctx.levels(run).name(map.dimensions[0]), number(z(at))));
        if let Some(density) = exact.get(at) {
            ui.label(format!("Exact posterior density {}", number(*density)));
        }
        ui.label(format!("Prior density {}", number(prior.get(at).copied().unwrap_or(0.0))));
        ui.label(format!("q(z|x) density {}", number(normal(z(at), mean, sd))));
    });
}

/// Which line is what.
pub(super) fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, map: &LikelihoodMap) {
    let (palette, has_exact) = (ctx.palette, map.posterior.is_some());
    let prior = match map.log_prior {
        Some(_) => "p(z), a learned mixture; densities stand on the floor, all on one scale",
        None => "p(z) = N(0, 1); densities stand on the floor, all on one scale",
    };
    ui.horizontal(|ui| {
        ui.set_height(color_legend::HEIGHT - ui.spacing().item_spacing.y);
        ui.spacing_mut().item_spacing.x = 4.0;
        let entries = [
            (
                "log p(x|z)",
                ctx.color(run),
                "The likelihood's logarithm in nats, constants included; the vertical axis is its",
            ),
            ("prior", palette.prior, prior),
            ("exact", palette.strong_text, "The exact posterior p(z|x) ∝ p(z) p(x|z), on the grid"),
            ("q(z|x)", palette.posterior, "The encoder's Gaussian for this example"),
        ];
        for (name, color, explanation) in entries.into_iter().filter(|(name, ..)| has_exact || *name != "exact") {
            sign_ui(ui, name, explanation, |painter, rect| {
                painter.line_segment([rect.left_center(), rect.right_center()], Stroke::new(2.5, color));
            });
        }
    });
}
