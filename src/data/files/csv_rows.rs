//! Rows of a text table: exact line numbers, quoted fields, and no line longer than the limit.
//!
//! Written here rather than taken from a crate, because rows separated by runs of spaces, line numbers in messages and a bound on what one
//! row may take in memory (an unclosed quote swallows the rest of a file) belong together.

use std::borrow::Cow;
use std::io::{BufRead, Read};

use super::input::Context;
use crate::data::DataError;

/// More lines than this inside one pair of quotes mean that a quote is not closed.
const MAX_QUOTED_LINES: usize = 100;

/// What separates the fields of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delimiter {
    /// One of `,` `;` and tab.
    Character(u8),
    /// Runs of spaces and tabs.
    Spaces,
}

/// One field in the bytes of its row.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
    has_escaped_quotes: bool,
}

/// The row read last.
#[derive(Default)]
pub(super) struct Row {
    bytes: Vec<u8>,
    fields: Vec<Field>,
    /// The line on which the row starts, counted from 1.
    pub line: u64,
}

impl Row {
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// The text of a field without its quotes and outer spaces; bytes that are not UTF-8 become �.
    pub fn text(&self, column: usize) -> Cow<'_, str> {
        let Some(field) = self.fields.get(column) else {
            return Cow::Borrowed("");
        };
        let text = String::from_utf8_lossy(&self.bytes[field.start..field.end]);
        if field.has_escaped_quotes { Cow::Owned(text.replace("\"\"", "\"")) } else { text }
    }

    /// Splits the bytes at the delimiter; `false` when they end inside quotes.
    pub fn split(&mut self, delimiter: Delimiter) -> bool {
        self.fields.clear();
        let bytes = &self.bytes;
        let is_delimiter = |byte: u8| match delimiter {
            Delimiter::Character(character) => byte == character,
            Delimiter::Spaces => byte == b' ' || byte == b'\t',
        };
        let is_padding = |byte: u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n') && !is_delimiter(byte);
        let mut position = 0;
        loop {
            while position < bytes.len()
                && (is_padding(bytes[position]) || delimiter == Delimiter::Spaces && is_delimiter(bytes[position]))
            {
                position += 1;
            }
            if delimiter == Delimiter::Spaces && position >= bytes.len() {
                return true;
            }
            let mut field = Field { start: position, end: position, has_escaped_quotes: false };
            if bytes.get(position) == Some(&b'"') {
                field.start += 1;
                position += 1;
                loop {
                    match (bytes.get(position), bytes.get(position + 1)) {
                        (None, _) => return false,
                        (Some(b'"'), Some(b'"')) => {
                            field.has_escaped_quotes = true;
                            position += 2;
                        }
                        (Some(b'"'), _) => break,
                        _ => position += 1,
                    }
                }
                field.end = position;
                position += 1;
                while position < bytes.len() && !is_delimiter(bytes[position]) {
                    position += 1;
                }
            } else {
                while position < bytes.len() && !is_delimiter(bytes[position]) {
                    position += 1;
                }
                field.end = position;
                while field.end > field.start && is_padding(bytes[field.end - 1]) {
                    field.end -= 1;
                }
            }
            self.fields.push(field);
            if position >= bytes.len() {
                return true;
            }
            position += 1;
        }
    }
}

/// Reads rows from text; blank lines and lines that start with `#` (numpy's headers) are passed over.
pub(super) struct Rows<'a, R> {
    context: &'a Context<'a>,
    reader: R,
    delimiter: Delimiter,
    line: u64,
}

impl<'a, R: BufRead> Rows<'a, R> {
    pub fn new(context: &'a Context<'a>, reader: R, delimiter: Delimiter) -> Self {
        Self { context, reader, delimiter, line: 0 }
    }

    /// Reads the next row into `row`; `false` at the end of the text.
    pub fn next(&mut self, row: &mut Row) -> Result<bool, DataError> {
        loop {
            row.bytes.clear();
            if !self.append_line(&mut row.bytes)? {
                return Ok(false);
            }
            row.line = self.line;
            if self.line == 1 && row.bytes.starts_with(b"\xef\xbb\xbf") {
                row.bytes.drain(..3);
            }
            let text = row.bytes.trim_ascii();
            if !text.is_empty() && !text.starts_with(b"#") {
                break;
            }
        }
        let mut is_closed = row.split(self.delimiter);
        let mut lines = 1;
        while !is_closed {
            if lines == MAX_QUOTED_LINES || !self.append_line(&mut row.bytes)? {
                let problem = format!("the quote that opens on line {} is not closed", row.line);
                return Err(self.context.malformed("CSV", problem));
            }
            lines += 1;
            is_closed = row.split(self.delimiter);
        }
        Ok(true)
    }

    fn append_line(&mut self, bytes: &mut Vec<u8>) -> Result<bool, DataError> {
        let limit = self.context.limits.line_bytes;
        let allowed = (limit + 1).saturating_sub(bytes.len() as u64);
        let count =
            self.reader.by_ref().take(allowed).read_until(b'\n', bytes).map_err(|error| self.context.io(error))?;
        self.line += 1;
        if bytes.len() as u64 > limit {
            return Err(DataError::LineTooLong { path: self.context.path.to_owned(), line: self.line, limit });
        }
        Ok(count > 0)
    }
}
