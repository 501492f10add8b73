//! Fused operations against their plain twins, in value and in the gradient of every input: rows and matrices, one row, any layout, and inputs
//! that somebody else holds.

use crate::{assert_close, normals};
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::kernels::{self, Activation, Form, plain};

const FUNCTIONS: [Activation; 5] = [
    Activation::Identity,
    Activation::Softplus,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::Clamp { low: -0.5, high: 1.0 },
];

/// Inputs and outputs of layers: neither side thin, thin inputs, thin outputs.
const SIZES: [[usize; 2]; 3] = [[5, 19], [2, 19], [19, 3]];

fn device() -> Device {
    Device::flex().autodiff()
}

fn matrix(seed: u64, [rows, columns]: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(normals(seed, rows * columns), [rows, columns]), &device()).require_grad()
}

/// The same numbers in another order of memory.
fn strided(x: Tensor<2>) -> Tensor<2> {
    let [rows, columns] = x.dims();
    let values: Vec<f32> = x.clone().transpose().into_data().try_to_vec().unwrap();
    Tensor::from_data(TensorData::new(values, [columns, rows]), &device()).transpose().require_grad()
}

fn numbers<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec().unwrap()
}

/// Value and gradients of Σ w ⊙ f(inputs), and the inputs afterwards.
fn evaluate<const N: usize>(inputs: &[Tensor<2>; N], f: &dyn Fn([Tensor<2>; N]) -> Tensor<2>) -> Vec<Vec<f32>> {
    let inputs = inputs.clone().map(|input| input.detach().require_grad());
    let y = f(inputs.clone());
    let weights = matrix(99, y.dims()).detach();
    let gradients = (y.clone() * weights).sum().backward();
    let of_inputs = inputs.iter().map(|input| numbers(input.grad(&gradients).unwrap()));
    let gradients: Vec<_> = of_inputs.collect();
    std::iter::once(numbers(y)).chain(gradients).chain(inputs.into_iter().map(numbers)).collect()
}

fn check<const N: usize>(
    inputs: [Tensor<2>; N],
    fused: impl Fn([Tensor<2>; N]) -> Tensor<2>,
    twin: impl Fn([Tensor<2>; N]) -> Tensor<2>,
    what: &str,
) {
    let expected = evaluate(&inputs, &twin);
    for (inputs, layout) in [(inputs.clone(), "row-major"), (inputs.map(strided), "column-major")] {
        let found = evaluate(&inputs, &fused);
        assert_eq!(found.len(), expected.len());
        for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.len(), expected.len(), "{what}, part {part}");
            for (found, expected) in found.iter().zip(expected) {
                let what = format!("{what}, {layout}, part {part} of value, gradients, inputs");
                assert_close(f64::from(*found), f64::from(*expected), 2e-5, &what);
            }
        }
    }
}

#[test]
fn affine_maps() {
    for (function, [inputs, outputs]) in FUNCTIONS.iter().flat_map(|function| SIZES.map(|size| (*function, size))) {
        for (rows, offset_rows) in [(7, 1), (7, 7), (1, 1)] {
            let what = format!("{function:?} of {rows} rows, {inputs} to {outputs}, offset of {offset_rows}");
            check(
                [matrix(1, [rows, inputs]), matrix(2, [inputs, outputs]), matrix(3, [offset_rows, outputs])],
                |[x, weight, offset]| kernels::affine(x, weight, offset, function),
                |[x, weight, offset]| plain::affine(x, weight, offset, Form { is_transposed: false, function }),
                &what,
            );
        }
    }
}

#[test]
fn affine_maps_by_the_transpose() {
    let form = Form { is_transposed: true, function: Activation::Identity };
    for ([inputs, outputs], (rows, offset_rows)) in
        SIZES.iter().flat_map(|size| [(7, 1), (7, 7), (1, 1)].map(|rows| (*size, rows)))
    {
        check(
            [matrix(1, [rows, outputs]), matrix(2, [inputs, outputs]), matrix(3, [offset_rows, inputs])],
            |[x, weight, offset]| kernels::affine_by_transpose(x, weight, offset),
            |[x, weight, offset]| plain::affine(x, weight, offset, form),
            &format!("{rows} rows, {inputs} and {outputs}, offset of {offset_rows}"),
        );
    }
    check(
        [matrix(1, [7, 19]), matrix(2, [5, 19])],
        |[x, weight]| kernels::product_by_transpose(x, weight),
        |[x, weight]| plain::product(x, weight, form),
        "product by the transpose",
    );
    check(
        [matrix(1, [7, 5]), matrix(2, [5, 19])],
        |[x, weight]| kernels::product(x, weight),
        |[x, weight]| plain::product(x, weight, Form::default()),
        "product",
    );
}

#[test]
fn an_offset_may_be_a_vector() {
    let (x, weight) = (matrix(1, [7, 5]), matrix(2, [5, 19]));
    let offset = || Tensor::<1>::from_data(TensorData::new(normals(3, 19), [19]), &device()).require_grad();
    let of = |f: &dyn Fn(Tensor<1>) -> Tensor<2>| {
        let offset = offset();
        let gradients = f(offset.clone()).powi_scalar(2).sum().backward();
        numbers(offset.grad(&gradients).unwrap())
    };
    let form = Form { is_transposed: false, function: Activation::Tanh };
    let fused = of(&|offset| kernels::affine(x.clone(), weight.clone(), offset, Activation::Tanh));
    let plain = of(&|offset| plain::affine(x.clone(), weight.clone(), offset, form));
    assert_eq!(fused.len(), 19);
    fused.iter().zip(&plain).for_each(|(fused, plain)| {
        assert_close(f64::from(*fused), f64::from(*plain), 2e-5, "gradient of a vector");
    });
}

#[test]
fn a_gate() {
    for (rows, above_rows) in [(7, 1), (7, 7), (1, 1)] {
        check(
            [matrix(1, [rows, 19]), matrix(2, [above_rows, 19])],
            |[x, above]| kernels::gate(kernels::softplus(x), above),
            |[x, above]| burn::tensor::activation::sigmoid(x) * above,
            &format!("{rows} rows, above of {above_rows}"),
        );
    }
}

#[test]
fn likelihoods_of_rows() {
    check(
        [matrix(1, [7, 37]), matrix(2, [7, 37])],
        |[x, logits]| kernels::bernoulli_log_likelihood(x, logits).unsqueeze(),
        |[x, logits]| plain::bernoulli_log_likelihood(x, logits).unsqueeze(),
        "Bernoulli",
    );
    check(
        [matrix(1, [7, 37]), matrix(2, [7, 37])],
        |[x, y]| kernels::squared_distance(x, y).unsqueeze(),
        |[x, y]| plain::squared_distance(x, y).unsqueeze(),
        "squared distance",
    );
}

#[test]
fn posteriors() {
    let inputs = || [matrix(1, [7, 3]), matrix(2, [7, 3]), matrix(3, [7, 3])];
    check(
        inputs(),
        |[mean, log_variance, noise]| kernels::reparameterize(mean, log_variance, noise),
        |[mean, log_variance, noise]| plain::reparameterize(mean, log_variance, noise),
        "sample",
    );
    let [mean, log_variance, _] = inputs();
    check(
        [mean, log_variance],
        |[mean, log_variance]| kernels::kl_to_standard_normal(mean, log_variance),
        |[mean, log_variance]| plain::kl_to_standard_normal(mean, log_variance),
        "KL",
    );
}

#[test]
fn an_input_without_a_gradient_gets_none() {
    let constant = |seed, [rows, columns]: [usize; 2]| {
        Tensor::<2>::from_data(TensorData::new(normals(seed, rows * columns), [rows, columns]), &device())
    };
    let (x, weight, offset) = (constant(1, [7, 5]), matrix(2, [5, 4]), constant(3, [1, 4]));
    let gradients = kernels::affine(x.clone(), weight.clone(), offset, Activation::Tanh).sum().backward();
    assert!(weight.grad(&gradients).is_some());
    assert!(x.grad(&gradients).is_none());
}

#[test]
fn functions_hold_to_their_last_bits() {
    let numbers: Vec<f32> = (-4000..=4000).map(|at| at as f32 * 0.005).chain([-87.0, 87.0, 1e-7, -1e-7]).collect();
    let tensor = || Tensor::<1>::from_data(TensorData::new(numbers.clone(), [numbers.len()]), &Device::flex());
    let check = |found: Tensor<1>, expected: &dyn Fn(f64) -> f64, what: &str| {
        for (found, x) in self::numbers(found).into_iter().zip(&numbers) {
            let expected = expected(f64::from(*x));
            let error = (f64::from(found) - expected).abs() / expected.abs().max(1e-30);
            assert!(error < 4e-7, "{what}({x}) is {found}, not {expected}");
        }
    };
    check(kernels::softplus(tensor()), &|x| x.max(0.0) + (-x.abs()).exp().ln_1p(), "softplus");
    check(kernels::sigmoid(tensor()), &|x| 1.0 / (1.0 + (-x).exp()), "sigmoid");
    check(kernels::tanh(tensor()), &f64::tanh, "tanh");
}
