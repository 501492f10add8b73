//! The thread of one variant: obeys commands, takes steps, answers probes between them.

use super::checkpoint::VariantState;
use super::history::{CurvePoint, Evaluation, Progress};
use super::learner::{EVALUATE_EVERY, Learner, StepOutcome};
use super::lockstep::Place;
use super::message::{Command, Pace, Report, RunState, Wake};
use super::probe::{Probe, ReadingValue};
use super::spectrum::LazySpectrum;
use crate::data::Dataset;
use crate::device::{DeviceError, DeviceKind, TrainingDevice};
use crate::experiment::Settings;
use crate::priority::{Priority, RightOfWay, give_way};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Time between two messages with progress and curves.
const REPORT_EVERY: Duration = Duration::from_millis(50);
/// Answering probes takes at most one part in this many of a training thread's time.
const PROBE_SHARE: u32 = 5;
/// How long to sleep when another variant or the pace says to wait.
const SHORT_WAIT: Duration = Duration::from_millis(1);
/// How long to leave alone what somebody else is computing.
const PENDING_WAIT: Duration = Duration::from_millis(100);

/// What a trainer starts with.
pub(super) struct Start {
    pub settings: Settings,
    pub data: Arc<Dataset>,
    pub device: TrainingDevice,
    pub state: Option<VariantState>,
    pub running: bool,
    pub place: Option<Place>,
    pub spectrum: LazySpectrum,
    pub wake: Wake,
    pub priority: Priority,
    /// Of the window.
    pub right_of_way: Option<RightOfWay>,
}

/// Handle of a trainer thread. Dropping it ends the thread after the current step.
pub(super) struct Trainer {
    commands: Sender<Command>,
    reports: Receiver<Report>,
    thread: Option<JoinHandle<()>>,
}

impl Trainer {
    /// Starts the thread, named after the variant.
    pub fn spawn(start: Start) -> Self {
        let (commands, command_receiver) = unbounded();
        let (report_sender, reports) = unbounded();
        let wake = start.wake.clone();
        let failures = report_sender.clone();
        let name = format!("train {}", start.settings.name);
        let wake_after_panic = wake.clone();
        let spawned = std::thread::Builder::new().name(name).spawn(move || {
            start.priority.apply();
            if let Some(right_of_way) = start.right_of_way.clone() {
                right_of_way.respect();
            }
            let reports = report_sender.clone();
            let ended = catch_unwind(AssertUnwindSafe(|| Worker::run(start, command_receiver, report_sender)));
            if let Err(panic) = ended {
                // burn reports some device failures and all shape errors by panicking.
                let reason = panic
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| panic.downcast_ref::<&str>().copied())
                    .unwrap_or("no reason given");
                send_failure(&reports, reason);
                wake_after_panic();
            }
        });
        let thread = match spawned {
            Ok(thread) => Some(thread),
            Err(error) => {
                send_failure(&failures, &format!("no thread could be started ({error})"));
                wake();
                None
            }
        };
        Self { commands, reports, thread }
    }

    /// Tells the thread; one that has ended has said so already.
    pub fn send(&self, command: Command) {
        let _ = self.commands.send(command);
    }

    /// The next report, if there is one.
    pub fn try_receive(&self) -> Option<Report> {
        self.reports.try_recv().ok()
    }

    /// Waits for the next report.
    pub fn receive_timeout(&self, timeout: Duration) -> Option<Report> {
        self.reports.recv_timeout(timeout).ok()
    }

    /// Waits for the thread to end. A panic was reported when it happened.
    pub fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.send(Command::Stop);
    }
}

fn send_failure(reports: &Sender<Report>, reason: &str) {
    let line = reason.lines().next().unwrap_or("no reason given").to_owned();
    let _ = reports.send(Report::State(RunState::Failed(line)));
}

struct Worker {
    learner: Learner,
    spectrum: LazySpectrum,
    data: Arc<Dataset>,
    device: TrainingDevice,
    commands: Receiver<Command>,
    reports: Sender<Report>,
    wake: Wake,
    place: Option<Place>,
    state: RunState,
    pace: Pace,
    next_step_at: Instant,
    subscriptions: Vec<Subscription>,
    refresh_every: Duration,
    next_answer_at: Instant,
    /// Changes with every live setting: the same step then has new readings.
    configuration: u64,
    points: Vec<CurvePoint>,
    progress: Progress,
    rate: Rate,
    reported_at: Instant,
    /// Told to pause, and catching up with the others first.
    is_pausing: bool,
}

struct Subscription {
    probe: Probe,
    answered: Option<(u64, u64)>,
    answered_at: Instant,
    /// When to ask again for an answer that takes longer.
    pending_until: Option<Instant>,
}

struct Rate {
    since: Instant,
    step: u64,
}

enum Next {
    GoOn,
    Stop,
}

impl Worker {
    fn run(start: Start, commands: Receiver<Command>, reports: Sender<Report>) {
        let Start { settings, data, device, state, running, place, spectrum, wake, .. } = start;
        let what = match device.kind {
            DeviceKind::Cpu => "Preparing the model…",
            DeviceKind::Gpu => "Preparing GPU kernels…",
        };
        let _ = reports.send(Report::State(RunState::Preparing { what, running }));
        wake();
        let progress = state.as_ref().map(|state| state.progress).unwrap_or_default();
        let learner = match state {
            None => Ok(Learner::new(settings, data.clone(), &device)),
            Some(state) => Learner::resume(settings, data.clone(), &device, state),
        };
        let mut learner = match learner {
            Ok(learner) => learner,
            Err(error) => {
                send_failure(&reports, &error.to_string());
                wake();
                return;
            }
        };
        learner.share_spectrum(spectrum.clone());
        let now = Instant::now();
        let mut worker = Self {
            spectrum,
            rate: Rate { since: now, step: learner.step_count() },
            learner,
            data,
            device,
            commands,
            reports,
            wake,
            place,
            state: RunState::Paused,
            pace: Pace::Fastest,
            next_step_at: now,
            subscriptions: Vec::new(),
            refresh_every: Duration::from_millis(100),
            next_answer_at: now,
            configuration: 0,
            points: Vec::new(),
            progress,
            reported_at: now,
            is_pausing: false,
        };
        worker.set_state(if running { RunState::Running } else { RunState::Paused });
        if let Err(error) = worker.work() {
            worker.set_state(RunState::Failed(error.to_string()));
        }
    }

    fn work(&mut self) -> Result<(), DeviceError> {
        loop {
            give_way();
            while let Ok(command) = self.commands.try_recv() {
                if let Next::Stop = self.obey(command)? {
                    return Ok(());
                }
            }
            let wait = if self.state != RunState::Running {
                self.idle_wait()
            } else if self.is_pausing && !self.is_behind() && self.place.as_ref().is_some_and(Place::others_train) {
                // They have the same command on the way, and may be a few steps farther by then.
                Some(SHORT_WAIT)
            } else if self.is_pausing && !self.is_behind() {
                self.set_state(RunState::Paused);
                self.catch_up()?;
                self.report(true);
                continue;
            } else if self.limit_reached() {
                self.set_state(RunState::Finished);
                continue;
            } else if self.must_wait() {
                Some(SHORT_WAIT)
            } else {
                self.take_step()?;
                None
            };
            self.answer_one()?;
            self.report(false);
            if let Some(wait) = wait {
                match self.commands.recv_timeout(wait) {
                    Ok(command) => {
                        if let Next::Stop = self.obey(command)? {
                            return Ok(());
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            }
        }
    }

    /// Nothing to do but answer: at once while something is unanswered, otherwise until told.
    fn idle_wait(&self) -> Option<Duration> {
        let key = self.key();
        let unanswered = self.subscriptions.iter().any(|subscription| subscription.answered != Some(key));
        let is_pending = self.subscriptions.iter().any(|subscription| subscription.pending_until.is_some());
        Some(match (unanswered, is_pending) {
            (true, _) => Duration::ZERO,
            (false, true) => PENDING_WAIT,
            (false, false) => Duration::from_secs(3600),
        })
    }

    fn is_behind(&self) -> bool {
        self.place.as_ref().is_some_and(|place| place.is_behind(self.learner.step_count()))
    }

    fn must_wait(&self) -> bool {
        let step = self.learner.step_count();
        if self.is_pausing {
            return false;
        }
        self.place.as_ref().is_some_and(|place| place.must_wait(step)) || Instant::now() < self.next_step_at
    }

    fn limit_reached(&self) -> bool {
        let limit = self.learner.settings().steps;
        limit > 0 && self.learner.step_count() >= limit
    }

    fn obey(&mut self, command: Command) -> Result<Next, DeviceError> {
        match command {
            Command::Run => match self.state {
                RunState::Running => self.set_state(RunState::Running),
                RunState::Failed(_) | RunState::Preparing { .. } => {}
                RunState::Diverged { kept_step, .. } => {
                    self.send(Report::Rewound(kept_step));
                    self.set_state(RunState::Running);
                }
                RunState::Paused | RunState::Finished => self.set_state(RunState::Running),
            },
            Command::Pause => {
                if self.state == RunState::Running {
                    self.is_pausing = true;
                    // Others must not wait for this one while it catches up.
                    if let Some(place) = &self.place {
                        place.leave();
                    }
                }
            }
            Command::Step => {
                if matches!(self.state, RunState::Running | RunState::Paused | RunState::Finished) {
                    self.take_step()?;
                    if matches!(self.state, RunState::Running) {
                        self.set_state(RunState::Paused);
                    }
                    self.report(true);
                }
            }
            Command::Reset => self.reset(),
            Command::Configure(settings) => {
                self.learner.configure(*settings);
                self.configuration += 1;
                if self.state == RunState::Finished && !self.limit_reached() {
                    self.set_state(RunState::Paused);
                }
            }
            Command::Pace(pace) => {
                self.pace = pace;
                self.next_step_at = Instant::now();
            }
            Command::Subscribe(probes) => self.subscribe(&probes),
            Command::RefreshEvery(every) => self.refresh_every = every,
            Command::Save => {
                self.catch_up()?;
                self.report(true);
                let state = self.learner.state(self.progress).map(Box::new).map_err(|error| error.to_string());
                self.send(Report::Saved(state));
            }
            Command::Summarize => {
                self.catch_up()?;
                self.report(true);
                let measures = self.learner.final_measures().map(Box::new).map_err(|error| error.to_string());
                self.send(Report::Summarized(measures));
            }
            Command::Stop => return Ok(Next::Stop),
        }
        Ok(Next::GoOn)
    }

    fn reset(&mut self) {
        self.learner = Learner::new(self.learner.settings().clone(), self.data.clone(), &self.device);
        self.learner.share_spectrum(self.spectrum.clone());
        if let Some(place) = &self.place {
            place.restart();
        }
        self.points.clear();
        self.progress = Progress::default();
        self.rate = Rate { since: Instant::now(), step: 0 };
        self.configuration += 1;
        self.send(Report::Cleared);
        let next = if self.state.is_active() { RunState::Running } else { RunState::Paused };
        self.set_state(next);
    }

    fn subscribe(&mut self, probes: &[Probe]) {
        if !probes.iter().any(|probe| matches!(probe, Probe::Samples { .. })) {
            self.learner.forget_samples();
        }
        let mut former = std::mem::take(&mut self.subscriptions);
        self.subscriptions = probes
            .iter()
            .map(|&probe| match former.iter().position(|subscription| subscription.probe == probe) {
                Some(at) => former.swap_remove(at),
                None => Subscription { probe, answered: None, answered_at: Instant::now(), pending_until: None },
            })
            .collect();
    }

    fn take_step(&mut self) -> Result<(), DeviceError> {
        let started = Instant::now();
        if let Pace::StepsPerSecond(rate) = self.pace {
            self.next_step_at = started + Duration::from_secs_f64(1.0 / rate.max(1e-3));
        }
        let outcome = self.learner.step()?;
        self.take_in(outcome);
        let finished = self.limit_reached();
        let step = self.learner.step_count();
        if step.is_multiple_of(EVALUATE_EVERY) || finished {
            self.catch_up()?;
            if self.state == RunState::Running || self.state == RunState::Paused {
                self.progress.seconds += started.elapsed().as_secs_f64();
                match self.learner.evaluate()? {
                    Ok(measures) => {
                        self.report(true);
                        self.send(Report::Evaluated(Box::new(Evaluation { step, measures })));
                    }
                    Err(diverged) => self.take_in(diverged),
                }
                return Ok(());
            }
        }
        self.progress.seconds += started.elapsed().as_secs_f64();
        Ok(())
    }

    fn catch_up(&mut self) -> Result<(), DeviceError> {
        let outcome = self.learner.catch_up()?;
        self.take_in(outcome);
        Ok(())
    }

    fn take_in(&mut self, outcome: StepOutcome) {
        match outcome {
            StepOutcome::Taken(points) => self.points.extend(points),
            StepOutcome::Diverged { points, at_step, kept_step } => {
                self.points.extend(points);
                self.configuration += 1;
                self.set_state(RunState::Diverged { at_step, kept_step });
            }
        }
        if let Some(place) = &self.place
            && self.state == RunState::Running
            && !self.is_pausing
        {
            place.arrive(self.learner.step_count());
        }
    }

    fn key(&self) -> (u64, u64) {
        (self.learner.step_count(), self.configuration)
    }

    /// Answers the first subscription that is due: new ones at once, others at the refresh rate and within the share of time.
    fn answer_one(&mut self) -> Result<(), DeviceError> {
        let (key, now) = (self.key(), Instant::now());
        let training = self.state == RunState::Running;
        let is_due = |subscription: &Subscription| match subscription.answered {
            None => true,
            _ if subscription.pending_until.is_some() => subscription.pending_until <= Some(now),
            Some(answered) if answered == key => false,
            Some(_) => {
                !training || (now >= self.next_answer_at && now >= subscription.answered_at + self.refresh_every)
            }
        };
        let due = self.subscriptions.iter().enumerate().filter(|(_, subscription)| is_due(subscription));
        // The one that has waited longest; those never answered come first.
        let Some((index, _)) =
            due.min_by_key(|(_, subscription)| (subscription.answered.is_some(), subscription.answered_at))
        else {
            return Ok(());
        };
        let probe = self.subscriptions[index].probe;
        let reading = self.learner.answer(probe)?;
        let cost = now.elapsed();
        let subscription = &mut self.subscriptions[index];
        subscription.answered = Some(key);
        subscription.answered_at = Instant::now();
        let is_pending = matches!(reading.value, ReadingValue::Pending(_));
        subscription.pending_until = is_pending.then(|| Instant::now() + PENDING_WAIT);
        self.next_answer_at = Instant::now() + cost * (PROBE_SHARE - 1);
        self.send(Report::Reading(probe, reading));
        (self.wake)();
        Ok(())
    }

    fn set_state(&mut self, state: RunState) {
        self.is_pausing = false;
        if state == RunState::Running {
            self.rate = Rate { since: Instant::now(), step: self.learner.step_count() };
        }
        if let Some(place) = &self.place {
            match state {
                RunState::Running => place.arrive(self.learner.step_count()),
                _ => place.leave(),
            }
        }
        self.state = state.clone();
        self.report(true);
        self.send(Report::State(state));
        (self.wake)();
    }

    fn report(&mut self, now: bool) {
        if !now && self.reported_at.elapsed() < REPORT_EVERY {
            return;
        }
        self.reported_at = Instant::now();
        let step = self.learner.step_count();
        let seconds = self.rate.since.elapsed().as_secs_f64();
        if seconds >= 0.5 && step >= self.rate.step {
            self.progress.steps_per_second = (step - self.rate.step) as f64 / seconds;
            self.rate = Rate { since: Instant::now(), step };
        }
        let moved = step != self.progress.step || !self.points.is_empty();
        self.progress.step = step;
        if moved {
            // Curves first: whoever sees a step has its points.
            let points = std::mem::take(&mut self.points);
            if !points.is_empty() {
                self.send(Report::Curves(points));
            }
            self.send(Report::Progress(self.progress));
            (self.wake)();
        }
    }

    /// Whoever stops listening has dropped the trainer, and the next command says so.
    fn send(&self, report: Report) {
        let _ = self.reports.send(report);
    }
}
