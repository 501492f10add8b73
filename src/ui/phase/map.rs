//! The heat map: a square per cell, coloured by its active dimensions, with the boundaries of the theory over it.

use super::lines::{covered, lines_ui, names_ui};
use super::ticks::ticks_ui;
use super::words;
use crate::sweep::{Expected, Outcome, PhaseDiagram};
use crate::ui::canvas::{ramp_color, viridis};
use crate::ui::commands::Action;
use crate::ui::theme::Palette;
use eframe::egui::{
    Align2, Color32, CursorIcon, Pos2, Rect, Response, Rgba, Sense, Stroke, StrokeKind, TextStyle, Ui, Vec2,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

/// Room for ticks and labels: left and below, and what half a text needs at the other ends.
pub(super) const LEFT: f32 = 62.0;
const BELOW: f32 = 40.0;
const BESIDE: f32 = 10.0;
/// What the plate behind a number adds to it, so that a line does not touch it.
const PLATE: Vec2 = vec2(3.0, 0.0);
/// What a number takes up around the middle of its cell.
const NUMBER: f32 = 6.0;
/// Between two strokes of a hatch, along either axis.
const HATCH: f32 = 12.0;
/// A cell must be as large as this for a number in it.
const READABLE: [f32; 2] = [14.0, 14.0];

/// Draws the map over the available width; a click opens a cell as a run.
pub(super) fn map_ui(
    ui: &mut Ui,
    palette: &Palette,
    diagram: &PhaseDiagram,
    level: usize,
    height: f32,
    actions: &mut Vec<Action>,
) {
    let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let frame = Rect::from_min_max(
        pos2(outer.left() + LEFT, outer.top() + BESIDE),
        pos2(outer.right() - BESIDE, (outer.bottom() - BELOW).max(outer.top() + BESIDE + 1.0)),
    );
    let grid = Grid { frame, columns: diagram.sweep().x().len(), rows: diagram.sweep().y().len() };
    ui.painter().rect_filled(frame, 0.0, palette.surface);
    let colors = Colors::of(diagram, level);
    for index in 0..diagram.cells().len() {
        let response = cell_ui(ui, palette, &grid, diagram, index, level, &colors);
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        if response.clicked() {
            let (x, y) = diagram.sweep().place(index);
            if let Ok(experiment) = diagram.sweep().cell(x, y) {
                let experiment = Box::new(experiment);
                actions.push(Action::OpenCell { experiment, place: words::place(diagram, index) });
            }
        }
        if response.hovered() || response.has_focus() {
            ui.painter().rect_stroke(grid.cell(index), 0.0, Stroke::new(2.0, palette.strong_text), StrokeKind::Inside);
        }
        response.on_hover_ui(|ui| {
            ui.set_max_width(360.0);
            ui.label(words::cell_text(diagram, index, level));
        });
    }
    lines_ui(ui, &grid, diagram, level);
    numbers_ui(ui, palette, &grid, diagram, level, &colors);
    names_ui(ui, palette, &grid, diagram, level);
    ui.painter().rect_stroke(frame, 0.0, Stroke::new(1.0, palette.outline), StrokeKind::Outside);
    ticks_ui(ui, palette, &grid, diagram.sweep());
}

/// Where cells are.
pub(super) struct Grid {
    pub frame: Rect,
    pub columns: usize,
    pub rows: usize,
}

impl Grid {
    /// A place counted in cells; see [`crate::sweep::Axis::at`].
    pub fn at(&self, place: [f64; 2]) -> Pos2 {
        let across = (place[0] + 0.5) as f32 / self.columns as f32;
        let up = (place[1] + 0.5) as f32 / self.rows as f32;
        pos2(self.frame.left() + across * self.frame.width(), self.frame.bottom() - up * self.frame.height())
    }

    pub fn cell(&self, index: usize) -> Rect {
        let (x, y) = ((index % self.columns) as f64, (index / self.columns) as f64);
        Rect::from_two_pos(self.at([x - 0.5, y - 0.5]).round(), self.at([x + 0.5, y + 0.5]).round())
    }

    /// Whether cells are large enough for numbers.
    pub fn is_readable(&self) -> bool {
        let size = self.cell(0).size();
        size.x >= READABLE[0] && size.y >= READABLE[1]
    }

    /// Whether a rectangle would cover the number of a cell, at its middle.
    pub fn has_number(&self, rect: Rect) -> bool {
        if !self.is_readable() {
            return false;
        }
        let rect = rect.expand(NUMBER).translate(-self.frame.min.to_vec2());
        let has_middle = |low: f32, high: f32, cell: f32| (low / cell - 0.5).ceil() <= (high / cell - 0.5).floor();
        has_middle(rect.left(), rect.right(), self.frame.width() / self.columns as f32)
            && has_middle(rect.top(), rect.bottom(), self.frame.height() / self.rows as f32)
    }
}

/// The colour of every number of active dimensions.
pub(super) struct Colors {
    pub most: usize,
}

impl Colors {
    /// As many as the largest model of the sweep has latent dimensions.
    pub fn of(diagram: &PhaseDiagram, level: usize) -> Self {
        let sweep = diagram.sweep();
        let model = sweep.cell(sweep.x().len() - 1, sweep.y().len() - 1).map(|experiment| experiment.model);
        let latent = model.map(|model| if level == 0 { model.latent_dimensions } else { model.top_latent_dimensions });
        Self { most: latent.unwrap_or(1).max(1) }
    }

    pub fn of_count(&self, count: usize) -> Color32 {
        ramp_color(viridis(), count as f32 / self.most as f32)
    }
}

/// Black or white, whichever is read better on a colour.
fn ink(on: Color32) -> Color32 {
    let color = Rgba::from(on);
    let luminance = 0.2126 * color.r() + 0.7152 * color.g() + 0.0722 * color.b();
    if luminance > 0.18 { Color32::BLACK } else { Color32::WHITE }
}

fn cell_ui(
    ui: &Ui,
    palette: &Palette,
    grid: &Grid,
    diagram: &PhaseDiagram,
    index: usize,
    level: usize,
    colors: &Colors,
) -> Response {
    let rect = grid.cell(index);
    let painter = ui.painter();
    match diagram.cells()[index].as_ref() {
        Some(cell) => match (&cell.outcome, cell.active(level)) {
            (Outcome::Finished(_), Some(active)) => {
                let color = colors.of_count(active);
                painter.rect_filled(rect, 0.0, color);
                if diagram.agrees(index, level) == Some(false) {
                    differing_ui(ui, rect);
                }
            }
            _ => {
                painter.rect_filled(rect, 0.0, palette.control);
            }
        },
        None if diagram.is_in_training(index) => {
            painter.rect_stroke(rect.shrink(1.0), 0.0, Stroke::new(2.0, palette.accent), StrokeKind::Inside);
        }
        None => {
            painter.rect_stroke(rect, 0.0, Stroke::new(0.5, palette.grid), StrokeKind::Inside);
        }
    }
    match diagram.expected(index, level) {
        Some(Expected::NoOptimum(_)) => hatch_ui(ui, rect, false),
        Some(Expected::NotDetermined(_)) => hatch_ui(ui, rect, true),
        Some(Expected::Active(_) | Expected::Unknown(_)) | None => {}
    }
    let response = ui.interact(rect, ui.scope_id().with(("phase-cell", index)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, words::cell_line(diagram, index, level)));
    response
}

/// What stands in the cells, over the lines: a line can be followed behind a number, and a number cannot be read behind a line.
fn numbers_ui(ui: &Ui, palette: &Palette, grid: &Grid, diagram: &PhaseDiagram, level: usize, colors: &Colors) {
    if !grid.is_readable() {
        return;
    }
    let font = TextStyle::Small.resolve(ui.style());
    let is_covered = covered(grid, diagram, level);
    for ((index, cell), is_covered) in diagram.cells().iter().enumerate().zip(is_covered) {
        let Some(cell) = cell else { continue };
        let (text, on, color) = match cell.active(level) {
            Some(active) => {
                let on = colors.of_count(active);
                (active.to_string(), on, ink(on))
            }
            None => ("×".to_owned(), palette.control, palette.error),
        };
        let galley = ui.painter().layout_no_wrap(text, font.clone(), color);
        let place = Align2::CENTER_CENTER.anchor_size(grid.cell(index).center(), galley.size());
        if is_covered {
            ui.painter().rect_filled(place.expand2(PLATE), 4.0, on);
        }
        ui.painter().galley(place.min, galley, color);
    }
}

/// The mark of a cell for which theory has no number: strokes where there is no optimum, dots where it does not determine one.
pub(super) fn hatch_ui(ui: &Ui, rect: Rect, is_dotted: bool) {
    let painter = ui.painter().with_clip_rect(rect.intersect(ui.clip_rect()));
    // Lines go on from cell to cell.
    let first = ((rect.left() + rect.top()) / HATCH).floor() as i32;
    let last = ((rect.right() + rect.bottom()) / HATCH).ceil() as i32;
    for line in first..=last {
        let sum = line as f32 * HATCH;
        let at = |y: f32| pos2(sum - y, y);
        if is_dotted {
            let rows = (rect.top() / HATCH).floor() as i32..=(rect.bottom() / HATCH).ceil() as i32;
            for row in rows.filter(|row| (row + line) % 2 == 0) {
                let center = at(row as f32 * HATCH);
                painter.circle(center, 1.5, Color32::WHITE, Stroke::new(1.0, Color32::BLACK));
            }
        } else {
            for (width, color) in [(2.0, Color32::BLACK), (1.0, Color32::WHITE)] {
                painter.line_segment([at(rect.top()), at(rect.bottom())], Stroke::new(width, color));
            }
        }
    }
}

/// The mark of a cell that theory sees otherwise.
pub(super) fn differing_ui(ui: &Ui, rect: Rect) {
    let inner = rect.shrink(2.0);
    ui.painter().rect_stroke(inner, 0.0, Stroke::new(3.0, Color32::BLACK), StrokeKind::Inside);
    ui.painter().rect_stroke(inner.shrink(1.0), 0.0, Stroke::new(1.5, Color32::WHITE), StrokeKind::Inside);
}
