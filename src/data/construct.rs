//! How a [`Dataset`] is made: of a file's content, of a generator's values, of values that the program hands over.

use super::files::RawExamples;
use super::inspection::{Format, Inspection};
use super::split::{SMALLEST_SPLIT, Split};
use super::standardize;
use super::storage::Storage;
use super::{ConditionKind, DataError, Dataset, ExampleLayout, ExampleShape, Labels, Scale};

impl Dataset {
    /// A data set of values that are used as they are, row-major `[examples, dimensions]`, split like a file's.
    pub fn from_examples(
        name: impl Into<String>,
        shape: ExampleShape,
        values: Vec<f32>,
        labels: Option<Labels>,
    ) -> Result<Self, DataError> {
        let examples = values.len() / shape.dimensions().max(1);
        let split = Split::permuted(examples);
        let mut dataset = Self::from_values(name.into(), ExampleLayout::of(shape), values, labels, split)?;
        dataset.inspection.warnings.extend(split_warning(examples));
        Ok(dataset)
    }

    /// A data set of what a generator made, row-major as the layout stores it, split as the generator says.
    pub(super) fn from_generated(
        name: String,
        layout: ExampleLayout,
        values: Vec<f32>,
        labels: Option<Labels>,
        split: Split,
    ) -> Result<Self, DataError> {
        let training = split.training.len();
        let mut dataset = Self::from_values(name, layout, values, labels, split)?;
        dataset.inspection.examples = training;
        Ok(dataset)
    }

    fn from_values(
        name: String,
        layout: ExampleLayout,
        values: Vec<f32>,
        labels: Option<Labels>,
        split: Split,
    ) -> Result<Self, DataError> {
        let stored = layout.stored();
        let examples = values.len() / stored.max(1);
        let problem = if stored == 0 || examples < 2 || !values.len().is_multiple_of(stored) {
            Some(format!("{} values are not two or more examples of {stored}", values.len()))
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
        let outputs = values.chunks_exact(stored).flat_map(|row| layout.output().iter().map(|run| &row[run.clone()]));
        let (low, high) = outputs
            .map(standardize::range)
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), (smallest, largest)| {
                (low.min(smallest), high.max(largest))
            });
        let inspection = Inspection {
            format: Format::Generated,
            examples,
            dimensions: layout.dimensions(),
            shape: layout.shape().to_vec(),
            value_range: (f64::from(low), f64::from(high)),
            labels: labels.as_ref().map(|labels| labels.names.len()),
            warnings: Vec::new(),
        };
        let dataset = Self {
            name,
            layout,
            feature_names: Vec::new(),
            labels,
            storage: Storage::F32(values),
            split,
            training_mean: Vec::new(),
            condition_mean: Vec::new(),
            value_range: (low, high),
            inspection,
            true_log_likelihood: None,
        };
        Ok(dataset.with_means())
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
            layout: ExampleLayout::of(raw.shape),
            feature_names: raw.feature_names,
            labels: raw.labels,
            storage,
            split,
            training_mean: Vec::new(),
            condition_mean: Vec::new(),
            value_range,
            inspection,
            true_log_likelihood: None,
        };
        dataset.with_means()
    }

    /// The same data, of which a part is given to a conditional model.
    pub(super) fn with_condition(mut self, kind: ConditionKind) -> Result<Self, DataError> {
        let shape = self.shape();
        self.layout = match kind {
            ConditionKind::Source => return Ok(self),
            ConditionKind::LowerLeft => match (ExampleLayout::lower_left(shape), shape) {
                (Some(layout), _) => layout,
                (None, ExampleShape::Image { height, width, .. }) => {
                    return Err(self.without_condition(kind, format!(
                        "has images of {height} × {width} pixels, which have no quarters; open images of 2 × 2 pixels or more, or set it to \
                         \"source\""
                    )));
                }
                (None, ExampleShape::Vector(_)) => {
                    let problem = "has no images; open images, or set it to \"source\"";
                    return Err(self.without_condition(kind, problem.to_owned()));
                }
            },
            ConditionKind::Label => match &self.labels {
                Some(labels) => ExampleLayout::class(shape, labels.names.len()),
                None => {
                    let problem =
                        "has no labels; choose the label column of a table with data.label, or set it to \"source\"";
                    return Err(self.without_condition(kind, problem.to_owned()));
                }
            },
        };
        Ok(self.with_means())
    }

    fn without_condition(&self, kind: ConditionKind, problem: String) -> DataError {
        DataError::NoCondition { kind, name: self.name.clone(), problem }
    }

    fn with_means(mut self) -> Self {
        let (mut outputs, mut conditions) =
            (vec![0.0_f64; self.dimensions()], vec![0.0_f64; self.condition_dimensions()]);
        let mut example = Vec::new();
        let add = |sums: &mut [f64], values: &[f32]| {
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += f64::from(*value));
        };
        for position in 0..self.training_len() {
            self.training_batch_into(&[position], &mut example);
            add(&mut outputs, &example);
            if let Some(condition) = self.training_condition(&[position]) {
                add(&mut conditions, &condition);
            }
        }
        let count = self.training_len() as f64;
        let mean = |sums: Vec<f64>| sums.iter().map(|sum| (sum / count) as f32).collect();
        (self.training_mean, self.condition_mean) = (mean(outputs), mean(conditions));
        self
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
