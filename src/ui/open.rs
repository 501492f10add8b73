//! Ways in: a path field, the system's dialogs, drag and drop, recent files. All end in one [`Action::Open`].

use super::commands::Action;
use super::dialog::Purpose;
use super::loading::file_name;
use super::theme::{Palette, SECTION_GAP};
use eframe::egui::{self, Align2, Area, Button, Context, FontId, Id, Key, LayerId, Order, RichText, TextEdit, Ui};
use std::path::{Path, PathBuf};

/// Recent files kept.
const RECENT: usize = 8;

/// The window that asks what to open.
#[derive(Default)]
pub struct OpenWindow {
    /// Whether it is shown.
    pub is_open: bool,
    path: String,
    wants_focus: bool,
}

impl OpenWindow {
    /// Shows the window, with the keyboard in its path field.
    pub fn show(&mut self) {
        self.is_open = true;
        self.wants_focus = true;
    }

    /// Draws the window, if it is open.
    pub fn window_ui(&mut self, ctx: &Context, recent: &[PathBuf], is_dialog_pending: bool, actions: &mut Vec<Action>) {
        if !self.is_open {
            return;
        }
        let mut is_open = true;
        let before = actions.len();
        egui::Window::new("Open")
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, [0.0, -60.0])
            .show(ctx, |ui| self.content_ui(ui, recent, is_dialog_pending, actions));
        let is_opening = actions[before..].iter().any(|action| matches!(action, Action::Open(_)));
        self.is_open = is_open && !is_opening;
    }

    fn content_ui(&mut self, ui: &mut Ui, recent: &[PathBuf], is_dialog_pending: bool, actions: &mut Vec<Action>) {
        ui.set_width(500.0);
        ui.label("A data file, a folder of pictures, an experiment or a saved session");
        ui.add_space(4.0);
        let label = ui.label("Path");
        let mut is_entered = false;
        ui.horizontal(|ui| {
            let edit =
                TextEdit::singleline(&mut self.path).hint_text("for example ~/data/wine.csv").desired_width(418.0);
            let response = ui.add(edit).labelled_by(label.id);
            if std::mem::take(&mut self.wants_focus) {
                response.request_focus();
            }
            is_entered = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let is_complete = !self.path.trim().is_empty();
            is_entered |= ui.add_enabled(is_complete, Button::new("Open path")).clicked();
            is_entered &= is_complete;
        });
        if is_entered {
            actions.push(Action::Open(typed_path(&self.path)));
        }
        ui.horizontal(|ui| {
            ui.add_enabled_ui(!is_dialog_pending, |ui| {
                if ui.button("Browse for a file…").clicked() {
                    actions.push(Action::Browse(Purpose::OpenFile));
                }
                if ui.button("Browse for a folder…").clicked() {
                    actions.push(Action::Browse(Purpose::OpenFolder));
                }
            });
            ui.weak(if is_dialog_pending { "The system's dialog is open" } else { "or drop a file on the window" });
        });
        if !recent.is_empty() {
            ui.add_space(SECTION_GAP);
            ui.strong("Recent");
            recent_ui(ui, recent, actions);
        }
        ui.add_space(SECTION_GAP);
        ui.label(RichText::new(FORMATS).small().color(Palette::current(ui.ctx()).weak_text));
    }
}

const FORMATS: &str = "Data: CSV, NPY, NPZ and IDX (the format of MNIST), also gzipped, and folders of PNG or JPEG pictures, with labels from \
                       sub-folders. Experiments: .toml. Sessions: .collapsar";

/// Entries for the recent files.
pub fn recent_ui(ui: &mut Ui, recent: &[PathBuf], actions: &mut Vec<Action>) {
    for path in recent {
        let response = ui.add(Button::new(file_name(path)).frame(false)).on_hover_text(path.display().to_string());
        if response.clicked() {
            actions.push(Action::Open(path.clone()));
            ui.close();
        }
    }
}

/// Puts a path at the head of the recent ones.
pub fn remember(recent: &mut Vec<PathBuf>, path: &Path) {
    // A relative path means nothing the next time the program starts.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    recent.retain(|known| *known != path);
    recent.insert(0, path);
    recent.truncate(RECENT);
}

/// What a person meant who typed or pasted a path: with quotes, as a URL, from the home folder.
pub fn typed_path(text: &str) -> PathBuf {
    let text = text.trim();
    let text = text.strip_prefix("file://").unwrap_or(text);
    let text = text.trim_matches(['"', '\'']);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

/// Takes dropped files: opens the first, and shows where to drop while files hover.
pub fn drop_ui(ctx: &Context, actions: &mut Vec<Action>) -> Option<String> {
    let dropped = ctx.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
    let hovered: Vec<String> = ctx
        .input(|input| input.raw.hovered_files.iter().filter_map(|file| file.path.as_deref()).map(file_name).collect());
    let mut remark = None;
    if let Some(first) = dropped.first() {
        actions.push(Action::Open(first.path().to_owned()));
        if dropped.len() > 1 {
            remark = Some(format!(
                "Only the first of {} dropped files is opened; drop a folder to open many pictures",
                dropped.len()
            ));
        }
    }
    if !ctx.input(|input| input.raw.hovered_files.is_empty()) {
        overlay_ui(ctx, &hovered);
    }
    remark
}

fn overlay_ui(ctx: &Context, names: &[String]) {
    let palette = Palette::current(ctx);
    let area =
        Area::new(Id::unique("drop-overlay")).order(Order::Foreground).fixed_pos(egui::Pos2::ZERO).interactable(false);
    area.show(ctx, |ui| {
        let rect = ui.ctx().content_rect();
        let painter = ui.ctx().layer_painter(LayerId::new(Order::Foreground, Id::unique("drop-overlay")));
        painter.rect_filled(rect, 0.0, palette.background.gamma_multiply(0.9));
        let inner = rect.shrink(24.0);
        painter.rect_stroke(inner, 12.0, egui::Stroke::new(2.0, palette.accent), egui::StrokeKind::Inside);
        let text = match names {
            [] => "Drop to open".to_owned(),
            [name] => format!("Drop to open {name}"),
            [first, rest @ ..] => format!("Drop to open {first} ({} more will not be opened)", rest.len()),
        };
        painter.text(inner.center(), Align2::CENTER_CENTER, text, FontId::proportional(26.0), palette.text);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_paths_are_understood() {
        assert_eq!(typed_path(" \"/tmp/a b.csv\" "), PathBuf::from("/tmp/a b.csv"));
        assert_eq!(typed_path("file:///tmp/a.csv"), PathBuf::from("/tmp/a.csv"));
        if let Some(home) = std::env::home_dir() {
            assert_eq!(typed_path("~/a.csv"), home.join("a.csv"));
        }
    }

    #[test]
    fn recent_files_are_few_and_each_once() {
        let mut recent = Vec::new();
        (0..20).for_each(|at| remember(&mut recent, Path::new(&format!("/data/{at}"))));
        remember(&mut recent, Path::new("/data/15"));
        assert_eq!(recent.len(), RECENT);
        assert_eq!(recent[0], PathBuf::from("/data/15"));
        assert_eq!(recent.iter().filter(|path| path.ends_with("15")).count(), 1);
    }
}
