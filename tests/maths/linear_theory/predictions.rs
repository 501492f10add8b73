//! What theory says about a run, from its settings and its data.

use super::{Draw, assert_all, assert_near, hierarchical as levels};
use collapsar::data::{self, Dataset, LoadOptions, PerDimension, Sampling, Source, Unmonitored};
use collapsar::exact::linear::{
    Applicability, DataSpectrum, LinearHierarchicalVae, Matching, Prediction, Target, predict,
};
use collapsar::experiment::presets::Preset;
use collapsar::experiment::{DecoderKind, Learnable, Settings};

/// Outputs of these variances, each with this correlation to its condition; their second moments are exact.
pub fn correlated(correlation: &[f64], spectrum: &[f64]) -> Dataset {
    let options = LoadOptions {
        spectrum: spectrum.to_vec(),
        correlation: PerDimension::Each(correlation.to_vec()),
        sampling: Sampling::Exact,
        ..LoadOptions::default()
    };
    data::load(&Source::CorrelatedGaussian, &options, &Unmonitored).unwrap()
}

fn spectrum(eigenvalues: &[f64], is_conditional: bool) -> DataSpectrum {
    DataSpectrum { eigenvalues: eigenvalues.to_vec(), is_conditional, examples: 100 }
}

fn settings(assignments: &[&str]) -> Settings {
    let mut experiment = Preset::find("collapse-2d").unwrap().experiment().unwrap();
    experiment.variants.truncate(1);
    for assignment in [&["model.hidden=[]", "model.sigma=1"], assignments].concat() {
        experiment.assign(assignment).unwrap();
    }
    experiment.runs().unwrap().remove(0)
}

const LAM: [f64; 5] = [25.0, 16.0, 9.0, 4.0, 1.0];

fn of(eigenvalues: &[f64], assignments: &[&str], sigma: Option<f64>) -> Result<Prediction, String> {
    predict(&spectrum(eigenvalues, false), &settings(assignments), sigma).map_err(|none| none.reason)
}

#[test]
fn a_linear_vae_has_its_theorem() {
    let prediction = of(&LAM, &["model.latent_dimensions=5", "objective.beta=6"], None).unwrap();
    assert_eq!(prediction.applicability, Applicability::Theorem);
    assert_near(prediction.loss, 24.534925, 1e-6);
    let [level] = prediction.levels.as_slice() else { panic!("{prediction:?}") };
    assert_all(&level.kl_per_dimension, &[0.7136, 0.4904, 0.2027, 0.0, 0.0], 1e-4);
    assert_all(&level.posterior_mean_variance, &[0.76, 0.625, 0.3333, 0.0, 0.0], 1e-4);
    assert_near(level.kl, 0.7136 + 0.4904 + 0.2027, 2e-4);
    assert_eq!((level.active_dimensions, level.is_determined, level.matching), (3, true, Matching::Dimensions));
    let [threshold] = prediction.thresholds.as_slice() else { panic!("{prediction:?}") };
    assert_eq!((threshold.level, threshold.eigenvalue, threshold.formula), ("z", 6.0, "βσ²"));
    assert_eq!(prediction.note, None);

    let fixed = of(&LAM, &["model.latent_dimensions=5", "model.encoder_variance=0.5", "model.sigma=2"], None).unwrap();
    assert_eq!((fixed.thresholds[0].eigenvalue, fixed.thresholds[0].formula), (2.0, "βσ²s"));
    assert_eq!((fixed.levels[0].matching, fixed.levels[0].active_dimensions), (Matching::Modes, 4));
    assert!(fixed.note.unwrap().contains("by mode"));
}

#[test]
fn a_learned_sigma_is_predicted_for_a_linear_model_and_taken_as_it_is_for_another() {
    let learned = ["model.latent_dimensions=3", "model.sigma=learned"];
    let lam = [4.0, 2.5, 1.5, 0.8, 0.4, 0.1];
    let prediction = of(&lam, &learned, Some(0.9)).unwrap();
    assert_eq!(prediction.applicability, Applicability::Theorem);
    assert_near(prediction.decoder_variance, 1.3 / 3.0, 1e-12);
    assert_near(prediction.thresholds[0].eigenvalue, 1.3 / 3.0, 1e-12);
    let nonlinear = of(&lam, &[learned.as_slice(), &["model.hidden=[8]"]].concat(), Some(0.9)).unwrap();
    assert!(matches!(nonlinear.applicability, Applicability::Guide(_)));
    assert_near(nonlinear.decoder_variance, 0.81, 1e-12);
    assert!(nonlinear.note.unwrap().contains("0.9000"));
    let runaway = of(&lam, &["model.latent_dimensions=6", "model.sigma=learned", "objective.beta=0.5"], Some(0.9));
    assert!(runaway.unwrap_err().contains("unbounded"));
}

#[test]
fn what_is_not_linear_has_a_guide_and_what_is_not_gaussian_has_none() {
    let mut brenier = settings(&[]);
    brenier.model.decoder = DecoderKind::Brenier;
    let brenier = predict(&spectrum(&LAM, false), &brenier, None).unwrap();
    assert!(matches!(brenier.applicability, Applicability::Guide(words) if words.contains("Brenier")));
    let nonlinear = of(&LAM, &["model.hidden=[16]"], None).unwrap();
    assert!(matches!(nonlinear.applicability, Applicability::Guide(words) if words.contains("linear")));
    assert!(of(&LAM, &["model.likelihood=bernoulli"], None).unwrap_err().contains("Bernoulli"));
    assert!(of(&LAM, &["objective.beta=0"], None).unwrap_err().contains("β is 0"));
    let conditional = predict(&spectrum(&LAM, true), &settings(&[]), None);
    assert!(conditional.unwrap_err().reason.contains("condition"));
}

#[test]
fn theory_is_silent_where_the_optimum_is_another_and_speaks_where_only_the_way_there_is() {
    let silent: [(&[&str], &str); 6] = [
        (&["objective.method=iwae"], "importance-weighted"),
        (&["objective.method=libi"], "LiBI"),
        (&["objective.method=mutual"], "mutual autoencoder"),
        (&["objective.free_bits=0.5"], "free"),
        (&["objective.method=lagging", "objective.target_kl=3"], "target"),
        (&["model.prior=gaussian-mixture"], "mixture"),
    ];
    for (assignments, part) in silent {
        let reason = of(&LAM, assignments, None).unwrap_err();
        assert!(reason.contains(part) && !reason.contains('\n'), "{assignments:?}: {reason}");
    }
    let mut triangular = settings(&[]);
    triangular.model.decoder = DecoderKind::Triangular;
    let reason = predict(&spectrum(&LAM, false), &triangular, None).unwrap_err().reason;
    assert!(reason.contains("triangular"), "{reason}");
    let plain = of(&LAM, &[], None);
    let others: [&[&str]; 4] = [
        &["objective.method=lagging"],
        &["objective.method=semi-amortized"],
        &["objective.annealing.schedule=linear", "objective.annealing.steps=1000000"],
        &["objective.pretraining.steps=100"],
    ];
    for assignments in others {
        assert_eq!(of(&LAM, assignments, None), plain, "{assignments:?}");
    }
    assert!(plain.is_ok());
}

#[test]
fn a_conditional_model_is_measured_by_what_its_condition_leaves() {
    let data = correlated(&[0.9, 0.2, 0.6, 0.0], &[3.0, 2.0, 1.0, 0.5]);
    let spectrum = DataSpectrum::of(&data, true).unwrap();
    assert_all(&spectrum.eigenvalues, &[1.92, 0.64, 0.57, 0.5], 1e-5);
    for prior in ["standard", "conditional"] {
        let prior = format!("model.prior={prior}");
        let assignments = ["model.family=conditional", "model.latent_dimensions=3", "model.sigma=0.5", &prior];
        let prediction = predict(&spectrum, &settings(&assignments), None).unwrap();
        assert_eq!(prediction.applicability, Applicability::Theorem);
        let expected = [1.92, 0.64, 0.57].map(|th: f64| 0.5 * (th / 0.25).ln());
        assert_all(&prediction.levels[0].kl_per_dimension, &expected, 1e-4);
    }
}

#[test]
fn a_hierarchical_model_has_two_levels() {
    let lam = [9.0, 4.0, 2.25, 1.0, 0.25];
    let base = ["model.family=hierarchical", "model.latent_dimensions=5", "model.top_latent_dimensions=5"];
    let with = |own: &[&str]| of(&lam, &[&base, own].concat(), None);
    let prediction = with(&["model.encoder_variance=0.5"]).unwrap();
    assert_near(prediction.loss, 9.067171, 1e-6);
    let [z1, z2] = prediction.levels.as_slice() else { panic!("{prediction:?}") };
    assert_all(&z1.kl_per_dimension, &[0.3466, 0.3466, 0.3466, 0.2001, 0.0966], 1e-4);
    assert_eq!((z1.matching, z2.matching), (Matching::Modes, Matching::Dimensions));
    assert_eq!((z1.active_dimensions, z2.active_dimensions), (4, 3));
    assert_all(&z2.kl_per_dimension, &[0.7520, 0.3466, 0.0589, 0.0, 0.0], 1e-4);
    // Of Var q(z2) = 1 − τ/a only what follows x: the share v1²/a.
    assert_near(z2.posterior_mean_variance[0], (1.0 - 1.0 / 4.5) * 4.0 / 4.5, 1e-12);

    let dead =
        with(&["model.sigma=0.7071067811865476", "model.level_sigma=0.7071067811865476", "objective.top_beta=1.5"]);
    let dead = dead.unwrap();
    assert_near(dead.loss, 8.695344, 1e-6);
    assert_eq!(dead.levels[1].active_dimensions, 0);
    assert!(dead.levels.iter().all(|level| level.is_determined));
    assert!(with(&["objective.top_beta=0.5"]).unwrap_err().contains("unbounded"));
    let flat = with(&[]).unwrap();
    assert!(flat.levels.iter().all(|level| !level.is_determined) && flat.note.is_some());
    // No closed form for the one that is learned: the present σ.
    let learned = predict(
        &spectrum(&lam, false),
        &settings(&[&base[..], &["model.encoder_variance=0.5", "model.sigma=learned"]].concat()),
        Some(1.0),
    );
    let learned = learned.unwrap();
    assert!(matches!(learned.applicability, Applicability::Guide(_)));
    assert_near(learned.loss, 9.067171, 1e-6);
}

/// A dimension is active just above a threshold, and dead just below.
#[test]
fn thresholds_are_where_dimensions_come_to_life() {
    let mut draw = Draw::new(61);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..200 {
        let mut learnable = || {
            if draw.uniform() < 0.25 { "learned".to_owned() } else { draw.scale(0.1, 3.0).to_string() }
        };
        let variances = [learnable(), learnable()];
        let first = draw.scale(0.5, 2.0);
        let assignments = [
            "model.family=hierarchical".to_owned(),
            "model.latent_dimensions=1".to_owned(),
            "model.top_latent_dimensions=1".to_owned(),
            format!("model.sigma={}", draw.scale(0.4, 1.5)),
            format!("model.level_sigma={}", draw.scale(0.4, 1.5)),
            format!("objective.beta={first}"),
            format!("objective.top_beta={}", first * draw.scale(1.1, 3.0)),
            format!("model.encoder_variance={}", variances[0]),
            format!("model.top_encoder_variance={}", variances[1]),
        ];
        let assignments: Vec<&str> = assignments.iter().map(String::as_str).collect();
        for threshold in of(&[1.0], &assignments, None).unwrap().thresholds {
            let level = usize::from(threshold.level == "z2");
            let active = |factor: f64| {
                of(&[threshold.eigenvalue * factor], &assignments, None).unwrap().levels[level].active_dimensions
            };
            assert_eq!((active(0.999), active(1.001)), (0, 1), "{threshold:?} {assignments:?}");
            seen.insert(threshold.formula);
        }
    }
    assert_eq!(seen.len(), 6, "{seen:?}");
}

#[test]
fn a_dimension_of_z1_without_one_above_has_a_threshold_of_its_own() {
    let base = ["model.family=hierarchical", "model.latent_dimensions=2", "model.top_latent_dimensions=1"];
    let own = ["model.encoder_variance=2", "objective.beta=1"];
    let assignments = [&base[..], &own].concat();
    let prediction = of(&[9.0, 9.0], &assignments, None).unwrap();
    let found: Vec<(&str, f64)> = prediction.thresholds.iter().map(|line| (line.level, line.eigenvalue)).collect();
    assert_eq!(found, [("z1", 1.0), ("z1", 2.0)]);
    for (eigenvalue, active) in [(0.99, 0), (1.5, 1), (2.01, 2)] {
        let prediction = of(&[eigenvalue; 2], &assignments, None).unwrap();
        assert_eq!(prediction.levels[0].active_dimensions, active, "{eigenvalue}");
    }
}

#[test]
fn settings_are_the_models_of_the_formulas() {
    // σ and level_sigma are standard deviations, encoder variances are variances.
    let assignments = [
        "model.family=hierarchical",
        "model.latent_dimensions=3",
        "model.top_latent_dimensions=2",
        "model.sigma=0.6",
        "model.level_sigma=0.8",
        "objective.beta=1.1",
        "objective.top_beta=0.9",
        "model.encoder_variance=0.5",
        "model.top_encoder_variance=0.7",
    ];
    let prediction = of(&LAM, &assignments, None).unwrap();
    let fixed = Learnable::Fixed;
    let model = LinearHierarchicalVae {
        level_variance: 0.64,
        decoder_variance: fixed(0.36),
        ..levels([3, 2], [1.1, 0.9], 1.0, [fixed(0.5), fixed(0.7)])
    };
    let optimum = model.optimum(&Target::of_eigenvalues(&LAM).unwrap()).unwrap();
    assert_near(prediction.loss, optimum.loss, 1e-12);
}
