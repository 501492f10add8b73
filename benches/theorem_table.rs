//! The table "pinwheel/10, K = D = 2": noise σ against decoder and floor m, in exact KL, likelihood range R and active units, beside the numbers of an
//! independent prototype (numpy, reverse-mode differentiation, tanh networks of width 32, 1,500 steps) and the certified information floor.
//! R grows with the ball that it is taken over: the prototype's has radius 3, the grid here widens while a posterior has mass at its border. Weights, batches and
//! the examples averaged over differ, too; what must not differ are the verdicts.
//!
//! `cargo bench --bench theorem_table` trains all fifteen models and prints the table; it fails where the verdict of a cell is another one.

use collapsar::data::{self, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::measure::COLLAPSED_KL;
use collapsar::train::{FinalMeasures, RunState, Session, SessionOptions};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

/// Decoder and floor of a column, as TOML of a variant.
const COLUMNS: [(&str, &str); 3] = [
    ("standard", "decoder = \"standard\""),
    ("brenier, m = 0", "decoder = \"brenier\"\nconvexity = 0.0"),
    ("brenier, m = 0.5", "decoder = \"brenier\"\nconvexity = 0.5"),
];

/// σ; exact KL, R and active units of the prototype in each column; the information floor that m = 0.5 certifies.
type Row = (f64, [(f64, f64, usize); 3], f64);

const PROTOTYPE: [Row; 5] = [
    (0.1, [(3.37, 363.0, 2), (3.87, 387.0, 2), (3.95, 450.0, 2)], 1.98),
    (0.3, [(1.75, 35.0, 2), (1.72, 33.0, 2), (1.76, 39.0, 2)], 0.53),
    (0.6, [(0.49, 5.5, 2), (0.45, 6.3, 2), (0.43, 7.3, 2)], 0.16),
    (1.0, [(0.002, 0.26, 0), (0.000, 0.08, 0), (0.034, 1.53, 2)], 0.061),
    (1.5, [(0.000, 0.11, 0), (0.000, 0.03, 0), (0.007, 0.67, 0)], 0.027),
];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    println!("Pinwheel/10, K = D = 2, 1,500 steps, seed 7; prototype in brackets");
    println!(
        "KL of the exact posterior (nats per example), R over the grid (nats), active units of the encoder, verdict\n"
    );
    println!("| σ | {} | floor, m = 0.5 |", COLUMNS.map(|(name, _)| name).join(" | "));
    println!("|---|---|---|---|---|");
    let mut differing = 0;
    for (sigma, expected, floor) in PROTOTYPE {
        let mut cells = Vec::new();
        for (measures, (kl, range, active)) in train(sigma)?.into_iter().zip(expected) {
            let Some(exact) = measures.exact else {
                return Err("a model of two dimensions has no grid posterior".into());
            };
            let units = measures.measures.active_units;
            let verdicts = [verdict(exact.kl, units), verdict(kl, active)];
            let is_same = verdicts[0] == verdicts[1];
            differing += usize::from(!is_same);
            cells.push(format!(
                "{:.3} ({kl:.3}), {:.2} within {:.0} ({range:.2} within 3), {units} ({active}): {}{}",
                exact.kl,
                exact.likelihood_range,
                exact.radius,
                verdicts[0],
                if is_same { String::new() } else { format!(", NOT {}", verdicts[1]) }
            ));
        }
        let own = (1.0 + (0.25_f64 / sigma).powi(2)).ln();
        println!("| {sigma} | {} | {own:.3} ({floor:.3}) |", cells.join(" | "));
    }
    println!("\n{differing} verdicts differ");
    Ok(if differing == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The exact posterior by its KL, the encoder by its active units.
fn verdict(exact_kl: f64, active_units: usize) -> String {
    let exact = if exact_kl < COLLAPSED_KL { "model collapsed" } else { "model informative" };
    format!("{exact}, {active_units} active")
}

fn train(sigma: f64) -> Result<Vec<FinalMeasures>, Box<dyn Error>> {
    let mut text = format!("seed = 7\nsteps = 1500\n[model]\nsigma = {sigma:?}\n");
    for (name, settings) in COLUMNS {
        text.push_str(&format!("[variants.\"{name}\".model]\n{settings}\n"));
    }
    let experiment = Experiment::from_toml(&text, "theorem_table")?;
    let options = experiment.data.load_options();
    let data = Arc::new(data::load(&experiment.data.source, &options, &Unmonitored)?);
    let options = SessionOptions::default();
    let mut session = Session::start(experiment, data, TrainingDevice::cpu(), options)?;
    while session.is_active() {
        session.wait(Duration::from_millis(100));
    }
    if let Some(run) = session.runs().iter().find(|run| run.state != RunState::Finished) {
        return Err(format!("{} ended as {:?}", run.settings.name, run.state).into());
    }
    let measures = session.summarize()?;
    session.finish();
    Ok(measures)
}
