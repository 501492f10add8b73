//! `collapsar inspect`: what a data file holds, before anything is trained on it.

use super::load::LoadBar;
use super::{CliError, print, print_json};
use crate::data::{self, Inspection, LoadOptions};
use clap::Args;
use std::path::PathBuf;

/// Says what a data file or a folder of pictures holds
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// IDX, CSV, NPY or NPZ file (gzipped or not), or a folder of PNG or JPEG pictures
    path: PathBuf,
    /// Label column of a table, by name or number from 1
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Array of an NPZ file that holds the examples
    #[arg(long, value_name = "NAME")]
    array: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub(super) fn run(self) -> Result<(), CliError> {
        let options = LoadOptions { label: self.label, array: self.array, ..LoadOptions::default() };
        let inspection = {
            let bar = LoadBar::new(&self.path.display().to_string());
            data::inspect(&self.path, &options, &bar)?
        };
        if self.json { print_json(&inspection) } else { print(&in_words(&inspection)) }
    }
}

fn in_words(inspection: &Inspection) -> String {
    let shape = inspection.shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    let (low, high) = inspection.value_range;
    let labels = match inspection.labels {
        Some(classes) => format!("{classes} classes"),
        None => "none".to_owned(),
    };
    let mut text = format!(
        "format      {}\nexamples    {}\ndimensions  {}\nshape       {shape}\nvalues      {low} to {high}\nlabels      {labels}\n",
        format!("{:?}", inspection.format).to_lowercase(),
        inspection.examples,
        inspection.dimensions,
    );
    for warning in &inspection.warnings {
        text.push_str(&format!("warning     {warning}\n"));
    }
    text
}
