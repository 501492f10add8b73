//! A comparison on disk: what is compared, a table of the rows that have finished, and all that was measured of them. Both are replaced at once as
//! each row finishes, so that nothing is lost that was trained, whenever the process ends.

use super::rows::csv_of;
use super::{CompareError, Comparison, Row, RowState};
use crate::batch;
use crate::experiment::Experiment;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use toml::Table;

/// What is compared: an experiment, whose variants are the methods, and seeds.
pub const COMPARISON: &str = "comparison.toml";
/// The rows as a table.
pub const ROWS: &str = "rows.csv";
/// Everything measured of the rows, which is what a comparison is resumed from.
pub const RECORD: &str = "rows.toml";

/// A folder to which rows are added.
#[derive(Debug)]
pub struct ComparisonFolder {
    path: PathBuf,
    comparison: Comparison,
    rows: Vec<Option<Row>>,
}

/// The content of [`COMPARISON`].
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    seeds: Vec<u64>,
    experiment: Table,
}

/// The content of [`RECORD`].
#[derive(Serialize, Deserialize)]
struct Record {
    #[serde(default)]
    rows: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    method: String,
    seed: u64,
    row: Row,
}

impl ComparisonFolder {
    /// A new comparison in a folder, which is made where there is none.
    ///
    /// # Errors
    /// A folder that holds a comparison already, or cannot be written.
    pub fn create(path: &Path, comparison: &Comparison) -> Result<Self, CompareError> {
        if [COMPARISON, ROWS, RECORD].iter().any(|name| path.join(name).exists()) {
            return Err(CompareError::Occupied(path.display().to_string()));
        }
        std::fs::create_dir_all(path).map_err(|error| not_written(path, &error))?;
        write(&path.join(COMPARISON), &text_of(comparison)?)?;
        let rows = vec![None; comparison.len()];
        let folder = Self { path: path.to_owned(), comparison: comparison.clone(), rows };
        folder.write()?;
        Ok(folder)
    }

    /// The comparison of a folder, as it was begun.
    ///
    /// # Errors
    /// A file that cannot be read, or is none of a comparison.
    pub fn comparison(path: &Path) -> Result<Comparison, CompareError> {
        let file = path.join(COMPARISON);
        let description: Description = parsed(&file)?;
        let experiment = Experiment::from_toml(&description.experiment.to_string(), &file.display().to_string())?;
        let methods = experiment.variants.clone();
        Comparison::new(&experiment, methods, description.seeds)
    }

    /// Goes on with the comparison of a folder; its rows by index. Rows that failed count as missing.
    ///
    /// # Errors
    /// A folder with another comparison, or files that are none of a comparison.
    pub fn resume(path: &Path, comparison: &Comparison) -> Result<(Self, Vec<Option<Row>>), CompareError> {
        if let Some(difference) = difference(&Self::comparison(path)?, comparison) {
            return Err(CompareError::Mismatch { folder: path.display().to_string(), difference });
        }
        let is_kept = |row: &Row| row.state != RowState::Failed;
        let rows: Vec<_> = recorded(path, comparison)?.into_iter().map(|row| row.filter(is_kept)).collect();
        let folder = Self { path: path.to_owned(), comparison: comparison.clone(), rows: rows.clone() };
        folder.write()?;
        Ok((folder, rows))
    }

    /// The comparison of a folder and its rows by index, as far as it has got; writes nothing.
    ///
    /// # Errors
    /// Files that cannot be read, or are none of a comparison.
    pub fn read(path: &Path) -> Result<(Comparison, Vec<Option<Row>>), CompareError> {
        let comparison = Self::comparison(path)?;
        let rows = recorded(path, &comparison)?;
        Ok((comparison, rows))
    }

    /// Adds a row.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn add(&mut self, index: usize, row: &Row) -> Result<(), CompareError> {
        if let Some(place) = self.rows.get_mut(index) {
            *place = Some(row.clone());
        }
        self.write()
    }

    fn write(&self) -> Result<(), CompareError> {
        let entries = self.rows.iter().enumerate().filter_map(|(index, row)| {
            let (method, seed) = self.comparison.name(index);
            Some(Entry { method: method.to_owned(), seed, row: row.clone()? })
        });
        let file = self.path.join(RECORD);
        let text = toml::to_string(&Record { rows: entries.collect() })
            .map_err(|error| not_written(&file, &std::io::Error::other(error)))?;
        write(&file, &text)?;
        write(&self.path.join(ROWS), &csv_of(&self.comparison, &self.rows))
    }
}

/// The rows in [`RECORD`], by index.
fn recorded(path: &Path, comparison: &Comparison) -> Result<Vec<Option<Row>>, CompareError> {
    let file = path.join(RECORD);
    let record = if file.exists() { parsed(&file)? } else { Record { rows: Vec::new() } };
    let mut rows = vec![None; comparison.len()];
    for Entry { method, seed, row } in record.rows {
        let index = (0..comparison.len()).find(|index| comparison.name(*index) == (method.as_str(), seed));
        let Some(index) = index else {
            let problem = format!("the comparison has no row of `{method}` with seed {seed}");
            return Err(CompareError::Damaged { path: file.display().to_string(), line: 1, problem });
        };
        rows[index] = Some(row);
    }
    Ok(rows)
}

fn text_of(comparison: &Comparison) -> Result<String, CompareError> {
    let failed = |message: String| CompareError::File { path: COMPARISON.to_owned(), action: "written", message };
    let experiment =
        comparison.experiment().to_toml().parse().map_err(|error: toml::de::Error| failed(error.to_string()))?;
    let description = Description { seeds: comparison.seeds().to_vec(), experiment };
    toml::to_string(&description).map_err(|error| failed(error.to_string()))
}

/// What makes two comparisons different ones, in words.
fn difference(there: &Comparison, wanted: &Comparison) -> Option<String> {
    let names = |of: &Comparison| of.methods().iter().map(|method| method.name.clone()).collect::<Vec<_>>().join(", ");
    if names(there) != names(wanted) {
        return Some(format!("its methods are {}", names(there)));
    }
    if there.seeds() != wanted.seeds() {
        return Some("it has other seeds".to_owned());
    }
    (there != wanted).then(|| "its experiment has other settings".to_owned())
}

fn parsed<T: serde::de::DeserializeOwned>(file: &Path) -> Result<T, CompareError> {
    let path = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|error| CompareError::File {
        path: path.clone(),
        action: "read",
        message: error.to_string(),
    })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let problem = error.message().replace('\n', " ");
        CompareError::Damaged { path, line: before.matches('\n').count() + 1, problem }
    })
}

fn write(file: &Path, text: &str) -> Result<(), CompareError> {
    batch::replace(file, text).map_err(|error| not_written(file, &error))
}

fn not_written(path: &Path, error: &std::io::Error) -> CompareError {
    CompareError::File { path: path.display().to_string(), action: "written", message: error.to_string() }
}
