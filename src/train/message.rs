//! Messages between the window (or command line) and the trainers.

use super::history::{CurvePoint, Evaluation, Progress};
use super::probe::{Probe, Reading};
use crate::exact::linear::Theory;
use crate::experiment::Settings;
use crate::measure::{Measures, PosteriorComparison, Statuses};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Called from trainer threads whenever there is something new to [`super::Session::poll`].
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What a trainer is told.
#[derive(Clone, Debug)]
pub enum Command {
    /// Train until paused or until the step limit.
    Run,
    /// Stop after the current step; everything stays explorable.
    Pause,
    /// Take one step, then pause.
    Step,
    /// New weights from the same seed; settings and subscriptions stay.
    Reset,
    /// Settings that apply to the running model (see [`crate::experiment::Change::Live`]).
    Configure(Box<Settings>),
    /// How fast to train.
    Pace(Pace),
    /// Probes to answer from now on, newest request first; replaces the former list.
    Subscribe(Vec<Probe>),
    /// Shortest time between two answers to the same probe.
    RefreshEvery(Duration),
    /// Send the state of training as a [`Report::Saved`].
    Save,
    /// Measure what is measured at the end of a run, and send it as a [`Report::Summarized`].
    Summarize,
    /// End the thread.
    Stop,
}

/// Training speed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Pace {
    /// As fast as the device allows.
    #[default]
    Fastest,
    /// Steps per second, for watching.
    StepsPerSecond(f64),
}

/// What a trainer says.
#[derive(Debug)]
pub enum Report {
    /// A new state.
    State(RunState),
    /// Where training is; sent at the refresh rate.
    Progress(Progress),
    /// New points of the curves, every step once, in order.
    Curves(Vec<CurvePoint>),
    /// A periodic evaluation, at fixed steps whatever the screen asks.
    Evaluated(Box<Evaluation>),
    /// Curves start anew.
    Cleared,
    /// Training goes on from this earlier step: what came after it is no longer part of the run.
    Rewound(u64),
    /// Answer to a probe.
    Reading(Probe, Reading),
    /// Answer to [`Command::Save`].
    Saved(Result<Box<super::checkpoint::VariantState>, String>),
    /// Answer to [`Command::Summarize`].
    Summarized(Result<Box<FinalMeasures>, String>),
}

/// State of one variant's training.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// Data, weights or GPU kernels are being prepared.
    Preparing {
        /// Says which.
        what: &'static str,
        /// Whether training starts as soon as they are.
        running: bool,
    },
    /// Training.
    Running,
    /// Waiting for the person.
    Paused,
    /// The step limit was reached.
    Finished,
    /// The loss stopped being a finite number; the model shown is the last good one.
    Diverged {
        /// Step whose loss was not finite.
        at_step: u64,
        /// Step of the weights that are shown.
        kept_step: u64,
    },
    /// The trainer cannot go on; the model shown is the last good one, if there is one.
    Failed(String),
}

impl RunState {
    /// Whether steps are being taken or about to be.
    pub fn is_active(&self) -> bool {
        matches!(self, Self::Running | Self::Preparing { running: true, .. })
    }
}

/// What is measured once, at the end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct FinalMeasures {
    /// Over the evaluation pool.
    pub measures: Measures,
    /// Importance-weighted −log p(x), nats per example.
    pub importance_weighted_nll: f64,
    /// Samples per example behind it.
    pub importance_samples: usize,
    /// Examples it is averaged over.
    pub importance_examples: usize,
    /// Means of the exact posterior over pool examples; where a grid exists, K ≤ 3.
    pub exact: Option<ExactMeasures>,
    /// Which of likelihood, exact posterior and encoder has collapsed.
    pub statuses: Statuses,
    /// What closed forms of linear models predict.
    pub theory: Theory,
}

/// What the exact posterior on a grid says (see [`crate::exact`]), averaged over the first pool examples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExactMeasures {
    /// R, the range of log p(x|z) over the grid, nats.
    pub likelihood_range: f64,
    /// KL(p(z|x) ‖ p(z)), nats.
    pub kl: f64,
    /// Radius of the grid in prior standard deviations.
    pub radius: f64,
    /// Examples averaged over.
    pub examples: usize,
}

impl ExactMeasures {
    /// Of a comparison with a grid.
    pub fn of(comparison: &PosteriorComparison) -> Option<Self> {
        let exact = comparison.exact.as_ref().ok()?;
        Some(Self {
            likelihood_range: comparison.statuses.likelihood_range,
            kl: comparison.statuses.exact_kl?,
            radius: exact.radius,
            examples: comparison.examples(),
        })
    }
}
