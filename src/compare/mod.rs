//! Comparisons: methods × seeds on one data set, trained in parallel over the cores, as a table.
//!
//! A [`Comparison`] is an experiment, methods as variants of it, and seeds; each of its rows is an ordinary experiment, so that a row can be
//! opened as a run. A [`ComparisonTable`] trains the rows on threads of its own, knows what has come of each, and can be stopped and resumed;
//! a [`ComparisonFolder`] keeps the rows on disk as they finish. Means and standard deviations over the seeds are [`Estimate`]s.

mod error;
mod folder;
mod methods;
mod plan;
mod quantity;
mod row;
mod rows;
mod table;
mod worker;

pub use error::CompareError;
pub use folder::{COMPARISON, ComparisonFolder, RECORD, ROWS};
pub use methods::{ALL_METHODS, MethodChoice, choices, methods_named, methods_of};
pub use plan::{Comparison, LARGEST_COMPARISON, seeds_from};
pub use quantity::{Better, Estimate, Quantity};
pub use row::{Row, RowMeasures, RowState};
pub use rows::csv;
pub use table::ComparisonTable;
