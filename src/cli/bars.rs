//! KL per dimension drawn with block characters, for a terminal.

/// Eighths of a cell, lying and standing.
const LYING: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const STANDING: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Cells of the longest bar.
const WIDTH: usize = 40;
/// KL at which a standing bar is full: what is drawn while training must not rescale from one moment to the next.
const FULL: f32 = 2.0;

/// A lying bar; `largest` fills the width.
pub(super) fn lying(value: f32, largest: f32) -> String {
    let share = if largest > 0.0 { (value / largest).clamp(0.0, 1.0) } else { 0.0 };
    let eighths = (share * (WIDTH * 8) as f32).round() as usize;
    let mut bar = "█".repeat(eighths / 8);
    if !eighths.is_multiple_of(8) {
        bar.push(LYING[eighths % 8]);
    }
    bar
}

/// One standing bar per dimension, one character each.
pub(super) fn standing(values: &[f32]) -> String {
    let level = |value: &f32| (value / FULL * 8.0).clamp(0.0, 7.0) as usize;
    values.iter().map(|value| STANDING[level(value)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lying_bars_are_proportional_to_an_eighth_of_a_cell() {
        assert_eq!(lying(1.0, 1.0).chars().count(), WIDTH);
        assert_eq!(lying(0.5, 1.0), "█".repeat(WIDTH / 2));
        assert_eq!(lying(1.0 / 320.0, 1.0), "▏");
        assert_eq!(lying(0.0, 1.0), "");
        assert_eq!(lying(-0.1, 1.0), "");
        assert_eq!(lying(1.0, 0.0), "");
    }

    #[test]
    fn standing_bars_saturate() {
        assert_eq!(standing(&[0.0, 1.0, 2.0, 50.0, f32::NAN]), "▁▅██▁");
    }
}
