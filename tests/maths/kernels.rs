//! Fused operations against plain f64 evaluation, in value and gradient, on any layout.

use crate::{assert_close, normals};
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::kernels;

type Operation = fn(Tensor<2>) -> Tensor<2>;

fn check(operation: Operation, value: fn(f64) -> f64, derivative: fn(f64) -> f64, name: &str) {
    let device = Device::flex().autodiff();
    let extremes = [0.0, -0.0, 1e-8, -1e-8, 20.0, -20.0, 88.0, -88.0, 500.0, -500.0, 1e4];
    // 5 × 7 = 35 entries: not a multiple of any SIMD width.
    let mut numbers: Vec<f32> = normals(3, 24).iter().map(|x| 4.0 * x).collect();
    numbers.extend(extremes);
    let weights = normals(5, 35);
    let tensor = |values: &[f32]| Tensor::<2>::from_data(TensorData::new(values.to_vec(), [5, 7]), &device);
    let x = tensor(&numbers).require_grad();
    for transposed in [false, true] {
        let y = if transposed { operation(x.clone().transpose()).transpose() } else { operation(x.clone()) };
        let gradients = (y.clone() * tensor(&weights)).sum().backward();
        let gradient: Vec<f32> = x.grad(&gradients).unwrap().into_data().try_to_vec().unwrap();
        let y: Vec<f32> = y.into_data().try_to_vec().unwrap();
        for (at, &number) in numbers.iter().enumerate() {
            let number = f64::from(number);
            assert_close(f64::from(y[at]), value(number), 2e-6, &format!("{name}({number})"));
            let expected = derivative(number) * f64::from(weights[at]);
            assert_close(f64::from(gradient[at]), expected, 2e-6, &format!("{name}'({number})"));
        }
    }
    let plain = operation(Tensor::<2>::from_data(TensorData::new(numbers.clone(), [7, 5]), &Device::flex()));
    let plain: Vec<f32> = plain.into_data().try_to_vec().unwrap();
    assert_close(f64::from(plain[34]), value(f64::from(numbers[34])), 2e-6, name);
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn softplus_matches_its_definition() {
    check(kernels::softplus, |x| x.max(0.0) + (-x.abs()).exp().ln_1p(), sigmoid, "softplus");
}

#[test]
fn sigmoid_matches_its_definition() {
    check(kernels::sigmoid, sigmoid, |x| sigmoid(x) * (1.0 - sigmoid(x)), "sigmoid");
}

#[test]
fn tanh_matches_its_definition() {
    check(kernels::tanh, f64::tanh, |x| 1.0 - x.tanh().powi(2), "tanh");
}

#[test]
fn log_mean_exp_matches_f64_and_does_not_overflow() {
    let values: Vec<f32> = normals(9, 37).iter().map(|x| 300.0 * x).collect();
    let largest = values.iter().copied().fold(f32::MIN, f32::max);
    let sum: f64 = values.iter().map(|v| (f64::from(*v) - f64::from(largest)).exp()).sum();
    assert_close(
        f64::from(kernels::log_mean_exp(&values)),
        f64::from(largest) + (sum / 37.0).ln(),
        1e-6,
        "log mean exp",
    );
    assert_eq!(kernels::log_mean_exp(&[-1000.0; 3]), -1000.0);
}
