//! Sweeps: a grid of short runs over two settings, trained in parallel over the cores, and what theory says about each.
//!
//! A [`Sweep`] is an experiment and two [`Axis`]es; each of its cells is an ordinary experiment, so that a cell can be opened as a run. A
//! [`PhaseDiagram`] trains the cells on threads of its own, knows what has come of each, and can be stopped and resumed; a [`SweepFolder`]
//! keeps the cells on disk as they finish. Where closed forms exist, a [`SweepTheory`] has the lines at which the predicted number of
//! active dimensions changes (see [`crate::exact::linear`]).

mod axis;
mod boundary;
mod cell;
mod diagram;
mod error;
mod folder;
mod plan;
mod rows;
mod theory;
mod worker;

pub use crate::batch::cores;
pub use axis::{Axis, LONGEST_AXIS, Spacing};
pub use boundary::{Line, NEAR, lines_of, near_ties};
pub use cell::{Cell, CellMeasures, Outcome};
pub use diagram::{Comparison, PhaseDiagram};
pub use error::SweepError;
pub use folder::{CELLS, SWEEP, SweepFolder};
pub use plan::{LARGEST_SWEEP, Sweep};
pub use rows::csv;
pub use theory::{Expected, LevelTheory, SweepTheory};
