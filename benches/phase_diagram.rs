//! The phase diagram of a linear VAE, K = D = 6: β against σ in 12×12 cells, each trained by full batches and the closed-form expectation, beside the closed-form
//! optimum. Prints counts and time; fails where a cell that is not on a boundary differs from theory.
//!
//! `cargo bench --bench phase_diagram`

use collapsar::experiment::Experiment;
use collapsar::sweep::{PhaseDiagram, Sweep, cores};
use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program's own allocator: cells are small, and live off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SETTINGS: [&str; 10] = [
    "data.source=linear-gaussian",
    "data.sampling=exact",
    "data.spectrum=[4.0, 2.5, 1.5, 0.8, 0.4, 0.1]",
    "model.hidden=[]",
    "model.latent_dimensions=6",
    "objective.expectation=closed-form",
    // All 2D points of the data in every step.
    "optimizer.batch_size=12",
    "optimizer.learning_rate=0.03",
    "optimizer.gradient_clip=100.0",
    "steps=2000",
];
const X: &str = "objective.beta=0.25..4:12:log";
const Y: &str = "model.sigma=0.5..1.5:12:log";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut experiment = Experiment::default();
    for setting in SETTINGS {
        experiment.assign(setting)?;
    }
    let mut diagram = PhaseDiagram::new(Sweep::new(&experiment, None, X.parse()?, Y.parse()?)?, Arc::new(|| {}));
    let started = Instant::now();
    diagram.start(cores())?;
    while diagram.is_running() {
        diagram.wait(Duration::from_millis(100));
    }
    let seconds = started.elapsed().as_secs_f64();
    let sweep = diagram.sweep();
    println!("{X}, {Y}: {} cells of {} steps", sweep.len(), experiment.steps);
    println!(
        "active dimensions; (theory) where it differs, ~ where the prediction changes within a quarter of the cell around its point\n"
    );
    for y in (0..sweep.y().len()).rev() {
        let cell = |x: usize| {
            let index = sweep.index(x, y);
            let cell = diagram.cells()[index].as_ref();
            let active =
                cell.and_then(|cell| cell.active(0)).map_or_else(|| "–".to_owned(), |active| active.to_string());
            let mark = if diagram.is_boundary(index, 0) == Some(true) { "~" } else { "" };
            let differing = cell.filter(|cell| cell.agrees(0) != Some(true)).and_then(|cell| cell.predicted(0));
            format!(
                "{:>7}",
                format!("{mark}{active}{}", differing.map(|count| format!("({count})")).unwrap_or_default())
            )
        };
        let row: String = (0..sweep.x().len()).map(cell).collect();
        println!("{:>8.3} |{row}", sweep.y().values[y]);
    }
    let comparison = diagram.comparison(0);
    let core_seconds: f64 = diagram.cells().iter().flatten().map(|cell| cell.seconds).sum();
    println!("\n{}", comparison.sentence().unwrap_or_default());
    println!("{seconds:.1} s on {} threads, {:.2} s of a core per cell", cores(), core_seconds / sweep.len() as f64);
    let is_right = diagram.is_complete() && comparison.judged() > 0 && comparison.differing == 0;
    Ok(if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
