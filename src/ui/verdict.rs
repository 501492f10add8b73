//! One sentence about a run: how many dimensions collapsed, by which measure, or why it cannot go on.

use crate::exact::linear::Theory;
use crate::experiment::{DecoderKind, LikelihoodKind, Method, Settings};
use crate::measure::{ACTIVE_UNIT_VARIANCE, Diagnosis, LevelMeasures, Measures, PosteriorComparison};
use crate::train::{Evaluation, MethodReading, Probe, ReadingValue, Run, RunState};

/// Optimizer steps before which nothing is concluded.
const FEWEST_STEPS: u64 = 100;
/// Between two evaluations the KL of a run that can be judged moves by no more than this share of itself …
const STEADY_SHARE: f32 = 0.1;
/// … and this many nats.
const STEADY_NATS: f32 = 0.05;

/// Whether a run has been trained long enough to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maturity {
    /// The weights are those that chance gave.
    Untrained,
    /// Less than an epoch, or the KL still moves.
    Early,
    /// The KL has come nearly to rest.
    Trained,
}

impl Maturity {
    /// How long a run over `examples` training examples has been trained.
    pub fn of(run: &Run, examples: usize) -> Self {
        let epoch = (examples / run.settings.optimizer.batch_size.max(1)) as u64;
        Self::at(run.progress.step, epoch, &run.history.evaluations)
    }

    fn at(step: u64, epoch: u64, evaluations: &[Evaluation]) -> Self {
        let is_steady = match evaluations {
            [.., before, last] => {
                let (before, last) = (before.measures.kl, last.measures.kl);
                (last - before).abs() <= STEADY_SHARE * last.max(before) + STEADY_NATS
            }
            _ => false,
        };
        match step {
            0 => Self::Untrained,
            step if step < epoch.max(FEWEST_STEPS) || !is_steady => Self::Early,
            _ => Self::Trained,
        }
    }

    /// What is said in the place of a judgement.
    pub fn objection(self) -> Option<&'static str> {
        match self {
            Self::Untrained => Some("Not trained yet"),
            Self::Early => Some("Too early to tell"),
            Self::Trained => None,
        }
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing measured yet.
    Unknown,
    /// Every dimension is active.
    Active,
    /// Some are, some are not.
    Mixed,
    /// None is.
    Collapsed,
    /// Training cannot go on.
    Broken,
}

/// One sentence about a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How the run stands.
    pub standing: Standing,
    /// The sentence.
    pub text: String,
}

/// The newest measures of a run.
pub fn measures(run: &Run) -> Option<&Measures> {
    match run.reading(&Probe::Measures).map(|reading| &reading.value) {
        Some(ReadingValue::Measures(measures)) => Some(measures),
        _ => run.history.evaluations.last().map(|evaluation| &evaluation.measures),
    }
}

/// The newest comparison of exact and encoder's posteriors.
pub fn comparison(run: &Run) -> Option<&PosteriorComparison> {
    match run.reading(&Probe::PosteriorComparison).map(|reading| &reading.value) {
        Some(ReadingValue::PosteriorComparison(comparison)) => Some(comparison),
        _ => None,
    }
}

/// What theory says about a run.
pub fn theory(run: &Run) -> Option<&Theory> {
    match run.reading(&Probe::Theory).map(|reading| &reading.value) {
        Some(ReadingValue::Theory(theory)) => Some(theory),
        _ => None,
    }
}

/// Where a run's training method is, while that is asked for.
pub fn method(run: &Run) -> Option<&MethodReading> {
    match run.reading(&Probe::Method).map(|reading| &reading.value) {
        Some(ReadingValue::Method(reading)) => Some(reading),
        _ => None,
    }
}

/// What a run's state and measures say.
pub fn verdict(state: &RunState, measures: Option<&Measures>) -> Verdict {
    let broken = |text: String| Verdict { standing: Standing::Broken, text };
    match (state, measures) {
        (RunState::Diverged { at_step, kept_step }, _) => broken(format!(
            "Diverged at step {at_step}: the loss was no finite number. Shown is step {kept_step}, the last good one. Lower the learning \
             rate, then press Reset"
        )),
        (RunState::Failed(reason), _) => {
            broken(format!("Stopped: {reason}. Shown is the last good model; press Reset to try again"))
        }
        (_, None) => Verdict { standing: Standing::Unknown, text: "Nothing measured yet".to_owned() },
        (_, Some(measures)) => {
            let (active, is_by_mode) = measures.active_in_x();
            let count = measures.kl_per_dimension.len();
            let collapsed = count - active.min(count);
            let standing = match collapsed {
                0 => Standing::Active,
                collapsed if collapsed == count => Standing::Collapsed,
                _ => Standing::Mixed,
            };
            let dimensions = match (is_by_mode, count) {
                (false, 1) => "dimension",
                (false, _) => "dimensions",
                (true, 1) => "mode",
                (true, _) => "modes",
            };
            let text = match measures.levels.as_slice() {
                [_, _, ..] => by_level(&measures.levels),
                _ => format!("{collapsed} of {count} {dimensions} collapsed"),
            };
            Verdict { standing, text }
        }
    }
}

/// The count of every level, the one next to the data first.
fn by_level(levels: &[LevelMeasures]) -> String {
    let counted = levels.iter().enumerate().map(|(at, level)| {
        let (active, is_by_mode) = level.active_in_x();
        let what = if is_by_mode { " modes" } else { "" };
        let collapsed = level.dimensions - active.min(level.dimensions);
        format!("z{}: {collapsed} of {}{what} collapsed", at + 1, level.dimensions)
    });
    counted.collect::<Vec<_>>().join(" · ")
}

/// [`verdict`] about a run of a session, and what stands in its place while it is too early for one.
pub fn verdict_of(run: &Run, examples: usize) -> (Verdict, Option<&'static str>) {
    let mut verdict = verdict(&run.state, measures(run));
    // Collapsed dimensions of an encoder say nothing of the model; where the exact posterior tells them apart, so must the headline.
    let diagnosis = comparison(run).map(|comparison| comparison.statuses.diagnosis());
    if verdict.standing == Standing::Collapsed && diagnosis == Some(Diagnosis::EncoderLags) {
        let count = measures(run).map_or(0, |measures| measures.kl_per_dimension.len());
        verdict.text = format!("Encoder lags: {count} of {count} collapsed");
    }
    let is_counted = !matches!(verdict.standing, Standing::Broken | Standing::Unknown);
    let objection = Maturity::of(run, examples).objection().filter(|_| is_counted);
    (verdict, objection)
}

/// By which measure [`verdict`] counts.
pub fn measure_of_collapse() -> String {
    format!("encoder-mean variance < {ACTIVE_UNIT_VARIANCE}")
}

/// Titles of variants whose names are abbreviations, or words run together.
const TITLES: &[(&str, &str)] = &[
    ("vae", "VAE"),
    ("elbo", "ELBO"),
    ("annealing", "Annealed β"),
    ("cyclical", "Cyclical β"),
    ("free-bits", "Free bits"),
    ("two-stage", "Two stages"),
    ("target-kl", "Target KL"),
    ("iwae", "IWAE"),
    ("lagging", "Lagging"),
    ("semi-amortized", "Semi-amortised"),
    ("libi", "LiBI"),
    ("mutual", "Mutual"),
    ("mixture-prior", "Mixture prior"),
    ("vamp-prior", "VampPrior"),
    ("brenier-0.5", "Brenier, m = 0.5"),
    ("brenier-1", "Brenier, m = 1"),
];

/// A variant's name as a title.
pub fn title_of(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A run's title: its name, or its decoder where that is no longer the one that it is named after.
pub fn title(settings: &Settings) -> String {
    let decoder = settings.model.decoder;
    let is_misnamed = DecoderKind::ALL.iter().any(|kind| kind.key() == settings.name && *kind != decoder);
    if is_misnamed {
        return format!("{} ({})", decoder.label(), settings.name);
    }
    let objective = &settings.objective;
    // A variant that is named after its method, and has another now.
    let named = Method::ALL.iter().find(|method| method.key() == settings.name);
    if named.is_some_and(|named| *named != objective.method) {
        return format!("{} ({})", objective.method.label(), settings.name);
    }
    weight_title(&settings.name, "beta2-", "β2", objective.top_beta)
        .or_else(|| weight_title(&settings.name, "beta-", "β", objective.beta))
        .or_else(|| TITLES.iter().find(|(name, _)| *name == settings.name).map(|(_, title)| (*title).to_owned()))
        .unwrap_or_else(|| title_of(&settings.name))
}

/// Title of a run that is named after a KL weight, such as `beta-4`: the weight as it is, with the name where that says another.
fn weight_title(name: &str, prefix: &str, symbol: &str, weight: f64) -> Option<String> {
    let written = name.strip_prefix(prefix)?;
    // A name in a dotted path has no dot: `beta-02` is 0.2.
    let named: f64 = match written.strip_prefix('0').filter(|rest| !rest.is_empty() && !rest.contains('.')) {
        Some(decimals) => format!("0.{decimals}").parse().ok()?,
        None => written.parse().ok()?,
    };
    let title = format!("{symbol} = {weight}");
    Some(if named == weight { title } else { format!("{title} ({name})") })
}

/// Whether two runs' negative ELBOs are about the same kind of density.
pub fn is_comparable(first: &Settings, other: &Settings) -> bool {
    let (first, other) = (&first.model, &other.model);
    first.likelihood == other.likelihood
        && (first.likelihood == LikelihoodKind::Bernoulli || first.sigma == other.sigma)
}

/// A number of nats with what tells it apart from others.
pub fn nats(value: f32) -> String {
    let size = value.abs();
    let text = match size {
        _ if !value.is_finite() => "not finite".to_owned(),
        _ if size >= 100.0 => format!("{value:.1}"),
        _ if size >= 1.0 => format!("{value:.2}"),
        _ if size >= 0.0095 => format!("{value:.3}"),
        _ if size >= 0.00005 => format!("{value:.4}"),
        _ => "0".to_owned(),
    };
    match text.contains('.') {
        true if size < 1.0 => text.trim_end_matches('0').trim_end_matches('.').replace('-', "−"),
        _ => text.replace('-', "−"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn the_verdict_counts_collapsed_dimensions() {
        let measures =
            Measures { kl_per_dimension: vec![0.001, 0.4], collapsed_dimensions: vec![0], ..Measures::default() };
        let verdict = verdict(&RunState::Running, Some(&measures));
        assert_eq!(verdict, Verdict { standing: Standing::Mixed, text: "1 of 2 dimensions collapsed".to_owned() });
    }

    #[test]
    fn levels_are_counted_each_for_itself() {
        let level = |dimensions, active_units| LevelMeasures { dimensions, active_units, ..LevelMeasures::default() };
        let measures = Measures {
            kl_per_dimension: vec![0.1; 10],
            collapsed_dimensions: vec![3, 4, 5, 6, 7, 8, 9],
            levels: vec![level(5, 3), level(5, 0)],
            ..Measures::default()
        };
        let verdict = verdict(&RunState::Running, Some(&measures));
        assert_eq!(verdict.text, "z1: 2 of 5 collapsed · z2: 5 of 5 collapsed");
        assert_eq!(verdict.standing, Standing::Mixed);
    }

    #[test]
    fn a_run_named_after_its_weight_is_titled_by_what_it_is() {
        let mut settings = Experiment::default().runs().unwrap().remove(0);
        settings.name = "beta-2".to_owned();
        assert_eq!(title(&settings), "β = 1 (beta-2)");
        settings.objective.beta = 2.0;
        assert_eq!(title(&settings), "β = 2");
        settings.name = "beta2-1.5".to_owned();
        settings.objective.top_beta = 1.5;
        assert_eq!(title(&settings), "β2 = 1.5");
    }

    #[test]
    fn methods_have_titles_that_are_true() {
        let mut settings = Experiment::default().runs().unwrap().remove(0);
        let mut titled = |name: &str, method: Method| {
            settings.name = name.to_owned();
            settings.objective.method = method;
            title(&settings)
        };
        assert_eq!(titled("free-bits", Method::Elbo), "Free bits");
        assert_eq!(titled("libi", Method::Libi), "LiBI");
        assert_eq!(titled("lagging", Method::Iwae), "Importance-weighted bound (lagging)");
        assert_eq!(titled("semi-amortized", Method::SemiAmortized), "Semi-amortised");
        assert_eq!(titled("mine", Method::Elbo), "Mine");
        settings.name = "beta-02".to_owned();
        settings.objective.beta = 0.2;
        assert_eq!(title(&settings), "β = 0.2");
    }

    #[test]
    fn nothing_is_judged_before_the_kl_has_come_to_rest() {
        let evaluations = |kl: &[f32]| -> Vec<Evaluation> {
            let measures = |kl| Measures { kl, ..Measures::default() };
            (1..).zip(kl).map(|(at, kl)| Evaluation { step: 100 * at, measures: measures(*kl) }).collect()
        };
        let at = |step, epoch, kl: &[f32]| Maturity::at(step, epoch, &evaluations(kl));
        assert_eq!(at(0, 78, &[]), Maturity::Untrained);
        assert_eq!(at(60, 78, &[]), Maturity::Early);
        assert_eq!(at(300, 468, &[0.5, 0.5, 0.5]), Maturity::Early, "less than an epoch");
        assert_eq!(at(200, 78, &[0.9, 0.6]), Maturity::Early, "the KL moves");
        assert_eq!(at(300, 78, &[0.9, 0.6, 0.55]), Maturity::Trained);
        assert_eq!(at(300, 78, &[0.04, 0.001]), Maturity::Trained);
    }

    #[test]
    fn divergence_says_what_is_shown_and_what_to_do() {
        let state = RunState::Diverged { at_step: 812, kept_step: 800 };
        let verdict = verdict(&state, None);
        assert_eq!(verdict.standing, Standing::Broken);
        assert!(verdict.text.contains("812") && verdict.text.contains("800") && verdict.text.contains("learning rate"));
    }

    #[test]
    fn numbers_keep_their_leading_digits() {
        assert_eq!(
            [nats(737.94), nats(2.387), nats(0.42), nats(0.0012), nats(-0.03)],
            ["737.9", "2.39", "0.42", "0.0012", "−0.03"]
        );
    }
}
