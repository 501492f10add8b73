//! Hamiltonian Monte Carlo by the no-U-turn sampler of `nuts-rs` (Hoffman and Gelman 2014), with the settings of Stan's reference runs.

use super::density::LogDensity;
use super::diagnostics::convergence;
use super::{ClassicalError, Sampling};
use crate::data::LoadMonitor;
use crate::random::{Purpose, stream};
use nuts_rs::{Chain, CpuLogpFunc, CpuMath, CpuMathError, DiagNutsSettings, HasDims, LogpError, Settings};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Chains are spread over no more threads than this, so that a window stays quick on two cores.
const THREADS: usize = 2;
/// Draws between two reports.
const REPORT_EVERY: usize = 10;
/// Starts that are tried before a density is given up as having no finite value.
const STARTS: usize = 100;

/// How much is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HmcSettings {
    /// Chains, each with random numbers of its own.
    pub chains: usize,
    /// Iterations of each chain that adapt step size and mass matrix and are dropped.
    pub warm_up: usize,
    /// Draws of each chain that are kept.
    pub draws: usize,
    /// Key of the random numbers.
    pub seed: u64,
}

impl HmcSettings {
    /// Four chains, 1,000 iterations of warm-up, 1,000 draws.
    pub fn new(seed: u64) -> Self {
        Self { chains: 4, warm_up: 1000, draws: 1000, seed }
    }
}

/// Samples a density; `quantities` makes of a position what is kept of it. `None` if the monitor cancelled.
///
/// # Errors
/// A density that is not finite where chains start, or that fails to be where the sampler goes.
pub fn sample<D: LogDensity>(
    density: &D,
    quantities: &(dyn Fn(&[f64]) -> Vec<f64> + Sync),
    settings: &HmcSettings,
    monitor: &dyn LoadMonitor,
) -> Result<Option<Sampling>, ClassicalError> {
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let outcomes: Mutex<Vec<(usize, Outcome)>> = Mutex::new(Vec::new());
    let total = settings.chains * (settings.warm_up + settings.draws);
    let run = || {
        loop {
            let chain = next.fetch_add(1, Ordering::Relaxed);
            if chain >= settings.chains {
                break;
            }
            let report = || {
                let done = done.fetch_add(REPORT_EVERY, Ordering::Relaxed) + REPORT_EVERY;
                monitor.progress((done as f32 / total as f32).min(1.0));
            };
            let outcome = run_chain(density, quantities, settings, chain, monitor, &report);
            if let Ok(mut outcomes) = outcomes.lock() {
                outcomes.push((chain, outcome));
            }
        }
    };
    // A panicking chain ends the scope with its panic, which whoever owns this thread catches.
    std::thread::scope(|scope| {
        for _ in 1..THREADS.min(settings.chains) {
            scope.spawn(run);
        }
        run();
    });

    if monitor.is_cancelled() {
        return Ok(None);
    }
    let mut outcomes = outcomes.into_inner().map_err(|_| ClassicalError::Defect)?;
    outcomes.sort_by_key(|(chain, _)| *chain);
    let chains = outcomes.into_iter().map(|(_, outcome)| outcome).collect::<Result<Vec<_>, _>>();
    Ok(Some(gather(&chains.map_err(ClassicalError::Sampling)?)))
}

type Outcome = Result<ChainDraws, String>;

/// Quantities of every draw, `[draws][quantities]`.
struct ChainDraws {
    draws: Vec<Vec<f64>>,
    divergences: usize,
}

fn run_chain<D: LogDensity>(
    density: &D,
    quantities: &(dyn Fn(&[f64]) -> Vec<f64> + Sync),
    settings: &HmcSettings,
    chain: usize,
    monitor: &dyn LoadMonitor,
    report: &dyn Fn(),
) -> Outcome {
    let mut random = stream(settings.seed, Purpose::Sampler, chain as u64);
    let options =
        DiagNutsSettings { num_tune: settings.warm_up as u64, num_draws: settings.draws as u64, ..Default::default() };
    let start = start(density, &mut random)?;
    let math = CpuMath::new(Watched { density, monitor });
    let mut sampler = options.new_chain(chain as u64, math, &mut random).map_err(|error| in_words(&error))?;
    sampler.set_position(&start).map_err(|error| in_words(&error))?;
    let mut draws = Vec::with_capacity(settings.draws);
    let mut divergences = 0;
    for iteration in 0..settings.warm_up + settings.draws {
        let (position, progress) = sampler.draw().map_err(|error| in_words(&error))?;
        if iteration >= settings.warm_up {
            draws.push(quantities(&position));
            divergences += usize::from(progress.diverging);
        }
        if (iteration + 1) % REPORT_EVERY == 0 {
            report();
        }
    }
    Ok(ChainDraws { draws, divergences })
}

fn in_words(error: &impl std::fmt::Display) -> String {
    format!("{error:#}").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A random place where the density is finite.
pub(super) fn start<D: LogDensity>(density: &D, random: &mut ChaCha8Rng) -> Result<Vec<f64>, String> {
    let mut gradient = vec![0.0; density.dimensions()];
    for _ in 0..STARTS {
        let position = density.start(random);
        let value = density.evaluate(&position, &mut gradient);
        if value.is_finite() && gradient.iter().all(|slope| slope.is_finite()) {
            return Ok(position);
        }
    }
    Err("the log density is not finite anywhere that was tried".to_owned())
}

fn gather(chains: &[ChainDraws]) -> Sampling {
    let quantities = chains.iter().flat_map(|chain| chain.draws.first()).map(Vec::len).next().unwrap_or(0);
    let diagnoses: Vec<_> = (0..quantities)
        .map(|quantity| {
            let of_chain = |chain: &ChainDraws| chain.draws.iter().map(|draw| draw[quantity]).collect();
            convergence(&chains.iter().map(of_chain).collect::<Vec<Vec<f64>>>())
        })
        .collect();
    Sampling {
        draws: chains.iter().flat_map(|chain| chain.draws.iter().flatten().copied()).collect(),
        count: chains.iter().map(|chain| chain.draws.len()).sum(),
        chains: chains.len(),
        r_hat: diagnoses.iter().map(|diagnosis| diagnosis.r_hat).collect(),
        effective_draws: diagnoses.iter().map(|diagnosis| diagnosis.effective_draws).collect(),
        divergences: chains.iter().map(|chain| chain.divergences).sum(),
    }
}

/// A density that stops the sampler within one evaluation once nobody wants its draws.
struct Watched<'a, D> {
    density: &'a D,
    monitor: &'a dyn LoadMonitor,
}

#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("the draws are no longer wanted")]
    Cancelled,
    #[error("the log density is not finite")]
    NotFinite,
}

impl LogpError for Stop {
    /// The sampler takes a place without a density for a divergence.
    fn is_recoverable(&self) -> bool {
        matches!(self, Self::NotFinite)
    }
}

impl<D: LogDensity> HasDims for Watched<'_, D> {
    fn dim_sizes(&self) -> HashMap<String, u64> {
        HashMap::from([("unconstrained_parameter".to_owned(), self.density.dimensions() as u64)])
    }
}

impl<D: LogDensity> CpuLogpFunc for Watched<'_, D> {
    type LogpError = Stop;
    type FlowParameters = ();
    type ExpandedVector = Vec<f64>;

    fn dim(&self) -> usize {
        self.density.dimensions()
    }

    fn logp(&mut self, position: &[f64], gradient: &mut [f64]) -> Result<f64, Stop> {
        if self.monitor.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let value = self.density.evaluate(position, gradient);
        if value.is_finite() { Ok(value) } else { Err(Stop::NotFinite) }
    }

    fn expand_vector<R: Rng + ?Sized>(&mut self, _random: &mut R, position: &[f64]) -> Result<Vec<f64>, CpuMathError> {
        Ok(position.to_vec())
    }
}
