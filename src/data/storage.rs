//! How values are kept in memory, and how they come to the scale that a model is trained on.

use std::ops::Range;

use super::files::{RawExamples, RawValues};
use super::standardize;
use super::{Scale, error};

/// Pictures whose brightest value is below this were not stored on the scale 0–255.
const DIMMEST_WHITE: f64 = 64.0;

/// Values row-major `[examples, stored]`, in as few bytes as the data need.
pub(super) enum Storage {
    /// Pictures; a value is the byte divided by `white`.
    U8 {
        bytes: Vec<u8>,
        white: f32,
    },
    F32(Vec<f32>),
}

impl Storage {
    /// Takes the values out of `raw`: pictures are brought to [0, 1], tables to `scale` over the `training` rows. `white` is the value of
    /// white in 8-bit pictures where it is known. Also returns the smallest and largest value, and warnings.
    pub fn from_raw(
        raw: &mut RawExamples,
        scale: Scale,
        white: Option<f64>,
        training: &[u32],
    ) -> (Self, (f32, f32), Vec<String>) {
        let mut warnings = Vec::new();
        let (low, high) = raw.range;
        match std::mem::replace(&mut raw.values, RawValues::Bytes(Vec::new())) {
            RawValues::Bytes(bytes) => {
                let white = match white {
                    Some(white) => white,
                    None if high > 0.0 && high < DIMMEST_WHITE => {
                        warnings.push(format!("the brightest value is {high} of 255: values are divided by {high}"));
                        high
                    }
                    None => 255.0,
                };
                let value_range = ((low / white) as f32, (high / white) as f32);
                (Self::U8 { bytes, white: white as f32 }, value_range, warnings)
            }
            RawValues::Floats(mut values) => {
                if raw.shape.is_image() {
                    if low < 0.0 || high > 1.0 {
                        standardize::to_unit_interval(&mut values, raw.range);
                        warnings.push(format!("values from {low} to {high} are scaled to [0, 1]"));
                    }
                } else if scale == Scale::Standardize {
                    let constant = standardize::standardize(&mut values, raw.shape.dimensions(), training);
                    warnings.extend(constant_warning(&constant, &raw.feature_names));
                }
                let value_range = standardize::range(&values);
                (Self::F32(values), value_range, warnings)
            }
        }
    }

    /// Replaces the content of `batch` by the `columns` of `rows`, of which each has `stored` values.
    pub fn gather(
        &self,
        stored: usize,
        columns: &[Range<usize>],
        rows: impl ExactSizeIterator<Item = usize>,
        batch: &mut Vec<f32>,
    ) {
        batch.clear();
        batch.reserve(rows.len() * columns.iter().map(ExactSizeIterator::len).sum::<usize>());
        let ranges = rows.flat_map(|row| {
            let start = row * stored;
            columns.iter().map(move |run| start + run.start..start + run.end)
        });
        match self {
            Self::U8 { bytes, white } => {
                // A table costs less than a division for every pixel, of which a step reads a hundred thousand.
                let values: [f32; 256] = std::array::from_fn(|byte| byte as f32 / white);
                ranges.for_each(|range| batch.extend(bytes[range].iter().map(|byte| values[usize::from(*byte)])));
            }
            Self::F32(values) => ranges.for_each(|range| batch.extend_from_slice(&values[range])),
        }
    }
}

fn constant_warning(columns: &[usize], names: &[String]) -> Option<String> {
    const LISTED: usize = 5;
    if columns.is_empty() {
        return None;
    }
    let mut list: Vec<String> = columns
        .iter()
        .take(LISTED)
        .map(|column| match names.get(*column) {
            Some(name) => format!("`{}`", error::printable(name)),
            None => (column + 1).to_string(),
        })
        .collect();
    if columns.len() > LISTED {
        list.push(format!("… ({} in all)", columns.len()));
    }
    Some(format!("columns that are constant on the training split become 0: {}", list.join(", ")))
}
