//! Closed-form optima of linear models, against worked examples and against minimisers that know nothing of them.

mod conditional;
mod examples;
mod full;
mod hierarchical;
mod limits;
pub mod minimise;
mod predictions;
mod spectra;
mod vae;

use collapsar::exact::linear::{EncoderVariance, LinearHierarchicalVae, LinearVae};
use collapsar::experiment::Learnable;
use collapsar::random::{Purpose, stream};
use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StandardUniform};

const LEARNED: Learnable = Learnable::Learned;

fn fixed(value: f64) -> Learnable {
    Learnable::Fixed(value)
}

/// A prior variance of 1, everything else as given.
fn vae(latent: usize, beta: f64, decoder: Learnable, encoder: EncoderVariance) -> LinearVae {
    LinearVae {
        latent_dimensions: latent,
        beta,
        decoder_variance: decoder,
        prior_variance: 1.0,
        encoder_variance: encoder,
    }
}

/// ex = e1 = `decoder`, a prior variance of 1.
fn hierarchical(latent: [usize; 2], beta: [f64; 2], decoder: f64, encoder: [Learnable; 2]) -> LinearHierarchicalVae {
    LinearHierarchicalVae {
        latent_dimensions: latent,
        beta,
        decoder_variance: fixed(decoder),
        level_variance: decoder,
        prior_variance: 1.0,
        encoder_variance: encoder,
    }
}

/// Reproducible settings.
struct Draw(ChaCha8Rng);

impl Draw {
    fn new(seed: u64) -> Self {
        Self(stream(seed, Purpose::Measurement, 98))
    }

    fn uniform(&mut self) -> f64 {
        StandardUniform.sample(&mut self.0)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// Log-uniform.
    fn scale(&mut self, low: f64, high: f64) -> f64 {
        self.between(low.ln(), high.ln()).exp()
    }

    fn below(&mut self, count: usize) -> usize {
        (self.uniform() * count as f64) as usize
    }

    fn normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.0)
    }

    fn normals(&mut self, count: usize, sd: f64) -> Vec<f64> {
        (0..count).map(|_| sd * self.normal()).collect()
    }

    fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.normal())
    }

    /// An orthogonal matrix.
    fn rotation(&mut self, dimensions: usize) -> DMatrix<f64> {
        self.matrix(dimensions, dimensions).qr().q()
    }
}

/// Q diag(values) Qᵀ.
fn with_eigenvalues(rotation: &DMatrix<f64>, values: &[f64]) -> DMatrix<f64> {
    rotation * diagonal(values) * rotation.transpose()
}

fn diagonal(values: &[f64]) -> DMatrix<f64> {
    DMatrix::from_diagonal(&values.to_vec().into())
}

fn rows(matrix: &DMatrix<f64>) -> Vec<Vec<f64>> {
    matrix.row_iter().map(|row| row.iter().copied().collect()).collect()
}

fn descending(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(|a, b| b.total_cmp(a));
    values
}

#[track_caller]
fn assert_all(found: &[f64], expected: &[f64], tolerance: f64) {
    let near = |(a, b): (&f64, &f64)| (a - b).abs() <= tolerance;
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?} instead of {expected:?}");
}

#[track_caller]
fn assert_near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "{found} instead of {expected}");
}
