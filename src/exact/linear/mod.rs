//! Closed-form optima of linear variational autoencoders: plain, conditional, and hierarchical with two levels.
//!
//! Sources: Lucas, Tucker, Grosse and Norouzi (2019); Wang and Ziyin (2022); Dang, Tran, Nguyen and Ho (2024). Nothing is trained here.

mod conditional;
mod covariance;
mod decoder_variance;
mod error;
mod hierarchical;
mod modes;
mod prediction;
mod spectrum;
mod target;
mod thresholds;
mod vae;

pub use conditional::Conditional;
pub use covariance::Covariance;
pub use error::{LARGEST_LATENT, LinearError};
pub use hierarchical::{HierarchicalOptimum, LinearHierarchicalVae, LowerMode, UpperMode};
pub use modes::Mode;
pub use prediction::{Applicability, LevelPrediction, Matching, NoPrediction, Prediction, Theory, predict};
pub use spectrum::{DataSpectrum, LARGEST_SPECTRUM, SpectrumError};
pub use target::Target;
pub use thresholds::Threshold;
pub use vae::{EncoderVariance, LinearVae, VaeOptimum};
