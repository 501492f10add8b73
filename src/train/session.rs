//! A [`Session`]: one experiment, its data, and a trainer per variant. The window and the command line hold one and no tensor.

use super::checkpoint::{Checkpoint, VariantState};
use super::history::{History, Progress};
use super::lockstep::Lockstep;
use super::message::{Command, FinalMeasures, Report, RunState, Wake};
use super::probe::{Probe, Reading};
use super::spectrum::LazySpectrum;
use super::trainer::{Start, Trainer};
use crate::data::Dataset;
use crate::device::TrainingDevice;
use crate::experiment::{Change, Experiment, ExperimentError, Settings};
use crate::priority::{Priority, RightOfWay};
use std::collections::HashMap;
use std::sync::Arc;

/// How a session starts.
#[derive(Clone)]
pub struct SessionOptions {
    /// Whether training starts at once.
    pub running: bool,
    /// Whether variants stay within a few steps of each other.
    pub lockstep: bool,
    /// Called when there is something to poll.
    pub wake: Wake,
    /// Of the trainers' threads.
    pub priority: Priority,
    /// Of the window that shows it.
    pub right_of_way: Option<RightOfWay>,
}

impl Default for SessionOptions {
    /// Trains at once, each variant by itself, for a caller who polls.
    fn default() -> Self {
        Self { running: true, lockstep: false, wake: Arc::new(|| {}), priority: Priority::Normal, right_of_way: None }
    }
}

/// One experiment being trained.
pub struct Session {
    experiment: Experiment,
    data: Arc<Dataset>,
    device: TrainingDevice,
    options: SessionOptions,
    runs: Vec<Run>,
    saving: Option<Vec<Option<VariantState>>>,
    summaries: Vec<Option<Result<FinalMeasures, String>>>,
}

/// One variant, as far as the outside knows it.
pub struct Run {
    /// Settings in force.
    pub settings: Settings,
    /// State of training.
    pub state: RunState,
    /// Where training is.
    pub progress: Progress,
    /// Curves so far.
    pub history: History,
    readings: HashMap<Probe, Reading>,
    subscribed: Vec<Probe>,
    trainer: Trainer,
}

/// Something that happened, for a person to be told.
#[derive(Debug)]
pub enum SessionEvent {
    /// A variant reached its step limit, diverged or failed.
    StateChanged {
        /// Index of the run.
        run: usize,
        /// Its new state.
        state: RunState,
    },
    /// What [`Session::save`] asked for, or why it cannot be had.
    Saved(Result<Box<Checkpoint>, String>),
}

impl Session {
    /// Starts a trainer per variant.
    ///
    /// # Errors
    /// An experiment that is out of range or does not fit the data.
    pub fn start(
        experiment: Experiment,
        data: Arc<Dataset>,
        device: TrainingDevice,
        options: SessionOptions,
    ) -> Result<Self, ExperimentError> {
        experiment.validate_for(&data)?;
        let states = vec![None; experiment.runs()?.len()];
        Self::launch(experiment, data, device, options, states)
    }

    /// Goes on from a checkpoint, bit for bit where it stood.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn resume(
        checkpoint: Checkpoint,
        data: Arc<Dataset>,
        device: TrainingDevice,
        options: SessionOptions,
    ) -> Result<Self, ExperimentError> {
        checkpoint.experiment.validate_for(&data)?;
        let states = checkpoint.variants.into_iter().map(Some).collect();
        Self::launch(checkpoint.experiment, data, device, options, states)
    }

    fn launch(
        experiment: Experiment,
        data: Arc<Dataset>,
        device: TrainingDevice,
        options: SessionOptions,
        states: Vec<Option<VariantState>>,
    ) -> Result<Self, ExperimentError> {
        let settings = experiment.runs()?;
        let lockstep = options.lockstep.then(|| Lockstep::new(settings.len()));
        let spectrum = LazySpectrum::new();
        let runs = settings.into_iter().zip(states).enumerate().map(|(index, (settings, state))| {
            let progress = state.as_ref().map(|state| state.progress).unwrap_or_default();
            let history = state.as_ref().map(|state| state.history.clone()).unwrap_or_default();
            let trainer = Trainer::spawn(Start {
                settings: settings.clone(),
                data: data.clone(),
                device: device.clone(),
                state,
                running: options.running,
                place: lockstep.as_ref().map(|lockstep| lockstep.place(index)),
                spectrum: spectrum.clone(),
                wake: options.wake.clone(),
                priority: options.priority,
                right_of_way: options.right_of_way.clone(),
            });
            Run {
                settings,
                state: RunState::Preparing { what: "Preparing", running: options.running },
                progress,
                history,
                readings: HashMap::new(),
                subscribed: Vec::new(),
                trainer,
            }
        });
        let runs = runs.collect();
        Ok(Self { experiment, data, device, options, runs, saving: None, summaries: Vec::new() })
    }

    /// Takes in everything the trainers have said; never waits.
    pub fn poll(&mut self) -> Vec<SessionEvent> {
        let mut events = Vec::new();
        for index in 0..self.runs.len() {
            while let Some(report) = self.runs[index].trainer.try_receive() {
                self.take(index, report, &mut events);
            }
        }
        self.give_up_saving(&mut events);
        events
    }

    /// A failed trainer has ended, and its state will not come.
    fn give_up_saving(&mut self, events: &mut Vec<SessionEvent>) {
        let Some(saving) = &self.saving else { return };
        let lost = self.runs.iter().zip(saving).find_map(|(run, state)| match (&run.state, state) {
            (RunState::Failed(reason), None) => Some(format!("{} has failed ({reason})", run.settings.name)),
            _ => None,
        });
        if let Some(reason) = lost {
            self.saving = None;
            events.push(SessionEvent::Saved(Err(reason)));
        }
    }

    /// Waits until a trainer says something, then takes everything in. For the command line.
    pub fn wait(&mut self, timeout: std::time::Duration) -> Vec<SessionEvent> {
        let mut events = self.poll();
        if !events.is_empty() {
            return events;
        }
        let index = self.runs.iter().position(|run| run.state.is_active()).unwrap_or(0);
        if let Some(report) = self.runs.get(index).and_then(|run| run.trainer.receive_timeout(timeout)) {
            self.take(index, report, &mut events);
        }
        events.extend(self.poll());
        events
    }

    /// Asks every trainer for its final measures, and waits for them. For the command line.
    ///
    /// # Errors
    /// A trainer that failed; its reason.
    pub fn summarize(&mut self) -> Result<Vec<FinalMeasures>, String> {
        self.command(&Command::Summarize);
        self.summaries = vec![None; self.runs.len()];
        while self.summaries.iter().any(Option::is_none) {
            let waiting = self.summaries.iter().position(Option::is_none).unwrap_or(0);
            if let RunState::Failed(reason) = &self.runs[waiting].state {
                return Err(reason.clone());
            }
            let report = self.runs[waiting].trainer.receive_timeout(std::time::Duration::from_millis(100));
            if let Some(report) = report {
                self.take(waiting, report, &mut Vec::new());
            }
        }
        self.summaries.drain(..).flatten().collect()
    }

    fn take(&mut self, index: usize, report: Report, events: &mut Vec<SessionEvent>) {
        let run = &mut self.runs[index];
        match report {
            Report::State(state) => {
                run.state = state.clone();
                events.push(SessionEvent::StateChanged { run: index, state });
            }
            Report::Progress(progress) => run.progress = progress,
            Report::Curves(points) => points.iter().for_each(|point| run.history.push(point)),
            Report::Evaluated(evaluation) => run.history.push_evaluation(*evaluation),
            Report::Cleared => {
                run.history = History::default();
                run.progress = Progress::default();
                run.readings.clear();
            }
            Report::Rewound(step) => run.history.truncate(step),
            Report::Reading(probe, reading) => {
                // An answer to a question that is no longer asked would stay for good.
                if run.subscribed.contains(&probe) {
                    run.readings.insert(probe, reading);
                }
            }
            Report::Summarized(measures) => {
                if let Some(summary) = self.summaries.get_mut(index) {
                    *summary = Some(measures.map(|measures| *measures));
                }
            }
            Report::Saved(state) => self.take_saved(index, state, events),
        }
    }

    fn take_saved(&mut self, index: usize, state: Result<Box<VariantState>, String>, events: &mut Vec<SessionEvent>) {
        let Some(saving) = &mut self.saving else { return };
        match state {
            Ok(mut state) => {
                state.history = self.runs[index].history.clone();
                // A diverged run shows how it diverged, but goes on from its last good weights.
                state.history.truncate(state.progress.step);
                saving[index] = Some(*state);
            }
            Err(message) => {
                self.saving = None;
                events.push(SessionEvent::Saved(Err(message)));
                return;
            }
        }
        if saving.iter().all(Option::is_some) {
            let variants = saving.drain(..).flatten().collect();
            self.saving = None;
            let checkpoint = Checkpoint { experiment: self.experiment.clone(), variants };
            events.push(SessionEvent::Saved(Ok(Box::new(checkpoint))));
        }
    }

    /// Tells every trainer.
    pub fn command(&self, command: &Command) {
        self.runs.iter().for_each(|run| run.trainer.send(command.clone()));
    }

    /// Says which probes a run must answer from now on, the most wanted first.
    pub fn subscribe(&mut self, run: usize, probes: &[Probe]) {
        let Some(run) = self.runs.get_mut(run) else { return };
        if run.subscribed == probes {
            return;
        }
        run.subscribed = probes.to_vec();
        run.readings.retain(|probe, _| probes.contains(probe));
        run.trainer.send(Command::Subscribe(probes.to_vec()));
    }

    /// Applies what can be applied while training. A structural change is left undone and reported as such: see [`Self::restart`].
    ///
    /// # Errors
    /// An experiment that is out of range or does not fit the data; the running one goes on.
    pub fn configure(&mut self, experiment: &Experiment) -> Result<Change, ExperimentError> {
        experiment.validate_for(&self.data)?;
        let change = self.experiment.change_to(experiment);
        if change == Change::Live {
            for (run, settings) in self.runs.iter_mut().zip(experiment.runs()?) {
                if run.settings != settings {
                    run.settings = settings.clone();
                    run.trainer.send(Command::Configure(Box::new(settings)));
                }
            }
            self.experiment = experiment.clone();
        }
        Ok(change)
    }

    /// Starts anew with another experiment or other data; the old trainers end.
    ///
    /// # Errors
    /// As [`Self::start`]; the running experiment goes on.
    pub fn restart(
        &mut self,
        experiment: Experiment,
        data: Arc<Dataset>,
        running: bool,
    ) -> Result<(), ExperimentError> {
        let options = SessionOptions { running, ..self.options.clone() };
        *self = Self::start(experiment, data, self.device.clone(), options)?;
        Ok(())
    }

    /// Asks for a checkpoint; it arrives as a [`SessionEvent::Saved`].
    pub fn save(&mut self) {
        self.saving = Some(vec![None; self.runs.len()]);
        self.command(&Command::Save);
    }

    /// Whether a checkpoint was asked for and has not arrived.
    pub fn is_saving(&self) -> bool {
        self.saving.is_some()
    }

    /// Ends all trainers and waits for them.
    pub fn finish(mut self) {
        self.command(&Command::Stop);
        self.runs.iter_mut().for_each(|run| run.trainer.join());
    }

    /// The experiment in force.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The data in use.
    pub fn data(&self) -> &Arc<Dataset> {
        &self.data
    }

    /// The device in use.
    pub fn device(&self) -> &TrainingDevice {
        &self.device
    }

    /// One per variant, in the order of the experiment.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Step of the variant that is ahead.
    pub fn furthest_step(&self) -> u64 {
        self.runs.iter().map(|run| run.progress.step).max().unwrap_or_default()
    }

    /// Whether any variant is training or about to.
    pub fn is_active(&self) -> bool {
        self.runs.iter().any(|run| run.state.is_active())
    }
}

impl Run {
    /// The newest answer to a probe.
    pub fn reading(&self, probe: &Probe) -> Option<&Reading> {
        self.readings.get(probe)
    }
}
