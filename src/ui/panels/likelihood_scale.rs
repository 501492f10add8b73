//! What the columns' likelihood maps share: the number of nats from the first colour to the last, and the range of the axes.

use super::PanelContext;
use super::contour::{ContourLine, contour};
use super::memory::{derived_in_turn, panel_id, stable_maximum};
use super::prior::PriorLines;
use crate::measure::{LikelihoodMap, MapKind};
use crate::train::{Probe, ReadingValue};
use crate::ui::verdict::is_comparable;
use eframe::egui::{Id, Ui};
use std::sync::Arc;

/// Colours span at least so many nats: a thousandth of a nat must not look like a mountain.
const LEAST_SPAN: f32 = 1.0;
/// Shares of the exact posterior's mass inside of its contours.
pub(super) const SHARES: [f64; 2] = [0.9, 0.5];
/// Points per axis, at least, that contours are drawn from.
const FINE: usize = 128;

/// What follows from a reading alone.
pub(super) struct Facts {
    /// Smallest and largest log p(x|z) within the radius, nats.
    pub ends: [f32; 2],
    /// Contours of the exact posterior.
    pub lines: Vec<ContourLine>,
    /// Contours of a learned prior, for the same shares.
    pub prior: Option<PriorLines>,
}

/// The ends of the colours, or of the vertical axis of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub low: f32,
    pub high: f32,
}

pub(super) fn facts_of(ui: &Ui, run: usize, map: &Arc<LikelihoodMap>) -> Arc<Facts> {
    derived_in_turn(ui.ctx(), panel_id("likelihood-map", run).with("facts"), map, Facts::of)
}

impl Facts {
    fn of(map: &LikelihoodMap) -> Self {
        let last = (map.side.max(2) - 1) as f32;
        let squares: Vec<f32> = (0..map.side).map(|at| (2.0 * at as f32 / last - 1.0).powi(2)).collect();
        let rows = map.log_likelihood.chunks(map.side.max(1)).zip(&squares);
        let within = rows.flat_map(|(row, y)| {
            let is_line = map.kind == MapKind::Line;
            row.iter().zip(&squares).filter(move |(_, x)| is_line || *x + y <= 1.0 + 1e-5).map(|(value, _)| *value)
        });
        let ends = within
            .filter(|value| value.is_finite())
            .fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)]);
        let lines = map.fine_posterior(FINE, &SHARES).map_or_else(Vec::new, |fine| {
            fine.levels.iter().flat_map(|level| contour(&fine.log_density, fine.side, *level)).collect()
        });
        Self { ends, lines, prior: map.prior.as_ref().map(|prior| PriorLines::of(prior, &SHARES)) }
    }
}

/// Ends of the colours: as many nats in every column, and the same nats where likelihoods can be compared.
pub(super) fn shared_span(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, run: usize, own: &Facts) -> Span {
    let runs = ctx.session.runs();
    let known: Vec<(usize, [f32; 2])> = (0..runs.len())
        .filter_map(|index| match runs[index].reading(probe).map(|reading| &reading.value) {
            Some(ReadingValue::LikelihoodMap(map)) => Some((index, facts_of(ui, index, map).ends)),
            _ => None,
        })
        .collect();
    let ends_for = |index: usize, own: [f32; 2]| {
        let alike = known.iter().filter(|(other, _)| is_comparable(&runs[index].settings, &runs[*other].settings));
        alike.fold(own, |[low, high], (_, ends)| [low.min(ends[0]), high.max(ends[1])])
    };
    let widest = known.iter().map(|&(index, own)| ends_for(index, own)).chain([ends_for(run, own.ends)]);
    let widest = widest.map(|[low, high]| high - low).filter(|width| width.is_finite()).fold(LEAST_SPAN, f32::max);
    let width = stable_maximum(ui.ctx(), Id::unique("collapsar-likelihood-span"), 1.05 * widest);
    Span::of_width(width, ends_for(run, own.ends)[1])
}

impl Span {
    /// Ends at a round number at or above `highest`, so that a legend stays while the highest value trembles.
    fn of_width(width: f32, highest: f32) -> Self {
        let step = width / 20.0;
        let high = if highest.is_finite() { (highest / step).ceil() * step } else { 0.0 };
        Self { low: high - width, high }
    }
}

/// Half of the side of the axes: the largest radius of all columns.
pub(super) fn shared_reach(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, own: &LikelihoodMap) -> f32 {
    let others = ctx.session.runs().iter().filter_map(|run| match &run.reading(probe)?.value {
        ReadingValue::LikelihoodMap(map) => Some(map.radius),
        _ => None,
    });
    let radius = others.fold(own.radius, f64::max) as f32;
    stable_maximum(ui.ctx(), Id::unique("collapsar-likelihood-reach"), radius)
}

#[cfg(test)]
mod tests {
    use super::super::likelihood_map::tests::quadratic;
    use super::*;

    #[test]
    fn contours_of_a_gaussian_posterior_hold_half_and_nine_tenths() {
        let facts = Facts::of(&quadratic(3.0));
        assert_eq!(facts.ends, [-13.5, 0.0], "the corners outside of the radius do not count");
        assert_eq!(facts.lines.len(), 2);
        // Radius that holds a share of a Gaussian with standard deviation ½: r² = −2 log(1 − share) / 4.
        for (line, share) in facts.lines.iter().zip(SHARES) {
            let expected = (-2.0 * (1.0 - share).ln() / 4.0).sqrt() as f32;
            for [x, y] in line {
                let radius = 3.0 * (2.0 * x - 1.0).hypot(2.0 * y - 1.0);
                assert!((radius - expected).abs() < 0.02, "{radius} {expected}");
            }
        }
    }

    #[test]
    fn the_span_stays_while_the_highest_value_trembles() {
        let span = Span::of_width(10.0, -1.9);
        assert_eq!(span, Span::of_width(10.0, -1.6));
        assert!(span.high >= -1.6 && (span.high - span.low - 10.0).abs() < 1e-5);
    }
}
