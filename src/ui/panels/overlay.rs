//! What is drawn over a picture of a latent plane: the prior, one example's posterior, contours. Strokes have a halo, so that they are seen
//! on every colour of a map.

use super::axes::Axes;
use crate::measure::ContourLine;
use crate::ui::theme::Palette;
use eframe::egui::cache::{ComputerMut, FrameCache};
use eframe::egui::{
    Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, TextStyle, Ui, epaint::EllipseShape, pos2,
    vec2,
};
use std::sync::Arc;

/// Colours of lines over a picture, and of the halo around them.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Ink {
    pub line: Color32,
    pub halo: Color32,
}

impl Ink {
    /// The halo, where there is one, and the line over it.
    fn strokes(self, width: f32, halo: f32) -> impl Iterator<Item = (f32, Color32)> {
        [(width + halo, self.halo), (width, self.line)].into_iter().filter(|(_, color)| *color != Color32::TRANSPARENT)
    }

    /// Over colours that are dark or light as the theme is.
    pub fn of_theme(palette: &Palette) -> Self {
        if palette.dark {
            Self { line: Color32::from_white_alpha(150), halo: Color32::TRANSPARENT }
        } else {
            Self { line: Color32::from_black_alpha(130), halo: Color32::TRANSPARENT }
        }
    }

    /// Light, over colours from dark to light such as viridis.
    pub const OVER_MAP: Self = Self { line: Color32::WHITE, halo: Color32::from_black_alpha(120) };
    /// Dark, over the same.
    pub const DARK_OVER_MAP: Self =
        Self { line: Color32::from_black_alpha(210), halo: Color32::from_rgba_premultiplied(100, 100, 100, 100) };
}

/// Circles that hold 39 % and 86 % of the prior, at one and two standard deviations.
pub(in crate::ui) fn prior_ui(ui: &Ui, painter: &Painter, axes: &Axes, ink: Ink) {
    for sd in [1.0, 2.0] {
        prior_circle(ui, painter, axes, (sd, &format!("{sd} sd")), ink);
    }
}

/// Circles that hold shares of the prior's mass in a plane, to be held against contours that hold the same of something else.
pub(in crate::ui) fn prior_shares_ui(ui: &Ui, painter: &Painter, axes: &Axes, shares: &[f64], ink: Ink) {
    for share in shares {
        let radius = (-2.0 * (1.0 - share).ln()).sqrt() as f32;
        prior_circle(ui, painter, axes, (radius, &format!("{:.0} %", 100.0 * share)), ink);
    }
}

fn prior_circle(ui: &Ui, painter: &Painter, axes: &Axes, (radius, name): (f32, &str), ink: Ink) {
    dashed_circle(painter, axes, radius, 1.0, ink);
    let font = TextStyle::Small.resolve(ui.style());
    text_over(painter, axes.at(0.0, -radius) + vec2(0.0, 1.0), Align2::CENTER_TOP, name, &font, ink);
}

/// A circle around the origin.
pub(in crate::ui) fn dashed_circle(painter: &Painter, axes: &Axes, radius: f32, width: f32, ink: Ink) {
    for (width, color) in ink.strokes(width, 1.0) {
        let [center, corner] = [axes.at(0.0, 0.0), axes.at(radius, radius)];
        let circle = DashedCircle {
            at: [center, corner].map(|at| [at.x.to_bits(), at.y.to_bits()]),
            width: width.to_bits(),
            color,
        };
        let dashes = painter.ctx().memory_mut(|memory| memory.caches.cache::<DashedCircles>().get(circle).clone());
        painter.extend(dashes.iter().cloned());
    }
}

/// A circle in pixels, by the bits of its numbers: its hundred dashes are the same in most frames.
#[derive(Clone, Copy, Hash)]
struct DashedCircle {
    /// Centre, and the corner of the box around it where both coordinates are largest.
    at: [[u32; 2]; 2],
    width: u32,
    color: Color32,
}

#[derive(Default)]
struct DashCircle;

type DashedCircles = FrameCache<Arc<[Shape]>, DashCircle>;

impl ComputerMut<DashedCircle, Arc<[Shape]>> for DashCircle {
    fn compute(&mut self, circle: DashedCircle) -> Arc<[Shape]> {
        const SIDES: usize = 72;
        let [center, corner] = circle.at.map(|[x, y]| pos2(f32::from_bits(x), f32::from_bits(y)));
        let half = corner - center;
        let angles = (0..=SIDES).map(|at| at as f32 / SIDES as f32 * std::f32::consts::TAU);
        let points: Vec<Pos2> = angles.map(|angle| center + half * vec2(angle.cos(), angle.sin())).collect();
        dashes(&points, Stroke::new(f32::from_bits(circle.width), circle.color)).into()
    }
}

fn dashes(points: &[Pos2], stroke: Stroke) -> Vec<Shape> {
    Shape::dashed_line(points, stroke, 4.0, 4.0)
}

/// A dashed line through points.
pub(super) fn dashed_line(painter: &Painter, points: &[Pos2], width: f32, ink: Ink) {
    for (width, color) in ink.strokes(width, 1.0) {
        painter.extend(dashes(points, Stroke::new(width, color)));
    }
}

/// Mean of a diagonal Gaussian, and the ellipse of its half-axes `sd` around it.
pub(in crate::ui) fn gaussian_ui(
    painter: &Painter,
    palette: &Palette,
    axes: &Axes,
    mean: [f32; 2],
    sd: [f32; 2],
    halo: Color32,
) {
    let center = axes.at(mean[0], mean[1]);
    let unit = vec2(axes.frame.width() / (axes.x.max - axes.x.min), axes.frame.height() / (axes.y.max - axes.y.min));
    for (width, color) in [(4.0, halo), (2.0, palette.posterior)] {
        painter.add(EllipseShape::stroke(center, vec2(sd[0], sd[1]) * unit, Stroke::new(width, color)));
    }
    painter.circle(center, 4.0, palette.posterior, Stroke::new(1.5, halo));
}

/// Lines over `rect`, of which their points are fractions.
pub(in crate::ui) fn contours_ui(painter: &Painter, rect: Rect, lines: &[ContourLine], width: f32, ink: Ink) {
    let at = |[x, y]: &[f32; 2]| pos2(rect.left() + x * rect.width(), rect.bottom() - y * rect.height());
    for (width, color) in ink.strokes(width, 1.6) {
        for line in lines {
            let points: Vec<Pos2> = line.iter().map(at).collect();
            let stroke = Stroke::new(width, color);
            match line.first() == line.last() && line.len() > 2 {
                true => painter.add(Shape::closed_line(points[1..].to_vec(), stroke)),
                false => painter.add(Shape::line(points, stroke)),
            };
        }
    }
}

/// Outline, ticks and names of the axes around a map; a name that stands inside has to be read on every colour.
pub(in crate::ui) fn front_of_map_ui(ui: &Ui, palette: &Palette, axes: &Axes, [x, y]: [String; 2]) {
    if !axes.is_narrow() {
        return axes.front_ui(ui, palette, &x, &y);
    }
    axes.front_ui(ui, palette, &x, " ");
    plated_text_ui(ui, ui.painter(), palette, axes.frame.left_top() + vec2(5.0, 3.0), Align2::LEFT_TOP, &y);
}

/// Small text on a plate of the surface's colour, to be read over anything.
pub(super) fn plated_text_ui(ui: &Ui, painter: &Painter, palette: &Palette, at: Pos2, align: Align2, text: &str) {
    let font = TextStyle::Small.resolve(ui.style());
    let galley = painter.layout_no_wrap(text.to_owned(), font, palette.text);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(2.0, 0.0)), 2.0, palette.surface.gamma_multiply(0.8));
    painter.galley(rect.min, galley, palette.text);
}

/// A bar that is collapsed: hollow and hatched.
pub(super) fn hatched_bar_ui(painter: &Painter, palette: &Palette, bar: Rect, color: Color32) {
    painter.rect_filled(bar, 1.0, palette.tint(color, 0.12));
    hatch(&painter.with_clip_rect(bar.intersect(painter.clip_rect())), bar, palette.tint(color, 0.6));
    painter.rect_stroke(bar, 1.0, Stroke::new(1.0, color), StrokeKind::Inside);
}

fn hatch(painter: &Painter, bar: Rect, color: Color32) {
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

/// Text with a halo.
pub(in crate::ui) fn text_over(painter: &Painter, at: Pos2, align: Align2, text: &str, font: &FontId, ink: Ink) {
    if ink.halo != Color32::TRANSPARENT {
        for shift in [vec2(1.0, 0.0), vec2(-1.0, 0.0), vec2(0.0, 1.0), vec2(0.0, -1.0)] {
            painter.text(at + shift, align, text, font.clone(), ink.halo);
        }
    }
    painter.text(at, align, text, font.clone(), ink.line);
}
