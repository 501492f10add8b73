//! Lines of equal value on a regular grid, by marching squares.

use std::collections::HashMap;

/// A line of equal value; a closed one ends where it began. Points are fractions of the grid's sides, the second upwards.
pub type ContourLine = Vec<[f32; 2]>;

/// Edges of a cell, from the lower left corner on.
#[derive(Clone, Copy)]
enum Edge {
    Bottom,
    Right,
    Top,
    Left,
}

/// Where `values`, row-major `[side, side]` with rows ascending, cross `level`. Between neighbouring points values are taken to be linear.
pub(super) fn contour(values: &[f32], side: usize, level: f32) -> Vec<ContourLine> {
    if side < 2 || values.len() != side * side {
        return Vec::new();
    }
    // Which crossed edges are connected through a cell; an edge has two cells at most.
    let mut links: HashMap<usize, [Option<usize>; 2]> = HashMap::new();
    for row in 0..side - 1 {
        for column in 0..side - 1 {
            for [a, b] in connections(values, side, level, row, column).into_iter().flatten() {
                let [a, b] = [a, b].map(|edge| edge_id(edge, side, row, column));
                for (from, to) in [(a, b), (b, a)] {
                    let places = links.entry(from).or_default();
                    places[usize::from(places[0].is_some())] = Some(to);
                }
            }
        }
    }
    // Lines that end at the border begin there; what is left is closed.
    let mut starts: Vec<usize> = links.keys().copied().collect();
    starts.sort_unstable_by_key(|edge| (links[edge][1].is_some(), *edge));
    let mut lines = Vec::new();
    for start in starts {
        let mut line = Vec::new();
        let mut next = Some(start);
        while let Some((edge, ends)) = next.and_then(|edge| links.remove_entry(&edge)) {
            line.push(crossing(values, side, level, edge));
            let is_closed = |end: usize| line.len() > 2 && end == start;
            let open = ends.into_iter().flatten().find(|end| links.contains_key(end));
            if open.is_none() && ends.into_iter().flatten().any(is_closed) {
                line.push(line[0]);
            }
            next = open;
        }
        if line.len() > 1 {
            lines.push(line);
        }
    }
    lines
}

/// Pairs of edges that a line connects within a cell.
fn connections(values: &[f32], side: usize, level: f32, row: usize, column: usize) -> [Option<[Edge; 2]>; 2] {
    use Edge::{Bottom, Left, Right, Top};
    let at = row * side + column;
    let corners = [values[at], values[at + 1], values[at + side + 1], values[at + side]];
    let inside = corners.map(|value| value >= level);
    let mut crossed = [Bottom, Right, Top, Left].into_iter().enumerate();
    let mut next = || crossed.find(|(edge, _)| inside[*edge] != inside[(edge + 1) % 4]).map(|(_, edge)| edge);
    match [next(), next(), next()] {
        [Some(a), Some(b), None] => [Some([a, b]), None],
        // A saddle: the middle tells which corners belong together.
        [Some(_), ..] if (corners.iter().sum::<f32>() / 4.0 >= level) == inside[0] => {
            [Some([Bottom, Right]), Some([Top, Left])]
        }
        [Some(_), ..] => [Some([Left, Bottom]), Some([Right, Top])],
        [None, ..] => [None, None],
    }
}

/// Horizontal edges are even, vertical ones odd; both count from the point at their lower left end.
fn edge_id(edge: Edge, side: usize, row: usize, column: usize) -> usize {
    match edge {
        Edge::Bottom => 2 * (row * side + column),
        Edge::Top => 2 * ((row + 1) * side + column),
        Edge::Left => 2 * (row * side + column) + 1,
        Edge::Right => 2 * (row * side + column + 1) + 1,
    }
}

fn crossing(values: &[f32], side: usize, level: f32, edge: usize) -> [f32; 2] {
    let (point, is_vertical) = (edge / 2, edge % 2 == 1);
    let [from, to] = [values[point], values[point + if is_vertical { side } else { 1 }]];
    let part = ((level - from) / (to - from)).clamp(0.0, 1.0);
    let (x, y) = ((point % side) as f32, (point / side) as f32);
    let last = (side - 1) as f32;
    if is_vertical { [x / last, (y + part) / last] } else { [(x + part) / last, y / last] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(side: usize, value: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        let at = |index: usize| 2.0 * index as f32 / (side - 1) as f32 - 1.0;
        (0..side * side).map(|point| value(at(point % side), at(point / side))).collect()
    }

    #[test]
    fn the_contour_of_a_cone_is_one_closed_circle() {
        let values = grid(41, |x, y| -x.hypot(y));
        let lines = contour(&values, 41, -0.5);
        assert_eq!(lines.len(), 1);
        let line = &lines[0];
        assert_eq!(line.first(), line.last());
        for [x, y] in line {
            let radius = (2.0 * x - 1.0).hypot(2.0 * y - 1.0);
            assert!((radius - 0.5).abs() < 2e-3, "{radius}");
        }
        let length: f32 = line.windows(2).map(|pair| (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1])).sum();
        assert!((length - 0.5 * std::f32::consts::PI).abs() < 0.01, "{length}");
    }

    #[test]
    fn a_straight_line_ends_at_the_border() {
        let lines = contour(&grid(9, |x, y| x + 0.5 * y), 9, 0.1);
        assert_eq!(lines.len(), 1);
        let ends = [lines[0][0], *lines[0].last().unwrap()];
        assert!(ends.iter().all(|[_, y]| *y == 0.0 || *y == 1.0), "{ends:?}");
        for [x, y] in &lines[0] {
            assert!(((2.0 * x - 1.0) + 0.5 * (2.0 * y - 1.0) - 0.1).abs() < 1e-5);
        }
    }

    #[test]
    fn two_hills_have_two_contours_and_a_plain_has_none() {
        let hill = |x: f32, y: f32| (-20.0 * (x * x + y * y)).exp();
        let values = grid(61, |x, y| hill(x - 0.5, y - 0.5) + hill(x + 0.5, y + 0.5));
        assert_eq!(contour(&values, 61, 0.5).len(), 2);
        assert!(contour(&[1.0; 9], 3, 1.0).is_empty());
        assert!(contour(&[1.0], 1, 0.5).is_empty());
    }

    #[test]
    fn a_saddle_is_cut_by_its_middle() {
        // Opposite corners are high; the middle, 0.5, is below the level.
        let lines = contour(&[1.0, 0.0, 0.0, 1.0], 2, 0.6);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() == 2));
        let near = |line: &ContourLine, corner: [f32; 2]| {
            line.iter().all(|[x, y]| (x - corner[0]).abs() + (y - corner[1]).abs() < 0.5)
        };
        assert!(lines.iter().any(|line| near(line, [0.0, 0.0])) && lines.iter().any(|line| near(line, [1.0, 1.0])));
    }
}
