//! Densities over one variable: areas, lines, histograms, and the axis that they share.

use crate::exact::Sampling;
use crate::ui::panels::axes::Axes;
use crate::ui::panels::posterior::area_under;
use crate::ui::theme::Palette;
use eframe::egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

/// Points of a curve.
const POINTS: usize = 241;

/// How a density is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// A filled area: the prior.
    Area,
    /// A thick line over a faint area: the exact posterior.
    Solid,
    /// Bars: draws.
    Bars,
    /// A dashed line: an approximation.
    Dashed,
}

/// Points of a density over a grid, in order.
pub(super) type Curve = Vec<[f32; 2]>;

/// The density of N(mean, sd²) from `low` to `high`.
pub(super) fn gaussian(mean: f64, sd: f64, low: f32, high: f32) -> Curve {
    let sd = sd.max(1e-9);
    let at = |step: usize| f64::from(low) + f64::from(high - low) * step as f64 / (POINTS - 1) as f64;
    let density = |x: f64| (-0.5 * ((x - mean) / sd).powi(2)).exp() / (sd * std::f64::consts::TAU.sqrt());
    let mut curve: Curve = (0..POINTS).map(at).map(|x| [x as f32, density(x) as f32]).collect();
    // A narrow peak between two points must not be cut.
    if mean > f64::from(low) && mean < f64::from(high) {
        let spike = (-12..=12).map(|step| mean + 0.33 * sd * f64::from(step));
        curve.extend(
            spike.filter(|x| *x > f64::from(low) && *x < f64::from(high)).map(|x| [x as f32, density(x) as f32]),
        );
        curve.sort_by(|a, b| a[0].total_cmp(&b[0]));
    }
    curve
}

/// The largest value of a curve.
pub(super) fn peak(curve: &[[f32; 2]]) -> f32 {
    curve.iter().map(|[_, y]| *y).fold(0.0, f32::max)
}

/// A histogram, as a density, of one quantity of the draws, in bins of equal width from `low` to `high`; every step has two points.
pub(super) fn histogram(sampling: &Sampling, quantity: usize, low: f32, high: f32, bins: usize) -> Curve {
    let quantities = sampling.r_hat.len().max(1);
    let mut counts = vec![0usize; bins];
    let width = f64::from(high - low) / bins as f64;
    let mut total = 0usize;
    for draw in sampling.draws.chunks_exact(quantities).filter_map(|draw| draw.get(quantity)) {
        total += 1;
        let bin = ((draw - f64::from(low)) / width).floor();
        if bin >= 0.0 && bin < bins as f64 {
            counts[bin as usize] += 1;
        }
    }
    let density = |count: usize| (count as f64 / (total.max(1) as f64 * width)) as f32;
    let edge = |at: usize| low + (high - low) * at as f32 / bins as f32;
    counts
        .iter()
        .enumerate()
        .flat_map(|(at, count)| [[edge(at), density(*count)], [edge(at + 1), density(*count)]])
        .collect()
}

/// Ends of an axis around values from `low` to `high`, never nearer than `least`: what is flat must look flat.
pub(super) fn span(low: f32, high: f32, least: f32) -> [f32; 2] {
    let size = high - low;
    if size >= least { [low, high] } else { [low - 0.5 * (least - size), high + 0.5 * (least - size)] }
}

/// Draws a density.
pub(super) fn curve_ui(
    painter: &Painter,
    palette: &Palette,
    axes: &Axes,
    curve: &[[f32; 2]],
    color: Color32,
    look: Look,
) {
    let top = axes.frame.top() - 20.0;
    // Far outside of the frame coordinates would lose their precision.
    let points: Vec<Pos2> = curve.iter().map(|[x, y]| axes.at(*x, *y)).map(|at| pos2(at.x, at.y.max(top))).collect();
    let floor = axes.frame.bottom();
    match look {
        Look::Area => {
            painter.add(area_under(&points, floor, palette.tint(color, 0.28)));
            painter.line(points, Stroke::new(1.0, color));
        }
        Look::Solid => {
            painter.add(area_under(&points, floor, palette.tint(color, 0.12)));
            painter.line(points, Stroke::new(2.5, color));
        }
        Look::Bars => {
            for step in points.chunks_exact(2) {
                let bar = Rect::from_min_max(step[0].min(step[1]), pos2(step[1].x, floor));
                // Where bars are thin, gaps between them would look like stripes.
                let gap = if bar.width() > 5.0 { 0.5 } else { 0.0 };
                painter.rect_filled(bar.shrink2(vec2(gap, 0.0)), 0.0, palette.tint(color, 0.45));
            }
        }
        Look::Dashed => {
            painter.extend(Shape::dashed_line(&points, Stroke::new(2.0, color), 6.0, 3.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(curve: &[[f32; 2]]) -> f32 {
        curve.windows(2).map(|pair| 0.5 * (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1])).sum()
    }

    #[test]
    fn densities_integrate_to_one_also_when_narrow() {
        for sd in [1.0, 0.1, 0.002] {
            let curve = gaussian(0.3, sd, -8.0, 8.0);
            assert!((area(&curve) - 1.0).abs() < 0.02, "sd {sd}: {}", area(&curve));
            assert!(curve.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
        }
    }

    #[test]
    fn flat_values_do_not_fill_the_axis() {
        assert_eq!(span(-1.0, 2.0, 0.5), [-1.0, 2.0]);
        assert_eq!(span(-3.0, -3.0, 0.5), [-3.25, -2.75]);
    }

    #[test]
    fn a_histogram_counts_one_quantity() {
        let sampling = Sampling {
            draws: vec![0.1, 9.0, 0.1, 9.0, 0.6, 9.0, 7.0, 9.0],
            count: 4,
            chains: 1,
            r_hat: vec![1.0, 1.0],
            effective_draws: vec![4.0, 4.0],
            divergences: 0,
        };
        let curve = histogram(&sampling, 0, 0.0, 1.0, 2);
        // Of four draws two lie in the first half, one in the second, and one outside.
        assert_eq!(curve, vec![[0.0, 1.0], [0.5, 1.0], [0.5, 0.5], [1.0, 0.5]]);
    }
}
