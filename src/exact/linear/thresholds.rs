//! Eigenvalues of the data above which a latent dimension is active.

use super::{EncoderVariance, LinearHierarchicalVae, LinearVae};
use crate::experiment::Learnable;

/// A value of the data's eigenvalues above which a mode is active.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// What becomes active: `z`, `z1` or `z2`.
    pub level: &'static str,
    /// βη² and its like, in the units of the spectrum.
    pub eigenvalue: f64,
    /// Its formula, like `βσ²`.
    pub formula: &'static str,
}

/// Of a plain or conditional linear VAE with a standard normal prior: βσ², times the encoder variance s where it is fixed.
pub(super) fn of_vae(model: &LinearVae, decoder_variance: f64) -> Vec<Threshold> {
    let formula = match model.encoder_variance {
        EncoderVariance::Learned => "βσ²",
        EncoderVariance::Isotropic(_) | EncoderVariance::PerDimension(_) => "βσ²s",
    };
    let eigenvalue = model.threshold(decoder_variance);
    eigenvalue.map(|eigenvalue| Threshold { level: "z", eigenvalue, formula }).into_iter().collect()
}

/// Of a hierarchical linear VAE with p(z2) = N(0, I): where v1² and U2 of its optimum leave 0. In the formulas σ₁² is the variance of
/// p(z1 | z2), and s₁ and s₂ are the fixed encoder variances. A level that is alive or dead whatever the data has no threshold.
pub(super) fn of_hierarchical(model: &LinearHierarchicalVae, ex: f64) -> Vec<Threshold> {
    let ([first, second], e1) = (model.beta, model.level_variance);
    let threshold = |level, eigenvalue, formula| Threshold { level, eigenvalue, formula };
    let Learnable::Fixed(s1) = model.encoder_variance[0] else {
        return vec![threshold("z1", first * ex, "β1σ²")];
    };
    // Without a live z2 above: θ √(s1 e1/(β1 ex)) > s1.
    let alone = threshold("z1", first * ex * s1 / e1, "β1σ²s₁/σ₁²");
    // The variance of z1 above which z2 is alive: τ, or κ².
    let (life, below, above) = match model.encoder_variance[1] {
        Learnable::Learned => {
            let tau = second / first * e1;
            let below = threshold("z2", second * second * e1 * ex / (first * s1), "β2²σ²σ₁²/(β1s₁)");
            (tau, below, threshold("z1", second * ex, "β2σ²"))
        }
        Learnable::Fixed(s2) => {
            let kappa = second / first * e1 * s2;
            let below = threshold("z2", (second * s2).powi(2) * e1 * ex / (first * s1), "β2²σ²σ₁²s₂²/(β1s₁)");
            (kappa, below, threshold("z1", ex * (first * second * s1 * s2 / e1).sqrt(), "σ²√(β1β2s₁s₂)/σ₁"))
        }
    };
    if s1 <= life {
        return vec![alone, below];
    }
    // z2 lives on the noise of z1's encoder, and helps z1 to life where there is one above.
    let [lower, upper] = model.latent_dimensions;
    if upper < lower { vec![above, alone] } else { vec![above] }
}
