//! Every setting on the screen: name, explanation, and what kind of control it gets. One table for panel, tooltips and messages.

mod table;

pub use table::FIELDS;

use crate::data::{ConditionKind, Source};
use crate::experiment::{
    DataSettings, DecoderKind, Expectation, Family, LIVE, LikelihoodKind, Method, PriorKind, Schedule, Settings,
};

/// Heading in the settings panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldGroup {
    /// Generator and table settings.
    Data,
    /// Latent variable, likelihood, networks.
    Model,
    /// The Brenier maps.
    Brenier,
    /// What is optimised, by which method.
    Objective,
    /// Annealing, free bits, targets; folded while none is used.
    KlTerm,
    /// What of a method is seldom changed; folded.
    MethodDetails,
    /// How it is optimised.
    Training,
    /// Seed and length.
    Run,
}

/// What a setting means something for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// Everything.
    Always,
    /// Variants with a Gaussian likelihood.
    Gaussian,
    /// Variants with a Brenier decoder.
    Brenier,
    /// Hierarchical variants.
    Hierarchical,
    /// Linear variants with a Gaussian likelihood.
    Linear,
    /// Variants trained by a method.
    Method(Method),
    /// Variants whose objective has a KL term with a weight.
    KlTerm,
    /// The same, of one latent level: some of the KL may be free.
    FreeKl,
    /// Variants with KL annealing.
    Annealed,
    /// Variants with cyclical KL annealing.
    Cyclical,
    /// Variants that may begin as an autoencoder.
    Pretraining,
    /// Variants that do.
    Pretrained,
    /// Variants with a choice of prior.
    Prior,
    /// Variants with a mixture prior.
    MixturePrior,
    /// Data that are drawn in a chosen number.
    Generated,
    /// Generated Gaussian data.
    GaussianData,
    /// Gaussian data with conditions.
    Correlated,
    /// Conditional variants, and data that are split into condition and output.
    Conditioned,
}

/// The control of a setting.
#[derive(Clone, Copy, Debug)]
pub enum Control {
    /// A slider that also takes a typed number.
    Slider {
        /// Smallest value of the slider.
        low: f64,
        /// Largest.
        high: f64,
        /// Whether equal distances are equal factors.
        logarithmic: bool,
    },
    /// A slider, or learned.
    Learnable {
        /// Smallest value of the slider.
        low: f64,
        /// Largest.
        high: f64,
        /// Name of the box that lets it be learned.
        learned: &'static str,
    },
    /// A whole number.
    Count {
        /// Smallest.
        low: u64,
        /// Largest.
        high: u64,
        /// What 0 is called, where it has a meaning of its own.
        zero: Option<&'static str>,
    },
    /// Widths of hidden layers, separated by commas.
    Widths,
    /// Numbers, separated by commas.
    Numbers {
        /// Whether a single one stands for itself, and not for a list of one.
        may_be_one: bool,
        /// Smallest that is accepted.
        low: f64,
        /// Largest.
        high: f64,
        /// What they must be, in words.
        rule: &'static str,
    },
    /// One of a few, for some settings: key and name of each.
    Choice(fn(&Settings) -> Vec<(&'static str, &'static str)>),
    /// Yes or no.
    Switch,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Dotted path.
    pub key: &'static str,
    /// Name on the screen.
    pub label: &'static str,
    /// What it is, in which unit.
    pub tooltip: &'static str,
    /// Where it stands.
    pub group: FieldGroup,
    /// Which variants it concerns.
    pub applies: Applies,
    /// How it is changed.
    pub control: Control,
}

impl FieldGroup {
    /// All, in the order of the panel.
    pub const ALL: [Self; 8] = [
        Self::Data,
        Self::Model,
        Self::Brenier,
        Self::Objective,
        Self::MethodDetails,
        Self::KlTerm,
        Self::Training,
        Self::Run,
    ];

    /// Name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Model => "Model",
            Self::Brenier => "Brenier decoder",
            Self::Objective => "Objective",
            Self::MethodDetails => "Details of the method",
            Self::KlTerm => "Annealing and free bits",
            Self::Training => "Optimizer",
            Self::Run => "Run",
        }
    }

    /// Whether the group stands under a heading that opens and closes; if so, whether it starts open for some runs.
    pub fn folds(self, runs: &[Settings]) -> Option<bool> {
        let is_used = |run: &Settings| {
            let objective = &run.objective;
            objective.free_bits > 0.0
                || objective.target_kl > 0.0
                || objective.pretraining.steps > 0
                || objective.annealing.schedule != Schedule::Constant
        };
        match self {
            Self::KlTerm => Some(runs.iter().any(is_used)),
            Self::MethodDetails => Some(false),
            _ => None,
        }
    }
}

impl Field {
    /// Whether the setting means something for a run on data.
    pub fn applies_to(&self, run: &Settings, data: &DataSettings) -> bool {
        let is_gaussian = run.model.likelihood == LikelihoodKind::Gaussian;
        let is_conditional = run.model.family == Family::Conditional;
        let is_gaussian_data = matches!(data.source, Source::LinearGaussian | Source::CorrelatedGaussian);
        let objective = &run.objective;
        let has_kl_term = objective.method != Method::Iwae;
        let has_schedule = objective.annealing.schedule != Schedule::Constant;
        match self.applies {
            Applies::Always => true,
            Applies::Gaussian => is_gaussian,
            Applies::Brenier => run.model.decoder == DecoderKind::Brenier,
            Applies::Hierarchical => run.model.family == Family::Hierarchical,
            // What no longer fits must be there to be changed.
            Applies::Linear => {
                run.model.is_linear() && is_gaussian || run.objective.expectation != Expectation::Sampled
            }
            Applies::Method(method) => objective.method == method,
            Applies::KlTerm => has_kl_term || has_schedule,
            Applies::FreeKl => {
                let is_set = objective.free_bits > 0.0 || objective.target_kl > 0.0;
                has_kl_term && run.model.family != Family::Hierarchical || is_set
            }
            Applies::Annealed => has_schedule,
            Applies::Cyclical => objective.annealing.schedule == Schedule::Cyclical,
            Applies::Pretraining => objective.method == Method::Elbo || objective.pretraining.steps > 0,
            Applies::Pretrained => objective.pretraining.steps > 0,
            Applies::Prior => run.model.family != Family::Hierarchical || run.model.prior != PriorKind::Standard,
            Applies::MixturePrior => run.model.prior.is_mixture(),
            Applies::Generated => data.source.is_drawn(data.sampling),
            Applies::GaussianData => is_gaussian_data,
            Applies::Correlated => data.source == Source::CorrelatedGaussian,
            Applies::Conditioned => is_conditional || data.condition != ConditionKind::Source,
        }
    }

    /// Name on the screen beside a run.
    pub fn label_for(&self, run: &Settings) -> &'static str {
        match (run.model.family, self.key) {
            (Family::Hierarchical, "model.latent_dimensions") => "Dimensions of z1",
            (Family::Hierarchical, "model.encoder_variance") => "Var q(z1|x)",
            (Family::Hierarchical, "objective.beta") => "KL weight β1",
            _ => self.label,
        }
    }

    /// What it is, and whether it applies at once.
    pub fn full_tooltip(&self) -> String {
        let when = if LIVE.contains(&self.key) {
            "Applies at once, while training"
        } else {
            "Needs a restart; the present run goes on until then"
        };
        format!("{}\n\n{when}. In files: {}", self.tooltip, self.key)
    }
}

/// Priors that a model may have, and the one that it has, whether or not it may.
fn priors(run: &Settings) -> Vec<(&'static str, &'static str)> {
    let fits = |prior: &PriorKind| match (prior, run.model.family) {
        (PriorKind::Standard, _) | (PriorKind::Conditional, Family::Conditional) => true,
        (prior, Family::Vae) => prior.is_mixture(),
        _ => false,
    };
    let offered = PriorKind::ALL.iter().filter(|prior| fits(prior) || **prior == run.model.prior);
    offered.map(|prior| (prior.key(), prior.label())).collect()
}

/// Name on the screen of a setting, by its dotted path; the path itself where the panel does not have it.
pub fn label_of(key: &str) -> String {
    let (variant, key) = match key.strip_prefix("variants.").and_then(|rest| rest.split_once('.')) {
        Some((variant, key)) => (Some(variant), key),
        None => (None, key),
    };
    let label = match key {
        "model.decoder" => "decoder",
        "data.source" => "data",
        "data.scale" => "scale of the data",
        "data.label" => "label column",
        _ => FIELDS.iter().find(|field| field.key == key).map_or(key, |field| field.label),
    };
    variant.map_or_else(|| label.to_owned(), |variant| format!("{label} of {variant}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn every_field_is_a_setting() {
        let known = Experiment::known_keys();
        for field in FIELDS {
            assert!(known.iter().any(|key| key == field.key), "{} is no setting", field.key);
        }
    }

    #[test]
    fn every_setting_of_the_objective_is_a_field() {
        for key in Experiment::known_keys() {
            let is_ours = key.starts_with("objective.") || key.starts_with("model.prior");
            assert!(!is_ours || FIELDS.iter().any(|field| field.key == key), "{key} is nowhere");
        }
    }

    #[test]
    fn fields_are_there_where_they_mean_something() {
        let mut run = Experiment::default().runs().unwrap().remove(0);
        let shown = |run: &Settings| -> Vec<&str> {
            let data = DataSettings::default();
            FIELDS.iter().filter(|field| field.applies_to(run, &data)).map(|field| field.key).collect()
        };
        let plain = shown(&run);
        assert!(plain.contains(&"objective.free_bits") && plain.contains(&"objective.pretraining.steps"));
        for method in Method::ALL {
            run.objective.method = *method;
            let has = |key: &str| shown(&run).contains(&key);
            assert_eq!(has("objective.libi.repeats"), *method == Method::Libi);
            assert_eq!(has("objective.lagging.encoder_steps"), *method == Method::Lagging);
            assert_eq!(has("objective.information.target"), *method == Method::Mutual);
            assert_eq!(has("objective.free_bits"), *method != Method::Iwae);
        }
        run.objective.method = Method::Iwae;
        run.objective.free_bits = 0.5;
        assert!(shown(&run).contains(&"objective.free_bits"), "what no longer fits must be there to be changed");
        run.objective.annealing.schedule = Schedule::Linear;
        assert!(!shown(&run).contains(&"objective.annealing.cycles"));
    }

    #[test]
    fn priors_depend_on_the_family() {
        let mut run = Experiment::default().runs().unwrap().remove(0);
        let keys = |run: &Settings| priors(run).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(&run), ["standard", "gaussian-mixture", "vamp"]);
        run.model.family = Family::Conditional;
        assert_eq!(keys(&run), ["standard", "conditional"]);
        run.model.prior = PriorKind::Vamp;
        assert_eq!(keys(&run), ["standard", "conditional", "vamp"], "what it has is there, too");
    }

    #[test]
    fn overrides_are_named_after_their_variant() {
        assert_eq!(label_of("variants.brenier.model.convexity"), "Floor m of brenier");
        assert_eq!(label_of("model.unknown"), "model.unknown");
    }
}
