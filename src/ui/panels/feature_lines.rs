//! The traversal of a table: every feature's decoded mean along the selected latent dimension.

use super::axes::{Axes, Axis, Margins};
use super::memory::{Answer, answer, derived, panel_id, round_up};
use super::traversal::traversal_of;
use super::words::{example_name, number};
use super::{PanelContext, caption_ui, message_ui, scaled_height, title_ui};
use crate::train::{Probe, Traversal};
use crate::ui::levels::Levels;
use crate::ui::theme::Palette;
use eframe::egui::{Color32, Response, RichText, Role, Sense, Stroke, Ui, WidgetInfo, vec2};
use std::sync::Arc;

const HEIGHT: f32 = 200.0;
const LEGEND_HEIGHT: f32 = 34.0;
/// More features than this are told apart by pointing at them.
const LARGEST_LEGEND: usize = 8;

/// Largest distance from zero among all outputs, for a range that all columns share.
struct Extent(f32);

/// Draws one line per feature.
pub(super) fn feature_lines_ui(
    ui: &mut Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    found: Answer<Traversal>,
    explanation: &str,
) {
    let dimension = ctx.selection.dimension;
    let height = scaled_height(ui, HEIGHT);
    let levels = ctx.levels(run);
    let name = levels.name(dimension);
    title_ui(ui, &format!("Latent traversal, {name}"), explanation, |_| {});
    let traversal = match found {
        Answer::Value(traversal) => traversal,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            return message_ui(ui, ctx.palette, height + LEGEND_HEIGHT, text);
        }
    };
    let features = traversal.example.len();
    let Some(row) = traversal.order.iter().position(|other| *other == dimension).filter(|_| features > 0) else {
        caption_ui(ui, ctx.palette, &[]);
        let text = "Only the dimensions of highest KL are traversed; this one is not among them";
        return message_ui(ui, ctx.palette, height + LEGEND_HEIGHT, text);
    };
    let lines = Lines { traversal: &traversal, row, features, levels };
    let words = lines.words(ctx);
    caption_ui(ui, ctx.palette, &words);
    let reach = shared_reach(ui, ctx, run, &traversal);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Latent traversal of {name}: {}", words[0])));
    let ends = traversal.positions.first().copied().zip(traversal.positions.last().copied());
    let (first, last) = ends.unwrap_or((-3.0, 3.0));
    let axes =
        Axes::within(outer, Margins::of_width(outer.width()), Axis::linear(first, last), Axis::linear(-reach, reach));
    if ui.is_rect_visible(outer) {
        axes.back_ui(ui, ctx.palette, [true, true]);
        let hovered = lines.nearest(&axes, &response);
        lines.paint(ui, ctx, run, &axes, hovered);
        axes.front_ui(ui, ctx.palette, &name, "mean output");
        if let Some(feature) = hovered {
            lines.tooltip(ctx, &axes, &response, feature);
        }
    }
    legend_ui(ui, ctx, features);
}

/// A range around zero for the outputs of all runs: what one column lacks is seen.
fn shared_reach(ui: &Ui, ctx: &PanelContext<'_>, own: usize, traversal: &Arc<Traversal>) -> f32 {
    let extent = |run: usize, traversal: &Arc<Traversal>| {
        derived(ui.ctx(), panel_id("traversal", run).with("extent"), traversal, |traversal| {
            let values = traversal.outputs.iter().chain(&traversal.example);
            Extent(values.copied().filter(|value| value.is_finite()).map(f32::abs).fold(0.0, f32::max))
        })
        .0
    };
    let mut reach = extent(own, traversal);
    let probe = Probe::Traversal { example: ctx.selection.example };
    for (index, run) in ctx.session.runs().iter().enumerate() {
        let found = answer(ui.ctx(), panel_id("traversal", index), run, &probe, traversal_of);
        if let Answer::Value(other) = found {
            reach = reach.max(extent(index, &other));
        }
    }
    round_up(1.05 * reach)
}

struct Lines<'a> {
    traversal: &'a Traversal,
    row: usize,
    features: usize,
    levels: Levels,
}

impl Lines<'_> {
    fn output(&self, position: usize, feature: usize) -> f32 {
        let columns = self.traversal.positions.len();
        self.traversal
            .outputs
            .get((self.row * columns + position) * self.features + feature)
            .copied()
            .unwrap_or(f32::NAN)
    }

    fn range(&self, feature: usize) -> f32 {
        let values = (0..self.traversal.positions.len()).map(|position| self.output(position, feature));
        let (low, high) = values.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)));
        (high - low).max(0.0)
    }

    /// How far the outputs move, long to short.
    fn words(&self, ctx: &PanelContext<'_>) -> [String; 2] {
        let ranges = (0..self.features).map(|feature| (self.range(feature), feature));
        let Some((range, feature)) = ranges.max_by(|a, b| a.0.total_cmp(&b.0)) else { return Default::default() };
        let example = example_name(ctx.selection.example);
        let (range, is_still) = (number(range), range < 0.02);
        if is_still {
            [format!("No feature moves by more than {range} (from {example})"), format!("Moves by {range} at most")]
        } else {
            let name = feature_name(ctx, feature);
            [format!("Moves {name} most, by {range} (from {example})"), format!("Moves {name} most, by {range}")]
        }
    }

    fn paint(&self, ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, hovered: Option<usize>) {
        let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
        let mean = self.traversal.mean.get(self.traversal.order[self.row]).copied();
        if let Some(mean) = mean {
            painter.vline(axes.x_at(mean), axes.frame.y_range(), Stroke::new(1.0, ctx.palette.posterior));
        }
        for feature in 0..self.features {
            let color = color(ctx.palette, ctx.color(run), feature, self.features);
            let stroke = match hovered {
                Some(other) if other == feature => Stroke::new(3.0, color),
                Some(_) => Stroke::new(1.5, color.gamma_multiply(0.35)),
                None => Stroke::new(1.8, color),
            };
            let positions = self.traversal.positions.iter().enumerate();
            painter.line(positions.map(|(at, x)| axes.at(*x, self.output(at, feature))).collect(), stroke);
            // The example's own value, at its posterior mean: how far the line is from it is the error.
            if let (Some(mean), true) = (mean, self.features <= LARGEST_LEGEND || hovered == Some(feature)) {
                painter.circle(
                    axes.at(mean, self.traversal.example[feature]),
                    3.5,
                    color,
                    Stroke::new(1.0, ctx.palette.surface),
                );
            }
        }
    }

    fn nearest(&self, axes: &Axes, response: &Response) -> Option<usize> {
        let pointer = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer))?;
        let position = self.position(axes, pointer.x);
        let distance = |feature: usize| (axes.y_at(self.output(position, feature)) - pointer.y).abs();
        (0..self.features)
            .min_by(|a, b| distance(*a).total_cmp(&distance(*b)))
            .filter(|feature| distance(*feature) < 24.0)
    }

    fn position(&self, axes: &Axes, x: f32) -> usize {
        let positions = &self.traversal.positions;
        let value = axes.x_value(x);
        let after = positions.partition_point(|position| *position < value).min(positions.len().saturating_sub(1));
        let before = after.saturating_sub(1);
        if (positions[after] - value).abs() < (positions[before] - value).abs() { after } else { before }
    }

    fn tooltip(&self, ctx: &PanelContext<'_>, axes: &Axes, response: &Response, feature: usize) {
        let Some(pointer) = response.hover_pos() else { return };
        let position = self.position(axes, pointer.x);
        let dimension = self.levels.name(self.traversal.order[self.row]);
        response.clone().on_hover_ui_at_pointer(|ui| {
            ui.strong(feature_name(ctx, feature));
            ui.label(format!(
                "{} at {dimension} = {:.2}",
                number(self.output(position, feature)),
                self.traversal.positions[position]
            ));
            ui.label(format!(
                "The example has {}, its reconstruction {}",
                number(self.traversal.example[feature]),
                number(self.traversal.reconstruction[feature])
            ));
        });
    }
}

fn feature_name(ctx: &PanelContext<'_>, feature: usize) -> String {
    ctx.session.data().feature_names().get(feature).cloned().unwrap_or_else(|| format!("x{}", feature + 1))
}

/// Colours for few features, after Tol's "bright" and "vibrant" sets; the run's own for many.
fn color(palette: &Palette, run: Color32, feature: usize, features: usize) -> Color32 {
    const LIGHT: [u32; LARGEST_LEGEND] =
        [0x2b6ca3, 0xb5394a, 0x1d7a38, 0x8a7a10, 0x2394ab, 0x8f2d6b, 0x6b6b6b, 0xcc5311];
    const DARK: [u32; LARGEST_LEGEND] =
        [0x6aa5e0, 0xee7785, 0x57b877, 0xd8c94f, 0x79d0ee, 0xc76aa6, 0xb8b8b8, 0xf2905a];
    if features > LARGEST_LEGEND {
        return run.gamma_multiply(0.6);
    }
    let colors = if palette.dark { DARK } else { LIGHT };
    let [_, red, green, blue] = colors[feature % colors.len()].to_be_bytes();
    Color32::from_rgb(red, green, blue)
}

fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>, features: usize) {
    ui.allocate_ui(vec2(ui.available_width(), LEGEND_HEIGHT), |ui| {
        ui.set_min_height(LEGEND_HEIGHT);
        if features > LARGEST_LEGEND {
            ui.label(
                RichText::new(format!("{features} features; point at a line for its name"))
                    .small()
                    .color(ctx.palette.weak_text),
            );
            return;
        }
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(4.0, 2.0);
            for feature in 0..features {
                let text = RichText::new(format!("— {}", feature_name(ctx, feature))).small();
                ui.label(text.color(color(ctx.palette, ctx.palette.text, feature, features)));
                ui.add_space(4.0);
            }
        });
    });
}
