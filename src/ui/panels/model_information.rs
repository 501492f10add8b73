//! Mutual information under the model in the plot of the encoder's: rings at the evaluations that measured it, over the floor that a Brenier decoder
//! certifies.

use super::PanelContext;
use super::words::number;
use crate::measure::ModelInformation;
use crate::train::Run;
use eframe::egui::{Pos2, Rect, Shape, Stroke, TextStyle, Ui, pos2, vec2};
use egui_plot::PlotTransform;

/// Fewest points between two rings; more would hide the line.
const APART: f32 = 9.0;

/// Share of the plot's range that stays free for the legend at the top.
pub(super) const LEGEND_SHARE: f32 = 0.3;

/// Steps and what was measured there.
fn measured(run: &Run) -> impl DoubleEndedIterator<Item = (u64, &ModelInformation)> {
    let evaluations = run.history.evaluations.iter();
    evaluations.filter_map(|evaluation| Some((evaluation.step, evaluation.measures.model_information.as_ref()?)))
}

/// Smallest and largest value of all runs within a view of steps.
pub(super) fn range(ctx: &PanelContext<'_>, view: [f64; 2]) -> (f32, f32) {
    let runs = ctx.session.runs().iter().flat_map(measured);
    let within = runs.filter(|(step, _)| (view[0]..=view[1]).contains(&(*step as f64)));
    let values = within.flat_map(|(_, found)| [Some(found.mutual_information), found.floor]).flatten();
    values
        .filter(|value| value.is_finite())
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

/// Draws rings and floor of a run.
pub(super) fn model_information_ui(ui: &Ui, ctx: &PanelContext<'_>, transform: &PlotTransform, run: usize) {
    let frame = *transform.frame();
    let painter = ui.painter().with_clip_rect(frame.shrink(1.0).intersect(ui.clip_rect()));
    let color = ctx.color(run);
    let place = |step: u64, value: f32| -> Pos2 {
        let y = transform.position_from_point_y(f64::from(value)).clamp(frame.top() - 9.0, frame.bottom() + 9.0);
        pos2(transform.position_from_point_x(step as f64), y)
    };
    let run = &ctx.session.runs()[run];
    let mut floor: Vec<Pos2> = measured(run).filter_map(|(step, found)| Some(place(step, found.floor?))).collect();
    // The floor follows from the settings alone: it holds between the measurements, too, and to the end.
    if let Some(last) = floor.last().copied() {
        floor.push(pos2(place(run.progress.step, 0.0).x.max(last.x), last.y));
    }
    painter.extend(Shape::dashed_line(&floor, Stroke::new(1.4, color), 5.0, 3.0));
    let mut left = f32::NEG_INFINITY;
    for (step, found) in measured(run) {
        let at = place(step, found.mutual_information);
        if at.x - left >= APART {
            painter.circle(at, 3.2, ctx.palette.surface, Stroke::new(1.5, color));
            left = at.x;
        }
    }
}

/// What rings and dashes are, in the corner of the plot, once there are any.
pub(super) fn legend_ui(ui: &Ui, ctx: &PanelContext<'_>, transform: &PlotTransform) {
    let palette = ctx.palette;
    let found = || ctx.session.runs().iter().flat_map(measured);
    if found().next().is_none() {
        return;
    }
    let has_floor = found().any(|(_, found)| found.floor.is_some());
    let frame = *transform.frame();
    let painter = ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
    let font = TextStyle::Small.resolve(ui.style());
    let texts = ["model's", if has_floor { "its floor" } else { "" }];
    let [model, floor] = texts.map(|text| painter.layout_no_wrap(text.to_owned(), font.clone(), palette.weak_text));
    let place = frame.left_top() + vec2(4.0, 3.0);
    let y = place.y + model.size().y / 2.0;
    let dash = [pos2(place.x + 21.0 + model.size().x, y), pos2(place.x + 35.0 + model.size().x, y)];
    let right = if has_floor { dash[1].x + 4.0 + floor.size().x } else { dash[0].x - 8.0 };
    // Curves may pass behind.
    let plate = Rect::from_min_max(place, pos2(right + 3.0, place.y + model.size().y));
    painter.rect_filled(plate, 2.0, palette.surface.gamma_multiply(0.85));
    painter.circle_stroke(pos2(place.x + 6.0, y), 3.2, Stroke::new(1.5, palette.weak_text));
    painter.galley(pos2(place.x + 13.0, place.y), model, palette.weak_text);
    if has_floor {
        painter.extend(Shape::dashed_line(&dash, Stroke::new(1.4, palette.weak_text), 5.0, 3.0));
        painter.galley(pos2(dash[1].x + 4.0, place.y), floor, palette.weak_text);
    }
}

/// Rows of the read-out at a step, one cell per run.
pub(super) fn read_out_ui(ui: &mut Ui, ctx: &PanelContext<'_>, step: f64) {
    let runs = ctx.session.runs();
    let distance = |at: u64| (at as f64 - step).abs();
    let nearest = |run: &Run| {
        measured(run).min_by(|(a, _), (b, _)| distance(*a).total_cmp(&distance(*b))).map(|(_, found)| *found)
    };
    let found: Vec<Option<ModelInformation>> = runs.iter().map(nearest).collect();
    if found.iter().all(Option::is_none) {
        return;
    }
    let mut row = |name: &str, text: &dyn Fn(&ModelInformation) -> String| {
        ui.label(name);
        for found in &found {
            ui.label(found.as_ref().map_or_else(|| "none yet".to_owned(), text));
        }
        ui.end_row();
    };
    row("Model's mutual information", &|found| {
        format!("{} ± {}", number(found.mutual_information), number(found.standard_error))
    });
    row("Certified floor", &|found| found.floor.map_or_else(|| "none".to_owned(), number));
}

/// The newest values of a run, for a label.
pub(super) fn words(run: &Run) -> String {
    measured(run).next_back().map_or_else(String::new, |(_, found)| {
        let floor = found.floor.map_or_else(String::new, |floor| format!(", certified floor {}", number(floor)));
        format!(" under the model {}{floor};", number(found.mutual_information))
    })
}
