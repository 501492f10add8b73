//! The threads of a sweep: each takes the next cell, trains it from the first step to the last, and tells what came of it.

use super::shelf::DataShelf;
use super::theory::{self, SweepTheory};
use super::{Cell, CellMeasures, Outcome, Sweep, SweepError};
use crate::data::LoadMonitor;
use crate::device::TrainingDevice;
use crate::train::{Learner, StepOutcome, Wake};
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// What a sweep's threads say. When all of them have ended, the channel closes.
pub(super) enum Event {
    /// What theory says, or why it says nothing.
    Theory(Result<SweepTheory, String>),
    /// A cell is being trained.
    Started(usize),
    /// A cell has been trained.
    Finished(usize, Box<Cell>),
}

/// Threads at work; dropping them tells them to stop.
pub(super) struct Workers {
    /// What they say.
    pub events: Receiver<Event>,
    shelf: Arc<DataShelf>,
}

/// Something to do for a thread.
#[derive(Clone, Copy)]
enum Job {
    Theory,
    Cell(usize),
}

impl Workers {
    /// Starts threads that train these cells, in this order; the theory comes first, if it is asked for.
    ///
    /// # Errors
    /// A system that gives no thread.
    pub fn start(
        sweep: &Arc<Sweep>,
        cells: &[usize],
        with_theory: bool,
        threads: usize,
        wake: &Wake,
    ) -> Result<Self, SweepError> {
        let shelf = Arc::new(DataShelf::new(sweep));
        let theory = with_theory.then_some(Job::Theory);
        let jobs: Arc<Vec<Job>> = Arc::new(theory.into_iter().chain(cells.iter().copied().map(Job::Cell)).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let (sender, events) = unbounded();
        let workers = Self { events, shelf: shelf.clone() };
        for number in 0..threads.clamp(1, jobs.len().max(1)) {
            let (sweep, jobs, next) = (sweep.clone(), jobs.clone(), next.clone());
            let (shelf, sender, wake) = (shelf.clone(), sender.clone(), wake.clone());
            std::thread::Builder::new()
                .name(format!("sweep {number}"))
                .spawn(move || {
                    let worker = Worker { sweep: &sweep, shelf: &shelf, events: &sender, wake: &wake };
                    let device = TrainingDevice::cpu();
                    while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if shelf.is_cancelled() {
                            break;
                        }
                        worker.work(*job, &device);
                    }
                    // Whoever is woken finds the channel closed.
                    drop(sender);
                    wake();
                })
                .map_err(|error| SweepError::Thread(error.to_string()))?;
        }
        Ok(workers)
    }

    /// Stops after the current step of each cell.
    pub fn cancel(&self) {
        self.shelf.cancel();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct Worker<'a> {
    sweep: &'a Sweep,
    shelf: &'a DataShelf,
    events: &'a Sender<Event>,
    wake: &'a Wake,
}

impl Worker<'_> {
    fn work(&self, job: Job, device: &TrainingDevice) {
        match job {
            Job::Theory => {
                let found = catch_unwind(AssertUnwindSafe(|| theory::predict(self.sweep, self.shelf)))
                    .unwrap_or_else(|panic| Err(reason(&*panic)));
                // What was cut short says nothing.
                if !self.shelf.is_cancelled() {
                    self.say(Event::Theory(found));
                }
            }
            Job::Cell(index) => {
                self.say(Event::Started(index));
                let started = Instant::now();
                let trained = catch_unwind(AssertUnwindSafe(|| self.train(index, device)))
                    .unwrap_or_else(|panic| Err(reason(&*panic)));
                let outcome = match trained {
                    Ok(None) => return,
                    Ok(Some(outcome)) => outcome,
                    Err(reason) => Outcome::Failed(reason),
                };
                let cell = Cell { outcome, theory: self.theory(index), seconds: started.elapsed().as_secs_f64() };
                self.say(Event::Finished(index, Box::new(cell)));
            }
        }
    }

    /// Trains one cell; nothing when it was told to stop.
    fn train(&self, index: usize, device: &TrainingDevice) -> Result<Option<Outcome>, String> {
        let (x, y) = self.sweep.place(index);
        let experiment = self.sweep.cell(x, y).map_err(|error| error.to_string())?;
        let data = self.shelf.dataset(&experiment.data)?;
        experiment.validate_for(&data).map_err(|error| error.to_string())?;
        let settings = experiment.runs().map_err(|error| error.to_string())?.swap_remove(0);
        let steps = settings.steps;
        let mut learner = Learner::new(settings, data, device);
        while learner.step_count() < steps {
            if self.shelf.is_cancelled() {
                return Ok(None);
            }
            match learner.step().map_err(|error| error.to_string())? {
                StepOutcome::Taken(_) => {}
                StepOutcome::Diverged { .. } => return Ok(Some(Outcome::Diverged)),
            }
        }
        let measures = learner.measure().map_err(|error| error.to_string())?;
        // The last update may have blown up the weights, with no loss after it to show that.
        if !(measures.negative_elbo.is_finite() && measures.kl.is_finite()) {
            return Ok(Some(Outcome::Diverged));
        }
        Ok(Some(Outcome::Finished(CellMeasures::new(measures))))
    }

    fn theory(&self, index: usize) -> Option<Vec<Option<usize>>> {
        let (x, y) = self.sweep.place(index);
        let experiment = self.sweep.cell(x, y).ok()?;
        let spectrum = self.shelf.spectrum(&experiment.data).ok()?;
        let (expected, _) = theory::expected_of(&experiment, &spectrum).ok()?;
        Some(expected.iter().map(theory::Expected::active).collect())
    }

    /// Whoever stops listening has dropped the workers, and the next step says so.
    fn say(&self, event: Event) {
        let _ = self.events.send(event);
        (self.wake)();
    }
}

/// The first line of a panic. burn reports shape errors and some failures so.
fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("no reason given").to_owned()
}
