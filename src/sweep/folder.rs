//! A sweep on disk: what is swept, and a row for every cell that has finished, written at once, so that nothing is lost that was trained.

use super::{Axis, Cell, Outcome, Sweep, SweepError, rows};
use crate::batch;
use crate::experiment::Experiment;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use toml::Table;

/// What is swept: an experiment and two axes.
pub const SWEEP: &str = "sweep.toml";
/// The cells.
pub const CELLS: &str = "cells.csv";

/// A folder to which cells are added.
#[derive(Debug)]
pub struct SweepFolder {
    path: PathBuf,
    cells: File,
}

/// The content of [`SWEEP`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    x: Axis,
    y: Axis,
    experiment: Table,
}

impl SweepFolder {
    /// A new sweep in a folder, which is made where there is none.
    ///
    /// # Errors
    /// A folder that holds a sweep already, or cannot be written.
    pub fn create(path: &Path, sweep: &Sweep) -> Result<Self, SweepError> {
        let (description, cells) = (path.join(SWEEP), path.join(CELLS));
        if description.exists() || cells.exists() {
            return Err(SweepError::Occupied(path.display().to_string()));
        }
        std::fs::create_dir_all(path).map_err(|error| not_written(path, &error))?;
        std::fs::write(&description, text_of(sweep)?).map_err(|error| not_written(&description, &error))?;
        Self::with_rows(path, &rows::header(sweep))
    }

    /// The sweep of a folder, as it was begun.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of a sweep.
    pub fn sweep(path: &Path) -> Result<Sweep, SweepError> {
        let file = path.join(SWEEP);
        let name = file.display().to_string();
        let text = read(&file)?;
        let damaged = |line: usize, problem: String| SweepError::Damaged { path: name.clone(), line, problem };
        let description: Description = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            damaged(before.matches('\n').count() + 1, error.message().replace('\n', " "))
        })?;
        let experiment = Experiment::from_toml(&description.experiment.to_string(), &name)?;
        Sweep::new(&experiment, None, description.x.checked()?, description.y.checked()?)
    }

    /// Goes on with the sweep of a folder; its cells by index. Cells that failed count as missing, and so does a last row that was not
    /// written to its end.
    ///
    /// # Errors
    /// A folder with another sweep, or files that are none of a sweep.
    pub fn resume(path: &Path, sweep: &Sweep) -> Result<(Self, Vec<Option<Cell>>), SweepError> {
        if let Some(difference) = difference(&Self::sweep(path)?, sweep) {
            return Err(SweepError::Mismatch { folder: path.display().to_string(), difference });
        }
        let file = path.join(CELLS);
        let text = if file.exists() { read(&file)? } else { rows::header(sweep) };
        let damaged = |line: usize, problem: String| SweepError::Damaged {
            path: file.display().to_string(),
            line: line + 1,
            problem,
        };
        if !text.starts_with(&rows::header(sweep)) {
            return Err(damaged(0, "this is not the first line of the cells of this sweep".to_owned()));
        }
        let mut cells = vec![None; sweep.len()];
        let mut kept = rows::header(sweep);
        // What stands behind the last line break was not written to its end.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (number, line) in whole.lines().enumerate().skip(1) {
            let (index, cell) = rows::parse(sweep, line).map_err(|problem| damaged(number, problem))?;
            if !matches!(cell.outcome, Outcome::Failed(_)) {
                kept.push_str(line);
                kept.push('\n');
                cells[index] = Some(cell);
            }
        }
        Ok((Self::with_rows(path, &kept)?, cells))
    }

    /// Replaces the rows at once: at no moment are there fewer in the folder than were trained.
    fn with_rows(path: &Path, text: &str) -> Result<Self, SweepError> {
        let file = path.join(CELLS);
        let opened = batch::replace(&file, text).and_then(|()| OpenOptions::new().append(true).open(&file));
        let cells = opened.map_err(|error| not_written(&file, &error))?;
        Ok(Self { path: path.to_owned(), cells })
    }

    /// Adds a cell.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn add(&mut self, sweep: &Sweep, index: usize, cell: &Cell) -> Result<(), SweepError> {
        let row = rows::row(sweep, index, cell);
        let written = self.cells.write_all(row.as_bytes()).and_then(|()| self.cells.flush());
        written.map_err(|error| not_written(&self.path.join(CELLS), &error))
    }
}

fn text_of(sweep: &Sweep) -> Result<String, SweepError> {
    let failed = |message: String| SweepError::File { path: SWEEP.to_owned(), action: "written", message };
    let experiment =
        sweep.experiment().to_toml().parse().map_err(|error: toml::de::Error| failed(error.to_string()))?;
    let description = Description { x: sweep.x().clone(), y: sweep.y().clone(), experiment };
    toml::to_string(&description).map_err(|error| failed(error.to_string()))
}

/// What makes two sweeps different ones, in words.
fn difference(there: &Sweep, wanted: &Sweep) -> Option<String> {
    for (name, there, wanted) in [("x", there.x(), wanted.x()), ("y", there.y(), wanted.y())] {
        if there.key != wanted.key {
            return Some(format!("its axis {name} is `{}`, not `{}`", there.key, wanted.key));
        }
        if there != wanted {
            return Some(format!("its axis {name} has other values of `{}`", there.key));
        }
    }
    (there.experiment() != wanted.experiment()).then(|| "its experiment has other settings".to_owned())
}

fn read(path: &Path) -> Result<String, SweepError> {
    std::fs::read_to_string(path).map_err(|error| SweepError::File {
        path: path.display().to_string(),
        action: "read",
        message: error.to_string(),
    })
}

fn not_written(path: &Path, error: &std::io::Error) -> SweepError {
    SweepError::File { path: path.display().to_string(), action: "written", message: error.to_string() }
}
