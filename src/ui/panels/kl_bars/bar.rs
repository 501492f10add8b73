//! One bar: drawn, named, clicked and explained.

use super::super::PanelContext;
use super::super::axes::Axes;
use super::super::memory::panel_id;
use super::super::overlay::hatched_bar_ui;
use super::super::theory::{Mark, difference};
use super::super::words::{measured, number, short_number};
use super::level::{Bar, Subject};
use crate::measure::ACTIVE_UNIT_VARIANCE;
use crate::ui::theme::Palette;
use eframe::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Response, Role, Sense, Shape, Stroke, StrokeKind, TextStyle, Ui,
    WidgetInfo, pos2, vec2,
};

/// Slots narrower than this have no room for a number.
const NUMBERED: f32 = 30.0;
/// Slots narrower than this have no room for “< 0.001”.
const LONG_NUMBERED: f32 = 46.0;
/// From this width of a slot on, words stand beside the number.
const WORDED: f32 = 104.0;

/// What the bars of a level have in common.
pub(super) struct Place<'a> {
    pub axes: &'a Axes,
    pub run: usize,
    /// Position of the selected bar; the names beside it make room for its own.
    pub selected: Option<usize>,
    pub mark: Option<Mark>,
}

impl Place<'_> {
    /// Where a bar of no nats ends.
    fn floor(&self) -> f32 {
        let frame = self.axes.frame;
        if self.axes.y.logarithmic { frame.bottom() } else { self.axes.y_at(0.0).clamp(frame.top(), frame.bottom()) }
    }

    fn y(&self, kl: f32) -> f32 {
        self.axes.y_at(kl).clamp(self.axes.frame.top(), self.axes.frame.bottom())
    }

    /// From the floor to a value, at least a hair high.
    fn bar_to(&self, center: f32, width: f32, kl: f32) -> Rect {
        let (floor, end) = (self.floor(), self.y(kl));
        let (x, end) = (center - width / 2.0..=center + width / 2.0, visible_end(floor, end));
        Rect::from_x_y_ranges(x, floor.min(end)..=floor.max(end))
    }
}

/// At least a hair away from the floor.
fn visible_end(floor: f32, end: f32) -> f32 {
    if (end - floor).abs() >= 2.0 {
        end
    } else if end > floor {
        floor + 2.0
    } else {
        floor - 2.0
    }
}

/// Draws the bar at a position of a level.
pub(super) fn bar_ui(ui: &Ui, ctx: &mut PanelContext<'_>, place: &Place<'_>, at: usize, bar: &Bar) {
    let axes = place.axes;
    let (left, right) = (axes.x_at(at as f32), axes.x_at(at as f32 + 1.0));
    let slot = Rect::from_min_max(pos2(left, axes.frame.top()), pos2(right, axes.frame.bottom() + 19.0));
    let width = (0.62 * slot.width()).clamp(2.0, 56.0);
    let center = slot.center().x;
    let rect = place.bar_to(center, width, bar.kl);
    let response = response(ui, ctx, place, slot, bar);
    let is_selected = is_selected(ctx, bar);

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
    let color = ctx.color(place.run);
    if bar.is_collapsed {
        hatched_bar_ui(painter, palette, rect, color);
    } else {
        painter.rect_filled(rect, 1.0, color);
    }
    let mut occupied = rect;
    if let (Some(mark), Some(ghost)) = (place.mark, bar.ghost) {
        let room = (slot.width() - 2.0).max(width);
        let outline = ghost_of(place, center, (width + 8.0).min(room), ghost);
        mark.paint(painter, palette, outline);
        // The number stands clear of both.
        occupied = occupied.union(outline);
    }
    if let Some(exact) = bar.exact_kl {
        exact_ui(painter, palette, pos2(rect.right().min(slot.right() - 9.0), place.y(exact)));
    }
    texts_ui(ui, ctx, place, slot, occupied, at, bar);
    tooltip(response, place, bar);
}

/// The outline of a prediction, open at the floor.
fn ghost_of(place: &Place<'_>, center: f32, width: f32, kl: f32) -> Rect {
    let floor = place.floor();
    // Below zero the top is under the bottom, and the open side still at the floor.
    let end = visible_end(floor, place.y(kl));
    Rect { min: pos2(center - width / 2.0, end), max: pos2(center + width / 2.0, floor) }
}

pub(super) fn is_selected(ctx: &PanelContext<'_>, bar: &Bar) -> bool {
    bar.subject == Subject::Dimension(ctx.selection.dimension)
}

fn state(bar: &Bar) -> Option<&'static str> {
    match bar.subject {
        Subject::Dimension(_) if bar.is_collapsed => Some("collapsed"),
        Subject::Dimension(_) => Some("active"),
        Subject::Mode(_) => None,
    }
}

/// Name, KL and state, for a screen reader.
pub(super) fn said(bar: &Bar) -> String {
    let state = state(bar).map_or_else(String::new, |state| format!(" {state}"));
    let exact = bar.exact_kl.map_or_else(String::new, |kl| format!(" (exact {})", measured(kl)));
    let ghost = bar.ghost.map_or_else(String::new, |kl| format!(" (theory {})", measured(kl)));
    format!("{} {}{state}{exact}{ghost};", bar.name, measured(bar.kl))
}

fn response(ui: &Ui, ctx: &mut PanelContext<'_>, place: &Place<'_>, slot: Rect, bar: &Bar) -> Response {
    let id = panel_id("kl", place.run).with(bar.name.as_str());
    let Subject::Dimension(dimension) = bar.subject else {
        let response = ui.interact(slot, id, Sense::hover());
        let label = format!("{}, KL {} nats", bar.name, measured(bar.kl));
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &label));
        return response;
    };
    let response = ui.interact(slot, id, Sense::click());
    let is_selected = is_selected(ctx, bar);
    response.widget_info(|| {
        let label = format!("{}, KL {} nats, {}", bar.name, measured(bar.kl), state(bar).unwrap_or_default());
        WidgetInfo::selected(Role::Button, true, is_selected, label)
    });
    let wants_partner = response.secondary_clicked() || (response.clicked() && ui.input(|input| input.modifiers.shift));
    if wants_partner && dimension != ctx.selection.dimension {
        ctx.selection.partner = dimension;
    } else if response.clicked() {
        ctx.selection.select(dimension);
    }
    response
}

fn tooltip(response: Response, place: &Place<'_>, bar: &Bar) {
    response.on_hover_ui(|ui| {
        match state(bar) {
            Some(state) => ui.strong(format!("{} is {state}", bar.name)),
            None => ui.strong(&bar.name),
        };
        ui.label(format!("KL {} nats per example", measured(bar.kl)));
        if let Some(ghost) = bar.ghost {
            ui.label(difference(bar.kl, ghost));
        }
        if let (Some(_), Some(Mark::Guide(what))) = (bar.ghost, place.mark) {
            ui.label(format!("A guide, not a theorem: {what}"));
        }
        if let Some(variance) = bar.variance {
            ui.label(format!(
                "Variance of the posterior mean over examples {} (threshold {ACTIVE_UNIT_VARIANCE})",
                number(variance)
            ));
        }
        if let Some(exact) = bar.exact_kl {
            ui.label(format!("Exact posterior's marginal: KL {} nats per example", number(exact)));
        }
        if let Some(range) = bar.slice_range {
            ui.label(format!(
                "Likelihood range along {} within ±3, the others at the encoder's mean: {} nats",
                bar.name,
                number(range)
            ));
        }
        match bar.subject {
            Subject::Dimension(_) => {
                ui.weak("Click to look at this dimension, Shift-click for the vertical axis of the plane");
            }
            Subject::Mode(_) => {
                ui.label(
                    "A mode is an eigenvector of the covariance of posterior means; with the fixed encoder variance s and eigenvalue v its KL \
                     is ½ (v + s − log s − 1)",
                );
            }
        }
    });
}

/// An arrow at the right of a bar, with its tip at the bar's edge.
fn exact_ui(painter: &Painter, palette: &Palette, tip: Pos2) {
    let points = vec![tip, tip + vec2(8.0, -4.5), tip + vec2(8.0, 4.5)];
    let outline = Stroke::new(1.0, palette.surface);
    painter.add(Shape::convex_polygon(points, palette.strong_text, outline));
}

/// Name under the bar and value beyond its end, as far as they fit.
fn texts_ui(ui: &Ui, ctx: &PanelContext<'_>, place: &Place<'_>, slot: Rect, occupied: Rect, at: usize, bar: &Bar) {
    let (palette, painter) = (ctx.palette, ui.painter());
    let font = TextStyle::Small.resolve(ui.style());
    name_ui(painter, ctx, &font, place, slot, at, bar);
    let above = occupied.top() - 15.0 > slot.top();
    // The bar itself may be too low to show that it is hollow.
    if bar.is_collapsed && slot.width() <= WORDED {
        let shift = if slot.width() < NUMBERED { 7.0 } else { 21.0 };
        let radius = (0.2 * slot.width()).min(3.5);
        let center = pos2(slot.center().x, (occupied.top() - shift).max(slot.top() + 5.0));
        painter.circle_stroke(center, radius, Stroke::new(1.2, palette.weak_text));
    }
    if slot.width() < NUMBERED {
        return;
    }
    let is_tiny = bar.kl.abs() < 0.001 && slot.width() < LONG_NUMBERED;
    let value = if is_tiny { "≈ 0".to_owned() } else { short_number(bar.kl) };
    let text = if bar.is_collapsed && slot.width() > WORDED { format!("{value} collapsed") } else { value };
    let (y, align) =
        if above { (occupied.top() - 1.0, Align2::CENTER_BOTTOM) } else { (occupied.top() + 3.0, Align2::CENTER_TOP) };
    let color = if above || bar.is_collapsed { palette.text } else { palette.surface };
    painter.text(pos2(slot.center().x, y), align, text, font, color);
}

fn name_ui(
    painter: &Painter,
    ctx: &PanelContext<'_>,
    font: &FontId,
    place: &Place<'_>,
    slot: Rect,
    at: usize,
    bar: &Bar,
) {
    let is_selected = is_selected(ctx, bar);
    let color = if is_selected { ctx.palette.text } else { ctx.palette.weak_text };
    let galley = |text: String, color: Color32| painter.layout_no_wrap(text, font.clone(), color);
    let mut name = galley(bar.name.clone(), color);
    if name.size().x > slot.width() - 2.0 {
        // Its number alone: the level stands above, and what is counted below.
        name = galley(bar.name.rsplit(['·', ' ', 'z']).next().unwrap_or_default().to_owned(), color);
    }
    let every = ((name.size().x + 4.0) / slot.width()).ceil().max(1.0) as usize;
    let makes_room = place.selected.is_some_and(|selected| selected.abs_diff(at) < every);
    if is_selected || at.is_multiple_of(every) && !makes_room {
        let corner = pos2(slot.center().x - name.size().x / 2.0, place.axes.frame.bottom() + 3.0);
        painter.galley(corner, name, color);
    }
}
