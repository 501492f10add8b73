//! One axis of a sweep: a setting, and the values that it takes.

use super::SweepError;
use crate::experiment::{Experiment, ExperimentError};
use serde::{Deserialize, Serialize};
use std::str::FromStr;
use toml::{Table, Value};

/// Values of one axis at most.
pub const LONGEST_AXIS: usize = 256;
/// Digits to which values between two ends are rounded, so that 0.1 in three steps is 0.3.
const SIGNIFICANT_DIGITS: usize = 10;

/// A setting, and the values that it takes from cell to cell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Dotted path of the setting.
    pub key: String,
    /// Its values, rising.
    pub values: Vec<f64>,
    /// What lies between two of them.
    pub spacing: Spacing,
}

/// What lies between two values of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Spacing {
    /// Equal steps.
    Linear,
    /// Equal factors.
    Logarithmic,
    /// Nothing: the setting takes whole numbers.
    Whole,
}

impl Axis {
    /// `count` values of a setting from one end to the other, in equal steps or, for `logarithmic`, equal factors.
    ///
    /// # Errors
    /// A setting that takes no numbers, or ends that do not fit together.
    pub fn range(key: &str, from: f64, to: f64, count: usize, logarithmic: bool) -> Result<Self, SweepError> {
        let text = format!("{key}={from}..{to}:{count}{}", if logarithmic { ":log" } else { "" });
        let wrong = |problem: &str| SweepError::Axis { text: text.clone(), problem: problem.to_owned() };
        if !(from.is_finite() && to.is_finite()) {
            return Err(wrong("both ends must be finite"));
        }
        if from >= to {
            return Err(wrong("the first end must be below the second"));
        }
        if logarithmic && from <= 0.0 {
            return Err(wrong("equal factors need a first end above 0"));
        }
        if !(2..=LONGEST_AXIS).contains(&count) {
            return Err(wrong(&format!("the number of values must be between 2 and {LONGEST_AXIS}")));
        }
        let value = |at: usize| match at as f64 / (count - 1) as f64 {
            fraction if fraction <= 0.0 => from,
            fraction if fraction >= 1.0 => to,
            fraction if logarithmic => rounded(from * (to / from).powf(fraction)),
            fraction => rounded(from + (to - from) * fraction),
        };
        let spacing = if logarithmic { Spacing::Logarithmic } else { Spacing::Linear };
        Self::of(key, (0..count).map(value).collect(), spacing, &text)
    }

    /// The given values of a setting.
    ///
    /// # Errors
    /// A setting that takes no numbers, or values that do not rise.
    pub fn list(key: &str, values: Vec<f64>) -> Result<Self, SweepError> {
        let words: Vec<String> = values.iter().map(f64::to_string).collect();
        Self::of(key, values, Spacing::Linear, &format!("{key}={}", words.join(",")))
    }

    fn of(key: &str, values: Vec<f64>, spacing: Spacing, text: &str) -> Result<Self, SweepError> {
        let wrong = |problem: String| SweepError::Axis { text: text.to_owned(), problem };
        if values.is_empty() || values.len() > LONGEST_AXIS {
            return Err(wrong(format!("an axis has between 1 and {LONGEST_AXIS} values")));
        }
        if values.iter().any(|value| !value.is_finite()) {
            return Err(wrong("every value must be finite".to_owned()));
        }
        if values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(wrong("the values must rise from one to the next".to_owned()));
        }
        let spacing = if takes_whole_numbers(key)? { Spacing::Whole } else { spacing };
        let fraction = values.iter().find(|value| spacing == Spacing::Whole && value.fract() != 0.0);
        if let Some(fraction) = fraction {
            return Err(wrong(format!("`{key}` takes whole numbers, and {fraction} is none; list the values")));
        }
        Ok(Self { key: key.to_owned(), values, spacing })
    }

    /// Number of values.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value; no axis is.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The value at a place counted in cells: 0 is the first value, 0.5 lies between the first and the second. Half a cell beyond the ends
    /// there are values, too; a setting of whole numbers has that of the nearest cell.
    pub fn at(&self, place: f64) -> f64 {
        let last = self.values.len() - 1;
        if self.spacing == Spacing::Whole || last == 0 {
            return self.values[(place.round().max(0.0) as usize).min(last)];
        }
        // The value itself, without what rounding would leave of a factor.
        if place.fract() == 0.0 && (0.0..=last as f64).contains(&place) {
            return self.values[place as usize];
        }
        let left = (place.floor().max(0.0) as usize).min(last - 1);
        let fraction = place - left as f64;
        let (a, b) = (self.values[left], self.values[left + 1]);
        match self.spacing {
            Spacing::Logarithmic => a * (b / a).powf(fraction),
            _ => a + (b - a) * fraction,
        }
    }

    /// Gives the experiment a value of this axis.
    ///
    /// # Errors
    /// A value of the wrong type.
    pub fn apply(&self, experiment: &mut Experiment, value: f64) -> Result<(), SweepError> {
        let value = match self.spacing {
            Spacing::Whole => Value::Integer(value as i64),
            Spacing::Linear | Spacing::Logarithmic => Value::Float(value),
        };
        Ok(experiment.set(&self.key, value)?)
    }

    /// Whether it is a setting of the data.
    pub fn is_of_data(&self) -> bool {
        self.key.starts_with("data.")
    }

    /// Checks what a file claims to be an axis.
    pub(super) fn checked(self) -> Result<Self, SweepError> {
        let text = format!("{}={:?}", self.key, self.values);
        let positive = self.values.first().is_some_and(|first| *first > 0.0);
        if self.spacing == Spacing::Logarithmic && !positive {
            return Err(SweepError::Axis { text, problem: "equal factors need values above 0".to_owned() });
        }
        Self::of(&self.key, self.values, self.spacing, &text)
    }
}

impl FromStr for Axis {
    type Err = SweepError;

    fn from_str(text: &str) -> Result<Self, SweepError> {
        let wrong = |problem: String| SweepError::Axis { text: text.to_owned(), problem };
        let number = |word: &str| {
            let word = word.trim();
            word.parse::<f64>().map_err(|_| wrong(format!("`{word}` is not a number")))
        };
        let Some((key, values)) = text.split_once('=') else {
            return Err(wrong("there is no `=`".to_owned()));
        };
        let key = key.trim();
        let Some((from, rest)) = values.split_once("..") else {
            let values = values.split(',').map(number).collect::<Result<Vec<f64>, _>>()?;
            return Self::of(key, values, Spacing::Linear, text);
        };
        let parts: Vec<&str> = rest.split(':').map(str::trim).collect();
        let (to, count, logarithmic) = match parts[..] {
            [to, count] => (to, count, false),
            [to, count, "log"] => (to, count, true),
            [_, _, word] => return Err(wrong(format!("`{word}` is not `log`"))),
            _ => return Err(wrong("the number of values is missing".to_owned())),
        };
        let count = count.parse().map_err(|_| wrong(format!("`{count}` is not a whole number of values")))?;
        Self::range(key, number(from)?, number(to)?, count, logarithmic)
    }
}

/// Whether a setting takes whole numbers only.
fn takes_whole_numbers(key: &str) -> Result<bool, SweepError> {
    let mut experiment = Experiment::default();
    let is_number = |experiment: &Experiment| {
        let table = Table::try_from(experiment).unwrap_or_default();
        matches!(lookup(&table, key), Some(Value::Integer(_) | Value::Float(_)))
    };
    if experiment.set(key, Value::Float(1.0)).is_ok() {
        return if is_number(&experiment) { Ok(false) } else { Err(SweepError::NotNumeric(key.to_owned())) };
    }
    match experiment.set(key, Value::Integer(2)) {
        Ok(()) if is_number(&experiment) => Ok(true),
        Err(error @ ExperimentError::UnknownKey { .. }) => Err(error.into()),
        _ => Err(SweepError::NotNumeric(key.to_owned())),
    }
}

fn lookup<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((head, rest)) => lookup(table.get(head)?.as_table()?, rest),
    }
}

fn rounded(value: f64) -> f64 {
    // Formatting rounds in decimal, where rounding by a factor would leave a binary remainder.
    format!("{value:.*e}", SIGNIFICANT_DIGITS - 1).parse().unwrap_or(value)
}
