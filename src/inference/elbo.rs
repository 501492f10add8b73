//! The evidence lower bound over rows of examples, each with a reparameterised sample (Kingma and Welling 2014, eq. 10). Rows may repeat an
//! example with the points of a cubature as noise: their mean is then the expectation of a linear model in closed form.

use super::{Batch, Descent, KlPenalty};
use crate::model::{Bound, LatentModel, Vae};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// The parts of the negative evidence lower bound over a batch.
pub struct ElboTerms {
    /// −E_q log p(x | z), batch mean in nats per example, `[1]`.
    pub reconstruction: Tensor<1>,
    /// KL to the prior per example and dimension, nats, `[batch, K]`; one for each latent level, the one next to the data first.
    pub kl: Vec<Tensor<2>>,
}

/// All terms for a batch `x: [batch, D + C]` and standard normal `noise: [batch, K]`.
pub fn elbo_terms<M: LatentModel>(model: &M, x: Tensor<2>, noise: Tensor<2>) -> ElboTerms {
    let Bound { log_likelihood, kl } = model.bound(x, noise);
    let levels = model.level_dimensions();
    let mut first = 0;
    let level = |dimensions: usize| {
        let of = if levels.len() == 1 { kl.clone() } else { kl.clone().narrow(1, first, dimensions) };
        first += dimensions;
        of
    };
    ElboTerms { reconstruction: log_likelihood.mean().neg(), kl: levels.iter().copied().map(level).collect() }
}

impl ElboTerms {
    /// reconstruction + what the KL costs, `[1]`.
    pub fn loss(&self, penalty: &KlPenalty) -> Tensor<1> {
        penalty.of(&self.kl).into_iter().fold(self.reconstruction.clone(), |sum, term| sum + term)
    }

    /// KL over all levels, batch mean in nats per example, `[1]`.
    pub fn total_kl(&self) -> Tensor<1> {
        let mut levels = self.kl.iter().map(super::batch_mean);
        let first = levels.next().unwrap_or_else(|| self.reconstruction.zeros_like());
        levels.fold(first, |sum, kl| sum + kl)
    }

    /// The same terms without autodiff.
    fn inner(&self) -> Self {
        let kl = self.kl.iter().map(|kl| kl.clone().inner()).collect();
        Self { reconstruction: self.reconstruction.clone().inner(), kl }
    }

    /// The gradient of a loss made of these terms, and what is told of the step.
    pub(super) fn descent(&self, loss: Tensor<1>, model: &Vae) -> Descent {
        self.told(GradientsParams::from_grads(loss.backward(), model))
    }

    /// What a step needs, beside its gradients.
    pub(super) fn told(&self, gradients: GradientsParams) -> Descent {
        let terms = self.inner();
        let kl = terms.total_kl();
        Descent { gradients, reconstruction: terms.reconstruction, kl }
    }
}

/// A step on the evidence lower bound.
pub fn descend(model: &Vae, batch: Batch, penalty: &KlPenalty) -> Descent {
    descend_with_loss(model, batch, penalty).0
}

/// The same, beside the loss that it descends, `[1]`, without autodiff.
pub fn descend_with_loss(model: &Vae, batch: Batch, penalty: &KlPenalty) -> (Descent, Tensor<1>) {
    let terms = elbo_terms(model, batch.x, batch.noise);
    let loss = terms.loss(penalty);
    (terms.descent(loss.clone(), model), loss.inner())
}
