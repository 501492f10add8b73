//! KL per latent dimension, one bar each, in latent order.
//!
//! A collapsed dimension is told by its bar's style and not by its height: on a linear axis the height at which a dimension counts as
//! collapsed is a hair above zero. A logarithmic axis, one click away, shows the threshold as a line.

use super::axes::{Axes, Axis, Margins, is_narrow};
use super::memory::{panel_id, stable_maximum};
use super::words::{dimension_name, number, short_number};
use super::{PanelContext, measures, message_ui, posterior, scaled_height, title_ui};
use crate::measure::{ACTIVE_UNIT_VARIANCE, Measures, PosteriorComparison};
use crate::ui::theme::Palette;
use crate::ui::verdict::comparison;
use eframe::egui::{
    Align2, Color32, FontId, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

const HEIGHT: f32 = 134.0;
/// Narrower, the panel stands beside the densities over one dimension, and is as high as that.
const WIDEST_BESIDE: f32 = 330.0;
/// Bottom of the logarithmic axis, nats; lower values are drawn there.
const SMALLEST: f32 = 1e-4;
/// The axis never ends below this: a bar of a thousandth of a nat must not fill the panel.
const LEAST_MAXIMUM: f32 = 0.1;

const EXPLANATION: &str = "How far the encoder's posterior q(z|x) is from the prior in each latent dimension: KL(q(zᵢ|x) ‖ p(zᵢ)) in \
    nats per example, averaged over the evaluation pool. A dimension is active when the variance of its posterior mean over examples is \
    at least 0.01 (Burda et al. 2016), otherwise it is collapsed, drawn hollow or marked with a ring. The arrow beside a bar is the KL of the exact posterior's marginal, by Bayes' \
    rule on a grid, for K ≤ 3: far above the bar, the encoder lags. Click a bar to look at that dimension everywhere; \
    Shift-click makes it the vertical axis of the plane.";

/// KL at which a dimension of a linear-Gaussian model has the threshold's posterior-mean variance v: there the posterior variance
/// is 1 − v, and the KL is −½ ln(1 − v).
fn threshold_kl() -> f32 {
    -0.5 * (1.0 - ACTIVE_UNIT_VARIANCE).ln()
}

/// What stands beside the encoder's bars.
#[derive(Clone, Copy)]
struct Beside<'a> {
    /// A theory's values, one per dimension.
    theory: Option<&'a [f32]>,
    /// Exact posteriors of the same model.
    comparison: Option<&'a PosteriorComparison>,
}

impl Beside<'_> {
    /// KL of the exact posterior's marginal, nats.
    fn exact_kl(&self, dimension: usize) -> Option<f32> {
        let exact = self.comparison?.exact.as_ref().ok()?;
        exact.kl_per_dimension.get(dimension).map(|kl| *kl as f32)
    }

    /// Range of log p(x|z) along a dimension, nats.
    fn slice_range(&self, dimension: usize) -> Option<f32> {
        self.comparison?.slice_ranges.get(dimension).map(|range| *range as f32)
    }
}

/// Draws the bars; `theory` are values to compare with, one per dimension.
pub(super) fn kl_bars_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize, theory: Option<&[f32]>) {
    let shared = Id::unique("collapsar-kl-logarithmic");
    let mut logarithmic = ui.data(|data| data.get_temp(shared)).unwrap_or(false);
    let width = ui.available_width();
    let (title, toggle) = if is_narrow(width) { ("KL, nats", "log") } else { ("KL per dimension", "log axis") };
    title_ui(ui, title, EXPLANATION, |ui| {
        let toggle = ui.checkbox(&mut logarithmic, toggle);
        toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, logarithmic, "Logarithmic KL axis"));
        if toggle.on_hover_text("Logarithmic axis in all columns, with the KL below which a linear model's dimension counts as collapsed").changed() {
            ui.data_mut(|data| data.insert_temp(shared, logarithmic));
        }
    });
    let is_beside = width < WIDEST_BESIDE;
    let height = if is_beside { posterior::height_below_title(ui) } else { scaled_height(ui, HEIGHT) };
    let Some(values) = measures(&ctx.session.runs()[run]) else {
        return message_ui(ui, ctx.palette, height, "Waiting for the first reading");
    };
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let largest = ctx.session.runs().iter().filter_map(measures).flat_map(|measures| &measures.kl_per_dimension);
    let exact =
        ctx.session.runs().iter().filter_map(comparison).filter_map(|comparison| comparison.exact.as_ref().ok());
    let exact = exact.flat_map(|exact| &exact.kl_per_dimension).map(|kl| *kl as f32);
    let largest = largest.copied().chain(exact).fold(LEAST_MAXIMUM, f32::max);
    let maximum = stable_maximum(ui.ctx(), Id::unique("collapsar-kl-maximum"), largest * 1.12);
    let y = if logarithmic { Axis::logarithmic(SMALLEST, maximum) } else { Axis::linear(0.0, maximum) };
    let beside = Beside { theory, comparison: comparison(&ctx.session.runs()[run]) };
    let count = values.kl_per_dimension.len();
    let margins = Margins::of_width(width);
    let margins = if is_beside { margins } else { Margins { bottom: 20.0, ..margins } };
    let axes = Axes::within(outer, margins, Axis::linear(0.0, count.max(1) as f32), y);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, summary(values, beside)));
    if !ui.is_rect_visible(outer) {
        return;
    }
    axes.back_ui(ui, ctx.palette, [false, true]);
    for dimension in 0..count {
        bar_ui(ui, ctx, run, &axes, values, dimension, beside);
    }
    threshold_line_ui(ui, ctx, &axes);
    axes.front_ui(ui, ctx.palette, "", if is_narrow(width) { " " } else { "nats per example" });
    if is_beside {
        let font = TextStyle::Small.resolve(ui.style());
        let place = pos2(axes.frame.center().x, axes.frame.bottom() + 18.0);
        ui.painter().text(place, Align2::CENTER_TOP, "latent dimension", font, ctx.palette.weak_text);
    }
}

fn summary(values: &Measures, beside: Beside<'_>) -> String {
    let mut text = "KL per dimension, nats per example:".to_owned();
    for (dimension, kl) in values.kl_per_dimension.iter().enumerate() {
        let exact = beside.exact_kl(dimension).map_or_else(String::new, |kl| format!(" (exact {})", number(kl)));
        text.push_str(&format!(" {} {} {}{exact};", dimension_name(dimension), number(*kl), state(values, dimension)));
    }
    text.push_str(&format!(" total {}", number(values.kl)));
    text
}

fn state(values: &Measures, dimension: usize) -> &'static str {
    if is_collapsed(values, dimension) { "collapsed" } else { "active" }
}

pub(super) fn is_collapsed(values: &Measures, dimension: usize) -> bool {
    values.posterior_mean_variance.get(dimension).is_some_and(|variance| *variance < ACTIVE_UNIT_VARIANCE)
}

fn threshold_line_ui(ui: &Ui, ctx: &PanelContext<'_>, axes: &Axes) {
    let y = axes.y_at(threshold_kl());
    // On a linear axis the line would hide in the axis itself.
    if axes.frame.bottom() - y < 5.0 || y < axes.frame.top() {
        return;
    }
    let stroke = Stroke::new(1.0, ctx.palette.threshold);
    let ends = [pos2(axes.frame.left(), y), pos2(axes.frame.right(), y)];
    ui.painter().extend(eframe::egui::Shape::dashed_line(&ends, stroke, 4.0, 3.0));
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap("collapse threshold".to_owned(), font, ctx.palette.text);
    let place =
        Rect::from_min_size(pos2(axes.frame.right() - galley.size().x - 4.0, y - galley.size().y - 1.0), galley.size());
    // Bars may stand behind it.
    ui.painter().rect_filled(place.expand2(vec2(2.0, 0.0)), 2.0, ctx.palette.tint(ctx.palette.surface, 0.85));
    ui.painter().galley(place.min, galley, ctx.palette.text);
}

fn bar_ui(
    ui: &Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    axes: &Axes,
    values: &Measures,
    dimension: usize,
    beside: Beside<'_>,
) {
    let (kl, collapsed) = (values.kl_per_dimension[dimension], is_collapsed(values, dimension));
    let (left, right) = (axes.x_at(dimension as f32), axes.x_at(dimension as f32 + 1.0));
    let slot = Rect::from_min_max(pos2(left, axes.frame.top()), pos2(right, axes.frame.bottom() + 19.0));
    let width = (0.68 * slot.width()).clamp(2.0, 56.0);
    let top = axes.y_at(kl).clamp(axes.frame.top(), axes.frame.bottom() - 2.0);
    let center = slot.center().x;
    let bar = Rect::from_min_max(pos2(center - width / 2.0, top), pos2(center + width / 2.0, axes.frame.bottom()));

    let response = ui.interact(slot, panel_id("kl", run).with(dimension), Sense::click());
    let is_selected = ctx.selection.dimension == dimension;
    let name = dimension_name(dimension);
    response.widget_info(|| {
        let label = format!("{name}, KL {} nats, {}", number(kl), state(values, dimension));
        WidgetInfo::selected(Role::Button, true, is_selected, label)
    });
    select_on_click(ui, ctx, &response, dimension);

    let palette = ctx.palette;
    let painter = ui.painter();
    let marked = Rect::from_center_size(slot.center(), vec2(slot.width().max(8.0), slot.height()));
    if is_selected {
        painter.rect_filled(marked, 3.0, palette.tint(palette.accent, 0.16));
    }
    if is_selected || response.hovered() || response.has_focus() {
        let color = if is_selected { palette.accent } else { palette.outline };
        painter.rect_stroke(marked.shrink(0.5), 3.0, Stroke::new(1.0, color), StrokeKind::Inside);
    }
    let color = ctx.color(run);
    if collapsed {
        painter.rect_filled(bar, 1.0, palette.tint(color, 0.12));
        hatch(&painter.with_clip_rect(bar), bar, palette.tint(color, 0.6));
        painter.rect_stroke(bar, 1.0, Stroke::new(1.0, color), StrokeKind::Inside);
    } else {
        painter.rect_filled(bar, 1.0, color);
    }
    let theory = beside.theory.and_then(|theory| theory.get(dimension)).copied();
    let y = |kl: f32| axes.y_at(kl).clamp(axes.frame.top(), axes.frame.bottom());
    if let Some(theory) = theory {
        painter.hline(bar.x_range().expand(3.0), y(theory), Stroke::new(2.0, palette.text));
    }
    if let Some(exact) = beside.exact_kl(dimension) {
        exact_ui(painter, palette, pos2(bar.right().min(slot.right() - 9.0), y(exact)));
    }

    let font = TextStyle::Small.resolve(ui.style());
    texts_ui(painter, ctx, &font, Texts { slot, bar, floor: axes.frame.bottom(), kl, collapsed, dimension });
    response.on_hover_ui(|ui| {
        ui.strong(format!("{name} is {}", state(values, dimension)));
        ui.label(format!("KL {} nats per example", number(kl)));
        let variance = values.posterior_mean_variance.get(dimension).copied().unwrap_or(f32::NAN);
        ui.label(format!(
            "Variance of the posterior mean over examples {} (threshold {ACTIVE_UNIT_VARIANCE})",
            number(variance)
        ));
        if let Some(exact) = beside.exact_kl(dimension) {
            ui.label(format!("Exact posterior's marginal: KL {} nats per example", number(exact)));
        }
        if let Some(range) = beside.slice_range(dimension) {
            ui.label(format!(
                "Likelihood range along {name} within ±3, the others at the encoder's mean: {} nats",
                number(range)
            ));
        }
        if let Some(theory) = theory {
            ui.label(format!("Theory {} nats per example", number(theory)));
        }
        ui.weak("Click to look at this dimension, Shift-click for the vertical axis of the plane");
    });
}

/// An arrow at the right of a bar, with its tip at the bar's edge.
fn exact_ui(painter: &eframe::egui::Painter, palette: &Palette, tip: eframe::egui::Pos2) {
    let points = vec![tip, tip + vec2(8.0, -4.5), tip + vec2(8.0, 4.5)];
    let outline = Stroke::new(1.0, palette.surface);
    painter.add(eframe::egui::Shape::convex_polygon(points, palette.strong_text, outline));
}

fn select_on_click(ui: &Ui, ctx: &mut PanelContext<'_>, response: &Response, dimension: usize) {
    let wants_partner = response.secondary_clicked() || (response.clicked() && ui.input(|input| input.modifiers.shift));
    if wants_partner && dimension != ctx.selection.dimension {
        ctx.selection.partner = dimension;
    } else if response.clicked() {
        ctx.selection.select(dimension);
    }
}

struct Texts {
    slot: Rect,
    bar: Rect,
    floor: f32,
    kl: f32,
    collapsed: bool,
    dimension: usize,
}

/// Name under the bar and value above it, as far as they fit.
fn texts_ui(painter: &eframe::egui::Painter, ctx: &PanelContext<'_>, font: &FontId, texts: Texts) {
    let palette = ctx.palette;
    let Texts { slot, bar, floor, kl, collapsed, dimension } = texts;
    let is_selected = ctx.selection.dimension == dimension;
    let every = (24.0 / slot.width()).ceil().max(1.0) as usize;
    let makes_room = ctx.selection.dimension.abs_diff(dimension) < every;
    if is_selected || dimension.is_multiple_of(every) && !makes_room {
        let color = if is_selected { palette.text } else { palette.weak_text };
        painter.text(
            pos2(slot.center().x, floor + 3.0),
            Align2::CENTER_TOP,
            dimension_name(dimension),
            font.clone(),
            color,
        );
    }
    // The bar itself may be too low to show that it is hollow.
    if collapsed && slot.width() <= 104.0 {
        let shift = if slot.width() < 30.0 { 7.0 } else { 21.0 };
        let radius = (0.2 * slot.width()).min(3.5);
        painter.circle_stroke(
            pos2(slot.center().x, (bar.top() - shift).max(slot.top() + 5.0)),
            radius,
            Stroke::new(1.2, palette.weak_text),
        );
    }
    if slot.width() < 30.0 {
        return;
    }
    let text =
        if collapsed && slot.width() > 104.0 { format!("{} collapsed", short_number(kl)) } else { short_number(kl) };
    let above = bar.top() - 15.0 > slot.top();
    let (place, align) =
        if above { (bar.top() - 1.0, Align2::CENTER_BOTTOM) } else { (bar.top() + 2.0, Align2::CENTER_TOP) };
    let color = if above { palette.text } else { contrasting(ctx.palette.surface, collapsed, palette.text) };
    painter.text(pos2(slot.center().x, place), align, text, font.clone(), color);
}

fn contrasting(surface: Color32, collapsed: bool, text: Color32) -> Color32 {
    if collapsed { text } else { surface }
}

fn hatch(painter: &eframe::egui::Painter, bar: Rect, color: Color32) {
    let mut offset = 5.0;
    while offset < bar.width() + bar.height() {
        let start = pos2(bar.left(), bar.bottom() - offset);
        painter.line_segment(
            [start, start + vec2(bar.width() + bar.height(), bar.width() + bar.height())],
            Stroke::new(1.0, color),
        );
        offset += 5.0;
    }
}
