//! The line under a map that says what its colours mean.

use super::axes::is_narrow;
use super::explained;
use crate::ui::canvas::{self, ramp_bar};
use crate::ui::theme::Palette;
use eframe::egui::{Color32, Label, Rect, RichText, Sense, Stroke, TextStyle, Ui, pos2, vec2};

pub(in crate::ui) const HEIGHT: f32 = 22.0;
/// From this width on there is room for a longer bar.
const ROOMY: f32 = 330.0;

/// What the ends of a colour map are, and a mark on it.
pub(in crate::ui) struct ColorLegend<'a> {
    pub ramp: &'static [Color32],
    /// Text at the first and the last colour.
    pub ends: [String; 2],
    /// Whether a mark stands somewhere between them, 0 to 1.
    pub mark: Option<f32>,
    /// What the colours are, how they are computed, in which unit.
    pub explanation: &'a str,
}

impl ColorLegend<'_> {
    /// Draws the bar, and `more` behind it where there is room.
    pub fn ui(&self, ui: &mut Ui, palette: &Palette, more: impl FnOnce(&mut Ui)) {
        ui.horizontal(|ui| {
            ui.set_height(HEIGHT - ui.spacing().item_spacing.y);
            let width = ui.available_width();
            let is_narrow = is_narrow(width);
            ui.add_space(if width < ROOMY { 0.0 } else { 44.0 });
            ui.spacing_mut().item_spacing.x = 4.0;
            let text = |text: &str| Label::new(RichText::new(text).small());
            explained(ui.add(text(&self.ends[0]).sense(Sense::hover())), self.explanation);
            let font = TextStyle::Small.resolve(ui.style());
            let last = ui.painter().layout_no_wrap(self.ends[1].clone(), font, palette.text).size().x;
            let room = ui.available_width() - last - 8.0;
            let length = room.clamp(20.0, if width < ROOMY { 60.0 } else { 90.0 });
            let (rect, response) = ui.allocate_exact_size(vec2(length, 14.0), Sense::hover());
            let bar = Rect::from_center_size(rect.center(), vec2(rect.width(), 9.0));
            ui.painter().add(ramp_bar(bar, self.ramp));
            if let Some(mark) = self.mark.filter(|mark| (0.0..=1.0).contains(mark)) {
                let x = bar.left() + mark * bar.width();
                let ends = [pos2(x, rect.top()), pos2(x, rect.bottom())];
                ui.painter().line_segment(ends, Stroke::new(3.0, palette.surface));
                ui.painter().line_segment(ends, Stroke::new(1.5, palette.strong_text));
            }
            explained(response, self.explanation);
            explained(ui.add(text(&self.ends[1]).sense(Sense::hover())), self.explanation);
            if !is_narrow {
                more(ui);
            }
        });
    }
}

/// A sign and its word, with an explanation on hover; nothing where there is no room for both.
pub(in crate::ui) fn sign_ui(
    ui: &mut Ui,
    name: &str,
    explanation: &str,
    draw: impl FnOnce(&eframe::egui::Painter, Rect),
) {
    const SIGN: f32 = 14.0;
    const BEFORE: f32 = 6.0;
    let font = TextStyle::Small.resolve(ui.style());
    let text = ui.painter().layout_no_wrap(name.to_owned(), font, ui.visuals().text_color()).size().x;
    if ui.available_width() < BEFORE + SIGN + text + 3.0 * ui.spacing().item_spacing.x {
        return;
    }
    ui.add_space(BEFORE);
    let (rect, _) = ui.allocate_exact_size(vec2(SIGN, 12.0), Sense::hover());
    draw(ui.painter(), rect);
    explained(ui.add(Label::new(RichText::new(name).small()).sense(Sense::hover())), explanation);
}

/// The colour map of values over a plane.
pub(in crate::ui) fn map_ramp() -> &'static [Color32] {
    canvas::viridis()
}
