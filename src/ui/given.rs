//! The part of a picture that is given to a conditional model, marked in every picture that shows it.

use super::theme::Palette;
use crate::data::{Dataset, ExampleShape};
use eframe::egui::{Painter, Rect, Stroke, StrokeKind, pos2};

/// Where the given part of a picture stands, as fractions of its sides; none where nothing of the picture is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Given(Rect);

impl Given {
    /// Of the pictures of a data set.
    pub fn of(data: &Dataset) -> Option<Self> {
        let ExampleShape::Image { height, width, channels } = data.shape() else { return None };
        let pixels = data.layout().given().iter().flat_map(|run| [run.start, run.end.saturating_sub(1)]);
        let mut part: Option<Rect> = None;
        for pixel in pixels.map(|value| value / channels) {
            let corner = pos2((pixel % width) as f32, (pixel / width) as f32);
            let pixel = Rect::from_min_max(corner, corner + eframe::egui::vec2(1.0, 1.0));
            part = Some(part.map_or(pixel, |part| part.union(pixel)));
        }
        let scale = |rect: Rect| {
            let at = |x: f32, y: f32| pos2(x / width as f32, y / height as f32);
            Rect::from_min_max(at(rect.min.x, rect.min.y), at(rect.max.x, rect.max.y))
        };
        part.map(|part| Self(scale(part)))
    }

    /// Outlines the given part of a picture that is drawn at `picture`; faintly where pictures stand close.
    pub fn paint(self, painter: &Painter, palette: &Palette, picture: Rect, is_faint: bool) {
        let at = |x: f32, y: f32| pos2(picture.left() + x * picture.width(), picture.top() + y * picture.height());
        let part = Rect::from_min_max(at(self.0.min.x, self.0.min.y), at(self.0.max.x, self.0.max.y));
        let color = if is_faint { palette.tint(palette.posterior, 0.55) } else { palette.posterior };
        painter.rect_stroke(part, 0.0, Stroke::new(1.0, color), StrokeKind::Inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ConditionKind, LoadOptions, Source, Unmonitored, load};

    #[test]
    fn the_lower_left_quarter_is_found() {
        let part = |condition| {
            let options = LoadOptions { condition, ..LoadOptions::default() };
            Given::of(&load(&Source::Digits, &options, &Unmonitored).unwrap())
        };
        assert_eq!(part(ConditionKind::LowerLeft), Some(Given(Rect::from_min_max(pos2(0.0, 0.5), pos2(0.5, 1.0)))));
        assert_eq!(part(ConditionKind::Source), None);
        assert_eq!(part(ConditionKind::Label), None);
    }
}
