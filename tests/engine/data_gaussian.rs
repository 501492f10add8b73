//! Gaussian data: the covariance that was asked for, exactly or within sampling error, and what is refused.

use collapsar::data::{
    DataError, Dataset, ExampleShape, LoadOptions, PerDimension, Sampling, Source, Unmonitored, load,
};
use nalgebra::DMatrix;

const SPECTRUM: [f64; 4] = [3.0, 2.0, 1.0, 0.5];
const CORRELATIONS: [f64; 4] = [0.9, 0.2, -0.6, 0.0];

fn options(sampling: Sampling) -> LoadOptions {
    LoadOptions {
        spectrum: SPECTRUM.to_vec(),
        correlation: PerDimension::Each(CORRELATIONS.to_vec()),
        sampling,
        ..LoadOptions::default()
    }
}

fn open(source: Source, options: &LoadOptions) -> Dataset {
    load(&source, options, &Unmonitored).unwrap()
}

fn matrix(values: Vec<f32>, columns: usize) -> DMatrix<f64> {
    DMatrix::from_row_iterator(values.len() / columns, columns, values.into_iter().map(f64::from))
}

fn outputs(data: &Dataset) -> DMatrix<f64> {
    matrix(data.training_batch(&(0..data.training_len()).collect::<Vec<_>>()), data.dimensions())
}

fn conditions(data: &Dataset) -> DMatrix<f64> {
    let positions: Vec<usize> = (0..data.training_len()).collect();
    matrix(data.training_condition(&positions).unwrap(), data.condition_dimensions())
}

/// (1/n) Σ (a − ā)(b − b̄)ᵀ.
fn covariance(a: &DMatrix<f64>, b: &DMatrix<f64>) -> DMatrix<f64> {
    let count = a.nrows() as f64;
    let (mean_a, mean_b) = (a.row_sum() / count, b.row_sum() / count);
    (a.transpose() * b) / count - mean_a.transpose() * mean_b
}

fn eigenvalues(symmetric: DMatrix<f64>) -> Vec<f64> {
    let mut values: Vec<f64> = symmetric.symmetric_eigenvalues().iter().copied().collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// Eigenvalues of the covariance of what least squares leaves of the outputs once the conditions are known.
fn residual_eigenvalues(data: &Dataset) -> Vec<f64> {
    let (y, c) = (outputs(data), conditions(data));
    // A column of ones for the intercept.
    let c = c.insert_column(data.condition_dimensions(), 1.0);
    let coefficients = (c.transpose() * &c).lu().solve(&(c.transpose() * &y)).unwrap();
    let residuals = &y - &c * coefficients;
    eigenvalues(covariance(&residuals, &residuals))
}

#[track_caller]
fn assert_close(found: &[f64], expected: &[f64], relative: f64) {
    assert_eq!(found.len(), expected.len());
    let largest = expected.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() < relative * expected.max(0.1 * largest), "{found} instead of {expected}");
    }
}

#[test]
fn exact_data_have_the_spectrum_to_rounding() {
    let spectrum = [4.0, 2.5, 1.5, 0.8, 0.4, 0.0];
    let options = LoadOptions { spectrum: spectrum.to_vec(), ..options(Sampling::Exact) };
    let data = open(Source::LinearGaussian, &options);
    assert_eq!((data.training_len(), data.held_out_len(), data.inspection().examples), (12, 12, 12));
    assert_eq!((data.shape(), data.dimensions(), data.condition_dimensions()), (ExampleShape::Vector(6), 6, 0));
    assert!(data.labels().is_none() && data.warnings().is_empty());
    assert!(data.training_condition(&[0]).is_none() && data.held_out_condition(&[0]).is_none());
    assert!(data.condition_mean().is_empty());
    assert_eq!(data.training_mean(), [0.0; 6]);
    let positions: Vec<usize> = (0..12).collect();
    assert_eq!(data.training_batch(&positions), data.held_out_batch(&positions));

    let y = outputs(&data);
    let covariance = covariance(&y, &y);
    assert_close(&eigenvalues(covariance.clone()), &spectrum, 1e-6);
    // On axes of its own: along none of the coordinates.
    let off_diagonal = (0..6).flat_map(|row| (0..row).map(move |column| (row, column)));
    assert!(off_diagonal.map(|at| covariance[at].abs()).fold(0.0, f64::max) > 0.3, "{covariance}");
}

#[test]
fn exact_data_of_one_dimension_are_two_points() {
    let options = LoadOptions { spectrum: vec![2.25], ..options(Sampling::Exact) };
    let data = open(Source::LinearGaussian, &options);
    let mut values = data.training_batch(&[0, 1]);
    values.sort_by(f32::total_cmp);
    assert_eq!(values, [-1.5, 1.5]);
}

#[test]
fn exact_outputs_and_conditions_have_the_joint_covariance() {
    let data = open(Source::CorrelatedGaussian, &options(Sampling::Exact));
    assert_eq!((data.training_len(), data.held_out_len(), data.inspection().examples), (16, 16, 16));
    assert_eq!((data.shape(), data.dimensions(), data.condition_dimensions()), (ExampleShape::Vector(4), 4, 4));
    assert_eq!((data.training_mean(), data.condition_mean()), (vec![0.0; 4], vec![0.0; 4]));
    assert!(data.labels().is_none() && data.warnings().is_empty());
    let positions: Vec<usize> = (0..16).collect();
    assert_eq!(data.training_condition(&positions), data.held_out_condition(&positions));

    let (y, c) = (outputs(&data), conditions(&data));
    assert_close(&eigenvalues(covariance(&y, &y)), &SPECTRUM, 1e-6);
    let of_conditions = covariance(&c, &c) - DMatrix::identity(4, 4);
    assert!(of_conditions.amax() < 1e-6, "{of_conditions}");
    // Cov(y, c) = P diag(√λ ρ) Rᵀ: its singular values are √λ |ρ|.
    let cross = covariance(&y, &c);
    let mut expected: Vec<f64> = SPECTRUM.iter().zip(&CORRELATIONS).map(|(l, rho)| l * rho * rho).collect();
    expected.sort_by(|a, b| b.total_cmp(a));
    assert_close(&eigenvalues(cross.transpose() * &cross), &expected, 2e-6);
    // λ (1 − ρ²): 0.57, 1.92, 0.64, 0.5.
    assert_close(&residual_eigenvalues(&data), &[1.92, 0.64, 0.57, 0.5], 1e-6);
}

#[test]
fn a_condition_that_determines_the_output_leaves_nothing() {
    for correlation in [1.0, -1.0] {
        let options = LoadOptions { correlation: PerDimension::All(correlation), ..options(Sampling::Exact) };
        let left = residual_eigenvalues(&open(Source::CorrelatedGaussian, &options));
        assert!(left.iter().all(|value| value.abs() < 1e-10), "{left:?}");
    }
    let options = LoadOptions { correlation: PerDimension::All(0.0), ..options(Sampling::Exact) };
    assert_close(&residual_eigenvalues(&open(Source::CorrelatedGaussian, &options)), &SPECTRUM, 1e-6);
}

#[test]
fn drawn_data_have_the_covariance_within_sampling_error() {
    let mut options = options(Sampling::Drawn);
    let linear = open(Source::LinearGaussian, &options);
    let correlated = open(Source::CorrelatedGaussian, &options);
    for data in [&linear, &correlated] {
        assert_eq!((data.training_len(), data.held_out_len()), (10_000, 2_048));
        assert!(data.labels().is_none() && data.warnings().is_empty());
        let y = outputs(data);
        // The relative standard error of an eigenvalue is √(2/n) = 0.014, that of a mean is √(λ/n) ≤ 0.018.
        assert_close(&eigenvalues(covariance(&y, &y)), &SPECTRUM, 0.06);
        assert!(data.training_mean().iter().all(|mean| mean.abs() < 0.08));
        let first = data.training_batch(&[0]);
        assert!((0..data.held_out_len()).all(|position| data.held_out_batch(&[position]) != first));
    }
    let c = conditions(&correlated);
    assert_close(&eigenvalues(covariance(&c, &c)), &[1.0; 4], 0.08);
    assert!(correlated.condition_mean().iter().all(|mean| mean.abs() < 0.05));
    assert_close(&residual_eigenvalues(&correlated), &[1.92, 0.64, 0.57, 0.5], 0.1);

    options.examples = Some(100);
    let few = open(Source::CorrelatedGaussian, &options);
    assert_eq!((few.training_len(), few.held_out_len(), few.inspection().examples), (100, 2_048, 100));
    assert_eq!(few.held_out_batch(&[0, 7]), correlated.held_out_batch(&[0, 7]));
    assert_eq!(few.held_out_condition(&[0, 7]), correlated.held_out_condition(&[0, 7]));
}

#[test]
fn every_choice_has_a_fingerprint_of_its_own() {
    let mut fingerprints = Vec::new();
    for sampling in [Sampling::Drawn, Sampling::Exact] {
        let base = LoadOptions { examples: Some(50), ..options(sampling) };
        let mut spectrum = SPECTRUM.to_vec();
        spectrum[3] = 0.4;
        for options in [
            base.clone(),
            LoadOptions { spectrum, ..base.clone() },
            LoadOptions { correlation: PerDimension::All(0.5), ..base.clone() },
        ] {
            fingerprints.push(open(Source::CorrelatedGaussian, &options).fingerprint());
        }
        fingerprints.push(open(Source::LinearGaussian, &base).fingerprint());
        assert_eq!(open(Source::CorrelatedGaussian, &base).fingerprint(), fingerprints[fingerprints.len() - 4]);
    }
    let all = fingerprints.len();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), all);
}

#[test]
fn spectra_and_correlations_out_of_range_are_one_sentence() {
    let refused = |source: Source, options: LoadOptions, parts: &[&str]| {
        let message = load(&source, &options, &Unmonitored).err().unwrap().to_string();
        assert!(!message.contains('\n') && !message.ends_with('.'), "one sentence: {message}");
        parts.iter().for_each(|part| assert!(message.contains(part), "“{part}” in: {message}"));
    };
    for source in [Source::LinearGaussian, Source::CorrelatedGaussian] {
        for (spectrum, remedy) in [
            (vec![], "list at least one"),
            (vec![1.0, -0.5], "-0.5 in place 2; an eigenvalue of a covariance must lie between 0"),
            (vec![f64::NAN], "NaN in place 1"),
            (vec![f64::INFINITY], "inf in place 1"),
            (vec![1e30], "in place 1"),
            (vec![1.0; 4_097], "4097 eigenvalues; list at most 4096"),
        ] {
            let options = LoadOptions { spectrum, ..LoadOptions::default() };
            refused(source.clone(), options, &["data.spectrum", remedy]);
        }
        // 2 GiB of single precision, before anything is drawn.
        let options = LoadOptions { spectrum: vec![1.0; 4_096], examples: Some(1_000_000), ..LoadOptions::default() };
        refused(source, options, &["data.examples", "between 2 and"]);
    }
    for (correlation, remedy) in [
        (PerDimension::All(1.5), "1.5; a correlation must lie between -1 and 1"),
        (PerDimension::All(f64::NAN), "between -1 and 1"),
        (PerDimension::Each(vec![0.5, 0.5, 0.5, -2.0]), "-2; a correlation"),
        (PerDimension::Each(vec![0.5; 3]), "data.spectrum, which has 4; give one number for all, or one for each"),
    ] {
        let options = LoadOptions { correlation, ..options(Sampling::Exact) };
        refused(Source::CorrelatedGaussian, options.clone(), &["data.correlation", remedy]);
        // It means nothing where there is no condition.
        assert!(load(&Source::LinearGaussian, &options, &Unmonitored).is_ok());
    }
    let options = LoadOptions { examples: Some(1), ..options(Sampling::Drawn) };
    let error = load(&Source::LinearGaussian, &options, &Unmonitored).err().unwrap();
    assert!(matches!(error, DataError::GeneratorExamples { .. }), "{error}");
    let exact = LoadOptions { sampling: Sampling::Exact, ..options };
    assert_eq!(open(Source::LinearGaussian, &exact).training_len(), 8, "exact data have their own number of examples");
}
