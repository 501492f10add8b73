//! `collapsar exact`: answers as the contract names them, and one sentence for whatever has none.

use super::{fails, folder, object, succeeds};
use serde_json::{Value, json};
use std::path::Path;

fn solve(folder: &Path, case: &Value) -> Value {
    std::fs::write(folder.join("case.json"), case.to_string()).unwrap();
    object(folder, &["exact", "--case", "case.json", "--json"])
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

fn assert_near(found: &Value, expected: f64, tolerance: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
}

/// Columns at right angles with mean 0 and variances 4 and 1 (1/n).
fn data() -> Value {
    json!([[2.0, 1.0], [-2.0, 1.0], [2.0, -1.0], [-2.0, -1.0]])
}

#[test]
fn a_fitted_case_obeys_the_law() {
    let folder = folder();
    let answer = solve(folder.path(), &json!({"model": "ppca", "data": data(), "fit": 1, "noise": 0.5}));
    // λ = 4: KL ½ log(4/0.25), W = √(4 − 0.25), posterior variance σ²/λ.
    assert_near(&answer["kl_per_dimension"][0], 0.5 * 16_f64.ln(), 1e-12);
    assert_near(&answer["kl"], 0.5 * 16_f64.ln(), 1e-12);
    assert_near(&answer["weights"][0][0], 3.75_f64.sqrt(), 1e-12);
    assert_near(&answer["weights"][1][0], 0.0, 1e-12);
    assert_near(&answer["posterior_sd"][0], 0.25, 1e-12);
    assert_near(&answer["posterior_mean"][1][0], -2.0 * 3.75_f64.sqrt() / 4.0, 1e-12);
    assert_eq!(numbers(&answer["eigenvalues"]).len(), 2);
    assert_eq!(answer["inference"], "exact");
    assert!(answer.get("draws").is_none() && answer.get("surface").is_none() && answer.get("warnings").is_none());
    // Data are centred first.
    let moved = json!([[12.0, 1.0], [8.0, 1.0], [12.0, -1.0], [8.0, -1.0]]);
    let moved = solve(folder.path(), &json!({"model": "ppca", "data": moved, "fit": 1, "noise": 0.5}));
    assert_eq!(moved["posterior_mean"], answer["posterior_mean"]);
}

#[test]
fn the_reference_surface_is_one_command() {
    let folder = folder();
    let weights = json!([
        [-1.87099416, 3.52539883],
        [1.05057609, -0.81360140],
        [-1.90284753, -0.64736003],
        [-2.15553895, -0.40731114],
        [-1.29768188, -0.31421800]
    ]);
    for (noise, max, min, sd, unit) in [
        (1.0, -461.007, -8098.662, 1419.31, 0.01),
        (2.0, -806.427, -2715.841, 354.828, 0.001),
        (0.5, -119.048, -30669.668, 5677.24, 0.01),
    ] {
        let surface = json!({"side": 50, "reach": 2.0, "copies": 100});
        let answer =
            solve(folder.path(), &json!({"model": "ppca", "weights": weights, "noise": noise, "surface": surface}));
        assert_near(&answer["surface"]["max"], max, 0.0005);
        assert_near(&answer["surface"]["min"], min, 0.0005);
        assert_near(&answer["surface"]["sd"], sd, 0.5 * unit);
        assert!(answer.get("kl").is_none() && answer["surface"].get("values").is_none());
    }
    let surface = json!({"side": 3, "reach": 1.0, "values": true});
    let answer = solve(folder.path(), &json!({"model": "ppca", "weights": weights, "noise": 1.0, "surface": surface}));
    assert_eq!(numbers(&answer["surface"]["values"]).len(), 9);
}

#[test]
fn sampling_and_mean_field_give_the_same_fields() {
    let folder = folder();
    let weights = json!([[1.0, 0.5], [0.0, 1.0]]);
    let case = |inference: &str| json!({"model": "ppca", "data": data(), "weights": weights, "noise": 1.0, "inference": inference, "seed": 3});
    let exact = solve(folder.path(), &case("exact"));
    let sampled = solve(folder.path(), &case("hmc"));
    for (row, expected) in exact["posterior_mean"].as_array().unwrap().iter().enumerate() {
        for (k, expected) in numbers(expected).into_iter().enumerate() {
            assert_near(&sampled["posterior_mean"][row][k], expected, 0.06);
        }
    }
    assert_near(&sampled["kl"], exact["kl"].as_f64().unwrap(), 0.06);
    assert_eq!(sampled["draws"].as_array().unwrap().len(), 4);
    assert_eq!(sampled["draws"][0].as_array().unwrap().len(), 4000);
    assert!(numbers(&sampled["r_hat"]).iter().all(|r_hat| (r_hat - 1.0).abs() < 0.02));
    assert_eq!(sampled, solve(folder.path(), &case("hmc")));

    // Precision I + WᵀW = [[2, ½], [½, 2¼]]: mean-field variances are the inverses of its diagonal.
    let field = solve(folder.path(), &case("mean-field"));
    assert_near(&field["posterior_sd"][0], 0.5_f64.sqrt(), 1e-12);
    assert_near(&field["posterior_sd"][1], 1.5_f64.recip(), 1e-12);
    assert_eq!(field["posterior_mean"], exact["posterior_mean"]);
}

#[test]
fn the_weight_of_a_mixture() {
    let folder = folder();
    let case = |inference: &str, parameters: &str, components: Value| {
        let data: Vec<f64> = (0..40).map(|i| if i % 4 == 0 { 9.0 } else { -9.0 } + f64::from(i) / 40.0).collect();
        json!({"model": "gmm", "data": data, "components": components, "prior": [5, 5], "inference": inference,
               "parameters": parameters})
    };
    // Ten of forty data are of the second component: Beta(35, 15).
    let apart = json!([[-9, 1], [9, 1]]);
    let exact = solve(folder.path(), &case("exact", "fixed", apart.clone()));
    assert_near(&exact["posterior_mean"], 0.7, 1e-5);
    assert_near(&exact["posterior_sd"], (0.7_f64 * 0.3 / 51.0).sqrt(), 1e-4);
    let range = exact["log_likelihood_range"].as_f64().unwrap();
    assert_near(&exact["log_likelihood_range_per_example"], range / 40.0, 1e-12);
    assert_eq!((numbers(&exact["grid"]).len(), numbers(&exact["posterior"]).len()), (999, 999));
    assert_near(&exact["grid"][0], 0.001, 1e-15);
    for inference in ["hmc", "mean-field"] {
        let answer = solve(folder.path(), &case(inference, "fixed", apart.clone()));
        assert_near(&answer["posterior_mean"], 0.7, 0.01);
        assert_near(&answer["kl_to_prior"], exact["kl_to_prior"].as_f64().unwrap(), 0.1);
        assert_eq!(answer["log_likelihood_range"].as_f64(), Some(range));
        assert_eq!(answer.get("draws").is_some(), inference == "hmc");
    }
    let integrated = solve(folder.path(), &case("hmc", "integrated", apart));
    assert_eq!(numbers(&integrated["draws"]).len(), 4000);
    assert!(integrated["r_hat"].as_f64().unwrap() > 0.99);

    let equal = solve(folder.path(), &case("exact", "fixed", json!([[0, 5], [0, 5]])));
    assert_near(&equal["kl_to_prior"], 0.0, 1e-9);
    assert_near(&equal["log_likelihood_range"], 0.0, 1e-9);
}

#[test]
fn a_data_file_is_read_as_stored_in_the_order_of_its_rows() {
    let folder = folder();
    let mut table = "x,y,kind\n".to_owned();
    let mut rows = Vec::new();
    for i in 0..40 {
        let (x, y) = (f64::from(i * 7 % 40), f64::from(i * i % 23) * 100.0);
        table.push_str(&format!("{x},{y},{}\n", ["a", "b"][i as usize % 2]));
        rows.push([x, y]);
    }
    std::fs::write(folder.path().join("table.csv"), table).unwrap();
    let of = |key: &str, data: Value| {
        let mut case = json!({"model": "ppca", "fit": 1, "noise": 2.0});
        case[key] = data;
        solve(folder.path(), &case)
    };
    let (file, inline) = (of("data_file", json!("table.csv")), of("data", json!(rows)));
    assert_eq!(file, inline);
}

#[test]
fn presets_answer_with_settings_of_their_own() {
    let folder = folder();
    let of = |arguments: &[&str]| object(folder.path(), &[&["exact", "--json", "--preset"], arguments].concat());
    for (sigma, expected) in [("1", [1.453, 1.064]), ("2", [0.760, 0.371]), ("3", [0.355, 0.0]), ("4", [0.067, 0.0])] {
        let answer = of(&["ppca", "--set", &format!("sigma={sigma}")]);
        for (k, expected) in expected.into_iter().enumerate() {
            assert_near(&answer["kl_per_dimension"][k], expected, 5e-4);
        }
    }
    let answer = of(&["mixture-weight"]);
    assert_near(&answer["kl_to_prior"], 0.0, 1e-9);
    let answer = of(&["mixture-weight", "--set", "separation=20", "--set", "examples=200", "--inference", "hmc"]);
    assert_near(&answer["posterior_mean"], 0.85, 0.08);
    let table = succeeds(folder.path(), &["exact", "--preset", "ppca"]);
    assert!(table.contains("18.2930, 8.4030") && table.contains("KL to the prior"), "{table}");
    let table = succeeds(folder.path(), &["exact", "--preset", "mixture-weight", "--set", "examples=30"]);
    assert!(table.contains("N = 30") && table.contains("KL to the prior"), "{table}");
}

#[test]
fn what_has_no_answer_is_one_sentence() {
    let folder = folder();
    let ppca =
        |change: &[(&str, Value)]| changed(json!({"model": "ppca", "data": data(), "fit": 1, "noise": 0.5}), change);
    let gmm = |change: &[(&str, Value)]| {
        changed(json!({"model": "gmm", "data": [0.5, 1.0], "components": [[0, 1], [1, 1]], "prior": [5, 5]}), change)
    };
    let cases = [
        (ppca(&[("fit", json!(2))]), ["K is 2", "D = 2"]),
        (ppca(&[("fit", json!(0))]), ["K is 0", "1 ≤ K"]),
        (ppca(&[("noise", json!(0))]), ["noise is 0", "above 0"]),
        (ppca(&[("noise", json!(-1.5))]), ["-1.5", "above 0"]),
        (ppca(&[("data", json!([[1, 1], [1, 1], [1, 1]]))]), ["all columns", "constant"]),
        (ppca(&[("data", json!([[1, 2]]))]), ["1 rows", "at least 2"]),
        (ppca(&[("data", json!([]))]), ["`data`", "empty"]),
        (ppca(&[("data", json!([[1, 2], [3]]))]), ["`data[1]`", "one length"]),
        (ppca(&[("data", json!([[1, 2], [3, "four"]]))]), ["`data[1][1]`", "\"four\""]),
        (ppca(&[("data", json!([1, 2, 3]))]), ["`data[0]`", "list of numbers"]),
        (ppca(&[("fit", json!(1.5))]), ["`fit`", "1.5"]),
        (ppca(&[("noize", json!(1))]), ["`noize`", "`noise`"]),
        (ppca(&[("weights", json!([[1], [1]]))]), ["`weights` or `fit`", "not both"]),
        (ppca(&[("fit", Value::Null)]), ["`weights` or `fit`", "missing"]),
        (ppca(&[("fit", Value::Null), ("weights", json!([[1], [1], [1]]))]), ["3 rows", "2 columns"]),
        (ppca(&[("fit", Value::Null), ("weights", json!([[1, 2], [1]]))]), ["`weights[1]`", "one length"]),
        (ppca(&[("data", Value::Null)]), ["`data` or `data_file`", "missing"]),
        (ppca(&[("data_file", json!("table.csv"))]), ["`data` or `data_file`", "not both"]),
        (ppca(&[("data", Value::Null), ("data_file", json!("none.csv"))]), ["none.csv", "cannot read"]),
        (ppca(&[("noise", Value::Null)]), ["`noise`", "missing"]),
        (ppca(&[("noise", Value::Null), ("noize", json!(1))]), ["`noise` is missing", "meant by `noize`"]),
        (ppca(&[("inference", json!("magic"))]), ["`inference`", "\"hmc\""]),
        (ppca(&[("example", json!(4)), ("inference", json!("hmc"))]), ["no example 4", "have 4"]),
        (ppca(&[("surface", json!({"sides": 3}))]), ["`surface.sides`", "`surface.side`"]),
        (ppca(&[("surface", json!({"side": 1}))]), ["`surface.side`", "between 2"]),
        (ppca(&[("surface", json!([1]))]), ["`surface`", "object"]),
        (ppca(&[("model", json!("pca"))]), ["`model`", "\"ppca\""]),
        (gmm(&[("data", json!([]))]), ["no data", "at least one"]),
        (gmm(&[("components", json!([]))]), ["0 components", "two are needed"]),
        (gmm(&[("components", json!([[0, 1]]))]), ["1 components", "two are needed"]),
        (gmm(&[("components", json!([[0, 1], [1, 1], [2, 1]]))]), ["3 components", "two are needed"]),
        (gmm(&[("components", json!([[0, 1, 2], [1, 1, 2]]))]), ["`components[0]`", "3 numbers"]),
        (gmm(&[("components", json!([[0, 1], [1, 0]]))]), ["component 2", "above 0"]),
        (gmm(&[("prior", json!([5, 0]))]), ["Beta(5, 0)", "above 0"]),
        (gmm(&[("prior", json!([5]))]), ["`prior`", "1 numbers"]),
        (gmm(&[("data", json!([0.5, null]))]), ["`data[1]`", "null"]),
        (gmm(&[("weights", json!([0.5]))]), ["`weights`", "nearest known"]),
        (gmm(&[("parameters", json!("integrated"))]), ["no exact answer", "hmc"]),
        (json!([1, 2]), ["object", "a list of 2"]),
        (json!({}), ["`model`", "missing"]),
    ];
    for (case, expected) in cases {
        std::fs::write(folder.path().join("case.json"), case.to_string()).unwrap();
        let sentence = fails(folder.path(), &["exact", "--case", "case.json", "--json"], 1);
        for words in expected {
            assert!(sentence.contains(words), "{words} is missing in: {sentence}\n{case}");
        }
    }
}

fn changed(mut case: Value, change: &[(&str, Value)]) -> Value {
    for (key, value) in change {
        case[*key] = value.clone();
    }
    case
}

#[test]
fn what_is_not_json_is_named_with_its_place() {
    let folder = folder();
    let case = |text: &str| {
        std::fs::write(folder.path().join("case.json"), text).unwrap();
        fails(folder.path(), &["exact", "--case", "case.json", "--json"], 1)
    };
    assert!(case("{\n \"model\": ppca}").contains("case.json, line 2, column"));
    assert!(case("{\"noise\": NaN}").contains("line 1"));
    assert!(case("{\"model\": \"gmm\", \"data\": [1e999]}").contains("out of range"));
    assert!(case("").contains("line 1"));
    std::fs::write(folder.path().join("case.json"), b"\xff\xfe").unwrap();
    assert!(fails(folder.path(), &["exact", "--case", "case.json"], 1).contains("case.json"));
    assert!(fails(folder.path(), &["exact", "--case", "none.json"], 1).contains("none.json"));
}

#[test]
fn wrong_usage_is_said_as_such() {
    let folder = folder();
    let sentences: [(&[&str], &str); 5] = [
        (&["exact", "--preset", "collapse-2d"], "ppca, mixture-weight"),
        (&["exact", "--preset", "none"], "`none`"),
        (&["exact", "--preset", "ppca", "--set", "sigm=2"], "`sigma`"),
        (&["exact", "--preset", "ppca", "--set", "sigma=-2"], "above 0"),
        (&["exact", "--preset", "mixture-weight", "--example", "3"], "--example"),
    ];
    for (arguments, words) in sentences {
        let sentence = fails(folder.path(), arguments, 2);
        assert!(sentence.contains(words), "{words} is missing in: {sentence}");
    }
    for arguments in [
        &["exact"] as &[&str],
        &["exact", "--case", "a", "--preset", "ppca"],
        &["exact", "--case", "a", "--set", "sigma=1"],
    ] {
        let output = super::collapsar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    let sentence = fails(folder.path(), &["exact", "--preset", "ppca", "--set", "latent_dimensions=5"], 1);
    assert!(sentence.contains("K is 5"), "{sentence}");
}
