//! Dotted paths into an experiment: what exists, what is nearest, reading and writing by path.

use super::{Experiment, ExperimentError, ModelSettings, Settings, Variant, settings::DataSettings};
use serde::Deserialize;
use toml::{Table, Value};

/// Sections that a variant may override.
pub(super) const VARIANT_SECTIONS: [&str; 3] = ["model", "objective", "optimizer"];

impl Experiment {
    /// Dotted paths of every setting, variants left out.
    pub fn known_keys() -> Vec<String> {
        // Optional settings are absent from a default experiment's table, so they are filled in here.
        let complete = Self {
            data: DataSettings { label: Some(String::new()), array: Some(String::new()), ..DataSettings::default() },
            model: ModelSettings {
                latent_map_hidden: Some(Vec::new()),
                output_map_hidden: Some(Vec::new()),
                ..ModelSettings::default()
            },
            ..Self::default()
        };
        let mut keys = Vec::new();
        flatten(&complete.to_table(), "", &mut keys);
        keys
    }

    /// Applies one `KEY=VALUE`; KEY is a dotted path, `variants.NAME.KEY` sets the override of one variant.
    ///
    /// # Errors
    /// An unknown key names the nearest known one; a value of the wrong type says what was expected.
    pub fn assign(&mut self, assignment: &str) -> Result<(), ExperimentError> {
        let Some((key, text)) = assignment.split_once('=') else {
            return Err(ExperimentError::Assignment(assignment.to_owned()));
        };
        self.set(key.trim(), parse_value(text.trim()))
    }

    /// Sets one setting by its dotted path.
    ///
    /// # Errors
    /// As [`Self::assign`].
    pub fn set(&mut self, key: &str, value: Value) -> Result<(), ExperimentError> {
        if let Some(rest) = key.strip_prefix("variants.") {
            let (name, setting) = self.split_variant(rest);
            check_key(setting, &VARIANT_SECTIONS, "", &format!("variants.{name}."))?;
            let known = self.variants.iter().map(|v| format!("`{}`", v.name)).collect::<Vec<_>>().join(", ");
            let Some(variant) = self.variants.iter_mut().find(|variant| variant.name == name) else {
                let known = if known.is_empty() { "none".to_owned() } else { known };
                return Err(ExperimentError::UnknownVariant { name: name.to_owned(), known });
            };
            let before = variant.overrides.clone();
            insert(&mut variant.overrides, setting, value);
            let variant = variant.clone();
            if let Err(error) = self.apply_overrides(&variant) {
                if let Some(variant) = self.variants.iter_mut().find(|variant| variant.name == name) {
                    variant.overrides = before;
                }
                return Err(error);
            }
            return Ok(());
        }
        check_key(key, &[], "", "")?;
        let mut table = self.to_table();
        insert(&mut table, key, value);
        *self = Self::deserialize(Value::Table(table)).map_err(|error| wrong_value(key, &error))?;
        Ok(())
    }

    /// Gives a setting the value that it has in another experiment, also if that is none.
    pub fn take_setting_of(&mut self, other: &Self, path: &str) {
        let mut table = self.to_table();
        place(&mut table, path, lookup(&other.to_table(), path).cloned());
        if let Ok(experiment) = Self::deserialize(Value::Table(table)) {
            *self = experiment;
        }
    }

    /// Variant name and setting of `NAME.KEY`, where the name of a variant that exists may have dots of its own.
    fn split_variant<'a>(&self, rest: &'a str) -> (&'a str, &'a str) {
        let named = |variant: &Variant| {
            rest.strip_prefix(&variant.name)
                .and_then(|setting| setting.strip_prefix('.'))
                .map(|setting| rest.split_at(rest.len() - setting.len()))
        };
        let longest = self.variants.iter().filter_map(named).max_by_key(|(name, _)| name.len());
        match longest {
            Some((name, setting)) => (name.trim_end_matches('.'), setting),
            None => rest.split_once('.').unwrap_or((rest, "")),
        }
    }

    /// Whether a variant overrides the setting, so that the shared value has no effect on it.
    pub fn is_overridden(&self, variant: usize, key: &str) -> bool {
        self.variants.get(variant).is_some_and(|variant| lookup(&variant.overrides, key).is_some())
    }

    pub(super) fn apply_overrides(&self, variant: &Variant) -> Result<Settings, ExperimentError> {
        let mut table = self.to_table();
        let mut keys = Vec::new();
        flatten(&variant.overrides, "", &mut keys);
        for key in &keys {
            check_key(key, &VARIANT_SECTIONS, "", &format!("variants.{}.", variant.name))?;
            if let Some(value) = lookup(&variant.overrides, key) {
                insert(&mut table, key, value.clone());
                let merged: Result<Experiment, _> = Self::deserialize(Value::Table(table.clone()));
                if let Err(error) = merged {
                    return Err(wrong_value(&format!("variants.{}.{key}", variant.name), &error));
                }
            }
        }
        let merged = Self::deserialize(Value::Table(table)).map_err(|error| wrong_value(&variant.name, &error))?;
        Ok(merged.settings(variant.name.clone()))
    }
}

/// Checks that a setting exists, within `sections` if any are given.
pub(super) fn check_key(key: &str, sections: &[&str], place: &str, prefix: &str) -> Result<(), ExperimentError> {
    let allowed =
        |known: &str| sections.is_empty() || sections.iter().any(|section| known.split('.').next() == Some(section));
    let known: Vec<String> = Experiment::known_keys().into_iter().filter(|known| allowed(known)).collect();
    if known.iter().any(|known| known == key) {
        return Ok(());
    }
    let nearest = known.into_iter().max_by(|a, b| similarity(a, key).total_cmp(&similarity(b, key)));
    Err(ExperimentError::UnknownKey {
        place: place.to_owned(),
        key: format!("{prefix}{key}"),
        nearest: nearest.map(|nearest| format!("{prefix}{nearest}")),
    })
}

/// Sets or removes a value; a section of overrides that holds nothing any more goes with its last value.
pub(super) fn place(table: &mut Table, path: &str, value: Option<Value>) {
    match (path.split_once('.'), value) {
        (None, Some(value)) => {
            table.insert(path.to_owned(), value);
        }
        (None, None) => {
            table.remove(path);
        }
        (Some((head, rest)), Some(value)) => {
            if let Value::Table(inner) = table.entry(head.to_owned()).or_insert_with(|| Value::Table(Table::new())) {
                place(inner, rest, Some(value));
            }
        }
        (Some((head, rest)), None) => {
            if let Some(Value::Table(inner)) = table.get_mut(head) {
                place(inner, rest, None);
                // A variant without overrides is still a variant.
                if inner.is_empty() && VARIANT_SECTIONS.contains(&head) {
                    table.remove(head);
                }
            }
        }
    }
}

/// The better of the whole path's likeness and that of its last name, which people remember best.
fn similarity(known: &str, asked: &str) -> f64 {
    let last = |key: &str| key.rsplit('.').next().unwrap_or_default().to_owned();
    let whole = strsim::normalized_damerau_levenshtein(known, asked);
    whole.max(0.95 * strsim::normalized_damerau_levenshtein(&last(known), &last(asked)))
}

pub(super) fn flatten(table: &Table, prefix: &str, keys: &mut Vec<String>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) => flatten(inner, &format!("{prefix}{name}."), keys),
            _ => keys.push(format!("{prefix}{name}")),
        }
    }
}

pub(super) fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((head, rest)) => lookup(table.get(head)?.as_table()?, rest),
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => {
            table.insert(key.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// A TOML value; anything that is none is taken as a string, so that words and paths need no quotes.
fn parse_value(text: &str) -> Value {
    format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(text.to_owned()))
}

fn wrong_value(key: &str, error: &toml::de::Error) -> ExperimentError {
    ExperimentError::Value { key: key.to_owned(), message: one_line(error.message()) }
}

pub(super) fn one_line(message: &str) -> String {
    message.lines().map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}
