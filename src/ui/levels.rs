//! The latent levels of a model, and what their dimensions are called on the screen.
//!
//! Every list per dimension has the level next to the data first; people count dimensions within their level, from one.

use crate::experiment::{Family, ModelSettings};
use std::ops::Range;

/// Number of dimensions of each level, the one next to the data first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    lower: usize,
    upper: Option<usize>,
}

impl Levels {
    /// One level.
    pub const fn single(dimensions: usize) -> Self {
        Self { lower: dimensions, upper: None }
    }

    /// Of a model.
    pub fn of(model: &ModelSettings) -> Self {
        let upper = (model.family == Family::Hierarchical).then_some(model.top_latent_dimensions);
        Self { lower: model.latent_dimensions, upper }
    }

    /// Number of levels.
    pub fn count(self) -> usize {
        1 + usize::from(self.upper.is_some())
    }

    /// Number of dimensions of all levels.
    pub fn total(self) -> usize {
        self.lower + self.upper.unwrap_or(0)
    }

    /// Dimensions of a level.
    pub fn range(self, level: usize) -> Range<usize> {
        if level == 0 { 0..self.lower } else { self.lower..self.total() }
    }

    /// The level of a dimension.
    pub fn level_of(self, dimension: usize) -> usize {
        usize::from(self.upper.is_some() && dimension >= self.lower)
    }

    /// Name of a dimension: `z3`, or `z2·1` where there are levels.
    pub fn name(self, dimension: usize) -> String {
        if self.upper.is_none() {
            return format!("z{}", dimension + 1);
        }
        let level = self.level_of(dimension);
        format!("z{}·{}", level + 1, dimension - self.range(level).start + 1)
    }

    /// Names of several dimensions.
    pub fn names<const N: usize>(self, dimensions: [usize; N]) -> [String; N] {
        dimensions.map(|dimension| self.name(dimension))
    }

    /// Name of a level's variable: `z`, or `z2`.
    pub fn variable(self, level: usize) -> String {
        if self.upper.is_none() { "z".to_owned() } else { format!("z{}", level + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_counted_within_their_level() {
        assert_eq!(Levels::single(3).names([0, 2]), ["z1", "z3"]);
        let model = ModelSettings {
            family: Family::Hierarchical,
            latent_dimensions: 5,
            top_latent_dimensions: 2,
            ..ModelSettings::default()
        };
        let levels = Levels::of(&model);
        assert_eq!((levels.count(), levels.total()), (2, 7));
        assert_eq!(levels.names([2, 5, 6]), ["z1·3", "z2·1", "z2·2"]);
        assert_eq!([4, 5].map(|dimension| levels.level_of(dimension)), [0, 1]);
        assert_eq!((levels.range(0), levels.range(1)), (0..5, 5..7));
    }
}
