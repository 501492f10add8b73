//! The way back from a cell of the phase diagram, or a row of a comparison, that was opened as a run.

use crate::experiment::{Experiment, presets::Preset};

/// What was in training before a cell took its place.
#[derive(Clone)]
pub struct Former {
    /// The experiment.
    pub experiment: Experiment,
    /// The lesson beside it.
    pub preset: Option<&'static Preset>,
    /// Whether it was training.
    pub is_running: bool,
}

impl Former {
    /// What it is called: by its lesson, where it has one.
    pub fn title(&self) -> &'static str {
        self.preset.map_or("the former experiment", |preset| preset.title)
    }
}

/// What there is to go back to, while a cell is open as a run.
#[derive(Default)]
pub struct WayBack {
    /// Of the cell in training.
    former: Option<Former>,
    /// Of a cell whose data are being loaded.
    awaited: Option<(Experiment, Former)>,
}

impl WayBack {
    /// A cell was asked for while `present` was in training. From cell to cell the way leads back to what was there before the first.
    pub fn leave(&mut self, cell: Experiment, present: Former) {
        self.awaited = Some((cell, self.former.clone().unwrap_or(present)));
    }

    /// An experiment has been started. Any other than the cell that was asked for ends the way.
    pub fn arrive(&mut self, experiment: &Experiment) {
        self.former = self.awaited.take().filter(|(cell, _)| cell == experiment).map(|(_, former)| former);
    }

    /// What there is to go back to.
    pub fn former(&self) -> Option<&Former> {
        self.former.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_leads_back_past_all_cells() {
        let of = |seed| Experiment { seed, ..Experiment::default() };
        let former = |seed| Former { experiment: of(seed), preset: None, is_running: false };
        let back = |way: &WayBack| way.former().map(|former| former.experiment.seed);
        let mut way = WayBack::default();
        way.leave(of(1), former(0));
        assert_eq!(back(&way), None, "the cell is not there yet");
        way.arrive(&of(1));
        assert_eq!(back(&way), Some(0));
        way.leave(of(2), former(1));
        way.arrive(&of(2));
        assert_eq!(back(&way), Some(0), "not to the first cell");
        way.arrive(&of(0));
        assert_eq!(back(&way), None);
        // A cell whose loading was given up for something else.
        way.leave(of(3), former(0));
        way.arrive(&of(4));
        assert_eq!(back(&way), None);
    }
}
