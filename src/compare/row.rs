//! What came of one row.

use crate::exact::linear::{NoPrediction, Theory};
use crate::measure::{Measures, Statuses};
use crate::train::{ExactMeasures, FinalMeasures};
use serde::{Deserialize, Serialize};

/// One trained row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// How its run ended.
    pub state: RowState,
    /// Why it could not be trained; one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Optimizer steps behind its numbers.
    pub steps: u64,
    /// Seconds that the steps took on one core, under the load of the rows beside it.
    pub seconds: f64,
    /// What was measured; of a diverged run at its last good weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measures: Option<RowMeasures>,
}

/// How the run of a row ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowState {
    /// All steps were taken.
    Finished,
    /// The loss stopped being a finite number.
    Diverged,
    /// It could not be trained.
    Failed,
}

/// What is measured of a row at the end of its run: [`FinalMeasures`] without theory, which is about one run at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RowMeasures {
    /// Over the evaluation pool.
    pub measures: Measures,
    /// Importance-weighted −log p(x), nats per example.
    pub importance_weighted_nll: f64,
    /// Samples per example behind it.
    pub importance_samples: usize,
    /// Examples it is averaged over.
    pub importance_examples: usize,
    /// What the exact posterior on a grid says, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exact: Option<ExactMeasures>,
    /// Which of likelihood, exact posterior and encoder has collapsed.
    pub statuses: Statuses,
}

impl RowState {
    /// Name in files and on the screen.
    pub fn key(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

impl Row {
    /// What was measured, where the run finished; numbers of a diverged run belong to no mean.
    pub fn finished(&self) -> Option<&RowMeasures> {
        self.measures.as_ref().filter(|_| self.state == RowState::Finished)
    }

    /// A row that could not be trained.
    pub(super) fn failed(problem: String) -> Self {
        Self { state: RowState::Failed, problem: Some(problem), steps: 0, seconds: 0.0, measures: None }
    }
}

impl From<FinalMeasures> for RowMeasures {
    fn from(last: FinalMeasures) -> Self {
        let FinalMeasures {
            measures,
            importance_weighted_nll,
            importance_samples,
            importance_examples,
            exact,
            statuses,
            theory: _,
        } = last;
        Self { measures, importance_weighted_nll, importance_samples, importance_examples, exact, statuses }
    }
}

impl From<RowMeasures> for FinalMeasures {
    fn from(row: RowMeasures) -> Self {
        let RowMeasures { measures, importance_weighted_nll, importance_samples, importance_examples, exact, statuses } =
            row;
        let reason = "a comparison has no theory beside it";
        let theory =
            Theory { spectrum: Err(reason.to_owned()), prediction: Err(NoPrediction::new("not asked for", reason)) };
        Self { measures, importance_weighted_nll, importance_samples, importance_examples, exact, statuses, theory }
    }
}
