//! Semi-amortised training: resumed in the middle, and what it does for a slow encoder.

use crate::methods::{assert_resumes, slope};
use crate::{preset, trained};
use collapsar::experiment::Experiment;

#[test]
fn training_resumes_bit_for_bit() {
    let semi = ["objective.method=semi-amortized", "objective.refinement.steps=3"];
    assert_resumes(&semi, 20, 50);
    assert_resumes(&[&semi[..], &["objective.refinement.gradient=stopped"]].concat(), 20, 50);
}

#[test]
fn refined_posteriors_follow_the_model_where_a_slow_encoder_does_not() {
    let slope = |method: &str| {
        let mut experiment = Experiment { variants: Vec::new(), steps: 60, ..preset("collapse-2d") };
        for assignment in [
            "data.examples=600",
            "model.hidden=[16]",
            "model.decoder=brenier",
            "model.convexity=1",
            "model.sigma=0.5",
            "model.encoder_start=prior",
            "optimizer.batch_size=32",
            "optimizer.encoder_rate=0.003",
            &format!("objective.method={method}"),
        ] {
            experiment.assign(assignment).unwrap();
        }
        slope(&mut trained(&experiment), 0)
    };
    let [plain, refined] = [slope("elbo"), slope("semi-amortized")];
    println!("slope of the encoder's means {plain:.3}, refined {refined:.3}");
    assert!(plain.abs() < 0.3, "{plain}");
    assert!((0.85..1.15).contains(&refined), "{refined}");
}
