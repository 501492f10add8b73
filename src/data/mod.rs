//! Data sets: examples, how one of them looks, labels where there are any, and a held-out split.
//!
//! [`load`] turns a [`Source`] (a generator, built-in data, a file or a folder) into a [`Dataset`]; [`inspect`] says what a file holds
//! before anything is trained on it. Both block, report to a [`LoadMonitor`] and can be cancelled through it, so a window calls them on a
//! thread of their own. A `Dataset` never changes once loaded: trainers share it behind an `Arc` without waiting for each other.
//!
//! Whatever a file holds, reading it ends in a value or in a [`DataError`] of one sentence, and within [`Limits`].

mod builtin;
mod construct;
mod dataset;
mod error;
mod example;
mod files;
mod inspection;
mod layout;
mod monitor;
mod source;
mod split;
mod standardize;
mod storage;
mod synthetic;

use std::path::Path;

pub use dataset::Dataset;
pub use error::{DataError, Place};
pub use example::{ExampleShape, Labels};
pub use inspection::{Format, Inspection};
pub use layout::ExampleLayout;
pub use monitor::{LoadMonitor, Unmonitored};
pub use source::{ConditionKind, Limits, LoadOptions, PerDimension, Sampling, Scale, Source};

use files::Context;
use synthetic::LibiExample;

/// Loads a data set.
pub fn load(source: &Source, options: &LoadOptions, monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    load_within(&Limits::default(), source, options, monitor)
}

/// Loads a data set, of a file no more than `limits`.
pub fn load_within(
    limits: &Limits,
    source: &Source,
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
) -> Result<Dataset, DataError> {
    let dataset = match source {
        Source::Pinwheel => synthetic::pinwheel(options, monitor),
        Source::PinwheelR6 => synthetic::pinwheel_r6(options, monitor),
        Source::FashionMnist => builtin::fashion_mnist(monitor),
        Source::Digits => builtin::digits(monitor),
        Source::LinearGaussian => synthetic::linear_gaussian(options, monitor),
        Source::CorrelatedGaussian => synthetic::correlated_gaussian(options, monitor),
        Source::LibiLinear => synthetic::libi(LibiExample::Linear, options, monitor),
        Source::LibiCubic => synthetic::libi(LibiExample::Cubic, options, monitor),
        Source::LibiGaussian => synthetic::libi(LibiExample::Gaussian, options, monitor),
        Source::LibiMobius => synthetic::libi(LibiExample::Mobius, options, monitor),
        Source::File(path) => load_file(&Context { path, options, limits, monitor }),
    }?;
    dataset.with_condition(options.condition)
}

fn load_file(context: &Context) -> Result<Dataset, DataError> {
    let path = context.path;
    let raw = files::read(context)?;
    if let Some(missing) = raw.missing {
        return Err(DataError::MissingValue { path: path.to_owned(), place: missing.first, count: missing.count });
    }
    let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
    Ok(Dataset::from_raw(name, raw, context.options.scale, None))
}

/// Says what a data file or a folder of pictures holds.
pub fn inspect(path: &Path, options: &LoadOptions, monitor: &dyn LoadMonitor) -> Result<Inspection, DataError> {
    inspect_within(&Limits::default(), path, options, monitor)
}

/// Says what a data file or a folder of pictures holds, if it is no more than `limits`.
pub fn inspect_within(
    limits: &Limits,
    path: &Path,
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
) -> Result<Inspection, DataError> {
    files::read(&Context { path, options, limits, monitor }).map(|raw| raw.inspection())
}
