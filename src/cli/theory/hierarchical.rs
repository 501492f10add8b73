//! The linear hierarchical VAE on the command line.

use super::{Data, Problem, latent};
use crate::cli::case::{CaseError, Fields};
use crate::exact::linear::{HierarchicalOptimum, LinearHierarchicalVae, LowerMode, UpperMode};
use serde::Serialize;
use std::fmt::Write;

/// The optimum; nats per example.
#[derive(Serialize)]
pub(super) struct Answer {
    model: &'static str,
    determined: bool,
    loss: f64,
    /// z1, then z2.
    levels: (Lower, Upper),
    decoder_variance: f64,
    reconstruction_error: f64,
    note: String,
    #[serde(skip)]
    dimensions: usize,
    #[serde(skip)]
    beta: [f64; 2],
}

/// z1. Lists are by mode, largest eigenvalue of the data first.
#[derive(Serialize)]
struct Lower {
    determined: bool,
    /// T1 of all dimensions; may be negative.
    kl_term: f64,
    active_dimensions: usize,
    eigenvalues: Vec<f64>,
    kl_term_per_mode: Vec<f64>,
    /// a = E z1².
    second_moments: Vec<f64>,
    encoder_variances: Vec<f64>,
    posterior_mean_variance: Vec<f64>,
    decoder_singular_values: Vec<f64>,
    /// I(x; z1) for Gaussian x.
    information_per_mode: Vec<f64>,
    information: f64,
}

/// z2. Lists are in the order of those of z1, unless they say otherwise.
#[derive(Serialize)]
struct Upper {
    determined: bool,
    /// Descending.
    kl_per_dimension: Vec<f64>,
    kl: f64,
    active_dimensions: usize,
    kl_per_mode: Vec<f64>,
    encoder_variances: Vec<f64>,
    posterior_mean_variance: Vec<f64>,
    /// Descending.
    decoder_singular_values: Vec<f64>,
    /// I(x; z2) for Gaussian x.
    information_per_mode: Vec<f64>,
    information: f64,
}

/// Solves a case whose model is `linear-hvae`.
pub(super) fn of_case(mut fields: Fields<'_>) -> Result<Answer, Problem> {
    let data = Data::read(&mut fields)?;
    let latents = fields.required("latent_dimensions", "[5, 5]", |fields, name| fields.wholes(name))?;
    let betas = fields.required("beta", "[1, 1]", |fields, name| fields.numbers(name))?;
    let decoder_variance = fields.required("decoder_variance", "0.5", |fields, name| fields.learnable(name))?;
    let level_variance = fields.required("level_variance", "0.5", |fields, name| fields.number(name))?;
    let prior_variance = fields.required("prior_variance", "1", |fields, name| fields.number(name))?;
    let example = "[\"learned\", 0.5]";
    let variances = fields.required("encoder_variance", example, |fields, name| fields.learnables(name))?;
    let model = LinearHierarchicalVae {
        latent_dimensions: pair(&latents, &fields, "latent_dimensions")?.map(latent),
        beta: pair(&betas, &fields, "beta")?,
        decoder_variance,
        level_variance,
        prior_variance,
        encoder_variance: pair(&variances, &fields, "encoder_variance")?,
    };
    data.check(&fields)?;
    fields.finish()?;
    let target = data.target()?;
    Ok(Answer::new(&model, target.dimensions(), &model.optimum(&target)?))
}

fn pair<T: Copy>(entries: &[T], fields: &Fields<'_>, name: &str) -> Result<[T; 2], CaseError> {
    entries.try_into().map_err(|_| {
        fields.contradiction(format!(
            "`{name}` has {} entries, where two are needed: one for z1 and one for z2",
            entries.len()
        ))
    })
}

impl Answer {
    fn new(model: &LinearHierarchicalVae, dimensions: usize, optimum: &HierarchicalOptimum) -> Self {
        let lower = |of: fn(&LowerMode) -> f64| optimum.lower.iter().map(of).collect::<Vec<f64>>();
        let upper = |of: fn(&UpperMode) -> f64| optimum.upper.iter().map(of).collect::<Vec<f64>>();
        let kl = optimum.kl_per_dimension();
        let information = upper(|upper| upper.information);
        let [active_lower, active_upper] = optimum.active_dimensions();
        let information_lower = lower(|mode| mode.information);
        let levels = (
            Lower {
                determined: optimum.is_determined[0],
                kl_term: optimum.kl_term(),
                active_dimensions: active_lower,
                eigenvalues: lower(|mode| mode.eigenvalue),
                kl_term_per_mode: lower(|mode| mode.kl_term),
                second_moments: lower(|mode| mode.second_moment),
                encoder_variances: lower(|mode| mode.encoder_variance),
                posterior_mean_variance: lower(|mode| mode.posterior_mean_variance),
                decoder_singular_values: lower(|mode| mode.decoder_singular_value),
                information: information_lower.iter().sum(),
                information_per_mode: information_lower,
            },
            Upper {
                determined: optimum.is_determined[1],
                kl: kl.iter().sum(),
                kl_per_dimension: kl,
                active_dimensions: active_upper,
                kl_per_mode: upper(|upper| upper.mode.kl),
                encoder_variances: upper(|upper| upper.mode.encoder_variance),
                posterior_mean_variance: upper(|upper| upper.posterior_mean_variance),
                decoder_singular_values: upper(|upper| upper.mode.decoder_singular_value),
                information: information.iter().sum(),
                information_per_mode: information,
            },
        );
        Self {
            model: "linear-hvae",
            // About the KLs of z2 and the total of z1's term, which is what the levels are asked for.
            determined: optimum.is_determined[1] && optimum.is_term_determined,
            loss: optimum.loss,
            levels,
            decoder_variance: optimum.decoder_variance,
            reconstruction_error: optimum.reconstruction_error,
            note: optimum.note.clone().unwrap_or_default(),
            dimensions,
            beta: model.beta,
        }
    }

    /// For people. (Writing into a string cannot fail, hence the dropped results.)
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        let (z1, z2) = &self.levels;
        let (lower, upper) = (z1.eigenvalues.len(), z2.kl_per_mode.len());
        let [first, second] = self.beta;
        let _ = writeln!(
            text,
            "Linear hierarchical VAE, D = {}, K = {lower} and {upper}, β1 = {first}, β2 = {second}, decoder variance {:.6}",
            self.dimensions, self.decoder_variance
        );
        let _ = writeln!(text, "\nz1: {} of {lower} latent dimensions are active at the optimum", z1.active_dimensions);
        let _ = writeln!(text, "       eigenvalue      E z1²  Var q(z1 | x)   Var E[z1]  I(x; z1)  term T1, nats");
        for k in 0..lower {
            let _ = writeln!(
                text,
                "  {:<5}{:>10.4} {:>10.4}  {:>13.4}  {:>10.4}  {:>8.4}  {:>13.4}",
                k + 1,
                z1.eigenvalues[k],
                z1.second_moments[k],
                z1.encoder_variances[k],
                z1.posterior_mean_variance[k],
                z1.information_per_mode[k],
                z1.kl_term_per_mode[k]
            );
        }
        let _ = writeln!(text, "\nz2: {} of {upper} latent dimensions are active at the optimum", z2.active_dimensions);
        let _ = writeln!(text, "       decoder s.v.  Var q(z2 | z1)   Var E[z2]  I(x; z2)       KL, nats");
        for k in 0..upper {
            let _ = writeln!(
                text,
                "  {:<5}{:>12.4}  {:>14.4}  {:>10.4}  {:>8.4}  {:>13.4}",
                k + 1,
                z2.decoder_singular_values[k],
                z2.encoder_variances[k],
                z2.posterior_mean_variance[k],
                z2.information_per_mode[k],
                z2.kl_per_mode[k]
            );
        }
        let _ = writeln!(text, "\nloss                  {:.6} nats per example", self.loss);
        let _ = writeln!(text, "term T1 of z1         {:.6} nats", z1.kl_term);
        let _ = writeln!(text, "KL of z2              {:.6} nats", z2.kl);
        let _ =
            writeln!(text, "I(x; z1), I(x; z2)    {:.6}, {:.6} nats for Gaussian data", z1.information, z2.information);
        let _ = writeln!(text, "reconstruction error  {:.6}", self.reconstruction_error);
        if !self.note.is_empty() {
            let _ = writeln!(text, "note: {}", self.note);
        }
        text
    }
}
