//! Whether chains agree, and how many independent draws they are worth: split R̂ and the effective sample size, as Stan has them.

/// Split R̂ and effective sample size of one quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// √(var⁺/W) of the halves of all chains; near 1 when they agree.
    pub r_hat: f64,
    /// Effective sample size over all chains.
    pub effective_draws: f64,
}

/// Diagnoses one quantity; `chains` are of one length, at least 4.
///
/// Vehtari et al. (2021), eqs. 1–4 and 9–13, without their ranks: R̂ then is on the scale of published runs. Every chain is cut in
/// half, so that a chain that drifts disagrees with itself.
pub fn convergence(chains: &[Vec<f64>]) -> Convergence {
    let half = chains.iter().map(Vec::len).min().unwrap_or(0) / 2;
    let halves: Vec<&[f64]> = chains.iter().flat_map(|chain| [&chain[..half], &chain[chain.len() - half..]]).collect();
    let (count, length) = (halves.len() as f64, half as f64);
    let means: Vec<f64> = halves.iter().map(|half| mean(half)).collect();
    let within_each: Vec<f64> = halves.iter().zip(&means).map(|(half, mean)| autocovariance(half, *mean, 0)).collect();
    // Autocovariances divide by n, variances by n − 1.
    let within = mean(&within_each) * length / (length - 1.0);
    let center = mean(&means);
    let between = means.iter().map(|mean| (mean - center).powi(2)).sum::<f64>() / (count - 1.0);
    let pooled = within * (length - 1.0) / length + between;
    if within == 0.0 {
        let r_hat = if between == 0.0 { 1.0 } else { f64::INFINITY };
        return Convergence { r_hat, effective_draws: count };
    }

    // ρ_t of all halves together, in pairs until a pair's sum is negative, and not increasing (Geyer 1992).
    let correlation = |lag: usize| {
        let covariances: Vec<f64> =
            halves.iter().zip(&means).map(|(half, mean)| autocovariance(half, *mean, lag)).collect();
        1.0 - (within - mean(&covariances) * length / (length - 1.0)) / pooled
    };
    let (mut sum, mut previous) = (0.0, f64::INFINITY);
    for lag in (0..half.saturating_sub(1)).step_by(2) {
        let pair = correlation(lag) + correlation(lag + 1);
        if pair < 0.0 {
            break;
        }
        previous = pair.min(previous);
        sum += previous;
    }
    let time = (2.0 * sum - 1.0).max(1.0 / (count * length).log10());
    Convergence { r_hat: (pooled / within).sqrt(), effective_draws: count * length / time }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn autocovariance(values: &[f64], mean: f64, lag: usize) -> f64 {
    let products = values.iter().zip(&values[lag..]).map(|(now, later)| (now - mean) * (later - mean));
    products.sum::<f64>() / values.len() as f64
}
