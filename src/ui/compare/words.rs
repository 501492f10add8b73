//! What the comparison says in words.

use crate::compare::{ComparisonTable, Estimate, Quantity, RowState};
use crate::ui::panels::words::number;

/// In the place of a number that there is not.
pub(super) const NOTHING: &str = "–";

/// A number of a column.
pub(super) fn value(quantity: Quantity, value: f64) -> String {
    match quantity {
        Quantity::ActiveUnits if value.fract() == 0.0 => format!("{value:.0}"),
        Quantity::ActiveUnits | Quantity::Seconds => format!("{value:.1}"),
        _ => number(value as f32),
    }
}

/// The unit of a column.
pub(super) fn unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::ActiveUnits => "units",
        Quantity::Seconds => "s",
        _ => "nats",
    }
}

/// Mean ± standard deviation.
pub(super) fn estimate(quantity: Quantity, estimate: Option<Estimate>) -> String {
    match estimate {
        None => NOTHING.to_owned(),
        Some(Estimate { mean, sd: None, .. }) => value(quantity, mean),
        Some(Estimate { mean, sd: Some(sd), .. }) => format!("{} ± {}", value(quantity, mean), value(quantity, sd)),
    }
}

/// How far the seeds of a method are: “3 of 3”.
pub(super) fn seeds(table: &ComparisonTable, method: usize) -> String {
    let rows = &table.rows()[table.comparison().rows_of(method)];
    let trained: Vec<_> = rows.iter().flatten().collect();
    let count = |state: RowState| trained.iter().filter(|row| row.state == state).count();
    let mut text = format!("{} of {}", count(RowState::Finished), rows.len());
    for state in [RowState::Diverged, RowState::Failed] {
        if count(state) > 0 {
            text.push_str(&format!(", {} {}", count(state), state.key()));
        }
    }
    text
}

/// State of a single row.
pub(super) fn state(table: &ComparisonTable, index: usize) -> &'static str {
    match &table.rows()[index] {
        Some(row) => row.state.key(),
        None if table.is_in_training(index) => "in training",
        None => "not trained yet",
    }
}

/// How far it is: “5 of 18 rows, about 20 s left”.
pub(super) fn progress(table: &ComparisonTable) -> String {
    let (finished, all) = (table.finished(), table.rows().len());
    let state = if table.is_complete() {
        return format!("{all} rows");
    } else if table.is_running() && table.is_cancelled() {
        ", stopping".to_owned()
    } else if !table.is_running() {
        ", stopped".to_owned()
    } else {
        table
            .seconds_left()
            .map(|seconds| format!(", about {} left", crate::ui::phase::time(seconds)))
            .unwrap_or_default()
    };
    format!("{finished} of {all} rows{state}")
}
