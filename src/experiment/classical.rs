//! [`Classical`]: a model whose posterior is known, looked at with no training. The counterpart of [`super::Experiment`].

use super::{ExperimentError, keys};
use crate::data::{DataError, Source};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use toml::{Table, Value};

/// A classical model with everything that defines its data and its inference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model", rename_all = "kebab-case")]
pub enum Classical {
    /// Probabilistic PCA.
    Ppca(PpcaSettings),
    /// The weight of a two-component Gaussian mixture.
    MixtureWeight(MixtureSettings),
}

/// x | z ~ N(Wz, σ²I), z ~ N(0, I_K).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PpcaSettings {
    /// What is modelled.
    pub data: PpcaData,
    /// K.
    pub latent_dimensions: usize,
    /// σ > 0.
    pub sigma: f64,
    /// Where W comes from.
    pub weights: PpcaWeights,
    /// Key of the sampler's random numbers.
    pub seed: u64,
}

/// x_i ~ α N(μ₁, s²) + (1 − α) N(μ₂, s²), α ~ Beta(a, b); data drawn with α = `weight`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MixtureSettings {
    /// μ₂ − μ₁ ≥ 0, the means lying around 0.
    pub separation: f64,
    /// N, the number of data.
    pub examples: usize,
    /// Weight of the first component in the data, in [0, 1].
    pub weight: f64,
    /// Whether means and deviations are known.
    pub parameters: MixtureParameters,
    /// a and b of the Beta prior.
    pub prior: [f64; 2],
    /// Key of data and of the sampler's random numbers.
    pub seed: u64,
}

/// Data of probabilistic PCA; written as one word, or as a [`Source`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum PpcaData {
    /// Five columns, covariance eigenvalues 18.293, 8.403 and three near 0.01 exactly: two factors and a little noise.
    #[default]
    TwoFactors,
    /// Five columns, covariance eigenvalues 12.571 and four near 0.01: one factor, so that K = 2 has one to spare.
    OneFactor,
    /// A named data set, or the user's own file.
    Source(Source),
}

/// Where W comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PpcaWeights {
    /// Maximum likelihood at the present σ (Tipping and Bishop 1999).
    #[default]
    MaximumLikelihood,
    /// The W that a generator used, whatever σ; maximum likelihood at σ → 0 for other data.
    Generating,
}

/// Whether the parameters of the mixture's components are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MixtureParameters {
    /// Known: only α is inferred.
    #[default]
    Fixed,
    /// σ_k ~ N⁺(0, 2), μ_k ~ N(0, 2), integrated out.
    Integrated,
}

/// A way of inference; the same model can be looked at through each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Inference {
    /// In closed form or on a grid.
    #[default]
    Exact,
    /// Hamiltonian Monte Carlo (the no-U-turn sampler).
    Hmc,
    /// A factorised Gaussian that maximises the evidence lower bound.
    MeanField,
}

impl Default for PpcaSettings {
    fn default() -> Self {
        Self {
            data: PpcaData::TwoFactors,
            latent_dimensions: 2,
            sigma: 1.0,
            weights: PpcaWeights::MaximumLikelihood,
            seed: 7,
        }
    }
}

impl Default for MixtureSettings {
    fn default() -> Self {
        Self {
            separation: 1.0,
            examples: 1000,
            weight: 0.85,
            parameters: MixtureParameters::Fixed,
            prior: [5.0, 5.0],
            seed: 7,
        }
    }
}

impl fmt::Display for PpcaData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoFactors => formatter.write_str("two-factors"),
            Self::OneFactor => formatter.write_str("one-factor"),
            Self::Source(source) => source.fmt(formatter),
        }
    }
}

impl FromStr for PpcaData {
    type Err = DataError;

    fn from_str(text: &str) -> Result<Self, DataError> {
        match text {
            "two-factors" => Ok(Self::TwoFactors),
            "one-factor" => Ok(Self::OneFactor),
            text => text.parse().map(Self::Source),
        }
    }
}

impl TryFrom<String> for PpcaData {
    type Error = DataError;

    fn try_from(text: String) -> Result<Self, DataError> {
        text.parse()
    }
}

impl From<PpcaData> for String {
    fn from(data: PpcaData) -> Self {
        data.to_string()
    }
}

impl PpcaWeights {
    /// Every choice, in the order of a menu.
    pub const ALL: [Self; 2] = [Self::MaximumLikelihood, Self::Generating];

    /// Name on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::MaximumLikelihood => "Maximum likelihood",
            Self::Generating => "Generating",
        }
    }
}

impl MixtureParameters {
    /// Every choice, in the order of a menu.
    pub const ALL: [Self; 2] = [Self::Fixed, Self::Integrated];

    /// Name on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Fixed => "Fixed",
            Self::Integrated => "Integrated out",
        }
    }
}

impl Inference {
    /// Every way, the exact one first.
    pub const ALL: [Self; 3] = [Self::Exact, Self::Hmc, Self::MeanField];

    /// Name on the screen.
    pub fn label(self) -> &'static str {
        match self {
            Self::Exact => "Exact",
            Self::Hmc => "HMC",
            Self::MeanField => "Mean-field",
        }
    }
}

impl Classical {
    /// What `model` says in a file of each.
    pub const NAMES: [&'static str; 2] = ["ppca", "mixture-weight"];

    /// Whether a TOML text is one of these: its `model` is a word, where an experiment's is a table.
    pub fn is_named_in(text: &str) -> bool {
        toml::from_str::<Table>(text).is_ok_and(|table| table.get("model").is_some_and(Value::is_str))
    }

    /// TOML of the model's name and the settings that differ from the default.
    pub fn to_toml(&self) -> String {
        let default = match self {
            Self::Ppca(_) => Self::Ppca(PpcaSettings::default()),
            Self::MixtureWeight(_) => Self::MixtureWeight(MixtureSettings::default()),
        };
        let base = Table::try_from(default).unwrap_or_default();
        let mut table = Table::try_from(self).unwrap_or_default();
        table.retain(|key, value| key == "model" || base.get(key) != Some(value));
        table.to_string()
    }

    /// Reads TOML; `file` is what errors call the text.
    ///
    /// # Errors
    /// One sentence.
    pub fn from_toml(text: &str, file: &str) -> Result<Self, ExperimentError> {
        let classical: Self = toml::from_str(text).map_err(|error| ExperimentError::Syntax {
            file: file.to_owned(),
            line: error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1),
            column: 1,
            message: keys::one_line(error.message()),
        })?;
        classical.validate()?;
        Ok(classical)
    }

    /// Sets one value from `KEY=VALUE`, as on the command line.
    ///
    /// # Errors
    /// One sentence; the value is as before.
    pub fn assign(&mut self, assignment: &str) -> Result<(), ExperimentError> {
        let (key, text) = assignment
            .split_once('=')
            .map(|(key, text)| (key.trim(), text.trim()))
            .ok_or_else(|| ExperimentError::Assignment(assignment.to_owned()))?;
        let mut table = Table::try_from(&*self).unwrap_or_default();
        if key == "model" || !table.contains_key(key) {
            let known = table.keys().filter(|known| *known != "model");
            let nearest =
                known.max_by(|a, b| strsim::jaro_winkler(a, key).total_cmp(&strsim::jaro_winkler(b, key))).cloned();
            return Err(ExperimentError::UnknownKey { place: String::new(), key: key.to_owned(), nearest });
        }
        // A bare word is a string; a whole number will do for a real one.
        let value = toml::from_str::<Table>(&format!("value = {text}"))
            .ok()
            .and_then(|mut parsed| parsed.remove("value"))
            .unwrap_or_else(|| Value::String(text.to_owned()));
        let value = match (&table[key], value) {
            (Value::Float(_), Value::Integer(whole)) => Value::Float(whole as f64),
            (_, value) => value,
        };
        table.insert(key.to_owned(), value);
        let next: Self = table.try_into().map_err(|error: toml::de::Error| ExperimentError::Value {
            key: key.to_owned(),
            message: keys::one_line(error.message()),
        })?;
        next.validate()?;
        *self = next;
        Ok(())
    }

    /// Checks ranges that need no data.
    ///
    /// # Errors
    /// The first value out of its range, by key.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let range = |key: &str, value: String, rule: &str| {
            Err(ExperimentError::Range { key: key.to_owned(), value, rule: rule.to_owned() })
        };
        match self {
            Self::Ppca(PpcaSettings { latent_dimensions, sigma, .. }) => {
                if *latent_dimensions == 0 {
                    return range("latent_dimensions", "0".to_owned(), "at least 1 is needed");
                }
                if !(*sigma > 0.0 && sigma.is_finite()) {
                    return range("sigma", sigma.to_string(), "a standard deviation must be above 0");
                }
            }
            Self::MixtureWeight(MixtureSettings { separation, examples, weight, prior, .. }) => {
                if !(0.0..=1000.0).contains(separation) {
                    return range("separation", separation.to_string(), "it must be between 0 and 1000");
                }
                if !(1..=1_000_000).contains(examples) {
                    return range("examples", examples.to_string(), "it must be between 1 and 1000000");
                }
                if !(0.0..=1.0).contains(weight) {
                    return range("weight", weight.to_string(), "a weight lies between 0 and 1");
                }
                if !prior.iter().all(|parameter| *parameter > 0.0 && parameter.is_finite()) {
                    return range("prior", format!("{prior:?}"), "both parameters of a Beta prior must be above 0");
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_set_by_key() {
        let mut ppca = Classical::Ppca(PpcaSettings::default());
        ppca.assign("sigma=3").unwrap();
        ppca.assign("data=digits").unwrap();
        ppca.assign("weights=generating").unwrap();
        assert!(ppca.assign("weights=best").is_err());
        let Classical::Ppca(settings) = &ppca else { panic!() };
        assert_eq!((settings.sigma, &settings.data), (3.0, &PpcaData::Source(Source::Digits)));
        assert!(ppca.assign("sigma=0").unwrap_err().to_string().contains("above 0"));
        assert!(ppca.assign("sigm=2").unwrap_err().to_string().contains("`sigma`"));
        let Classical::Ppca(settings) = &ppca else { panic!() };
        assert_eq!(settings.sigma, 3.0);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut ppca = Classical::Ppca(PpcaSettings::default());
        ppca.assign("sigma=3").unwrap();
        let text = ppca.to_toml();
        assert!(text.contains("sigma") && !text.contains("seed"), "{text}");
        assert!(Classical::is_named_in(&text) && !Classical::is_named_in("seed = 1\n[model]\nsigma = 1.0"));
        assert_eq!(Classical::from_toml(&text, "test").unwrap(), ppca);
    }

    #[test]
    fn toml_names_the_model() {
        let mixture = Classical::from_toml("model = \"mixture-weight\"\nseparation = 20.0", "test").unwrap();
        let expected = MixtureSettings { separation: 20.0, ..MixtureSettings::default() };
        assert_eq!(mixture, Classical::MixtureWeight(expected));
        assert!(Classical::from_toml("model = \"ppca\"\nsigma = -1.0", "test").is_err());
        for name in Classical::NAMES {
            let text = format!("model = \"{name}\"");
            assert!(Classical::from_toml(&text, "test").is_ok());
            let refused = super::super::Experiment::from_toml(&text, "test").unwrap_err().to_string();
            assert!(refused.contains("nothing to train"), "{refused}");
        }
    }
}
