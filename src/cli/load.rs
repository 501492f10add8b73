//! Loading data, and other work, with a bar on standard error.

use super::CliError;
use crate::data::{self, Dataset, LoadMonitor};
use crate::experiment::Experiment;
use indicatif::{ProgressBar, ProgressStyle};
use std::borrow::Cow;
use std::sync::Arc;

/// Parts of the bar; work reports fractions.
const PARTS: u64 = 1000;

/// Draws the progress of a load, or of sampling. indicatif draws nothing where standard error is no terminal.
pub(super) struct LoadBar(ProgressBar);

impl LoadBar {
    pub(super) fn new(what: &str) -> Self {
        Self::saying(format!("Reading {what}"))
    }

    /// For other work that takes time.
    pub(super) fn saying(message: impl Into<Cow<'static, str>>) -> Self {
        let bar = ProgressBar::new(PARTS);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{wide_bar}] {percent} %") {
            bar.set_style(style);
        }
        bar.set_message(message);
        Self(bar)
    }
}

impl Drop for LoadBar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl LoadMonitor for LoadBar {
    fn progress(&self, fraction: f32) {
        self.0.set_position((fraction.clamp(0.0, 1.0) * PARTS as f32) as u64);
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Loads what the experiment models.
pub(super) fn dataset(experiment: &Experiment) -> Result<Arc<Dataset>, CliError> {
    let settings = &experiment.data;
    let bar = LoadBar::new(&settings.source.to_string());
    Ok(Arc::new(data::load(&settings.source, &settings.load_options(), &bar)?))
}
