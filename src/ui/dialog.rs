//! The system's file dialogs, each on a thread of its own.
//!
//! On Linux a dialog needs a desktop portal or zenity. Without either it returns at once, with the same answer as when a person
//! cancels, so an answer that comes too quickly is taken for a dialog that never opened; and a portal may hang for good. Hence the
//! window offers a path field and drag and drop beside it.

use super::save::Saving;
use eframe::egui::Context;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

/// Nobody cancels a dialog faster than this.
const QUICKEST_PERSON: Duration = Duration::from_millis(300);

/// What the path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Open a file.
    OpenFile,
    /// Open a folder of pictures.
    OpenFolder,
    /// Write something.
    Save(Saving),
}

/// What came of a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A path was chosen.
    Chosen(Purpose, PathBuf),
    /// The person thought better of it.
    Cancelled,
    /// There is no dialog on this system.
    NotOpened,
}

/// At most one dialog at a time.
#[derive(Default)]
pub struct SystemDialog {
    pending: Option<Pending>,
    /// Tests and pictures must not open a dialog.
    is_forbidden: bool,
}

struct Pending {
    purpose: Purpose,
    opened: Instant,
    result: Receiver<Option<PathBuf>>,
}

impl SystemDialog {
    /// Dialogs that answer at once that they did not open, for tests.
    pub fn forbidden() -> Self {
        Self { pending: None, is_forbidden: true }
    }

    /// Whether a dialog is open, so that buttons for another must wait.
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// Opens a dialog above the window.
    ///
    /// # Errors
    /// A system that gives no more threads.
    pub fn open(&mut self, purpose: Purpose, ctx: &Context, frame: &eframe::Frame) -> Result<(), String> {
        if self.is_pending() {
            return Ok(());
        }
        let (sender, result) = sync_channel(1);
        if self.is_forbidden {
            // A receiver whose sender is gone reads as a dialog that never opened.
            drop(sender);
        } else {
            let dialog = dialog(purpose).set_parent(frame);
            let ctx = ctx.clone();
            std::thread::Builder::new()
                .name("file-dialog".to_owned())
                .spawn(move || {
                    let path = match purpose {
                        Purpose::OpenFile => dialog.pick_file(),
                        Purpose::OpenFolder => dialog.pick_folder(),
                        Purpose::Save(_) => dialog.save_file(),
                    };
                    // The window may be gone.
                    let _ = sender.send(path);
                    ctx.request_repaint();
                })
                .map_err(|error| format!("the file dialog could not be opened: {error}"))?;
        }
        self.pending = Some(Pending { purpose, opened: Instant::now(), result });
        Ok(())
    }

    /// The answer, once there is one; never waits.
    pub fn poll(&mut self) -> Option<Answer> {
        let pending = self.pending.as_ref()?;
        let answer = match pending.result.try_recv() {
            Ok(Some(path)) => Answer::Chosen(pending.purpose, path),
            Ok(None) if pending.opened.elapsed() > QUICKEST_PERSON => Answer::Cancelled,
            Ok(None) | Err(TryRecvError::Disconnected) => Answer::NotOpened,
            Err(TryRecvError::Empty) => return None,
        };
        self.pending = None;
        Some(answer)
    }
}

fn dialog(purpose: Purpose) -> rfd::FileDialog {
    let dialog = rfd::FileDialog::new();
    match purpose {
        Purpose::OpenFile => dialog
            .set_title("Open data, an experiment or a session")
            .add_filter("All files", &["*"])
            .add_filter("Data", &["csv", "tsv", "txt", "npy", "npz", "gz", "idx"])
            .add_filter("Experiment", &["toml"])
            .add_filter("Session", &[crate::train::checkpoint::EXTENSION]),
        Purpose::OpenFolder => dialog.set_title("Open a folder of pictures"),
        Purpose::Save(what) => dialog
            .set_title(what.title())
            .set_file_name(what.file_name())
            .add_filter(what.title(), &[what.extension()])
            .set_can_create_directories(true),
    }
}
