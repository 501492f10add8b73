//! Products with a thin side: rows, columns or inner dimension are at most [`THIN`]. Latent spaces and planes of data have two dimensions,
//! and there a general product spends more on preparing (blocking, packing) than on multiplying.
//!
//! Every sum has an order that does not depend on the processor.

use super::vector::vectorized;
use faer::Accum;
use std::borrow::Cow;

/// Largest size of the thin side.
const THIN: usize = 4;
/// Numbers that a pass takes together.
const LANES: usize = 16;

/// A matrix in memory.
#[derive(Clone, Copy)]
pub(super) struct Factor<'a> {
    /// All entries, without gaps.
    pub values: &'a [f32],
    /// Rows and columns.
    pub dims: [usize; 2],
    /// Which entries are neighbours.
    pub order: Order,
}

/// Which entries of a matrix are neighbours in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Those of a row.
    RowMajor,
    /// Those of a column.
    ColumnMajor,
}

impl<'a> Factor<'a> {
    /// Rows as columns, in the same memory.
    pub fn transposed(self) -> Self {
        let ([rows, columns], order) = (self.dims, self.order);
        let order = match order {
            Order::RowMajor => Order::ColumnMajor,
            Order::ColumnMajor => Order::RowMajor,
        };
        Self { dims: [columns, rows], order, ..self }
    }

    /// Distances in memory from a row and from a column to the next.
    fn strides(self) -> [usize; 2] {
        match (self.order, self.dims) {
            (Order::RowMajor, [_, columns]) => [columns, 1],
            (Order::ColumnMajor, [rows, _]) => [1, rows],
        }
    }

    /// All entries, row by row.
    fn row_major(self) -> Cow<'a, [f32]> {
        if self.order == Order::RowMajor {
            return self.values.into();
        }
        let ([rows, columns], [down, across]) = (self.dims, self.strides());
        let mut values = Vec::with_capacity(rows * columns);
        for row in 0..rows {
            values.extend((0..columns).map(|column| self.values[row * down + column * across]));
        }
        values.into()
    }
}

/// Makes the row-major `product` a b, or adds a b to it; false, with nothing done, where no side is thin or a general product is as fast.
pub(super) fn multiply(product: &mut [f32], accumulate: Accum, a: Factor<'_>, b: Factor<'_>) -> bool {
    let ([rows, inner], [b_rows, columns]) = (a.dims, b.dims);
    debug_assert_eq!((inner, rows * inner, b_rows * columns), (b_rows, a.values.len(), b.values.len()));
    debug_assert_eq!(product.len(), rows * columns);
    match (inner, rows, columns) {
        (1..=THIN, _, LANES..) => {
            let b = b.row_major();
            match inner {
                1 => combine::<1>(product, accumulate, a, &b),
                2 => combine::<2>(product, accumulate, a, &b),
                3 => combine::<3>(product, accumulate, a, &b),
                _ => combine::<THIN>(product, accumulate, a, &b),
            }
        }
        (_, 1..=THIN, LANES..) if b.order == Order::RowMajor => {
            let sums = few_rows(a, b);
            match accumulate {
                Accum::Replace => product.copy_from_slice(&sums),
                Accum::Add => product.iter_mut().zip(sums).for_each(|(entry, sum)| *entry += sum),
            }
        }
        (_, LANES.., 1..=THIN) if a.order == Order::ColumnMajor => {
            // (a b)ᵀ = bᵀ aᵀ.
            for (column, sums) in few_rows(b.transposed(), a.transposed()).chunks_exact(rows).enumerate() {
                let entries = product[column..].iter_mut().step_by(columns).zip(sums);
                match accumulate {
                    Accum::Replace => entries.for_each(|(entry, sum)| *entry = *sum),
                    Accum::Add => entries.for_each(|(entry, sum)| *entry += sum),
                }
            }
        }
        _ => return false,
    }
    true
}

/// Every row is a combination of the few rows of b.
fn combine<const INNER: usize>(product: &mut [f32], accumulate: Accum, a: Factor<'_>, b: &[f32]) {
    let ([down, across], columns) = (a.strides(), b.len() / INNER);
    let b: [&[f32]; INNER] = std::array::from_fn(|at| &b[at * columns..][..columns]);
    let blocks = b.map(|row| row.as_chunks::<LANES>().0);
    let rest = columns - columns % LANES;
    vectorized(
        #[inline(always)]
        || {
            for (row, product) in product.chunks_exact_mut(columns).enumerate() {
                let factors: [f32; INNER] = std::array::from_fn(|at| a.values[row * down + at * across]);
                let (product_blocks, product_rest) = product.as_chunks_mut::<LANES>();
                for (block, entries) in product_blocks.iter_mut().enumerate() {
                    let mut sums = if accumulate == Accum::Add { *entries } else { [0.0; LANES] };
                    for at in 0..INNER {
                        let b = &blocks[at][block];
                        for lane in 0..LANES {
                            sums[lane] += factors[at] * b[lane];
                        }
                    }
                    *entries = sums;
                }
                for (column, entry) in product_rest.iter_mut().enumerate() {
                    let mut sum = if accumulate == Accum::Add { *entry } else { 0.0 };
                    for at in 0..INNER {
                        sum += factors[at] * b[at][rest + column];
                    }
                    *entry = sum;
                }
            }
        },
    );
}

/// a b row by row, where rows are few and b is row-major.
fn few_rows(a: Factor<'_>, b: Factor<'_>) -> Vec<f32> {
    match a.dims[0] {
        1 => sums_of_rows::<1>(a, b),
        2 => sums_of_rows::<2>(a, b),
        3 => sums_of_rows::<3>(a, b),
        _ => sums_of_rows::<THIN>(a, b),
    }
}

/// The rows of b, summed up with the few factors of each.
fn sums_of_rows<const ROWS: usize>(a: Factor<'_>, b: Factor<'_>) -> Vec<f32> {
    let ([down, across], [inner, columns]) = (a.strides(), b.dims);
    let mut product = vec![0.0; ROWS * columns];
    // As many columns at a time as leave the sums in registers.
    const WIDTH: usize = 4 * LANES;
    let wide = columns - columns % WIDTH;
    vectorized(
        #[inline(always)]
        || {
            for start in (0..wide).step_by(WIDTH) {
                let mut sums = [[0.0_f32; WIDTH]; ROWS];
                for at in 0..inner {
                    let b = &b.values[at * columns + start..][..WIDTH];
                    for (row, sums) in sums.iter_mut().enumerate() {
                        let factor = a.values[row * down + at * across];
                        for lane in 0..WIDTH {
                            sums[lane] += factor * b[lane];
                        }
                    }
                }
                for (row, sums) in sums.iter().enumerate() {
                    product[row * columns + start..][..WIDTH].copy_from_slice(sums);
                }
            }
            if wide == columns {
                return;
            }
            for (at, b) in b.values.chunks_exact(columns).enumerate() {
                for row in 0..ROWS {
                    let factor = a.values[row * down + at * across];
                    let sums = &mut product[row * columns..][..columns];
                    sums[wide..].iter_mut().zip(&b[wide..]).for_each(|(sum, b)| *sum += factor * b);
                }
            }
        },
    );
    product
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(values: &[f32], dims: [usize; 2], order: Order) -> Factor<'_> {
        Factor { values, dims, order }
    }

    fn entry(matrix: Factor<'_>, row: usize, column: usize) -> f64 {
        let [rows, columns] = matrix.dims;
        f64::from(match matrix.order {
            Order::RowMajor => matrix.values[row * columns + column],
            Order::ColumnMajor => matrix.values[column * rows + row],
        })
    }

    #[test]
    fn thin_products_are_the_sums_that_they_stand_for() {
        let numbers: Vec<f32> = (0..10_000).map(|at| ((at * 37 % 101) as f32 - 50.0) / 16.0).collect();
        let orders = [Order::RowMajor, Order::ColumnMajor];
        let shapes = [
            ([40, 2, 64], 4),
            ([40, 1, 19], 4),
            ([5, 3, 20], 4),
            ([30, 4, 70], 4),
            ([2, 2, 64], 4),
            ([2, 70, 133], 2),
            ([4, 90, 16], 2),
            ([1, 5, 77], 2),
            ([33, 70, 2], 2),
            ([64, 17, 3], 2),
            ([50, 16, 4], 2),
            ([7, 2, 2], 0),
            ([1, 1, 1], 0),
        ];
        for ([rows, inner, columns], expected) in shapes {
            let mut multiplied = 0;
            for (a_order, b_order) in orders.iter().flat_map(|a| orders.map(|b| (*a, b))) {
                let a = factor(&numbers[..rows * inner], [rows, inner], a_order);
                let b = factor(&numbers[7..][..inner * columns], [inner, columns], b_order);
                for accumulate in [Accum::Replace, Accum::Add] {
                    let mut product = vec![3.0; rows * columns];
                    let is_thin = multiply(&mut product, accumulate, a, b);
                    multiplied += usize::from(is_thin);
                    for (at, &found) in product.iter().enumerate() {
                        let (row, column) = (at / columns, at % columns);
                        let sum: f64 = (0..inner).map(|at| entry(a, row, at) * entry(b, at, column)).sum();
                        let wanted = match accumulate {
                            _ if !is_thin => 3.0,
                            Accum::Replace => sum,
                            Accum::Add => 3.0 + sum,
                        };
                        let places = [rows, inner, columns, row, column];
                        assert!((f64::from(found) - wanted).abs() < 1e-3, "{places:?}: {found}, wanted {wanted}");
                    }
                }
            }
            assert_eq!(multiplied, 2 * expected, "orders in which {rows} × {inner} × {columns} is thin");
        }
    }

    #[test]
    fn other_products_are_left_alone() {
        let numbers = [1.0; 25];
        let square = factor(&numbers, [5, 5], Order::RowMajor);
        let mut product = vec![2.0; 25];
        assert!(!multiply(&mut product, Accum::Replace, square, square));
        assert_eq!(product, [2.0; 25]);
        let mut product = vec![2.0; 100];
        let none = |rows, columns| factor(&[], [rows, columns], Order::RowMajor);
        assert!(!multiply(&mut product, Accum::Replace, none(5, 0), none(0, 20)), "a sum of nothing");
        assert!(multiply(&mut product[..40], Accum::Replace, none(2, 0), none(0, 20)));
        assert_eq!(product[..40], [0.0; 40]);
    }
}
