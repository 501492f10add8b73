//! [`Dataset`]: the examples that models are trained and measured on.

use super::files::RawExamples;
use super::inspection::{Format, Inspection};
use super::split::{SMALLEST_SPLIT, Split};
use super::standardize;
use super::storage::Storage;
use super::{DataError, ExampleShape, Labels, Scale};

/// A data set in memory, split into training and held-out examples; immutable, so that threads share it behind an `Arc`.
///
/// Examples are addressed by their position in one of the two splits. A position must be less than that split's length: another is a
/// programming error and panics.
pub struct Dataset {
    name: String,
    shape: ExampleShape,
    feature_names: Vec<String>,
    labels: Option<Labels>,
    storage: Storage,
    split: Split,
    training_mean: Vec<f32>,
    value_range: (f32, f32),
    inspection: Inspection,
}

impl Dataset {
    /// A data set of values that are used as they are, row-major `[examples, dimensions]`, split like a file's.
    pub fn from_examples(
        name: impl Into<String>,
        shape: ExampleShape,
        values: Vec<f32>,
        labels: Option<Labels>,
    ) -> Result<Self, DataError> {
        let examples = values.len() / shape.dimensions().max(1);
        Self::from_values(name.into(), shape, values, labels, Split::permuted(examples))
    }

    /// A data set whose first `training` examples are trained on and whose others are held out.
    pub(super) fn from_generated(
        name: String,
        shape: ExampleShape,
        values: Vec<f32>,
        labels: Labels,
        training: usize,
    ) -> Result<Self, DataError> {
        let examples = values.len() / shape.dimensions().max(1);
        let mut dataset = Self::from_values(name, shape, values, Some(labels), Split::in_order(training, examples))?;
        dataset.inspection.examples = training;
        Ok(dataset)
    }

    fn from_values(
        name: String,
        shape: ExampleShape,
        values: Vec<f32>,
        labels: Option<Labels>,
        split: Split,
    ) -> Result<Self, DataError> {
        let dimensions = shape.dimensions();
        let examples = values.len() / dimensions.max(1);
        let problem = if dimensions == 0 || examples < 2 || !values.len().is_multiple_of(dimensions) {
            Some(format!("{} values are not two or more examples of {dimensions}", values.len()))
        } else if values.iter().any(|value| !value.is_finite()) {
            Some("a value is not finite".to_owned())
        } else {
            labels.as_ref().and_then(|labels| {
                let is_unknown = labels.of_example.iter().any(|class| *class as usize >= labels.names.len());
                let count = labels.of_example.len();
                (count != examples || is_unknown)
                    .then(|| format!("{count} labels of {} classes for {examples} examples", labels.names.len()))
            })
        };
        if let Some(problem) = problem {
            return Err(DataError::Inconsistent { name, problem });
        }
        let (low, high) = standardize::range(&values);
        let inspection = Inspection {
            format: Format::Generated,
            examples,
            dimensions,
            shape: shape.to_vec(),
            value_range: (f64::from(low), f64::from(high)),
            labels: labels.as_ref().map(|labels| labels.names.len()),
            warnings: split_warning(examples).into_iter().collect(),
        };
        let dataset = Self {
            name,
            shape,
            feature_names: Vec::new(),
            labels,
            storage: Storage::F32(values),
            split,
            training_mean: Vec::new(),
            value_range: (low, high),
            inspection,
        };
        Ok(dataset.with_training_mean())
    }

    /// A data set of what a file holds: pictures brought to [0, 1], tables to `scale`. `white` is the value of white in 8-bit pictures
    /// where it is known.
    pub(super) fn from_raw(name: String, mut raw: RawExamples, scale: Scale, white: Option<f64>) -> Self {
        let mut inspection = raw.inspection();
        inspection.warnings.extend(split_warning(raw.examples));
        let split = Split::permuted(raw.examples);
        let (storage, value_range, warnings) = Storage::from_raw(&mut raw, scale, white, &split.training);
        inspection.warnings.extend(warnings);
        let dataset = Self {
            name,
            shape: raw.shape,
            feature_names: raw.feature_names,
            labels: raw.labels,
            storage,
            split,
            training_mean: Vec::new(),
            value_range,
            inspection,
        };
        dataset.with_training_mean()
    }

    fn with_training_mean(mut self) -> Self {
        let mut sums = vec![0.0_f64; self.dimensions()];
        let mut example = Vec::new();
        for position in 0..self.training_len() {
            self.training_batch_into(&[position], &mut example);
            sums.iter_mut().zip(&example).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let count = self.training_len() as f64;
        self.training_mean = sums.iter().map(|sum| (sum / count) as f32).collect();
        self
    }

    /// The name for titles and summaries.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How the values of one example are arranged.
    pub fn shape(&self) -> ExampleShape {
        self.shape
    }

    /// The number of values of one example, D.
    pub fn dimensions(&self) -> usize {
        self.shape.dimensions()
    }

    /// The names of a table's columns, label left out; empty without a header.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The number of examples that are trained on.
    pub fn training_len(&self) -> usize {
        self.split.training.len()
    }

    /// The number of examples that are only measured on.
    pub fn held_out_len(&self) -> usize {
        self.split.held_out.len()
    }

    /// Training examples, row-major `[positions.len(), dimensions]`.
    pub fn training_batch(&self, positions: &[usize]) -> Vec<f32> {
        let mut batch = Vec::new();
        self.training_batch_into(positions, &mut batch);
        batch
    }

    /// Replaces the content of `batch` by training examples, `[positions.len(), dimensions]`.
    pub fn training_batch_into(&self, positions: &[usize], batch: &mut Vec<f32>) {
        self.gather(&self.split.training, positions, batch);
    }

    /// Held-out examples, row-major `[positions.len(), dimensions]`.
    pub fn held_out_batch(&self, positions: &[usize]) -> Vec<f32> {
        let mut batch = Vec::new();
        self.held_out_batch_into(positions, &mut batch);
        batch
    }

    /// Replaces the content of `batch` by held-out examples, `[positions.len(), dimensions]`.
    pub fn held_out_batch_into(&self, positions: &[usize], batch: &mut Vec<f32>) {
        self.gather(&self.split.held_out, positions, batch);
    }

    /// Every example of both splits in the order of its source, row-major `[examples, dimensions]`.
    pub fn in_source_order(&self) -> Vec<f32> {
        let last = self.split.training.iter().chain(&self.split.held_out).max();
        let mut values = Vec::new();
        self.storage.gather(self.dimensions(), 0..last.map_or(0, |last| *last as usize + 1), &mut values);
        values
    }

    fn gather(&self, split: &[u32], positions: &[usize], batch: &mut Vec<f32>) {
        let rows = positions.iter().map(|position| split[*position] as usize);
        self.storage.gather(self.dimensions(), rows, batch);
    }

    /// The class of a training example, an index into the names of [`labels`](Self::labels).
    pub fn training_label(&self, position: usize) -> Option<u32> {
        self.label(&self.split.training, position)
    }

    /// The class of a held-out example, an index into the names of [`labels`](Self::labels).
    pub fn held_out_label(&self, position: usize) -> Option<u32> {
        self.label(&self.split.held_out, position)
    }

    fn label(&self, split: &[u32], position: usize) -> Option<u32> {
        self.labels.as_ref().map(|labels| labels.of_example[split[position] as usize])
    }

    /// The classes, and the class of every example in storage order.
    pub fn labels(&self) -> Option<&Labels> {
        self.labels.as_ref()
    }

    /// The mean of the training examples, `[dimensions]`.
    pub fn training_mean(&self) -> Vec<f32> {
        self.training_mean.clone()
    }

    /// Smallest and largest value on the scale that a model is trained on.
    pub fn value_range(&self) -> (f32, f32) {
        self.value_range
    }

    /// Whether all values lie in [0, 1], as a Bernoulli likelihood needs.
    pub fn is_unit_interval(&self) -> bool {
        self.value_range.0 >= 0.0 && self.value_range.1 <= 1.0
    }

    /// A number that changes with the data: FNV-1a over the counts and the training mean.
    pub fn fingerprint(&self) -> u64 {
        let counts = [self.training_len() as u64, self.held_out_len() as u64, self.dimensions() as u64];
        let mean = self.training_mean();
        let words = counts.into_iter().chain(mean.iter().map(|value| u64::from(value.to_bits())));
        words.fold(0xcbf2_9ce4_8422_2325, |hash: u64, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
    }

    /// What a person should know before training.
    pub fn warnings(&self) -> &[String] {
        &self.inspection.warnings
    }

    /// What the source holds, as stored in it.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    pub(super) fn name_classes(&mut self, names: &[&str]) {
        if let Some(labels) = self.labels.as_mut().filter(|labels| labels.names.len() == names.len()) {
            labels.names = names.iter().map(|name| (*name).to_owned()).collect();
        }
    }
}

fn split_warning(examples: usize) -> Option<String> {
    (examples < SMALLEST_SPLIT).then(|| {
        format!("{examples} examples are too few to hold any out: measures are taken on the training examples")
    })
}
