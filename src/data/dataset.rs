//! [`Dataset`]: the examples that models are trained and measured on.

use super::inspection::Inspection;
use super::split::Split;
use super::storage::Storage;
use super::{ExampleLayout, ExampleShape, Labels};

/// A data set in memory, split into training and held-out examples; immutable, so that threads share it behind an `Arc`.
///
/// Examples are addressed by their position in one of the two splits. A position must be less than that split's length: another is a
/// programming error and panics.
///
/// Where there is a condition, an example is its output y, which is modelled, and its condition c, which is given. Values are stored once:
/// output and condition are picked while a batch is gathered.
pub struct Dataset {
    pub(super) name: String,
    pub(super) layout: ExampleLayout,
    pub(super) feature_names: Vec<String>,
    pub(super) labels: Option<Labels>,
    pub(super) storage: Storage,
    pub(super) split: Split,
    pub(super) training_mean: Vec<f32>,
    pub(super) condition_mean: Vec<f32>,
    pub(super) value_range: (f32, f32),
    pub(super) inspection: Inspection,
    pub(super) true_log_likelihood: Option<f64>,
}

impl Dataset {
    /// The name for titles and summaries.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How a whole example is drawn: condition included where it is part of a picture, otherwise the D values of the output.
    pub fn shape(&self) -> ExampleShape {
        self.layout.shape()
    }

    /// Where output and condition stand in a whole example.
    pub fn layout(&self) -> &ExampleLayout {
        &self.layout
    }

    /// The number of values of one example's output, D.
    pub fn dimensions(&self) -> usize {
        self.layout.dimensions()
    }

    /// The number of values of one example's condition, C; 0 without a condition.
    pub fn condition_dimensions(&self) -> usize {
        self.layout.condition_dimensions()
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

    /// Outputs of training examples, row-major `[positions.len(), dimensions]`.
    pub fn training_batch(&self, positions: &[usize]) -> Vec<f32> {
        let mut batch = Vec::new();
        self.training_batch_into(positions, &mut batch);
        batch
    }

    /// Replaces the content of `batch` by outputs of training examples, `[positions.len(), dimensions]`.
    pub fn training_batch_into(&self, positions: &[usize], batch: &mut Vec<f32>) {
        self.gather(&self.split.training, positions, batch);
    }

    /// Outputs of held-out examples, row-major `[positions.len(), dimensions]`.
    pub fn held_out_batch(&self, positions: &[usize]) -> Vec<f32> {
        let mut batch = Vec::new();
        self.held_out_batch_into(positions, &mut batch);
        batch
    }

    /// Replaces the content of `batch` by outputs of held-out examples, `[positions.len(), dimensions]`.
    pub fn held_out_batch_into(&self, positions: &[usize], batch: &mut Vec<f32>) {
        self.gather(&self.split.held_out, positions, batch);
    }

    /// Outputs of every example of both splits in the order of its source, row-major `[examples, dimensions]`.
    pub fn in_source_order(&self) -> Vec<f32> {
        let last = self.split.training.iter().chain(&self.split.held_out).max();
        let mut values = Vec::new();
        let rows = 0..last.map_or(0, |last| *last as usize + 1);
        self.storage.gather(self.layout.stored(), self.layout.output(), rows, &mut values);
        values
    }

    fn gather(&self, split: &[u32], positions: &[usize], batch: &mut Vec<f32>) {
        let rows = positions.iter().map(|position| split[*position] as usize);
        self.storage.gather(self.layout.stored(), self.layout.output(), rows, batch);
    }

    /// Conditions of training examples, row-major `[positions.len(), condition_dimensions]`; `None` without a condition.
    pub fn training_condition(&self, positions: &[usize]) -> Option<Vec<f32>> {
        self.condition(&self.split.training, positions)
    }

    /// Conditions of held-out examples, row-major `[positions.len(), condition_dimensions]`; `None` without a condition.
    pub fn held_out_condition(&self, positions: &[usize]) -> Option<Vec<f32>> {
        self.condition(&self.split.held_out, positions)
    }

    fn condition(&self, split: &[u32], positions: &[usize]) -> Option<Vec<f32>> {
        let dimensions = self.condition_dimensions();
        if dimensions == 0 {
            return None;
        }
        let mut batch = Vec::new();
        if let Some(columns) = self.layout.stored_condition() {
            let rows = positions.iter().map(|position| split[*position] as usize);
            self.storage.gather(self.layout.stored(), columns, rows, &mut batch);
        } else {
            batch.resize(positions.len() * dimensions, 0.0);
            for (one_hot, position) in batch.chunks_exact_mut(dimensions).zip(positions) {
                one_hot[self.label(split, *position)? as usize] = 1.0;
            }
        }
        Some(batch)
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

    /// The mean of the training examples' outputs, `[dimensions]`.
    pub fn training_mean(&self) -> Vec<f32> {
        self.training_mean.clone()
    }

    /// The mean of the training examples' conditions, `[condition_dimensions]`.
    pub fn condition_mean(&self) -> Vec<f32> {
        self.condition_mean.clone()
    }

    /// Smallest and largest value on the scale that a model is trained on: of outputs, and of what is drawn with them.
    pub fn value_range(&self) -> (f32, f32) {
        self.value_range
    }

    /// Whether all values lie in [0, 1], as a Bernoulli likelihood needs.
    pub fn is_unit_interval(&self) -> bool {
        self.value_range.0 >= 0.0 && self.value_range.1 <= 1.0
    }

    /// A number that changes with the data: FNV-1a over the counts and the training mean, of the condition too where there is one; over
    /// every training value where the means are 0, since data that are symmetric about the origin all have the same.
    pub fn fingerprint(&self) -> u64 {
        let counts = [self.training_len(), self.held_out_len(), self.dimensions()];
        let condition = self.condition_dimensions();
        let counts = counts.into_iter().chain((condition > 0).then_some(condition)).map(|count| count as u64);
        let means = || self.training_mean.iter().chain(&self.condition_mean);
        let mut hash = fnv(0xcbf2_9ce4_8422_2325, counts);
        hash = fnv(hash, means().map(|value| u64::from(value.to_bits())));
        if means().all(|value| *value == 0.0) {
            for position in 0..self.training_len() {
                let condition = self.training_condition(&[position]).unwrap_or_default();
                let values = self.training_batch(&[position]).into_iter().chain(condition);
                hash = fnv(hash, values.map(|value| u64::from(value.to_bits())));
            }
        }
        hash
    }

    /// E log p(x) under the distribution that generates the data, nats per example: what no model can exceed on average over new examples.
    /// Known for the sources `libi-linear` and `libi-gaussian` in closed form, for `libi-mobius` by a change of variables with the noise's
    /// effect by quadrature, for `libi-cubic` by quadrature; noise included in each. `None` for every other source.
    pub fn true_log_likelihood(&self) -> Option<f64> {
        self.true_log_likelihood
    }

    /// What a person should know before training.
    pub fn warnings(&self) -> &[String] {
        &self.inspection.warnings
    }

    /// What the source holds, as stored in it.
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }
}

fn fnv(hash: u64, words: impl Iterator<Item = u64>) -> u64 {
    words.fold(hash, |hash, word| (hash ^ word).wrapping_mul(0x0100_0000_01b3))
}
