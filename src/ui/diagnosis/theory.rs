//! What was measured against what theory predicts, in words.

use crate::exact::linear::{Applicability, Prediction};
use crate::measure::{ACTIVE_UNIT_VARIANCE, Measures};
use crate::ui::verdict::nats;

/// Share of a predicted KL, or of a nat, within which a measured one has arrived at it.
const SAME_SHARE_OF_THEORY: f32 = 0.02;

/// Measured against predicted KL, where the optimum fixes it.
pub(super) fn against(measures: &Measures, prediction: &Prediction) -> Option<String> {
    if !prediction.levels.iter().all(|level| level.is_determined) {
        return None;
    }
    let predicted = prediction.levels.iter().map(|level| level.kl).sum::<f64>() as f32;
    let active: Vec<String> = prediction.levels.iter().map(|level| level.active_dimensions.to_string()).collect();
    let active = match active.as_slice() {
        [lower, upper] => format!("{lower} active dimensions in z1 and {upper} in z2"),
        _ => format!("{} active {}", active.concat(), if active == ["1"] { "dimension" } else { "dimensions" }),
    };
    let [theory, measured] = [predicted, measures.kl].map(nats);
    let is_close = (measures.kl - predicted).abs() < SAME_SHARE_OF_THEORY * predicted.max(1.0);
    match prediction.applicability {
        Applicability::Theorem if is_close && !has_predicted_counts(measures, prediction) => {
            Some(format!("Theory has KL {theory} nats in {active}; here it is {measured}, too, but not in as many yet"))
        }
        Applicability::Theorem if is_close => {
            Some(format!("Theory has KL {theory} nats in {active}, and training has arrived there ({measured})"))
        }
        Applicability::Theorem => Some(format!("Theory has KL {theory} nats in {active}; here it is {measured}")),
        Applicability::Guide(why) => Some(format!(
            "As a guide, theory of linear models has KL {theory} nats in {active}; here it is {measured}, and {why}"
        )),
    }
}

/// Whether as many dimensions of each level are active as theory has it; barely active ones may fall short of the measure's threshold.
fn has_predicted_counts(measures: &Measures, prediction: &Prediction) -> bool {
    measures.levels.iter().zip(&prediction.levels).all(|(measured, predicted)| {
        let is_clear = |variance: &&f64| **variance >= f64::from(ACTIVE_UNIT_VARIANCE);
        let clear = predicted.posterior_mean_variance.iter().filter(is_clear).count();
        [predicted.active_dimensions, clear].contains(&measured.active_dimensions)
    })
}
