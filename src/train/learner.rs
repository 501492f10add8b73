//! A [`Learner`]: the model of one variant, its optimizer and its place in the data. No thread, no clock.

use super::algorithm::Algorithm;
use super::checkpoint::{CheckpointError, VariantState};
use super::history::{CurvePoint, Progress};
use super::message::{ExactMeasures, FinalMeasures};
use super::optimizer::Adam;
use super::probe::{Probe, Reading};
use super::spectrum::{Covariance, LazySpectrum};
use super::weights;
use crate::data::Dataset;
use crate::device::{DeviceError, DeviceKind, Handover, TrainingDevice, read};
use crate::exact::linear::{DataSpectrum, NoPrediction, Theory, predict};
use crate::experiment::{Method, Settings};
use crate::inference::{KlPenalty, Refined, Refinement, StepNoise, information_bound};
use crate::measure::{
    self, AggregateFit, EvaluationPool, LikelihoodEstimate, Measures, ModelInformation, Noise, PlaneSampler,
    PoolPosteriors, PosteriorComparison,
};
use crate::model::{BrenierDecoder, LatentModel, Vae};
use crate::random::BatchOrder;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use std::sync::Arc;

/// Steps between two periodic evaluations. They happen at fixed steps, so that metrics do not depend on the screen.
pub const EVALUATE_EVERY: u64 = 100;

/// Losses of this many steps are read back together on a GPU: each read waits for the device.
pub(super) const GPU_STEPS_PER_READ: usize = 8;
/// Steps between two candidates for the last good weights.
pub(super) const SNAPSHOT_EVERY: u64 = 50;

/// Steps between two measurements of the model's own information, at a periodic evaluation: every fifth, since it costs more than the others.
const MODEL_INFORMATION_EVERY: u64 = 5 * EVALUATE_EVERY;

/// In the place of a step where noise is for measuring; no run gets so far.
const MEASURED: u64 = (1 << 41) - 1;

/// One variant being trained.
pub struct Learner {
    pub(super) settings: Settings,
    pub(super) data: Arc<Dataset>,
    pub(super) kind: DeviceKind,
    pub(super) plain: Device,
    pub(super) autodiff: Device,
    pub(super) model: Vae,
    pub(super) optimizer: Adam,
    pub(super) algorithm: Algorithm,
    pub(super) order: BatchOrder,
    pub(super) step: u64,
    pub(super) unread: Vec<(u64, Tensor<1>)>,
    pub(super) candidate: Option<Snapshot>,
    pub(super) last_good: Snapshot,
    pub(super) pool: EvaluationPool,
    pub(super) posteriors: Option<PoolPosteriors>,
    pub(super) handover: Handover,
    /// While samples are asked for.
    pub(super) sampler: Option<PlaneSampler>,
    pub(super) spectrum: LazySpectrum,
}

#[derive(Clone)]
pub(super) struct Snapshot {
    step: u64,
    pub(super) model: Vae,
    optimizer: Adam,
    algorithm: Algorithm,
}

/// How a step ended.
#[derive(Debug)]
pub enum StepOutcome {
    /// Losses that became known, in the order of steps; none while they stay on the device.
    Taken(Vec<CurvePoint>),
    /// A loss was not finite; the model is back at its last good weights.
    Diverged {
        /// Losses that became known before it.
        points: Vec<CurvePoint>,
        /// Step whose loss was not finite.
        at_step: u64,
        /// Step of the weights in use now.
        kept_step: u64,
    },
}

impl Learner {
    /// A model with new weights from the settings' seed.
    pub fn new(settings: Settings, data: Arc<Dataset>, device: &TrainingDevice) -> Self {
        let plain = device.tensors();
        let autodiff = plain.clone().autodiff();
        let model = Vae::new(&settings, &data, &autodiff);
        let optimizer = Adam::new(device.kind);
        Self {
            order: BatchOrder::new(settings.seed, data.training_len()),
            pool: EvaluationPool::for_family(
                &data,
                settings.model.family,
                settings.model.likelihood,
                settings.seed,
                &plain,
            ),
            last_good: Snapshot {
                step: 0,
                model: model.clone(),
                optimizer: optimizer.clone(),
                algorithm: Algorithm::default(),
            },
            kind: device.kind,
            step: 0,
            unread: Vec::new(),
            candidate: None,
            posteriors: None,
            handover: device.handover(),
            sampler: None,
            spectrum: LazySpectrum::new(),
            settings,
            data,
            plain,
            autodiff,
            model,
            optimizer,
            algorithm: Algorithm::default(),
        }
    }

    /// Goes on from a saved state, bit for bit.
    ///
    /// # Errors
    /// A state of another model.
    pub fn resume(
        settings: Settings,
        data: Arc<Dataset>,
        device: &TrainingDevice,
        state: VariantState,
    ) -> Result<Self, CheckpointError> {
        if state.data != data.fingerprint() {
            return Err(CheckpointError::Data);
        }
        let mut learner = Self::new(settings, data, device);
        learner.model =
            weights::with_values(learner.model, state.weights, &learner.autodiff).map_err(CheckpointError::Mismatch)?;
        learner.optimizer = Adam::from_state(state.optimizer, learner.kind, &learner.plain);
        learner.step = state.progress.step;
        learner.algorithm = Algorithm::from_state(state.algorithm, &learner.model, &learner.autodiff)
            .map_err(CheckpointError::Mismatch)?;
        learner.last_good = learner.snapshot();
        Ok(learner)
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            step: self.step,
            model: self.model.clone(),
            optimizer: self.optimizer.clone(),
            algorithm: self.algorithm.clone(),
        }
    }

    /// Takes the spectrum of the data from where other variants take it, too.
    pub(crate) fn share_spectrum(&mut self, spectrum: LazySpectrum) {
        self.spectrum = spectrum;
    }

    /// Steps taken.
    pub fn step_count(&self) -> u64 {
        self.step
    }

    /// Settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Applies settings that need no new weights.
    pub fn configure(&mut self, settings: Settings) {
        // A fixed variance of q may have changed.
        self.posteriors = None;
        self.model.configure(&settings.model);
        // Old weights with new σ and m are still the last good weights.
        self.last_good.model.configure(&settings.model);
        if let Some(candidate) = &mut self.candidate {
            candidate.model.configure(&settings.model);
        }
        if let Some(kept) = &mut self.algorithm.kept {
            kept.model.configure(&settings.model);
        }
        self.settings = settings;
    }

    /// Reads the losses of all steps taken so far.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn catch_up(&mut self) -> Result<StepOutcome, DeviceError> {
        if self.unread.is_empty() {
            return Ok(StepOutcome::Taken(Vec::new()));
        }
        let (steps, losses): (Vec<u64>, Vec<Tensor<1>>) = self.unread.drain(..).unzip();
        let values = read(Tensor::cat(losses, 0))?;
        let mut points = Vec::with_capacity(steps.len());
        for (step, terms) in steps.into_iter().zip(values.chunks_exact(2)) {
            let (reconstruction, kl) = (terms[0], terms[1]);
            let negative_elbo = reconstruction + kl;
            if !negative_elbo.is_finite() {
                return Ok(self.diverge(points, step));
            }
            points.push(CurvePoint { step, negative_elbo, reconstruction, kl });
        }
        // The candidate's weights produced the loss of the step after it, which is now known to be finite.
        if let Some(candidate) = self.candidate.take_if(|candidate| candidate.step < self.step) {
            self.last_good = candidate;
        }
        Ok(StepOutcome::Taken(points))
    }

    pub(super) fn diverge(&mut self, points: Vec<CurvePoint>, at_step: u64) -> StepOutcome {
        self.unread.clear();
        self.candidate = None;
        self.posteriors = None;
        let Snapshot { step, model, optimizer, algorithm } = self.last_good.clone();
        (self.step, self.model, self.optimizer, self.algorithm) = (step, model, optimizer, algorithm);
        StepOutcome::Diverged { points, at_step, kept_step: step }
    }

    /// The model with the posteriors that are measured: refined where training is semi-amortised.
    pub(super) fn measured(&self) -> Refined {
        let objective = &self.settings.objective;
        let refinement = (objective.method == Method::SemiAmortized).then(|| {
            let penalty = KlPenalty::at(objective, self.step);
            Refinement { settings: objective.refinement.clone(), penalty, noise: self.measuring_noise() }
        });
        Refined::new(&self.model, refinement)
    }

    /// Noise of its own, the same at every step: the same weights give the same numbers.
    fn measuring_noise(&self) -> StepNoise {
        StepNoise { seed: self.settings.seed, step: MEASURED, device: self.plain.clone() }
    }

    /// Lower bound on the model's own information, of a mutual autoencoder; nats.
    pub(super) fn information_bound(&self) -> Result<Option<f32>, DeviceError> {
        let bound = information_bound(&self.model.valid(), &self.measuring_noise(), measure::FINAL_SAMPLES);
        Ok(bound.map(read).transpose()?.and_then(|values| values.first().copied()))
    }

    pub(super) fn posteriors(&mut self, model: &Refined) -> Result<PoolPosteriors, DeviceError> {
        if self.posteriors.is_none() {
            self.posteriors = Some(self.pool.posteriors(model)?);
        }
        Ok(self.posteriors.clone().unwrap_or_else(|| PoolPosteriors::from_parts(Vec::new(), Vec::new(), 1)))
    }

    /// The periodic evaluation. Weights that an update has blown up show here before their loss is known: that is divergence.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn evaluate(&mut self) -> Result<Result<Measures, StepOutcome>, DeviceError> {
        let mut measures = self.measure()?;
        if !(measures.negative_elbo.is_finite() && measures.kl.is_finite()) {
            return Ok(Err(self.diverge(Vec::new(), self.step)));
        }
        measures.information_bound = self.information_bound()?;
        if self.step.is_multiple_of(MODEL_INFORMATION_EVERY) {
            measures.model_information = self.model_information(measure::PERIODIC_SAMPLES)?;
            measures.likelihood = Some(self.likelihood(measure::periodic_effort(&self.pool))?);
            measures.aggregate = self.aggregate()?;
        }
        Ok(Ok(measures))
    }

    /// Over the first examples of the pool, with so many samples each.
    pub(super) fn likelihood(&self, [examples, samples]: [usize; 2]) -> Result<LikelihoodEstimate, DeviceError> {
        let effort = [examples.min(self.pool.len()), samples];
        measure::likelihood_estimate(&self.measured(), &self.pool, effort, self.settings.seed, &self.plain)
    }

    /// `None` under a learned mixture: what it is compared with is N(0, I).
    pub(super) fn aggregate(&mut self) -> Result<Option<AggregateFit>, DeviceError> {
        if self.settings.model.prior.is_mixture() {
            return Ok(None);
        }
        let model = self.measured();
        Ok(Some(measure::aggregate_fit(&self.posteriors(&model)?)))
    }

    /// `None` of a conditional model: what it is asked for are examples without conditions.
    fn model_information(&self, samples: usize) -> Result<Option<ModelInformation>, DeviceError> {
        let model = self.measured();
        if model.is_conditional() {
            return Ok(None);
        }
        let noise = Noise {
            sigma: model.model().likelihood().sigma()?,
            expansion: model.model().brenier().map(BrenierDecoder::expansion),
        };
        measure::model_information(&model, noise, samples, self.settings.seed, &self.plain).map(Some)
    }

    /// Measures the model over the evaluation pool.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn measure(&mut self) -> Result<Measures, DeviceError> {
        let model = self.measured();
        let posteriors = self.posteriors(&model)?;
        let sigma = model.model().likelihood().sigma()?;
        measure::measure(&model, &self.pool, &posteriors, sigma, self.settings.seed, &self.plain)
    }

    /// Measures what is measured once, at the end.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn final_measures(&mut self) -> Result<FinalMeasures, DeviceError> {
        let model = self.measured();
        let comparison = self.comparison(&model)?;
        let model_information = self.model_information(measure::FINAL_SAMPLES)?;
        let effort = [measure::importance_examples(&self.pool), measure::IMPORTANCE_SAMPLES];
        let likelihood = self.likelihood(effort)?;
        let aggregate = self.aggregate()?;
        Ok(FinalMeasures {
            measures: Measures {
                model_information,
                likelihood: Some(likelihood),
                aggregate,
                information_bound: self.information_bound()?,
                ..self.measure()?
            },
            importance_weighted_nll: -likelihood.log_likelihood,
            importance_samples: measure::IMPORTANCE_SAMPLES,
            importance_examples: measure::importance_examples(&self.pool),
            exact: ExactMeasures::of(&comparison),
            statuses: comparison.statuses,
            theory: self.theory(self.spectrum.wait(&self.data, self.covariance()))?,
        })
    }

    pub(super) fn covariance(&self) -> Covariance {
        if self.model.is_conditional() { Covariance::OutputGivenCondition } else { Covariance::Output }
    }

    pub(super) fn theory(&self, spectrum: Result<Arc<DataSpectrum>, String>) -> Result<Theory, DeviceError> {
        let sigma = self.model.valid().likelihood().sigma()?.map(f64::from);
        let prediction = match &spectrum {
            Ok(spectrum) => predict(spectrum, &self.settings, sigma),
            Err(reason) => Err(NoPrediction::new("no spectrum", reason.clone())),
        };
        Ok(Theory { spectrum, prediction })
    }

    pub(super) fn comparison(&mut self, model: &Refined) -> Result<PosteriorComparison, DeviceError> {
        let posteriors = self.posteriors(model)?;
        let mut comparison = measure::posterior_comparison(model, &self.pool, &posteriors, &self.plain)?;
        let is_by_mode = model.fixed_variances().iter().any(Option::is_some);
        if model.level_dimensions().len() > 1 || is_by_mode {
            // A Gaussian with the moments of q, which is what is compared, has a smaller KL than q itself; and a fixed variance leaves coordinates
            // arbitrary.
            let measures = self.measure()?;
            comparison.statuses.encoder_kl = f64::from(measures.kl);
            comparison.statuses.active_units = measures.active_in_x().0;
        }
        Ok(comparison)
    }

    /// Answers a probe about the model as it is now.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn answer(&mut self, probe: Probe) -> Result<Reading, DeviceError> {
        Ok(Reading { step: self.step, value: self.answer_value(probe)? })
    }

    /// Everything needed to go on bit for bit; curves are added by whoever keeps them.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn state(&self, progress: Progress) -> Result<VariantState, DeviceError> {
        Ok(VariantState {
            name: self.settings.name.clone(),
            progress: Progress { step: self.step, ..progress },
            weights: weights::values(&self.model.valid())?,
            optimizer: self.optimizer.state()?,
            algorithm: self.algorithm.state()?,
            history: super::history::History::default(),
            data: self.data.fingerprint(),
        })
    }
}
