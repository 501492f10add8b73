//! What the presets are there to show, as outcomes of training.

use crate::{preset, trained};
use collapsar::experiment::Experiment;
use collapsar::measure::Diagnosis;
use collapsar::train::FinalMeasures;

fn outcome(experiment: &Experiment) -> Vec<FinalMeasures> {
    trained(experiment).summarize().unwrap()
}

#[test]
fn a_standard_decoder_collapses_and_a_brenier_decoder_does_not_over_five_seeds() {
    for seed in 1..=5 {
        let experiment = Experiment { seed, ..preset("collapse-2d") };
        let [standard, brenier] = outcome(&experiment).try_into().unwrap();
        assert_eq!(standard.measures.active_units, 0, "seed {seed}");
        assert!(standard.measures.kl < 0.05, "seed {seed}: {}", standard.measures.kl);
        assert_eq!(brenier.measures.active_units, 2, "seed {seed}");
        assert!(brenier.measures.kl > 0.2, "seed {seed}: {}", brenier.measures.kl);
        // Calibration of the notes: −ELBO 2.38–2.40 and 2.80–2.82, with sampling error of a pool of 1,024.
        assert!((2.33..2.45).contains(&standard.measures.negative_elbo), "{}", standard.measures.negative_elbo);
        assert!((2.72..2.88).contains(&brenier.measures.negative_elbo), "{}", brenier.measures.negative_elbo);
        // The model itself: KL of the exact posterior on a grid, and the likelihood range (table b of the notes: .002 and .26).
        let [standard_exact, brenier_exact] = [&standard, &brenier].map(|run| run.exact.unwrap());
        assert!(standard_exact.kl < 0.02 && standard_exact.likelihood_range < 1.0, "{standard_exact:?}");
        assert!(brenier_exact.kl > 0.2 && brenier_exact.likelihood_range > 2.0, "{brenier_exact:?}");
        for run in [&standard, &brenier] {
            let (information, kl) = (run.measures.mutual_information, run.measures.kl);
            // Exact for q; the estimate has a standard error of some 1e-4 nats when both are this small.
            assert!(information <= kl + 5e-4, "MI ≤ KL: {information} and {kl}");
            // The same examples, one sample against 500: the tighter bound wins but for sampling error.
            assert!(run.importance_weighted_nll <= f64::from(run.measures.negative_elbo) + 0.03);
        }
    }
}

#[test]
fn less_noise_keeps_both_decoders_active() {
    let mut experiment = preset("collapse-2d");
    experiment.assign("model.sigma=0.3").unwrap();
    for run in outcome(&experiment) {
        assert_eq!(run.measures.active_units, 2);
        assert!(run.measures.kl > 1.5, "{}", run.measures.kl);
    }
}

#[test]
fn without_a_floor_a_brenier_decoder_comes_close_to_collapse() {
    let mut experiment = preset("collapse-2d");
    experiment.assign("variants.brenier.model.convexity=0").unwrap();
    let brenier = &outcome(&experiment)[1].measures;
    assert!(brenier.kl < 0.01, "{}", brenier.kl);
    assert_eq!(brenier.active_units, 0);
}

#[test]
fn surplus_dimensions_collapse_only_with_the_standard_decoder() {
    let [standard, brenier] = outcome(&preset("surplus-dimensions")).try_into().unwrap();
    assert_eq!(standard.measures.active_units, 2);
    assert_eq!(brenier.measures.active_units, 4);
    assert!(brenier.measures.negative_elbo > standard.measures.negative_elbo, "the price of keeping them active");
}

#[test]
fn a_frozen_encoder_lags_behind_a_model_that_has_information() {
    let experiment = Experiment { steps: 1500, ..preset("encoder-lag") };
    let [lagging, trained] = outcome(&experiment).try_into().unwrap();
    // It starts at the prior and is never trained, so it is the prior exactly.
    assert_eq!((lagging.measures.kl, lagging.measures.active_units), (0.0, 0));
    assert_eq!(lagging.statuses.diagnosis(), Diagnosis::EncoderLags);
    assert_eq!((trained.measures.active_units, trained.statuses.diagnosis()), (2, Diagnosis::Informative));
    // By everything that does not ask the encoder the two models are alike.
    let [exact, reference] = [&lagging, &trained].map(|run| run.exact.unwrap().kl);
    assert!(exact > 0.2 && (exact - reference).abs() < 0.05, "{exact} and {reference}");
    let likelihoods = [&lagging, &trained].map(|run| run.importance_weighted_nll);
    assert!((likelihoods[0] - likelihoods[1]).abs() < 0.02, "{likelihoods:?}");
}
