//! What probabilistic PCA says in words: which latent dimensions live, why, and what would change it.

use super::super::words::significant;
use super::{active, way};
use crate::exact::{PpcaInference, PpcaReading};
use crate::experiment::{Inference, PpcaWeights};
use crate::measure::COLLAPSED_KL;
use crate::ui::panels::dimension_name;
use crate::ui::panels::words::{example_name, listed};

/// Up to so many eigenvalues are listed; of more, those next to σ² are named.
const LISTED: usize = 3;
/// Split R-hat above which draws are not trusted (Vehtari et al. 2021).
pub(in crate::ui::classical) const LARGEST_R_HAT: f64 = 1.01;
/// Relative difference of two standard deviations that is worth a word.
const NARROWER: f64 = 0.02;

/// How many latent dimensions live, and between which eigenvalues σ lies.
pub(in crate::ui::classical) fn verdict(reading: &PpcaReading) -> String {
    let active = active(reading);
    let (count, latent) = (active.iter().filter(|active| **active).count(), active.len());
    let dimensions = if latent == 1 { "dimension" } else { "dimensions" };
    let head = format!("{count} of {latent} {dimensions} active");
    let sigma = significant(reading.settings.sigma, 4);
    if reading.settings.weights == PpcaWeights::Generating {
        return format!("{head}: W stays as it is, and σ = {sigma} decides how much the data say about z");
    }
    let root = |at: usize| significant(reading.eigenvalues.get(at).copied().unwrap_or(0.0).max(0.0).sqrt(), 4);
    let roots = |from: usize, to: usize| match to - from {
        0..=LISTED => listed(&(from..to).map(root).collect::<Vec<_>>()),
        _ if from == 0 && count == 0 => format!("{} and all others", root(0)),
        _ => format!("{} and all others", root(to - 1)),
    };
    if count == latent {
        format!("{head}: σ = {sigma} lies below √λ = {}", roots(0, latent))
    } else if count == 0 {
        format!("{head}: σ = {sigma} lies above √λ = {}", roots(0, latent))
    } else {
        format!("{head}: σ = {sigma} lies between √λ = {} and {}", root(count - 1), root(count))
    }
}

/// Which of the latent dimensions live and which have died, long to short.
pub(super) fn lives(reading: &PpcaReading) -> Vec<String> {
    let active = active(reading);
    let names = |wanted: bool| -> Vec<String> {
        active.iter().enumerate().filter(|(_, active)| **active == wanted).map(|(at, _)| dimension_name(at)).collect()
    };
    let (living, dead) = (names(true), names(false));
    let verb = |names: &[String], one: &'static str, many: &'static str| if names.len() == 1 { one } else { many };
    match (living.as_slice(), dead.as_slice()) {
        (_, []) => vec!["No dimension has died".to_owned()],
        ([], _) => vec!["All have died: p(x|z) is flat in z".to_owned(), "All have died".to_owned()],
        (living, dead) if active.len() <= 6 => vec![
            format!(
                "{} {}, {} {} died",
                listed(living),
                verb(living, "lives", "live"),
                listed(dead),
                verb(dead, "has", "have")
            ),
            format!("{} {} died", listed(dead), verb(dead, "has", "have")),
        ],
        (living, dead) => vec![format!("{} live, {} have died", living.len(), dead.len())],
    }
}

/// Measured KL against the law, long to short.
pub(super) fn law(reading: &PpcaReading) -> Vec<String> {
    let Some(exact) = way(reading, Inference::Exact) else { return Vec::new() };
    if reading.settings.weights == PpcaWeights::Generating {
        return vec![
            "Dashed: the law ½ log(λ/σ²) of maximum-likelihood weights, which these are not; diamonds: mean-field"
                .to_owned(),
            "Dashed: the law for fitted W; diamonds: mean-field".to_owned(),
            "Dashed: the law for fitted W".to_owned(),
        ];
    }
    let gaps = exact.kl_per_dimension.iter().zip(&reading.predicted_kl).map(|(kl, law)| (kl - law).abs());
    let largest = gaps.fold(0.0, f64::max);
    if largest < 1e-6 {
        vec![
            "Bars equal the law ½ log(λ/σ²), dashed, to 1e−6 nats; diamonds: mean-field".to_owned(),
            "Bars equal ½ log(λ/σ²), dashed; diamonds: mean-field".to_owned(),
            "Bars equal ½ log(λ/σ²), dashed".to_owned(),
        ]
    } else {
        let gap = significant(largest, 2);
        vec![
            format!("Bars and the law ½ log(λ/σ²), dashed, differ by {gap} nats at most"),
            format!("Off the law by {gap}"),
        ]
    }
}

/// The diagnosis, one paragraph each.
pub(in crate::ui::classical) fn diagnosis(reading: &PpcaReading, dimension: usize) -> Vec<String> {
    let mut sentences = vec![flatness(reading)];
    sentences.extend(next_step(reading));
    if let Some(exact) = way(reading, Inference::Exact) {
        sentences.extend(mean_field(reading, exact));
        sentences.extend(sampled(reading, exact, dimension));
    }
    sentences
}

/// The theorem, for the example.
fn flatness(reading: &PpcaReading) -> String {
    let example = example_name(reading.example);
    let range = reading.surface.range;
    if range < 1e-9 {
        return format!(
            "log p(x|z) is flat for {example} and for every other: R = 0 nats. By the theorem the posterior is the prior, and no inference, \
             however exact, can say anything about z"
        );
    }
    let bound = significant(range.min(range * range / 8.0), 3);
    let kl = way(reading, Inference::Exact).map_or_else(String::new, |exact| {
        format!("; the exact KL averages {} nats over the examples", significant(exact.kl, 3))
    });
    format!(
        "log p(x|z) varies by R = {} nats over the picture for {example}, so that its KL over the picture may be up to min(R, R²/8) = {bound}{kl}",
        significant(range, 3)
    )
}

/// Which σ kills or revives a dimension.
fn next_step(reading: &PpcaReading) -> Vec<String> {
    if reading.settings.weights == PpcaWeights::Generating {
        let is_zero = |column: &&Vec<f64>| column.iter().all(|weight| *weight == 0.0);
        let off: Vec<String> =
            (0..reading.weights.len()).filter(|&at| is_zero(&&reading.weights[at])).map(dimension_name).collect();
        let mut sentences = Vec::new();
        if !off.is_empty() {
            sentences.push(format!("{} cannot be told from the prior at any σ: its column of W is 0", listed(&off)));
        }
        sentences.push(
            "These weights do not know σ: it switches no dimension off, KL only falls as it grows. Maximum-likelihood weights shrink with σ, and \
             vanish one by one at √λ"
                .to_owned(),
        );
        return sentences;
    }
    let active = active(reading);
    let count = active.iter().filter(|active| **active).count();
    let root = |at: usize| reading.eigenvalues.get(at).map(|lambda| significant(lambda.max(0.0).sqrt(), 4));
    let mut sentences = Vec::new();
    if count > 0
        && let Some(root) = root(count - 1)
    {
        let name = dimension_name(count - 1);
        sentences.push(format!(
            "{name} dies next, when σ exceeds {root}: its column of W then has length 0, and nothing depends on it"
        ));
    }
    if count < active.len()
        && let Some(root) = root(count)
    {
        let name = dimension_name(count);
        sentences.push(format!(
            "{name} has died because σ² exceeds the variance λ = {} that it could explain; σ below {root} revives it",
            significant(reading.eigenvalues[count], 4)
        ));
    }
    sentences
}

/// Whether a factorised posterior is good enough here.
fn mean_field(reading: &PpcaReading, exact: &PpcaInference) -> Option<String> {
    let approximate = way(reading, Inference::MeanField)?;
    let ratio = |at: usize| exact.moments(at)[1] / approximate.moments(at)[1];
    let (worst, ratio) = (0..exact.mean.len()).map(|at| (at, ratio(at))).max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(if ratio > 1.0 + NARROWER {
        format!(
            "Mean-field is over-confident: its standard deviation of {} is {} where the exact one is {}, because the columns of W are not \
             orthogonal and the exact posterior is correlated",
            dimension_name(worst),
            significant(approximate.moments(worst)[1], 3),
            significant(exact.moments(worst)[1], 3)
        )
    } else {
        "Mean-field is exact here: the columns of W are orthogonal, so that the posterior factorises".to_owned()
    })
}

/// Whether draws are to be trusted, and what they say.
fn sampled(reading: &PpcaReading, exact: &PpcaInference, dimension: usize) -> Option<String> {
    let posterior = way(reading, Inference::Hmc)?;
    let sampling = posterior.sampling.as_ref()?;
    let r_hat = sampling.r_hat.iter().copied().fold(1.0, f64::max);
    if r_hat > LARGEST_R_HAT {
        return Some(format!("HMC is not to be trusted here: its chains disagree, R-hat {}", significant(r_hat, 4)));
    }
    let ([mean, sd], [exact_mean, exact_sd]) = (posterior.moments(dimension), exact.moments(dimension));
    Some(format!(
        "The draws of HMC give {} = {} ± {}, and the exact answer is {} ± {}",
        dimension_name(dimension),
        significant(mean, 3),
        significant(sd, 3),
        significant(exact_mean, 3),
        significant(exact_sd, 3)
    ))
}

/// One example's posterior of a latent dimension against the prior, long to short.
pub(super) fn against_prior(reading: &PpcaReading, dimension: usize) -> Vec<String> {
    let Some(exact) = way(reading, Inference::Exact) else { return Vec::new() };
    let kl = exact.example_kl_per_dimension.get(dimension).copied().unwrap_or(f64::NAN);
    let example = example_name(reading.example);
    if kl < COLLAPSED_KL {
        return vec![
            format!("The exact posterior of {example} is the prior: KL {} nats", significant(kl, 3)),
            format!("Exact = prior, KL {}", significant(kl, 2)),
        ];
    }
    let [mean, sd] = exact.moments(dimension).map(|moment| significant(moment, 3));
    vec![
        format!("The exact posterior of {example} is N({mean}, {sd}²): KL {} nats", significant(kl, 3)),
        format!("Exact N({mean}, {sd}²), KL {}", significant(kl, 3)),
        format!("KL {}", significant(kl, 2)),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;
    use crate::experiment::PpcaSettings;

    #[test]
    fn dimensions_die_at_the_roots_of_the_eigenvalues() {
        assert_eq!(verdict(&reading(1.0)), "2 of 2 dimensions active: σ = 1 lies below √λ = 4.277 and 2.899");
        assert_eq!(verdict(&reading(2.898)).split(':').next(), Some("2 of 2 dimensions active"));
        assert_eq!(verdict(&reading(2.9)), "1 of 2 dimensions active: σ = 2.9 lies between √λ = 4.277 and 2.899");
        assert_eq!(verdict(&reading(4.276)).split(':').next(), Some("1 of 2 dimensions active"));
        assert_eq!(verdict(&reading(4.278)), "0 of 2 dimensions active: σ = 4.278 lies above √λ = 4.277 and 2.899");
    }

    #[test]
    fn many_eigenvalues_are_not_listed() {
        let mut many = reading(0.5);
        many.eigenvalues = (1..=12).rev().map(f64::from).collect();
        many.predicted_kl = vec![0.1; 10];
        assert_eq!(verdict(&many), "10 of 10 dimensions active: σ = 0.5 lies below √λ = 1.732 and all others");
        assert!(lives(&many)[0].contains("No dimension"));
    }

    #[test]
    fn who_lives_is_said_by_name() {
        assert_eq!(lives(&reading(3.0))[0], "z1 lives, z2 has died");
        assert!(lives(&reading(5.0))[0].starts_with("All have died"));
    }

    #[test]
    fn the_diagnosis_says_what_would_change_it() {
        let one = diagnosis(&reading(3.0), 0).join("\n");
        assert!(one.contains("z1 dies next, when σ exceeds 4.277"), "{one}");
        assert!(one.contains("σ below 2.899 revives it"), "{one}");
        let flat = diagnosis(&reading(5.0), 0).join("\n");
        assert!(flat.contains("R = 0 nats") && !flat.contains("dies next"), "{flat}");
    }

    #[test]
    fn a_narrow_mean_field_is_called_over_confident() {
        let mut correlated = reading(1.0);
        assert!(diagnosis(&correlated, 0).join("\n").contains("Mean-field is exact here"));
        for variance in [0, 3] {
            correlated.posteriors[1].covariance[variance] *= 0.5;
        }
        assert!(diagnosis(&correlated, 0).join("\n").contains("over-confident"));
    }

    #[test]
    fn the_law_is_not_claimed_for_other_weights() {
        let mut given = reading(1.0);
        assert!(law(&given)[0].contains("1e−6"));
        given.settings = PpcaSettings { weights: PpcaWeights::Generating, ..given.settings };
        assert!(law(&given)[0].contains("which these are not"));
        assert!(!verdict(&given).contains("√λ"));
    }
}
