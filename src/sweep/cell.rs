//! What came of one cell.

use crate::measure::Measures;

/// One trained cell.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// How its run ended.
    pub outcome: Outcome,
    /// Active dimensions per latent level that theory predicts for it, where it determines them; none where it has no optimum or closed form.
    pub theory: Option<Vec<Option<usize>>>,
    /// Seconds of one core.
    pub seconds: f64,
}

/// How the run of a cell ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// All steps were taken.
    Finished(CellMeasures),
    /// The loss stopped being a finite number.
    Diverged,
    /// It could not be trained; one sentence.
    Failed(String),
}

/// What is measured of a cell at the end of its run, over the evaluation pool.
#[derive(Clone, Debug, PartialEq)]
pub struct CellMeasures {
    /// Active dimensions of each latent level, the one next to the data first.
    pub active: Vec<usize>,
    /// KL, nats per example.
    pub kl: f32,
    /// Negative ELBO, nats per example.
    pub negative_elbo: f32,
    /// KL per dimension, levels one after the other, nats per example.
    pub kl_per_dimension: Vec<f32>,
}

impl Cell {
    /// Active dimensions of a level, counted from 0.
    pub fn active(&self, level: usize) -> Option<usize> {
        self.measures()?.active.get(level).copied()
    }

    /// Active dimensions of a level that theory predicts.
    pub fn predicted(&self, level: usize) -> Option<usize> {
        self.theory.as_ref()?.get(level).copied()?
    }

    /// Whether training and theory agree on a level; none where either has no number.
    pub fn agrees(&self, level: usize) -> Option<bool> {
        Some(self.active(level)? == self.predicted(level)?)
    }

    /// What was measured, where the run finished.
    pub fn measures(&self) -> Option<&CellMeasures> {
        match &self.outcome {
            Outcome::Finished(measures) => Some(measures),
            Outcome::Diverged | Outcome::Failed(_) => None,
        }
    }
}

impl CellMeasures {
    pub(super) fn new(measures: Measures) -> Self {
        let active = measures.levels.iter().map(|level| level.active_dimensions).collect();
        Self {
            active,
            kl: measures.kl,
            negative_elbo: measures.negative_elbo,
            kl_per_dimension: measures.kl_per_dimension,
        }
    }
}
