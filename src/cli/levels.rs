//! The parts of a summary about latent levels, and about what theory predicts for them.

use crate::exact::linear::{Applicability, Matching, Prediction};
use crate::measure::{LevelMeasures, Measures};
use serde::Serialize;

/// One latent level; the one next to the data comes first.
#[derive(Debug, Serialize)]
pub(super) struct LevelSummary {
    pub dimensions: usize,
    /// May be negative for the lower of two levels.
    pub kl_term: f32,
    pub kl_per_dimension: Vec<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_per_mode: Option<Vec<f32>>,
    pub posterior_mean_variance: Vec<f32>,
    pub active_units: usize,
    /// Dimensions in which q moves with what it is given; modes where its variance is fixed. What theory counts.
    pub active_dimensions: usize,
    pub mutual_information: f32,
    /// [`LevelMeasures::active_in_x`], for the report in words.
    #[serde(skip)]
    pub active_in_x: (usize, bool),
}

/// What closed forms of linear models predict.
#[derive(Debug, Serialize)]
pub(super) struct TheorySummary {
    /// `theorem` for a linear model, `guide` for any other.
    pub applies_as: &'static str,
    pub loss: f64,
    pub decoder_variance: f64,
    pub levels: Vec<TheoryLevelSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct TheoryLevelSummary {
    /// Descending.
    pub kl_per_dimension: Vec<f64>,
    pub active_dimensions: usize,
    pub determined: bool,
    /// `dimensions` or `modes`: what the values are to be compared with.
    pub compares: &'static str,
}

impl LevelSummary {
    /// Every level of a model.
    pub fn all(measures: &Measures) -> Vec<Self> {
        measures.levels.iter().map(|level| Self::new(measures, level)).collect()
    }

    fn new(measures: &Measures, level: &LevelMeasures) -> Self {
        let own = |values: &[f32]| values[level.first..level.first + level.dimensions].to_vec();
        Self {
            dimensions: level.dimensions,
            kl_term: level.kl,
            kl_per_dimension: own(&measures.kl_per_dimension),
            kl_per_mode: level.kl_per_mode.clone(),
            posterior_mean_variance: own(&measures.posterior_mean_variance),
            active_units: level.active_units,
            active_dimensions: level.active_dimensions,
            mutual_information: level.mutual_information,
            active_in_x: level.active_in_x(),
        }
    }
}

/// Name of a latent dimension in lists over all levels: `z3`, or `z2·1` where there are two.
pub(super) fn name(levels: &[LevelSummary], dimension: usize) -> String {
    match levels {
        [lower, _] if dimension < lower.dimensions => format!("z1·{}", dimension + 1),
        [lower, _] => format!("z2·{}", dimension - lower.dimensions + 1),
        _ => format!("z{}", dimension + 1),
    }
}

/// How much of every level has collapsed.
pub(super) fn in_words(levels: &[LevelSummary]) -> String {
    let level = |(at, level): (usize, &LevelSummary)| {
        let (active, is_by_mode) = level.active_in_x;
        let what = if is_by_mode { " modes" } else { "" };
        format!(
            "z{}: {} of {}{what} collapsed",
            at + 1,
            level.dimensions - active.min(level.dimensions),
            level.dimensions
        )
    };
    levels.iter().enumerate().map(level).collect::<Vec<_>>().join(", ")
}

impl TheorySummary {
    pub fn new(prediction: Prediction) -> Self {
        let Prediction { applicability, levels, loss, decoder_variance, note, .. } = prediction;
        Self {
            applies_as: match applicability {
                Applicability::Theorem => "theorem",
                Applicability::Guide(_) => "guide",
            },
            loss,
            decoder_variance,
            levels: levels
                .into_iter()
                .map(|level| TheoryLevelSummary {
                    kl_per_dimension: level.kl_per_dimension,
                    active_dimensions: level.active_dimensions,
                    determined: level.is_determined,
                    compares: match level.matching {
                        Matching::Dimensions => "dimensions",
                        Matching::Modes => "modes",
                    },
                })
                .collect(),
            note,
        }
    }
}
