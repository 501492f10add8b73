//! The panels of the mixture's weight.

mod histogram;
mod likelihood;
mod weight;
mod words;

pub(super) use histogram::histogram_ui;
pub(super) use likelihood::likelihood_ui;
pub(super) use weight::weight_ui;
pub(super) use words::{diagnosis, verdict};

use super::table::{TableRow, table_ui};
use crate::exact::{MixtureReading, WeightInference};
use crate::experiment::{Inference, MixtureParameters};
use crate::ui::theme::Palette;
use eframe::egui::Ui;

/// The answer of one way of inference.
fn way(reading: &MixtureReading, inference: Inference) -> Option<&WeightInference> {
    reading.posteriors.iter().find(|posterior| posterior.inference == inference)
}

/// The answer that the others are judged by: the exact one, or HMC where parameters are integrated out.
fn reference(reading: &MixtureReading) -> Option<&WeightInference> {
    match reading.settings.parameters {
        MixtureParameters::Fixed => way(reading, Inference::Exact),
        MixtureParameters::Integrated => way(reading, Inference::Hmc),
    }
}

/// Ways of inference side by side.
pub(super) fn inference_ui(ui: &mut Ui, palette: &Palette, reading: &MixtureReading) {
    let rows: Vec<TableRow<'_>> = reading
        .posteriors
        .iter()
        .map(|posterior| TableRow {
            inference: posterior.inference,
            moments: [posterior.mean, posterior.sd],
            kl: posterior.kl_to_prior,
            sampling: posterior.sampling.as_ref().map(|sampling| (sampling, 0)),
        })
        .collect();
    let note = match reading.settings.parameters {
        MixtureParameters::Fixed => "The posterior of α by each way of inference; the components are known",
        MixtureParameters::Integrated => {
            "The posterior of α by each way of inference, means and deviations integrated out. No closed form exists: HMC stands for the exact \
             answer"
        }
    };
    let waiting = way(reading, Inference::Hmc).is_none().then_some("sampling…");
    table_ui(ui, palette, "Inference side by side, weight α", note, &rows, waiting);
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::exact::{MixtureWeight, Sampling};
    use crate::experiment::MixtureSettings;

    /// A reading of few data, the exact answer by [`MixtureWeight`]; mean-field is half as wide.
    pub fn reading(separation: f64, parameters: MixtureParameters) -> MixtureReading {
        let settings = MixtureSettings { separation, parameters, ..MixtureSettings::default() };
        let half = separation / 2.0;
        let data: Vec<f64> =
            (0..200).map(|at| f64::from(at % 20 - 10) / 5.0 + if at % 7 == 0 { half } else { -half }).collect();
        let weight = MixtureWeight { first: (-half, 1.0), second: (half, 1.0), prior: (5.0, 5.0) };
        let exact = weight.posterior(&data).unwrap();
        let posterior = |inference, density: &[f64], sd: f64, sampling| WeightInference {
            inference,
            density: density.to_vec(),
            mean: exact.mean,
            sd,
            kl_to_prior: exact.kl_to_prior,
            sampling,
        };
        let sampling = Sampling {
            draws: vec![0.5; 4],
            count: 4,
            chains: 4,
            r_hat: vec![1.0],
            effective_draws: vec![4.0],
            divergences: 0,
        };
        let mut posteriors = vec![
            posterior(Inference::MeanField, &exact.posterior, 0.5 * exact.sd, None),
            posterior(Inference::Hmc, &exact.posterior, exact.sd, Some(sampling)),
        ];
        if parameters == MixtureParameters::Fixed {
            posteriors.insert(0, posterior(Inference::Exact, &exact.posterior, exact.sd, None));
        }
        let count = data.len() as f64;
        MixtureReading {
            settings,
            edges: (0..=8).map(|edge| f64::from(edge) - 4.0).collect(),
            counts: vec![25; 8],
            components: [[-half, 1.0], [half, 1.0]],
            grid: exact.grid,
            prior: exact.prior,
            log_likelihood: exact.log_likelihood.iter().map(|sum| sum / count).collect(),
            log_likelihood_range: exact.log_likelihood_range,
            log_likelihood_range_per_example: exact.log_likelihood_range / count,
            posteriors,
        }
    }
}
