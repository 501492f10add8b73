//! A saved run: experiment, weights, optimizer state and curves of every variant. Random numbers need no state: they are
//! functions of the seed and the step (see [`crate::random`]).
//!
//! The file is a zip archive: `experiment.toml`, and per variant `N/state.json`, `N/weights.safetensors` and
//! `N/optimizer.safetensors`, so that weights can be read elsewhere.

use super::algorithm::{AlgorithmState, KeptState};
use super::history::{History, Progress};
use super::optimizer::AdamState;
use super::weights::NamedValues;
use crate::experiment::{Experiment, ExperimentError};
use crate::inference::Lagging;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use thiserror::Error;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Extension of saved runs.
pub const EXTENSION: &str = "collapsar";
/// Name of the checkpoint in the output folder of a headless run.
pub const FILE_NAME: &str = "checkpoint.collapsar";
/// Version of the archive's layout.
const VERSION: u32 = 2;
/// Largest entry read back: a damaged archive must not take the machine's memory.
const LARGEST_ENTRY: u64 = 2 << 30;

/// A saved run.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The experiment, as it was when saved.
    pub experiment: Experiment,
    /// One per variant, in the order of the experiment.
    pub variants: Vec<VariantState>,
}

/// One variant's state of training.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantState {
    /// The variant's name.
    pub name: String,
    /// Where training stood.
    pub progress: Progress,
    /// Parameters, in the order of the model.
    pub weights: Vec<NamedValues>,
    /// Moments, in the same order.
    pub optimizer: AdamState,
    /// What the training method remembers.
    pub algorithm: AlgorithmState,
    /// Curves so far.
    pub history: History,
    /// [`crate::data::Dataset::fingerprint`] of the data.
    pub data: u64,
}

/// A checkpoint that cannot be read, written or used.
#[derive(Debug, Error)]
pub enum CheckpointError {
    /// The file system's answer.
    #[error("{path} could not be {action}: {message}")]
    File {
        /// The file.
        path: String,
        /// `read` or `written`.
        action: &'static str,
        /// What went wrong.
        message: String,
    },
    /// Not one of our archives, or a damaged one.
    #[error("{path} is not a saved run of Collapsar, or it is damaged ({message})")]
    Damaged {
        /// The file.
        path: String,
        /// What was found.
        message: String,
    },
    /// Written by a later version.
    #[error("{path} was written by a later version of Collapsar (layout {found}, this one reads up to {VERSION})")]
    Version {
        /// The file.
        path: String,
        /// Its layout.
        found: u32,
    },
    /// The experiment inside is wrong.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// Other data.
    #[error(
        "the data are not those that the run was saved with, so it cannot go on; train anew, or bring the data back"
    )]
    Data,
    /// Weights of another model.
    #[error(
        "the saved weights do not belong to this model (first difference: `{0}`); a structural setting was changed since"
    )]
    Mismatch(String),
}

#[derive(Serialize, Deserialize)]
struct StateFile {
    version: u32,
    name: String,
    step: u64,
    seconds: f64,
    optimizer_steps: OptimizerSteps,
    #[serde(default)]
    lagging: Lagging,
    #[serde(default)]
    kept: Option<KeptFile>,
    history: History,
    data: u64,
}

/// Updates done, per parameter; layout 1 had one number for all.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum OptimizerSteps {
    All(u64),
    Each(Vec<u64>),
}

/// The model that LiBI has kept so far; its weights are in `N/kept.safetensors`.
#[derive(Serialize, Deserialize)]
struct KeptFile {
    repeat: u64,
    log_likelihood: f32,
}

impl Checkpoint {
    /// Writes the file beside its destination first, so that an interrupted save leaves the old one whole.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CheckpointError> {
        let failed =
            |message: String| CheckpointError::File { path: path.display().to_string(), action: "written", message };
        let partial = path.with_extension("partial");
        let file = File::create(&partial).map_err(|error| failed(error.to_string()))?;
        self.write_archive(file).map_err(|message| {
            // What is left over is ours; that it cannot be removed either adds nothing to the message.
            let _ = std::fs::remove_file(&partial);
            failed(message)
        })?;
        std::fs::rename(&partial, path).map_err(|error| failed(error.to_string()))
    }

    fn write_archive(&self, file: File) -> Result<(), String> {
        let text = |error: &dyn std::fmt::Display| error.to_string();
        let mut archive = ZipWriter::new(std::io::BufWriter::new(file));
        // Weights are noise to a compressor; stored as they are, they are written at once.
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        let mut entry = |name: &str, bytes: &[u8]| {
            archive.start_file(name, options).map_err(|error| text(&error))?;
            archive.write_all(bytes).map_err(|error| text(&error))
        };
        entry("experiment.toml", self.experiment.to_toml().as_bytes())?;
        for (index, variant) in self.variants.iter().enumerate() {
            let state = StateFile {
                version: VERSION,
                name: variant.name.clone(),
                step: variant.progress.step,
                seconds: variant.progress.seconds,
                optimizer_steps: OptimizerSteps::Each(variant.optimizer.steps.clone()),
                lagging: variant.algorithm.lagging,
                kept: variant.algorithm.kept.as_ref().map(KeptFile::of),
                history: variant.history.clone(),
                data: variant.data,
            };
            let json = serde_json::to_vec(&state).map_err(|error| text(&error))?;
            entry(&format!("{index}/state.json"), &json)?;
            entry(&format!("{index}/weights.safetensors"), &to_safetensors(&variant.weights)?)?;
            let moments: Vec<NamedValues> =
                variant.optimizer.moments.iter().enumerate().flat_map(named_moments).collect();
            entry(&format!("{index}/optimizer.safetensors"), &to_safetensors(&moments)?)?;
            if let Some(kept) = &variant.algorithm.kept {
                entry(&format!("{index}/kept.safetensors"), &to_safetensors(&kept.weights)?)?;
            }
        }
        let mut inner = archive.finish().map_err(|error| text(&error))?;
        inner.flush().map_err(|error| text(&error))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, is none of ours, or is damaged.
    pub fn read(path: &Path) -> Result<Self, CheckpointError> {
        let name = || path.display().to_string();
        let file = File::open(path).map_err(|error| CheckpointError::File {
            path: name(),
            action: "read",
            message: error.to_string(),
        })?;
        let damaged = |message: String| CheckpointError::Damaged { path: name(), message };
        let mut archive = ZipArchive::new(file).map_err(|error| damaged(error.to_string()))?;
        let mut entry = |name: &str| -> Result<Vec<u8>, CheckpointError> {
            let entry = archive.by_name(name).map_err(|error| damaged(format!("{name}: {error}")))?;
            let mut bytes = Vec::new();
            entry.take(LARGEST_ENTRY).read_to_end(&mut bytes).map_err(|error| damaged(format!("{name}: {error}")))?;
            Ok(bytes)
        };
        let toml = String::from_utf8(entry("experiment.toml")?).map_err(|error| damaged(error.to_string()))?;
        let experiment = Experiment::from_toml(&toml, &format!("{}/experiment.toml", path.display()))?;
        let mut variants = Vec::new();
        for index in 0..experiment.runs()?.len() {
            let json = entry(&format!("{index}/state.json"))?;
            let state: StateFile = serde_json::from_slice(&json).map_err(|error| damaged(error.to_string()))?;
            if state.version > VERSION {
                return Err(CheckpointError::Version { path: name(), found: state.version });
            }
            let weights = from_safetensors(&entry(&format!("{index}/weights.safetensors"))?).map_err(damaged)?;
            let moments = from_safetensors(&entry(&format!("{index}/optimizer.safetensors"))?).map_err(damaged)?;
            let moments = pair_moments(moments).map_err(damaged)?;
            let steps = match state.optimizer_steps {
                OptimizerSteps::All(steps) => vec![steps; moments.len()],
                OptimizerSteps::Each(steps) => steps,
            };
            let kept = match state.kept {
                Some(KeptFile { repeat, log_likelihood }) => {
                    let weights = from_safetensors(&entry(&format!("{index}/kept.safetensors"))?).map_err(damaged)?;
                    Some(KeptState { repeat, log_likelihood, weights })
                }
                None => None,
            };
            variants.push(VariantState {
                name: state.name,
                progress: Progress { step: state.step, seconds: state.seconds, steps_per_second: 0.0 },
                weights,
                optimizer: AdamState { steps, moments },
                algorithm: AlgorithmState { lagging: state.lagging, kept },
                history: state.history,
                data: state.data,
            });
        }
        Ok(Self { experiment, variants })
    }
}

impl KeptFile {
    fn of(kept: &KeptState) -> Self {
        Self { repeat: kept.repeat, log_likelihood: kept.log_likelihood }
    }
}

fn named_moments((index, moments): (usize, &[Vec<f32>; 2])) -> [NamedValues; 2] {
    let named = |order: &str, values: &Vec<f32>| NamedValues {
        name: format!("{order}.{index}"),
        shape: vec![values.len()],
        values: values.clone(),
    };
    [named("first", &moments[0]), named("second", &moments[1])]
}

fn pair_moments(parameters: Vec<NamedValues>) -> Result<Vec<[Vec<f32>; 2]>, String> {
    let mut parameters = parameters.into_iter();
    let mut pairs = Vec::new();
    while let Some(first) = parameters.next() {
        let second = parameters.next().ok_or("the optimizer's second moments are missing")?;
        pairs.push([first.values, second.values]);
    }
    Ok(pairs)
}

/// Entries are named `NNNN:name`: the format sorts by name, and the order of parameters must survive.
fn to_safetensors(parameters: &[NamedValues]) -> Result<Vec<u8>, String> {
    let bytes: Vec<Vec<u8>> =
        parameters.iter().map(|p| p.values.iter().flat_map(|value| value.to_le_bytes()).collect()).collect();
    let mut views = Vec::with_capacity(parameters.len());
    for (index, (parameter, bytes)) in parameters.iter().zip(&bytes).enumerate() {
        let view = TensorView::new(Dtype::F32, parameter.shape.clone(), bytes).map_err(|error| error.to_string())?;
        views.push((format!("{index:04}:{}", parameter.name), view));
    }
    safetensors::serialize(views, None).map_err(|error| error.to_string())
}

fn from_safetensors(bytes: &[u8]) -> Result<Vec<NamedValues>, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
    let mut tensors = file.tensors();
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    tensors
        .into_iter()
        .map(|(name, view)| {
            if view.dtype() != Dtype::F32 {
                return Err(format!("`{name}` does not hold 32-bit numbers"));
            }
            let values = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
            let name = name.split_once(':').map_or(name.as_str(), |(_, name)| name).to_owned();
            Ok(NamedValues { name, shape: view.shape().to_vec(), values })
        })
        .collect()
}
