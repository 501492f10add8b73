//! Catmull-Rom interpolation of values on a lattice: what is drawn between the points of a [`super::LikelihoodMap`].
//!
//! In the cells at an edge, the missing neighbour is continued quadratically from the three nearest points, v₋₁ = 3v₀ − 3v₁ + v₂: a
//! neighbour that repeats the edge would bend a straight line.

/// Values at the points of a line, or row-major of a square with as many points per axis.
#[derive(Clone, Copy, Debug)]
pub struct Lattice<'a> {
    /// `[side]` or `[side, side]`.
    pub values: &'a [f32],
    /// Points per axis, at least 4.
    pub side: usize,
}

/// A cell's first point along each axis; 0 along the second axis of a line.
type Cell = [usize; 2];

/// Weights of the four points from the first on, along one axis.
fn weights(place: f64, side: usize) -> (usize, [f64; 4]) {
    let cell = place.floor().clamp(0.0, (side - 2) as f64);
    let t = place - cell;
    let (t2, t3) = (t * t, t * t * t);
    let [before, left, right, after] = [
        0.5 * (2.0 * t2 - t - t3),
        0.5 * (2.0 - 5.0 * t2 + 3.0 * t3),
        0.5 * (t + 4.0 * t2 - 3.0 * t3),
        0.5 * (t3 - t2),
    ];
    let cell = cell as usize;
    if cell == 0 {
        (0, [left + 3.0 * before, right - 3.0 * before, after + before, 0.0])
    } else if cell == side - 2 {
        (side - 4, [0.0, before + after, left - 3.0 * after, right + 3.0 * after])
    } else {
        (cell - 1, [before, left, right, after])
    }
}

impl Lattice<'_> {
    fn is_line(&self) -> bool {
        self.values.len() == self.side
    }

    /// Value at a place in units of the lattice, from 0 to side − 1: along a row, then across rows (left out of account on a line).
    pub fn at(&self, place: [f64; 2]) -> f64 {
        let (first, across) = weights(place[0], self.side);
        let row = |start: usize| {
            let values = &self.values[start + first..][..4];
            values.iter().zip(across).map(|(&value, weight)| weight * f64::from(value)).sum::<f64>()
        };
        if self.is_line() {
            return row(0);
        }
        let (top, down) = weights(place[1], self.side);
        (0..4).map(|step| down[step] * row((top + step) * self.side)).sum()
    }

    /// The values of a square lattice that is `factor` times as fine, `[factor (side − 1) + 1]²`; every `factor`-th is as it was.
    pub fn refined(&self, factor: usize) -> Vec<f32> {
        let finer = factor * (self.side - 1) + 1;
        let taps: Vec<_> = (0..finer).map(|at| weights(at as f64 / factor as f64, self.side)).collect();
        let sum = |weights: [f64; 4], value: &dyn Fn(usize) -> f32| {
            (0..4).map(|step| weights[step] as f32 * value(step)).sum::<f32>()
        };
        let mut rows = Vec::with_capacity(self.side * finer);
        for row in self.values.chunks(self.side) {
            rows.extend(taps.iter().map(|&(first, across)| sum(across, &|step| row[first + step])));
        }
        let mut refined = Vec::with_capacity(finer * finer);
        for &(first, down) in &taps {
            refined.extend((0..finer).map(|column| sum(down, &|step| rows[(first + step) * finer + column])));
        }
        refined
    }

    /// How strongly values bend within a cell: third differences, to which the error of the interpolation is proportional where a
    /// surface is smooth.
    fn roughness(&self, [column, row]: Cell) -> f64 {
        let third = |at: usize, cell: usize, stride: usize| {
            let first = at - cell * stride + cell.clamp(1, self.side - 3) * stride - stride;
            let [a, b, c, d] = [0, 1, 2, 3].map(|step| f64::from(self.values[first + step * stride]));
            (d - 3.0 * c + 3.0 * b - a).abs()
        };
        let at = row * self.side + column;
        if self.is_line() {
            return third(at, column, 1);
        }
        let along = third(at, column, 1).max(third(at + self.side, column, 1));
        let across = third(at, row, self.side).max(third(at + 1, row, self.side));
        along + across
    }

    /// Places between the points at which the interpolation is worth checking, in units of the lattice: `count` of them in the cells
    /// that bend most, as many again spread over all. Only cells with their centre where `is_counted` says so.
    pub fn checks(&self, count: usize, is_counted: impl Fn([f64; 2]) -> bool) -> Vec<[f64; 2]> {
        let cells = self.side - 1;
        let rows = if self.is_line() { 1 } else { cells };
        let mut candidates: Vec<(f64, Cell)> = (0..rows * cells)
            .map(|index| [index % cells, index / cells])
            .filter(|&[column, row]| is_counted([column as f64 + 0.5, row as f64 + 0.5]))
            .map(|cell| (self.roughness(cell), cell))
            .collect();
        let within = |[column, row]: Cell, [x, y]: [f64; 2]| [column as f64 + x, row as f64 + y];
        let stride = (candidates.len() / count.max(1)).max(1);
        let spread = candidates.iter().step_by(stride).enumerate().map(|(at, &(_, cell))| {
            // A sequence of low discrepancy (the plastic number's), so that all parts of a cell are met.
            let fraction = |step: f64| (0.5 + step * at as f64).fract();
            within(cell, [fraction(0.754_877_666), fraction(0.569_840_291)])
        });
        let mut places: Vec<[f64; 2]> = spread.collect();
        candidates.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        for &(_, cell) in candidates.iter().take(count / 2) {
            // The slopes of Catmull-Rom are off by a third derivative, which shows most at (3 − √3)/6 of a cell.
            places.push(within(cell, [0.211, 0.211]));
            places.push(within(cell, [0.211, 0.789]));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finer_lattice_is_the_interpolation_at_its_points() {
        let values: Vec<f32> = (0..36).map(|at| ((at * 7) % 11) as f32).collect();
        let lattice = Lattice { values: &values, side: 6 };
        let finer = lattice.refined(3);
        assert_eq!(finer.len(), 16 * 16);
        for (at, value) in finer.iter().enumerate() {
            let place = [at % 16, at / 16].map(|at| at as f64 / 3.0);
            assert!((f64::from(*value) - lattice.at(place)).abs() < 1e-4, "{place:?}");
        }
        assert_eq!(finer[3 * 16 + 6], values[6 + 2]);
    }
}
