//! [`PpcaAnswer`]: posteriors of every example of a data set by one way of inference, for scripts.

use super::{ClassicalError, HmcSettings, Ppca, PpcaError, PpcaExamples, PpcaInference, PpcaPosterior, Sampling};
use crate::data::LoadMonitor;
use crate::experiment::Inference;
use nalgebra::DMatrix;

/// Posteriors of examples, nats per example.
#[derive(Clone, Debug, PartialEq)]
pub struct PpcaAnswer {
    /// Posterior means, `[examples][K]`.
    pub means: Vec<Vec<f64>>,
    /// Posterior standard deviations, `[K]`; root mean square over examples where they are sampled.
    pub sd: Vec<f64>,
    /// KL of each latent dimension's marginal to the prior, averaged over examples, `[K]`.
    pub kl_per_dimension: Vec<f64>,
    /// KL of the joint posterior to the prior, averaged over examples.
    pub kl: f64,
    /// What sampling left behind, one per example; empty for the other ways.
    pub samplings: Vec<Sampling>,
}

impl PpcaAnswer {
    /// Infers z of the examples, or of one of them; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// Data of another dimension than the model's, an example that does not exist, a sampler that fails.
    pub fn infer(
        model: &Ppca,
        examples: &PpcaExamples,
        example: Option<usize>,
        inference: Inference,
        settings: &HmcSettings,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let centered = &examples.spectrum.centered;
        let (weights, dimensions) = (model.weights.nrows(), centered.ncols());
        if weights != dimensions {
            return Err(PpcaError::Shape { weights, dimensions }.into());
        }
        let rows = match example {
            Some(example) if example >= centered.nrows() => {
                let count = centered.nrows();
                return Err(ClassicalError::Data(format!(
                    "there is no example {example}; the data have {count}, counted from 0"
                )));
            }
            Some(example) => centered.rows(example, 1).into_owned(),
            None => centered.clone(),
        };
        match inference {
            Inference::Exact => Ok(Some(Self::of_posterior(&model.posterior(&rows)?))),
            Inference::MeanField => Ok(Some(Self::of_posterior(&model.mean_field(&rows)?))),
            Inference::Hmc => Self::sample(model, &rows, settings, monitor),
        }
    }

    fn of_posterior(posterior: &PpcaPosterior) -> Self {
        Self {
            means: posterior.means.row_iter().map(|row| row.iter().copied().collect()).collect(),
            sd: posterior.covariance.diagonal().iter().map(|variance| variance.sqrt()).collect(),
            kl_per_dimension: posterior.kl_per_dimension.clone(),
            kl: posterior.kl,
            samplings: Vec::new(),
        }
    }

    fn sample(
        model: &Ppca,
        rows: &DMatrix<f64>,
        settings: &HmcSettings,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let (count, latent) = (rows.nrows() as f64, model.weights.ncols());
        let mut answer = Self {
            means: Vec::new(),
            sd: vec![0.0; latent],
            kl_per_dimension: vec![0.0; latent],
            kl: 0.0,
            samplings: Vec::new(),
        };
        for row in rows.row_iter() {
            let x = row.transpose();
            let Some(posterior) = PpcaInference::hmc(model, &x, settings, monitor)? else { return Ok(None) };
            for i in 0..latent {
                answer.sd[i] += posterior.covariance[i * latent + i] / count;
                answer.kl_per_dimension[i] += posterior.kl_per_dimension[i] / count;
            }
            answer.kl += posterior.kl / count;
            answer.means.push(posterior.mean);
            answer.samplings.extend(posterior.sampling);
        }
        answer.sd.iter_mut().for_each(|variance| *variance = variance.sqrt());
        Ok(Some(answer))
    }
}
