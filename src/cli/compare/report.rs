//! A comparison for scripts and for people.

use super::super::CliError;
use super::super::summary::{RunSummary, State};
use crate::compare::{ComparisonTable, Estimate, Quantity, RowState};
use crate::experiment::Method;
use serde::Serialize;
use serde_json::{Map, Value};
use std::fmt::Write;

/// In the place of a number that there is not.
const NOTHING: &str = "–";
/// Between two columns.
const GAP: &str = "  ";

/// What came of a comparison; scripts rely on its fields.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    rows: Vec<RowSummary>,
    summary: Vec<MethodSummary>,
}

/// A row: the fields of a run, without theory; of one that could not be trained, why.
#[derive(Debug, Serialize)]
struct RowSummary {
    method: String,
    seed: u64,
    /// `objective.method`.
    objective: Method,
    #[serde(flatten)]
    run: Option<RunSummary>,
    #[serde(flatten)]
    failure: Option<Failure>,
}

#[derive(Debug, Serialize)]
struct Failure {
    state: &'static str,
    problem: String,
}

/// Over the seeds of a method that finished.
#[derive(Debug, Serialize)]
struct MethodSummary {
    method: String,
    /// Seeds that finished.
    finished: usize,
    mean: Map<String, Value>,
    /// n − 1 in the denominator; without the numbers that a single seed has.
    sd: Map<String, Value>,
}

impl Summary {
    /// # Errors
    /// None for a comparison that could be made.
    pub(super) fn new(table: &ComparisonTable) -> Result<Self, CliError> {
        let comparison = table.comparison();
        let mut rows = Vec::new();
        for (index, row) in table.rows().iter().enumerate() {
            let Some(row) = row else { continue };
            let (method, seed) = comparison.name(index);
            let settings = comparison.settings(index)?;
            let state = match row.state {
                RowState::Diverged => State::Diverged,
                RowState::Finished | RowState::Failed => State::Finished,
            };
            let measures = row.measures.clone();
            let run = measures.map(|last| RunSummary {
                method: None,
                ..RunSummary::of(&settings, row.steps, row.seconds, state, last.into())
            });
            let problem = row.problem.clone();
            let failure = problem.map(|problem| Failure { state: row.state.key(), problem });
            let objective = settings.objective.method;
            rows.push(RowSummary { method: method.to_owned(), seed, objective, run, failure });
        }
        let summary = (0..comparison.methods().len()).map(|method| MethodSummary::new(table, method)).collect();
        Ok(Self { rows, summary })
    }
}

impl MethodSummary {
    fn new(table: &ComparisonTable, method: usize) -> Self {
        let (mut mean, mut sd) = (Map::new(), Map::new());
        for quantity in Quantity::ALL {
            let Some(estimate) = table.estimate(method, quantity) else { continue };
            mean.insert(quantity.key().to_owned(), estimate.mean.into());
            if let Some(value) = estimate.sd {
                sd.insert(quantity.key().to_owned(), value.into());
            }
        }
        let comparison = table.comparison();
        let finished = table.rows()[comparison.rows_of(method)].iter().flatten().filter(|row| row.finished().is_some());
        Self { method: comparison.methods()[method].name.clone(), finished: finished.count(), mean, sd }
    }
}

/// A table of mean ± standard deviation, a line per method. (Writing into a string cannot fail, hence the dropped results.)
pub(super) fn text(table: &ComparisonTable) -> String {
    let comparison = table.comparison();
    let seeds: Vec<String> = comparison.seeds().iter().map(u64::to_string).collect();
    let mut text = String::new();
    let experiment = comparison.experiment();
    let _ = writeln!(
        text,
        "{} · {} steps · seeds {} · mean ± standard deviation (n − 1), nats per example\n",
        experiment.data.source,
        experiment.steps,
        seeds.join(", ")
    );
    // What applies to no method has no column.
    let methods = 0..comparison.methods().len();
    let has_number = |quantity: &Quantity| methods.clone().any(|method| table.estimate(method, *quantity).is_some());
    let quantities: Vec<Quantity> = Quantity::ALL.into_iter().filter(has_number).collect();
    let mut lines =
        vec![std::iter::once("method".to_owned()).chain(quantities.iter().map(|of| of.label().to_owned())).collect()];
    for method in methods.clone() {
        let mut line: Vec<String> = vec![comparison.methods()[method].name.clone()];
        for quantity in &quantities {
            let star = if table.best(*quantity).contains(&method) { "*" } else { "" };
            line.push(format!("{star}{}", cell(table.estimate(method, *quantity), decimals(*quantity))));
        }
        lines.push(line);
    }
    aligned(&mut text, &lines);
    text.push_str(
        "\n*: the best mean of its column. −log p(x): importance-weighted. MI: mutual information of x and z under the encoder. Active: active units. \
         Matching: E KL(q(z|x) ‖ p(z|x)).\nSeconds are those of the steps on one core while other rows trained on the other cores: read them as ratios.\n",
    );
    for (index, row) in table.rows().iter().enumerate() {
        let Some(row) = row.as_ref().filter(|row| row.state != RowState::Finished) else { continue };
        let (method, seed) = comparison.name(index);
        let why = row.problem.as_deref().unwrap_or("its loss was no finite number any more; it is in no mean");
        let _ = writeln!(text, "{method}, seed {seed}: {}: {why}", row.state.key());
    }
    text
}

fn decimals(quantity: Quantity) -> usize {
    match quantity {
        Quantity::ActiveUnits | Quantity::Seconds => 1,
        _ => 3,
    }
}

fn cell(estimate: Option<Estimate>, decimals: usize) -> String {
    match estimate {
        None => NOTHING.to_owned(),
        Some(Estimate { mean, sd: None, .. }) => format!("{mean:.decimals$}"),
        Some(Estimate { mean, sd: Some(sd), .. }) => format!("{mean:.decimals$} ± {sd:.decimals$}"),
    }
}

/// The first column to the left, all others to the right.
fn aligned(text: &mut String, lines: &[Vec<String>]) {
    let columns = lines.first().map_or(0, Vec::len);
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for line in lines {
        for (column, cell) in line.iter().enumerate() {
            let width = widths[column];
            let _ = if column == 0 { write!(text, "{cell:width$}") } else { write!(text, "{GAP}{cell:>width$}") };
        }
        text.push('\n');
    }
}
