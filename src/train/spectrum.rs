//! The spectrum of the training data, computed once for all variants and away from their threads.

use crate::data::Dataset;
use crate::exact::linear::DataSpectrum;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// Data dimensions up to which a spectrum takes no time worth a thread.
const SMALL_DIMENSIONS: usize = 64;

type Answer = Result<Arc<DataSpectrum>, String>;

/// What of the data is decomposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Covariance {
    /// Of the outputs.
    Output,
    /// Of the outputs given their conditions.
    OutputGivenCondition,
}

/// A spectrum that is computed when it is first asked for.
#[derive(Clone)]
pub(crate) struct LazySpectrum(Arc<[Part; 2]>);

#[derive(Default)]
struct Part {
    answer: OnceLock<Answer>,
    is_started: AtomicBool,
}

impl Default for LazySpectrum {
    fn default() -> Self {
        Self::new()
    }
}

impl LazySpectrum {
    /// Nothing computed yet.
    pub fn new() -> Self {
        Self(Arc::new([Part::default(), Part::default()]))
    }

    /// The spectrum, or `None` while a thread computes it.
    pub(super) fn ask(&self, data: &Arc<Dataset>, covariance: Covariance) -> Option<Answer> {
        let part = self.part(covariance);
        if let Some(answer) = part.answer.get() {
            return Some(answer.clone());
        }
        if data.dimensions() + data.condition_dimensions() <= SMALL_DIMENSIONS {
            return Some(self.wait(data, covariance));
        }
        if !part.is_started.swap(true, Ordering::Relaxed) {
            let (own, data) = (self.clone(), data.clone());
            let thread = std::thread::Builder::new().name("spectrum".to_owned());
            let spawned = thread.spawn(move || {
                // Whoever asked finds the answer in its place.
                drop(own.wait(&data, covariance));
            });
            if let Err(error) = spawned {
                // Whoever came first has answered; both answers would say the same.
                let _ = part.answer.set(Err(format!("no thread could be started ({error})")));
            }
        }
        None
    }

    /// The spectrum, computed here if nobody has.
    pub(super) fn wait(&self, data: &Dataset, covariance: Covariance) -> Answer {
        let compute = || {
            let spectrum = DataSpectrum::of(data, covariance == Covariance::OutputGivenCondition);
            spectrum.map(Arc::new).map_err(|error| error.to_string())
        };
        self.part(covariance).answer.get_or_init(compute).clone()
    }

    fn part(&self, covariance: Covariance) -> &Part {
        &self.0[usize::from(covariance == Covariance::OutputGivenCondition)]
    }
}
