//! A sweep for scripts and for people.

use crate::exact::linear::Applicability;
use crate::sweep::{Axis, Cell, Expected, Outcome, PhaseDiagram};
use serde::Serialize;
use std::fmt::Write;

/// Widest column of the table.
const COLUMN: usize = 9;

/// What came of a sweep; scripts rely on its fields. Rows are y.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    x: AxisSummary,
    y: AxisSummary,
    /// The latent level whose dimensions are counted, from 1.
    level: usize,
    active_dimensions: Vec<Vec<Option<usize>>>,
    theory: Option<Vec<Vec<Option<usize>>>>,
    /// `theorem` for a linear model, `guide` for any other.
    #[serde(skip_serializing_if = "Option::is_none")]
    theory_is: Option<&'static str>,
    /// Why there is no theory.
    #[serde(skip_serializing_if = "Option::is_none")]
    theory_note: Option<String>,
    /// Whether the prediction changes within a quarter of the cell around its point.
    boundary_cells: Option<Vec<Vec<bool>>>,
    /// Cells with a prediction that are no boundary cells.
    #[serde(skip_serializing_if = "Option::is_none")]
    judged: Option<usize>,
    /// Those of them that differ from theory.
    #[serde(skip_serializing_if = "Option::is_none")]
    differing: Option<usize>,
    /// Cells for which theory has no number, although it has one for others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_prediction: Vec<Silence>,
    negative_elbo: Vec<Vec<Option<f32>>>,
    kl: Vec<Vec<Option<f32>>>,
    /// Cells without a number, although they were tried.
    failed: Vec<Failure>,
    state: &'static str,
    seconds: f64,
}

#[derive(Debug, Serialize)]
struct AxisSummary {
    key: String,
    values: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Failure {
    x: f64,
    y: f64,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Silence {
    x: f64,
    y: f64,
    /// `no-optimum`, `not-determined` or `unknown`.
    kind: &'static str,
    reason: String,
}

impl Summary {
    pub(super) fn new(diagram: &PhaseDiagram, level: usize, seconds: f64) -> Self {
        let axis = |axis: &Axis| AxisSummary { key: axis.key.clone(), values: axis.values.clone() };
        let sweep = diagram.sweep();
        let theory = grid(diagram, |index| diagram.cells()[index].as_ref().and_then(|cell| cell.predicted(level)));
        let has_theory = theory.iter().flatten().any(Option::is_some);
        let applicability = diagram.theory().and_then(|theory| theory.as_ref().ok()).map(|theory| theory.applicability);
        let boundary = grid(diagram, |index| diagram.is_boundary(index, level));
        let measured =
            |of: fn(&Cell) -> Option<f32>| grid(diagram, |index| diagram.cells()[index].as_ref().and_then(of));
        Self {
            x: axis(sweep.x()),
            y: axis(sweep.y()),
            level: level + 1,
            active_dimensions: grid(diagram, |index| {
                diagram.cells()[index].as_ref().and_then(|cell| cell.active(level))
            }),
            theory: has_theory.then_some(theory),
            theory_is: applicability.map(|applicability| match applicability {
                Applicability::Theorem => "theorem",
                Applicability::Guide(_) => "guide",
            }),
            theory_note: diagram.theory().and_then(|theory| theory.as_ref().err()).cloned(),
            boundary_cells: boundary.into_iter().map(|row| row.into_iter().collect()).collect(),
            judged: applicability.map(|_| diagram.comparison(level).judged()),
            differing: applicability.map(|_| diagram.comparison(level).differing),
            without_prediction: silences(diagram, level),
            negative_elbo: measured(|cell| Some(cell.measures()?.negative_elbo)),
            kl: measured(|cell| Some(cell.measures()?.kl)),
            failed: failures(diagram).map(|(x, y, reason)| Failure { x, y, reason }).collect(),
            state: if diagram.is_complete() { "finished" } else { "stopped" },
            seconds,
        }
    }
}

/// Something of every cell, rows along y.
fn grid<T>(diagram: &PhaseDiagram, of: impl Fn(usize) -> T) -> Vec<Vec<T>> {
    let sweep = diagram.sweep();
    (0..sweep.y().len()).map(|y| (0..sweep.x().len()).map(|x| of(sweep.index(x, y))).collect()).collect()
}

fn silences(diagram: &PhaseDiagram, level: usize) -> Vec<Silence> {
    let silence = |index: usize| {
        let (kind, reason) = match diagram.expected(index, level)? {
            Expected::Active(_) => return None,
            Expected::NoOptimum(reason) => ("no-optimum", reason),
            Expected::NotDetermined(reason) => ("not-determined", reason),
            Expected::Unknown(reason) => ("unknown", reason),
        };
        let (x, y) = diagram.sweep().place(index);
        let [x, y] = [diagram.sweep().x().values[x], diagram.sweep().y().values[y]];
        Some(Silence { x, y, kind, reason: reason.to_string() })
    };
    (0..diagram.cells().len()).filter_map(silence).collect()
}

/// Values and reason of every cell that was tried and has no number.
fn failures(diagram: &PhaseDiagram) -> impl Iterator<Item = (f64, f64, String)> + '_ {
    diagram.cells().iter().enumerate().filter_map(|(index, cell)| {
        let reason = match &cell.as_ref()?.outcome {
            Outcome::Finished(_) => return None,
            Outcome::Diverged => {
                "diverged: its loss is no finite number (try a smaller optimizer.learning_rate)".to_owned()
            }
            Outcome::Failed(reason) => reason.clone(),
        };
        let (x, y) = diagram.sweep().place(index);
        Some((diagram.sweep().x().values[x], diagram.sweep().y().values[y], reason))
    })
}

/// The reason of the first cell, where not one of those tried has a number.
pub(super) fn common_failure(diagram: &PhaseDiagram) -> Option<String> {
    let has_number = diagram.cells().iter().flatten().any(|cell| cell.measures().is_some());
    if has_number { None } else { failures(diagram).next().map(|(_, _, reason)| reason) }
}

/// A table of counts, the largest y on top as in the window. (Writing into a string cannot fail, hence the dropped results.)
pub(super) fn text(diagram: &PhaseDiagram, level: usize) -> String {
    let sweep = diagram.sweep();
    let mut text = String::new();
    let which = if sweep.levels() > 1 { format!(" of z{}", level + 1) } else { String::new() };
    let (x, y) = (&sweep.x().key, &sweep.y().key);
    let after = match [x, y].into_iter().any(|key| key == "steps") {
        true => String::new(),
        false => format!(" after {} steps", sweep.experiment().steps),
    };
    let _ = writeln!(text, "active dimensions{which}{after}; {y} upwards, {x} to the right\n");
    for y in (0..sweep.y().len()).rev() {
        let _ = write!(text, "{:>COLUMN$} |", shortened(sweep.y().values[y]));
        for x in 0..sweep.x().len() {
            let _ = write!(text, "{:>COLUMN$}", symbol(diagram, sweep.index(x, y), level));
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{} +{}", " ".repeat(COLUMN), "-".repeat(COLUMN * sweep.x().len()));
    let _ = write!(text, "{}", " ".repeat(COLUMN + 2));
    for value in &sweep.x().values {
        let _ = write!(text, "{:>COLUMN$}", shortened(*value));
    }
    text.push_str("\n\n");
    for (x, y, reason) in failures(diagram) {
        let _ = writeln!(text, "{} = {}, {} = {}: {reason}", sweep.x().key, shortened(x), sweep.y().key, shortened(y));
    }
    match diagram.theory() {
        Some(Ok(theory)) => {
            let comparison = diagram.comparison(level);
            text.push_str("(n): theory says n. ~: its prediction changes within a quarter of the cell around its point, so that the cell is not judged.");
            for (count, meaning) in [
                (comparison.without_optimum, " !: the loss has no optimum."),
                (comparison.not_determined, " ?: theory does not determine the number."),
            ] {
                text.push_str(if count > 0 { meaning } else { "" });
            }
            let _ = writeln!(text, "\n{}", comparison.sentence().as_deref().unwrap_or("Nothing to compare."));
            if let Applicability::Guide(reason) = theory.applicability {
                let _ = writeln!(text, "The theory is a guide here and no theorem: {reason}.");
            }
        }
        Some(Err(reason)) => {
            let _ = writeln!(text, "No theory beside it: {reason}.");
        }
        None => {}
    }
    text
}

/// A cell of the table: the count, a mark on a boundary or where theory has no number, and what theory says where it says something else.
fn symbol(diagram: &PhaseDiagram, index: usize, level: usize) -> String {
    let Some(cell) = &diagram.cells()[index] else { return ".".to_owned() };
    let count = match &cell.outcome {
        Outcome::Finished(_) => cell.active(level).map_or_else(|| "–".to_owned(), |active| active.to_string()),
        Outcome::Diverged => "div".to_owned(),
        Outcome::Failed(_) => "fail".to_owned(),
    };
    let mark = match diagram.expected(index, level) {
        Some(Expected::NoOptimum(_)) => "!",
        Some(Expected::NotDetermined(_)) => "?",
        Some(Expected::Active(_)) if diagram.is_boundary(index, level) == Some(true) => "~",
        Some(Expected::Active(_) | Expected::Unknown(_)) | None => "",
    };
    let predicted = cell.predicted(level).filter(|_| cell.agrees(level) != Some(true));
    let theory = predicted.map(|count| format!("({count})")).unwrap_or_default();
    format!("{mark}{count}{theory}")
}

fn shortened(value: f64) -> String {
    let text = value.to_string();
    if text.len() < COLUMN { text } else { format!("{value:.4}") }
}
