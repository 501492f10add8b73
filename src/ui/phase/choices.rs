//! Settings that make sense as axes of a phase diagram.

use crate::data::Source;
use crate::experiment::{DecoderKind, Experiment, Family, Learnable, LikelihoodKind, Method};
use crate::ui::fields::FIELDS;

/// A setting that makes sense as an axis, with values to start from.
pub(super) struct Choice {
    pub key: &'static str,
    pub ends: [f64; 2],
    pub count: usize,
    pub logarithmic: bool,
    pub applies: fn(&Experiment) -> bool,
}

/// All of them, in the order of the menu.
pub(super) const CHOICES: &[Choice] = &[
    Choice { key: "objective.beta", ends: [0.25, 8.0], count: 12, logarithmic: true, applies: |_| true },
    Choice { key: "objective.free_bits", ends: [0.0, 2.0], count: 9, logarithmic: false, applies: has_free_kl },
    Choice { key: "objective.target_kl", ends: [0.0, 5.0], count: 11, logarithmic: false, applies: has_free_kl },
    Choice {
        key: "objective.information.target",
        ends: [0.0, 3.0],
        count: 7,
        logarithmic: false,
        applies: |experiment| is_trained_by(experiment, Method::Mutual),
    },
    Choice {
        key: "objective.information.weight",
        ends: [0.0, 4.0],
        count: 9,
        logarithmic: false,
        applies: |experiment| is_trained_by(experiment, Method::Mutual),
    },
    Choice {
        key: "objective.importance_samples",
        ends: [1.0, 8.0],
        count: 8,
        logarithmic: false,
        applies: |experiment| is_trained_by(experiment, Method::Iwae),
    },
    Choice { key: "objective.top_beta", ends: [0.25, 8.0], count: 12, logarithmic: true, applies: is_hierarchical },
    Choice {
        key: "model.sigma",
        ends: [0.3, 3.0],
        count: 12,
        logarithmic: true,
        applies: |experiment| experiment.model.likelihood == LikelihoodKind::Gaussian,
    },
    Choice {
        key: "data.correlation",
        ends: [0.0, 0.95],
        count: 12,
        logarithmic: false,
        applies: |experiment| experiment.data.source == Source::CorrelatedGaussian,
    },
    Choice {
        key: "model.convexity",
        ends: [0.0, 2.0],
        count: 9,
        logarithmic: false,
        applies: |experiment| experiment.model.decoder == DecoderKind::Brenier,
    },
    Choice {
        key: "model.encoder_variance",
        ends: [0.1, 2.0],
        count: 8,
        logarithmic: true,
        applies: |experiment| matches!(experiment.model.encoder_variance, Learnable::Fixed(_)),
    },
    Choice {
        key: "model.top_encoder_variance",
        ends: [0.1, 2.0],
        count: 8,
        logarithmic: true,
        applies: |experiment| {
            is_hierarchical(experiment) && matches!(experiment.model.top_encoder_variance, Learnable::Fixed(_))
        },
    },
    Choice { key: "model.level_sigma", ends: [0.3, 3.0], count: 8, logarithmic: true, applies: is_hierarchical },
    Choice { key: "model.latent_dimensions", ends: [1.0, 6.0], count: 6, logarithmic: false, applies: |_| true },
    Choice {
        key: "model.top_latent_dimensions",
        ends: [1.0, 4.0],
        count: 4,
        logarithmic: false,
        applies: is_hierarchical,
    },
    Choice { key: "optimizer.learning_rate", ends: [1e-4, 1e-1], count: 8, logarithmic: true, applies: |_| true },
    Choice { key: "optimizer.encoder_rate", ends: [0.0, 1.0], count: 6, logarithmic: false, applies: |_| true },
    Choice {
        key: "data.examples",
        ends: [200.0, 2000.0],
        count: 4,
        logarithmic: false,
        applies: |experiment| experiment.data.source.is_drawn(experiment.data.sampling),
    },
    Choice { key: "seed", ends: [1.0, 6.0], count: 6, logarithmic: false, applies: |_| true },
];

/// Whether some variant is trained by a method.
fn is_trained_by(experiment: &Experiment, method: Method) -> bool {
    experiment.runs().is_ok_and(|runs| runs.iter().any(|run| run.objective.method == method))
}

/// Whether some of the KL may be free, or aimed at.
fn has_free_kl(experiment: &Experiment) -> bool {
    !is_hierarchical(experiment) && !is_trained_by(experiment, Method::Iwae)
}

/// Whether there is an upper latent level.
pub(super) fn is_hierarchical(experiment: &Experiment) -> bool {
    experiment.model.family == Family::Hierarchical
}

/// Name of an axis on the screen: that of the setting, as the settings panel has it for the experiment's model.
pub(super) fn label_of(key: &str, experiment: &Experiment) -> String {
    let field = FIELDS.iter().find(|field| field.key == key);
    let run = experiment.runs().ok().and_then(|runs| runs.into_iter().next());
    match (field, run) {
        (Some(field), Some(run)) => field.label_for(&run).to_owned(),
        _ => crate::ui::fields::label_of(key),
    }
}

#[cfg(test)]
mod tests {
    use super::{CHOICES, label_of};
    use crate::experiment::Experiment;
    use crate::sweep::Axis;
    use crate::ui::fields::FIELDS;

    #[test]
    fn every_choice_is_an_axis() {
        for choice in CHOICES {
            let [from, to] = choice.ends;
            let axis = Axis::range(choice.key, from, to, choice.count, choice.logarithmic).unwrap();
            assert_eq!(axis.len(), choice.count, "{}", choice.key);
        }
    }

    #[test]
    fn axes_are_called_as_the_settings_are() {
        for choice in CHOICES {
            assert!(FIELDS.iter().any(|field| field.key == choice.key), "{}", choice.key);
        }
        let mut experiment = Experiment::default();
        assert_eq!(label_of("objective.beta", &experiment), "KL weight β");
        experiment.assign("model.family=hierarchical").unwrap();
        assert_eq!(label_of("objective.beta", &experiment), "KL weight β1");
        assert_eq!(label_of("objective.top_beta", &experiment), "KL weight β2");
    }
}
