//! What panels remember between frames, in egui's memory: the last answer, values derived from an answer, axis maxima.

use crate::train::{Probe, ReadingValue, Run};
use eframe::egui::{Context, Id};
use std::sync::Arc;

/// How long the answer to an earlier question may stand in for the answer to a new one: long enough to bridge a click on another
/// dimension without a flicker, too short to be taken for it.
const STAND_IN_SECONDS: f64 = 1.0;

/// How long a quantity must stay small before its axis shrinks.
const SHRINK_AFTER_SECONDS: f64 = 1.0;

/// A global id: what a panel remembers of a run does not depend on the layout around it.
pub(in crate::ui) fn panel_id(panel: &'static str, run: usize) -> Id {
    Id::unique(("collapsar-panel", panel, run))
}

/// An answer, or what to write in its place.
pub(in crate::ui) enum Answer<T> {
    Value(Arc<T>),
    Message(&'static str),
}

struct Last<T> {
    value: Arc<T>,
    seen: f64,
}

// Not derived: that would ask for `T: Clone`.
impl<T> Clone for Last<T> {
    fn clone(&self) -> Self {
        Self { value: self.value.clone(), seen: self.seen }
    }
}

/// The newest answer of a run to a probe.
pub(in crate::ui) fn answer<T: Send + Sync + 'static>(
    ctx: &Context,
    id: Id,
    run: &Run,
    probe: &Probe,
    pick: impl Fn(&ReadingValue) -> Option<&Arc<T>>,
) -> Answer<T> {
    let now = ctx.input(|input| input.time);
    match run.reading(probe).map(|reading| &reading.value) {
        Some(ReadingValue::NotDefined(reason) | ReadingValue::Pending(reason)) => Answer::Message(reason),
        Some(value) => match pick(value) {
            Some(value) => {
                ctx.data_mut(|data| data.insert_temp(id, Last { value: value.clone(), seen: now }));
                Answer::Value(value.clone())
            }
            None => Answer::Message("No answer to this question"),
        },
        None => match ctx.data(|data| data.get_temp::<Last<T>>(id)) {
            Some(last) if now - last.seen < STAND_IN_SECONDS && run.progress.step > 0 => Answer::Value(last.value),
            _ => Answer::Message("Waiting for the first reading"),
        },
    }
}

/// Lets go of the last answer, where it holds much memory and is not wanted any longer.
pub(in crate::ui) fn forget<T: Send + Sync + 'static>(ctx: &Context, id: Id) {
    ctx.data_mut(|data| data.remove::<Last<T>>(id));
}

struct Derived<S, T> {
    source: Arc<S>,
    value: Arc<T>,
}

impl<S, T> Clone for Derived<S, T> {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), value: self.value.clone() }
    }
}

/// What follows from a reading, computed once per reading.
pub(in crate::ui) fn derived<S, T>(ctx: &Context, id: Id, source: &Arc<S>, compute: impl FnOnce(&S) -> T) -> Arc<T>
where
    S: Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    if let Some(known) = ctx.data(|data| data.get_temp::<Derived<S, T>>(id))
        && Arc::ptr_eq(&known.source, source)
    {
        return known.value;
    }
    let value = Arc::new(compute(source));
    ctx.data_mut(|data| data.insert_temp(id, Derived { source: source.clone(), value: value.clone() }));
    value
}

/// The upper end of an axis that starts at 0: a round number, which grows at once and shrinks after a while.
pub(in crate::ui) fn stable_maximum(ctx: &Context, id: Id, wanted: f32) -> f32 {
    let wanted = round_up(wanted);
    let now = ctx.input(|input| input.time);
    let (value, small_since) = ctx.data(|data| data.get_temp::<(f32, f64)>(id)).unwrap_or((wanted, now));
    let next = if wanted >= value || (wanted < 0.76 * value && now - small_since > SHRINK_AFTER_SECONDS) {
        (wanted, now)
    } else if wanted < 0.76 * value {
        // Training may have stopped, and nothing else asks for a frame then.
        ctx.request_repaint_after_secs(SHRINK_AFTER_SECONDS as f32);
        (value, small_since)
    } else {
        (value, now)
    };
    ctx.data_mut(|data| data.insert_temp(id, next));
    next.0
}

/// The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten.
pub(in crate::ui) fn round_up(value: f32) -> f32 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f32.powf(value.log10().floor());
    let leading = value / power;
    [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0].into_iter().find(|step| leading <= *step * 1.0001).unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        assert!((round_up(0.23) - 0.3).abs() < 1e-6);
        assert!((round_up(9.1) - 10.0).abs() < 1e-6);
        assert!((round_up(2.0) - 2.0).abs() < 1e-6);
        assert!((round_up(f32::NAN) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn an_axis_grows_at_once_and_does_not_shrink_at_once() {
        let ctx = Context::default();
        let id = Id::unique("axis");
        assert!((stable_maximum(&ctx, id, 0.9) - 1.0).abs() < 1e-6);
        assert!((stable_maximum(&ctx, id, 2.5) - 3.0).abs() < 1e-6);
        assert!((stable_maximum(&ctx, id, 0.1) - 3.0).abs() < 1e-6);
    }
}
