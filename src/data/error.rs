//! What can go wrong between a person's file and a [`Dataset`](super::Dataset).
//!
//! Every message is one sentence that names the file, the place in it where there is one, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::ConditionKind;

/// Why a data set could not be loaded or inspected.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The name of a data source is not known.
    #[error("unknown data source `{name}`: did you mean `{nearest}`? (a file is written `file:PATH`)")]
    UnknownSource {
        /// The name as given.
        name: String,
        /// The known name that resembles it most.
        nearest: String,
    },
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The operating system's reason.
        source: io::Error,
    },
    /// [`LoadMonitor::is_cancelled`](super::LoadMonitor::is_cancelled) said so.
    #[error("loading was cancelled")]
    Cancelled,
    /// The file holds more than is read at most, uncompressed.
    #[error("{} holds more than {} of uncompressed data, the most that is read; cut it down to fewer examples", path.display(), Bytes(*limit))]
    TooLarge {
        /// The file or folder.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file breaks the rules of its format.
    #[error("{} is not a valid {format} file: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The format it claims to be in.
        format: &'static str,
        /// Which rule it breaks.
        problem: String,
    },
    /// The file is valid, and holds something that is not a data set.
    #[error("{} cannot be used as data: {problem}", path.display())]
    Unsuitable {
        /// The file or folder.
        path: PathBuf,
        /// What is in the way, and the remedy.
        problem: String,
    },
    /// No known format.
    #[error(
        "{} is in no known format: IDX, CSV, NPY, NPZ (IDX, CSV and NPY also gzipped) and folders of PNG or JPEG pictures are read",
        path.display()
    )]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The file has no content.
    #[error("{} is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A word where a number must stand.
    #[error(
        "{}, {place}: “{text}” is not a number; correct it, or leave out the row", path.display()
    )]
    NotANumber {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: Place,
        /// The text that stands there, shortened.
        text: String,
    },
    /// A row with more or fewer fields than the first.
    #[error("{}, line {line}: {found} fields, where the first line has {expected}", path.display())]
    Ragged {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// Fields in that line.
        found: usize,
        /// Fields in the first line.
        expected: usize,
    },
    /// A line that is longer than any table's.
    #[error("{}, line {line}: longer than {}, the most that is read of one line; is it a text table?", path.display(), Bytes(*limit))]
    LineTooLong {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A missing, infinite or undefined value, which no model can be trained on.
    #[error(
        "{}, {place}: the value is missing or not finite, as {count} in all; fill or remove them before training", path.display()
    )]
    MissingValue {
        /// The file.
        path: PathBuf,
        /// The first of them.
        place: Place,
        /// How many there are.
        count: u64,
    },
    /// The label column that was asked for does not exist.
    #[error("{} has no column `{column}`; its columns are {columns}", path.display())]
    UnknownColumn {
        /// The file.
        path: PathBuf,
        /// The name or number as given.
        column: String,
        /// The columns that exist.
        columns: String,
    },
    /// Several columns of words: any of them could be the label.
    #[error("{} has several columns of words, {columns}; choose the label with --label COLUMN, and the others are left out", path.display())]
    AmbiguousLabel {
        /// The file.
        path: PathBuf,
        /// The columns of words.
        columns: String,
    },
    /// Several arrays could be the examples, or the one asked for does not exist.
    #[error("{} {problem}; choose one of its arrays with --array NAME: {arrays}", path.display())]
    ChooseArray {
        /// The file.
        path: PathBuf,
        /// Why the choice is open.
        problem: String,
        /// The arrays with their shapes.
        arrays: String,
    },
    /// As many labels as examples are needed.
    #[error("{} holds {labels} labels for {examples} examples; labels and examples must be equally many", path.display())]
    LabelCount {
        /// The file of the labels.
        path: PathBuf,
        /// Labels found.
        labels: usize,
        /// Examples found.
        examples: usize,
    },
    /// A folder without a single PNG or JPEG file.
    #[error("the folder {} holds no PNG or JPEG picture", path.display())]
    NoPictures {
        /// The folder.
        path: PathBuf,
    },
    /// One picture is not a data set.
    #[error("{} is a single picture: open the folder that holds the pictures", path.display())]
    SinglePicture {
        /// The file.
        path: PathBuf,
    },
    /// A picture of another size than the first.
    #[error(
        "{} is {found_width} × {found_height} pixels, where {} is {width} × {height}; all pictures of a folder must be of one size",
        path.display(), first.display()
    )]
    PictureSize {
        /// The first picture that differs.
        path: PathBuf,
        /// Its width.
        found_width: usize,
        /// Its height.
        found_height: usize,
        /// The first picture of the folder.
        first: PathBuf,
        /// Its width.
        width: usize,
        /// Its height.
        height: usize,
    },
    /// One example has more values than a model here is built for.
    #[error("{}: one example has {dimensions} values, and at most {limit} are read; make the examples smaller", path.display())]
    TooManyDimensions {
        /// The file.
        path: PathBuf,
        /// Values of one example.
        dimensions: u64,
        /// The limit.
        limit: usize,
    },
    /// Too little to train on.
    #[error("{} holds {examples} example(s) of {dimensions} value(s); at least 2 examples of 1 value are needed", path.display())]
    TooFewExamples {
        /// The file or the name of the data.
        path: PathBuf,
        /// Examples found.
        examples: usize,
        /// Values of one example.
        dimensions: usize,
    },
    /// A generator was asked for too few or too many examples.
    #[error("data.examples is {examples}; it must be between 2 and {limit}")]
    GeneratorExamples {
        /// The number asked for.
        examples: usize,
        /// The largest that is generated.
        limit: usize,
    },
    /// A generator cannot draw from the distribution asked for.
    #[error("{key} {problem}")]
    GeneratorSetting {
        /// The setting.
        key: &'static str,
        /// What it holds, and what it must.
        problem: String,
    },
    /// The data have nothing that could be the condition asked for.
    #[error("data.condition is \"{}\", but {name} {problem}", kind.key())]
    NoCondition {
        /// The condition asked for.
        kind: ConditionKind,
        /// The name of the data.
        name: String,
        /// What they lack, and the remedy.
        problem: String,
    },
    /// Values handed over by the program itself that do not fit together.
    #[error("the examples of `{name}` do not fit together: {problem}")]
    Inconsistent {
        /// The name of the data.
        name: String,
        /// What does not fit.
        problem: String,
    },
}

impl DataError {
    pub(super) fn unsuitable(path: &Path, problem: impl Into<String>) -> Self {
        Self::Unsuitable { path: path.to_owned(), problem: problem.into() }
    }
}

/// A place in a file: of a table, or of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `"line"` in a text file, `"row"` in an array.
    pub unit: &'static str,
    /// The line or row, counted from 1.
    pub row: u64,
    /// The column, counted from 1.
    pub column: usize,
    /// The column's name, where there is a header.
    pub name: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}, column {}", self.unit, self.row, self.column)?;
        match &self.name {
            Some(name) => write!(formatter, " (`{}`)", printable(name)),
            None => Ok(()),
        }
    }
}

/// Writes a number of bytes in the largest binary unit that divides it.
pub(super) struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
        match units.iter().find(|(size, _)| self.0 >= *size && self.0.is_multiple_of(*size)) {
            Some((size, unit)) => write!(formatter, "{} {unit}", self.0 / size),
            None => write!(formatter, "{} bytes", self.0),
        }
    }
}

/// Text from a file for a message: its beginning, on one line.
pub(super) fn printable(text: &str) -> String {
    const LONGEST: usize = 40;
    let cut = (text.chars().nth(LONGEST).is_some()).then_some('…');
    text.chars()
        .take(LONGEST)
        .map(|character| if character.is_control() { ' ' } else { character })
        .chain(cut)
        .collect()
}
