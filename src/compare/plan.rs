//! What is compared: an experiment, methods as its variants, and seeds. Every row is an ordinary experiment.

use super::CompareError;
use crate::experiment::{Experiment, Settings, Variant};

/// Rows of a comparison at most.
pub const LARGEST_COMPARISON: usize = 4096;

/// Methods × seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its variants are the methods.
    experiment: Experiment,
    seeds: Vec<u64>,
}

impl Comparison {
    /// Methods, as variants of an experiment, each with every seed. A method that cannot be trained is a row that says so.
    ///
    /// # Errors
    /// No method, one named twice, no seed, or an experiment without an end.
    pub fn new(experiment: &Experiment, methods: Vec<Variant>, seeds: Vec<u64>) -> Result<Self, CompareError> {
        if methods.is_empty() {
            return Err(CompareError::NoMethod);
        }
        for (at, method) in methods.iter().enumerate() {
            if methods[..at].iter().any(|earlier| earlier.name == method.name) {
                return Err(CompareError::SameMethod(method.name.clone()));
            }
        }
        let text = || seeds.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let wrong = |problem: &str| CompareError::Seeds { text: text(), problem: problem.to_owned() };
        if seeds.is_empty() {
            return Err(wrong("at least one is needed"));
        }
        if (1..seeds.len()).any(|at| seeds[..at].contains(&seeds[at])) {
            return Err(wrong("one stands there twice"));
        }
        if seeds.iter().any(|seed| i64::try_from(*seed).is_err()) {
            return Err(wrong("one is too large"));
        }
        let rows = methods.len() * seeds.len();
        if rows > LARGEST_COMPARISON {
            return Err(CompareError::TooLarge(rows));
        }
        if experiment.steps == 0 {
            return Err(CompareError::Endless);
        }
        // What all methods share is wrong once, and not in every row.
        Experiment { variants: Vec::new(), ..experiment.clone() }.validate()?;
        // The seed of the experiment is that of no row; the first stands for it, so that equal comparisons are equal.
        let experiment = Experiment { seed: seeds[0], variants: methods, ..experiment.clone() };
        experiment.runs()?;
        Ok(Self { experiment, seeds })
    }

    /// What the rows have in common; its variants are the methods.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// The methods.
    pub fn methods(&self) -> &[Variant] {
        &self.experiment.variants
    }

    /// The seeds.
    pub fn seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.methods().len() * self.seeds.len()
    }

    /// Whether there is no row; no comparison is without.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Method and seed of a row given by its index, both counted: rows are counted along the seeds first.
    pub fn place(&self, index: usize) -> (usize, usize) {
        (index / self.seeds.len(), index % self.seeds.len())
    }

    /// Indices of the rows of a method.
    pub fn rows_of(&self, method: usize) -> std::ops::Range<usize> {
        method * self.seeds.len()..(method + 1) * self.seeds.len()
    }

    /// Name of a row's method, and its seed.
    pub fn name(&self, index: usize) -> (&str, u64) {
        let (method, seed) = self.place(index);
        (&self.methods()[method].name, self.seeds[seed])
    }

    /// The experiment of a row: its method alone, with its seed.
    pub fn row(&self, index: usize) -> Experiment {
        let (method, seed) = self.place(index);
        let variants = vec![self.methods()[method].clone()];
        Experiment { seed: self.seeds[seed], variants, ..self.experiment.clone() }
    }

    /// The settings of a row.
    ///
    /// # Errors
    /// None for a comparison that could be made.
    pub fn settings(&self, index: usize) -> Result<Settings, CompareError> {
        let mut runs = self.row(index).runs()?;
        if runs.is_empty() { Err(CompareError::NoMethod) } else { Ok(runs.swap_remove(0)) }
    }

    /// Every row once, all methods of the first seed first.
    pub fn order(&self) -> Vec<usize> {
        let (methods, seeds) = (self.methods().len(), self.seeds.len());
        (0..self.len()).map(|at| (at % methods) * seeds + at / methods).collect()
    }
}

/// `3` is that many seeds from `first` on; `7,8,9` are these.
///
/// # Errors
/// A text that is neither.
pub fn seeds_from(text: &str, first: u64) -> Result<Vec<u64>, CompareError> {
    let wrong = |problem: String| CompareError::Seeds { text: text.to_owned(), problem };
    let number = |word: &str| {
        let word = word.trim();
        word.parse::<u64>().map_err(|_| wrong(format!("`{word}` is not a whole number of 0 or above")))
    };
    if text.contains(',') {
        return text.split(',').map(number).collect();
    }
    match number(text)? {
        0 => Err(wrong("at least one is needed".to_owned())),
        count if count > LARGEST_COMPARISON as u64 => Err(wrong(format!("at most {LARGEST_COMPARISON} are trained"))),
        count => Ok((0..count).map(|at| first.saturating_add(at)).collect()),
    }
}
