//! Fields of CSV tables. Lists within a field are separated by blanks, so that rows have the same fields for every model.

use std::fmt::Display;
use std::str::FromStr;

/// A text as a field; a method may be named anything that TOML allows.
pub(crate) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// Values of one field.
pub(crate) fn listed<T: Display>(values: &[T]) -> String {
    values.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

/// The number of a field; or what is wrong with it.
pub(crate) fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

/// The numbers of a field.
pub(crate) fn numbers<T: FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split_whitespace().map(number).collect()
}
