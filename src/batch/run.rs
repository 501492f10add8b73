//! One run from its first step to its last, on the thread that asks.

use super::DataShelf;
use crate::device::TrainingDevice;
use crate::experiment::Experiment;
use crate::train::{Learner, StepOutcome};
use std::time::Instant;

/// A run that took its steps.
pub(crate) struct Ended {
    /// With the weights of its last step, or the last good ones.
    pub learner: Learner,
    /// Whether the loss stopped being a finite number.
    pub has_diverged: bool,
    /// Seconds that the steps took.
    pub seconds: f64,
}

/// Trains the first run of an experiment; nothing when the shelf was told to stop.
///
/// # Errors
/// Why it cannot be trained, in one sentence.
pub(crate) fn train(
    experiment: &Experiment,
    shelf: &DataShelf,
    device: &TrainingDevice,
) -> Result<Option<Ended>, String> {
    let data = shelf.dataset(&experiment.data)?;
    experiment.validate_for(&data).map_err(|error| error.to_string())?;
    let settings = experiment.runs().map_err(|error| error.to_string())?.swap_remove(0);
    let steps = settings.steps;
    let mut learner = Learner::new(settings, data, device);
    learner.share_spectrum(shelf.lazy_spectrum(&experiment.data));
    let started = Instant::now();
    let ended =
        |learner, has_diverged| Ok(Some(Ended { learner, has_diverged, seconds: started.elapsed().as_secs_f64() }));
    while learner.step_count() < steps {
        if shelf.is_stopped() {
            return Ok(None);
        }
        match learner.step().map_err(|error| error.to_string())? {
            StepOutcome::Taken(_) => {}
            StepOutcome::Diverged { .. } => return ended(learner, true),
        }
    }
    ended(learner, false)
}
