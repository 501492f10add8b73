//! The importance-weighted bound (Burda, Grosse, Salakhutdinov 2016, eq. 8): L_k = E log (1/k) Σ_s p(x, z_s) / q(z_s | x), z_s ~ q(z | x).

use super::{Descent, elbo_terms};
use crate::model::{LatentModel, Vae, repeat_rows};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// L_k per example in nats, `[n]`, for `x: [n, D + C]` and standard normal `noise: [n k, K]`, k rows for each example.
pub fn importance_weighted_bound<M: LatentModel>(model: &M, x: Tensor<2>, noise: Tensor<2>) -> Tensor<1> {
    let ([count, _], [rows, _]) = (x.dims(), noise.dims());
    let samples = rows / count.max(1);
    let log_weights = model.log_weights(x, noise).reshape([count, samples]);
    // The largest is a constant that cancels: it carries no gradient.
    let largest = log_weights.clone().detach().max_dim(1);
    let mean = (log_weights - largest.clone()).exp().mean_dim(1).log() + largest;
    mean.squeeze_dim(1)
}

/// A step on the importance-weighted bound. The terms told of it are those of the evidence lower bound at the same samples.
pub fn descend_importance_weighted(model: &Vae, x: Tensor<2>, noise: Tensor<2>) -> Descent {
    let loss = importance_weighted_bound(model, x.clone(), noise.clone()).mean().neg();
    let gradients = GradientsParams::from_grads(loss.backward(), model);
    let [rows, _] = noise.dims();
    let valid = model.valid();
    let terms = elbo_terms(&valid, repeat_rows(x, rows), noise);
    Descent { gradients, reconstruction: terms.reconstruction.clone(), kl: terms.total_kl() }
}
