//! Spectra of data sets against data of known covariance and against sums written out.

use super::{Draw, assert_all, descending, diagonal, rows};
use collapsar::data::{Dataset, ExampleShape};
use collapsar::exact::linear::{Conditional, DataSpectrum, SpectrumError};
use nalgebra::DMatrix;

fn dataset(values: &DMatrix<f64>) -> Dataset {
    let shape = ExampleShape::Vector(values.ncols());
    let values = values.row_iter().flat_map(|row| row.iter().map(|&x| x as f32).collect::<Vec<_>>()).collect();
    Dataset::from_examples("rows", shape, values, None).unwrap()
}

/// Training examples, `[n, D]`, as they are stored.
fn training(data: &Dataset) -> DMatrix<f64> {
    let positions: Vec<usize> = (0..data.training_len()).collect();
    let values: Vec<f64> = data.training_batch(&positions).into_iter().map(f64::from).collect();
    DMatrix::from_row_slice(data.training_len(), data.dimensions(), &values)
}

fn covariance(values: &DMatrix<f64>) -> DMatrix<f64> {
    let (n, d) = values.shape();
    let mean: Vec<f64> = (0..d).map(|j| values.column(j).sum() / n as f64).collect();
    DMatrix::from_fn(d, d, |i, j| {
        (0..n).map(|k| (values[(k, i)] - mean[i]) * (values[(k, j)] - mean[j])).sum::<f64>() / n as f64
    })
}

#[test]
fn points_on_the_axes_have_their_spectrum_exactly() {
    // ± √(D λ_i) e_i, far from the origin; all four are trained on, too few to hold any out.
    let lambda: [f64; 2] = [4.0, 1.0];
    let points = DMatrix::from_fn(4, 2, |row, column| {
        let sign = if row % 2 == 0 { 1.0 } else { -1.0 };
        100.0 + if row / 2 == column { sign * (2.0 * lambda[column]).sqrt() } else { 0.0 }
    });
    let data = dataset(&points);
    assert_eq!(data.training_len(), 4);
    let spectrum = DataSpectrum::of(&data, false).unwrap();
    assert_all(&spectrum.eigenvalues, &lambda, 1e-4);
    assert_eq!((spectrum.is_conditional, spectrum.examples), (false, 4));
}

#[test]
fn many_examples_in_many_dimensions_are_summed_in_blocks() {
    let mut draw = Draw::new(51);
    // More examples than a block, more dimensions than a panel, a mean far from 0, and two dimensions that are none.
    let (count, dimensions) = (1500, 150);
    let scales: Vec<f64> = (0..dimensions).map(|i| if i < 2 { 0.0 } else { 0.1 + i as f64 * 0.02 }).collect();
    let mut values = draw.matrix(count, dimensions) * diagonal(&scales) * 0.3;
    values.add_scalar_mut(7.0);
    let data = dataset(&values);
    let spectrum = DataSpectrum::of(&data, false).unwrap();
    let expected = covariance(&training(&data)).symmetric_eigenvalues();
    assert_all(&spectrum.eigenvalues, &descending(expected.iter().copied().collect()), 1e-11);
    assert_eq!(spectrum.eigenvalues[dimensions - 2..], [0.0, 0.0]);
}

#[test]
fn fewer_examples_than_dimensions_leave_eigenvalues_of_zero() {
    let data = dataset(&Draw::new(52).matrix(5, 8));
    let spectrum = DataSpectrum::of(&data, false).unwrap();
    let positive = spectrum.eigenvalues.iter().filter(|value| **value > 0.0).count();
    assert_eq!((spectrum.eigenvalues.len(), positive), (8, data.training_len() - 1));
}

#[test]
fn a_condition_is_regressed_out() {
    let data = super::predictions::correlated(&[0.9, 0.5, 0.0], &[3.0, 2.0, 1.0]);
    let (outputs, conditions) = (data.dimensions(), data.condition_dimensions());
    assert!(conditions > 0);
    let positions: Vec<usize> = (0..data.training_len()).collect();
    let condition: Vec<f64> = data.training_condition(&positions).unwrap().into_iter().map(f64::from).collect();
    let condition = DMatrix::from_row_slice(positions.len(), conditions, &condition);
    let mut both = DMatrix::zeros(positions.len(), outputs + conditions);
    both.columns_mut(0, outputs).copy_from(&training(&data));
    both.columns_mut(outputs, conditions).copy_from(&condition);
    let joint = covariance(&both);
    let block = |at, size| rows(&joint.view(at, size).into_owned());
    let expected = Conditional::of_rows(
        &block((0, 0), (outputs, outputs)),
        &block((outputs, outputs), (conditions, conditions)),
        &block((0, outputs), (outputs, conditions)),
    )
    .unwrap();
    let spectrum = DataSpectrum::of(&data, true).unwrap();
    assert!(spectrum.is_conditional);
    assert_all(&spectrum.eigenvalues, expected.residual().eigenvalues(), 1e-10);
    // Without it: the outputs' own.
    let own = DataSpectrum::of(&data, false).unwrap();
    let expected = covariance(&training(&data)).symmetric_eigenvalues();
    assert_all(&own.eigenvalues, &descending(expected.iter().copied().collect()), 1e-10);
    assert!(!own.is_conditional);
}

#[test]
fn too_many_dimensions_are_refused() {
    let data = dataset(&DMatrix::zeros(2, 1025));
    assert_eq!(DataSpectrum::of(&data, false), Err(SpectrumError::Dimensions(1025)));
}
