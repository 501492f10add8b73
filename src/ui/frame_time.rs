//! The window thread's own time per frame: message handling, layout and panels, without waiting for the GPU or the screen. And how long
//! a person waited for the first frame and the first trained step.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Shortest time between two frames that trainers, and panels that follow them, ask for.
pub(super) const WAKE_AFTER: Duration = Duration::from_millis(16);

/// Frames kept: half a minute at 30 per second.
const KEPT: usize = 1024;

/// First frames left out: fonts are laid out and pipelines built in them, once.
const WARM_UP: u64 = 10;

/// A ring of frame times.
#[derive(Clone, Debug, Default)]
pub struct FrameTimes {
    kept: VecDeque<f32>,
    logic: Duration,
    total: u64,
}

/// Percentiles over the kept frames, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FrameTimeSummary {
    /// Median.
    pub p50: f32,
    /// 99th percentile.
    pub p99: f32,
    /// Largest.
    pub max: f32,
    /// Frames these are taken over.
    pub frames: usize,
}

/// How long a person waited at the start.
#[derive(Clone, Copy, Debug)]
pub struct StartTimes {
    started: Instant,
    /// Step that training began at: not 0 of a saved session.
    began_at: Option<u64>,
    first_frame: Option<Duration>,
    first_step: Option<Duration>,
}

impl StartTimes {
    /// Of a program that started at a time.
    pub fn since(started: Instant) -> Self {
        Self { started, began_at: None, first_frame: None, first_step: None }
    }

    /// Notes, before a frame, whether one was there before it, which has been handed to the screen by now, and how far training is.
    pub fn note(&mut self, frames: u64, step: Option<u64>) {
        let now = self.started.elapsed();
        if frames > 0 {
            self.first_frame.get_or_insert(now);
        }
        if let Some(step) = step
            && step > *self.began_at.get_or_insert(step)
        {
            self.first_step.get_or_insert(now);
        }
    }

    /// From the start of the program to the first frame, and from there to the first trained step, once both are known.
    pub fn waits(&self) -> Option<(Duration, Duration)> {
        let (frame, step) = (self.first_frame?, self.first_step?);
        Some((frame, step.saturating_sub(frame)))
    }
}

impl FrameTimes {
    /// Notes the time since `start` as spent on messages, for the frame that follows.
    pub fn end_logic(&mut self, start: Instant) {
        self.logic += start.elapsed();
    }

    /// Ends a frame whose layout began at `start`.
    pub fn end_frame(&mut self, start: Instant) {
        let time = start.elapsed() + std::mem::take(&mut self.logic);
        self.total += 1;
        if self.total > WARM_UP {
            self.push(time.as_secs_f32() * 1e3);
        }
    }

    fn push(&mut self, milliseconds: f32) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(milliseconds);
    }

    /// Percentiles over the last thousand frames.
    pub fn summary(&self) -> FrameTimeSummary {
        let mut sorted: Vec<f32> = self.kept.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let at = |share: f32| {
            let rank = (share * sorted.len() as f32).ceil() as usize;
            sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        FrameTimeSummary { p50: at(0.5), p99: at(0.99), max: at(1.0), frames: sorted.len() }
    }

    /// Frames since the start.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Forgets all frames, the first ones say: fonts and pipelines are built in them.
    pub fn clear(&mut self) {
        self.kept.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_rank() {
        let mut times = FrameTimes::default();
        (1..=100).rev().for_each(|time| times.push(time as f32));
        assert_eq!(times.summary(), FrameTimeSummary { p50: 50.0, p99: 99.0, max: 100.0, frames: 100 });
    }

    #[test]
    fn a_wait_ends_with_a_step_that_was_taken_here() {
        let mut times = StartTimes::since(Instant::now());
        times.note(0, None);
        times.note(1, Some(5000));
        times.note(2, Some(5000));
        assert!(times.waits().is_none(), "a saved session's steps were taken elsewhere");
        times.note(3, Some(5001));
        let (frame, step) = times.waits().unwrap();
        assert!(times.first_step.unwrap() == frame + step);
        times.note(4, Some(5002));
        assert_eq!(times.waits(), Some((frame, step)));
    }

    #[test]
    fn no_frame_has_no_time() {
        assert_eq!(FrameTimes::default().summary(), FrameTimeSummary::default());
    }
}
