//! What the likelihood map costs while both variants of the default lesson train at full speed: the trainers' steps per second with and without
//! ten maps a second. What it costs the window's thread is measured by the bench `window`.
//!
//! `cargo bench --bench likelihood_map`.

use collapsar::data::{self, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::experiment::{Experiment, presets::Preset};
use collapsar::train::{Command, Probe, ReadingValue, Session, SessionOptions};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MAP: Probe = Probe::LikelihoodMap { dimensions: [0, 1], example: 3 };
const SLICE: Duration = Duration::from_secs(5);
const ROUNDS: usize = 5;

/// Interleaved rounds, so that a machine that gets slower does so for both.
fn main() -> Result<(), Box<dyn Error>> {
    let experiment = Experiment { steps: 0, ..Preset::find("collapse-2d")?.experiment()? };
    let data = Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored)?);
    let options = SessionOptions::default();
    let mut session = Session::start(experiment, data, TrainingDevice::cpu(), options)?;
    session.command(&Command::RefreshEvery(Duration::from_millis(100)));
    observe(&mut session, Duration::from_secs(3));
    let names: Vec<String> = session.runs().iter().map(|run| run.settings.name.clone()).collect();
    println!(
        "{:10} {:>14} {:>14} {:>8} {:>8} {:>10} {:>8}",
        "variant", "steps/s alone", "with maps", "maps/s", "side", "share", "ms/map"
    );
    let mut shares = vec![Vec::new(); names.len()];
    for _ in 0..ROUNDS {
        (0..names.len()).for_each(|run| session.subscribe(run, &[]));
        let alone = observe(&mut session, SLICE);
        (0..names.len()).for_each(|run| session.subscribe(run, &[MAP]));
        let with = observe(&mut session, SLICE);
        for (run, name) in names.iter().enumerate() {
            let share = 1.0 - with[run].steps / alone[run].steps;
            shares[run].push(share);
            println!(
                "{name:10} {:14.0} {:14.0} {:8.1} {:>8} {:9.1}% {:8.2}",
                alone[run].steps,
                with[run].steps,
                with[run].maps,
                with[run].side.map_or_else(|| "none".to_owned(), |side| side.to_string()),
                100.0 * share,
                1e3 * share / with[run].maps.max(1e-9)
            );
        }
    }
    for (name, shares) in names.iter().zip(&mut shares) {
        shares.sort_by(f64::total_cmp);
        println!("{name:10} median share of the trainer's time {:.1}%", 100.0 * shares[ROUNDS / 2]);
    }
    session.finish();
    Ok(())
}

/// Rates per second of one variant over a while.
struct Observed {
    steps: f64,
    maps: f64,
    side: Option<usize>,
}

fn observe(session: &mut Session, duration: Duration) -> Vec<Observed> {
    let at = |session: &Session| session.runs().iter().map(|run| run.progress.step).collect::<Vec<_>>();
    // What was under way before counts for neither.
    std::thread::sleep(Duration::from_millis(200));
    session.poll();
    let (start, before) = (Instant::now(), at(session));
    let mut seen: Vec<(usize, Option<u64>)> = before.iter().map(|_| (0, None)).collect();
    while start.elapsed() < duration {
        std::thread::sleep(Duration::from_millis(2));
        session.poll();
        for (run, (maps, last)) in session.runs().iter().zip(&mut seen) {
            let step = run.reading(&MAP).map(|reading| reading.step);
            if step.is_some() && step != *last {
                *maps += 1;
                *last = step;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let after = at(session);
    (0..after.len())
        .map(|run| Observed {
            steps: (after[run] - before[run]) as f64 / seconds,
            maps: seen[run].0 as f64 / seconds,
            side: session.runs()[run].reading(&MAP).and_then(|reading| match &reading.value {
                ReadingValue::LikelihoodMap(map) => Some(map.side),
                _ => None,
            }),
        })
        .collect()
}
