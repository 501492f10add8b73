//! A summary for people: a verdict in words, a table with a column per variant, KL bars.

use super::summary::{RunSummary, State, Summary};
use super::{bars, levels};
use crate::device::DeviceKind;
use crate::measure::ACTIVE_UNIT_VARIANCE;
use std::fmt::Write;

/// Dimensions that get a bar of their own.
const MOST_BARS: usize = 32;
const LABEL_WIDTH: usize = 30;
const COLUMN_WIDTH: usize = 14;

/// The whole report. (Writing into a string cannot fail, hence the dropped results.)
pub(super) fn text(summary: &Summary) -> String {
    let mut text = String::new();
    let data = &summary.data;
    let kind = match summary.device.kind {
        DeviceKind::Cpu => "CPU",
        DeviceKind::Gpu => "GPU",
    };
    let _ = writeln!(
        text,
        "{}: {} training examples of {} dimensions · seed {} · {kind} {}\n",
        data.name, data.examples, data.dimensions, summary.seed, summary.device.name
    );
    for run in &summary.runs {
        let _ = writeln!(text, "{}: {}", run.name, verdict(run));
        let _ = writeln!(text, "  {}", run.diagnosis_text);
    }
    text.push('\n');
    table(&mut text, &summary.runs);
    let largest = summary.runs.iter().flat_map(|run| &run.kl_per_dimension).copied().fold(0.0, f32::max);
    for run in &summary.runs {
        let _ = writeln!(text, "\n{} · KL per dimension, nats per example", run.name);
        for (dimension, &kl) in run.kl_per_dimension.iter().enumerate().take(MOST_BARS) {
            let collapsed = if run.collapsed_dimensions.contains(&dimension) { " collapsed" } else { "" };
            let bar = bars::lying(kl, largest);
            let space = if bar.is_empty() { "" } else { " " };
            let _ = writeln!(text, "  {:<5} {bar}{space}{kl:.4}{collapsed}", levels::name(&run.levels, dimension));
        }
        let hidden = run.kl_per_dimension.len().saturating_sub(MOST_BARS);
        if hidden > 0 {
            let _ = writeln!(text, "  … and {hidden} more; --json has them all");
        }
    }
    text
}

/// What happened, and by which measure.
fn verdict(run: &RunSummary) -> String {
    let (collapsed, all) = (run.collapsed_dimensions.len(), run.kl_per_dimension.len());
    let dimensions = if all == 1 { "dimension" } else { "dimensions" };
    let outcome = match collapsed {
        _ if run.levels.len() > 1 => levels::in_words(&run.levels),
        0 => format!("no posterior collapse, {all} of {all} latent {dimensions} active"),
        _ if collapsed == all => format!("posterior collapse, {all} of {all} latent {dimensions} collapsed"),
        _ => format!("{collapsed} of {all} latent {dimensions} collapsed"),
    };
    let ended = match run.state {
        State::Finished => "",
        State::Diverged => "; training diverged, these are the last good weights",
        State::Stopped => "; stopped before its last step",
    };
    format!("{outcome} (active: variance of the posterior mean ≥ {ACTIVE_UNIT_VARIANCE}){ended}")
}

fn table(text: &mut String, runs: &[RunSummary]) {
    let samples = runs.first().map_or(0, |run| run.importance_samples);
    let importance = format!("−log p(x), {samples} samples");
    let mut row = |label: &str, cell: &dyn Fn(&RunSummary) -> String| {
        let _ = write!(text, "{label:LABEL_WIDTH$}");
        for run in runs {
            let _ = write!(text, "{:>COLUMN_WIDTH$}", shortened(&cell(run)));
        }
        text.push('\n');
    };
    row("nats per example", &|run| run.name.clone());
    row("−ELBO", &|run| format!("{:.4}", run.negative_elbo));
    row("reconstruction", &|run| format!("{:.4}", run.reconstruction));
    row("KL", &|run| format!("{:.4}", run.kl));
    row("mutual information", &|run| format!("{:.4}", run.mutual_information));
    row("  its cap, log of the pool", &|run| format!("{:.4}", run.mutual_information_cap));
    row("marginal KL", &|run| format!("{:.4}", run.marginal_kl));
    row("range R of log p(x|z)", &|run| format!("{:.4}", run.statuses.likelihood_range));
    row("KL of the exact posterior", &|run| optional(run.kl_exact));
    row("information under the model", &|run| {
        optional(run.model_information.as_ref().map(|of| f64::from(of.mutual_information)))
    });
    row("  its certified floor", &|run| {
        optional(run.model_information.as_ref().and_then(|of| of.floor).map(f64::from))
    });
    row(&importance, &|run| format!("{:.4}", run.importance_weighted_nll));
    row("posterior matching", &|run| optional(run.posterior_matching));
    row("moments of q(z) to prior, KL", &|run| optional(run.aggregate_moment_kl));
    row("active units", &|run| format!("{} of {}", run.active_units, run.kl_per_dimension.len()));
    row("steps", &|run| run.steps.to_string());
    row("seconds", &|run| format!("{:.1}", run.seconds));
    row("steps per second", &|run| format!("{:.0}", run.steps_per_second));
}

/// A cell for what not every model has.
fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

/// A cell that keeps a space to its neighbour.
fn shortened(cell: &str) -> String {
    if cell.chars().count() < COLUMN_WIDTH {
        return cell.to_owned();
    }
    cell.chars().take(COLUMN_WIDTH - 2).chain(['…']).collect()
}
