//! Generated data: any number of training examples, and held-out examples drawn apart from them.

mod pinwheel;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::example::ExampleShape;
use super::{DataError, Dataset, Labels, LoadMonitor, LoadOptions, Source};

/// Generated data are the same in every run: a run's seed is for its weights, batches and noise.
const SEED: u64 = 0x5eed_0002;
const TRAINING_EXAMPLES: usize = 10_000;
const HELD_OUT_EXAMPLES: usize = 2_048;
const MAX_EXAMPLES: usize = 5_000_000;

/// Independent sequences of the one seed.
#[derive(Clone, Copy)]
enum Stream {
    Training,
    HeldOut,
    Plane,
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
    let training = options.examples.unwrap_or(TRAINING_EXAMPLES);
    if !(2..=MAX_EXAMPLES).contains(&training) {
        return Err(DataError::GeneratorExamples { examples: training, limit: MAX_EXAMPLES });
    }
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
        ExampleShape::Vector(dimensions),
        values,
        Labels { names, of_example },
        training,
    )
}
