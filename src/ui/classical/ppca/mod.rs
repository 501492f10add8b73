//! The panels of probabilistic PCA.

mod density;
mod kl;
mod spectrum;
mod surface;
mod words;

pub(super) use density::density_ui;
pub(super) use kl::kl_ui;
pub(super) use spectrum::spectrum_ui;
pub(super) use surface::{legends_height, surface_ui};
pub(super) use words::{diagnosis, verdict};

use super::table::{TableRow, table_ui};
use crate::exact::{PpcaInference, PpcaReading};
use crate::experiment::{Inference, PpcaWeights};
use crate::measure::COLLAPSED_KL;
use crate::ui::panels::axes::Axes;
use crate::ui::panels::dimension_name;
use crate::ui::panels::words::example_name;
use crate::ui::theme::Palette;
use eframe::egui::{Pos2, Ui};

/// The answer of one way of inference.
fn way(reading: &PpcaReading, inference: Inference) -> Option<&PpcaInference> {
    reading.posteriors.iter().find(|posterior| posterior.inference == inference)
}

/// Latent dimensions that σ has not put to death: at maximum likelihood those with λ > σ², else those whose exact posterior is not the
/// prior.
fn active(reading: &PpcaReading) -> Vec<bool> {
    match (reading.settings.weights, way(reading, Inference::Exact)) {
        (PpcaWeights::MaximumLikelihood, _) | (_, None) => reading.predicted_kl.iter().map(|kl| *kl > 0.0).collect(),
        (PpcaWeights::Generating, Some(exact)) => exact.kl_per_dimension.iter().map(|kl| *kl >= COLLAPSED_KL).collect(),
    }
}

impl PpcaInference {
    /// Mean and standard deviation of a latent dimension of the example.
    fn moments(&self, dimension: usize) -> [f64; 2] {
        let latent = self.mean.len();
        let variance = self.covariance.get(dimension * latent + dimension).copied().unwrap_or(f64::NAN);
        [self.mean.get(dimension).copied().unwrap_or(f64::NAN), variance.max(0.0).sqrt()]
    }

    /// Points of the ellipse at `sds` standard deviations of the first two latent dimensions, over `axes`.
    fn ellipse(&self, sds: f64) -> Vec<[f32; 2]> {
        let latent = self.mean.len();
        let entry = |row: usize, column: usize| self.covariance.get(row * latent + column).copied().unwrap_or(0.0);
        // The Cholesky factor turns a circle into the ellipse.
        let first = entry(0, 0).max(0.0).sqrt();
        let below = if first > 0.0 { entry(1, 0) / first } else { 0.0 };
        let second = (entry(1, 1) - below * below).max(0.0).sqrt();
        (0..=96)
            .map(|at| f64::from(at) / 96.0 * std::f64::consts::TAU)
            .map(|angle| {
                let (x, y) = (sds * angle.cos(), sds * angle.sin());
                [(self.mean[0] + first * x) as f32, (self.mean[1] + below * x + second * y) as f32]
            })
            .collect()
    }
}

/// Ways of inference side by side for one latent dimension of the example.
pub(super) fn inference_ui(ui: &mut Ui, palette: &Palette, reading: &PpcaReading, dimension: usize) {
    let rows: Vec<TableRow<'_>> = reading
        .posteriors
        .iter()
        .map(|posterior| TableRow {
            inference: posterior.inference,
            moments: posterior.moments(dimension),
            kl: posterior.example_kl_per_dimension.get(dimension).copied().unwrap_or(f64::NAN),
            sampling: posterior.sampling.as_ref().map(|sampling| (sampling, dimension)),
        })
        .collect();
    let title = format!("Inference side by side, {} of {}", dimension_name(dimension), example_name(reading.example));
    let note = "The posterior of the selected latent dimension for the selected example, by each way of inference: the same model, the same \
                example. KL is that of this one example, not an average";
    let waiting = way(reading, Inference::Hmc).is_none().then_some("sampling…");
    table_ui(ui, palette, &title, note, &rows, waiting);
}

/// A polygon line over axes.
fn line(axes: &Axes, points: &[[f32; 2]]) -> Vec<Pos2> {
    points.iter().map(|[x, y]| axes.at(*x, *y)).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exact::LikelihoodSurface;
    use crate::experiment::PpcaSettings;
    use std::sync::Arc;

    /// The reading for two factors at some σ, with the closed forms of `brenier.md` section 13.2 at maximum likelihood.
    pub fn reading(sigma: f64) -> PpcaReading {
        let eigenvalues = vec![18.293, 8.403, 0.0112, 0.0103, 0.0093];
        let variance = sigma * sigma;
        let law = |lambda: f64| (0.5 * (lambda / variance).ln()).max(0.0);
        let predicted_kl: Vec<f64> = eigenvalues[..2].iter().map(|lambda| law(*lambda)).collect();
        let posterior_variance = |lambda: f64| if lambda > variance { variance / lambda } else { 1.0 };
        let covariance = vec![posterior_variance(eigenvalues[0]), 0.0, 0.0, posterior_variance(eigenvalues[1])];
        let posterior = |inference| PpcaInference {
            inference,
            mean: vec![0.5, -0.25],
            covariance: covariance.clone(),
            kl_per_dimension: predicted_kl.clone(),
            kl: predicted_kl.iter().sum(),
            example_kl_per_dimension: predicted_kl.clone(),
            sampling: None,
        };
        PpcaReading {
            settings: PpcaSettings { sigma, ..PpcaSettings::default() },
            examples: 500,
            dimensions: 5,
            warnings: Vec::new(),
            weights: vec![vec![0.0; 5]; 2],
            predicted_kl: predicted_kl.clone(),
            example: 0,
            centered: vec![0.0; 5],
            surface: LikelihoodSurface {
                reach: 3.5,
                side: 2,
                log_likelihood: Arc::new(vec![-4.0, -3.0, -3.5, -4.0]),
                range: if predicted_kl[0] > 0.0 { 12.0 } else { 0.0 },
            },
            posteriors: vec![posterior(Inference::Exact), posterior(Inference::MeanField)],
            eigenvalues,
        }
    }

    #[test]
    fn ellipses_have_the_covariance() {
        let posterior = PpcaInference { covariance: vec![0.5, 0.2, 0.2, 0.3], ..reading(1.0).posteriors[0].clone() };
        let determinant = 0.5 * 0.3 - 0.2 * 0.2;
        for [x, y] in posterior.ellipse(2.0) {
            let (x, y) = (f64::from(x) - 0.5, f64::from(y) + 0.25);
            let square = (0.3 * x * x - 2.0 * 0.2 * x * y + 0.5 * y * y) / determinant;
            assert!((square - 4.0).abs() < 1e-4, "{square}");
        }
    }
}
