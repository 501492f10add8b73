//! The four examples of likelihood before inference (Yacoby, Pan, Doshi-Velez 2019), with the log-likelihood of what generates them.
//!
//! In all of them z ~ N(0, I) in two dimensions, and x = f(z) + ε with Gaussian noise ε. A model of the same noise whose decoder is f has
//! posteriors that a mean-field q cannot match.

use std::f64::consts::{E, TAU};

use nalgebra::{Complex, DMatrix, Matrix2, Matrix2x4, Vector2};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{HELD_OUT_EXAMPLES, Stream, random, training_examples};
use crate::data::split::Split;
use crate::data::{DataError, Dataset, ExampleLayout, ExampleShape, LoadMonitor, LoadOptions, Source};

/// A of LinearJTEx and CubicJTEx.
const MIXING: Matrix2<f64> = Matrix2::new(0.75, 0.25, 1.5, -1.0);
/// B = 0.006 I: what f has beside A.
const INNER_VARIANCE: f64 = 0.006;
/// σ² I − B with σ² = 0.01.
const JOINT_NOISE_VARIANCE: f64 = 0.004;
/// A of Gaussian, `[2, 4]`.
const LOADINGS: Matrix2x4<f64> = Matrix2x4::new(-0.7074, 0.0995, 0.0286, 0.1240, 0.7074, 0.9948, -0.9995, 0.9920);
const LOADINGS_NOISE_VARIANCE: f64 = 1e-6;
/// b and d of (a z + b) / (c z + d), a = c = 1.
const MOBIUS: [Complex<f64>; 2] = [Complex::new(1.0, 4.0), Complex::new(7.0, 4.0)];
const MOBIUS_NOISE_VARIANCE: f64 = 1e-5;
/// E log p(x) of CubicJTEx with its noise, by quadrature; without the noise it would be −3.34.
const CUBIC_LOG_LIKELIHOOD: f64 = -4.04971;
/// What noise takes from E log p(x) of Mobius, by quadrature.
const MOBIUS_NOISE_EFFECT: f64 = 0.001_319;

/// One of the examples.
#[derive(Clone, Copy)]
pub(in crate::data) enum Example {
    /// x = Chol(AAᵀ + B) z + ε.
    Linear,
    /// x = (Chol(AAᵀ + B) z)³ + ε, each coordinate cubed.
    Cubic,
    /// x = Aᵀz + ε in four dimensions.
    Gaussian,
    /// x = (z + b) / (z + d) + ε over complex numbers.
    Mobius,
}

/// Draws of an example.
pub(in crate::data) fn libi(
    example: Example,
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
) -> Result<Dataset, DataError> {
    let dimensions = example.dimensions();
    let training = training_examples(options, dimensions)?;
    let examples = training + HELD_OUT_EXAMPLES;
    let mut values = Vec::with_capacity(examples * dimensions);
    for (count, stream) in [(training, Stream::Training), (HELD_OUT_EXAMPLES, Stream::HeldOut)] {
        if monitor.is_cancelled() {
            return Err(DataError::Cancelled);
        }
        let mut rng = random(stream);
        (0..count).for_each(|_| example.draw(&mut rng, &mut values));
    }
    monitor.progress(1.0);
    let layout = ExampleLayout::of(ExampleShape::Vector(dimensions));
    let split = Split::in_order(training, examples);
    let mut dataset = Dataset::from_generated(example.source().to_string(), layout, values, None, split)?;
    dataset.true_log_likelihood = Some(example.log_likelihood());
    Ok(dataset)
}

impl Example {
    fn source(self) -> Source {
        match self {
            Self::Linear => Source::LibiLinear,
            Self::Cubic => Source::LibiCubic,
            Self::Gaussian => Source::LibiGaussian,
            Self::Mobius => Source::LibiMobius,
        }
    }

    fn dimensions(self) -> usize {
        match self {
            Self::Linear | Self::Cubic | Self::Mobius => 2,
            Self::Gaussian => LOADINGS.ncols(),
        }
    }

    fn noise_variance(self) -> f64 {
        match self {
            Self::Linear | Self::Cubic => JOINT_NOISE_VARIANCE,
            Self::Gaussian => LOADINGS_NOISE_VARIANCE,
            Self::Mobius => MOBIUS_NOISE_VARIANCE,
        }
    }

    fn draw(self, rng: &mut ChaCha8Rng, values: &mut Vec<f32>) {
        let z = Vector2::new(normal(rng), normal(rng));
        let sd = self.noise_variance().sqrt();
        values.extend(self.map(z).into_iter().map(|value| (value + sd * normal(rng)) as f32));
    }

    /// f(z), `[D]`.
    fn map(self, z: Vector2<f64>) -> Vec<f64> {
        match self {
            Self::Linear => vec(triangle() * z),
            Self::Cubic => vec((triangle() * z).map(|value| value.powi(3))),
            Self::Gaussian => (LOADINGS.transpose() * z).iter().copied().collect(),
            Self::Mobius => {
                let [b, d] = MOBIUS;
                let z = Complex::new(z.x, z.y);
                let x = (z + b) / (z + d);
                vec![x.re, x.im]
            }
        }
    }

    /// E log p(x), nats per example.
    ///
    /// * Linear, Gaussian: −½ (D log 2πe + log det Cov(x)).
    /// * Cubic: by quadrature, of p(x) = E p(x | z), and of the expectation over x.
    /// * Mobius: without noise log p(f(z)) = log p(z) − log |f′(z)|², f′ = (d − b) / (z + d)², and E log |z + d| = log |d| up to 10⁻¹⁵,
    ///   since log |z + d| is harmonic where z is. Noise takes 0.0013 from it, by quadrature.
    fn log_likelihood(self) -> f64 {
        match self {
            Self::Linear => {
                let triangle = triangle();
                let covariance = triangle * triangle.transpose() + Matrix2::identity() * JOINT_NOISE_VARIANCE;
                -gaussian_entropy(2, covariance.determinant())
            }
            Self::Cubic => CUBIC_LOG_LIKELIHOOD,
            Self::Gaussian => {
                let covariance = LOADINGS.transpose() * LOADINGS;
                let covariance = covariance + DMatrix::identity(4, 4) * LOADINGS_NOISE_VARIANCE;
                -gaussian_entropy(4, covariance.determinant())
            }
            Self::Mobius => {
                let [b, d] = MOBIUS;
                let slope = 2.0 * (d - b).norm().ln() - 4.0 * d.norm().ln();
                -(TAU * E).ln() - slope - MOBIUS_NOISE_EFFECT
            }
        }
    }
}

/// Chol(AAᵀ + B), whose second diagonal entry is what the first row leaves.
fn triangle() -> Matrix2<f64> {
    let square = MIXING * MIXING.transpose() + Matrix2::identity() * INNER_VARIANCE;
    let first = square.m11.sqrt();
    let below = square.m21 / first;
    Matrix2::new(first, 0.0, below, (square.m22 - below * below).sqrt())
}

/// ½ (D log 2πe + log det), nats.
fn gaussian_entropy(dimensions: usize, determinant: f64) -> f64 {
    0.5 * (dimensions as f64 * (TAU * E).ln() + determinant.ln())
}

fn vec(of: Vector2<f64>) -> Vec<f64> {
    vec![of.x, of.y]
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}
