//! Words from numbers: what the measures of a run, and of two runs side by side, say. Nothing here knows a preset.

use super::panels::dimension_name;
use super::verdict::{nats, title};
use crate::experiment::{DecoderKind, LikelihoodKind, Settings, Sigma};
use crate::measure::Measures;

/// Optimizer steps before which nothing is concluded: the weights are still those that chance gave.
const TOO_EARLY: u64 = 100;
/// Nats in all dimensions together under which an active encoder is still close to the prior.
const NEAR_PRIOR: f32 = 0.1;
/// Difference of two negative ELBOs, relative to their size, under which they count as equal.
const SAME: f32 = 0.003;

/// What the words are made of.
pub struct Facts<'a> {
    /// Settings in force.
    pub settings: &'a Settings,
    /// What was measured.
    pub measures: &'a Measures,
    /// Optimizer steps taken.
    pub step: u64,
}

/// Sentences about every run, in order, then about their difference.
pub fn diagnosis(runs: &[Facts<'_>]) -> (Vec<String>, Vec<String>) {
    let own = runs.iter().map(about).collect();
    let mut between = Vec::new();
    if let [first, rest @ ..] = runs {
        rest.iter()
            .filter(|other| other.step > TOO_EARLY && first.step > TOO_EARLY)
            .for_each(|other| between.push(compare(first, other)));
    }
    for facts in runs {
        let Measures { mutual_information, mutual_information_cap, .. } = facts.measures;
        if *mutual_information > 0.9 * mutual_information_cap {
            between.push(format!(
                "The estimate of {}'s mutual information is close to its cap of {} nats, the logarithm of the pool's size: the true value \
                 may be larger",
                title(facts.settings),
                nats(*mutual_information_cap)
            ));
        }
    }
    (own, between)
}

fn about(facts: &Facts<'_>) -> String {
    if facts.step <= TOO_EARLY {
        return format!("After {} steps it is too early to say", facts.step);
    }
    let reason = reason(facts);
    let text = status(facts);
    if reason.is_empty() { text } else { format!("{text}. {reason}") }
}

fn status(facts: &Facts<'_>) -> String {
    let Measures { kl, kl_per_dimension, collapsed_dimensions, .. } = facts.measures;
    let count = kl_per_dimension.len();
    let names = |dimensions: &[usize]| {
        listed(&dimensions.iter().map(|&dimension| dimension_name(dimension)).collect::<Vec<_>>())
    };
    let all = match count {
        1 => "The dimension".to_owned(),
        2 => "Both dimensions".to_owned(),
        count => format!("All {count} dimensions"),
    };
    if collapsed_dimensions.is_empty() {
        let is = if count == 1 { "is" } else { "are" };
        let smallest = (0..count).min_by(|&a, &b| kl_per_dimension[a].total_cmp(&kl_per_dimension[b]));
        let tail = match smallest {
            Some(_) if *kl < NEAR_PRIOR => {
                format!(", but carry {} nats together only: close to the prior", nats(*kl))
            }
            Some(smallest) if count > 1 => {
                format!(
                    ": KL {} nats, the least of it {} in {}",
                    nats(*kl),
                    nats(kl_per_dimension[smallest]),
                    dimension_name(smallest)
                )
            }
            _ => format!(": KL {} nats", nats(*kl)),
        };
        format!("{all} {is} active{tail}")
    } else if collapsed_dimensions.len() == count {
        let is = if count == 1 { "is" } else { "are" };
        format!("{all} {is} at the prior: KL {} nats, so z says next to nothing about x", nats(*kl))
    } else {
        let lost: f32 = collapsed_dimensions.iter().map(|&dimension| kl_per_dimension[dimension]).sum();
        let which = if collapsed_dimensions.len() <= 6 {
            names(collapsed_dimensions)
        } else {
            format!("{} dimensions", collapsed_dimensions.len())
        };
        let verb = if collapsed_dimensions.len() == 1 { "is" } else { "are" };
        let rest = count - collapsed_dimensions.len();
        format!(
            "{which} {verb} at the prior (KL {} nats); the other {rest} carry {} nats per example",
            nats(lost),
            nats(kl - lost)
        )
    }
}

fn reason(facts: &Facts<'_>) -> String {
    let Facts { settings, measures, .. } = facts;
    let has_collapsed = !measures.collapsed_dimensions.is_empty();
    let is_close = has_collapsed || measures.kl < NEAR_PRIOR;
    let floor = settings.model.convexity;
    match (settings.model.decoder, has_collapsed) {
        (DecoderKind::Standard, true) => {
            let cause = "Nothing keeps a standard decoder from becoming flat in z";
            match knob(settings) {
                Some(knob) => format!("{cause}. {knob}"),
                None => cause.to_owned(),
            }
        }
        (DecoderKind::Standard, false) => {
            "Nothing guarantees this: here the data make information about z worth its cost".to_owned()
        }
        (DecoderKind::Brenier, _) if is_close && floor == 0.0 => {
            "The decoder is injective, so exact collapse is impossible; yet without a floor its latents may come arbitrarily close to it, \
             and here they do. The guarantee is about exact collapse: raise m to turn it into a quantity"
                .to_owned()
        }
        (DecoderKind::Brenier, _) if is_close => format!(
            "The decoder is injective, its slope at least m² = {}, so exact collapse is impossible; against {} that is too little to \
             carry much. Raise m",
            nats((floor * floor) as f32),
            noise(settings)
        ),
        (DecoderKind::Brenier, _) if floor == 0.0 => {
            "The decoder is injective, but without a floor m nothing keeps its latents from coming close to the prior: here the data do".to_owned()
        }
        (DecoderKind::Brenier, _) => format!(
            "The decoder cannot become flat: m = {floor} keeps its slope at {} or above",
            nats((floor * floor) as f32)
        ),
    }
}

/// The setting that most likely wakes a dimension up.
fn knob(settings: &Settings) -> Option<String> {
    if settings.objective.beta > 1.0 {
        return Some(format!(
            "β = {} charges every nat {} times: lower β first",
            settings.objective.beta, settings.objective.beta
        ));
    }
    match (settings.model.likelihood, settings.model.sigma) {
        (LikelihoodKind::Gaussian, Sigma::Fixed(sigma)) => {
            Some(format!("At σ = {sigma} it pays wherever the data vary less than the noise: lower σ and watch"))
        }
        _ => None,
    }
}

fn noise(settings: &Settings) -> String {
    match (settings.model.likelihood, settings.model.sigma) {
        (LikelihoodKind::Gaussian, Sigma::Fixed(sigma)) => format!("noise of σ = {sigma}"),
        (LikelihoodKind::Gaussian, Sigma::Learned) => "the learned noise".to_owned(),
        (LikelihoodKind::Bernoulli, _) => "the noise of binary pixels".to_owned(),
    }
}

fn compare(first: &Facts<'_>, other: &Facts<'_>) -> String {
    let (a, b) = (first.measures.negative_elbo, other.measures.negative_elbo);
    let (better, worse) = if a <= b { (first, other) } else { (other, first) };
    let gap = (a - b).abs();
    let (low, high) = (title(better.settings), title(worse.settings));
    if gap < (SAME * a.abs().max(b.abs())).max(0.01) {
        return format!("−ELBO of {low} and {high} is about the same ({} and {} nats)", nats(a.min(b)), nats(a.max(b)));
    }
    let why = if worse.measures.active_units > better.measures.active_units {
        let (few, many) = (better.measures.active_units, worse.measures.active_units);
        format!(": the price of {many} active dimensions instead of {few}")
    } else if worse.measures.kl > better.measures.kl + 0.01 {
        format!(
            ": it carries {} nats more about x than it gains in reconstruction",
            nats(worse.measures.kl - better.measures.kl)
        )
    } else {
        ": it reconstructs worse".to_owned()
    };
    format!(
        "−ELBO of {high} is {} nats higher than that of {low} ({} against {}){why}",
        nats(gap),
        nats(a.max(b)),
        nats(a.min(b))
    )
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::presets::Preset;
    use crate::measure::ACTIVE_UNIT_VARIANCE;

    fn measured(kl: &[f32], variance: &[f32], negative_elbo: f32) -> Measures {
        let collapsed: Vec<usize> = (0..kl.len()).filter(|&at| variance[at] < ACTIVE_UNIT_VARIANCE).collect();
        Measures {
            kl_per_dimension: kl.to_vec(),
            kl: kl.iter().sum(),
            posterior_mean_variance: variance.to_vec(),
            active_units: kl.len() - collapsed.len(),
            collapsed_dimensions: collapsed,
            negative_elbo,
            mutual_information_cap: 6.93,
            pool: 1024,
            ..Measures::default()
        }
    }

    fn settings() -> Vec<Settings> {
        Preset::find("collapse-2d").unwrap().experiment().unwrap().runs().unwrap()
    }

    #[test]
    fn near_collapse_of_an_injective_decoder_is_explained() {
        let mut settings = settings();
        settings[1].model.convexity = 0.0;
        let measures = measured(&[0.0001, 0.0], &[0.0001, 0.0001], 2.39);
        let (own, _) = diagnosis(&[Facts { settings: &settings[1], measures: &measures, step: 3000 }]);
        assert!(
            own[0].contains("Both dimensions are at the prior") && own[0].contains("arbitrarily close"),
            "{}",
            own[0]
        );
    }

    #[test]
    fn the_price_of_active_dimensions_is_named() {
        let settings = settings();
        let (flat, active) =
            (measured(&[0.001, 0.0], &[0.001, 0.0], 2.39), measured(&[0.17, 0.18], &[0.14, 0.15], 2.81));
        let facts = [
            Facts { settings: &settings[0], measures: &flat, step: 3000 },
            Facts { settings: &settings[1], measures: &active, step: 3000 },
        ];
        let (own, between) = diagnosis(&facts);
        assert!(own[0].contains("lower σ") && own[1].contains("cannot become flat"), "{own:?}");
        assert!(
            between[0].contains("0.42 nats higher") && between[0].contains("2 active dimensions instead of 0"),
            "{between:?}"
        );
    }

    #[test]
    fn nothing_is_concluded_too_early() {
        let settings = settings();
        let measures = measured(&[0.0, 0.0], &[0.0, 0.0], 3.0);
        let (own, between) = diagnosis(&[Facts { settings: &settings[0], measures: &measures, step: 20 }]);
        assert!(own[0].contains("too early") && between.is_empty());
    }
}
