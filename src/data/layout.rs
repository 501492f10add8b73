//! [`ExampleLayout`]: which of an example's values are modelled, and which are given to a conditional model.

use std::ops::Range;
use std::sync::Arc;

use super::ExampleShape;

/// Where output and condition of an example stand in what is stored of it, and in what is drawn of it; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExampleLayout {
    shape: ExampleShape,
    /// Values that are stored of one example.
    stored: usize,
    output: Arc<[Range<usize>]>,
    condition: Condition,
}

/// Where the condition of an example is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    Nothing,
    /// Among the stored values.
    Stored(Arc<[Range<usize>]>),
    /// One-hot of a class, of so many.
    Class(usize),
}

impl ExampleLayout {
    /// All values are output.
    pub(super) fn of(shape: ExampleShape) -> Self {
        let dimensions = shape.dimensions();
        Self { shape, stored: dimensions, output: run(0..dimensions), condition: Condition::Nothing }
    }

    /// D values of output, and behind them C values of condition.
    pub(super) fn beside(dimensions: usize, condition_dimensions: usize) -> Self {
        let stored = dimensions + condition_dimensions;
        let condition = Condition::Stored(run(dimensions..stored));
        Self { shape: ExampleShape::Vector(dimensions), stored, output: run(0..dimensions), condition }
    }

    /// The lower left quarter of a picture is the condition; `None` for anything else than a picture of 2 × 2 pixels or more.
    pub(super) fn lower_left(shape: ExampleShape) -> Option<Self> {
        let ExampleShape::Image { height, width, channels } = shape else { return None };
        if height < 2 || width < 2 {
            return None;
        }
        let (row, given) = (width * channels, width / 2 * channels);
        let below = (height / 2..height).map(|index| index * row);
        let right = below.clone().map(|start| start + given..start + row);
        Some(Self {
            shape,
            stored: shape.dimensions(),
            output: std::iter::once(0..height / 2 * row).chain(right).collect(),
            condition: Condition::Stored(below.map(|start| start..start + given).collect()),
        })
    }

    /// The class is the condition, one-hot.
    pub(super) fn class(shape: ExampleShape, classes: usize) -> Self {
        Self { condition: Condition::Class(classes), ..Self::of(shape) }
    }

    /// How a whole example is drawn.
    pub fn shape(&self) -> ExampleShape {
        self.shape
    }

    /// D, the number of output values.
    pub fn dimensions(&self) -> usize {
        length(&self.output)
    }

    /// C, the number of condition values; 0 without a condition.
    pub fn condition_dimensions(&self) -> usize {
        match &self.condition {
            Condition::Nothing => 0,
            Condition::Stored(runs) => length(runs),
            Condition::Class(classes) => *classes,
        }
    }

    /// The parts of a whole example that are condition, as positions among the values of [`shape`](Self::shape); empty unless a picture
    /// is completed.
    pub fn given(&self) -> &[Range<usize>] {
        match &self.condition {
            Condition::Stored(runs) if self.stored == self.shape.dimensions() => runs,
            _ => &[],
        }
    }

    /// Output `[D]` and condition `[C]` in the order of [`shape`](Self::shape): the picture that they are parts of, otherwise the output.
    ///
    /// # Panics
    /// Where a picture is completed, if the parts are not of these lengths.
    pub fn whole(&self, output: &[f32], condition: &[f32]) -> Vec<f32> {
        let given = self.given();
        if given.is_empty() {
            return output.to_vec();
        }
        let mut whole = vec![0.0; self.shape.dimensions()];
        for (runs, mut part) in [(&*self.output, output), (given, condition)] {
            for run in runs {
                let (values, rest) = part.split_at(run.len());
                whole[run.clone()].copy_from_slice(values);
                part = rest;
            }
        }
        whole
    }

    /// Values that are stored of one example.
    pub(super) fn stored(&self) -> usize {
        self.stored
    }

    /// Where the output is among the stored values.
    pub(super) fn output(&self) -> &[Range<usize>] {
        &self.output
    }

    /// Where the condition is among the stored values, if it is there.
    pub(super) fn stored_condition(&self) -> Option<&[Range<usize>]> {
        match &self.condition {
            Condition::Stored(runs) => Some(runs),
            Condition::Nothing | Condition::Class(_) => None,
        }
    }
}

fn run(range: Range<usize>) -> Arc<[Range<usize>]> {
    std::iter::once(range).collect()
}

fn length(runs: &[Range<usize>]) -> usize {
    runs.iter().map(ExactSizeIterator::len).sum()
}
