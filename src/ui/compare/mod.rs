//! Methods × seeds on one data set: a table of what each brings and costs, and the trade-off as a picture.

mod marks;
mod plot;
mod setup;
mod table;
mod window;
mod words;

pub use window::CompareWindow;
