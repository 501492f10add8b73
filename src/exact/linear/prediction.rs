//! What the theory of linear models says about a training run: theorem for a linear model, guide for any other.

use super::{
    DataSpectrum, EncoderVariance, HierarchicalOptimum, LinearError, LinearHierarchicalVae, LinearVae, Target,
    VaeOptimum,
    thresholds::{self, Threshold},
};
use crate::experiment::{DecoderKind, Family, Learnable, LikelihoodKind, Method, Settings};
use std::sync::Arc;
use thiserror::Error;

/// Spectrum of the training data with what follows from it for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Theory {
    /// Of the data; or a sentence that says why there is none.
    pub spectrum: Result<Arc<DataSpectrum>, String>,
    /// For the run.
    pub prediction: Result<Prediction, NoPrediction>,
}

/// The optimum that theory predicts for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Whether the model is one that the theory is about.
    pub applicability: Applicability,
    /// One entry per latent level, the one next to the data first.
    pub levels: Vec<LevelPrediction>,
    /// Where modes of the spectrum become active; drawn as lines over it.
    pub thresholds: Vec<Threshold>,
    /// Negative ELBO weighted by β at the optimum, nats per example.
    pub loss: f64,
    /// σ² of the decoder, also where it is learned.
    pub decoder_variance: f64,
    /// Whether the optimum fixes it, where it is learned.
    pub is_decoder_variance_determined: bool,
    /// What a person should know: what is not determined, or what is compared.
    pub note: Option<String>,
}

/// Whether closed forms are a theorem for a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// The model is linear.
    Theorem,
    /// The model is not linear; the text says what is not.
    Guide(&'static str),
}

/// The optimum of one latent level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelPrediction {
    /// KL per dimension or mode, descending, nats per example. Of z1 in a hierarchical model: the term E log q(z1|x) − log p(z1|z2), which
    /// may be negative.
    pub kl_per_dimension: Vec<f64>,
    /// Their sum.
    pub kl: f64,
    /// Latent dimensions that the decoder uses.
    pub active_dimensions: usize,
    /// Whether the optimum fixes the values of `kl_per_dimension`.
    pub is_determined: bool,
    /// What measured values are to be compared with them.
    pub matching: Matching,
    /// Var_x E_q\[z\] per dimension or mode, in the order of `kl_per_dimension`.
    pub posterior_mean_variance: Vec<f64>,
}

/// What a predicted list of KLs is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// Coordinates, sorted.
    Dimensions,
    /// Eigenvalues of the covariance of posterior means: the loss is invariant under rotating z, so that coordinates mean nothing.
    Modes,
}

/// Why theory predicts nothing.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{reason}")]
pub struct NoPrediction {
    /// One sentence.
    pub reason: String,
    /// The same in a few words.
    pub short: &'static str,
    /// Whether that is the prediction: the loss has no optimum.
    pub has_no_optimum: bool,
}

impl From<LinearError> for NoPrediction {
    fn from(error: LinearError) -> Self {
        let has_no_optimum = error.is_unbounded();
        let short = if has_no_optimum { "no optimum" } else { "no closed form" };
        Self { reason: error.to_string(), short, has_no_optimum }
    }
}

impl NoPrediction {
    /// For a reason that is no statement about the loss.
    pub fn new(short: &'static str, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), short, has_no_optimum: false }
    }
}

/// What theory predicts for a run on data of this spectrum; `sigma` is the present σ where it is learned. Models have biases, so data
/// count as centred.
///
/// # Errors
/// One sentence: no Gaussian likelihood, another objective than the ELBO, no optimum, no closed form.
pub fn predict(spectrum: &DataSpectrum, settings: &Settings, sigma: Option<f64>) -> Result<Prediction, NoPrediction> {
    let model = &settings.model;
    if model.likelihood != LikelihoodKind::Gaussian {
        let reason = "the closed forms are about a Gaussian likelihood, and this model's is Bernoulli";
        return Err(NoPrediction::new("Bernoulli likelihood", reason));
    }
    is_covered(settings)?;
    if spectrum.is_conditional && model.family != Family::Conditional {
        let reason =
            "the spectrum is of what a condition leaves of the data, and this model is not given the condition";
        return Err(NoPrediction::new("the condition is not used", reason));
    }
    let applicability = if model.decoder == DecoderKind::Brenier {
        Applicability::Guide("the decoder is a Brenier map, which cannot become every linear map")
    } else if !model.is_linear() {
        Applicability::Guide("encoder and decoder are not linear")
    } else {
        Applicability::Theorem
    };
    // Only a linear model's σ is where theory puts it; with any other, and where there is no closed form, σ counts as fixed.
    let is_z1_fixed = model.family == Family::Hierarchical && model.encoder_variance != Learnable::Learned;
    let present = sigma.unwrap_or_else(|| model.sigma.initial());
    let decoder_variance = match model.sigma {
        Learnable::Fixed(sigma) => Learnable::Fixed(sigma * sigma),
        Learnable::Learned if applicability == Applicability::Theorem && !is_z1_fixed => Learnable::Learned,
        Learnable::Learned => Learnable::Fixed(present * present),
    };
    let is_present = model.sigma == Learnable::Learned && decoder_variance != Learnable::Learned;
    let applicability = match applicability {
        Applicability::Theorem if is_present => {
            Applicability::Guide("σ is learned, and counts as fixed where it is now")
        }
        other => other,
    };

    let target = Target::of_eigenvalues(&spectrum.eigenvalues)?;
    let mut prediction = match model.family {
        Family::Vae | Family::Conditional => of_vae(&target, settings, decoder_variance)?,
        Family::Hierarchical => of_hierarchical(&target, settings, decoder_variance)?,
    };
    prediction.applicability = applicability;
    if is_present {
        let present = format!("σ is learned, and counts as fixed where it is now, at {present:.4}");
        prediction.note = Some(prediction.note.map_or_else(|| present.clone(), |note| format!("{present}; {note}")));
    }
    Ok(prediction)
}

/// Whether the run's optimum is that of a negative ELBO, β times the KL, over every linear decoder. Lagging-inference training, semi-amortised
/// refinement, annealing and a first stage as an autoencoder change the way there, not the optimum.
fn is_covered(settings: &Settings) -> Result<(), NoPrediction> {
    let (model, objective) = (&settings.model, &settings.objective);
    let (short, reason) = match objective.method {
        Method::Iwae => (
            "importance-weighted bound",
            "the closed forms are about the ELBO, and the importance-weighted bound of more samples has another optimum",
        ),
        Method::Libi => (
            "LiBI",
            "the closed forms are about the ELBO, and LiBI fits the likelihood of the decoder before the encoder has a part in it",
        ),
        Method::Mutual => (
            "mutual autoencoder",
            "the closed forms are about the ELBO, and a mutual autoencoder also pays for missing its target of information",
        ),
        Method::Elbo | Method::Lagging | Method::SemiAmortized if objective.free_bits > 0.0 => (
            "free bits",
            "the closed forms are about a KL that costs β from its first nat, and here some of it is free",
        ),
        Method::Elbo | Method::Lagging | Method::SemiAmortized if objective.target_kl > 0.0 => (
            "target KL",
            "the closed forms are about a KL that costs β times what it is, and here it is drawn to a target",
        ),
        Method::Elbo | Method::Lagging | Method::SemiAmortized if model.prior.is_mixture() => {
            ("mixture prior", "the closed forms are about a normal prior, and this model's is a mixture")
        }
        Method::Elbo | Method::Lagging | Method::SemiAmortized if model.decoder == DecoderKind::Triangular => (
            "triangular decoder",
            "the closed forms turn z until its posteriors lie along the axes, and a triangular decoder does not let it turn",
        ),
        Method::Elbo | Method::Lagging | Method::SemiAmortized => return Ok(()),
    };
    Err(NoPrediction::new(short, reason))
}

fn of_vae(target: &Target, settings: &Settings, decoder_variance: Learnable) -> Result<Prediction, LinearError> {
    let model = &settings.model;
    let vae = LinearVae {
        latent_dimensions: model.latent_dimensions,
        beta: settings.objective.beta,
        decoder_variance,
        prior_variance: 1.0,
        encoder_variance: match model.encoder_variance {
            Learnable::Learned => EncoderVariance::Learned,
            Learnable::Fixed(variance) => EncoderVariance::Isotropic(variance),
        },
    };
    let optimum = vae.optimum(target)?;
    Ok(Prediction {
        applicability: Applicability::Theorem,
        thresholds: thresholds::of_vae(&vae, optimum.decoder_variance),
        loss: optimum.loss,
        decoder_variance: optimum.decoder_variance,
        is_decoder_variance_determined: !optimum.is_flat_decoder,
        levels: vec![level_of_vae(&optimum)],
        note: optimum.note,
    })
}

fn level_of_vae(optimum: &VaeOptimum) -> LevelPrediction {
    level(
        optimum.modes.iter().map(|mode| (mode.kl, mode.posterior_mean_variance)).collect(),
        optimum.active_dimensions(),
        optimum.is_determined,
        optimum.is_by_mode,
    )
}

fn of_hierarchical(
    target: &Target,
    settings: &Settings,
    decoder_variance: Learnable,
) -> Result<Prediction, LinearError> {
    let model = &settings.model;
    let vae = LinearHierarchicalVae {
        latent_dimensions: [model.latent_dimensions, model.top_latent_dimensions],
        beta: [settings.objective.beta, settings.objective.top_beta],
        decoder_variance,
        level_variance: model.level_sigma * model.level_sigma,
        prior_variance: 1.0,
        encoder_variance: [model.encoder_variance, model.top_encoder_variance],
    };
    let optimum = vae.optimum(target)?;
    Ok(Prediction {
        applicability: Applicability::Theorem,
        thresholds: thresholds::of_hierarchical(&vae, optimum.decoder_variance),
        loss: optimum.loss,
        decoder_variance: optimum.decoder_variance,
        is_decoder_variance_determined: !optimum.is_flat_decoder,
        levels: levels_of_hierarchical(&optimum).into(),
        note: optimum.note,
    })
}

fn levels_of_hierarchical(optimum: &HierarchicalOptimum) -> [LevelPrediction; 2] {
    let [lower, upper] = optimum.active_dimensions();
    [
        level(
            optimum.lower.iter().map(|mode| (mode.kl_term, mode.posterior_mean_variance)).collect(),
            lower,
            optimum.is_determined[0],
            optimum.is_by_mode[0],
        ),
        level(
            optimum.upper.iter().map(|upper| (upper.mode.kl, upper.posterior_mean_variance)).collect(),
            upper,
            optimum.is_determined[1],
            optimum.is_by_mode[1],
        ),
    ]
}

/// `dimensions`: KL and Var_x E_q\[z\] of each.
fn level(
    mut dimensions: Vec<(f64, f64)>,
    active_dimensions: usize,
    is_determined: bool,
    is_by_mode: bool,
) -> LevelPrediction {
    dimensions.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (kl_per_dimension, posterior_mean_variance): (Vec<f64>, Vec<f64>) = dimensions.into_iter().unzip();
    LevelPrediction {
        kl: kl_per_dimension.iter().sum(),
        kl_per_dimension,
        active_dimensions,
        is_determined,
        matching: if is_by_mode { Matching::Modes } else { Matching::Dimensions },
        posterior_mean_variance,
    }
}
