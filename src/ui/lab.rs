//! What is worked on: an experiment in training with its draft, or a classical model. Starting, restarting, stepping. Knows no widget.

use super::adapt;
use super::classical::ClassicalLab;
use super::draft::Draft;
use super::loading::Start;
use crate::device::TrainingDevice;
use crate::experiment::{
    Classical, DecoderKind, Experiment, ExperimentError,
    presets::{PRESETS, Preset},
};
use crate::priority::{Priority, RightOfWay};
use crate::train::{Command, Pace, Probe, RunState, Session, SessionEvent, SessionOptions, Wake};
use std::hash::{BuildHasher, Hasher};
use toml::Value;

/// What is worked on.
pub struct Lab {
    work: Work,
    /// The experiment as the person has it; beside a classical model, the one that training would go back to.
    pub draft: Draft,
    preset: Option<&'static Preset>,
    pace: Pace,
    device: TrainingDevice,
    wake: Wake,
    right_of_way: RightOfWay,
    starts_running: bool,
}

/// One thing at a time.
enum Work {
    /// Nothing yet.
    Nothing,
    /// An experiment in training.
    Training(Box<Session>),
    /// A classical model, with nothing to train.
    Classical(Box<ClassicalLab>),
}

/// Speed of a window that a person has just opened: at full speed a small model is done before it can be watched.
pub const WATCHING_PACE: Pace = Pace::StepsPerSecond(200.0);

impl Lab {
    /// Nothing in training yet.
    pub fn new(experiment: Experiment, device: TrainingDevice, wake: Wake, starts_running: bool, pace: Pace) -> Self {
        Self {
            work: Work::Nothing,
            preset: preset_of(&experiment),
            draft: Draft::new(experiment),
            pace,
            device,
            wake,
            right_of_way: RightOfWay::default(),
            starts_running,
        }
    }

    /// What is in training.
    pub fn session(&self) -> Option<&Session> {
        match &self.work {
            Work::Training(session) => Some(session),
            Work::Nothing | Work::Classical(_) => None,
        }
    }

    fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.work {
            Work::Training(session) => Some(session),
            Work::Nothing | Work::Classical(_) => None,
        }
    }

    /// What is in training, and the draft beside it.
    pub fn parts(&mut self) -> (Option<&Session>, &mut Draft) {
        let session = match &self.work {
            Work::Training(session) => Some(&**session),
            Work::Nothing | Work::Classical(_) => None,
        };
        (session, &mut self.draft)
    }

    /// The classical model that is looked at.
    pub fn classical(&self) -> Option<&ClassicalLab> {
        match &self.work {
            Work::Classical(classical) => Some(classical),
            Work::Nothing | Work::Training(_) => None,
        }
    }

    /// The classical model that is looked at.
    pub fn classical_mut(&mut self) -> Option<&mut ClassicalLab> {
        match &mut self.work {
            Work::Classical(classical) => Some(classical),
            Work::Nothing | Work::Training(_) => None,
        }
    }

    /// Whether there is nothing to be seen yet.
    pub fn is_empty(&self) -> bool {
        matches!(self.work, Work::Nothing)
    }

    /// Looks at a classical model from now on; what is in training ends.
    pub fn show(&mut self, model: Classical, preset: Option<&'static Preset>) {
        self.preset = preset.or_else(|| preset_of_classical(&model));
        self.work = Work::Classical(Box::new(ClassicalLab::start(model, self.wake.clone())));
        // Whoever goes back to a training lesson wants to see it train.
        self.starts_running = true;
    }

    /// The lesson that belongs to it.
    pub fn preset(&self) -> Option<&'static Preset> {
        self.preset
    }

    /// The device that trains.
    pub fn device(&self) -> &TrainingDevice {
        &self.device
    }

    /// What makes the window look whether there is news.
    pub fn wake(&self) -> &Wake {
        &self.wake
    }

    /// What the window takes for a frame.
    pub fn right_of_way(&self) -> &RightOfWay {
        &self.right_of_way
    }

    /// How fast it trains.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// Takes in what the trainers have said.
    pub fn poll(&mut self) -> Vec<SessionEvent> {
        match &mut self.work {
            Work::Training(session) => session.poll(),
            Work::Classical(classical) => {
                classical.poll();
                Vec::new()
            }
            Work::Nothing => Vec::new(),
        }
    }

    /// Applies the draft as far as the training in progress can take it.
    pub fn reconcile(&mut self) {
        if let Work::Training(session) = &mut self.work {
            self.draft.reconcile(session);
        }
    }

    /// Says what the visible panels ask of each run.
    pub fn subscribe(&mut self, wanted: &[Vec<Probe>]) {
        if let Some(session) = self.session_mut() {
            wanted.iter().enumerate().for_each(|(run, probes)| session.subscribe(run, probes));
        }
    }

    /// Starts another experiment; the one in training goes on if that fails.
    ///
    /// # Errors
    /// An experiment that does not fit its data.
    pub fn start(&mut self, start: Start) -> Result<(), ExperimentError> {
        let running = start.running.unwrap_or(self.starts_running);
        self.starts_running = true;
        let options = SessionOptions {
            running,
            lockstep: true,
            wake: self.wake.clone(),
            priority: Priority::Background,
            right_of_way: Some(self.right_of_way.clone()),
        };
        let preset = start.preset.or_else(|| preset_of(&start.experiment));
        let session = match start.checkpoint {
            None => Session::start(start.experiment.clone(), start.data, self.device.clone(), options)?,
            Some(checkpoint) => Session::resume(checkpoint, start.data, self.device.clone(), options)?,
        };
        self.work = Work::Training(Box::new(session));
        self.preset = preset;
        // The same experiment on data read anew keeps what could be undone.
        if *self.draft.experiment() != start.experiment {
            self.draft = Draft::new(start.experiment);
        }
        self.send_pace();
        Ok(())
    }

    /// Starts anew with other settings on the same data.
    ///
    /// # Errors
    /// An experiment that does not fit its data; the one in training goes on.
    pub fn restart(&mut self, experiment: Experiment) -> Result<(), ExperimentError> {
        let Some(session) = self.session_mut() else { return Ok(()) };
        let running = session.is_active()
            || session.runs().iter().all(|run| run.progress.step > 0 && run.state != RunState::Paused);
        session.restart(experiment, session.data().clone(), running)?;
        self.send_pace();
        self.reconcile();
        Ok(())
    }

    /// Trains or pauses. At the step limit the limit moves on, and the sentence that says so is returned.
    pub fn toggle_running(&mut self) -> Option<String> {
        let session = self.session()?;
        if session.is_active() {
            session.command(&Command::Pause);
            return None;
        }
        let is_finished = session.runs().iter().any(|run| run.state == RunState::Finished);
        let mut message = None;
        if is_finished && session.experiment().steps > 0 {
            let done = session.furthest_step();
            let limit = (done + self.draft.experiment().steps).min(100_000_000);
            self.draft.set("steps", Value::Integer(limit as i64));
            self.reconcile();
            message = Some(format!("The step limit is {limit} now"));
        }
        self.send(&Command::Run);
        message
    }

    /// Takes one step in every variant.
    pub fn step(&self) {
        self.send(&Command::Step);
    }

    /// Starts again from the same seed.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub fn reset(&mut self) -> Result<(), ExperimentError> {
        let Some(session) = self.session() else { return Ok(()) };
        // A trainer that failed has ended, and one whose limit was reached would stay paused.
        let needs_trainers =
            session.runs().iter().any(|run| !matches!(run.state, RunState::Running | RunState::Paused));
        if needs_trainers {
            return self.restart(session.experiment().clone());
        }
        self.send(&Command::Reset);
        Ok(())
    }

    /// Starts again from another seed.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub fn new_seed(&mut self) -> Result<u64, ExperimentError> {
        let seed = random_seed();
        if let Some(classical) = self.classical_mut() {
            classical.set_seed(seed);
        } else if let Some(session) = self.session() {
            let experiment = Experiment { seed, ..session.experiment().clone() };
            self.draft.set("seed", Value::Integer(seed as i64));
            self.restart(experiment)?;
        }
        Ok(seed)
    }

    /// Gives a variant another decoder, and starts anew from the same seed; what else is pending stays so. What else had to change.
    ///
    /// # Errors
    /// A decoder that does not fit the data; the training in progress goes on.
    pub fn set_decoder(&mut self, run: usize, decoder: DecoderKind) -> Result<Option<&'static str>, ExperimentError> {
        let Some(session) = self.session() else { return Ok(None) };
        let path = match session.experiment().variants.get(run) {
            Some(variant) => format!("variants.{}.model.decoder", variant.name),
            None => "model.decoder".to_owned(),
        };
        let value = Value::String(decoder.key().to_owned());
        let (mut next, mut draft) = (session.experiment().clone(), self.draft.experiment().clone());
        next.set(&path, value.clone())?;
        draft.set(&path, value)?;
        adapt::fit_expectation(&mut draft);
        let note = adapt::fit_expectation(&mut next);
        self.restart(next)?;
        self.draft.replace(draft);
        self.reconcile();
        Ok(note)
    }

    /// How fast to train from now on.
    pub fn set_pace(&mut self, pace: Pace) {
        self.pace = pace;
        self.send_pace();
    }

    /// Asks for a checkpoint.
    pub fn save(&mut self) -> bool {
        self.session_mut().map(Session::save).is_some()
    }

    fn send_pace(&self) {
        self.send(&Command::Pace(self.pace));
    }

    fn send(&self, command: &Command) {
        if let Some(session) = self.session() {
            session.command(command);
        }
    }
}

/// The preset that an experiment is, whatever its seed and length.
fn preset_of(experiment: &Experiment) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| {
        preset
            .experiment()
            .is_ok_and(|known| Experiment { seed: experiment.seed, steps: experiment.steps, ..known } == *experiment)
    })
}

/// The lesson on a classical model, whatever its settings: they are what the lesson asks to change.
fn preset_of_classical(model: &Classical) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| {
        let known = preset.classical().and_then(Result::ok);
        known.is_some_and(|known| std::mem::discriminant(&known) == std::mem::discriminant(model))
    })
}

/// Short enough to be read out, and different every time.
fn random_seed() -> u64 {
    std::collections::hash_map::RandomState::new().build_hasher().finish() % 1_000_000
}
