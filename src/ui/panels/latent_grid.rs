//! For data of two dimensions: where the decoder takes a grid over the latent plane.
//!
//! A decoder that ignores its latent variable takes the whole grid to one point; the caption says how much of the data's range it covers.

use super::axes::{Axes, Axis, Margins, is_narrow};
use super::memory::{Answer, answer, derived, panel_id};
use super::words::{example_name, number};
use super::{PanelContext, caption_ui, explained, message_ui, title_ui};
use crate::train::{LatentGrid, Probe, ReadingValue};
use eframe::egui::{
    Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, epaint::EllipseShape, pos2,
    vec2,
};
use std::sync::Arc;

const LARGEST: f32 = 320.0;

const EXPLANATION: &str = "Lines of constant z₁ and z₂ in the latent plane (−3 to 3), taken through the decoder into data space: where the model can put its \
    means. The thick curve follows the selected dimension through the selected example's posterior mean. The circle around the reconstruction is one standard deviation \
    of the likelihood's noise. Of a collapsed decoder the whole grid is one point, and the noise alone explains the data. Click to select the nearest example";

/// Range of the data, and how much of it the grid covers.
struct Extents {
    data: Rect,
    grid: Rect,
}

/// Draws the data and the decoded grid.
pub(super) fn latent_grid_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::LatentGrid { dimensions: ctx.selection.plane(), example: ctx.selection.example };
    let found = answer(ui.ctx(), panel_id("latent-grid", run), &ctx.session.runs()[run], &probe, grid_of);
    title_ui(ui, "Decoded latent grid", EXPLANATION, |_| {});
    let width = ui.available_width();
    let margins = Margins::of_width(width);
    let side = (width - margins.across()).clamp(40.0, LARGEST);
    let height = side + margins.top + margins.bottom;
    let grid = match found {
        Answer::Value(grid) => grid,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            return message_ui(ui, ctx.palette, height + 22.0, text);
        }
    };
    let extents = derived(ui.ctx(), panel_id("latent-grid", run).with("extents"), &grid, Extents::of);
    let words = extents.words();
    caption_ui(ui, ctx.palette, &words);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Decoded latent grid: {}", words[0])));

    let left = outer.left() + ((width - side - margins.across()) / 2.0).max(0.0);
    let square = Rect::from_min_size(pos2(left, outer.top()), vec2(side + margins.across(), height));
    // The range is the data's, which all runs share, and equal on both axes; a grid that leaves it is cut.
    let half = 0.56 * extents.data.width().max(extents.data.height()).max(1e-3);
    let center = extents.data.center();
    let [x, y] = [center.x, center.y].map(|center| Axis::linear(center - half, center + half));
    let axes = Axes::within(square, margins, x, y);
    if ui.is_rect_visible(outer) {
        axes.back_ui(ui, ctx.palette, [true, true]);
        drawing_ui(ui, ctx, run, &axes, &grid);
        let names = ctx.session.data().feature_names();
        let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| format!("x{}", at + 1));
        axes.front_ui(ui, ctx.palette, &name(0), &name(1));
    }
    legend_ui(ui, ctx, run, &grid);
    select_nearest(ui, ctx, &axes, &grid, &response);
}

fn grid_of(value: &ReadingValue) -> Option<&Arc<LatentGrid>> {
    match value {
        ReadingValue::LatentGrid(grid) => Some(grid),
        _ => None,
    }
}

impl Extents {
    fn of(grid: &LatentGrid) -> Self {
        let lines = grid.lines.iter().flatten().flatten().chain(&grid.curve);
        Self { data: bounds(grid.examples.iter()), grid: bounds(lines) }
    }

    /// How much of the data's range the grid covers, long to short.
    fn words(&self) -> [String; 2] {
        let share = |grid: f32, data: f32| if data > 0.0 { grid / data } else { 0.0 };
        let [x, y] = [share(self.grid.width(), self.data.width()), share(self.grid.height(), self.data.height())];
        let size = format!("{x:.2} × {y:.2}");
        if x.max(y) < 0.05 {
            [
                format!("The decoded grid is nearly a point: {size} of the data's range"),
                format!("Nearly a point: {size}"),
            ]
        } else {
            [format!("The decoded grid spans {size} of the data's range"), format!("Grid spans {size}")]
        }
    }
}

fn bounds<'a>(points: impl Iterator<Item = &'a [f32; 2]>) -> Rect {
    let mut bounds = Rect::NOTHING;
    points.filter(|[x, y]| x.is_finite() && y.is_finite()).for_each(|[x, y]| bounds.extend_with(pos2(*x, *y)));
    if bounds.is_finite() { bounds } else { Rect::from_min_max(Pos2::ZERO, Pos2::ZERO) }
}

fn drawing_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, grid: &LatentGrid) {
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let (palette, color) = (ctx.palette, ctx.color(run));
    let at = |[x, y]: [f32; 2]| axes.at(x, y);
    let dots = palette.tint(palette.data, 0.55);
    painter.extend(grid.examples.iter().map(|point| Shape::circle_filled(at(*point), 1.6, dots)));

    for (lines, opacity) in grid.lines.iter().zip([0.75, 0.45]) {
        let stroke = Stroke::new(1.0, palette.tint(color, opacity));
        for line in lines {
            painter.line(line.iter().map(|point| at(*point)).collect(), stroke);
        }
    }
    painter.line(grid.curve.iter().map(|point| at(*point)).collect(), Stroke::new(3.0, color));
    // A grid that has shrunk to a point would be lost among the data.
    if let Some(middle) = grid.curve.get(grid.curve.len() / 2)
        && grid.curve.iter().all(|point| at(*point).distance(at(*middle)) < 4.0)
    {
        painter.circle_filled(at(*middle), 4.5, color);
    }

    let (example, reconstruction) = (at(grid.example), at(grid.reconstruction));
    let unit = axes.frame.width() / (axes.x.max - axes.x.min);
    if grid.sigma.is_finite() && grid.sigma > 0.0 {
        let radius = grid.sigma * unit;
        let points: Vec<Pos2> = (0..=90)
            .map(|step| step as f32 / 90.0 * std::f32::consts::TAU)
            .map(|angle| reconstruction + radius * vec2(angle.cos(), angle.sin()))
            .collect();
        painter.extend(Shape::dashed_line(&points, Stroke::new(1.2, palette.threshold), 5.0, 4.0));
    }
    painter.line_segment([example, reconstruction], Stroke::new(1.5, palette.posterior));
    let halo = if palette.dark { Color32::from_black_alpha(190) } else { Color32::from_white_alpha(220) };
    painter.circle(example, 4.5, palette.posterior, Stroke::new(1.5, halo));
    let square = Rect::from_center_size(reconstruction, vec2(8.0, 8.0));
    painter.rect_filled(square.expand(1.5), 0.0, halo);
    painter.rect_filled(square, 0.0, palette.posterior);
}

fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, grid: &LatentGrid) {
    let palette = ctx.palette;
    let color = ctx.color(run);
    let along = format!("along {}", ctx.levels(run).name(grid.dimensions[0]));
    let noise = format!("σ = {}", number(grid.sigma));
    let is_narrow = is_narrow(ui.available_width());
    // As high as two lines whether they are needed or not: a column must not jump.
    let bottom = ui.cursor().top() + if is_narrow { 34.0 } else { 16.0 };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().interact_size.y = 14.0;
        ui.spacing_mut().item_spacing = vec2(9.0, 2.0);
        ui.add_space(if is_narrow { 0.0 } else { 12.0 });
        let mut entry = |draw: &dyn Fn(&eframe::egui::Painter, Rect), name: &str, explanation: &str| {
            // Sign and word are one thing: a line must not break between them.
            let font = TextStyle::Small.resolve(ui.style());
            let galley = ui.painter().layout_no_wrap(name.to_owned(), font, palette.text);
            let size = vec2(16.0 + galley.size().x, galley.size().y.max(12.0));
            let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
            let sign = Rect::from_center_size(pos2(rect.left() + 6.0, rect.center().y), vec2(12.0, 12.0));
            draw(ui.painter(), sign);
            let place = pos2(sign.right() + 4.0, rect.center().y - galley.size().y / 2.0);
            ui.painter().galley(place, galley, palette.text);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, name));
            explained(response, explanation);
        };
        let line = |painter: &eframe::egui::Painter, rect: Rect| {
            painter.line_segment([rect.left_center(), rect.right_center()], Stroke::new(3.0, color));
        };
        entry(
            &line,
            &along,
            "The decoded curve along the selected dimension, through the selected example's posterior mean",
        );
        let dot = |painter: &eframe::egui::Painter, rect: Rect| {
            painter.circle_filled(rect.center(), 4.0, palette.posterior);
        };
        entry(&dot, "example", "The selected example of the evaluation pool");
        let square = |painter: &eframe::egui::Painter, rect: Rect| {
            painter.rect_filled(Rect::from_center_size(rect.center(), vec2(7.0, 7.0)), 0.0, palette.posterior);
        };
        entry(&square, "decoded", "Its reconstruction: the mean output at the example's posterior mean");
        let circle = |painter: &eframe::egui::Painter, rect: Rect| {
            painter.add(EllipseShape::stroke(rect.center(), vec2(5.0, 5.0), Stroke::new(1.2, palette.threshold)));
        };
        if grid.sigma.is_finite() && grid.sigma > 0.0 {
            entry(
                &circle,
                &noise,
                "One standard deviation of the likelihood's noise around the reconstruction, in the data's scale",
            );
        }
    });
    ui.add_space((bottom - ui.cursor().top()).max(0.0));
}

fn select_nearest(ui: &Ui, ctx: &mut PanelContext<'_>, axes: &Axes, grid: &LatentGrid, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let distance = |[x, y]: &[f32; 2]| axes.at(*x, *y).distance_sq(pointer);
    let nearest = grid.examples.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    let Some((example, [x, y])) = nearest else { return };
    if response.clicked() {
        ctx.selection.example = example;
    }
    ui.painter().circle_stroke(axes.at(*x, *y), 5.0, Stroke::new(1.5, ctx.palette.text));
    let class = grid.labels.as_ref().and_then(|labels| labels.get(example)).copied();
    let names = ctx.session.data().labels().map(|labels| &labels.names);
    let class = class.and_then(|class| names.and_then(|names| names.get(class as usize)));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("Nearest: {}", example_name(example)));
        ui.label(format!("({}, {})", number(*x), number(*y)));
        if let Some(class) = class {
            ui.label(format!("Class {class}"));
        }
        ui.weak("Click to select");
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(size: f32) -> LatentGrid {
        LatentGrid {
            dimensions: [0, 1],
            lines: [vec![vec![[0.0, 0.0], [size, 0.0]]], vec![vec![[0.0, 0.0], [0.0, size]]]],
            curve: vec![[0.0, 0.0], [size, 0.0]],
            examples: vec![[-1.0, -1.0], [1.0, 1.0]],
            labels: None,
            example: [1.0, 1.0],
            reconstruction: [0.0, 0.0],
            sigma: 1.0,
        }
    }

    #[test]
    fn a_collapsed_grid_is_told_in_words() {
        assert_eq!(Extents::of(&grid(1.0)).words()[0], "The decoded grid spans 0.50 × 0.50 of the data's range");
        assert_eq!(
            Extents::of(&grid(0.02)).words()[0],
            "The decoded grid is nearly a point: 0.01 × 0.01 of the data's range"
        );
    }
}
