//! The summary of a training run, and the files of `--out`.

use super::levels::{LevelSummary, TheorySummary};
use super::{CliError, json};
use crate::experiment::{DecoderKind, Method, Settings};
use crate::measure::{Diagnosis, ModelInformation, Statuses};
use crate::train::{FinalMeasures, Run, RunState, Session, SessionEvent};
use crate::{device::DeviceKind, train::checkpoint::Checkpoint};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

/// The experiment, fully resolved.
pub(super) const EXPERIMENT: &str = "experiment.toml";
/// The saved run that `--resume` reads.
pub(super) const CHECKPOINT: &str = "checkpoint.collapsar";
const METRICS: &str = "metrics.csv";
const SUMMARY: &str = "summary.json";

/// What came out of training; scripts rely on its fields. A field that does not apply is left out.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    pub seed: u64,
    pub data: DataSummary,
    pub device: DeviceSummary,
    pub runs: Vec<RunSummary>,
}

#[derive(Debug, Serialize)]
pub(super) struct DataSummary {
    pub name: String,
    /// Training split.
    pub examples: usize,
    pub dimensions: usize,
    /// E log p(x) of what generates the data, nats per example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub true_log_likelihood: Option<f64>,
}

#[derive(Debug, Serialize)]
pub(super) struct DeviceSummary {
    pub kind: DeviceKind,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RunSummary {
    pub name: String,
    pub decoder: DecoderKind,
    /// Left out of the rows of a comparison, which call a variant their method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Method>,
    pub steps: u64,
    pub seconds: f64,
    pub steps_per_second: f64,
    pub negative_elbo: f32,
    pub reconstruction: f32,
    pub kl: f32,
    pub kl_per_dimension: Vec<f32>,
    pub posterior_mean_variance: Vec<f32>,
    pub active_units: usize,
    pub collapsed_dimensions: Vec<usize>,
    pub mutual_information: f32,
    pub mutual_information_cap: f32,
    pub marginal_kl: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_information: Option<ModelInformationSummary>,
    pub importance_weighted_nll: f64,
    pub importance_samples: usize,
    pub importance_examples: usize,
    /// E KL(q(z | x) ‖ p(z | x)), the gap between log-likelihood and ELBO at the same samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posterior_matching: Option<f64>,
    /// KL to N(0, I) of a Gaussian with the aggregated posterior's mean and covariance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregate_moment_kl: Option<f64>,
    /// Lower bound on the model's own information, of a mutual autoencoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub information_bound: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub likelihood_range: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kl_exact: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grid_radius: Option<f64>,
    pub statuses: StatusesSummary,
    pub diagnosis: Diagnosis,
    pub diagnosis_text: String,
    /// Latent levels, where there are two or a level is compared by mode.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<LevelSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub theory: Option<TheorySummary>,
    pub state: State,
}

/// Information under the model itself.
#[derive(Debug, Serialize)]
pub(super) struct ModelInformationSummary {
    pub mutual_information: f32,
    pub standard_error: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cap: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f32>,
    pub samples: usize,
}

/// What has collapsed: likelihood, exact posterior, encoder.
#[derive(Debug, Serialize)]
pub(super) struct StatusesSummary {
    pub likelihood_range: f64,
    pub likelihood_flat: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_kl: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exact_collapsed: Option<bool>,
    pub encoder_kl: f64,
    pub encoder_collapsed: bool,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    Finished,
    Diverged,
    Stopped,
}

impl Summary {
    /// Takes final measures and where training stands together.
    pub(super) fn new(session: &Session, preset: Option<String>, measures: Vec<FinalMeasures>) -> Self {
        let (data, device) = (session.data(), session.device());
        Self {
            preset,
            seed: session.experiment().seed,
            data: DataSummary {
                name: data.name().to_owned(),
                examples: data.training_len(),
                dimensions: data.dimensions(),
                true_log_likelihood: data.true_log_likelihood(),
            },
            device: DeviceSummary { kind: device.kind, name: device.name.clone(), driver: device.driver.clone() },
            runs: session.runs().iter().zip(measures).map(|(run, measures)| RunSummary::new(run, measures)).collect(),
        }
    }
}

impl RunSummary {
    fn new(run: &Run, last: FinalMeasures) -> Self {
        let state = match run.state {
            RunState::Finished => State::Finished,
            RunState::Diverged { .. } => State::Diverged,
            _ => State::Stopped,
        };
        Self::of(&run.settings, run.progress.step, run.progress.seconds, state, last)
    }

    /// Of a run of so many steps and seconds.
    pub(super) fn of(settings: &Settings, steps: u64, seconds: f64, state: State, last: FinalMeasures) -> Self {
        let measures = last.measures;
        let rate = steps as f64 / seconds;
        let mut levels = LevelSummary::all(&measures);
        // A single level says what the run says already.
        levels.retain(|level| level.kl_per_mode.is_some() || measures.levels.len() > 1);
        Self {
            name: settings.name.clone(),
            decoder: settings.model.decoder,
            method: Some(settings.objective.method),
            steps,
            seconds,
            steps_per_second: if rate.is_finite() { rate } else { 0.0 },
            negative_elbo: measures.negative_elbo,
            reconstruction: measures.reconstruction,
            kl: measures.kl,
            kl_per_dimension: measures.kl_per_dimension,
            posterior_mean_variance: measures.posterior_mean_variance,
            active_units: measures.active_units,
            collapsed_dimensions: measures.collapsed_dimensions,
            mutual_information: measures.mutual_information,
            mutual_information_cap: measures.mutual_information_cap,
            marginal_kl: measures.marginal_kl,
            model_information: measures.model_information.map(ModelInformationSummary::new),
            importance_weighted_nll: last.importance_weighted_nll,
            importance_samples: last.importance_samples,
            importance_examples: last.importance_examples,
            posterior_matching: measures.likelihood.map(|likelihood| likelihood.posterior_matching()),
            aggregate_moment_kl: measures.aggregate.map(|aggregate| aggregate.moment_kl),
            information_bound: measures.information_bound,
            likelihood_range: last.exact.map(|exact| exact.likelihood_range),
            kl_exact: last.exact.map(|exact| exact.kl),
            grid_radius: last.exact.map(|exact| exact.radius),
            statuses: StatusesSummary::new(last.statuses),
            diagnosis: last.statuses.diagnosis(),
            diagnosis_text: last.statuses.text(),
            levels,
            theory: last.theory.prediction.ok().map(TheorySummary::new),
            state,
        }
    }
}

impl ModelInformationSummary {
    fn new(of: ModelInformation) -> Self {
        let ModelInformation { mutual_information, standard_error, cap, samples, floor } = of;
        Self { mutual_information, standard_error, cap, floor, samples }
    }
}

impl StatusesSummary {
    fn new(of: Statuses) -> Self {
        Self {
            likelihood_range: of.likelihood_range,
            likelihood_flat: of.is_likelihood_flat(),
            exact_kl: of.exact_kl,
            exact_collapsed: of.is_exact_collapsed(),
            encoder_kl: of.encoder_kl,
            encoder_collapsed: of.is_encoder_collapsed(),
        }
    }
}

/// Writes everything that `--out` promises.
pub(super) fn write(folder: &Path, summary: &Summary, session: &mut Session) -> Result<(), CliError> {
    session.experiment().write(&folder.join(EXPERIMENT)).map_err(CliError::Experiment)?;
    write_text(&folder.join(METRICS), &metrics(session.runs()))?;
    write_text(&folder.join(SUMMARY), &json(summary)?)?;
    checkpoint(session)?.write(&folder.join(CHECKPOINT))?;
    Ok(())
}

/// The preset that a folder of `--out` was trained from; a checkpoint itself holds only the experiment.
pub(super) fn preset_of(folder: &Path) -> Option<String> {
    let text = std::fs::read_to_string(folder.join(SUMMARY)).ok()?;
    let summary: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(summary.get("preset")?.as_str()?.to_owned())
}

pub(super) fn not_written(path: &Path, error: &std::io::Error) -> CliError {
    CliError::Write { path: path.display().to_string(), message: error.to_string() }
}

fn write_text(path: &Path, text: &str) -> Result<(), CliError> {
    std::fs::write(path, text).map_err(|error| not_written(path, &error))
}

fn checkpoint(session: &mut Session) -> Result<Checkpoint, CliError> {
    let failed = |reason: String| CliError::Failed(format!("the run could not be saved: {reason}"));
    session.save();
    loop {
        for event in session.wait(Duration::from_millis(100)) {
            match event {
                SessionEvent::Saved(saved) => return saved.map(|saved| *saved).map_err(failed),
                SessionEvent::StateChanged { state: RunState::Failed(reason), .. } => return Err(failed(reason)),
                SessionEvent::StateChanged { .. } => {}
            }
        }
    }
}

/// One row per periodic evaluation and variant. Variants of fewer dimensions leave columns empty, and so do evaluations that did not
/// measure the model's own information.
fn metrics(runs: &[Run]) -> String {
    let evaluations = runs.iter().flat_map(|run| &run.history.evaluations);
    let latent = evaluations.map(|evaluation| evaluation.measures.kl_per_dimension.len()).max().unwrap_or(0);
    let mut text =
        "variant,step,negative_elbo,reconstruction,kl,mutual_information,marginal_kl,active_units".to_owned();
    (0..latent).for_each(|dimension| text.push_str(&format!(",kl_{dimension}")));
    text.push_str(",model_information,model_information_floor\n");
    for run in runs {
        let name = csv_field(&run.settings.name);
        for evaluation in &run.history.evaluations {
            let of = &evaluation.measures;
            let measured = [of.negative_elbo, of.reconstruction, of.kl, of.mutual_information, of.marginal_kl];
            text.push_str(&format!("{name},{}", evaluation.step));
            measured.iter().for_each(|value| text.push_str(&format!(",{value}")));
            text.push_str(&format!(",{}", of.active_units));
            let mut push = |value: Option<f32>| {
                text.push(',');
                if let Some(value) = value {
                    // Writing into a string cannot fail.
                    let _ = write!(text, "{value}");
                }
            };
            (0..latent).for_each(|dimension| push(of.kl_per_dimension.get(dimension).copied()));
            push(of.model_information.map(|information| information.mutual_information));
            push(of.model_information.and_then(|information| information.floor));
            text.push('\n');
        }
    }
    text
}

/// A variant may be named anything that TOML allows.
fn csv_field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
