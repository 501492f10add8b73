//! The headless face: what a person can see in the window, a script can ask for here.
//!
//! Standard output carries what was asked for and nothing else, and nothing at all when a call fails; progress and errors go
//! to standard error. Exit code 0 is success, 2 wrong usage, 1 any other failure.

mod bars;
mod case;
mod compare;
mod defect;
mod doctor;
mod error;
mod exact;
mod inspect;
mod levels;
mod load;
mod machine;
mod picture;
mod presets;
mod progress;
mod report;
mod summary;
mod sweep;
mod theory;
mod train;
mod window;

pub use case::CaseError;
pub use error::CliError;

use clap::{Parser, Subcommand};
use serde::Serialize;
use std::io::{ErrorKind, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

/// Watch a variational autoencoder's posterior collapse, or not, while it trains.
///
/// Without a command, the window opens on the default lesson, already training.
#[derive(Debug, Parser)]
#[command(name = "collapsar", bin_name = "collapsar", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// What to train on
    #[arg(long, value_enum, default_value_t)]
    device: train::Device,
}

#[derive(Debug, Subcommand)]
enum Command {
    Open(window::Open),
    Train(train::Train),
    Sweep(sweep::Sweep),
    Compare(compare::Compare),
    Exact(exact::Exact),
    Theory(theory::Theory),
    Presets(presets::Presets),
    Inspect(inspect::Inspect),
    Picture(picture::Picture),
    Doctor(doctor::Doctor),
}

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    defect::install();
    let Ok(outcome) = catch_unwind(|| run(Arguments::parse())) else {
        eprintln!("collapsar: {}", defect::sentence());
        return ExitCode::FAILURE;
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Some causes come from libraries that write paragraphs.
            let sentence: Vec<String> = error.to_string().lines().map(|line| line.trim().to_owned()).collect();
            eprintln!("collapsar: {}", sentence.join(" "));
            ExitCode::from(error.exit_code())
        }
    }
}

fn run(arguments: Arguments) -> Result<(), CliError> {
    match arguments.command {
        None => window::default_lesson(arguments.device),
        Some(Command::Open(open)) => open.run(),
        Some(Command::Train(train)) => train.run(),
        Some(Command::Sweep(sweep)) => sweep.run(),
        Some(Command::Compare(compare)) => compare.run(),
        Some(Command::Exact(exact)) => exact.run(),
        Some(Command::Theory(theory)) => theory.run(),
        Some(Command::Presets(presets)) => presets.run(),
        Some(Command::Inspect(inspect)) => inspect.run(),
        Some(Command::Picture(picture)) => picture.run(),
        Some(Command::Doctor(doctor)) => doctor.run(),
    }
}

/// Writes to standard output; whoever stopped reading (`| head`) has what they wanted.
fn print(text: &str) -> Result<(), CliError> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(CliError::Write { path: "standard output".to_owned(), message: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// One JSON object on standard output.
fn print_json(value: &impl Serialize) -> Result<(), CliError> {
    print(&json(value)?)
}

fn json(value: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n")
        .map_err(|error| CliError::Failed(format!("the result could not be written as JSON ({error})")))
}
