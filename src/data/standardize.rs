//! Brings stored values to the scale that a model is trained on.

/// Standardises every column of `values` (`[examples, columns]`) to mean 0 and variance 1 over the `training` rows, in place.
///
/// Returns the columns that are constant over the training rows, which become 0 everywhere.
pub(super) fn standardize(values: &mut [f32], columns: usize, training: &[u32]) -> Vec<usize> {
    let rows = || training.iter().map(|row| &values[*row as usize * columns..][..columns]);
    let count = training.len() as f64;
    let mut means = vec![0.0_f64; columns];
    for row in rows() {
        means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value));
    }
    means.iter_mut().for_each(|mean| *mean /= count);
    let mut variances = vec![0.0_f64; columns];
    let mut is_constant = vec![true; columns];
    let first: Vec<f32> = rows().next().map(<[f32]>::to_vec).unwrap_or_default();
    for row in rows() {
        for (column, value) in row.iter().enumerate() {
            variances[column] += (f64::from(*value) - means[column]).powi(2);
            is_constant[column] &= *value == first[column];
        }
    }
    let factors: Vec<f64> = variances
        .iter()
        .zip(&is_constant)
        .map(|(sum, constant)| if *constant { 0.0 } else { (count / sum).sqrt() })
        .collect();
    for row in values.chunks_exact_mut(columns.max(1)) {
        for ((value, mean), factor) in row.iter_mut().zip(&means).zip(&factors) {
            *value = ((f64::from(*value) - mean) * factor) as f32;
        }
    }
    (0..columns).filter(|column| is_constant[*column]).collect()
}

/// Maps `low` to 0 and `high` to 1, in place; values that are all equal become 0.
pub(super) fn to_unit_interval(values: &mut [f32], (low, high): (f64, f64)) {
    let factor = if high > low { 1.0 / (high - low) } else { 0.0 };
    for value in values {
        *value = ((f64::from(*value) - low) * factor) as f32;
    }
}

/// Smallest and largest value.
pub(super) fn range(values: &[f32]) -> (f32, f32) {
    values.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(*value), high.max(*value)))
}
