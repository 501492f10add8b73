//! Lagging-inference training (He, Spokoyny, Neubig, Berg-Kirkpatrick 2019, algorithm 1): when the encoder takes steps alone.
//!
//! The loss stays the negative ELBO. While training is aggressive, the encoder takes steps by itself, each on a random batch, until its loss
//! stops falling; then the decoder takes one step. At the end of each epoch the mutual information I_q(x; z) is measured; when it is lower
//! than at the end of the epoch before, training is ordinary from then on.

use serde::{Deserialize, Serialize};

/// What lagging-inference training remembers from step to step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lagging {
    /// Whether the encoder still takes steps alone.
    pub is_aggressive: bool,
    /// I_q(x; z) at the end of the last epoch, nats.
    pub information: f32,
    /// Steps that the encoder has taken alone so far.
    pub encoder_steps: u64,
    /// Those of them before the last step of the decoder.
    pub last_encoder_steps: u64,
}

impl Default for Lagging {
    fn default() -> Self {
        Self { is_aggressive: true, information: 0.0, encoder_steps: 0, last_encoder_steps: 0 }
    }
}

impl Lagging {
    /// The end of an epoch: training stops being aggressive, for good, when mutual information has fallen.
    pub fn end_epoch(&mut self, information: f32) {
        self.is_aggressive &= information >= self.information;
        // Broken weights, whose loss is not known yet, have none; a file could not hold it.
        self.information = if information.is_finite() { information } else { 0.0 };
    }

    /// Counts the encoder's steps before a step of the decoder.
    pub fn count(&mut self, encoder_steps: u64) {
        self.encoder_steps += encoder_steps;
        self.last_encoder_steps = encoder_steps;
    }
}

/// Says when the encoder has taken enough steps alone: when its loss, averaged over a window of steps, is no lower than over the one before.
#[derive(Clone, Copy, Debug)]
pub struct InnerLoop {
    window: u64,
    steps: u64,
    sum: f64,
    former: f64,
}

impl InnerLoop {
    /// With windows of so many steps.
    pub fn new(window: u64) -> Self {
        Self { window, steps: 0, sum: 0.0, former: f64::INFINITY }
    }

    /// Takes in the loss of a step; whether the loop ends here. A loss that is no number ends it, too.
    pub fn ends_after(&mut self, loss: f64) -> bool {
        self.sum += loss;
        self.steps += 1;
        if !self.steps.is_multiple_of(self.window) {
            return false;
        }
        let average = self.sum / self.window as f64;
        let has_fallen = average < self.former;
        (self.former, self.sum) = (average, 0.0);
        !has_fallen
    }
}
