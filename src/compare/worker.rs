//! What is done for every row of a comparison.

use super::{Comparison, Row, RowState};
use crate::batch::{self, DataShelf, Ended, Work};
use crate::device::TrainingDevice;
use std::sync::Arc;

/// A comparison being trained.
pub(super) struct CompareWork {
    comparison: Arc<Comparison>,
    shelf: DataShelf,
}

impl CompareWork {
    pub fn new(comparison: Arc<Comparison>) -> Self {
        Self { comparison, shelf: DataShelf::new(false) }
    }
}

impl Work for CompareWork {
    type Trained = Row;
    type Outcome = Row;
    type Note = ();

    const NAME: &'static str = "compare";

    fn train(&self, index: usize, device: &TrainingDevice) -> Result<Option<Row>, String> {
        let Some(ended) = batch::train(&self.comparison.row(index), &self.shelf, device)? else {
            return Ok(None);
        };
        let Ended { mut learner, mut has_diverged, seconds } = ended;
        let mut last = learner.final_measures().map_err(|error| error.to_string())?;
        if !(last.measures.negative_elbo.is_finite() && last.measures.kl.is_finite()) {
            // The last update has blown up the weights, with no loss after it to show that; an evaluation goes back to the last good ones.
            has_diverged = true;
            drop(learner.evaluate().map_err(|error| error.to_string())?);
            last = learner.final_measures().map_err(|error| error.to_string())?;
        }
        let state = if has_diverged { RowState::Diverged } else { RowState::Finished };
        Ok(Some(Row { state, problem: None, steps: learner.step_count(), seconds, measures: Some(last.into()) }))
    }

    fn outcome(&self, _index: usize, trained: Result<Row, String>, _seconds: f64) -> Row {
        trained.unwrap_or_else(Row::failed)
    }

    fn note(&self) -> Result<(), String> {
        Ok(())
    }

    fn cancel(&self) {
        self.shelf.cancel();
    }

    fn is_cancelled(&self) -> bool {
        self.shelf.is_stopped()
    }
}
