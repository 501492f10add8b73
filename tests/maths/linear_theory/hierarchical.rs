//! The optimum of a linear hierarchical VAE against its lower bound over full matrices.

use super::full::{self, Levels};
use super::minimise::minimise;
use super::{Draw, LEARNED, assert_all, assert_near, descending, diagonal, fixed, hierarchical, with_eigenvalues};
use collapsar::exact::linear::{HierarchicalOptimum, LinearError, LinearHierarchicalVae, LowerMode, Target};
use collapsar::experiment::Learnable;
use nalgebra::DMatrix;

fn problem(model: &LinearHierarchicalVae, covariance: DMatrix<f64>) -> full::Hierarchical {
    full::Hierarchical {
        covariance,
        latent: model.latent_dimensions,
        beta: model.beta,
        decoder: model.decoder_variance.fixed(),
        level: model.level_variance,
        prior: model.prior_variance,
        encoder: model.encoder_variance.map(Learnable::fixed),
    }
}

fn some_model(draw: &mut Draw, latent: [usize; 2], encoder: [bool; 2]) -> LinearHierarchicalVae {
    let mut variance = |is_learned| if is_learned { LEARNED } else { fixed(draw.scale(0.15, 2.0)) };
    let encoder_variance = encoder.map(&mut variance);
    let first = draw.scale(0.5, 2.0);
    // Both learned: only β2 > β1 has one optimum.
    let second = if encoder == [true, true] { first * draw.between(1.2, 2.0) } else { draw.scale(0.5, 2.0) };
    LinearHierarchicalVae {
        latent_dimensions: latent,
        beta: [first, second],
        decoder_variance: fixed(draw.scale(0.2, 1.5)),
        level_variance: draw.scale(0.3, 2.0),
        prior_variance: draw.scale(0.5, 2.0),
        encoder_variance,
    }
}

fn agrees(problem: &full::Hierarchical, optimum: &HierarchicalOptimum, draw: &mut Draw, what: &str) {
    let loss = |parameters: &[f64]| problem.loss(&problem.levels(parameters));
    let restarts = (0..3).map(|_| minimise(&loss, draw.normals(problem.parameters(), 0.5)));
    let (best, lowest) = restarts.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((lowest - optimum.loss).abs() < 5e-7, "{what}: {lowest} instead of {}", optimum.loss);
    let levels = problem.levels(&best);
    if problem.decoder.is_none() {
        assert_near(levels.ex / optimum.decoder_variance, 1.0, 1e-3);
    }
    // At a threshold the loss is flat, and the minimiser stops anywhere.
    let found = if optimum.is_by_mode[1] { problem.upper_kls_by_mode(&levels) } else { problem.upper_kls(&levels) };
    let tau = problem.beta[1] / problem.beta[0] * problem.level;
    let threshold = problem.encoder[1].map_or(tau, |s2| tau * s2 / problem.prior);
    let is_flat = optimum.lower.iter().any(|mode| {
        (mode.second_moment / threshold - 1.0).abs() < 0.05
            || mode.posterior_mean_variance > 0.0 && mode.posterior_mean_variance < 0.05 * mode.second_moment
    });
    if !is_flat && optimum.is_determined[1] {
        assert_all(&descending(found), &optimum.kl_per_dimension(), 1e-3);
        assert_near(problem.term(&levels), optimum.kl_term(), 3e-3);
    }
}

#[test]
fn random_settings_of_all_four_combinations_are_solved() {
    let mut draw = Draw::new(21);
    for encoder in [[false, true], [false, false], [true, true], [true, false]] {
        for round in 0..6 {
            let dimensions = 2 + draw.below(2);
            // d2 < d1, d2 > d1 and d1 > D are among them.
            let latent = [1 + draw.below(dimensions + 1), 1 + draw.below(3)];
            let model = some_model(&mut draw, latent, encoder);
            let eigenvalues: Vec<f64> = (0..dimensions).map(|_| draw.scale(0.1, 6.0)).collect();
            let optimum = model.optimum(&Target::of_eigenvalues(&eigenvalues).unwrap()).unwrap();
            let covariance = with_eigenvalues(&draw.rotation(dimensions), &eigenvalues);
            let what = format!("{encoder:?}, round {round}: {model:?} {eigenvalues:?}");
            agrees(&problem(&model, covariance), &optimum, &mut draw, &what);
        }
    }
}

#[test]
fn fewer_dimensions_above_than_below_go_to_the_largest_modes() {
    let mut draw = Draw::new(22);
    let eigenvalues = [6.0, 3.0, 1.0];
    let covariance = with_eigenvalues(&draw.rotation(3), &eigenvalues);
    let target = Target::of_eigenvalues(&eigenvalues).unwrap();
    for encoder in [[fixed(0.8), LEARNED], [fixed(0.6), fixed(0.4)], [LEARNED, fixed(0.3)], [LEARNED, LEARNED]] {
        let model = hierarchical([3, 1], [1.0, 1.2], 0.5, encoder);
        let optimum = model.optimum(&target).unwrap();
        agrees(&problem(&model, covariance.clone()), &optimum, &mut draw, &format!("{encoder:?}"));
        // With s1 learned every mode is as good, but where z1's own variance does not tell them apart.
        assert_eq!(optimum.is_determined, [encoder != [LEARNED, fixed(0.3)], true]);
    }
}

#[test]
fn a_learned_decoder_variance_is_solved_where_z1_is_learned() {
    let mut draw = Draw::new(23);
    let eigenvalues = [5.0, 2.0, 0.6, 0.3];
    let covariance = with_eigenvalues(&draw.rotation(4), &eigenvalues);
    let target = Target::of_eigenvalues(&eigenvalues).unwrap();
    for encoder in [[LEARNED, fixed(0.4)], [LEARNED, LEARNED]] {
        let model =
            LinearHierarchicalVae { decoder_variance: LEARNED, ..hierarchical([2, 2], [1.5, 1.8], 0.7, encoder) };
        let optimum = model.optimum(&target).unwrap();
        agrees(&problem(&model, covariance.clone()), &optimum, &mut draw, &format!("{encoder:?}"));
    }
    let model = LinearHierarchicalVae {
        decoder_variance: LEARNED,
        ..hierarchical([2, 2], [1.0, 1.0], 0.7, [fixed(0.5), LEARNED])
    };
    assert!(matches!(model.optimum(&target), Err(LinearError::NoClosedForm(_))));
}

/// Parameters that the closed form predicts, in a basis of eigenvectors.
fn predicted(optimum: &HierarchicalOptimum, axes: &DMatrix<f64>) -> Levels {
    let lower = |of: fn(&LowerMode) -> f64| optimum.lower.iter().map(of).collect::<Vec<f64>>();
    let count = optimum.lower.len();
    let upper = optimum.upper.len();
    let mut w2 = DMatrix::zeros(upper, count);
    let mut u2 = DMatrix::zeros(count, upper);
    for (k, above) in optimum.upper.iter().enumerate().take(count) {
        w2[(k, k)] = (above.mode.posterior_mean_variance / above.mode.eigenvalue).sqrt();
        u2[(k, k)] = above.mode.decoder_singular_value;
    }
    let axes = axes.columns(0, count);
    Levels {
        w1: diagonal(&lower(|mode| (mode.posterior_mean_variance / mode.eigenvalue).sqrt())) * axes.transpose(),
        u1: axes * diagonal(&lower(|mode| mode.decoder_singular_value)),
        w2,
        u2,
        s1: lower(|mode| mode.encoder_variance),
        s2: optimum.upper.iter().map(|above| above.mode.encoder_variance).collect(),
        ex: optimum.decoder_variance,
    }
}

#[test]
fn the_predicted_parameters_cannot_be_perturbed_to_a_lower_loss() {
    let mut draw = Draw::new(24);
    for encoder in [[false, true], [false, false], [true, true], [true, false]] {
        for round in 0..10 {
            let latent = [3, 1 + draw.below(4)];
            let model = some_model(&mut draw, latent, encoder);
            let eigenvalues = descending((0..4).map(|_| draw.scale(0.1, 6.0)).collect());
            let optimum = model.optimum(&Target::of_eigenvalues(&eigenvalues).unwrap()).unwrap();
            let rotation = draw.rotation(4);
            let problem = problem(&model, with_eigenvalues(&rotation, &eigenvalues));
            let levels = predicted(&optimum, &rotation);
            assert_near(problem.loss(&levels), optimum.loss, 1e-10);
            assert_near(problem.term(&levels), optimum.kl_term(), 1e-10);
            for _ in 0..200 {
                let size = draw.scale(1e-4, 1e-1);
                let mut nudged = |matrix: &DMatrix<f64>| matrix + draw.matrix(matrix.nrows(), matrix.ncols()) * size;
                let (w1, u1) = (nudged(&levels.w1), nudged(&levels.u1));
                let (w2, u2) = (nudged(&levels.w2), nudged(&levels.u2));
                let mut scaled = |variances: &[f64], is_learned: bool| -> Vec<f64> {
                    let factor = |draw: &mut Draw| if is_learned { (size * draw.normal()).exp() } else { 1.0 };
                    variances.iter().map(|variance| variance * factor(&mut draw)).collect()
                };
                let s1 = scaled(&levels.s1, encoder[0]);
                let s2 = scaled(&levels.s2, encoder[1]);
                let loss = problem.loss(&Levels { w1, u1, w2, u2, s1, s2, ex: levels.ex });
                assert!(loss > optimum.loss - 1e-10, "{encoder:?}, round {round}: {model:?}");
            }
        }
    }
}

#[test]
fn with_both_variances_learned_beta_decides() {
    let mut draw = Draw::new(25);
    let eigenvalues = [4.0, 1.0];
    let target = Target::of_eigenvalues(&eigenvalues).unwrap();
    let rotation = draw.rotation(2);
    let covariance = with_eigenvalues(&rotation, &eigenvalues);
    let of = |second: f64| hierarchical([2, 2], [1.0, second], 0.5, [LEARNED, LEARNED]);

    // β2 > β1: z2 is dead.
    let optimum = of(1.01).optimum(&target).unwrap();
    assert_eq!((optimum.active_dimensions(), optimum.is_determined), ([2, 0], [true, true]));
    // β2 = β1: flat. The minimiser's split is another in every restart, the loss and the sum are the same.
    let optimum = of(1.0).optimum(&target).unwrap();
    assert_eq!(optimum.is_determined, [false, false]);
    assert!(optimum.note.as_ref().unwrap().contains("β1 = β2"));
    let total = optimum.kl_term() + optimum.kl_per_dimension().iter().sum::<f64>();
    let expected: f64 = eigenvalues.iter().map(|value| 0.5 * (value / 0.5_f64).ln()).sum();
    assert_near(total, expected, 1e-12);
    let flat = problem(&of(1.0), covariance.clone());
    let loss = |parameters: &[f64]| flat.loss(&flat.levels(parameters));
    let ends: Vec<(f64, f64)> = (0..4)
        .map(|_| {
            let (best, lowest) = minimise(&loss, draw.normals(flat.parameters(), 0.7));
            let levels = flat.levels(&best);
            let kl: f64 = flat.upper_kls(&levels).iter().sum();
            assert_near(lowest, optimum.loss, 1e-6);
            assert_near(flat.term(&levels) + kl, total, 5e-3);
            (kl, lowest)
        })
        .collect();
    let spread = ends.iter().map(|end| end.0).fold(f64::NEG_INFINITY, f64::max)
        - ends.iter().map(|end| end.0).fold(f64::INFINITY, f64::min);
    assert!(spread > 0.05, "{ends:?}");
    // β2 < β1: the loss falls by (β1 − β2)/2 · d1 · log 10 with every decade of z1's scale.
    let expected = LinearError::UnboundedScale { first: 1.0, second: 0.8 };
    assert_eq!(of(0.8).optimum(&target), Err(expected));
    let unbounded = problem(&of(0.8), covariance);
    let at = |scale: f64| {
        // Of the flat optimum: z1 stretched to E z1² = a, z2 taking up all but e1 of it.
        let a = 0.5 * scale;
        let tau = 0.4;
        let s1: Vec<f64> = eigenvalues.iter().map(|value| a * 0.5 / value).collect();
        let v1: Vec<f64> = s1.iter().zip(&eigenvalues).map(|(s, value)| ((a - s) / value).sqrt()).collect();
        let u1: Vec<f64> = s1.iter().zip(&eigenvalues).map(|(s, value)| (value * (a - s)).sqrt() / a).collect();
        unbounded.loss(&Levels {
            w1: diagonal(&v1) * rotation.transpose(),
            u1: &rotation * diagonal(&u1),
            w2: diagonal(&[((1.0 - tau / a) / a).sqrt(); 2]),
            u2: diagonal(&[(a - tau).sqrt(); 2]),
            s1,
            s2: vec![tau / a; 2],
            ex: 0.5,
        })
    };
    let decade = 0.5 * 0.2 * 2.0 * 10_f64.ln();
    assert_near(at(1e3) - at(1e4), decade, 1e-9);
    assert_near(at(1e7) - at(1e8), decade, 1e-6);
}
