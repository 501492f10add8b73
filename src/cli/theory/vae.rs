//! The linear VAE and conditional VAE on the command line.

use super::{Data, Problem, latent, words};
use crate::cli::bars;
use crate::cli::case::{CaseError, Fields};
use crate::exact::linear::{Conditional, EncoderVariance, LinearVae, Target, VaeOptimum};
use crate::experiment::Learnable;
use serde::Serialize;
use std::fmt::Write;

/// The optimum; nats per example. Lists are by mode, largest eigenvalue first, unless they say otherwise.
#[derive(Serialize)]
pub(super) struct Answer {
    model: &'static str,
    determined: bool,
    loss: f64,
    /// Descending.
    kl_per_dimension: Vec<f64>,
    kl: f64,
    active_dimensions: usize,
    /// Descending.
    decoder_singular_values: Vec<f64>,
    decoder_variance: f64,
    note: String,
    /// θ² of what each latent dimension explains.
    eigenvalues: Vec<f64>,
    /// Eigenvalue above which a mode is active; none where each dimension has its own encoder variance.
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64>,
    kl_per_mode: Vec<f64>,
    encoder_variances: Vec<f64>,
    posterior_mean_variance: Vec<f64>,
    reconstruction_error: f64,
    #[serde(flatten)]
    conditional: Option<Given>,
    #[serde(skip)]
    dimensions: usize,
    #[serde(skip)]
    beta: f64,
}

/// What a condition adds.
#[derive(Serialize)]
struct Given {
    /// Eigenvalues of Cov(y | x), descending.
    residual_eigenvalues: Vec<f64>,
    /// Descending.
    canonical_correlations: Vec<f64>,
    /// B, y regressed on x: rows y, columns x.
    regression: Vec<Vec<f64>>,
}

/// Solves a case whose model is `linear-vae`.
pub(super) fn of_case(mut fields: Fields<'_>) -> Result<Answer, Problem> {
    let data = Data::read(&mut fields)?;
    let squares = fields.numbers("target_squared_singular_values")?;
    let dimensions = fields.whole("output_dimensions")?;
    let moment = fields.number("output_second_moment")?;
    let model = read(&mut fields)?;
    if squares.is_none() && (dimensions.is_some() || moment.is_some()) {
        return Err(fields
            .contradiction(
                "`output_dimensions` and `output_second_moment` are about a target other than x: give `target_squared_singular_values`, too",
            )
            .into());
    }
    data.check(&fields)?;
    fields.finish()?;
    let input = data.target()?;
    let target = match squares {
        None => input,
        Some(squares) => {
            let rank = input.modes().iter().filter(|mode| **mode > 0.0).count();
            Target::of_regression(&squares, dimensions.map(latent), moment, Some(rank))?
        }
    };
    Ok(Answer::new("linear-vae", &model, &target, model.optimum(&target)?, None))
}

/// Solves a case whose model is `linear-cvae`.
pub(super) fn of_conditional_case(mut fields: Fields<'_>) -> Result<Answer, Problem> {
    let mut matrix = |name: &'static str| fields.required(name, "[[1, 0], [0, 1]]", |fields, name| fields.matrix(name));
    let output = matrix("covariance_output")?;
    let condition = matrix("covariance_condition")?;
    let cross = matrix("cross_covariance")?;
    let model = read(&mut fields)?;
    fields.finish()?;
    let conditional = Conditional::of_rows(&output, &condition, &cross)?;
    let target = conditional.target();
    let given = Given {
        residual_eigenvalues: conditional.residual().eigenvalues().to_vec(),
        canonical_correlations: conditional.canonical_correlations().to_vec(),
        regression: conditional.regression().row_iter().map(|row| row.iter().copied().collect()).collect(),
    };
    Ok(Answer::new("linear-cvae", &model, &target, model.optimum(&target)?, Some(given)))
}

fn read(fields: &mut Fields<'_>) -> Result<LinearVae, CaseError> {
    let latent_dimensions = latent(fields.required("latent_dimensions", "5", |fields, name| fields.whole(name))?);
    let beta = fields.required("beta", "1", |fields, name| fields.number(name))?;
    let decoder_variance =
        fields.required("decoder_variance", "1, or \"learned\"", |fields, name| fields.learnable(name))?;
    let prior_variance = fields.required("prior_variance", "1", |fields, name| fields.number(name))?;
    let example = "\"learned\", 0.25, or one number for each latent dimension";
    let encoder_variance = fields.required("encoder_variance", example, |fields, name| {
        if fields.value(name).is_some_and(serde_json::Value::is_array) {
            return Ok(fields.numbers(name)?.map(EncoderVariance::PerDimension));
        }
        Ok(fields.learnable(name)?.map(|variance| match variance {
            Learnable::Learned => EncoderVariance::Learned,
            Learnable::Fixed(variance) => EncoderVariance::Isotropic(variance),
        }))
    })?;
    Ok(LinearVae { latent_dimensions, beta, decoder_variance, prior_variance, encoder_variance })
}

impl Answer {
    fn new(name: &'static str, model: &LinearVae, target: &Target, optimum: VaeOptimum, given: Option<Given>) -> Self {
        let mut decoder: Vec<f64> = optimum.modes.iter().map(|mode| mode.decoder_singular_value).collect();
        decoder.sort_by(|a, b| b.total_cmp(a));
        let kl_per_mode: Vec<f64> = optimum.modes.iter().map(|mode| mode.kl).collect();
        Self {
            model: name,
            determined: optimum.is_determined,
            loss: optimum.loss,
            kl_per_dimension: optimum.kl_per_dimension(),
            kl: kl_per_mode.iter().sum(),
            active_dimensions: optimum.active_dimensions(),
            decoder_singular_values: decoder,
            decoder_variance: optimum.decoder_variance,
            note: optimum.note.unwrap_or_default(),
            eigenvalues: optimum.modes.iter().map(|mode| mode.eigenvalue).collect(),
            threshold: model.threshold(optimum.decoder_variance),
            kl_per_mode,
            encoder_variances: optimum.modes.iter().map(|mode| mode.encoder_variance).collect(),
            posterior_mean_variance: optimum.modes.iter().map(|mode| mode.posterior_mean_variance).collect(),
            reconstruction_error: optimum.reconstruction_error,
            conditional: given,
            dimensions: target.dimensions(),
            beta: model.beta,
        }
    }

    /// For people. (Writing into a string cannot fail, hence the dropped results.)
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        let name = if self.conditional.is_some() { "Linear conditional VAE" } else { "Linear VAE" };
        let latent = self.kl_per_mode.len();
        let (beta, variance) = (self.beta, self.decoder_variance);
        let _ =
            writeln!(text, "{name}, D = {}, K = {latent}, β = {beta}, decoder variance {variance:.6}", self.dimensions);
        if let Some(given) = &self.conditional {
            let _ = writeln!(text, "eigenvalues of Cov(y | x): {}", words(&given.residual_eigenvalues));
            let _ = writeln!(text, "canonical correlations: {}", words(&given.canonical_correlations));
        }
        let _ = writeln!(text, "\n{} of {latent} latent dimensions are active at the optimum", self.active_dimensions);
        let _ = writeln!(text, "       eigenvalue  decoder s.v.  Var q(z | x)    Var E[z]   KL, nats");
        let largest = self.kl_per_mode.iter().copied().fold(0.0, f64::max) as f32;
        for (k, kl) in self.kl_per_mode.iter().enumerate() {
            let row = format!(
                "  z{:<4}{:>10.4}  {:>12.4}  {:>12.4}  {:>10.4}  {kl:>9.4}  {}",
                k + 1,
                self.eigenvalues[k],
                self.decoder_singular_values[k],
                self.encoder_variances[k],
                self.posterior_mean_variance[k],
                bars::lying(*kl as f32, largest)
            );
            let _ = writeln!(text, "{}", row.trim_end());
        }
        let _ = writeln!(text, "\nloss                  {:.6} nats per example", self.loss);
        let _ = writeln!(text, "KL                    {:.6} nats", self.kl);
        let _ = writeln!(text, "reconstruction error  {:.6}", self.reconstruction_error);
        if let Some(threshold) = self.threshold {
            let _ = writeln!(text, "active above          an eigenvalue of {threshold:.6}");
        }
        if !self.note.is_empty() {
            let _ = writeln!(text, "note: {}", self.note);
        }
        text
    }
}
