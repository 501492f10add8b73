//! The upper level of a Markovian hierarchical VAE with two levels: p(z2) = N(0, I), p(z1 | z2) = N(f(z2), σ₁² I), q(z2 | z1).

use super::{Decoder, DiagonalGaussian, Encoder};
use burn::module::Module;
use burn::tensor::Tensor;

/// Everything between z1 and z2.
#[derive(Module, Debug)]
pub struct TopLevel {
    /// q(z2 | z1).
    pub(super) encoder: Encoder,
    /// f.
    pub(super) decoder: Decoder,
    /// σ₁, the standard deviation of p(z1 | z2).
    #[module(skip)]
    pub(super) sigma: f64,
    /// Dimensions of z1.
    #[module(skip)]
    pub(super) lower: usize,
    /// Dimensions of z2.
    #[module(skip)]
    pub(super) upper: usize,
}

/// Numbers in a tensor of `[examples, points, latent]` at most.
const CUBATURE_VALUES: usize = 4 << 20;

/// A sample of both levels.
pub(super) struct JointSample {
    /// `[batch, d1]`.
    pub z1: Tensor<2>,
    /// `[batch, d2]`.
    pub z2: Tensor<2>,
    /// f(z2), `[batch, d1]`.
    pub mean1: Tensor<2>,
    /// q(z2 | z1).
    pub q2: DiagonalGaussian,
}

impl TopLevel {
    /// z1 of `z: [batch, d1 + d2]`, whose first part ε = (z1 − f(z2)) / σ₁ is z1 in units of p(z1 | z2).
    pub(super) fn lower_variable(&self, z: Tensor<2>) -> Tensor<2> {
        let relative = z.clone().narrow(1, 0, self.lower);
        let z2 = z.narrow(1, self.lower, self.upper);
        self.decoder.forward(z2, None) + relative.mul_scalar(self.sigma)
    }

    /// z1 ~ q(z1 | x), z2 ~ q(z2 | z1) made of standard normal `noise: [batch, d1 + d2]`.
    pub(super) fn sample(&self, q1: &DiagonalGaussian, noise: Tensor<2>) -> JointSample {
        let z1 = q1.reparameterize(noise.clone().narrow(1, 0, self.lower));
        let q2 = self.encoder.forward(z1.clone());
        let z2 = q2.reparameterize(noise.narrow(1, self.lower, self.upper));
        JointSample { mean1: self.decoder.forward(z2.clone(), None), z1, z2, q2 }
    }

    /// (ε, z2) of a sample, `[batch, d1 + d2]`; the inverse of [`Self::lower_variable`].
    pub(super) fn relative(&self, sample: JointSample) -> Tensor<2> {
        Tensor::cat(vec![(sample.z1 - sample.mean1).div_scalar(self.sigma), sample.z2], 1)
    }

    /// KL per dimension at a sample, nats, `[batch, d1 + d2]`.
    ///
    /// Of z1: ½[(z1 − f(z2))²/σ₁² − log(s/σ₁²) − 1], in expectation E log q(z1|x) − log p(z1|z2), which may be negative: not a KL between
    /// two given distributions. Of z2: KL(q(z2 | z1) ‖ N(0, I)). The sum is the KL of the joint posterior to the joint prior.
    pub(super) fn kl_terms(&self, q1: &DiagonalGaussian, sample: &JointSample) -> Tensor<2> {
        let variance = self.sigma * self.sigma;
        let squares = (sample.z1.clone() - sample.mean1.clone()).powi_scalar(2).div_scalar(variance);
        let lower = (squares - q1.log_variance.clone()).add_scalar(variance.ln() - 1.0).mul_scalar(0.5);
        Tensor::cat(vec![lower, sample.q2.kl_to_standard_normal()], 1)
    }

    /// log p(z1 | z2) + log p(z2) − log q(z1 | x) − log q(z2 | z1), nats, `[batch]`.
    pub(super) fn log_prior_to_posterior(&self, q1: &DiagonalGaussian, sample: &JointSample) -> Tensor<1> {
        let conditional = DiagonalGaussian {
            mean: sample.mean1.clone(),
            log_variance: sample.mean1.full_like(2.0 * self.sigma.ln()),
        };
        let JointSample { z1, z2, q2, .. } = sample;
        conditional.log_density(z1.clone()) + super::gaussian::log_standard_normal(z2.clone())
            - q1.log_density(z1.clone())
            - q2.log_density(z2.clone())
    }

    /// The Gaussian with the moments of q(ε, z2 | x), by [`spherical_cubature`].
    pub(super) fn joint_moments(&self, q1: &DiagonalGaussian) -> DiagonalGaussian {
        let [batch, _] = q1.mean.dims();
        let latent = self.lower + self.upper;
        let together = (CUBATURE_VALUES / (2 * latent * latent)).clamp(1, batch.max(1));
        if together >= batch {
            return self.joint_moments_at_once(q1);
        }
        let parts = (0..batch).step_by(together).map(|first| {
            let part = |rows: &Tensor<2>| rows.clone().narrow(0, first, together.min(batch - first));
            self.joint_moments_at_once(&DiagonalGaussian { mean: part(&q1.mean), log_variance: part(&q1.log_variance) })
        });
        let (means, log_variances) = parts.map(|part| (part.mean, part.log_variance)).unzip();
        DiagonalGaussian { mean: Tensor::cat(means, 0), log_variance: Tensor::cat(log_variances, 0) }
    }

    fn joint_moments_at_once(&self, q1: &DiagonalGaussian) -> DiagonalGaussian {
        let [batch, _] = q1.mean.dims();
        let latent = self.lower + self.upper;
        let points = spherical_cubature(latent);
        let count = points.len() / latent;
        let noise = Tensor::<2>::from_data(
            burn::tensor::TensorData::new(points.repeat(batch), [batch * count, latent]),
            &q1.mean.device(),
        );
        let rows = batch * count;
        let sample = self.sample(&q1.clone().repeated(rows), noise);
        let joint = self.relative(sample).reshape([batch, count, latent]);
        let mean = joint.clone().mean_dim(1);
        let variance = (joint - mean.clone()).powi_scalar(2).mean_dim(1);
        DiagonalGaussian {
            mean: mean.reshape([batch, latent]),
            log_variance: variance.clamp_min(1e-12).log().reshape([batch, latent]),
        }
    }
}

/// The 2K points ±√K e_i, row-major `[2K, K]`: their equally weighted mean is the expectation over N(0, I) of every polynomial up to the
/// third degree (Arasaratnam and Haykin 2009), hence of every term of a linear model's evidence lower bound.
pub fn spherical_cubature(dimensions: usize) -> Vec<f32> {
    let reach = (dimensions as f32).sqrt();
    let mut points = vec![0.0; 2 * dimensions * dimensions];
    for (index, point) in points.chunks_exact_mut(dimensions.max(1)).enumerate() {
        point[index / 2] = if index % 2 == 0 { reach } else { -reach };
    }
    points
}
