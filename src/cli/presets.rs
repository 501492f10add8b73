//! `collapsar presets`: what comes with the program.

use super::{CliError, print, print_json};
use crate::experiment::presets::PRESETS;
use clap::Args;
use serde::Serialize;

/// Lists the presets, with one line each on what they show
#[derive(Debug, Args)]
pub(super) struct Presets {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct List {
    presets: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    name: &'static str,
    summary: &'static str,
}

impl Presets {
    pub(super) fn run(&self) -> Result<(), CliError> {
        if self.json {
            let presets = PRESETS.iter().map(|preset| Entry { name: preset.name, summary: preset.summary }).collect();
            return print_json(&List { presets });
        }
        let width = PRESETS.iter().map(|preset| preset.name.len()).max().unwrap_or(0);
        let lines = PRESETS.iter().map(|preset| format!("{:width$}  {}\n", preset.name, preset.summary));
        print(&lines.collect::<String>())
    }
}
