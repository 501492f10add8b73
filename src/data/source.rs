//! Which data: the one name that an experiment keeps, and the options beside it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::DataError;

/// Where a data set comes from; written and read as a string such as `pinwheel` or `file:wine.csv`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Source {
    /// Five bent arms in the plane.
    #[default]
    Pinwheel,
    /// The pinwheel on a random plane of six-dimensional space, with noise off the plane.
    PinwheelR6,
    /// The first 5,000 training images of Fashion-MNIST, built in.
    FashionMnist,
    /// UCI's 1,797 handwritten digits of 8 × 8 pixels, built in.
    Digits,
    /// A data file or a folder of pictures.
    File(PathBuf),
}

impl Source {
    /// Every source that needs no file, in the order in which a menu shows them.
    pub const NAMED: [Source; 4] = [Source::Pinwheel, Source::PinwheelR6, Source::FashionMnist, Source::Digits];
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Pinwheel => formatter.write_str("pinwheel"),
            Source::PinwheelR6 => formatter.write_str("pinwheel-r6"),
            Source::FashionMnist => formatter.write_str("fashion-mnist"),
            Source::Digits => formatter.write_str("digits"),
            Source::File(path) => write!(formatter, "file:{}", path.display()),
        }
    }
}

impl FromStr for Source {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty()) {
            return Ok(Source::File(PathBuf::from(path)));
        }
        if let Some(source) = Self::NAMED.into_iter().find(|source| source.to_string() == text) {
            return Ok(source);
        }
        let names = Self::NAMED.iter().map(Source::to_string).chain(["file:PATH".to_owned()]);
        let similarity = |name: &String| strsim::jaro_winkler(name, text);
        let nearest = names.max_by(|a, b| similarity(a).total_cmp(&similarity(b))).unwrap_or_default();
        Err(DataError::UnknownSource { name: text.to_owned(), nearest })
    }
}

impl TryFrom<String> for Source {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.to_string()
    }
}

/// What becomes of a table's columns; images become [0, 1] in any case, and generated data stay as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scale {
    /// Mean 0 and variance 1 per column, over the training split.
    #[default]
    Standardize,
    /// As stored in the file.
    None,
}

/// How to read a source where it leaves a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The label column of a text table: its name or its number, counted from 1.
    pub label: Option<String>,
    /// The array of an NPZ file that holds the examples.
    pub array: Option<String>,
    /// What becomes of a table's columns.
    pub scale: Scale,
    /// The number of training examples that a generator draws; built-in data and files have their own number.
    pub examples: Option<usize>,
}

/// The most that is read of a file; tests lower these to see that they hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of uncompressed data, and bytes that the values may take in memory.
    pub bytes: u64,
    /// Bytes of one line of a text table.
    pub line_bytes: u64,
    /// Values of one example.
    pub dimensions: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 2 << 30, line_bytes: 16 << 20, dimensions: 200_000 }
    }
}
