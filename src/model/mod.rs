//! Generative models over [`crate::nn`] and the trait through which every measurement asks them.

mod decoder;
mod encoder;
mod likelihood;
mod principal;
mod vae;

pub use decoder::{BrenierDecoder, Decoder, StandardDecoder};
pub use encoder::{DiagonalGaussian, Encoder};
pub use likelihood::Likelihood;
pub use principal::principal_directions;
pub use vae::Vae;

use burn::tensor::Tensor;

/// What a model with a continuous latent variable can be asked.
pub trait LatentModel {
    /// K.
    fn latent_dimensions(&self) -> usize;

    /// q(z | x) for `x: [batch, D]`.
    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian;

    /// Natural parameter of p(x | z), `[batch, D]`: the mean of a Gaussian, the logits of a Bernoulli likelihood.
    fn decode(&self, z: Tensor<2>) -> Tensor<2>;

    /// Mean of p(x | z) in the data's scale, `[batch, D]`, from the natural parameter.
    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2>;

    /// log p(x | z) in nats, `[batch]`, from the natural parameter.
    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1>;

    /// log p(x | z) of every example `x: [n, D]` for every natural parameter `[m, D]`, nats, `[n, m]`.
    fn log_likelihood_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        let [count, dimensions] = x.dims();
        let [points, _] = natural.dims();
        let row = |index: usize| {
            let example = x.clone().narrow(0, index, 1).expand([points, dimensions]);
            self.log_likelihood(example, natural.clone()).unsqueeze_dim(0)
        };
        Tensor::cat((0..count).map(row).collect(), 0)
    }

    /// log p(z) in nats, `[batch]`.
    fn log_prior(&self, z: Tensor<2>) -> Tensor<1>;
}
