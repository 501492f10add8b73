//! Which examples are trained on and which are held out.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// The same split in every run, so that a change of the run's seed does not move examples across it.
const SPLIT_SEED: u64 = 0x5eed_0001;
/// Measures on the held-out split get no better with more examples than this.
const MAX_HELD_OUT: usize = 10_000;
/// A held-out split of this size is worth a quarter of a small data set.
const WANTED_HELD_OUT: usize = 1_024;
/// Fewer examples than this are not split: a variance over two or three of them would say nothing.
pub(super) const SMALLEST_SPLIT: usize = 16;

/// Indices of examples in storage.
pub(super) struct Split {
    pub training: Vec<u32>,
    pub held_out: Vec<u32>,
}

impl Split {
    /// Splits `examples` by a fixed permutation; fewer than [`SMALLEST_SPLIT`] are all trained on and all held out.
    pub fn permuted(examples: usize) -> Self {
        let mut order: Vec<u32> = (0..examples as u32).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(SPLIT_SEED));
        if examples < SMALLEST_SPLIT {
            return Self { training: order.clone(), held_out: order };
        }
        let held_out = (examples / 5).max(WANTED_HELD_OUT.min(examples / 4)).min(MAX_HELD_OUT);
        let training = order.split_off(held_out);
        Self { training, held_out: order }
    }

    /// The first `training` of `examples` are trained on, the others held out.
    pub fn in_order(training: usize, examples: usize) -> Self {
        Self { training: (0..training as u32).collect(), held_out: (training as u32..examples as u32).collect() }
    }

    /// All `examples` are trained on, and all held out.
    pub fn shared(examples: usize) -> Self {
        let order: Vec<u32> = (0..examples as u32).collect();
        Self { training: order.clone(), held_out: order }
    }
}
