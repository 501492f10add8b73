//! A learned prior over a picture of a latent plane: contours in the place of N(0, I)'s circles.

use super::axes::Axes;
use super::overlay::{Ink, dashed_line, text_over};
use crate::measure::PriorContours;
use eframe::egui::{Align2, Color32, Painter, Pos2, TextStyle, Ui, pos2};

/// Draws the lines dashed, as the circles of N(0, I) are, each share named at its lowest point within the picture.
pub(super) fn prior_lines_ui(ui: &Ui, painter: &Painter, axes: &Axes, prior: &PriorContours, ink: Ink) {
    let at = |[x, y]: &[f32; 2]| axes.at((2.0 * x - 1.0) * prior.reach, (2.0 * y - 1.0) * prior.reach);
    let font = TextStyle::Small.resolve(ui.style());
    for (share, lines) in &prior.lines {
        let lines: Vec<Vec<Pos2>> = lines.iter().map(|line| line.iter().map(at).collect()).collect();
        lines.iter().for_each(|line| dashed_line(painter, line, 1.0, ink));
        let points = lines.iter().flatten().filter(|point| axes.frame.contains(**point));
        if let Some(lowest) = points.max_by(|a, b| a.y.total_cmp(&b.y)) {
            let name = format!("{:.0} %", 100.0 * share);
            // Text on lines that may run anywhere.
            let halo = if ink.halo == Color32::TRANSPARENT { ui.visuals().extreme_bg_color } else { ink.halo };
            // Within the picture, too, where the line leaves it.
            let top = (lowest.y + 1.0).min(axes.frame.bottom() - 1.2 * font.size);
            text_over(painter, pos2(lowest.x, top), Align2::CENTER_TOP, &name, &font, Ink { halo, ..ink });
        }
    }
}
