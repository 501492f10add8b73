//! Training followed on standard error: a bar per variant on a terminal, a line per tenth elsewhere.

use super::bars;
use crate::train::{Command, Run, RunState, Session};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use signal_hook::{consts::SIGINT, flag};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Lines written over a whole run where there is no terminal to redraw.
const LINES: u64 = 10;

/// Exit status of a program ended by Ctrl-C, by the shells' convention.
const INTERRUPTED_STATUS: i32 = 130;

/// Waits until no variant is training any more. The first Ctrl-C stops training, so that what there is can be written; the
/// second ends the program.
pub(super) fn follow(session: &mut Session) {
    let interrupted = interrupted();
    let mut display = Display::new(session.runs());
    // One variant that failed ends the run: nobody should wait hours for the others only to be told.
    let has_failed = |session: &Session| session.runs().iter().any(|run| matches!(run.state, RunState::Failed(_)));
    while session.is_active() && !has_failed(session) {
        session.wait(Duration::from_millis(100));
        if interrupted.load(Ordering::Relaxed) {
            session.command(&Command::Pause);
        }
        display.update(session.runs());
    }
    display.close();
}

/// Set by the first Ctrl-C; the second ends the program.
pub(super) fn interrupted() -> Arc<AtomicBool> {
    let interrupted = Arc::new(AtomicBool::new(false));
    // In this order a second signal finds the flag set. Where no handler can be installed, Ctrl-C ends the program as ever.
    let _ = flag::register_conditional_shutdown(SIGINT, INTERRUPTED_STATUS, interrupted.clone());
    let _ = flag::register(SIGINT, interrupted.clone());
    interrupted
}

enum Display {
    Bars { all: MultiProgress, bars: Vec<ProgressBar> },
    Lines { written: u64 },
}

impl Display {
    fn new(runs: &[Run]) -> Self {
        if !std::io::stderr().is_terminal() {
            let names: Vec<&str> = runs.iter().map(|run| run.settings.name.as_str()).collect();
            eprintln!("training {}; Ctrl-C stops and keeps what there is", names.join(" and "));
            return Self::Lines { written: 0 };
        }
        let all = MultiProgress::new();
        let width = runs.iter().map(|run| run.settings.name.chars().count()).max().unwrap_or(0);
        let bars = runs.iter().map(|run| {
            let bar = all.add(ProgressBar::new(run.settings.steps));
            if let Ok(style) = ProgressStyle::with_template("{prefix} [{bar:30}] {pos:>7}/{len} {msg}") {
                bar.set_style(style);
            }
            bar.set_prefix(format!("{:width$}", run.settings.name));
            bar
        });
        let bars = bars.collect();
        Self::Bars { all, bars }
    }

    fn update(&mut self, runs: &[Run]) {
        match self {
            Self::Bars { bars, .. } => {
                for (bar, run) in bars.iter().zip(runs) {
                    bar.set_position(run.progress.step);
                    bar.set_message(status(run));
                }
            }
            Self::Lines { written } => {
                let tenth = |run: &Run| LINES * run.progress.step / run.settings.steps.max(1);
                let reached = runs.iter().filter(|run| run.state.is_active()).map(tenth).min().unwrap_or(LINES);
                if reached > *written && reached < LINES {
                    *written = reached;
                    let steps = |run: &Run| {
                        let (name, step) = (&run.settings.name, run.progress.step);
                        format!("{name} {step}/{} {}", run.settings.steps, status(run)).trim_end().to_owned()
                    };
                    eprintln!("{}", runs.iter().map(steps).collect::<Vec<_>>().join(" | "));
                }
            }
        }
    }

    fn close(self) {
        if let Self::Bars { all, .. } = self {
            // Bars that cannot be cleared stay as they are.
            let _ = all.clear();
        }
    }
}

/// Speed, time left, and the KL of each dimension as of the last evaluation.
fn status(run: &Run) -> String {
    let rate = run.progress.steps_per_second;
    let mut words = Vec::new();
    match run.state {
        RunState::Preparing { what, .. } => words.push(what.to_owned()),
        RunState::Running if rate > 0.0 => {
            let left = run.settings.steps.saturating_sub(run.progress.step) as f64 / rate;
            words.push(format!("{rate:.0} steps/s"));
            words.push(format!("{} left", duration(left)));
        }
        RunState::Running => {}
        RunState::Finished => words.push("finished".to_owned()),
        RunState::Diverged { .. } => words.push("diverged".to_owned()),
        RunState::Paused => words.push("stopped".to_owned()),
        RunState::Failed(_) => words.push("failed".to_owned()),
    }
    if let Some(last) = run.history.evaluations.last() {
        words.push(format!("KL {}", bars::standing(&last.measures.kl_per_dimension)));
    }
    words.join(", ")
}

/// A time for people.
pub(super) fn duration(seconds: f64) -> String {
    match seconds.ceil() as u64 {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds if seconds < 3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_short_at_any_length() {
        assert_eq!(duration(0.2), "1 s");
        assert_eq!(duration(61.0), "1 min 1 s");
        assert_eq!(duration(7_260.0), "2 h 1 min");
    }
}
