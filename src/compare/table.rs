//! A [`ComparisonTable`]: the rows of a comparison as they come. The window and the command line hold one and no tensor.

use super::worker::CompareWork;
use super::{CompareError, Comparison, Estimate, Quantity, Row};
use crate::batch::Board;
use crate::train::Wake;
use std::sync::Arc;
use std::time::Duration;

/// A comparison, and what is known of its rows.
pub struct ComparisonTable {
    comparison: Arc<Comparison>,
    board: Board<CompareWork>,
}

impl ComparisonTable {
    /// A comparison of which nothing is known yet; `wake` is called when there is something to poll.
    pub fn new(comparison: Comparison, wake: Wake) -> Self {
        Self::with_rows(comparison, Vec::new(), wake)
    }

    /// A comparison of which some rows are known, by index.
    pub fn with_rows(comparison: Comparison, mut rows: Vec<Option<Row>>, wake: Wake) -> Self {
        rows.resize(comparison.len(), None);
        Self { comparison: Arc::new(comparison), board: Board::new(rows, wake) }
    }

    /// Trains the rows that are missing, on so many threads; does nothing while threads are at work.
    ///
    /// # Errors
    /// A system that gives no thread.
    pub fn start(&mut self, threads: usize) -> Result<(), CompareError> {
        let work = CompareWork::new(self.comparison.clone());
        let started = self.board.start(work, &self.comparison.order(), false, threads);
        started.map_err(|error| CompareError::Thread(error.to_string()))
    }

    /// Stops; rows in training are given up, those that are trained stay.
    pub fn cancel(&mut self) {
        self.board.cancel();
    }

    /// Takes in what the threads have said; the indices of rows that have finished. Never waits.
    pub fn poll(&mut self) -> Vec<usize> {
        self.board.poll()
    }

    /// Waits until the threads say something, then takes everything in. For the command line.
    pub fn wait(&mut self, timeout: Duration) -> Vec<usize> {
        self.board.wait(timeout)
    }

    /// What is compared.
    pub fn comparison(&self) -> &Comparison {
        &self.comparison
    }

    /// The rows, by index; none where not trained yet.
    pub fn rows(&self) -> &[Option<Row>] {
        self.board.outcomes()
    }

    /// Whether a row is being trained right now.
    pub fn is_in_training(&self, index: usize) -> bool {
        self.board.is_in_training(index)
    }

    /// Whether threads are at work; for a moment also after they were told to stop.
    pub fn is_running(&self) -> bool {
        self.board.is_running()
    }

    /// Whether the threads have been told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.board.is_cancelled()
    }

    /// Number of rows that are trained.
    pub fn finished(&self) -> usize {
        self.board.finished()
    }

    /// Whether every row is trained.
    pub fn is_complete(&self) -> bool {
        self.board.is_complete()
    }

    /// Seconds until all rows are trained, if the rest takes as long as what the present threads have done.
    pub fn seconds_left(&self) -> Option<f64> {
        self.board.seconds_left()
    }

    /// A number over the seeds of a method that finished.
    pub fn estimate(&self, method: usize, quantity: Quantity) -> Option<Estimate> {
        let rows = self.rows().get(self.comparison.rows_of(method))?;
        Estimate::of(rows.iter().flatten().filter_map(|row| quantity.of(row)))
    }

    /// The methods with the best mean of a quantity; none where no number is the better one, or fewer than two methods have one.
    pub fn best(&self, quantity: Quantity) -> Vec<usize> {
        let Some(better) = quantity.better() else { return Vec::new() };
        let means: Vec<(usize, f64)> = (0..self.comparison.methods().len())
            .filter_map(|method| Some((method, self.estimate(method, quantity)?.mean)))
            .collect();
        if means.len() < 2 {
            return Vec::new();
        }
        let is_best = |(_, mean): &&(usize, f64)| means.iter().all(|(_, other)| !better.is_better(*other, *mean));
        means.iter().filter(is_best).map(|(method, _)| *method).collect()
    }

    /// Why no row has a number, where those that were tried have none: the reason of the first.
    pub fn common_failure(&self) -> Option<&str> {
        let has_number = self.rows().iter().flatten().any(|row| row.measures.is_some());
        if has_number { None } else { self.rows().iter().flatten().find_map(|row| row.problem.as_deref()) }
    }
}
