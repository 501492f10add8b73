//! Mean-field variational inference: the factorised Gaussian that maximises the evidence lower bound.
//!
//! The bound is mode-seeking: where the exact posterior is wide and curved, as it is over the parameters of a mixture whose components
//! coincide, the Gaussian settles on a part of it, and which part depends on where it started.

use super::ClassicalError;
use super::density::LogDensity;
use super::hmc::start;
use crate::data::LoadMonitor;
use crate::random::{Purpose, stream};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Independent Gaussians over the unconstrained dimensions of a density.
#[derive(Clone, Debug, PartialEq)]
pub struct FactorisedGaussian {
    /// Means, `[n]`.
    pub mean: Vec<f64>,
    /// Standard deviations, `[n]`.
    pub sd: Vec<f64>,
}

/// Points of the trapezoidal rule over ±[`QUADRATURE_REACH`] standard deviations. For a smooth density against a Gaussian its error is
/// below rounding.
const QUADRATURE: usize = 41;
const QUADRATURE_REACH: f64 = 7.0;
/// Iterations of [`gaussian`] at most; a handful is usual.
const MOST_ITERATIONS: usize = 100;
/// A step that moves mean and precision by less than this share is the last.
const SMALLEST_STEP: f64 = 1e-10;

/// Points and weights of E f(ε), ε ~ N(0, 1).
pub(super) fn quadrature() -> Vec<(f64, f64)> {
    let step = 2.0 * QUADRATURE_REACH / (QUADRATURE - 1) as f64;
    let points: Vec<f64> = (0..QUADRATURE).map(|i| i as f64 * step - QUADRATURE_REACH).collect();
    let total: f64 = points.iter().map(|e| (-0.5 * e * e).exp()).sum();
    points.iter().map(|&e| (e, (-0.5 * e * e).exp() / total)).collect()
}

/// The Gaussian N(m, s²) that maximises E log p(m + s ε) + log s for a density of one dimension; `None` if the monitor cancelled.
///
/// Natural gradient steps (Khan and Rue 2023, eq. 11), which are Newton's on the bound: 1/s² ← −E g′, m ← m + s² E g with g the
/// derivative of log p and E g′ = E ε g / s. A step that lowers the bound is halved.
pub fn gaussian<D: LogDensity>(density: &D, start: f64, monitor: &dyn LoadMonitor) -> Option<FactorisedGaussian> {
    let points = quadrature();
    // The bound, E g and E g′.
    let moments = |mean: f64, precision: f64| -> (f64, f64, f64) {
        let sd = precision.sqrt().recip();
        let mut slope = [0.0];
        let (mut value, mut first, mut second) = (sd.ln(), 0.0, 0.0);
        for &(noise, weight) in &points {
            value += weight * density.evaluate(&[mean + sd * noise], &mut slope);
            first += weight * slope[0];
            second += weight * noise * slope[0] / sd;
        }
        (value, first, second)
    };
    let (mut mean, mut precision) = (start, 1.0);
    let mut here = moments(mean, precision);
    let mut rate = 1.0;
    for _ in 0..MOST_ITERATIONS {
        if monitor.is_cancelled() {
            return None;
        }
        let (bound, first, second) = here;
        let next_precision = (1.0 - rate) * precision + rate * (-second).max(0.1 * precision);
        let next_mean = mean + rate * first / next_precision;
        let there = moments(next_mean, next_precision);
        if there.0 < bound - 1e-9 * bound.abs().max(1.0) || !there.0.is_finite() {
            rate *= 0.5;
            continue;
        }
        let moved = (next_mean - mean).abs() * next_precision.sqrt() + (next_precision / precision).ln().abs();
        (mean, precision, here) = (next_mean, next_precision, there);
        if moved < SMALLEST_STEP {
            break;
        }
    }
    Some(FactorisedGaussian { mean: vec![mean], sd: vec![precision.sqrt().recip()] })
}

/// Starts of [`advi`]; the one that is highest after [`RACE`] steps goes on. A single start may end far below what the
/// family can do.
const STARTS: u64 = 4;
/// Steps of every start.
const RACE: usize = 300;
/// Steps of the best one after that.
const STEPS: usize = 1200;
/// Steps at the end whose average is the answer: it has less noise than any of them.
const AVERAGED: usize = 500;
/// Pairs of mirrored samples per step.
const PAIRS: usize = 2;
/// Pairs for the bounds that are compared.
const COMPARED: usize = 50;
/// Adam's rate; at the end it falls to a twentieth along a half cosine.
const RATE: f64 = 0.1;
const LAST_RATE: f64 = 0.005;

/// Automatic differentiation variational inference (Kucukelbir et al. 2017) with Adam: the bound E log p(m + s ⊙ ε) + Σ log s is
/// climbed along its reparameterised gradient, several times from another start of m and s = 1/e. Streams of `seed` from `stream_index`
/// on are used. `None` if the monitor cancelled.
///
/// # Errors
/// A density that is not finite where it starts, or not where the samples fall.
pub fn advi<D: LogDensity>(
    density: &D,
    seed: u64,
    stream_index: u64,
    monitor: &dyn LoadMonitor,
) -> Result<Option<FactorisedGaussian>, ClassicalError> {
    let mut best: Option<(f64, Climb)> = None;
    for start in 0..STARTS {
        let mut climb = Climb::new(density, stream(seed, Purpose::Sampler, stream_index + start))?;
        for _ in 0..RACE {
            if monitor.is_cancelled() {
                return Ok(None);
            }
            climb.step(density, RATE)?;
        }
        let bound = climb.bound(density, &mut stream(seed, Purpose::Sampler, stream_index + STARTS));
        if best.as_ref().is_none_or(|(highest, _)| bound > *highest) {
            best = Some((bound, climb));
        }
    }
    let Some((_, mut climb)) = best else { return Ok(None) };
    let mut sums = vec![0.0; climb.parameters.len()];
    for step in 0..STEPS {
        if monitor.is_cancelled() {
            return Ok(None);
        }
        let share = step as f64 / STEPS as f64;
        climb.step(density, LAST_RATE + 0.5 * (RATE - LAST_RATE) * (1.0 + (std::f64::consts::PI * share).cos()))?;
        if step >= STEPS - AVERAGED {
            sums.iter_mut().zip(&climb.parameters).for_each(|(sum, parameter)| *sum += parameter / AVERAGED as f64);
        }
    }
    let sd = sums.split_off(density.dimensions()).into_iter().map(f64::exp).collect();
    Ok(Some(FactorisedGaussian { mean: sums, sd }))
}

/// One climb of the bound.
struct Climb {
    /// m, then log s, `[2n]`.
    parameters: Vec<f64>,
    adam: Adam,
    random: ChaCha8Rng,
}

impl Climb {
    fn new<D: LogDensity>(density: &D, mut random: ChaCha8Rng) -> Result<Self, ClassicalError> {
        let mut parameters = start(density, &mut random).map_err(ClassicalError::Sampling)?;
        let n = parameters.len();
        parameters.resize(2 * n, -1.0);
        Ok(Self { parameters, adam: Adam::new(2 * n), random })
    }

    fn step<D: LogDensity>(&mut self, density: &D, rate: f64) -> Result<(), ClassicalError> {
        let gradient = self.gradient(density);
        if gradient.iter().any(|slope| !slope.is_finite()) {
            return Err(ClassicalError::Sampling("the evidence lower bound is not finite".to_owned()));
        }
        self.adam.ascend(&mut self.parameters, &gradient, rate);
        Ok(())
    }

    /// Gradient of the bound by m and log s, `[2n]`, along the samples' path alone (Roeder, Wu and Duvenaud 2017): the part that is left
    /// out has mean 0, and without it the noise vanishes where q is p. So the entropy's 1 becomes ε².
    fn gradient<D: LogDensity>(&mut self, density: &D) -> Vec<f64> {
        let n = density.dimensions();
        let (mean, log_sd) = self.parameters.split_at(n);
        let mut total = vec![0.0; 2 * n];
        let mut slope = vec![0.0; n];
        let weight = 1.0 / (2 * PAIRS) as f64;
        for _ in 0..PAIRS {
            let noise: Vec<f64> = (0..n).map(|_| StandardNormal.sample(&mut self.random)).collect();
            for sign in [1.0, -1.0] {
                let step: Vec<f64> = (0..n).map(|i| sign * log_sd[i].exp() * noise[i]).collect();
                let position: Vec<f64> = mean.iter().zip(&step).map(|(mean, step)| mean + step).collect();
                density.evaluate(&position, &mut slope);
                for i in 0..n {
                    total[i] += weight * slope[i];
                    total[n + i] += weight * (slope[i] * step[i] + noise[i] * noise[i]);
                }
            }
        }
        total
    }

    /// The bound up to a constant, −∞ where it is not finite.
    fn bound<D: LogDensity>(&self, density: &D, random: &mut ChaCha8Rng) -> f64 {
        let n = density.dimensions();
        let (mean, log_sd) = self.parameters.split_at(n);
        let mut slope = vec![0.0; n];
        let mut total = log_sd.iter().sum::<f64>();
        for _ in 0..COMPARED {
            let noise: Vec<f64> = (0..n).map(|_| StandardNormal.sample(random)).collect();
            for sign in [1.0, -1.0] {
                let position: Vec<f64> = (0..n).map(|i| mean[i] + sign * log_sd[i].exp() * noise[i]).collect();
                total += density.evaluate(&position, &mut slope) / (2 * COMPARED) as f64;
            }
        }
        if total.is_finite() { total } else { f64::NEG_INFINITY }
    }
}

/// Adam (Kingma and Ba 2015).
struct Adam {
    first: Vec<f64>,
    second: Vec<f64>,
    steps: i32,
}

impl Adam {
    fn new(parameters: usize) -> Self {
        Self { first: vec![0.0; parameters], second: vec![0.0; parameters], steps: 0 }
    }

    fn ascend(&mut self, parameters: &mut [f64], gradient: &[f64], rate: f64) {
        self.steps += 1;
        let (bias1, bias2) = (1.0 - 0.9_f64.powi(self.steps), 1.0 - 0.999_f64.powi(self.steps));
        for (i, slope) in gradient.iter().enumerate() {
            self.first[i] += 0.1 * (slope - self.first[i]);
            self.second[i] += 0.001 * (slope * slope - self.second[i]);
            parameters[i] += rate * (self.first[i] / bias1) / ((self.second[i] / bias2).sqrt() + 1e-12);
        }
    }
}
