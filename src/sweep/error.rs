//! What can be wrong with a sweep.

use crate::experiment::ExperimentError;
use thiserror::Error;

/// A sweep that cannot be run, in one sentence.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum SweepError {
    /// A text that is no axis.
    #[error(
        "`{text}` is no axis ({problem}); write KEY=FROM..TO:COUNT, KEY=FROM..TO:COUNT:log or KEY=A,B,C, for example \
         objective.beta=0.25..8:12:log"
    )]
    Axis {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A setting that is no number.
    #[error("`{key}` is not a setting that takes numbers, so that it cannot be an axis of a sweep{remedy}", key = .0, remedy = of_a_variant(.0))]
    NotNumeric(String),
    /// The same setting twice.
    #[error("both axes are `{0}`; a sweep needs two different settings")]
    SameKey(String),
    /// More cells than anyone waits for.
    #[error("the sweep has {0} cells, and at most {limit} are trained; give fewer values", limit = super::LARGEST_SWEEP)]
    TooLarge(usize),
    /// A value that the experiment cannot have.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// An experiment without an end.
    #[error("the experiment trains until stopped; say with `steps` how long each cell of the sweep trains")]
    Endless,
    /// A file that could not be read or written.
    #[error("{path} could not be {action}: {message}")]
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        action: &'static str,
        /// What the system says.
        message: String,
    },
    /// A folder that already holds a sweep.
    #[error("{0} holds a sweep already; go on with it (--resume {0}), or choose another folder")]
    Occupied(String),
    /// A folder whose sweep is another one.
    #[error("the sweep in {folder} is another one: {difference}; choose another folder, or resume it as it is")]
    Mismatch {
        /// The folder.
        folder: String,
        /// What differs.
        difference: String,
    },
    /// Files that do not hold what a sweep writes.
    #[error("{path}, line {line}: {problem}")]
    Damaged {
        /// The file.
        path: String,
        /// 1-based.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// The system gives no thread.
    #[error("the sweep could not start: the system gives no thread ({0})")]
    Thread(String),
}

/// The remedy where the key is that of a variant.
fn of_a_variant(key: &str) -> &'static str {
    if key.starts_with("variants.") { "; name the setting itself, and choose the variant beside it" } else { "" }
}
