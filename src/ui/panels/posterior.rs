//! One latent dimension: the prior, the aggregated posterior, and the selected example's posterior, as densities.

use super::axes::{Axes, Axis, Margins};
use super::memory::{Answer, answer, derived, panel_id, stable_maximum};
use super::words::{example_name, number};
use super::{PanelContext, caption_ui, explained, message_ui, scaled_height, title_ui};
use crate::train::{Marginal, Probe, ReadingValue};
use eframe::egui::{
    Align, Color32, Id, Layout, Mesh, Pos2, RichText, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// Height of the picture, in a window of 900 points.
pub(super) const HEIGHT: f32 = 132.0;
const LEGEND_HEIGHT: f32 = 16.0;
/// Total variation below which two densities are called equal: one cannot see it on this picture.
const SAME: f32 = 0.02;

const EXPLANATION: &str = "Three densities over the selected latent dimension, estimated from nothing but the encoder: the prior p(z), which is N(0, 1) unless it is learned, \
    the aggregated posterior q(z) = the mean of q(z|x) over the evaluation pool (an exact mixture, no histogram), and q(z|x) of one example. \
    Where q(z|x) equals the prior for every example, the dimension says nothing about x: it is collapsed. An aggregated posterior equal to \
    the prior alone is no collapse; it is what an ideal encoder has";

const LEARNED: &str =
    "The marginal of the learned mixture p(z), which is trained with the decoder to fit the aggregated posterior";

/// Width that the legend's full words need.
const LEGEND_WIDTH: f32 = 310.0;

/// Heights of the densities.
struct Heights {
    highest_shared: f32,
    highest_posterior: f32,
}

/// Draws the densities of the selected dimension.
pub(super) fn posterior_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::Marginal { dimension: ctx.selection.dimension, example: ctx.selection.example };
    let id = panel_id("posterior", run);
    let found = answer(ui.ctx(), id, &ctx.session.runs()[run], &probe, marginal_of);
    let levels = ctx.levels(run);
    let dimension = match &found {
        Answer::Value(marginal) => marginal.dimension,
        Answer::Message(_) => ctx.selection.dimension,
    };
    title_ui(ui, &format!("Posterior against prior, {}", levels.name(dimension)), EXPLANATION, |_| {});
    let height = scaled_height(ui, HEIGHT);
    let Answer::Value(marginal) = found else {
        let Answer::Message(text) = found else { return };
        caption_ui(ui, ctx.palette, &[]);
        legend_ui(ui, ctx, run, None);
        return message_ui(ui, ctx.palette, height, text);
    };
    let heights = derived(ui.ctx(), id.with("heights"), &marginal, Heights::of);
    let maximum = shared_maximum(ui, ctx, &probe, &heights);
    let peak = Some(heights.highest_posterior).filter(|peak| *peak > maximum);
    let words = words(&marginal, &levels.name(dimension), peak);
    caption_ui(ui, ctx.palette, &words);
    legend_ui(ui, ctx, run, Some(marginal.example));

    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let label =
            format!("Densities over {} for {}: {}", levels.name(dimension), example_name(marginal.example), words[0]);
        WidgetInfo::labeled(Role::Image, true, label)
    });
    if !ui.is_rect_visible(outer) {
        return;
    }
    let reach = shared_reach(ctx, &probe, &marginal);
    if reach <= 0.0 {
        return;
    }
    let axes =
        Axes::within(outer, Margins::of_width(outer.width()), Axis::linear(-reach, reach), Axis::linear(0.0, maximum));
    axes.back_ui(ui, ctx.palette, [true, true]);
    densities_ui(ui, ctx, run, &axes, &marginal);
    axes.front_ui(ui, ctx.palette, &levels.name(dimension), "density");
    values_on_hover(ui, &axes, &levels.name(dimension), &marginal, &response);
}

/// Height of caption, legend and picture together.
pub(super) fn height_below_title(ui: &Ui) -> f32 {
    let spacing = ui.spacing().item_spacing.y;
    ui.text_style_height(&TextStyle::Small) + LEGEND_HEIGHT + scaled_height(ui, HEIGHT) + 2.0 * spacing
}

fn marginal_of(value: &ReadingValue) -> Option<&Arc<Marginal>> {
    match value {
        ReadingValue::Marginal(marginal) => Some(marginal),
        _ => None,
    }
}

/// The same vertical axis in every column. A sharp posterior may leave the picture, so that the others stay visible.
fn shared_maximum(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, own: &Heights) -> f32 {
    let mut shared = own.highest_shared;
    let mut posterior = own.highest_posterior;
    for (index, run) in ctx.session.runs().iter().enumerate() {
        if let Some(ReadingValue::Marginal(other)) = run.reading(probe).map(|reading| &reading.value) {
            let other = derived(ui.ctx(), panel_id("posterior", index).with("heights"), other, Heights::of);
            shared = shared.max(other.highest_shared);
            posterior = posterior.max(other.highest_posterior);
        }
    }
    stable_maximum(ui.ctx(), Id::unique("collapsar-posterior-maximum"), 1.08 * shared.max(posterior.min(3.0 * shared)))
}

/// The same horizontal axis in every column; a learned prior may need a wider one.
fn shared_reach(ctx: &PanelContext<'_>, probe: &Probe, own: &Marginal) -> f32 {
    let reach = |marginal: &Marginal| marginal.grid.last().copied().unwrap_or(0.0);
    let others = ctx.session.runs().iter().filter_map(|run| match &run.reading(probe)?.value {
        ReadingValue::Marginal(marginal) => Some(reach(marginal)),
        _ => None,
    });
    others.fold(reach(own), f32::max)
}

impl Heights {
    fn of(marginal: &Marginal) -> Self {
        let highest = |density: &[f32]| density.iter().copied().fold(0.0, f32::max);
        Self {
            highest_shared: highest(&marginal.prior).max(highest(&marginal.aggregated)),
            highest_posterior: highest(&marginal.posterior),
        }
    }
}

/// How far the densities are from the prior, long to short; `peak` is the height of a posterior that leaves the picture.
fn words(marginal: &Marginal, dimension: &str, peak: Option<f32>) -> Vec<String> {
    let example = example_name(marginal.example);
    let (aggregated, posterior) = (marginal.aggregated_distance, marginal.posterior_distance);
    let mut forms = match (aggregated < SAME, posterior < SAME) {
        (true, true) => vec![
            format!("All three coincide: {dimension} says nothing about {example}"),
            "All coincide with the prior".to_owned(),
        ],
        (true, false) => vec![
            format!("The aggregated posterior equals the prior, q(z|x) does not ({posterior:.2} away)"),
            format!("q(z) is the prior, q(z|x) is {posterior:.2} away"),
            format!("q(z|x) {posterior:.2} from prior"),
        ],
        _ => vec![
            format!("Total variation from the prior: aggregated {aggregated:.2}, {example} {posterior:.2}"),
            format!("Distance from prior: q(z) {aggregated:.2}, q(z|x) {posterior:.2}"),
            format!("To prior: q(z) {aggregated:.2}, q(z|x) {posterior:.2}"),
        ],
    };
    if let Some(peak) = peak.map(number) {
        forms.iter_mut().for_each(|form| form.push_str(&format!("; q(z|x) peaks at {peak}")));
        forms.push(format!("q(z|x) peaks at {peak}"));
    }
    forms
}

fn densities_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, marginal: &Marginal) {
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let curve =
        |density: &[f32]| -> Vec<Pos2> { marginal.grid.iter().zip(density).map(|(x, y)| axes.at(*x, *y)).collect() };
    let (palette, color) = (ctx.palette, ctx.color(run));
    let prior = curve(&marginal.prior);
    painter.add(area_under(&prior, axes.frame.bottom(), palette.tint(palette.prior, 0.28)));
    painter.line(prior, Stroke::new(1.0, palette.prior));
    let aggregated = curve(&marginal.aggregated);
    painter.add(area_under(&aggregated, axes.frame.bottom(), palette.tint(color, 0.16)));
    painter.line(aggregated, Stroke::new(2.0, color));
    painter.extend(Shape::dashed_line(&curve(&marginal.posterior), Stroke::new(2.0, palette.posterior), 6.0, 3.0));
}

pub(in crate::ui) fn area_under(curve: &[Pos2], floor: f32, color: Color32) -> Mesh {
    let mut mesh = Mesh::default();
    mesh.reserve_vertices(2 * curve.len());
    mesh.reserve_triangles(2 * curve.len());
    for (at, point) in curve.iter().enumerate() {
        mesh.colored_vertex(*point, color);
        mesh.colored_vertex(pos2(point.x, floor), color);
        if at > 0 {
            let last = 2 * at as u32;
            mesh.add_triangle(last - 2, last - 1, last);
            mesh.add_triangle(last - 1, last, last + 1);
        }
    }
    mesh
}

fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, example: Option<usize>) {
    let palette = ctx.palette;
    let size = vec2(ui.available_width(), LEGEND_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 4.0;
        let is_narrow = ui.available_width() < LEGEND_WIDTH;
        let example = example.filter(|_| !is_narrow);
        let posterior =
            example.map_or_else(|| "q(z|x)".to_owned(), |example| format!("q(z|x), {}", example_name(example)));
        let aggregated = if is_narrow { "q(z)" } else { "Aggregated q(z)" };
        let prior = match (ctx.session.runs()[run].settings.model.prior.is_mixture(), is_narrow) {
            (true, false) => ("Learned prior", LEARNED),
            (true, true) => ("Prior", LEARNED),
            (false, _) => ("Prior", "p(z) = N(0, 1), what the decoder is trained to expect"),
        };
        let entries = [
            (palette.prior, false, prior.0, prior.1),
            (ctx.color(run), false, aggregated, "Aggregated posterior: the mean of q(z|x) over the evaluation pool"),
            (
                palette.posterior,
                true,
                &*posterior,
                "The encoder's Gaussian for the selected example; click in the plane or in the data to choose another",
            ),
        ];
        for (color, dashed, name, explanation) in entries {
            let (rect, _) = ui.allocate_exact_size(vec2(if is_narrow { 10.0 } else { 14.0 }, 14.0), Sense::hover());
            let ends = [rect.left_center(), rect.right_center()];
            if dashed {
                ui.painter().extend(Shape::dashed_line(&ends, Stroke::new(2.0, color), 5.0, 3.0));
            } else {
                ui.painter().line_segment(ends, Stroke::new(3.0, color));
            }
            explained(ui.label(RichText::new(name).small()), explanation);
            ui.add_space(if is_narrow { 0.0 } else { 4.0 });
        }
    });
}

fn values_on_hover(ui: &Ui, axes: &Axes, name: &str, marginal: &Marginal, response: &eframe::egui::Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let x = axes.x_value(pointer.x);
    let at = marginal.grid.partition_point(|grid| *grid < x).min(marginal.grid.len().saturating_sub(1));
    let value = |density: &[f32]| density.get(at).copied().map_or_else(String::new, number);
    ui.painter().vline(pointer.x, axes.frame.y_range(), Stroke::new(1.0, ui.visuals().weak_text_color()));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.label(format!("{name} = {x:.2}"));
        let prior = if marginal.is_prior_learned { "Learned prior" } else { "Prior" };
        ui.label(format!("{prior} {}", value(&marginal.prior)));
        ui.label(format!("Aggregated posterior {}", value(&marginal.aggregated)));
        ui.label(format!("q(z|x) of {} {}", example_name(marginal.example), value(&marginal.posterior)));
    });
}
