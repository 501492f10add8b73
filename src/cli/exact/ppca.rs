//! Probabilistic PCA on the command line.

use super::{INFERENCES, SEED, finished};
use crate::cli::case::{CaseError, Fields};
use crate::cli::load::LoadBar;
use crate::cli::{CliError, bars};
use crate::data::{self, LoadOptions, Scale, Source};
use crate::exact::{HmcSettings, Ppca, PpcaAnswer, PpcaExamples, SurfaceAtZero};
use crate::experiment::{Inference, PpcaSettings};
use serde::Serialize;
use std::fmt::Write;
use std::path::PathBuf;

/// Posteriors that are sampled without being asked for one by one: each takes a moment.
const MOST_SAMPLED: usize = 64;
/// Points per axis of a surface.
const SIDES: std::ops::RangeInclusive<u64> = 2..=1000;

/// What is known of the posteriors, nats per example, in the order of the data.
#[derive(Serialize)]
pub(super) struct Answer {
    model: &'static str,
    #[serde(flatten)]
    posterior: Option<Posterior>,
    weights: Vec<Vec<f64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    surface: Option<Surface>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct Posterior {
    inference: Inference,
    posterior_mean: Vec<Vec<f64>>,
    posterior_sd: Vec<f64>,
    kl_per_dimension: Vec<f64>,
    kl: f64,
    eigenvalues: Vec<f64>,
    #[serde(flatten)]
    sampling: Option<Samples>,
}

#[derive(Serialize)]
struct Samples {
    /// `[examples][draws][K]`.
    draws: Vec<Vec<Vec<f64>>>,
    /// Largest over examples, `[K]`.
    r_hat: Vec<f64>,
    /// Smallest over examples, `[K]`.
    effective_draws: Vec<f64>,
    divergences: usize,
}

#[derive(Serialize)]
struct Surface {
    max: f64,
    min: f64,
    sd: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<f64>>,
}

/// `"surface"` of a case.
struct SurfaceRequest {
    side: usize,
    reach: f64,
    copies: f64,
    has_values: bool,
}

/// What a case asks for.
struct Case {
    rows: Option<Rows>,
    parameters: Parameters,
    noise: f64,
    surface: Option<SurfaceRequest>,
    inference: Inference,
    example: Option<usize>,
    seed: u64,
}

enum Rows {
    Given(Vec<Vec<f64>>),
    File(PathBuf),
}

enum Parameters {
    Weights(Vec<Vec<f64>>),
    Fit(usize),
}

/// Solves a case whose model is `ppca`.
pub(super) fn of_case(fields: Fields<'_>) -> Result<Answer, CliError> {
    let case = read(fields)?;
    let rows = match case.rows {
        Some(Rows::Given(rows)) => Some(rows),
        Some(Rows::File(path)) => Some(rows_of_file(path)?),
        None => None,
    };
    let examples = match (&rows, &case.parameters) {
        (Some(rows), Parameters::Weights(_)) => Some(PpcaExamples::with_every_column(rows)?),
        (Some(rows), Parameters::Fit(_)) => Some(PpcaExamples::of_rows(rows)?),
        (None, _) => None,
    };
    let model = match (&case.parameters, &examples) {
        (Parameters::Fit(latent), Some(examples)) => {
            Ppca::fit(&examples.spectrum, *latent, case.noise).map_err(|error| CliError::Classical(error.into()))?
        }
        (Parameters::Weights(weights), _) => {
            Ppca::of_rows(weights, case.noise).map_err(|error| CliError::Classical(error.into()))?
        }
        (Parameters::Fit(_), None) => return Err(CliError::Failed("there are no data to fit".to_owned())),
    };
    let surface = case.surface.as_ref().map(|request| Surface::of(&model, request));
    match examples {
        Some(examples) => {
            let posterior = infer(&model, &examples, case.example, case.inference, case.seed)?;
            Ok(Answer::new(&model, &examples, posterior, surface))
        }
        None => Ok(Answer {
            model: "ppca",
            posterior: None,
            weights: model.weights.row_iter().map(|row| row.iter().copied().collect()).collect(),
            surface,
            warnings: Vec::new(),
        }),
    }
}

/// Solves a preset.
pub(super) fn of_settings(
    settings: &PpcaSettings,
    inference: Inference,
    example: Option<usize>,
) -> Result<Answer, CliError> {
    let examples = {
        let bar = LoadBar::new(&settings.data.to_string());
        finished(PpcaExamples::load(&settings.data, &bar)?)?
    };
    let model = examples.model(settings)?;
    let example = example.or((inference == Inference::Hmc).then_some(0));
    let posterior = infer(&model, &examples, example, inference, settings.seed)?;
    Ok(Answer::new(&model, &examples, posterior, None))
}

fn read(mut fields: Fields<'_>) -> Result<Case, CaseError> {
    let data = fields.matrix("data")?;
    let file = fields.text("data_file")?.map(PathBuf::from);
    let weights = fields.matrix("weights")?;
    let fit = fields.whole("fit")?;
    let noise = fields.required("noise", "0.5", |fields, name| fields.number(name))?;
    let inference = fields.choice("inference", &INFERENCES)?.unwrap_or_default();
    let example = fields.whole("example")?.map(|example| usize::try_from(example).unwrap_or(usize::MAX));
    let seed = fields.whole("seed")?.unwrap_or(SEED);
    let surface = fields.object("surface")?.map(read_surface).transpose()?;
    let rows = match (data, file) {
        (Some(_), Some(_)) => return Err(fields.contradiction("give either `data` or `data_file`, not both")),
        (Some(rows), None) => Some(Rows::Given(rows)),
        (None, Some(path)) => Some(Rows::File(path)),
        (None, None) => None,
    };
    let parameters = match (weights, fit) {
        (Some(_), Some(_)) => return Err(fields.contradiction("give either `weights` or `fit`, not both")),
        (None, None) => {
            return Err(fields.contradiction(
                "`weights` or `fit` is missing: give the weights as D rows of K numbers, or \"fit\": K to have them fitted",
            ));
        }
        (Some(weights), None) => Parameters::Weights(weights),
        (None, Some(latent)) => Parameters::Fit(usize::try_from(latent).unwrap_or(usize::MAX)),
    };
    // The surface of given weights at x = 0 needs no data.
    if rows.is_none() && (surface.is_none() || matches!(parameters, Parameters::Fit(_))) {
        return Err(fields.contradiction("`data` or `data_file` is missing: give rows [[…], …] or a path"));
    }
    fields.finish()?;
    Ok(Case { rows, parameters, noise, surface, inference, example, seed })
}

fn read_surface(mut fields: Fields<'_>) -> Result<SurfaceRequest, CaseError> {
    let side = fields.whole("side")?.unwrap_or(50);
    let reach = fields.number("reach")?.unwrap_or(2.0);
    let copies = fields.number("copies")?.unwrap_or(1.0);
    let has_values = fields.flag("values")?.unwrap_or(false);
    if !SIDES.contains(&side) {
        return Err(fields.contradiction(format!(
            "`surface.side` is {side}; between {} and {} points per axis are possible",
            SIDES.start(),
            SIDES.end()
        )));
    }
    if reach <= 0.0 {
        return Err(fields.contradiction(format!("`surface.reach` is {reach}; it must be above 0")));
    }
    fields.finish()?;
    Ok(SurfaceRequest { side: side as usize, reach, copies, has_values })
}

/// Every row of a data file, as stored in it but for the label column.
fn rows_of_file(path: PathBuf) -> Result<Vec<Vec<f64>>, CliError> {
    let bar = LoadBar::new(&path.display().to_string());
    let options = LoadOptions { scale: Scale::None, ..LoadOptions::default() };
    let dataset = data::load(&Source::File(path), &options, &bar)?;
    let values = dataset.in_source_order();
    Ok(values.chunks(dataset.dimensions()).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect())
}

fn infer(
    model: &Ppca,
    examples: &PpcaExamples,
    example: Option<usize>,
    inference: Inference,
    seed: u64,
) -> Result<Posterior, CliError> {
    if inference == Inference::Hmc && example.is_none() && examples.len() > MOST_SAMPLED {
        return Err(CliError::Failed(format!(
            "sampling the posteriors of all {} examples would take long; choose one with `example`, counted from 0",
            examples.len()
        )));
    }
    let bar = LoadBar::saying("Sampling");
    let answer = PpcaAnswer::infer(model, examples, example, inference, &HmcSettings::new(seed), &bar)?;
    let answer = finished(answer)?;
    let sampling = (!answer.samplings.is_empty()).then(|| {
        let latent = answer.sd.len();
        let over = |of: &dyn Fn(usize) -> f64| (0..latent).map(of).collect();
        let all = &answer.samplings;
        let rows = |draws: &[f64]| draws.chunks(latent).map(<[f64]>::to_vec).collect();
        Samples {
            draws: all.iter().map(|sampling| rows(&sampling.draws)).collect(),
            r_hat: over(&|k| all.iter().map(|sampling| sampling.r_hat[k]).fold(f64::NEG_INFINITY, f64::max)),
            effective_draws: over(&|k| {
                all.iter().map(|sampling| sampling.effective_draws[k]).fold(f64::INFINITY, f64::min)
            }),
            divergences: all.iter().map(|sampling| sampling.divergences).sum(),
        }
    });
    Ok(Posterior {
        inference,
        posterior_mean: answer.means,
        posterior_sd: answer.sd,
        kl_per_dimension: answer.kl_per_dimension,
        kl: answer.kl,
        eigenvalues: examples.eigenvalues_of_every_column(),
        sampling,
    })
}

impl Answer {
    fn new(model: &Ppca, examples: &PpcaExamples, posterior: Posterior, surface: Option<Surface>) -> Self {
        Self {
            model: "ppca",
            posterior: Some(posterior),
            weights: examples.weights_of_every_column(model),
            surface,
            warnings: examples.warnings.clone(),
        }
    }

    /// For people. (Writing into a string cannot fail, hence the dropped results.)
    pub fn in_words(&self) -> String {
        let mut text = String::new();
        let latent = self.weights.first().map_or(0, Vec::len);
        let _ = writeln!(text, "Probabilistic PCA, D = {}, K = {latent}", self.weights.len());
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {warning}");
        }
        if let Some(posterior) = &self.posterior {
            posterior.in_words(&mut text);
        }
        if let Some(Surface { max, min, sd, .. }) = &self.surface {
            let _ =
                writeln!(text, "\nlog-likelihood surface at x = 0, nats\n  max {max:.3}   min {min:.3}   sd {sd:.3}");
        }
        text
    }
}

impl Posterior {
    fn in_words(&self, text: &mut String) {
        const LISTED: usize = 10;
        let listed: Vec<String> = self.eigenvalues.iter().take(LISTED).map(|value| format!("{value:.4}")).collect();
        let rest = self.eigenvalues.len().saturating_sub(LISTED);
        let more = if rest > 0 { format!(" and {rest} smaller ones") } else { String::new() };
        let _ = writeln!(text, "eigenvalues of the covariance: {}{more}", listed.join(", "));
        let examples = match self.posterior_mean.len() {
            1 => "1 example".to_owned(),
            count => format!("{count} examples"),
        };
        let way = self.inference.label();
        let _ = writeln!(
            text,
            "\n{way} posterior of {examples}: KL to the prior, nats per example, and standard deviation"
        );
        let largest = self.kl_per_dimension.iter().copied().fold(0.0, f64::max) as f32;
        for (k, (kl, sd)) in self.kl_per_dimension.iter().zip(&self.posterior_sd).enumerate() {
            let bar = bars::lying(*kl as f32, largest);
            let _ = writeln!(text, "  z{:<3} {kl:>9.6}  sd {sd:.4}  {bar}", k + 1);
        }
        let _ = writeln!(text, "  joint {:>7.6}", self.kl);
        if let Some(samples) = &self.sampling {
            let draws = samples.draws.first().map_or(0, Vec::len);
            let worst = samples.r_hat.iter().copied().fold(0.0, f64::max);
            let _ = writeln!(
                text,
                "  {draws} draws per example, largest R̂ {worst:.3}, {} divergences",
                samples.divergences
            );
        }
    }
}

impl Surface {
    fn of(model: &Ppca, request: &SurfaceRequest) -> Self {
        let SurfaceAtZero { values, max, min, sd } =
            SurfaceAtZero::new(model, request.reach, request.side, request.copies);
        Self { max, min, sd, values: request.has_values.then_some(values) }
    }
}
