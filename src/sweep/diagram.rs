//! A [`PhaseDiagram`]: the cells of a sweep as they come. The window and the command line hold one and no tensor.

use super::worker::SweepWork;
use super::{Cell, Expected, Sweep, SweepError, SweepTheory};
use crate::batch::Board;
use crate::train::Wake;
use std::sync::Arc;
use std::time::Duration;

/// A sweep, and what is known of its cells.
pub struct PhaseDiagram {
    sweep: Arc<Sweep>,
    board: Board<SweepWork>,
}

impl PhaseDiagram {
    /// A sweep of which nothing is known yet; `wake` is called when there is something to poll.
    pub fn new(sweep: Sweep, wake: Wake) -> Self {
        Self::with_cells(sweep, Vec::new(), wake)
    }

    /// A sweep of which some cells are known, by index.
    pub fn with_cells(sweep: Sweep, mut cells: Vec<Option<Cell>>, wake: Wake) -> Self {
        cells.resize(sweep.len(), None);
        Self { sweep: Arc::new(sweep), board: Board::new(cells, wake) }
    }

    /// Trains the cells that are missing, on so many threads; does nothing while threads are at work.
    ///
    /// # Errors
    /// A system that gives no thread.
    pub fn start(&mut self, threads: usize) -> Result<(), SweepError> {
        let work = SweepWork::new(self.sweep.clone());
        let started = self.board.start(work, &self.sweep.order(), true, threads);
        started.map_err(|error| SweepError::Thread(error.to_string()))
    }

    /// Stops; cells in training are given up, those that are finished stay.
    pub fn cancel(&mut self) {
        self.board.cancel();
    }

    /// Takes in what the threads have said; the indices of cells that have finished. Never waits.
    pub fn poll(&mut self) -> Vec<usize> {
        self.board.poll()
    }

    /// Waits until the threads say something, then takes everything in. For the command line.
    pub fn wait(&mut self, timeout: Duration) -> Vec<usize> {
        self.board.wait(timeout)
    }

    /// What is swept.
    pub fn sweep(&self) -> &Sweep {
        &self.sweep
    }

    /// The cells, by index; none where not trained yet.
    pub fn cells(&self) -> &[Option<Cell>] {
        self.board.outcomes()
    }

    /// Whether a cell is being trained right now.
    pub fn is_in_training(&self, index: usize) -> bool {
        self.board.is_in_training(index)
    }

    /// What theory says, once it is known; or why it says nothing.
    pub fn theory(&self) -> Option<&Result<SweepTheory, String>> {
        self.board.note()
    }

    /// Whether threads are at work; for a moment also after they were told to stop.
    pub fn is_running(&self) -> bool {
        self.board.is_running()
    }

    /// Whether the threads have been told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.board.is_cancelled()
    }

    /// Number of cells that are trained.
    pub fn finished(&self) -> usize {
        self.board.finished()
    }

    /// Whether every cell is trained.
    pub fn is_complete(&self) -> bool {
        self.board.is_complete()
    }

    /// Seconds until all cells are trained, if the rest takes as long as what the present threads have done.
    pub fn seconds_left(&self) -> Option<f64> {
        self.board.seconds_left()
    }

    /// Whether the prediction for a cell changes close to its point (see [`super::NEAR`]), on a level counted from 0.
    pub fn is_boundary(&self, index: usize, level: usize) -> Option<bool> {
        let theory = self.theory()?.as_ref().ok()?;
        theory.levels.get(level)?.is_boundary.get(index).copied()
    }

    /// What theory says about a cell, on a level counted from 0.
    pub fn expected(&self, index: usize, level: usize) -> Option<&Expected> {
        let theory = self.theory()?.as_ref().ok()?;
        theory.levels.get(level)?.expected.get(index)
    }

    /// Whether training and theory agree on a cell; none where one of them has no number, and for a cell on a boundary.
    pub fn agrees(&self, index: usize, level: usize) -> Option<bool> {
        let agrees = self.cells().get(index)?.as_ref()?.agrees(level)?;
        (self.is_boundary(index, level) == Some(false)).then_some(agrees)
    }

    /// How training and theory compare over the trained cells.
    pub fn comparison(&self, level: usize) -> Comparison {
        let mut found = Comparison::default();
        let trained = (0..self.cells().len())
            .filter(|index| self.cells()[*index].as_ref().is_some_and(|cell| cell.active(level).is_some()));
        for index in trained {
            match (self.expected(index, level), self.agrees(index, level)) {
                (Some(Expected::Active(_)), Some(true)) => found.agreeing += 1,
                (Some(Expected::Active(_)), Some(false)) => found.differing += 1,
                (Some(Expected::Active(_)), None) => found.on_boundary += 1,
                (Some(Expected::NoOptimum(_)), _) => found.without_optimum += 1,
                (Some(Expected::NotDetermined(_)), _) => found.not_determined += 1,
                (Some(Expected::Unknown(_)) | None, _) => {}
            }
        }
        found
    }
}

/// Numbers of trained cells, by how theory stands to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The number of active dimensions is the predicted one.
    pub agreeing: usize,
    /// It is another one.
    pub differing: usize,
    /// The prediction changes too close by to be held against training.
    pub on_boundary: usize,
    /// The loss has no optimum.
    pub without_optimum: usize,
    /// The optimum does not fix the number.
    pub not_determined: usize,
}

impl Comparison {
    /// Cells in which training and theory are compared.
    pub fn judged(&self) -> usize {
        self.agreeing + self.differing
    }

    /// The comparison in one sentence; nothing where there is nothing to say yet.
    pub fn sentence(&self) -> Option<String> {
        let cells = |count: usize| if count == 1 { "1 cell".to_owned() } else { format!("{count} cells") };
        let mut parts = match self.judged() {
            0 => Vec::new(),
            all => vec![format!("Training and theory agree in {} of {}", self.agreeing, cells(all))],
        };
        let rest = [
            (self.on_boundary, "lies on a boundary", "lie on a boundary"),
            (self.without_optimum, "has no optimum", "have no optimum"),
            (self.not_determined, "is not determined by theory", "are not determined by theory"),
        ];
        for (count, one, many) in rest.into_iter().filter(|(count, ..)| *count > 0) {
            // What is counted is said once.
            let subject = if parts.is_empty() { cells(count) } else { count.to_string() };
            parts.push(format!("{subject} {}", if count == 1 { one } else { many }));
        }
        (!parts.is_empty()).then(|| parts.join("; ") + ".")
    }
}

#[cfg(test)]
mod tests {
    use super::Comparison;

    #[test]
    fn a_comparison_is_one_sentence() {
        let said = |agreeing, differing, on_boundary, without_optimum, not_determined| {
            Comparison { agreeing, differing, on_boundary, without_optimum, not_determined }.sentence()
        };
        let sentence = |text: &str| Some(text.to_owned());
        assert_eq!(said(0, 0, 0, 0, 0), None);
        assert_eq!(
            said(118, 2, 24, 0, 0),
            sentence("Training and theory agree in 118 of 120 cells; 24 lie on a boundary.")
        );
        assert_eq!(
            said(1, 0, 1, 1, 1),
            sentence(
                "Training and theory agree in 1 of 1 cell; 1 lies on a boundary; 1 has no optimum; 1 is not determined by theory."
            )
        );
        assert_eq!(said(0, 0, 0, 6, 4), sentence("6 cells have no optimum; 4 are not determined by theory."));
    }
}
