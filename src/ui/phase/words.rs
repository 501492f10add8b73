//! What the phase diagram says in words.

use super::choices::label_of;
use crate::exact::linear::Applicability;
use crate::sweep::{Axis, Expected, Outcome, PhaseDiagram};
use crate::ui::panels::words::{number, round_number};
use crate::ui::settings::capitalised;

/// Whose dimensions are counted.
pub(super) fn latent(diagram: &PhaseDiagram, level: usize) -> String {
    if diagram.sweep().levels() > 1 { format!("z{}", level + 1) } else { "z".to_owned() }
}

/// The two values of a cell: “KL weight β = 2, Noise σ = 0.5”.
pub(super) fn place(diagram: &PhaseDiagram, index: usize) -> String {
    let sweep = diagram.sweep();
    let (x, y) = sweep.place(index);
    let value =
        |axis: &Axis, at: usize| format!("{} = {}", label_of(&axis.key, sweep.experiment()), short(axis.values[at]));
    format!("{}, {}", value(sweep.x(), x), value(sweep.y(), y))
}

/// A value of an axis.
pub(super) fn short(value: f64) -> String {
    round_number(value as f32)
}

/// One line about a cell, for screen readers, tests and the title of its tooltip.
pub(super) fn cell_line(diagram: &PhaseDiagram, index: usize, level: usize) -> String {
    let what = match diagram.cells()[index].as_ref() {
        None if diagram.is_in_training(index) => "in training".to_owned(),
        None => "not trained yet".to_owned(),
        Some(cell) => match (&cell.outcome, cell.active(level)) {
            (Outcome::Finished(_), Some(1)) => "1 active dimension".to_owned(),
            (Outcome::Finished(_), Some(active)) => format!("{active} active dimensions"),
            (Outcome::Finished(_), None) => "no such latent level".to_owned(),
            (Outcome::Diverged, _) => "diverged".to_owned(),
            (Outcome::Failed(_), _) => "failed".to_owned(),
        },
    };
    format!("{}: {what}", place(diagram, index))
}

/// Everything about a cell.
pub(super) fn cell_text(diagram: &PhaseDiagram, index: usize, level: usize) -> String {
    let mut lines = vec![cell_line(diagram, index, level)];
    let Some(cell) = diagram.cells()[index].as_ref() else {
        lines.extend(theory_line(diagram, index, level));
        lines.push("Click to open it as a run".to_owned());
        return lines.join("\n");
    };
    match &cell.outcome {
        Outcome::Finished(measures) => {
            lines.push(format!(
                "−ELBO {}, KL {} nats per example",
                number(measures.negative_elbo),
                number(measures.kl)
            ));
            let per_dimension: Vec<String> = measures.kl_per_dimension.iter().map(|kl| number(*kl)).collect();
            if per_dimension.len() <= 16 {
                lines.push(format!("KL per dimension: {}", per_dimension.join(", ")));
            }
        }
        Outcome::Diverged => {
            lines.push("Its loss is no finite number any more; a smaller learning rate may help".to_owned())
        }
        Outcome::Failed(problem) => lines.push(capitalised(problem)),
    }
    lines.extend(theory_line(diagram, index, level));
    lines.push("Click to open it as a run".to_owned());
    lines.join("\n")
}

/// What theory says about a cell, and how training stands to it.
fn theory_line(diagram: &PhaseDiagram, index: usize, level: usize) -> Option<String> {
    let predicted = match diagram.expected(index, level)? {
        Expected::Active(predicted) => predicted,
        Expected::NoOptimum(reason) => return Some(format!("No optimum. {}", capitalised(reason))),
        Expected::NotDetermined(reason) => return Some(format!("Not determined by theory. {}", capitalised(reason))),
        Expected::Unknown(reason) => return Some(format!("No prediction. {}", capitalised(reason))),
    };
    let agrees = diagram.cells()[index].as_ref().and_then(|cell| cell.agrees(level));
    let boundary = "the cell lies on a boundary and is not judged: the prediction changes within a quarter of it";
    let verdict = match (agrees, diagram.is_boundary(index, level)) {
        (Some(true), Some(true)) => format!(", as trained; {boundary}"),
        (Some(true), _) => ", as trained".to_owned(),
        (Some(false), Some(true)) => format!(", training has another number; {boundary}"),
        (Some(false), _) => ", training has another number".to_owned(),
        (None, Some(true)) => format!("; {boundary}"),
        (None, _) => String::new(),
    };
    Some(format!("Theory: {predicted}{verdict}"))
}

/// How far it is: “57 of 144 cells, about 20 s left”.
pub(super) fn progress(diagram: &PhaseDiagram) -> String {
    let (finished, all) = (diagram.finished(), diagram.cells().len());
    let state = if diagram.is_complete() {
        return format!("{all} cells");
    } else if diagram.is_running() && diagram.is_cancelled() {
        ", stopping".to_owned()
    } else if !diagram.is_running() {
        ", stopped".to_owned()
    } else {
        diagram.seconds_left().map(|seconds| format!(", about {} left", time(seconds))).unwrap_or_default()
    };
    format!("{finished} of {all} cells{state}")
}

/// What theory and training have in common.
pub(super) fn agreement(diagram: &PhaseDiagram, level: usize) -> Option<String> {
    match diagram.theory()? {
        Err(reason) => Some(format!("No theory to compare with: {reason}")),
        Ok(theory) => {
            let guide = match theory.applicability {
                Applicability::Theorem => String::new(),
                Applicability::Guide(reason) => format!(" The theory is a guide here, no theorem: {reason}."),
            };
            let text = diagram.comparison(level).sentence();
            Some(text.unwrap_or_else(|| "Nothing to compare yet.".to_owned()) + &guide)
        }
    }
}

/// Name of the line at which a number of active dimensions is reached, by the eigenvalue that does it; of several lines at one place, all.
///
/// None where the number of latent dimensions is an axis: there a dimension is lost because there is none.
pub(super) fn line_name(diagram: &PhaseDiagram, level: usize, counts: &[usize]) -> Option<String> {
    let sweep = diagram.sweep();
    if [sweep.x(), sweep.y()].iter().any(|axis| axis.key.ends_with("latent_dimensions")) {
        return None;
    }
    let names = match counts {
        [] => return None,
        [one] => format!("λ{one}"),
        [first, .., last] => format!("λ{first}–λ{last}"),
    };
    Some(if sweep.levels() > 1 { format!("{}: {names}", latent(diagram, level)) } else { names })
}

/// A time for people.
pub(in crate::ui) fn time(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds => format!("{}:{:02} min", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::time;

    #[test]
    fn times_are_short() {
        assert_eq!(time(19.2), "20 s");
        assert_eq!(time(61.0), "1:01 min");
    }
}
