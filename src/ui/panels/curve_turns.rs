//! What is made of a curve's points: those in view are read, thousands of them, which costs too much for every curve in every frame while training
//! runs at full speed. Curves take turns: each is read anew every few frames, when the others are not.

use super::curve_points::{Column, columns};
use crate::train::history::Series;
use crate::ui::frame_time::WAKE_AFTER;
use eframe::egui::{Context, Id};
use std::sync::Arc;

/// What was there when a curve was read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// First and last step in view.
    view: [f64; 2],
    /// Step of the newest point.
    newest: Option<u64>,
    /// Sum of the newest values: those of another training differ, also where it has come as far; it is read when the curve's turn comes.
    sum: f32,
}

/// [`columns`] of a series when it was read.
pub(super) struct RecentColumns {
    pub columns: Vec<Column>,
    /// Median of largest minus smallest value over the columns.
    pub typical_height: f32,
}

impl RecentColumns {
    fn of(columns: Vec<Column>) -> Self {
        let mut heights: Vec<f32> = columns.iter().map(|column| column.max - column.min).collect();
        let middle = heights.len() / 2;
        let typical_height = match heights.is_empty() {
            true => 0.0,
            false => *heights.select_nth_unstable_by(middle, f32::total_cmp).1,
        };
        Self { columns, typical_height }
    }
}

/// Number of a curve, and how many there are.
pub(super) type Turn = (u64, u64);

impl Seen {
    /// What is there now.
    pub fn of(view: [f64; 2], series: &[&Series]) -> Self {
        let newest = || series.iter().filter_map(|series| series.last());
        Self { view, newest: newest().map(|last| last.step).max(), sum: newest().map(|last| last.mean).sum() }
    }

    /// Whether it is near enough to what is there now for this frame; where it is not the last word, another frame is asked for.
    pub fn stands_for(&self, now: &Self, ctx: &Context, (number, count): Turn) -> bool {
        if self == now {
            return true;
        }
        let stands = ctx.cumulative_frame_nr() % count != number && self.is_near(now);
        if stands {
            ctx.request_repaint_after(WAKE_AFTER);
        }
        stands
    }

    /// Whether training has moved on a little, and nothing else has happened.
    fn is_near(&self, now: &Self) -> bool {
        let near = 0.05 * (now.view[1] - now.view[0]);
        self.newest <= now.newest && (0..2).all(|end| (self.view[end] - now.view[end]).abs() <= near)
    }
}

/// [`columns`] of a series, at most a few frames old.
pub(super) fn recent_columns(
    ctx: &Context,
    id: Id,
    turn: Turn,
    series: &Series,
    view: [f64; 2],
    width: usize,
) -> Arc<RecentColumns> {
    type Known = (Seen, usize, Arc<RecentColumns>);
    let now = Seen::of(view, &[series]);
    if let Some((before, of_width, columns)) = ctx.data(|data| data.get_temp::<Known>(id))
        && of_width == width
        && before.stands_for(&now, ctx, turn)
    {
        return columns;
    }
    let columns = Arc::new(RecentColumns::of(columns(series, view[0], view[1], width)));
    ctx.data_mut(|data| data.insert_temp::<Known>(id, (now, width, columns.clone())));
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_lags_by_less_than_a_round() {
        const CURVES: u64 = 4;
        let (ctx, id) = (Context::default(), Id::unique("curve"));
        let mut series = Series::default();
        series.push(1, 1.0);
        let mut shown = Vec::new();
        for step in 2..40 {
            series.push(step, step as f32);
            let mut last = 0.0;
            let _ = ctx.run_ui(eframe::egui::RawInput::default(), |ui| {
                let columns = recent_columns(ui.ctx(), id, (1, CURVES), &series, [0.0, 1000.0], 1000);
                last = columns.columns.last().map_or(0.0, |column| column.step);
            });
            assert!(step as f64 - last < CURVES as f64, "step {step}, shown {last}");
            shown.push(last);
        }
        assert!(shown.windows(2).any(|pair| pair[0] == pair[1]), "it is not read in every frame");
    }

    #[test]
    fn another_view_or_a_reset_is_seen_at_once_and_another_training_in_turn() {
        let seen = |view, newest| Seen { view, newest, sum: 0.0 };
        let before = seen([0.0, 100.0], Some(100));
        assert!(before.is_near(&seen([0.0, 103.0], Some(103))));
        let (ctx, other) = (Context::default(), Seen { sum: 1.0, ..before });
        let turn = ctx.cumulative_frame_nr() % 4;
        assert!(before.stands_for(&before, &ctx, (turn, 4)));
        assert!(!before.stands_for(&other, &ctx, (turn, 4)), "another training that has come as far");
        assert!(before.stands_for(&other, &ctx, (turn + 1, 4)));
        assert!(!before.is_near(&seen([40.0, 60.0], Some(100))));
        assert!(!before.is_near(&seen([0.0, 100.0], Some(3))));
        assert!(!before.is_near(&seen([0.0, 100.0], None)));
    }
}
