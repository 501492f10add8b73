//! Generated data: any number of training examples, and held-out examples drawn apart from them.

mod gaussian;
mod libi;
mod pinwheel;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::split::Split;
use super::{DataError, Dataset, ExampleLayout, ExampleShape, Labels, LoadMonitor, LoadOptions, Source};

pub(super) use gaussian::{correlated_gaussian, linear_gaussian};
pub(super) use libi::{Example as LibiExample, libi};

/// Generated data are the same in every run: a run's seed is for its weights, batches and noise.
const SEED: u64 = 0x5eed_0002;
const TRAINING_EXAMPLES: usize = 10_000;
const HELD_OUT_EXAMPLES: usize = 2_048;
const MAX_EXAMPLES: usize = 5_000_000;
/// 2 GiB, as much as is read of a file.
const MAX_VALUES: usize = 1 << 29;

/// Independent sequences of the one seed.
#[derive(Clone, Copy)]
enum Stream {
    Training,
    HeldOut,
    Plane,
    OutputBasis,
    ConditionBasis,
}

fn random(stream: Stream) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    rng.set_stream(stream as u64);
    rng
}

/// Five bent arms in the plane, `[2]`.
pub(super) fn pinwheel(options: &LoadOptions, monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    generate(Source::Pinwheel, 2, options, monitor, |point, _, values| values.extend(point.map(|value| value as f32)))
}

/// The pinwheel on a random plane of six-dimensional space, `[6]`.
pub(super) fn pinwheel_r6(options: &LoadOptions, monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    let plane = pinwheel::Plane::random(&mut random(Stream::Plane));
    generate(Source::PinwheelR6, pinwheel::AMBIENT, options, monitor, |point, rng, values| {
        values.extend(plane.embed(point, rng).map(|value| value as f32));
    })
}

fn generate(
    source: Source,
    dimensions: usize,
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
    append: impl Fn([f64; 2], &mut ChaCha8Rng, &mut Vec<f32>),
) -> Result<Dataset, DataError> {
    let training = training_examples(options, dimensions)?;
    let mut values = Vec::with_capacity((training + HELD_OUT_EXAMPLES) * dimensions);
    let mut of_example = Vec::with_capacity(training + HELD_OUT_EXAMPLES);
    for (count, stream) in [(training, Stream::Training), (HELD_OUT_EXAMPLES, Stream::HeldOut)] {
        if monitor.is_cancelled() {
            return Err(DataError::Cancelled);
        }
        let mut rng = random(stream);
        for (arm, point) in pinwheel::draw(count, &mut rng) {
            append(point, &mut rng, &mut values);
            of_example.push(arm);
        }
    }
    monitor.progress(1.0);
    let names = (1..=pinwheel::ARMS).map(|arm| format!("arm {arm}")).collect();
    Dataset::from_generated(
        source.to_string(),
        ExampleLayout::of(ExampleShape::Vector(dimensions)),
        values,
        Some(Labels { names, of_example }),
        Split::in_order(training, training + HELD_OUT_EXAMPLES),
    )
}

/// The number of training examples asked for, each of `stored` values.
fn training_examples(options: &LoadOptions, stored: usize) -> Result<usize, DataError> {
    let training = options.examples.unwrap_or(TRAINING_EXAMPLES);
    let limit = MAX_EXAMPLES.min(MAX_VALUES / stored.max(1));
    if (2..=limit).contains(&training) {
        Ok(training)
    } else {
        Err(DataError::GeneratorExamples { examples: training, limit })
    }
}
