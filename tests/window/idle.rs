//! The window sleeps while nothing changes.

use crate::panels::{Window, says, wait, window};
use eframe::egui::{ViewportId, pos2};
use std::time::Duration;

/// Frames until toasts, tooltips' delays and animations are over.
const SETTLING: usize = 30 * 12;

/// What asks for another frame soon.
fn wakes(window: &Window) -> Vec<String> {
    let delay = window.output().viewport_output[&ViewportId::ROOT].repaint_delay;
    if delay > Duration::from_secs(1) {
        return Vec::new();
    }
    window.ctx.repaint_causes().iter().map(ToString::to_string).collect()
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    let Some(mut window) = window("collapse-2d", 60) else { return };
    wait(&mut window, "both runs end", |window| says(window, "Finished") == 2);
    window.run_steps(SETTLING);
    assert_eq!(wakes(&window), Vec::<String>::new());
    // Wherever the pointer rests.
    let size = window.ctx.content_rect().size();
    for row in 0..8 {
        for column in 0..12 {
            let place = pos2((column as f32 + 0.5) / 12.0 * size.x, (row as f32 + 0.5) / 8.0 * size.y);
            window.hover_at(place);
            window.run_steps(30);
            assert_eq!(wakes(&window), Vec::<String>::new(), "the pointer rests at {place}");
        }
    }
}
