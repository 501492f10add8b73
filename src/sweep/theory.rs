//! What the theory of linear models says about a sweep: for each cell, and between the cells where the count changes.

use super::{Line, Spacing, Sweep, SweepError, lines_of, near_ties};
use crate::batch::DataShelf;
use crate::exact::linear::{self, Applicability, DataSpectrum, NoPrediction, Prediction};
use crate::experiment::{DataSettings, Experiment, Learnable, Settings};
use std::collections::HashMap;
use std::sync::Arc;

/// Theory over a whole sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepTheory {
    /// Whether the model is one that the theory is about.
    pub applicability: Applicability,
    /// One entry per latent level, the one next to the data first.
    pub levels: Vec<LevelTheory>,
}

/// Theory over a whole sweep, about one latent level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelTheory {
    /// Where the predicted number of active dimensions changes.
    pub lines: Vec<Line>,
    /// Where an optimum ends to exist.
    pub edges: Vec<Line>,
    /// By index of the cell: whether the prediction changes so close to its point that a small error of training may tip it (see
    /// [`super::NEAR`]).
    pub is_boundary: Vec<bool>,
    /// By index of the cell.
    pub expected: Vec<Expected>,
}

/// What theory says about a latent level at one point.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    /// So many active dimensions.
    Active(usize),
    /// The loss has an optimum, which does not fix the number; one sentence.
    NotDetermined(Arc<str>),
    /// The loss has no optimum; one sentence.
    NoOptimum(Arc<str>),
    /// Nothing, for want of a closed form or because the settings are out of range; one sentence.
    Unknown(Arc<str>),
}

impl Expected {
    /// The number of active dimensions.
    pub fn active(&self) -> Option<usize> {
        match self {
            Self::Active(count) => Some(*count),
            Self::NotDetermined(_) | Self::NoOptimum(_) | Self::Unknown(_) => None,
        }
    }
}

/// What theory predicts for an experiment without variants, level by level, and whether that is a theorem for its model.
///
/// # Errors
/// Settings out of range, no optimum, or no closed form.
pub(super) fn expected_of(
    experiment: &Experiment,
    spectrum: &DataSpectrum,
) -> Result<(Vec<Expected>, Applicability), NoPrediction> {
    let unknown = |reason: String| NoPrediction::new("not known", reason);
    let settings = experiment.runs().map_err(|error| unknown(error.to_string()))?.swap_remove(0);
    settings.validate().map_err(|error| unknown(error.to_string()))?;
    let prediction = linear::predict(spectrum, &settings, None)?;
    if settings.model.sigma == Learnable::Learned && prediction.applicability != Applicability::Theorem {
        return Err(unknown("σ is learned, and its optimum is known for a linear model only".to_owned()));
    }
    let levels = (0..prediction.levels.len()).map(|level| expected_at(&prediction, level, &settings)).collect();
    Ok((levels, prediction.applicability))
}

fn expected_at(prediction: &Prediction, at: usize, settings: &Settings) -> Expected {
    let level = &prediction.levels[at];
    // What leaves single KL terms of z1 open, below a z2 and with σ fixed, leaves its number of active dimensions as it is: λ > β1 σ².
    let is_lower = at + 1 < prediction.levels.len();
    if level.is_determined || is_lower && settings.model.sigma != Learnable::Learned {
        return Expected::Active(level.active_dimensions);
    }
    let note = prediction.note.as_deref().unwrap_or("more than one number of active dimensions is optimal");
    Expected::NotDetermined(note.into())
}

/// Computes the theory of a sweep. The data are loaded as often as the axes need it, and read from `shelf` where cells have them already.
///
/// # Errors
/// Why there is no prediction in any cell, in one sentence.
pub(super) fn predict(sweep: &Sweep, shelf: &DataShelf) -> Result<SweepTheory, String> {
    let mut oracle = Oracle { sweep, shelf, known: HashMap::new(), column: None, spectra: Vec::new() };
    let ask = |index: usize| {
        let (x, y) = sweep.place(index);
        oracle.ask(sweep.x().values[x], sweep.y().values[y])
    };
    let cells: Vec<Answer> = (0..sweep.len()).map(ask).collect();
    let Some(count) = cells.iter().find_map(|cell| Some(cell.as_ref().ok()?.0.len())) else {
        let reason = cells.into_iter().find_map(Result::err).map(|none| none.reason);
        return Err(reason.unwrap_or_else(|| "the sweep has no cell".to_owned()));
    };
    // One cell with a nonlinear model makes a guide of all.
    let guide = cells.iter().flatten().map(|(_, applicability)| *applicability);
    let applicability =
        guide.fold(Applicability::Theorem, |all, one| if one == Applicability::Theorem { all } else { one });
    let levels = (0..count).map(|level| level_theory(&mut oracle, &cells, level)).collect();
    Ok(SweepTheory { applicability, levels })
}

fn level_theory(oracle: &mut Oracle<'_>, cells: &[Answer], level: usize) -> LevelTheory {
    let axes = [oracle.sweep.x(), oracle.sweep.y()];
    let size = axes.map(super::Axis::len);
    let is_whole = axes.map(|axis| axis.spacing == Spacing::Whole);
    let expected: Vec<Expected> = cells.iter().map(|cell| at_level(cell, level)).collect();
    let lines = lines_of(size, |x, y| oracle.between(x, y, level).active());
    let edges = lines_of(size, |x, y| match oracle.between(x, y, level) {
        Expected::Active(_) | Expected::NotDetermined(_) => Some(1),
        Expected::NoOptimum(_) => Some(0),
        Expected::Unknown(_) => None,
    });
    // No number, for whichever reason but that there is no theory, is another prediction.
    let mut is_boundary = near_ties(size, is_whole, |x, y| match oracle.between(x, y, level) {
        Expected::Unknown(_) => None,
        known => Some(known.active()),
    });
    let has_number = expected.iter().map(|expected| expected.active().is_some());
    is_boundary.iter_mut().zip(has_number).for_each(|(is_boundary, has_number)| *is_boundary &= has_number);
    LevelTheory { lines, edges, is_boundary, expected }
}

/// What theory says about all levels at a point.
type Answer = Result<(Vec<Expected>, Applicability), NoPrediction>;

fn at_level(answer: &Answer, level: usize) -> Expected {
    match answer {
        Ok((levels, _)) => {
            levels.get(level).cloned().unwrap_or_else(|| Expected::Unknown("there is no such level".into()))
        }
        Err(none) if none.has_no_optimum => Expected::NoOptimum(none.reason.as_str().into()),
        Err(none) => Expected::Unknown(none.reason.as_str().into()),
    }
}

/// Answers for any two values, remembering what costs time.
struct Oracle<'a> {
    sweep: &'a Sweep,
    shelf: &'a DataShelf,
    /// Answers by the bits of a place.
    known: HashMap<[u64; 2], Answer>,
    /// The experiment of the last value of x: setting a value by its path is the slowest part.
    column: Option<(f64, Experiment)>,
    spectra: Vec<(DataSettings, Result<Arc<DataSpectrum>, String>)>,
}

impl Oracle<'_> {
    /// What theory says at a place counted in cells.
    fn between(&mut self, x: f64, y: f64, level: usize) -> Expected {
        let key = [x.to_bits(), y.to_bits()];
        if let Some(known) = self.known.get(&key) {
            return at_level(known, level);
        }
        let answer = self.ask(self.sweep.x().at(x), self.sweep.y().at(y));
        let expected = at_level(&answer, level);
        self.known.insert(key, answer);
        expected
    }

    fn ask(&mut self, x: f64, y: f64) -> Answer {
        if self.shelf.is_stopped() {
            return Err(NoPrediction::new("stopped", "the sweep was stopped"));
        }
        let unknown = |reason: String| NoPrediction::new("not known", reason);
        let text = |error: SweepError| unknown(error.to_string());
        let mut experiment = match &self.column {
            Some((value, experiment)) if *value == x => experiment.clone(),
            _ => {
                let mut experiment = self.sweep.experiment().clone();
                self.sweep.x().apply(&mut experiment, x).map_err(text)?;
                self.column = Some((x, experiment.clone()));
                experiment
            }
        };
        self.sweep.y().apply(&mut experiment, y).map_err(text)?;
        let spectrum = self.spectrum(&experiment.data).map_err(unknown)?;
        expected_of(&experiment, &spectrum)
    }

    fn spectrum(&mut self, settings: &DataSettings) -> Result<Arc<DataSpectrum>, String> {
        if let Some((_, known)) = self.spectra.iter().find(|(known, _)| known == settings) {
            return known.clone();
        }
        let spectrum = self.shelf.spectrum(settings);
        self.spectra.push((settings.clone(), spectrum.clone()));
        spectrum
    }
}
