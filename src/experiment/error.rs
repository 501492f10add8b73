//! What can be wrong with an experiment.

use thiserror::Error;

/// An experiment that cannot be run, in one sentence for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ExperimentError {
    /// The text is not TOML, or a value has the wrong type.
    #[error("{file}, line {line}, column {column}: {message}")]
    Syntax {
        /// Where the text came from.
        file: String,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What the parser says, on one line.
        message: String,
    },
    /// A key that no setting has.
    #[error("{place}unknown setting `{key}`{}", nearest_known(.nearest))]
    UnknownKey {
        /// `FILE, line N: `, or nothing for a command-line override.
        place: String,
        /// Dotted path.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// A variant that the experiment does not have.
    #[error("there is no variant `{name}`; the experiment has {known}")]
    UnknownVariant {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A preset that does not exist.
    #[error("there is no preset `{name}`; the presets are {known}")]
    UnknownPreset {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A classical model where something is to be trained.
    #[error(
        "`{0}` is a classical model with exact inference: there is nothing to train; see it in the window, with `collapsar picture \
         --preset {0}`, or with `collapsar exact`"
    )]
    NothingToTrain(&'static str),
    /// A value of the wrong type.
    #[error("`{key}`: {message}")]
    Value {
        /// Dotted path.
        key: String,
        /// What was expected.
        message: String,
    },
    /// An override without a `=`.
    #[error("`{0}` is not of the form KEY=VALUE, for example model.sigma=0.3")]
    Assignment(String),
    /// A value out of its range.
    #[error("`{key}` is {value}; {rule}")]
    Range {
        /// Dotted path.
        key: String,
        /// The value found.
        value: String,
        /// What it must be.
        rule: String,
    },
    /// The model does not fit the data.
    #[error("{0}")]
    Data(String),
    /// The file could not be read or written.
    #[error("{path} could not be {action}: {message}")]
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        action: &'static str,
        /// What the system says.
        message: String,
    },
}

fn nearest_known(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("; the nearest known one is `{key}`")).unwrap_or_default()
}
