//! The way from the command line into the window.

use super::train::{Device, Train};
use super::{CliError, machine};
use crate::data::DataError;
use crate::ui::{self, AppOptions};
use clap::Args;
use std::path::PathBuf;

/// Opens the window on a data file, a folder of pictures, an experiment or a saved session
#[derive(Debug, Args)]
pub(super) struct Open {
    /// Data file, folder of pictures, experiment (.toml) or saved session (.collapsar)
    path: PathBuf,
    /// What to train on
    #[arg(long, value_enum, default_value_t)]
    device: Device,
}

impl Open {
    pub(super) fn run(self) -> Result<(), CliError> {
        // What is in a file is told in the window; that there is none is better told where it was typed.
        if let Err(source) = std::fs::metadata(&self.path) {
            return Err(CliError::Data(DataError::Io { path: self.path, source }));
        }
        if machine::display().is_none() {
            return Err(CliError::Failed(format!(
                "no display was found (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open; train without one: collapsar \
                 train --data {}",
                self.path.display()
            )));
        }
        show(AppOptions { open: Some(self.path), device: self.device.into(), ..AppOptions::default() })
    }
}

/// The window on the default lesson; without a display, the same lesson in the terminal.
pub(super) fn default_lesson(device: Device) -> Result<(), CliError> {
    if machine::display().is_some() {
        return show(AppOptions { device: device.into(), ..AppOptions::default() });
    }
    eprintln!(
        "collapsar: no display was found (neither DISPLAY nor WAYLAND_DISPLAY is set), so the default lesson trains here, without a window"
    );
    Train::on(device).run()
}

fn show(options: AppOptions) -> Result<(), CliError> {
    ui::run(options).map_err(|error| {
        CliError::Failed(format!("the window could not be opened ({error}); `collapsar doctor` says what is missing"))
    })
}
