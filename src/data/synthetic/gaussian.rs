//! Gaussian data of chosen covariance, alone or beside a condition that they correlate with: the data that closed forms of linear models
//! are exact for.
//!
//! Outputs are y = P diag(√λ) u, conditions c = R v, with Cov(u) = Cov(v) = I and Cov(u, v) = diag(ρ). Hence Cov(y) = P diag(λ) Pᵀ,
//! Cov(c) = I and, where the condition is known, Cov(y | c) = P diag(λ_i (1 − ρ_i²)) Pᵀ.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{HELD_OUT_EXAMPLES, Stream, random, training_examples};
use crate::data::split::Split;
use crate::data::{DataError, Dataset, ExampleLayout, ExampleShape, LoadMonitor, LoadOptions, Sampling, Source};

/// Most eigenvalues of a covariance.
const LARGEST_SPECTRUM: usize = 4_096;
/// Largest eigenvalue; squares of values far beyond it overflow single precision.
const LARGEST_EIGENVALUE: f64 = 1e12;

/// N(0, Q diag(spectrum) Qᵀ), `[D]`.
pub(in crate::data) fn linear_gaussian(options: &LoadOptions, monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    check_spectrum(&options.spectrum)?;
    generate(Source::LinearGaussian, None, options, monitor)
}

/// Outputs of variances `spectrum` along their axes, `[D]`, each of them correlated with one axis of a condition, `[D]`.
pub(in crate::data) fn correlated_gaussian(
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
) -> Result<Dataset, DataError> {
    check_spectrum(&options.spectrum)?;
    generate(Source::CorrelatedGaussian, Some(correlations(options)?), options, monitor)
}

fn check_spectrum(spectrum: &[f64]) -> Result<(), DataError> {
    let is_fine = |eigenvalue: &f64| (0.0..=LARGEST_EIGENVALUE).contains(eigenvalue);
    let problem = if spectrum.is_empty() {
        "is empty; list at least one eigenvalue, for example [4, 2.5, 1]".to_owned()
    } else if spectrum.len() > LARGEST_SPECTRUM {
        format!("lists {} eigenvalues; list at most {LARGEST_SPECTRUM}", spectrum.len())
    } else if let Some(at) = spectrum.iter().position(|eigenvalue| !is_fine(eigenvalue)) {
        let value = spectrum[at];
        format!("has {value} in place {}; an eigenvalue of a covariance must lie between 0 and 1e12", at + 1)
    } else {
        return Ok(());
    };
    Err(DataError::GeneratorSetting { key: "data.spectrum", problem })
}

/// ρ_i, one for each output.
fn correlations(options: &LoadOptions) -> Result<Vec<f64>, DataError> {
    let error = |problem| DataError::GeneratorSetting { key: "data.correlation", problem };
    let dimensions = options.spectrum.len();
    let correlations = options.correlation.for_each(dimensions).ok_or_else(|| {
        error(format!(
            "is a list of another length than data.spectrum, which has {dimensions}; give one number for all, or one for each"
        ))
    })?;
    match correlations.iter().find(|correlation| !(-1.0..=1.0).contains(*correlation)) {
        Some(wrong) => Err(error(format!("has {wrong}; a correlation must lie between -1 and 1"))),
        None => Ok(correlations),
    }
}

fn generate(
    source: Source,
    correlations: Option<Vec<f64>>,
    options: &LoadOptions,
    monitor: &dyn LoadMonitor,
) -> Result<Dataset, DataError> {
    let dimensions = options.spectrum.len();
    let layout = match correlations {
        None => ExampleLayout::of(ExampleShape::Vector(dimensions)),
        Some(_) => ExampleLayout::beside(dimensions, dimensions),
    };
    let drawn = match options.sampling {
        Sampling::Drawn => Some(training_examples(options, layout.stored())?),
        Sampling::Exact => None,
    };
    let basis = |stream| Basis::random(dimensions, stream, monitor);
    let gaussian = Gaussian {
        deviations: options.spectrum.iter().map(|eigenvalue| eigenvalue.sqrt()).collect(),
        output: basis(Stream::OutputBasis)?,
        condition: match correlations {
            None => None,
            Some(correlations) => Some((correlations, basis(Stream::ConditionBasis)?)),
        },
    };
    let (values, split) = match drawn {
        Some(training) => gaussian.draw(training, layout.stored(), monitor)?,
        None => gaussian.exact(layout.stored(), monitor)?,
    };
    monitor.progress(1.0);
    Dataset::from_generated(source.to_string(), layout, values, None, split)
}

struct Gaussian {
    /// √λ_i.
    deviations: Vec<f64>,
    /// Rows are the columns of P.
    output: Basis,
    /// ρ_i, and R like P.
    condition: Option<(Vec<f64>, Basis)>,
}

impl Gaussian {
    /// Independent draws; `stored` is the number of values of one of them.
    fn draw(&self, training: usize, stored: usize, monitor: &dyn LoadMonitor) -> Result<(Vec<f32>, Split), DataError> {
        let examples = training + HELD_OUT_EXAMPLES;
        let mut values = Vec::with_capacity(examples * stored);
        let mut example = vec![0.0; stored];
        for (count, stream) in [(training, Stream::Training), (HELD_OUT_EXAMPLES, Stream::HeldOut)] {
            let mut rng = random(stream);
            for _ in 0..count {
                report(monitor, values.len() / stored, examples)?;
                example.fill(0.0);
                for axis in 0..self.deviations.len() {
                    let (u, v) = match &self.condition {
                        None => (normal(&mut rng), 0.0),
                        Some((correlations, _)) => {
                            let (v, own) = (normal(&mut rng), normal(&mut rng));
                            let correlation = correlations[axis];
                            (correlation * v + (1.0 - correlation * correlation).sqrt() * own, v)
                        }
                    };
                    self.add(axis, self.deviations[axis] * u, v, &mut example);
                }
                values.extend(example.iter().map(|value| *value as f32));
            }
        }
        Ok((values, Split::in_order(training, examples)))
    }

    /// ±√(D λ) q for every eigenvalue λ and eigenvector q of the covariance of all D stored values.
    fn exact(&self, stored: usize, monitor: &dyn LoadMonitor) -> Result<(Vec<f32>, Split), DataError> {
        let mut values = Vec::with_capacity(2 * stored * stored);
        let mut example = vec![0.0; stored];
        for axis in 0..self.deviations.len() {
            report(monitor, axis, self.deviations.len())?;
            for (along_output, along_condition) in self.eigenvectors(axis) {
                example.fill(0.0);
                let scale = (stored as f64).sqrt();
                self.add(axis, scale * along_output, scale * along_condition, &mut example);
                for sign in [1.0, -1.0] {
                    values.extend(example.iter().map(|value| (sign * value) as f32));
                }
            }
        }
        Ok((values, Split::shared(2 * stored)))
    }

    /// √λ q of the covariance over one axis of the output and its axis of the condition, `[[λ, √λ ρ], [√λ ρ, 1]]`; without a condition
    /// there is one.
    fn eigenvectors(&self, axis: usize) -> Vec<(f64, f64)> {
        let deviation = self.deviations[axis];
        let Some((correlations, _)) = &self.condition else { return vec![(deviation, 0.0)] };
        let (variance, covariance) = (deviation * deviation, deviation * correlations[axis]);
        // The rotation by θ with tan 2θ = 2 √λ ρ / (λ − 1) diagonalises it.
        let (sin, cos) = (0.5 * (2.0 * covariance).atan2(variance - 1.0)).sin_cos();
        [(cos, sin), (-sin, cos)]
            .map(|(y, c)| {
                let eigenvalue = variance * y * y + 2.0 * covariance * y * c + c * c;
                let root = eigenvalue.max(0.0).sqrt();
                (root * y, root * c)
            })
            .to_vec()
    }

    /// Adds multiples of one axis of the output and of the condition.
    fn add(&self, axis: usize, along_output: f64, along_condition: f64, example: &mut [f64]) {
        let (output, condition) = example.split_at_mut(self.deviations.len());
        add(along_output, self.output.row(axis), output);
        if let Some((_, basis)) = &self.condition {
            add(along_condition, basis.row(axis), condition);
        }
    }
}

/// Orthonormal vectors, one a row.
struct Basis {
    dimensions: usize,
    rows: Vec<f64>,
}

impl Basis {
    /// Of uniformly random orientation: normal vectors, orthonormalised one after the other (Gram–Schmidt).
    fn random(dimensions: usize, stream: Stream, monitor: &dyn LoadMonitor) -> Result<Self, DataError> {
        let mut rng = random(stream);
        let mut rows: Vec<f64> = Vec::with_capacity(dimensions * dimensions);
        for _ in 0..dimensions {
            if monitor.is_cancelled() {
                return Err(DataError::Cancelled);
            }
            let mut next: Vec<f64> = (0..dimensions).map(|_| normal(&mut rng)).collect();
            // What rounding leaves of the earlier ones goes the second time.
            for _ in 0..2 {
                for earlier in rows.chunks_exact(dimensions) {
                    add(-dot(earlier, &next), earlier, &mut next);
                }
            }
            let length = dot(&next, &next).sqrt();
            rows.extend(next.iter().map(|value| value / length));
        }
        Ok(Self { dimensions, rows })
    }

    fn row(&self, index: usize) -> &[f64] {
        &self.rows[index * self.dimensions..][..self.dimensions]
    }
}

fn report(monitor: &dyn LoadMonitor, done: usize, all: usize) -> Result<(), DataError> {
    if monitor.is_cancelled() {
        return Err(DataError::Cancelled);
    }
    if done.is_multiple_of(all.div_ceil(100).max(1)) {
        monitor.progress(done as f32 / all as f32);
    }
    Ok(())
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add(factor: f64, vector: &[f64], to: &mut [f64]) {
    to.iter_mut().zip(vector).for_each(|(to, value)| *to += factor * value);
}
