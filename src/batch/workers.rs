//! The threads of a batch: each takes the next job, does it, and tells what came of it.

use crate::device::TrainingDevice;
use crate::priority::Priority;
use crate::train::Wake;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Processor cores that a batch may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What is to be done for each job.
pub(crate) trait Work: Send + Sync + 'static {
    /// What training gives.
    type Trained;
    /// What is known of a job afterwards.
    type Outcome: Send + 'static;
    /// What is found out once, beside the jobs.
    type Note: Send + 'static;

    /// Name of the threads.
    const NAME: &'static str;

    /// Does a job; nothing when told to stop. May panic.
    ///
    /// # Errors
    /// Why it cannot be done, in one sentence.
    fn train(&self, index: usize, device: &TrainingDevice) -> Result<Option<Self::Trained>, String>;

    /// What to remember of a job, or of why it could not be done. `seconds` is what it took.
    fn outcome(&self, index: usize, trained: Result<Self::Trained, String>, seconds: f64) -> Self::Outcome;

    /// What is found out beside the jobs. May panic.
    ///
    /// # Errors
    /// Why it cannot be, in one sentence.
    fn note(&self) -> Result<Self::Note, String>;

    /// Tells all to stop.
    fn cancel(&self);

    /// Whether all is to stop.
    fn is_cancelled(&self) -> bool;
}

/// What the threads say. When all of them have ended, the channel closes.
pub(super) enum Event<W: Work> {
    /// What was found out beside the jobs.
    Noted(Result<W::Note, String>),
    /// A job has been begun.
    Started(usize),
    /// A job has been done.
    Finished(usize, Box<W::Outcome>),
}

/// Something to do for a thread.
#[derive(Clone, Copy)]
enum Job {
    Note,
    Train(usize),
}

/// Threads at work; dropping them tells them to stop.
pub(super) struct Workers<W: Work> {
    /// What they say.
    pub events: Receiver<Event<W>>,
    work: Arc<W>,
}

impl<W: Work> Workers<W> {
    /// Starts threads that do these jobs, in this order; the note comes first, if it is asked for.
    ///
    /// # Errors
    /// A system that gives no thread.
    pub fn start(
        work: Arc<W>,
        indices: &[usize],
        with_note: bool,
        threads: usize,
        wake: &Wake,
    ) -> std::io::Result<Self> {
        let note = with_note.then_some(Job::Note);
        let jobs: Arc<Vec<Job>> = Arc::new(note.into_iter().chain(indices.iter().copied().map(Job::Train)).collect());
        let next = Arc::new(AtomicUsize::new(0));
        let (sender, events) = unbounded();
        let workers = Self { events, work: work.clone() };
        for number in 0..threads.clamp(1, jobs.len().max(1)) {
            let (work, jobs, next) = (work.clone(), jobs.clone(), next.clone());
            let (sender, wake) = (sender.clone(), wake.clone());
            std::thread::Builder::new().name(format!("{} {number}", W::NAME)).spawn(move || {
                // All cores are taken, whether a window is open or not.
                Priority::Background.apply();
                let device = TrainingDevice::cpu();
                let worker = Worker { work: &*work, events: &sender, wake: &wake };
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if work.is_cancelled() {
                        break;
                    }
                    worker.work(*job, &device);
                }
                // Whoever is woken finds the channel closed.
                drop(sender);
                wake();
            })?;
        }
        Ok(workers)
    }

    /// Stops after the current step of each job.
    pub fn cancel(&self) {
        self.work.cancel();
    }
}

impl<W: Work> Drop for Workers<W> {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct Worker<'a, W: Work> {
    work: &'a W,
    events: &'a Sender<Event<W>>,
    wake: &'a Wake,
}

impl<W: Work> Worker<'_, W> {
    fn work(&self, job: Job, device: &TrainingDevice) {
        match job {
            Job::Note => {
                let found = guarded(|| self.work.note());
                // What was cut short says nothing.
                if !self.work.is_cancelled() {
                    self.say(Event::Noted(found));
                }
            }
            Job::Train(index) => {
                self.say(Event::Started(index));
                let started = Instant::now();
                let Some(trained) = guarded(|| self.work.train(index, device)).transpose() else { return };
                let outcome = self.work.outcome(index, trained, started.elapsed().as_secs_f64());
                self.say(Event::Finished(index, Box::new(outcome)));
            }
        }
    }

    /// Whoever stops listening has dropped the workers, and the next step says so.
    fn say(&self, event: Event<W>) {
        let _ = self.events.send(event);
        (self.wake)();
    }
}

/// A panic as an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(reason(&*panic)))
}

/// The first line of a panic. burn reports shape errors and some failures so.
fn reason(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.and_then(|text| text.lines().next()).unwrap_or("no reason given").to_owned()
}
