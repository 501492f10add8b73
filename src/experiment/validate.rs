//! Ranges of settings, and whether a model fits its data.

use super::{DecoderKind, Experiment, ExperimentError, LikelihoodKind, ModelSettings, Settings, Sigma};
use crate::data::Dataset;

/// Widest hidden layer and largest number of latent dimensions accepted: a typing error should not take the machine down.
const LARGEST_WIDTH: usize = 16_384;

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
        require(width(model.latent_dimensions), "model.latent_dimensions", &model.latent_dimensions, &width_rule)?;
        for (key, widths) in [
            ("model.hidden", Some(&model.hidden)),
            ("model.latent_map_hidden", model.latent_map_hidden.as_ref()),
            ("model.output_map_hidden", model.output_map_hidden.as_ref()),
        ] {
            let Some(widths) = widths else { continue };
            let rule = format!("it must be a list of 1 to 8 widths between 1 and {LARGEST_WIDTH}");
            let fine = (1..=8).contains(&widths.len()) && widths.iter().all(|&w| width(w));
            require(fine, key, &format!("{widths:?}"), &rule)?;
        }
        if let Sigma::Fixed(sigma) = model.sigma {
            let rule = "a standard deviation must be above 0, or \"learned\"";
            require(sigma > 0.0 && sigma.is_finite(), "model.sigma", &sigma, rule)?;
        }
        let floor = model.convexity;
        require(floor >= 0.0 && floor.is_finite(), "model.convexity", &floor, "the floor m must be 0 or above")?;
        require(width(model.quadratic_rank), "model.quadratic_rank", &model.quadratic_rank, &width_rule)?;
        let beta = self.objective.beta;
        require(beta >= 0.0 && beta.is_finite(), "objective.beta", &beta, "it must be 0 or above")?;
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

fn fits(model: &ModelSettings, data: &Dataset) -> Result<(), ExperimentError> {
    let (latent, dimensions) = (model.latent_dimensions, data.dimensions());
    if model.decoder == DecoderKind::Brenier && latent > dimensions {
        return Err(ExperimentError::Data(format!(
            "a Brenier decoder needs at least as many data dimensions as latent dimensions (D ≥ K), but {} has D = {dimensions} \
             and model.latent_dimensions is {latent}; set it to {dimensions} or fewer",
            data.name()
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
    Err(ExperimentError::Range { key: key.to_owned(), value: value.to_string(), rule: rule.to_owned() })
}
