//! Probabilistic PCA: z ~ N(0, I_K), x | z ~ N(Wz, σ²I). Its posterior is Gaussian, with the same covariance for every example
//! (Tipping and Bishop 1999, eqs. 6–8), so collapse can be watched with no training and no approximate inference.
//!
//! At maximum likelihood with σ fixed, latent dimension i is active if and only if the i-th eigenvalue λ_i of the data's covariance
//! exceeds σ², and then its KL to the prior, averaged over the data, is ½ log(λ_i/σ²).

use super::gaussian::marginal_kl;
use nalgebra::{DMatrix, DVector, SymmetricEigen};
use thiserror::Error;

/// A probabilistic PCA model.
#[derive(Clone, Debug, PartialEq)]
pub struct Ppca {
    /// W, `[D, K]`.
    pub weights: DMatrix<f64>,
    /// σ.
    pub sigma: f64,
}

/// Posteriors of a data set, nats per example.
#[derive(Clone, Debug, PartialEq)]
pub struct PpcaPosterior {
    /// Posterior means, `[N, K]`.
    pub means: DMatrix<f64>,
    /// Posterior covariance, the same for every example, `[K, K]`.
    pub covariance: DMatrix<f64>,
    /// KL of each latent dimension's marginal to the prior, averaged over examples.
    pub kl_per_dimension: Vec<f64>,
    /// KL of the joint posterior to the prior, averaged over examples; at least the largest marginal KL.
    pub kl: f64,
}

/// A model or data set that has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum PpcaError {
    /// σ ≤ 0.
    #[error("the noise is {0}; a standard deviation must be above 0")]
    Noise(f64),
    /// K ≥ D or K = 0.
    #[error(
        "fitting probabilistic PCA needs 1 ≤ K < D, but K is {latent} and the data have D = {dimensions}; use fewer latent dimensions"
    )]
    LatentDimensions {
        /// K.
        latent: usize,
        /// D.
        dimensions: usize,
    },
    /// W and the data disagree.
    #[error("the weights have {weights} rows, but the data have {dimensions} columns")]
    Shape {
        /// Rows of W.
        weights: usize,
        /// D.
        dimensions: usize,
    },
    /// Nothing to average over.
    #[error("the data have {0} rows; at least 2 are needed")]
    Examples(usize),
    /// Constant columns only.
    #[error("all columns of the data are constant; there is no variance to explain")]
    Constant,
}

/// Data with their mean removed, and the eigenvalues and eigenvectors of their covariance (1/n), descending.
#[derive(Clone, Debug)]
pub struct Spectrum {
    /// `[N, D]`, centred.
    pub centered: DMatrix<f64>,
    /// Eigenvalues λ, descending, `[D]`.
    pub eigenvalues: Vec<f64>,
    /// Eigenvectors as columns, in the same order, sign fixed (largest entry positive).
    pub directions: DMatrix<f64>,
}

impl Spectrum {
    /// Of data `[N, D]`.
    ///
    /// # Errors
    /// Fewer than two rows, or no variance at all.
    pub fn of(mut data: DMatrix<f64>) -> Result<Self, PpcaError> {
        if data.nrows() < 2 {
            return Err(PpcaError::Examples(data.nrows()));
        }
        let mean = data.row_mean();
        data.row_iter_mut().for_each(|mut row| row -= &mean);
        let eigen = SymmetricEigen::new(data.tr_mul(&data) / data.nrows() as f64);
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        // Rounding may leave a zero eigenvalue slightly negative.
        let eigenvalues: Vec<f64> = order.iter().map(|&at| eigen.eigenvalues[at].max(0.0)).collect();
        if eigenvalues.first().is_none_or(|largest| *largest <= 0.0) {
            return Err(PpcaError::Constant);
        }
        let columns: Vec<DVector<f64>> = order
            .iter()
            .map(|&at| {
                let direction = eigen.eigenvectors.column(at).into_owned();
                let sign = direction[direction.iamax()].signum();
                direction * sign
            })
            .collect();
        Ok(Self { centered: data, eigenvalues, directions: DMatrix::from_columns(&columns) })
    }
}

impl Ppca {
    /// A model with given weights `[D, K]`.
    ///
    /// # Errors
    /// σ ≤ 0, or no latent dimension.
    pub fn new(weights: DMatrix<f64>, sigma: f64) -> Result<Self, PpcaError> {
        check_noise(sigma)?;
        if weights.ncols() == 0 {
            return Err(PpcaError::LatentDimensions { latent: 0, dimensions: weights.nrows() });
        }
        Ok(Self { weights, sigma })
    }

    /// A model with weights given by rows, `[D][K]`, all of one length.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_rows(weights: &[Vec<f64>], sigma: f64) -> Result<Self, PpcaError> {
        Self::new(matrix(weights), sigma)
    }

    /// Maximum-likelihood weights for a fixed σ: w_i = √max(λ_i − σ², 0) u_i (Tipping and Bishop 1999, eq. 15, rotation I).
    ///
    /// # Errors
    /// σ ≤ 0, or K outside 1 … D − 1: with K = D nothing is left for the noise to explain.
    pub fn fit(spectrum: &Spectrum, latent_dimensions: usize, sigma: f64) -> Result<Self, PpcaError> {
        check_noise(sigma)?;
        let dimensions = spectrum.eigenvalues.len();
        if latent_dimensions == 0 || latent_dimensions >= dimensions {
            return Err(PpcaError::LatentDimensions { latent: latent_dimensions, dimensions });
        }
        let columns: Vec<DVector<f64>> = (0..latent_dimensions)
            .map(|i| spectrum.directions.column(i) * (spectrum.eigenvalues[i] - sigma * sigma).max(0.0).sqrt())
            .collect();
        Ok(Self { weights: DMatrix::from_columns(&columns), sigma })
    }

    /// Posteriors of centred data `[N, D]`: covariance (I + WᵀW/σ²)⁻¹, mean covariance · Wᵀx/σ².
    ///
    /// # Errors
    /// Data of another dimension.
    pub fn posterior(&self, centered: &DMatrix<f64>) -> Result<PpcaPosterior, PpcaError> {
        let (dimensions, latent) = self.weights.shape();
        if centered.ncols() != dimensions {
            return Err(PpcaError::Shape { weights: dimensions, dimensions: centered.ncols() });
        }
        let variance = self.sigma * self.sigma;
        let precision = DMatrix::identity(latent, latent) + self.weights.tr_mul(&self.weights) / variance;
        // I plus a positive semi-definite matrix has a Cholesky factor.
        let Some(factor) = precision.cholesky() else { return Err(PpcaError::Noise(self.sigma)) };
        let log_determinant = 2.0 * factor.l().diagonal().map(f64::ln).sum();
        let covariance = factor.inverse();
        let means = centered * &self.weights * &covariance / variance;

        let examples = centered.nrows() as f64;
        let squares: Vec<f64> = means.column_iter().map(|column| column.norm_squared() / examples).collect();
        let marginal = |i: usize| marginal_kl(squares[i], covariance[(i, i)]);
        let kl = 0.5 * (covariance.trace() + squares.iter().sum::<f64>() - latent as f64 + log_determinant);
        Ok(PpcaPosterior { kl_per_dimension: (0..latent).map(marginal).collect(), kl, means, covariance })
    }

    /// The factorised Gaussian that maximises the evidence lower bound for every row of centred data `[N, D]`: the exact means, and
    /// variance 1/Λ_kk with Λ = I + WᵀW/σ² (Bishop 2006, eqs. 10.12–10.15). Its covariance is diagonal, so the joint KL is the sum.
    ///
    /// # Errors
    /// As [`Self::posterior`].
    pub fn mean_field(&self, centered: &DMatrix<f64>) -> Result<PpcaPosterior, PpcaError> {
        let means = self.posterior(centered)?.means;
        let precisions = self.weights.column_iter().map(|w| 1.0 + w.norm_squared() / self.sigma.powi(2));
        let variances = DVector::from_iterator(self.weights.ncols(), precisions.map(f64::recip));
        let examples = centered.nrows() as f64;
        let kl_per_dimension: Vec<f64> = means
            .column_iter()
            .zip(variances.iter())
            .map(|(mean, variance)| marginal_kl(mean.norm_squared() / examples, *variance))
            .collect();
        let kl = kl_per_dimension.iter().sum();
        Ok(PpcaPosterior { kl_per_dimension, kl, covariance: DMatrix::from_diagonal(&variances), means })
    }

    /// log p(x | z) = Σ_d log N(x_d; (Wz)_d, σ²), nats.
    pub fn log_likelihood(&self, x: &DVector<f64>, z: &DVector<f64>) -> f64 {
        let residual = x - &self.weights * z;
        let constant = self.sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln();
        -0.5 * residual.norm_squared() / self.sigma.powi(2) - x.len() as f64 * constant
    }
}

/// A matrix given by rows of one length.
pub(super) fn matrix(rows: &[Vec<f64>]) -> DMatrix<f64> {
    DMatrix::from_row_iterator(rows.len(), rows.first().map_or(0, Vec::len), rows.iter().flatten().copied())
}

fn check_noise(sigma: f64) -> Result<(), PpcaError> {
    if sigma > 0.0 && sigma.is_finite() { Ok(()) } else { Err(PpcaError::Noise(sigma)) }
}
