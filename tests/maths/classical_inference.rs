//! Hamiltonian Monte Carlo and mean-field inference against exact answers, brute force and the reference's numbers.

use crate::{assert_close, normals};
use collapsar::data::Unmonitored;
use collapsar::exact::{
    HmcSettings, LatentDensity, LogDensity, MixtureDensity, Ppca, PpcaInference, Sampling, WeightDensity,
    WeightInference, advi, gaussian, mixture, mixture_data,
};
use collapsar::experiment::{MixtureParameters, MixtureSettings};
use nalgebra::{DMatrix, DVector};

/// Standard errors that an estimate may be off: one in 10⁵ of correct ones is further.
const ERRORS: f64 = 4.5;

fn noise(seed: u64, count: usize) -> Vec<f64> {
    normals(seed, count).into_iter().map(f64::from).collect()
}

/// Mean and standard deviation of quantity `k` of `n` against theirs, within Monte Carlo error.
fn check_moments(sampling: &Sampling, k: usize, n: usize, mean: f64, sd: f64) {
    let draws: Vec<f64> = sampling.draws.iter().skip(k).step_by(n).copied().collect();
    let found = draws.iter().sum::<f64>() / draws.len() as f64;
    let spread = (draws.iter().map(|x| (x - found).powi(2)).sum::<f64>() / draws.len() as f64).sqrt();
    let effective = sampling.effective_draws[k];
    assert!(effective > 400.0 && sampling.r_hat[k] < 1.02, "{effective} effective draws, R̂ {}", sampling.r_hat[k]);
    assert!((found - mean).abs() < ERRORS * sd / effective.sqrt(), "mean {found} instead of {mean}");
    // A standard deviation has half the variance; squares of draws mix no faster than draws, hence the half of the draws.
    assert!((spread - sd).abs() < ERRORS * sd / effective.sqrt(), "sd {spread} instead of {sd}");
}

#[test]
fn sampled_latents_have_the_exact_posterior() {
    for (seed, dimensions, latent, sigma) in [(1, 5, 2, 1.0), (2, 6, 4, 0.3), (3, 3, 1, 2.0)] {
        let model = Ppca::new(DMatrix::from_row_slice(dimensions, latent, &noise(seed, dimensions * latent)), sigma);
        let (model, x) = (model.unwrap(), noise(seed + 10, dimensions));
        let exact = model.posterior(&DMatrix::from_row_slice(1, dimensions, &x)).unwrap();
        let found = PpcaInference::hmc(&model, &DVector::from_vec(x), &HmcSettings::new(seed), &Unmonitored);
        let found = found.unwrap().unwrap();
        let sampling = found.sampling.as_ref().unwrap();
        assert_eq!((sampling.count, sampling.chains, sampling.divergences), (4000, 4, 0));
        assert_eq!(sampling.draws.len(), 4000 * latent);
        for k in 0..latent {
            check_moments(sampling, k, latent, exact.means[(0, k)], exact.covariance[(k, k)].sqrt());
        }
        // One example: its KL is the average. Monte Carlo error of a KL this size is of the order of a hundredth.
        assert!((found.kl - exact.kl).abs() < 0.05 + 0.02 * exact.kl, "KL {} instead of {}", found.kl, exact.kl);
    }
}

#[test]
fn sampled_weights_have_the_exact_posterior_when_components_are_known() {
    for (separation, examples) in [(0.0, 200), (1.0, 200), (1.0, 2000), (20.0, 200)] {
        let settings = MixtureSettings { separation, examples, ..MixtureSettings::default() };
        let (model, data) = (mixture(&settings), mixture_data(&settings));
        let exact = model.posterior(&data).unwrap();
        let hmc = HmcSettings::new(11);
        let found = WeightInference::hmc(&model, &data, MixtureParameters::Fixed, &hmc, &Unmonitored).unwrap().unwrap();
        check_moments(found.sampling.as_ref().unwrap(), 0, 1, exact.mean, exact.sd);
        assert!((found.kl_to_prior - exact.kl_to_prior).abs() < 0.06, "{} {}", found.kl_to_prior, exact.kl_to_prior);
        assert_close(found.density.iter().sum::<f64>() / 1000.0, 1.0, 0.03, "histogram");
    }
}

#[test]
fn sampling_is_a_function_of_its_seed() {
    let settings = MixtureSettings { examples: 50, ..MixtureSettings::default() };
    let (model, data) = (mixture(&settings), mixture_data(&settings));
    let density = MixtureDensity::new(&model, &data).unwrap();
    let run = |seed| {
        let settings = HmcSettings { warm_up: 100, draws: 50, ..HmcSettings::new(seed) };
        collapsar::exact::sample(&density, &|position| position.to_vec(), &settings, &Unmonitored).unwrap().unwrap()
    };
    let (first, again, other) = (run(1), run(1), run(2));
    assert_eq!(first, again);
    assert_ne!(first.draws, other.draws);
    let chains: Vec<&[f64]> = first.draws.chunks(50 * 5).collect();
    assert!(chains.len() == 4 && chains[0] != chains[1]);
}

/// The bound −KL(q ‖ p) + const of a factorised Gaussian against a Gaussian with the given precision, by definition.
fn gaussian_bound(mean: &[f64], variance: &[f64], precision: &DMatrix<f64>, center: &DVector<f64>) -> f64 {
    let off = DVector::from_row_slice(mean) - center;
    let spread: f64 = variance.iter().enumerate().map(|(k, v)| v * precision[(k, k)]).sum();
    0.5 * variance.iter().map(|v| v.ln()).sum::<f64>() - 0.5 * (spread + off.dot(&(precision * &off)))
}

#[test]
fn the_mean_field_posterior_of_ppca_is_where_the_bound_is_highest() {
    let model = Ppca::new(DMatrix::from_row_slice(5, 3, &noise(4, 15)), 0.8).unwrap();
    let x = DMatrix::from_row_slice(1, 5, &noise(5, 5));
    let (exact, found) = (model.posterior(&x).unwrap(), model.mean_field(&x).unwrap());
    let (precision, center) = (exact.covariance.clone().try_inverse().unwrap(), exact.means.row(0).transpose());
    let mean: Vec<f64> = found.means.row(0).iter().copied().collect();
    let variance: Vec<f64> = found.covariance.diagonal().iter().copied().collect();
    let best = gaussian_bound(&mean, &variance, &precision, &center);
    // Coordinate ascent from the prior, by golden sections, knows nothing of the closed form.
    let (mut m, mut v) = (vec![0.0; 3], vec![1.0; 3]);
    for _ in 0..200 {
        for k in 0..3 {
            m[k] = highest(-5.0, 5.0, |value| {
                let mut m = m.clone();
                m[k] = value;
                gaussian_bound(&m, &v, &precision, &center)
            });
            v[k] = highest(-8.0, 2.0, |value| {
                let mut v = v.clone();
                v[k] = value.exp();
                gaussian_bound(&m, &v, &precision, &center)
            })
            .exp();
        }
    }
    for k in 0..3 {
        assert_close(mean[k], m[k], 1e-5, "mean");
        assert_close(variance[k], v[k], 1e-5, "variance");
        // Never wider than the exact marginal.
        assert!(variance[k] <= exact.covariance[(k, k)] + 1e-12);
    }
    assert!(best >= gaussian_bound(&m, &v, &precision, &center) - 1e-9);
    assert_close(found.kl, found.kl_per_dimension.iter().sum(), 1e-12, "KL");
}

/// Where a function of one peak is highest.
fn highest(mut low: f64, mut high: f64, f: impl Fn(f64) -> f64) -> f64 {
    let golden = 0.5 * (5.0_f64.sqrt() - 1.0);
    for _ in 0..60 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if f(a) > f(b) { high = b } else { low = a }
    }
    0.5 * (low + high)
}

#[test]
fn the_gaussian_over_a_weight_is_where_the_bound_is_highest() {
    for (separation, examples) in [(0.0, 100), (1.0, 30), (1.0, 2000), (20.0, 500)] {
        let settings = MixtureSettings { separation, examples, ..MixtureSettings::default() };
        let density = WeightDensity::new(&mixture(&settings), &mixture_data(&settings)).unwrap();
        let found = gaussian(&density, 0.0, &Unmonitored).unwrap();
        // The bound with ten times as many points as the program takes, as a midpoint rule.
        let bound = |mean: f64, log_sd: f64| {
            let (mut total, mut weight) = (0.0, 0.0);
            for i in 0..400 {
                let e = -8.0 + 16.0 * (f64::from(i) + 0.5) / 400.0;
                let w = (-0.5 * e * e).exp();
                total += w * density.evaluate(&[mean + log_sd.exp() * e], &mut [0.0]);
                weight += w;
            }
            total / weight + log_sd
        };
        let (mut mean, mut log_sd) = (found.mean[0] + 0.3 * found.sd[0], found.sd[0].ln() + 0.2);
        let width = found.sd[0];
        for _ in 0..12 {
            mean = highest(mean - 2.0 * width, mean + 2.0 * width, |mean| bound(mean, log_sd));
            log_sd = highest(log_sd - 1.0, log_sd + 1.0, |log_sd| bound(mean, log_sd));
        }
        assert!((mean - found.mean[0]).abs() < 1e-4 * width, "N = {examples}: {mean} {found:?}");
        assert!((log_sd.exp() / width - 1.0).abs() < 1e-4, "N = {examples}: {} {found:?}", log_sd.exp());
    }
}

#[test]
fn stochastic_inference_finds_the_closed_form() {
    let model = Ppca::new(DMatrix::from_row_slice(5, 3, &noise(6, 15)), 1.0).unwrap();
    let x = noise(7, 5);
    let expected = model.mean_field(&DMatrix::from_row_slice(1, 5, &x)).unwrap();
    let density = LatentDensity::new(&model, &DVector::from_vec(x));
    let found = advi(&density, 3, 0, &Unmonitored).unwrap().unwrap();
    for k in 0..3 {
        let sd = expected.covariance[(k, k)].sqrt();
        assert!((found.mean[k] - expected.means[(0, k)]).abs() < 0.02 * sd, "{found:?}");
        assert!((found.sd[k] / sd - 1.0).abs() < 0.02, "{found:?} instead of {sd}");
    }
    assert_eq!(found, advi(&density, 3, 0, &Unmonitored).unwrap().unwrap());
}

/// Density, moments and KL of a Gaussian over logit α, by quadrature over the grid.
#[test]
fn a_gaussian_over_a_weight_is_read_as_a_density() {
    let settings = MixtureSettings { separation: 1.0, examples: 100, ..MixtureSettings::default() };
    let (model, data) = (mixture(&settings), mixture_data(&settings));
    let found = WeightInference::mean_field(&model, &data, MixtureParameters::Fixed, 1, &Unmonitored).unwrap().unwrap();
    let exact = model.posterior(&data).unwrap();
    let sum = |f: &dyn Fn(usize) -> f64| (0..999).map(|i| found.density[i] * f(i)).sum::<f64>() / 1000.0;
    assert_close(sum(&|_| 1.0), 1.0, 1e-3, "mass");
    assert_close(sum(&|i| exact.grid[i]), found.mean, 1e-3, "mean");
    let variance = sum(&|i| (exact.grid[i] - found.mean).powi(2));
    assert_close(variance.sqrt(), found.sd, 1e-3, "sd");
    let kl = sum(&|i| if found.density[i] > 1e-300 { (found.density[i] / exact.prior[i]).ln() } else { 0.0 });
    assert_close(kl, found.kl_to_prior, 1e-3, "KL");
    // In one dimension a Gaussian has nothing to factorise, and is close to the exact posterior.
    assert!((found.mean - exact.mean).abs() < 0.1 * exact.sd && (found.sd / exact.sd - 1.0).abs() < 0.1, "{found:?}");
}

fn integrated(separation: f64, examples: usize, hmc: &HmcSettings) -> WeightInference {
    let settings = MixtureSettings { separation, examples, ..MixtureSettings::default() };
    let (model, data) = (mixture(&settings), mixture_data(&settings));
    WeightInference::hmc(&model, &data, MixtureParameters::Integrated, hmc, &Unmonitored).unwrap().unwrap()
}

/// The reference's chain of 1,000 draws given 10,000 data: α .514 ± .162 where the components coincide, .504 ± .155 where they overlap. Its
/// own Monte Carlo error is counted as that of 200 independent draws.
///
/// With Beta(5, 5) the posterior is the same after the components exchange their names, so that E α = ½ for any data of any number. Its
/// spread hardly depends on their number either: the data say what the mixture is, not how to split it. 1,000 will do, in a tenth of the time.
#[test]
fn with_parameters_integrated_out_the_weight_keeps_its_prior() {
    for (separation, mean, sd) in [(0.0, 0.514, 0.162), (1.0, 0.504, 0.155)] {
        let found = integrated(separation, 1000, &HmcSettings::new(5));
        let sampling = found.sampling.as_ref().unwrap();
        let effective = sampling.effective_draws[0];
        assert!(sampling.r_hat[0] < 1.03 && effective > 300.0, "R̂ {}, {effective}", sampling.r_hat[0]);
        let error = |effective: f64| sd / effective.sqrt();
        assert!((found.mean - 0.5).abs() < ERRORS * error(effective), "{} ± {}", found.mean, found.sd);
        let both = (error(effective).powi(2) + error(200.0).powi(2)).sqrt();
        assert!((found.mean - mean).abs() < ERRORS * both, "mean {} instead of {mean}", found.mean);
        assert!((found.sd - sd).abs() < ERRORS * both / 2.0_f64.sqrt(), "sd {} instead of {sd}", found.sd);
        assert!(found.kl_to_prior < 0.05, "{}", found.kl_to_prior);
    }
}

/// Chains must not stay in the mode of one component for all data, whatever their random numbers.
#[test]
fn chains_start_on_both_sides() {
    let settings = MixtureSettings { separation: 20.0, examples: 1000, ..MixtureSettings::default() };
    let density = MixtureDensity::new(&mixture(&settings), &mixture_data(&settings)).unwrap();
    let mut exchanged = 0;
    for index in 0..200 {
        use collapsar::random::{Purpose, stream};
        let start = density.start(&mut stream(1, Purpose::Sampler, index));
        assert!(start[0] * start[1] < -25.0, "{start:?}");
        exchanged += u32::from(start[0] > 0.0);
    }
    assert!((60..140).contains(&exchanged), "{exchanged} of 200");
    // One datum, and equal data, have a start too.
    for data in [vec![0.3], vec![2.0; 10]] {
        let density = MixtureDensity::new(&mixture(&settings), &data).unwrap();
        let start = density.start(&mut collapsar::random::stream(1, collapsar::random::Purpose::Sampler, 0));
        assert!(density.evaluate(&start, &mut [0.0; 5]).is_finite(), "{start:?}");
    }
}

/// The reference: .146 ± .004, or .854 in a chain that has exchanged the names. Which datum is whose is plain, so that the posterior is
/// Beta(5 + n₁, 5 + n₂), from which the components' unknown parameters take nothing.
#[test]
fn far_apart_components_are_told_apart_up_to_their_names() {
    let hmc = HmcSettings { warm_up: 500, draws: 500, ..HmcSettings::new(5) };
    let found = integrated(20.0, 10_000, &hmc);
    let settings = MixtureSettings { separation: 20.0, examples: 10_000, ..MixtureSettings::default() };
    let first = mixture_data(&settings).iter().filter(|x| **x < 0.0).count() as f64;
    let (a, b) = (5.0 + first, 5.0 + 10_000.0 - first);
    let (mean, sd) = (a / (a + b), (a * b / ((a + b).powi(2) * (a + b + 1.0))).sqrt());
    // The reference's data are others: their proportion has the same spread as the posterior.
    assert!((mean - 0.854).abs() < 3.0 * sd * 2.0_f64.sqrt() && (sd - 0.0035).abs() < 0.0002, "{mean} ± {sd}");
    for chain in found.sampling.as_ref().unwrap().draws.chunks(500) {
        let center = chain.iter().sum::<f64>() / 500.0;
        let spread = (chain.iter().map(|x| (x - center).powi(2)).sum::<f64>() / 500.0).sqrt();
        // At least 100 of 500 draws are independent.
        assert!((center.max(1.0 - center) - mean).abs() < ERRORS * sd / 10.0, "{center} instead of {mean}");
        assert!((spread / sd - 1.0).abs() < ERRORS / 200.0_f64.sqrt(), "{spread} instead of {sd}");
    }
}

/// The over-confident answer beside the exact one: the prior's standard deviation is .151, HMC's .16 and its KL 0, the reference's
/// mean-field .082.
#[test]
fn mean_field_inference_is_sure_of_what_the_data_do_not_say() {
    for (separation, examples) in [(0.0, 10_000), (1.0, 10_000)] {
        let settings = MixtureSettings { separation, examples, ..MixtureSettings::default() };
        let (model, data) = (mixture(&settings), mixture_data(&settings));
        let found = WeightInference::mean_field(&model, &data, MixtureParameters::Integrated, 7, &Unmonitored);
        let found = found.unwrap().unwrap();
        // Which answer depends on the start, and is too narrow from any.
        assert!(
            found.sd < 0.135 && found.kl_to_prior > 0.08,
            "{} ± {}, KL {}",
            found.mean,
            found.sd,
            found.kl_to_prior
        );
    }
    // Where the data do say, it is right, up to the names.
    let settings = MixtureSettings { separation: 20.0, examples: 2000, ..MixtureSettings::default() };
    let (model, data) = (mixture(&settings), mixture_data(&settings));
    let exact = model.posterior(&data).unwrap();
    let found = WeightInference::mean_field(&model, &data, MixtureParameters::Integrated, 7, &Unmonitored);
    let found = found.unwrap().unwrap();
    assert!((found.mean.max(1.0 - found.mean) - exact.mean).abs() < 0.2 * exact.sd, "{} {}", found.mean, exact.mean);
    assert!((found.sd / exact.sd - 1.0).abs() < 0.1, "{} instead of {}", found.sd, exact.sd);
}
