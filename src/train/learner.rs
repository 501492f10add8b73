//! A [`Learner`]: the model of one variant, its optimizer and its place in the data. No thread, no clock.

use super::checkpoint::{CheckpointError, VariantState};
use super::history::{CurvePoint, Progress};
use super::message::{ExactMeasures, FinalMeasures};
use super::optimizer::{Adam, StepSize};
use super::probe::{Probe, Reading, ReadingValue};
use super::spectrum::{Covariance, LazySpectrum};
use super::weights;
use crate::data::Dataset;
use crate::device::{DeviceError, DeviceKind, TrainingDevice, read};
use crate::exact::linear::{DataSpectrum, NoPrediction, Theory, predict};
use crate::experiment::{Expectation, LikelihoodKind, Settings};
use crate::inference::elbo_terms;
use crate::measure::{
    self, BrenierGiven, EvaluationPool, Measures, ModelInformation, Noise, PoolPosteriors, PosteriorComparison,
};
use crate::model::{BrenierDecoder, LatentModel, Vae, repeat_rows, spherical_cubature};
use crate::random::{BatchOrder, Purpose, binarize, normals, stream};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use std::sync::Arc;

/// Steps between two periodic evaluations. They happen at fixed steps, so that metrics do not depend on the screen.
pub const EVALUATE_EVERY: u64 = 100;

/// Losses of this many steps are read back together on a GPU: each read waits for the device.
const GPU_STEPS_PER_READ: usize = 8;
/// Steps between two candidates for the last good weights.
const SNAPSHOT_EVERY: u64 = 50;

/// Steps between two measurements of the model's own information, at a periodic evaluation: every fifth, since it costs more than the others.
const MODEL_INFORMATION_EVERY: u64 = 5 * EVALUATE_EVERY;

/// One variant being trained.
pub struct Learner {
    settings: Settings,
    data: Arc<Dataset>,
    kind: DeviceKind,
    plain: Device,
    autodiff: Device,
    model: Vae,
    optimizer: Adam,
    order: BatchOrder,
    step: u64,
    unread: Vec<(u64, Tensor<1>)>,
    candidate: Option<Snapshot>,
    last_good: Snapshot,
    pool: EvaluationPool,
    posteriors: Option<PoolPosteriors>,
    spectrum: LazySpectrum,
}

#[derive(Clone)]
struct Snapshot {
    step: u64,
    model: Vae,
    optimizer: Adam,
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
            last_good: Snapshot { step: 0, model: model.clone(), optimizer: optimizer.clone() },
            kind: device.kind,
            step: 0,
            unread: Vec::new(),
            candidate: None,
            posteriors: None,
            spectrum: LazySpectrum::new(),
            settings,
            data,
            plain,
            autodiff,
            model,
            optimizer,
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
        learner.last_good =
            Snapshot { step: learner.step, model: learner.model.clone(), optimizer: learner.optimizer.clone() };
        Ok(learner)
    }

    /// Takes the spectrum of the data from where other variants take it, too.
    pub(super) fn share_spectrum(&mut self, spectrum: LazySpectrum) {
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
        self.settings = settings;
    }

    /// One optimizer step.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn step(&mut self) -> Result<StepOutcome, DeviceError> {
        if self.step.is_multiple_of(SNAPSHOT_EVERY) {
            self.candidate =
                Some(Snapshot { step: self.step, model: self.model.clone(), optimizer: self.optimizer.clone() });
        }
        self.posteriors = None;
        let (x, noise) = self.batch();
        let terms = elbo_terms(&self.model, x, noise);
        let objective = &self.settings.objective;
        let gradients = terms.loss(&[objective.beta, objective.top_beta]).backward();
        let gradients = GradientsParams::from_grads(gradients, &self.model);
        let optimizer = &self.settings.optimizer;
        let size = StepSize {
            learning_rate: optimizer.learning_rate,
            largest_norm: optimizer.gradient_clip,
            slowed: Some((Vae::ENCODER, optimizer.encoder_rate)),
        };
        self.model = self.optimizer.step(self.model.clone(), gradients, size)?;
        self.step += 1;
        self.unread
            .push((self.step, Tensor::cat(vec![terms.reconstruction.clone().inner(), terms.total_kl().inner()], 0)));
        let together = match self.kind {
            DeviceKind::Cpu => 1,
            DeviceKind::Gpu => GPU_STEPS_PER_READ,
        };
        if self.unread.len() >= together { self.catch_up() } else { Ok(StepOutcome::Taken(Vec::new())) }
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

    fn diverge(&mut self, points: Vec<CurvePoint>, at_step: u64) -> StepOutcome {
        self.unread.clear();
        self.candidate = None;
        self.posteriors = None;
        let Snapshot { step, model, optimizer } = self.last_good.clone();
        (self.step, self.model, self.optimizer) = (step, model, optimizer);
        StepOutcome::Diverged { points, at_step, kept_step: step }
    }

    /// Batch `[batch, D + C]` and noise `[batch, K]` of the coming step, both functions of the seed and the step alone. For an expectation in
    /// closed form the batch holds every example 2K times, with the points of a cubature as noise.
    fn batch(&mut self) -> (Tensor<2>, Tensor<2>) {
        let (seed, size) = (self.settings.seed, self.settings.optimizer.batch_size);
        let positions = self.order.batch(self.step, size);
        let mut x = self.data.training_batch(&positions);
        if self.settings.model.likelihood == LikelihoodKind::Bernoulli {
            binarize(&mut stream(seed, Purpose::Binarization, self.step), &mut x);
        }
        if self.model.is_conditional() {
            x = measure::beside(&x, self.data.training_condition(&positions).as_deref(), size);
        }
        let columns = x.len() / size;
        let x = Tensor::from_data(TensorData::new(x, [size, columns]), &self.autodiff);
        let latent = self.model.latent_dimensions();
        let (noise, rows) = match self.settings.objective.expectation {
            Expectation::Sampled => (normals(&mut stream(seed, Purpose::LatentNoise, self.step), size * latent), size),
            Expectation::ClosedForm => (spherical_cubature(latent).repeat(size), 2 * latent * size),
        };
        (repeat_rows(x, rows), Tensor::from_data(TensorData::new(noise, [rows, latent]), &self.autodiff))
    }

    fn posteriors(&mut self, model: &Vae) -> Result<PoolPosteriors, DeviceError> {
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
        if self.step.is_multiple_of(MODEL_INFORMATION_EVERY) {
            measures.model_information = self.model_information(measure::PERIODIC_SAMPLES)?;
        }
        Ok(Ok(measures))
    }

    /// `None` of a conditional model: what it is asked for are examples without conditions.
    fn model_information(&self, samples: usize) -> Result<Option<ModelInformation>, DeviceError> {
        let model = self.model.valid();
        if model.is_conditional() {
            return Ok(None);
        }
        let noise =
            Noise { sigma: model.likelihood().sigma()?, expansion: model.brenier().map(BrenierDecoder::expansion) };
        measure::model_information(&model, noise, samples, self.settings.seed, &self.plain).map(Some)
    }

    /// Measures the model over the evaluation pool.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn measure(&mut self) -> Result<Measures, DeviceError> {
        let model = self.model.valid();
        let posteriors = self.posteriors(&model)?;
        let sigma = model.likelihood().sigma()?;
        measure::measure(&model, &self.pool, &posteriors, sigma, self.settings.seed, &self.plain)
    }

    /// Measures what is measured once, at the end.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn final_measures(&mut self) -> Result<FinalMeasures, DeviceError> {
        let model = self.model.valid();
        let comparison = self.comparison(&model)?;
        let model_information = self.model_information(measure::FINAL_SAMPLES)?;
        Ok(FinalMeasures {
            measures: Measures { model_information, ..self.measure()? },
            importance_weighted_nll: measure::importance_weighted_nll(
                &model,
                &self.pool,
                self.settings.seed,
                &self.plain,
            )?,
            importance_samples: measure::IMPORTANCE_SAMPLES,
            importance_examples: measure::importance_examples(&self.pool),
            exact: ExactMeasures::of(&comparison),
            statuses: comparison.statuses,
            theory: self.theory(self.spectrum.wait(&self.data, self.covariance()))?,
        })
    }

    fn covariance(&self) -> Covariance {
        if self.model.is_conditional() { Covariance::OutputGivenCondition } else { Covariance::Output }
    }

    fn theory(&self, spectrum: Result<Arc<DataSpectrum>, String>) -> Result<Theory, DeviceError> {
        let sigma = self.model.valid().likelihood().sigma()?.map(f64::from);
        let prediction = match &spectrum {
            Ok(spectrum) => predict(spectrum, &self.settings, sigma),
            Err(reason) => Err(NoPrediction::new("no spectrum", reason.clone())),
        };
        Ok(Theory { spectrum, prediction })
    }

    fn comparison(&mut self, model: &Vae) -> Result<PosteriorComparison, DeviceError> {
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

    fn answer_value(&mut self, probe: Probe) -> Result<ReadingValue, DeviceError> {
        let model = self.model.valid();
        let latent = model.latent_dimensions();
        let (dimensions, example) = match probe {
            Probe::Measures | Probe::Injectivity | Probe::PosteriorComparison | Probe::Theory => ([0, 0], 0),
            Probe::Marginal { dimension, example } => ([dimension, 0], example),
            Probe::Plane { dimensions } => (dimensions, 0),
            Probe::Traversal { example } => ([0, 0], example),
            Probe::LatentGrid { dimensions, example }
            | Probe::LikelihoodMap { dimensions, example }
            | Probe::InjectivityField { dimensions, example } => (dimensions, example),
        };
        if dimensions.iter().any(|&dimension| dimension >= latent) {
            return Ok(ReadingValue::NotDefined("the model has no such latent dimension"));
        }
        if example >= self.pool.len() {
            return Ok(ReadingValue::NotDefined("the evaluation pool has no such example"));
        }
        let posteriors = self.posteriors(&model)?;
        let (pool, device) = (&self.pool, &self.plain);
        Ok(match probe {
            Probe::Measures => ReadingValue::Measures(Arc::new(self.measure()?)),
            Probe::Marginal { dimension, .. } => {
                ReadingValue::Marginal(Arc::new(measure::marginal(&posteriors, dimension, example)))
            }
            Probe::Plane { .. } if latent < 2 => {
                ReadingValue::NotDefined("a plane needs two latent dimensions, and this model has one")
            }
            Probe::Plane { .. } => ReadingValue::Plane(Arc::new(measure::plane(pool, &posteriors, dimensions))),
            Probe::Traversal { .. } => {
                ReadingValue::Traversal(Arc::new(measure::traversal(&model, pool, &posteriors, example, device)?))
            }
            Probe::LatentGrid { .. } => {
                let sigma = model.likelihood().sigma()?;
                match measure::latent_grid(&model, pool, &posteriors, dimensions, example, sigma, device)? {
                    Some(grid) => ReadingValue::LatentGrid(Arc::new(grid)),
                    None => ReadingValue::NotDefined("the decoded grid is drawn for data of two dimensions"),
                }
            }
            Probe::Injectivity => match model.brenier() {
                Some(decoder) => ReadingValue::Injectivity(Arc::new(measure::injectivity(
                    decoder,
                    pool,
                    &posteriors,
                    &model,
                    device,
                )?)),
                None => {
                    ReadingValue::NotDefined("the decoder has no guarantee to be injective in this latent variable")
                }
            },
            Probe::LikelihoodMap { dimensions: [first, second], .. } if latent > 1 && first == second => {
                ReadingValue::NotDefined("a likelihood map needs two different latent dimensions")
            }
            Probe::LikelihoodMap { .. } => ReadingValue::LikelihoodMap(Arc::new(measure::likelihood_map(
                &model,
                pool,
                &posteriors,
                dimensions,
                example,
                device,
            )?)),
            Probe::Theory => match self.spectrum.ask(&self.data, self.covariance()) {
                Some(spectrum) => ReadingValue::Theory(Arc::new(self.theory(spectrum)?)),
                None => ReadingValue::Pending("The covariance of the training data is being decomposed"),
            },
            Probe::PosteriorComparison => ReadingValue::PosteriorComparison(Arc::new(self.comparison(&model)?)),
            Probe::InjectivityField { dimensions: [first, second], .. } if latent > 1 && first == second => {
                ReadingValue::NotDefined("a field over a plane needs two different latent dimensions")
            }
            Probe::InjectivityField { .. } => ReadingValue::InjectivityField(Arc::new(measure::injectivity_field(
                &model,
                model
                    .brenier()
                    .map(|decoder| BrenierGiven { decoder, condition: model.condition(Some(pool.input(example)), 1) }),
                model.likelihood().sigma()?,
                pool,
                &posteriors,
                dimensions,
                example,
                device,
            )?)),
        })
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
            history: super::history::History::default(),
            data: self.data.fingerprint(),
        })
    }
}
