//! Covariance matrices as people give them: checked, and taken apart.

use super::LinearError;
use super::error::is_usable;
use crate::exact::ppca::matrix;
use nalgebra::{DMatrix, SymmetricEigen};

/// What rounding leaves of 0, relative to the largest eigenvalue; also how near to a threshold counts as on it.
pub(super) const ROUNDING: f64 = 1e-12;
/// Asymmetry and negative eigenvalues that a matrix printed with ten digits may have.
const PRINTING: f64 = 1e-9;

/// Whether `value` lies above `threshold` by more than rounding.
pub(super) fn exceeds(value: f64, threshold: f64) -> bool {
    value > threshold * (1.0 + ROUNDING)
}

/// A symmetric positive semi-definite matrix with its eigenvalues, descending.
#[derive(Clone, Debug, PartialEq)]
pub struct Covariance {
    matrix: DMatrix<f64>,
    eigenvalues: Vec<f64>,
}

impl Covariance {
    /// Of rows; `what` names the matrix in errors.
    ///
    /// # Errors
    /// Not square, finite, symmetric, positive semi-definite.
    pub fn of_rows(what: &'static str, rows: &[Vec<f64>]) -> Result<Self, LinearError> {
        let columns = rows.first().map_or(0, Vec::len);
        if columns == 0 {
            return Err(LinearError::Empty(what));
        }
        // A row of another length makes it as little square as all of them would.
        let other = rows.iter().map(Vec::len).find(|length| *length != rows.len());
        if let Some(columns) = other {
            return Err(LinearError::NotSquare { what, rows: rows.len(), columns });
        }
        Self::new(what, matrix(rows), None)
    }

    /// Of a square matrix; what is rounding is so relative to `scale`, or else to the largest entry and eigenvalue.
    pub(super) fn new(what: &'static str, matrix: DMatrix<f64>, scale: Option<f64>) -> Result<Self, LinearError> {
        if matrix.iter().any(|value| !is_usable(*value)) {
            return Err(LinearError::NotFinite(what));
        }
        let allowed = PRINTING * scale.unwrap_or(0.0).max(matrix.amax());
        for column in 0..matrix.ncols() {
            for row in 0..column {
                let (above, below) = (matrix[(row, column)], matrix[(column, row)]);
                if (above - below).abs() > allowed {
                    return Err(LinearError::NotSymmetric { what, row, column, above, below });
                }
            }
        }
        let matrix = (&matrix + matrix.transpose()) * 0.5;
        let values = matrix.symmetric_eigenvalues();
        let scale = scale.unwrap_or_else(|| values.amax());
        let smallest = values.min();
        if smallest < -PRINTING * scale {
            return Err(LinearError::Indefinite { what, eigenvalue: smallest });
        }
        Ok(Self { matrix, eigenvalues: descending(values.iter().copied(), scale) })
    }

    /// Descending, what is 0 up to rounding as 0.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The matrix.
    pub fn matrix(&self) -> &DMatrix<f64> {
        &self.matrix
    }

    /// Rows.
    pub fn dimensions(&self) -> usize {
        self.matrix.nrows()
    }

    /// The largest eigenvalue.
    pub(super) fn largest(&self) -> f64 {
        self.eigenvalues.first().copied().unwrap_or(0.0)
    }

    /// Σ f(λ) v vᵀ over the eigenvalues above 0: a pseudo-inverse with f = 1/λ, the projector onto the range with f = 1.
    pub(super) fn on_range(&self, f: impl Fn(f64) -> f64) -> DMatrix<f64> {
        let eigen = SymmetricEigen::new(self.matrix.clone());
        let least = ROUNDING * self.largest();
        let scaled = eigen.eigenvalues.map(|value| if value > least { f(value) } else { 0.0 });
        &eigen.eigenvectors * DMatrix::from_diagonal(&scaled) * eigen.eigenvectors.transpose()
    }
}

/// Sorted, with 0 for what is below rounding of `scale`.
pub(super) fn descending(values: impl Iterator<Item = f64>, scale: f64) -> Vec<f64> {
    let mut values: Vec<f64> = values.map(|value| if value > ROUNDING * scale { value } else { 0.0 }).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

/// A list of squares, in descending order.
pub(super) fn squares(what: &'static str, values: &[f64]) -> Result<Vec<f64>, LinearError> {
    if values.is_empty() {
        return Err(LinearError::Empty(what));
    }
    if values.iter().any(|value| !is_usable(*value)) {
        return Err(LinearError::NotFinite(what));
    }
    if let Some(value) = values.iter().copied().find(|value| *value < 0.0) {
        return Err(LinearError::Negative { what, value });
    }
    Ok(descending(values.iter().copied(), 0.0))
}
