//! Curves brought to the width of a screen: never more points than there are columns of pixels.

use crate::train::history::{Bucket, Series};

/// One column of pixels: step, and the smallest, largest and mean value around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Column {
    pub step: f64,
    pub min: f32,
    pub max: f32,
    pub mean: f32,
}

/// Merges the buckets between two steps into at most `columns` columns. A neighbour on each side is kept, so that lines reach the edges.
pub(super) fn columns(series: &Series, first: f64, last: f64, columns: usize) -> Vec<Column> {
    let width = ((last - first) / columns.max(1) as f64).max(f64::MIN_POSITIVE);
    let mut merged: Vec<Column> = Vec::with_capacity(columns + 2);
    // Of the column that is being filled: where it ends, the sum of its values, and their number.
    let (mut edge, mut sum, mut count) = (f64::NEG_INFINITY, 0.0, 0.0);
    for bucket in series.buckets_around(first, last) {
        let (step, weight) = (bucket.step as f64, f64::from(bucket.count));
        match merged.last_mut() {
            Some(column) if step < edge => {
                (sum, count) = (sum + weight * f64::from(bucket.mean), count + weight);
                let (min, max) = (column.min.min(bucket.min), column.max.max(bucket.max));
                *column = Column { step, min, max, mean: (sum / count) as f32 };
            }
            _ => {
                (sum, count) = (weight * f64::from(bucket.mean), weight);
                merged.push(Column { step, min: bucket.min, max: bucket.max, mean: bucket.mean });
                // What lies before the first column is a column of its own.
                edge = if step < first { first } else { first + (((step - first) / width).floor() + 1.0) * width };
            }
        }
    }
    merged
}

/// The bucket nearest to a step.
pub(super) fn nearest(series: &Series, step: f64) -> Option<Bucket> {
    let distance = |bucket: &Bucket| (bucket.step as f64 - step).abs();
    series.buckets().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Buckets of each series that a range is judged by: more would not move it visibly.
const JUDGED: usize = 256;

/// Range of the means after a first part of `warm_up` steps, without the lowest and highest fiftieth; of all means while there
/// is nothing after it. The first steps of a training are often a hundred times the rest and would flatten it.
pub(super) fn typical_range(series: &[&Series], first: f64, last: f64, warm_up: f64) -> Option<(f32, f32)> {
    let within = |from: f64| -> Vec<f32> {
        let closed = series.iter().flat_map(|series| spread(series.buckets_in(from, last), JUDGED));
        // The newest may be all that there is.
        let newest = series.iter().filter_map(|series| series.last());
        let newest = newest.filter(|newest| (from..=last).contains(&(newest.step as f64)));
        closed.copied().chain(newest).map(|bucket| bucket.mean).collect()
    };
    let mut values = within(first.max(warm_up));
    if values.len() < 8 {
        values = within(first);
    }
    if values.is_empty() {
        return None;
    }
    let end = values.len() - 1;
    let [low, high] = [end / 50, end - end / 50].map(|at| *values.select_nth_unstable_by(at, f32::total_cmp).1);
    Some((low, high))
}

/// About `count` of many items, spread over all of them: at irregular distances, so that no rhythm of theirs is met.
fn spread<T>(items: &[T], count: usize) -> impl Iterator<Item = &T> {
    // Multiples of the golden ratio, modulo 1, fill the unit interval evenly.
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let is_few = items.len() <= count;
    let number = items.len().min(count);
    (0..number).map(move |at| {
        let at = if is_few { at } else { ((at as f64 * GOLDEN).fract() * items.len() as f64) as usize };
        &items[at]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(count: u64) -> Series {
        let mut series = Series::default();
        (1..=count).for_each(|step| series.push(step, if step < 20 { 1000.0 } else { (step % 10) as f32 }));
        series
    }

    #[test]
    fn no_more_points_than_columns() {
        let series = series(1000);
        let points = columns(&series, 0.0, 1000.0, 100);
        assert!(points.len() <= 102, "{}", points.len());
        assert!(points.windows(2).all(|pair| pair[0].step < pair[1].step));
        let late = points[points.len() / 2];
        assert_eq!((late.min, late.max), (0.0, 9.0));
        assert!((late.mean - 4.5).abs() < 0.01);
    }

    #[test]
    fn a_part_of_the_curve_keeps_a_neighbour_on_each_side() {
        let points = columns(&series(100), 40.0, 60.0, 500);
        assert_eq!(points.first().map(|point| point.step), Some(39.0));
        assert_eq!(points.last().map(|point| point.step), Some(61.0));
    }

    #[test]
    fn the_first_steps_do_not_set_the_range() {
        let series = series(1000);
        assert_eq!(typical_range(&[&series], 0.0, 1000.0, 30.0), Some((0.0, 9.0)));
        assert_eq!(typical_range(&[&Series::default()], 0.0, 10.0, 1.0), None);
    }

    #[test]
    fn the_nearest_bucket_answers_for_a_step() {
        assert_eq!(nearest(&series(50), 33.4).map(|bucket| bucket.step), Some(33));
    }
}
