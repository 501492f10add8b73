//! Thresholds, ties, and what has no optimum, or none that fixes its KLs.

use super::{Draw, LEARNED, assert_all, assert_near, fixed, hierarchical, rows, vae, with_eigenvalues};
use collapsar::exact::linear::{Conditional, Covariance, EncoderVariance, LinearError, LinearVae, Target};

const LAM: [f64; 6] = [4.0, 2.5, 1.5, 0.8, 0.4, 0.1];

fn target(eigenvalues: &[f64]) -> Target {
    Target::of_eigenvalues(eigenvalues).unwrap()
}

#[test]
fn units_of_the_condition_change_nothing() {
    // var(y | c) = 1 − 0.8² whatever the other condition's units.
    for variance in [1e-12, 1.0, 1e12] {
        let condition = [vec![variance, 0.0], vec![0.0, 1.0]];
        let conditional = Conditional::of_rows(&[vec![1.0]], &condition, &[vec![0.0, 0.8]]).unwrap();
        let residual = conditional.residual().eigenvalues()[0];
        assert!((residual - 0.36).abs() < 1e-9, "{variance}: {residual}");
    }
}

#[test]
fn dimensions_die_at_their_eigenvalue_smallest_first() {
    for (index, eigenvalue) in LAM.iter().enumerate() {
        let active = |beta: f64, variance: f64| {
            let model = vae(6, beta, fixed(variance), EncoderVariance::Learned);
            model.optimum(&target(&LAM)).unwrap().active_dimensions()
        };
        // At β η² = λ exactly the dimension is dead; the product need not be exact in floating point.
        for variance in [1.0, 0.1, 0.3, 0.7] {
            let beta = eigenvalue / variance;
            assert_eq!(active(beta, variance), index, "{eigenvalue} {variance}");
            assert_eq!(active(beta * (1.0 - 1e-9), variance), index + 1);
        }
    }
    // A fixed encoder variance moves the threshold in its proportion.
    let active = |s: f64| {
        let optimum = vae(6, 1.0, fixed(1.0), EncoderVariance::Isotropic(s)).optimum(&target(&LAM)).unwrap();
        optimum.active_dimensions()
    };
    assert_eq!([active(0.5), active(1.0), active(2.0), active(4.0)], [4, 3, 2, 0]);
}

#[test]
fn a_learned_decoder_variance_collapses_everything_from_the_ratio_to_the_mean() {
    let mean = LAM.iter().sum::<f64>() / 6.0;
    let optimum =
        |beta: f64, latent: usize| vae(latent, beta, LEARNED, EncoderVariance::Learned).optimum(&target(&LAM)).unwrap();
    let critical = 4.0 / mean;
    for beta in [critical, critical * 1.2, 50.0] {
        let dead = optimum(beta, 3);
        assert_eq!(dead.active_dimensions(), 0);
        assert_near(dead.decoder_variance, mean, 1e-14);
    }
    assert_eq!(optimum(critical * 0.999, 3).active_dimensions(), 1);
    // β = 1: the mean of what is discarded, and nothing collapses.
    for latent in 1..6 {
        let ppca = optimum(1.0, latent);
        assert_eq!(ppca.active_dimensions(), latent);
        assert_near(ppca.decoder_variance, LAM[latent..].iter().sum::<f64>() / (6 - latent) as f64, 1e-14);
    }
    // A discarded eigenvalue as large as the last one kept: that one dies.
    let tied = vae(2, 1.0, LEARNED, EncoderVariance::Learned).optimum(&target(&[3.0, 1.0, 1.0, 1.0])).unwrap();
    assert_eq!(tied.active_dimensions(), 1);
    assert_near(tied.decoder_variance, 1.0, 1e-14);
}

#[test]
fn a_learned_decoder_variance_minimises_the_loss_over_fixed_ones() {
    let mut draw = Draw::new(41);
    for _ in 0..60 {
        let latent = 1 + draw.below(5);
        let encoder = match draw.below(3) {
            0 => EncoderVariance::Learned,
            1 => EncoderVariance::Isotropic(draw.scale(0.05, 3.0)),
            _ => EncoderVariance::PerDimension((0..latent).map(|_| draw.scale(0.05, 3.0)).collect()),
        };
        let model =
            LinearVae { prior_variance: draw.scale(0.3, 3.0), ..vae(latent, draw.scale(0.2, 8.0), LEARNED, encoder) };
        let best = model.optimum(&target(&LAM)).unwrap();
        let at = |log: f64| {
            let model = LinearVae { decoder_variance: fixed(log.exp()), ..model.clone() };
            model.optimum(&target(&LAM)).unwrap().loss
        };
        let grid = (-600..=300).map(|step| at(f64::from(step) * 0.01)).fold(f64::INFINITY, f64::min);
        assert!(best.loss <= grid + 1e-12 && grid - best.loss < 1e-3, "{model:?}: {} against {grid}", best.loss);
        assert_near(at(best.decoder_variance.ln()), best.loss, 1e-12);
    }
}

#[test]
fn where_nothing_remains_the_decoder_variance_runs_away() {
    let unbounded = |eigenvalues: &[f64], latent: usize, beta: f64| {
        vae(latent, beta, LEARNED, EncoderVariance::Learned).optimum(&target(eigenvalues))
    };
    let is_unbounded = |outcome| matches!(outcome, Err(LinearError::UnboundedDecoder { .. }));
    let full = [3.0, 1.0, 0.5];
    let deficient = [3.0, 1.0, 0.0];
    assert!(is_unbounded(unbounded(&full, 3, 0.9)));
    assert!(is_unbounded(unbounded(&full, 5, 0.9)));
    assert!(is_unbounded(unbounded(&deficient, 2, 1.0)));
    assert!(is_unbounded(unbounded(&deficient, 3, 1.0)));
    // Above 1, too, as long as β times the rank is below D: the loss falls with η² whatever the KL costs.
    assert!(is_unbounded(unbounded(&deficient, 2, 1.4)));
    let falls = |eta: f64| vae(2, 1.4, fixed(eta), EncoderVariance::Learned).optimum(&target(&deficient)).unwrap().loss;
    assert_near(falls(1e-6) - falls(1e-7), 0.5 * (3.0 - 2.8) * 10_f64.ln(), 1e-9);
    assert!(unbounded(&deficient, 2, 1.6).unwrap().is_determined);
    assert!(unbounded(&deficient, 1, 0.5).unwrap().is_determined, "K below the rank leaves something");
    assert_eq!(unbounded(&[0.0, 0.0], 2, 1.0), Err(LinearError::Constant));

    // On the border it is flat: bounded, but every smaller η² is as good.
    for (eigenvalues, latent, beta) in [(full, 3, 1.0), (full, 4, 1.0), (deficient, 2, 1.5)] {
        let flat = unbounded(&eigenvalues, latent, beta).unwrap();
        assert!(!flat.is_determined && flat.note.as_ref().unwrap().contains("not determined"));
        for factor in [1.0, 0.1, 1e-3] {
            let eta = fixed(flat.decoder_variance * factor);
            let model = vae(latent, beta, eta, EncoderVariance::Learned);
            assert_near(model.optimum(&target(&eigenvalues)).unwrap().loss, flat.loss, 1e-10);
        }
    }
    // With the encoder variance fixed there always is an optimum.
    let fixed_encoder = vae(3, 0.5, LEARNED, EncoderVariance::Isotropic(0.5)).optimum(&target(&full)).unwrap();
    assert!(fixed_encoder.is_determined && fixed_encoder.decoder_variance > 0.0);
}

#[test]
fn settings_out_of_range_are_refused() {
    let solve = |model: LinearVae| model.optimum(&target(&LAM)).unwrap_err();
    let base = || vae(2, 1.0, fixed(1.0), EncoderVariance::Learned);
    let variance = |value| LinearError::Variance { what: "the decoder variance", value };
    assert_eq!(solve(LinearVae { decoder_variance: fixed(-1.0), ..base() }), variance(-1.0));
    assert_eq!(solve(LinearVae { decoder_variance: fixed(0.0), ..base() }), variance(0.0));
    assert!(matches!(solve(LinearVae { prior_variance: f64::NAN, ..base() }), LinearError::Variance { .. }));
    assert!(matches!(solve(LinearVae { beta: -0.5, ..base() }), LinearError::Beta { .. }));
    assert!(matches!(solve(LinearVae { beta: f64::INFINITY, ..base() }), LinearError::Beta { .. }));
    assert_eq!(solve(LinearVae { beta: 0.0, ..base() }), LinearError::Free("β"));
    assert!(matches!(solve(LinearVae { latent_dimensions: 0, ..base() }), LinearError::LatentDimensions { .. }));
    let encoder = |variance| LinearVae { encoder_variance: variance, ..base() };
    assert!(matches!(solve(encoder(EncoderVariance::Isotropic(0.0))), LinearError::Variance { .. }));
    let expected = LinearError::EncoderVariances { found: 3, latent: 2 };
    assert_eq!(solve(encoder(EncoderVariance::PerDimension(vec![1.0; 3]))), expected);
    assert_eq!(solve(LinearVae { decoder_variance: fixed(1e-320), beta: 1e300, ..base() }), LinearError::Overflow);

    let levels = |beta, encoder| hierarchical([2, 2], beta, 1.0, encoder).optimum(&target(&LAM)).unwrap_err();
    assert_eq!(levels([1.0, 0.0], [fixed(0.5), LEARNED]), LinearError::Free("β2"));
    assert_eq!(levels([0.0, 1.0], [fixed(0.5), LEARNED]), LinearError::Free("β1"));
    assert!(matches!(levels([1.0, 1.0], [fixed(-0.5), LEARNED]), LinearError::Variance { .. }));
    assert!(matches!(levels([1.0, -1.0], [LEARNED, LEARNED]), LinearError::Beta { .. }));
}

#[test]
fn matrices_are_checked() {
    let of = |matrix: &[&[f64]]| {
        let matrix: Vec<Vec<f64>> = matrix.iter().map(|row| row.to_vec()).collect();
        Covariance::of_rows("the covariance", &matrix)
    };
    assert!(matches!(of(&[&[1.0, 0.5]]), Err(LinearError::NotSquare { rows: 1, columns: 2, .. })));
    assert!(matches!(of(&[&[1.0, 0.5], &[0.4, 1.0]]), Err(LinearError::NotSymmetric { row: 0, column: 1, .. })));
    assert!(matches!(of(&[&[1.0, 2.0], &[2.0, 1.0]]), Err(LinearError::Indefinite { .. })));
    assert!(matches!(of(&[&[-1.0]]), Err(LinearError::Indefinite { .. })));
    assert!(matches!(of(&[&[f64::NAN]]), Err(LinearError::NotFinite(_))));
    assert!(matches!(of(&[]), Err(LinearError::Empty(_))));
    assert_eq!(of(&[&[1.0, 1.0], &[1.0, 1.0]]).unwrap().eigenvalues(), &[2.0, 0.0], "what is 0 to rounding is 0");
    assert_eq!(of(&[&[0.0, 0.0], &[0.0, 0.0]]).unwrap().eigenvalues(), &[0.0, 0.0]);
    let rotation = Draw::new(42).rotation(6);
    let covariance = Covariance::of_rows("it", &rows(&with_eigenvalues(&rotation, &LAM))).unwrap();
    assert_all(covariance.eigenvalues(), &LAM, 1e-14);

    assert!(matches!(Target::of_eigenvalues(&[1.0, -0.1]), Err(LinearError::Negative { value: -0.1, .. })));
    assert!(matches!(Target::of_eigenvalues(&[]), Err(LinearError::Empty(_))));
    let regression =
        |squares: &[f64], dimensions, moment, rank| Target::of_regression(squares, dimensions, moment, rank);
    assert!(matches!(regression(&[2.0, 1.0], None, Some(2.5), None), Err(LinearError::SecondMoment { .. })));
    assert!(matches!(regression(&[2.0, 1.0], Some(1), None, None), Err(LinearError::TooManyModes { .. })));
    assert!(matches!(regression(&[2.0, 1.0, 0.5], None, None, Some(2)), Err(LinearError::TooManyModes { .. })));
    assert!(regression(&[2.0, 1.0, 0.0], None, Some(3.0), Some(2)).is_ok());
}
