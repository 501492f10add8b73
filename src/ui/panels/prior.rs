//! A learned prior over a picture of a latent plane: contours in the place of N(0, I)'s circles.

use super::axes::Axes;
use super::contour::{ContourLine, contour};
use super::overlay::{Ink, dashed_line, text_over};
use crate::measure::PriorMap;
use eframe::egui::{Align2, Color32, Painter, Pos2, TextStyle, Ui, pos2};

/// Shares of the mass of N(0, I) in a plane within one and two standard deviations.
pub(super) const DEVIATION_SHARES: [f64; 2] = [0.393_469, 0.864_665];

/// Lines that hold shares of a learned prior.
pub(super) struct PriorLines {
    /// Half-width of what the lines' points are fractions of.
    reach: f32,
    /// By share, in the order asked for.
    lines: Vec<(f64, Vec<ContourLine>)>,
}

impl PriorLines {
    /// Highest-density contours that hold these shares.
    pub fn of(map: &PriorMap, shares: &[f64]) -> Self {
        let lines = shares.iter().zip(map.levels(shares));
        let lines = lines.map(|(share, level)| (*share, contour(&map.log_density, map.side, level)));
        Self { reach: map.reach, lines: lines.collect() }
    }
}

/// Draws the lines dashed, as the circles of N(0, I) are, each share named at its lowest point within the picture.
pub(super) fn prior_lines_ui(ui: &Ui, painter: &Painter, axes: &Axes, prior: &PriorLines, ink: Ink) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_two_hills_hold_their_share_of_each() {
        let (side, reach) = (97, 6.0_f32);
        let at = |position: usize| reach * (2.0 * position as f32 / (side - 1) as f32 - 1.0);
        // Two equal Gaussians of standard deviation ½ that do not touch.
        let hill = |x: f32, y: f32| -2.0 * (x * x + y * y);
        let log = |index: usize| {
            let (x, y) = (at(index % side), at(index / side));
            hill(x - 3.0, y).max(hill(x + 3.0, y)).max(-30.0)
        };
        let map = PriorMap { reach, side, log_density: (0..side * side).map(log).collect() };
        let prior = PriorLines::of(&map, &[0.5]);
        assert_eq!(prior.lines[0].1.len(), 2);
        let expected = 0.5 * (2.0 * std::f32::consts::LN_2).sqrt();
        for [x, y] in prior.lines[0].1.iter().flatten() {
            let [x, y] = [x, y].map(|share| (2.0 * share - 1.0) * reach);
            let radius = (x.abs() - 3.0).hypot(y);
            // The shares are counted over points that are 0.125 apart.
            assert!((radius - expected).abs() < 0.05, "{radius} instead of {expected}");
        }
    }
}
