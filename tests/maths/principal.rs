//! Principal directions against the definition: orthonormal, and each carries the largest variance left.

use crate::{assert_close, normals};
use collapsar::data::{Dataset, ExampleShape};
use collapsar::model::principal_directions;

fn dataset(examples: usize, dimensions: usize) -> Dataset {
    // Coordinate d has standard deviation 1/(d+1), then everything is mixed by reflections.
    let mut values: Vec<f32> =
        normals(3, examples * dimensions).iter().enumerate().map(|(at, x)| x / (at % dimensions + 1) as f32).collect();
    let mirror = normals(4, dimensions);
    let norm: f32 = mirror.iter().map(|m| m * m).sum();
    for row in values.chunks_exact_mut(dimensions) {
        let overlap = 2.0 * row.iter().zip(&mirror).map(|(x, m)| x * m).sum::<f32>() / norm;
        row.iter_mut().zip(&mirror).for_each(|(x, m)| *x -= overlap * m);
    }
    Dataset::from_examples("mixed", ExampleShape::Vector(dimensions), values, None).unwrap()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[test]
fn directions_are_orthonormal_and_ordered_by_variance() {
    // More examples than dimensions, and fewer: covariance and Gram matrix.
    for (examples, dimensions) in [(600, 12), (40, 90)] {
        let data = dataset(examples, dimensions);
        let count = 6;
        let directions = principal_directions(&data, count);
        let rows: Vec<&[f32]> = directions.chunks_exact(dimensions).collect();
        assert_eq!(rows.len(), count);
        let x = data.training_batch(&(0..data.training_len()).collect::<Vec<_>>());
        let mean = data.training_mean();
        let scores =
            |row: &[f32]| -> Vec<f64> { x.chunks_exact(dimensions).map(|x| dot(x, row) - dot(&mean, row)).collect() };
        let mut former = f64::INFINITY;
        for (i, row) in rows.iter().enumerate() {
            for (j, other) in rows.iter().enumerate() {
                assert_close(dot(row, other), if i == j { 1.0 } else { 0.0 }, 1e-4, "orthonormal");
            }
            let own = scores(row);
            let variance = own.iter().map(|s| s * s).sum::<f64>() / own.len() as f64;
            assert!(variance <= former * 1.001, "descending variance");
            former = variance;
            // Principal components are uncorrelated.
            for other in &rows[..i] {
                let covariance = own.iter().zip(scores(other)).map(|(a, b)| a * b).sum::<f64>() / own.len() as f64;
                assert!(covariance.abs() < 1e-3, "correlation {covariance}");
            }
        }
    }
}

#[test]
fn missing_directions_are_filled_up_orthonormally() {
    // Rank 1 data: the other directions carry nothing, and must still be there.
    let values: Vec<f32> = normals(8, 50).iter().flat_map(|&t| [t, 2.0 * t, -t, 0.0]).collect();
    let data = Dataset::from_examples("line", ExampleShape::Vector(4), values, None).unwrap();
    let directions = principal_directions(&data, 4);
    let rows: Vec<&[f32]> = directions.chunks_exact(4).collect();
    assert_eq!(rows.len(), 4);
    for (i, row) in rows.iter().enumerate() {
        for (j, other) in rows.iter().enumerate() {
            assert_close(dot(row, other), if i == j { 1.0 } else { 0.0 }, 1e-4, "orthonormal");
        }
    }
    let expected = [1.0, 2.0, -1.0, 0.0].map(|v| v / 6.0_f64.sqrt());
    (0..4).for_each(|d| assert_close(f64::from(rows[0][d]), expected[d], 1e-4, "the line"));
}
