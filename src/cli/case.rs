//! A case file: one JSON object read field by field, so that whatever is wrong with it is said with its place.

use crate::experiment::Learnable;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Characters of a word that a message repeats.
const LONGEST_WORD: usize = 40;
/// Jaro-Winkler similarity from which a name is taken for another one misspelt.
const LIKENESS_OF_A_SLIP: f64 = 0.9;

/// A case that cannot be solved as written.
#[derive(Debug, Error)]
pub enum CaseError {
    /// The file system refused.
    #[error("cannot read {}: {message}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        message: String,
    },
    /// Not JSON.
    #[error("{}, line {line}, column {column}: not JSON: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// 1-based.
        line: usize,
        /// 1-based.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A field that the model does not have.
    #[error("{}: unknown field `{field}`; the nearest known one is `{nearest}`", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// JSON path.
        field: String,
        /// The known field that looks most like it.
        nearest: String,
    },
    /// A field of the wrong type.
    #[error("{}: `{field}` must be {expected}, but is {found}", path.display())]
    Type {
        /// The file.
        path: PathBuf,
        /// JSON path.
        field: String,
        /// What belongs there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Fields that are missing, or make no sense together.
    #[error("{}: {problem}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What is wrong and what would do.
        problem: String,
    },
}

/// The text of a case file as JSON.
pub(super) fn read(path: &Path) -> Result<Value, CaseError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| CaseError::Read { path: path.to_owned(), message: error.to_string() })?;
    serde_json::from_str(&text).map_err(|error| {
        let message = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        CaseError::Syntax {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: message.strip_suffix(&place).unwrap_or(&message).to_owned(),
        }
    })
}

/// One object of a case, and which of its fields have been asked for: those are the known ones.
pub(super) struct Fields<'a> {
    path: &'a Path,
    prefix: String,
    fields: &'a Map<String, Value>,
    known: BTreeSet<&'static str>,
}

impl<'a> Fields<'a> {
    /// The outermost object.
    pub fn new(path: &'a Path, value: &'a Value) -> Result<Self, CaseError> {
        Self::within(path, "", value)
    }

    fn within(path: &'a Path, field: &str, value: &'a Value) -> Result<Self, CaseError> {
        match value {
            Value::Object(fields) => {
                let prefix = if field.is_empty() { String::new() } else { format!("{field}.") };
                Ok(Self { path, prefix, fields, known: BTreeSet::new() })
            }
            value => Err(CaseError::Type {
                path: path.to_owned(),
                field: if field.is_empty() { "the case".to_owned() } else { field.to_owned() },
                expected: "an object {…}".to_owned(),
                found: kind(value),
            }),
        }
    }

    /// After every field that there can be was asked for: whatever else there is, is a mistake.
    pub fn finish(self) -> Result<(), CaseError> {
        let Some(unknown) = self.fields.keys().find(|field| !self.known.contains(field.as_str())) else {
            return Ok(());
        };
        let likeness = |known: &&'static str| strsim::jaro_winkler(known, unknown);
        let nearest = self.known.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default();
        Err(CaseError::Unknown {
            path: self.path.to_owned(),
            field: format!("{}{}", self.prefix, shortened(unknown)),
            nearest: format!("{}{nearest}", self.prefix),
        })
    }

    /// An error about the fields together.
    pub fn contradiction(&self, problem: impl Into<String>) -> CaseError {
        CaseError::Contradiction { path: self.path.to_owned(), problem: problem.into() }
    }

    /// The value of a field; `null` is none.
    pub fn value(&mut self, field: &'static str) -> Option<&'a Value> {
        self.known.insert(field);
        self.fields.get(field).filter(|value| !value.is_null())
    }

    /// The same, where the field must be there; `example` shows what it looks like.
    pub fn required<T>(
        &mut self,
        field: &'static str,
        example: &str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, CaseError>,
    ) -> Result<T, CaseError> {
        match read(self, field)? {
            Some(value) => Ok(value),
            None => {
                let is_meant = |found: &&String| {
                    !self.known.contains(found.as_str()) && strsim::jaro_winkler(found, field) > LIKENESS_OF_A_SLIP
                };
                let meant = self.fields.keys().find(is_meant);
                let meant =
                    meant.map_or_else(String::new, |found| format!(" (or is it meant by `{}`?)", shortened(found)));
                Err(self.contradiction(format!("`{}{field}` is missing{meant}, for example {example}", self.prefix)))
            }
        }
    }

    /// An object within this one.
    pub fn object(&mut self, field: &'static str) -> Result<Option<Fields<'a>>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        self.value(field).map(|value| Fields::within(self.path, &name, value)).transpose()
    }

    /// A number.
    pub fn number(&mut self, field: &'static str) -> Result<Option<f64>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        self.value(field).map(|value| self.as_number(value, &name)).transpose()
    }

    /// A whole number that is not negative.
    pub fn whole(&mut self, field: &'static str) -> Result<Option<u64>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let value = self.value(field);
        let read = |value: &Value| value.as_u64().ok_or_else(|| self.wrong(&name, "a whole number, 0 or above", value));
        value.map(read).transpose()
    }

    /// Yes or no.
    pub fn flag(&mut self, field: &'static str) -> Result<Option<bool>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let value = self.value(field);
        value.map(|value| value.as_bool().ok_or_else(|| self.wrong(&name, "true or false", value))).transpose()
    }

    /// Any text.
    pub fn text(&mut self, field: &'static str) -> Result<Option<&'a str>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let value = self.value(field);
        value.map(|value| value.as_str().ok_or_else(|| self.wrong(&name, "a text", value))).transpose()
    }

    /// One of a few words.
    pub fn choice<T: Copy>(
        &mut self,
        field: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let value = self.value(field);
        let read = |value: &'a Value| {
            let word = value.as_str();
            choices.iter().find(|(choice, _)| Some(*choice) == word).map(|(_, choice)| *choice).ok_or_else(|| {
                let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.wrong(&name, &words.join(" or "), value)
            })
        };
        value.map(read).transpose()
    }

    /// A number, or the word that says that it is learned.
    pub fn learnable(&mut self, field: &'static str) -> Result<Option<Learnable>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        self.value(field).map(|value| self.as_learnable(value, &name)).transpose()
    }

    /// A list of these.
    pub fn learnables(&mut self, field: &'static str) -> Result<Option<Vec<Learnable>>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let Some(value) = self.value(field) else { return Ok(None) };
        let entries = value.as_array().ok_or_else(|| self.wrong(&name, "a list", value))?;
        let read = |(at, entry)| self.as_learnable(entry, &format!("{name}[{at}]"));
        entries.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// A list of whole numbers that are not negative.
    pub fn wholes(&mut self, field: &'static str) -> Result<Option<Vec<u64>>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let Some(value) = self.value(field) else { return Ok(None) };
        let entries = value.as_array().ok_or_else(|| self.wrong(&name, "a list of whole numbers", value))?;
        let read = |(at, entry): (usize, &Value)| {
            let wrong = || self.wrong(&format!("{name}[{at}]"), "a whole number, 0 or above", entry);
            entry.as_u64().ok_or_else(wrong)
        };
        entries.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }

    /// A list of numbers.
    pub fn numbers(&mut self, field: &'static str) -> Result<Option<Vec<f64>>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        self.value(field).map(|value| self.as_numbers(value, &name)).transpose()
    }

    /// Rows of one length, at least one.
    pub fn matrix(&mut self, field: &'static str) -> Result<Option<Vec<Vec<f64>>>, CaseError> {
        let name = format!("{}{field}", self.prefix);
        let Some(value) = self.value(field) else { return Ok(None) };
        let rows = value.as_array().ok_or_else(|| self.wrong(&name, "a list of rows [[…], …]", value))?;
        let matrix: Vec<Vec<f64>> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| self.as_numbers(row, &format!("{name}[{at}]")))
            .collect::<Result<_, _>>()?;
        let columns = matrix.first().map_or(0, Vec::len);
        if columns == 0 {
            return Err(self.contradiction(format!("`{name}` is empty; give at least one row of at least one number")));
        }
        if let Some(at) = matrix.iter().position(|row| row.len() != columns) {
            let found = matrix[at].len();
            return Err(self.contradiction(format!(
                "row `{name}[{at}]` is {found} long, where the first row is {columns} long; all rows must be of one length"
            )));
        }
        Ok(Some(matrix))
    }

    fn as_numbers(&self, value: &Value, name: &str) -> Result<Vec<f64>, CaseError> {
        let entries = value.as_array().ok_or_else(|| self.wrong(name, "a list of numbers", value))?;
        entries.iter().enumerate().map(|(at, entry)| self.as_number(entry, &format!("{name}[{at}]"))).collect()
    }

    fn as_number(&self, value: &Value, name: &str) -> Result<f64, CaseError> {
        value.as_f64().filter(|number| number.is_finite()).ok_or_else(|| self.wrong(name, "a finite number", value))
    }

    fn as_learnable(&self, value: &Value, name: &str) -> Result<Learnable, CaseError> {
        let number = value.as_f64().filter(|number| number.is_finite()).map(Learnable::Fixed);
        number
            .or_else(|| (value.as_str() == Some("learned")).then_some(Learnable::Learned))
            .ok_or_else(|| self.wrong(name, "a finite number or \"learned\"", value))
    }

    fn wrong(&self, name: &str, expected: &str, value: &Value) -> CaseError {
        CaseError::Type {
            path: self.path.to_owned(),
            field: name.to_owned(),
            expected: expected.to_owned(),
            found: kind(value),
        }
    }
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text \"{}\"", shortened(text)),
        Value::Array(entries) => format!("a list of {}", entries.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let cut = text.chars().nth(LONGEST_WORD).map(|_| '…');
    text.chars().take(LONGEST_WORD).map(|c| if c.is_control() { ' ' } else { c }).chain(cut).collect()
}
