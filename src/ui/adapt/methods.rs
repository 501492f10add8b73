//! Keeps training methods and priors to what other data, or another family, can have.

use crate::experiment::{Experiment, Family, LARGEST_KL_PER_DIMENSION, LikelihoodKind, Method, PriorKind, Settings};
use toml::Value;

/// A key, the value that it gets, and why, as a short phrase.
type Change = (&'static str, Value, String);

/// Every variant settles after as many changes as there are rules.
const MOST_CHANGES: usize = 16;

/// Changes what cannot work, and says so in short phrases. What is shared by all variants is changed for all.
pub fn fit_methods(experiment: &mut Experiment) -> Vec<String> {
    let mut said = Vec::new();
    for _ in 0..MOST_CHANGES {
        let Ok(runs) = experiment.runs() else { break };
        let found: Vec<Option<Change>> = runs.iter().map(misfit).collect();
        let Some((key, value, why)) = found.iter().flatten().next().cloned() else { break };
        let unfit: Vec<usize> = (0..runs.len())
            .filter(|run| found[*run].as_ref().is_some_and(|change| change.0 == key && change.1 == value))
            .collect();
        let is_shared = unfit.len() == runs.len();
        for run in unfit {
            let path = match experiment.variants.get(run) {
                Some(variant) if !is_shared || experiment.is_overridden(run, key) => {
                    format!("variants.{}.{key}", variant.name)
                }
                _ => key.to_owned(),
            };
            if experiment.set(&path, value.clone()).is_err() {
                return said;
            }
        }
        if !said.contains(&why) {
            said.push(why);
        }
    }
    said
}

/// The first thing that cannot stay, if any.
fn misfit(run: &Settings) -> Option<Change> {
    let (model, objective) = (&run.model, &run.objective);
    let is_vae = model.family == Family::Vae;
    let prior_fits = match model.prior {
        PriorKind::Standard => true,
        PriorKind::Conditional => model.family == Family::Conditional,
        PriorKind::GaussianMixture | PriorKind::Vamp => is_vae,
    };
    if !prior_fits {
        let standard = Value::String(PriorKind::Standard.key().to_owned());
        return Some((
            "model.prior",
            standard,
            "a standard normal prior, because this family has no other of that kind".to_owned(),
        ));
    }
    let elbo = |why: &str| {
        let phrase = format!("ELBO in the place of “{}”, which is {why}", objective.method.label());
        Some(("objective.method", Value::String(Method::Elbo.key().to_owned()), phrase))
    };
    match objective.method {
        Method::Libi | Method::Mutual if !is_vae => return elbo("for one latent level without conditions"),
        Method::SemiAmortized if model.family == Family::Hierarchical => return elbo("for one latent level"),
        Method::Mutual if model.likelihood == LikelihoodKind::Bernoulli => return elbo("for a Gaussian likelihood"),
        // Its statistic needs more codes than they have dimensions; data may be too few for that.
        Method::Libi if run.optimizer.batch_size <= model.latent_dimensions => {
            return elbo("for batches of more examples than latent dimensions");
        }
        _ => {}
    }
    let largest = LARGEST_KL_PER_DIMENSION * model.latent_dimensions as f64;
    let has_levels = model.family == Family::Hierarchical;
    let none = |what: &str| format!("no {what}, because the term of z1 may be negative");
    if has_levels && objective.free_bits > 0.0 {
        return Some(("objective.free_bits", Value::Float(0.0), none("free bits")));
    }
    if has_levels && objective.target_kl > 0.0 {
        return Some(("objective.target_kl", Value::Float(0.0), none("target KL")));
    }
    let at_most = |what: &str| format!("{what} {largest} nats, the most that K = {} can hold", model.latent_dimensions);
    if objective.target_kl > largest {
        return Some(("objective.target_kl", Value::Float(largest), at_most("a target KL of")));
    }
    (objective.information.target > largest)
        .then(|| ("objective.information.target", Value::Float(largest), at_most("a target M of")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted(assignments: &[&str]) -> (Experiment, Vec<String>) {
        let mut experiment = Experiment::default();
        assignments.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
        let said = fit_methods(&mut experiment);
        experiment.validate().unwrap();
        (experiment, said)
    }

    #[test]
    fn what_works_stays() {
        for method in Method::ALL {
            let (experiment, said) = fitted(&[&format!("objective.method={}", method.key())]);
            assert_eq!((experiment.objective.method, said.len()), (*method, 0), "{said:?}");
        }
    }

    #[test]
    fn a_family_that_a_method_is_not_for_is_trained_by_the_elbo() {
        for family in ["conditional", "hierarchical"] {
            for method in Method::ALL {
                let assignments = [format!("model.family={family}"), format!("objective.method={}", method.key())];
                let (experiment, said) = fitted(&assignments.each_ref().map(String::as_str));
                let is_kept = experiment.objective.method == *method;
                assert_eq!(is_kept, said.is_empty(), "{family} {method:?} {said:?}");
            }
        }
        let (experiment, said) = fitted(&["model.family=hierarchical", "objective.free_bits=0.5", "model.prior=vamp"]);
        assert_eq!((experiment.objective.free_bits, said.len()), (0.0, 2), "{said:?}");
    }

    #[test]
    fn a_target_shrinks_with_k() {
        let (experiment, said) = fitted(&["model.latent_dimensions=1", "objective.target_kl=9"]);
        assert_eq!(experiment.objective.target_kl, 6.0);
        assert!(said[0].contains("K = 1"), "{said:?}");
        let (experiment, _) = fitted(&["objective.method=libi", "optimizer.batch_size=2"]);
        assert_eq!(experiment.objective.method, Method::Elbo);
    }

    #[test]
    fn one_variant_alone_is_changed() {
        let mut experiment = crate::experiment::presets::Preset::find("lagging").unwrap().experiment().unwrap();
        experiment.assign("variants.semi-amortized.model.family=hierarchical").unwrap();
        let said = fit_methods(&mut experiment);
        let runs = experiment.runs().unwrap();
        let methods: Vec<Method> = runs.iter().map(|run| run.objective.method).collect();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(!methods.contains(&Method::SemiAmortized) && methods.contains(&Method::Lagging), "{methods:?}");
    }
}
