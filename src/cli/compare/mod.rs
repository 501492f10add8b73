//! `collapsar compare`: methods × seeds on one data set, without a window.

mod report;

use super::{CliError, load, print, print_json, progress, train};
use crate::batch;
use crate::compare::{self, Comparison, ComparisonFolder, ComparisonTable, methods_named, methods_of, seeds_from};
use crate::data::Source;
use crate::experiment::Experiment;
use crate::experiment::presets::{PRESETS, Preset};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Seeds where nobody says how many.
pub(super) const SEEDS: &str = "3";

/// Trains every method with every seed on one data set, in parallel over the cores, and prints a table of means and standard deviations
///
/// Methods are the experiment's own variants, or those that --methods names, from the variants and from the catalogue of published remedies.
/// Numbers are in nats per example, over the evaluation pool; seconds are of one core under the load of the others.
#[derive(Debug, Args)]
pub(super) struct Compare {
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
    /// Methods by name, such as vae,free-bits,brenier-1, or `all` for the whole catalogue [default: the experiment's variants]
    #[arg(long, value_name = "NAMES")]
    methods: Option<String>,
    /// How many seeds, from the experiment's own on, or a list of them, such as 7,8,9 [default: 3]
    #[arg(long, value_name = "N|LIST")]
    seeds: Option<String>,
    /// Optimizer steps per row
    #[arg(long, value_name = "N", value_parser = train::at_least(1))]
    steps: Option<u64>,
    /// Write comparison.toml and, as rows finish, rows.csv and rows.toml into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "resume")]
    out: Option<PathBuf>,
    /// Go on with the comparison in a folder that --out wrote
    #[arg(long, value_name = "DIR")]
    resume: Option<PathBuf>,
    /// Rows trained at the same time [default: one per core]
    #[arg(long, value_name = "N", value_parser = train::at_least(1))]
    threads: Option<u64>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Compare {
    pub(super) fn run(self) -> Result<(), CliError> {
        let comparison = match (&self.resume, self.is_defined()) {
            (Some(folder), false) => ComparisonFolder::comparison(folder)?,
            _ => self.defined()?,
        };
        // What cannot be read is said once, and not by every row.
        load::dataset(comparison.experiment())?;
        let (mut folder, rows) = match (&self.resume, &self.out) {
            (Some(path), _) => {
                ComparisonFolder::resume(path, &comparison).map(|(folder, rows)| (Some(folder), rows))?
            }
            (None, Some(path)) => (Some(ComparisonFolder::create(path, &comparison)?), Vec::new()),
            (None, None) => (None, Vec::new()),
        };
        let threads = self.threads.map_or_else(batch::cores, |threads| threads as usize);
        let mut table = ComparisonTable::with_rows(comparison, rows, Arc::new(|| {}));
        follow(&mut table, folder.as_mut(), threads)?;
        if let Some(problem) = table.common_failure() {
            return Err(CliError::Failed(format!("no row could be trained: {problem}")));
        }
        if table.finished() == 0 {
            return Err(CliError::Failed("stopped before any row was finished".to_owned()));
        }
        if !table.is_complete() {
            self.tell_how_to_go_on(&table);
        }
        if self.json { print_json(&report::Summary::new(&table)?) } else { print(&report::text(&table)) }
    }

    fn is_defined(&self) -> bool {
        let texts = [&self.preset, &self.methods, &self.seeds];
        texts.iter().any(|text| text.is_some())
            || self.steps.is_some()
            || self.experiment.is_some()
            || self.data.is_some()
            || !self.set.is_empty()
    }

    /// The comparison that the options describe.
    fn defined(&self) -> Result<Comparison, CliError> {
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
        train::absolute_source(&mut experiment);
        of_options(&experiment, self.methods.as_deref(), self.seeds.as_deref())
    }

    fn tell_how_to_go_on(&self, table: &ComparisonTable) {
        let (finished, all) = (table.finished(), table.rows().len());
        let how = match self.resume.as_ref().or(self.out.as_ref()) {
            Some(folder) => format!("go on with collapsar compare --resume {}", folder.display()),
            None => "with --out DIR, a stopped comparison can be resumed".to_owned(),
        };
        eprintln!("collapsar: stopped with {finished} of {all} rows; {how}");
    }
}

/// Methods and seeds by name, of an experiment whose settings are applied already.
pub(super) fn of_options(
    experiment: &Experiment,
    methods: Option<&str>,
    seeds: Option<&str>,
) -> Result<Comparison, CliError> {
    let methods = match methods {
        Some(names) => methods_named(experiment, names)?,
        None => methods_of(experiment)?,
    };
    let seeds = seeds_from(seeds.unwrap_or(SEEDS), experiment.seed)?;
    Ok(Comparison::new(experiment, methods, seeds)?)
}

/// Trains what is missing and writes every row as it finishes. The first Ctrl-C stops, the second ends the program.
fn follow(
    table: &mut ComparisonTable,
    mut folder: Option<&mut ComparisonFolder>,
    threads: usize,
) -> Result<(), CliError> {
    let interrupted = progress::interrupted();
    let display = Display::new(table);
    table.start(threads)?;
    while table.is_running() {
        let finished = table.wait(Duration::from_millis(100));
        let before = table.finished() - finished.len();
        for (number, index) in finished.into_iter().enumerate() {
            if let Some(row) = &table.rows()[index] {
                if let Some(folder) = &mut folder {
                    folder.add(index, row)?;
                }
                display.tell(table, (before + number + 1, index), row);
            }
        }
        if interrupted.load(Ordering::Relaxed) {
            table.cancel();
        }
        display.update(table);
    }
    display.close();
    Ok(())
}

enum Display {
    Bar(ProgressBar),
    Lines,
}

impl Display {
    fn new(table: &ComparisonTable) -> Self {
        let (finished, all) = (table.finished(), table.rows().len());
        if !std::io::stderr().is_terminal() {
            eprintln!("training {} rows; Ctrl-C stops and keeps what there is", all - finished);
            return Self::Lines;
        }
        let bar = ProgressBar::new(all as u64);
        if let Ok(style) = ProgressStyle::with_template("rows [{wide_bar}] {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    /// Rows take long enough for a line each; `finished` counts the row in.
    fn tell(&self, table: &ComparisonTable, (finished, index): (usize, usize), row: &compare::Row) {
        let (method, seed) = table.comparison().name(index);
        let problem = row.problem.as_ref().map(|problem| format!(": {problem}")).unwrap_or_default();
        let left = table.seconds_left().filter(|left| *left > 0.0).map(progress::duration);
        let left = left.map(|left| format!(", about {left} left")).unwrap_or_default();
        let all = table.rows().len();
        let line = format!("{finished} of {all}: {method}, seed {seed}, {}{problem}{left}", row.state.key());
        match self {
            Self::Bar(bar) => bar.println(line),
            Self::Lines => eprintln!("{line}"),
        }
    }

    fn update(&self, table: &ComparisonTable) {
        if let Self::Bar(bar) = self {
            let left = table.seconds_left().map(progress::duration);
            bar.set_position(table.finished() as u64);
            bar.set_message(left.map(|left| format!("{left} left")).unwrap_or_default());
        }
    }

    fn close(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
