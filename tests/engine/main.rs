//! The engine, headless on the CPU: data, experiments, training, checkpoints, command line.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod classical;
mod cli;
mod compare;
mod data_conditions;
mod data_files;
mod data_gaussian;
mod data_generators;
mod experiment;
mod libi;
mod linear_training;
mod methods;
mod mutual;
mod outcomes;
mod priors;
mod semi_amortized;
mod sharing;
mod sweep;
mod theorem;
mod training;

use collapsar::data::{self, Dataset, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::experiment::presets::Preset;
use collapsar::train::{Session, SessionOptions};
use std::sync::Arc;
use std::time::Duration;

fn preset(name: &str) -> Experiment {
    Preset::find(name).unwrap().experiment().unwrap()
}

fn dataset(experiment: &Experiment) -> Arc<Dataset> {
    let settings = &experiment.data;
    Arc::new(data::load(&settings.source, &settings.load_options(), &Unmonitored).unwrap())
}

fn options(running: bool) -> SessionOptions {
    SessionOptions { running, ..SessionOptions::default() }
}

/// A session of the experiment, trained to its step limit.
fn trained(experiment: &Experiment) -> Session {
    let session = Session::start(experiment.clone(), dataset(experiment), TrainingDevice::cpu(), options(true));
    finish(session.unwrap())
}

fn finish(mut session: Session) -> Session {
    wait_until(&mut session, |session| !session.is_active());
    session
}

/// Polls until the condition holds. The limit only turns a hang into a failure.
fn wait_until(session: &mut Session, condition: impl Fn(&Session) -> bool) {
    for _ in 0..60_000 {
        if condition(session) {
            return;
        }
        session.wait(Duration::from_millis(10));
    }
    panic!("the session never got there");
}
