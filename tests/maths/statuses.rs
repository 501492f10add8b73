//! Which of likelihood, exact posterior and encoder has collapsed, in words.

use collapsar::measure::{Diagnosis, Statuses};

fn statuses(likelihood_range: f64, exact_kl: Option<f64>, encoder_kl: f64) -> Statuses {
    Statuses { likelihood_range, exact_kl, encoder_kl, active_units: usize::from(encoder_kl > 0.005) }
}

/// The diagnosis, and that its text says each of these words and never a full stop too many.
fn expect(statuses: Statuses, diagnosis: Diagnosis, words: &[&str]) {
    assert_eq!(statuses.diagnosis(), diagnosis, "{statuses:?}");
    let text = statuses.text();
    words.iter().for_each(|word| assert!(text.contains(word), "“{word}” is missing in: {text}"));
    assert!(!diagnosis.sentence(&statuses).ends_with('.') && diagnosis.remedy().ends_with('.') && !text.contains(".."));
}

#[test]
fn a_flat_likelihood_is_a_collapsed_model() {
    let words = ["The model has collapsed", "0.080 nats", "lower σ"];
    expect(statuses(0.08, Some(0.0004), 0.0003), Diagnosis::ModelCollapsed, &words);
    expect(statuses(0.08, None, 0.0003), Diagnosis::ModelCollapsed, &words);
}

#[test]
fn a_likelihood_that_hardly_depends_on_z_is_told_from_a_flat_one() {
    // The notes' table: R = .26, KL .002.
    expect(statuses(0.26, Some(0.002), 0.001), Diagnosis::NearlyFlat, &["nearly", "0.26 nats", "0.002 nats"]);
}

#[test]
fn an_encoder_that_lags_is_told_from_a_model_that_collapsed() {
    let words =
        ["The model has information, the encoder lags", "exact KL 0.33 nats", "0.001", "train the encoder more"];
    expect(statuses(5.0, Some(0.33), 0.001), Diagnosis::EncoderLags, &words);
    // Its variance may leave some KL: what counts is that its mean does not move.
    let stiff = Statuses { active_units: 0, ..statuses(5.0, Some(0.33), 0.04) };
    expect(stiff, Diagnosis::EncoderLags, &["0.040"]);
    expect(statuses(5.0, Some(0.33), 0.12), Diagnosis::EncoderPartlyLags, &["0.33", "0.12", "train the encoder more"]);
}

#[test]
fn an_encoder_that_says_more_than_the_model_is_noticed() {
    expect(statuses(0.1, Some(0.001), 0.4), Diagnosis::EncoderInvents, &["the encoder has not", "0.40"]);
    expect(statuses(0.5, Some(0.004), 0.4), Diagnosis::EncoderInvents, &["0.004 nats"]);
    expect(statuses(0.1, None, 0.4), Diagnosis::EncoderInvents, &["not known"]);
}

#[test]
fn model_and_encoder_may_both_be_informative() {
    expect(statuses(35.0, Some(1.75), 1.7), Diagnosis::Informative, &["1.75 nats", "1.70"]);
    expect(statuses(35.0, None, 1.7), Diagnosis::Informative, &["35.00 nats", "1.70"]);
}

#[test]
fn without_a_grid_a_collapsed_encoder_alone_decides_nothing() {
    expect(statuses(3.0, None, 0.001), Diagnosis::Undetermined, &["no grid says", "3.00 nats", "0.001"]);
}

#[test]
fn diagnoses_have_names_for_scripts() {
    let name = |diagnosis: Diagnosis| serde_json::to_value(diagnosis).unwrap();
    assert_eq!(name(Diagnosis::ModelCollapsed), "model-collapsed");
    assert_eq!(name(Diagnosis::EncoderPartlyLags), "encoder-partly-lags");
}
