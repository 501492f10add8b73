//! The optimum of a linear VAE against the lower bound itself, minimised over full matrices in random settings.

use super::full::{self, Weights};
use super::minimise::minimise;
use super::{Draw, LEARNED, assert_all, assert_near, descending, diagonal, fixed, vae, with_eigenvalues};
use collapsar::exact::linear::{EncoderVariance, LinearVae, Mode, Target, VaeOptimum};
use collapsar::experiment::Learnable;
use nalgebra::DMatrix;

/// No restart ends lower than the prediction, the best one ends there, and with its KLs.
pub fn agrees(problem: &full::Vae, optimum: &VaeOptimum, draw: &mut Draw, what: &str) {
    let loss = |parameters: &[f64]| problem.loss(&problem.weights(parameters));
    let restarts = (0..3).map(|_| minimise(&loss, draw.normals(problem.parameters(), 0.5)));
    let (best, lowest) = restarts.min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    assert!((lowest - optimum.loss).abs() < 2e-7, "{what}: {lowest} instead of {}", optimum.loss);
    if problem.decoder.is_none() {
        assert_near(problem.weights(&best).eta / optimum.decoder_variance, 1.0, 1e-3);
    }
    if optimum.modes.iter().any(|mode| is_near_threshold(mode, problem, optimum.decoder_variance)) {
        return;
    }
    let weights = problem.weights(&best);
    let kls = if optimum.is_by_mode { problem.kls_by_mode(&weights) } else { problem.kls(&weights) };
    assert_all(&descending(kls), &optimum.kl_per_dimension(), 5e-4);
}

/// Where the loss is flat and a minimiser stops anywhere.
fn is_near_threshold(mode: &Mode, problem: &full::Vae, variance: f64) -> bool {
    let factor = if problem.encoder.is_some() { mode.encoder_variance / problem.prior } else { 1.0 };
    (mode.eigenvalue / (problem.beta * variance * factor) - 1.0).abs() < 0.05
}

pub fn some_model(draw: &mut Draw, latent: usize) -> LinearVae {
    let encoder = match draw.below(3) {
        0 => EncoderVariance::Learned,
        1 => EncoderVariance::Isotropic(draw.scale(0.1, 3.0)),
        _ => EncoderVariance::PerDimension((0..latent).map(|_| draw.scale(0.1, 3.0)).collect()),
    };
    let decoder = if draw.uniform() < 0.4 { LEARNED } else { fixed(draw.scale(0.1, 2.0)) };
    LinearVae { prior_variance: draw.scale(0.4, 2.5), ..vae(latent, draw.scale(0.3, 4.0), decoder, encoder) }
}

/// The same settings for the lower bound over full matrices.
pub fn problem(model: &LinearVae, joint: DMatrix<f64>, conditions: usize) -> full::Vae {
    full::Vae {
        joint,
        conditions,
        decoder_sees_condition: conditions > 0,
        encoder_sees_output: true,
        latent: model.latent_dimensions,
        beta: model.beta,
        prior: model.prior_variance,
        decoder: model.decoder_variance.fixed(),
        encoder: match &model.encoder_variance {
            EncoderVariance::Learned => None,
            EncoderVariance::Isotropic(variance) => Some(vec![*variance; model.latent_dimensions]),
            EncoderVariance::PerDimension(variances) => Some(variances.clone()),
        },
    }
}

#[test]
fn random_settings_are_solved() {
    let mut draw = Draw::new(1);
    let mut solved = [0; 6];
    for round in 0..36 {
        let dimensions = 2 + draw.below(3);
        let latent = 1 + draw.below(dimensions);
        let model = some_model(&mut draw, latent);
        let mut eigenvalues: Vec<f64> = (0..dimensions).map(|_| draw.scale(0.1, 6.0)).collect();
        if draw.uniform() < 0.2 {
            eigenvalues[0] = 0.0;
        }
        let target = Target::of_eigenvalues(&eigenvalues).unwrap();
        // Settings without an optimum have tests of their own.
        let Ok(optimum) = model.optimum(&target) else { continue };
        let kind = match &model.encoder_variance {
            EncoderVariance::Learned => 0,
            EncoderVariance::Isotropic(_) => 2,
            EncoderVariance::PerDimension(_) => 4,
        };
        solved[kind + usize::from(model.decoder_variance == LEARNED)] += 1;
        let joint = with_eigenvalues(&draw.rotation(dimensions), &eigenvalues);
        agrees(&problem(&model, joint, 0), &optimum, &mut draw, &format!("round {round}: {model:?} {eigenvalues:?}"));
    }
    assert!(solved.iter().all(|count| *count > 0), "{solved:?}");
}

#[test]
fn more_latent_dimensions_than_data_dimensions_collapse() {
    let target = Target::of_eigenvalues(&[3.0, 1.0]).unwrap();
    let optimum = vae(4, 1.0, fixed(0.5), EncoderVariance::Learned).optimum(&target).unwrap();
    assert_all(&optimum.kl_per_dimension(), &[0.5 * 6_f64.ln(), 0.5 * 2_f64.ln(), 0.0, 0.0], 1e-14);
    // ½(s − 1 − log s) where the variance is fixed.
    let idle = 0.5 * (0.25 - 1.0 - 0.25_f64.ln());
    let optimum = vae(4, 1.0, fixed(0.5), EncoderVariance::Isotropic(0.25)).optimum(&target).unwrap();
    assert_all(&optimum.kl_per_dimension()[2..], &[idle, idle], 1e-14);
    assert_eq!(optimum.active_dimensions(), 2);
    let mut draw = Draw::new(2);
    for encoder in [EncoderVariance::Learned, EncoderVariance::PerDimension(vec![0.5, 0.1, 2.0])] {
        let model = vae(3, 1.0, fixed(0.5), encoder);
        let joint = with_eigenvalues(&draw.rotation(2), &[3.0, 1.0]);
        agrees(&problem(&model, joint, 0), &model.optimum(&target).unwrap(), &mut draw, "K > D");
    }
}

#[test]
fn another_target_than_the_input_is_solved() {
    let mut draw = Draw::new(3);
    for round in 0..8 {
        // y = Bx + e, of which the encoder sees x and the decoder must give y.
        let (inputs, outputs, latent) = (3, 2 + draw.below(2), 1 + draw.below(3));
        let x = with_eigenvalues(&draw.rotation(inputs), &[2.0, 1.0, 0.3]);
        let b = draw.matrix(outputs, inputs);
        let noise = draw.between(0.0, 0.5);
        let yx = &b * &x;
        let y = &yx * b.transpose() + DMatrix::identity(outputs, outputs) * noise;
        let total = inputs + outputs;
        let mut joint = DMatrix::zeros(total, total);
        joint.view_mut((0, 0), (inputs, inputs)).copy_from(&x);
        joint.view_mut((inputs, 0), (outputs, inputs)).copy_from(&yx);
        joint.view_mut((0, inputs), (inputs, outputs)).copy_from(&yx.transpose());
        joint.view_mut((inputs, inputs), (outputs, outputs)).copy_from(&y);
        // Z = E[y x̃ᵀ] has ZZᵀ = B Cov(x) Bᵀ.
        let squares: Vec<f64> = (&yx * b.transpose()).symmetric_eigenvalues().iter().copied().collect();
        let target = Target::of_regression(&squares, Some(outputs), Some(y.trace()), Some(inputs)).unwrap();
        let model = some_model(&mut draw, latent);
        let Ok(optimum) = model.optimum(&target) else { continue };
        let problem =
            full::Vae { decoder_sees_condition: false, encoder_sees_output: false, ..problem(&model, joint, inputs) };
        agrees(&problem, &optimum, &mut draw, &format!("round {round}: {model:?}"));
    }
}

#[test]
fn the_predicted_parameters_cannot_be_perturbed_to_a_lower_loss() {
    let mut draw = Draw::new(4);
    for round in 0..20 {
        let (dimensions, latent) = (5, 4);
        let model = some_model(&mut draw, latent);
        let eigenvalues = descending((0..dimensions).map(|_| draw.scale(0.1, 6.0)).collect());
        let optimum = model.optimum(&Target::of_eigenvalues(&eigenvalues).unwrap()).unwrap();
        let rotation = draw.rotation(dimensions);
        let mut problem = problem(&model, with_eigenvalues(&rotation, &eigenvalues), 0);
        // In the order of the modes.
        problem.encoder = problem.encoder.map(|_| optimum.modes.iter().map(|mode| mode.encoder_variance).collect());
        let of = |value: fn(&Mode) -> f64| optimum.modes.iter().map(value).collect::<Vec<f64>>();
        let axes = rotation.columns(0, latent);
        let whiten = of(|mode| (mode.posterior_mean_variance / mode.eigenvalue).sqrt());
        let weights = Weights {
            w: diagonal(&whiten) * axes.transpose(),
            u: axes * diagonal(&of(|mode| mode.decoder_singular_value)),
            b: DMatrix::zeros(dimensions, 0),
            s: of(|mode| mode.encoder_variance),
            eta: optimum.decoder_variance,
        };
        assert_near(problem.loss(&weights), optimum.loss, 1e-10);
        for _ in 0..200 {
            let size = draw.scale(1e-4, 1e-1);
            let mut nudge = |value: f64, is_free: bool| {
                let factor = size * draw.normal();
                if is_free { value * factor.exp() } else { value }
            };
            let s: Vec<f64> = weights.s.iter().map(|s| nudge(*s, problem.encoder.is_none())).collect();
            let eta = nudge(weights.eta, model.decoder_variance == Learnable::Learned);
            let nudged = Weights {
                w: &weights.w + draw.matrix(latent, dimensions) * size,
                u: &weights.u + draw.matrix(dimensions, latent) * size,
                b: weights.b.clone(),
                s,
                eta,
            };
            assert!(problem.loss(&nudged) > optimum.loss - 1e-10, "round {round}: {model:?}");
        }
    }
}

#[test]
fn pairs_of_tied_eigenvalues_and_of_tied_variances_are_solved() {
    let mut draw = Draw::new(5);
    let eigenvalues = [2.0, 2.0, 2.0, 0.5];
    let target = Target::of_eigenvalues(&eigenvalues).unwrap();
    for (decoder, encoder) in [
        (fixed(0.5), EncoderVariance::Learned),
        (LEARNED, EncoderVariance::Learned),
        (fixed(0.5), EncoderVariance::PerDimension(vec![0.3, 0.3])),
        (LEARNED, EncoderVariance::Isotropic(0.3)),
    ] {
        let model = vae(2, 1.5, decoder, encoder);
        let joint = with_eigenvalues(&draw.rotation(4), &eigenvalues);
        let optimum = model.optimum(&target).unwrap();
        agrees(&problem(&model, joint, 0), &optimum, &mut draw, &format!("{model:?}"));
    }
}
