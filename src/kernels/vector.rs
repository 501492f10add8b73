//! Elementwise passes over slices, compiled for the widest vectors that the processor has: `pulp` picks the instruction set at run time, and
//! the compiler vectorises loops whose bodies are plain arithmetic. That is why exp and log stand here as polynomials: a call of the
//! standard library would keep a loop scalar. Nothing is contracted into fused multiply-adds, so that every processor gives the same bits.

use crate::priority::give_way;
use std::f32::consts::LOG2_E;

/// Runs a pass with the processor's widest vectors.
#[inline(always)]
pub(super) fn vectorized<R>(pass: impl FnOnce() -> R) -> R {
    give_way();
    pulp::Arch::new().dispatch(pass)
}

/// Numbers that a pass computes before it appends them: whole vectors, and few enough to stay in the nearest cache. (Collecting an iterator
/// would not: the standard library's loop is compiled for the oldest processor.)
const BLOCK: usize = 64;

/// f of every entry.
#[inline(always)]
pub(super) fn map(x: &[f32], f: impl Fn(f32) -> f32) -> Vec<f32> {
    zip(x, x, |x, _| f(x))
}

/// Every entry of x becomes f of it.
#[inline(always)]
pub(super) fn map_in_place(x: &mut [f32], f: impl Fn(f32) -> f32) {
    vectorized(
        #[inline(always)]
        || x.iter_mut().for_each(|x| *x = f(*x)),
    );
}

/// f of every pair of entries.
#[inline(always)]
pub(super) fn zip(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    let mut values = Vec::with_capacity(x.len());
    vectorized(
        #[inline(always)]
        || append(&mut values, x, y, &f),
    );
    values
}

/// Appends f of every pair of entries; within a vectorised pass.
#[inline(always)]
pub(super) fn append(values: &mut Vec<f32>, x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) {
    let mut block = [0.0; BLOCK];
    let (x_blocks, x_rest) = x.as_chunks::<BLOCK>();
    let (y_blocks, y_rest) = y.as_chunks::<BLOCK>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for at in 0..BLOCK {
            block[at] = f(x[at], y[at]);
        }
        values.extend_from_slice(&block);
    }
    for ((value, &x), &y) in block.iter_mut().zip(x_rest).zip(y_rest) {
        *value = f(x, y);
    }
    values.extend_from_slice(&block[..x_rest.len()]);
}

/// Every entry of x becomes f of it and the entry of y.
#[inline(always)]
pub(super) fn zip_in_place(x: &mut [f32], y: &[f32], f: impl Fn(f32, f32) -> f32) {
    vectorized(
        #[inline(always)]
        || x.iter_mut().zip(y).for_each(|(x, &y)| *x = f(*x, y)),
    );
}

/// Sums over the rows of a row-major matrix, `[columns]`.
pub(super) fn column_sums(x: &[f32], columns: usize) -> Vec<f32> {
    let mut sums = vec![0.0; columns];
    vectorized(
        #[inline(always)]
        || {
            for row in x.chunks_exact(columns.max(1)) {
                sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        },
    );
    sums
}

/// Σ f over pairs of entries: sixteen running sums, so that the additions vectorise, in an order that does not depend on the processor.
#[inline(always)]
pub(super) fn sum_of(x: &[f32], y: &[f32], f: impl Fn(f32, f32) -> f32) -> f32 {
    const SUMS: usize = 16;
    vectorized(
        #[inline(always)]
        || {
            let mut sums = [0.0_f32; SUMS];
            let (x_chunks, x_rest) = x.as_chunks::<SUMS>();
            let (y_chunks, y_rest) = y.as_chunks::<SUMS>();
            for (x, y) in x_chunks.iter().zip(y_chunks) {
                for lane in 0..SUMS {
                    sums[lane] += f(x[lane], y[lane]);
                }
            }
            let rest: f32 = x_rest.iter().zip(y_rest).map(|(&x, &y)| f(x, y)).sum();
            sums.iter().sum::<f32>() + rest
        },
    )
}

/// Σ x².
pub fn sum_of_squares(x: &[f32]) -> f32 {
    sum_of(x, x, |x, _| x * x)
}

/// eˣ for x ≤ 0, to 2 units in the last place; 0 where f32 has only denormal numbers.
///
/// x = k log 2 + r with |r| ≤ ½ log 2, the polynomial of the Cephes library for eʳ, and 2ᵏ by its bits.
#[inline(always)]
pub(super) fn exp_of_negative(x: f32) -> f32 {
    // Adding and subtracting this rounds to an integer, which the sum has in its lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // log 2 in two parts, so that k times the first is exact.
    const LN2_HIGH: f32 = 0.693_359_4;
    const LN2_LOW: f32 = -2.121_944_4e-4;
    const LOWEST: f32 = -87.3;
    let bounded = if x < LOWEST { LOWEST } else { x };
    let shifted = bounded * LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (bounded - k * LN2_HIGH) - k * LN2_LOW;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let p = p * (r * r) + r + 1.0;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(1.0_f32.to_bits()));
    if x < LOWEST { 0.0 } else { p * power }
}

/// eˣ, ∞ where f32 ends.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let e = exp_of_negative(-x.abs());
    if x > 0.0 { 1.0 / e } else { e }
}

/// log(1 + e) for 0 ≤ e ≤ 1, as 2 artanh(e / (2 + e)).
#[inline(always)]
fn log_of_one_plus(e: f32) -> f32 {
    let s = e / (2.0 + e);
    let q = s * s;
    let p = 1.0 / 13.0;
    let p = p * q + 1.0 / 11.0;
    let p = p * q + 1.0 / 9.0;
    let p = p * q + 1.0 / 7.0;
    let p = p * q + 1.0 / 5.0;
    let p = p * q + 1.0 / 3.0;
    2.0 * s * (1.0 + q * p)
}

/// max(x, 0) + log(1 + e^−|x|): no overflow on either side.
#[inline(always)]
pub(super) fn softplus(x: f32) -> f32 {
    let above = if x > 0.0 { x } else { 0.0 };
    above + log_of_one_plus(exp_of_negative(-x.abs()))
}

/// By e^−|x| ≤ 1 on both sides.
#[inline(always)]
pub(super) fn sigmoid(x: f32) -> f32 {
    let e = exp_of_negative(-x.abs());
    let above = 1.0 / (1.0 + e);
    if x >= 0.0 { above } else { e * above }
}

/// softplus′ = sigmoid, from s = softplus(x) ≥ 0: 1 − e^−s.
#[inline(always)]
pub(super) fn slope_of_softplus(s: f32) -> f32 {
    slope_given_exp(s, exp_of_negative(-s))
}

/// 1 − e^−s for s ≥ 0, given e^−s: by its series where the difference would cancel.
#[inline(always)]
pub(super) fn slope_given_exp(s: f32, exp: f32) -> f32 {
    let near = s * (1.0 - s * (0.5 - s * (1.0 / 6.0 - s * (1.0 / 24.0))));
    let far = 1.0 - exp;
    if s < 0.0625 { near } else { far }
}

/// (1 − e^−2|x|) / (1 + e^−2|x|) with the sign of x; its series near 0, where the difference would cancel.
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let e = exp_of_negative(-2.0 * size);
    let far = (1.0 - e) / (1.0 + e);
    let square = x * x;
    // x − x³/3 + 2x⁵/15: below 1/8 its error is under one unit in the last place.
    let near = size * (1.0 + square * (-1.0 / 3.0 + square * (2.0 / 15.0)));
    let magnitude = if size < 0.125 { near } else { far };
    if x < 0.0 { -magnitude } else { magnitude }
}

/// log of the mean of eˣ over all entries, without overflow; −∞ for none.
pub fn log_mean_exp(values: &[f32]) -> f32 {
    let largest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if largest == f32::NEG_INFINITY {
        return largest;
    }
    let sum = sum_of(values, values, |x, _| exp_of_negative(x - largest));
    largest + (sum / values.len() as f32).ln()
}

/// Constants of an update by [`adam`].
#[derive(Clone, Copy, Debug)]
pub struct AdamRates {
    /// Multiplies the gradient.
    pub scale: f32,
    /// Decay of the first and of the second moment.
    pub decays: [f32; 2],
    /// Step size, with the first moment's bias correction.
    pub learning_rate: f32,
    /// Bias correction of the second moment.
    pub second_correction: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
}

/// One update of Adam (Kingma and Ba 2015, algorithm 1) of a parameter and its moments, in one pass.
pub fn adam(values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32], rates: AdamRates) {
    let AdamRates { scale, decays: [decay1, decay2], learning_rate, second_correction, epsilon } = rates;
    vectorized(
        #[inline(always)]
        || {
            let moments = first.iter_mut().zip(second);
            for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
                let gradient = gradient * scale;
                *first = decay1 * *first + (1.0 - decay1) * gradient;
                *second = decay2 * *second + (1.0 - decay2) * gradient * gradient;
                *value -= learning_rate * *first / ((*second * second_correction).sqrt() + epsilon);
            }
        },
    );
}
