//! How the aggregated posterior q(z) = E_x q(z | x) compares with the prior N(0, I), by moments and by a test of Gaussianity.

use super::PoolPosteriors;
use crate::priority::give_way;
use crate::random::{Purpose, normals, stream};
use nalgebra::{DMatrix, DVector};
use serde::{Deserialize, Serialize};

/// Stream of the samples that Gaussianity is tested on.
const SAMPLES: u64 = 1 << 20;
/// A covariance whose smallest eigenvalue is this part of the largest, or less, has no inverse.
const SINGULAR: f64 = 1e-12;

/// The aggregated posterior against N(0, I).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AggregateFit {
    /// KL to N(0, I) of the Gaussian with the aggregated posterior's mean and covariance, nats: ½(tr S + mᵀm − K − log det S). Never more than
    /// KL(q(z) ‖ p(z)), with equality for a Gaussian.
    pub moment_kl: f64,
    /// [`henze_zirkler`] of one sample of q(z | x) for each example of the pool, which together are draws from the aggregated posterior.
    /// Posterior means alone are not: of a collapsed model they are points of no spread, whose shape says nothing about q(z) = N(0, I).
    /// The noise is the same every time, so that equal posteriors have equal values.
    #[serde(default)]
    pub henze_zirkler: f64,
    /// What it is on average for as many draws from a Gaussian ([`henze_zirkler_null_mean`]).
    #[serde(default)]
    pub henze_zirkler_null: f64,
}

/// Over the pool. Posteriors that are no numbers have a fit that is none.
pub fn aggregate_fit(posteriors: &PoolPosteriors) -> AggregateFit {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let noise = normals(&mut stream(0, Purpose::Measurement, SAMPLES), count * latent);
    let samples = DMatrix::from_fn(count, latent, |index, dimension| {
        let (mean, sd) = posteriors.moments(index, dimension);
        f64::from(mean) + f64::from(sd) * f64::from(noise[index * latent + dimension])
    });
    AggregateFit {
        moment_kl: moment_kl(posteriors),
        henze_zirkler: henze_zirkler(&samples),
        henze_zirkler_null: henze_zirkler_null_mean(count, latent),
    }
}

fn moment_kl(posteriors: &PoolPosteriors) -> f64 {
    let (count, latent) = (posteriors.len(), posteriors.latent_dimensions());
    let means = DMatrix::from_fn(count, latent, |index, dimension| f64::from(posteriors.mean(index)[dimension]));
    let (center, mut covariance) = moments(&means);
    for dimension in 0..latent {
        let variances = (0..count).map(|index| f64::from(posteriors.log_variance(index)[dimension]).exp());
        covariance[(dimension, dimension)] += variances.sum::<f64>() / count as f64;
    }
    if !is_finite(&covariance) {
        return f64::NAN;
    }
    let log_determinant: f64 =
        covariance.clone().symmetric_eigenvalues().iter().map(|value| value.max(1e-300).ln()).sum();
    0.5 * (covariance.trace() + center.norm_squared() - latent as f64 - log_determinant)
}

/// Mean and biased covariance of rows.
fn moments(rows: &DMatrix<f64>) -> (DVector<f64>, DMatrix<f64>) {
    let center = DVector::from_fn(rows.ncols(), |dimension, _| rows.column(dimension).mean());
    let centered = DMatrix::from_fn(rows.nrows(), rows.ncols(), |row, column| rows[(row, column)] - center[column]);
    let covariance = centered.tr_mul(&centered) / rows.nrows() as f64;
    (center, covariance)
}

fn is_finite(matrix: &DMatrix<f64>) -> bool {
    matrix.iter().all(|value| value.is_finite())
}

/// The Henze–Zirkler statistic of Gaussianity of draws, one a row: below 1 on average for draws from any Gaussian, 4n where their covariance is singular.
///
/// With the squared Mahalanobis distances D_jk and D_j under the biased covariance, and b = ((2K + 1) n / 4)^(1/(K+4)) / √2:
/// 1/n Σ_jk e^(−b² D_jk / 2) − 2 (1 + b²)^(−K/2) Σ_j e^(−b² D_j / (2 (1 + b²))) + n (1 + 2 b²)^(−K/2) (Henze and Zirkler 1990).
pub fn henze_zirkler(draws: &DMatrix<f64>) -> f64 {
    let (count, latent) = (draws.nrows(), draws.ncols());
    let (center, covariance) = moments(draws);
    if !is_finite(&covariance) {
        return f64::NAN;
    }
    let n = count as f64;
    let eigenvalues = covariance.clone().symmetric_eigenvalues();
    let inverse = covariance.try_inverse().filter(|_| eigenvalues.min() > SINGULAR * eigenvalues.max());
    let Some(inverse) = inverse else { return 4.0 * n };
    let squared_b = smoothing(count, latent).powi(2);
    let power = -0.5 * latent as f64;
    let rows: Vec<DVector<f64>> = draws.row_iter().map(|row| row.transpose() - &center).collect();
    let weighted: Vec<DVector<f64>> = rows.iter().map(|row| &inverse * row).collect();
    let own: Vec<f64> = rows.iter().zip(&weighted).map(|(row, weighted)| row.dot(weighted)).collect();
    let mut pairs = n;
    for j in 0..count {
        give_way();
        for k in 0..j {
            let distance = own[j] + own[k] - 2.0 * rows[j].dot(&weighted[k]);
            pairs += 2.0 * (-0.5 * squared_b * distance).exp();
        }
    }
    let single: f64 = own.iter().map(|distance| (-0.5 * squared_b * distance / (1.0 + squared_b)).exp()).sum();
    pairs / n - 2.0 * (1.0 + squared_b).powf(power) * single + n * (1.0 + 2.0 * squared_b).powf(power)
}

/// b = ((2K + 1) n / 4)^(1/(K+4)) / √2.
fn smoothing(count: usize, latent: usize) -> f64 {
    let (n, k) = (count as f64, latent as f64);
    std::f64::consts::FRAC_1_SQRT_2 * ((2.0 * k + 1.0) * n / 4.0).powf(1.0 / (k + 4.0))
}

/// Mean of [`henze_zirkler`] over samples of a Gaussian, for large n: 1 − a^(−K/2) (1 + K b² / a + K (K + 2) b⁴ / (2 a²)), a = 1 + 2 b².
pub fn henze_zirkler_null_mean(count: usize, latent: usize) -> f64 {
    let (squared_b, k) = (smoothing(count, latent).powi(2), latent as f64);
    let a = 1.0 + 2.0 * squared_b;
    1.0 - a.powf(-0.5 * k) * (1.0 + k * squared_b / a + k * (k + 2.0) * squared_b.powi(2) / (2.0 * a * a))
}
