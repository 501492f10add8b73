//! The sections of an experiment.

use crate::data::{ConditionKind, LoadOptions, PerDimension, Sampling, Scale, Source};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// Smallest log σ² that an encoder gives an example.
pub const SMALLEST_LOG_VARIANCE: f64 = -12.0;

/// `[data]`: what is modelled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataSettings {
    /// A generator, a built-in set, or `file:PATH`.
    pub source: Source,
    /// Training points drawn by a generator.
    pub examples: usize,
    /// Eigenvalues of the covariance of generated Gaussian data; their number is D.
    pub spectrum: Vec<f64>,
    /// Correlation of every output with its condition in `correlated-gaussian`, in [-1, 1]; one for all, or one for each.
    pub correlation: PerDimension,
    /// How Gaussian data are generated.
    pub sampling: Sampling,
    /// What of each example is given to a conditional model.
    pub condition: ConditionKind,
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
    /// K, the number of latent dimensions; of the lower level z1 in a hierarchical model.
    pub latent_dimensions: usize,
    /// Latent dimensions of the upper level z2 of a hierarchical model.
    pub top_latent_dimensions: usize,
    /// Hidden widths of the encoder and of a standard decoder (tanh); empty for linear maps.
    pub hidden: Vec<usize>,
    /// Distribution of an example given its latent variable.
    pub likelihood: LikelihoodKind,
    /// Standard deviation of a Gaussian likelihood.
    pub sigma: Learnable,
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
    /// Variance of q(z | x); of q(z1 | x) in a hierarchical model.
    pub encoder_variance: Learnable,
    /// Variance of q(z2 | z1) in a hierarchical model.
    pub top_encoder_variance: Learnable,
    /// Standard deviation of p(z1 | z2) in a hierarchical model.
    pub level_sigma: f64,
    /// Prior of the latent variable.
    pub prior: PriorKind,
    /// Components of a mixture prior, pseudo-inputs of a VampPrior.
    pub prior_components: usize,
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
            spectrum: self.spectrum.clone(),
            correlation: self.correlation.clone(),
            sampling: self.sampling,
            condition: self.condition,
        }
    }
}

impl ModelSettings {
    /// Dimensions of every latent level, the one next to the data first.
    pub fn level_dimensions(&self) -> Vec<usize> {
        let upper = (self.family == Family::Hierarchical).then_some(self.top_latent_dimensions);
        std::iter::once(self.latent_dimensions).chain(upper).collect()
    }

    /// Whether encoder and decoder are linear.
    pub fn is_linear(&self) -> bool {
        let map = |widths: &Option<Vec<usize>>| widths.as_ref().unwrap_or(&self.hidden).is_empty();
        let has_own_widths = self.decoder == DecoderKind::Brenier;
        self.hidden.is_empty() && (!has_own_widths || map(&self.latent_map_hidden) && map(&self.output_map_hidden))
    }
}

impl Default for DataSettings {
    fn default() -> Self {
        let LoadOptions { spectrum, correlation, sampling, condition, .. } = LoadOptions::default();
        Self {
            source: Source::Pinwheel,
            examples: 10_000,
            spectrum,
            correlation,
            sampling,
            condition,
            scale: Scale::Standardize,
            label: None,
            array: None,
        }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            family: Family::Vae,
            latent_dimensions: 2,
            top_latent_dimensions: 2,
            hidden: vec![64, 64],
            likelihood: LikelihoodKind::Gaussian,
            sigma: Learnable::Fixed(1.0),
            decoder: DecoderKind::Standard,
            convexity: 1.0,
            projection: Projection::Identity,
            latent_map_hidden: None,
            output_map_hidden: None,
            quadratic_rank: 64,
            encoder_start: EncoderStart::Random,
            encoder_variance: Learnable::Learned,
            top_encoder_variance: Learnable::Learned,
            level_sigma: 1.0,
            prior: PriorKind::Standard,
            prior_components: 16,
        }
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
        /// z ~ p(z | c), y | z, c ~ likelihood(decoder(z, c)): the output y of each example given its condition c.
        Conditional = "conditional", "Conditional VAE";
        /// z2 ~ N(0, I), z1 | z2 ~ N(upper decoder(z2), level_sigma² I), x | z1 ~ likelihood(decoder(z1)).
        Hierarchical = "hierarchical", "Hierarchical VAE";
    }
}

named_enum! {
    /// Prior of the latent variable.
    PriorKind {
        /// N(0, I), whatever the condition.
        Standard = "standard", "Standard normal";
        /// N(μ(c), diag σ²(c)), both learned; of a conditional model.
        Conditional = "conditional", "Learned from the condition";
        /// Σ_c w_c N(μ_c, diag σ_c²), all learned.
        GaussianMixture = "gaussian-mixture", "Learned Gaussian mixture";
        /// (1/C) Σ_c q(z | u_c) over learned pseudo-inputs u_c (Tomczak and Welling 2018).
        Vamp = "vamp", "VampPrior";
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

impl PriorKind {
    /// Whether it is a mixture over the latent space, so that the KL to it has no closed form.
    pub fn is_mixture(self) -> bool {
        matches!(self, Self::GaussianMixture | Self::Vamp)
    }
}

named_enum! {
    /// How the latent variable is mapped to the likelihood's natural parameter.
    DecoderKind {
        /// Multilayer perceptron.
        Standard = "standard", "Standard";
        /// g2(βᵀ g1(z)), both maps gradients of strongly convex potentials: injective in z.
        Brenier = "brenier", "Brenier";
        /// Lower-triangular linear map, D ≥ K: no rotation of z can turn its posteriors along the axes.
        Triangular = "triangular", "Triangular";
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

pub(super) use named_enum;

/// A standard deviation or a variance that is a number, or `"learned"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Learnable {
    /// Fixed, adjustable while training.
    Fixed(f64),
    /// Optimised with the weights, starting at 1.
    Learned,
}

impl Learnable {
    /// The value that training starts with.
    pub fn initial(self) -> f64 {
        self.fixed().unwrap_or(1.0)
    }

    /// The value, unless it is learned.
    pub fn fixed(self) -> Option<f64> {
        match self {
            Self::Fixed(value) => Some(value),
            Self::Learned => None,
        }
    }
}

impl fmt::Display for Learnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(value) => write!(f, "{value}"),
            Self::Learned => f.write_str("learned"),
        }
    }
}

impl Serialize for Learnable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(value) => serializer.serialize_f64(*value),
            Self::Learned => serializer.serialize_str("learned"),
        }
    }
}

impl<'de> Deserialize<'de> for Learnable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Learnable;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number above 0, or \"learned\"")
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Learnable, E> {
                Ok(Learnable::Fixed(value))
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Learnable, E> {
                Ok(Learnable::Fixed(value as f64))
            }
            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Learnable, E> {
                Ok(Learnable::Fixed(value as f64))
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Learnable, E> {
                match value {
                    "learned" => Ok(Learnable::Learned),
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
