//! What theory predicts beside what was measured: which prediction belongs to which bar, the mark that is drawn, and the words about it.

use super::caption_ui;
use super::words::measured as nats;
use crate::exact::linear::{Applicability, LevelPrediction, Matching, NoPrediction, Theory, Threshold};
use crate::train::{Probe, ReadingValue, Run};
use crate::ui::theme::Palette;
use eframe::egui::{Align, Layout, Painter, Rect, Sense, Shape, Stroke, TextStyle, Ui, vec2};
use std::sync::Arc;

/// Room for the mark in a legend.
const SIGN: f32 = 14.0;

/// The newest prediction for a run, or a sentence in its place.
pub(super) fn theory(run: &Run) -> Result<&Arc<Theory>, &str> {
    match run.reading(&Probe::Theory).map(|reading| &reading.value) {
        Some(ReadingValue::Theory(theory)) => Ok(theory),
        Some(ReadingValue::NotDefined(reason)) => Err(reason),
        _ => Err("Waiting for the spectrum of the data"),
    }
}

/// The i-th largest measured value gets the i-th largest predicted one: latent dimensions have no order of their own.
pub(super) fn matched(measured: &[f32], predicted: &[f64]) -> Vec<Option<f32>> {
    let mut order: Vec<usize> = (0..measured.len()).collect();
    order.sort_by(|&a, &b| measured[b].total_cmp(&measured[a]));
    let mut predicted: Vec<f32> = predicted.iter().map(|value| *value as f32).collect();
    predicted.sort_by(|a, b| b.total_cmp(a));
    let mut matched = vec![None; measured.len()];
    for (at, value) in order.into_iter().zip(predicted) {
        matched[at] = Some(value);
    }
    matched
}

/// How a prediction is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// The optimum of a linear model.
    Theorem,
    /// The same closed form beside a model that is not linear; why it is not.
    Guide(&'static str),
}

impl Mark {
    /// How the prediction of a run is marked, if it has one.
    pub fn of(theory: Result<&Arc<Theory>, &str>) -> Option<Self> {
        let prediction = theory.ok()?.prediction.as_ref().ok()?;
        Some(match prediction.applicability {
            Applicability::Theorem => Self::Theorem,
            Applicability::Guide(what) => Self::Guide(what),
        })
    }

    /// Outline of a bar as theory has it.
    pub fn paint(self, painter: &Painter, palette: &Palette, bar: Rect) {
        let corners = [bar.left_bottom(), bar.left_top(), bar.right_top(), bar.right_bottom()];
        let halo = Stroke::new(4.0, palette.tint(palette.surface, 0.7));
        match self {
            Self::Theorem => {
                painter.line(corners.to_vec(), halo);
                painter.line(corners.to_vec(), Stroke::new(2.0, palette.theory));
            }
            Self::Guide(_) => {
                let stroke = Stroke::new(1.5, palette.theory.lerp_to_gamma(palette.weak_text, 0.5));
                painter.extend(Shape::dashed_line(&corners, stroke, 3.0, 3.0));
            }
        }
    }
}

/// What is drawn over the bars of one level: a value per bar, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ghosts {
    /// Predictions per bar, in the order of the bars.
    Values(Vec<Option<f32>>),
    /// Nothing.
    Nothing(Missing),
}

/// Why there is no prediction.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Missing {
    /// A sentence.
    pub sentence: String,
    /// The same in a few words.
    pub short: &'static str,
}

impl Missing {
    fn new(short: &'static str, sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), short }
    }
}

impl From<&NoPrediction> for Missing {
    fn from(none: &NoPrediction) -> Self {
        Self::new(none.short, none.reason.clone())
    }
}

impl Ghosts {
    /// For the bars of a level; `by_mode` where these are of modes.
    pub fn of(theory: Result<&Arc<Theory>, &str>, level: usize, measured: &[f32], by_mode: bool) -> Self {
        let theory = match theory {
            Ok(theory) => theory,
            Err(reason) => return Self::Nothing(Missing::new("waiting", reason)),
        };
        let prediction = match &theory.prediction {
            Ok(prediction) => prediction,
            Err(none) => return Self::Nothing(none.into()),
        };
        let Some(level) = prediction.levels.get(level) else {
            return Self::Nothing(Missing::new("nothing about this level", "Theory says nothing about this level"));
        };
        if !level.is_determined {
            let note = prediction.note.clone();
            let sentence = note.unwrap_or_else(|| "The optimum does not determine these values".to_owned());
            return Self::Nothing(Missing::new("not determined", sentence));
        }
        if level.matching == Matching::Modes && !by_mode {
            return Self::Nothing(Missing::new("coordinates can be rotated", ROTATION));
        }
        Self::Values(matched(measured, &level.kl_per_dimension))
    }

    /// The prediction for a bar.
    pub fn at(&self, bar: usize) -> Option<f32> {
        match self {
            Self::Values(values) => values.get(bar).copied().flatten(),
            Self::Nothing(_) => None,
        }
    }
}

/// Why coordinates are not compared with theory.
pub(super) const ROTATION: &str = "With a fixed encoder variance, rotating z changes nothing in the loss: only modes, the eigenvectors of Cov(E[z|x]), can be \
                                   compared with theory, not coordinates";

/// Thresholds to draw; none where the decoder variance that they are multiples of is not determined.
pub(super) fn drawn_thresholds(theory: &Theory) -> &[Threshold] {
    match &theory.prediction {
        Ok(prediction) if prediction.is_decoder_variance_determined => &prediction.thresholds,
        _ => &[],
    }
}

/// Whether a level's values are compared by mode.
pub(super) fn is_by_mode(prediction: Option<&LevelPrediction>) -> bool {
    prediction.is_some_and(|level| level.is_determined && level.matching == Matching::Modes)
}

/// A level's prediction.
pub(super) fn level_prediction<'a>(theory: Result<&'a Arc<Theory>, &str>, level: usize) -> Option<&'a LevelPrediction> {
    theory.ok()?.prediction.as_ref().ok()?.levels.get(level)
}

/// Predicted against measured, in words.
pub(super) fn difference(measured: f32, predicted: f32) -> String {
    let by = nats(measured - predicted);
    let sign = if measured > predicted && by != "0" { "+" } else { "" };
    format!("Theory {} nats per example; measured is {sign}{by} away", nats(predicted))
}

/// One line under a title: the mark with its name, then the first form that fits.
pub(super) fn legend_ui(ui: &mut Ui, palette: &Palette, mark: Option<Mark>, forms: &[String]) {
    let height = ui.text_style_height(&TextStyle::Small);
    let size = vec2(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 4.0;
        if let Some(mark) = mark {
            let (rect, _) = ui.allocate_exact_size(vec2(SIGN, height), Sense::hover());
            mark.paint(ui.painter(), palette, Rect::from_center_size(rect.center(), vec2(8.0, 9.0)));
        }
        caption_ui(ui, palette, forms);
    });
}

/// What stands in the legend, long to short.
pub(super) fn legend(mark: Option<Mark>, by_mode: bool, nothing: Option<&Missing>) -> Vec<String> {
    match (mark, nothing) {
        (_, Some(Missing { sentence, short })) => {
            vec![format!("No theory mark: {sentence}"), format!("No theory mark: {short}"), format!("No mark: {short}")]
        }
        (None, None) => vec![String::new()],
        (Some(mark), None) => {
            let modes = if by_mode { ", by mode: rotating z changes nothing in the loss" } else { "" };
            let short = if by_mode { ", by mode" } else { "" };
            match mark {
                Mark::Theorem => vec![
                    format!("Theory: the optimum, largest to largest{modes}"),
                    format!("Theory{modes}"),
                    format!("Theory{short}"),
                    "Theory".to_owned(),
                ],
                Mark::Guide(what) => vec![
                    format!("Theory of linear models{short}: a guide, not a theorem; {what}"),
                    format!("Theory{short}: guide, not a theorem: the model is not linear"),
                    format!("Theory{short}: guide, not a theorem"),
                    "Theory (guide)".to_owned(),
                ],
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exact::linear::{DataSpectrum, Prediction, predict};
    use crate::experiment::presets::Preset;

    /// The worked example `vae_learn_3` of the linear theory: λ = 4, 2.5, 1.5, .8, .4, .1 with β = 2 and σ = 1.
    pub(in super::super) fn linear(matching: Matching) -> Arc<Theory> {
        let kl = vec![0.3466, 0.1116, 0.0, 0.0, 0.0, 0.0];
        let level = LevelPrediction {
            kl: kl.iter().sum(),
            kl_per_dimension: kl,
            active_dimensions: 2,
            is_determined: true,
            matching,
            posterior_mean_variance: vec![0.5, 0.2, 0.0, 0.0, 0.0, 0.0],
        };
        let prediction = Prediction {
            applicability: Applicability::Theorem,
            levels: vec![level],
            thresholds: vec![Threshold { level: "z", eigenvalue: 2.0, formula: "βσ²" }],
            loss: 9.829_922,
            decoder_variance: 1.0,
            is_decoder_variance_determined: true,
            note: None,
        };
        let eigenvalues = vec![4.0, 2.5, 1.5, 0.8, 0.4, 0.1];
        let spectrum = DataSpectrum { eigenvalues, is_conditional: false, examples: 12 };
        Arc::new(Theory { spectrum: Ok(Arc::new(spectrum)), prediction: Ok(prediction) })
    }

    #[test]
    fn the_largest_is_matched_with_the_largest() {
        let matched = matched(&[0.1, -0.2, 0.5], &[0.6, 0.2, -0.1]);
        assert_eq!(matched, [Some(0.2), Some(-0.1), Some(0.6)]);
        assert_eq!(super::matched(&[0.1, 0.2], &[0.3]), [None, Some(0.3)]);
    }

    #[test]
    fn why_there_is_no_prediction_is_said_in_short() {
        let spectrum =
            DataSpectrum { eigenvalues: vec![9.0, 4.0, 2.25, 1.0, 0.25], is_conditional: false, examples: 10 };
        let theory = |preset: &str, assignments: &[&str]| {
            let mut experiment = Preset::find(preset).unwrap().experiment().unwrap();
            assignments.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
            let prediction = predict(&spectrum, &experiment.runs().unwrap()[0], None);
            Theory { spectrum: Ok(Arc::new(spectrum.clone())), prediction }
        };
        let reason = |theory: Theory| match Ghosts::of(Ok(&Arc::new(theory)), 0, &[0.0], false) {
            Ghosts::Nothing(missing) => missing.short,
            Ghosts::Values(_) => panic!("a value"),
        };
        assert_eq!(reason(theory("linear-vae", &["model.likelihood=bernoulli"])), "Bernoulli likelihood");
        assert_eq!(reason(theory("hierarchical-learned-variance", &["objective.top_beta=0.8"])), "no optimum");
        assert_eq!(reason(theory("hierarchical-learned-variance", &["objective.top_beta=1"])), "not determined");
        // As many dimensions as the data have at β = 1: any smaller σ² is as good.
        let flat = theory("linear-vae", &["model.sigma=learned", "model.latent_dimensions=5"]);
        assert_eq!(drawn_thresholds(&flat), []);
        assert_eq!(reason(flat), "not determined");
        assert_eq!(drawn_thresholds(&theory("linear-vae", &[])).len(), 1);
    }

    #[test]
    fn coordinates_have_no_ghosts_where_rotations_cost_nothing() {
        let theory = linear(Matching::Modes);
        let ghosts = |by_mode| Ghosts::of(Ok(&theory), 0, &[0.0, 0.3], by_mode);
        assert_eq!(ghosts(false), Ghosts::Nothing(Missing::new("coordinates can be rotated", ROTATION)));
        assert_eq!(ghosts(true).at(1), Some(0.3466));
        assert_eq!(Ghosts::of(Err("waiting"), 0, &[0.0], false), Ghosts::Nothing(Missing::new("waiting", "waiting")));
    }

    #[test]
    fn what_is_not_determined_has_no_ghost() {
        let mut theory = (*linear(Matching::Dimensions)).clone();
        let prediction = theory.prediction.as_mut().unwrap();
        prediction.levels[0].is_determined = false;
        prediction.note = Some("flat".to_owned());
        assert_eq!(
            Ghosts::of(Ok(&Arc::new(theory)), 0, &[0.1], false),
            Ghosts::Nothing(Missing::new("not determined", "flat"))
        );
    }
}
