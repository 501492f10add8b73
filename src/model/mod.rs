//! Generative models over [`crate::nn`] and the trait through which every measurement asks them.

mod brenier_decoder;
mod decoder;
mod encoder;
mod gaussian;
mod likelihood;
mod mixture_prior;
mod principal;
mod prior;
mod top_level;
mod vae;

pub use brenier_decoder::BrenierDecoder;
pub use decoder::{Decoder, StandardDecoder, TriangularDecoder};
pub use encoder::Encoder;
pub use gaussian::DiagonalGaussian;
pub use likelihood::Likelihood;
pub use mixture_prior::{MixturePrior, PriorComponents};
pub use principal::principal_directions;
pub use top_level::{TopLevel, spherical_cubature};
pub use vae::Vae;

use burn::tensor::Tensor;

/// What a model with a continuous latent variable can be asked.
///
/// The latent variable is measured in units of its prior, which is N(0, I): see [`Vae`] for what this means where the prior is learned from a
/// condition, or shaped by a level above. Where the prior is a learned mixture, [`Self::prior_components`] stands in the place of N(0, I). Rows of examples are `[D + C]`: the D values of the output, and the C of the condition where
/// the model has one.
pub trait LatentModel {
    /// K; over all levels.
    fn latent_dimensions(&self) -> usize;

    /// q(z | x) for `x: [batch, D + C]`; of a model with two levels, the Gaussian with the moments of q.
    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian;

    /// Natural parameter of p(x | z), `[batch, D]`: the mean of a Gaussian, the logits of a Bernoulli likelihood. A conditional model
    /// decodes for the mean condition.
    fn decode(&self, z: Tensor<2>) -> Tensor<2>;

    /// [`Self::decode`] given the conditions of examples: `z: [n r, K]`, r consecutive rows for each row of `x: [n, D + C]`.
    fn decode_for(&self, z: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let _ = x;
        self.decode(z)
    }

    /// Whether [`spherical_cubature`] takes the expectations of the evidence lower bound exactly: all maps are linear and the likelihood is
    /// Gaussian.
    fn has_exact_expectation(&self) -> bool {
        false
    }

    /// Whether [`Self::decode_for`] depends on the example.
    fn is_conditional(&self) -> bool {
        false
    }

    /// Mean of p(x | z) in the data's scale, `[batch, D]`, from the natural parameter.
    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2>;

    /// log p(x | z) in nats, `[batch]`, from the natural parameter.
    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1>;

    /// log p(x | z) of every example `x: [n, D + C]` for every natural parameter `[m, D]`, nats, `[n, m]`.
    fn log_likelihood_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        let [count, columns] = x.dims();
        let [points, _] = natural.dims();
        let row = |index: usize| {
            let example = x.clone().narrow(0, index, 1).expand([points, columns]);
            self.log_likelihood(example, natural.clone()).unsqueeze_dim(0)
        };
        Tensor::cat((0..count).map(row).collect(), 0)
    }

    /// log p(z) in nats, `[batch]`.
    fn log_prior(&self, z: Tensor<2>) -> Tensor<1>;

    /// The mixture that is the prior; `None` where it is N(0, I).
    fn prior_components(&self) -> Option<PriorComponents> {
        None
    }

    /// Dimensions of every latent level, the one next to the data first.
    fn level_dimensions(&self) -> Vec<usize> {
        vec![self.latent_dimensions()]
    }

    /// q of every level's own variable given x: z1 itself where the latent variable is measured relative to p(z1 | z2), in units of the latter's
    /// standard deviation.
    fn encode_levels(&self, x: Tensor<2>) -> Vec<DiagonalGaussian> {
        vec![self.encode(x)]
    }

    /// Variance of q of every level where it is fixed, in units of its prior.
    fn fixed_variances(&self) -> Vec<Option<f64>> {
        vec![None; self.level_dimensions().len()]
    }

    /// A sample of q made of standard normal `noise: [batch, K]`, `[batch, K]`.
    fn sample(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        self.encode(x).reparameterize(noise)
    }

    /// KL per dimension at a sample made of standard normal `noise: [batch, K]`, nats, `[batch, K]`; only a lower level's and the KL to a mixture
    /// depend on the noise.
    fn kl_terms(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let _ = noise;
        self.encode(x).kl_to_standard_normal()
    }

    /// Both terms of the evidence lower bound at one sample, for `x: [batch, D + C]` and standard normal `noise: [batch, K]`.
    fn bound(&self, x: Tensor<2>, noise: Tensor<2>) -> Bound {
        let posterior = self.encode(x.clone());
        let natural = self.decode_for(posterior.reparameterize(noise), x.clone());
        Bound { log_likelihood: self.log_likelihood(x, natural), kl: posterior.kl_to_standard_normal() }
    }

    /// log p(x, z) − log q(z | x) in nats, `[n r]`, at the samples made of `noise: [n r, K]`, r for each row of `x: [n, D + C]`.
    fn log_weights(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<1> {
        let [rows, _] = noise.dims();
        let posterior = self.encode(x.clone()).repeated(rows);
        let x = repeat_rows(x, rows);
        let z = posterior.reparameterize(noise);
        let natural = self.decode_for(z.clone(), x.clone());
        self.log_likelihood(x, natural) + self.log_prior(z.clone()) - posterior.log_density(z)
    }
}

/// Both terms of the evidence lower bound, per example.
pub struct Bound {
    /// log p(x | z) at the sample, nats, `[batch]`.
    pub log_likelihood: Tensor<1>,
    /// KL per dimension, nats, `[batch, K]`; of a lower level and to a mixture at the sample, and possibly negative there.
    pub kl: Tensor<2>,
}

/// Each of n rows as often as needed for `rows` in all, neighbours together.
pub(crate) fn repeat_rows(tensor: Tensor<2>, rows: usize) -> Tensor<2> {
    let [count, columns] = tensor.dims();
    if count == rows {
        return tensor;
    }
    tensor.unsqueeze_dim::<3>(1).repeat_dim(1, rows / count.max(1)).reshape([rows, columns])
}
