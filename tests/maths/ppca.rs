//! Probabilistic PCA against the sharp law of collapse, the reference surfaces, and Bayes' rule on a grid.

use crate::{assert_close, normals};
use collapsar::exact::{Ppca, PpcaError, Spectrum};
use nalgebra::{DMatrix, DVector};

/// The weights behind the reference surfaces.
fn reference_weights() -> DMatrix<f64> {
    let first = [-1.87099416, 1.05057609, -1.90284753, -2.15553895, -1.29768188];
    let second = [3.52539883, -0.81360140, -0.64736003, -0.40731114, -0.31421800];
    DMatrix::from_columns(&[DVector::from_row_slice(&first), DVector::from_row_slice(&second)])
}

/// Data whose covariance (1/n) has exactly these eigenvalues, in rotated directions.
fn data(eigenvalues: &[f64]) -> DMatrix<f64> {
    let (examples, dimensions) = (64, eigenvalues.len());
    let noise =
        DMatrix::from_iterator(examples, dimensions, normals(3, examples * dimensions).iter().map(|&x| f64::from(x)));
    let centered = {
        let mean = noise.row_mean();
        let mut noise = noise;
        noise.row_iter_mut().for_each(|mut row| row -= &mean);
        noise
    };
    // Orthonormal columns that each sum to 0, so that the covariance is diagonal before the rotation.
    let scores = centered.qr().q() * (examples as f64).sqrt();
    let rotation = DMatrix::from_iterator(
        dimensions,
        dimensions,
        normals(5, dimensions * dimensions).iter().map(|&x| f64::from(x)),
    )
    .qr()
    .q();
    let scale = DMatrix::from_diagonal(&DVector::from_iterator(dimensions, eigenvalues.iter().map(|l| l.sqrt())));
    scores * scale * rotation
}

#[test]
fn dimensions_die_where_the_noise_crosses_the_eigenvalues() {
    let eigenvalues = [18.293, 8.403, 0.0112, 0.0103, 0.0093];
    let spectrum = Spectrum::of(data(&eigenvalues)).unwrap();
    for (found, expected) in spectrum.eigenvalues.iter().zip(eigenvalues) {
        assert_close(*found, expected, 1e-10, "eigenvalue");
    }
    for sigma in [0.11, 0.5, 1.0, 2.0, 2.89, 2.91, 3.0, 4.0, 4.26, 4.29, 5.0] {
        let model = Ppca::fit(&spectrum, 2, sigma).unwrap();
        let posterior = model.posterior(&spectrum.centered).unwrap();
        let active = posterior.kl_per_dimension.iter().filter(|kl| **kl > 1e-9).count();
        let expected = if sigma < 2.899 {
            2
        } else if sigma < 4.277 {
            1
        } else {
            0
        };
        assert_eq!(active, expected, "σ = {sigma}");
        for (kl, eigenvalue) in posterior.kl_per_dimension.iter().zip(eigenvalues) {
            let law = (0.5 * (eigenvalue / (sigma * sigma)).ln()).max(0.0);
            assert!((kl - law).abs() < 1e-6, "σ = {sigma}: {kl} instead of {law}");
        }
        // Along the principal axes the latent dimensions are independent.
        assert!((posterior.kl - posterior.kl_per_dimension.iter().sum::<f64>()).abs() < 1e-9);
    }
    // The values printed in the reference: σ → KL.
    for (sigma, expected) in [(1.0, [1.453, 1.064]), (2.0, [0.760, 0.371]), (3.0, [0.355, 0.0]), (4.0, [0.067, 0.0])] {
        let kl = Ppca::fit(&spectrum, 2, sigma).unwrap().posterior(&spectrum.centered).unwrap().kl_per_dimension;
        for (kl, expected) in kl.iter().zip(expected) {
            assert!((kl - expected).abs() <= 5e-4, "σ = {sigma}: {kl} instead of {expected}");
        }
    }
}

#[test]
fn posterior_deviations_at_the_reference_weights() {
    let x = DMatrix::zeros(1, 5);
    // The third decimal of the reference is rounded.
    for (sigma, expected, unit) in [
        (0.1, [0.0280, 0.0287], 1e-4),
        (0.2, [0.0558, 0.0574], 1e-4),
        (0.5, [0.138, 0.142], 1e-3),
        (1.0, [0.268, 0.275], 1e-3),
        (2.0, [0.482, 0.493], 1e-3),
        (5.0, [0.801, 0.809], 1e-3),
        (10.0, [0.935, 0.938], 1e-3),
    ] {
        let posterior = Ppca::new(reference_weights(), sigma).unwrap().posterior(&x).unwrap();
        for (i, expected) in expected.iter().enumerate() {
            let sd = posterior.covariance[(i, i)].sqrt();
            assert!((sd - expected).abs() <= 0.51 * unit, "σ = {sigma}: {sd} instead of {expected}");
        }
    }
}

/// 100 Σ_d log N(0; (Wz)_d, σ) over 50 × 50 points of [−2, 2]²: maximum, minimum and standard deviation as printed.
#[test]
fn likelihood_surfaces_match_the_reference_to_every_digit() {
    let surface = |weights: DMatrix<f64>, sigma: f64| -> Vec<f64> {
        let model = Ppca::new(weights, sigma).unwrap();
        let x = DVector::zeros(5);
        let axis: Vec<f64> = (0..50).map(|i| -2.0 + 4.0 * f64::from(i) / 49.0).collect();
        axis.iter()
            .flat_map(|&a| axis.iter().map(move |&b| DVector::from_row_slice(&[a, b])))
            .map(|z| 100.0 * model.log_likelihood(&x, &z))
            .collect()
    };
    let check = |values: &[f64], expected: [(f64, f64); 3]| {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (count - 1.0)).sqrt();
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        for (actual, (expected, unit)) in [largest, smallest, sd].iter().zip(expected) {
            assert!((actual - expected).abs() <= 0.5001 * unit, "{actual} instead of {expected}");
        }
    };
    for (sigma, expected) in [
        (1.0, [(-461.007, 1e-3), (-8098.662, 1e-3), (1419.31, 1e-2)]),
        (2.0, [(-806.427, 1e-3), (-2715.841, 1e-3), (354.828, 1e-3)]),
        (0.5, [(-119.048, 1e-3), (-30669.668, 1e-3), (5677.24, 1e-2)]),
        (0.2, [(306.801, 1e-3), (-190634.58, 1e-2), (35482.76, 1e-2)]),
        (0.1, [(538.027, 1e-3), (-763227.49, 1e-2), (141931.0, 1.0)]),
    ] {
        check(&surface(reference_weights(), sigma), expected);
    }
    // One true dimension: both columns are the first one, a ridge along (1, −1).
    let first = reference_weights().column(0).into_owned();
    let ridge = surface(DMatrix::from_columns(&[first.clone(), first]), 1.0);
    check(&ridge, [(-459.469, 1e-3), (-12103.857, 1e-3), (2390.10, 1e-2)]);
}

#[test]
fn the_posterior_is_bayes_rule() {
    let model = Ppca::new(reference_weights().columns(0, 1).into_owned(), 1.5).unwrap();
    let x = DVector::from_row_slice(&[0.4, -1.0, 0.7, 1.2, -0.3]);
    let posterior = model.posterior(&DMatrix::from_rows(&[x.transpose()])).unwrap();
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for i in -6000..=6000 {
        let z = f64::from(i) * 1e-3;
        let weight = (model.log_likelihood(&x, &DVector::from_row_slice(&[z])) - 0.5 * z * z).exp();
        total += weight;
        first += weight * z;
        second += weight * z * z;
    }
    let mean = first / total;
    assert_close(posterior.means[(0, 0)], mean, 1e-9, "mean");
    assert_close(posterior.covariance[(0, 0)], second / total - mean * mean, 1e-9, "variance");
}

#[test]
fn what_has_no_answer_is_one_sentence() {
    let spectrum = Spectrum::of(data(&[2.0, 1.0, 0.5])).unwrap();
    assert!(matches!(Ppca::fit(&spectrum, 3, 1.0), Err(PpcaError::LatentDimensions { latent: 3, dimensions: 3 })));
    assert!(matches!(Ppca::fit(&spectrum, 0, 1.0), Err(PpcaError::LatentDimensions { .. })));
    for sigma in [0.0, -1.0, f64::NAN] {
        let error = Ppca::fit(&spectrum, 1, sigma).unwrap_err().to_string();
        assert!(error.contains("above 0") && !error.contains('\n'), "{error}");
    }
    assert_eq!(Spectrum::of(DMatrix::from_element(5, 3, 2.5)).unwrap_err(), PpcaError::Constant);
    assert!(matches!(Spectrum::of(DMatrix::zeros(1, 3)), Err(PpcaError::Examples(1))));
    let model = Ppca::new(reference_weights(), 1.0).unwrap();
    assert!(matches!(model.posterior(&DMatrix::zeros(2, 3)), Err(PpcaError::Shape { weights: 5, dimensions: 3 })));
}
