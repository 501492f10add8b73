//! Ranges of settings, and whether a model fits its data.

mod objective;

use super::{DecoderKind, Expectation, Experiment, ExperimentError, Family, LikelihoodKind, ModelSettings, Settings};
use crate::data::Dataset;

/// Widest hidden layer and largest number of latent dimensions accepted: a typing error should not take the machine down.
const LARGEST_WIDTH: usize = 16_384;

/// Characters of a value that an error repeats.
const LONGEST_VALUE: usize = 60;

/// Latent dimensions up to which an expectation is taken in closed form.
const LARGEST_CLOSED_FORM: usize = 128;

impl Experiment {
    /// Checks every variant's ranges.
    ///
    /// # Errors
    /// The first value out of its range, by key.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        require(self.data.examples >= 2, "data.examples", &self.data.examples, "at least 2 are needed")?;
        for settings in self.runs()? {
            settings.validate()?;
        }
        Ok(())
    }

    /// Checks ranges, and that every variant fits the data.
    ///
    /// # Errors
    /// A sentence that names the setting and the remedy.
    pub fn validate_for(&self, data: &Dataset) -> Result<(), ExperimentError> {
        self.validate()?;
        for settings in self.runs()? {
            fits(&settings.model, data)?;
            objective::fits(&settings, data)?;
        }
        Ok(())
    }
}

impl Settings {
    /// Checks the ranges of one variant's settings.
    ///
    /// # Errors
    /// The first value out of its range, by key.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        let model = &self.model;
        let width = |width: usize| (1..=LARGEST_WIDTH).contains(&width);
        let width_rule = format!("it must be between 1 and {LARGEST_WIDTH}");
        for (key, dimensions) in [
            ("model.latent_dimensions", model.latent_dimensions),
            ("model.top_latent_dimensions", model.top_latent_dimensions),
        ] {
            require(width(dimensions), key, &dimensions, &width_rule)?;
        }
        for (key, widths) in [
            ("model.hidden", Some(&model.hidden)),
            ("model.latent_map_hidden", model.latent_map_hidden.as_ref()),
            ("model.output_map_hidden", model.output_map_hidden.as_ref()),
        ] {
            let Some(widths) = widths else { continue };
            let rule = format!(
                "it must be a list of at most 8 widths between 1 and {LARGEST_WIDTH}; an empty one makes the map linear"
            );
            let fine = widths.len() <= 8 && widths.iter().all(|&w| width(w));
            require(fine, key, &format!("{widths:?}"), &rule)?;
        }
        for (key, value, what) in [
            ("model.sigma", model.sigma, "a standard deviation"),
            ("model.encoder_variance", model.encoder_variance, "a variance"),
            ("model.top_encoder_variance", model.top_encoder_variance, "a variance"),
        ] {
            let rule = format!("{what} must be above 0, or \"learned\"");
            require(value.fixed().is_none_or(is_positive), key, &value, &rule)?;
        }
        let rule = "a standard deviation must be above 0";
        require(is_positive(model.level_sigma), "model.level_sigma", &model.level_sigma, rule)?;
        let floor = model.convexity;
        require(floor >= 0.0 && floor.is_finite(), "model.convexity", &floor, "the floor m must be 0 or above")?;
        require(width(model.quadratic_rank), "model.quadratic_rank", &model.quadratic_rank, &width_rule)?;
        prior(model)?;
        objective::validate(self)?;
        if self.objective.expectation == Expectation::ClosedForm {
            let rule = "the expectation has a closed form for linear maps (model.hidden = []) and a Gaussian likelihood only; \
                        set it to \"sampled\" (“One sample” in the menu)";
            let fine = model.is_linear() && model.likelihood == LikelihoodKind::Gaussian;
            let latent: usize = model.level_dimensions().iter().sum();
            let limit = format!(
                "the expectation in closed form takes 2K points an example and is for K ≤ {LARGEST_CLOSED_FORM}, but K is {latent}; set it \
                 to \"sampled\""
            );
            let key = "objective.expectation";
            require(latent <= LARGEST_CLOSED_FORM, key, &self.objective.expectation.key(), &limit)?;
            require(fine, "objective.expectation", &self.objective.expectation.key(), rule)?;
            let rule = "the KL to a mixture has no closed form; set it to \"sampled\" (“One sample” in the menu)";
            let key = self.objective.expectation.key();
            require(!model.prior.is_mixture(), "objective.expectation", &key, rule)?;
        }
        let rate = self.optimizer.learning_rate;
        require(rate > 0.0 && rate.is_finite(), "optimizer.learning_rate", &rate, "it must be above 0")?;
        let encoder = self.optimizer.encoder_rate;
        let rule = "it must lie between 0, which freezes the encoder, and 100";
        require((0.0..=100.0).contains(&encoder), "optimizer.encoder_rate", &encoder, rule)?;
        let batch = self.optimizer.batch_size;
        require((1..=65_536).contains(&batch), "optimizer.batch_size", &batch, "it must be between 1 and 65536")?;
        let clip = self.optimizer.gradient_clip;
        require(clip > 0.0, "optimizer.gradient_clip", &clip, "it must be above 0")
    }
}

fn prior(model: &ModelSettings) -> Result<(), ExperimentError> {
    let components = model.prior_components;
    let rule = "it must be between 1 and 1024";
    require((1..=1024).contains(&components), "model.prior_components", &components, rule)?;
    let rule = "a mixture prior is for one latent level without conditions; set it to \"standard\", or model.family to \"vae\"";
    let fine = model.family == Family::Vae || !model.prior.is_mixture();
    require(fine, "model.prior", &model.prior.key(), rule)?;
    let rule =
        "a triangular decoder is a linear map of one latent level; set model.hidden to [] and model.family to \"vae\"";
    let fine = model.decoder != DecoderKind::Triangular || model.hidden.is_empty() && model.family == Family::Vae;
    require(fine, "model.decoder", &model.decoder.key(), rule)
}

fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

fn fits(model: &ModelSettings, data: &Dataset) -> Result<(), ExperimentError> {
    let (latent, dimensions) = (model.latent_dimensions, data.dimensions());
    if model.family == Family::Conditional && data.condition_dimensions() == 0 {
        return Err(ExperimentError::Data(format!(
            "a conditional VAE needs data with a condition, but {} has none; set data.condition to \"lower-left\" (images) or \"label\" \
             (labelled data), or data.source to \"correlated-gaussian\"",
            data.name()
        )));
    }
    if model.decoder == DecoderKind::Brenier && latent > dimensions {
        return Err(ExperimentError::Data(format!(
            "a Brenier decoder needs at least as many data dimensions as latent dimensions (D ≥ K), but {} has D = {dimensions} \
             and model.latent_dimensions is {latent}; set it to {dimensions} or fewer",
            data.name()
        )));
    }
    if model.decoder == DecoderKind::Triangular && latent > dimensions {
        return Err(ExperimentError::Data(format!(
            "a triangular decoder needs at least as many data dimensions as latent dimensions (D ≥ K), but {} has D = {dimensions} and \
             model.latent_dimensions is {latent}; set it to {dimensions} or fewer",
            data.name()
        )));
    }
    let top = model.top_latent_dimensions;
    if model.family == Family::Hierarchical && model.decoder == DecoderKind::Brenier && top > latent {
        return Err(ExperimentError::Data(format!(
            "a Brenier decoder from z2 to z1 needs at least as many dimensions of z1 as of z2, but model.latent_dimensions is {latent} and \
             model.top_latent_dimensions is {top}; set the latter to {latent} or fewer"
        )));
    }
    if model.likelihood == LikelihoodKind::Bernoulli && !data.is_unit_interval() {
        return Err(ExperimentError::Data(format!(
            "a Bernoulli likelihood needs values between 0 and 1, but {} has values outside; set model.likelihood to \"gaussian\"",
            data.name()
        )));
    }
    Ok(())
}

fn require(fine: bool, key: &str, value: &dyn std::fmt::Display, rule: &str) -> Result<(), ExperimentError> {
    if fine {
        return Ok(());
    }
    let mut value = value.to_string();
    // A number may have three hundred digits.
    if value.len() > LONGEST_VALUE && value.is_ascii() {
        value.truncate(LONGEST_VALUE);
        value.push('…');
    }
    Err(ExperimentError::Range { key: key.to_owned(), value, rule: rule.to_owned() })
}
