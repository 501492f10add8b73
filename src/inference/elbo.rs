//! The evidence lower bound over rows of examples, each with a reparameterised sample (Kingma and Welling 2014, eq. 10). Rows may repeat an
//! example with the points of a cubature as noise: their mean is then the expectation of a linear model in closed form.

use crate::model::{Bound, LatentModel};
use burn::tensor::Tensor;

/// The parts of the negative evidence lower bound, each a batch mean in nats per example, `[1]`.
pub struct ElboTerms {
    /// −E_q log p(x | z).
    pub reconstruction: Tensor<1>,
    /// KL to the prior, summed over dimensions; one for each latent level, the one next to the data first.
    pub kl: Vec<Tensor<1>>,
}

/// All terms for a batch `x: [batch, D + C]` and standard normal `noise: [batch, K]`.
pub fn elbo_terms<M: LatentModel>(model: &M, x: Tensor<2>, noise: Tensor<2>) -> ElboTerms {
    let Bound { log_likelihood, kl } = model.bound(x, noise);
    let [batch, _] = kl.dims();
    let levels = model.level_dimensions();
    let mut first = 0;
    let level = |dimensions: usize| {
        let of = if levels.len() == 1 { kl.clone() } else { kl.clone().narrow(1, first, dimensions) };
        first += dimensions;
        of.sum().div_scalar(batch as f64)
    };
    ElboTerms { reconstruction: log_likelihood.mean().neg(), kl: levels.iter().copied().map(level).collect() }
}

impl ElboTerms {
    /// reconstruction + Σ β KL over the levels, `[1]`.
    pub fn loss(&self, betas: &[f64]) -> Tensor<1> {
        let weighted = self.kl.iter().zip(betas).map(|(kl, &beta)| kl.clone().mul_scalar(beta));
        weighted.fold(self.reconstruction.clone(), |sum, term| sum + term)
    }

    /// KL over all levels, `[1]`.
    pub fn total_kl(&self) -> Tensor<1> {
        let mut levels = self.kl.iter().cloned();
        let first = levels.next().unwrap_or_else(|| self.reconstruction.zeros_like());
        levels.fold(first, |sum, kl| sum + kl)
    }
}
