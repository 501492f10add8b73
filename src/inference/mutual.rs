//! The mutual autoencoder (Phuong, Welling, Kushman, Tomioka, Nowozin 2018): the ELBO with the constraint I_p(x; z) = M as a penalty.
//!
//! I_p(x; z) is that of the model's own joint p(z) p_θ(x | z). An auxiliary model r_ω(z | x) bounds it from below (Barber and Agakov 2003):
//! I^ = H(z) + E_{z ~ p(z), x ~ p_θ(x | z)} log r_ω(z | x), with a gap of E KL(p_θ(z | x) ‖ r_ω(z | x)).
//!
//! So I^ certifies that I is at least as large, and no more. Where M lies so far below the information that likelihood asks for that another
//! nat would cost more than one nat of likelihood, the optimum is to keep it in correlated posteriors, which a diagonal r cannot read: I^ = M < I.

use super::{Batch, Descent, KlPenalty, StepNoise, descend, elbo_terms};
use crate::experiment::{Expectation, InformationSettings, ObjectiveSettings};
use crate::model::{Encoder, LatentModel, Vae, spherical_cubature};
use crate::random::Purpose;
use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

/// K + D up to which the expectation under a linear model is taken in closed form, at 2 (K + D) points.
const LARGEST_CUBATURE: usize = 1024;

/// Examples of the model's joint.
struct Samples {
    /// z ~ p(z), `[samples, K]`.
    z: Tensor<2>,
    /// x = decoder(z) + σ ε, through which gradients reach the decoder and a learned σ, `[samples, D]`.
    x: Tensor<2>,
}

impl Samples {
    /// So many, from the step's noise.
    fn draw(model: &Vae, noise: &StepNoise, count: usize) -> Self {
        let normals = |number, columns| noise.normals(Purpose::TrainingSamples, number, count, columns);
        let (z, epsilon) = (normals(0, model.latent_dimensions()), normals(1, model.output_dimensions()));
        Self::of(model, z, epsilon)
    }

    /// Points whose mean is the expectation of every polynomial in (z, ε) up to the third degree: log r(z | x) is of the second where
    /// decoder and r are linear.
    fn cubature(model: &Vae, noise: &StepNoise) -> Self {
        let (latent, all) = (model.latent_dimensions(), joint_dimensions(model));
        let points = TensorData::new(spherical_cubature(all), [2 * all, all]);
        let points = Tensor::<2>::from_data(points, &noise.device);
        Self::of(model, points.clone().narrow(1, 0, latent), points.narrow(1, latent, all - latent))
    }

    fn of(model: &Vae, z: Tensor<2>, epsilon: Tensor<2>) -> Self {
        let x = model.likelihood().reparameterize(model.decode(z.clone()), epsilon);
        Self { z, x }
    }

    /// H(z) + mean log r(z | x), `[1]`.
    fn bound(&self, auxiliary: &Encoder) -> Tensor<1> {
        let [_, latent] = self.z.dims();
        // ½ log 2πe for each dimension of N(0, I).
        let entropy = 0.5 * latent as f64 * (2.0 * std::f64::consts::PI * std::f64::consts::E).ln();
        auxiliary.forward(self.x.clone()).log_density(self.z.clone()).mean().add_scalar(entropy)
    }
}

fn joint_dimensions(model: &Vae) -> usize {
    model.latent_dimensions() + model.output_dimensions()
}

fn has_closed_form(model: &Vae) -> bool {
    model.has_exact_expectation() && joint_dimensions(model) <= LARGEST_CUBATURE
}

/// I^, nats, `[1]`: in closed form for a linear model, otherwise over so many samples of it. `None` without an auxiliary model.
pub fn information_bound(model: &Vae, noise: &StepNoise, samples: usize) -> Option<Tensor<1>> {
    let auxiliary = model.auxiliary()?;
    let drawn =
        if has_closed_form(model) { Samples::cubature(model, noise) } else { Samples::draw(model, noise, samples) };
    Some(drawn.bound(auxiliary))
}

/// A step on −ELBO(θ, φ) + C |I^ − M|, in which the auxiliary model ω ascends I^ whatever the side of M: it would otherwise bring I^ down to M
/// by reading badly. As many samples of the model as the batch has rows.
pub fn descend_mutual(
    model: &Vae,
    batch: Batch,
    penalty: &KlPenalty,
    objective: &ObjectiveSettings,
    noise: &StepNoise,
) -> Descent {
    let Some(auxiliary) = model.auxiliary() else { return descend(model, batch, penalty) };
    let [rows, _] = batch.x.dims();
    let samples = if objective.expectation == Expectation::ClosedForm && has_closed_form(model) {
        Samples::cubature(model, noise)
    } else {
        Samples::draw(model, noise, rows)
    };
    let InformationSettings { target, weight } = objective.information;
    // θ sees the auxiliary model as a constant, the auxiliary model sees θ's samples as constants: one backward pass serves both.
    let constraint = samples.bound(&auxiliary.valid()).sub_scalar(target).abs().mul_scalar(weight);
    let bound = Samples { z: samples.z, x: samples.x.detach() }.bound(auxiliary);
    let terms = elbo_terms(model, batch.x, batch.noise);
    terms.descent(terms.loss(penalty) + constraint - bound, model)
}
