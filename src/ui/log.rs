//! Messages: every one is a toast for a while and a line of the log for good.
//!
//! Toasts are ordinary labels in an area, so that they wrap, and so that a screen reader and a test can find them.

use super::commands::{Action, UiCommand};
use super::theme::Palette;
use eframe::egui::{
    self, Align2, Area, Button, Color32, Context, Frame, Id, Order, RichText, ScrollArea, Sense, Ui, WidgetInfo,
    accesskit::Role, vec2,
};
use std::collections::VecDeque;

/// Lines kept.
const KEPT: usize = 500;
/// Toasts on the screen at once; older ones are in the log.
const TOASTS: usize = 4;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Something happened.
    Info,
    /// What was asked for is done.
    Success,
    /// It works, and there is something to know.
    Warning,
    /// It does not work.
    Error,
}

/// One message.
#[derive(Clone, Debug)]
pub struct Entry {
    /// How much it matters.
    pub level: Level,
    /// One sentence.
    pub text: String,
    /// What may be done about it, as a button on the toast.
    pub command: Option<UiCommand>,
    /// Seconds since the start of the program; none until first drawn.
    pub time: Option<f64>,
    /// Time at which the toast goes; none once it is gone.
    until: Option<f64>,
}

/// All messages, newest last.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    unseen: usize,
    /// Whether the window with all messages is open.
    pub is_open: bool,
}

impl Level {
    fn color(self, palette: &Palette) -> Color32 {
        match self {
            Self::Info => palette.accent,
            Self::Success => palette.success,
            Self::Warning => palette.warning,
            Self::Error => palette.error,
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Info => "Note",
            Self::Success => "Done",
            Self::Warning => "Warning",
            Self::Error => "Error",
        }
    }

    /// Errors stay longer: they must be read.
    fn seconds(self) -> f64 {
        match self {
            Self::Info | Self::Success => 6.0,
            Self::Warning => 10.0,
            Self::Error => 15.0,
        }
    }
}

impl Log {
    /// Adds a message.
    pub fn push(&mut self, level: Level, text: impl Into<String>) {
        self.push_with(level, text, None);
    }

    /// Adds a message with something to do about it.
    pub fn push_with(&mut self, level: Level, text: impl Into<String>, command: Option<UiCommand>) {
        let text = sentence(&text.into());
        // The same message again is news, but not a second toast.
        self.entries.iter_mut().filter(|entry| entry.text == text).for_each(|entry| entry.until = None);
        self.entries.push_back(Entry { level, text, command, time: None, until: Some(f64::INFINITY) });
        self.unseen += 1;
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// Adds an error.
    pub fn error(&mut self, error: impl std::fmt::Display) {
        self.push(Level::Error, error.to_string());
    }

    /// All messages, oldest first.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Messages that came since the log was last open.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Draws the toasts above `bottom_right`.
    pub fn toasts_ui(&mut self, ctx: &Context, bottom_right: egui::Pos2, actions: &mut Vec<Action>) {
        let now = ctx.input(|input| input.time);
        for entry in &mut self.entries {
            let shown_since = *entry.time.get_or_insert(now);
            if entry.until == Some(f64::INFINITY) {
                entry.until = Some(shown_since + entry.level.seconds());
            }
            entry.until = entry.until.filter(|until| *until > now);
        }
        let first = self.entries.iter().rev().filter(|entry| entry.until.is_some()).take(TOASTS).count();
        if first == 0 {
            return;
        }
        let area = Area::new(Id::unique("toasts"))
            .order(Order::Foreground)
            .pivot(Align2::RIGHT_BOTTOM)
            .fixed_pos(bottom_right);
        let response = area.show(ctx, |ui| {
            ui.set_max_width(420.0);
            let shown = self.entries.iter_mut().rev().filter(|entry| entry.until.is_some()).take(TOASTS);
            for entry in shown.collect::<Vec<_>>().into_iter().rev() {
                toast_ui(ui, entry, actions);
            }
        });
        // A message that is being read stays.
        if response.response.contains_pointer() {
            self.entries
                .iter_mut()
                .filter_map(|entry| entry.until.as_mut())
                .for_each(|until| *until = until.max(now + 3.0));
        }
        if let Some(next) = self.entries.iter().filter_map(|entry| entry.until).reduce(f64::min) {
            ctx.request_repaint_after_secs((next - now).max(0.05) as f32);
        }
    }

    /// Draws the window with all messages, if it is open.
    pub fn window_ui(&mut self, ctx: &Context) {
        if !self.is_open {
            return;
        }
        self.unseen = 0;
        let palette = Palette::current(ctx);
        let mut is_open = true;
        egui::Window::new("Messages").open(&mut is_open).default_size([560.0, 300.0]).vscroll(false).show(ctx, |ui| {
            if ui.button("Copy all").clicked() {
                let lines = self.entries.iter().map(|entry| format!("{}\t{}", entry.level.label(), entry.text));
                ui.ctx().copy_text(lines.collect::<Vec<_>>().join("\n"));
            }
            ScrollArea::vertical().auto_shrink([false; 2]).stick_to_bottom(true).show(ui, |ui| {
                if self.entries.is_empty() {
                    ui.weak("No messages yet");
                }
                for entry in &self.entries {
                    ui.horizontal_wrapped(|ui| {
                        let time = entry.time.unwrap_or_default();
                        ui.weak(RichText::new(format!("{:02}:{:02}", time as u64 / 60, time as u64 % 60)).monospace());
                        ui.colored_label(entry.level.color(palette), entry.level.label());
                        ui.add(egui::Label::new(&entry.text).selectable(true).wrap());
                    });
                }
            });
        });
        self.is_open = is_open;
    }
}

fn toast_ui(ui: &mut Ui, entry: &mut Entry, actions: &mut Vec<Action>) {
    let palette = Palette::current(ui.ctx());
    let color = entry.level.color(palette);
    let frame = Frame::popup(ui.style()).inner_margin(egui::Margin { left: 14, right: 8, top: 8, bottom: 8 });
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_max_width(400.0);
            let button_room = if entry.command.is_some() { 90.0 } else { 34.0 };
            ui.vertical(|ui| {
                ui.set_max_width(ui.available_width() - button_room);
                ui.add(egui::Label::new(&entry.text).wrap());
            });
            if let Some(command) = entry.command
                && ui.button(command.text()).on_hover_text(command.tooltip()).clicked()
            {
                actions.push(Action::Command(command));
                entry.until = None;
            }
            let close = ui.add(Button::new("×").frame(false)).on_hover_text("Dismiss this message");
            close.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Dismiss message"));
            if close.clicked() {
                entry.until = None;
            }
        });
    });
    let rect = shown.response.rect;
    let stripe = egui::Rect::from_min_size(rect.min + vec2(1.0, 1.0), vec2(4.0, rect.height() - 2.0));
    ui.painter().rect_filled(stripe, 2.0, color);
    ui.interact(rect, ui.scope_id().with("toast"), Sense::hover());
}

/// Starts with a capital letter and ends without a full stop, as the interface's other texts do.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    // A path or a name keeps its case.
    let first_word = text.split_whitespace().next().unwrap_or_default();
    if first_word.contains(['/', '\\', '`', '.']) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sentences_and_names_keep_their_case() {
        assert_eq!(sentence("loading was cancelled."), "Loading was cancelled");
        assert_eq!(sentence("wine.csv is empty"), "wine.csv is empty");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn the_log_is_bounded() {
        let mut log = Log::default();
        (0..KEPT + 10).for_each(|at| log.push(Level::Info, format!("message {at}")));
        assert_eq!(log.entries().len(), KEPT);
    }
}
