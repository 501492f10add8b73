//! Text tables: comma, semicolon, tab or spaces between the fields, a header or none, one column the label or none.

use std::io::BufReader;

use super::csv_layout::{self, Layout};
use super::csv_rows::{Row, Rows};
use super::input::{Context, Input};
use super::raw::{self, FloatsBuilder, RawExamples};
use crate::data::error::{self, Place};
use crate::data::example::LabelsBuilder;
use crate::data::inspection::Format;
use crate::data::{DataError, ExampleShape};

const BUFFER_BYTES: usize = 256 << 10;
/// What the longest lines of ordinary tables take.
const LONG_LINE: usize = 1 << 20;
/// What a row without a label counts as.
const NO_LABEL: &str = "(none)";

/// Reads a text table.
pub(super) fn read_examples(context: &Context, mut input: Input) -> Result<RawExamples, DataError> {
    // A table of many columns has long lines, and a few lines must be seen.
    while !input.is_whole
        && input.head.iter().filter(|byte| **byte == b'\n').count() < 4
        && input.head.len() < 4 * LONG_LINE
    {
        input.extend_head(context, LONG_LINE)?;
    }
    let layout = Layout::detect(context, &input.head, input.is_whole)?;
    let label = layout.label_column(context)?;
    // Where the label is settled, other columns of words cannot be it, and are no numbers either.
    let (left_out, columns): (Vec<usize>, Vec<usize>) =
        (0..layout.columns()).filter(|column| Some(*column) != label).partition(|column| layout.is_words[*column]);
    if columns.is_empty() {
        return Err(context.unsuitable("it has no column of numbers beside the label"));
    }
    let shape = ExampleShape::Vector(columns.len());
    raw::check_dimensions(context, Some(columns.len() as u64))?;

    let mut rows = Rows::new(context, BufReader::with_capacity(BUFFER_BYTES, input.into_content()), layout.delimiter);
    let mut row = Row::default();
    let mut values = FloatsBuilder::new(context, shape, "line");
    let mut labels = LabelsBuilder::default();
    let mut unlabelled = 0_usize;
    let has_decimal_comma = layout.has_decimal_comma();
    let mut is_header = layout.header.is_some();
    while rows.next(&mut row)? {
        if row.len() != layout.columns() {
            let (line, found, expected) = (row.line, row.len(), layout.columns());
            return Err(DataError::Ragged { path: context.path.to_owned(), line, found, expected });
        }
        if std::mem::take(&mut is_header) {
            continue;
        }
        for (feature, column) in columns.iter().enumerate() {
            let text = row.text(*column);
            let Some(value) = csv_layout::number(&text, has_decimal_comma) else {
                let name = layout.header.as_ref().and_then(|header| header.get(*column)).cloned();
                let place = Place { unit: "line", row: row.line, column: column + 1, name };
                return Err(DataError::NotANumber {
                    path: context.path.to_owned(),
                    place,
                    text: error::printable(&text),
                });
            };
            values.push(row.line, feature, value);
        }
        if let Some(column) = label {
            let text = row.text(column);
            unlabelled += usize::from(text.is_empty());
            labels.push(if text.is_empty() { NO_LABEL } else { &text });
        }
        if values.is_too_large() {
            return Err(context.too_large());
        }
    }
    let names =
        layout.header.as_ref().map(|header| columns.iter().filter_map(|column| header.get(*column).cloned()).collect());
    let mut examples = values.finish(Format::Csv, shape, names.unwrap_or_default());
    if let Some(missing) = &mut examples.missing {
        missing.first.column = columns.get(missing.first.column - 1).map_or(missing.first.column, |column| column + 1);
    }
    if label.is_some() {
        match labels.finish() {
            Ok(labels) => examples = examples.with_labels(labels, context.path)?,
            Err(warning) => examples.warnings.push(warning),
        }
    }
    if unlabelled > 0 {
        examples.warnings.push(format!("{unlabelled} row(s) have no label and form the class {NO_LABEL}"));
    }
    if !left_out.is_empty() {
        examples.warnings.push(format!("columns of words are left out: {}", layout.describe(left_out)));
    }
    examples.check(context)
}
