//! The linear conditional VAE: p(y | c, z) = N(U1 z + U2 c, η² I), q(z | c, y) = N(W1 c + W2 y, diag s).
//!
//! Its optimum is that of a linear VAE on what is left of y once c has been regressed out: U2 = B, W1 = −W2 B, and the eigenvalues of
//! Cov(y | c) stand where those of Cov(x) do (Dang et al. 2024, Theorem 2).

use super::covariance::ROUNDING;
use super::error::is_usable;
use super::{Covariance, LinearError, Target};
use nalgebra::DMatrix;

/// Outputs y with their conditions c: the regression of y on c, and what it leaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Conditional {
    /// Cov(y | c) = S_yy − S_yc S_cc⁺ S_cy.
    residual: Covariance,
    regression: DMatrix<f64>,
    canonical_correlations: Vec<f64>,
}

impl Conditional {
    /// From the covariance of the outputs, that of the conditions, and Cov(y, c) by rows; S_cc may be singular.
    ///
    /// # Errors
    /// Matrices of the wrong shape, or that nothing has together.
    pub fn of_rows(output: &[Vec<f64>], condition: &[Vec<f64>], cross: &[Vec<f64>]) -> Result<Self, LinearError> {
        let output = Covariance::of_rows("the covariance of the outputs", output)?;
        let condition = Covariance::of_rows("the covariance of the conditions", condition)?;
        let (outputs, conditions) = (output.dimensions(), condition.dimensions());
        let (rows, columns) = (cross.len(), cross.iter().map(Vec::len).find(|length| *length != conditions));
        if rows != outputs || columns.is_some() {
            return Err(LinearError::CrossShape { rows, columns: columns.unwrap_or(conditions), outputs, conditions });
        }
        let cross = crate::exact::ppca::matrix(cross);
        if cross.iter().any(|value| !is_usable(*value)) {
            return Err(LinearError::NotFinite("the cross-covariance"));
        }
        let (standard, cross, units) = standardised(condition.matrix(), &cross);
        let condition = Covariance::new("the covariance of the condition", standard, None)?;
        let scale = (output.largest() * condition.largest()).sqrt();
        // What does not vary covaries with nothing. (A variance rounded to 0 allows a covariance of its square root.)
        let range = condition.on_range(|_| 1.0);
        let outside = &cross - &cross * &range;
        if outside.amax() > ROUNDING.sqrt() * scale {
            return Err(LinearError::Inconsistent);
        }
        let regression = &cross * condition.on_range(f64::recip);
        let explained = &regression * cross.transpose();
        // Rounding of the difference is rounding of the outputs' own variance.
        let residual = Covariance::new("Cov(y | c)", output.matrix() - explained, Some(output.largest()))
            .map_err(|_| LinearError::Inconsistent)?;
        let root = |value: f64| value.sqrt().recip();
        let whitened = output.on_range(root) * &cross * condition.on_range(root);
        let mut correlations: Vec<f64> = whitened.singular_values().iter().map(|value| value.min(1.0)).collect();
        correlations.sort_by(|a, b| b.total_cmp(a));
        Ok(Self { residual, regression: regression * units, canonical_correlations: correlations })
    }

    /// What a linear VAE is left with.
    pub fn target(&self) -> Target {
        Target::of_covariance(&self.residual)
    }

    /// Cov(y | c).
    pub fn residual(&self) -> &Covariance {
        &self.residual
    }

    /// B = S_yc S_cc⁺, `[dim(y), dim(c)]`.
    pub fn regression(&self) -> &DMatrix<f64> {
        &self.regression
    }

    /// Correlations of y with c in the directions where they are largest, descending.
    pub fn canonical_correlations(&self) -> &[f64] {
        &self.canonical_correlations
    }
}

/// Conditions brought to variance 1, so that what is rounding does not depend on their units: their covariance, their covariance with the
/// outputs, and what each was multiplied with.
fn standardised(condition: &DMatrix<f64>, cross: &DMatrix<f64>) -> (DMatrix<f64>, DMatrix<f64>, DMatrix<f64>) {
    let scale = condition.diagonal().map(|variance| if variance > 0.0 { variance.sqrt().recip() } else { 1.0 });
    let scale = DMatrix::from_diagonal(&scale);
    (&scale * condition * &scale, cross * &scale, scale)
}

/// Eigenvalues of Cov(y | c), descending, from covariances that data have together.
pub(super) fn residual_of_data(output: &DMatrix<f64>, condition: &DMatrix<f64>, cross: &DMatrix<f64>) -> Vec<f64> {
    let scale = output.diagonal().amax();
    let (condition, cross, _) = standardised(condition, cross);
    let conditions = nalgebra::SymmetricEigen::new(condition);
    let least = ROUNDING * conditions.eigenvalues.amax();
    // S_yc S_cc⁺ S_cy = AAᵀ with A = S_yc V diag(λ^−½).
    let root = conditions.eigenvalues.map(|value| if value > least { value.sqrt().recip() } else { 0.0 });
    let half = cross * &conditions.eigenvectors * DMatrix::from_diagonal(&root);
    let residual = output - &half * half.transpose();
    super::covariance::descending(residual.symmetric_eigenvalues().iter().copied(), scale)
}
