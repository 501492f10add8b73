//! The bar at the top: what to train, whether it trains, and how far it is.

use super::classical::{self, ClassicalLab, NOTHING_TRAINED};
use super::commands::{Action, UiCommand};
use super::lab::{Lab, WATCHING_PACE};
use super::loading::{self, source_name};
use super::log::Log;
use super::open;
use super::panels::Panel;
use super::settings::primary_ui;
use super::theme::Palette;
use super::view::View;
use crate::data::Source;
use crate::device::{DeviceKind, TrainingDevice};
use crate::experiment::presets::PRESETS;
use crate::train::{Pace, RunState, Session};
use eframe::egui::{Align, Button, Layout, ProgressBar, RichText, Ui};

/// What a speed is called.
const PACES: [(&str, Pace); 6] = [
    ("Full speed", Pace::Fastest),
    ("200 steps/s", WATCHING_PACE),
    ("100 steps/s", Pace::StepsPerSecond(100.0)),
    ("20 steps/s", Pace::StepsPerSecond(20.0)),
    ("5 steps/s", Pace::StepsPerSecond(5.0)),
    ("1 step/s", Pace::StepsPerSecond(1.0)),
];

/// What the toolbar shows.
pub struct Toolbar<'a> {
    /// The session and its draft.
    pub lab: &'a Lab,
    /// Messages, for their number.
    pub log: &'a Log,
    /// What is shown, and recent files.
    pub view: &'a View,
    /// Title and progress of what is being loaded.
    pub loading: Option<(&'a str, f32)>,
    /// Whether a file is being written.
    pub is_saving: bool,
}

impl Toolbar<'_> {
    /// Draws the bar.
    pub fn show_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        ui.horizontal(|ui| {
            ui.set_height(32.0);
            ui.spacing_mut().item_spacing.x = 6.0;
            self.menus_ui(ui, actions);
            ui.separator();
            self.training_ui(ui, actions);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                ui.spacing_mut().item_spacing.x = 10.0;
                self.view_ui(ui, actions);
                ui.separator();
                self.status_ui(ui, actions);
            });
        });
    }

    fn menus_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let lesson = ui.menu_button("Lesson ▾", |ui| {
            for preset in PRESETS {
                let is_present = self.lab.preset().is_some_and(|present| present.name == preset.name);
                if ui.selectable_label(is_present, preset.title).on_hover_text(preset.summary).clicked() {
                    actions.push(Action::Preset(preset));
                    ui.close();
                }
            }
            ui.separator();
            for command in [UiCommand::ShowPhaseDiagram, UiCommand::ShowComparison] {
                self.entry_ui(ui, command, actions);
            }
        });
        lesson.response.on_hover_text("Experiments with a lesson beside them");
        let data = ui.menu_button("Data ▾", |ui| {
            let present = match self.lab.classical() {
                Some(classical) => classical::source_of(classical.draft()),
                None => self.lab.session().map(|session| &session.experiment().data.source),
            };
            for source in Source::NAMED {
                if ui.selectable_label(present == Some(&source), source_name(&source)).clicked() {
                    actions.push(Action::Source(source));
                    ui.close();
                }
            }
            ui.separator();
            UiCommand::Open.menu_ui(ui, actions);
            if !self.view.recent.is_empty() {
                ui.separator();
                ui.weak("Recent");
                open::recent_ui(ui, &self.view.recent, actions);
            }
            ui.separator();
            for command in [UiCommand::SaveSession, UiCommand::SaveExperiment, UiCommand::ExportCurves] {
                self.entry_ui(ui, command, actions);
            }
        });
        data.response.on_hover_text("What to train on; files to open and save");
        UiCommand::Open.button_ui(ui, actions);
    }

    /// A menu entry, which says why where it means nothing.
    fn entry_ui(&self, ui: &mut Ui, command: UiCommand, actions: &mut Vec<Action>) {
        if self.lab.classical().is_some() && command.needs_training() {
            ui.add_enabled(false, Button::new(command.text())).on_disabled_hover_text(NOTHING_TRAINED);
        } else {
            command.menu_ui(ui, actions);
        }
    }

    fn training_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        if self.lab.classical().is_some() {
            return untrained_ui(ui, actions);
        }
        let is_active = self.lab.session().is_some_and(Session::is_active);
        ui.add_enabled_ui(self.lab.session().is_some(), |ui| {
            let palette = Palette::current(ui.ctx());
            let text = RichText::new(if is_active { "Pause" } else { "▶ Run" }).color(palette.on_accent);
            let button = Button::new(text).fill(palette.accent).min_size([78.0, 24.0].into());
            UiCommand::ToggleRunning.widget_ui(ui, button, actions);
            for command in [UiCommand::Step, UiCommand::Reset, UiCommand::NewSeed] {
                command.button_ui(ui, actions);
            }
        });
        let name = PACES.iter().find(|(_, pace)| *pace == self.lab.pace()).map_or("Speed", |(name, _)| name);
        let speed = ui.menu_button(format!("{name} ▾"), |ui| {
            for (name, pace) in PACES {
                if ui.selectable_label(pace == self.lab.pace(), name).clicked() {
                    actions.push(Action::Pace(pace));
                    ui.close();
                }
            }
        });
        speed.response.on_hover_text("How fast to train: full speed for results, slower to watch what happens");
        if self.lab.draft.is_pending() && self.lab.draft.error().is_none() {
            primary_ui(ui, UiCommand::Restart, actions);
        }
    }

    fn view_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let help = Button::new("Help");
        UiCommand::ToggleHelp.widget_ui(ui, help, actions);
        let view = ui.menu_button("View ▾", |ui| {
            let is_training = self.lab.classical().is_none();
            for panel in Panel::ALL.into_iter().filter(|panel| is_training && *panel != Panel::Curves) {
                let mut is_shown = !self.view.is_hidden(panel);
                if ui.checkbox(&mut is_shown, panel.title()).on_hover_text("A hidden panel costs nothing").clicked() {
                    actions.push(Action::Panel(panel));
                }
            }
            if is_training {
                ui.separator();
            }
            for command in [UiCommand::ToggleSettings, UiCommand::ToggleExplain, UiCommand::ToggleCurves] {
                self.entry_ui(ui, command, actions);
            }
            ui.separator();
            for command in [UiCommand::ToggleTheme, UiCommand::ToggleFrameTimes, UiCommand::ToggleLog] {
                command.menu_ui(ui, actions);
            }
        });
        view.response.on_hover_text("What is shown, and in which colours");
        let theme = if Palette::current(ui.ctx()).dark { "Light" } else { "Dark" };
        UiCommand::ToggleTheme.widget_ui(ui, Button::new(theme), actions);
        if self.log.unseen() > 0 {
            let text = format!("{} new", self.log.unseen());
            UiCommand::ToggleLog.widget_ui(ui, Button::new(RichText::new(text).small()), actions);
        }
    }

    fn status_ui(&self, ui: &mut Ui, actions: &mut Vec<Action>) {
        match self.lab.classical() {
            Some(_) => {
                ui.label(RichText::new("Exact inference").strong()).on_hover_text(
                    "Nothing is trained: posteriors are computed in closed form or on a grid, in double precision on the CPU, and by two \
                     other ways of inference beside it",
                );
            }
            None => device_ui(ui, self.lab.device()),
        }
        if let Some((title, fraction)) = self.loading {
            if ui.button("Cancel").on_hover_text("Stops loading").clicked() {
                actions.push(Action::CancelLoading);
            }
            ui.add(ProgressBar::new(fraction).desired_width(90.0).desired_height(10.0)).on_hover_text(title);
            ui.weak(title);
            return;
        }
        if self.is_saving {
            ui.weak("Writing…");
        }
        if let Some(session) = self.lab.session() {
            progress_ui(ui, session);
        }
        if let Some(classical) = self.lab.classical() {
            sampling_ui(ui, classical);
        }
    }
}

/// The same controls, at rest, where nothing is trained; only the seed still means something.
fn untrained_ui(ui: &mut Ui, actions: &mut Vec<Action>) {
    let explained = |ui: &mut Ui, button: Button<'_>| {
        ui.add_enabled(false, button).on_disabled_hover_text(NOTHING_TRAINED);
    };
    explained(ui, Button::new("▶ Run").min_size([78.0, 24.0].into()));
    for command in [UiCommand::Step, UiCommand::Reset] {
        explained(ui, Button::new(command.text()));
    }
    let button = Button::new(UiCommand::NewSeed.text());
    let response = ui.add(button).on_hover_text("Draws data and samples anew from another seed");
    if response.clicked() {
        actions.push(Action::Command(UiCommand::NewSeed));
    }
    explained(ui, Button::new("Speed ▾"));
}

/// How far the sampler is.
fn sampling_ui(ui: &mut Ui, classical: &ClassicalLab) {
    const EXPLANATION: &str =
        "Exact and mean-field answers come at once; Hamiltonian Monte Carlo (the no-U-turn sampler) draws beside them";
    match classical.progress() {
        Some(fraction) => {
            let bar = ProgressBar::new(fraction).desired_width(90.0).desired_height(10.0);
            ui.add(bar).on_hover_text(EXPLANATION);
            ui.weak(format!("Sampling, {:.0} %", 100.0 * fraction)).on_hover_text(EXPLANATION);
        }
        None if classical.error().is_some() => {}
        None => {
            ui.weak("Sampling done").on_hover_text(EXPLANATION);
        }
    }
}

fn device_ui(ui: &mut Ui, device: &TrainingDevice) {
    let kind = match device.kind {
        DeviceKind::Cpu => "CPU".to_owned(),
        DeviceKind::Gpu => format!("{} (GPU)", shortened(&device.name)),
    };
    let driver = device.driver.as_ref().map_or_else(String::new, |driver| format!("\nDriver: {driver}"));
    ui.label(RichText::new(kind).strong())
        .on_hover_text(format!("Trains on: {}{driver}\nWhy: {}", device.name, device.reason));
}

fn progress_ui(ui: &mut Ui, session: &Session) {
    // The slowest variant: what stands side by side is at least this far.
    let Some(run) = session.runs().iter().min_by_key(|run| run.progress.step) else { return };
    let rate = run.progress.steps_per_second;
    let limit = session.experiment().steps;
    let is_running = session.runs().iter().any(|run| run.state == RunState::Running);
    if is_running && limit > run.progress.step && rate > 0.0 {
        ui.label(time_left((limit - run.progress.step) as f64 / rate)).on_hover_text("Until the step limit");
    }
    if is_running {
        ui.label(RichText::new(format!("{} steps/s", rounded(rate))).weak())
            .on_hover_text("Optimizer steps per second, each variant, over the last second or so");
    }
    let step = format!("Step {}", loading::grouped(run.progress.step));
    let tooltip = match limit {
        0 => "Optimizer steps taken by each variant; there is no limit".to_owned(),
        limit => format!("Optimizer steps taken by each variant, of {}", loading::grouped(limit)),
    };
    ui.label(step).on_hover_text(tooltip);
}

/// The first words of a name, as many as fit a toolbar.
fn shortened(name: &str) -> String {
    let mut short = String::new();
    for word in name.split_whitespace() {
        if !short.is_empty() && short.len() + word.len() > 22 {
            break;
        }
        short.push_str(word);
        short.push(' ');
    }
    short.trim_end().to_owned()
}

fn rounded(rate: f64) -> String {
    if rate >= 10.0 { loading::grouped(rate.round() as u64) } else { format!("{rate:.1}") }
}

fn time_left(seconds: f64) -> String {
    match seconds.round() as u64 {
        seconds @ 0..60 => format!("{seconds} s left"),
        seconds @ 60..3600 => format!("{}:{:02} min left", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min left", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        assert_eq!(time_left(12.4), "12 s left");
        assert_eq!(time_left(125.0), "2:05 min left");
        assert_eq!(time_left(7260.0), "2 h 01 min left");
    }

    #[test]
    fn rates_are_readable() {
        assert_eq!(rounded(3.24), "3.2");
        assert_eq!(rounded(1234.6), "1,235");
    }
}
