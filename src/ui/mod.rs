//! The window. It holds no tensor and does no maths: it edits an [`Experiment`](crate::experiment::Experiment), tells trainers what to
//! do, asks them [`Probe`](crate::train::Probe)s, and draws the answers.
//!
//! | file | job |
//! |---|---|
//! | `app` | puts the pieces together: `logic` takes in what happened (`events`), `ui` lays out, `actions` carries out what was asked |
//! | `lab`, `draft` | the session, and the experiment as the person has it |
//! | `commands`, `toolbar`, `help` | what can be asked for, from one table |
//! | `settings`, `fields` | the settings panel |
//! | `columns`, `panels`, `canvas` | a column per variant, and what is drawn in it |
//! | `classical` | the same for models that need no training: settings, panels, words |
//! | `compare` | methods × seeds on one data set: table and trade-off |
//! | `phase` | active dimensions over two settings: a sweep, cell by cell |
//! | `explain`, `verdict`, `statuses`, `diagnosis` | words: lesson, what has collapsed by which measure, diagnosis, terms |
//! | `open`, `dialog`, `preview`, `examples`, `given`, `adapt`, `save`, `loading` | files in and out, on threads of their own |
//! | `log`, `frame_time`, `theme`, `selection`, `levels`, `view` | messages, timing, colours, what is looked at and what it is called, what is remembered |
//! | `in_view`, `tooltip` | work left out where nobody looks |
//! | `picture` | the same window, drawn to an image without a display |

mod actions;
mod adapt;
mod app;
pub mod canvas;
pub mod classical;
mod columns;
pub mod commands;
pub mod compare;
mod diagnosis;
mod dialog;
mod draft;
mod events;
mod examples;
mod explain;
mod fields;
pub mod frame_time;
mod given;
mod help;
mod in_view;
mod lab;
mod levels;
mod loading;
pub mod log;
mod open;
pub mod panels;
pub mod phase;
pub mod picture;
mod preview;
mod save;
pub mod selection;
mod settings;
mod statuses;
pub mod theme;
mod toolbar;
mod tooltip;
mod verdict;
mod view;

pub use app::{App, AppOptions, Environment};
pub use dialog::Purpose;
pub use save::Saving;

use eframe::egui::ViewportBuilder;

/// Opens the window, and returns when it is closed.
///
/// # Errors
/// No display, or no graphics adapter that can draw on it.
pub fn run(options: AppOptions) -> eframe::Result {
    let mut native = eframe::NativeOptions {
        viewport: ViewportBuilder::default()
            .with_app_id("collapsar")
            .with_title("Collapsar")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([960.0, 600.0]),
        persist_window: true,
        ..eframe::NativeOptions::default()
    };
    native.wgpu_options.wgpu_setup = crate::device::wgpu_setup();
    eframe::run_native("Collapsar", native, Box::new(|creation| Ok(Box::new(App::new(creation, options)?))))
}
