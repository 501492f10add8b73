//! The evidence lower bound with one reparameterised sample per example (Kingma and Welling 2014, eq. 10).

use crate::model::LatentModel;
use burn::tensor::Tensor;

/// The two parts of the negative evidence lower bound, each a batch mean in nats per example, `[1]`.
pub struct ElboTerms {
    /// −E_q log p(x | z).
    pub reconstruction: Tensor<1>,
    /// KL(q(z | x) ‖ p(z)), summed over dimensions.
    pub kl: Tensor<1>,
}

/// Both terms for a batch `x: [batch, D]` and standard normal `noise: [batch, K]`.
pub fn elbo_terms<M: LatentModel>(model: &M, x: Tensor<2>, noise: Tensor<2>) -> ElboTerms {
    let posterior = model.encode(x.clone());
    let natural = model.decode(posterior.reparameterize(noise));
    let [batch, _] = x.dims();
    ElboTerms {
        reconstruction: model.log_likelihood(x, natural).mean().neg(),
        kl: posterior.kl_to_standard_normal().sum().div_scalar(batch as f64),
    }
}

impl ElboTerms {
    /// reconstruction + β KL, `[1]`.
    pub fn loss(&self, beta: f64) -> Tensor<1> {
        self.reconstruction.clone() + self.kl.clone().mul_scalar(beta)
    }
}
