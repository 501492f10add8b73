//! A training step of every lesson's first two variants, every probe, and every loader.
//!
//! `cargo bench --bench engine`, or `cargo bench --bench engine -- fashion` for some of it.
#![allow(clippy::expect_used, reason = "a benchmark that cannot run has nothing to report")]

use collapsar::data::{self, Source, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::experiment::presets::{PRESETS, Preset};
use collapsar::train::{Learner, PoolIndex, Probe};
use divan::Bencher;
use divan::counter::ItemsCount;
use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Variants of a lesson that are timed; the others differ in their objective.
const VARIANTS: usize = 2;
/// Steps before the first that counts: methods with phases have started, memory is warm.
const WARM_UP: u64 = 20;

const PROBES: [(&str, Probe); 12] = [
    ("measures", Probe::Measures),
    ("marginal", Probe::Marginal { dimension: 0, example: EXAMPLE }),
    ("plane", Probe::Plane { dimensions: [0, 1] }),
    ("samples", Probe::Samples { dimensions: [0, 1] }),
    ("traversal", Probe::Traversal { example: EXAMPLE }),
    ("latent-grid", Probe::LatentGrid { dimensions: [0, 1], example: EXAMPLE }),
    ("injectivity", Probe::Injectivity),
    ("likelihood-map", Probe::LikelihoodMap { dimensions: [0, 1], example: EXAMPLE }),
    ("posterior-comparison", Probe::PosteriorComparison),
    ("injectivity-field", Probe::InjectivityField { dimensions: [0, 1], example: EXAMPLE }),
    ("theory", Probe::Theory),
    ("method", Probe::Method),
];
const EXAMPLE: PoolIndex = 3;

fn main() {
    divan::main();
}

/// Every variant that is timed, as lesson and variant.
fn variants() -> Vec<String> {
    let lessons = PRESETS.iter().filter_map(|preset| Some((preset.name, preset.experiment().ok()?)));
    let names = lessons.flat_map(|(lesson, experiment)| {
        let runs = experiment.runs().expect("the lessons of the program are sound");
        runs.into_iter().take(VARIANTS).map(move |run| format!("{lesson}/{}", run.name))
    });
    names.collect()
}

fn learner(variant: &str) -> Result<Learner, Box<dyn Error>> {
    let (lesson, name) = variant.split_once('/').ok_or("lesson/variant")?;
    let experiment = Preset::find(lesson)?.experiment()?;
    let data = Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored)?);
    let settings = experiment.runs()?.into_iter().find(|run| run.name == name).ok_or("an unknown variant")?;
    let mut learner = Learner::new(settings, data, &TrainingDevice::cpu());
    for _ in 0..WARM_UP {
        learner.step()?;
    }
    Ok(learner)
}

#[divan::bench(args = variants(), max_time = 1)]
fn step(bencher: Bencher, variant: &str) {
    let mut learner = learner(variant).expect("it trains");
    bencher.bench_local(|| learner.step().expect("a step"));
}

fn probes() -> Vec<String> {
    let lessons = ["collapse-2d/brenier", "fashion/brenier"];
    lessons.iter().flat_map(|variant| PROBES.iter().map(move |(name, _)| format!("{name} of {variant}"))).collect()
}

/// A step before each, untimed, so that nothing is answered from memory.
#[divan::bench(args = probes(), max_time = 1)]
fn probe(bencher: Bencher, probe: &str) {
    let (name, variant) = probe.split_once(" of ").expect("probe and variant");
    let probe = PROBES.iter().find(|(known, _)| *known == name).expect("a probe").1;
    let learner = RefCell::new(learner(variant).expect("it trains"));
    bencher
        .with_inputs(|| learner.borrow_mut().step().map(drop).expect("a step"))
        .bench_local_values(|()| learner.borrow_mut().answer(probe).expect("an answer"));
}

/// Generators and built-in files, by examples a second.
#[divan::bench(args = Source::NAMED.map(|source| source.to_string()), max_time = 1)]
fn load(bencher: Bencher, source: &str) {
    let mut experiment = Experiment::default();
    experiment.assign(&format!("data.source={source}")).expect("a source");
    let (source, options) = (experiment.data.source.clone(), experiment.data.load_options());
    let examples = data::load(&source, &options, &Unmonitored).expect("it loads").training_len();
    bencher
        .counter(ItemsCount::new(examples))
        .bench_local(|| data::load(&source, &options, &Unmonitored).expect("it loads"));
}
