//! What a training method does, and in which phase it is, in words: long to short.

use super::super::words::{grouped, round_number};
use crate::experiment::{Method, ObjectiveSettings, RefinementGradient, Schedule};
use crate::inference::{LibiPhase, LibiStage};
use crate::train::{MethodReading, Phase};

fn steps(count: u64) -> String {
    let noun = if count == 1 { "step" } else { "steps" };
    format!("{} {noun}", grouped(count as f32))
}

fn plain(value: f64) -> String {
    round_number(value as f32)
}

/// What is optimised.
pub(super) fn method(objective: &ObjectiveSettings) -> Vec<String> {
    let name = objective.method.label();
    let mut parts = Vec::new();
    match objective.method {
        Method::Elbo => {}
        Method::Iwae => parts.push(format!("k = {} samples per example", objective.importance_samples)),
        Method::Lagging => {
            parts.push(format!("at most {} of the encoder per decoder step", steps(objective.lagging.encoder_steps)));
        }
        Method::SemiAmortized => {
            let how = match objective.refinement.gradient {
                RefinementGradient::Differentiated => "differentiated",
                RefinementGradient::Stopped => "gradient stopped at their end",
            };
            parts.push(format!("{} of refinement per example, {how}", steps(objective.refinement.steps)));
        }
        Method::Libi => parts.push(match objective.libi.repeats {
            1 => "1 repeat".to_owned(),
            repeats => format!("{repeats} repeats"),
        }),
        Method::Mutual => parts.push(format!(
            "target M = {} nats, weight C = {}",
            plain(objective.information.target),
            plain(objective.information.weight)
        )),
    }
    if objective.free_bits > 0.0 {
        parts.push(format!("λ = {} nats free per dimension", plain(objective.free_bits)));
    }
    if objective.target_kl > 0.0 {
        parts.push(format!("aims at KL {} nats", plain(objective.target_kl)));
    }
    let long = std::iter::once(name.to_owned()).chain(parts).collect::<Vec<_>>().join(" · ");
    vec![long, name.to_owned()]
}

/// β with its schedule, where that is more than a 1 that stays 1.
fn weight(reading: &MethodReading, objective: &ObjectiveSettings, step: u64) -> Option<String> {
    let annealing = &objective.annealing;
    let beta = plain(reading.kl_weight);
    let has_schedule = annealing.schedule != Schedule::Constant && objective.method != Method::Iwae;
    let after = step.saturating_sub(objective.pretraining.steps);
    match annealing.schedule {
        _ if !has_schedule => (objective.beta != 1.0).then(|| format!("β = {beta}")),
        _ if reading.kl_weight < objective.beta => Some(format!("β = {beta}, rising")),
        Schedule::Cyclical if after / annealing.steps.max(1) < annealing.cycles.saturating_sub(1) => {
            Some(format!("β = {beta} until the next cycle"))
        }
        _ => Some(format!("β = {beta}, fully grown")),
    }
}

/// Where the method is.
pub(super) fn phase(reading: &MethodReading, objective: &ObjectiveSettings, step: u64) -> Vec<String> {
    let weight = weight(reading, objective, step);
    let mut forms = match &reading.phase {
        Phase::Joint => {
            return match weight {
                Some(weight) => vec![format!("Encoder and decoder together · {weight}"), weight],
                None => vec!["Encoder and decoder together".to_owned()],
            };
        }
        // The KL term has no weight yet.
        Phase::Autoencoder { steps_left } => {
            let next = if objective.pretraining.reset_decoder { ", then the decoder starts anew" } else { "" };
            let short = format!("Autoencoder: {} left", steps(*steps_left));
            return vec![format!("{short}{next}"), short];
        }
        Phase::Aggressive { last, all } => {
            let all = grouped(*all as f32);
            vec![
                format!(
                    "Aggressive: {} before the last decoder step, {all} in all",
                    steps(*last).replacen(" step", " encoder step", 1)
                ),
                format!("Aggressive: {last} encoder steps, {all} in all"),
                format!("Aggressive: {last} of {all}"),
            ]
        }
        Phase::NoLongerAggressive { all } => {
            let all = grouped(*all as f32);
            vec![
                format!("Ordinary: mutual information has stopped rising, after {all} encoder steps"),
                format!("Ordinary, after {all} encoder steps"),
                "Ordinary".to_owned(),
            ]
        }
        Phase::Libi { phase, repeats, kept } => libi(*phase, *repeats, *kept),
    };
    if let Some(weight) = weight
        && let Some(longest) = forms.first()
    {
        forms.insert(0, format!("{longest} · {weight}"));
    }
    forms
}

fn libi(phase: LibiPhase, repeats: u64, kept: Option<u64>) -> Vec<String> {
    let repeat = match repeats {
        1 => String::new(),
        repeats => format!(", repeat {} of {repeats}", phase.repeat + 1),
    };
    let best = match kept {
        Some(kept) if repeats > 1 => format!("; the best so far is repeat {}", kept + 1),
        _ => String::new(),
    };
    match phase.stage {
        LibiStage::Likelihood => {
            vec![format!("Likelihood{repeat}{best}"), format!("Likelihood{repeat}"), "Likelihood".to_owned()]
        }
        LibiStage::Inference => vec![
            format!("Inference{repeat}, the generative model is frozen{best}"),
            format!("Inference{repeat}, the generative model is frozen"),
            format!("Inference{repeat}, model frozen"),
            "Inference, model frozen".to_owned(),
        ],
        LibiStage::Done => {
            let of = match kept {
                Some(kept) if repeats > 1 => format!(": the model of repeat {}", kept + 1),
                _ => String::new(),
            };
            vec![
                format!("All repeats done{of}; inference goes on, the generative model is frozen"),
                format!("Done{of}; inference goes on"),
                "Done; inference goes on".to_owned(),
            ]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::LikelihoodEstimate;

    fn reading(phase: Phase, kl_weight: f64) -> MethodReading {
        MethodReading {
            method: Method::Elbo,
            kl_weight,
            phase,
            likelihood: LikelihoodEstimate { log_likelihood: -2.0, elbo: -2.5 },
            aggregate: None,
            information_bound: None,
        }
    }

    fn said(phase: Phase) -> String {
        super::phase(&reading(phase, 1.0), &ObjectiveSettings::default(), 10)[0].clone()
    }

    #[test]
    fn phases_are_told_with_their_numbers() {
        assert_eq!(said(Phase::Joint), "Encoder and decoder together");
        assert_eq!(
            said(Phase::Aggressive { last: 45, all: 12_300 }),
            "Aggressive: 45 encoder steps before the last decoder step, 12,300 in all"
        );
        assert_eq!(
            said(Phase::Autoencoder { steps_left: 320 }),
            "Autoencoder: 320 steps left, then the decoder starts anew"
        );
        let libi = |stage, repeat, kept| {
            said(Phase::Libi { phase: LibiPhase { repeat, stage, is_first: false }, repeats: 2, kept })
        };
        assert_eq!(libi(LibiStage::Likelihood, 0, None), "Likelihood, repeat 1 of 2");
        assert_eq!(
            libi(LibiStage::Inference, 1, Some(0)),
            "Inference, repeat 2 of 2, the generative model is frozen; the best so far is repeat 1"
        );
        assert!(libi(LibiStage::Done, 2, Some(1)).contains("the model of repeat 2; inference goes on"));
    }

    #[test]
    fn the_kl_weight_is_told_with_its_direction() {
        let mut objective = ObjectiveSettings::default();
        let said = |objective: &ObjectiveSettings, beta, step| {
            super::phase(&reading(Phase::Joint, beta), objective, step).last().cloned().unwrap()
        };
        objective.annealing.schedule = Schedule::Linear;
        assert_eq!(said(&objective, 0.42, 420), "β = 0.42, rising");
        assert_eq!(said(&objective, 1.0, 1200), "β = 1, fully grown");
        objective.annealing.schedule = Schedule::Cyclical;
        // Four cycles of 1000 steps, each full in its second half.
        assert_eq!(said(&objective, 1.0, 700), "β = 1 until the next cycle");
        assert_eq!(said(&objective, 1.0, 3700), "β = 1, fully grown");
        objective.annealing.schedule = Schedule::Constant;
        objective.beta = 0.2;
        assert_eq!(said(&objective, 0.2, 5), "β = 0.2");
    }

    #[test]
    fn methods_are_told_with_what_they_are_given() {
        let mut objective = ObjectiveSettings { free_bits: 0.25, ..ObjectiveSettings::default() };
        assert_eq!(method(&objective)[0], "ELBO · λ = 0.25 nats free per dimension");
        objective.free_bits = 0.0;
        objective.method = Method::Mutual;
        assert_eq!(method(&objective)[0], "Mutual autoencoder · target M = 2 nats, weight C = 1");
    }
}
