//! What is looked at: one latent dimension, a partner for plots of a plane, one example. All panels share it.

use super::levels::Levels;

/// The selected dimension and example, and how planes show q(z).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The latent dimension whose density and traversal are shown; horizontal axis of 2-D plots.
    pub dimension: usize,
    /// Vertical axis of 2-D plots.
    pub partner: usize,
    /// Example of the evaluation pool.
    pub example: usize,
    /// Whether planes show samples of the aggregated posterior, instead of its density.
    pub samples: bool,
}

impl Default for Selection {
    fn default() -> Self {
        Self { dimension: 0, partner: 1, example: 0, samples: false }
    }
}

impl Selection {
    /// Brings the selection within a model's dimensions and a pool's examples. Axes of a plane are of one level, and differ where they
    /// can.
    pub fn clamp(&mut self, levels: Levels, pool: usize) {
        self.dimension = self.dimension.min(levels.total().saturating_sub(1));
        let level = levels.range(levels.level_of(self.dimension));
        if !level.contains(&self.partner) || self.partner == self.dimension {
            let next = self.dimension + 1;
            let former = self.dimension.saturating_sub(1);
            self.partner = if level.contains(&next) { next } else { former.max(level.start) };
        }
        self.example = self.example.min(pool.saturating_sub(1));
    }

    /// Selects a dimension; the former one becomes the partner if the two would coincide.
    pub fn select(&mut self, dimension: usize) {
        if dimension == self.partner {
            self.partner = self.dimension;
        }
        self.dimension = dimension;
    }

    /// Horizontal and vertical axis of 2-D plots.
    pub fn plane(&self) -> [usize; 2] {
        [self.dimension, self.partner]
    }

    /// The next or previous example, around the ends.
    pub fn move_example(&mut self, by: isize, pool: usize) {
        if pool > 0 {
            self.example = (self.example as isize + by).rem_euclid(pool as isize) as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Family, ModelSettings};

    #[test]
    fn axes_of_the_plane_differ_where_they_can() {
        let mut selection = Selection { dimension: 7, partner: 7, example: 99, ..Selection::default() };
        selection.clamp(Levels::single(4), 10);
        assert_eq!(selection, Selection { dimension: 3, partner: 2, example: 9, ..Selection::default() });
        selection.clamp(Levels::single(1), 10);
        assert_eq!(selection.plane(), [0, 0]);
    }

    #[test]
    fn axes_of_the_plane_are_of_one_level() {
        let model = ModelSettings {
            family: Family::Hierarchical,
            latent_dimensions: 3,
            top_latent_dimensions: 2,
            ..ModelSettings::default()
        };
        let plane = |dimension, partner| {
            let mut selection = Selection { dimension, partner, ..Selection::default() };
            selection.clamp(Levels::of(&model), 1);
            selection.plane()
        };
        assert_eq!([plane(2, 3), plane(3, 2), plane(4, 0), plane(0, 2)], [[2, 1], [3, 4], [4, 3], [0, 2]]);
    }

    #[test]
    fn selecting_the_partner_swaps_the_axes() {
        let mut selection = Selection::default();
        selection.select(1);
        assert_eq!(selection.plane(), [1, 0]);
    }

    #[test]
    fn examples_go_around() {
        let mut selection = Selection::default();
        selection.move_example(-1, 5);
        assert_eq!(selection.example, 4);
        selection.move_example(1, 5);
        assert_eq!(selection.example, 0);
    }
}
