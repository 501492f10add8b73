//! Words from numbers: what the measures of a run, and of two runs side by side, say. Nothing here knows a preset.

mod comparison;
mod method;
mod theory;

use super::levels::Levels;
use super::panels::listed;
use super::verdict::{Maturity, nats, title};
use crate::exact::linear::{NoPrediction, Prediction};
use crate::experiment::{DecoderKind, Learnable, LikelihoodKind, Settings};
use crate::measure::{Diagnosis, LevelMeasures, Measures, Statuses};
use crate::train::{Evaluation, MethodReading};

/// Nats in all dimensions together under which an active encoder is still close to the prior.
const NEAR_PRIOR: f32 = 0.1;
/// Nats in one dimension under which its posteriors cannot be told from the prior.
const AT_PRIOR: f32 = 0.05;
/// What the words are made of.
pub struct Facts<'a> {
    /// Settings in force.
    pub settings: &'a Settings,
    /// Newest measures.
    pub measures: &'a Measures,
    /// Periodic evaluations: two runs are compared at the same step.
    pub evaluations: &'a [Evaluation],
    /// Whether there is anything to judge yet.
    pub maturity: Maturity,
    /// D, of the data.
    pub data_dimensions: usize,
    /// Which of likelihood, exact posterior and encoder has collapsed, where that is known.
    pub statuses: Option<&'a Statuses>,
    /// What theory predicts, or why it does not; none before it has answered.
    pub prediction: Option<Result<&'a Prediction, &'a NoPrediction>>,
    /// Where the training method is, while a panel asks for it.
    pub method: Option<&'a MethodReading>,
}

/// Sentences about every run, in order, and about their differences.
pub fn diagnosis(runs: &[Facts<'_>]) -> (Vec<String>, Vec<String>) {
    let own = runs.iter().map(about).collect();
    let mut between = Vec::new();
    if let [first, rest @ ..] = runs {
        between.extend(rest.iter().filter_map(|other| comparison::compare(first, other)));
    }
    for facts in runs.iter().filter(|facts| facts.maturity != Maturity::Untrained) {
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
    let collapse = about_collapse(facts);
    if facts.maturity != Maturity::Trained {
        return collapse;
    }
    std::iter::once(collapse).chain(method::sentences(facts)).collect::<Vec<_>>().join(". ")
}

fn about_collapse(facts: &Facts<'_>) -> String {
    if let Some(objection) = facts.maturity.objection() {
        return objection.to_owned();
    }
    let (status, mut reason) = (status(facts), reason(facts));
    match facts.prediction {
        Some(Ok(prediction)) => {
            if let Some(theory) = theory::against(facts.measures, prediction) {
                reason = format!("{theory}. {reason}");
            }
        }
        // What is measured on the way to nowhere is worth nothing.
        Some(Err(none)) if none.has_no_optimum => {
            reason = format!("In theory this objective has no optimum to arrive at: {}", none.reason);
        }
        Some(Err(_)) | None => {}
    }
    let Some(statuses) = facts.statuses else { return format!("{status}. {reason}") };
    let diagnosis = statuses.diagnosis();
    let sentence = match (diagnosis, statuses.exact_kl) {
        (Diagnosis::ModelCollapsed, None) => flat_without_grid(statuses),
        _ => diagnosis.sentence(statuses),
    };
    match diagnosis {
        // The reasons below are about models that use z too little, or enough.
        Diagnosis::ModelCollapsed | Diagnosis::NearlyFlat | Diagnosis::Informative => {
            format!("{sentence}. {status}. {reason}")
        }
        Diagnosis::EncoderLags | Diagnosis::EncoderPartlyLags if is_held_back(facts.settings) => {
            format!("{}. {status}. {reason}", held_back(facts.settings, statuses))
        }
        Diagnosis::EncoderLags | Diagnosis::EncoderPartlyLags | Diagnosis::EncoderInvents | Diagnosis::Undetermined => {
            format!("{sentence}. {} {status}", diagnosis.remedy())
        }
    }
}

/// Of the exact posterior nothing is known but what a flat likelihood implies.
fn flat_without_grid(statuses: &Statuses) -> String {
    format!(
        "The likelihood is flat along every single dimension: log p(x|z) varies by {} nats at most, so the model makes no use of z that \
         could be seen; there is no grid to compute its exact posterior on",
        nats(statuses.likelihood_range as f32)
    )
}

/// Whether the likelihood does not depend on z, or too little to matter.
fn is_flat(facts: &Facts<'_>) -> bool {
    let diagnosis = facts.statuses.map(Statuses::diagnosis);
    matches!(diagnosis, Some(Diagnosis::ModelCollapsed | Diagnosis::NearlyFlat))
}

/// Whether the objective itself holds the encoder closer to the prior than the exact posterior: its best q is proportional to
/// p(z) p(x|z)^(1/β).
fn is_held_back(settings: &Settings) -> bool {
    settings.objective.beta > 1.0
}

fn held_back(settings: &Settings, statuses: &Statuses) -> String {
    let [exact, encoder] = [statuses.exact_kl.unwrap_or_default(), statuses.encoder_kl].map(|kl| nats(kl as f32));
    format!(
        "The model has information that β = {} keeps the encoder from reading: exact KL {exact} nats, the encoder's is {encoder}; at β = 1 it would be a lag",
        settings.objective.beta
    )
}

/// KL of all collapsed dimensions, and whether each of them is at the prior: a posterior that is the same for every x need not be.
fn collapsed_kl(measures: &Measures) -> (f32, bool) {
    let kl = || measures.collapsed_dimensions.iter().map(|&dimension| measures.kl_per_dimension[dimension]);
    (kl().sum(), kl().all(|kl| kl < AT_PRIOR))
}

/// Of a model whose single coordinates are not what is counted: several levels, or a rotation that costs nothing.
fn status_of_levels(measures: &[LevelMeasures]) -> String {
    let has_levels = measures.len() > 1;
    let level = |(at, level): (usize, &LevelMeasures)| {
        let LevelMeasures { dimensions: all, active_dimensions: active, kl, .. } = level;
        let what = if level.kl_per_mode.is_some() { "modes" } else { "dimensions" };
        let (of, term) = match (has_levels, at) {
            (false, _) => (String::new(), "KL"),
            (true, 0) => (" of z1".to_owned(), "its term is"),
            (true, _) => (format!(" of z{}", at + 1), "KL"),
        };
        // z2 follows z1, which may move by nothing but noise.
        let (in_x, _) = level.active_in_x();
        let noise = match active.saturating_sub(in_x) {
            0 => String::new(),
            1 => ", one more is away from the prior without telling of x".to_owned(),
            more => format!(", {more} more are away from the prior without telling of x"),
        };
        let verb = if *all == 1 { "is" } else { "are" };
        format!("{in_x} of {all} {what}{of} {verb} active{noise} ({term} {} nats)", nats(*kl))
    };
    listed(&measures.iter().enumerate().rev().map(level).collect::<Vec<_>>())
}

fn status(facts: &Facts<'_>) -> String {
    let levels = &facts.measures.levels;
    if levels.len() > 1 || levels.iter().any(|level| level.kl_per_mode.is_some()) {
        return status_of_levels(levels);
    }
    let Measures { kl, kl_per_dimension, collapsed_dimensions, .. } = facts.measures;
    let (count, levels) = (kl_per_dimension.len(), Levels::of(&facts.settings.model));
    let all = match count {
        1 => "The dimension".to_owned(),
        2 => "Both dimensions".to_owned(),
        count => format!("All {count} dimensions"),
    };
    let (lost, is_at_prior) = collapsed_kl(facts.measures);
    if collapsed_dimensions.is_empty() {
        let is = if count == 1 { "is" } else { "are" };
        let smallest = (0..count).min_by(|&a, &b| kl_per_dimension[a].total_cmp(&kl_per_dimension[b]));
        let tail = match smallest {
            Some(_) if *kl < NEAR_PRIOR => {
                let (carries, together) = if count == 1 { ("carries", "") } else { ("carry", " together") };
                format!(", but {carries} {} nats{together} only: close to the prior", nats(*kl))
            }
            Some(smallest) if count > 1 => {
                format!(
                    ": KL {} nats, the least of it {} in {}",
                    nats(*kl),
                    nats(kl_per_dimension[smallest]),
                    levels.name(smallest)
                )
            }
            _ => format!(": KL {} nats", nats(*kl)),
        };
        return format!("{all} {is} active{tail}");
    }
    let rest = count - collapsed_dimensions.len();
    let (which, is_one) = match collapsed_dimensions.as_slice() {
        _ if rest == 0 => (all, count == 1),
        few if few.len() <= 6 => {
            (listed(&few.iter().map(|&dimension| levels.name(dimension)).collect::<Vec<_>>()), few.len() == 1)
        }
        many => (format!("{} dimensions", many.len()), false),
    };
    let state = match (is_at_prior, rest) {
        (true, 0) => {
            let verb = if is_one { "is" } else { "are" };
            format!("{which} {verb} at the prior: KL {} nats, so the encoder says next to nothing about x", nats(lost))
        }
        (true, _) => {
            let verb = if is_one { "is" } else { "are" };
            format!("{which} {verb} at the prior (KL {} nats)", nats(lost))
        }
        (false, _) => {
            let means = if is_one { "The posterior mean" } else { "The posterior means" };
            let verb = if is_one { "moves" } else { "move" };
            let which = which.replace("The dimension", "the dimension").replace("Both", "both").replace("All", "all");
            format!("{means} of {which} barely {verb} with x, yet KL is {} nats", nats(lost))
        }
    };
    match rest {
        0 => state,
        1 => format!("{state}; the other one carries {} nats per example", nats(kl - lost)),
        rest => format!("{state}; the other {rest} carry {} nats per example", nats(kl - lost)),
    }
}

fn reason(facts: &Facts<'_>) -> String {
    let Facts { settings, measures, .. } = facts;
    let has_collapsed = !measures.collapsed_dimensions.is_empty();
    let is_close = has_collapsed || measures.kl < NEAR_PRIOR;
    let floor = settings.model.convexity;
    let slope = nats((floor * floor) as f32);
    match (settings.model.decoder, is_close) {
        (DecoderKind::Standard | DecoderKind::Triangular, _) if has_collapsed && !collapsed_kl(measures).1 && is_flat(facts) => {
            "Nothing keeps a standard decoder from becoming flat in z, and this one has; the KL that is left buys nothing".to_owned()
        }
        (DecoderKind::Standard | DecoderKind::Triangular, _) if has_collapsed && !collapsed_kl(measures).1 => {
            "Nothing keeps a standard decoder from becoming flat in z, and then KL 0 would cost nothing: here it is not flat yet"
                .to_owned()
        }
        (DecoderKind::Standard | DecoderKind::Triangular, true) => {
            let cause = "Nothing keeps a standard decoder from becoming flat in z";
            match knob(facts) {
                Some(knob) => format!("{cause}. {knob}"),
                None => cause.to_owned(),
            }
        }
        (DecoderKind::Standard | DecoderKind::Triangular, false) => {
            "Nothing guarantees this: here the data make information about x worth its cost".to_owned()
        }
        (DecoderKind::Brenier, _) if has_collapsed && !collapsed_kl(measures).1 => {
            "The decoder is injective, so it is nowhere flat: posteriors narrower than the prior lower the reconstruction term even where \
             their means stand still"
                .to_owned()
        }
        (DecoderKind::Brenier, true) => {
            let cause = if floor == 0.0 {
                "The decoder is injective, so exact collapse is impossible; yet without a floor its latents may come arbitrarily close to it, \
                 and here they do"
                    .to_owned()
            } else {
                format!(
                    "The decoder is injective, its slope at least m² = {slope}, so exact collapse is impossible; against {} that is too \
                     little to carry much",
                    noise(settings)
                )
            };
            match (costly(settings), floor == 0.0) {
                (Some(costly), _) => format!("{cause}. {costly}, then raise m"),
                (None, true) => {
                    format!("{cause}. The guarantee is about exact collapse: raise m to turn it into a quantity")
                }
                (None, false) => format!("{cause}. Raise m"),
            }
        }
        (DecoderKind::Brenier, false) if floor == 0.0 => {
            "The decoder is injective, but without a floor m nothing keeps its latents from coming close to the prior: here the data do".to_owned()
        }
        (DecoderKind::Brenier, false) => {
            format!("The decoder cannot become flat: m = {floor} keeps its slope at {slope} or above")
        }
    }
}

/// β, where it makes information dear.
fn costly(settings: &Settings) -> Option<String> {
    let beta = settings.objective.beta;
    (beta > 1.0).then(|| format!("β = {beta} charges every nat {beta} times: lower β first"))
}

/// The setting that most likely wakes a dimension up.
fn knob(facts: &Facts<'_>) -> Option<String> {
    let model = &facts.settings.model;
    costly(facts.settings).or_else(|| match (model.likelihood, model.sigma) {
        // Dimensions beyond those of the data stay idle at any noise.
        (LikelihoodKind::Gaussian, Learnable::Fixed(sigma)) if model.latent_dimensions <= facts.data_dimensions => {
            Some(format!("At σ = {sigma} it pays wherever the data vary less than the noise: lower σ and watch"))
        }
        _ => None,
    })
}

fn noise(settings: &Settings) -> String {
    match (settings.model.likelihood, settings.model.sigma) {
        (LikelihoodKind::Gaussian, Learnable::Fixed(sigma)) => format!("noise of σ = {sigma}"),
        (LikelihoodKind::Gaussian, Learnable::Learned) => "the learned noise".to_owned(),
        (LikelihoodKind::Bernoulli, _) => "the noise of binary pixels".to_owned(),
    }
}

fn dimensions(count: usize) -> &'static str {
    if count == 1 { "dimension" } else { "dimensions" }
}

#[cfg(test)]
mod tests {
    use super::theory::against;
    use super::*;
    use crate::exact::linear::{Applicability, DataSpectrum, LevelPrediction, Matching, predict};
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
            reconstruction: negative_elbo - kl.iter().sum::<f32>(),
            mutual_information_cap: 6.93,
            pool: 1024,
            ..Measures::default()
        }
    }

    fn settings() -> Vec<Settings> {
        Preset::find("collapse-2d").unwrap().experiment().unwrap().runs().unwrap()
    }

    fn facts<'a>(settings: &'a Settings, evaluations: &'a [Evaluation]) -> Facts<'a> {
        let measures = &evaluations[evaluations.len() - 1].measures;
        Facts {
            settings,
            measures,
            evaluations,
            maturity: Maturity::Trained,
            data_dimensions: 2,
            statuses: None,
            prediction: None,
            method: None,
        }
    }

    fn evaluated(step: u64, measures: Measures) -> Vec<Evaluation> {
        vec![Evaluation { step, measures }]
    }

    #[test]
    fn near_collapse_of_an_injective_decoder_is_explained() {
        let mut settings = settings();
        settings[1].model.convexity = 0.0;
        let measures = evaluated(3000, measured(&[0.0001, 0.0], &[0.0001, 0.0001], 2.39));
        let (own, _) = diagnosis(&[facts(&settings[1], &measures)]);
        assert!(own[0].contains("Both dimensions are at the prior") && own[0].contains("arbitrarily close"), "{own:?}");
        settings[1].objective.beta = 4.0;
        let (own, _) = diagnosis(&[facts(&settings[1], &measures)]);
        assert!(own[0].contains("lower β first, then raise m"), "{own:?}");
    }

    #[test]
    fn the_fault_of_the_encoder_is_not_the_models() {
        let settings = settings();
        let measures = evaluated(3000, measured(&[0.001, 0.0], &[0.001, 0.0], 2.39));
        let said = |statuses: &Statuses| {
            let facts = Facts { statuses: Some(statuses), ..facts(&settings[0], &measures) };
            diagnosis(&[facts]).0.remove(0)
        };
        let lagging = Statuses { likelihood_range: 12.0, exact_kl: Some(0.8), encoder_kl: 0.001, active_units: 0 };
        let text = said(&lagging);
        assert!(text.starts_with("The model has information, the encoder lags: exact KL 0.80 nats"), "{text}");
        assert!(text.contains("train the encoder more") && !text.contains("flat in z"), "{text}");
        let flat = Statuses { likelihood_range: 0.08, exact_kl: Some(0.0008), encoder_kl: 0.001, active_units: 0 };
        let text = said(&flat);
        assert!(text.starts_with("The model has collapsed: log p(x|z) varies by 0.080 nats"), "{text}");
        assert!(text.contains("lower σ and watch"), "{text}");
    }

    #[test]
    fn the_predicted_kl_is_held_against_the_measured_one() {
        let level = LevelPrediction {
            kl_per_dimension: vec![0.35, 0.11],
            kl: 0.46,
            active_dimensions: 2,
            is_determined: true,
            matching: Matching::Dimensions,
            posterior_mean_variance: vec![0.5, 0.2],
        };
        let mut prediction = Prediction {
            applicability: Applicability::Theorem,
            levels: vec![level],
            thresholds: Vec::new(),
            loss: 0.0,
            decoder_variance: 1.0,
            is_decoder_variance_determined: true,
            note: None,
        };
        let measured_in = |kl: f32, active_dimensions: usize, prediction: &Prediction| {
            let levels = vec![LevelMeasures { dimensions: 6, active_dimensions, ..LevelMeasures::default() }];
            against(&Measures { levels, ..measured(&[kl], &[0.1], 3.0) }, prediction)
        };
        let said = |kl: f32, prediction: &Prediction| measured_in(kl, 2, prediction);
        let arrived = said(0.461, &prediction).unwrap();
        assert_eq!(arrived, "Theory has KL 0.46 nats in 2 active dimensions, and training has arrived there (0.461)");
        assert!(said(0.7, &prediction).unwrap().ends_with("; here it is 0.7"));
        let early = measured_in(0.461, 6, &prediction).unwrap();
        assert!(early.ends_with("here it is 0.461, too, but not in as many yet"), "{early}");
        prediction.applicability = Applicability::Guide("hidden layers");
        assert!(said(0.7, &prediction).unwrap().starts_with("As a guide, theory of linear models"));
        prediction.levels[0].is_determined = false;
        assert_eq!(said(0.7, &prediction), None);
    }

    #[test]
    fn an_objective_without_an_optimum_is_said_to_have_none() {
        let settings = Preset::find("hierarchical-learned-variance").unwrap().experiment().unwrap();
        let runs = |beta: &str| {
            let mut settings = settings.clone();
            settings.assign(beta).unwrap();
            settings.runs().unwrap()
        };
        let spectrum =
            DataSpectrum { eigenvalues: vec![9.0, 4.0, 2.25, 1.0, 0.25], is_conditional: false, examples: 10 };
        let [learned, _] = &runs("objective.top_beta=0.8")[..] else { panic!("two variants") };
        let why = predict(&spectrum, learned, None).unwrap_err();
        let level = |first, active_units, kl| LevelMeasures {
            first,
            dimensions: 5,
            active_units,
            active_dimensions: 5,
            kl,
            ..LevelMeasures::default()
        };
        let mut measures = measured(&[0.3; 10], &[0.5; 10], 9.0);
        measures.levels = vec![level(0, 5, -2.0), level(5, 3, 4.0)];
        let evaluations = evaluated(3000, measures);
        let facts = Facts { prediction: Some(Err(&why)), ..facts(learned, &evaluations) };
        let text = diagnosis(&[facts]).0.remove(0);
        assert!(text.contains("no optimum to arrive at") && !text.contains("worth its cost"), "{text}");
        let levels = "3 of 5 dimensions of z2 are active, 2 more are away from the prior without telling of x (KL 4.00 nats) and 5 of 5 \
                      dimensions of z1 are active (its term is −2.00 nats)";
        assert!(text.starts_with(levels), "{text}");
    }

    #[test]
    fn a_flat_likelihood_is_not_called_not_flat_yet() {
        let settings = settings();
        let measures = evaluated(3000, measured(&[0.3, 0.2], &[0.001, 0.001], 2.9));
        let statuses = Statuses { likelihood_range: 0.01, exact_kl: None, encoder_kl: 0.5, active_units: 0 };
        let facts = Facts { statuses: Some(&statuses), ..facts(&settings[0], &measures) };
        let text = diagnosis(&[facts]).0.remove(0);
        assert!(text.contains("no grid") && !text.contains("exact posterior is the prior"), "{text}");
        assert!(!text.contains("not flat yet") && text.contains("and this one has"), "{text}");
    }

    #[test]
    fn still_means_away_from_the_prior_are_not_called_the_prior() {
        let settings = settings();
        let measures = evaluated(3000, measured(&[0.3, 0.2], &[0.001, 0.2], 2.9));
        let (own, _) = diagnosis(&[facts(&settings[1], &measures)]);
        assert!(
            own[0].starts_with(
                "The posterior mean of z1 barely moves with x, yet KL is 0.3 nats; the other one carries 0.2"
            ),
            "{own:?}"
        );
    }

    #[test]
    fn the_larger_part_of_a_gap_is_its_reason() {
        let settings = settings();
        let flat = evaluated(3000, measured(&[0.001, 0.0], &[0.001, 0.0], 2.39));
        let active = evaluated(3000, measured(&[0.17, 0.18], &[0.14, 0.15], 2.81));
        let (own, between) = diagnosis(&[facts(&settings[0], &flat), facts(&settings[1], &active)]);
        assert!(own[0].contains("lower σ") && own[1].contains("cannot become flat"), "{own:?}");
        assert!(
            between[0].contains("0.42 nats higher than that of Standard at step 3,000")
                && between[0].contains("KL +0.349 and reconstruction +0.071 nats")
                && between[0].contains("the price of 2 active dimensions instead of 0"),
            "{between:?}"
        );
        let blurred = evaluated(3000, measured(&[0.1, 0.1], &[0.14, 0.15], 3.9));
        let (_, between) = diagnosis(&[facts(&settings[0], &flat), facts(&settings[1], &blurred)]);
        assert!(between[0].contains("a worse reconstruction") && !between[0].contains("price"), "{between:?}");
    }

    #[test]
    fn runs_are_compared_at_a_common_step_and_under_one_likelihood() {
        let mut settings = settings();
        let at = |negative_elbo| measured(&[0.001, 0.0], &[0.001, 0.0], negative_elbo);
        let mut first = evaluated(200, at(2.50));
        first.extend(evaluated(300, at(2.40)));
        let other = evaluated(200, at(2.49));
        let (_, between) = diagnosis(&[facts(&settings[0], &first), facts(&settings[1], &other)]);
        assert_eq!(between, ["−ELBO of Standard and Brenier is about the same at step 200 (2.50 and 2.49 nats)"]);
        settings[1].model.sigma = Learnable::Fixed(0.3);
        let (_, between) = diagnosis(&[facts(&settings[0], &first), facts(&settings[1], &other)]);
        assert!(between[0].contains("cannot be compared"), "{between:?}");
    }

    #[test]
    fn nothing_is_concluded_too_early() {
        let settings = settings();
        let measures = evaluated(100, measured(&[0.0, 0.0], &[0.0, 0.0], 3.0));
        let early = |settings| Facts { maturity: Maturity::Early, ..facts(settings, &measures) };
        let (own, between) = diagnosis(&[early(&settings[0]), early(&settings[1])]);
        assert!(own[0].contains("Too early") && between.is_empty());
    }
}
