//! The closed-form Brenier map against an f64 potential differentiated numerically.

use crate::{assert_close, matrix, normals};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::nn::{BrenierMap, BrenierMapConfig, Initializer, PotentialWeights};
use collapsar::random::{Purpose, stream};
use proptest::prelude::*;

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The potential as the papers write it, in f64.
#[derive(Clone)]
struct Potential {
    dimensions: usize,
    inputs: Vec<Vec<f64>>,
    biases: Vec<Vec<f64>>,
    weights: Vec<Vec<f64>>,
    output: Vec<f64>,
    linear: Vec<f64>,
    quadratic: Vec<f64>,
    convexity: f64,
}

impl Potential {
    fn of(weights: &PotentialWeights, linear: &[f32]) -> Self {
        let wide = |values: &Vec<f32>| values.iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        Self {
            dimensions: weights.dimensions,
            inputs: weights.inputs.iter().map(wide).collect(),
            biases: weights.biases.iter().map(wide).collect(),
            weights: weights.weights.iter().map(wide).collect(),
            output: wide(&weights.output),
            linear: wide(&linear.to_vec()),
            quadratic: wide(&weights.quadratic),
            convexity: weights.convexity,
        }
    }

    fn value(&self, x: &[f64]) -> f64 {
        let affine = |l: usize| -> Vec<f64> {
            let width = self.biases[l].len();
            (0..width)
                .map(|j| {
                    self.biases[l][j] + (0..self.dimensions).map(|i| x[i] * self.inputs[l][i * width + j]).sum::<f64>()
                })
                .collect()
        };
        let mut p = affine(0);
        for (l, weight) in self.weights.iter().enumerate() {
            let mut next = affine(l + 1);
            let width = next.len();
            for (i, below) in p.iter().enumerate() {
                for (j, entry) in next.iter_mut().enumerate() {
                    *entry += softplus(*below) * weight[i * width + j];
                }
            }
            p = next;
        }
        let network: f64 = p.iter().zip(&self.output).map(|(p, w)| softplus(*p) * w).sum();
        let linear: f64 = x.iter().zip(&self.linear).map(|(x, a)| x * a).sum();
        let quadratic: f64 = self
            .quadratic
            .chunks_exact(self.dimensions)
            .map(|row| row.iter().zip(x).map(|(q, x)| q * x).sum::<f64>().powi(2))
            .sum();
        let norm: f64 = x.iter().map(|x| x * x).sum();
        network + linear + 0.5 * quadratic + 0.5 * self.convexity * norm
    }

    fn gradient(&self, x: &[f64]) -> Vec<f64> {
        let h = 1e-5;
        (0..self.dimensions)
            .map(|i| {
                let at = |delta: f64| {
                    let mut x = x.to_vec();
                    x[i] += delta;
                    self.value(&x)
                };
                (at(h) - at(-h)) / (2.0 * h)
            })
            .collect()
    }
}

fn map(dimensions: usize, hidden: &[usize], convexity: f64, seed: u64, device: &Device) -> (BrenierMap, Vec<f32>) {
    let linear = normals(seed + 1, dimensions);
    let quadratic = (0..dimensions * dimensions).map(|at| if at % (dimensions + 1) == 0 { 1.0 } else { 0.0 }).collect();
    let mut initializer = Initializer::new(stream(seed, Purpose::DecoderWeights, 0), device);
    let config = BrenierMapConfig { dimensions, hidden, convexity, linear: linear.clone(), quadratic };
    (BrenierMap::new(config, &mut initializer), linear)
}

const SHAPES: [(usize, &[usize], f64); 5] =
    [(2, &[64, 64], 0.0), (2, &[64, 64], 1.0), (5, &[32, 32, 32], 0.3), (3, &[16], 0.1), (7, &[24, 8], 0.05)];

#[test]
fn the_map_is_the_gradient_of_the_potential() {
    for (dimensions, hidden, convexity) in SHAPES {
        let (map, linear) = map(dimensions, hidden, convexity, 3, &Device::flex());
        let potential = Potential::of(&map.potential_weights().unwrap(), &linear);
        let x = normals(17, 20 * dimensions).iter().map(|x| 2.0 * x).collect::<Vec<f32>>();
        let g: Vec<f32> = map.forward(matrix(20, dimensions, &x)).into_data().try_to_vec().unwrap();
        for (x, g) in x.chunks_exact(dimensions).zip(g.chunks_exact(dimensions)) {
            let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
            for (actual, expected) in g.iter().zip(potential.gradient(&x)) {
                assert_close(f64::from(*actual), expected, 2e-5, "g against the differentiated potential");
            }
        }
    }
}

#[test]
fn multiplying_the_projection_into_the_weights_changes_nothing() {
    let (map, _) = map(6, &[32, 32], 0.4, 5, &Device::flex());
    let u = matrix(9, 2, &normals(6, 18));
    let projection = matrix(2, 6, &normals(7, 12));
    let direct: Vec<f32> = map.forward(u.clone().matmul(projection.clone())).into_data().try_to_vec().unwrap();
    let folded: Vec<f32> = map.forward_projected(u, projection).into_data().try_to_vec().unwrap();
    for (folded, direct) in folded.iter().zip(&direct) {
        assert_close(f64::from(*folded), f64::from(*direct), 1e-5, "projected map");
    }
}

#[test]
fn the_hessian_is_the_derivative_of_the_map() {
    for (dimensions, hidden, convexity) in SHAPES {
        let (map, linear) = map(dimensions, hidden, convexity, 11, &Device::flex());
        let weights = map.potential_weights().unwrap();
        let potential = Potential::of(&weights, &linear);
        let x = normals(23, dimensions);
        let hessian = weights.hessian(&x);
        let wide: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
        let h = 1e-3;
        for j in 0..dimensions {
            let at = |delta: f64| {
                let mut x = wide.clone();
                x[j] += delta;
                potential.gradient(&x)
            };
            let (above, below) = (at(h), at(-h));
            for i in 0..dimensions {
                assert_close(hessian[(i, j)], (above[i] - below[i]) / (2.0 * h), 1e-5, "Hessian");
                assert_close(hessian[(i, j)], hessian[(j, i)], 1e-12, "symmetry");
            }
        }
        assert!(hessian.symmetric_eigenvalues().min() >= convexity - 1e-9);
    }
}

/// Gradients of Σ c·g with respect to every entry of every parameter group, against central differences of the same map.
#[test]
fn parameter_gradients_match_finite_differences() {
    use burn::optim::GradientsParams;

    struct Nudge {
        group: usize,
        entry: usize,
        delta: f32,
        at: usize,
    }
    impl ModuleMapper for Nudge {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let here = self.at == self.group;
            self.at += 1;
            if !here {
                return param;
            }
            let (entry, delta) = (self.entry, self.delta);
            param.map(|tensor| {
                let (shape, device) = (tensor.shape(), tensor.device());
                let mut values: Vec<f32> = tensor.into_data().try_into_vec().unwrap();
                values[entry] += delta;
                Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
            })
        }
    }
    struct Gradients<'a>(&'a GradientsParams, Vec<Vec<f32>>);
    impl ModuleVisitor for Gradients<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = self.0.get::<D>(param.id).expect("every parameter has a gradient");
            self.1.push(gradient.into_data().try_into_vec().unwrap());
        }
    }

    let device = Device::flex().autodiff();
    let (map, _) = map(3, &[8, 6], 0.2, 29, &device);
    let x = Tensor::<2>::from_data(TensorData::new(normals(31, 12), [4, 3]), &device);
    let c = Tensor::<2>::from_data(TensorData::new(normals(37, 12), [4, 3]), &device);
    let loss = |map: &BrenierMap| (map.forward(x.clone()) * c.clone()).sum();
    let gradients = GradientsParams::from_grads(loss(&map).backward(), &map);
    let mut collected = Gradients(&gradients, Vec::new());
    map.visit(&mut collected);
    let groups = collected.1;
    assert_eq!(groups.len(), 8, "A0 A1 b0 b1 R1 r a Q");
    for (group, gradient) in groups.iter().enumerate() {
        assert!(gradient.iter().any(|g| g.abs() > 1e-4), "group {group} receives no gradient");
        for (entry, gradient) in gradient.iter().enumerate() {
            let h = 2e-2;
            let at = |delta: f32| -> f32 {
                let nudged = map.clone().map(&mut Nudge { group, entry, delta, at: 0 });
                loss(&nudged).into_scalar()
            };
            let difference = f64::from(at(h) - at(-h)) / (2.0 * f64::from(h));
            assert_close(f64::from(*gradient), difference, 2e-3, &format!("group {group}, entry {entry}"));
        }
    }
}

/// Replaces every parameter by random numbers, and Q by 0 where asked for.
struct Scramble {
    seed: u64,
    without_quadratic: bool,
    path: Vec<String>,
}

impl ModuleMapper for Scramble {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        self.seed += 1;
        let (seed, dims) = (self.seed, param.val().dims());
        let is_quadratic = self.without_quadratic && self.path.last().is_some_and(|name| name == "quadratic");
        param.map(|tensor| {
            let length = dims.iter().product();
            let values = if is_quadratic { vec![0.0; length] } else { normals(seed, length) };
            Tensor::from_data(TensorData::new(values, dims), &tensor.device())
        })
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// ⟨g(x) − g(y), x − y⟩ ≥ m ‖x − y‖² for any weights and any two points.
    #[test]
    fn the_map_is_strongly_monotone(
        seed in 0_u64..1000,
        dimensions in 1_usize..6,
        width in 1_usize..40,
        layers in 1_usize..4,
        convexity in prop_oneof![Just(0.0), 0.01_f64..2.0],
        spread in 0.1_f32..8.0,
        without_quadratic in any::<bool>(),
    ) {
        let (map, _) = map(dimensions, &vec![width; layers], convexity, seed, &Device::flex());
        let map = map.map(&mut Scramble { seed: seed + 100, without_quadratic, path: Vec::new() });
        let points: Vec<f32> = normals(seed + 7, 64 * dimensions).iter().map(|x| spread * x).collect();
        let g: Vec<f32> = map.forward(matrix(64, dimensions, &points)).into_data().try_to_vec().unwrap();
        let row = |values: &[f32], at: usize| values[at * dimensions..][..dimensions].iter().map(|&v| f64::from(v)).collect::<Vec<f64>>();
        for (a, b) in (0..63).map(|a| (a, a + 1)) {
            let dx: Vec<f64> = row(&points, a).iter().zip(row(&points, b)).map(|(p, q)| p - q).collect();
            let dg: Vec<f64> = row(&g, a).iter().zip(row(&g, b)).map(|(p, q)| p - q).collect();
            let norm: f64 = dx.iter().map(|d| d * d).sum();
            let inner: f64 = dx.iter().zip(&dg).map(|(x, g)| x * g).sum();
            // f32 rounding of g is relative to its size, not to the difference.
            let size = row(&g, a).iter().chain(&row(&g, b)).map(|g| g.abs()).fold(1.0, f64::max);
            let rounding = 2e-6 * size * norm.sqrt();
            prop_assert!(inner >= convexity * norm - rounding, "{inner} < {convexity} · {norm}");
        }
    }
}
