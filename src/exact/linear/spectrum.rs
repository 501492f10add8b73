//! Eigenvalues of the covariance that a model of a data set has to explain.

use super::conditional::residual_of_data;
use super::covariance::descending;
use crate::data::Dataset;
use nalgebra::{DMatrix, DVector};
use thiserror::Error;

/// Data dimensions above which no spectrum is computed: the decomposition would take minutes.
pub const LARGEST_SPECTRUM: usize = 1024;
/// Examples that are centred and multiplied at a time.
const BLOCK: usize = 512;
/// Columns of the covariance that are added to at a time; of each, only what lies above the diagonal.
const PANEL: usize = 128;

/// Second moments of the training examples around their mean: of x, or of what is left of the output y once its condition c has
/// been regressed out, Cov(y | c) = S_yy − S_yc S_cc⁻¹ S_cy.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSpectrum {
    /// Eigenvalues, descending; D of them.
    pub eigenvalues: Vec<f64>,
    /// Whether a condition has been regressed out.
    pub is_conditional: bool,
    /// Training examples behind it.
    pub examples: usize,
}

/// Why a data set has no spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SpectrumError {
    /// More than [`LARGEST_SPECTRUM`] dimensions.
    #[error("the covariance of {0} dimensions is not decomposed: more than {LARGEST_SPECTRUM} would take minutes")]
    Dimensions(usize),
}

impl DataSpectrum {
    /// Of the training examples, 1/n; of what is left once the conditions have been regressed out, where `is_conditional`.
    ///
    /// # Errors
    /// Too many dimensions.
    pub fn of(data: &Dataset, is_conditional: bool) -> Result<Self, SpectrumError> {
        let outputs = data.dimensions();
        let conditions = if is_conditional { data.condition_dimensions() } else { 0 };
        let covariance = covariance(data, conditions)?;
        let eigenvalues = if conditions == 0 {
            let values = covariance.symmetric_eigenvalues();
            descending(values.iter().copied(), values.amax())
        } else {
            let output = covariance.view((0, 0), (outputs, outputs)).into_owned();
            let condition = covariance.view((outputs, outputs), (conditions, conditions)).into_owned();
            let cross = covariance.view((0, outputs), (outputs, conditions)).into_owned();
            residual_of_data(&output, &condition, &cross)
        };
        Ok(Self { eigenvalues, is_conditional: conditions > 0, examples: data.training_len() })
    }
}

/// Covariance (1/n) of training outputs, followed by `conditions` values of their conditions.
fn covariance(data: &Dataset, conditions: usize) -> Result<DMatrix<f64>, SpectrumError> {
    let outputs = data.dimensions();
    let total = outputs + conditions;
    if total > LARGEST_SPECTRUM {
        return Err(SpectrumError::Dimensions(total));
    }
    // Near the mean, which is kept in single precision: what it is off by is taken out at the end.
    let mut center = data.training_mean();
    if conditions > 0 {
        center.extend(data.condition_mean());
    }
    let mut products = DMatrix::<f64>::zeros(total, total);
    let mut sums = DVector::<f64>::zeros(total);
    let count = data.training_len();
    let mut output = Vec::new();
    for start in (0..count).step_by(BLOCK) {
        let positions: Vec<usize> = (start..count.min(start + BLOCK)).collect();
        data.training_batch_into(&positions, &mut output);
        let condition = if conditions > 0 { data.training_condition(&positions) } else { None };
        let condition = condition.unwrap_or_default();
        let value = |row: usize, column: usize| match row.checked_sub(outputs) {
            None => output[column * outputs + row],
            Some(row) => condition[column * conditions + row],
        };
        let centred = |row, column| f64::from(value(row, column)) - f64::from(center[row]);
        let block = DMatrix::from_fn(total, positions.len(), centred);
        let transposed = block.transpose();
        sums += block.column_sum();
        for start in (0..total).step_by(PANEL) {
            let end = total.min(start + PANEL);
            let (left, right) = (block.rows(0, end), transposed.columns(start, end - start));
            products.view_mut((0, start), (end, end - start)).gemm(1.0, &left, &right, 1.0);
        }
    }
    products.fill_lower_triangle_with_upper_triangle();
    let mean = sums / count as f64;
    Ok(products / count as f64 - &mean * mean.transpose())
}
