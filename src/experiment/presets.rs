//! The presets: experiments with a lesson beside them, kept as the files that a person could have written.

use super::{Experiment, ExperimentError};

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
    toml: &'static str,
}

macro_rules! preset {
    ($name:literal, $title:literal, $summary:literal) => {
        Preset {
            name: $name,
            title: $title,
            summary: $summary,
            text: include_str!(concat!("../../assets/presets/", $name, ".md")),
            toml: include_str!(concat!("../../assets/presets/", $name, ".toml")),
        }
    };
}

/// Every preset, the default lesson first.
pub const PRESETS: &[Preset] = &[
    preset!(
        "collapse-2d",
        "Collapse in two dimensions",
        "pinwheel, K = 2, σ = 1: the standard decoder ignores its latent variable, the Brenier-map decoder cannot"
    ),
    preset!(
        "surplus-dimensions",
        "Surplus dimensions",
        "a 2-D pinwheel in R⁶, K = 4: two latent dimensions too many, and what keeping them active costs"
    ),
    preset!(
        "fashion",
        "Fashion-MNIST",
        "built-in images, K = 16: half of the dimensions go unused with a standard decoder, none with a Brenier-map decoder"
    ),
    preset!(
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
    /// None for the presets that come with the program; a test reads them all.
    pub fn experiment(&self) -> Result<Experiment, ExperimentError> {
        Experiment::from_toml(self.toml, self.name)
    }

    /// The experiment as a lesson: without a step limit, so that every knob still moves something when the person gets to it.
    ///
    /// # Errors
    /// As [`Self::experiment`].
    pub fn lesson(&self) -> Result<Experiment, ExperimentError> {
        Ok(Experiment { steps: 0, ..self.experiment()? })
    }
}
