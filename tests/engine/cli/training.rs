//! `train`: its summary, its files, going on from a checkpoint.

use super::{TINY, collapsar, folder, object, succeeds, text};
use serde_json::Value;
use std::path::Path;

/// Fields of a run, in their order.
const RUN_FIELDS: [&str; 30] = [
    "method",
    "posterior_matching",
    "aggregate_moment_kl",
    "name",
    "decoder",
    "steps",
    "seconds",
    "steps_per_second",
    "negative_elbo",
    "reconstruction",
    "kl",
    "kl_per_dimension",
    "posterior_mean_variance",
    "active_units",
    "collapsed_dimensions",
    "mutual_information",
    "mutual_information_cap",
    "marginal_kl",
    "model_information",
    "importance_weighted_nll",
    "importance_samples",
    "importance_examples",
    "likelihood_range",
    "kl_exact",
    "grid_radius",
    "statuses",
    "diagnosis",
    "diagnosis_text",
    "theory",
    "state",
];

fn arguments<'a>(own: &[&'a str]) -> Vec<&'a str> {
    [&["train"], own, &TINY[..]].concat()
}

fn train(folder: &Path, own: &[&str]) -> Value {
    object(folder, &[&arguments(own)[..], &["--json"]].concat())
}

/// What no clock has touched.
fn without_times(mut summary: Value) -> Value {
    for run in summary["runs"].as_array_mut().unwrap() {
        let run = run.as_object_mut().unwrap();
        for field in ["seconds", "steps_per_second"] {
            assert!(run.remove(field).unwrap().is_number());
        }
    }
    summary
}

fn sum(values: &Value) -> f64 {
    values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).sum()
}

#[test]
fn the_summary_has_every_field_and_they_agree() {
    let folder = folder();
    let summary = train(folder.path(), &["--preset", "collapse-2d", "--steps", "40", "--seed", "3"]);
    assert_eq!(summary["preset"], "collapse-2d");
    assert_eq!(summary["seed"], 3);
    assert_eq!(summary["data"]["dimensions"], 2);
    assert_eq!(summary["data"]["examples"], 400, "the training split");
    assert!(summary["data"]["name"].is_string());
    assert_eq!(summary["device"]["kind"], "cpu");
    assert!(summary["device"]["name"].is_string());
    assert!(summary["device"].get("driver").is_none(), "the CPU has none");
    let runs = summary["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for (run, decoder) in runs.iter().zip(["standard", "brenier"]) {
        assert_eq!(run.as_object().unwrap().len(), RUN_FIELDS.len());
        assert_eq!(run["name"], decoder);
        assert_eq!(run["decoder"], decoder);
        assert_eq!(run["steps"], 40);
        assert_eq!(run["state"], "finished");
        let number = |field: &str| run[field].as_f64().unwrap_or_else(|| panic!("{field} of {run}"));
        assert!((number("negative_elbo") - number("reconstruction") - number("kl")).abs() < 1e-5);
        assert!((number("kl") - sum(&run["kl_per_dimension"])).abs() < 1e-5);
        let variances = run["posterior_mean_variance"].as_array().unwrap();
        let collapsed: Vec<usize> = (0..2).filter(|&at| variances[at].as_f64().unwrap() < 0.01).collect();
        assert_eq!(run["collapsed_dimensions"], serde_json::json!(collapsed));
        assert_eq!(run["active_units"], 2 - collapsed.len());
        assert!(number("mutual_information") <= number("mutual_information_cap"));
        assert!(number("importance_weighted_nll") <= number("negative_elbo") + 0.05);
        assert!(number("importance_samples") >= 1.0);
        let range = number("likelihood_range");
        assert!(range > 0.0 && number("kl_exact") <= range);
        assert!((number("kl") - number("mutual_information") - number("marginal_kl")).abs() < 1e-5);

        assert_eq!(run["method"], "elbo");
        assert!(number("posterior_matching") > 0.0, "the ELBO at the same samples is below their log mean weight");
        // Of a Gaussian with the same moments: less than that of the aggregated posterior itself, but for the estimate's error.
        assert!((0.0..=number("marginal_kl") + 0.02).contains(&number("aggregate_moment_kl")));

        let statuses = &run["statuses"];
        assert_eq!(statuses["likelihood_range"], run["likelihood_range"], "one computation");
        assert_eq!(statuses["exact_kl"], run["kl_exact"], "one computation");
        assert_eq!(statuses["likelihood_flat"], range < 0.2);
        assert_eq!(statuses["exact_collapsed"], number("kl_exact") < 0.005);
        let encoder_kl = statuses["encoder_kl"].as_f64().unwrap();
        assert_eq!(statuses["encoder_collapsed"], encoder_kl < 0.005 || run["active_units"] == 0);
        assert!(
            ["model-collapsed", "nearly-flat", "encoder-lags", "encoder-partly-lags", "encoder-invents", "informative"]
                .contains(&run["diagnosis"].as_str().unwrap())
        );
        assert!(run["diagnosis_text"].as_str().unwrap().contains("nats"));

        let information = &run["model_information"];
        let estimate = information["mutual_information"].as_f64().unwrap();
        let error = information["standard_error"].as_f64().unwrap();
        assert_eq!(information["samples"], 1024);
        assert!(information.get("cap").is_none(), "a grid has none");
        match decoder {
            "brenier" => {
                let floor = information["floor"].as_f64().unwrap();
                // (K/2) log(1 + m⁴/σ²) with m = σ = 1.
                assert!((floor - 2.0_f64.ln()).abs() < 1e-6, "{floor}");
                assert!(estimate + 3.0 * error >= floor, "{estimate} ± {error} and {floor}");
            }
            _ => assert!(information.get("floor").is_none(), "a standard decoder certifies nothing"),
        }
    }
}

#[test]
fn the_fields_come_in_the_order_of_the_contract() {
    let folder = folder();
    let output = succeeds(folder.path(), &[&arguments(&["--steps", "2"])[..], &["--json"]].concat());
    let mut from = 0;
    let outer = ["preset", "seed", "data", "examples", "dimensions", "device", "kind", "runs"];
    for field in outer.into_iter().chain(RUN_FIELDS) {
        let at = output[from..].find(&format!("\"{field}\":"));
        from += at.unwrap_or_else(|| panic!("{field} is out of order in {output}"));
    }
}

#[test]
fn identical_variants_come_out_identical() {
    let folder = folder();
    let same = "variants.brenier.model.decoder=standard";
    let summary = train(folder.path(), &["--preset", "collapse-2d", "--steps", "40", "--set", same]);
    let mut summary = without_times(summary);
    summary["runs"][1]["name"] = "standard".into();
    assert_eq!(summary["runs"][0], summary["runs"][1]);
}

#[test]
fn an_override_of_one_variant_leaves_the_other_alone() {
    let folder = folder();
    let base = ["--preset", "collapse-2d", "--steps", "40"];
    let plain = without_times(train(folder.path(), &base));
    let set = [&base[..], &["--set", "variants.brenier.model.convexity=0.5"]].concat();
    let changed = without_times(train(folder.path(), &set));
    assert_eq!(plain["runs"][0], changed["runs"][0]);
    assert_ne!(plain["runs"][1]["kl"], changed["runs"][1]["kl"]);
}

#[test]
fn a_resumed_run_ends_where_an_uninterrupted_one_does() {
    let folder = folder();
    train(folder.path(), &["--preset", "collapse-2d", "--steps", "40", "--out", "half"]);
    let straight = train(folder.path(), &["--preset", "collapse-2d", "--steps", "80"]);
    let resume = ["train", "--resume", "half", "--steps", "80", "--device", "cpu", "--out", "whole", "--json"];
    let resumed = object(folder.path(), &resume);
    assert_eq!(without_times(resumed), without_times(straight));

    // To its own number of steps, nothing is left to do, and the summary is the same.
    let again = object(folder.path(), &["train", "--resume", "whole", "--device", "cpu", "--json"]);
    let written = std::fs::read_to_string(folder.path().join("whole/summary.json")).unwrap();
    assert_eq!(without_times(again), without_times(serde_json::from_str(&written).unwrap()));
}

#[test]
fn out_writes_files_that_stand_for_the_run() {
    let folder = folder();
    let summary = train(folder.path(), &["--preset", "collapse-2d", "--steps", "120", "--seed", "9", "--out", "a/b"]);
    let out = folder.path().join("a/b");
    let written: Value = serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(written, summary);
    assert!(out.join("checkpoint.collapsar").metadata().unwrap().len() > 0);

    let metrics = std::fs::read_to_string(out.join("metrics.csv")).unwrap();
    let mut lines = metrics.lines();
    let header = "variant,step,negative_elbo,reconstruction,kl,mutual_information,marginal_kl,active_units,kl_0,kl_1,\
                  model_information,model_information_floor";
    assert_eq!(lines.next(), Some(header));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
    let keys: Vec<(&str, &str)> = rows.iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(keys, [("standard", "100"), ("standard", "120"), ("brenier", "100"), ("brenier", "120")]);
    for (row, run) in [(&rows[1], &summary["runs"][0]), (&rows[3], &summary["runs"][1])] {
        for (column, field) in [(2, "negative_elbo"), (4, "kl"), (5, "mutual_information"), (7, "active_units")] {
            assert_eq!(row[column].parse::<f64>().unwrap(), run[field].as_f64().unwrap(), "{field}");
        }
    }

    let again = object(folder.path(), &["train", "--experiment", "a/b/experiment.toml", "--device", "cpu", "--json"]);
    assert!(again.get("preset").is_none(), "a file is no preset");
    assert_eq!(without_times(again)["runs"], without_times(summary)["runs"]);
}

#[test]
fn options_win_over_files() {
    let folder = folder();
    let file = "seed = 1\nsteps = 5\n\n[model]\nsigma = 0.5\nlatent_dimensions = 1\n";
    std::fs::write(folder.path().join("own.toml"), file).unwrap();
    let own = ["--experiment", "own.toml", "--steps", "3", "--seed", "2", "--set", "seed=4"];
    let summary = train(folder.path(), &[&own[..], &["--set", "model.latent_dimensions=2"]].concat());
    assert_eq!(summary["seed"], 2);
    assert_eq!(summary["runs"].as_array().unwrap().len(), 1);
    assert_eq!(summary["runs"][0]["steps"], 3);
    assert_eq!(summary["runs"][0]["kl_per_dimension"].as_array().unwrap().len(), 2);
}

#[test]
fn any_table_trains_under_a_preset() {
    let folder = folder();
    let rows = (0..60).map(|row| format!("{},{},{}\n", row, (row * 37) % 11, 1000 - row));
    std::fs::write(folder.path().join("own.csv"), format!("a,b,c\n{}", rows.collect::<String>())).unwrap();
    let summary = train(folder.path(), &["--preset", "collapse-2d", "--data", "own.csv", "--steps", "5"]);
    assert_eq!(summary["data"]["dimensions"], 3);
    assert!(summary["data"]["examples"].as_u64().unwrap() < 60, "some are held out");
}

#[test]
fn a_diverged_run_is_reported_with_its_last_good_weights() {
    let folder = folder();
    let own = ["--preset", "collapse-2d", "--steps", "2000", "--set", "optimizer.learning_rate=1e30"];
    let output = collapsar(folder.path(), &[&arguments(&own)[..], &["--json"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("`standard` diverged at step"), "{}", text(&output.stderr));
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    for run in summary["runs"].as_array().unwrap() {
        assert_eq!(run["state"], "diverged");
        assert!(run["negative_elbo"].is_number());
    }
}

#[test]
fn without_a_display_the_default_lesson_trains_in_the_terminal() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let output = collapsar(folder().path(), &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let first = text(&output.stderr).lines().next().unwrap();
    assert!(first.contains("no display"), "{first}");
    let words = text(&output.stdout);
    for expected in ["standard: ", "brenier: ", "KL per dimension", "█", "active units"] {
        assert!(words.contains(expected), "{expected} is missing in {words}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_reported_and_written() {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};
    let folder = folder();
    let own = ["--preset", "collapse-2d", "--steps", "1000000000", "--out", "run", "--json"];
    let mut program = Command::new(env!("CARGO_BIN_EXE_collapsar"))
        .current_dir(folder.path())
        .args(arguments(&own))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The handler stands before the first line is written.
    let mut line = String::new();
    BufReader::new(program.stderr.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("Ctrl-C"), "{line}");
    assert!(Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap().success());
    let mut output = String::new();
    program.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(program.wait().unwrap().success());
    let summary: Value = serde_json::from_str(&output).unwrap();
    assert!(summary["runs"].as_array().unwrap().iter().all(|run| run["state"] == "stopped"), "{summary}");
    assert!(folder.path().join("run/checkpoint.collapsar").is_file());
}
