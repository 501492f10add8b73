//! Curves of any length in bounded memory: old points are merged into buckets that keep minimum, maximum and mean.

use crate::measure::Measures;
use serde::{Deserialize, Serialize};

/// Buckets kept per curve; when full, neighbours are merged and buckets become twice as wide.
pub const LARGEST_HISTORY: usize = 2048;

/// One quantity over steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    points_per_bucket: u32,
    buckets: Vec<Bucket>,
    open: Option<Bucket>,
}

/// Neighbouring points of a [`Series`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// Step of the last point.
    pub step: u64,
    /// Smallest value.
    pub min: f32,
    /// Largest value.
    pub max: f32,
    /// Mean value.
    pub mean: f32,
    /// Points merged.
    pub count: u32,
}

impl Default for Series {
    fn default() -> Self {
        Self { points_per_bucket: 1, buckets: Vec::new(), open: None }
    }
}

impl Bucket {
    fn of(step: u64, value: f32) -> Self {
        Self { step, min: value, max: value, mean: value, count: 1 }
    }

    fn merge(self, later: Self) -> Self {
        let count = self.count + later.count;
        let weight = later.count as f32 / count as f32;
        Self {
            step: later.step,
            min: self.min.min(later.min),
            max: self.max.max(later.max),
            mean: self.mean + weight * (later.mean - self.mean),
            count,
        }
    }
}

impl Series {
    /// Appends a point; steps ascend. Values that are not finite are left out.
    pub fn push(&mut self, step: u64, value: f32) {
        if !value.is_finite() {
            return;
        }
        let point = Bucket::of(step, value);
        let merged = self.open.map_or(point, |open| open.merge(point));
        if merged.count < self.points_per_bucket {
            self.open = Some(merged);
            return;
        }
        self.open = None;
        self.buckets.push(merged);
        if self.buckets.len() >= LARGEST_HISTORY {
            self.buckets =
                self.buckets.chunks(2).filter_map(|pair| pair.iter().copied().reduce(Bucket::merge)).collect();
            self.points_per_bucket *= 2;
        }
    }

    /// Forgets everything after a step; a bucket that reaches beyond it goes as a whole.
    pub fn truncate(&mut self, step: u64) {
        self.buckets.retain(|bucket| bucket.step <= step);
        self.open = self.open.filter(|open| open.step <= step);
    }

    /// Buckets in the order of steps; the last one may still be filling.
    pub fn buckets(&self) -> impl Iterator<Item = Bucket> + '_ {
        self.buckets.iter().copied().chain(self.open)
    }

    /// Those from one step to another, both included; without the newest, while it is being filled.
    pub fn buckets_in(&self, first: f64, last: f64) -> &[Bucket] {
        let start = self.buckets.partition_point(|bucket| (bucket.step as f64) < first);
        let end = self.buckets.partition_point(|bucket| bucket.step as f64 <= last);
        &self.buckets[start..end.max(start)]
    }

    /// Those from one step to another and a neighbour on each side.
    pub fn buckets_around(&self, first: f64, last: f64) -> impl Iterator<Item = Bucket> + '_ {
        let start = self.buckets.partition_point(|bucket| (bucket.step as f64) < first).saturating_sub(1);
        let end = self.buckets.partition_point(|bucket| bucket.step as f64 <= last);
        let open = self.open.filter(|_| end == self.buckets.len());
        self.buckets[start..(end + 1).min(self.buckets.len()).max(start)].iter().copied().chain(open)
    }

    /// The newest bucket.
    pub fn last(&self) -> Option<Bucket> {
        self.open.or_else(|| self.buckets.last().copied())
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty() && self.open.is_none()
    }
}

/// Where training is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Optimizer steps taken.
    pub step: u64,
    /// Over the last second or so of training.
    pub steps_per_second: f64,
    /// Time spent taking steps.
    pub seconds: f64,
}

/// Training-batch values of one step, nats per example.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// Optimizer step, from 1.
    pub step: u64,
    /// Reconstruction + KL, β left out.
    pub negative_elbo: f32,
    /// −E_q log p(x|z), one sample.
    pub reconstruction: f32,
    /// KL(q(z|x) ‖ p(z)), summed over dimensions.
    pub kl: f32,
}

/// A periodic evaluation over the evaluation pool.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Optimizer steps taken.
    pub step: u64,
    /// What was measured.
    pub measures: Measures,
}

/// All curves of one variant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// Training batch: reconstruction + KL, nats per example.
    pub negative_elbo: Series,
    /// Training batch: −E_q log p(x|z), nats per example.
    pub reconstruction: Series,
    /// Training batch: KL to the prior, nats per example.
    pub kl: Series,
    /// Evaluation pool: mutual information of x and z under q, nats.
    pub mutual_information: Series,
    /// Every periodic evaluation, thinned to every second one when there are too many.
    pub evaluations: Vec<Evaluation>,
}

impl History {
    /// Appends one step's values.
    pub fn push(&mut self, point: &CurvePoint) {
        self.negative_elbo.push(point.step, point.negative_elbo);
        self.reconstruction.push(point.step, point.reconstruction);
        self.kl.push(point.step, point.kl);
    }

    /// Forgets everything after a step.
    pub fn truncate(&mut self, step: u64) {
        for series in [&mut self.negative_elbo, &mut self.reconstruction, &mut self.kl, &mut self.mutual_information] {
            series.truncate(step);
        }
        self.evaluations.retain(|evaluation| evaluation.step <= step);
    }

    /// Appends a periodic evaluation.
    pub fn push_evaluation(&mut self, evaluation: Evaluation) {
        self.mutual_information.push(evaluation.step, evaluation.measures.mutual_information);
        self.evaluations.push(evaluation);
        if self.evaluations.len() >= LARGEST_HISTORY {
            // Of each pair the later one stays, so that the newest is never dropped.
            let mut keep = true;
            self.evaluations.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_between_steps() {
        let mut series = Series::default();
        assert!(series.buckets_in(0.0, 9.0).is_empty() && series.buckets_around(0.0, 9.0).next().is_none());
        (1..=100).for_each(|step| series.push(step, 1.0));
        let steps =
            |first, last| -> Vec<u64> { series.buckets_around(first, last).map(|bucket| bucket.step).collect() };
        assert_eq!(series.buckets_in(10.0, 12.0).iter().map(|bucket| bucket.step).collect::<Vec<_>>(), [10, 11, 12]);
        assert_eq!(steps(10.0, 12.0), [9, 10, 11, 12, 13]);
        assert_eq!(steps(99.5, 200.0), [99, 100]);
        assert!(series.buckets_in(90.0, 10.0).is_empty() && series.buckets_in(0.0, f64::NAN).is_empty());
        assert!(steps(90.0, 10.0).len() <= 1 && steps(50.0, f64::NAN).len() <= 1);
    }
}
