//! Every setting on the screen: name, explanation, and what kind of control it gets. One table for panel, tooltips and messages.

use crate::experiment::{DecoderKind, EncoderStart, LikelihoodKind, Projection, Settings};

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

/// Which variants a setting means something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// All.
    Always,
    /// Those with a Gaussian likelihood.
    Gaussian,
    /// Those with a Brenier decoder.
    Brenier,
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
    Sigma,
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
    /// Whether it applies to a running training.
    pub is_live: bool,
    /// Where it stands.
    pub group: FieldGroup,
    /// Which variants it concerns.
    pub applies: Applies,
    /// How it is changed.
    pub control: Control,
}

/// All settings, in the order of the panel.
pub const FIELDS: &[Field] = &[
    Field {
        key: "model.sigma",
        label: "Noise σ",
        tooltip: "Standard deviation of the Gaussian likelihood N(decoder(z), σ²I), in units of the data. A large σ makes information \
                  about x worth little, and collapse cheap. “Learned” optimises it with the weights",
        is_live: true,
        group: FieldGroup::Model,
        applies: Applies::Gaussian,
        control: Control::Sigma,
    },
    Field {
        key: "model.latent_dimensions",
        label: "Latent dimensions K",
        tooltip: "Number of latent dimensions. A Brenier decoder needs at least as many data dimensions",
        is_live: false,
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Count { low: 1, high: 512, zero: None },
    },
    Field {
        key: "model.likelihood",
        label: "Likelihood",
        tooltip: "Distribution of an example given z. Gaussian: N(decoder(z), σ²I). Bernoulli: independent pixels with logits decoder(z), \
                  over data in [0, 1] binarised afresh at every step",
        is_live: false,
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Choice(|| LikelihoodKind::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.hidden",
        label: "Hidden widths",
        tooltip: "Widths of the hidden layers of the encoder and of a standard decoder (tanh), separated by commas, for example 64, 64",
        is_live: false,
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Widths,
    },
    Field {
        key: "model.encoder_start",
        label: "Encoder starts",
        tooltip: "Random: with posteriors that differ from example to example. At the prior: with q(z|x) = p(z) for every x, as a collapsed \
                  encoder has it",
        is_live: false,
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Choice(|| EncoderStart::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.convexity",
        label: "Floor m",
        tooltip: "Strong-convexity floor m of both Brenier potentials: ‖decoder(z) − decoder(z′)‖ ≥ m² ‖z − z′‖ for all z, z′. At 0 the \
                  decoder is still injective, but its latents may come arbitrarily close to collapse",
        is_live: true,
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Slider { low: 0.0, high: 2.0, logarithmic: false },
    },
    Field {
        key: "model.projection",
        label: "Projection",
        tooltip: "How the K outputs of g1 enter the D inputs of g2. Identity: as the first K coordinates. Principal directions: along the \
                  K directions of largest variance of the training data",
        is_live: false,
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Choice(|| Projection::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.latent_map_hidden",
        label: "Widths of g1",
        tooltip: "Hidden widths of the potential of the first Brenier map g1 (K → K), separated by commas; empty for the hidden widths above",
        is_live: false,
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Widths,
    },
    Field {
        key: "model.output_map_hidden",
        label: "Widths of g2",
        tooltip: "Hidden widths of the potential of the second Brenier map g2 (D → D), separated by commas; empty for the hidden widths above",
        is_live: false,
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Widths,
    },
    Field {
        key: "model.quadratic_rank",
        label: "Quadratic rank",
        tooltip: "Rank of the quadratic term of g2's potential, at most the number of data dimensions",
        is_live: false,
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.beta",
        label: "KL weight β",
        tooltip: "Weight of the KL term in the objective: reconstruction + β · KL. 1 is the ELBO; a larger β pushes the posterior towards \
                  the prior. Negative ELBO on the screen always counts the KL once",
        is_live: true,
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 0.0, high: 8.0, logarithmic: false },
    },
    Field {
        key: "optimizer.learning_rate",
        label: "Learning rate",
        tooltip: "Step size of Adam",
        is_live: true,
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 1e-5, high: 1e-1, logarithmic: true },
    },
    Field {
        key: "optimizer.encoder_rate",
        label: "Encoder rate",
        tooltip: "The encoder's step size as a multiple of the learning rate. 1 trains encoder and decoder alike; less lets the encoder lag \
                  behind the model's exact posterior, and 0 freezes it",
        is_live: true,
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 0.0, high: 1.0, logarithmic: false },
    },
    Field {
        key: "optimizer.batch_size",
        label: "Batch size",
        tooltip: "Training examples per optimizer step",
        is_live: false,
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Count { low: 1, high: 65_536, zero: None },
    },
    Field {
        key: "optimizer.gradient_clip",
        label: "Gradient clip",
        tooltip: "Largest Euclidean norm of the gradient over all parameters; a longer gradient is shortened to it",
        is_live: false,
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 0.1, high: 100.0, logarithmic: true },
    },
    Field {
        key: "data.examples",
        label: "Training points",
        tooltip: "Number of training points that the generator draws",
        is_live: false,
        group: FieldGroup::Data,
        applies: Applies::Always,
        control: Control::Count { low: 2, high: 1_000_000, zero: None },
    },
    Field {
        key: "seed",
        label: "Seed",
        tooltip: "Key of every random number: initial weights, batch order and noise. Variants share batches and noise; the same seed on \
                  the CPU gives the same run, bit for bit",
        is_live: false,
        group: FieldGroup::Run,
        applies: Applies::Always,
        control: Control::Count { low: 0, high: 4_294_967_295, zero: None },
    },
    Field {
        key: "steps",
        label: "Step limit",
        tooltip: "Optimizer steps per variant after which training stops; 0 trains until paused",
        is_live: true,
        group: FieldGroup::Run,
        applies: Applies::Always,
        control: Control::Count { low: 0, high: 100_000_000, zero: Some("none") },
    },
];

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
    /// Whether the setting means something for a run.
    pub fn applies_to(&self, run: &Settings) -> bool {
        match self.applies {
            Applies::Always => true,
            Applies::Gaussian => run.model.likelihood == LikelihoodKind::Gaussian,
            Applies::Brenier => run.model.decoder == DecoderKind::Brenier,
        }
    }

    /// What it is, and whether it applies at once.
    pub fn full_tooltip(&self) -> String {
        let when = if self.is_live {
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
        assert_eq!(label_of("model.family"), "model.family");
    }
}
