//! KL between Gaussians and the standard normal prior, nats.

use nalgebra::{DMatrix, DVector};

/// KL(N(m, v) ‖ N(0, 1)) = ½ (v + m² − 1 − log v), where `mean_square` is m², or its average.
pub(super) fn marginal_kl(mean_square: f64, variance: f64) -> f64 {
    0.5 * (variance + mean_square - 1.0 - variance.ln())
}

/// KL(N(m, S) ‖ N(0, I)) = ½ (tr S + mᵀm − K − log det S).
pub(super) fn joint_kl(mean: &DVector<f64>, covariance: &DMatrix<f64>) -> f64 {
    let log_determinant = match covariance.clone().cholesky() {
        Some(factor) => 2.0 * factor.l().diagonal().map(f64::ln).sum(),
        // No volume: the distribution is not a Gaussian of K dimensions.
        None => f64::NEG_INFINITY,
    };
    0.5 * (covariance.trace() + mean.norm_squared() - mean.len() as f64 - log_determinant)
}
