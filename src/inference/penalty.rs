//! What the KL term costs: β with its schedule, free bits, a target.

use crate::experiment::{ObjectiveSettings, Schedule};
use burn::tensor::Tensor;

/// The cost of the KL terms in a loss.
#[derive(Clone, Debug, PartialEq)]
pub struct KlPenalty {
    /// β of each latent level, the one next to the data first.
    pub betas: Vec<f64>,
    /// λ, nats per dimension and example that cost nothing; 0 charges for all.
    pub free_bits: f64,
    /// C, nats per example over all dimensions; 0 aims at none.
    pub target: f64,
}

impl KlPenalty {
    /// Σ β KL over the levels.
    pub fn weighted(betas: &[f64]) -> Self {
        Self { betas: betas.to_vec(), free_bits: 0.0, target: 0.0 }
    }

    /// As the settings say for the step after `step` others.
    pub fn at(objective: &ObjectiveSettings, step: u64) -> Self {
        let factor = kl_factor(objective, step);
        Self {
            betas: vec![factor * objective.beta, factor * objective.top_beta],
            free_bits: objective.free_bits,
            target: objective.target_kl,
        }
    }

    /// The cost of each level's KL `[batch, K]`, `[1]` each.
    ///
    /// * plain: β KL.
    /// * free bits: β Σ_d max(λ, KL_d) per example (Kingma et al. 2016; per example as in Li et al. 2019), so that KL_d ≤ λ has no gradient.
    /// * target: β |KL − C| of the batch mean (Burgess et al. 2018, eq. 8).
    pub fn of(&self, levels: &[Tensor<2>]) -> Vec<Tensor<1>> {
        let cost = |(kl, beta): (&Tensor<2>, &f64)| {
            let charged = if self.free_bits > 0.0 {
                super::batch_mean(&kl.clone().clamp_min(self.free_bits))
            } else if self.target > 0.0 {
                super::batch_mean(kl).sub_scalar(self.target).abs()
            } else {
                super::batch_mean(kl)
            };
            charged.mul_scalar(*beta)
        };
        levels.iter().zip(&self.betas).map(cost).collect()
    }

    /// The cost of one example's KL to the first level, for each row of `[n, K]`, `[n]`: as [`Self::of`], but for a target, which is aimed at for
    /// every example by itself.
    pub(super) fn of_examples(&self, kl: Tensor<2>) -> Tensor<1> {
        let kl = if self.free_bits > 0.0 { kl.clamp_min(self.free_bits) } else { kl };
        let sum: Tensor<1> = kl.sum_dim(1).squeeze_dim(1);
        let charged = if self.target > 0.0 { sum.sub_scalar(self.target).abs() } else { sum };
        charged.mul_scalar(self.betas.first().copied().unwrap_or(1.0))
    }
}

/// The factor on β of the step after `step` others: 0 in the first stage of two-stage training, then as annealing says.
///
/// Linear: from the start to 1 over the given steps. Cyclical: the same over the first half of each cycle, 1 over the second half (Fu et al.
/// 2019, with R = ½), and 1 after the last.
pub fn kl_factor(objective: &ObjectiveSettings, step: u64) -> f64 {
    let Some(step) = step.checked_sub(objective.pretraining.steps) else { return 0.0 };
    let annealing = &objective.annealing;
    let done = match annealing.schedule {
        Schedule::Constant => 1.0,
        Schedule::Linear => step as f64 / annealing.steps as f64,
        Schedule::Cyclical if step / annealing.steps >= annealing.cycles => 1.0,
        Schedule::Cyclical => 2.0 * (step % annealing.steps) as f64 / annealing.steps as f64,
    };
    annealing.start + (1.0 - annealing.start) * done.min(1.0)
}
