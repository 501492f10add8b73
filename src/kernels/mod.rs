//! Elementwise operations that a training step spends its time in, fused where measurement shows that it pays.
//!
//! burn's CPU backend (flex) evaluates transcendental functions one number at a time. Here they are one SIMD pass with a
//! hand-written backward pass, through burn's extension interface. On other devices the plain tensor operations are used;
//! tests hold the two against each other.

mod activation;
mod simd;

pub use activation::{Activation, Activations, sigmoid, softplus, tanh};
pub use simd::log_mean_exp;
