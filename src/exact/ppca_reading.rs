//! Answers for probabilistic PCA: [`PpcaReading`] and its ways of inference.

use super::data::PpcaExamples;
use super::density::LatentDensity;
use super::gaussian::{joint_kl, marginal_kl};
use super::hmc::{HmcSettings, sample};
use super::{ClassicalError, LikelihoodSurface, Ppca, PpcaInference, PpcaPosterior, PpcaReading, Sampling};
use crate::data::LoadMonitor;
use crate::experiment::{Inference, PpcaSettings};
use nalgebra::{DMatrix, DVector};
use std::sync::Arc;

/// Half the width of the likelihood surface, in prior standard deviations: the prior has 0.03 % of its mass outside a ball of this radius.
const REACH: f32 = 4.0;
/// Points per axis of the likelihood surface.
const SIDE: usize = 161;

/// A probabilistic PCA model of a data set, and the example that is looked at.
#[derive(Clone, Debug)]
pub struct PpcaLesson<'a> {
    examples: &'a PpcaExamples,
    settings: &'a PpcaSettings,
    example: usize,
    /// The model.
    pub model: Ppca,
    /// The example, centred, `[D]`.
    pub x: DVector<f64>,
}

impl<'a> PpcaLesson<'a> {
    /// The model that the settings ask for; `example` beyond the last one means the last one.
    ///
    /// # Errors
    /// As [`PpcaExamples::model`].
    pub fn new(examples: &'a PpcaExamples, settings: &'a PpcaSettings, example: usize) -> Result<Self, ClassicalError> {
        let example = example.min(examples.len().saturating_sub(1));
        let x = examples.spectrum.centered.row(example).transpose();
        Ok(Self { examples, settings, example, model: examples.model(settings)?, x })
    }

    /// Everything that is known in closed form: exact and mean-field inference.
    ///
    /// # Errors
    /// Data of another dimension than the model's.
    pub fn read(&self) -> Result<PpcaReading, ClassicalError> {
        let spectrum = &self.examples.spectrum;
        let exact = inference(Inference::Exact, self.model.posterior(&spectrum.centered)?, self.example);
        let mean_field = inference(Inference::MeanField, self.model.mean_field(&spectrum.centered)?, self.example);
        let law = |eigenvalue: &f64| (0.5 * (eigenvalue / self.settings.sigma.powi(2)).ln()).max(0.0);
        Ok(PpcaReading {
            settings: self.settings.clone(),
            examples: self.examples.len(),
            dimensions: spectrum.eigenvalues.len(),
            warnings: self.examples.warnings.clone(),
            eigenvalues: spectrum.eigenvalues.clone(),
            weights: self.model.weights.column_iter().map(|column| column.iter().copied().collect()).collect(),
            predicted_kl: spectrum.eigenvalues.iter().take(self.settings.latent_dimensions).map(law).collect(),
            example: self.example,
            centered: self.x.iter().copied().collect(),
            surface: likelihood_surface(&self.model, &self.x, &exact.mean),
            posteriors: vec![exact, mean_field],
        })
    }

    /// The posterior of the example by Hamiltonian Monte Carlo; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`sample`].
    pub fn sample(&self, monitor: &dyn LoadMonitor) -> Result<Option<PpcaInference>, ClassicalError> {
        PpcaInference::hmc(&self.model, &self.x, &HmcSettings::new(self.settings.seed), monitor)
    }
}

impl PpcaInference {
    /// The posterior of z given the centred example `x` by Hamiltonian Monte Carlo; `None` if the monitor cancelled.
    ///
    /// # Errors
    /// As [`sample`].
    pub fn hmc(
        model: &Ppca,
        x: &DVector<f64>,
        settings: &HmcSettings,
        monitor: &dyn LoadMonitor,
    ) -> Result<Option<Self>, ClassicalError> {
        let sampling = sample(&LatentDensity::new(model, x), &|z| z.to_vec(), settings, monitor)?;
        Ok(sampling.map(|sampling| Self::of_draws(sampling, model.weights.ncols())))
    }

    /// Of draws of z, `[draws, K]`.
    fn of_draws(sampling: Sampling, latent: usize) -> Self {
        let mut draws = DMatrix::from_row_slice(sampling.count, latent, &sampling.draws);
        let mean = draws.row_mean().transpose();
        draws.row_iter_mut().for_each(|mut row| row -= mean.transpose());
        let covariance = draws.tr_mul(&draws) / (sampling.count as f64 - 1.0);
        let kl_per_dimension: Vec<f64> =
            (0..latent).map(|i| marginal_kl(mean[i].powi(2), covariance[(i, i)])).collect();
        Self {
            inference: Inference::Hmc,
            kl: joint_kl(&mean, &covariance),
            example_kl_per_dimension: kl_per_dimension.clone(),
            kl_per_dimension,
            mean: mean.iter().copied().collect(),
            covariance: covariance.iter().copied().collect(),
            sampling: Some(sampling),
        }
    }
}

/// The posterior of row `example`; KL averaged over all rows.
fn inference(inference: Inference, posterior: PpcaPosterior, example: usize) -> PpcaInference {
    let mean: Vec<f64> = posterior.means.row(example).iter().copied().collect();
    let variance = posterior.covariance.diagonal();
    let kl = mean.iter().zip(variance.iter()).map(|(mean, variance)| marginal_kl(mean.powi(2), *variance)).collect();
    PpcaInference {
        inference,
        mean,
        covariance: posterior.covariance.iter().copied().collect(),
        kl_per_dimension: posterior.kl_per_dimension,
        kl: posterior.kl,
        example_kl_per_dimension: kl,
        sampling: None,
    }
}

fn likelihood_surface(model: &Ppca, x: &DVector<f64>, mean: &[f64]) -> LikelihoodSurface {
    let values = log_likelihood_plane(model, x, mean, f64::from(REACH), SIDE);
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    LikelihoodSurface {
        reach: REACH,
        side: SIDE,
        log_likelihood: Arc::new(values.iter().map(|&value| value as f32).collect()),
        range: high - low,
    }
}

/// log p(x | z) = −½ ‖x − Wz‖²/σ² − D (log σ + ½ log 2π) over the first two dimensions of z, each from −reach to reach, the second
/// ascending by rows, `[side, side]`; over the only one for K = 1, `[side]`. Other dimensions are at `mean`, `[K]`.
///
/// The square is expanded, ‖x − Wz‖² = ‖r‖² − 2 uᵀVᵀr + uᵀVᵀVu with r = x − Σ_{k>2} w_k z_k, V the first two columns and u the first two
/// dimensions of z: a point then costs the same for any D.
pub fn log_likelihood_plane(model: &Ppca, x: &DVector<f64>, mean: &[f64], reach: f64, side: usize) -> Vec<f64> {
    let latent = model.weights.ncols();
    let shown = latent.min(2);
    let others = (shown..latent).map(|k| model.weights.column(k) * mean[k]);
    let rest = others.fold(x.clone(), |rest, part| rest - part);
    let plane = model.weights.columns(0, shown);
    let (gram, projection, square) = (plane.tr_mul(&plane), plane.tr_mul(&rest), rest.norm_squared());
    let constant = x.len() as f64 * (model.sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln());
    let along = |k: usize, u: f64| u * (u * gram[(k, k)] - 2.0 * projection[k]);
    let value = |distance: f64| -0.5 * distance / model.sigma.powi(2) - constant;

    let step = 2.0 * reach / (side.max(2) - 1) as f64;
    let axis: Vec<f64> = (0..side).map(|i| i as f64 * step - reach).collect();
    let first: Vec<f64> = axis.iter().map(|&u| square + along(0, u)).collect();
    if shown == 1 {
        return first.into_iter().map(value).collect();
    }
    let row = |&v: &f64| {
        let (own, cross) = (along(1, v), 2.0 * v * gram[(0, 1)]);
        axis.iter().zip(&first).map(move |(u, first)| value(first + own + cross * u)).collect::<Vec<f64>>()
    };
    axis.iter().flat_map(row).collect()
}

/// log p(x | z) at x = 0 over a latent plane, summed over equal copies of the example.
#[derive(Clone, Debug, PartialEq)]
pub struct SurfaceAtZero {
    /// Nats, as [`log_likelihood_plane`] arranges them.
    pub values: Vec<f64>,
    /// Largest value.
    pub max: f64,
    /// Smallest value.
    pub min: f64,
    /// Standard deviation over the points, n − 1.
    pub sd: f64,
}

impl SurfaceAtZero {
    /// Of a model, at `side` ≥ 2 points per axis from −reach to reach.
    pub fn new(model: &Ppca, reach: f64, side: usize, copies: f64) -> Self {
        let (dimensions, latent) = model.weights.shape();
        let mut values = log_likelihood_plane(model, &DVector::zeros(dimensions), &vec![0.0; latent], reach, side);
        values.iter_mut().for_each(|value| *value *= copies);
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        Self {
            max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            min: values.iter().copied().fold(f64::INFINITY, f64::min),
            sd: (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt(),
            values,
        }
    }
}
