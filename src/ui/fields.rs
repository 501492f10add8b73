//! Every setting on the screen: name, explanation, and what kind of control it gets. One table for panel, tooltips and messages.

mod table;

pub use table::FIELDS;

use crate::data::{ConditionKind, Sampling, Source};
use crate::experiment::{DataSettings, DecoderKind, Expectation, Family, LIVE, LikelihoodKind, Settings};

/// Heading in the settings panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldGroup {
    /// Generator and table settings.
    Data,
    /// Latent variable, likelihood, networks.
    Model,
    /// The Brenier maps.
    Brenier,
    /// What is optimised and how.
    Training,
    /// Seed and length.
    Run,
}

/// What a setting means something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// Everything.
    Always,
    /// Variants with a Gaussian likelihood.
    Gaussian,
    /// Variants with a Brenier decoder.
    Brenier,
    /// Conditional variants.
    Conditional,
    /// Hierarchical variants.
    Hierarchical,
    /// Linear variants with a Gaussian likelihood.
    Linear,
    /// Data that are drawn in a chosen number.
    Generated,
    /// Generated Gaussian data.
    GaussianData,
    /// Gaussian data with conditions.
    Correlated,
    /// Conditional variants, and data that are split into condition and output.
    Conditioned,
}

/// The control of a setting.
#[derive(Clone, Copy, Debug)]
pub enum Control {
    /// A slider that also takes a typed number.
    Slider {
        /// Smallest value of the slider.
        low: f64,
        /// Largest.
        high: f64,
        /// Whether equal distances are equal factors.
        logarithmic: bool,
    },
    /// A slider, or learned.
    Learnable {
        /// Smallest value of the slider.
        low: f64,
        /// Largest.
        high: f64,
        /// Name of the box that lets it be learned.
        learned: &'static str,
    },
    /// A whole number.
    Count {
        /// Smallest.
        low: u64,
        /// Largest.
        high: u64,
        /// What 0 is called, where it has a meaning of its own.
        zero: Option<&'static str>,
    },
    /// Widths of hidden layers, separated by commas.
    Widths,
    /// Numbers, separated by commas.
    Numbers {
        /// Whether a single one stands for itself, and not for a list of one.
        may_be_one: bool,
        /// Smallest that is accepted.
        low: f64,
        /// Largest.
        high: f64,
        /// What they must be, in words.
        rule: &'static str,
    },
    /// One of a few: key and name of each.
    Choice(fn() -> Vec<(&'static str, &'static str)>),
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Dotted path.
    pub key: &'static str,
    /// Name on the screen.
    pub label: &'static str,
    /// What it is, in which unit.
    pub tooltip: &'static str,
    /// Where it stands.
    pub group: FieldGroup,
    /// Which variants it concerns.
    pub applies: Applies,
    /// How it is changed.
    pub control: Control,
}

impl FieldGroup {
    /// All, in the order of the panel.
    pub const ALL: [Self; 5] = [Self::Data, Self::Model, Self::Brenier, Self::Training, Self::Run];

    /// Name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Brenier => "Brenier decoder",
            Self::Training => "Objective and optimizer",
            Self::Run => "Run",
        }
    }
}

impl Field {
    /// Whether the setting means something for a run on data.
    pub fn applies_to(&self, run: &Settings, data: &DataSettings) -> bool {
        let is_gaussian = run.model.likelihood == LikelihoodKind::Gaussian;
        let is_conditional = run.model.family == Family::Conditional;
        let is_gaussian_data = matches!(data.source, Source::LinearGaussian | Source::CorrelatedGaussian);
        match self.applies {
            Applies::Always => true,
            Applies::Gaussian => is_gaussian,
            Applies::Brenier => run.model.decoder == DecoderKind::Brenier,
            Applies::Conditional => is_conditional,
            Applies::Hierarchical => run.model.family == Family::Hierarchical,
            // What no longer fits must be there to be changed.
            Applies::Linear => {
                run.model.is_linear() && is_gaussian || run.objective.expectation != Expectation::Sampled
            }
            Applies::Generated => {
                let is_pinwheel = matches!(data.source, Source::Pinwheel | Source::PinwheelR6);
                is_pinwheel || is_gaussian_data && data.sampling == Sampling::Drawn
            }
            Applies::GaussianData => is_gaussian_data,
            Applies::Correlated => data.source == Source::CorrelatedGaussian,
            Applies::Conditioned => is_conditional || data.condition != ConditionKind::Source,
        }
    }

    /// Name on the screen beside a run.
    pub fn label_for(&self, run: &Settings) -> &'static str {
        match (run.model.family, self.key) {
            (Family::Hierarchical, "model.latent_dimensions") => "Dimensions of z1",
            (Family::Hierarchical, "model.encoder_variance") => "Var q(z1|x)",
            (Family::Hierarchical, "objective.beta") => "KL weight β1",
            _ => self.label,
        }
    }

    /// What it is, and whether it applies at once.
    pub fn full_tooltip(&self) -> String {
        let when = if LIVE.contains(&self.key) {
            "Applies at once, while training"
        } else {
            "Needs a restart; the present run goes on until then"
        };
        format!("{}\n\n{when}. In files: {}", self.tooltip, self.key)
    }
}

/// Name on the screen of a setting, by its dotted path; the path itself where the panel does not have it.
pub fn label_of(key: &str) -> String {
    let (variant, key) = match key.strip_prefix("variants.").and_then(|rest| rest.split_once('.')) {
        Some((variant, key)) => (Some(variant), key),
        None => (None, key),
    };
    let label = match key {
        "model.decoder" => "decoder",
        "data.source" => "data",
        "data.scale" => "scale of the data",
        "data.label" => "label column",
        _ => FIELDS.iter().find(|field| field.key == key).map_or(key, |field| field.label),
    };
    variant.map_or_else(|| label.to_owned(), |variant| format!("{label} of {variant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn every_field_is_a_setting() {
        let known = Experiment::known_keys();
        for field in FIELDS {
            assert!(known.iter().any(|key| key == field.key), "{} is no setting", field.key);
        }
    }

    #[test]
    fn overrides_are_named_after_their_variant() {
        assert_eq!(label_of("variants.brenier.model.convexity"), "Floor m of brenier");
        assert_eq!(label_of("model.unknown"), "model.unknown");
    }
}
