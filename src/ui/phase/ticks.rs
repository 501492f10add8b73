//! Values and names of the two axes around the map.

use super::choices::label_of;
use super::map::{Grid, LEFT};
use super::words;
use crate::sweep::{Axis, Sweep};
use crate::ui::theme::Palette;
use eframe::egui::{Align2, TextStyle, Ui, epaint::TextShape, pos2};

/// Draws ticks and labels of both axes.
pub(super) fn ticks_ui(ui: &Ui, palette: &Palette, grid: &Grid, sweep: &Sweep) {
    let (x, y) = (sweep.x(), sweep.y());
    let painter = ui.painter();
    let font = TextStyle::Small.resolve(ui.style());
    let widest = |axis: &Axis| {
        let width =
            |value: &f64| painter.layout_no_wrap(words::short(*value), font.clone(), palette.weak_text).size().x;
        axis.values.iter().map(width).fold(0.0, f32::max)
    };
    let line = ui.text_style_height(&TextStyle::Small);
    // Every value if there is room, else every second, third…
    let every = |text: f32, cell: f32| ((text / cell.max(1.0)).ceil() as usize).max(1);
    let columns = every(widest(x) + 6.0, grid.frame.width() / grid.columns as f32);
    for (at, value) in x.values.iter().enumerate().step_by(columns) {
        let place = pos2(grid.at([at as f64, 0.0]).x, grid.frame.bottom() + 3.0);
        painter.text(place, Align2::CENTER_TOP, words::short(*value), font.clone(), palette.weak_text);
    }
    let rows = every(line, grid.frame.height() / grid.rows as f32);
    for (at, value) in y.values.iter().enumerate().step_by(rows) {
        let place = pos2(grid.frame.left() - 5.0, grid.at([0.0, at as f64]).y);
        painter.text(place, Align2::RIGHT_CENTER, words::short(*value), font.clone(), palette.weak_text);
    }
    let below = pos2(grid.frame.center().x, grid.frame.bottom() + 5.0 + line);
    painter.text(below, Align2::CENTER_TOP, label_of(&x.key, sweep.experiment()), font.clone(), palette.text);
    let galley = painter.layout_no_wrap(label_of(&y.key, sweep.experiment()), font, palette.text);
    let center = pos2(grid.frame.left() - LEFT + 10.0, grid.frame.center().y);
    let shape = TextShape::new(center - galley.size() / 2.0, galley, palette.text);
    painter.add(shape.with_angle_and_anchor(-std::f32::consts::FRAC_PI_2, Align2::CENTER_CENTER));
}
