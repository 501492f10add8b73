//! Experiments as text: round trips, errors, overrides.

use collapsar::data::Source;
use collapsar::experiment::presets::PRESETS;
use collapsar::experiment::{Change, DecoderKind, Experiment, ExperimentError, Learnable};

#[test]
fn every_preset_reads_validates_and_survives_a_round_trip() {
    let mut classical = 0;
    for preset in PRESETS {
        assert!(!preset.text.is_empty() && !preset.summary.contains('\n'));
        if let Some(model) = preset.classical() {
            model.unwrap().validate().unwrap();
            assert!(preset.experiment().unwrap_err().to_string().contains("nothing to train"), "{}", preset.name);
            classical += 1;
            continue;
        }
        let experiment = preset.experiment().unwrap();
        experiment.validate().unwrap();
        assert_eq!(Experiment::from_toml(&experiment.to_toml(), "again").unwrap(), experiment);
        let names: Vec<String> = experiment.runs().unwrap().into_iter().map(|run| run.name).collect();
        let expected: &[&str] = match preset.name {
            "encoder-lag" => &["lagging", "trained"],
            "linear-vae" | "conditional-correlation" => &["beta-1", "beta-2"],
            "hierarchical" => &["beta2-1", "beta2-2"],
            "hierarchical-learned-variance" => &["learned", "fixed"],
            "remedies" => &["vae", "beta-02", "free-bits", "lagging", "mutual", "brenier"],
            "lagging" => &["vae", "lagging", "semi-amortized"],
            "libi-linear" | "libi-mobius" => &["vae", "libi"],
            "mutual-information" => &["elbo", "mutual"],
            _ => &["standard", "brenier"],
        };
        assert_eq!(names, expected, "in the order of the file");
    }
    assert_eq!(classical, 2);
}

#[test]
fn the_encoders_rate_is_live_and_where_it_starts_is_not() {
    let preset = PRESETS.iter().find(|preset| preset.name == "encoder-lag").unwrap();
    let mut experiment = preset.experiment().unwrap();
    for wrong in ["-0.1", "nan", "1000"] {
        let mut next = experiment.clone();
        next.assign(&format!("variants.lagging.optimizer.encoder_rate={wrong}")).unwrap();
        assert!(next.validate().unwrap_err().to_string().contains("freezes the encoder"), "{wrong}");
    }
    let before = experiment.clone();
    experiment.assign("variants.lagging.optimizer.encoder_rate=0.01").unwrap();
    assert_eq!(before.change_to(&experiment), Change::Live);
    experiment.assign("model.encoder_start=random").unwrap();
    assert_eq!(before.change_to(&experiment), Change::Structural);
}

#[test]
fn only_differences_from_the_default_are_written() {
    let mut experiment = Experiment::default();
    assert_eq!(experiment.to_toml().trim(), "seed = 7");
    experiment.assign("model.sigma=0.3").unwrap();
    experiment.assign("data.source=file:/some where/x.csv").unwrap();
    let toml = experiment.to_toml();
    assert!(toml.contains("sigma = 0.3") && toml.contains("source = \"file:/some where/x.csv\""), "{toml}");
    assert!(!toml.contains("beta"), "{toml}");
}

#[test]
fn overrides_reach_one_variant_or_all() {
    let mut experiment = PRESETS[0].experiment().unwrap();
    experiment.assign("variants.brenier.model.convexity=0.5").unwrap();
    experiment.assign("objective.beta=2").unwrap();
    experiment.assign("model.hidden=[8, 4]").unwrap();
    experiment.assign("model.sigma=learned").unwrap();
    let runs = experiment.runs().unwrap();
    assert_eq!((runs[0].model.convexity, runs[1].model.convexity), (1.0, 0.5));
    for run in &runs {
        assert_eq!(run.objective.beta, 2.0);
        assert_eq!(run.model.hidden, [8, 4]);
        assert_eq!(run.model.sigma, Learnable::Learned);
    }
    assert!(experiment.is_overridden(1, "model.convexity") && !experiment.is_overridden(0, "model.convexity"));
    assert_eq!(runs[1].model.decoder, DecoderKind::Brenier);
}

#[test]
fn unknown_keys_name_the_nearest_known_one() {
    let mut experiment = PRESETS[0].experiment().unwrap();
    for (assignment, nearest) in [
        ("model.sgima=1", "`model.sigma`"),
        ("learning_rate=1", "`optimizer.learning_rate`"),
        ("variants.brenier.model.convexty=1", "`variants.brenier.model.convexity`"),
        ("sedd=3", "`seed`"),
    ] {
        let before = experiment.clone();
        let error = experiment.assign(assignment).unwrap_err();
        assert!(matches!(error, ExperimentError::UnknownKey { .. }), "{error}");
        assert!(error.to_string().contains(&format!("the nearest known one is {nearest}")), "{error}");
        assert_eq!(experiment, before);
    }
    let error = experiment.assign("variants.other.model.sigma=1").unwrap_err().to_string();
    assert!(error.contains("no variant `other`") && error.contains("`standard`, `brenier`"), "{error}");
    assert!(experiment.assign("nonsense").unwrap_err().to_string().contains("KEY=VALUE"));
}

#[test]
fn wrong_types_and_ranges_are_one_sentence_with_the_key() {
    let mut experiment = PRESETS[0].experiment().unwrap();
    for assignment in
        ["model.sigma=blue", "model.hidden=wide", "seed=-1", "model.decoder=magic", "optimizer.batch_size=1.5"]
    {
        let key = assignment.split('=').next().unwrap();
        let error = experiment.assign(assignment).unwrap_err().to_string();
        assert!(error.contains(key) && !error.contains('\n'), "{error}");
    }
    for (assignment, key) in [
        ("model.sigma=-0.5", "model.sigma"),
        ("model.sigma=nan", "model.sigma"),
        ("variants.brenier.model.convexity=-1", "model.convexity"),
        ("model.latent_dimensions=0", "model.latent_dimensions"),
        ("model.hidden=[0]", "model.hidden"),
        ("optimizer.learning_rate=0", "optimizer.learning_rate"),
        ("optimizer.batch_size=0", "optimizer.batch_size"),
        ("objective.beta=-1", "objective.beta"),
    ] {
        let mut experiment = experiment.clone();
        experiment.assign(assignment).unwrap();
        let error = experiment.validate().unwrap_err().to_string();
        assert!(error.contains(key), "{assignment}: {error}");
    }
}

#[test]
fn errors_in_a_file_say_where() {
    let error = |text: &str| Experiment::from_toml(text, "mine.toml").unwrap_err().to_string();
    let unknown = error("seed = 1\n\n[model]\nsigma = 1.0\nsgima = 2.0\n");
    assert!(unknown.starts_with("mine.toml, line 5: unknown setting `model.sgima`"), "{unknown}");
    let syntax = error("seed = 1\n[model\n");
    assert!(syntax.starts_with("mine.toml, line 2, column"), "{syntax}");
    let wrong_type = error("seed = 1\n[model]\nlatent_dimensions = \"two\"\n");
    assert!(wrong_type.starts_with("mine.toml, line 3, column") && !wrong_type.contains('\n'), "{wrong_type}");
    let variant = error("[variants.a.data]\nsource = \"pinwheel\"\n");
    assert!(variant.contains("line 2") && variant.contains("variants.a.data.source"), "{variant}");
    let source = error("[data]\nsource = \"pinwheeel\"\n");
    assert!(source.contains("pinwheel"), "{source}");
}

#[test]
fn changes_are_live_or_structural() {
    let base = PRESETS[0].experiment().unwrap();
    let change = |assignment: &str| {
        let mut next = base.clone();
        next.assign(assignment).unwrap();
        base.change_to(&next)
    };
    assert_eq!(base.change_to(&base), Change::Nothing);
    for live in [
        "model.sigma=0.5",
        "variants.brenier.model.convexity=0.1",
        "objective.beta=3",
        "optimizer.learning_rate=1e-4",
        "steps=10",
    ] {
        assert_eq!(change(live), Change::Live, "{live}");
    }
    for structural in [
        "seed=8",
        "model.sigma=learned",
        "model.hidden=[8]",
        "data.source=digits",
        "optimizer.batch_size=64",
        "variants.standard.model.decoder=brenier",
    ] {
        assert_eq!(change(structural), Change::Structural, "{structural}");
    }
}

#[test]
fn sources_are_written_as_on_the_command_line() {
    let mut experiment = Experiment::default();
    for (text, source) in
        [("pinwheel-r6", "pinwheel-r6"), ("fashion-mnist", "fashion-mnist"), ("file:a.csv", "file:a.csv")]
    {
        experiment.assign(&format!("data.source={text}")).unwrap();
        assert_eq!(experiment.data.source.to_string(), source);
    }
    assert_eq!(experiment.data.source, Source::File("a.csv".into()));
}

#[test]
fn variants_may_be_named_anything_and_labels_may_be_numbers() {
    let text = "[data]\nlabel = 3\n[variants.\"sigma 0.3\".model]\nsigma = 0.3\n[variants.plain.model]\nsigma = 1.0\n";
    let mut experiment = Experiment::from_toml(text, "names.toml").unwrap();
    assert_eq!(experiment.data.label.as_deref(), Some("3"));
    experiment.assign("variants.sigma 0.3.model.convexity=0.5").unwrap();
    experiment.assign("data.label=2").unwrap();
    let runs = experiment.runs().unwrap();
    assert_eq!(
        (runs[0].name.as_str(), runs[0].model.sigma, runs[0].model.convexity),
        ("sigma 0.3", Learnable::Fixed(0.3), 0.5)
    );
    assert_eq!(Experiment::from_toml(&experiment.to_toml(), "again").unwrap(), experiment);
}

#[test]
fn a_model_that_does_not_fit_its_data_is_a_sentence_with_the_remedy() {
    let refusal = |assignments: &[&str]| {
        let mut experiment = Experiment::default();
        assignments.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
        let error = experiment.validate_for(&super::dataset(&experiment)).err()?;
        assert!(matches!(error, ExperimentError::Data(_)), "{error}");
        let message = error.to_string();
        assert!(!message.contains('\n') && !message.ends_with('.'), "{message}");
        Some(message)
    };
    let conditional = "model.family=conditional";
    for source in ["data.source=pinwheel", "data.source=digits", "data.source=linear-gaussian"] {
        let message = refusal(&[conditional, source]).unwrap();
        for part in ["data.condition", "\"lower-left\"", "\"label\"", "data.source", "\"correlated-gaussian\""] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert_eq!(refusal(&[conditional, "data.source=correlated-gaussian"]), None);
    assert_eq!(refusal(&[conditional, "data.source=digits", "data.condition=lower-left"]), None);
    assert_eq!(refusal(&[conditional, "data.source=pinwheel", "data.condition=label"]), None);
    // Who models the output alone may have a condition beside it.
    assert_eq!(refusal(&["data.source=digits", "data.condition=label"]), None);

    let brenier = "model.decoder=brenier";
    let message = refusal(&[brenier, "model.latent_dimensions=3"]).unwrap();
    assert!(message.contains("D ≥ K") && message.contains("set it to 2 or fewer"), "{message}");
    // 48 of 64 pixels are output.
    let quarter = [brenier, conditional, "data.source=digits", "data.condition=lower-left"];
    let message = refusal(&[&quarter[..], &["model.latent_dimensions=49"]].concat()).unwrap();
    assert!(message.contains("D = 48"), "{message}");
    assert_eq!(refusal(&[&quarter[..], &["model.latent_dimensions=48"]].concat()), None);

    let levels = ["model.family=hierarchical", "data.source=pinwheel-r6", "model.latent_dimensions=3"];
    let top = ["model.top_latent_dimensions=4"];
    let message = refusal(&[&levels[..], &top, &[brenier]].concat()).unwrap();
    for part in
        ["z2 to z1", "model.latent_dimensions is 3", "model.top_latent_dimensions is 4", "set the latter to 3 or fewer"]
    {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(refusal(&[&levels[..], &top].concat()), None, "a standard decoder may widen");
    assert_eq!(refusal(&[&levels[..], &["model.top_latent_dimensions=3", brenier]].concat()), None);
    let message = refusal(&[&levels[..2], &["model.latent_dimensions=7", brenier]].concat()).unwrap();
    assert!(message.contains("D ≥ K"), "{message}");
}
