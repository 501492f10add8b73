//! The lines of the theory over the map, and their names.

use super::map::Grid;
use super::words;
use crate::sweep::{Expected, Line, PhaseDiagram};
use crate::ui::theme::Palette;
use eframe::egui::{Align2, Color32, Rect, Stroke, StrokeKind, TextStyle, Ui};

/// White within black is seen on every colour of the map, and on either theme.
pub(super) const LINE: [(f32, Color32); 2] = [(4.5, Color32::BLACK), (2.5, Color32::WHITE)];
/// Between a name and whatever else is drawn.
const CLEAR: f32 = 2.0;
/// Between a name and any other line.
const ALONE: f32 = 6.0;
/// Places along a line that are tried for its name.
const PLACES: usize = 64;
/// Lines closer than this, in cells, have a name together.
const TOGETHER: f64 = 0.02;

/// Draws where the prediction changes.
pub(super) fn lines_ui(ui: &Ui, grid: &Grid, diagram: &PhaseDiagram, level: usize) {
    let Some(Ok(theory)) = diagram.theory() else { return };
    let Some(theory) = theory.levels.get(level) else { return };
    let painter = ui.painter().with_clip_rect(grid.frame);
    for (width, color) in LINE {
        for [from, to] in theory.lines.iter().chain(&theory.edges).flat_map(|line| &line.segments) {
            painter.line_segment([grid.at(*from), grid.at(*to)], Stroke::new(width, color));
        }
    }
}

/// Writes the name of every line on it, where that covers no number and no other name.
pub(super) fn names_ui(ui: &Ui, palette: &Palette, grid: &Grid, diagram: &PhaseDiagram, level: usize) {
    let Some(Ok(theory)) = diagram.theory() else { return };
    let Some(theory) = theory.levels.get(level) else { return };
    let font = TextStyle::Small.resolve(ui.style());
    let mut named = named(&theory.lines, |counts| words::line_name(diagram, level, counts));
    let lines: Vec<&Line> = theory.lines.iter().chain(&theory.edges).collect();
    named.extend(theory.edges.iter().map(|line| (line, "optimum ends".to_owned())));
    let mut taken: Vec<Rect> = Vec::new();
    for (line, name) in named {
        let galley = ui.painter().layout_no_wrap(name, font.clone(), palette.text);
        let mut middles: Vec<_> =
            line.segments.iter().map(|[a, b]| [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])]).collect();
        middles.sort_by(|a, b| b[1].total_cmp(&a[1]));
        let step = middles.len().div_ceil(PLACES).max(1);
        let rects =
            middles.into_iter().step_by(step).map(|at| Align2::CENTER_CENTER.anchor_size(grid.at(at), galley.size()));
        let is_free = |rect: &Rect| {
            let plate = rect.expand(CLEAR);
            grid.frame.contains_rect(plate)
                && !taken.iter().any(|other| other.intersects(plate))
                && !grid.has_number(plate)
        };
        let free: Vec<Rect> = rects.filter(is_free).collect();
        // Where lines run together, a name could be that of either.
        let is_alone = |rect: &&Rect| {
            let others = lines.iter().filter(|other| !are_together(other, line));
            let mut points = others.flat_map(|other| other.segments.iter().flatten());
            !points.any(|point| rect.expand(ALONE).contains(grid.at(*point)))
        };
        let Some(place) = free.iter().find(is_alone).or(free.first()).copied() else { continue };
        let plate = place.expand2([CLEAR + 1.0, 0.0].into());
        ui.painter().rect_filled(plate, 3.0, palette.surface);
        ui.painter().rect_stroke(plate, 3.0, Stroke::new(1.0, palette.outline), StrokeKind::Inside);
        ui.painter().galley(place.min, galley, palette.text);
        taken.push(plate);
    }
}

/// Lines with their names; those at the same place have one together.
fn named(lines: &[Line], name: impl Fn(&[usize]) -> Option<String>) -> Vec<(&Line, String)> {
    let mut groups: Vec<(&Line, Vec<usize>)> = Vec::new();
    for line in lines.iter().filter(|line| !line.segments.is_empty()) {
        match groups.iter_mut().find(|(other, _)| are_together(other, line)) {
            Some((_, counts)) => counts.push(line.count),
            None => groups.push((line, vec![line.count])),
        }
    }
    groups.into_iter().filter_map(|(line, counts)| Some((line, name(&counts)?))).collect()
}

fn are_together(a: &Line, b: &Line) -> bool {
    let is_close = |(p, q): (&[f64; 2], &[f64; 2])| (0..2).all(|at| (p[at] - q[at]).abs() < TOGETHER);
    a.segments.len() == b.segments.len() && a.segments.iter().flatten().zip(b.segments.iter().flatten()).all(is_close)
}

/// Cells in which lines or a hatch would cross a number.
pub(super) fn covered(grid: &Grid, diagram: &PhaseDiagram, level: usize) -> Vec<bool> {
    let hatched =
        |index| matches!(diagram.expected(index, level), Some(Expected::NoOptimum(_) | Expected::NotDetermined(_)));
    let mut covered: Vec<bool> = (0..diagram.cells().len()).map(hatched).collect();
    let Some(Ok(theory)) = diagram.theory() else { return covered };
    let lines = theory.levels.get(level).into_iter().flat_map(|theory| theory.lines.iter().chain(&theory.edges));
    // A segment is shorter than a cell: it lies in the cells of its ends.
    for place in lines.flat_map(|line| line.segments.iter().flatten()) {
        let [x, y] = place.map(|at| at.round().max(0.0) as usize);
        covered[y.min(grid.rows - 1) * grid.columns + x.min(grid.columns - 1)] = true;
    }
    covered
}
