//! Writing files: where to, with a path field beside the system's dialog; done by a job, never by the window's thread.

use super::commands::Action;
use super::dialog::Purpose;
use super::loading::{Job, file_name};
use super::theme::Palette;
use crate::train::{Run, Session, history::Bucket};
use eframe::egui::{self, Align, Context, Key, Layout, TextEdit};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// Weights, optimizer, curves and settings.
    Session,
    /// The settings.
    Experiment,
    /// The curves as a table.
    Curves,
    /// The cells of the phase diagram as a table.
    PhaseDiagram,
    /// The rows of the comparison as a table.
    Comparison,
}

/// Why nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveError {
    /// There is a file already, and nobody said to replace it.
    Exists(Saving, PathBuf),
    /// Anything else, in one sentence.
    Failed(String),
}

/// A file being written: says what to tell the person.
pub type SaveJob = Job<Result<String, SaveError>>;

/// The window that asks for a path.
#[derive(Default)]
pub struct SaveWindow {
    open: Option<Saving>,
    path: String,
    exists: bool,
}

impl Saving {
    /// Title of dialogs.
    pub fn title(self) -> &'static str {
        match self {
            Self::Session => "Save session",
            Self::Experiment => "Save experiment",
            Self::Curves => "Export curves",
            Self::PhaseDiagram => "Export cells",
            Self::Comparison => "Export rows",
        }
    }

    /// Extension of the file.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Session => crate::train::checkpoint::EXTENSION,
            Self::Experiment => "toml",
            Self::Curves | Self::PhaseDiagram | Self::Comparison => "csv",
        }
    }

    /// Name offered.
    pub fn file_name(self) -> String {
        let stem = match self {
            Self::Session => "session",
            Self::Experiment => "experiment",
            Self::Curves => "curves",
            Self::PhaseDiagram => "phase-diagram",
            Self::Comparison => "comparison",
        };
        format!("{stem}.{}", self.extension())
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Session => {
                "Weights, optimizer state, curves and settings: open it later to go on bit for bit where it stood"
            }
            Self::Experiment => {
                "All settings that differ from the defaults, as TOML: collapsar train --experiment reads it too"
            }
            Self::Curves => {
                "Negative ELBO, reconstruction, KL and mutual information of every variant, in nats per example"
            }
            Self::PhaseDiagram => {
                "One row per trained cell: its two values, active dimensions, what theory predicts, KL and negative ELBO in nats per example"
            }
            Self::Comparison => {
                "One row per method and seed: how it ended, and every number of the table, in nats per example and seconds of one core"
            }
        }
    }
}

impl SaveWindow {
    /// Asks where to write something.
    pub fn ask(&mut self, what: Saving) {
        let folder = std::env::current_dir().unwrap_or_default();
        *self = Self { open: Some(what), path: folder.join(what.file_name()).display().to_string(), exists: false };
    }

    /// Asks again, because there is a file already.
    pub fn ask_to_replace(&mut self, what: Saving, path: &Path) {
        *self = Self { open: Some(what), path: path.display().to_string(), exists: true };
    }

    /// Draws the window, if it is open.
    pub fn window_ui(&mut self, ctx: &Context, is_dialog_pending: bool, actions: &mut Vec<Action>) {
        let Some(what) = self.open else { return };
        let palette = Palette::current(ctx);
        let mut is_open = true;
        let mut is_done = false;
        egui::Window::new(what.title())
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .anchor(egui::Align2::CENTER_CENTER, [0.0, -60.0])
            .show(ctx, |ui| {
                ui.set_width(460.0);
                ui.weak(what.explanation());
                let label = ui.label("File");
                let edit = TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY);
                let response = ui.add(edit).labelled_by(label.id);
                if response.changed() {
                    self.exists = false;
                }
                if self.exists {
                    ui.colored_label(palette.warning, "There is a file of this name already");
                }
                let entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
                ui.horizontal(|ui| {
                    let text = if self.exists { "Replace" } else { "Save" };
                    let is_complete = !self.path.trim().is_empty();
                    let clicked = ui.add_enabled(is_complete, egui::Button::new(text)).clicked();
                    if clicked || (entered && is_complete && !self.exists) {
                        actions.push(Action::Save {
                            what,
                            path: super::open::typed_path(&self.path),
                            replace: self.exists,
                        });
                        is_done = true;
                    }
                    is_done |= ui.button("Cancel").clicked();
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if ui.add_enabled(!is_dialog_pending, egui::Button::new("Browse…")).clicked() {
                            actions.push(Action::Browse(Purpose::Save(what)));
                        }
                    });
                });
            });
        if !is_open || is_done {
            self.open = None;
        }
    }

    /// Closes the window.
    pub fn close(&mut self) {
        self.open = None;
    }
}

/// Writes a text or a checkpoint on a thread of its own.
///
/// # Errors
/// A system that gives no more threads.
pub fn write(
    what: Saving,
    path: PathBuf,
    replace: bool,
    ctx: &Context,
    content: impl FnOnce(&Path) -> Result<(), String> + Send + 'static,
) -> Result<SaveJob, String> {
    Job::start("save", format!("Writing {}…", file_name(&path)), ctx, move |_| {
        if !replace && path.exists() {
            return Err(SaveError::Exists(what, path));
        }
        content(&path).map_err(SaveError::Failed)?;
        Ok(format!("Saved {}", path.display()))
    })
}

/// Writes a text.
///
/// # Errors
/// One sentence with the path.
pub fn write_text(path: &Path, text: &str) -> Result<(), String> {
    let written = std::fs::File::create(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| format!("{} could not be written: {error}", path.display()))
}

/// The curves of all runs as CSV, one row per bucket of a curve.
pub fn curves_csv(session: &Session) -> String {
    let mut text = "run,quantity,step,mean,min,max\n".to_owned();
    for run in session.runs() {
        run_csv(&mut text, run);
    }
    text
}

fn run_csv(text: &mut String, run: &Run) {
    let name = run.settings.name.replace(['"', ',', '\n'], " ");
    let curves = [
        ("negative_elbo", &run.history.negative_elbo),
        ("reconstruction", &run.history.reconstruction),
        ("kl", &run.history.kl),
        ("mutual_information", &run.history.mutual_information),
    ];
    for (quantity, series) in curves {
        for Bucket { step, mean, min, max, .. } in series.buckets() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{name},{quantity},{step},{mean},{min},{max}");
        }
    }
}
