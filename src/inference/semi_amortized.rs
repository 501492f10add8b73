//! Semi-amortised inference (Kim, Wiseman, Miller, Sontag, Rush 2018): the encoder's posterior of each example is refined by steps of stochastic
//! variational inference on λ = (μ, log σ²).
//!
//! With g_k the gradient of the example's own nll + cost of KL at λ_k, clipped to norm 5 for μ and for log σ² separately:
//! m_k = γ m_{k−1} − g_k, λ_{k+1} = λ_k + α m_k. An expectation is taken at both signs of one noise ε_k: an estimate without bias, of which
//! nothing is left to chance for μ where the decoder is linear. With a single sign the steps keep shaking μ by about its own σ.

use super::{Batch, Descent, ElboTerms, KlPenalty, StepNoise, gradients};
use crate::experiment::{RefinementGradient, RefinementSettings};
use crate::model::{Bound, DiagonalGaussian, LatentModel, PriorComponents, Vae, repeat_rows};
use crate::random::Purpose;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Norm that gradients with respect to μ and log σ² of one example are clipped to, and H_λλ p likewise; H_θλ p is clipped with the whole
/// gradient, by the optimizer.
const LARGEST_NORM: f64 = 5.0;
/// Length of the steps in λ over which gradients are differenced: between what f32 rounds off, some 1e-6 over this, and its square, which is
/// what a decoder bends.
const DIFFERENCE: f64 = 1e-2;
/// In the place of a norm of 0.
const SMALLEST_NORM: f64 = 1e-20;
/// Numbers in a tensor of `[2 n, D + C]` at most, when posteriors are refined for measuring.
const CHUNK_VALUES: usize = 1 << 20;

/// How posteriors are refined for measuring.
#[derive(Clone)]
pub struct Refinement {
    /// Steps.
    pub settings: RefinementSettings,
    /// What the KL costs.
    pub penalty: KlPenalty,
    /// Noise, on a device without autodiff.
    pub noise: StepNoise,
}

/// One refinement step as it was taken: what its derivative needs.
struct Taken {
    /// λ_k, `[n, 2 K]`.
    from: Tensor<2>,
    /// λ_{k+1}.
    to: Tensor<2>,
    /// Gradient at λ_k before it was clipped.
    gradient: Tensor<2>,
    /// ε_k, `[n, K]`.
    noise: Tensor<2>,
}

/// What is refined: all without autodiff. λ is `[n, 2 K]`, μ beside log σ².
struct Problem<'a> {
    model: &'a Vae,
    /// `[n, D + C]`.
    x: Tensor<2>,
    penalty: &'a KlPenalty,
    settings: &'a RefinementSettings,
}

impl Problem<'_> {
    /// Steps from the encoder's posterior; ε_k from `noise`.
    fn refined(&self, noise: impl Fn(u64) -> Tensor<2>) -> (Tensor<2>, Vec<Taken>) {
        let RefinementSettings { steps, rate, momentum, .. } = *self.settings;
        let mut at = parameters(&self.model.encode(self.x.clone()));
        let mut velocity = at.zeros_like();
        let mut path = Vec::new();
        for step in 0..steps {
            let noise = noise(step);
            let gradient = self.gradient(&at, &noise);
            velocity = velocity.mul_scalar(momentum) - clipped(gradient.clone());
            let to = self.within_range(at.clone() + velocity.clone().mul_scalar(rate));
            path.push(Taken { from: at, to: to.clone(), gradient, noise });
            at = to;
        }
        (at, path)
    }

    /// Of each example's own cost with respect to its λ.
    fn gradient(&self, at: &Tensor<2>, noise: &Tensor<2>) -> Tensor<2> {
        let leaf = Tensor::from_inner(at.clone()).require_grad();
        let costs = costs(self.model, &self.x, leaf.clone(), noise.clone(), self.penalty);
        leaf.grad_remove(&mut costs.sum().backward()).unwrap_or_else(|| at.zeros_like())
    }

    fn within_range(&self, at: Tensor<2>) -> Tensor<2> {
        let (low, high) = self.model.log_variance_range();
        let [mean, log_variance] = halves(at);
        Tensor::cat(vec![mean, log_variance.clamp(low, high)], 1)
    }

    /// The gradient with respect to what a step ended at, `[n, 2 K]`, where the step was not held back by the range of log σ².
    fn free(&self, gradient: Tensor<2>, to: &Tensor<2>) -> Tensor<2> {
        let (low, high) = self.model.log_variance_range();
        let ([mean, log_variance], [_, reached]) = (halves(gradient), halves(to.clone()));
        let is_free = reached.clone().greater_elem(low).float() * reached.lower_elem(high).float();
        Tensor::cat(vec![mean, log_variance * is_free], 1)
    }

    /// Goes back along the path: takes in each example's gradient at its end, gives the one at its start, and adds to `sum` what the
    /// parameters of `model` (the same as the problem's, with autodiff) did to the steps, as a mean over examples.
    ///
    /// With p_k = ∂/∂m_k: p = α a + γ p; then θ's gradient loses H_θλ p and a loses H_λλ p, with H the derivatives of the clipped g_k.
    fn back(&self, model: &Vae, path: &[Taken], end: Tensor<2>, sum: &mut GradientsParams) -> Tensor<2> {
        let RefinementSettings { rate, momentum, .. } = *self.settings;
        let mut at_step = end.zeros_like();
        let mut along = end;
        for taken in path.iter().rev() {
            along = self.free(along, &taken.to);
            at_step = at_step.mul_scalar(momentum) + along.clone().mul_scalar(rate);
            let product = self.product(model, taken, through_clip(&taken.gradient, at_step.clone()), sum);
            along = along - clipped(product);
        }
        along
    }

    /// H_λλ p for every example, `[n, 2 K]`, by central differences of gradients at λ ± DIFFERENCE p / ‖p‖ with the step's own noise; −H_θλ p,
    /// averaged over examples, is added to `sum`.
    fn product(&self, model: &Vae, taken: &Taken, p: Tensor<2>, sum: &mut GradientsParams) -> Tensor<2> {
        let [rows, _] = self.x.dims();
        let length = lengths(p.clone());
        let step = p.mul_scalar(DIFFERENCE) / length.clone().clamp_min(SMALLEST_NORM);
        let both = |tensor: &Tensor<2>| Tensor::cat(vec![tensor.clone(), tensor.clone()], 0);
        let points = Tensor::cat(vec![taken.from.clone() + step.clone(), taken.from.clone() - step], 0);
        let leaf = Tensor::from_inner(points).require_grad();
        let costs = costs(model, &both(&self.x), leaf.clone(), both(&taken.noise), self.penalty);
        // Minus sign and mean over examples.
        let weight = length.mul_scalar(-0.5 / (DIFFERENCE * rows as f64));
        let weights: Tensor<1> = Tensor::cat(vec![weight.clone(), weight.neg()], 0).squeeze_dim(1);
        let mut gradients = (costs * weights).sum().backward();
        let differences = leaf.grad_remove(&mut gradients);
        gradients::add(model, sum, GradientsParams::from_grads(gradients, model));
        match differences {
            Some(of) => (of.clone().narrow(0, 0, rows) + of.narrow(0, rows, rows)).mul_scalar(-(rows as f64)),
            None => taken.from.zeros_like(),
        }
    }
}

/// nll + cost of KL per example, averaged over both signs of the noise, nats, `[n]`.
fn costs(model: &Vae, x: &Tensor<2>, at: Tensor<2>, noise: Tensor<2>, penalty: &KlPenalty) -> Tensor<1> {
    let [rows, latent] = noise.dims();
    let posterior = posterior(at).repeated(2 * rows);
    let signs = Tensor::cat(vec![noise.clone().unsqueeze_dim::<3>(1), noise.neg().unsqueeze_dim(1)], 1);
    let Bound { log_likelihood, kl } =
        model.bound_given(&posterior, repeat_rows(x.clone(), 2 * rows), signs.reshape([2 * rows, latent]));
    (penalty.of_examples(kl) - log_likelihood).reshape([rows, 2]).mean_dim(1).squeeze_dim(1)
}

/// λ of posteriors, `[n, 2 K]`.
fn parameters(posterior: &DiagonalGaussian) -> Tensor<2> {
    Tensor::cat(vec![posterior.mean.clone(), posterior.log_variance.clone()], 1)
}

/// The posteriors of λ.
fn posterior(parameters: Tensor<2>) -> DiagonalGaussian {
    let [mean, log_variance] = halves(parameters);
    DiagonalGaussian { mean, log_variance }
}

/// What belongs to μ and what to log σ², `[n, K]` each.
fn halves(tensor: Tensor<2>) -> [Tensor<2>; 2] {
    let [_, columns] = tensor.dims();
    let latent = columns / 2;
    [tensor.clone().narrow(1, 0, latent), tensor.narrow(1, latent, latent)]
}

/// Euclidean norm of each row, `[n, 1]`.
fn lengths(rows: Tensor<2>) -> Tensor<2> {
    rows.powi_scalar(2).sum_dim(1).sqrt()
}

/// Factor that brings rows of such norms down to the largest, at most 1.
fn clip_scale(lengths: Tensor<2>) -> Tensor<2> {
    lengths.clamp_min(SMALLEST_NORM).recip().mul_scalar(LARGEST_NORM).clamp_max(1.0)
}

/// Each half of each row, shortened to the largest norm.
fn clipped(gradient: Tensor<2>) -> Tensor<2> {
    let halves = halves(gradient).map(|half| half.clone() * clip_scale(lengths(half)));
    Tensor::cat(halves.to_vec(), 1)
}

/// The product of `p` with the derivative of [`clipped`] at `gradient`, which is symmetric: where a half was shortened, what lies along it is
/// lost, and the rest is shortened as it was.
fn through_clip(gradient: &Tensor<2>, p: Tensor<2>) -> Tensor<2> {
    let of = |gradient: Tensor<2>, p: Tensor<2>| {
        let length = lengths(gradient.clone());
        let is_clipped = length.clone().greater_elem(LARGEST_NORM).float();
        let direction = gradient / length.clone().clamp_min(SMALLEST_NORM);
        let along = (direction.clone() * p.clone()).sum_dim(1) * is_clipped;
        (p - direction * along) * clip_scale(length)
    };
    let ([mean, log_variance], [p_mean, p_log_variance]) = (halves(gradient.clone()), halves(p));
    Tensor::cat(vec![of(mean, p_mean), of(log_variance, p_log_variance)], 1)
}

/// A step on the ELBO at posteriors refined from the encoder's; everything but the encoder gets its gradient there.
///
/// * [`RefinementGradient::Differentiated`]: the refinement's own gradient reaches the encoder, and what else it depends on. Products with second
///   derivatives are differences of first ones, since burn differentiates once.
/// * [`RefinementGradient::Stopped`]: the encoder follows the ELBO at its own output.
pub fn descend_semi_amortized(
    model: &Vae,
    batch: Batch,
    penalty: &KlPenalty,
    settings: &RefinementSettings,
    noise: &StepNoise,
) -> Descent {
    let ([rows, latent], valid) = (batch.noise.dims(), model.valid());
    let problem = Problem { model: &valid, x: batch.x.clone(), penalty, settings };
    let (end, path) = problem.refined(|step| noise.normals(Purpose::Refinement, step, rows, latent));
    let leaf = Tensor::from_inner(end).require_grad();
    let terms = terms(model.bound_given(&posterior(leaf.clone()), batch.x.clone(), batch.noise.clone()));
    let mut at_end = terms.loss(penalty).backward();
    let end = leaf.grad_remove(&mut at_end).unwrap_or_else(|| leaf.clone().inner().zeros_like());
    let mut gradients = GradientsParams::from_grads(at_end, model);
    let encoder = match settings.gradient {
        RefinementGradient::Differentiated => {
            let rows = rows as f64;
            let start = problem.back(model, &path, end.mul_scalar(rows), &mut gradients).div_scalar(rows);
            (parameters(&model.encode(batch.x)) * Tensor::from_inner(start)).sum()
        }
        RefinementGradient::Stopped => {
            let own = model.encode(batch.x);
            self::terms(valid.bound_given(&own, problem.x.clone(), batch.noise)).loss(penalty)
        }
    };
    gradients::add(model, &mut gradients, GradientsParams::from_grads(encoder.backward(), model));
    terms.told(gradients)
}

fn terms(bound: Bound) -> ElboTerms {
    ElboTerms { reconstruction: bound.log_likelihood.mean().neg(), kl: vec![bound.kl] }
}

/// Refined posteriors of `x: [n, D + C]`, from the encoder's; of a model without autodiff.
///
/// All examples see the same noise, so that an example's posterior does not depend on those beside it.
pub fn refine(model: &Vae, x: Tensor<2>, refinement: &Refinement) -> DiagonalGaussian {
    let Refinement { settings, penalty, noise } = refinement;
    let ([rows, columns], latent) = (x.dims(), model.latent_dimensions());
    if rows == 0 {
        return model.encode(x);
    }
    let together = (CHUNK_VALUES / (2 * columns)).max(1);
    let parts = (0..rows).step_by(together).map(|first| {
        let count = together.min(rows - first);
        let problem = Problem { model, x: x.clone().narrow(0, first, count), penalty, settings };
        let noise = |step| noise.normals(Purpose::Refinement, step, 1, latent).expand([count, latent]);
        problem.refined(noise).0
    });
    posterior(Tensor::cat(parts.collect(), 0))
}

/// A model as it is measured: with the posteriors that its way of training infers, refined or the encoder's own.
pub struct Refined {
    /// Without autodiff.
    model: Vae,
    refinement: Option<Refinement>,
}

impl Refined {
    /// Without a refinement, posteriors are the encoder's.
    pub fn new(model: &Vae, refinement: Option<Refinement>) -> Self {
        Self { model: model.valid(), refinement }
    }

    /// The model itself.
    pub fn model(&self) -> &Vae {
        &self.model
    }
}

impl LatentModel for Refined {
    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        match &self.refinement {
            Some(refinement) => refine(&self.model, x, refinement),
            None => self.model.encode(x),
        }
    }

    fn encode_levels(&self, x: Tensor<2>) -> Vec<DiagonalGaussian> {
        match &self.refinement {
            Some(_) => vec![self.encode(x)],
            None => self.model.encode_levels(x),
        }
    }

    fn sample(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        match &self.refinement {
            Some(_) => self.encode(x).reparameterize(noise),
            None => self.model.sample(x, noise),
        }
    }

    fn kl_terms(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        match &self.refinement {
            Some(_) => {
                let posterior = self.encode(x);
                self.model.kl_given(&posterior, || posterior.reparameterize(noise))
            }
            None => self.model.kl_terms(x, noise),
        }
    }

    fn bound(&self, x: Tensor<2>, noise: Tensor<2>) -> Bound {
        match &self.refinement {
            Some(_) => self.model.bound_given(&self.encode(x.clone()), x, noise),
            None => self.model.bound(x, noise),
        }
    }

    fn log_weights(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<1> {
        match &self.refinement {
            Some(_) => {
                let [rows, _] = noise.dims();
                let posterior = self.encode(x.clone()).repeated(rows);
                self.model.log_weights_given(&posterior, repeat_rows(x, rows), noise)
            }
            None => self.model.log_weights(x, noise),
        }
    }

    fn latent_dimensions(&self) -> usize {
        self.model.latent_dimensions()
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        self.model.decode(z)
    }

    fn decode_for(&self, z: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        self.model.decode_for(z, x)
    }

    fn has_exact_expectation(&self) -> bool {
        self.model.has_exact_expectation()
    }

    fn is_conditional(&self) -> bool {
        self.model.is_conditional()
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        self.model.mean_output(natural)
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        self.model.log_likelihood(x, natural)
    }

    fn log_likelihood_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        self.model.log_likelihood_table(x, natural)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        self.model.log_prior(z)
    }

    fn prior_components(&self) -> Option<PriorComponents> {
        self.model.prior_components()
    }

    fn level_dimensions(&self) -> Vec<usize> {
        self.model.level_dimensions()
    }

    fn fixed_variances(&self) -> Vec<Option<f64>> {
        self.model.fixed_variances()
    }
}
