//! What is done for every cell of a sweep, and for its theory.

use super::theory::{self, SweepTheory};
use super::{Cell, CellMeasures, Outcome, Sweep};
use crate::batch::{self, DataShelf, Ended, Work};
use crate::device::TrainingDevice;
use crate::experiment::Family;
use std::sync::Arc;

/// A sweep being trained.
pub(super) struct SweepWork {
    sweep: Arc<Sweep>,
    shelf: DataShelf,
}

impl SweepWork {
    pub fn new(sweep: Arc<Sweep>) -> Self {
        let is_conditional = sweep.experiment().model.family == Family::Conditional;
        Self { sweep, shelf: DataShelf::new(is_conditional) }
    }

    fn theory(&self, index: usize) -> Option<Vec<Option<usize>>> {
        let (x, y) = self.sweep.place(index);
        let experiment = self.sweep.cell(x, y).ok()?;
        let spectrum = self.shelf.spectrum(&experiment.data).ok()?;
        let (expected, _) = theory::expected_of(&experiment, &spectrum).ok()?;
        Some(expected.iter().map(theory::Expected::active).collect())
    }
}

impl Work for SweepWork {
    type Trained = Outcome;
    type Outcome = Cell;
    type Note = SweepTheory;

    const NAME: &'static str = "sweep";

    fn train(&self, index: usize, device: &TrainingDevice) -> Result<Option<Outcome>, String> {
        let (x, y) = self.sweep.place(index);
        let experiment = self.sweep.cell(x, y).map_err(|error| error.to_string())?;
        let Some(Ended { mut learner, has_diverged, .. }) = batch::train(&experiment, &self.shelf, device)? else {
            return Ok(None);
        };
        if has_diverged {
            return Ok(Some(Outcome::Diverged));
        }
        let measures = learner.measure().map_err(|error| error.to_string())?;
        // The last update may have blown up the weights, with no loss after it to show that.
        if !(measures.negative_elbo.is_finite() && measures.kl.is_finite()) {
            return Ok(Some(Outcome::Diverged));
        }
        Ok(Some(Outcome::Finished(CellMeasures::new(measures))))
    }

    fn outcome(&self, index: usize, trained: Result<Outcome, String>, seconds: f64) -> Cell {
        Cell { outcome: trained.unwrap_or_else(Outcome::Failed), theory: self.theory(index), seconds }
    }

    fn note(&self) -> Result<SweepTheory, String> {
        theory::predict(&self.sweep, &self.shelf)
    }

    fn cancel(&self) {
        self.shelf.cancel();
    }

    fn is_cancelled(&self) -> bool {
        self.shelf.is_stopped()
    }
}
