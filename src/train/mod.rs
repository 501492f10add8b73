//! Training: a thread per variant, told by [`Command`]s, asked by [`Probe`]s, answering with [`Report`]s.

mod algorithm;
mod answers;
pub mod checkpoint;
pub mod history;
mod learner;
mod lockstep;
mod message;
mod method;
mod optimizer;
mod probe;
mod samples;
mod session;
mod spectrum;
mod step;
mod trainer;
mod weights;

pub use crate::measure::{LatentGrid, Marginal, Plane, PlaneSamples, PoolIndex, Traversal};
pub use algorithm::{AlgorithmState, KeptState};
pub use history::{CurvePoint, Evaluation, Progress};
pub use learner::{EVALUATE_EVERY, Learner, StepOutcome};
pub use message::{Command, ExactMeasures, FinalMeasures, Pace, Report, RunState, Wake};
pub use method::{MethodReading, Phase};
pub use optimizer::{Adam, AdamState, Part, StepSize};
pub use probe::{Probe, Reading, ReadingValue};
pub use session::{Run, Session, SessionEvent, SessionOptions};
pub use weights::NamedValues;

pub(crate) use spectrum::LazySpectrum;
