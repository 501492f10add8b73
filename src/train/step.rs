//! How a [`Learner`] takes a step: the phases of a training method, its batches and noise, and the update.

use super::algorithm::Kept;
use super::learner::{GPU_STEPS_PER_READ, Learner, SNAPSHOT_EVERY, StepOutcome};
use super::optimizer::{Adam, Part, StepSize};
use crate::device::{DeviceError, DeviceKind, read};
use crate::experiment::{Expectation, LikelihoodKind, Method};
use crate::inference::{
    Batch, Descent, InnerLoop, KlPenalty, LibiPhase, LibiStage, StepNoise, descend, descend_importance_weighted,
    descend_likelihood, descend_mutual, descend_semi_amortized, descend_with_loss,
};
use crate::measure;
use crate::model::{LatentModel, Vae, repeat_rows, spherical_cubature};
use crate::random::{Purpose, binarize, normals, stream};
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Training examples on which LiBI's repeats are compared.
const JUDGED_EXAMPLES: usize = 256;
/// Samples of q for each of them.
const JUDGED_SAMPLES: usize = 100;
/// Of them as many at a time: bounds the memory.
const JUDGED_TOGETHER: usize = 32;
/// Streams of [`Purpose::InnerSteps`] for one step of the encoder alone: positions, latent noise, binarisation.
const STREAMS: u64 = 3;

impl Learner {
    /// One optimizer step of the generative model; of the encoder alone, as many before it as the method asks for.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn step(&mut self) -> Result<StepOutcome, DeviceError> {
        if self.step.is_multiple_of(SNAPSHOT_EVERY) {
            self.candidate = Some(self.snapshot());
        }
        self.posteriors = None;
        self.enter_second_stage();
        let (descent, part) = self.descent()?;
        let losses = Tensor::cat(vec![descent.reconstruction.clone(), descent.kl.clone()], 0);
        self.update(descent, part)?;
        self.step += 1;
        self.unread.push((self.step, losses));
        self.end_epoch()?;
        self.leave_libi_stage()?;
        let together = match self.kind {
            DeviceKind::Cpu => 1,
            DeviceKind::Gpu => GPU_STEPS_PER_READ,
        };
        if self.unread.len() >= together { self.catch_up() } else { Ok(StepOutcome::Taken(Vec::new())) }
    }

    /// What has to happen between the two stages of the recipe of Li et al.; before a step, so that a run that ends with the first stage
    /// keeps its decoder.
    fn enter_second_stage(&mut self) {
        let pretraining = &self.settings.objective.pretraining;
        if pretraining.steps == 0 || self.step != pretraining.steps {
            return;
        }
        if pretraining.reset_decoder {
            let fresh = Vae::new(&self.settings, &self.data, &self.autodiff);
            self.model = self.model.clone().with_generator_of(fresh);
        }
        self.optimizer = Adam::new(self.kind);
    }

    /// What has to happen between two stages of LiBI; after a step, so that a run that ends with the last stage ends with the best model.
    fn leave_libi_stage(&mut self) -> Result<(), DeviceError> {
        let objective = &self.settings.objective;
        let phase = LibiPhase::at(&objective.libi, self.step);
        if objective.method == Method::Libi && phase.is_first { self.enter_libi(phase) } else { Ok(()) }
    }

    /// After each stage of inference its model is judged; after the last, the best is put in place.
    fn enter_libi(&mut self, phase: LibiPhase) -> Result<(), DeviceError> {
        self.optimizer = Adam::new(self.kind);
        if phase.stage == LibiStage::Inference || phase.repeat == 0 {
            return Ok(());
        }
        let log_likelihood = self.log_likelihood_of_training(&self.model)?;
        if let Some(kept) = self.algorithm.kept.take() {
            // Anew: σ may have been turned since.
            let log_likelihood = self.log_likelihood_of_training(&kept.model)?;
            self.algorithm.kept = Some(Kept { log_likelihood, ..kept });
        }
        let is_best = self.algorithm.kept.as_ref().is_none_or(|kept| log_likelihood > kept.log_likelihood);
        if is_best && log_likelihood.is_finite() {
            let repeat = phase.repeat - 1;
            self.algorithm.kept = Some(Kept { repeat, log_likelihood, model: self.model.clone() });
        }
        if let (LibiStage::Done, Some(kept)) = (phase.stage, &self.algorithm.kept) {
            self.model = kept.model.clone();
        }
        Ok(())
    }

    /// Importance-weighted log-likelihood of the first training examples, nats per example, with the same noise every time. (The ELBO would
    /// prefer models with easy posteriors, which LiBI is there to avoid; held-out examples are for measuring.)
    fn log_likelihood_of_training(&self, model: &Vae) -> Result<f32, DeviceError> {
        let model = model.valid();
        let positions: Vec<usize> = (0..self.data.training_len().min(JUDGED_EXAMPLES)).collect();
        let noise = self.noise_of(0);
        let mut sum = 0.0;
        for (number, positions) in positions.chunks(JUDGED_TOGETHER).enumerate() {
            let pixels = stream(self.settings.seed, Purpose::InnerSteps, noise.stream_index(number as u64));
            let x = self.inputs(positions, pixels);
            let mut generator = stream(self.settings.seed, Purpose::TrainingSamples, noise.stream_index(number as u64));
            sum += measure::estimate_of(&model, x, JUDGED_SAMPLES, &mut generator, &self.plain)?.log_likelihood
                * positions.len() as f64;
        }
        Ok((sum / positions.len().max(1) as f64) as f32)
    }

    /// Gradients of the coming step, and which parameters they are for.
    fn descent(&mut self) -> Result<(Descent, Part), DeviceError> {
        let objective = self.settings.objective.clone();
        let penalty = KlPenalty::at(&objective, self.step);
        let noise = self.noise_of(self.step);
        let batch = self.batch();
        Ok(match objective.method {
            Method::Elbo => (descend(&self.model, batch, &penalty), Part::All),
            Method::Iwae => {
                let [rows, latent] = batch.noise.dims();
                // The first sample is the one that the evidence lower bound would take.
                let count = rows * objective.importance_samples;
                let noise = match objective.importance_samples {
                    1 => batch.noise,
                    _ => noise.normals(Purpose::TrainingSamples, 0, count, latent),
                };
                (descend_importance_weighted(&self.model, batch.x, noise), Part::All)
            }
            Method::Lagging if self.algorithm.lagging.is_aggressive => {
                self.train_encoder(&penalty)?;
                (descend(&self.model, batch, &penalty), Part::Generator)
            }
            Method::Lagging => (descend(&self.model, batch, &penalty), Part::All),
            Method::SemiAmortized => {
                let refinement = &objective.refinement;
                (descend_semi_amortized(&self.model, batch, &penalty, refinement, &noise), Part::All)
            }
            Method::Libi => match LibiPhase::at(&objective.libi, self.step).stage {
                LibiStage::Likelihood => {
                    let x = distinct(batch.x, objective.expectation, self.model.latent_dimensions());
                    (descend_likelihood(&self.model, x, &objective.libi), Part::All)
                }
                LibiStage::Inference | LibiStage::Done => (descend(&self.model, batch, &penalty), Part::Encoder),
            },
            Method::Mutual => (descend_mutual(&self.model, batch, &penalty, &objective, &noise), Part::All),
        })
    }

    /// Steps of the encoder alone, on random batches, until its loss stops falling.
    fn train_encoder(&mut self, penalty: &KlPenalty) -> Result<(), DeviceError> {
        let settings = self.settings.objective.lagging.clone();
        let mut inner = InnerLoop::new(settings.check_every);
        let mut taken = 0;
        while taken < settings.encoder_steps {
            let batch = if taken == 0 { self.batch() } else { self.random_batch(taken) };
            let (descent, loss) = descend_with_loss(&self.model, batch, penalty);
            self.update(descent, Part::Encoder)?;
            taken += 1;
            if inner.ends_after(f64::from(read(loss)?.first().copied().unwrap_or(f32::NAN))) {
                break;
            }
        }
        self.algorithm.lagging.count(taken);
        Ok(())
    }

    /// Lagging-inference training asks at the end of every epoch whether mutual information still rises.
    fn end_epoch(&mut self) -> Result<(), DeviceError> {
        if self.settings.objective.method != Method::Lagging || !self.algorithm.lagging.is_aggressive {
            return Ok(());
        }
        let batches = self.data.training_len().div_ceil(self.settings.optimizer.batch_size).max(1) as u64;
        if self.step.is_multiple_of(batches) {
            let posteriors = self.posteriors(&self.measured())?;
            let count = posteriors.len() * posteriors.latent_dimensions();
            let noise = normals(&mut stream(self.settings.seed, Purpose::Measurement, 0), count);
            let information = measure::mutual_information(&posteriors, &noise);
            self.algorithm.lagging.end_epoch(information);
        }
        Ok(())
    }

    fn update(&mut self, descent: Descent, part: Part) -> Result<(), DeviceError> {
        let optimizer = &self.settings.optimizer;
        let size = StepSize {
            learning_rate: optimizer.learning_rate,
            largest_norm: optimizer.gradient_clip,
            encoder: Vae::ENCODER,
            encoder_rate: optimizer.encoder_rate,
            part,
        };
        // While it is updated the last good model stands in: parameters with one owner are updated where they are, without a copy.
        let model = std::mem::replace(&mut self.model, self.last_good.model.clone());
        self.model = self.optimizer.step(model, descent.gradients, size)?;
        Ok(())
    }

    fn noise_of(&self, step: u64) -> StepNoise {
        StepNoise { seed: self.settings.seed, step, device: self.plain.clone() }
    }

    /// The batch of the coming step, a function of the seed and the step alone.
    fn batch(&mut self) -> Batch {
        let positions = self.order.batch(self.step, self.settings.optimizer.batch_size);
        let (seed, step) = (self.settings.seed, self.step);
        self.gathered(&positions, stream(seed, Purpose::LatentNoise, step), stream(seed, Purpose::Binarization, step))
    }

    /// A batch of random training examples for a step of the encoder alone.
    fn random_batch(&self, number: u64) -> Batch {
        let first = self.noise_of(self.step).stream_index(STREAMS * number);
        let of = |index: u64| stream(self.settings.seed, Purpose::InnerSteps, first + index);
        let (examples, mut generator) = (self.data.training_len(), of(0));
        let size = self.settings.optimizer.batch_size;
        let positions: Vec<usize> = (0..size).map(|_| generator.random_range(0..examples)).collect();
        self.gathered(&positions, of(1), of(2))
    }

    /// Training examples `[batch, D + C]` and noise `[batch, K]`. For an expectation in closed form the batch holds every example 2K times, with
    /// the points of a cubature as noise.
    fn gathered(&self, positions: &[usize], mut noise: ChaCha8Rng, pixels: ChaCha8Rng) -> Batch {
        let (size, latent) = (positions.len(), self.model.latent_dimensions());
        let (noise, rows) = match self.settings.objective.expectation {
            Expectation::Sampled => (normals(&mut noise, size * latent), size),
            Expectation::ClosedForm => (spherical_cubature(latent).repeat(size), 2 * latent * size),
        };
        let noise = Tensor::from_data(TensorData::new(noise, [rows, latent]), &self.plain);
        Batch { x: repeat_rows(self.inputs(positions, pixels), rows), noise }
    }

    /// Training examples `[positions, D + C]`, binarised where the likelihood is Bernoulli.
    pub(super) fn inputs(&self, positions: &[usize], mut pixels: ChaCha8Rng) -> Tensor<2> {
        let size = positions.len();
        let mut x = self.data.training_batch(positions);
        if self.settings.model.likelihood == LikelihoodKind::Bernoulli {
            binarize(&mut pixels, &mut x);
        }
        if self.model.is_conditional() {
            x = measure::beside(&x, self.data.training_condition(positions).as_deref(), size);
        }
        let columns = x.len() / size.max(1);
        Tensor::from_data(TensorData::new(x, [size, columns]), &self.plain)
    }
}

/// Every example once, of a batch that holds each as often as its expectation needs.
fn distinct(x: Tensor<2>, expectation: Expectation, latent: usize) -> Tensor<2> {
    let [rows, columns] = x.dims();
    match expectation {
        Expectation::Sampled => x,
        Expectation::ClosedForm => x.reshape([rows / (2 * latent), 2 * latent * columns]).narrow(1, 0, columns),
    }
}
