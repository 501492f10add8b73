//! The bars of one latent level as numbers and names, before anything is drawn.

use super::super::theory::{Ghosts, Missing, is_by_mode, level_prediction};
use crate::exact::linear::Theory;
use crate::measure::{ACTIVE_UNIT_VARIANCE, LevelMeasures, Measures, PosteriorComparison};
use crate::ui::levels::Levels;
use crate::ui::verdict::nats;
use std::sync::Arc;

/// What a bar is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A latent dimension, counted over all levels.
    Dimension(usize),
    /// An eigenvector of Cov_x E_q\[z\], by falling eigenvalue.
    Mode(usize),
}

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bar {
    pub subject: Subject,
    /// Under the bar.
    pub name: String,
    /// Nats per example.
    pub kl: f32,
    /// Whether the dimension is collapsed; modes are not judged.
    pub is_collapsed: bool,
    /// What theory predicts, nats per example.
    pub ghost: Option<f32>,
    /// KL of the exact posterior's marginal, nats.
    pub exact_kl: Option<f32>,
    /// Range of log p(x|z) along the dimension, nats.
    pub slice_range: Option<f32>,
    /// Variance over examples of the posterior mean.
    pub variance: Option<f32>,
}

/// The bars of one level.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LevelBars {
    /// Above the bars, where there are several levels: long to short.
    pub heading: Option<[String; 3]>,
    pub bars: Vec<Bar>,
    /// Whether the bars are of modes.
    pub is_by_mode: bool,
    /// Why there is no theory mark, if there is none.
    pub nothing: Option<Missing>,
}

/// What is known of a run.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub levels: Levels,
    pub measures: &'a Measures,
    pub comparison: Option<&'a PosteriorComparison>,
    pub theory: Result<&'a Arc<Theory>, &'a str>,
}

impl Known<'_> {
    /// The bars of a level; of its modes where these are what theory speaks about and `wants_modes`.
    pub fn level(&self, level: usize, wants_modes: bool) -> LevelBars {
        let measured = self.measures.levels.get(level);
        let modes = measured.and_then(|level| level.kl_per_mode.as_ref());
        let is_by_mode = wants_modes && is_by_mode(level_prediction(self.theory, level));
        let modes = modes.filter(|_| is_by_mode);
        let mut bars: Vec<Bar> = match modes {
            Some(modes) => modes.iter().enumerate().map(|(at, kl)| mode(at, *kl)).collect(),
            None => self.levels.range(level).filter_map(|dimension| self.dimension(dimension)).collect(),
        };
        let kl: Vec<f32> = bars.iter().map(|bar| bar.kl).collect();
        let ghosts = Ghosts::of(self.theory, level, &kl, modes.is_some());
        bars.iter_mut().enumerate().for_each(|(at, bar)| bar.ghost = ghosts.at(at));
        let heading = (self.levels.count() > 1).then(|| heading(self.levels, level, measured));
        let nothing = match ghosts {
            Ghosts::Values(_) => None,
            Ghosts::Nothing(missing) => Some(missing),
        };
        LevelBars { heading, bars, is_by_mode: modes.is_some(), nothing }
    }

    fn dimension(&self, dimension: usize) -> Option<Bar> {
        let exact = self.comparison.and_then(|comparison| comparison.exact.as_ref().ok());
        Some(Bar {
            subject: Subject::Dimension(dimension),
            name: self.levels.name(dimension),
            kl: *self.measures.kl_per_dimension.get(dimension)?,
            is_collapsed: is_collapsed(self.measures, dimension),
            ghost: None,
            exact_kl: exact.and_then(|exact| exact.kl_per_dimension.get(dimension)).map(|kl| *kl as f32),
            slice_range: self
                .comparison
                .and_then(|comparison| comparison.slice_ranges.get(dimension))
                .map(|range| *range as f32),
            variance: self.measures.posterior_mean_variance.get(dimension).copied(),
        })
    }
}

/// Whether the encoder's mean of a dimension stands still.
pub(in super::super) fn is_collapsed(values: &Measures, dimension: usize) -> bool {
    values.posterior_mean_variance.get(dimension).is_some_and(|variance| *variance < ACTIVE_UNIT_VARIANCE)
}

fn mode(at: usize, kl: f32) -> Bar {
    Bar {
        subject: Subject::Mode(at),
        name: format!("mode {}", at + 1),
        kl,
        is_collapsed: false,
        ghost: None,
        exact_kl: None,
        slice_range: None,
        variance: None,
    }
}

/// Name, information and active units of a level, long to short.
fn heading(levels: Levels, level: usize, measured: Option<&LevelMeasures>) -> [String; 3] {
    let variable = levels.variable(level);
    let place = if level + 1 == levels.count() { " (upper level)" } else { " (next to x)" };
    let Some(measured) = measured else {
        return [format!("{variable}{place}"), variable.clone(), variable];
    };
    let LevelMeasures { dimensions, kl, mutual_information, .. } = measured;
    let (active, _) = measured.active_in_x();
    let term = if level + 1 == levels.count() { "KL" } else { "KL term" };
    let [kl, information] = [*kl, *mutual_information].map(nats);
    [
        format!("{variable}{place}: {term} {kl}, I(x; {variable}) {information} nats, {active} of {dimensions} active"),
        format!("{variable}: KL {kl}, I(x; {variable}) {information}, {active}/{dimensions} active"),
        format!("{variable}: KL {kl}, I {information}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::theory::tests::linear;
    use super::*;
    use crate::exact::linear::Matching;
    use crate::experiment::{Family, ModelSettings};

    fn measures(kl: &[f32]) -> Measures {
        let level = LevelMeasures { dimensions: kl.len(), ..LevelMeasures::default() };
        Measures {
            kl_per_dimension: kl.to_vec(),
            posterior_mean_variance: kl.iter().map(|kl| kl.max(0.0)).collect(),
            levels: vec![level],
            ..Measures::default()
        }
    }

    fn ghosts(level: &LevelBars) -> Vec<f32> {
        level.bars.iter().map(|bar| bar.ghost.unwrap_or(f32::NAN)).collect()
    }

    #[test]
    fn every_dimension_gets_the_prediction_of_its_rank() {
        let measures = measures(&[0.0, 0.33, 0.001, 0.002, 0.13, 0.003]);
        let theory = linear(Matching::Dimensions);
        let known = Known { levels: Levels::single(6), measures: &measures, comparison: None, theory: Ok(&theory) };
        let level = known.level(0, true);
        assert_eq!(ghosts(&level), [0.0, 0.3466, 0.0, 0.0, 0.1116, 0.0]);
        assert_eq!(level.bars[4].name, "z5");
        assert!(level.bars[0].is_collapsed && !level.bars[1].is_collapsed && !level.is_by_mode);
    }

    #[test]
    fn modes_stand_in_for_coordinates_that_mean_nothing() {
        let mut measures = measures(&[0.2, 0.2, 0.05, 0.0, 0.0, 0.0]);
        measures.levels[0].kl_per_mode = Some(vec![0.34, 0.12, 0.0, 0.0, 0.0, 0.0]);
        let theory = linear(Matching::Modes);
        let known = Known { levels: Levels::single(6), measures: &measures, comparison: None, theory: Ok(&theory) };
        let by_mode = known.level(0, true);
        assert_eq!((by_mode.bars[1].name.as_str(), by_mode.bars[1].ghost), ("mode 2", Some(0.1116)));
        assert!(by_mode.nothing.is_none());
        let coordinates = known.level(0, false);
        assert_eq!((coordinates.bars[1].name.as_str(), coordinates.bars[1].ghost), ("z2", None));
        assert!(coordinates.nothing.unwrap().sentence.contains("rotating z"));
    }

    #[test]
    fn levels_have_headings_and_their_own_dimensions() {
        let model = ModelSettings {
            family: Family::Hierarchical,
            latent_dimensions: 2,
            top_latent_dimensions: 1,
            ..ModelSettings::default()
        };
        let mut measures = measures(&[0.4, -0.2, 0.7]);
        let level = |first, dimensions, kl, mutual_information| LevelMeasures {
            first,
            dimensions,
            kl,
            active_units: 1,
            mutual_information,
            ..LevelMeasures::default()
        };
        measures.levels = vec![level(0, 2, 0.2, 1.1), level(2, 1, 0.7, 0.0)];
        let known = Known { levels: Levels::of(&model), measures: &measures, comparison: None, theory: Err("waiting") };
        let upper = known.level(1, true);
        assert_eq!((upper.bars.len(), upper.bars[0].name.as_str()), (1, "z2·1"));
        assert_eq!(upper.heading.unwrap()[0], "z2 (upper level): KL 0.7, I(x; z2) 0 nats, 1 of 1 active");
        let lower = known.level(0, true);
        assert_eq!(lower.bars.iter().map(|bar| bar.kl).collect::<Vec<_>>(), [0.4, -0.2]);
        assert_eq!(lower.heading.unwrap()[1], "z1: KL 0.2, I(x; z1) 1.10, 1/2 active");
    }
}
