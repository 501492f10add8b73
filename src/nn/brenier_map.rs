//! A Brenier map: the gradient g = ∇ψ of a strongly convex potential ψ (Wang, Blei, Cunningham 2021, §3).
//!
//! The potential is an input-convex network (Amos, Xu, Kolter 2017) with softplus activations and, outside of it, a quadratic
//! term: softplus networks alone have a bounded gradient, and curvature that vanishes away from the data.
//!
//! ```text
//! p_0 = x A_0 + b_0                                    W_l = softplus(R_l) > 0,  w = softplus(r) > 0
//! p_l = softplus(p_{l-1}) W_l + x A_l + b_l            l = 1 … L-1
//! ψ(x) = softplus(p_{L-1}) w + x a + ½‖x Qᵀ‖² + ½ m ‖x‖²
//! ```
//!
//! burn differentiates once only, so ∇ψ is written out as a forward computation; an ordinary backward pass then gives the
//! gradient of any loss of g with respect to all parameters.
//!
//! ```text
//! δ_L = w;   for l = L-1 … 0:   e_l = sigmoid(p_l) ⊙ δ_{l+1},   g += e_l A_lᵀ,   δ_l = e_l W_lᵀ
//! g(x) = Σ_l e_l A_lᵀ + a + (x Qᵀ) Q + m x
//! ```
//!
//! g is injective for every parameter value when m > 0: ⟨g(x) − g(y), x − y⟩ ≥ m ‖x − y‖².

use super::Initializer;
use crate::kernels::{self, Activation};
use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// g = ∇ψ on R^d.
#[derive(Module, Debug)]
pub struct BrenierMap {
    /// A_l, `[d, h_l]`.
    inputs: Vec<Param<Tensor<2>>>,
    /// b_l, `[h_l]`.
    biases: Vec<Param<Tensor<1>>>,
    /// R_l before softplus, `[h_{l-1}, h_l]`, l ≥ 1.
    raw_weights: Vec<Param<Tensor<2>>>,
    /// r before softplus, `[h_{L-1}]`; `None` without hidden layers, where g is linear.
    raw_output: Option<Param<Tensor<1>>>,
    /// a, `[d]`.
    linear: Param<Tensor<1>>,
    /// Q, `[rank, d]`.
    quadratic: Param<Tensor<2>>,
    /// m.
    #[module(skip)]
    convexity: f64,
}

/// Shape and starting point of a [`BrenierMap`].
pub struct BrenierMapConfig<'a> {
    /// d.
    pub dimensions: usize,
    /// Widths h_0 … h_{L-1}; without any, g(x) = a + (QᵀQ + m) x.
    pub hidden: &'a [usize],
    /// m ≥ 0.
    pub convexity: f64,
    /// Starting value of a, `[d]`.
    pub linear: Vec<f32>,
    /// Orthonormal directions in which Q starts, row-major `[rank, d]`.
    pub quadratic: Vec<f32>,
}

/// Q starts at this multiple of orthonormal rows, so that g starts near the identity for m about ½.
const INITIAL_CURVATURE: f32 = 0.7;

/// The weights of a potential as plain numbers, for computations outside of training.
#[derive(Clone, Debug)]
pub struct PotentialWeights {
    /// A_l, row-major `[d, h_l]`.
    pub inputs: Vec<Vec<f32>>,
    /// b_l.
    pub biases: Vec<Vec<f32>>,
    /// W_l > 0, row-major `[h_{l-1}, h_l]`.
    pub weights: Vec<Vec<f32>>,
    /// w > 0.
    pub output: Vec<f32>,
    /// Q, row-major `[rank, d]`.
    pub quadratic: Vec<f32>,
    /// d.
    pub dimensions: usize,
    /// m.
    pub convexity: f64,
}

impl BrenierMap {
    /// Starts near the identity: Q = 0.7 on the given directions, W ≈ 1/fan-in, A ~ N(0, 1/d), b ~ N(0, ¼).
    pub fn new(config: BrenierMapConfig<'_>, initializer: &mut Initializer<'_>) -> Self {
        let BrenierMapConfig { dimensions, hidden, convexity, linear, mut quadratic } = config;
        let input_sd = (1.0 / dimensions as f64).sqrt();
        let inputs = hidden.iter().map(|&width| initializer.normal(dimensions, width, 0.0, input_sd)).collect();
        let biases = hidden.iter().map(|&width| initializer.normal_vector(width, 0.0, 0.5)).collect();
        let raw_weights = hidden
            .windows(2)
            .map(|widths| initializer.normal(widths[0], widths[1], inverse_softplus(1.0 / widths[0] as f64), 0.1))
            .collect();
        let raw_output =
            hidden.last().map(|&last| initializer.normal_vector(last, inverse_softplus(1.0 / last as f64), 0.1));
        quadratic.iter_mut().for_each(|entry| *entry *= INITIAL_CURVATURE);
        let rank = quadratic.len() / dimensions;
        Self {
            inputs,
            biases,
            raw_weights,
            raw_output,
            linear: initializer.vector(linear),
            quadratic: initializer.matrix(rank, dimensions, quadratic),
            convexity,
        }
    }

    /// g(x), `[batch, d]` to `[batch, d]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.gradient(x, None)
    }

    /// g(u β) for u `[batch, k]` and β `[k, d]`; multiplies β into the weights first, which costs less for k < d.
    pub fn forward_projected(&self, u: Tensor<2>, projection: Tensor<2>) -> Tensor<2> {
        self.gradient(u, Some(projection))
    }

    fn gradient(&self, x: Tensor<2>, projection: Option<Tensor<2>>) -> Tensor<2> {
        let through = |matrix: Tensor<2>| match &projection {
            Some(projection) => kernels::product(projection.clone(), matrix),
            None => matrix,
        };
        let affine = |l: usize, function: Activation| {
            kernels::affine(x.clone(), through(self.inputs[l].val()), self.biases[l].val(), function)
        };
        let weights: Vec<Tensor<2>> = self.raw_weights.iter().map(|raw| kernels::softplus(raw.val())).collect();

        // s_l = softplus(p_l).
        let lowest = self.inputs.first().map(|_| affine(0, Activation::Softplus));
        let mut hidden: Vec<Tensor<2>> = lowest.into_iter().collect();
        for (l, weight) in weights.iter().enumerate() {
            let side = affine(l + 1, Activation::Identity);
            hidden.push(kernels::affine(hidden[l].clone(), weight.clone(), side, Activation::Softplus));
        }

        let quadratic: Tensor<2> = self.quadratic.val();
        let curved = match &projection {
            Some(projection) => {
                let projected = kernels::product_by_transpose(projection.clone(), quadratic.clone());
                kernels::product(x.clone(), projected)
            }
            None => kernels::product_by_transpose(x.clone(), quadratic.clone()),
        };
        let mut gradient = kernels::affine(curved, quadratic, self.linear.val(), Activation::Identity);
        if self.convexity > 0.0 {
            let scaled = x.mul_scalar(self.convexity);
            gradient = match projection {
                Some(projection) => kernels::affine(scaled, projection, gradient, Activation::Identity),
                None => scaled + gradient,
            };
        }

        let mut delta: Option<Tensor<2>> = self.raw_output.as_ref().map(|raw| kernels::softplus(raw.val().unsqueeze()));
        for l in (0..hidden.len()).rev() {
            let Some(above) = delta.take() else { break };
            let e = kernels::gate(hidden[l].clone(), above);
            if l > 0 {
                delta = Some(kernels::product_by_transpose(e.clone(), weights[l - 1].clone()));
            }
            gradient = kernels::affine_by_transpose(e, self.inputs[l].val(), gradient);
        }
        gradient
    }

    /// Sets m, from the next evaluation on.
    pub fn set_convexity(&mut self, convexity: f64) {
        self.convexity = convexity;
    }

    /// The floor m.
    pub fn convexity(&self) -> f64 {
        self.convexity
    }

    /// The weights as plain numbers; reads back from the device.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn potential_weights(&self) -> Result<PotentialWeights, crate::device::DeviceError> {
        use crate::device::read;
        let matrix = |param: &Param<Tensor<2>>| read(param.val());
        let vector = |param: &Param<Tensor<1>>| read(param.val());
        Ok(PotentialWeights {
            inputs: self.inputs.iter().map(matrix).collect::<Result<_, _>>()?,
            biases: self.biases.iter().map(vector).collect::<Result<_, _>>()?,
            weights: self.raw_weights.iter().map(|raw| Ok(positive(matrix(raw)?))).collect::<Result<_, _>>()?,
            output: positive(self.raw_output.as_ref().map(vector).transpose()?.unwrap_or_default()),
            quadratic: matrix(&self.quadratic)?,
            dimensions: self.linear.val().dims()[0],
            convexity: self.convexity,
        })
    }
}

fn positive(raw: Vec<f32>) -> Vec<f32> {
    raw.into_iter().map(|raw| raw.max(0.0) + (-raw.abs()).exp().ln_1p()).collect()
}

fn inverse_softplus(value: f64) -> f64 {
    value.exp_m1().ln()
}

impl PotentialWeights {
    /// Hessian of ψ at x `[d]`, row-major `[d, d]`: Σ_l J_lᵀ diag(δ_{l+1} ⊙ s_l(1 − s_l)) J_l + QᵀQ + mI, with
    /// J_l = ∂p_l/∂x and s_l = sigmoid(p_l). Positive semi-definite term by term.
    pub fn hessian(&self, x: &[f32]) -> nalgebra::DMatrix<f64> {
        use nalgebra::{DMatrix, DVector};
        let d = self.dimensions;
        let matrix = |values: &[f32], rows: usize| {
            DMatrix::from_row_iterator(rows, values.len() / rows, values.iter().map(|&v| f64::from(v)))
        };
        let vector = |values: &[f32]| DVector::from_iterator(values.len(), values.iter().map(|&v| f64::from(v)));
        let inputs: Vec<_> = self.inputs.iter().map(|a| matrix(a, d)).collect();
        let weights: Vec<_> = self.weights.iter().zip(&self.biases).map(|(w, below)| matrix(w, below.len())).collect();
        let x = vector(x);

        let rank = self.quadratic.len() / d;
        let quadratic = matrix(&self.quadratic, rank.max(1));
        let mut hessian = quadratic.tr_mul(&quadratic) + DMatrix::identity(d, d) * self.convexity;
        let Some(first) = inputs.first() else { return hessian };

        let mut preactivation = first.tr_mul(&x) + vector(&self.biases[0]);
        let mut sigmoids = vec![preactivation.map(sigmoid)];
        let mut jacobians = vec![first.transpose()];
        for (l, weight) in weights.iter().enumerate() {
            let below = preactivation.map(softplus);
            preactivation = weight.tr_mul(&below) + inputs[l + 1].tr_mul(&x) + vector(&self.biases[l + 1]);
            let mut scaled = jacobians[l].clone();
            for (mut row, s) in scaled.row_iter_mut().zip(sigmoids[l].iter()) {
                row *= *s;
            }
            jacobians.push(weight.tr_mul(&scaled) + inputs[l + 1].transpose());
            sigmoids.push(preactivation.map(sigmoid));
        }

        let mut delta = vector(&self.output);
        for l in (0..jacobians.len()).rev() {
            let curvature = delta.zip_map(&sigmoids[l], |delta, s| delta * s * (1.0 - s));
            let mut scaled = jacobians[l].clone();
            for (mut row, c) in scaled.row_iter_mut().zip(curvature.iter()) {
                row *= *c;
            }
            hessian += jacobians[l].tr_mul(&scaled);
            if l > 0 {
                delta = &weights[l - 1] * delta.component_mul(&sigmoids[l]);
            }
        }
        hessian
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
