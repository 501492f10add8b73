//! Experiments as TOML text: reading with line numbers, writing only what differs from the default.

use super::{Classical, Experiment, ExperimentError, keys};
use std::path::Path;
use toml::{Table, Value, de::DeTable};

impl Experiment {
    /// Reads TOML; `file` is what errors call the text.
    ///
    /// # Errors
    /// One sentence with file and line.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, ExperimentError> {
        let syntax = |error: toml::de::Error| {
            let (line, column) = error.span().map_or((1, 1), |span| line_and_column(text, span.start));
            ExperimentError::Syntax { file: file.to_owned(), line, column, message: keys::one_line(error.message()) }
        };
        let spanned = DeTable::parse(text).map_err(syntax)?;
        let model = spanned.get_ref().get("model").and_then(|value| value.get_ref().as_str());
        if let Some(name) = Classical::NAMES.into_iter().find(|name| model == Some(*name)) {
            return Err(ExperimentError::NothingToTrain(name));
        }
        let place = |offset: usize| format!("{file}, line {}: ", line_and_column(text, offset).0);
        for (name, value) in spanned.get_ref() {
            match (name.get_ref().as_ref(), value.get_ref().as_table()) {
                // A variant may be named anything, a name with a dot too.
                ("variants", Some(variants)) => {
                    for (variant, overrides) in variants {
                        let Some(overrides) = overrides.get_ref().as_table() else { continue };
                        let prefix = format!("variants.{}.", variant.get_ref());
                        check_keys(overrides, "", &|key, offset| {
                            keys::check_key(key, &keys::VARIANT_SECTIONS, &place(offset), &prefix)
                        })?;
                    }
                }
                (section, Some(inner)) => check_keys(inner, &format!("{section}."), &|key, offset| {
                    keys::check_key(key, &[], &place(offset), "")
                })?,
                (key, None) => keys::check_key(key, &[], &place(name.span().start), "")?,
            }
        }
        let experiment: Self = toml::from_str(text).map_err(syntax)?;
        experiment.runs()?;
        Ok(experiment)
    }

    /// Reads a TOML file.
    ///
    /// # Errors
    /// As [`Self::from_toml`], or a file that cannot be read.
    pub fn read(path: &Path) -> Result<Self, ExperimentError> {
        let text = std::fs::read_to_string(path).map_err(|error| ExperimentError::File {
            path: path.display().to_string(),
            action: "read",
            message: error.to_string(),
        })?;
        Self::from_toml(&text, &path.display().to_string())
    }

    /// TOML of the settings that differ from the default, and of all variants.
    pub fn to_toml(&self) -> String {
        let mut differing = difference(&self.to_table(), &Self::default().to_table());
        // The seed is always written: a file says which run it is.
        let mut table = Table::new();
        table.insert("seed".to_owned(), Value::Integer(self.seed as i64));
        differing.remove("seed");
        table.extend(differing);
        table.to_string()
    }

    /// Writes a TOML file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ExperimentError> {
        std::fs::write(path, self.to_toml()).map_err(|error| ExperimentError::File {
            path: path.display().to_string(),
            action: "written",
            message: error.to_string(),
        })
    }

    pub(super) fn to_table(&self) -> Table {
        // Settings hold nothing that TOML cannot: an empty table would only ever mean a new, unsupported field type.
        Table::try_from(self).unwrap_or_default()
    }
}

fn check_keys(
    table: &DeTable<'_>,
    prefix: &str,
    check: &dyn Fn(&str, usize) -> Result<(), ExperimentError>,
) -> Result<(), ExperimentError> {
    for (name, value) in table {
        let key = format!("{prefix}{}", name.get_ref());
        match value.get_ref().as_table() {
            Some(inner) => check_keys(inner, &format!("{key}."), check)?,
            None => check(&key, name.span().start)?,
        }
    }
    Ok(())
}

/// What of `table` differs from `base`.
fn difference(table: &Table, base: &Table) -> Table {
    let mut differing = Table::new();
    for (key, value) in table {
        match (value, base.get(key)) {
            (Value::Table(inner), Some(Value::Table(base))) => {
                let inner = difference(inner, base);
                if !inner.is_empty() {
                    differing.insert(key.clone(), Value::Table(inner));
                }
            }
            (value, base) if base != Some(value) => {
                differing.insert(key.clone(), value.clone());
            }
            _ => {}
        }
    }
    differing
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(1, |start| start.chars().count() + 1);
    (line, column)
}

/// Variants are a table in the file, in the order of the file.
pub(super) mod variants {
    use super::super::Variant;
    use serde::{Deserialize, Deserializer, Serializer, ser::SerializeMap};
    use toml::{Table, Value};

    pub fn serialize<S: Serializer>(variants: &[Variant], serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(variants.len()))?;
        for variant in variants {
            map.serialize_entry(&variant.name, &variant.overrides)?;
        }
        map.end()
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Variant>, D::Error> {
        let table = Table::deserialize(deserializer)?;
        table
            .into_iter()
            .map(|(name, value)| match value {
                Value::Table(overrides) => Ok(Variant { name, overrides }),
                _ => Err(serde::de::Error::custom(format!("variant `{name}` is not a table of overrides"))),
            })
            .collect()
    }
}
