//! Worked examples, to all digits they were printed with, with their intermediate values.
// Some printed values happen to be √2 and 1/√2.
#![allow(clippy::approx_constant)]

use super::{LEARNED, assert_all, assert_near, fixed, hierarchical, vae};
use collapsar::exact::linear::{Conditional, EncoderVariance, HierarchicalOptimum, Target, VaeOptimum};
use collapsar::experiment::Learnable;

const LAM_5: [f64; 5] = [25.0, 16.0, 9.0, 4.0, 1.0];
const LAM_6: [f64; 6] = [4.0, 2.5, 1.5, 0.8, 0.4, 0.1];
const LAM_H: [f64; 5] = [9.0, 4.0, 2.25, 1.0, 0.25];

struct Expected<'a> {
    loss: f64,
    kl: &'a [f64],
    decoder: &'a [f64],
    encoder: &'a [f64],
    means: &'a [f64],
    error: f64,
}

#[track_caller]
fn check(optimum: &VaeOptimum, expected: &Expected<'_>) {
    let half = 0.5001e-4;
    let of = |value: fn(&collapsar::exact::linear::Mode) -> f64| optimum.modes.iter().map(value).collect::<Vec<_>>();
    assert_near(optimum.loss, expected.loss, 0.5001e-6);
    assert_all(&optimum.kl_per_dimension(), expected.kl, half);
    assert_all(&of(|mode| mode.decoder_singular_value), expected.decoder, half);
    assert_all(&of(|mode| mode.encoder_variance), expected.encoder, half);
    assert_all(&of(|mode| mode.posterior_mean_variance), expected.means, half);
    assert_near(optimum.reconstruction_error, expected.error, half);
    assert!(optimum.is_determined);
    assert_eq!(optimum.active_dimensions(), expected.decoder.iter().filter(|u| **u > 0.0).count());
}

fn solve(eigenvalues: &[f64], latent: usize, beta: f64, decoder: Learnable, encoder: EncoderVariance) -> VaeOptimum {
    vae(latent, beta, decoder, encoder).optimum(&Target::of_eigenvalues(eigenvalues).unwrap()).unwrap()
}

#[test]
fn a_vae_with_learned_encoder_variance() {
    let optimum = solve(&LAM_5, 5, 6.0, fixed(1.0), EncoderVariance::Learned);
    check(
        &optimum,
        &Expected {
            loss: 24.534925,
            kl: &[0.7136, 0.4904, 0.2027, 0.0, 0.0],
            decoder: &[4.3589, 3.1623, 1.7321, 0.0, 0.0],
            encoder: &[0.24, 0.375, 0.6667, 1.0, 1.0],
            means: &[0.76, 0.625, 0.3333, 0.0, 0.0],
            error: 23.0,
        },
    );
    assert!(!optimum.is_by_mode && optimum.note.is_none());
    check(
        &solve(&LAM_6, 6, 2.0, fixed(1.0), EncoderVariance::Learned),
        &Expected {
            loss: 9.829922,
            kl: &[0.3466, 0.1116, 0.0, 0.0, 0.0, 0.0],
            decoder: &[1.4142, 0.7071, 0.0, 0.0, 0.0, 0.0],
            encoder: &[0.5, 0.8, 1.0, 1.0, 1.0, 1.0],
            means: &[0.5, 0.2, 0.0, 0.0, 0.0, 0.0],
            error: 6.8,
        },
    );
}

#[test]
fn a_vae_with_fixed_encoder_variance() {
    let optimum = solve(&LAM_6, 6, 1.0, fixed(1.0), EncoderVariance::Isotropic(1.0));
    check(
        &optimum,
        &Expected {
            loss: 9.469515,
            kl: &[0.5, 0.2906, 0.1124, 0.0, 0.0, 0.0],
            decoder: &[1.0, 0.7623, 0.4741, 0.0, 0.0, 0.0],
            encoder: &[1.0; 6],
            means: &[1.0, 0.5811, 0.2247, 0.0, 0.0, 0.0],
            error: 6.1059,
        },
    );
    assert!(optimum.is_by_mode && optimum.note.unwrap().contains("by mode"));
    let variances = EncoderVariance::PerDimension(vec![1.44, 0.25, 0.64, 0.09]);
    let optimum = solve(&[4.0, 2.5, 1.5, 0.8], 4, 2.0, fixed(0.5), variances);
    check(
        &optimum,
        &Expected {
            loss: 9.146074,
            kl: &[1.0040, 0.5884, 0.2130, 0.0377],
            decoder: &[2.3805, 1.4705, 0.7287, 0.0],
            encoder: &[0.09, 0.25, 0.64, 1.44],
            means: &[0.51, 0.5406, 0.3398, 0.0],
            error: 3.1704,
        },
    );
    assert!(!optimum.is_by_mode, "variances of their own name the coordinates");
}

#[test]
fn a_vae_with_learned_decoder_variance() {
    let optimum = solve(&LAM_6, 3, 1.0, LEARNED, EncoderVariance::Learned);
    check(
        &optimum,
        &Expected {
            loss: 8.613284,
            kl: &[1.1113, 0.8763, 0.6209],
            decoder: &[1.8886, 1.4376, 1.0328],
            encoder: &[0.1083, 0.1733, 0.2889],
            means: &[0.8917, 0.8267, 0.7111],
            error: 2.6,
        },
    );
    assert_near(optimum.decoder_variance, 1.3 / 3.0, 1e-14);
    let optimum = solve(&LAM_6, 3, 2.0, LEARNED, EncoderVariance::Learned);
    check(
        &optimum,
        &Expected {
            loss: 9.769603,
            kl: &[0.2059, 0.0, 0.0],
            decoder: &[1.1619, 0.0, 0.0],
            encoder: &[0.6625, 1.0, 1.0],
            means: &[0.3375, 0.0, 0.0],
            error: 7.95,
        },
    );
    assert_near(optimum.decoder_variance, 1.325, 1e-14);
}

/// Canonical coordinates: the first outputs are correlated with a condition of unit variance each.
fn canonical(rho: &[f64], conditions: usize) -> Conditional {
    let variances: [f64; 4] = [3.0, 2.0, 1.0, 0.5];
    let square = |n: usize, of: &dyn Fn(usize) -> f64| -> Vec<Vec<f64>> {
        (0..n).map(|i| (0..n).map(|j| if i == j { of(i) } else { 0.0 }).collect()).collect()
    };
    let cross: Vec<Vec<f64>> = (0..4)
        .map(|i| (0..conditions).map(|j| if i == j { rho[i] * variances[i].sqrt() } else { 0.0 }).collect())
        .collect();
    Conditional::of_rows(&square(4, &|i| variances[i]), &square(conditions, &|_| 1.0), &cross).unwrap()
}

#[test]
fn conditional_vaes() {
    let solve = |conditional: &Conditional, latent, beta, decoder, prior| {
        let mut model = vae(latent, beta, fixed(decoder), EncoderVariance::Learned);
        model.prior_variance = prior;
        model.optimum(&conditional.target()).unwrap()
    };
    let half = canonical(&[0.5; 4], 4);
    assert_all(half.residual().eigenvalues(), &[2.25, 1.5, 0.75, 0.375], 1e-14);
    assert_all(half.canonical_correlations(), &[0.5; 4], 1e-14);
    check(
        &solve(&half, 4, 1.0, 0.3, 1.0),
        &Expected {
            loss: 5.649696,
            kl: &[1.0075, 0.8047, 0.4581, 0.1116],
            decoder: &[1.3964, 1.0954, 0.6708, 0.2739],
            encoder: &[0.1333, 0.2, 0.4, 0.8],
            means: &[0.8667, 0.8, 0.6, 0.2],
            error: 1.2,
        },
    );
    check(
        &solve(&canonical(&[0.8; 4], 4), 4, 1.0, 0.3, 1.0),
        &Expected {
            loss: 4.237171,
            kl: &[0.6405, 0.4377, 0.0912, 0.0],
            decoder: &[0.8832, 0.6481, 0.2449, 0.0],
            encoder: &[0.2778, 0.4167, 0.8333, 1.0],
            means: &[0.7222, 0.5833, 0.1667, 0.0],
            error: 1.08,
        },
    );
    let mixed = canonical(&[0.9, 0.2, 0.6, 0.0], 3);
    assert_all(mixed.residual().eigenvalues(), &[1.92, 0.64, 0.57, 0.5], 1e-14);
    assert_all(mixed.canonical_correlations(), &[0.9, 0.6, 0.2], 1e-14);
    check(
        &solve(&mixed, 3, 2.0, 0.2, 1.69),
        &Expected {
            loss: 7.099670,
            kl: &[0.7843, 0.2350, 0.1771],
            decoder: &[0.9484, 0.3768, 0.3172],
            encoder: &[0.3521, 1.0562, 1.1860],
            means: &[1.3379, 0.6338, 0.5040],
            error: 1.7,
        },
    );
}

struct Levels<'a> {
    active: [usize; 2],
    loss: f64,
    kl: &'a [f64],
    term: f64,
    information: [f64; 2],
    second_moments: &'a [f64],
    means: &'a [f64],
    encoder: &'a [f64],
    upper_decoder: &'a [f64],
    upper_encoder: &'a [f64],
    terms: &'a [f64],
    error: f64,
}

#[track_caller]
fn check_levels(optimum: &HierarchicalOptimum, expected: &Levels<'_>) {
    let half = 0.5001e-4;
    let lower = |of: fn(&collapsar::exact::linear::LowerMode) -> f64| optimum.lower.iter().map(of).collect::<Vec<_>>();
    let upper = |of: fn(&collapsar::exact::linear::UpperMode) -> f64| optimum.upper.iter().map(of).collect::<Vec<_>>();
    assert_near(optimum.loss, expected.loss, 0.5001e-6);
    assert_eq!(optimum.active_dimensions(), expected.active);
    assert_all(&optimum.kl_per_dimension(), expected.kl, half);
    assert_near(optimum.kl_term(), expected.term, half);
    assert_near(lower(|mode| mode.information).iter().sum(), expected.information[0], half);
    assert_near(upper(|upper| upper.information).iter().sum(), expected.information[1], half);
    assert_all(&lower(|mode| mode.second_moment), expected.second_moments, half);
    assert_all(&lower(|mode| mode.posterior_mean_variance), expected.means, half);
    assert_all(&lower(|mode| mode.encoder_variance), expected.encoder, half);
    assert_all(&lower(|mode| mode.kl_term), expected.terms, half);
    assert_all(&upper(|upper| upper.mode.decoder_singular_value), expected.upper_decoder, half);
    assert_all(&upper(|upper| upper.mode.encoder_variance), expected.upper_encoder, half);
    assert_near(optimum.reconstruction_error, expected.error, half);
    assert_eq!(optimum.is_determined, [true, true]);
}

fn levels(beta: [f64; 2], variance: f64, encoder: [Learnable; 2]) -> HierarchicalOptimum {
    hierarchical([5, 5], beta, variance, encoder).optimum(&Target::of_eigenvalues(&LAM_H).unwrap()).unwrap()
}

#[test]
fn hierarchical_vaes_with_fixed_lower_variance() {
    check_levels(
        &levels([1.0, 1.0], 1.0, [fixed(0.5), LEARNED]),
        &Levels {
            active: [4, 3],
            loss: 9.067171,
            kl: &[0.7520, 0.3466, 0.0589, 0.0, 0.0],
            term: 1.3364,
            information: [2.3705, 0.8546],
            second_moments: &[4.5, 2.0, 1.125, 0.7071, 0.5],
            means: &[4.0, 1.5, 0.625, 0.2071, 0.0],
            encoder: &[0.5; 5],
            upper_decoder: &[1.8708, 1.0, 0.3536, 0.0, 0.0],
            upper_encoder: &[0.2222, 0.5, 0.8889, 1.0, 1.0],
            terms: &[0.3466, 0.3466, 0.3466, 0.2001, 0.0966],
            error: 3.9571,
        },
    );
    check_levels(
        &levels([1.0, 1.0], 0.5, [fixed(0.8), LEARNED]),
        &Levels {
            active: [4, 5],
            loss: 8.695344,
            kl: &[1.6802, 1.2747, 0.9870, 0.5816, 0.2350],
            term: -1.1750,
            information: [3.5835, 2.7994],
            second_moments: &[14.4, 6.4, 3.6, 1.6, 0.8],
            means: &[13.6, 5.6, 2.8, 0.8, 0.0],
            encoder: &[0.8; 5],
            upper_decoder: &[3.7283, 2.4290, 1.7607, 1.0488, 0.5477],
            upper_encoder: &[0.0347, 0.0781, 0.1389, 0.3125, 0.6250],
            terms: &[-0.2350; 5],
            error: 2.25,
        },
    );
    check_levels(
        &levels([1.0, 1.0], 1.0, [fixed(0.5), fixed(1.0)]),
        &Levels {
            active: [4, 3],
            loss: 9.336057,
            kl: &[0.3255, 0.1300, 0.0200, 0.0, 0.0],
            term: 1.8119,
            information: [1.9847, 0.2809],
            second_moments: &[2.7257, 1.5874, 1.0817, 0.7071, 0.5],
            means: &[2.2257, 1.0874, 0.5817, 0.2071, 0.0],
            encoder: &[0.5; 5],
            upper_decoder: &[0.8068, 0.5098, 0.2001, 0.0, 0.0],
            upper_encoder: &[1.0; 5],
            terms: &[0.6721, 0.4765, 0.3666, 0.2001, 0.0966],
            error: 4.9080,
        },
    );
}

#[test]
fn hierarchical_vaes_with_learned_lower_variance() {
    check_levels(
        &levels([1.0, 1.5], 0.5, [LEARNED, LEARNED]),
        &Levels {
            active: [4, 0],
            loss: 8.695344,
            kl: &[0.0; 5],
            term: 3.5835,
            information: [3.5835, 0.0],
            second_moments: &[0.5; 5],
            means: &[0.4722, 0.4375, 0.3889, 0.25, 0.0],
            encoder: &[0.0278, 0.0625, 0.1111, 0.25, 0.5],
            upper_decoder: &[0.0; 5],
            upper_encoder: &[1.0; 5],
            terms: &[1.4452, 1.0397, 0.7520, 0.3466, 0.0],
            error: 2.25,
        },
    );
    check_levels(
        &levels([1.0, 1.0], 0.5, [LEARNED, fixed(0.36)]),
        &Levels {
            active: [4, 5],
            loss: 8.695344,
            kl: &[0.5108; 5],
            term: 1.0294,
            information: [3.5835, 1.4114],
            second_moments: &[1.3889; 5],
            means: &[1.3117, 1.2153, 1.0802, 0.6944, 0.0],
            encoder: &[0.0772, 0.1736, 0.3086, 0.6944, 1.3889],
            upper_decoder: &[0.9428; 5],
            upper_encoder: &[0.36; 5],
            terms: &[0.9344, 0.5289, 0.2412, -0.1643, -0.5108],
            error: 2.25,
        },
    );
}
