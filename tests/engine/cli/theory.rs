//! `collapsar theory`: every worked example as a script gets it, and one sentence for whatever has no answer.

use super::{fails, folder, object, succeeds};
use serde_json::{Value, json};
use std::path::Path;

fn solve(folder: &Path, case: &Value) -> Value {
    std::fs::write(folder.join("case.json"), case.to_string()).unwrap();
    object(folder, &["theory", "--case", "case.json", "--json"])
}

#[track_caller]
fn assert_numbers(found: &Value, expected: &[f64], tolerance: f64) {
    let found: Vec<f64> = found.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect();
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?} instead of {expected:?}");
}

#[track_caller]
fn assert_number(found: &Value, expected: f64, tolerance: f64) {
    assert_numbers(&json!([found]), &[expected], tolerance);
}

/// Losses are printed with six digits, everything else with four.
const LOSS: f64 = 0.5001e-6;
const HALF: f64 = 0.5001e-4;

fn vae() -> Value {
    json!({
        "model": "linear-vae", "eigenvalues": [25, 16, 9, 4, 1], "latent_dimensions": 5, "beta": 6.0, "decoder_variance": 1.0,
        "prior_variance": 1.0, "encoder_variance": "learned"
    })
}

fn with(mut case: Value, change: Value) -> Value {
    for (key, value) in change.as_object().unwrap() {
        case[key] = value.clone();
    }
    case
}

#[test]
fn worked_examples_of_vaes() {
    let lam_6 = json!([4, 2.5, 1.5, 0.8, 0.4, 0.1]);
    let of = |change: Value| with(with(vae(), json!({"eigenvalues": lam_6, "latent_dimensions": 6})), change);
    let learned = |beta: f64| of(json!({"latent_dimensions": 3, "beta": beta, "decoder_variance": "learned"}));
    let distinct = of(json!({
        "eigenvalues": [4, 2.5, 1.5, 0.8], "latent_dimensions": 4, "beta": 2, "decoder_variance": 0.5,
        "encoder_variance": [1.44, 0.25, 0.64, 0.09]
    }));
    let isotropic = of(json!({"beta": 1, "encoder_variance": 1.0}));
    let cases: [(Value, usize, f64, &[f64], f64); 6] = [
        (vae(), 3, 24.534925, &[0.7136, 0.4904, 0.2027, 0.0, 0.0], 1.0),
        (of(json!({"beta": 2})), 2, 9.829922, &[0.3466, 0.1116, 0.0, 0.0, 0.0, 0.0], 1.0),
        (isotropic.clone(), 3, 9.469515, &[0.5, 0.2906, 0.1124, 0.0, 0.0, 0.0], 1.0),
        (distinct.clone(), 3, 9.146074, &[1.0040, 0.5884, 0.2130, 0.0377], 0.5),
        (learned(1.0), 3, 8.613284, &[1.1113, 0.8763, 0.6209], 0.4333),
        (learned(2.0), 1, 9.769603, &[0.2059, 0.0, 0.0], 1.325),
    ];
    let folder = folder();
    for (case, active, loss, kl, variance) in cases {
        let answer = solve(folder.path(), &case);
        assert_number(&answer["loss"], loss, LOSS);
        assert_numbers(&answer["kl_per_dimension"], kl, HALF);
        assert_eq!(answer["active_dimensions"], active, "{case}");
        assert_number(&answer["decoder_variance"], variance, HALF);
        assert_eq!(answer["determined"], true);
        let note = answer["note"].as_str().unwrap();
        assert_eq!(note.contains("by mode"), case == isotropic, "{note}");
    }
    let answer = solve(folder.path(), &distinct);
    assert_numbers(&answer["decoder_singular_values"], &[2.3805, 1.4705, 0.7287, 0.0], HALF);
    assert_numbers(&answer["encoder_variances"], &[0.09, 0.25, 0.64, 1.44], HALF);
    assert_numbers(&answer["posterior_mean_variance"], &[0.51, 0.5406, 0.3398, 0.0], HALF);
    assert_number(&answer["reconstruction_error"], 3.1704, HALF);
    assert!(answer.get("threshold").is_none(), "each has its own");
    assert_number(&solve(folder.path(), &vae())["threshold"], 6.0, 1e-12);
}

#[test]
fn a_covariance_matrix_is_as_good_as_its_eigenvalues_and_a_target_may_be_another() {
    let folder = folder();
    let mut case = with(vae(), json!({"covariance": [[2.5, 1.5], [1.5, 2.5]], "latent_dimensions": 2, "beta": 2}));
    case.as_object_mut().unwrap().remove("eigenvalues");
    let answer = solve(folder.path(), &case);
    assert_numbers(&answer["kl_per_dimension"], &[0.5 * 2_f64.ln(), 0.0], 1e-12);
    // y = Bx with these singular values: as a VAE with these eigenvalues.
    let same = with(case.clone(), json!({"covariance": [[1, 0], [0, 7]], "target_squared_singular_values": [4, 1]}));
    let other = solve(folder.path(), &same);
    assert_number(&other["loss"], answer["loss"].as_f64().unwrap(), 1e-12);
    // Two output dimensions more, and half a unit that no function of x explains.
    let noisy = with(same, json!({"output_dimensions": 4, "output_second_moment": 5.5}));
    let noisy = solve(folder.path(), &noisy);
    let more = (2.0 * std::f64::consts::PI).ln() + 0.25;
    assert_number(&noisy["loss"], answer["loss"].as_f64().unwrap() + more, 1e-12);
}

fn cvae(rho: &[f64], change: Value) -> Value {
    let variances: [f64; 4] = [3.0, 2.0, 1.0, 0.5];
    let square = |n: usize, of: &dyn Fn(usize) -> f64| -> Vec<Vec<f64>> {
        (0..n).map(|i| (0..n).map(|j| if i == j { of(i) } else { 0.0 }).collect()).collect()
    };
    let cross: Vec<Vec<f64>> = (0..4)
        .map(|i| (0..rho.len()).map(|j| if i == j { rho[i] * variances[i].sqrt() } else { 0.0 }).collect())
        .collect();
    let case = json!({
        "model": "linear-cvae", "covariance_output": square(4, &|i| variances[i]), "covariance_condition": square(rho.len(), &|_| 1.0),
        "cross_covariance": cross, "latent_dimensions": 4, "beta": 1, "decoder_variance": 0.3, "prior_variance": 1,
        "encoder_variance": "learned"
    });
    with(case, change)
}

#[test]
fn worked_examples_of_conditional_vaes() {
    let folder = folder();
    let mixed = json!({"latent_dimensions": 3, "beta": 2, "decoder_variance": 0.2, "prior_variance": 1.69});
    let cases: [(Value, usize, f64, &[f64]); 3] = [
        (cvae(&[0.5; 4], json!({})), 4, 5.649696, &[1.0075, 0.8047, 0.4581, 0.1116]),
        (cvae(&[0.8; 4], json!({})), 3, 4.237171, &[0.6405, 0.4377, 0.0912, 0.0]),
        // The fourth output is correlated with nothing.
        (cvae(&[0.9, 0.2, 0.6], mixed), 3, 7.099670, &[0.7843, 0.2350, 0.1771]),
    ];
    for (case, active, loss, kl) in cases {
        let answer = solve(folder.path(), &case);
        assert_number(&answer["loss"], loss, LOSS);
        assert_numbers(&answer["kl_per_dimension"], kl, HALF);
        assert_eq!((&answer["active_dimensions"], &answer["determined"]), (&json!(active), &json!(true)));
    }
    let answer = solve(folder.path(), &cvae(&[0.9, 0.2, 0.6], json!({})));
    assert_numbers(&answer["residual_eigenvalues"], &[1.92, 0.64, 0.57, 0.5], 1e-12);
    assert_numbers(&answer["canonical_correlations"], &[0.9, 0.6, 0.2], 1e-12);
    assert_number(&answer["regression"][0][0], 0.9 * 3_f64.sqrt(), 1e-12);
}

fn hvae(variance: f64, beta: [f64; 2], encoder: Value) -> Value {
    json!({
        "model": "linear-hvae", "eigenvalues": [9, 4, 2.25, 1, 0.25], "latent_dimensions": [5, 5], "beta": beta,
        "decoder_variance": variance, "level_variance": variance, "prior_variance": 1, "encoder_variance": encoder
    })
}

#[test]
fn worked_examples_of_hierarchical_vaes() {
    let folder = folder();
    let one = [1.0, 1.0];
    /// Case; active dimensions of both levels; loss, KLs of z2, term of z1; I(x; z1) and I(x; z2).
    type Example<'a> = (Value, [usize; 2], f64, &'a [f64], f64, [f64; 2]);
    let cases: [Example<'_>; 5] = [
        (
            hvae(1.0, one, json!([0.5, "learned"])),
            [4, 3],
            9.067171,
            &[0.7520, 0.3466, 0.0589, 0.0, 0.0],
            1.3364,
            [2.3705, 0.8546],
        ),
        (
            hvae(0.5, one, json!([0.8, "learned"])),
            [4, 5],
            8.695344,
            &[1.6802, 1.2747, 0.9870, 0.5816, 0.2350],
            -1.1750,
            [3.5835, 2.7994],
        ),
        (
            hvae(1.0, one, json!([0.5, 1])),
            [4, 3],
            9.336057,
            &[0.3255, 0.1300, 0.0200, 0.0, 0.0],
            1.8119,
            [1.9847, 0.2809],
        ),
        (hvae(0.5, [1.0, 1.5], json!(["learned", "learned"])), [4, 0], 8.695344, &[0.0; 5], 3.5835, [3.5835, 0.0]),
        (hvae(0.5, one, json!(["learned", 0.36])), [4, 5], 8.695344, &[0.5108; 5], 1.0294, [3.5835, 1.4114]),
    ];
    for (case, active, loss, kl, term, information) in cases {
        let answer = solve(folder.path(), &case);
        let (z1, z2) = (&answer["levels"][0], &answer["levels"][1]);
        assert_number(&answer["loss"], loss, LOSS);
        assert_number(&z1["kl_term"], term, HALF);
        assert_numbers(&z2["kl_per_dimension"], kl, HALF);
        assert_eq!((&z1["active_dimensions"], &z2["active_dimensions"]), (&json!(active[0]), &json!(active[1])));
        assert_numbers(&json!([z1["information"], z2["information"]]), &information, HALF);
        assert_eq!(answer["determined"], true);
    }
}

#[test]
fn what_the_optimum_does_not_fix_is_said() {
    let folder = folder();
    let flat = solve(folder.path(), &hvae(0.5, [1.0, 1.0], json!(["learned", "learned"])));
    assert_eq!(flat["determined"], false);
    assert!(flat["note"].as_str().unwrap().contains("β1 = β2"));
    assert_number(&flat["loss"], 8.695344, LOSS);
    let flat = with(vae(), json!({"beta": 1, "decoder_variance": "learned"}));
    let flat = solve(folder.path(), &flat);
    assert_eq!(flat["determined"], false);
    assert!(flat["note"].as_str().unwrap().contains("decoder variance is not determined"));
}

#[test]
fn a_person_reads_a_table() {
    let folder = folder();
    let table = |case: Value| {
        std::fs::write(folder.path().join("case.json"), case.to_string()).unwrap();
        succeeds(folder.path(), &["theory", "--case", "case.json"])
    };
    let text = table(vae());
    assert!(text.contains("3 of 5 latent dimensions are active") && text.contains("24.534925 nats"), "{text}");
    assert!(table(cvae(&[0.5; 4], json!({}))).contains("canonical correlations: 0.5000"));
    let text = table(hvae(0.5, [1.0, 1.0], json!([0.8, "learned"])));
    assert!(text.contains("z2: 5 of 5") && text.contains("-1.1750") && text.contains("note: "), "{text}");
}

#[test]
fn what_has_no_answer_is_one_sentence() {
    let folder = folder();
    let without = |mut case: Value, field: &str| {
        case.as_object_mut().unwrap().remove(field);
        case
    };
    let v = |change: Value| with(vae(), change);
    let matrix = |rows: Value| without(v(json!({"covariance": rows})), "eigenvalues");
    let c = |change: Value| cvae(&[0.5; 4], change);
    let h = |change: Value| with(hvae(1.0, [1.0, 1.0], json!([0.5, "learned"])), change);
    let cases = [
        (matrix(json!([[1, 2], [2, 1]])), ["the covariance is not positive semi-definite", "-1.0"]),
        (matrix(json!([[1, 2, 3], [2, 1, 0]])), ["2 rows and 3 columns", "square"]),
        (matrix(json!([[1, 0.5], [0.4, 1]])), ["not symmetric", "0.4"]),
        (matrix(json!([[1, 0], [0]])), ["`covariance[1]`", "one length"]),
        (matrix(json!([])), ["`covariance`", "empty"]),
        (matrix(json!([[1, "a"], [0, 1]])), ["`covariance[0][1]`", "finite number"]),
        (v(json!({"covariance": [[1]]})), ["`covariance` or `eigenvalues`", "not both"]),
        (without(vae(), "eigenvalues"), ["`covariance` or `eigenvalues`", "missing"]),
        (v(json!({"eigenvalues": [1, -2]})), ["eigenvalues", "-2"]),
        (v(json!({"eigenvalues": []})), ["eigenvalues", "empty"]),
        (v(json!({"eigenvalues": [1, null]})), ["`eigenvalues[1]`", "null"]),
        (v(json!({"decoder_variance": -1})), ["the decoder variance is -1", "above 0"]),
        (v(json!({"decoder_variance": 0})), ["the decoder variance is 0", "above 0"]),
        (v(json!({"decoder_variance": "large"})), ["`decoder_variance`", "\"learned\""]),
        (v(json!({"prior_variance": -1})), ["the prior variance is -1", "above 0"]),
        (v(json!({"encoder_variance": -0.5})), ["an encoder variance is -0.5", "above 0"]),
        (v(json!({"encoder_variance": [1, 1]})), ["2 encoder variances", "5 latent dimensions"]),
        (v(json!({"encoder_variance": [1, 1, 1, 1, "learned"]})), ["`encoder_variance[4]`", "finite number"]),
        (v(json!({"beta": -1})), ["β is -1", "0 or above"]),
        (v(json!({"beta": 0})), ["β is 0", "no optimum"]),
        (v(json!({"beta": [1, 1]})), ["`beta`", "finite number"]),
        (v(json!({"latent_dimensions": 0})), ["latent dimensions is 0", "between 1"]),
        (v(json!({"latent_dimensions": 2.5})), ["`latent_dimensions`", "whole number"]),
        (v(json!({"latent_dimensions": 18446744073709551615_u64})), ["latent dimensions", "between 1"]),
        (v(json!({"betta": 1})), ["`betta`", "`beta`"]),
        (without(vae(), "beta"), ["`beta`", "missing"]),
        (without(vae(), "latent_dimensions"), ["`latent_dimensions`", "missing"]),
        (without(vae(), "decoder_variance"), ["`decoder_variance`", "missing"]),
        (without(vae(), "prior_variance"), ["`prior_variance`", "missing"]),
        (without(vae(), "encoder_variance"), ["`encoder_variance`", "missing"]),
        (without(vae(), "model"), ["`model`", "missing"]),
        (v(json!({"model": "linear"})), ["`model`", "\"linear-cvae\""]),
        (v(json!({"decoder_variance": "learned", "beta": 0.9})), ["unbounded below", "rank 5"]),
        (v(json!({"decoder_variance": "learned", "beta": 1, "eigenvalues": [2, 1, 0]})), ["unbounded below", "rank 2"]),
        (v(json!({"decoder_variance": "learned", "eigenvalues": [0, 0]})), ["unbounded below", "do not vary"]),
        (v(json!({"output_dimensions": 7})), ["`output_dimensions`", "`target_squared_singular_values`"]),
        (v(json!({"target_squared_singular_values": [3, 1], "output_second_moment": 3})), ["second moment", "3"]),
        (
            v(json!({"target_squared_singular_values": [3, 1], "output_dimensions": 1})),
            ["2 squared singular values", "only 1"],
        ),
        (v(json!({"target_squared_singular_values": [3, -1]})), ["squared singular values", "-1"]),
        (
            v(json!({"target_squared_singular_values": [3, 1], "eigenvalues": [1]})),
            ["2 squared singular values", "only 1 eigenvalues above 0"],
        ),
        (without(c(json!({})), "cross_covariance"), ["`cross_covariance`", "missing"]),
        (c(json!({"cross_covariance": [[0.5]]})), ["cross-covariance has 1 rows", "4 outputs"]),
        (
            c(json!({"covariance_condition": [[1, 2], [2, 1]]})),
            ["covariance of the conditions", "not positive semi-definite"],
        ),
        (c(json!({"covariance_output": [[1, 2]]})), ["covariance of the outputs", "square"]),
        (cvae(&[1.5; 4], json!({})), ["joint covariance", "not positive semi-definite"]),
        (c(json!({"eigenvalues": [1]})), ["unknown field `eigenvalues`", "nearest"]),
        (h(json!({"encoder_variance": ["learned", "learned"], "beta": [1, 0.5]})), ["unbounded below", "β2 = 0.5"]),
        (h(json!({"decoder_variance": "learned"})), ["no closed form", "z1"]),
        (h(json!({"level_variance": -2})), ["the level variance is -2", "above 0"]),
        (h(json!({"encoder_variance": 0.5})), ["`encoder_variance`", "a list"]),
        (h(json!({"encoder_variance": [0.5]})), ["`encoder_variance` has 1 entries", "two are needed"]),
        (h(json!({"encoder_variance": [-0.5, 1]})), ["encoder variance of z1 is -0.5", "above 0"]),
        (h(json!({"latent_dimensions": 5})), ["`latent_dimensions`", "list of whole numbers"]),
        (h(json!({"latent_dimensions": [5, 0]})), ["z2 is 0", "between 1"]),
        (h(json!({"beta": [1]})), ["`beta` has 1 entries", "two are needed"]),
        (without(h(json!({})), "level_variance"), ["`level_variance`", "missing"]),
        (json!([1, 2]), ["object", "a list of 2"]),
    ];
    for (case, expected) in cases {
        std::fs::write(folder.path().join("case.json"), case.to_string()).unwrap();
        let sentence = fails(folder.path(), &["theory", "--case", "case.json", "--json"], 1);
        for words in expected {
            assert!(sentence.contains(words), "{words} is missing in: {sentence}\n{case}");
        }
    }
    let file = |text: &str| {
        std::fs::write(folder.path().join("case.json"), text).unwrap();
        fails(folder.path(), &["theory", "--case", "case.json"], 1)
    };
    assert!(file("{\"eigenvalues\": [NaN]}").contains("not JSON"));
    assert!(file("{\"model\": \"linear-vae\", \"eigenvalues\": [1e999]}").contains("out of range"));
    assert!(fails(folder.path(), &["theory", "--case", "none.json"], 1).contains("none.json"));
    for arguments in [&["theory"] as &[&str], &["theory", "--json"], &["theory", "--case", "a", "--preset", "b"]] {
        let output = super::collapsar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty());
    }
}
