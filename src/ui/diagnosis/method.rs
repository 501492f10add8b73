//! What a training method changes, in words that follow from the numbers beside them.

use super::{Facts, dimensions};
use crate::experiment::{Method, ObjectiveSettings, PriorKind};
use crate::inference::LibiStage;
use crate::measure::{LikelihoodEstimate, Measures};
use crate::train::Phase;
use crate::ui::panels::grouped;
use crate::ui::verdict::nats;

/// A KL within this share of λ is held there by free bits.
const AT_LAMBDA: f32 = 0.1;
/// Share of a number, or of a nat, within which another has arrived at it.
const ARRIVED: f32 = 0.05;
/// Share of the KL that is no mutual information from which on it is worth a word.
const IDLE_SHARE: f32 = 0.2;

/// One sentence, without its full stop, for everything about the method that shows in numbers.
pub(super) fn sentences(facts: &Facts<'_>) -> Vec<String> {
    let objective = &facts.settings.objective;
    let of_method = match objective.method {
        Method::Elbo => None,
        Method::Iwae => iwae(facts),
        Method::Lagging => lagging(facts),
        Method::SemiAmortized => semi_amortized(facts),
        Method::Libi => libi(facts),
        Method::Mutual => mutual(facts),
    };
    let has_kl_term = objective.method != Method::Iwae;
    let of_cost = if has_kl_term { [free_bits(facts), target(facts), cheap(objective)] } else { [None, None, None] };
    of_method.into_iter().chain(of_cost.into_iter().flatten()).chain(prior(facts)).collect()
}

/// The newest estimate of the log-likelihood.
fn likelihood(facts: &Facts<'_>) -> Option<LikelihoodEstimate> {
    let evaluated = || facts.evaluations.iter().rev().find_map(|evaluation| evaluation.measures.likelihood);
    facts.method.map(|method| method.likelihood).or_else(evaluated)
}

fn matching(facts: &Facts<'_>) -> Option<String> {
    let gap = likelihood(facts)?.posterior_matching() as f32;
    Some(format!("E KL(q(z|x) ‖ p(z|x)) is {} nats", nats(gap)))
}

fn iwae(facts: &Facts<'_>) -> Option<String> {
    let samples = facts.settings.objective.importance_samples;
    let matching = matching(facts)?;
    Some(format!(
        "The importance-weighted bound with k = {samples} does not ask q(z|x) to be the posterior, only to propose it: {matching}, and −ELBO is not \
         what is trained"
    ))
}

fn lagging(facts: &Facts<'_>) -> Option<String> {
    match facts.method?.phase {
        Phase::Aggressive { last, all } => Some(format!(
            "The encoder has taken {} steps alone, {} of them before the last step of the decoder",
            grouped(all as f32),
            grouped(last as f32)
        )),
        Phase::NoLongerAggressive { all } => Some(format!(
            "The encoder took {} steps alone, until its mutual information stopped rising; since then both are trained together",
            grouped(all as f32)
        )),
        _ => None,
    }
}

fn semi_amortized(facts: &Facts<'_>) -> Option<String> {
    let steps = facts.settings.objective.refinement.steps;
    let noun = if steps == 1 { "step" } else { "steps" };
    let matching = matching(facts)?;
    Some(format!(
        "What is measured is each q(z|x) after {} {noun} of its own, to which the encoder is only the start: {matching}",
        grouped(steps as f32)
    ))
}

/// The stage that a run of LiBI is in.
fn stage(facts: &Facts<'_>) -> Option<LibiStage> {
    match facts.method?.phase {
        Phase::Libi { phase, .. } => Some(phase.stage),
        _ => None,
    }
}

/// Whether the posteriors of a run mean nothing yet.
pub(super) fn is_before_inference(facts: &Facts<'_>) -> bool {
    stage(facts) == Some(LibiStage::Likelihood)
}

fn libi(facts: &Facts<'_>) -> Option<String> {
    Some(match stage(facts)? {
        LibiStage::Likelihood => {
            "LiBI fits the generative model now, with codes in the place of posteriors: KL and ELBO mean little before its inference stage".to_owned()
        }
        LibiStage::Inference | LibiStage::Done => {
            let matching = matching(facts).map_or_else(String::new, |matching| format!(": {matching}"));
            format!("The generative model was fitted before inference, and no longer bends to what q can match{matching}")
        }
    })
}

fn mutual(facts: &Facts<'_>) -> Option<String> {
    let information = &facts.settings.objective.information;
    let newest = || facts.evaluations.iter().rev().find_map(|evaluation| evaluation.measures.information_bound);
    let bound = facts.method.and_then(|method| method.information_bound).or_else(newest)?;
    let target = information.target as f32;
    let said =
        format!("The bound I^ on the model's information is {} nats, the target M = {}", nats(bound), nats(target));
    Some(if (bound - target).abs() <= ARRIVED {
        said
    } else {
        let (side, away) = if bound < target { ("below", target - bound) } else { ("above", bound - target) };
        format!("{said}: {} nats {side} it at weight C = {}", nats(away), information.weight)
    })
}

fn free_bits(facts: &Facts<'_>) -> Option<String> {
    let lambda = facts.settings.objective.free_bits as f32;
    if lambda <= 0.0 {
        return None;
    }
    let Measures { kl_per_dimension, kl, mutual_information, .. } = facts.measures;
    let held = kl_per_dimension.iter().filter(|kl| (*kl - lambda).abs() <= AT_LAMBDA * lambda).count();
    let count = kl_per_dimension.len();
    let idle = kl - mutual_information;
    let held = format!("{held} of {count} {} at the free λ = {lambda} nats", dimensions_hold(count, held));
    // The KL that is not mutual information is the aggregated posterior's distance from the prior.
    Some(if idle > IDLE_SHARE * kl && idle > ARRIVED {
        format!(
            "{held}; of KL {} nats, {} tell of x: the rest is KL without information",
            nats(*kl),
            nats(*mutual_information)
        )
    } else {
        held
    })
}

fn dimensions_hold(count: usize, held: usize) -> String {
    format!("{} {} KL", dimensions(count), if held == 1 { "has its" } else { "have their" })
}

fn target(facts: &Facts<'_>) -> Option<String> {
    let target = facts.settings.objective.target_kl as f32;
    (target > 0.0)
        .then(|| format!("The objective aims at KL {} nats, and it is {}", nats(target), nats(facts.measures.kl)))
}

/// β below 1.
fn cheap(objective: &ObjectiveSettings) -> Option<String> {
    let beta = objective.beta;
    let is_cheap = beta < 1.0 && objective.free_bits == 0.0 && objective.target_kl == 0.0;
    is_cheap.then(|| {
        format!("β = {beta} charges {beta} of every nat of KL: what is trained is no longer a bound on log p(x), −ELBO on the screen still is")
    })
}

fn prior(facts: &Facts<'_>) -> Option<String> {
    let what = match facts.settings.model.prior {
        PriorKind::Standard => return None,
        PriorKind::Conditional => "learned from the condition",
        PriorKind::GaussianMixture => "a learned Gaussian mixture",
        PriorKind::Vamp => "a mixture of posteriors at learned pseudo-inputs",
    };
    Some(format!("The prior is {what}: KL {} nats is to it, not to N(0, I)", nats(facts.measures.kl)))
}

#[cfg(test)]
mod tests {
    use super::super::diagnosis;
    use super::*;
    use crate::experiment::{Experiment, Settings};
    use crate::inference::LibiPhase;
    use crate::train::{Evaluation, MethodReading};
    use crate::ui::verdict::Maturity;

    fn settings(assignments: &[&str]) -> Settings {
        let mut experiment = Experiment::default();
        assignments.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
        experiment.runs().unwrap().remove(0)
    }

    fn measures(kl: [f32; 2], mutual_information: f32) -> Measures {
        Measures {
            kl_per_dimension: kl.to_vec(),
            kl: kl.iter().sum(),
            posterior_mean_variance: vec![0.5, 0.5],
            active_units: 2,
            mutual_information,
            mutual_information_cap: 7.0,
            ..Measures::default()
        }
    }

    fn said(settings: &Settings, measures: Measures, method: Option<&MethodReading>) -> String {
        let evaluations = [Evaluation { step: 500, measures }];
        let facts = Facts {
            settings,
            measures: &evaluations[0].measures,
            evaluations: &evaluations,
            maturity: Maturity::Trained,
            data_dimensions: 2,
            statuses: None,
            prediction: None,
            method,
        };
        diagnosis(&[facts]).0.remove(0)
    }

    fn reading(method: Method, phase: Phase, information_bound: Option<f32>) -> MethodReading {
        MethodReading {
            method,
            kl_weight: 1.0,
            phase,
            likelihood: LikelihoodEstimate { log_likelihood: -2.0, elbo: -2.3 },
            aggregate: toml::from_str("moment_kl = 0.1").unwrap(),
            information_bound,
        }
    }

    #[test]
    fn free_bits_may_hold_kl_that_tells_nothing() {
        let free = settings(&["objective.free_bits=0.25"]);
        let idle = said(&free, measures([0.25, 0.26], 0.1), None);
        assert!(idle.contains("2 of 2 dimensions have their KL at the free λ = 0.25 nats"), "{idle}");
        assert!(idle.contains("of KL 0.51 nats, 0.1 tell of x"), "{idle}");
        let used = said(&free, measures([0.25, 1.0], 1.2), None);
        assert!(used.contains("1 of 2 dimensions has its KL") && !used.contains("without information"), "{used}");
    }

    #[test]
    fn a_weight_that_is_too_small_leaves_the_target_unreached() {
        let mutual = settings(&["objective.method=mutual", "objective.information.target=2"]);
        let at =
            |bound| said(&mutual, measures([0.5, 0.5], 1.0), Some(&reading(Method::Mutual, Phase::Joint, Some(bound))));
        assert!(at(1.5).contains("0.5 nats below it at weight C = 1"), "{}", at(1.5));
        assert!(!at(1.98).contains("below"), "{}", at(1.98));
        assert!(!said(&mutual, measures([0.5, 0.5], 1.0), None).contains("target"), "no number, no sentence");
    }

    #[test]
    fn methods_are_told_by_what_they_measured() {
        let iwae = settings(&["objective.method=iwae"]);
        let text = said(&iwae, measures([0.5, 0.5], 1.0), Some(&reading(Method::Iwae, Phase::Joint, None)));
        assert!(text.contains("E KL(q(z|x) ‖ p(z|x)) is 0.3 nats"), "{text}");
        let lagging = settings(&["objective.method=lagging"]);
        let phase = Phase::Aggressive { last: 45, all: 12_300 };
        let text = said(&lagging, measures([0.5, 0.5], 1.0), Some(&reading(Method::Lagging, phase, None)));
        assert!(text.contains("12,300 steps alone, 45 of them"), "{text}");
        let semi_amortized = settings(&["objective.method=semi-amortized", "objective.refinement.steps=1"]);
        let method = reading(Method::SemiAmortized, Phase::Joint, None);
        let text = said(&semi_amortized, measures([0.5, 0.5], 1.0), Some(&method));
        assert!(text.contains("after 1 step of its own") && text.contains("is 0.3 nats"), "{text}");
        let plain = said(&settings(&[]), measures([0.5, 0.5], 1.0), None);
        assert!(!plain.contains("β") && !plain.contains("bound"), "{plain}");
        let cheap = said(&settings(&["objective.beta=0.2"]), measures([0.5, 0.5], 1.0), None);
        assert!(cheap.contains("β = 0.2 charges 0.2 of every nat"), "{cheap}");
    }

    #[test]
    fn a_better_model_under_a_worse_elbo_is_named() {
        let settings = [settings(&[]), settings(&["objective.method=libi"])];
        let evaluations = [3.0, 3.4].map(|negative_elbo| {
            [Evaluation { step: 500, measures: Measures { negative_elbo, ..measures([1.0, 1.0], 1.0) } }]
        });
        let said = |log_likelihoods: [f64; 2]| {
            let phase = LibiPhase { repeat: 1, stage: LibiStage::Done, is_first: false };
            let phases = [Phase::Joint, Phase::Libi { phase, repeats: 1, kept: Some(0) }];
            let readings = [0, 1].map(|run| MethodReading {
                likelihood: LikelihoodEstimate { log_likelihood: log_likelihoods[run], elbo: -3.5 },
                ..reading(settings[run].objective.method, phases[run], None)
            });
            let facts = [0, 1].map(|run| Facts {
                settings: &settings[run],
                measures: &evaluations[run][0].measures,
                evaluations: &evaluations[run],
                maturity: Maturity::Trained,
                data_dimensions: 2,
                statuses: None,
                prediction: None,
                method: Some(&readings[run]),
            });
            diagnosis(&facts).1.remove(0)
        };
        let better = said([-3.15, -2.99]);
        assert!(better.contains("the higher one: −2.99 against −3.15") && !better.contains("pay"), "{better}");
        assert!(!said([-2.99, -3.15]).contains("higher one"));
    }

    #[test]
    fn the_prior_of_a_kl_is_named() {
        let vamp = settings(&["model.prior=vamp"]);
        assert!(said(&vamp, measures([0.5, 0.5], 1.0), None).contains("KL 1.00 nats is to it, not to N(0, I)"));
    }
}
