//! A [`Board`]: what has come of the jobs of a batch. The window and the command line hold one and no tensor.

use super::workers::{Event, Work, Workers};
use crate::train::Wake;
use crossbeam_channel::{RecvTimeoutError, TryRecvError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What is known of every job, and the threads that do those which are missing.
pub(crate) struct Board<W: Work> {
    outcomes: Vec<Option<W::Outcome>>,
    in_training: BTreeSet<usize>,
    note: Option<Result<W::Note, String>>,
    workers: Option<Workers<W>>,
    /// When the workers began, and how many jobs they have done.
    begun: Option<(Instant, usize)>,
    is_cancelled: bool,
    wake: Wake,
}

impl<W: Work> Board<W> {
    /// Jobs of which some are done, by index; `wake` is called when there is something to poll.
    pub fn new(outcomes: Vec<Option<W::Outcome>>, wake: Wake) -> Self {
        Self {
            outcomes,
            in_training: BTreeSet::new(),
            note: None,
            workers: None,
            begun: None,
            is_cancelled: false,
            wake,
        }
    }

    /// Does the jobs that are missing, in this order, on so many threads; does nothing while threads are at work.
    ///
    /// # Errors
    /// A system that gives no thread.
    pub fn start(&mut self, work: W, order: &[usize], with_note: bool, threads: usize) -> std::io::Result<()> {
        if self.workers.is_some() {
            return Ok(());
        }
        let missing: Vec<usize> = order.iter().copied().filter(|index| self.outcomes[*index].is_none()).collect();
        let with_note = with_note && self.note.is_none();
        if missing.is_empty() && !with_note {
            return Ok(());
        }
        self.workers = Some(Workers::start(Arc::new(work), &missing, with_note, threads, &self.wake)?);
        self.begun = Some((Instant::now(), 0));
        self.is_cancelled = false;
        Ok(())
    }

    /// Stops; jobs in training are given up, those that are done stay.
    pub fn cancel(&mut self) {
        self.is_cancelled = true;
        if let Some(workers) = &self.workers {
            workers.cancel();
        }
    }

    /// Takes in what the threads have said; the indices of jobs that have been done. Never waits.
    pub fn poll(&mut self) -> Vec<usize> {
        let mut finished = Vec::new();
        while let Some(workers) = &self.workers {
            match workers.events.try_recv() {
                Ok(event) => finished.extend(self.take(event)),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => self.end(),
            }
        }
        finished
    }

    /// Waits until the threads say something, then takes everything in. For the command line.
    pub fn wait(&mut self, timeout: Duration) -> Vec<usize> {
        let Some(workers) = &self.workers else { return Vec::new() };
        let mut finished = Vec::new();
        match workers.events.recv_timeout(timeout) {
            Ok(event) => finished.extend(self.take(event)),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => self.end(),
        }
        finished.extend(self.poll());
        finished
    }

    fn take(&mut self, event: Event<W>) -> Option<usize> {
        match event {
            Event::Noted(note) => self.note = Some(note),
            Event::Started(index) => {
                self.in_training.insert(index);
            }
            Event::Finished(index, outcome) => {
                self.in_training.remove(&index);
                self.outcomes[index] = Some(*outcome);
                if let Some((_, finished)) = &mut self.begun {
                    *finished += 1;
                }
                return Some(index);
            }
        }
        None
    }

    fn end(&mut self) {
        self.workers = None;
        self.in_training.clear();
    }

    /// What is known of the jobs, by index; none where not done yet.
    pub fn outcomes(&self) -> &[Option<W::Outcome>] {
        &self.outcomes
    }

    /// What was found out beside the jobs.
    pub fn note(&self) -> Option<&Result<W::Note, String>> {
        self.note.as_ref()
    }

    /// Whether a job is being done right now.
    pub fn is_in_training(&self, index: usize) -> bool {
        !self.is_cancelled && self.in_training.contains(&index)
    }

    /// Whether threads are at work; for a moment also after they were told to stop.
    pub fn is_running(&self) -> bool {
        self.workers.is_some()
    }

    /// Whether the threads have been told to stop.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled
    }

    /// Number of jobs that are done.
    pub fn finished(&self) -> usize {
        self.outcomes.iter().flatten().count()
    }

    /// Whether every job is done.
    pub fn is_complete(&self) -> bool {
        self.outcomes.iter().all(Option::is_some)
    }

    /// Seconds until all jobs are done, if the rest takes as long as what the present threads have done.
    pub fn seconds_left(&self) -> Option<f64> {
        let (since, finished) = self.begun.filter(|(_, finished)| *finished > 0 && self.is_running())?;
        let missing = self.outcomes.len() - self.finished();
        Some(since.elapsed().as_secs_f64() / finished as f64 * missing as f64)
    }
}
