//! The real program, as a script sees it: exit codes, standard output, standard error, files.

mod bad_input;
mod compare;
mod exact;
mod sweep;
mod theory;
mod training;

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// A run of a moment, whatever the preset.
const TINY: [&str; 8] =
    ["--device", "cpu", "--set", "data.examples=400", "--set", "model.hidden=[8]", "--set", "optimizer.batch_size=32"];

fn collapsar(folder: &Path, arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_collapsar"));
    for display in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        program.env_remove(display);
    }
    program.current_dir(folder).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Standard output of a call that succeeds.
fn succeeds(folder: &Path, arguments: &[&str]) -> String {
    let output = collapsar(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout).to_owned()
}

/// The one JSON object of a call that succeeds.
fn object(folder: &Path, arguments: &[&str]) -> Value {
    let value: Value = serde_json::from_str(&succeeds(folder, arguments)).unwrap();
    assert!(value.is_object());
    value
}

/// The sentence of a call that fails: one line on standard error, and nothing on standard output.
fn fails(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = collapsar(folder, arguments);
    let sentence = text(&output.stderr).trim_end().to_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {sentence}");
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    assert_eq!(sentence.lines().count(), 1, "{arguments:?}: {sentence}");
    assert!(sentence.starts_with("collapsar: ") && !sentence.contains("panic"), "{arguments:?}: {sentence}");
    sentence
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn presets_are_listed_with_the_default_lesson_first() {
    let folder = folder();
    let list = object(folder.path(), &["presets", "--json"]);
    let presets = list["presets"].as_array().unwrap();
    let names: Vec<&str> = presets.iter().map(|preset| preset["name"].as_str().unwrap()).collect();
    assert_eq!(names[0], "collapse-2d");
    for name in ["surplus-dimensions", "fashion", "digits"] {
        assert!(names.contains(&name));
    }
    assert!(presets.iter().all(|preset| !preset["summary"].as_str().unwrap().is_empty()));
    assert_eq!(succeeds(folder.path(), &["presets"]).lines().count(), presets.len());
}

#[test]
fn inspect_says_what_a_file_holds() {
    let folder = folder();
    let table = "height,width,species\n1.5,2,a\n-3,4,b\n0,6,a\n";
    std::fs::write(folder.path().join("table.csv"), table).unwrap();
    let expected = serde_json::json!({
        "format": "csv", "examples": 3, "dimensions": 2, "shape": [2], "value_range": [-3.0, 6.0], "labels": 2, "warnings": []
    });
    assert_eq!(object(folder.path(), &["inspect", "table.csv", "--json"]), expected);
    let words = succeeds(folder.path(), &["inspect", "table.csv"]);
    assert!(words.contains("examples    3") && words.contains("2 classes"), "{words}");

    std::fs::write(folder.path().join("hole.csv"), "a,b\n1,2\n3,\n5,6\n").unwrap();
    let inspection = object(folder.path(), &["inspect", "hole.csv", "--json"]);
    assert_eq!(inspection["warnings"].as_array().unwrap().len(), 1, "{inspection}");
    assert_eq!(inspection["labels"], Value::Null);
}

#[test]
fn inspect_reads_an_image_file_with_its_labels() {
    let folder = folder();
    let mut images = vec![0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2];
    images.extend((0..12).map(|value: u8| value * 20));
    std::fs::write(folder.path().join("some-images-idx3-ubyte"), images).unwrap();
    std::fs::write(folder.path().join("some-labels-idx1-ubyte"), [0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1]).unwrap();
    let inspection = object(folder.path(), &["inspect", "some-images-idx3-ubyte", "--json"]);
    assert_eq!(inspection["format"], "idx");
    assert_eq!(inspection["shape"], serde_json::json!([2, 2]));
    assert_eq!(inspection["value_range"], serde_json::json!([0.0, 220.0]));
    assert_eq!(inspection["labels"], 2);
}

#[test]
fn doctor_says_which_device_would_train_and_why() {
    let folder = folder();
    let findings = object(folder.path(), &["doctor", "--json"]);
    assert!(findings["adapters"].is_array());
    assert!(["cpu", "gpu"].contains(&findings["training"]["kind"].as_str().unwrap()));
    assert!(!findings["training"]["reason"].as_str().unwrap().is_empty());
    if cfg!(target_os = "linux") {
        assert_eq!(findings["window"]["works"], false, "no display was given");
        assert!(findings["advice"].to_string().contains("DISPLAY"));
    }
    assert!(succeeds(folder.path(), &["doctor"]).contains("Training would use"));
}

#[test]
fn every_level_has_help() {
    let folder = folder();
    assert!(succeeds(folder.path(), &["--help"]).contains("Usage: collapsar"));
    let commands = ["open", "train", "sweep", "compare", "exact", "theory", "presets", "inspect", "picture", "doctor"];
    for command in commands {
        assert!(succeeds(folder.path(), &[command, "--help"]).contains(&format!("Usage: collapsar {command}")));
    }
    assert!(succeeds(folder.path(), &["--version"]).starts_with("collapsar "));
}
