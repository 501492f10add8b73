//! What the window remembers from one start to the next: what is shown, in which colours, recent files. Never models or data.

use super::panels::Panel;
use eframe::egui::{Context, Theme, ThemePreference};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Key in eframe's storage; another number after a change that old values do not fit.
const KEY: &str = "collapsar-view-1";

/// What is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Settings on the left.
    pub settings: bool,
    /// Lesson on the right.
    pub explain: bool,
    /// Curves at the bottom.
    pub curves: bool,
    /// Names of panels that are not drawn.
    pub hidden: Vec<String>,
    /// Frame times.
    pub frame_times: bool,
    /// Light, dark, or as the system.
    pub theme: ThemePreference,
    /// Newest first.
    pub recent: Vec<PathBuf>,
    /// The lesson is hidden because the window is narrow, and not because the person wants it so.
    #[serde(skip)]
    is_explain_hidden_for_now: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            settings: true,
            explain: true,
            curves: true,
            hidden: Vec::new(),
            frame_times: false,
            theme: ThemePreference::System,
            recent: Vec::new(),
            is_explain_hidden_for_now: false,
        }
    }
}

impl View {
    /// What was stored; what cannot be read counts as never stored.
    pub fn restore(storage: Option<&dyn eframe::Storage>) -> Self {
        storage.and_then(|storage| eframe::get_value(storage, KEY)).unwrap_or_default()
    }

    /// Stores it.
    pub fn store(&self, storage: &mut dyn eframe::Storage) {
        let explain = self.explain || self.is_explain_hidden_for_now;
        eframe::set_value(storage, KEY, &Self { explain, ..self.clone() });
    }

    /// Hides the lesson until the next start.
    pub fn hide_explain_for_now(&mut self) {
        self.is_explain_hidden_for_now = self.explain;
        self.explain = false;
    }

    /// Shows or hides a panel.
    pub fn toggle_panel(&mut self, panel: Panel) {
        if self.is_hidden(panel) {
            self.hidden.retain(|name| name != panel.name());
        } else {
            self.hidden.push(panel.name().to_owned());
        }
    }

    /// Whether a panel is not drawn.
    pub fn is_hidden(&self, panel: Panel) -> bool {
        self.hidden.iter().any(|name| name == panel.name())
    }

    /// The other of light and dark.
    pub fn toggle_theme(&mut self, ctx: &Context) {
        self.theme = match ctx.theme() {
            Theme::Dark => ThemePreference::Light,
            Theme::Light => ThemePreference::Dark,
        };
        ctx.set_theme(self.theme);
    }
}
