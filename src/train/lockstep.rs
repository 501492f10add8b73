//! Keeps variants within a few steps of each other, so that what stands side by side on the screen is comparable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Steps that the fastest variant may be ahead of the slowest. Not 1: waiting costs a wake-up each time.
const LARGEST_LEAD: u64 = 16;

/// Steps taken by each variant that is training.
#[derive(Clone, Debug)]
pub struct Lockstep {
    steps: Arc<Vec<AtomicU64>>,
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
        Self { steps: Arc::new((0..variants).map(|_| AtomicU64::new(u64::MAX)).collect()) }
    }

    /// The place of one variant.
    pub fn place(&self, index: usize) -> Place {
        Place { lockstep: self.clone(), index }
    }
}

impl Place {
    /// Says that this variant is training and has taken `step` steps.
    pub fn arrive(&self, step: u64) {
        self.lockstep.steps[self.index].store(step, Ordering::Relaxed);
    }

    /// Says that nobody need wait for this variant.
    pub fn leave(&self) {
        self.arrive(u64::MAX);
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
