//! Cells as rows of a CSV table, and back. Lists within a field are separated by blanks, so that rows have the same fields for every model.
//! What theory does not determine is a dash.

use super::{Cell, CellMeasures, Outcome, PhaseDiagram, Sweep};
use crate::batch::{listed, number, numbers};

/// Fields behind the two values of a cell.
const FIELDS: [&str; 8] =
    ["state", "active_dimensions", "theory", "kl", "negative_elbo", "kl_per_dimension", "seconds", "problem"];

/// In the place of a number that theory does not determine.
const UNDETERMINED: &str = "-";

/// Every trained cell as CSV.
pub fn csv(diagram: &PhaseDiagram) -> String {
    let sweep = diagram.sweep();
    let trained = diagram.cells().iter().enumerate().filter_map(|(index, cell)| Some((index, cell.as_ref()?)));
    trained.fold(header(sweep), |text, (index, cell)| text + &row(sweep, index, cell))
}

/// The first line: the two keys, then what is known of a cell. Active dimensions and theory have one number per latent level.
pub(super) fn header(sweep: &Sweep) -> String {
    format!("{},{},{}\n", sweep.x().key, sweep.y().key, FIELDS.join(","))
}

/// One cell as a line.
pub(super) fn row(sweep: &Sweep, index: usize, cell: &Cell) -> String {
    let (x, y) = sweep.place(index);
    let theory = cell.theory.as_ref().map(|counts| predicted(counts)).unwrap_or_default();
    let (state, measures, problem) = match &cell.outcome {
        Outcome::Finished(measures) => ("finished", Some(measures), ""),
        Outcome::Diverged => ("diverged", None, ""),
        Outcome::Failed(problem) => ("failed", None, problem.as_str()),
    };
    let fields = [
        sweep.x().values[x].to_string(),
        sweep.y().values[y].to_string(),
        state.to_owned(),
        measures.map(|of| listed(&of.active)).unwrap_or_default(),
        theory,
        measures.map(|of| of.kl.to_string()).unwrap_or_default(),
        measures.map(|of| of.negative_elbo.to_string()).unwrap_or_default(),
        measures.map(|of| listed(&of.kl_per_dimension)).unwrap_or_default(),
        cell.seconds.to_string(),
        problem.replace([',', '"', '\n', '\r'], " "),
    ];
    fields.join(",") + "\n"
}

/// The cell of a line; or what is wrong with it.
pub(super) fn parse(sweep: &Sweep, line: &str) -> Result<(usize, Cell), String> {
    let fields: Vec<&str> = line.split(',').collect();
    let [x, y, state, active, theory, kl, negative_elbo, per_dimension, seconds, problem] = fields[..] else {
        return Err(format!("{} fields instead of {}", fields.len(), FIELDS.len() + 2));
    };
    let place = |values: &[f64], text: &str, key: &str| {
        let value: f64 = number(text)?;
        let found = values.iter().position(|known| *known == value);
        found.ok_or_else(|| format!("{key} = {value} is no value of the axis"))
    };
    let index = sweep.index(place(&sweep.x().values, x, &sweep.x().key)?, place(&sweep.y().values, y, &sweep.y().key)?);
    let outcome = match state {
        "finished" => Outcome::Finished(CellMeasures {
            active: numbers(active)?,
            kl: number(kl)?,
            negative_elbo: number(negative_elbo)?,
            kl_per_dimension: numbers(per_dimension)?,
        }),
        "diverged" => Outcome::Diverged,
        "failed" => Outcome::Failed(problem.to_owned()),
        other => return Err(format!("`{other}` is none of finished, diverged and failed")),
    };
    let theory = if theory.is_empty() {
        None
    } else {
        Some(theory.split_whitespace().map(prediction).collect::<Result<_, _>>()?)
    };
    Ok((index, Cell { outcome, theory, seconds: number(seconds)? }))
}

fn predicted(counts: &[Option<usize>]) -> String {
    let words = counts.iter().map(|count| count.map_or_else(|| UNDETERMINED.to_owned(), |count| count.to_string()));
    words.collect::<Vec<_>>().join(" ")
}

fn prediction(word: &str) -> Result<Option<usize>, String> {
    if word == UNDETERMINED { Ok(None) } else { number(word).map(Some) }
}
