//! Principal directions of the training data.

use crate::data::Dataset;
use nalgebra::{DMatrix, SymmetricEigen};

/// Examples used at most: more would not move the leading directions visibly, and cost time before the first step.
const LARGEST_SAMPLE: usize = 4096;

/// The top `count` principal directions as orthonormal rows, row-major `[count, D]`, sign fixed (largest entry positive).
///
/// From the covariance matrix, or the Gram matrix when there are fewer examples than dimensions. Where the data have fewer
/// principal directions than asked for, coordinate directions orthogonal to them fill up.
pub fn principal_directions(data: &Dataset, count: usize) -> Vec<f32> {
    let dimensions = data.dimensions();
    // A Gram matrix of the full sample would be larger than the covariance of small images and slower than it is worth.
    let sample = data.training_len().min(if dimensions > 2048 { 1024 } else { LARGEST_SAMPLE });
    let stride = data.training_len() / sample.max(1);
    let positions: Vec<usize> = (0..sample).map(|at| at * stride.max(1)).collect();
    let mut x = DMatrix::from_row_slice(sample, dimensions, &data.training_batch(&positions));
    let mean = x.row_mean();
    x.row_iter_mut().for_each(|mut row| row -= &mean);

    let by_variance = |eigen: &SymmetricEigen<f32, nalgebra::Dyn>| {
        let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
        order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
        order
    };
    let mut rows: Vec<Vec<f32>> = Vec::with_capacity(count);
    if dimensions <= sample {
        // Not tr_mul, which goes by dot products of columns and takes ten times as long.
        let eigen = SymmetricEigen::new(x.transpose() * &x / sample as f32);
        for index in by_variance(&eigen).into_iter().take(count) {
            push_orthonormal(&mut rows, eigen.eigenvectors.column(index).iter().copied().collect());
        }
    } else {
        let eigen = SymmetricEigen::new(&x * x.transpose() / sample as f32);
        for index in by_variance(&eigen).into_iter().take(count) {
            push_orthonormal(&mut rows, x.tr_mul(&eigen.eigenvectors.column(index)).iter().copied().collect());
        }
    }
    for coordinate in 0..dimensions {
        if rows.len() >= count {
            break;
        }
        let mut row = vec![0.0; dimensions];
        row[coordinate] = 1.0;
        push_orthonormal(&mut rows, row);
    }
    rows.concat()
}

/// Adds what of `row` is orthogonal to `rows`, normalised, unless nothing is left (Gram-Schmidt, twice for accuracy).
fn push_orthonormal(rows: &mut Vec<Vec<f32>>, mut row: Vec<f32>) {
    let norm = |row: &[f32]| row.iter().map(|v| v * v).sum::<f32>().sqrt();
    let before = norm(&row);
    for _ in 0..2 {
        for other in rows.iter() {
            let overlap: f32 = row.iter().zip(other).map(|(a, b)| a * b).sum();
            row.iter_mut().zip(other).for_each(|(a, b)| *a -= overlap * b);
        }
    }
    let after = norm(&row);
    if after <= 1e-4 * before || after == 0.0 {
        return;
    }
    let largest = row.iter().copied().max_by(|a, b| a.abs().total_cmp(&b.abs())).unwrap_or(1.0);
    let scale = largest.signum() / after;
    row.iter_mut().for_each(|v| *v *= scale);
    rows.push(row);
}
