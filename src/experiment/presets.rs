//! The presets: experiments with a lesson beside them, kept as the files that a person could have written.

use super::{Classical, Experiment, ExperimentError};

/// An experiment that comes with the program.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Name on the command line.
    pub name: &'static str,
    /// Name on the screen.
    pub title: &'static str,
    /// One line on what it shows.
    pub summary: &'static str,
    /// Lesson text in Markdown.
    pub text: &'static str,
    /// Names of the panels that stand first in a column.
    pub front: &'static [&'static str],
    toml: &'static str,
    kind: Kind,
}

/// What a preset's file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An [`Experiment`].
    Training,
    /// A [`Classical`] model.
    Classical,
}

macro_rules! preset {
    ($kind:ident, $name:literal, $title:literal, $summary:literal $(, $front:literal)*) => {
        Preset {
            name: $name,
            title: $title,
            summary: $summary,
            text: include_str!(concat!("../../assets/presets/", $name, ".md")),
            toml: include_str!(concat!("../../assets/presets/", $name, ".toml")),
            kind: Kind::$kind,
            front: &[$($front),*],
        }
    };
}

/// Every preset, the default lesson first.
pub const PRESETS: &[Preset] = &[
    preset!(
        Training,
        "collapse-2d",
        "Collapse in two dimensions",
        "pinwheel, K = 2, σ = 1: the standard decoder ignores its latent variable, the Brenier-map decoder cannot"
    ),
    preset!(
        Training,
        "theorem",
        "The theorem",
        "collapse-2d with log p(x|z) in front: a flat likelihood and a posterior equal to the prior are the same thing",
        "likelihood-map",
        "posterior-means"
    ),
    preset!(
        Classical,
        "ppca",
        "Probabilistic PCA, exactly",
        "no training, no approximation: latent dimensions die one by one as σ crosses the eigenvalues' square roots"
    ),
    preset!(
        Classical,
        "mixture-weight",
        "Mixture weight, exactly",
        "the weight of two equal components: exact inference gives back the prior, however many data; mean-field inference does not"
    ),
    preset!(
        Training,
        "encoder-lag",
        "Encoder lag",
        "a model that has information beside an encoder that does not: collapse of the encoder alone, and how it ends",
        "posterior-means",
        "likelihood-map"
    ),
    preset!(
        Training,
        "remedies",
        "Remedies side by side",
        "six published remedies on the data of the first lesson: which of them bring information back, and what each of them costs"
    ),
    preset!(
        Training,
        "lagging",
        "Lagging inference",
        "an encoder that learns too slowly, and two ways of training that close the gap: aggressive steps, and refined posteriors",
        "posterior-means",
        "method"
    ),
    preset!(
        Training,
        "libi-linear",
        "Likelihood before inference",
        "a linear model whose posteriors no mean-field encoder can match: the ELBO bends the model, LiBI does not",
        "method",
        "posterior"
    ),
    preset!(
        Training,
        "libi-mobius",
        "LiBI on a Möbius map",
        "the same on a curved map with known log-likelihood: aggregated posterior, posterior matching, and the phases of the algorithm",
        "method",
        "posterior"
    ),
    preset!(
        Training,
        "mutual-information",
        "Mutual autoencoder",
        "one latent dimension, an ELBO that is flat in the decoder's weight, and a slider that says how much information z must carry",
        "method",
        "kl"
    ),
    preset!(
        Training,
        "surplus-dimensions",
        "Surplus dimensions",
        "a 2-D pinwheel in R⁶, K = 4: two latent dimensions too many, and what keeping them active costs"
    ),
    preset!(
        Training,
        "linear-vae",
        "Linear VAE against theory",
        "a model whose optimum is known: bars arrive at the predicted KLs, and die one by one as β passes the eigenvalues",
        "kl",
        "spectrum"
    ),
    preset!(
        Training,
        "conditional-correlation",
        "Conditional VAE, correlation",
        "the better a condition predicts the output, the less is left for z: the spectrum given the condition decides what collapses",
        "kl",
        "spectrum"
    ),
    preset!(
        Training,
        "hierarchical",
        "Two levels",
        "a linear hierarchical VAE with fixed encoder variance: the upper level dies mode by mode as β2 rises",
        "kl",
        "spectrum"
    ),
    preset!(
        Training,
        "hierarchical-learned-variance",
        "Two levels, learned variance",
        "with both encoder variances learned and β2 > β1 the upper level collapses whatever the data; a fixed variance keeps it alive",
        "kl",
        "spectrum"
    ),
    preset!(
        Training,
        "fashion",
        "Fashion-MNIST",
        "built-in images, K = 16: half of the dimensions go unused with a standard decoder, none with a Brenier-map decoder"
    ),
    preset!(
        Training,
        "quadrants",
        "Complete a picture",
        "a conditional VAE completes Fashion-MNIST from its lower left quarter: what the quarter tells, z need not say",
        "kl",
        "spectrum",
        "traversal"
    ),
    preset!(
        Training,
        "digits",
        "8×8 digits",
        "small binarised images, K = 8: trains in seconds, with traversals that can be read"
    ),
];

impl Preset {
    /// Finds a preset by name.
    ///
    /// # Errors
    /// An unknown name lists the known ones.
    pub fn find(name: &str) -> Result<&'static Self, ExperimentError> {
        PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| ExperimentError::UnknownPreset {
            name: name.to_owned(),
            known: PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", "),
        })
    }

    /// The experiment.
    ///
    /// # Errors
    /// A classical model: nothing is trained. No other, for the presets that come with the program; a test reads them all.
    pub fn experiment(&self) -> Result<Experiment, ExperimentError> {
        match self.kind {
            Kind::Training => Experiment::from_toml(self.toml, self.name),
            Kind::Classical => Err(ExperimentError::NothingToTrain(self.name)),
        }
    }

    /// The classical model, where the preset is one.
    ///
    /// # Errors
    /// None for the presets that come with the program; a test reads them all.
    pub fn classical(&self) -> Option<Result<Classical, ExperimentError>> {
        (self.kind == Kind::Classical).then(|| Classical::from_toml(self.toml, self.name))
    }

    /// The experiment as a lesson: without a step limit, so that every knob still moves something when the person gets to it.
    ///
    /// # Errors
    /// As [`Self::experiment`].
    pub fn lesson(&self) -> Result<Experiment, ExperimentError> {
        Ok(Experiment { steps: 0, ..self.experiment()? })
    }
}
