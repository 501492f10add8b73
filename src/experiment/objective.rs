//! `[objective]`: what is optimised, and by which algorithm.

use super::settings::{SMALLEST_LOG_VARIANCE, named_enum};
use serde::{Deserialize, Serialize};

/// KL that one latent dimension can hold while its aggregated posterior has the prior's variance, nats: E ½(μ² + σ² − 1 − log σ²) is then
/// −½ E log σ².
pub const LARGEST_KL_PER_DIMENSION: f64 = -0.5 * SMALLEST_LOG_VARIANCE;

/// `[objective]`: what is optimised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ObjectiveSettings {
    /// Way of training.
    pub method: Method,
    /// β, the weight of the KL term; β1, the weight of the term of z1, in a hierarchical model.
    pub beta: f64,
    /// β2, the weight of the KL of z2 in a hierarchical model.
    pub top_beta: f64,
    /// How the expectation over q is taken.
    pub expectation: Expectation,
    /// KL that costs nothing, nats per dimension and example; 0 charges for all of it.
    pub free_bits: f64,
    /// KL that training aims at, nats per example over all dimensions; 0 aims at none.
    pub target_kl: f64,
    /// How the weight of the KL term grows while training.
    pub annealing: AnnealingSettings,
    /// Training as an autoencoder before anything else.
    pub pretraining: PretrainingSettings,
    /// k, the samples per example of the importance-weighted bound.
    pub importance_samples: usize,
    /// Steps of the encoder alone, of lagging-inference training.
    pub lagging: LaggingSettings,
    /// Refinement of each example's posterior, of semi-amortised training.
    pub refinement: RefinementSettings,
    /// Likelihood before inference.
    pub libi: LibiSettings,
    /// The constraint of the mutual autoencoder.
    pub information: InformationSettings,
}

/// `[objective.annealing]`: a factor on β that depends on the step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AnnealingSettings {
    /// Shape.
    pub schedule: Schedule,
    /// The factor at the start (of each cycle).
    pub start: f64,
    /// Steps until the factor is 1; of a cyclical schedule the length of a cycle, in whose second half the factor is 1.
    pub steps: u64,
    /// Cycles, after which the factor stays 1.
    pub cycles: u64,
}

/// `[objective.pretraining]`: the first stage of the recipe of Li, He, Neubig, Berg-Kirkpatrick and Yang (2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PretrainingSettings {
    /// First steps, in which the KL term has weight 0.
    pub steps: u64,
    /// Whether the decoder starts anew after them, as the recipe wants it for text.
    pub reset_decoder: bool,
}

/// `[objective.lagging]`: aggressive training of the encoder (He, Spokoyny, Neubig, Berg-Kirkpatrick 2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LaggingSettings {
    /// Steps of the encoder alone before each step of the decoder, at most.
    pub encoder_steps: u64,
    /// The encoder's loss is averaged over so many of them; when an average is no lower than the one before it, they end.
    pub check_every: u64,
}

/// `[objective.refinement]`: stochastic variational inference from the amortised start (Kim, Wiseman, Miller, Sontag, Rush 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RefinementSettings {
    /// Steps on mean and log variance of each example's posterior.
    pub steps: u64,
    /// Size α of these steps, on each example's own negative ELBO.
    pub rate: f64,
    /// Momentum γ of these steps, from 0 to below 1.
    pub momentum: f64,
    /// How the encoder learns.
    pub gradient: RefinementGradient,
}

/// `[objective.libi]`: likelihood before inference (Yacoby, Pan, Doshi-Velez 2019).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LibiSettings {
    /// Optimizer steps on the likelihood, in each repeat.
    pub likelihood_steps: u64,
    /// Optimizer steps on inference with the generative model frozen, in each repeat.
    pub inference_steps: u64,
    /// Repeats, of which the best generative model is kept.
    pub repeats: u64,
    /// ε_HZ, the weight of exp(HZ) of the codes; 0 leaves it out.
    pub gaussianity_weight: f64,
    /// ε_Σ in exp(‖Cov(codes) − I‖² / ε_Σ).
    pub covariance_tolerance: f64,
    /// ε_μ in exp(‖mean(codes)‖² / ε_μ).
    pub mean_tolerance: f64,
}

/// `[objective.information]`: I_p(x, z) = M as a penalty (Phuong, Welling, Kushman, Tomioka, Nowozin 2018).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InformationSettings {
    /// M, nats.
    pub target: f64,
    /// C, the weight of |I − M|.
    pub weight: f64,
}

impl Default for ObjectiveSettings {
    fn default() -> Self {
        Self {
            method: Method::Elbo,
            beta: 1.0,
            top_beta: 1.0,
            expectation: Expectation::Sampled,
            free_bits: 0.0,
            target_kl: 0.0,
            annealing: AnnealingSettings::default(),
            pretraining: PretrainingSettings::default(),
            importance_samples: 8,
            lagging: LaggingSettings::default(),
            refinement: RefinementSettings::default(),
            libi: LibiSettings::default(),
            information: InformationSettings::default(),
        }
    }
}

impl Default for AnnealingSettings {
    fn default() -> Self {
        Self { schedule: Schedule::Constant, start: 0.0, steps: 1000, cycles: 4 }
    }
}

impl Default for PretrainingSettings {
    fn default() -> Self {
        Self { steps: 0, reset_decoder: true }
    }
}

impl Default for LaggingSettings {
    fn default() -> Self {
        Self { encoder_steps: 99, check_every: 15 }
    }
}

impl Default for RefinementSettings {
    fn default() -> Self {
        Self { steps: 20, rate: 0.05, momentum: 0.8, gradient: RefinementGradient::Differentiated }
    }
}

impl Default for LibiSettings {
    fn default() -> Self {
        Self {
            likelihood_steps: 1500,
            inference_steps: 1500,
            repeats: 1,
            gaussianity_weight: 1.0,
            covariance_tolerance: 0.5,
            mean_tolerance: 0.5,
        }
    }
}

impl Default for InformationSettings {
    fn default() -> Self {
        Self { target: 2.0, weight: 1.0 }
    }
}

named_enum! {
    /// Way of training.
    Method {
        /// Amortised evidence lower bound; how its expectation is taken is a setting of its own.
        Elbo = "elbo", "ELBO";
        /// Importance-weighted bound (Burda, Grosse, Salakhutdinov 2016).
        Iwae = "iwae", "Importance-weighted bound";
        /// ELBO, the encoder trained nearly to convergence before each step of the decoder.
        Lagging = "lagging", "Lagging-inference training";
        /// ELBO at posteriors refined from the encoder's.
        SemiAmortized = "semi-amortized", "Semi-amortised";
        /// Likelihood before inference.
        Libi = "libi", "LiBI";
        /// Mutual autoencoder: ELBO with a constraint on the model's mutual information.
        Mutual = "mutual", "Mutual autoencoder";
    }
}

named_enum! {
    /// How the expectation over q in the evidence lower bound is taken.
    Expectation {
        /// One reparameterised sample per example.
        Sampled = "sampled", "One sample";
        /// In closed form; for linear maps and a Gaussian likelihood.
        ClosedForm = "closed-form", "Closed form";
    }
}

named_enum! {
    /// Shape of KL annealing.
    Schedule {
        /// No annealing.
        Constant = "constant", "None";
        /// From the start to 1 once (Bowman et al. 2016).
        Linear = "linear", "Linear";
        /// Again and again (Fu et al. 2019).
        Cyclical = "cyclical", "Cyclical";
    }
}

named_enum! {
    /// How the encoder of a semi-amortised model learns.
    RefinementGradient {
        /// Through the refinement steps, by Hessian-vector products from finite differences.
        Differentiated = "differentiated", "Through the refinement";
        /// By the ELBO at its own output; the decoder by the ELBO at the refined posterior.
        Stopped = "stopped", "Stopped at its end";
    }
}
