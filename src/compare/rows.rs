//! Rows as a CSV table for people and spreadsheets: the same columns for every model, empty where a number does not apply.

use super::{Comparison, ComparisonTable, Quantity, Row};
use crate::batch::{field, listed};

/// Every trained row as CSV.
pub fn csv(table: &ComparisonTable) -> String {
    csv_of(table.comparison(), table.rows())
}

/// The header, then every row that there is.
pub(super) fn csv_of(comparison: &Comparison, rows: &[Option<Row>]) -> String {
    let trained = rows.iter().enumerate().filter_map(|(index, row)| Some((index, row.as_ref()?)));
    trained.fold(header(), |text, (index, row)| text + &line(comparison, index, row))
}

fn header() -> String {
    let quantities = Quantity::ALL.map(Quantity::key).join(",");
    format!("method,seed,state,steps,{quantities},kl_per_dimension,posterior_mean_variance,problem\n")
}

fn line(comparison: &Comparison, index: usize, row: &Row) -> String {
    let (method, seed) = comparison.name(index);
    let mut fields = vec![field(method), seed.to_string(), row.state.key().to_owned(), row.steps.to_string()];
    let number = |quantity: Quantity| quantity.measured(row).map(|value| value.to_string()).unwrap_or_default();
    fields.extend(Quantity::ALL.map(number));
    let measures = row.measures.as_ref().map(|last| &last.measures);
    fields.push(measures.map(|of| listed(&of.kl_per_dimension)).unwrap_or_default());
    fields.push(measures.map(|of| listed(&of.posterior_mean_variance)).unwrap_or_default());
    fields.push(field(row.problem.as_deref().unwrap_or_default()));
    fields.join(",") + "\n"
}
