//! `collapsar exact`: inference in the classical models, with no training.

mod mixture;
mod ppca;

use super::case::{self, Fields};
use super::{CliError, print, print_json};
use crate::exact::ClassicalError;
use crate::experiment::presets::{PRESETS, Preset};
use crate::experiment::{Classical, Inference};
use clap::{Args, ValueEnum};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Seed of a case that names none.
const SEED: u64 = 7;
const INFERENCES: [(&str, Inference); 3] =
    [("exact", Inference::Exact), ("hmc", Inference::Hmc), ("mean-field", Inference::MeanField)];

/// Infers the latent variable of a classical model, exactly or by sampling, with no training
#[derive(Debug, Args)]
pub(super) struct Exact {
    /// JSON file with the model and its data: {"model": "ppca" | "gmm", …}
    #[arg(long, value_name = "FILE", required_unless_present = "preset", conflicts_with = "preset")]
    case: Option<PathBuf>,
    /// Classical preset: ppca or mixture-weight
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Override one setting of the preset, such as sigma=3 or separation=20
    #[arg(long, value_name = "KEY=VALUE", requires = "preset", conflicts_with = "case")]
    set: Vec<String>,
    /// Way of inference, with --preset; a case names its own [default: exact]
    #[arg(long, value_enum, requires = "preset", conflicts_with = "case")]
    inference: Option<Way>,
    /// Position of the one example of a ppca preset to infer, counted from 0 [default: all; the first with hmc]
    #[arg(long, value_name = "N", requires = "preset", conflicts_with = "case")]
    example: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// `--inference`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Way {
    /// In closed form or on a grid
    Exact,
    /// Hamiltonian Monte Carlo, the no-U-turn sampler
    Hmc,
    /// A factorised Gaussian that maximises the evidence lower bound
    MeanField,
}

impl From<Way> for Inference {
    fn from(way: Way) -> Self {
        match way {
            Way::Exact => Self::Exact,
            Way::Hmc => Self::Hmc,
            Way::MeanField => Self::MeanField,
        }
    }
}

/// What `exact` prints.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Ppca(Box<ppca::Answer>),
    Mixture(Box<mixture::Answer>),
}

impl Exact {
    pub(super) fn run(self) -> Result<(), CliError> {
        let answer = match (&self.case, &self.preset) {
            (Some(case), _) => solve_case(case)?,
            (None, Some(preset)) => self.solve_preset(preset)?,
            (None, None) => return Err(CliError::Usage("give --case FILE or --preset NAME".to_owned())),
        };
        if self.json {
            return print_json(&answer);
        }
        print(&match answer {
            Answer::Ppca(answer) => answer.in_words(),
            Answer::Mixture(answer) => answer.in_words(),
        })
    }

    fn solve_preset(&self, name: &str) -> Result<Answer, CliError> {
        let preset = Preset::find(name).map_err(CliError::Setting)?;
        let Some(classical) = preset.classical() else {
            let known: Vec<&str> =
                PRESETS.iter().filter(|preset| preset.classical().is_some()).map(|preset| preset.name).collect();
            return Err(CliError::Usage(format!(
                "`{name}` is to be trained, with `collapsar train --preset {name}`; the presets with exact inference are {}",
                known.join(", ")
            )));
        };
        let mut classical = classical.map_err(CliError::Experiment)?;
        for assignment in &self.set {
            classical.assign(assignment).map_err(CliError::Setting)?;
        }
        let inference = self.inference.map(Inference::from).unwrap_or_default();
        match classical {
            Classical::Ppca(settings) => {
                let answer = ppca::of_settings(&settings, inference, self.example)?;
                Ok(Answer::Ppca(Box::new(answer)))
            }
            Classical::MixtureWeight(_) if self.example.is_some() => {
                Err(CliError::Usage("--example is for ppca: the weight is one for all data of the mixture".to_owned()))
            }
            Classical::MixtureWeight(settings) => {
                Ok(Answer::Mixture(Box::new(mixture::of_settings(&settings, inference)?)))
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Model {
    Ppca,
    Mixture,
}

fn solve_case(path: &Path) -> Result<Answer, CliError> {
    let value = case::read(path)?;
    let mut fields = Fields::new(path, &value)?;
    let models = [("ppca", Model::Ppca), ("gmm", Model::Mixture)];
    match fields.required("model", "\"ppca\" or \"gmm\"", |fields, name| fields.choice(name, &models))? {
        Model::Ppca => Ok(Answer::Ppca(Box::new(ppca::of_case(fields)?))),
        Model::Mixture => Ok(Answer::Mixture(Box::new(mixture::of_case(fields)?))),
    }
}

/// What nobody cancels is always there.
fn finished<T>(outcome: Option<T>) -> Result<T, CliError> {
    outcome.ok_or(CliError::Classical(ClassicalError::Defect))
}
