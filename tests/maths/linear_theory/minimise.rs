//! A quasi-Newton minimiser (BFGS) on central differences: it is given a function and nothing else.

use nalgebra::{DMatrix, DVector};

/// The lowest point reached, and its value.
pub fn minimise(function: &dyn Fn(&[f64]) -> f64, start: Vec<f64>) -> (Vec<f64>, f64) {
    let n = start.len();
    let mut x = DVector::from_vec(start);
    let mut value = function(x.as_slice());
    let mut slope = gradient(function, &x);
    let mut inverse = DMatrix::<f64>::identity(n, n);
    let mut stalled = 0;
    for _ in 0..3000 {
        let mut direction = -(&inverse * &slope);
        if direction.dot(&slope) >= 0.0 {
            inverse = DMatrix::identity(n, n);
            direction = -slope.clone();
        }
        let decrease = direction.dot(&slope);
        let mut step = (1.0_f64).min(2.0 / direction.norm());
        let mut next = &x + &direction * step;
        let mut next_value = function(next.as_slice());
        while (next_value.is_nan() || next_value > value + 1e-4 * step * decrease) && step > 1e-14 {
            step *= 0.5;
            next = &x + &direction * step;
            next_value = function(next.as_slice());
        }
        if next_value.is_nan() || next_value >= value {
            // Rounding, or a bad model of the curvature: once more from the plain gradient.
            stalled += 1;
            if stalled > 1 {
                break;
            }
            inverse = DMatrix::identity(n, n);
            continue;
        }
        stalled = 0;
        let next_slope = gradient(function, &next);
        let (moved, turned) = (&next - &x, &next_slope - &slope);
        let curvature = moved.dot(&turned);
        if curvature > 1e-14 {
            let left = DMatrix::identity(n, n) - &moved * turned.transpose() / curvature;
            inverse = &left * &inverse * left.transpose() + &moved * moved.transpose() / curvature;
        }
        (x, value, slope) = (next, next_value, next_slope);
        if slope.amax() < 1e-8 {
            break;
        }
    }
    (x.as_slice().to_vec(), value)
}

fn gradient(function: &dyn Fn(&[f64]) -> f64, at: &DVector<f64>) -> DVector<f64> {
    let mut point = at.clone();
    DVector::from_fn(at.len(), |i, _| {
        let step = 1e-5 * (1.0 + at[i].abs());
        point[i] = at[i] + step;
        let above = function(point.as_slice());
        point[i] = at[i] - step;
        let below = function(point.as_slice());
        point[i] = at[i];
        (above - below) / (2.0 * step)
    })
}
