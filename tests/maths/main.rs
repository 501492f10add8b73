//! Every gradient against finite differences, every closed form against brute force, every measure against an independent
//! computation.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod adam;
mod brenier_map;
mod densities;
mod exact;
mod kernels;
mod measures;
mod mixture;
mod ppca;
mod principal;
mod random;

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
