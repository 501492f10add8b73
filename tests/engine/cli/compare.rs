//! `compare`: its object, its table, its folder, going on, and what it refuses.

use super::{TINY, fails, folder, object, succeeds};
use serde_json::Value;
use std::path::Path;

/// `TINY` without its device: rows train on the CPU in any case.
fn arguments<'a>(own: &[&'a str]) -> Vec<&'a str> {
    [&["compare", "--preset", "collapse-2d", "--steps", "5"], own, &TINY[2..]].concat()
}

fn compare(folder: &Path, own: &[&str]) -> Value {
    object(folder, &arguments(&[own, &["--json"]].concat()))
}

#[test]
fn the_object_has_rows_and_a_summary() {
    let folder = folder();
    let comparison = compare(folder.path(), &["--methods", "standard,beta-0.2", "--seeds", "4,5"]);
    let mut keys: Vec<&String> = comparison.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["rows", "summary"]);
    let rows = comparison["rows"].as_array().unwrap();
    let names: Vec<_> =
        rows.iter().map(|row| (row["method"].as_str().unwrap(), row["seed"].as_u64().unwrap())).collect();
    assert_eq!(names, [("standard", 4), ("standard", 5), ("beta-0.2", 4), ("beta-0.2", 5)]);
    // The fields of a run, with its numbers.
    let train = ["train", "--preset", "collapse-2d", "--steps", "5", "--seed", "5", "--json"];
    let run = &object(folder.path(), &[&train, &TINY[..]].concat())["runs"][0];
    for (field, value) in run.as_object().unwrap() {
        if !["method", "seconds", "steps_per_second", "theory"].contains(&field.as_str()) {
            assert_eq!(rows[1][field], *value, "{field}");
        }
    }
    let summary = comparison["summary"].as_array().unwrap();
    assert_eq!(summary.len(), 2);
    let elbo = |row: &Value| row["negative_elbo"].as_f64().unwrap();
    let (a, b) = (elbo(&rows[2]), elbo(&rows[3]));
    let near = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-6;
    assert_eq!(summary[1]["method"], "beta-0.2");
    assert!(near(&summary[1]["mean"]["negative_elbo"], (a + b) / 2.0));
    assert!(near(&summary[1]["sd"]["negative_elbo"], (a - b).abs() / 2f64.sqrt()));
}

#[test]
fn people_get_a_table_with_a_line_per_method() {
    let folder = folder();
    let text = succeeds(folder.path(), &arguments(&["--seeds", "2"]));
    let lines: Vec<&str> = text.lines().filter(|line| line.contains(" ± ")).skip(1).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("standard ") && lines[1].starts_with("brenier "), "{text}");
    assert!(!text.contains("NaN") && text.contains("−log p(x)"), "{text}");
    let head = text.lines().find(|line| line.starts_with("method")).unwrap();
    assert_eq!(head.chars().count(), lines[0].chars().count(), "columns are aligned\n{text}");
}

#[test]
fn a_method_that_fails_is_a_row() {
    let folder = folder();
    // A mutual autoencoder needs a Gaussian likelihood.
    let own = ["--preset", "digits", "--methods", "vae,mutual", "--seeds", "1", "--steps", "2", "--json"];
    let comparison = object(folder.path(), &[&["compare"], &own[..], &["--set", "model.hidden=[4]"]].concat());
    let rows = comparison["rows"].as_array().unwrap();
    assert_eq!((&rows[0]["state"], &rows[1]["state"]), (&"finished".into(), &"failed".into()));
    assert!(rows[1]["problem"].as_str().unwrap().contains("model.likelihood"), "{}", rows[1]);
    assert_eq!(comparison["summary"][1]["mean"], serde_json::json!({}));
}

#[test]
fn a_folder_is_gone_on_with() {
    let folder = folder();
    let all = compare(folder.path(), &["--seeds", "2", "--out", "all"]);
    let rows = folder.path().join("all/rows.csv");
    assert_eq!(std::fs::read_to_string(&rows).unwrap().lines().count(), 5);
    // As if it had been stopped after two rows: the record loses those of the second method.
    let record = folder.path().join("all/rows.toml");
    let text = std::fs::read_to_string(&record).unwrap();
    let second = text.match_indices("[[rows]]\n").nth(2).unwrap().0;
    std::fs::write(&record, &text[..second]).unwrap();
    let resumed = object(folder.path(), &["compare", "--resume", "all", "--json"]);
    let timeless = |comparison: &Value| {
        let mut rows = comparison["rows"].clone();
        for row in rows.as_array_mut().unwrap() {
            row["seconds"] = Value::Null;
            row["steps_per_second"] = Value::Null;
        }
        rows
    };
    assert_eq!(timeless(&resumed), timeless(&all));
    assert_eq!(std::fs::read_to_string(&rows).unwrap().lines().count(), 5);
    let other = arguments(&["--seeds", "3", "--resume", "all"]);
    assert!(fails(folder.path(), &other, 2).contains("other seeds"));
    assert!(fails(folder.path(), &arguments(&["--out", "all"]), 2).contains("holds a comparison already"));
    assert!(fails(folder.path(), &["compare", "--resume", "none"], 1).contains("comparison.toml could not be read"));
}

#[test]
fn a_picture_shows_what_a_folder_holds_and_nothing_else() {
    let folder = folder();
    compare(folder.path(), &["--seeds", "1", "--out", "rows"]);
    let picture =
        |own: &[&str], code| fails(folder.path(), &[&["picture", "--out", "a.png", "--compare"], own].concat(), code);
    assert!(picture(&["none"], 1).contains("comparison.toml could not be read"));
    for own in [["--seeds", "1"], ["--preset", "digits"], ["--steps", "3"], ["--set", "seed=3"]] {
        assert!(picture(&[&["rows"], &own[..]].concat(), 2).contains("says what was compared"));
    }
    std::fs::write(folder.path().join("rows/rows.toml"), "[[rows]]\nmethod = 3\n").unwrap();
    assert!(picture(&["rows"], 1).contains("rows.toml"));
    assert!(!folder.path().join("a.png").exists());
}

#[test]
fn what_cannot_be_compared_is_one_sentence() {
    let folder = folder();
    let refused = |own: &[&str]| fails(folder.path(), &arguments(own), 2);
    assert!(refused(&["--methods", "standard,lagin"]).contains("nearest known one is `lagging`"));
    assert!(refused(&["--methods", "vae,vae"]).contains("named twice"));
    assert!(refused(&["--seeds", "0"]).contains("at least one"));
    assert!(refused(&["--seeds", "3,x"]).contains("`x` is not a whole number"));
    assert!(refused(&["--set", "model.latent_dimensions=0"]).contains("model.latent_dimensions"));
    assert!(fails(folder.path(), &["compare", "--preset", "typo"], 2).contains("no preset"));
    let hopeless = arguments(&["--methods", "brenier-1", "--set", "model.latent_dimensions=3", "--seeds", "1"]);
    let output = super::collapsar(folder.path(), &hopeless);
    assert_eq!(output.status.code(), Some(1));
    assert!(super::text(&output.stderr).contains("no row could be trained"));
    assert_eq!(super::text(&output.stdout), "");
}
