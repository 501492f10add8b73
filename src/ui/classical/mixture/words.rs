//! What the mixture's weight says in words: whether its likelihood is flat, whether its posterior is the prior, by which inference.

use super::super::words::significant;
use super::{reference, way};
use crate::exact::{MixtureReading, WeightInference};
use crate::experiment::{Inference, MixtureParameters};
use crate::measure::COLLAPSED_KL;
use crate::ui::panels::grouped;

/// Range per example under which the likelihood is flat but for rounding, nats.
const ROUNDING: f64 = 1e-9;
/// KL under which a histogram of draws cannot be told from the prior, nats: what some thousand draws from the prior itself show.
const SAMPLED_KL: f64 = 0.05;
/// Split R-hat above which chains are said to disagree: beyond noise, in the mixture they sit in different modes.
const DISAGREEING: f64 = 1.1;
/// Ratio of standard deviations worth a word.
const NARROWER: f64 = 1.1;
const FOLKLORE: &str = ". Folklore blames collapse on variational inference; here it is the exact answer that is the prior, and the variational one \
    that claims to know more";

/// Whether the likelihood says nothing about the weight.
pub(super) fn is_flat(reading: &MixtureReading) -> bool {
    reading.log_likelihood_range_per_example < ROUNDING
}

/// R-hat of HMC, where its chains disagree.
fn disagreement(reading: &MixtureReading) -> Option<f64> {
    let sampling = way(reading, Inference::Hmc)?.sampling.as_ref()?;
    sampling.r_hat.first().copied().filter(|r_hat| *r_hat > DISAGREEING)
}

/// Whether the answer that others are judged by is none, for its chains disagree.
fn is_undecided(reading: &MixtureReading) -> bool {
    reading.settings.parameters == MixtureParameters::Integrated && disagreement(reading).is_some()
}

/// Whether the posterior of α is its prior.
pub(in crate::ui::classical) fn verdict(reading: &MixtureReading) -> String {
    let count = grouped(reading.settings.examples as f32);
    let kl = reference(reading).map(|posterior| posterior.kl_to_prior);
    match (reading.settings.parameters, kl) {
        (MixtureParameters::Fixed, _) if is_flat(reading) => {
            format!("Collapsed: the posterior of α is its prior, after {count} data as after none")
        }
        (MixtureParameters::Fixed, Some(kl)) if kl < COLLAPSED_KL => {
            format!("Nearly the prior: KL {} nats after {count} data", significant(kl, 2))
        }
        (MixtureParameters::Fixed, Some(kl)) => {
            format!("Not collapsed: α is KL {} nats away from its prior after {count} data", significant(kl, 3))
        }
        (MixtureParameters::Fixed, None) => "No exact answer yet".to_owned(),
        (MixtureParameters::Integrated, None) => "Sampling: HMC stands for the exact answer here".to_owned(),
        (MixtureParameters::Integrated, Some(_)) if is_undecided(reading) => {
            "Undecided: the chains of HMC disagree about α".to_owned()
        }
        (MixtureParameters::Integrated, Some(kl)) if kl < SAMPLED_KL => {
            format!(
                "Collapsed: with the parameters integrated out α is its prior (KL {} nats by HMC)",
                significant(kl, 2)
            )
        }
        (MixtureParameters::Integrated, Some(kl)) => {
            format!("Not collapsed: α is KL {} nats away from its prior, by HMC", significant(kl, 3))
        }
    }
}

/// The likelihood's shape, long to short.
pub(super) fn flatness(reading: &MixtureReading) -> Vec<String> {
    if is_flat(reading) {
        return vec![
            "Flat: p(x|α) does not depend on α, so that the posterior is the prior".to_owned(),
            "Flat: p(x|α) does not depend on α".to_owned(),
            "Flat in α".to_owned(),
        ];
    }
    let each = significant(reading.log_likelihood_range_per_example, 3);
    let all = significant(reading.log_likelihood_range, 3);
    vec![
        format!("Not flat for 0.001 ≤ α ≤ 0.999: R/N = {each} nats per example, R = {all} nats over all data"),
        format!("Not flat: R/N = {each} nats per example, R = {all} nats"),
        format!("R/N = {each} nats per example"),
        format!("R/N = {each}"),
    ]
}

/// Posterior against prior, long to short.
pub(super) fn against_prior(reading: &MixtureReading) -> Vec<String> {
    let [a, b] = reading.settings.prior.map(|parameter| significant(parameter, 3));
    let Some(known) = reference(reading) else { return vec![format!("Prior Beta({a}, {b})")] };
    let (mean, sd) = (significant(known.mean, 3), significant(known.sd, 2));
    let name = known.inference.label();
    if is_undecided(reading) {
        return vec![
            format!("Prior Beta({a}, {b}); the chains of {name} disagree"),
            format!("{name}'s chains disagree"),
        ];
    }
    vec![format!("Prior Beta({a}, {b}); {name} says α = {mean} ± {sd}"), format!("{name}: α = {mean} ± {sd}")]
}

/// The diagnosis, one paragraph each.
pub(in crate::ui::classical) fn diagnosis(reading: &MixtureReading) -> Vec<String> {
    let mut sentences = vec![theorem(reading)];
    sentences.extend(parameters(reading));
    sentences.extend(mean_field(reading));
    if let Some(r_hat) = disagreement(reading) {
        sentences.push(format!(
            "HMC's chains disagree (R-hat {}): α and 1 − α are the same model with the components' names exchanged, and each chain has settled \
             on one naming. Mean and KL over all chains describe neither",
            significant(r_hat, 3)
        ));
    }
    sentences
}

fn theorem(reading: &MixtureReading) -> String {
    let count = grouped(reading.settings.examples as f32);
    if is_flat(reading) {
        format!(
            "Both components are the same distribution, so that the likelihood of all {count} data is the same for every α: R = 0 nats. By the \
             theorem the exact posterior is the prior. More data do not help: 0 times any N is 0"
        )
    } else if reading.settings.parameters == MixtureParameters::Integrated {
        format!(
            "If the components were known, the {count} data would tell values of α apart by up to R = {} nats",
            significant(reading.log_likelihood_range, 3)
        )
    } else {
        format!(
            "With the components known, the {count} data together tell values of α apart by up to R = {} nats. R grows in proportion to N, and the \
             posterior leaves the prior behind",
            significant(reading.log_likelihood_range, 3)
        )
    }
}

/// What integrating parameters out does.
fn parameters(reading: &MixtureReading) -> Option<String> {
    let is_overlapping = !is_flat(reading) && reading.settings.separation < 3.0;
    match reading.settings.parameters {
        MixtureParameters::Fixed if is_overlapping => Some(
            "Overlapping components are no collapse while their means and deviations are known. Integrate them out, and the same data hardly say \
             anything about α"
                .to_owned(),
        ),
        MixtureParameters::Fixed => None,
        MixtureParameters::Integrated => {
            let known = "With means and deviations unknown there is no closed form: HMC stands for the exact answer. The likelihood beside it is \
                         that of the true components, which inference does not know";
            Some(if is_overlapping {
                format!("{known}. Overlapping data fit one wide component as well as two, for any α: only now does α collapse")
            } else {
                known.to_owned()
            })
        }
    }
}

/// Over-confidence of the variational answer.
fn mean_field(reading: &MixtureReading) -> Option<String> {
    let (known, approximate) = (reference(reading)?, way(reading, Inference::MeanField)?);
    let pair =
        |posterior: &WeightInference| format!("{} ± {}", significant(posterior.mean, 3), significant(posterior.sd, 2));
    if is_undecided(reading) {
        let its = pair(approximate);
        return Some(format!("Mean-field says α = {its}: one mode of several, with no hint of the others"));
    }
    let ratio = known.sd / approximate.sd;
    let name = known.inference.label();
    let (theirs, its) = (pair(known), pair(approximate));
    let shift = (known.mean - approximate.mean).abs() / known.sd.max(1e-12);
    if ratio > NARROWER || shift > 1.0 {
        let times = if ratio > 1.5 { format!("{} times ", significant(ratio, 2)) } else { String::new() };
        let knows_more = known.kl_to_prior < SAMPLED_KL && known.kl_to_prior < approximate.kl_to_prior;
        let folklore = if knows_more { FOLKLORE } else { "" };
        Some(format!("Mean-field says α = {its} where {name} says {theirs}: {times}over-confident{folklore}"))
    } else {
        Some(format!("Mean-field says α = {its}, {name} says {theirs}: about the same"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;

    #[test]
    fn equal_components_are_flat_whatever_the_data() {
        let equal = reading(0.0, MixtureParameters::Fixed);
        assert!(verdict(&equal).starts_with("Collapsed: the posterior of α is its prior, after 1,000 data"));
        assert!(flatness(&equal)[0].starts_with("Flat: p(x|α) does not depend on α"));
        assert!(diagnosis(&equal).join("\n").contains("R = 0 nats"));
    }

    #[test]
    fn overlap_is_no_collapse_with_known_components() {
        let overlapping = reading(1.0, MixtureParameters::Fixed);
        assert!(verdict(&overlapping).starts_with("Not collapsed: α is KL"), "{}", verdict(&overlapping));
        assert!(flatness(&overlapping)[0].starts_with("Not flat"));
        assert!(diagnosis(&overlapping).join("\n").contains("Integrate them out"));
    }

    #[test]
    fn hmc_stands_for_the_exact_answer_where_parameters_are_unknown() {
        let mut integrated = reading(1.0, MixtureParameters::Integrated);
        integrated.posteriors.iter_mut().for_each(|posterior| posterior.kl_to_prior = 0.01);
        assert!(verdict(&integrated).contains("integrated out α is its prior"), "{}", verdict(&integrated));
        assert!(diagnosis(&integrated).join("\n").contains("only now does α collapse"));
        if let Some(sampling) = &mut integrated.posteriors[1].sampling {
            sampling.r_hat[0] = 540.0;
        }
        assert!(verdict(&integrated).starts_with("Undecided"));
        let undecided = diagnosis(&integrated).join("\n");
        assert!(undecided.contains("R-hat 540") && undecided.contains("one mode of several"), "{undecided}");
        assert!(against_prior(&integrated)[0].ends_with("the chains of HMC disagree"));
        integrated.posteriors.truncate(1);
        assert!(verdict(&integrated).starts_with("Sampling"));
    }

    #[test]
    fn a_narrow_mean_field_is_called_over_confident() {
        let mut equal = reading(0.0, MixtureParameters::Fixed);
        assert!(diagnosis(&equal).join("\n").contains("2 times over-confident"));
        equal.posteriors[1].kl_to_prior = 0.3;
        assert!(diagnosis(&equal).join("\n").contains("Folklore"));
        equal.posteriors[1].sd = equal.posteriors[0].sd;
        assert!(diagnosis(&equal).join("\n").contains("about the same"));
    }
}
