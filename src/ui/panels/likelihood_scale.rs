//! What the columns' likelihood maps share: the number of nats from the first colour to the last, and the range of the axes.

use super::PanelContext;
use super::memory::stable_maximum;
use crate::measure::LikelihoodMap;
use crate::train::{Probe, ReadingValue};
use crate::ui::verdict::is_comparable;
use eframe::egui::{Id, Ui};

/// Colours span at least so many nats: a thousandth of a nat must not look like a mountain.
const LEAST_SPAN: f32 = 1.0;

/// The ends of the colours, or of the vertical axis of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub low: f32,
    pub high: f32,
}

/// Ends of the colours: as many nats in every column, and the same nats where likelihoods can be compared.
pub(super) fn shared_span(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, run: usize, own: &LikelihoodMap) -> Span {
    let runs = ctx.session.runs();
    let known: Vec<(usize, [f32; 2])> = (0..runs.len())
        .filter_map(|index| match runs[index].reading(probe).map(|reading| &reading.value) {
            Some(ReadingValue::LikelihoodMap(map)) => Some((index, map.ends)),
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
    use super::*;

    #[test]
    fn the_span_stays_while_the_highest_value_trembles() {
        let span = Span::of_width(10.0, -1.9);
        assert_eq!(span, Span::of_width(10.0, -1.6));
        assert!(span.high >= -1.6 && (span.high - span.low - 10.0).abs() < 1e-5);
    }
}
