//! Batches: many short runs, trained in parallel over the cores without a session. What sweeps and comparisons have in common.
//!
//! A `Work` says what is to be done for a job, by its index; a `Board` has threads do it, knows what has come of each job, and can be
//! stopped and resumed. Wherever two jobs need the same data, a `DataShelf` loads them once.

mod board;
mod csv;
mod files;
mod run;
mod shelf;
mod workers;

pub use workers::cores;

pub(crate) use board::Board;
pub(crate) use csv::{field, listed, number, numbers};
pub(crate) use files::replace;
pub(crate) use run::{Ended, train};
pub(crate) use shelf::DataShelf;
pub(crate) use workers::Work;
