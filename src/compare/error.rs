//! What can be wrong with a comparison.

use crate::experiment::ExperimentError;
use thiserror::Error;

/// A comparison that cannot be run, in one sentence.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum CompareError {
    /// A method that neither the experiment nor the catalogue has.
    #[error(
        "there is no method `{name}`; the nearest known one is `{nearest}`, and `--methods all` takes the whole catalogue"
    )]
    UnknownMethod {
        /// The name asked for.
        name: String,
        /// The known name that looks most like it.
        nearest: String,
    },
    /// The same method twice.
    #[error("the method `{0}` is named twice; name every method once")]
    SameMethod(String),
    /// Nothing to compare.
    #[error("a comparison needs at least one method")]
    NoMethod,
    /// Seeds that are none.
    #[error("`{text}` is no choice of seeds ({problem}); write their number, such as 3, or list them, such as 7,8,9")]
    Seeds {
        /// The text.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// More rows than anyone waits for.
    #[error("the comparison has {0} rows, and at most {limit} are trained; take fewer methods or seeds", limit = super::LARGEST_COMPARISON)]
    TooLarge(usize),
    /// An experiment without an end.
    #[error("the experiment trains until stopped; say with `steps` how long each row of the comparison trains")]
    Endless,
    /// A value that the experiment cannot have.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
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
    /// A folder that already holds a comparison.
    #[error("{0} holds a comparison already; go on with it (--resume {0}), or choose another folder")]
    Occupied(String),
    /// A folder whose comparison is another one.
    #[error("the comparison in {folder} is another one: {difference}; choose another folder, or resume it as it is")]
    Mismatch {
        /// The folder.
        folder: String,
        /// What differs.
        difference: String,
    },
    /// Files that do not hold what a comparison writes.
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
    #[error("the comparison could not start: the system gives no thread ({0})")]
    Thread(String),
}
