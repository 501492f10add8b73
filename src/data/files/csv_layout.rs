//! What a text table looks like, told from its first rows: delimiter, header, and which columns hold words.

use super::csv_rows::{Delimiter, Row, Rows};
use super::input::Context;
use crate::data::{DataError, error};

/// Rows that are looked at.
const SAMPLE_ROWS: usize = 200;
/// Column names that mean a label.
const LABEL_NAMES: [&str; 4] = ["label", "class", "target", "species"];

/// A value that a table leaves out.
fn is_missing(text: &str) -> bool {
    text.is_empty()
        || ["?", "na", "n/a", "nan", "null", "none"].iter().any(|missing| text.eq_ignore_ascii_case(missing))
}

/// The number in a field: NaN where it is left out, `None` where there is a word.
pub(super) fn number(text: &str, has_decimal_comma: bool) -> Option<f64> {
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    if is_missing(text) {
        return Some(f64::NAN);
    }
    if has_decimal_comma && text.matches(',').count() == 1 && !text.contains('.') {
        text.replace(',', ".").parse().ok()
    } else {
        None
    }
}

/// The make-up of a text table.
pub(super) struct Layout {
    pub delimiter: Delimiter,
    /// The names in the first row, if it is a header.
    pub header: Option<Vec<String>>,
    /// For each column, whether it holds words.
    pub is_words: Vec<bool>,
}

impl Layout {
    /// Looks at the first bytes of a table; `is_whole` says that they are all of it.
    pub fn detect(context: &Context, head: &[u8], is_whole: bool) -> Result<Self, DataError> {
        // The last line of a longer file is cut off, unless there is no other.
        let end = if is_whole {
            head.len()
        } else {
            head.iter().rposition(|byte| *byte == b'\n').map_or(head.len(), |last| last + 1)
        };
        let sample = &head[..end];
        let candidates =
            [Delimiter::Character(b'\t'), Delimiter::Character(b';'), Delimiter::Character(b','), Delimiter::Spaces];
        let mut best: Option<(f64, Delimiter)> = None;
        for delimiter in candidates {
            let agreement = agreement(&sample_rows(context, sample, delimiter).0);
            if agreement > best.map_or(0.0, |(best, _)| best) {
                best = Some((agreement, delimiter));
            }
        }
        let delimiter = best.map_or(Delimiter::Character(b','), |(_, delimiter)| delimiter);
        let (rows, end) = sample_rows(context, sample, delimiter);
        if rows.len() < 2 {
            end?;
        }
        let Some(first) = rows.first() else {
            return Err(DataError::Empty { path: context.path.to_owned() });
        };
        let has_decimal_comma = delimiter != Delimiter::Character(b',');
        let is_word = |text: &String| number(text, has_decimal_comma).is_none();
        let words_below: Vec<bool> = (0..first.len())
            .map(|column| is_mostly(rows.iter().skip(1).filter_map(|row| row.get(column)), is_word))
            .collect();
        let has_header = rows.len() > 1
            && first.iter().all(|text| text.is_empty() || is_word(text))
            && first.iter().zip(&words_below).any(|(text, words)| is_word(text) && !words);
        let header = has_header.then(|| first.clone());
        let is_words = if has_header {
            words_below
        } else {
            (0..first.len()).map(|column| is_mostly(rows.iter().filter_map(|row| row.get(column)), is_word)).collect()
        };
        Ok(Self { delimiter, header, is_words })
    }

    pub fn columns(&self) -> usize {
        self.is_words.len()
    }

    pub fn has_decimal_comma(&self) -> bool {
        self.delimiter != Delimiter::Character(b',')
    }

    /// The column of the label, if there is one.
    pub fn label_column(&self, context: &Context) -> Result<Option<usize>, DataError> {
        if let Some(wanted) = &context.options.label {
            let find = |same: &dyn Fn(&str) -> bool| self.header.iter().flatten().position(|name| same(name));
            let by_number = || {
                wanted
                    .parse::<usize>()
                    .ok()
                    .filter(|number| (1..=self.columns()).contains(number))
                    .map(|number| number - 1)
            };
            let column = find(&|name| name == wanted)
                .or_else(|| find(&|name| name.eq_ignore_ascii_case(wanted)))
                .or_else(by_number);
            return match column {
                Some(column) => Ok(Some(column)),
                None => Err(DataError::UnknownColumn {
                    path: context.path.to_owned(),
                    column: wanted.clone(),
                    columns: self.describe((0..self.columns()).collect()),
                }),
            };
        }
        for label in LABEL_NAMES {
            if let Some(column) = self.header.iter().flatten().position(|name| name.eq_ignore_ascii_case(label)) {
                return Ok(Some(column));
            }
        }
        let words: Vec<usize> = (0..self.columns()).filter(|column| self.is_words[*column]).collect();
        match words.as_slice() {
            [] => Ok(None),
            [column] => Ok(Some(*column)),
            _ if words.len() == self.columns() => Err(context.unsuitable("it is text without a column of numbers")),
            _ => Err(DataError::AmbiguousLabel { path: context.path.to_owned(), columns: self.describe(words) }),
        }
    }

    /// Names of columns for a message, or their numbers where there is no header; at most ten.
    pub fn describe(&self, columns: Vec<usize>) -> String {
        let mut names: Vec<String> = columns.iter().take(10).map(|column| self.column_name(*column)).collect();
        if columns.len() > names.len() {
            names.push(format!("… ({} in all)", columns.len()));
        }
        names.join(", ")
    }

    fn column_name(&self, column: usize) -> String {
        match self.header.as_ref().and_then(|header| header.get(column)).filter(|name| !name.is_empty()) {
            Some(name) => format!("`{}`", error::printable(name)),
            None => format!("{}", column + 1),
        }
    }
}

/// The first rows, and whether they ended in an error.
fn sample_rows(context: &Context, sample: &[u8], delimiter: Delimiter) -> (Vec<Vec<String>>, Result<(), DataError>) {
    let mut rows = Rows::new(context, sample, delimiter);
    let mut row = Row::default();
    let mut found = Vec::new();
    while found.len() < SAMPLE_ROWS {
        match rows.next(&mut row) {
            Ok(true) => found.push((0..row.len()).map(|column| row.text(column).into_owned()).collect()),
            Ok(false) => break,
            Err(error) => return (found, Err(error)),
        }
    }
    (found, Ok(()))
}

/// The share of rows that have the most common number of fields, or 0 where that is one field.
fn agreement(rows: &[Vec<String>]) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| row.len() > 1) {
        *counts.entry(row.len()).or_insert(0_usize) += 1;
    }
    counts.values().max().map_or(0.0, |most| *most as f64 / rows.len() as f64)
}

/// Whether more than half of the texts that are not left out are words.
fn is_mostly<'a>(texts: impl Iterator<Item = &'a String>, is_word: impl Fn(&String) -> bool) -> bool {
    let (mut words, mut all) = (0, 0);
    for text in texts.filter(|text| !is_missing(text)) {
        all += 1;
        words += usize::from(is_word(text));
    }
    2 * words > all
}
