//! What a linear decoder has to explain, mode by mode.

use super::covariance::{ROUNDING, squares};
use super::error::is_usable;
use super::{Covariance, LinearError};

/// Squared singular values of the covariance of the output y with the whitened input x; for y = x the eigenvalues of Cov(x).
/// (A linear autoencoder sees nothing else of the data: Lucas et al. 2019; Wang and Ziyin 2022.)
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// θ², descending.
    modes: Vec<f64>,
    /// dim(y).
    dimensions: usize,
    /// E‖y‖² − Σθ²: what no function linear in x explains.
    remainder: f64,
}

impl Target {
    /// y = x with a covariance of these eigenvalues, in any order.
    ///
    /// # Errors
    /// None, a negative one, one that is not finite.
    pub fn of_eigenvalues(eigenvalues: &[f64]) -> Result<Self, LinearError> {
        let modes = squares("the list of eigenvalues", eigenvalues)?;
        Ok(Self { dimensions: modes.len(), modes, remainder: 0.0 })
    }

    /// y = x.
    pub fn of_covariance(covariance: &Covariance) -> Self {
        let modes = covariance.eigenvalues().to_vec();
        Self { dimensions: modes.len(), modes, remainder: 0.0 }
    }

    /// y = Bx + what x does not explain: squared singular values θ² of E[y x̃ᵀ], x̃ whitened; dim(y) is their number and E‖y‖² their
    /// sum unless given. `rank` is that of Cov(x) where it is known.
    ///
    /// # Errors
    /// Squares that are none, a second moment below their sum, more of them than dimensions.
    pub fn of_regression(
        squared_singular_values: &[f64],
        dimensions: Option<usize>,
        second_moment: Option<f64>,
        rank: Option<usize>,
    ) -> Result<Self, LinearError> {
        let modes = squares("the list of squared singular values", squared_singular_values)?;
        let positive = modes.iter().filter(|mode| **mode > 0.0).count();
        let dimensions = dimensions.unwrap_or(modes.len());
        for (what, dimensions) in
            [("dimensions of the output", Some(dimensions)), ("eigenvalues above 0 of the input's covariance", rank)]
        {
            if let Some(dimensions) = dimensions.filter(|dimensions| *dimensions < positive) {
                return Err(LinearError::TooManyModes { modes: positive, what, dimensions });
            }
        }
        if dimensions == 0 {
            return Err(LinearError::Empty("the output"));
        }
        let explained: f64 = modes.iter().sum();
        let moment = second_moment.unwrap_or(explained);
        let remainder = moment - explained;
        if !is_usable(moment) || remainder < -1e-9 * explained {
            return Err(LinearError::SecondMoment { moment, explained });
        }
        let remainder = if remainder > ROUNDING * explained { remainder } else { 0.0 };
        Ok(Self { modes, dimensions, remainder })
    }

    /// θ², descending.
    pub fn modes(&self) -> &[f64] {
        &self.modes
    }

    /// D, dim(y).
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// θ² of K modes: the largest ones, and 0 where there are more latent dimensions than modes.
    pub(super) fn top(&self, latent: usize) -> Vec<f64> {
        self.modes.iter().copied().chain(std::iter::repeat(0.0)).take(latent).collect()
    }

    /// E‖y‖² less the K largest θ²: what K latent dimensions cannot explain.
    pub(super) fn unexplained(&self, latent: usize) -> f64 {
        self.modes.iter().skip(latent).sum::<f64>() + self.remainder
    }
}
