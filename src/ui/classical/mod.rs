//! Classical models in the window: nothing is trained, inference is exact, and two other ways of inference stand beside it.
//!
//! | file | job |
//! |---|---|
//! | `lab` | the session, and its settings as the person has them |
//! | `frame` | the middle of the window: verdict, panels, their places |
//! | `settings` | the settings on the left |
//! | `ppca`, `mixture` | the panels of each model, and what they say in words |
//! | `curves`, `legend`, `table` | what both models draw: densities, colours of inference, inference side by side |
//! | `words`, `diagnosis`, `terms` | numbers, what they say, what the terms mean |

mod curves;
mod diagnosis;
mod frame;
mod lab;
mod legend;
mod mixture;
mod ppca;
mod settings;
mod table;
mod terms;
mod words;

pub use diagnosis::diagnosis_ui;
pub use frame::ClassicalFrame;
pub use lab::ClassicalLab;
pub use settings::settings_ui;
pub use terms::TERMS;

use crate::data::Source;
use crate::experiment::{Classical, PpcaData};

/// Why what belongs to training is disabled.
pub const NOTHING_TRAINED: &str = "Nothing is trained here: inference is exact";

/// Everything that can be drawn of a classical model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassicalPanel {
    /// Eigenvalues of the data's covariance, and σ².
    Spectrum,
    /// KL per latent dimension, measured and predicted.
    Kl,
    /// log p(x | z) over the latent plane.
    LikelihoodMap,
    /// One latent dimension: prior and posteriors as densities.
    Density,
    /// The mixture's data and components.
    Histogram,
    /// log-likelihood of the mixture's weight.
    Likelihood,
    /// The weight: prior and posteriors as densities.
    Weight,
    /// Ways of inference side by side, in numbers.
    Inference,
}

impl ClassicalPanel {
    /// Panels of probabilistic PCA.
    pub const PPCA: &[Self] = &[Self::Spectrum, Self::Kl, Self::LikelihoodMap, Self::Density, Self::Inference];
    /// Panels of the mixture's weight.
    pub const MIXTURE: &[Self] = &[Self::Histogram, Self::Likelihood, Self::Weight, Self::Inference];

    /// The panels of a model.
    pub fn of(model: &Classical) -> &'static [Self] {
        match model {
            Classical::Ppca(_) => Self::PPCA,
            Classical::MixtureWeight(_) => Self::MIXTURE,
        }
    }

    /// Name on the command line, unique within a model.
    pub fn name(self) -> &'static str {
        match self {
            Self::Spectrum => "spectrum",
            Self::Kl => "kl",
            Self::LikelihoodMap => "likelihood-map",
            Self::Density | Self::Weight => "posterior",
            Self::Histogram => "data",
            Self::Likelihood => "likelihood",
            Self::Inference => "inference",
        }
    }
}

/// The data source that a model looks at, where it has one.
pub fn source_of(model: &Classical) -> Option<&Source> {
    match model {
        Classical::Ppca(settings) => match &settings.data {
            PpcaData::Source(source) => Some(source),
            PpcaData::TwoFactors | PpcaData::OneFactor => None,
        },
        Classical::MixtureWeight(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_within_a_model() {
        for panels in [ClassicalPanel::PPCA, ClassicalPanel::MIXTURE] {
            for (at, panel) in panels.iter().enumerate() {
                assert!(panels[..at].iter().all(|other| other.name() != panel.name()), "{panel:?}");
            }
        }
    }
}
