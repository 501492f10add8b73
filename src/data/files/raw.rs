//! What every reader returns: examples as they stand in the file, with what is worth saying about them.

use crate::data::error::Place;
use crate::data::files::input::Context;
use crate::data::inspection::{Format, Inspection};
use crate::data::{DataError, ExampleShape, Labels, Scale};

/// The values of all examples, row-major `[examples, dimensions]`.
pub(in crate::data) enum RawValues {
    /// Pictures of 8 bits per value.
    Bytes(Vec<u8>),
    /// Everything else; shifted per column where the options ask for columns to be standardised.
    Floats(Vec<f32>),
}

/// Values that cannot be trained on: missing, not a number, infinite, or beyond single precision.
pub(in crate::data) struct Missing {
    pub count: u64,
    pub first: Place,
}

/// The content of a data file.
pub(in crate::data) struct RawExamples {
    pub format: Format,
    pub shape: ExampleShape,
    pub examples: usize,
    pub values: RawValues,
    pub feature_names: Vec<String>,
    pub labels: Option<Labels>,
    /// Smallest and largest value as stored in the file.
    pub range: (f64, f64),
    pub missing: Option<Missing>,
    pub warnings: Vec<String>,
}

impl RawExamples {
    /// Wraps 8-bit pictures.
    pub fn from_bytes(format: Format, shape: ExampleShape, bytes: Vec<u8>) -> Self {
        let (low, high) = bytes.iter().fold((u8::MAX, 0), |(low, high), value| (low.min(*value), high.max(*value)));
        let examples = bytes.len() / shape.dimensions().max(1);
        Self {
            format,
            shape,
            examples,
            values: RawValues::Bytes(bytes),
            feature_names: Vec::new(),
            labels: None,
            range: (f64::from(low), f64::from(high)),
            missing: None,
            warnings: Vec::new(),
        }
    }

    /// Attaches labels, which must be as many as the examples; `path` is the file they came from.
    pub fn with_labels(mut self, labels: Labels, path: &std::path::Path) -> Result<Self, DataError> {
        if labels.of_example.len() != self.examples {
            let (labels, examples) = (labels.of_example.len(), self.examples);
            return Err(DataError::LabelCount { path: path.to_owned(), labels, examples });
        }
        self.labels = Some(labels);
        Ok(self)
    }

    /// Refuses what no model can be built for.
    pub fn check(self, context: &Context) -> Result<Self, DataError> {
        let dimensions = self.shape.dimensions();
        check_dimensions(context, Some(dimensions as u64))?;
        if self.examples < 2 || dimensions == 0 {
            let path = context.path.to_owned();
            return Err(DataError::TooFewExamples { path, examples: self.examples, dimensions });
        }
        if self.missing.as_ref().is_some_and(|missing| missing.count == (self.examples * dimensions) as u64) {
            return Err(context.unsuitable("none of its values is a finite number"));
        }
        Ok(self)
    }

    /// What a person wants to know before training on it.
    pub fn inspection(&self) -> Inspection {
        let mut warnings = self.warnings.clone();
        if let Some(missing) = &self.missing {
            let count = missing.count;
            let values = if count == 1 { "1 value is" } else { &format!("{count} values are") };
            warnings.push(format!(
                "{values} missing or not finite, first at {}; training needs every value",
                missing.first
            ));
        }
        Inspection {
            format: self.format,
            examples: self.examples,
            dimensions: self.shape.dimensions(),
            shape: self.shape.to_vec(),
            value_range: self.range,
            labels: self.labels.as_ref().map(|labels| labels.names.len()),
            warnings,
        }
    }
}

/// Refuses an example of more values than the limit; `None` is a product that overflowed.
pub(super) fn check_dimensions(context: &Context, dimensions: Option<u64>) -> Result<(), DataError> {
    let limit = context.limits.dimensions;
    match dimensions {
        Some(dimensions) if dimensions <= limit as u64 => Ok(()),
        _ => Err(DataError::TooManyDimensions {
            path: context.path.to_owned(),
            dimensions: dimensions.unwrap_or(u64::MAX),
            limit,
        }),
    }
}

/// Collects values that are not 8-bit pictures.
///
/// Where columns are to be standardised, which does not see a shift, each column is stored relative to its first value: a column of time
/// stamps keeps its seconds in single precision.
pub(super) struct FloatsBuilder {
    is_shifted: bool,
    unit: &'static str,
    values: Vec<f32>,
    offsets: Vec<f64>,
    range: (f64, f64),
    missing: u64,
    first_missing: Option<(u64, usize)>,
    max_values: usize,
}

impl FloatsBuilder {
    /// `unit` is what a [`Place`] counts in: `"line"` or `"row"`.
    pub fn new(context: &Context, shape: ExampleShape, unit: &'static str) -> Self {
        Self {
            is_shifted: context.options.scale == Scale::Standardize && !shape.is_image(),
            unit,
            values: Vec::new(),
            offsets: Vec::new(),
            range: (f64::INFINITY, f64::NEG_INFINITY),
            missing: 0,
            first_missing: None,
            max_values: usize::try_from(context.limits.bytes / size_of::<f32>() as u64).unwrap_or(usize::MAX),
        }
    }

    /// Adds the value at `row` (counted from 1) and `column` (from 0); columns come in order, row by row or column by column.
    pub fn push(&mut self, row: u64, column: usize, value: f64) {
        if self.is_shifted && column == self.offsets.len() {
            self.offsets.push(if value.is_finite() { value } else { 0.0 });
        }
        let offset = self.offsets.get(column).copied().unwrap_or(0.0);
        let stored = (value - offset) as f32;
        if value.is_finite() && stored.is_finite() {
            self.range = (self.range.0.min(value), self.range.1.max(value));
        } else {
            self.missing += 1;
            self.first_missing.get_or_insert((row, column));
        }
        self.values.push(stored);
    }

    /// The values so far, to be put into another order.
    pub fn values_mut(&mut self) -> &mut Vec<f32> {
        &mut self.values
    }

    /// Whether the values take more memory than the limit.
    pub fn is_too_large(&self) -> bool {
        self.values.len() > self.max_values
    }

    /// The examples; `feature_names` may be empty.
    pub fn finish(self, format: Format, shape: ExampleShape, feature_names: Vec<String>) -> RawExamples {
        let examples = self.values.len() / shape.dimensions().max(1);
        let missing = self.first_missing.map(|(row, column)| Missing {
            count: self.missing,
            first: Place { unit: self.unit, row, column: column + 1, name: feature_names.get(column).cloned() },
        });
        RawExamples {
            format,
            shape,
            examples,
            values: RawValues::Floats(self.values),
            feature_names,
            labels: None,
            range: self.range,
            missing,
            warnings: Vec::new(),
        }
    }
}
