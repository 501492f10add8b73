//! What can be compared: the experiment's own variants, and the catalogue of remedies.

use super::CompareError;
use crate::experiment::remedies::REMEDIES;
use crate::experiment::{Experiment, Variant};
use toml::Table;

/// In the place of names: the whole catalogue.
pub const ALL_METHODS: &str = "all";

/// A method to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodChoice {
    /// The method.
    pub variant: Variant,
    /// What it does, in one line; of the catalogue only.
    pub summary: Option<&'static str>,
}

/// The experiment's variants; one without any is a method by itself.
///
/// # Errors
/// An override that names no setting or has the wrong type.
pub fn methods_of(experiment: &Experiment) -> Result<Vec<Variant>, CompareError> {
    if !experiment.variants.is_empty() {
        return Ok(experiment.variants.clone());
    }
    let runs = experiment.runs()?;
    Ok(runs.into_iter().map(|run| Variant { name: run.name, overrides: Table::new() }).collect())
}

/// Everything to choose from: the experiment's own methods, then those of the catalogue whose names are not taken.
///
/// # Errors
/// An override that names no setting or has the wrong type.
pub fn choices(experiment: &Experiment) -> Result<Vec<MethodChoice>, CompareError> {
    let own = methods_of(experiment)?.into_iter().map(|variant| MethodChoice { variant, summary: None });
    let mut choices: Vec<MethodChoice> = own.collect();
    for remedy in REMEDIES {
        if choices.iter().all(|choice| choice.variant.name != remedy.name) {
            choices.push(MethodChoice { variant: remedy.variant(experiment)?, summary: Some(remedy.summary) });
        }
    }
    Ok(choices)
}

/// The methods of a list such as `vae,lagging`, or of [`ALL_METHODS`]. An experiment's own variant comes before a remedy of its name.
///
/// # Errors
/// A name that is none, with the nearest one.
pub fn methods_named(experiment: &Experiment, names: &str) -> Result<Vec<Variant>, CompareError> {
    let known = choices(experiment)?;
    let find = |name: &str| {
        let found = known.iter().find(|choice| choice.variant.name == name);
        let likeness = |choice: &&MethodChoice| strsim::normalized_damerau_levenshtein(&choice.variant.name, name);
        let nearest = || known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        found.map(|choice| choice.variant.clone()).ok_or_else(|| CompareError::UnknownMethod {
            name: name.to_owned(),
            nearest: nearest().map(|choice| choice.variant.name.clone()).unwrap_or_default(),
        })
    };
    let mut named = Vec::new();
    for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name == ALL_METHODS {
            for remedy in REMEDIES {
                named.push(remedy.variant(experiment)?);
            }
        } else {
            named.push(find(name)?);
        }
    }
    Ok(named)
}
