//! `collapsar theory`: the closed-form optimum of a linear model, with no training.

mod hierarchical;
mod vae;

use super::case::{self, CaseError, Fields};
use super::{CliError, print, print_json};
use crate::exact::linear::{LARGEST_LATENT, LinearError, Target};
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Solves a linear VAE, conditional VAE or hierarchical VAE in closed form: which dimensions collapse, with no training
#[derive(Debug, Args)]
pub(super) struct Theory {
    /// JSON file with the model: {"model": "linear-vae" | "linear-cvae" | "linear-hvae", …}; variances, not standard deviations
    #[arg(long, value_name = "FILE")]
    case: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What `theory` prints.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Vae(Box<vae::Answer>),
    Hierarchical(Box<hierarchical::Answer>),
}

#[derive(Clone, Copy)]
enum Model {
    Vae,
    Conditional,
    Hierarchical,
}

const MODELS: [(&str, Model); 3] =
    [("linear-vae", Model::Vae), ("linear-cvae", Model::Conditional), ("linear-hvae", Model::Hierarchical)];

impl Theory {
    pub(super) fn run(self) -> Result<(), CliError> {
        let answer = solve(&self.case)?;
        if self.json {
            return print_json(&answer);
        }
        print(&match answer {
            Answer::Vae(answer) => answer.in_words(),
            Answer::Hierarchical(answer) => answer.in_words(),
        })
    }
}

fn solve(path: &Path) -> Result<Answer, CliError> {
    let value = case::read(path)?;
    let mut fields = Fields::new(path, &value)?;
    let example = "\"linear-vae\", \"linear-cvae\" or \"linear-hvae\"";
    let model = fields.required("model", example, |fields, name| fields.choice(name, &MODELS))?;
    let answer = match model {
        Model::Vae => vae::of_case(fields).map(|answer| Answer::Vae(Box::new(answer))),
        Model::Conditional => vae::of_conditional_case(fields).map(|answer| Answer::Vae(Box::new(answer))),
        Model::Hierarchical => hierarchical::of_case(fields).map(|answer| Answer::Hierarchical(Box::new(answer))),
    };
    answer.map_err(|problem| match problem {
        Problem::Case(error) => error.into(),
        Problem::Linear(error) => CaseError::Contradiction { path: path.to_owned(), problem: error.to_string() }.into(),
    })
}

/// A case that cannot be read, or has no answer.
enum Problem {
    Case(CaseError),
    Linear(LinearError),
}

impl From<CaseError> for Problem {
    fn from(error: CaseError) -> Self {
        Self::Case(error)
    }
}

impl From<LinearError> for Problem {
    fn from(error: LinearError) -> Self {
        Self::Linear(error)
    }
}

/// `"eigenvalues"` or `"covariance"`.
struct Data {
    eigenvalues: Option<Vec<f64>>,
    covariance: Option<Vec<Vec<f64>>>,
}

impl Data {
    fn read(fields: &mut Fields<'_>) -> Result<Self, CaseError> {
        Ok(Self { eigenvalues: fields.numbers("eigenvalues")?, covariance: fields.matrix("covariance")? })
    }

    /// That exactly one of them is there.
    fn check(&self, fields: &Fields<'_>) -> Result<(), CaseError> {
        let problem = match (&self.eigenvalues, &self.covariance) {
            (Some(_), Some(_)) => "give either `covariance` or `eigenvalues`, not both",
            (None, None) => {
                "`covariance` or `eigenvalues` is missing: give the data's covariance matrix [[…], …], or its eigenvalues […]"
            }
            _ => return Ok(()),
        };
        Err(fields.contradiction(problem))
    }

    fn target(&self) -> Result<Target, LinearError> {
        use crate::exact::linear::Covariance;
        match (&self.covariance, &self.eigenvalues) {
            (Some(rows), _) => Ok(Target::of_covariance(&Covariance::of_rows("the covariance", rows)?)),
            (None, eigenvalues) => Target::of_eigenvalues(eigenvalues.as_deref().unwrap_or_default()),
        }
    }
}

/// Latent dimensions beyond every limit are an error of the model's, not of this machine's words.
fn latent(value: u64) -> usize {
    usize::try_from(value).unwrap_or(LARGEST_LATENT + 1)
}

fn words(values: &[f64]) -> String {
    const LISTED: usize = 10;
    let listed: Vec<String> = values.iter().take(LISTED).map(|value| format!("{value:.4}")).collect();
    let rest = values.len().saturating_sub(LISTED);
    format!("{}{}", listed.join(", "), if rest > 0 { format!(" and {rest} more") } else { String::new() })
}
