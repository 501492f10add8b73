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
    /// N(0, Q diag(spectrum) Qᵀ) with a random orthogonal Q that is the same in every run.
    LinearGaussian,
    /// Outputs y = P diag(√spectrum) u and conditions c = R v of as many dimensions: u_i and v_i are standard normal and of chosen
    /// correlation ρ_i, all others independent; P and R are random orthogonal matrices that are the same in every run.
    CorrelatedGaussian,
    /// LinearJTEx of Yacoby, Pan and Doshi-Velez (2019): x = L z + ε in the plane, L lower-triangular, small noise.
    LibiLinear,
    /// CubicJTEx of theirs: x = (L z)³ + ε, each coordinate cubed.
    LibiCubic,
    /// Gaussian of theirs: x = Aᵀz + ε in four dimensions, z in two.
    LibiGaussian,
    /// Mobius of theirs: x = (z + b) / (z + d) + ε over complex numbers.
    LibiMobius,
    /// A data file or a folder of pictures.
    File(PathBuf),
}

impl Source {
    /// Every source that needs no file, in the order in which a menu shows them.
    pub const NAMED: [Source; 10] = [
        Source::Pinwheel,
        Source::PinwheelR6,
        Source::FashionMnist,
        Source::Digits,
        Source::LinearGaussian,
        Source::CorrelatedGaussian,
        Source::LibiLinear,
        Source::LibiCubic,
        Source::LibiGaussian,
        Source::LibiMobius,
    ];

    /// Whether it draws as many training examples as are asked for.
    pub fn is_drawn(&self, sampling: Sampling) -> bool {
        match self {
            Self::FashionMnist | Self::Digits | Self::File(_) => false,
            Self::LinearGaussian | Self::CorrelatedGaussian => sampling == Sampling::Drawn,
            Self::Pinwheel
            | Self::PinwheelR6
            | Self::LibiLinear
            | Self::LibiCubic
            | Self::LibiGaussian
            | Self::LibiMobius => true,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Pinwheel => formatter.write_str("pinwheel"),
            Source::PinwheelR6 => formatter.write_str("pinwheel-r6"),
            Source::FashionMnist => formatter.write_str("fashion-mnist"),
            Source::Digits => formatter.write_str("digits"),
            Source::LinearGaussian => formatter.write_str("linear-gaussian"),
            Source::CorrelatedGaussian => formatter.write_str("correlated-gaussian"),
            Source::LibiLinear => formatter.write_str("libi-linear"),
            Source::LibiCubic => formatter.write_str("libi-cubic"),
            Source::LibiGaussian => formatter.write_str("libi-gaussian"),
            Source::LibiMobius => formatter.write_str("libi-mobius"),
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

/// How Gaussian data come from their covariance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// Drawn at random: the sample covariance differs from the chosen one.
    #[default]
    Drawn,
    /// The 2D points ±√(D λ_i) q_i: mean 0 and covariance Σ λ_i q_i q_iᵀ exactly. Where there are conditions, D and the λ_i, q_i are those
    /// of output and condition together. Training and held-out examples are the same.
    Exact,
}

/// What of each example is given to a conditional model; the rest is the output that it models.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionKind {
    /// What the source itself gives: the conditions of `correlated-gaussian`, nothing otherwise.
    #[default]
    Source,
    /// The lower left quarter of an image; the output is the other three quarters, in the image's order. Of an odd number of rows the
    /// middle one is with the lower half, of an odd number of columns the middle one is with the right half.
    LowerLeft,
    /// The class of a labelled example, one-hot.
    Label,
}

impl ConditionKind {
    /// Every kind, in the order of a menu.
    pub const ALL: [Self; 3] = [Self::Source, Self::LowerLeft, Self::Label];

    /// Name in files and on the command line.
    pub fn key(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::LowerLeft => "lower-left",
            Self::Label => "label",
        }
    }
}

/// A number for every dimension: one for all of them, or a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PerDimension {
    /// The same for all.
    All(f64),
    /// One for each.
    Each(Vec<f64>),
}

impl PerDimension {
    /// One number for each of `dimensions`; `None` for a list of another length.
    pub fn for_each(&self, dimensions: usize) -> Option<Vec<f64>> {
        match self {
            Self::All(value) => Some(vec![*value; dimensions]),
            Self::Each(values) => (values.len() == dimensions).then(|| values.clone()),
        }
    }
}

/// How to read a source where it leaves a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadOptions {
    /// The label column of a text table: its name or its number, counted from 1.
    pub label: Option<String>,
    /// The array of an NPZ file that holds the examples.
    pub array: Option<String>,
    /// What becomes of a table's columns.
    pub scale: Scale,
    /// The number of training examples that a generator draws; built-in data and files have their own number.
    pub examples: Option<usize>,
    /// Eigenvalues of the covariance of Gaussian data, of the outputs where there are conditions; their number is D.
    pub spectrum: Vec<f64>,
    /// Correlation of every output of `correlated-gaussian` with its condition, in [-1, 1].
    pub correlation: PerDimension,
    /// How Gaussian data come from their covariance.
    pub sampling: Sampling,
    /// What of each example is given to a conditional model.
    pub condition: ConditionKind,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            label: None,
            array: None,
            scale: Scale::default(),
            examples: None,
            spectrum: vec![4.0, 2.5, 1.5, 0.8, 0.4, 0.1],
            correlation: PerDimension::All(0.5),
            sampling: Sampling::default(),
            condition: ConditionKind::default(),
        }
    }
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
