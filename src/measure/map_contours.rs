//! What is drawn of a [`LikelihoodMap`] beside its colours: contours of the exact posterior, and where the colours end.

use super::contour::{ContourLine, contour};
use super::highest_density::{LOWEST_LOG, highest_density_levels};
use super::interpolation::Lattice;
use super::likelihood_map::{LikelihoodMap, MapKind, POSTERIOR_SHARES};

/// Points per axis, at least, that contours are drawn through.
const FINE: usize = 128;

/// The exact posterior on a lattice of its own, fine enough to draw contours of and no finer.
struct FinePosterior {
    /// Points per axis.
    side: usize,
    /// Logarithm of the density relative to its largest value, row-major `[side, side]`; goes on beyond the radius.
    log_density: Vec<f32>,
    /// Levels of it that enclose [`POSTERIOR_SHARES`] of the mass within the radius.
    levels: Vec<f32>,
}

impl LikelihoodMap {
    /// The same map with its contours and ends.
    pub(super) fn with_lines(self) -> Self {
        Self { contours: self.posterior_contours(), ends: self.ends_within_radius(), ..self }
    }

    fn posterior_contours(&self) -> Vec<ContourLine> {
        let Some(FinePosterior { side, log_density, levels }) = self.fine_posterior() else { return Vec::new() };
        levels.into_iter().flat_map(|level| contour(&log_density, side, level)).collect()
    }

    fn ends_within_radius(&self) -> [f32; 2] {
        let last = (self.side.max(2) - 1) as f32;
        let squares: Vec<f32> = (0..self.side).map(|at| (2.0 * at as f32 / last - 1.0).powi(2)).collect();
        let rows = self.log_likelihood.chunks(self.side.max(1)).zip(&squares);
        let within = rows.flat_map(|(row, y)| {
            let is_line = self.kind == MapKind::Line;
            row.iter().zip(&squares).filter(move |(_, x)| is_line || *x + y <= 1.0 + 1e-5).map(|(value, _)| *value)
        });
        within
            .filter(|value| value.is_finite())
            .fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| [low.min(value), high.max(value)])
    }

    /// Interpolated is the logarithm, a parabola where the posterior is Gaussian. `None` for a line, and where the grid does not resolve it.
    fn fine_posterior(&self) -> Option<FinePosterior> {
        let posterior = self.posterior.as_ref().filter(|_| self.kind != MapKind::Line && self.side >= 4)?;
        let squares = |side: usize| -> Vec<f32> {
            let place = |at: usize| self.radius * (2.0 * at as f64 / (side - 1) as f64 - 1.0);
            (0..side).map(|at| place(at).powi(2) as f32).collect()
        };
        let mut log: Vec<f32> = match self.kind {
            // A marginal of three dimensions is not prior times likelihood of this plane.
            MapKind::PlaneOfThree => posterior.iter().map(|density| density.max(f32::MIN_POSITIVE).ln()).collect(),
            _ if self.log_prior.is_some() => {
                let prior = self.log_prior.iter().flatten();
                self.log_likelihood.iter().zip(prior).map(|(likelihood, prior)| likelihood + prior).collect()
            }
            _ => {
                let squares = squares(self.side);
                let rows = self.log_likelihood.chunks(self.side).zip(&squares);
                rows.flat_map(|(row, y)| row.iter().zip(&squares).map(move |(value, x)| value - 0.5 * (x + y)))
                    .collect()
            }
        };
        let highest = log.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        log.iter_mut().for_each(|value| *value = (*value - highest).max(LOWEST_LOG));
        let (cells, wanted) = (self.side - 1, FINE - 1);
        let (log_density, side) = if wanted > cells {
            let factor = wanted.div_ceil(cells);
            (Lattice { values: &log, side: self.side }.refined(factor), factor * cells + 1)
        } else {
            // A divisor, so that the outer points stay.
            let stride = (1..=cells / wanted).rev().find(|stride| cells.is_multiple_of(*stride)).unwrap_or(1);
            let rows = log.chunks(self.side).step_by(stride);
            (rows.flat_map(|row| row.iter().step_by(stride).copied()).collect(), cells / stride + 1)
        };
        let limit = (self.radius * self.radius) as f32 * (1.0 + 1e-5);
        let squares = squares(side);
        let rows = log_density.chunks(side).zip(&squares);
        let within = rows.flat_map(|(row, y)| row.iter().zip(&squares).filter(move |(_, x)| *x + y <= limit));
        let levels = highest_density_levels(within.map(|(&log, _)| log), LOWEST_LOG, &POSTERIOR_SHARES);
        Some(FinePosterior { side, log_density, levels })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::sync::Arc;

    /// A map with a quadratic log-likelihood −c r²/2, which has a Gaussian posterior of variance 1/(1 + c).
    pub(crate) fn quadratic(curvature: f32) -> LikelihoodMap {
        let (side, radius) = (61, 3.0_f32);
        let at = |index: usize| radius * (2.0 * index as f32 / (side - 1) as f32 - 1.0);
        let square = |point: usize| at(point % side).powi(2) + at(point / side).powi(2);
        let precision = 1.0 + curvature;
        let density = |point: usize| (-0.5 * precision * square(point)).exp() * precision / std::f32::consts::TAU;
        let range = 0.5 * f64::from(curvature * radius * radius);
        let log_likelihood: Arc<Vec<f32>> =
            Arc::new((0..side * side).map(|point| -0.5 * curvature * square(point)).collect());
        let map = LikelihoodMap {
            example: 0,
            dimensions: [0, 1],
            kind: MapKind::Plane,
            side,
            radius: f64::from(radius),
            is_widened: false,
            drawn: log_likelihood.clone().into(),
            log_likelihood,
            log_prior: None,
            prior: None,
            posterior: Some((0..side * side).map(density).collect()),
            contours: Vec::new(),
            ends: [f32::NAN; 2],
            likelihood_range: range,
            kl: Some(0.0),
            bound: range.min(range * range / 8.0),
            mean: Some([0.0; 2]),
            encoder: [[0.0, 1.0]; 2],
            encoder_kl: 0.0,
            interpolation_error: 0.0,
        };
        map.with_lines()
    }

    #[test]
    fn contours_of_a_gaussian_posterior_hold_half_and_nine_tenths() {
        let map = quadratic(3.0);
        assert_eq!(map.ends, [-13.5, 0.0], "the corners outside of the radius do not count");
        assert_eq!(map.contours.len(), 2);
        // Radius that holds a share of a Gaussian with standard deviation ½: r² = −2 log(1 − share) / 4.
        for (line, share) in map.contours.iter().zip(POSTERIOR_SHARES) {
            let expected = (-2.0 * (1.0 - share).ln() / 4.0).sqrt() as f32;
            for [x, y] in line {
                let radius = 3.0 * (2.0 * x - 1.0).hypot(2.0 * y - 1.0);
                assert!((radius - expected).abs() < 0.02, "{radius} {expected}");
            }
        }
    }
}
