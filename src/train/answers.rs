//! How a [`Learner`] answers probes.

use super::learner::Learner;
use super::method::{MethodReading, Phase};
use super::probe::{Probe, ReadingValue};
use crate::device::DeviceError;
use crate::exact::PriorDensity;
use crate::experiment::Method;
use crate::inference::{KlPenalty, LibiPhase};
use crate::measure::{self, BrenierGiven};
use crate::model::LatentModel;
use std::sync::Arc;

impl Learner {
    /// The answer about the model as it is now.
    pub(super) fn answer_value(&mut self, probe: Probe) -> Result<ReadingValue, DeviceError> {
        let model = self.measured();
        let latent = model.latent_dimensions();
        let (dimensions, example) = match probe {
            Probe::Measures | Probe::Injectivity | Probe::PosteriorComparison | Probe::Theory | Probe::Method => {
                ([0, 0], 0)
            }
            Probe::Marginal { dimension, example } => ([dimension, 0], example),
            Probe::Plane { dimensions } | Probe::Samples { dimensions } => (dimensions, 0),
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
                let prior = PriorDensity::of(&model)?;
                ReadingValue::Marginal(Arc::new(measure::marginal(&posteriors, &prior, dimension, example)))
            }
            Probe::Plane { .. } | Probe::Samples { .. } if latent < 2 => {
                ReadingValue::NotDefined("a plane needs two latent dimensions, and this model has one")
            }
            Probe::Plane { .. } => {
                let prior = PriorDensity::of(&model)?;
                ReadingValue::Plane(Arc::new(measure::plane(pool, &posteriors, &prior, dimensions)))
            }
            Probe::Samples { .. } => ReadingValue::Samples(Arc::new(self.plane_samples(&model, dimensions)?)),
            Probe::Traversal { .. } => {
                ReadingValue::Traversal(Arc::new(measure::traversal(&model, pool, &posteriors, example, device)?))
            }
            Probe::LatentGrid { .. } => {
                let sigma = model.model().likelihood().sigma()?;
                match measure::latent_grid(&model, pool, &posteriors, dimensions, example, sigma, device)? {
                    Some(grid) => ReadingValue::LatentGrid(Arc::new(grid)),
                    None => ReadingValue::NotDefined("the decoded grid is drawn for data of two dimensions"),
                }
            }
            Probe::Injectivity => match model.model().brenier() {
                Some(decoder) => ReadingValue::Injectivity(Arc::new(measure::injectivity(
                    decoder,
                    pool,
                    &posteriors,
                    model.model(),
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
                self.handover,
            )?)),
            Probe::Theory => match self.spectrum.ask(&self.data, self.covariance()) {
                Some(spectrum) => ReadingValue::Theory(Arc::new(self.theory(spectrum)?)),
                None => ReadingValue::Pending("The covariance of the training data is being decomposed"),
            },
            Probe::Method => ReadingValue::Method(Arc::new(self.method_reading()?)),
            Probe::PosteriorComparison => ReadingValue::PosteriorComparison(Arc::new(self.comparison(&model)?)),
            Probe::InjectivityField { dimensions: [first, second], .. } if latent > 1 && first == second => {
                ReadingValue::NotDefined("a field over a plane needs two different latent dimensions")
            }
            Probe::InjectivityField { .. } => ReadingValue::InjectivityField(Arc::new(measure::injectivity_field(
                &model,
                model.model().brenier().map(|decoder| BrenierGiven {
                    decoder,
                    condition: model.model().condition(Some(pool.input(example)), 1),
                }),
                model.model().likelihood().sigma()?,
                pool,
                &posteriors,
                dimensions,
                example,
                device,
            )?)),
        })
    }

    /// Where the training method is, and what it has brought.
    fn method_reading(&mut self) -> Result<MethodReading, DeviceError> {
        let objective = &self.settings.objective;
        let kl_weight = KlPenalty::at(objective, self.step).betas[0];
        let lagging = self.algorithm.lagging;
        let phase = match objective.method {
            Method::Elbo if self.step < objective.pretraining.steps => {
                Phase::Autoencoder { steps_left: objective.pretraining.steps - self.step }
            }
            Method::Lagging if lagging.is_aggressive => {
                Phase::Aggressive { last: lagging.last_encoder_steps, all: lagging.encoder_steps }
            }
            Method::Lagging => Phase::NoLongerAggressive { all: lagging.encoder_steps },
            Method::Libi => Phase::Libi {
                phase: LibiPhase::at(&objective.libi, self.step),
                repeats: objective.libi.repeats,
                kept: self.algorithm.kept.as_ref().map(|kept| kept.repeat),
            },
            Method::Elbo | Method::Iwae | Method::SemiAmortized | Method::Mutual => Phase::Joint,
        };
        Ok(MethodReading {
            method: objective.method,
            kl_weight,
            phase,
            likelihood: self.likelihood(measure::periodic_effort(&self.pool))?,
            aggregate: self.aggregate()?,
            information_bound: self.information_bound()?,
        })
    }
}
