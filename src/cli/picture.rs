//! `collapsar picture`: the window, or one panel of it, as a PNG without a display.

use super::{CliError, compare, summary, sweep, train};
use crate::compare::ComparisonFolder;
use crate::experiment::Classical;
use crate::experiment::presets::{PRESETS, Preset};
use crate::ui::classical::ClassicalPanel;
use crate::ui::panels::Panel;
use crate::ui::picture::{PictureOptions, Subject, render};
use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Sides of a picture in pixels: nothing can be read below, and graphics adapters refuse above.
const SIDES: RangeInclusive<u32> = 64..=8192;

/// Trains a preset, then renders the window or one panel to a PNG, without a display
#[derive(Debug, Args)]
pub(super) struct Picture {
    /// Preset to train [default: the default lesson]
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Override one setting by its dotted path, such as model.sigma=0.3 or variants.brenier.model.convexity=0
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Optimizer steps before the picture is taken; 0 shows the untrained model [default: the preset's]
    #[arg(long, value_name = "N", value_parser = train::at_least(0))]
    steps: Option<u64>,
    /// One panel instead of the whole window; which there are depends on the preset
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(panel_names()))]
    panel: Option<String>,
    /// Show the phase diagram of a sweep: what changes from left to right, such as objective.beta=0.25..8:12:log
    #[arg(long, value_name = "AXIS", requires = "y")]
    x: Option<String>,
    /// What changes from bottom to top, such as model.sigma=0.5,1,2
    #[arg(long, value_name = "AXIS", requires = "x")]
    y: Option<String>,
    /// Show the comparison of the preset's variants, or of --methods; with a folder that `collapsar compare --out` wrote, its rows, without training
    #[arg(long, value_name = "DIR", num_args = 0..=1, conflicts_with_all = ["x", "panel"])]
    compare: Option<Option<PathBuf>>,
    /// Methods of the comparison, as `collapsar compare` takes them
    #[arg(long, value_name = "NAMES", requires = "compare")]
    methods: Option<String>,
    /// Seeds of the comparison [default: 3]
    #[arg(long, value_name = "N|LIST", requires = "compare")]
    seeds: Option<String>,
    /// Show samples of the aggregated posterior, instead of its density
    #[arg(long)]
    samples: bool,
    /// Width and height in pixels
    #[arg(long, value_name = "WxH", default_value = "1440x900")]
    size: Size,
    /// Colours
    #[arg(long, value_enum, default_value_t)]
    theme: Theme,
    /// The PNG to write
    #[arg(long, value_name = "FILE.png")]
    out: PathBuf,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Theme {
    /// Dark on light
    #[default]
    Light,
    /// Light on dark
    Dark,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Size([u32; 2]);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sides = text.split_once(['x', '×']).and_then(|(width, height)| {
            let side = |text: &str| text.trim().parse().ok().filter(|side| SIDES.contains(side));
            Some([side(width)?, side(height)?])
        });
        let rule = format!("width and height between {} and {}, such as 1440x900", SIDES.start(), SIDES.end());
        sides.map(Self).ok_or(rule)
    }
}

/// The panel that a sweep has.
const PHASE_DIAGRAM: &str = "phase-diagram";

/// Names of the panels of every preset, each once.
fn panel_names() -> Vec<&'static str> {
    let mut names = Panel::ALL.map(Panel::name).to_vec();
    for name in ClassicalPanel::PPCA.iter().chain(ClassicalPanel::MIXTURE).map(|panel| panel.name()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.push(PHASE_DIAGRAM);
    names
}

impl Picture {
    pub(super) fn run(self) -> Result<(), CliError> {
        let subject = match &self.compare {
            Some(Some(folder)) => self.rows(folder)?,
            _ => self.of_preset()?,
        };
        let options =
            PictureOptions { subject, size: self.size.0, dark: self.theme == Theme::Dark, samples: self.samples };
        let picture = render(options).map_err(|error| CliError::Failed(error.to_string()))?;
        let format = image::ImageFormat::Png;
        picture.save_with_format(&self.out, format).map_err(|error| match error {
            image::ImageError::IoError(error) => summary::not_written(&self.out, &error),
            error => CliError::Write { path: self.out.display().to_string(), message: error.to_string() },
        })
    }

    fn of_preset(&self) -> Result<Subject, CliError> {
        let preset = match &self.preset {
            Some(name) => Preset::find(name).map_err(CliError::Setting)?,
            None => &PRESETS[0],
        };
        match preset.classical() {
            Some(model) => self.classical(model.map_err(CliError::Experiment)?),
            None => self.training(preset),
        }
    }

    /// The rows in a folder, which says itself what was compared.
    fn rows(&self, folder: &Path) -> Result<Subject, CliError> {
        let texts = [&self.preset, &self.methods, &self.seeds];
        if texts.iter().any(|text| text.is_some()) || self.steps.is_some() || !self.set.is_empty() {
            let message = "the folder of --compare says what was compared: leave --preset, --set, --steps, --methods and --seeds out";
            return Err(CliError::Usage(message.to_owned()));
        }
        let (comparison, rows) = ComparisonFolder::read(folder)?;
        Ok(Subject::Rows(Box::new(comparison), rows))
    }

    fn training(&self, preset: &Preset) -> Result<Subject, CliError> {
        let mut experiment = preset.experiment().map_err(CliError::Experiment)?;
        for assignment in &self.set {
            experiment.assign(assignment).map_err(CliError::Setting)?;
        }
        experiment.validate().map_err(CliError::Setting)?;
        experiment.steps = self.steps.unwrap_or(experiment.steps);
        if let (Some(x), Some(y)) = (&self.x, &self.y) {
            let sweep = Box::new(sweep::of_picture(&experiment, x, y)?);
            let panel = self.panel(&[PHASE_DIAGRAM], |name| name)?;
            return Ok(Subject::PhaseDiagram { sweep, alone: panel.is_some() });
        }
        if self.compare.is_some() {
            let comparison = compare::of_options(&experiment, self.methods.as_deref(), self.seeds.as_deref())?;
            return Ok(Subject::Comparison(Box::new(comparison)));
        }
        if self.panel.as_deref() == Some(PHASE_DIAGRAM) {
            let message =
                "a phase diagram needs its two axes, such as --x objective.beta=0.25..8:12:log --y model.sigma=0.5,1,2";
            return Err(CliError::Usage(message.to_owned()));
        }
        let panel = self.panel(&Panel::ALL, Panel::name)?;
        Ok(Subject::Training(Box::new(experiment), panel))
    }

    fn classical(&self, mut model: Classical) -> Result<Subject, CliError> {
        if self.x.is_some() || self.compare.is_some() {
            return Err(CliError::Usage(
                "nothing is trained in this preset, so that there is nothing to sweep or to compare".to_owned(),
            ));
        }
        if self.steps.is_some() {
            eprintln!("collapsar: nothing is trained in this preset, so that --steps changes nothing");
        }
        for assignment in &self.set {
            model.assign(assignment).map_err(CliError::Setting)?;
        }
        let panel = self.panel(ClassicalPanel::of(&model), ClassicalPanel::name)?;
        Ok(Subject::Classical(Box::new(model), panel))
    }

    /// The panel asked for, among those that the preset has.
    fn panel<T: Copy>(&self, panels: &[T], name: impl Fn(T) -> &'static str) -> Result<Option<T>, CliError> {
        let Some(wanted) = &self.panel else { return Ok(None) };
        let found = panels.iter().copied().find(|panel| name(*panel) == wanted);
        let known = || panels.iter().map(|panel| name(*panel)).collect::<Vec<_>>().join(", ");
        found.map(Some).ok_or_else(|| CliError::Usage(format!("no panel `{wanted}`; this preset has {}", known())))
    }
}

#[cfg(test)]
mod tests {
    use super::Size;

    #[test]
    fn a_size_is_two_sides_within_reason() {
        assert_eq!("1440x900".parse(), Ok(Size([1440, 900])));
        for wrong in ["", "1440", "0x900", "1440x-1", "1e9x900", "99999x99999"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
    }
}
