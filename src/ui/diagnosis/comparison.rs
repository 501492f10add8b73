//! What two runs side by side say about each other, in words.

use super::method::is_before_inference;
use super::{Facts, dimensions, is_held_back};
use crate::measure::{Diagnosis, Measures, Statuses};
use crate::ui::panels::grouped;
use crate::ui::verdict::{Maturity, is_comparable, nats, title};

/// A part of a gap that is at least this share of the other is no minor one.
const LEADING_SHARE: f32 = 0.6;
/// Difference of two negative ELBOs, relative to their size, under which they count as equal: the noise of an evaluation …
const SAME_SHARE: f32 = 0.001;
/// … which is no less and no more than so many nats.
const SAME_NATS: std::ops::RangeInclusive<f32> = 0.02..=0.1;

/// The newest step at which both runs were evaluated, with what was measured there.
fn common<'a>(first: &Facts<'a>, other: &Facts<'a>) -> Option<(u64, &'a Measures, &'a Measures)> {
    let (mut first, mut other) = (first.evaluations, other.evaluations);
    while let ([.., a], [.., b]) = (first, other) {
        match a.step.cmp(&b.step) {
            std::cmp::Ordering::Equal => return Some((a.step, &a.measures, &b.measures)),
            std::cmp::Ordering::Greater => first = &first[..first.len() - 1],
            std::cmp::Ordering::Less => other = &other[..other.len() - 1],
        }
    }
    None
}

pub(super) fn compare(first: &Facts<'_>, other: &Facts<'_>) -> Option<String> {
    let (first_facts, other_facts) = (first, other);
    let can_be_judged = |facts: &&Facts<'_>| facts.maturity == Maturity::Trained && !is_before_inference(facts);
    let are_trained = [first, other].iter().all(can_be_judged);
    if !are_trained {
        return None;
    }
    let names = [title(first.settings), title(other.settings)];
    if !is_comparable(first.settings, other.settings) {
        let [first, other] = names;
        return Some(format!("−ELBO of {first} and {other} cannot be compared: their likelihoods or noise differ"));
    }
    let (step, a, b) = common(first, other)?;
    let at = format!("step {}", grouped(step as f32));
    let gap = (a.negative_elbo - b.negative_elbo).abs();
    let same = SAME_SHARE * a.negative_elbo.abs().max(b.negative_elbo.abs());
    if gap < same.clamp(*SAME_NATS.start(), *SAME_NATS.end()) {
        let [first, other] = names;
        return Some(format!(
            "−ELBO of {first} and {other} is about the same at {at} ({} and {} nats)",
            nats(a.negative_elbo),
            nats(b.negative_elbo)
        ));
    }
    let [first, other] = &names;
    let is_first_better = a.negative_elbo <= b.negative_elbo;
    let (better, worse, low, high) = if is_first_better { (a, b, first, other) } else { (b, a, other, first) };
    let (kl, reconstruction) = (worse.kl - better.kl, worse.reconstruction - better.reconstruction);
    let (few, many) = (better.active_units, worse.active_units);
    let dear = match many > few {
        true => format!("the price of {many} active {} instead of {few}", dimensions(many)),
        false => "a KL that does not pay for itself".to_owned(),
    };
    let blurred = "a worse reconstruction";
    let (smaller, larger) = (kl.min(reconstruction), kl.max(reconstruction));
    let (leading, lagging) = if is_first_better { (first_facts, other_facts) } else { (other_facts, first_facts) };
    let why = match (lagging.statuses.map(Statuses::diagnosis), mismatch(leading, lagging)) {
        (Some(Diagnosis::EncoderLags | Diagnosis::EncoderPartlyLags), _) if is_held_back(lagging.settings) => {
            format!("its β = {}, which holds the encoder back", lagging.settings.objective.beta)
        }
        (Some(Diagnosis::EncoderLags | Diagnosis::EncoderPartlyLags), _) => {
            "the lag of its encoder: the gap says nothing against the model".to_owned()
        }
        (_, Some(mismatch)) => mismatch,
        _ if smaller > LEADING_SHARE * larger => format!("{dear} and {blurred}, about equally"),
        _ => {
            let mostly = if smaller > 0.0 { "mostly " } else { "" };
            format!("{mostly}{}", if kl > reconstruction { &dear } else { blurred })
        }
    };
    Some(format!(
        "−ELBO of {high} is {} nats higher than that of {low} at {at} ({} against {}): KL {} and reconstruction {} nats, so it is {why}",
        nats(gap),
        nats(worse.negative_elbo),
        nats(better.negative_elbo),
        signed(kl),
        signed(reconstruction)
    ))
}

/// Where the run with the worse ELBO has the better model: an ELBO is the log-likelihood less the posterior-matching term.
fn mismatch(leading: &Facts<'_>, lagging: &Facts<'_>) -> Option<String> {
    let [low, high] = [leading.method?, lagging.method?].map(|method| method.likelihood.log_likelihood as f32);
    (high - low > *SAME_NATS.start()).then(|| {
        format!(
            "a q that matches its posteriors less, and not the model, whose log-likelihood is the higher one: {} against {}",
            nats(high),
            nats(low)
        )
    })
}

/// A number of nats with its sign.
fn signed(value: f32) -> String {
    let text = nats(value);
    if value > 0.0 && text != "0" { format!("+{text}") } else { text }
}
