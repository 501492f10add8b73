//! `collapsar sweep`: a grid of runs over two settings, without a window.

mod report;

use super::{CliError, load, print, print_json, progress, train};
use crate::data::Source;
use crate::experiment::Experiment;
use crate::experiment::presets::{PRESETS, Preset};
use crate::sweep::{self, Axis, PhaseDiagram, SweepFolder};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Lines written over a whole sweep where there is no terminal to redraw.
const LINES: usize = 10;

/// Trains a grid of short runs over two settings, in parallel over the cores, and counts active dimensions
///
/// An axis is KEY=FROM..TO:COUNT (equal steps), KEY=FROM..TO:COUNT:log (equal factors) or KEY=A,B,C, for any setting that is a number. Where the
/// optimum is known in closed form, the predicted counts stand beside the trained ones.
#[derive(Debug, Args)]
pub(super) struct Sweep {
    /// Start from a preset; `collapsar presets` lists them [default: the default lesson]
    #[arg(long, value_name = "NAME", conflicts_with = "experiment")]
    preset: Option<String>,
    /// Start from an experiment's file
    #[arg(long, value_name = "FILE.toml")]
    experiment: Option<PathBuf>,
    /// Model these data instead
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Override one setting by its dotted path, such as model.sigma=0.3
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Optimizer steps per cell
    #[arg(long, value_name = "N", value_parser = train::at_least(1))]
    steps: Option<u64>,
    /// Key of every random number, the same in all cells
    #[arg(long, value_name = "N", value_parser = train::at_least(0))]
    seed: Option<u64>,
    /// The variant that is trained [default: the first]
    #[arg(long, value_name = "NAME")]
    variant: Option<String>,
    /// What changes from left to right, such as objective.beta=0.25..8:12:log
    #[arg(long, value_name = "AXIS", required_unless_present = "resume")]
    x: Option<String>,
    /// What changes from bottom to top, such as model.sigma=0.5,1,2
    #[arg(long, value_name = "AXIS", required_unless_present = "resume")]
    y: Option<String>,
    /// The latent level whose active dimensions are counted [default: 1; 2 for hierarchical models]
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    level: Option<u8>,
    /// Write sweep.toml and, as cells finish, cells.csv into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Go on with the sweep in a folder that --out wrote
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Cells trained at the same time [default: one per core]
    #[arg(long, value_name = "N", value_parser = train::at_least(1))]
    threads: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Sweep {
    pub(super) fn run(self) -> Result<(), CliError> {
        let sweep = match (&self.resume, self.is_defined()) {
            (Some(folder), false) => SweepFolder::sweep(folder)?,
            _ => self.defined()?,
        };
        let level = self.level_of(&sweep)?;
        let (mut folder, cells) = match (&self.resume, &self.out) {
            (Some(path), _) => SweepFolder::resume(path, &sweep).map(|(folder, cells)| (Some(folder), cells))?,
            (None, Some(path)) => (Some(SweepFolder::create(path, &sweep)?), Vec::new()),
            (None, None) => (None, Vec::new()),
        };
        // What cannot be read is said once, and not by every cell.
        load::dataset(&sweep.cell(0, 0)?)?;
        let threads = self.threads.map_or_else(sweep::cores, |threads| threads as usize);
        let started = Instant::now();
        let mut diagram = PhaseDiagram::with_cells(sweep, cells, Arc::new(|| {}));
        follow(&mut diagram, folder.as_mut(), threads)?;
        if let Some(problem) = report::common_failure(&diagram) {
            return Err(CliError::Failed(format!("no cell could be trained: {problem}")));
        }
        if !diagram.is_complete() {
            self.tell_how_to_go_on(&diagram);
        }
        if self.json {
            print_json(&report::Summary::new(&diagram, level, started.elapsed().as_secs_f64()))
        } else {
            print(&report::text(&diagram, level))
        }
    }

    fn is_defined(&self) -> bool {
        let texts = [&self.preset, &self.variant, &self.x, &self.y];
        let numbers = [self.steps, self.seed];
        texts.iter().any(|text| text.is_some())
            || numbers.iter().any(Option::is_some)
            || self.experiment.is_some()
            || self.data.is_some()
            || !self.set.is_empty()
    }

    /// The sweep that the options describe.
    fn defined(&self) -> Result<sweep::Sweep, CliError> {
        let (Some(x), Some(y)) = (&self.x, &self.y) else {
            let message = "a sweep in a folder is resumed as it is; to compare it with another, give all of its options, --x and --y too";
            return Err(CliError::Usage(message.to_owned()));
        };
        let mut experiment = match (&self.experiment, &self.preset) {
            (Some(path), _) => Experiment::read(path).map_err(CliError::Experiment)?,
            (None, Some(name)) => {
                Preset::find(name).map_err(CliError::Setting)?.experiment().map_err(CliError::Experiment)?
            }
            (None, None) => PRESETS[0].experiment().map_err(CliError::Experiment)?,
        };
        for assignment in &self.set {
            experiment.assign(assignment).map_err(CliError::Setting)?;
        }
        if let Some(path) = &self.data {
            experiment.data.source = Source::File(path.clone());
        }
        experiment.steps = self.steps.unwrap_or(experiment.steps);
        experiment.seed = self.seed.unwrap_or(experiment.seed);
        train::absolute_source(&mut experiment);
        let axis = |text: &String| text.parse::<Axis>();
        Ok(sweep::Sweep::new(&experiment, self.variant.as_deref(), axis(x)?, axis(y)?)?)
    }

    /// The level shown, counted from 0: of a hierarchical model the upper one, which is where collapse has two causes.
    fn level_of(&self, sweep: &sweep::Sweep) -> Result<usize, CliError> {
        let levels = sweep.levels();
        match self.level {
            None => Ok(levels - 1),
            Some(level) if usize::from(level) <= levels => Ok(usize::from(level) - 1),
            Some(level) => Err(CliError::Usage(format!("there is no level {level}; this model has one latent level"))),
        }
    }

    fn tell_how_to_go_on(&self, diagram: &PhaseDiagram) {
        let (finished, all) = (diagram.finished(), diagram.cells().len());
        let how = match self.resume.as_ref().or(self.out.as_ref()) {
            Some(folder) => format!("go on with collapsar sweep --resume {}", folder.display()),
            None => "with --out DIR, a stopped sweep can be resumed".to_owned(),
        };
        eprintln!("collapsar: stopped with {finished} of {all} cells; {how}");
    }
}

/// Trains what is missing and writes every cell as it finishes. The first Ctrl-C stops, the second ends the program.
fn follow(diagram: &mut PhaseDiagram, mut folder: Option<&mut SweepFolder>, threads: usize) -> Result<(), CliError> {
    let interrupted = progress::interrupted();
    let mut display = Display::new(diagram);
    diagram.start(threads)?;
    while diagram.is_running() {
        let finished = diagram.wait(Duration::from_millis(100));
        for index in finished {
            if let (Some(folder), Some(cell)) = (&mut folder, &diagram.cells()[index]) {
                folder.add(diagram.sweep(), index, cell)?;
            }
        }
        if interrupted.load(Ordering::Relaxed) {
            diagram.cancel();
        }
        display.update(diagram);
    }
    display.close();
    Ok(())
}

enum Display {
    Bar(ProgressBar),
    Lines { written: usize },
}

impl Display {
    fn new(diagram: &PhaseDiagram) -> Self {
        let (finished, all) = (diagram.finished(), diagram.cells().len());
        if !std::io::stderr().is_terminal() {
            eprintln!("training {} cells; Ctrl-C stops and keeps what there is", all - finished);
            return Self::Lines { written: LINES * finished / all };
        }
        let bar = ProgressBar::new(all as u64);
        if let Ok(style) = ProgressStyle::with_template("cells [{wide_bar}] {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    fn update(&mut self, diagram: &PhaseDiagram) {
        let (finished, all) = (diagram.finished(), diagram.cells().len());
        let left = diagram.seconds_left().map(progress::duration);
        match self {
            Self::Bar(bar) => {
                bar.set_position(finished as u64);
                bar.set_message(left.map(|left| format!("{left} left")).unwrap_or_default());
            }
            Self::Lines { written } => {
                let reached = LINES * finished / all;
                if reached > *written && reached < LINES {
                    *written = reached;
                    let left = left.map(|left| format!(", about {left} left")).unwrap_or_default();
                    eprintln!("{finished} of {all} cells{left}");
                }
            }
        }
    }

    fn close(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// The sweep of a picture, whose settings are applied already.
pub(super) fn of_picture(experiment: &Experiment, x: &str, y: &str) -> Result<sweep::Sweep, CliError> {
    Ok(sweep::Sweep::new(experiment, None, x.parse()?, y.parse()?)?)
}
