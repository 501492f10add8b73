//! Data of the classical models: exact covariances, draws that do not jump, and the reference's numbers for them.

use crate::assert_close;
use collapsar::data::Unmonitored;
use collapsar::exact::{ClassicalError, MixtureWeight, PpcaError, PpcaExamples, PpcaLesson, mixture, mixture_data};
use collapsar::experiment::{MixtureSettings, PpcaData, PpcaSettings, PpcaWeights};
use nalgebra::DMatrix;

fn load(data: &PpcaData) -> PpcaExamples {
    PpcaExamples::load(data, &Unmonitored).unwrap().unwrap()
}

#[test]
fn built_in_data_have_the_reference_covariance_exactly() {
    for (data, factors, expected) in [
        (PpcaData::TwoFactors, 2, [18.293, 8.403, 0.0112, 0.0103, 0.0093]),
        (PpcaData::OneFactor, 1, [12.571, 0.0118, 0.0105, 0.0092, 0.0086]),
    ] {
        let examples = load(&data);
        assert_eq!((examples.len(), examples.warnings.len()), (500, 0));
        for (found, expected) in examples.spectrum.eigenvalues.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-11, "{found} instead of {expected}");
        }
        // The principal axes span the weights behind the data.
        let settings = PpcaSettings {
            data,
            latent_dimensions: factors,
            weights: PpcaWeights::Generating,
            ..PpcaSettings::default()
        };
        let weights = examples.model(&settings).unwrap().weights;
        assert_close(weights[(0, 0)], -1.87099416, 0.0, "first weight");
        let axes = examples.spectrum.directions.columns(0, factors).into_owned();
        let rest = &weights - &axes * axes.tr_mul(&weights);
        assert!(rest.norm() < 1e-9, "{rest}");
        // A surplus dimension has no weights; its posterior is the prior.
        let surplus = PpcaSettings { latent_dimensions: factors + 1, ..settings };
        let reading = PpcaLesson::new(&examples, &surplus, 3).unwrap().read().unwrap();
        assert!(reading.weights[factors].iter().all(|weight| *weight == 0.0));
        assert!(reading.posteriors.iter().all(|posterior| posterior.kl_per_dimension[factors].abs() < 1e-12));
    }
}

/// The law: latent dimension i is active if and only if λ_i > σ², and its KL is ½ log(λ_i/σ²).
#[test]
fn a_reading_obeys_the_law_and_holds_together() {
    let examples = load(&PpcaData::TwoFactors);
    for sigma in [0.5, 2.0, 2.89, 2.91, 4.27, 4.28, 5.0] {
        let settings = PpcaSettings { sigma, ..PpcaSettings::default() };
        let lesson = PpcaLesson::new(&examples, &settings, 1000).unwrap();
        let reading = lesson.read().unwrap();
        assert_eq!((reading.example, reading.dimensions, reading.examples), (499, 5, 500));
        for posterior in &reading.posteriors {
            // Along the principal axes nothing is left to factorise: mean-field is exact.
            for (kl, predicted) in posterior.kl_per_dimension.iter().zip(&reading.predicted_kl) {
                assert!((kl - predicted).abs() < 1e-6, "σ = {sigma}: {kl} instead of {predicted}");
            }
        }
        let surface = &reading.surface;
        assert_eq!(surface.log_likelihood.len(), surface.side * surface.side);
        let step = 2.0 * f64::from(surface.reach) / (surface.side - 1) as f64;
        for (column, row) in [(0, 0), (10, 150), (80, 80), (160, 3)] {
            let z = [column, row].map(|at| f64::from(at) * step - f64::from(surface.reach));
            let expected = lesson.model.log_likelihood(&lesson.x, &nalgebra::DVector::from_row_slice(&z));
            let found = f64::from(surface.log_likelihood[row as usize * surface.side + column as usize]);
            assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0), "{z:?}: {found} instead of {expected}");
        }
        assert!((surface.range < 1e-9) == (sigma > 4.277), "σ = {sigma}: range {}", surface.range);
    }
}

#[test]
fn constant_columns_are_left_out_and_only_constant_ones_refused() {
    let data = DMatrix::from_row_slice(4, 3, &[1.0, 5.0, 2.0, 3.0, 5.0, 1.0, -2.0, 5.0, 0.5, 0.0, 5.0, 4.0]);
    let examples = PpcaExamples::of_matrix(&data).unwrap();
    assert_eq!(examples.spectrum.eigenvalues.len(), 2);
    assert_eq!(examples.warnings, ["column 2 is constant and is left out"]);
    let model = examples.model(&PpcaSettings { latent_dimensions: 1, sigma: 0.5, ..PpcaSettings::default() }).unwrap();
    let rows = examples.weights_of_every_column(&model);
    assert_eq!(rows[1], [0.0]);
    assert_eq!((rows[0][0], rows[2][0]), (model.weights[(0, 0)], model.weights[(1, 0)]));
    assert_eq!(examples.eigenvalues_of_every_column()[2], 0.0);
    let constant = PpcaExamples::of_matrix(&DMatrix::from_element(4, 2, 1.5)).unwrap_err();
    assert_eq!(constant, ClassicalError::Ppca(PpcaError::Constant));
}

#[test]
fn draws_move_with_the_slider_and_stay_with_n() {
    let settings = MixtureSettings { examples: 50, separation: 1.0, ..MixtureSettings::default() };
    let (few, many) = (mixture_data(&settings), mixture_data(&MixtureSettings { examples: 500, ..settings.clone() }));
    assert_eq!(few, many[..50]);
    let apart = mixture_data(&MixtureSettings { separation: 3.0, ..settings.clone() });
    for (near, far) in few.iter().zip(&apart) {
        assert!(((far - near).abs() - 1.0).abs() < 1e-12, "a datum goes with its mean");
    }
    assert_ne!(few, mixture_data(&MixtureSettings { seed: 8, ..settings }));
}

/// Mean and standard deviation over seeds.
fn over_seeds(settings: &MixtureSettings, components: Option<[f64; 2]>, of: impl Fn(f64, f64) -> f64) -> (f64, f64) {
    let values: Vec<f64> = (0..40)
        .map(|seed| {
            let settings = MixtureSettings { seed, ..settings.clone() };
            let known = mixture(&settings);
            let model = components.map_or(known, |[first, second]| MixtureWeight {
                first: (first, 1.0),
                second: (second, 1.0),
                ..known
            });
            let posterior = model.posterior(&mixture_data(&settings)).unwrap();
            of(posterior.kl_to_prior, posterior.log_likelihood_range / settings.examples as f64)
        })
        .collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64).sqrt())
}

/// The reference is one data set that is not ours, with the same separation, N and weight: its KL must lie where ours lie for other
/// seeds. Three standard deviations over seeds are the sampling error of one data set.
#[test]
fn kl_with_known_components_is_the_reference_up_to_the_draw_of_its_data() {
    let table = [
        (1.0, [(20, 0.15), (100, 1.85), (1000, 3.56), (10_000, 4.86)]),
        (20.0, [(20, 1.07), (100, 4.52), (1000, 5.52), (10_000, 6.11)]),
    ];
    for (separation, row) in table {
        for (examples, expected) in row {
            let settings = MixtureSettings { separation, examples, ..MixtureSettings::default() };
            let (mean, sd) = over_seeds(&settings, None, |kl, _| kl);
            assert!((mean - expected).abs() < 3.0 * sd, "N = {examples}: {mean} ± {sd} instead of {expected}");
        }
    }
    for examples in [20, 100, 1000, 10_000] {
        let settings = MixtureSettings { separation: 0.0, examples, ..MixtureSettings::default() };
        let posterior = mixture(&settings).posterior(&mixture_data(&settings)).unwrap();
        assert!(posterior.kl_to_prior.abs() < 1e-9 && posterior.log_likelihood_range < 1e-9);
    }
}

/// The reference takes the range at components chosen by hand that are not those of its data, over i/999 where this grid is i/1000:
/// less than 0.001 nats of difference. Three standard deviations over seeds, as above.
#[test]
fn likelihood_ranges_are_the_reference_up_to_the_draw_of_its_data() {
    for (separation, components, expected) in [(1.0, [-0.75, 0.75], 0.589), (20.0, [-10.0, 10.0], 5.485)] {
        let settings = MixtureSettings { separation, examples: 10_000, ..MixtureSettings::default() };
        let (mean, sd) = over_seeds(&settings, Some(components), |_, range| range);
        assert!((mean - expected).abs() < 3.0 * sd && sd < 0.05, "{mean} ± {sd} instead of {expected}");
    }
    // One component: every α has the same likelihood.
    let settings = MixtureSettings { separation: 0.0, examples: 10_000, ..MixtureSettings::default() };
    let equal = MixtureWeight { first: (-0.5, 1.0), second: (-0.5, 1.0), prior: (5.0, 5.0) };
    let range = equal.posterior(&mixture_data(&settings)).unwrap().log_likelihood_range;
    assert!(range < 1e-8, "{range}");
}
