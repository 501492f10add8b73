//! [`Experiment`]: everything that defines a run, as one plain value.
//!
//! The same value is the settings panel, the command line's `--set`, a preset, the session file and the undo history.
//! A comparison is a list of [`Variant`]s, each a set of overrides on the shared settings.

mod classical;
mod error;
mod keys;
mod live;
mod objective;
pub mod presets;
pub mod remedies;
mod settings;
mod text;
mod validate;

pub use classical::{Classical, Inference, MixtureParameters, MixtureSettings, PpcaData, PpcaSettings, PpcaWeights};
pub use error::ExperimentError;
pub use live::LIVE;
pub use objective::{
    AnnealingSettings, Expectation, InformationSettings, LARGEST_KL_PER_DIMENSION, LaggingSettings, LibiSettings,
    Method, ObjectiveSettings, PretrainingSettings, RefinementGradient, RefinementSettings, Schedule,
};
pub use settings::{
    DataSettings, DecoderKind, EncoderStart, Family, Learnable, LikelihoodKind, ModelSettings, OptimizerSettings,
    PriorKind, Projection, SMALLEST_LOG_VARIANCE,
};

use serde::{Deserialize, Serialize};

/// Everything that defines a run. Written as TOML, only differences from the default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Experiment {
    /// Key of every random number of the run: initial weights, batch order, noise.
    pub seed: u64,
    /// Optimizer steps per variant; 0 trains until stopped.
    pub steps: u64,
    /// What is modelled.
    pub data: DataSettings,
    /// The generative model and its encoder.
    pub model: ModelSettings,
    /// What is optimised.
    pub objective: ObjectiveSettings,
    /// How it is optimised.
    pub optimizer: OptimizerSettings,
    /// What is trained side by side; without any, the shared settings are the only run.
    #[serde(with = "text::variants", skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

/// One of the runs of a comparison: a name, and what it overrides in the shared settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Key in `[variants]`, title of the column, `runs[].name` of a summary.
    pub name: String,
    /// Overrides under `model`, `objective` and `optimizer`.
    pub overrides: toml::Table,
}

/// The settings of one variant, overrides applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The variant's name.
    pub name: String,
    /// Key of every random number.
    pub seed: u64,
    /// Optimizer steps; 0 trains until stopped.
    pub steps: u64,
    /// The generative model and its encoder.
    pub model: ModelSettings,
    /// What is optimised.
    pub objective: ObjectiveSettings,
    /// How it is optimised.
    pub optimizer: OptimizerSettings,
}

/// Whether a change of settings can be applied to a running trainer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing differs.
    Nothing,
    /// Nothing but settings of [`LIVE`]: applied from the next step on.
    Live,
    /// Anything else: needs new weights.
    Structural,
}

impl Default for Experiment {
    fn default() -> Self {
        Self {
            seed: 7,
            steps: 3000,
            data: DataSettings::default(),
            model: ModelSettings::default(),
            objective: ObjectiveSettings::default(),
            optimizer: OptimizerSettings::default(),
            variants: Vec::new(),
        }
    }
}

impl Experiment {
    /// The settings of every variant, in the order of the experiment; at least one.
    ///
    /// # Errors
    /// An override that names no setting or has the wrong type.
    pub fn runs(&self) -> Result<Vec<Settings>, ExperimentError> {
        if self.variants.is_empty() {
            let name = self.model.decoder.label().to_lowercase();
            return Ok(vec![self.settings(name)]);
        }
        self.variants.iter().map(|variant| self.apply_overrides(variant)).collect()
    }

    fn settings(&self, name: String) -> Settings {
        Settings {
            name,
            seed: self.seed,
            steps: self.steps,
            model: self.model.clone(),
            objective: self.objective.clone(),
            optimizer: self.optimizer.clone(),
        }
    }

    /// What applying `next` to a run started with `self` takes.
    pub fn change_to(&self, next: &Self) -> Change {
        if self.data != next.data || self.seed != next.seed {
            return Change::Structural;
        }
        let (Ok(old), Ok(new)) = (self.runs(), next.runs()) else {
            return Change::Structural;
        };
        if old.len() != new.len() {
            return Change::Structural;
        }
        old.iter().zip(&new).map(|(old, new)| old.change_to(new)).max().unwrap_or(Change::Nothing)
    }
}
