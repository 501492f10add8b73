//! `sweep`: its object, its folder, going on, and what it refuses.

use super::{TINY, fails, folder, object, succeeds};
use serde_json::{Value, json};
use std::path::Path;

/// A grid of three by two cells of a moment.
const GRID: [&str; 4] = ["--x", "objective.beta=0.5,1,2", "--y", "model.sigma=0.5,1"];

/// `TINY` without its device: cells train on the CPU in any case.
fn arguments<'a>(own: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", "--preset", "collapse-2d", "--steps", "5"], own, &TINY[2..]].concat()
}

fn sweep(folder: &Path, own: &[&str]) -> Value {
    object(folder, &arguments(&[&GRID[..], own, &["--json"]].concat()))
}

#[test]
fn the_object_has_a_row_per_value_of_y() {
    let folder = folder();
    let sweep = sweep(folder.path(), &["--variant", "brenier", "--threads", "2"]);
    assert_eq!(sweep["x"], json!({"key": "objective.beta", "values": [0.5, 1.0, 2.0]}));
    assert_eq!(sweep["y"], json!({"key": "model.sigma", "values": [0.5, 1.0]}));
    for field in ["active_dimensions", "negative_elbo", "kl"] {
        let rows = sweep[field].as_array().unwrap();
        assert_eq!(rows.len(), 2, "{field}");
        assert!(rows.iter().all(|row| row.as_array().unwrap().iter().filter(|cell| cell.is_number()).count() == 3));
    }
    assert!(sweep["theory"].is_null() || sweep["theory"].as_array().unwrap().len() == 2);
    assert_eq!(sweep["state"], "finished");
    assert_eq!(sweep["level"], 1);
    assert_eq!(sweep["failed"], json!([]));
    // The Brenier decoder has the linear model's theory as a guide.
    assert_eq!(sweep["theory_is"], "guide");
    let is_boundary = sweep["boundary_cells"].as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    let boundary = is_boundary.filter(|cell| cell.as_bool().unwrap()).count();
    assert_eq!(sweep["judged"].as_u64().unwrap() as usize, 6 - boundary);
}

#[test]
fn people_get_a_table_with_the_largest_y_on_top() {
    let folder = folder();
    let text = succeeds(folder.path(), &arguments(&GRID));
    let rows: Vec<&str> = text.lines().filter(|line| line.contains(" |")).collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].trim_start().starts_with("1 |") && rows[1].trim_start().starts_with("0.5 |"), "{text}");
}

#[test]
fn a_folder_is_gone_on_with() {
    let folder = folder();
    let all = sweep(folder.path(), &["--out", "all"]);
    let cells = folder.path().join("all/cells.csv");
    let text = std::fs::read_to_string(&cells).unwrap();
    assert_eq!(text.lines().count(), 7);
    // As if it had been stopped after two cells.
    let kept: String = text.lines().take(3).map(|line| format!("{line}\n")).collect();
    std::fs::write(&cells, kept).unwrap();
    let resumed = object(folder.path(), &["sweep", "--resume", "all", "--json"]);
    for field in ["x", "y", "active_dimensions", "theory", "kl", "negative_elbo", "state"] {
        assert_eq!(resumed[field], all[field], "{field}");
    }
    assert_eq!(std::fs::read_to_string(&cells).unwrap().lines().count(), 7);
    // The same sweep said again is the same, another is not.
    let again = arguments(&[&GRID[..], &["--resume", "all", "--json"]].concat());
    assert_eq!(object(folder.path(), &again)["kl"], all["kl"]);
    let other = arguments(&["--x", "objective.beta=0.5,1", "--y", "model.sigma=0.5,1", "--resume", "all"]);
    assert!(fails(folder.path(), &other, 2).contains("other values of `objective.beta`"));
    assert!(fails(folder.path(), &["sweep", "--resume", "all", "--steps", "9"], 2).contains("give all of its options"));
    let occupied = arguments(&[&GRID[..], &["--out", "all"]].concat());
    assert!(fails(folder.path(), &occupied, 2).contains("holds a sweep already"));
    assert!(fails(folder.path(), &["sweep", "--resume", "none"], 1).contains("sweep.toml could not be read"));
}

#[test]
fn what_cannot_be_swept_is_one_sentence() {
    let folder = folder();
    let refused = |x: &str, y: &str, code: i32| fails(folder.path(), &arguments(&["--x", x, "--y", y]), code);
    assert!(refused("objective.beta=1..2", "model.sigma=1,2", 2).contains("number of values is missing"));
    assert!(refused("objective.betta=1,2", "model.sigma=1,2", 2).contains("`objective.beta`"));
    assert!(refused("model.sigma=0,1", "objective.beta=1,2", 2).contains("model.sigma"));
    assert!(refused("model.sigma=1,2", "model.sigma=1,2", 2).contains("two different settings"));
    let level = arguments(&[&GRID[..], &["--level", "2"]].concat());
    assert!(fails(folder.path(), &level, 2).contains("one latent level"));
    let hopeless =
        arguments(&["--variant", "brenier", "--x", "model.latent_dimensions=3,4", "--y", "objective.beta=1,2"]);
    let output = super::collapsar(folder.path(), &hopeless);
    assert_eq!(output.status.code(), Some(1));
    assert!(super::text(&output.stderr).contains("no cell could be trained"));
    assert_eq!(super::text(&output.stdout), "");
}
