//! Every gradient against finite differences, every closed form against brute force, every measure against an independent
//! computation.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod adam;
mod brenier_map;
mod classical_data;
mod classical_inference;
mod densities;
mod densities_of_classical_models;
mod exact;
mod families;
mod fused;
mod injectivity;
mod kernels;
mod libi;
mod linear;
mod linear_theory;
mod measures;
mod mixture;
mod model_information;
mod mutual;
mod objective;
mod parameters;
mod plane_samples;
mod ppca;
mod principal;
mod priors;
mod random;
mod semi_amortized;
mod statuses;
mod theorem;

use burn::tensor::{Device, Tensor, TensorData};

/// A matrix on the CPU.
fn matrix(rows: usize, columns: usize, values: &[f32]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values.to_vec(), [rows, columns]), &Device::flex())
}

/// Reproducible standard normal numbers.
fn normals(seed: u64, count: usize) -> Vec<f32> {
    use collapsar::random::{Purpose, stream};
    collapsar::random::normals(&mut stream(seed, Purpose::Measurement, 99), count)
}

fn assert_close(actual: f64, expected: f64, tolerance: f64, what: &str) {
    let error = (actual - expected).abs() / expected.abs().max(1.0);
    assert!(error <= tolerance, "{what}: {actual} instead of {expected} (relative error {error:.2e})");
}
