//! Initial weights from the run's own random numbers, so that a seed fixes them on every device.

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;

/// Draws parameters in the order in which it is asked.
pub struct Initializer<'a> {
    generator: ChaCha8Rng,
    device: &'a Device,
}

impl<'a> Initializer<'a> {
    /// Parameters drawn from `generator`, placed on `device`.
    pub fn new(generator: ChaCha8Rng, device: &'a Device) -> Self {
        Self { generator, device }
    }

    /// Independent normal entries, `[rows, columns]`.
    pub fn normal(&mut self, rows: usize, columns: usize, mean: f64, sd: f64) -> Param<Tensor<2>> {
        let values = self.draw(rows * columns, mean, sd);
        self.matrix(rows, columns, values)
    }

    /// Independent normal entries, `[length]`.
    pub fn normal_vector(&mut self, length: usize, mean: f64, sd: f64) -> Param<Tensor<1>> {
        let values = self.draw(length, mean, sd);
        self.vector(values)
    }

    /// Given entries, row-major `[rows, columns]`.
    pub fn matrix(&self, rows: usize, columns: usize, values: Vec<f32>) -> Param<Tensor<2>> {
        Param::from_tensor(Tensor::from_data(TensorData::new(values, [rows, columns]), self.device))
    }

    /// Given entries.
    pub fn vector(&self, values: Vec<f32>) -> Param<Tensor<1>> {
        let length = values.len();
        Param::from_tensor(Tensor::from_data(TensorData::new(values, [length]), self.device))
    }

    fn draw(&mut self, count: usize, mean: f64, sd: f64) -> Vec<f32> {
        let mut values = crate::random::normals(&mut self.generator, count);
        values.iter_mut().for_each(|value| *value = (mean + sd * f64::from(*value)) as f32);
        values
    }
}
