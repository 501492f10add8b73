//! What a method brings against what it costs: active units or KL against the importance-weighted negative log-likelihood.

use super::marks::Mark;
use super::words;
use crate::compare::{ComparisonTable, Quantity};
use crate::experiment::Settings;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::{explained, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{Align2, Rect, RichText, Role, Sense, TextStyle, Ui, WidgetInfo, vec2};

/// Radius of the mark of a seed and of a mean.
const RADIUS: [f32; 2] = [3.5, 6.5];
/// What surrounds the extreme marks, as a share of the range.
const PAD: f32 = 0.08;

const EXPLANATION: &str = "One small mark per seed, a large one at the mean over the seeds of a method. To the right: more of the latent variable is used. Down: \
    a better model of the data by importance-weighted −log p(x). A method that lies further right and no higher than another is the better one by both";

/// Draws title, picture and legend over `height`. `runs` are the settings of the methods.
pub(super) fn plot_ui(
    ui: &mut Ui,
    palette: &Palette,
    table: &ComparisonTable,
    runs: &[Settings],
    across: &mut Quantity,
    height: f32,
) {
    title_ui(ui, "Trade-off", EXPLANATION, |ui| {
        for (quantity, name) in [(Quantity::Kl, "KL"), (Quantity::ActiveUnits, "Active units")] {
            ui.selectable_value(across, quantity, name).on_hover_text(quantity.explanation());
        }
        ui.weak("Across:");
    });
    let (outer, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let points = points(table, *across);
    let Some([x, y]) = ranges(&points, *across) else {
        let font = TextStyle::Small.resolve(ui.style());
        let text = "The first row to finish appears here";
        ui.painter().text(outer.center(), Align2::CENTER_CENTER, text, font, palette.weak_text);
        return;
    };
    let axes = Axes::within(outer, Margins::of_width(outer.width()), x, y);
    axes.back_ui(ui, palette, [true, true]);
    let label = match across {
        Quantity::Kl => "KL, nats per example",
        _ => "Active units",
    };
    axes.front_ui(ui, palette, label, "−log p(x), nats per example");
    let painter = ui.painter().with_clip_rect(axes.frame.expand(RADIUS[1]).intersect(ui.clip_rect()));
    let marks = Mark::all(palette, runs);
    for (points, mark) in points.iter().zip(&marks) {
        points.iter().for_each(|[x, y]| mark.draw(&painter, axes.at(*x, *y), RADIUS[0], false));
    }
    let means: Vec<Option<[f32; 2]>> = (0..points.len()).map(|method| mean(table, method, *across)).collect();
    for (at, mark) in means.iter().zip(&marks) {
        if let Some([x, y]) = at {
            mark.draw(&painter, axes.at(*x, *y), RADIUS[1], true);
        }
    }
    names_ui(ui, palette, table, &axes, &means);
    let response = ui.interact(axes.frame, ui.scope_id().with("trade-off"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, sentence(table, *across)));
    legend_ui(ui, palette, table, &marks);
}

/// (across, −log p(x)) of every row that finished, by method.
fn points(table: &ComparisonTable, across: Quantity) -> Vec<Vec<[f32; 2]>> {
    let comparison = table.comparison();
    let point =
        |row: &crate::compare::Row| Some([across.of(row)? as f32, Quantity::ImportanceWeightedNll.of(row)? as f32]);
    (0..comparison.methods().len())
        .map(|method| table.rows()[comparison.rows_of(method)].iter().flatten().filter_map(point).collect())
        .collect()
}

fn mean(table: &ComparisonTable, method: usize, across: Quantity) -> Option<[f32; 2]> {
    let of = |quantity| Some(table.estimate(method, quantity)?.mean as f32);
    Some([of(across)?, of(Quantity::ImportanceWeightedNll)?])
}

/// Ranges of both axes; the horizontal one always shows 0, which is collapse.
fn ranges(points: &[Vec<[f32; 2]>], across: Quantity) -> Option<[Axis; 2]> {
    let values = |axis: usize| points.iter().flatten().map(move |point| point[axis]);
    let range = |axis: usize| {
        let (low, high) = (values(axis).reduce(f32::min)?, values(axis).reduce(f32::max)?);
        Some([low, high])
    };
    let ([_, right], [low, high]) = (range(0)?, range(1)?);
    let right = right.max(if across == Quantity::ActiveUnits { 1.0 } else { 0.1 });
    let pad = PAD * right;
    let pad_y = (PAD * (high - low)).max(1e-3 * high.abs()).max(0.01);
    let x = Axis::from_zero(-pad, right + 2.0 * pad, across == Quantity::ActiveUnits);
    Some([x, Axis::linear(low - pad_y, high + pad_y)])
}

/// Writes names beside the means, where they cover no other mean and no other name; the legend has them all.
fn names_ui(ui: &Ui, palette: &Palette, table: &ComparisonTable, axes: &Axes, means: &[Option<[f32; 2]>]) {
    let font = TextStyle::Small.resolve(ui.style());
    let place = |at: &[f32; 2]| axes.at(at[0], at[1]);
    let mut taken: Vec<Rect> = means
        .iter()
        .flatten()
        .map(|at| Rect::from_center_size(place(at), vec2(2.0 * RADIUS[1], 2.0 * RADIUS[1])))
        .collect();
    for (method, at) in means.iter().enumerate() {
        let Some(at) = at else { continue };
        let name = table.comparison().methods()[method].name.clone();
        let galley = ui.painter().layout_no_wrap(name, font.clone(), palette.text);
        let (center, away) = (place(at), RADIUS[1] + 3.0);
        let places = [
            (Align2::LEFT_CENTER, vec2(away, 0.0)),
            (Align2::RIGHT_CENTER, vec2(-away, 0.0)),
            (Align2::CENTER_BOTTOM, vec2(0.0, -away)),
            (Align2::CENTER_TOP, vec2(0.0, away)),
            (Align2::LEFT_BOTTOM, vec2(away, -away)),
            (Align2::LEFT_TOP, vec2(away, away)),
        ];
        let rects = places.into_iter().map(|(align, shift)| align.anchor_size(center + shift, galley.size()));
        let is_free =
            |rect: &Rect| axes.frame.contains_rect(*rect) && !taken.iter().any(|other| other.intersects(*rect));
        if let Some(rect) = rects.into_iter().find(is_free) {
            ui.painter().galley(rect.min, galley, palette.text);
            taken.push(rect);
        }
    }
}

fn legend_ui(ui: &mut Ui, palette: &Palette, table: &ComparisonTable, marks: &[Mark]) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
        ui.spacing_mut().interact_size.y = 14.0;
        for (variant, mark) in table.comparison().methods().iter().zip(marks) {
            // Mark and name as one piece, which is not parted at the end of a line.
            let font = TextStyle::Small.resolve(ui.style());
            let name = ui.painter().layout_no_wrap(variant.name.clone(), font, palette.text);
            let (rect, response) = ui.allocate_exact_size(vec2(18.0 + name.size().x, 14.0), Sense::hover());
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &variant.name));
            mark.draw(ui.painter(), rect.left_center() + vec2(7.0, 0.0), 5.0, true);
            let place = rect.left_center() + vec2(18.0, -0.5 * name.size().y);
            ui.painter().galley(place, name, palette.text);
            ui.add_space(8.0);
        }
        let text = RichText::new("small: one seed, large: mean").small().color(palette.weak_text);
        explained(ui.label(text), EXPLANATION);
    });
}

/// The picture in words.
fn sentence(table: &ComparisonTable, across: Quantity) -> String {
    let of = |method: usize, quantity| words::estimate(quantity, table.estimate(method, quantity));
    let methods = table.comparison().methods().iter().enumerate().map(|(method, variant)| {
        let (x, y) = (of(method, across), of(method, Quantity::ImportanceWeightedNll));
        format!("{}: {} {x}, −log p(x) {y}", variant.name, across.label())
    });
    format!("Trade-off. {}", methods.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_points_lie_within_the_axes_and_so_does_collapse() {
        let points = vec![vec![[0.0, 2.3], [2.0, 2.5]], vec![[1.0, 2.4]]];
        let [x, y] = ranges(&points, Quantity::ActiveUnits).unwrap();
        assert!(x.min < 0.0 && x.max > 2.0);
        assert!(y.min < 2.3 && y.max > 2.5);
        assert!(ranges(&[Vec::new()], Quantity::Kl).is_none());
        // A single point has a range around it.
        let [_, y] = ranges(&[vec![[0.0, -3.0]]], Quantity::Kl).unwrap();
        assert!(y.min < -3.0 && y.max > -3.0);
    }
}
