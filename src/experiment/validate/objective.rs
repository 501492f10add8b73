//! Ranges of `[objective]`, and which ways of training fit which models.

use super::{is_positive, require};
use crate::data::Dataset;
use crate::experiment::{
    AnnealingSettings, Expectation, ExperimentError, Family, InformationSettings, LARGEST_KL_PER_DIMENSION,
    LibiSettings, LikelihoodKind, Method, PriorKind, RefinementSettings, Schedule, Settings,
};

/// Samples per example of the importance-weighted bound, steps of refinement and of the encoder alone, at most.
const LARGEST_COUNT: u64 = 4096;
/// Rows decoded in one step of the importance-weighted bound at most.
const LARGEST_BATCH: usize = 1 << 18;
/// Weights of terms at most, and the smallest tolerance: beyond them single precision overflows.
const LARGEST_WEIGHT: f64 = 1e6;
/// Codes in a batch of LiBI at most: the Henze–Zirkler statistic compares every pair.
const LARGEST_LIBI_BATCH: usize = 4096;

/// Checks the ranges of what is optimised.
pub(super) fn validate(settings: &Settings) -> Result<(), ExperimentError> {
    let objective = &settings.objective;
    for (key, beta) in [("objective.beta", objective.beta), ("objective.top_beta", objective.top_beta)] {
        let rule = "it must be 0 or above, and at most 1e6";
        require((0.0..=LARGEST_WEIGHT).contains(&beta), key, &beta, rule)?;
    }
    allowances(settings)?;
    annealing(&objective.annealing)?;
    count("objective.importance_samples", objective.importance_samples as u64)?;
    count("objective.lagging.encoder_steps", objective.lagging.encoder_steps)?;
    count("objective.lagging.check_every", objective.lagging.check_every)?;
    refinement(&objective.refinement)?;
    libi(&objective.libi)?;
    information(settings, &objective.information)?;
    method(settings)
}

fn count(key: &str, value: u64) -> Result<(), ExperimentError> {
    let rule = format!("it must be between 1 and {LARGEST_COUNT}");
    require((1..=LARGEST_COUNT).contains(&value), key, &value, &rule)
}

/// Free bits and a target: within what an encoder can hold.
fn allowances(settings: &Settings) -> Result<(), ExperimentError> {
    let objective = &settings.objective;
    let latent = settings.model.latent_dimensions;
    let each = LARGEST_KL_PER_DIMENSION;
    let rule = format!(
        "it must lie between 0 and {each} nats, which is what the aggregated posterior of one dimension can hold while it has the \
         prior's variance: the encoder keeps log σ² above −{}",
        2.0 * each
    );
    require((0.0..=each).contains(&objective.free_bits), "objective.free_bits", &objective.free_bits, &rule)?;
    let all = each * latent as f64;
    let rule =
        format!("K = {latent} latent dimensions hold at most {all} nats, {each} each; it must lie between 0 and {all}");
    require((0.0..=all).contains(&objective.target_kl), "objective.target_kl", &objective.target_kl, &rule)?;
    if objective.target_kl > 0.0 {
        let rule = "free bits and a target KL exclude each other; set one of them to 0";
        require(objective.free_bits == 0.0, "objective.target_kl", &objective.target_kl, rule)?;
    }
    if objective.free_bits > 0.0 && settings.model.prior.is_mixture() {
        let rule = "the KL to a mixture has no closed form, and what is free of a sample's term would be biased; set it to 0, or \
                    model.prior to \"standard\"";
        require(false, "objective.free_bits", &objective.free_bits, rule)?;
    }
    let is_used = objective.free_bits > 0.0 || objective.target_kl > 0.0;
    if is_used && settings.model.family == Family::Hierarchical {
        let key = if objective.free_bits > 0.0 { "objective.free_bits" } else { "objective.target_kl" };
        let rule = "a hierarchical model has a term of z1 that may be negative, so that no part of it can be free; set it to 0";
        return require(false, key, &objective.free_bits.max(objective.target_kl), rule);
    }
    Ok(())
}

fn annealing(annealing: &AnnealingSettings) -> Result<(), ExperimentError> {
    let rule = "it is a factor on β and must lie between 0 and 1";
    require((0.0..=1.0).contains(&annealing.start), "objective.annealing.start", &annealing.start, rule)?;
    let rule = "at least 1 step is needed";
    require(annealing.steps >= 1, "objective.annealing.steps", &annealing.steps, rule)?;
    require(annealing.cycles >= 1, "objective.annealing.cycles", &annealing.cycles, "at least 1 cycle is needed")
}

fn refinement(refinement: &RefinementSettings) -> Result<(), ExperimentError> {
    count("objective.refinement.steps", refinement.steps)?;
    let rate = refinement.rate;
    let rule = "a step size must be above 0, and at most 100";
    require(is_positive(rate) && rate <= 100.0, "objective.refinement.rate", &rate, rule)?;
    let momentum = refinement.momentum;
    let rule = "it must be at least 0 and below 1";
    require((0.0..1.0).contains(&momentum), "objective.refinement.momentum", &momentum, rule)
}

fn libi(libi: &LibiSettings) -> Result<(), ExperimentError> {
    for (key, value) in [
        ("objective.libi.likelihood_steps", libi.likelihood_steps),
        ("objective.libi.inference_steps", libi.inference_steps),
        ("objective.libi.repeats", libi.repeats),
    ] {
        require(value >= 1, key, &value, "it must be at least 1")?;
    }
    let weight = libi.gaussianity_weight;
    require(is_weight(weight), "objective.libi.gaussianity_weight", &weight, WEIGHT_RULE)?;
    for (key, value) in [
        ("objective.libi.covariance_tolerance", libi.covariance_tolerance),
        ("objective.libi.mean_tolerance", libi.mean_tolerance),
    ] {
        let rule = "the exponent of the penalty is divided by it: it must be above 0, and at least 1e-6";
        require(value >= 1.0 / LARGEST_WEIGHT && value.is_finite(), key, &value, rule)?;
    }
    Ok(())
}

fn information(settings: &Settings, information: &InformationSettings) -> Result<(), ExperimentError> {
    let (latent, each) = (settings.model.latent_dimensions, LARGEST_KL_PER_DIMENSION);
    let all = each * latent as f64;
    let target = information.target;
    let rule = format!(
        "K = {latent} latent dimensions carry at most {all} nats, {each} each; it must lie between 0 and {all}"
    );
    require((0.0..=all).contains(&target), "objective.information.target", &target, &rule)?;
    require(is_weight(information.weight), "objective.information.weight", &information.weight, WEIGHT_RULE)
}

const WEIGHT_RULE: &str = "a weight must be 0 or above, and at most 1e6";

fn is_weight(weight: f64) -> bool {
    (0.0..=LARGEST_WEIGHT).contains(&weight)
}

/// Whether a way of training has enough examples.
pub(super) fn fits(settings: &Settings, data: &Dataset) -> Result<(), ExperimentError> {
    let (examples, latent) = (data.training_len(), settings.model.latent_dimensions);
    if settings.objective.method == Method::Libi && examples <= latent {
        return Err(ExperimentError::Data(format!(
            "LiBI needs more training examples than latent dimensions, or its codes have no covariance to speak of, but {} has {examples} and \
             model.latent_dimensions is {latent}; set it to {} or fewer",
            data.name(),
            examples.saturating_sub(1).max(1)
        )));
    }
    Ok(())
}

/// What a way of training needs of the model and of the other settings.
fn method(settings: &Settings) -> Result<(), ExperimentError> {
    let (objective, model) = (&settings.objective, &settings.model);
    let method = objective.method;
    let needs = |fine: bool, key: &str, value: &dyn std::fmt::Display, rule: &str| {
        require(fine, key, value, &format!("{} {rule}", method.label()))
    };
    let family = |fine: bool, rule: &str| needs(fine, "model.family", &model.family.key(), rule);
    if objective.pretraining.steps > 0 {
        let rule = "has no first stage as an autoencoder; set it to 0, or objective.method to \"elbo\"";
        needs(method == Method::Elbo, "objective.pretraining.steps", &objective.pretraining.steps, rule)?;
    }
    let is_sampled = objective.expectation == Expectation::Sampled;
    let is_standard = matches!(model.prior, PriorKind::Standard | PriorKind::Conditional);
    match method {
        Method::Elbo | Method::Lagging => Ok(()),
        Method::Iwae => {
            let rule = "has no KL term to weigh; set it to 1";
            needs(objective.beta == 1.0, "objective.beta", &objective.beta, rule)?;
            needs(objective.top_beta == 1.0, "objective.top_beta", &objective.top_beta, rule)?;
            let schedule = objective.annealing.schedule;
            let rule = "has no KL term to anneal; set it to \"constant\"";
            needs(schedule == Schedule::Constant, "objective.annealing.schedule", &schedule.key(), rule)?;
            let rows = objective.importance_samples.saturating_mul(settings.optimizer.batch_size);
            let rule = format!(
                "decodes every sample of every example of a batch; with batches of {} it must be at most {}",
                settings.optimizer.batch_size,
                (LARGEST_BATCH / settings.optimizer.batch_size).max(1)
            );
            let samples = objective.importance_samples;
            needs(rows <= LARGEST_BATCH || samples == 1, "objective.importance_samples", &samples, &rule)?;
            let rule = "has no KL term, of which some could be free; set it to 0";
            needs(objective.free_bits == 0.0, "objective.free_bits", &objective.free_bits, rule)?;
            needs(objective.target_kl == 0.0, "objective.target_kl", &objective.target_kl, rule)?;
            let rule = "is an average over samples; set it to \"sampled\"";
            needs(is_sampled, "objective.expectation", &objective.expectation.key(), rule)
        }
        Method::SemiAmortized => {
            let rule = "refines posteriors of one latent level; set it to \"vae\" or \"conditional\"";
            family(model.family != Family::Hierarchical, rule)?;
            let rule = "refines the variance of each example's posterior; set it to \"learned\"";
            needs(model.encoder_variance.fixed().is_none(), "model.encoder_variance", &model.encoder_variance, rule)?;
            let rule = "takes its steps on samples; set it to \"sampled\"";
            needs(is_sampled, "objective.expectation", &objective.expectation.key(), rule)
        }
        Method::Libi => {
            family(model.family == Family::Vae, "is for one latent level without conditions; set it to \"vae\"")?;
            let rule = "makes the codes look like N(0, I); set it to \"standard\"";
            needs(is_standard, "model.prior", &model.prior.key(), rule)?;
            let (batch, latent) = (settings.optimizer.batch_size, model.latent_dimensions);
            let rule = format!(
                "compares every pair of codes in a batch; it must be above K = {latent} and at most {LARGEST_LIBI_BATCH}"
            );
            needs(batch > latent && batch <= LARGEST_LIBI_BATCH, "optimizer.batch_size", &batch, &rule)
        }
        Method::Mutual => {
            family(model.family == Family::Vae, "is for one latent level without conditions; set it to \"vae\"")?;
            let rule = "draws z from N(0, I); set it to \"standard\"";
            needs(is_standard, "model.prior", &model.prior.key(), rule)?;
            let rule = "sends gradients through samples of x, which binary pixels do not have; set it to \"gaussian\"";
            let is_gaussian = model.likelihood == LikelihoodKind::Gaussian;
            needs(is_gaussian, "model.likelihood", &model.likelihood.key(), rule)
        }
    }
}
