//! The decoder variance η² that minimises the loss of a linear VAE together with everything else.

use super::covariance::ROUNDING;
use super::{LinearError, Target};

/// η² at the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LearnedVariance {
    pub value: f64,
    /// Any smaller one is as good.
    pub is_flat: bool,
}

/// With the encoder variances learned. The loss as a function of t = βη² is convex in log t, and stationary where
/// h(t) = Σ_{i≤K} min(θ_i²/t, 1) + R/t − D/β = 0, R what K dimensions cannot explain. With k modes active that is
/// η² = (R + Σ_{k<i≤K} θ_i²)/(D − βk); k is the smallest number for which h(θ_{k+1}²) ≥ 0.
/// (For y = x and β = 1 this is probabilistic PCA: Tipping and Bishop 1999.)
pub(super) fn with_learned_encoder(target: &Target, latent: usize, beta: f64) -> Result<LearnedVariance, LinearError> {
    let dimensions = target.dimensions();
    let total = dimensions as f64 / beta;
    let modes: Vec<f64> = target.top(latent).into_iter().filter(|mode| *mode > 0.0).collect();
    let rank = modes.len();
    let unexplained = target.unexplained(latent);
    if rank == 0 && unexplained == 0.0 {
        return Err(LinearError::Constant);
    }
    // Where nothing remains, h is constant below the smallest mode.
    let excess = rank as f64 - total;
    let is_flat = unexplained == 0.0 && excess.abs() <= ROUNDING * total;
    if unexplained == 0.0 && excess < 0.0 && !is_flat {
        return Err(LinearError::UnboundedDecoder { latent, rank, dimensions, beta });
    }
    if is_flat {
        return Ok(LearnedVariance { value: modes[rank - 1] / beta, is_flat });
    }
    let mut rest = modes.iter().sum::<f64>() + unexplained;
    let mut active = 0;
    for mode in &modes {
        if active as f64 + rest / mode >= total {
            break;
        }
        active += 1;
        rest = modes[active..].iter().sum::<f64>() + unexplained;
    }
    Ok(LearnedVariance { value: rest / (total - active as f64) / beta, is_flat })
}

/// With the encoder variances s_i fixed, ascending. Let k_i = √(β s_i)/η_e, so that mode i is active iff η < θ_i/k_i. The loss is
/// \[E‖y‖² − Σ(θ_i − ηk_i)₊²\]/(2η²) + D log η, and η³ times its derivative is the convex G(η) = Dη² + Σ θ_i (θ_i − ηk_i)₊ − E‖y‖² with
/// G(0) ≤ 0: one root above 0. With k modes active it solves Dη² − bη − C = 0, b = Σ_{i≤k} θ_i k_i, C = E‖y‖² − Σ_{i≤k} θ_i².
pub(super) fn with_fixed_encoder(
    target: &Target,
    encoder_variances: &[f64],
    beta: f64,
    prior_variance: f64,
) -> Result<LearnedVariance, LinearError> {
    let dimensions = target.dimensions() as f64;
    let modes = target.top(encoder_variances.len());
    let slopes: Vec<(f64, f64)> = modes
        .iter()
        .zip(encoder_variances)
        .filter(|(mode, _)| **mode > 0.0)
        .map(|(mode, variance)| (mode.sqrt(), (beta * variance / prior_variance).sqrt()))
        .collect();
    let unexplained = target.unexplained(encoder_variances.len());
    if slopes.is_empty() && unexplained == 0.0 {
        return Err(LinearError::Constant);
    }
    let mut eta = 0.0;
    let mut linear = 0.0;
    for active in 0..=slopes.len() {
        let rest: f64 = slopes[active..].iter().map(|(theta, _)| theta * theta).sum::<f64>() + unexplained;
        eta = (linear + (linear * linear + 4.0 * dimensions * rest).sqrt()) / (2.0 * dimensions);
        let Some((theta, slope)) = slopes.get(active) else { break };
        if eta * slope >= *theta {
            break;
        }
        linear += theta * slope;
    }
    Ok(LearnedVariance { value: eta * eta, is_flat: false })
}
