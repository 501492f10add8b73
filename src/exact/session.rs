//! [`ClassicalSession`]: a thread that answers for a classical model whatever its settings are now; the newest settings win.

use super::{ClassicalError, ClassicalReading};
use crate::experiment::Classical;
use std::sync::Arc;

/// A classical model being looked at. Dropping it ends its thread.
pub struct ClassicalSession {
    experiment: Classical,
    example: usize,
    reading: Option<Arc<ClassicalReading>>,
    error: Option<ClassicalError>,
}

impl ClassicalSession {
    /// Starts the thread. `wake` is called whenever there is something new to [`Self::poll`].
    pub fn start(experiment: Classical, wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let _ = wake;
        Self { experiment, example: 0, reading: None, error: None }
    }

    /// Looks at the model with other settings from now on; sampling for the former ones is given up.
    pub fn configure(&mut self, experiment: Classical) {
        self.experiment = experiment;
    }

    /// Looks at another example of the data from now on.
    pub fn look_at(&mut self, example: usize) {
        self.example = example;
    }

    /// Takes in what the thread has found; never waits.
    pub fn poll(&mut self) {}

    /// The settings asked for last.
    pub fn experiment(&self) -> &Classical {
        &self.experiment
    }

    /// The newest answer. It may belong to former settings while the thread is at work, and says which.
    pub fn reading(&self) -> Option<&Arc<ClassicalReading>> {
        self.reading.as_ref()
    }

    /// Why there is no answer for the present settings.
    pub fn error(&self) -> Option<&ClassicalError> {
        self.error.as_ref()
    }

    /// Share of the sampling done, 0 to 1; `None` when the thread has nothing left to do.
    pub fn progress(&self) -> Option<f32> {
        None
    }
}
