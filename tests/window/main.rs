//! The window: the real application, driven by its labels. Without a graphics adapter these tests report themselves as
//! skipped, which CI does not accept.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod classical;
mod compare;
mod heat_map;
mod idle;
mod methods;
mod panels;
mod points;
mod sharing;
mod shell;
mod sweep;
mod theorem;
mod theory;
