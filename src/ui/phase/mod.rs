//! The phase diagram: active dimensions over two settings, cell by cell, with the boundaries of the theory over them.

mod choices;
mod former;
mod legend;
mod lines;
mod map;
mod setup;
mod ticks;
mod window;
mod words;

pub use former::{Former, WayBack};
pub use window::PhaseWindow;

pub(super) use words::time;
