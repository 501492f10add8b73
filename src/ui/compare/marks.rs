//! Marks of methods in the trade-off plot: colour and shape, so that neither alone has to tell them apart.

use crate::experiment::Settings;
use crate::ui::theme::Palette;
use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, vec2};

/// Shapes before the first comes again.
const SHAPES: usize = 5;

/// Colour and shape of a method.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    color: Color32,
    shape: usize,
}

impl Mark {
    /// Of all methods. The first of a decoder has its colour, further methods have others; no two of up to thirty have colour and shape in common.
    pub fn all(palette: &Palette, runs: &[Settings]) -> Vec<Self> {
        let mut marks: Vec<Self> = Vec::with_capacity(runs.len());
        for method in 0..runs.len() {
            let color = palette.of_settings(runs.iter(), method);
            let is_free = |shape: &usize| marks.iter().all(|mark| (mark.color, mark.shape) != (color, *shape));
            let shape = (method..method + SHAPES).map(|shape| shape % SHAPES).find(is_free);
            marks.push(Self { color, shape: shape.unwrap_or(method % SHAPES) });
        }
        marks
    }

    /// Draws it; `is_mean` fills it.
    pub fn draw(self, painter: &Painter, at: Pos2, radius: f32, is_mean: bool) {
        let fill = if is_mean { self.color } else { self.color.gamma_multiply(0.35) };
        let stroke = Stroke::new(if is_mean { 2.0 } else { 1.0 }, self.color);
        let polygon = |corners: &[Vec2]| {
            let points = corners.iter().map(|corner| at + *corner * radius).collect();
            painter.add(Shape::convex_polygon(points, fill, stroke));
        };
        match self.shape {
            0 => {
                painter.circle(at, radius, fill, stroke);
            }
            1 => {
                let rect = Rect::from_center_size(at, Vec2::splat(1.8 * radius));
                painter.rect(rect, 0.0, fill, stroke, StrokeKind::Middle);
            }
            2 => polygon(&[vec2(0.0, -1.2), vec2(1.1, 0.8), vec2(-1.1, 0.8)]),
            3 => polygon(&[vec2(0.0, -1.3), vec2(1.3, 0.0), vec2(0.0, 1.3), vec2(-1.3, 0.0)]),
            _ => polygon(&[vec2(-1.1, -0.8), vec2(1.1, -0.8), vec2(0.0, 1.2)]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;
    use crate::experiment::remedies::REMEDIES;
    use eframe::egui::Theme;

    #[test]
    fn no_two_remedies_have_the_same_mark() {
        let plain = Experiment::default();
        let variants = REMEDIES.iter().map(|remedy| remedy.variant(&plain).unwrap()).collect();
        let runs = Experiment { variants, ..plain }.runs().unwrap();
        let marks = Mark::all(Palette::of(Theme::Dark), &runs);
        for (at, mark) in marks.iter().enumerate() {
            assert!(marks[..at].iter().all(|other| (other.color, other.shape) != (mark.color, mark.shape)), "{at}");
        }
    }
}
