//! Levels of a density that enclose a share of its mass: contours of highest-density regions.

/// Smallest logarithm of a density relative to its largest that is told from none.
pub(super) const LOWEST_LOG: f32 = -30.0;
/// Steps that logarithms are sorted into; within a step mass counts as evenly spread.
const STEPS: usize = 4096;

/// Logarithms of the levels such that the points with at least that density hold the `shares` of the mass; all points are worth the same
/// area. Densities are given by their logarithm relative to the largest; what is below `lowest` counts as none.
///
/// One pass without sorting: a map of 257 × 257 points is looked at ten times a second.
pub(super) fn highest_density_levels(log_density: impl Iterator<Item = f32>, lowest: f32, shares: &[f64]) -> Vec<f32> {
    let width = -lowest / STEPS as f32;
    let mut mass = vec![0.0; STEPS];
    for log in log_density.filter(|log| *log > lowest) {
        let step = ((-log / width).max(0.0) as usize).min(STEPS - 1);
        mass[step] += f64::from(log.exp());
    }
    let total: f64 = mass.iter().sum();
    let level = |share: f64| {
        let mut missing = share * total;
        for (step, &mass) in mass.iter().enumerate() {
            if mass >= missing && mass > 0.0 {
                return -width * (step as f32 + (missing / mass) as f32);
            }
            missing -= mass;
        }
        lowest
    };
    shares.iter().map(|&share| level(share)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_a_normal_density_are_at_its_radii() {
        // In two dimensions the standard normal has mass 1 − exp(−r²/2) within r, where its density is exp(−r²/2) of the largest.
        let at = |cell: usize| 0.04 * (cell as f32 - 150.0);
        let log = (0..301 * 301).map(|point| -0.5 * (at(point / 301).powi(2) + at(point % 301).powi(2)));
        let shares = [0.5, 0.9, 0.99];
        for (level, share) in highest_density_levels(log, -30.0, &shares).into_iter().zip(shares) {
            let expected = (1.0 - share).ln() as f32;
            assert!((level - expected).abs() < 0.01, "{level} {expected}");
        }
        assert_eq!(highest_density_levels([-50.0; 4].into_iter(), -30.0, &[0.5]), [-30.0]);
    }
}
