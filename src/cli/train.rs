//! `collapsar train`: the experiment without a window.

use super::summary::{self, Summary};
use super::{CliError, load, print, print_json, progress, report};
use crate::device::{self, DeviceChoice};
use crate::experiment::presets::{PRESETS, Preset};
use crate::experiment::{Change, Experiment};
use crate::train::checkpoint::Checkpoint;
use crate::train::{RunState, Session, SessionOptions};
use clap::{Args, ValueEnum, builder::RangedU64ValueParser};
use std::path::{Path, PathBuf};

/// Largest integer of a TOML file, which is where an experiment is kept.
const LARGEST_INTEGER: u64 = i64::MAX as u64;

/// Trains without a window, all variants side by side, and prints what came out
#[derive(Debug, Default, Args)]
pub(super) struct Train {
    /// Start from a preset; `collapsar presets` lists them [default: the default lesson]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["experiment", "resume"])]
    preset: Option<String>,
    /// Start from an experiment's file
    #[arg(long, value_name = "FILE.toml", conflicts_with = "resume")]
    experiment: Option<PathBuf>,
    /// Go on from the checkpoint in a folder that --out wrote, to --steps in total
    #[arg(long, value_name = "DIR", conflicts_with_all = ["seed", "label", "array"])]
    resume: Option<PathBuf>,
    /// Model these data instead (with --resume: where the same data are now)
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Label column of a table, by name or number from 1
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Array of an NPZ file that holds the examples
    #[arg(long, value_name = "NAME")]
    array: Option<String>,
    /// Override one setting by its dotted path, such as model.sigma=0.3 or variants.brenier.model.convexity=0.5
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Optimizer steps per variant
    #[arg(long, value_name = "N", value_parser = at_least(1))]
    steps: Option<u64>,
    /// Key of every random number of the run
    #[arg(long, value_name = "N", value_parser = at_least(0))]
    seed: Option<u64>,
    /// What to train on
    #[arg(long, value_enum, default_value_t)]
    device: Device,
    /// Write experiment.toml, metrics.csv, summary.json and checkpoint.collapsar into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Integers that fit into an experiment's file.
pub(super) fn at_least(smallest: u64) -> RangedU64ValueParser<u64> {
    RangedU64ValueParser::new().range(smallest..=LARGEST_INTEGER)
}

/// `--device`.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(super) enum Device {
    /// A real GPU if there is one, otherwise the CPU
    #[default]
    Auto,
    /// The CPU
    Cpu,
    /// Whatever adapter the graphics driver offers
    Gpu,
}

/// Where training starts.
struct Start {
    preset: Option<String>,
    experiment: Experiment,
    checkpoint: Option<Checkpoint>,
}

impl From<Device> for DeviceChoice {
    fn from(device: Device) -> Self {
        match device {
            Device::Auto => Self::Auto,
            Device::Cpu => Self::Cpu,
            Device::Gpu => Self::Gpu,
        }
    }
}

impl Train {
    /// The default lesson.
    pub(super) fn on(device: Device) -> Self {
        Self { device, ..Self::default() }
    }

    pub(super) fn run(self) -> Result<(), CliError> {
        let start = match &self.resume {
            Some(folder) => self.resumed(folder)?,
            None => self.fresh()?,
        };
        let data = load::dataset(&start.experiment)?;
        start.experiment.validate_for(&data).map_err(CliError::Experiment)?;
        if let Some(folder) = &self.out {
            let failed = |error: std::io::Error| summary::not_written(folder, &error);
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let device = device::select(self.device.into())?;
        let options = SessionOptions::default();
        let mut session = match start.checkpoint {
            Some(checkpoint) => Session::resume(checkpoint, data, device, options),
            None => Session::start(start.experiment, data, device, options),
        }
        .map_err(CliError::Experiment)?;
        progress::follow(&mut session);
        let summary = finished(&mut session, start.preset)?;
        if let Some(folder) = &self.out {
            summary::write(folder, &summary, &mut session)?;
        }
        session.finish();
        if self.json { print_json(&summary) } else { print(&report::text(&summary)) }
    }

    /// The experiment asked for, options applied over files.
    fn fresh(&self) -> Result<Start, CliError> {
        let (preset, mut experiment) = match &self.experiment {
            Some(path) => (None, Experiment::read(path).map_err(CliError::Experiment)?),
            None => {
                let preset = match &self.preset {
                    Some(name) => Preset::find(name).map_err(CliError::Setting)?,
                    None => &PRESETS[0],
                };
                (Some(preset.name.to_owned()), preset.experiment().map_err(CliError::Experiment)?)
            }
        };
        self.override_settings(&mut experiment)?;
        Ok(Start { preset, experiment, checkpoint: None })
    }

    /// A saved run, with settings that its weights can live with.
    fn resumed(&self, folder: &Path) -> Result<Start, CliError> {
        let mut checkpoint = Checkpoint::read(&folder.join(summary::CHECKPOINT))?;
        let mut experiment = checkpoint.experiment.clone();
        self.override_settings(&mut experiment)?;
        let source = std::mem::replace(&mut experiment.data.source, checkpoint.experiment.data.source.clone());
        if checkpoint.experiment.change_to(&experiment) == Change::Structural {
            return Err(CliError::Usage(format!(
                "a saved run goes on only with its own model and data; of the settings, the learning rate, β, a fixed σ and m can change \
                 (for anything else, start anew with --experiment {})",
                folder.join(summary::EXPERIMENT).display()
            )));
        }
        experiment.data.source = source;
        let taken = checkpoint.variants.iter().map(|variant| variant.progress.step).max().unwrap_or(0);
        if experiment.steps < taken {
            return Err(CliError::Usage(format!(
                "the run in {} has taken {taken} steps already; --steps counts them in, and must be at least as many",
                folder.display()
            )));
        }
        checkpoint.experiment = experiment.clone();
        Ok(Start { preset: summary::preset_of(folder), experiment, checkpoint: Some(checkpoint) })
    }

    fn override_settings(&self, experiment: &mut Experiment) -> Result<(), CliError> {
        for assignment in &self.set {
            experiment.assign(assignment).map_err(CliError::Setting)?;
        }
        if let Some(path) = &self.data {
            experiment.data.source = crate::data::Source::File(path.clone());
        }
        if self.label.is_some() {
            experiment.data.label.clone_from(&self.label);
        }
        if self.array.is_some() {
            experiment.data.array.clone_from(&self.array);
        }
        experiment.steps = self.steps.unwrap_or(experiment.steps);
        experiment.seed = self.seed.unwrap_or(experiment.seed);
        experiment.validate().map_err(CliError::Setting)?;
        if experiment.steps == 0 {
            let message =
                "this experiment trains until stopped, which only the window can do; say how long with --steps N";
            return Err(CliError::Usage(message.to_owned()));
        }
        absolute_source(experiment);
        Ok(())
    }
}

/// A saved run must find its data from any folder.
pub(super) fn absolute_source(experiment: &mut Experiment) {
    if let crate::data::Source::File(path) = &mut experiment.data.source
        && let Ok(absolute) = std::path::absolute(&*path)
    {
        *path = absolute;
    }
}

/// Final measures of all variants. A diverged run is reported, not hidden behind an error.
fn finished(session: &mut Session, preset: Option<String>) -> Result<Summary, CliError> {
    for run in session.runs() {
        match &run.state {
            RunState::Failed(reason) => {
                return Err(CliError::Failed(format!("training of `{}` failed: {reason}", run.settings.name)));
            }
            RunState::Diverged { at_step, kept_step } => eprintln!(
                "collapsar: `{}` diverged at step {at_step}, its loss is no finite number; the weights of step {kept_step} are reported \
                 (try a smaller optimizer.learning_rate)",
                run.settings.name
            ),
            _ => {}
        }
    }
    let measures =
        session.summarize().map_err(|reason| CliError::Failed(format!("the final measures failed: {reason}")))?;
    Ok(Summary::new(session, preset, measures))
}
