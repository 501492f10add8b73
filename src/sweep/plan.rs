//! What is swept: an experiment and two axes. Every cell is an ordinary experiment.

use super::{Axis, SweepError};
use crate::experiment::{Experiment, ExperimentError, Settings};

/// Cells of a sweep at most.
pub const LARGEST_SWEEP: usize = 16_384;

/// A grid of runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Sweep {
    experiment: Experiment,
    x: Axis,
    y: Axis,
}

impl Sweep {
    /// A grid over two settings of an experiment; of one with variants, the named one, or the first.
    ///
    /// Cells share seed, batches and noise, unless an axis is what they come from.
    ///
    /// # Errors
    /// A variant that there is not, or a value out of its setting's range.
    pub fn new(experiment: &Experiment, variant: Option<&str>, x: Axis, y: Axis) -> Result<Self, SweepError> {
        if x.key == y.key {
            return Err(SweepError::SameKey(x.key));
        }
        let cells = x.len() * y.len();
        if cells > LARGEST_SWEEP {
            return Err(SweepError::TooLarge(cells));
        }
        let sweep = Self { experiment: only(experiment, variant)?, x, y };
        // Ranges are ranges of one setting: every value of either axis once is enough.
        for at in 0..sweep.x.len().max(sweep.y.len()) {
            let cell = sweep.cell(at.min(sweep.x.len() - 1), at.min(sweep.y.len() - 1))?;
            cell.validate()?;
            if cell.steps == 0 {
                return Err(SweepError::Endless);
            }
        }
        Ok(sweep)
    }

    /// What the cells have in common; without variants.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The setting that changes from left to right.
    pub fn x(&self) -> &Axis {
        &self.x
    }

    /// The setting that changes from bottom to top.
    pub fn y(&self) -> &Axis {
        &self.y
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.x.len() * self.y.len()
    }

    /// Whether there is no cell; no sweep is without.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns and rows of a cell given by its index: cells are counted along x first.
    pub fn place(&self, index: usize) -> (usize, usize) {
        (index % self.x.len(), index / self.x.len())
    }

    /// Index of the cell in a column and a row.
    pub fn index(&self, x: usize, y: usize) -> usize {
        y * self.x.len() + x
    }

    /// The experiment of a cell.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn cell(&self, x: usize, y: usize) -> Result<Experiment, SweepError> {
        self.experiment_at(self.x.values[x], self.y.values[y])
    }

    /// The experiment at any two values.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn experiment_at(&self, x: f64, y: f64) -> Result<Experiment, SweepError> {
        let mut experiment = self.experiment.clone();
        self.x.apply(&mut experiment, x)?;
        self.y.apply(&mut experiment, y)?;
        Ok(experiment)
    }

    /// Every cell once, coarsely over the whole grid first: the index of column and row, bits interleaved and then read from the end.
    pub fn order(&self) -> Vec<usize> {
        let bits = usize::BITS - (self.x.len().max(self.y.len()) - 1).leading_zeros();
        let key = |index: &usize| {
            let (x, y) = self.place(*index);
            (0..bits).fold(0, |key, bit| key << 2 | (x >> bit & 1) << 1 | (y >> bit & 1))
        };
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(key);
        order
    }

    /// Latent levels of the model.
    pub fn levels(&self) -> usize {
        match self.experiment.model.family {
            crate::experiment::Family::Hierarchical => 2,
            crate::experiment::Family::Vae | crate::experiment::Family::Conditional => 1,
        }
    }
}

/// One variant as an experiment of its own.
fn only(experiment: &Experiment, variant: Option<&str>) -> Result<Experiment, SweepError> {
    let runs = experiment.runs()?;
    let found = match variant {
        None => runs.into_iter().next(),
        Some(name) => {
            let known = || runs.iter().map(|run| format!("`{}`", run.name)).collect::<Vec<_>>().join(", ");
            let unknown = ExperimentError::UnknownVariant { name: name.to_owned(), known: known() };
            Some(runs.into_iter().find(|run| run.name == name).ok_or(unknown)?)
        }
    };
    let Some(Settings { seed, steps, model, objective, optimizer, .. }) = found else {
        return Ok(experiment.clone());
    };
    Ok(Experiment { seed, steps, data: experiment.data.clone(), model, objective, optimizer, variants: Vec::new() })
}
