//! Samples of the aggregated posterior that a [`Learner`] draws for the screen; what they are drawn from is kept while they are asked for.

use super::learner::Learner;
use crate::device::{DeviceError, Handover};
use crate::experiment::Method;
use crate::inference::Refined;
use crate::measure::{PlaneSampler, PlaneSamples, SampleEffort, SampledExamples};
use crate::model::LatentModel;
use crate::random::{Purpose, stream};
use std::sync::Arc;

/// Examples that are encoded together.
const TOGETHER: usize = 4096;
/// What an activation costs, in multiplications.
const ACTIVATION: usize = 8;
/// What a step of refinement costs, in times what the encoder does: decoding and going back, at both signs of its noise.
const REFINEMENT: usize = 12;

impl Learner {
    pub(super) fn plane_samples(
        &mut self,
        model: &Refined,
        dimensions: [usize; 2],
    ) -> Result<PlaneSamples, DeviceError> {
        let sampler = self.sampler.take().unwrap_or_else(|| self.new_sampler(model));
        let samples = sampler.sample(model, dimensions, self.handover);
        self.sampler = Some(sampler);
        if self.handover == Handover::InPlace {
            // Nothing else waits for the device here, and the share of time that answers may take is measured on this thread.
            self.plain.sync().map_err(|error| DeviceError::Computation(error.to_string()))?;
        }
        samples
    }

    /// Frees what is kept.
    pub(super) fn forget_samples(&mut self) {
        self.sampler = None;
    }

    fn new_sampler(&self, model: &Refined) -> PlaneSampler {
        let training = self.data.training_len();
        let columns =
            self.data.dimensions() + if model.is_conditional() { self.data.condition_dimensions() } else { 0 };
        let effort =
            SampleEffort::affordable(self.kind, training, columns, self.work(columns), &model.level_dimensions());
        // All over the training examples: some files are sorted.
        let positions: Vec<usize> = (0..effort.examples).map(|at| at * training / effort.examples).collect();
        let parts = positions.chunks(TOGETHER).enumerate();
        let inputs = parts.map(|(part, positions)| {
            self.inputs(positions, stream(self.settings.seed, Purpose::DrawnSamples, part as u64)).inner()
        });
        let classes: Option<Vec<u32>> = positions.iter().map(|&position| self.data.training_label(position)).collect();
        let source = SampledExamples { inputs: inputs.collect(), classes: classes.map(Arc::new), training };
        PlaneSampler::new(model, source, effort, self.settings.seed, &self.plain)
    }

    /// About so many multiplications give q(z | x) of one example.
    fn work(&self, columns: usize) -> usize {
        let model = &self.settings.model;
        let network = |inputs: usize, outputs: usize| {
            let widths: Vec<usize> = [&[inputs], &model.hidden[..], &[2 * outputs]].concat();
            let products: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
            products + ACTIVATION * model.hidden.iter().sum::<usize>()
        };
        let encoder = network(columns, model.latent_dimensions);
        let top = network(model.latent_dimensions, model.top_latent_dimensions);
        let objective = &self.settings.objective;
        let refinement = match objective.method {
            Method::SemiAmortized => REFINEMENT * objective.refinement.steps as usize,
            _ => 0,
        };
        encoder * (1 + refinement) + top
    }
}
