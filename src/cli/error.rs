//! What can go wrong on the command line, and the exit code that says so.

use super::case::CaseError;
use crate::compare::CompareError;
use crate::data::DataError;
use crate::device::DeviceError;
use crate::exact::ClassicalError;
use crate::experiment::ExperimentError;
use crate::sweep::SweepError;
use crate::train::checkpoint::CheckpointError;
use thiserror::Error;

/// A call that failed, in one sentence.
#[derive(Debug, Error)]
pub enum CliError {
    /// Arguments that make no sense together.
    #[error("{0}")]
    Usage(String),
    /// A setting given on the command line, or left by it, that cannot be.
    #[error(transparent)]
    Setting(ExperimentError),
    /// A file with an experiment, or an experiment that does not fit its data.
    #[error(transparent)]
    Experiment(ExperimentError),
    /// Data that cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A saved run that cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A device that cannot be had.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// A file that could not be written.
    #[error("{path} could not be written: {message}")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
    /// A case file that cannot be solved as written.
    #[error(transparent)]
    Case(#[from] CaseError),
    /// A classical model without an answer.
    #[error(transparent)]
    Classical(#[from] ClassicalError),
    /// A sweep that cannot be run as asked for.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// A comparison that cannot be run as asked for.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// Anything else.
    #[error("{0}")]
    Failed(String),
}

impl CliError {
    /// 2 for wrong usage, 1 for any other failure.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Setting(_) | Self::Data(DataError::GeneratorExamples { .. }) => 2,
            Self::Sweep(error) => match error {
                SweepError::File { .. } | SweepError::Damaged { .. } | SweepError::Thread(_) => 1,
                _ => 2,
            },
            Self::Compare(error) => match error {
                CompareError::File { .. } | CompareError::Damaged { .. } | CompareError::Thread(_) => 1,
                _ => 2,
            },
            _ => 1,
        }
    }
}
