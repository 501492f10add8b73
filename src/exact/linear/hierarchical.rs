//! The linear hierarchical VAE with two Markovian levels: p(z2) = N(0, e2 I), p(z1 | z2) = N(U2 z2, e1 I), p(x | z1) = N(U1 z1, ex I),
//! q(z1 | x) = N(W1 x, s1), q(z2 | z1) = N(W2 z1, s2); e1, e2, ex, s1, s2 are variances.
//!
//! L = E\[−log p(x | z1)\] + β1 T1 + β2 E\[KL(q(z2 | z1) ‖ p(z2))\], T1 = E\[log q(z1 | x) − log p(z1 | z2)\], nats per example.
//!
//! In each mode, with a = E z1² and τ = (β2/β1) e1, the lower decoder leaves θ² s1/a, and (U2, W2, s2) are the optimum of a linear VAE
//! with threshold τ on data of variance a. So L is minimised over a ≥ s1 (and s1 where it is learned) in
//! θ² s1/(ex a) + (β1/e1) G(a) − β1 log s1 with G(a) what that upper VAE costs (Dang et al. 2024, Theorems 3 and 5, and extensions).

use super::covariance::exceeds;
use super::decoder_variance::{LearnedVariance, with_learned_encoder};
use super::error::{check_beta, check_latent, check_variance};
use super::vae::{BY_MODE, reconstruction_loss};
use super::{LinearError, Mode, Target};
use crate::experiment::Learnable;

/// Difference of β1 and β2 that is rounding.
const SAME_BETA: f64 = 1e-12;

/// Settings of a linear hierarchical VAE; all are variances, not standard deviations.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearHierarchicalVae {
    /// Of z1 and z2.
    pub latent_dimensions: [usize; 2],
    /// β1 and β2.
    pub beta: [f64; 2],
    /// ex.
    pub decoder_variance: Learnable,
    /// e1.
    pub level_variance: f64,
    /// e2.
    pub prior_variance: f64,
    /// s1 and s2, each the same for all dimensions of its level where it is fixed.
    pub encoder_variance: [Learnable; 2],
}

/// One dimension of z1 at the optimum, with the dimension of z2 above it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LowerMode {
    /// θ²: of the data in this mode.
    pub eigenvalue: f64,
    /// a = E z1².
    pub second_moment: f64,
    /// s1.
    pub encoder_variance: f64,
    /// Var_x E_q\[z1\] = a − s1.
    pub posterior_mean_variance: f64,
    /// What the decoder multiplies z1 by: θ √(a − s1)/a.
    pub decoder_singular_value: f64,
    /// T1, which may be negative, nats.
    pub kl_term: f64,
    /// I(x; z1) for Gaussian data: ½ log(a/s1), nats.
    pub information: f64,
    /// E(x − u1 z1)² = θ² s1/a.
    pub residual: f64,
}

/// One dimension of z2 at the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpperMode {
    /// The upper VAE's optimum; its "data" are z1: eigenvalue a, posterior mean variance over z1.
    pub mode: Mode,
    /// Var_x E_q\[z2\]: what of the posterior mean's variance comes from x, and not from the noise of z1's encoder.
    pub posterior_mean_variance: f64,
    /// I(x; z2) for Gaussian data, nats.
    pub information: f64,
}

/// The optimum of a linear hierarchical VAE.
#[derive(Clone, Debug, PartialEq)]
pub struct HierarchicalOptimum {
    /// Dimensions of z1, largest eigenvalue first.
    pub lower: Vec<LowerMode>,
    /// Dimensions of z2, in the same order.
    pub upper: Vec<UpperMode>,
    /// E‖x − U1 z1‖².
    pub reconstruction_error: f64,
    /// L, nats per example, with the Gaussian's constant.
    pub loss: f64,
    /// ex.
    pub decoder_variance: f64,
    /// Whether the optimum fixes the sorted values of T1 per dimension, and of KL per dimension of z2.
    pub is_determined: [bool; 2],
    /// Whether it fixes the total of z1's term; it may do so where the values per mode are free to change places.
    pub is_term_determined: bool,
    /// Whether a smaller decoder variance would be as good as the one that is given.
    pub is_flat_decoder: bool,
    /// Whether coordinates of a level mean nothing, because its encoder variance is fixed and equal.
    pub is_by_mode: [bool; 2],
    /// What a person should know.
    pub note: Option<String>,
}

impl HierarchicalOptimum {
    /// T1 of all dimensions; may be negative.
    pub fn kl_term(&self) -> f64 {
        self.lower.iter().map(|mode| mode.kl_term).sum()
    }

    /// KLs of z2, descending.
    pub fn kl_per_dimension(&self) -> Vec<f64> {
        let mut kl: Vec<f64> = self.upper.iter().map(|upper| upper.mode.kl).collect();
        kl.sort_by(|a, b| b.total_cmp(a));
        kl
    }

    /// Dimensions of z1 whose posterior mean follows x, and dimensions of z2 that their decoder uses.
    pub fn active_dimensions(&self) -> [usize; 2] {
        [
            self.lower.iter().filter(|mode| mode.posterior_mean_variance > 0.0).count(),
            self.upper.iter().filter(|upper| upper.mode.is_active()).count(),
        ]
    }
}

impl LinearHierarchicalVae {
    /// The global optimum for data with these modes.
    ///
    /// # Errors
    /// Settings out of range, a loss without an optimum, a combination without a closed form.
    pub fn optimum(&self, target: &Target) -> Result<HierarchicalOptimum, LinearError> {
        self.check()?;
        let [first, second] = self.beta;
        let [lower_latent, upper_latent] = self.latent_dimensions;
        let is_learned = self.encoder_variance.map(|variance| variance == Learnable::Learned);
        let is_equal_beta = (first - second).abs() <= SAME_BETA * first;
        if is_learned == [true, true] && second < first && !is_equal_beta {
            return Err(LinearError::UnboundedScale { first, second });
        }
        let LearnedVariance { value: variance, is_flat: is_flat_decoder } = self.decoder(target)?;

        let thetas = target.top(lower_latent);
        let moment = |(i, theta): (usize, &f64)| self.lower_moments(*theta, variance, i < upper_latent);
        let moments: Vec<(f64, f64)> = thetas.iter().enumerate().map(moment).collect();
        let upper: Vec<UpperMode> = (0..upper_latent)
            .map(|i| {
                let (a, s) = moments.get(i).copied().unwrap_or((0.0, 0.0));
                self.upper(a, s)
            })
            .collect();
        let lower: Vec<LowerMode> = thetas
            .iter()
            .zip(&moments)
            .enumerate()
            .map(|(i, (theta, (a, s)))| {
                let unexplained = upper.get(i).map_or(*a, |upper| upper.mode.residual);
                LowerMode::new(*theta, *a, *s, unexplained, self.level_variance)
            })
            .collect();

        let reconstruction_error =
            lower.iter().map(|mode| mode.residual).sum::<f64>() + target.unexplained(lower_latent);
        let terms: f64 = lower.iter().map(|mode| mode.kl_term).sum();
        let kl: f64 = upper.iter().map(|upper| upper.mode.kl).sum();
        let loss =
            reconstruction_loss(reconstruction_error, variance, target.dimensions()) + first * terms + second * kl;
        if !loss.is_finite() {
            return Err(LinearError::Overflow);
        }
        let is_flat_scale = is_learned == [true, true] && is_equal_beta;
        // Equal a for all modes: any of them can be the ones that have a z2.
        let is_assignment_free = is_learned == [true, false]
            && upper_latent < lower_latent
            && upper.iter().any(|upper| upper.mode.is_active())
            && lower.windows(2).any(|pair| pair[0].information != pair[1].information);
        let is_by_mode = [!is_learned[0] && lower_latent > 1, !is_learned[1] && upper_latent > 1];
        Ok(HierarchicalOptimum {
            note: note(is_flat_decoder, is_flat_scale, is_assignment_free, is_by_mode, variance, terms + kl),
            lower,
            upper,
            reconstruction_error,
            loss,
            decoder_variance: variance,
            is_flat_decoder,
            is_term_determined: !(is_flat_decoder || is_flat_scale),
            is_determined: [!(is_flat_decoder || is_flat_scale || is_assignment_free), !is_flat_scale],
            is_by_mode,
        })
    }

    fn check(&self) -> Result<(), LinearError> {
        let [lower, upper] = self.latent_dimensions;
        check_latent("the number of latent dimensions of z1", lower)?;
        check_latent("the number of latent dimensions of z2", upper)?;
        check_beta("β1", self.beta[0])?;
        check_beta("β2", self.beta[1])?;
        check_variance("the level variance", self.level_variance)?;
        check_variance("the prior variance", self.prior_variance)?;
        for (what, variance) in [
            ("the decoder variance", self.decoder_variance),
            ("the encoder variance of z1", self.encoder_variance[0]),
            ("the encoder variance of z2", self.encoder_variance[1]),
        ] {
            variance.fixed().map_or(Ok(()), |value| check_variance(what, value))?;
        }
        Ok(())
    }

    /// With s1 learned the data's part of the loss is that of a plain linear VAE with β1, whatever a is.
    fn decoder(&self, target: &Target) -> Result<LearnedVariance, LinearError> {
        match (self.decoder_variance, self.encoder_variance[0]) {
            (Learnable::Fixed(value), _) => Ok(LearnedVariance { value, is_flat: false }),
            (Learnable::Learned, Learnable::Learned) => {
                with_learned_encoder(target, self.latent_dimensions[0], self.beta[0])
            }
            (Learnable::Learned, Learnable::Fixed(_)) => Err(LinearError::NoClosedForm(
                "a hierarchical model whose decoder variance is learned while the encoder variance of z1 is fixed; fix the one or learn the \
                 other",
            )),
        }
    }

    /// τ = (β2/β1) e1: the threshold of the upper VAE.
    fn tau(&self) -> f64 {
        self.beta[1] / self.beta[0] * self.level_variance
    }

    /// (a, s1) of a mode of the data, with or without a dimension of z2 above it.
    fn lower_moments(&self, theta: f64, ex: f64, has_upper: bool) -> (f64, f64) {
        let ([first, second], e1) = (self.beta, self.level_variance);
        // κ², the threshold of a upper VAE whose encoder variance is fixed.
        let kappa = |s2: f64| self.tau() * s2 / self.prior_variance;
        let upper = self.encoder_variance[1].fixed().filter(|_| has_upper);
        let Learnable::Fixed(s) = self.encoder_variance[0] else {
            // s1 = a min(1, β1 ex/θ²); what is left, (β1/e1) G(a) − β1 log a, is the same for all modes.
            let a = match upper.map(kappa) {
                Some(kappa) if kappa < e1 => e1 * e1 / kappa,
                _ => e1,
            };
            return (a, if exceeds(theta, first * ex) { a * first * ex / theta } else { a });
        };
        // Where the upper decoder is dead: a = θ √(s1 e1/(β1 ex)).
        let dead = (theta * s * e1 / (first * ex)).sqrt();
        let free = match upper {
            _ if !has_upper => dead,
            None if dead < self.tau() => dead,
            None => theta * s / (second * ex),
            Some(s2) if dead <= kappa(s2) => dead,
            Some(s2) => (theta * s * e1 / (first * kappa(s2).sqrt() * ex)).powf(2.0 / 3.0),
        };
        (if exceeds(free, s) { free } else { s }, s)
    }

    /// The upper VAE's optimum on a dimension of z1.
    fn upper(&self, a: f64, s: f64) -> UpperMode {
        let mode = match self.encoder_variance[1] {
            Learnable::Learned => Mode::learned(a, self.tau(), self.prior_variance),
            Learnable::Fixed(s2) => Mode::fixed(a, self.tau(), self.prior_variance, s2),
        };
        let noise = if a > 0.0 { s / a } else { 0.0 };
        let (mean, variance) = (mode.posterior_mean_variance, mode.encoder_variance);
        UpperMode {
            mode,
            posterior_mean_variance: mean * (1.0 - noise),
            information: 0.5 * ((mean + variance) / (mean * noise + variance)).ln(),
        }
    }
}

impl LowerMode {
    /// `unexplained`: variance of z1 given z2 and its encoder's noise.
    fn new(theta: f64, a: f64, s: f64, unexplained: f64, e1: f64) -> Self {
        Self {
            eigenvalue: theta,
            second_moment: a,
            encoder_variance: s,
            posterior_mean_variance: a - s,
            decoder_singular_value: (theta * (a - s)).sqrt() / a,
            kl_term: 0.5 * (unexplained / e1 - (s / e1).ln() - 1.0),
            information: 0.5 * (a / s).ln(),
            residual: theta * s / a,
        }
    }
}

fn note(
    is_flat_decoder: bool,
    is_flat_scale: bool,
    is_assignment_free: bool,
    is_by_mode: [bool; 2],
    variance: f64,
    total: f64,
) -> Option<String> {
    let mut notes = Vec::new();
    if is_flat_scale {
        notes.push(format!(
            "with both encoder variances learned and β1 = β2 every scale of z1 from this one up is as good, and moves KL from z1 to z2: only \
             the sum of both terms, {total:.4} nats, is determined; given is the end where z2 is dead"
        ));
    }
    if is_flat_decoder {
        notes.push(format!(
            "the decoder variance is not determined: {variance:.6} and every smaller one have the same loss"
        ));
    }
    if is_assignment_free {
        notes.push(
            "any dimensions of z1 can be the ones that z2 explains: their single terms are not determined, their sum is".to_owned(),
        );
    }
    let levels = match is_by_mode {
        [true, true] => Some("z1 and z2"),
        [true, false] => Some("z1"),
        [false, true] => Some("z2"),
        [false, false] => None,
    };
    notes.extend(levels.map(|levels| format!("{levels}: {BY_MODE}")));
    (!notes.is_empty()).then(|| notes.join("; "))
}
