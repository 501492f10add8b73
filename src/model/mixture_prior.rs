//! Learned priors of one latent level: mixtures of diagonal Gaussians, free or made of posteriors.

use super::{DiagonalGaussian, Encoder};
use crate::data::Dataset;
use crate::experiment::{ModelSettings, PriorKind, SMALLEST_LOG_VARIANCE};
use crate::nn::Initializer;
use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Range of log σ² of a component: as narrow as a posterior can be, and wide enough for any latent space.
const LOG_VARIANCE_RANGE: (f32, f32) = (SMALLEST_LOG_VARIANCE as f32, 8.0);
/// Standard deviation of the means that a mixture starts with. Were they all 0, the components would have the same gradients for ever; with this
/// the mixture starts as a density of variance 1¼ around 0, near N(0, I) but not at it.
const SPREAD: f64 = 0.5;

/// p(z) = Σ_c w_c N(z; μ_c, diag σ_c²).
#[derive(Module, Debug)]
pub enum MixturePrior {
    /// μ, σ² and w are parameters.
    Gaussians(GaussianMixture),
    /// The components are posteriors, 1/C Σ_c q(z | u_c), of learned pseudo-inputs u_c (Tomczak and Welling 2018, VampPrior).
    Posteriors(PseudoInputs),
}

/// Parameters of a free mixture.
#[derive(Module, Debug)]
pub struct GaussianMixture {
    /// `[C, K]`.
    mean: Param<Tensor<2>>,
    /// `[C, K]`.
    log_variance: Param<Tensor<2>>,
    /// Logarithms of the weights, up to a constant, `[C]`.
    log_weight: Param<Tensor<1>>,
}

/// Parameters of a VampPrior. Nothing keeps them within the range of the data: the paper clips those of images to [0, 1], here an encoder is
/// asked about whatever serves best.
#[derive(Module, Debug)]
pub struct PseudoInputs {
    /// `[C, D]`.
    value: Param<Tensor<2>>,
}

impl MixturePrior {
    /// As many components as the settings say; `None` for a prior that is no mixture.
    ///
    /// A free mixture starts with equal weights, means around 0 and variances 1. Pseudo-inputs start at training examples in the random order of
    /// `generator`, from the first again where there are fewer: equal ones stay equal.
    pub(super) fn new(
        model: &ModelSettings,
        data: &Dataset,
        mut generator: ChaCha8Rng,
        device: &burn::tensor::Device,
    ) -> Option<Self> {
        let (count, latent) = (model.prior_components, model.latent_dimensions);
        match model.prior {
            PriorKind::Standard | PriorKind::Conditional => None,
            PriorKind::GaussianMixture => {
                let mut initializer = Initializer::new(generator, device);
                Some(Self::Gaussians(GaussianMixture {
                    mean: initializer.normal(count, latent, 0.0, SPREAD),
                    log_variance: initializer.matrix(count, latent, vec![0.0; count * latent]),
                    log_weight: initializer.vector(vec![0.0; count]),
                }))
            }
            PriorKind::Vamp => {
                let mut positions: Vec<usize> = (0..data.training_len()).collect();
                positions.shuffle(&mut generator);
                let chosen: Vec<usize> = positions.into_iter().cycle().take(count).collect();
                let initializer = Initializer::new(generator, device);
                let values = data.training_batch(&chosen);
                Some(Self::Posteriors(PseudoInputs { value: initializer.matrix(count, data.dimensions(), values) }))
            }
        }
    }

    /// The mixture as it is now; `encoder` makes posteriors of pseudo-inputs.
    pub(super) fn components(&self, encoder: &Encoder) -> PriorComponents {
        match self {
            Self::Gaussians(mixture) => {
                let (low, high) = LOG_VARIANCE_RANGE;
                PriorComponents {
                    gaussians: DiagonalGaussian {
                        mean: mixture.mean.val(),
                        log_variance: mixture.log_variance.val().clamp(low, high),
                    },
                    log_weight: activation::log_softmax(mixture.log_weight.val(), 0),
                }
            }
            Self::Posteriors(inputs) => {
                let gaussians = encoder.forward(inputs.value.val());
                let [count, _] = gaussians.mean.dims();
                let log_weight = Tensor::full([count], -(count as f64).ln(), &gaussians.mean.device());
                PriorComponents { gaussians, log_weight }
            }
        }
    }
}

/// A mixture of C diagonal Gaussians.
#[derive(Clone, Debug)]
pub struct PriorComponents {
    /// One row for each component, `[C, K]`.
    pub gaussians: DiagonalGaussian,
    /// Logarithms of the weights, whose sum is 1, `[C]`.
    pub log_weight: Tensor<1>,
}

impl PriorComponents {
    /// log p(z) in nats, `[batch]`, by log-sum-exp over the components.
    pub fn log_density(&self, z: Tensor<2>) -> Tensor<1> {
        let joint = self.log_factors(z).sum_dim(2) + self.log_weights();
        log_sum_exp(joint).flatten(0, 2)
    }

    /// log p(z_d | z_1 … z_{d−1}) of every dimension in nats, `[batch, K]`, as a ratio of the mixture's densities of the first d and the first d − 1
    /// dimensions. The sum over d is log p(z).
    pub fn log_conditionals(&self, z: Tensor<2>) -> Tensor<2> {
        let [batch, latent] = z.dims();
        let joint = self.log_factors(z).cumsum(2) + self.log_weights();
        let up_to = log_sum_exp(joint).reshape([batch, latent]);
        // Of no dimension, the density is 1.
        let before = Tensor::cat(vec![Tensor::zeros([batch, 1], &up_to.device()), up_to.clone()], 1);
        up_to - before.narrow(1, 0, latent)
    }

    /// KL of given posteriors to the mixture per dimension at a sample `z: [batch, K]` of each, nats, `[batch, K]`:
    /// log q(z_d | x) − log p(z_d | z_1 … z_{d−1}).
    ///
    /// They sum to log q(z | x) − log p(z), and none is negative in expectation, since q factorises: each is the expectation of a KL between
    /// distributions of z_d. The split depends on the order of the dimensions, unless the mixture factorises, too; their sum does not.
    pub fn kl_terms(&self, posterior: &DiagonalGaussian, z: Tensor<2>) -> Tensor<2> {
        posterior.log_densities(z.clone()) - self.log_conditionals(z)
    }

    /// log N(z_d; μ_cd, σ_cd²), `[batch, C, K]`.
    fn log_factors(&self, z: Tensor<2>) -> Tensor<3> {
        let DiagonalGaussian { mean, log_variance } = &self.gaussians;
        let log_variance: Tensor<3> = log_variance.clone().unsqueeze_dim(0);
        let difference = z.unsqueeze_dim::<3>(1) - mean.clone().unsqueeze_dim::<3>(0);
        let square = difference.powi_scalar(2) * log_variance.clone().neg().exp();
        (square + log_variance).add_scalar((2.0 * std::f64::consts::PI).ln()).mul_scalar(-0.5)
    }

    /// `[1, C, 1]`.
    fn log_weights(&self) -> Tensor<3> {
        let [count] = self.log_weight.dims();
        self.log_weight.clone().reshape([1, count, 1])
    }
}

/// Over components, `[batch, C, n]` to `[batch, 1, n]`.
fn log_sum_exp(joint: Tensor<3>) -> Tensor<3> {
    // The largest is a constant that cancels: it carries no gradient.
    let largest = joint.clone().detach().max_dim(1);
    (joint - largest.clone()).exp().sum_dim(1).log() + largest
}
