//! What a data file holds, told before anything is trained on it.

use serde::Serialize;

/// The format that data were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// The format of MNIST.
    Idx,
    /// A text table with any delimiter.
    Csv,
    /// One numpy array.
    Npy,
    /// A zip archive of numpy arrays.
    Npz,
    /// A folder of pictures.
    Images,
    /// No file: drawn by a generator, or handed over by the program.
    Generated,
}

/// What a data file holds; as JSON, the answer of `collapsar inspect`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Inspection {
    /// The format of the file.
    pub format: Format,
    /// The number of examples in the file.
    pub examples: usize,
    /// Values of one example, labels not counted.
    pub dimensions: usize,
    /// The arrangement of one example: `[13]`, `[28, 28]` or `[height, width, 3]`.
    pub shape: Vec<usize>,
    /// Smallest and largest value, as stored in the file.
    pub value_range: (f64, f64),
    /// The number of classes, where there are labels.
    pub labels: Option<usize>,
    /// What a person should know before training.
    pub warnings: Vec<String>,
}
