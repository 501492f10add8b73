//! Training: a thread per variant, told by [`Command`]s, asked by [`Probe`]s, answering with [`Report`]s.

pub mod checkpoint;
pub mod history;
mod learner;
mod lockstep;
mod message;
mod optimizer;
mod probe;
mod session;
mod spectrum;
mod trainer;
mod weights;

pub use crate::measure::{LatentGrid, Marginal, Plane, PoolIndex, Traversal};
pub use history::{CurvePoint, Evaluation, Progress};
pub use learner::{EVALUATE_EVERY, Learner, StepOutcome};
pub use message::{Command, ExactMeasures, FinalMeasures, Pace, Report, RunState, Wake};
pub use optimizer::{Adam, AdamState, StepSize};
pub use probe::{Probe, Reading, ReadingValue};
pub use session::{Run, Session, SessionEvent, SessionOptions};
pub use weights::NamedValues;
