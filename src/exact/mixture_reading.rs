//! Answers for the weight of a mixture: [`MixtureReading`] and its ways of inference.

use super::data::{mixture, mixture_data};
use super::hmc::HmcSettings;
use super::{ClassicalError, MixtureReading, MixtureWeight, WeightInference};
use crate::data::LoadMonitor;
use crate::experiment::{MixtureParameters, MixtureSettings};

/// Bins of the data's histogram.
const BINS: usize = 60;
/// How far the histogram reaches beyond the means, in standard deviations, at least.
const MARGIN: f64 = 4.0;

/// The weight of a mixture, given data.
#[derive(Clone, Debug)]
pub struct MixtureLesson<'a> {
    settings: &'a MixtureSettings,
    /// The mixture with its components known.
    pub mixture: MixtureWeight,
    /// What was drawn from it, `[N]`.
    pub data: Vec<f64>,
}

impl<'a> MixtureLesson<'a> {
    /// Draws the data that the settings describe.
    pub fn new(settings: &'a MixtureSettings) -> Self {
        Self { settings, mixture: mixture(settings), data: mixture_data(settings) }
    }

    /// Everything that the grid knows: the likelihood, and the exact posterior where the components are known.
    ///
    /// # Errors
    /// As [`MixtureWeight::posterior`].
    pub fn read(&self) -> Result<MixtureReading, ClassicalError> {
        let posterior = self.mixture.posterior(&self.data)?;
        let examples = self.data.len() as f64;
        let (edges, counts) = self.histogram();
        let (first, second) = (self.mixture.first, self.mixture.second);
        Ok(MixtureReading {
            settings: self.settings.clone(),
            edges,
            counts,
            components: [[first.0, first.1], [second.0, second.1]],
            grid: posterior.grid.clone(),
            prior: posterior.prior.clone(),
            log_likelihood: posterior.log_likelihood.iter().map(|value| value / examples).collect(),
            log_likelihood_range: posterior.log_likelihood_range,
            log_likelihood_range_per_example: posterior.log_likelihood_range / examples,
            posteriors: match self.settings.parameters {
                MixtureParameters::Fixed => vec![WeightInference::exact(posterior)],
                MixtureParameters::Integrated => Vec::new(),
            },
        })
    }

    /// α by mean-field variational inference; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`WeightInference::mean_field`].
    pub fn mean_field(&self, monitor: &dyn LoadMonitor) -> Result<Option<WeightInference>, ClassicalError> {
        let MixtureSettings { parameters, seed, .. } = *self.settings;
        WeightInference::mean_field(&self.mixture, &self.data, parameters, seed, monitor)
    }

    /// α by Hamiltonian Monte Carlo; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`WeightInference::hmc`].
    pub fn sample(&self, monitor: &dyn LoadMonitor) -> Result<Option<WeightInference>, ClassicalError> {
        let settings = HmcSettings::new(self.settings.seed);
        WeightInference::hmc(&self.mixture, &self.data, self.settings.parameters, &settings, monitor)
    }

    /// Equal bins from below the first mean to above the second, wide enough to hold every datum.
    fn histogram(&self) -> (Vec<f64>, Vec<usize>) {
        let (first, second) = (self.mixture.first, self.mixture.second);
        let low = self.data.iter().copied().fold(first.0 - MARGIN * first.1, f64::min);
        let high = self.data.iter().copied().fold(second.0 + MARGIN * second.1, f64::max);
        let width = (high - low) / BINS as f64;
        let mut counts = vec![0; BINS];
        for x in &self.data {
            counts[(((x - low) / width) as usize).min(BINS - 1)] += 1;
        }
        ((0..=BINS).map(|i| low + i as f64 * width).collect(), counts)
    }
}
