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
    let mut open: Option<(i64, Bucket, f64)> = None;
    let mut before = None;
    for bucket in series.buckets() {
        let step = bucket.step as f64;
        if step < first {
            before = Some(bucket);
            continue;
        }
        if let Some(bucket) = before.take() {
            merged.push(column(bucket, f64::from(bucket.mean) * f64::from(bucket.count)));
        }
        let place = ((step - first) / width) as i64;
        let sum = f64::from(bucket.mean) * f64::from(bucket.count);
        open = Some(match open {
            Some((same, old, total)) if same == place => (place, join(old, bucket), total + sum),
            other => {
                merged.extend(other.map(|(_, old, total)| column(old, total)));
                (place, bucket, sum)
            }
        });
        if step > last {
            break;
        }
    }
    merged.extend(open.map(|(_, bucket, total)| column(bucket, total)));
    merged
}

fn join(a: Bucket, b: Bucket) -> Bucket {
    Bucket { step: b.step, min: a.min.min(b.min), max: a.max.max(b.max), mean: a.mean, count: a.count + b.count }
}

fn column(bucket: Bucket, total: f64) -> Column {
    let mean = (total / f64::from(bucket.count.max(1))) as f32;
    Column { step: bucket.step as f64, min: bucket.min, max: bucket.max, mean }
}

/// The bucket nearest to a step.
pub(super) fn nearest(series: &Series, step: f64) -> Option<Bucket> {
    let distance = |bucket: &Bucket| (bucket.step as f64 - step).abs();
    series.buckets().min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// Range of the means after a first part of `warm_up` steps, without the lowest and highest fiftieth; of all means while there
/// is nothing after it. The first steps of a training are often a hundred times the rest and would flatten it.
pub(super) fn typical_range(series: &[&Series], first: f64, last: f64, warm_up: f64) -> Option<(f32, f32)> {
    let within = |from: f64| -> Vec<f32> {
        let buckets = series.iter().flat_map(|series| series.buckets());
        buckets.filter(|bucket| (from..=last).contains(&(bucket.step as f64))).map(|bucket| bucket.mean).collect()
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
