//! The sections of an experiment.

use crate::data::{LoadOptions, Scale, Source};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// `[data]`: what is modelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// A generator, a built-in set, or `file:PATH`.
    pub source: Source,
    /// Training points drawn by a generator.
    pub examples: usize,
    /// What is done to the columns of a table.
    pub scale: Scale,
    /// Label column of a table, by name or 1-based number.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "name_or_number")]
    pub label: Option<String>,
    /// Array of an NPZ file.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "name_or_number")]
    pub array: Option<String>,
}

/// `[model]`: the generative model and its encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ModelSettings {
    /// Kind of latent variable model.
    pub family: Family,
    /// K, the number of latent dimensions.
    pub latent_dimensions: usize,
    /// Hidden widths of the encoder and of a standard decoder (tanh).
    pub hidden: Vec<usize>,
    /// Distribution of an example given its latent variable.
    pub likelihood: LikelihoodKind,
    /// Standard deviation of a Gaussian likelihood.
    pub sigma: Sigma,
    /// How the latent variable is mapped to the likelihood's natural parameter.
    pub decoder: DecoderKind,
    /// Strong-convexity floor m ≥ 0 of both Brenier potentials.
    pub convexity: f64,
    /// β, the map from K to D dimensions between the two Brenier maps.
    pub projection: Projection,
    /// Hidden widths of the first Brenier map g1 (K → K); `hidden` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latent_map_hidden: Option<Vec<usize>>,
    /// Hidden widths of the second Brenier map g2 (D → D); `hidden` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_map_hidden: Option<Vec<usize>>,
    /// Rank of the quadratic term of g2's potential, at most D.
    pub quadratic_rank: usize,
    /// Where the encoder's posteriors start.
    pub encoder_start: EncoderStart,
}

/// `[objective]`: what is optimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectiveSettings {
    /// Way of training.
    pub method: Method,
    /// β, the weight of the KL term.
    pub beta: f64,
}

/// `[optimizer]`: Adam with a global-norm clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptimizerSettings {
    /// Adam's step size.
    pub learning_rate: f64,
    /// The encoder's step size as a multiple of it; 0 freezes the encoder.
    pub encoder_rate: f64,
    /// Examples per step.
    pub batch_size: usize,
    /// Largest Euclidean norm of the gradient over all parameters.
    pub gradient_clip: f64,
}

impl DataSettings {
    /// How the source is read.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            label: self.label.clone(),
            array: self.array.clone(),
            scale: self.scale,
            examples: Some(self.examples),
        }
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        Self { source: Source::Pinwheel, examples: 10_000, scale: Scale::Standardize, label: None, array: None }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            family: Family::Vae,
            latent_dimensions: 2,
            hidden: vec![64, 64],
            likelihood: LikelihoodKind::Gaussian,
            sigma: Sigma::Fixed(1.0),
            decoder: DecoderKind::Standard,
            convexity: 1.0,
            projection: Projection::Identity,
            latent_map_hidden: None,
            output_map_hidden: None,
            quadratic_rank: 64,
            encoder_start: EncoderStart::Random,
        }
    }
}

impl Default for ObjectiveSettings {
    fn default() -> Self {
        Self { method: Method::Elbo, beta: 1.0 }
    }
}

impl Default for OptimizerSettings {
    fn default() -> Self {
        Self { learning_rate: 2e-3, encoder_rate: 1.0, batch_size: 128, gradient_clip: 5.0 }
    }
}

/// Declares a settings enum with its names in files and on the screen.
macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $key:literal, $label:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $key)] $variant,)+ }

        impl $name {
            /// Every choice, in the order of a menu.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in files and on the command line.
            pub fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)+ }
            }

            /// Name on the screen.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }
    };
}

named_enum! {
    /// Kind of latent variable model.
    Family {
        /// z ~ N(0, I), x | z ~ likelihood(decoder(z)).
        Vae = "vae", "VAE";
    }
}

named_enum! {
    /// Distribution of an example given its latent variable.
    LikelihoodKind {
        /// N(decoder(z), σ²I).
        Gaussian = "gaussian", "Gaussian";
        /// Independent Bernoulli with logits decoder(z), over data binarised afresh at every step.
        Bernoulli = "bernoulli", "Bernoulli";
    }
}

named_enum! {
    /// How the latent variable is mapped to the likelihood's natural parameter.
    DecoderKind {
        /// Multilayer perceptron.
        Standard = "standard", "Standard";
        /// g2(βᵀ g1(z)), both maps gradients of strongly convex potentials: injective in z.
        Brenier = "brenier", "Brenier";
    }
}

named_enum! {
    /// β, the orthonormal rows between the two Brenier maps.
    Projection {
        /// The first K of the D coordinates.
        Identity = "identity", "Identity";
        /// The top K principal directions of the training data.
        Principal = "principal", "Principal directions";
    }
}

named_enum! {
    /// Where the encoder's posteriors start.
    EncoderStart {
        /// Random weights throughout: posteriors differ from example to example at once.
        Random = "random", "Random";
        /// The output layers start at 0, so that q(z | x) is the prior for every x.
        Prior = "prior", "At the prior";
    }
}

named_enum! {
    /// Way of training.
    Method {
        /// Amortised evidence lower bound, one reparameterised sample per example.
        Elbo = "elbo", "ELBO";
    }
}

/// Standard deviation of a Gaussian likelihood: a number, or `"learned"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sigma {
    /// Fixed, adjustable while training.
    Fixed(f64),
    /// One scalar, optimised with the weights, starting at 1.
    Learned,
}

impl Sigma {
    /// The value that training starts with.
    pub fn initial(self) -> f64 {
        match self {
            Self::Fixed(sigma) => sigma,
            Self::Learned => 1.0,
        }
    }
}

impl fmt::Display for Sigma {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(sigma) => write!(f, "{sigma}"),
            Self::Learned => f.write_str("learned"),
        }
    }
}

impl Serialize for Sigma {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(sigma) => serializer.serialize_f64(*sigma),
            Self::Learned => serializer.serialize_str("learned"),
        }
    }
}

impl<'de> Deserialize<'de> for Sigma {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Sigma;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a standard deviation above 0, or \"learned\"")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Sigma, E> {
                Ok(Sigma::Fixed(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Sigma, E> {
                Ok(Sigma::Fixed(value as f64))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Sigma, E> {
                Ok(Sigma::Fixed(value as f64))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Sigma, E> {
                match value {
                    "learned" => Ok(Sigma::Learned),
                    other => Err(E::invalid_value(de::Unexpected::Str(other), &self)),
                }
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// A name, which may be written as a bare number.
fn name_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    struct Visitor;
    impl de::Visitor<'_> for Visitor {
        type Value = Option<String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a name or a number")
        }
        fn visit_str<E: de::Error>(self, value: &str) -> Result<Option<String>, E> {
            Ok(Some(value.to_owned()))
        }
        fn visit_i64<E: de::Error>(self, value: i64) -> Result<Option<String>, E> {
            Ok(Some(value.to_string()))
        }
    }
    deserializer.deserialize_any(Visitor)
}
