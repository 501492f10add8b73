//! The optimum of one mode of a linear VAE: a latent dimension z with prior N(0, η_e²) and q(z | x) = N(v x̃, s), x̃ the whitened data in
//! that mode, and a decoder u z. Everything else follows by adding modes up.

use super::covariance::exceeds;

/// One latent dimension at the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// θ²: of the data in this mode.
    pub eigenvalue: f64,
    /// u, what the decoder multiplies z by.
    pub decoder_singular_value: f64,
    /// Variance of q(z | x).
    pub encoder_variance: f64,
    /// Var_x E_q\[z\] = v².
    pub posterior_mean_variance: f64,
    /// KL(q(z | x) ‖ p(z)), mean over the data, nats.
    pub kl: f64,
    /// E(y − u z)² in this mode.
    pub residual: f64,
}

impl Mode {
    /// Whether the decoder uses it.
    pub fn is_active(&self) -> bool {
        self.decoder_singular_value > 0.0
    }

    /// With the encoder variance learned; `threshold` is T = βη². Active iff θ² > T (reverse water-filling):
    /// u² = (θ² − T)/η_e², s = η_e² T/θ², v² = η_e² (1 − T/θ²), KL = ½ log(θ²/T), residual min(θ², T).
    /// (Lucas et al. 2019; Dang et al. 2024, Theorem 1 with the encoder variance optimised.)
    pub(super) fn learned(eigenvalue: f64, threshold: f64, prior_variance: f64) -> Self {
        if !exceeds(eigenvalue, threshold) {
            return Self {
                eigenvalue,
                decoder_singular_value: 0.0,
                encoder_variance: prior_variance,
                posterior_mean_variance: 0.0,
                kl: 0.0,
                residual: eigenvalue,
            };
        }
        let share = threshold / eigenvalue;
        Self {
            eigenvalue,
            decoder_singular_value: ((eigenvalue - threshold) / prior_variance).sqrt(),
            encoder_variance: prior_variance * share,
            posterior_mean_variance: prior_variance * (1.0 - share),
            kl: -0.5 * share.ln(),
            residual: threshold,
        }
    }

    /// With the encoder variance s fixed: κ = √(T s)/η_e; active iff θ > κ,
    /// u² = √T (θ − κ)/(η_e √s), v² = √s η_e (θ − κ)/√T, residual (uv − θ)² + u² s (Wang and Ziyin 2022; Dang et al. 2024, Theorem 1).
    pub(super) fn fixed(eigenvalue: f64, threshold: f64, prior_variance: f64, encoder_variance: f64) -> Self {
        let theta = eigenvalue.sqrt();
        // √β c of the sources, c = η/η_e.
        let slope = (threshold / prior_variance).sqrt();
        let sd = encoder_variance.sqrt();
        let kappa = slope * sd;
        let gap = if exceeds(eigenvalue, kappa * kappa) { theta - kappa } else { 0.0 };
        let (decoder, mean_variance) = (slope * gap / sd, sd * gap / slope);
        Self {
            eigenvalue,
            decoder_singular_value: decoder.sqrt(),
            encoder_variance,
            posterior_mean_variance: mean_variance,
            kl: gaussian_kl(mean_variance + encoder_variance, encoder_variance, prior_variance),
            residual: (gap - theta).powi(2) + decoder * encoder_variance,
        }
    }
}

/// KL(N(μ, s) ‖ N(0, p)) averaged over μ: ½(m/p − 1 − log(s/p)), where m = E μ² + s.
fn gaussian_kl(second_moment: f64, variance: f64, prior_variance: f64) -> f64 {
    0.5 * (second_moment / prior_variance - 1.0 - (variance / prior_variance).ln())
}
