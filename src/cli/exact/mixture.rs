//! The weight of a two-component mixture on the command line.

use super::{INFERENCES, SEED, finished};
use crate::cli::CliError;
use crate::cli::case::{CaseError, Fields};
use crate::cli::load::LoadBar;
use crate::exact::{HmcSettings, MixtureError, MixtureWeight, WeightInference, mixture, mixture_data};
use crate::experiment::{Inference, MixtureParameters, MixtureSettings};
use serde::Serialize;
use std::fmt::Write;

const PARAMETERS: [(&str, MixtureParameters); 2] =
    [("fixed", MixtureParameters::Fixed), ("integrated", MixtureParameters::Integrated)];

/// What is known of α, the weight of the first component.
#[derive(Serialize)]
pub(super) struct Answer {
    model: &'static str,
    inference: Inference,
    parameters: MixtureParameters,
    examples: usize,
    log_likelihood_range: f64,
    log_likelihood_range_per_example: f64,
    grid: Vec<f64>,
    posterior: Vec<f64>,
    posterior_mean: f64,
    posterior_sd: f64,
    kl_to_prior: f64,
    #[serde(flatten)]
    sampling: Option<Samples>,
}

#[derive(Serialize)]
struct Samples {
    /// α, all chains after one another.
    draws: Vec<f64>,
    chains: usize,
    r_hat: f64,
    effective_draws: f64,
    divergences: usize,
    /// Mean of α in each chain: they differ where the components exchange their names.
    chain_means: Vec<f64>,
}

/// Solves a case whose model is `gmm`.
pub(super) fn of_case(fields: Fields<'_>) -> Result<Answer, CliError> {
    let case = read(fields)?;
    solve(&case.mixture, &case.data, case.parameters, case.inference, case.seed)
}

/// Solves a preset.
pub(super) fn of_settings(settings: &MixtureSettings, inference: Inference) -> Result<Answer, CliError> {
    solve(&mixture(settings), &mixture_data(settings), settings.parameters, inference, settings.seed)
}

/// What a case asks for.
struct Case {
    mixture: MixtureWeight,
    data: Vec<f64>,
    parameters: MixtureParameters,
    inference: Inference,
    seed: u64,
}

fn read(mut fields: Fields<'_>) -> Result<Case, CaseError> {
    let data = fields.required("data", "[0.3, -1.2, 2.5]", |fields, name| fields.numbers(name))?;
    let components = fields.required("components", "[[-1, 1], [1, 1]]", |fields, name| match fields.value(name) {
        // An empty list has a sentence of its own below.
        Some(value) if value.as_array().is_some_and(Vec::is_empty) => Ok(Some(Vec::new())),
        _ => fields.matrix(name),
    })?;
    let prior = fields.numbers("prior")?.unwrap_or_else(|| vec![5.0, 5.0]);
    let parameters = fields.choice("parameters", &PARAMETERS)?.unwrap_or_default();
    let inference = fields.choice("inference", &INFERENCES)?.unwrap_or_default();
    let seed = fields.whole("seed")?.unwrap_or(SEED);
    let [first, second] = components.as_slice() else {
        return Err(fields.contradiction(format!(
            "`components` has {} components, where two are needed: [[mean, deviation], [mean, deviation]]",
            components.len()
        )));
    };
    let ([mean1, sd1], [mean2, sd2]) =
        (pair(first, &fields, "components[0]")?, pair(second, &fields, "components[1]")?);
    let [a, b] = pair(&prior, &fields, "prior")?;
    fields.finish()?;
    let mixture = MixtureWeight { first: (mean1, sd1), second: (mean2, sd2), prior: (a, b) };
    Ok(Case { mixture, data, parameters, inference, seed })
}

fn pair(numbers: &[f64], fields: &Fields<'_>, name: &str) -> Result<[f64; 2], CaseError> {
    numbers.try_into().map_err(|_| {
        let what = if name == "prior" { "a and b of Beta(a, b)" } else { "mean and standard deviation" };
        fields.contradiction(format!("`{name}` has {} numbers, where two are needed: {what}", numbers.len()))
    })
}

fn solve(
    mixture: &MixtureWeight,
    data: &[f64],
    parameters: MixtureParameters,
    inference: Inference,
    seed: u64,
) -> Result<Answer, CliError> {
    if inference == Inference::Exact && parameters == MixtureParameters::Integrated {
        return Err(CliError::Failed(
            "with the parameters integrated out there is no exact answer; \"inference\": \"hmc\" samples it, and \"parameters\": \"fixed\" has \
             one"
                .to_owned(),
        ));
    }
    let exact = mixture.posterior(data).map_err(in_case_words)?;
    let (range, grid) = (exact.log_likelihood_range, exact.grid.clone());
    let bar = LoadBar::saying("Sampling");
    let posterior = match inference {
        Inference::Exact => WeightInference::exact(exact),
        Inference::Hmc => finished(WeightInference::hmc(mixture, data, parameters, &HmcSettings::new(seed), &bar)?)?,
        Inference::MeanField => finished(WeightInference::mean_field(mixture, data, parameters, seed, &bar)?)?,
    };
    let sampling = posterior.sampling.map(|sampling| {
        let length = (sampling.count / sampling.chains.max(1)).max(1);
        let mean = |chain: &[f64]| chain.iter().sum::<f64>() / chain.len() as f64;
        Samples {
            chain_means: sampling.draws.chunks(length).map(mean).collect(),
            draws: sampling.draws,
            chains: sampling.chains,
            r_hat: sampling.r_hat[0],
            effective_draws: sampling.effective_draws[0],
            divergences: sampling.divergences,
        }
    });
    Ok(Answer {
        model: "gmm",
        inference,
        parameters,
        examples: data.len(),
        log_likelihood_range: range,
        log_likelihood_range_per_example: range / data.len() as f64,
        grid,
        posterior: posterior.density,
        posterior_mean: posterior.mean,
        posterior_sd: posterior.sd,
        kl_to_prior: posterior.kl_to_prior,
        sampling,
    })
}

fn in_case_words(error: MixtureError) -> CliError {
    CliError::Classical(error.into())
}

impl Answer {
    /// For people. (Writing into a string cannot fail, hence the dropped results.)
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        let parameters = self.parameters.label().to_lowercase();
        let _ =
            writeln!(text, "Weight α of the first of two components, N = {}, parameters {parameters}", self.examples);
        let _ = writeln!(
            text,
            "likelihood range over α, components known: {:.4} nats, {:.4} per example\n",
            self.log_likelihood_range, self.log_likelihood_range_per_example
        );
        let _ = writeln!(text, "{} posterior of α", self.inference.label());
        let _ = writeln!(text, "  mean             {:.4}", self.posterior_mean);
        let _ = writeln!(text, "  sd               {:.4}", self.posterior_sd);
        let _ = writeln!(text, "  KL to the prior  {:.4} nats", self.kl_to_prior);
        if let Some(samples) = &self.sampling {
            let means: Vec<String> = samples.chain_means.iter().map(|mean| format!("{mean:.4}")).collect();
            let _ = writeln!(
                text,
                "  {} draws of {} chains with means {}\n  R̂ {:.3}, effective draws {:.0}, divergences {}",
                samples.draws.len(),
                samples.chains,
                means.join(", "),
                samples.r_hat,
                samples.effective_draws,
                samples.divergences
            );
        }
        text
    }
}
