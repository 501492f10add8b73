//! Operations that a training step spends its time in, fused where measurement shows that it pays (`benches/RESULTS.md`).
//!
//! burn's CPU backend (flex) evaluates transcendental functions one number at a time, writes every intermediate result to memory of its own,
//! and keeps a node of the gradient's graph for each. Here they are one vectorised pass with a hand-written backward pass, through burn's
//! extension interface. On other devices their plain twins are used, in terms of burn's own operations (module [`plain`]); tests hold the
//! two against each other in value and gradient.

mod activation;
mod affine;
mod gate;
mod gaussian;
mod host;
mod likelihood;
pub mod plain;
mod thin;
mod vector;

pub use activation::{Activation, Activations, sigmoid, softplus, tanh};
pub use affine::{Affine, Form, affine, affine_by_transpose, product, product_by_transpose};
pub use gate::{Gate, gate};
pub use gaussian::{Gaussian, kl_to_standard_normal, reparameterize};
pub use likelihood::{RowDensity, RowKind, bernoulli_log_likelihood, squared_distance};
pub use vector::{AdamRates, adam, log_mean_exp, sum_of_squares};

use burn::tensor::{Device, Tensor};

/// Whether the fused operations apply.
fn is_on_cpu<const D: usize>(x: &Tensor<D>) -> bool {
    x.device() == Device::flex()
}
