//! Why a linear model has no closed-form optimum.

use thiserror::Error;

/// Latent dimensions accepted: a typing error should not take the machine down.
pub const LARGEST_LATENT: usize = 16_384;

/// A problem without an answer, in one sentence.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LinearError {
    /// A variance that is no variance.
    #[error("{what} is {value}; a variance must be above 0 and finite")]
    Variance {
        /// Which one.
        what: &'static str,
        /// As given.
        value: f64,
    },
    /// A weight of a KL term that is negative or not finite.
    #[error("{what} is {value}; the weight of a KL term must be 0 or above, and finite")]
    Beta {
        /// Which one.
        what: &'static str,
        /// As given.
        value: f64,
    },
    /// A KL term that costs nothing.
    #[error(
        "{0} is 0, so that information costs nothing: the loss has no optimum, its infimum is approached as KL grows without bound; use a \
         {0} above 0"
    )]
    Free(&'static str),
    /// None, or too many.
    #[error("{what} is {value}; it must be between 1 and {LARGEST_LATENT}")]
    LatentDimensions {
        /// Which level.
        what: &'static str,
        /// As given.
        value: usize,
    },
    /// As many encoder variances as nothing.
    #[error("there are {found} encoder variances for {latent} latent dimensions; give one for all, or one for each")]
    EncoderVariances {
        /// How many.
        found: usize,
        /// K.
        latent: usize,
    },
    /// No entries.
    #[error("{0} is empty; at least one dimension is needed")]
    Empty(&'static str),
    /// Infinite or no number.
    #[error("{0} has a value that is not finite, or beyond 1e100")]
    NotFinite(&'static str),
    /// Numbers too large or too small to compute with.
    #[error("the loss overflows: the variances are too many orders of magnitude apart")]
    Overflow,
    /// Rows and columns differ.
    #[error("{what} has {rows} rows and {columns} columns; a covariance matrix is square")]
    NotSquare {
        /// Which matrix.
        what: &'static str,
        /// How many.
        rows: usize,
        /// How many.
        columns: usize,
    },
    /// Entries that should be equal.
    #[error("{what} is not symmetric: entry [{row}][{column}] is {above}, but [{column}][{row}] is {below}")]
    NotSymmetric {
        /// Which matrix.
        what: &'static str,
        /// Counted from 0.
        row: usize,
        /// Counted from 0.
        column: usize,
        /// Entry at (row, column).
        above: f64,
        /// Entry at (column, row).
        below: f64,
    },
    /// A direction of negative variance.
    #[error("{what} is not positive semi-definite: it has the eigenvalue {eigenvalue:.6e}")]
    Indefinite {
        /// Which matrix.
        what: &'static str,
        /// The smallest one.
        eigenvalue: f64,
    },
    /// A square that is negative.
    #[error("{what} has {value}; none of them can be below 0")]
    Negative {
        /// Which list.
        what: &'static str,
        /// The first one.
        value: f64,
    },
    /// The cross-covariance does not fit.
    #[error(
        "the cross-covariance has {rows} rows and {columns} columns, but there are {outputs} outputs (its rows) and {conditions} conditions \
         (its columns)"
    )]
    CrossShape {
        /// How many.
        rows: usize,
        /// How many.
        columns: usize,
        /// dim(y).
        outputs: usize,
        /// dim(x).
        conditions: usize,
    },
    /// Covariances that nothing has together.
    #[error(
        "no outputs and conditions have these covariances together: the cross-covariance is larger than the variances allow, so that the \
         joint covariance is not positive semi-definite"
    )]
    Inconsistent,
    /// Too small a second moment of the output.
    #[error(
        "the second moment of the output is {moment}, but the squared singular values alone add up to {explained}; it cannot be smaller"
    )]
    SecondMoment {
        /// E‖y‖².
        moment: f64,
        /// Σθ².
        explained: f64,
    },
    /// More singular values than dimensions.
    #[error(
        "there are {modes} squared singular values above 0, but only {dimensions} {what}: there cannot be more of them"
    )]
    TooManyModes {
        /// How many.
        modes: usize,
        /// What has too few.
        what: &'static str,
        /// How many.
        dimensions: usize,
    },
    /// η² → 0.
    #[error(
        "the loss is unbounded below: K = {latent} latent dimensions leave nothing of the data's rank {rank} unexplained, and as the learned \
         decoder variance goes to 0 the likelihood of D = {dimensions} dimensions grows faster than β = {beta} times the KL; fix the decoder \
         variance, or use fewer latent dimensions"
    )]
    UnboundedDecoder {
        /// K.
        latent: usize,
        /// Rank of the data.
        rank: usize,
        /// D.
        dimensions: usize,
        /// Weight of the KL.
        beta: f64,
    },
    /// Nothing varies.
    #[error(
        "the loss is unbounded below: the data do not vary, so that the learned decoder variance goes to 0; fix it"
    )]
    Constant,
    /// The scale of z1 runs away.
    #[error(
        "the loss is unbounded below: with both encoder variances learned and β2 = {second} below β1 = {first} it falls for ever as the scale \
         of z1 grows; use a β2 of at least β1, or fix an encoder variance"
    )]
    UnboundedScale {
        /// β1.
        first: f64,
        /// β2.
        second: f64,
    },
    /// A combination that nobody has solved.
    #[error("there is no closed form for {0}")]
    NoClosedForm(&'static str),
}

impl LinearError {
    /// Whether the problem is well posed and its loss has no minimum, as against a problem that is not solved here.
    pub fn is_unbounded(&self) -> bool {
        matches!(self, Self::Free(_) | Self::UnboundedDecoder { .. } | Self::Constant | Self::UnboundedScale { .. })
    }
}

/// A number whose square and product with others are finite.
pub(super) fn is_usable(value: f64) -> bool {
    value.abs() <= 1e100
}

/// A variance is above 0 and finite.
pub(super) fn check_variance(what: &'static str, value: f64) -> Result<(), LinearError> {
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(LinearError::Variance { what, value }) }
}

/// β > 0: with 0 there is no optimum.
pub(super) fn check_beta(what: &'static str, value: f64) -> Result<(), LinearError> {
    if value == 0.0 {
        return Err(LinearError::Free(what));
    }
    if value > 0.0 && value.is_finite() { Ok(()) } else { Err(LinearError::Beta { what, value }) }
}

/// 1 ≤ K ≤ [`LARGEST_LATENT`].
pub(super) fn check_latent(what: &'static str, value: usize) -> Result<(), LinearError> {
    if (1..=LARGEST_LATENT).contains(&value) { Ok(()) } else { Err(LinearError::LatentDimensions { what, value }) }
}
