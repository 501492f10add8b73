//! Which modes theory expects to collapse, in words.

use super::super::words::{listed, number};
use crate::exact::linear::{Applicability, Prediction, Theory, Threshold};

/// Modes named one by one at most.
const NAMED: usize = 4;

/// What theory expects of a mode in a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// Above the threshold: a latent dimension carries it.
    Active,
    /// A latent dimension is left for it, and stays at the prior.
    Collapsed,
    /// There are fewer latent dimensions than modes.
    Unused,
    /// The optimum leaves it open, or there is no prediction.
    Open,
}

/// The fate of every mode in a level of `dimensions` latent dimensions, largest eigenvalue first.
pub(super) fn fates(theory: &Theory, level: usize, dimensions: usize) -> Vec<Fate> {
    let Ok(spectrum) = &theory.spectrum else { return Vec::new() };
    let predicted = theory.prediction.as_ref().ok().and_then(|prediction| prediction.levels.get(level));
    let fate = |mode: usize| match predicted {
        _ if mode >= dimensions => Fate::Unused,
        Some(level) if level.is_determined && mode < level.active_dimensions => Fate::Active,
        Some(level) if level.is_determined => Fate::Collapsed,
        _ => Fate::Open,
    };
    (0..spectrum.eigenvalues.len()).map(fate).collect()
}

/// Name of an eigenvalue; people count from one.
pub(super) fn eigenvalue_name(mode: usize) -> String {
    format!("λ{}", mode + 1)
}

/// What a threshold is, with its value.
pub(super) fn threshold_text(threshold: &Threshold, has_levels: bool) -> String {
    let level = if has_levels { format!("{}: ", threshold.level) } else { String::new() };
    format!("{level}{} = {}", threshold.formula, number(threshold.eigenvalue as f32))
}

/// Its value alone.
pub(super) fn short_threshold_text(threshold: &Threshold, has_levels: bool) -> String {
    let value = number(threshold.eigenvalue as f32);
    if has_levels { format!("{}: {value}", threshold.level) } else { value }
}

/// What theory expects, long to short; `dimensions` of each level.
pub(super) fn sentence(theory: &Theory, dimensions: &[usize]) -> Vec<String> {
    let prediction = match &theory.prediction {
        Err(none) => return without(none.short, &none.reason),
        Ok(prediction) => prediction,
    };
    if let [dimensions] = dimensions {
        return single(theory, prediction, *dimensions);
    }
    let short: Vec<String> = (0..dimensions.len()).rev().map(|at| of_level(theory, at, dimensions[at])).collect();
    let short = short.join("; ");
    vec![format!("{}{short}", prefix(prediction, "Theory: ", "Guide, not a theorem: ")), short]
}

/// Why nothing is expected, long to short.
fn without(short: &str, reason: &str) -> Vec<String> {
    vec![capitalized(reason.to_owned()), format!("No threshold: {short}"), capitalized(short.to_owned())]
}

fn prefix<'a>(prediction: &Prediction, theorem: &'a str, guide: &'a str) -> &'a str {
    if prediction.applicability == Applicability::Theorem { theorem } else { guide }
}

fn single(theory: &Theory, prediction: &Prediction, dimensions: usize) -> Vec<String> {
    let Some(level) = prediction.levels.first().filter(|level| level.is_determined) else {
        let open = "the optimum leaves open what collapses";
        return without("not determined", prediction.note.as_deref().unwrap_or(open));
    };
    let modes = theory.spectrum.as_ref().map_or(0, |spectrum| spectrum.eigenvalues.len());
    let (collapsed, active) = (collapsed(theory, 0, dimensions), level.active_dimensions);
    let line = prediction.thresholds.first();
    let line = line.map_or_else(|| "the threshold".to_owned(), |line| threshold_text(line, false));
    let surplus = dimensions.saturating_sub(modes);
    let beyond = match surplus {
        0 => String::new(),
        1 => "; one more latent dimension has no eigenvalue left".to_owned(),
        surplus => format!("; {} more latent dimensions have no eigenvalue left", count_word(surplus)),
    };
    let lead = prefix(prediction, "", "Guide, not a theorem: ");
    let will = prefix(prediction, "will", "would");
    let left_out = left_out(theory, prediction, dimensions);
    if collapsed.is_empty() && !left_out.is_empty() {
        let (names, is) = (names(&left_out), if left_out.len() == 1 { "is" } else { "are" });
        let out = format!("K = {dimensions} leaves {names} out");
        return vec![
            format!("{lead}none {will} collapse: {out}, which {is} above {line}, too"),
            format!("{lead}none {will} collapse, but {out}"),
            format!("none {will} collapse; {out}"),
            out,
        ]
        .into_iter()
        .map(capitalized)
        .collect();
    }
    if collapsed.is_empty() {
        let all = count_word(active);
        return vec![
            format!("{lead}none {will} collapse: the largest {all} eigenvalues are above {line}{beyond}"),
            format!("{lead}none {will} collapse{beyond}"),
            format!("none {will} collapse"),
        ]
        .into_iter()
        .map(capitalized)
        .collect();
    }
    let (which, is) = match collapsed.len() {
        1 => ("this one".to_owned(), "is"),
        count if active == 0 => (format!("all {}", count_word(count)), "are"),
        count => (format!("these {}", count_word(count)), "are"),
    };
    let names = names(&collapsed);
    vec![
        format!("{lead}{which} {will} collapse: {names} {is} below {line}{beyond}"),
        format!("{lead}{names} {will} collapse, below {line}"),
        format!("{names} {will} collapse: below {line}"),
        format!("{names} below {line}"),
    ]
    .into_iter()
    .map(capitalized)
    .collect()
}

fn of_level(theory: &Theory, level: usize, dimensions: usize) -> String {
    let variable = format!("z{}", level + 1);
    let predicted = theory.prediction.as_ref().ok().and_then(|prediction| prediction.levels.get(level));
    match predicted {
        Some(predicted) if predicted.is_determined => {}
        _ => return format!("{variable} is not determined"),
    }
    let collapsed = collapsed(theory, level, dimensions);
    let has_active = fates(theory, level, dimensions).contains(&Fate::Active);
    match (collapsed.is_empty(), has_active) {
        (true, _) => format!("{variable} stays active"),
        (false, false) => format!("{variable} dies"),
        (false, true) => format!("{variable} loses {}", names(&collapsed)),
    }
}

fn collapsed(theory: &Theory, level: usize, dimensions: usize) -> Vec<usize> {
    let fates = fates(theory, level, dimensions);
    (0..fates.len()).filter(|mode| fates[*mode] == Fate::Collapsed).collect()
}

/// Modes above the threshold for which there is no latent dimension.
fn left_out(theory: &Theory, prediction: &Prediction, dimensions: usize) -> Vec<usize> {
    let (Ok(spectrum), Some(line)) = (&theory.spectrum, prediction.thresholds.first()) else { return Vec::new() };
    let above = spectrum.eigenvalues.iter().take_while(|eigenvalue| **eigenvalue > line.eigenvalue).count();
    (dimensions..above).collect()
}

/// Modes that follow each other.
fn names(modes: &[usize]) -> String {
    match modes {
        [first, .., last] if modes.len() > NAMED => {
            format!("{} to {}", eigenvalue_name(*first), eigenvalue_name(*last))
        }
        modes => listed(&modes.iter().map(|mode| eigenvalue_name(*mode)).collect::<Vec<_>>()),
    }
}

fn count_word(count: usize) -> String {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    WORDS.get(count).map_or_else(|| count.to_string(), |word| (*word).to_owned())
}

/// Greek letters and names such as z1 stay as they are: Λ and Z are other quantities.
fn capitalized(text: String) -> String {
    let mut letters = text.chars();
    match letters.next().filter(char::is_ascii) {
        Some(first) if !letters.as_str().starts_with(|next: char| next.is_ascii_digit()) => {
            first.to_ascii_uppercase().to_string() + letters.as_str()
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::theory::tests::linear;
    use super::*;
    use crate::exact::linear::{Matching, NoPrediction};

    #[test]
    fn what_will_collapse_is_named_with_the_threshold() {
        let theory = linear(Matching::Dimensions);
        let said = sentence(&theory, &[6]);
        assert_eq!(said[0], "These four will collapse: λ3, λ4, λ5 and λ6 are below βσ² = 2.00");
        assert_eq!(said[3], "λ3, λ4, λ5 and λ6 below βσ² = 2.00");
        assert_eq!(sentence(&theory, &[3])[0], "This one will collapse: λ3 is below βσ² = 2.00");
        assert_eq!(sentence(&theory, &[2])[0], "None will collapse: the largest two eigenvalues are above βσ² = 2.00");
        let said = sentence(&theory, &[1]);
        assert_eq!(said[0], "None will collapse: K = 1 leaves λ2 out, which is above βσ² = 2.00, too");
        assert_eq!(said[3], "K = 1 leaves λ2 out");
        assert!(sentence(&theory, &[8])[0].ends_with("; two more latent dimensions have no eigenvalue left"));
        let fates = fates(&theory, 0, 4);
        use Fate::{Active, Collapsed, Unused};
        assert_eq!(fates, [Active, Active, Collapsed, Collapsed, Unused, Unused]);
    }

    #[test]
    fn a_guide_is_no_theorem() {
        let mut theory = (*linear(Matching::Dimensions)).clone();
        theory.prediction.as_mut().unwrap().applicability = Applicability::Guide("hidden layers");
        assert!(sentence(&theory, &[6])[0].starts_with("Guide, not a theorem: these four would collapse: λ3"));
        theory.prediction = Err(NoPrediction::new("Bernoulli likelihood", "the likelihood is Bernoulli"));
        let said = ["The likelihood is Bernoulli", "No threshold: Bernoulli likelihood", "Bernoulli likelihood"];
        assert_eq!(sentence(&theory, &[6]), said);
        assert_eq!(fates(&theory, 0, 1)[0], Fate::Open);
    }

    #[test]
    fn each_level_is_said_for_itself() {
        let mut theory = (*linear(Matching::Dimensions)).clone();
        let prediction = theory.prediction.as_mut().unwrap();
        let mut upper = prediction.levels[0].clone();
        upper.active_dimensions = 0;
        prediction.levels.push(upper);
        assert_eq!(sentence(&theory, &[3, 3])[1], "z2 dies; z1 loses λ3");
    }
}
