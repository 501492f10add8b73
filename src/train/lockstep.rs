//! Keeps variants within a few steps of each other, so that what stands side by side on the screen is comparable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps that the fastest variant may be ahead of the slowest. Not 1: waiting costs a wake-up each time.
const LARGEST_LEAD: u64 = 16;

/// A variant farther behind than this pauses where it is: it goes on from before a divergence, and would take its time.
const FARTHEST_TO_CATCH_UP: u64 = 256;

/// Steps taken by each variant that is training.
#[derive(Clone, Debug)]
pub struct Lockstep {
    steps: Arc<Vec<AtomicU64>>,
    furthest: Arc<AtomicU64>,
}

/// One variant's place in a [`Lockstep`].
#[derive(Clone, Debug)]
pub struct Place {
    lockstep: Lockstep,
    index: usize,
}

impl Lockstep {
    /// For `variants` variants, none of them training yet.
    pub fn new(variants: usize) -> Self {
        Self {
            steps: Arc::new((0..variants).map(|_| AtomicU64::new(u64::MAX)).collect()),
            furthest: Arc::new(AtomicU64::new(0)),
        }
    }

    /// The place of one variant.
    pub fn place(&self, index: usize) -> Place {
        Place { lockstep: self.clone(), index }
    }
}

impl Place {
    /// Says that this variant is training and has taken `step` steps.
    pub fn arrive(&self, step: u64) {
        self.lockstep.furthest.fetch_max(step, Ordering::Relaxed);
        self.lockstep.steps[self.index].store(step, Ordering::Relaxed);
    }

    /// Says that training starts anew.
    pub fn restart(&self) {
        self.lockstep.furthest.store(0, Ordering::Relaxed);
    }

    /// Whether a variant at `step` is a few steps behind another. Before it pauses it catches up, so that what stands side by
    /// side comes from the same step.
    pub fn is_behind(&self, step: u64) -> bool {
        let furthest = self.lockstep.furthest.load(Ordering::Relaxed);
        (step + 1..=step + FARTHEST_TO_CATCH_UP).contains(&furthest)
    }

    /// Whether another variant is still training, not told to pause yet.
    pub fn others_train(&self) -> bool {
        let others = self.lockstep.steps.iter().enumerate().filter(|(index, _)| *index != self.index);
        others.into_iter().any(|(_, steps)| steps.load(Ordering::Relaxed) != u64::MAX)
    }

    /// Says that nobody need wait for this variant.
    pub fn leave(&self) {
        self.lockstep.steps[self.index].store(u64::MAX, Ordering::Relaxed);
    }

    /// Whether a variant at `step` must let others catch up.
    pub fn must_wait(&self, step: u64) -> bool {
        let slowest = self.lockstep.steps.iter().map(|steps| steps.load(Ordering::Relaxed)).min().unwrap_or(step);
        step > slowest.saturating_add(LARGEST_LEAD)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.leave();
    }
}
