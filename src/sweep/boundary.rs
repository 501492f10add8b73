//! Lines at which a whole-numbered function of the plane changes: marching squares, each crossing found by bisection; and the cells next to one.

/// Bisections of an edge that a line crosses: a 128th of a cell at the usual resolution.
const BISECTIONS: usize = 4;
/// Nodes along an axis, about; and how many a cell has at least and at most.
const NODES: usize = 96;
const DIVISIONS: [usize; 2] = [2, 8];

/// How far from a line a cell's point must be for theory to be held against it: a quarter of the cell, along both axes.
pub const NEAR: f64 = 0.25;

/// Where a number of active dimensions is reached, in places counted in cells (see [`super::Axis::at`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// On one side there are at least as many active dimensions, on the other fewer.
    pub count: usize,
    /// Pieces of the line, from (x, y) to (x, y).
    pub segments: Vec<[[f64; 2]; 2]>,
}

/// Places of nodes along an axis of `cells` cells, from half a cell before the first to half a cell behind the last.
struct Nodes {
    cells: usize,
    divisions: usize,
}

impl Nodes {
    fn new(cells: usize) -> Self {
        // An even number puts a node at the middle of every cell.
        let divisions = (NODES / cells.max(1)).clamp(DIVISIONS[0], DIVISIONS[1]) / 2 * 2;
        Self { cells, divisions }
    }

    fn len(&self) -> usize {
        self.cells * self.divisions + 1
    }

    fn place(&self, node: usize) -> f64 {
        node as f64 / self.divisions as f64 - 0.5
    }
}

/// The lines between different values of `count` over so many cells along x and y. `count` may have no value somewhere, and no line goes there.
pub fn lines_of(size: [usize; 2], mut count: impl FnMut(f64, f64) -> Option<usize>) -> Vec<Line> {
    let [x, y] = size.map(Nodes::new);
    let mut counts = Vec::with_capacity(x.len() * y.len());
    for at_x in 0..x.len() {
        counts.extend((0..y.len()).map(|at_y| count(x.place(at_x), y.place(at_y))));
    }
    let at = |node: [usize; 2]| counts[node[0] * y.len() + node[1]];

    let highest = counts.iter().flatten().copied().max().unwrap_or(0);
    let lowest = counts.iter().flatten().copied().min().unwrap_or(0);
    let mut lines = Vec::new();
    for threshold in lowest + 1..=highest {
        let mut segments = Vec::new();
        for node_x in 0..x.len() - 1 {
            for node_y in 0..y.len() - 1 {
                // Around the square: each corner with the next.
                let corners = [[node_x, node_y], [node_x + 1, node_y], [node_x + 1, node_y + 1], [node_x, node_y + 1]];
                let Some(inside) = corners.iter().map(|node| Some(at(*node)? >= threshold)).collect::<Option<Vec<_>>>()
                else {
                    continue;
                };
                if inside.iter().all(|is_inside| *is_inside == inside[0]) {
                    continue;
                }
                let place = |node: [usize; 2]| [x.place(node[0]), y.place(node[1])];
                let mut crossings = Vec::new();
                for corner in 0..4 {
                    let next = (corner + 1) % 4;
                    if inside[corner] != inside[next] {
                        let (within, without) = if inside[corner] { (corner, next) } else { (next, corner) };
                        let ends = [place(corners[within]), place(corners[without])];
                        crossings.push(crossing(ends, threshold, &mut count));
                    }
                }
                segments.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
            }
        }
        lines.push(Line { count: threshold, segments });
    }
    lines
}

/// By index of the cell (along x first): whether `value` changes within [`NEAR`] of its point, so that a small error of training may tip it.
///
/// Along an axis of whole numbers (`is_whole`) there is nothing between the cells. Places without a value change nothing.
pub fn near_ties<T: PartialEq>(
    size: [usize; 2],
    is_whole: [bool; 2],
    mut value: impl FnMut(f64, f64) -> Option<T>,
) -> Vec<bool> {
    let steps = is_whole.map(|is_whole| if is_whole { &[0.0][..] } else { &[-NEAR, 0.0, NEAR][..] });
    let mut near = vec![false; size[0] * size[1]];
    for (index, near) in near.iter_mut().enumerate() {
        let (x, y) = ((index % size[0]) as f64, (index / size[0]) as f64);
        let Some(here) = value(x, y) else { continue };
        let around = steps[0].iter().flat_map(|dx| steps[1].iter().map(move |dy| [x + dx, y + dy]));
        *near = around.into_iter().any(|[x, y]| value(x, y).is_some_and(|there| there != here));
    }
    near
}

/// Where between a place with at least `threshold` and one with fewer the line passes.
fn crossing(ends: [[f64; 2]; 2], threshold: usize, count: &mut impl FnMut(f64, f64) -> Option<usize>) -> [f64; 2] {
    let [mut within, mut without] = ends;
    let middle = |a: [f64; 2], b: [f64; 2]| [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
    for _ in 0..BISECTIONS {
        let between = middle(within, without);
        match count(between[0], between[1]) {
            Some(value) if value >= threshold => within = between,
            _ => without = between,
        }
    }
    middle(within, without)
}
