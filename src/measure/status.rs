//! Three ways in which "the posterior collapsed" can be true, kept apart: the likelihood is flat, the exact posterior is the prior,
//! the encoder's posterior is the prior.

use serde::{Deserialize, Serialize};

/// KL under which a posterior counts as the prior, nats per example. In a linear-Gaussian model an active unit's threshold of 0.01 on
/// the variance of the posterior mean is a KL of −½ log(1 − 0.01) = 0.00503 nats.
pub const COLLAPSED_KL: f64 = 0.005;
/// The encoder lags in part when its KL is below this share of the exact one. Fitted by the ELBO, a diagonal Gaussian falls short of a posterior
/// of another shape, but by less.
const LAGGING_SHARE: f64 = 0.5;
/// R under which a likelihood counts as flat, nats: by KL ≤ R²/8 it leaves no more than [`COLLAPSED_KL`].
pub const FLAT_RANGE: f64 = 0.2;

/// Means over pool examples by which the three are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Statuses {
    /// R, nats: on the grid, or where there is none the largest range along a single dimension.
    pub likelihood_range: f64,
    /// KL of the exact posterior, nats; `None` without a grid.
    pub exact_kl: Option<f64>,
    /// KL of the encoder's posterior, nats.
    pub encoder_kl: f64,
    /// Dimensions whose encoder mean moves with x; modes where the encoder variance is fixed.
    pub active_units: usize,
}

/// What the three statuses together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnosis {
    /// Likelihood flat: by the theorem every inference gives the prior.
    ModelCollapsed,
    /// The likelihood depends on z, but too little to move the exact posterior away from the prior.
    NearlyFlat,
    /// The exact posterior is informative and the encoder's is the prior.
    EncoderLags,
    /// The encoder's KL is far below the exact one.
    EncoderPartlyLags,
    /// The exact posterior is the prior and the encoder's is not.
    EncoderInvents,
    /// Both are informative.
    Informative,
    /// The likelihood depends on z and the encoder's posterior is the prior; without a grid, whether the exact one is too is not known.
    Undetermined,
}

impl Statuses {
    /// R < [`FLAT_RANGE`].
    pub fn is_likelihood_flat(&self) -> bool {
        self.likelihood_range < FLAT_RANGE
    }

    /// KL < [`COLLAPSED_KL`] on the grid; `None` without one.
    pub fn is_exact_collapsed(&self) -> Option<bool> {
        self.exact_kl.map(|kl| kl < COLLAPSED_KL)
    }

    /// No active unit, or KL < [`COLLAPSED_KL`].
    pub fn is_encoder_collapsed(&self) -> bool {
        self.active_units == 0 || self.encoder_kl < COLLAPSED_KL
    }
}

impl Statuses {
    /// What they say together.
    pub fn diagnosis(&self) -> Diagnosis {
        let is_flat = self.is_likelihood_flat();
        match (self.is_exact_collapsed(), self.is_encoder_collapsed()) {
            // Without a grid a flat likelihood stands for an exact posterior that is the prior.
            (Some(true), true) | (None, true) if is_flat => Diagnosis::ModelCollapsed,
            (Some(true), false) => Diagnosis::EncoderInvents,
            (None, false) if is_flat => Diagnosis::EncoderInvents,
            (Some(true), true) => Diagnosis::NearlyFlat,
            (Some(false), true) => Diagnosis::EncoderLags,
            (Some(false), false) if self.exact_kl.is_some_and(|kl| self.encoder_kl < LAGGING_SHARE * kl) => {
                Diagnosis::EncoderPartlyLags
            }
            (_, false) => Diagnosis::Informative,
            (None, true) => Diagnosis::Undetermined,
        }
    }

    /// [`Diagnosis::sentence`] and [`Diagnosis::remedy`] in one text.
    pub fn text(&self) -> String {
        let diagnosis = self.diagnosis();
        format!("{}. {}", diagnosis.sentence(self), diagnosis.remedy())
    }
}

impl Diagnosis {
    /// Which of likelihood, exact posterior and encoder has collapsed, with the numbers; no full stop at the end.
    pub fn sentence(self, statuses: &Statuses) -> String {
        let Statuses { likelihood_range, exact_kl, encoder_kl, .. } = *statuses;
        // 0.004 must not read as less than it is.
        let nats = |value: f64| if value < 0.1 { format!("{value:.3}") } else { format!("{value:.2}") };
        let (range, encoder) = (nats(likelihood_range), nats(encoder_kl));
        let exact = exact_kl.map_or_else(|| "not known".to_owned(), |kl| format!("{} nats", nats(kl)));
        match self {
            Self::ModelCollapsed => format!(
                "The model has collapsed: log p(x|z) varies by {range} nats over z, so that the exact posterior is the prior and no \
                 inference can find more"
            ),
            Self::NearlyFlat => format!(
                "The model has nearly collapsed: log p(x|z) varies by {range} nats over z, too little to move the exact posterior \
                 (KL {exact}) away from the prior, and the encoder is right to give the prior"
            ),
            Self::EncoderLags => format!(
                "The model has information, the encoder lags: exact KL {exact} against the encoder's {encoder}; the collapse is the \
                 encoder's, not the model's"
            ),
            Self::EncoderPartlyLags => format!(
                "The model has more information than the encoder passes on: exact KL {exact} against the encoder's {encoder}"
            ),
            Self::EncoderInvents => format!(
                "The model has collapsed, the encoder has not: exact KL {exact} against the encoder's {encoder}, which tells of x what \
                 the model does not use"
            ),
            Self::Informative => match exact_kl {
                Some(_) => format!("Model and encoder are informative: exact KL {exact}, the encoder's {encoder}"),
                None => format!(
                    "Model and encoder are informative: log p(x|z) varies by {range} nats along a latent dimension, the encoder's KL is \
                     {encoder}"
                ),
            },
            Self::Undetermined => format!(
                "The encoder has collapsed (KL {encoder}), the likelihood has not: log p(x|z) varies by {range} nats along a latent \
                 dimension; no grid says whether the exact posterior has collapsed"
            ),
        }
    }

    /// What would change it; one sentence or more, each with its full stop.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::ModelCollapsed | Self::NearlyFlat => {
                "Change the model, not the inference: lower σ, or take a Brenier decoder and raise its floor m."
            }
            Self::EncoderLags | Self::EncoderPartlyLags => {
                "Change the inference, not the model: train the encoder more, with a higher learning rate of its own, or give it more \
                 hidden units."
            }
            Self::EncoderInvents => {
                "Train on: the objective takes from the encoder what the model does not use. If it stays, the decoder lags behind the \
                 encoder; lower σ, or take a Brenier decoder and raise its floor m, for a model that uses it."
            }
            Self::Informative => "To see a collapse, raise σ or β, or lower the floor m of a Brenier decoder.",
            Self::Undetermined => {
                "Train the encoder more; if its KL stays where it is, lower σ, or take a Brenier decoder and raise its floor m."
            }
        }
    }
}
