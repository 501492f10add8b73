//! Tensors of burn's CPU backend as slices: passes over them, in place where nobody else holds the memory.

use super::thin::{self, Factor, Order};
use super::vector;
use crate::priority::give_way;
use burn::backend::{Flex, TensorMetadata, tensor::FloatTensor};
use burn::tensor::TensorData;
use faer::linalg::matmul::matmul;
use faer::prelude::ReborrowMut;
use faer::{Accum, MatMut, MatRef, Par};

/// A float tensor of the CPU backend.
pub(super) type CpuTensor = FloatTensor<Flex>;

/// The same numbers, row-major.
pub(super) fn contiguous(x: CpuTensor) -> CpuTensor {
    if x.is_contiguous() { x } else { x.to_contiguous() }
}

/// All entries of a contiguous tensor.
pub(super) fn entries(x: &CpuTensor) -> &[f32] {
    let (start, length) = range(x);
    &x.storage::<f32>()[start..][..length]
}

fn range(x: &CpuTensor) -> (usize, usize) {
    (x.layout().start_offset(), x.layout().shape().iter().product())
}

/// A tensor of the given shape.
pub(super) fn tensor(values: Vec<f32>, shape: impl Into<Vec<usize>>) -> CpuTensor {
    CpuTensor::from_data(TensorData::new(values, shape.into()))
}

/// Sizes of all axes.
pub(super) fn shape(x: &CpuTensor) -> Vec<usize> {
    x.shape().iter().copied().collect()
}

/// Rows and columns of a matrix.
pub(super) fn dims(x: &CpuTensor) -> [usize; 2] {
    let shape = x.layout().shape();
    [shape[0], shape[1]]
}

/// f of every entry.
#[inline(always)]
pub(super) fn map(x: CpuTensor, f: impl Fn(f32) -> f32) -> CpuTensor {
    let mut x = contiguous(x);
    let (start, length) = range(&x);
    if let Some(storage) = x.try_storage_mut::<f32>() {
        vector::map_in_place(&mut storage[start..][..length], f);
        return x;
    }
    tensor(vector::map(entries(&x), f), shape(&x))
}

/// f of every pair of entries of two tensors of one shape.
#[inline(always)]
pub(super) fn zip(x: CpuTensor, y: CpuTensor, f: impl Fn(f32, f32) -> f32) -> CpuTensor {
    let (mut x, mut y) = (contiguous(x), contiguous(y));
    let ((x_start, length), (y_start, _)) = (range(&x), range(&y));
    if let Some(storage) = x.try_storage_mut::<f32>() {
        vector::zip_in_place(&mut storage[x_start..][..length], entries(&y), f);
        return x;
    }
    if let Some(storage) = y.try_storage_mut::<f32>() {
        vector::zip_in_place(&mut storage[y_start..][..length], entries(&x), |y, x| f(x, y));
        return y;
    }
    tensor(vector::zip(entries(&x), entries(&y), f), shape(&x))
}

/// f of every entry of a matrix and the entry of a row that stands for all rows.
#[inline(always)]
pub(super) fn zip_rows(x: CpuTensor, row: &[f32], f: impl Fn(f32, f32) -> f32) -> CpuTensor {
    let mut x = contiguous(x);
    let (start, length) = range(&x);
    let columns = row.len().max(1);
    if let Some(storage) = x.try_storage_mut::<f32>() {
        let values = &mut storage[start..][..length];
        vector::vectorized(
            #[inline(always)]
            || {
                for values in values.chunks_exact_mut(columns) {
                    values.iter_mut().zip(row).for_each(|(x, &y)| *x = f(*x, y));
                }
            },
        );
        return x;
    }
    let mut values = Vec::with_capacity(length);
    vector::vectorized(
        #[inline(always)]
        || {
            for x in entries(&x).chunks_exact(columns) {
                vector::append(&mut values, x, row, &f);
            }
        },
    );
    tensor(values, shape(&x))
}

/// Every row of a matrix times its own factor.
pub(super) fn scale_rows(x: CpuTensor, factors: &[f32]) -> CpuTensor {
    let mut x = contiguous(x);
    let (start, length) = range(&x);
    let columns = dims(&x)[1].max(1);
    let values = &mut x.storage_mut::<f32>()[start..][..length];
    vector::vectorized(
        #[inline(always)]
        || {
            for (values, factor) in values.chunks_exact_mut(columns).zip(factors) {
                values.iter_mut().for_each(|x| *x *= factor);
            }
        },
    );
    x
}

/// Sums over rows, in the shape of what was broadcast over them.
pub(super) fn column_sums(x: CpuTensor, shape: &[usize]) -> CpuTensor {
    let x = contiguous(x);
    let columns = dims(&x)[1];
    tensor(vector::column_sums(entries(&x), columns), shape)
}

/// How a factor of a product is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// As it is.
    Plain,
    /// Transposed.
    Transposed,
}

/// a b, each read as it is or transposed.
///
/// By faer rather than by burn's own product, whose result is zeroed and then copied to memory of another alignment (burn-flex 0.22.1,
/// `FlexTensor::empty`), a tenth of a step; and which cannot add to what is there.
pub(super) fn product(a: &CpuTensor, a_side: Side, b: &CpuTensor, b_side: Side) -> CpuTensor {
    let shape = product_shape(a, a_side, b, b_side);
    let mut values = vec![0.0; shape[0] * shape[1]];
    multiply(&mut values, Accum::Replace, a, a_side, b, b_side);
    tensor(values, shape)
}

/// c + a b, in the memory of c where nobody else holds it; c may be a row that stands for all rows.
pub(super) fn product_onto(c: CpuTensor, a: &CpuTensor, b: &CpuTensor, b_side: Side) -> CpuTensor {
    let shape = product_shape(a, Side::Plain, b, b_side);
    let mut c = contiguous(c);
    let (start, length) = range(&c);
    let is_matrix = length == shape[0] * shape[1];
    if self::shape(&c) == shape
        && let Some(storage) = c.try_storage_mut::<f32>()
    {
        multiply(&mut storage[start..][..length], Accum::Add, a, Side::Plain, b, b_side);
        return c;
    }
    let mut values = entries(&c).repeat(if is_matrix { 1 } else { shape[0] });
    multiply(&mut values, Accum::Add, a, Side::Plain, b, b_side);
    tensor(values, shape)
}

fn product_shape(a: &CpuTensor, a_side: Side, b: &CpuTensor, b_side: Side) -> [usize; 2] {
    let sized = |x: &CpuTensor, side: Side| match (dims(x), side) {
        (dims, Side::Plain) => dims,
        ([rows, columns], Side::Transposed) => [columns, rows],
    };
    let ([rows, inner], [other, columns]) = (sized(a, a_side), sized(b, b_side));
    assert_eq!(inner, other, "columns of the first factor and rows of the second");
    [rows, columns]
}

/// Products of more rows than a batch has, over an evaluation pool or a grid, are made part by part, so that they can give way to a frame: parts of
/// this many rows at most …
const LARGEST_PART: usize = 256;
/// … and at least, lest the other side be packed too often …
const SMALLEST_PART: usize = 64;
/// … and of about so many multiplications, a millisecond's. The shape alone decides, so that a window and the command line get the same bits.
const MULTIPLICATIONS: usize = 16 << 20;

fn multiply(values: &mut [f32], accumulate: Accum, a: &CpuTensor, a_side: Side, b: &CpuTensor, b_side: Side) {
    let (a_kept, b_kept) = (straight(a), straight(b));
    let a = factor(a_kept.as_ref().unwrap_or(a), a_side);
    let b = factor(b_kept.as_ref().unwrap_or(b), b_side);
    // Here, because products are what the time of a step goes into.
    give_way();
    if thin::multiply(values, accumulate, a, b) {
        return;
    }
    let ([rows, inner], [_, columns]) = (a.dims, b.dims);
    let mut result = MatMut::from_row_major_slice_mut(values, rows, columns);
    let (a, b) = (matrix(a), matrix(b));
    let part = match rows {
        0..=LARGEST_PART => rows.max(1),
        _ => (MULTIPLICATIONS / (inner * columns).max(1)).clamp(SMALLEST_PART, LARGEST_PART),
    };
    for first in (0..rows).step_by(part) {
        if first > 0 {
            give_way();
        }
        let count = part.min(rows - first);
        // A variant has one thread: variants run side by side.
        matmul(result.rb_mut().subrows_mut(first, count), accumulate, a.subrows(first, count), b, 1.0, Par::Seq);
    }
}

/// A copy of what is neither row- nor column-major.
fn straight(x: &CpuTensor) -> Option<CpuTensor> {
    (!x.is_contiguous() && !is_column_major(x)).then(|| x.to_contiguous())
}

fn is_column_major(x: &CpuTensor) -> bool {
    let [rows, _] = dims(x);
    x.layout().strides() == [1, rows as isize]
}

fn factor(x: &CpuTensor, side: Side) -> Factor<'_> {
    let order = if x.is_contiguous() { Order::RowMajor } else { Order::ColumnMajor };
    let factor = Factor { values: entries(x), dims: dims(x), order };
    match side {
        Side::Plain => factor,
        Side::Transposed => factor.transposed(),
    }
}

fn matrix(factor: Factor<'_>) -> MatRef<'_, f32> {
    let [rows, columns] = factor.dims;
    match factor.order {
        Order::RowMajor => MatRef::from_row_major_slice(factor.values, rows, columns),
        Order::ColumnMajor => MatRef::from_column_major_slice(factor.values, rows, columns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_product_made_part_by_part_is_the_product() {
        let [rows, inner, columns] = [LARGEST_PART + 44, 450, 400];
        assert!(MULTIPLICATIONS / (inner * columns) < rows / 2);
        let entry = |at: usize| (at as f32 * 0.618_034).fract() - 0.5;
        let a: Vec<f32> = (0..rows * inner).map(entry).collect();
        let transposed: Vec<f32> = (0..rows * inner).map(|at| a[at % rows * inner + at / rows]).collect();
        let b: Vec<f32> = (0..inner * columns).map(|at| entry(3 * at + 1)).collect();
        let right = tensor(b.clone(), [inner, columns]);
        let left =
            [(tensor(a.clone(), [rows, inner]), Side::Plain), (tensor(transposed, [inner, rows]), Side::Transposed)];
        for (left, side) in left {
            let product = product(&left, side, &right, Side::Plain);
            let onto = tensor(vec![1.0; rows * columns], [rows, columns]);
            let sum = (side == Side::Plain).then(|| product_onto(onto, &left, &right, Side::Plain));
            for (at, value) in entries(&product).iter().enumerate() {
                if let Some(sum) = &sum {
                    assert!((entries(sum)[at] - value - 1.0).abs() < 1e-4, "added, {at}");
                }
                let (row, column) = (at / columns, at % columns);
                let terms = (0..inner).map(|k| f64::from(a[row * inner + k]) * f64::from(b[k * columns + column]));
                assert!((terms.sum::<f64>() - f64::from(*value)).abs() < 1e-4, "row {row}, column {column}");
            }
        }
    }
}
