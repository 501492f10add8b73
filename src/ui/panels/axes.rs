//! Axes of a picture whose range is not the viewer's to change: frame, grid, ticks and labels around a mapping from values to the screen.
//!
//! The panels that compare columns must have the same range in each, at any moment; egui_plot, which gives every plot a view of its
//! own, serves the curves, where zooming is wanted.

use super::super::theme::Palette;
use super::words::tick;
use eframe::egui::{
    Align2, FontId, Painter, Pos2, Rect, Stroke, StrokeKind, TextStyle, Ui, epaint::TextShape, pos2, vec2,
};

/// A range of values along one side.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Axis {
    pub min: f32,
    pub max: f32,
    pub logarithmic: bool,
    /// Whether values are whole numbers, and so are the ticks.
    is_count: bool,
    /// No tick stands below it.
    lowest_tick: f32,
}

impl Axis {
    pub fn linear(min: f32, max: f32) -> Self {
        Self { min, max, logarithmic: false, is_count: false, lowest_tick: f32::NEG_INFINITY }
    }

    /// Of values that are never negative, with room for marks beyond 0; `is_count` where they are whole numbers.
    pub fn from_zero(min: f32, max: f32, is_count: bool) -> Self {
        Self { is_count, lowest_tick: 0.0, ..Self::linear(min, max) }
    }

    /// Ends must be positive.
    pub fn logarithmic(min: f32, max: f32) -> Self {
        Self { logarithmic: true, ..Self::linear(min, max) }
    }

    /// Where a value lies between the ends, 0 to 1.
    pub fn fraction(&self, value: f32) -> f32 {
        if self.logarithmic {
            (value.max(f32::MIN_POSITIVE) / self.min).ln() / (self.max / self.min).ln()
        } else {
            (value - self.min) / (self.max - self.min)
        }
    }

    fn value(&self, fraction: f32) -> f32 {
        if self.logarithmic {
            self.min * (self.max / self.min).powf(fraction)
        } else {
            self.min + fraction * (self.max - self.min)
        }
    }

    /// Round values at least `apart` of the axis's length away from each other.
    fn ticks(&self, apart: f32) -> impl Iterator<Item = Tick> + use<> {
        let is_logarithmic = self.logarithmic;
        let (first, last, every, step) = if is_logarithmic {
            let (first, last) = (self.min.log10().ceil() as i32, self.max.log10().floor() as i32);
            (first, last, ((last - first) as f32 * apart).ceil().max(1.0) as usize, 1.0)
        } else {
            let step = round_step((self.max - self.min) * apart);
            let step = if self.is_count { step.max(1.0) } else { step };
            let first = (self.min.max(self.lowest_tick) / step - 1e-4).ceil() as i32;
            (first, (self.max / step + 1e-4).floor() as i32, 1, step)
        };
        (first..=last).step_by(every).map(move |at| match is_logarithmic {
            true => Tick { value: 10f32.powi(at), step: None },
            false => Tick { value: at as f32 * step, step: Some(step) },
        })
    }
}

/// A value beside which a number stands.
struct Tick {
    value: f32,
    /// To the next; none on a logarithmic axis.
    step: Option<f32>,
}

impl Tick {
    fn text(&self) -> String {
        self.step.map_or_else(|| power_of_ten(self.value), |step| tick(self.value, step))
    }
}

fn power_of_ten(value: f32) -> String {
    if value < 0.01 { format!("1e{:.0}", value.log10()).replace('-', "−") } else { tick(value, value) }
}

/// The next of 1, 2, 5 times a power of ten.
pub(in crate::ui) fn round_step(value: f32) -> f32 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = 10f32.powf(value.log10().floor());
    let leading = value / power;
    [1.0, 2.0, 5.0].into_iter().find(|step| leading <= *step * 1.0001).unwrap_or(10.0) * power
}

/// Room around a frame for ticks and labels.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Margins {
    pub left: f32,
    pub right: f32,
    pub top: f32,
    pub bottom: f32,
}

impl Margins {
    const LABELLED: Self = Self { left: 52.0, right: 8.0, top: 6.0, bottom: 36.0 };
    const NARROW: Self = Self { left: 30.0, right: 4.0, top: 6.0, bottom: 34.0 };

    /// Ticks and a label on both axes; in narrow pictures the vertical label stands inside.
    pub fn of_width(width: f32) -> Self {
        if is_narrow(width) { Self::NARROW } else { Self::LABELLED }
    }

    /// Both together, from left to right.
    pub fn across(&self) -> f32 {
        self.left + self.right
    }
}

/// Whether a picture is one of two in a narrow column.
pub(in crate::ui) fn is_narrow(width: f32) -> bool {
    width < 230.0
}

/// A frame with a horizontal and a vertical axis.
#[derive(Clone, Copy, Debug)]
pub(in crate::ui) struct Axes {
    pub frame: Rect,
    pub x: Axis,
    pub y: Axis,
    is_narrow: bool,
}

impl Axes {
    pub fn within(outer: Rect, margins: Margins, x: Axis, y: Axis) -> Self {
        let min = pos2(outer.left() + margins.left, outer.top() + margins.top);
        let max =
            pos2((outer.right() - margins.right).max(min.x + 1.0), (outer.bottom() - margins.bottom).max(min.y + 1.0));
        Self { frame: Rect::from_min_max(min.round(), max.round()), x, y, is_narrow: is_narrow(outer.width()) }
    }

    /// Whether the vertical axis has its label inside.
    pub fn is_narrow(&self) -> bool {
        self.is_narrow
    }

    pub fn x_at(&self, x: f32) -> f32 {
        self.frame.left() + self.x.fraction(x) * self.frame.width()
    }

    pub fn y_at(&self, y: f32) -> f32 {
        self.frame.bottom() - self.y.fraction(y) * self.frame.height()
    }

    pub fn at(&self, x: f32, y: f32) -> Pos2 {
        pos2(self.x_at(x), self.y_at(y))
    }

    pub fn x_value(&self, screen: f32) -> f32 {
        self.x.value((screen - self.frame.left()) / self.frame.width())
    }

    pub fn y_value(&self, screen: f32) -> f32 {
        self.y.value((self.frame.bottom() - screen) / self.frame.height())
    }

    /// Surface and grid lines, under the data.
    pub fn back_ui(&self, ui: &Ui, palette: &Palette, grid: [bool; 2]) {
        let painter = ui.painter();
        painter.rect_filled(self.frame, 2.0, palette.surface);
        let stroke = Stroke::new(1.0, palette.grid);
        if grid[0] {
            for Tick { value, .. } in self.x.ticks(self.apart_x()) {
                painter.vline(self.x_at(value), self.frame.y_range(), stroke);
            }
        }
        if grid[1] {
            for Tick { value, .. } in self.y.ticks(self.apart_y()) {
                painter.hline(self.frame.x_range(), self.y_at(value), stroke);
            }
        }
    }

    /// Outline, tick texts and labels. An empty label leaves the axis without ticks, a blank one shows them alone.
    pub fn front_ui(&self, ui: &Ui, palette: &Palette, x_label: &str, y_label: &str) {
        let painter = ui.painter();
        let font = TextStyle::Small.resolve(ui.style());
        painter.rect_stroke(self.frame, 2.0, Stroke::new(1.0, palette.outline), StrokeKind::Inside);
        if !x_label.is_empty() {
            for tick in self.x.ticks(self.apart_x()) {
                let value = tick.value;
                let align = if self.x.fraction(value) > 0.97 { Align2::RIGHT_TOP } else { Align2::CENTER_TOP };
                let shift = if align == Align2::RIGHT_TOP { 4.0 } else { 0.0 };
                painter.text(
                    pos2(self.x_at(value) + shift, self.frame.bottom() + 2.0),
                    align,
                    tick.text(),
                    font.clone(),
                    palette.weak_text,
                );
            }
            let below = pos2(self.frame.center().x, self.frame.bottom() + 17.0);
            painter.text(below, Align2::CENTER_TOP, x_label, font.clone(), palette.weak_text);
        }
        if !y_label.is_empty() {
            for tick in self.y.ticks(self.apart_y()) {
                let place = pos2(self.frame.left() - 4.0, self.y_at(tick.value));
                painter.text(place, Align2::RIGHT_CENTER, tick.text(), font.clone(), palette.weak_text);
            }
            if self.is_narrow {
                painter.text(self.frame.left_top() + vec2(4.0, 2.0), Align2::LEFT_TOP, y_label, font, palette.text);
            } else {
                vertical_text(painter, pos2(self.frame.left() - 44.0, self.frame.center().y), y_label, font, palette);
            }
        }
    }

    fn apart_x(&self) -> f32 {
        (if self.is_narrow { 28.0 } else { 36.0 } / self.frame.width()).min(1.0)
    }

    fn apart_y(&self) -> f32 {
        (26.0 / self.frame.height()).min(1.0)
    }
}

fn vertical_text(painter: &Painter, center: Pos2, text: &str, font: FontId, palette: &Palette) {
    let galley = painter.layout_no_wrap(text.to_owned(), font, palette.weak_text);
    let shape = TextShape::new(center - galley.size() / 2.0, galley, palette.weak_text);
    painter.add(shape.with_angle_and_anchor(-std::f32::consts::FRAC_PI_2, Align2::CENTER_CENTER));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within_the_axis() {
        let texts = |axis: Axis| axis.ticks(0.2).map(|tick| tick.text()).collect::<Vec<_>>();
        assert_eq!(texts(Axis::linear(0.0, 1.0)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(Axis::linear(-3.5, 3.5)), ["−2", "0", "2"]);
        assert_eq!(texts(Axis::from_zero(-0.2, 2.3, true)), ["0", "1", "2"]);
        assert_eq!(texts(Axis::from_zero(-0.2, 0.9, false)), ["0.0", "0.5"]);
        assert_eq!(texts(Axis::logarithmic(1e-3, 10.0)), ["1e−3", "0.01", "0.1", "1", "10"]);
    }

    #[test]
    fn values_map_to_the_frame_and_back() {
        for axis in [Axis::linear(-2.0, 6.0), Axis::logarithmic(0.01, 100.0)] {
            for fraction in [0.0, 0.25, 1.0] {
                assert!((axis.fraction(axis.value(fraction)) - fraction).abs() < 1e-5);
            }
        }
    }
}
