//! What a person can ask for: every menu entry, button, shortcut and line of the help table comes from here.
//!
//! Panels do not change the application; they push an [`Action`], which is carried out after the layout.

use super::dialog::Purpose;
use super::panels::Panel;
use super::save::Saving;
use super::tooltip::lazily_explained;
use crate::data::Source;
use crate::experiment::{Classical, DataSettings, DecoderKind, Experiment, presets::Preset};
use crate::train::Pace;
use eframe::egui::{Button, Context, Key, KeyboardShortcut, Modifiers, Response, Ui, Widget};
use std::path::PathBuf;

/// A command with a name, an explanation and perhaps shortcuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UiCommand {
    /// Train or pause.
    ToggleRunning,
    /// One optimizer step.
    Step,
    /// Same seed, new weights.
    Reset,
    /// Another seed.
    NewSeed,
    /// Apply the pending structural changes.
    Restart,
    /// Drop the pending structural changes.
    Discard,
    /// Undo a change of settings.
    Undo,
    /// Redo it.
    Redo,
    /// Open data, an experiment or a session.
    Open,
    /// Save weights, optimizer and settings.
    SaveSession,
    /// Save the settings as TOML.
    SaveExperiment,
    /// Save the curves as CSV.
    ExportCurves,
    /// Save the cells of the phase diagram as CSV.
    ExportPhaseDiagram,
    /// Show the phase diagram.
    ShowPhaseDiagram,
    /// Save the rows of the comparison as CSV.
    ExportComparison,
    /// Show the comparison of methods.
    ShowComparison,
    /// Go back to what was in training before a cell of the phase diagram or a row of a comparison was opened.
    LeaveCell,
    /// Previous example of the pool.
    PreviousExample,
    /// Next example of the pool.
    NextExample,
    /// Show or hide the settings.
    ToggleSettings,
    /// Show or hide the lesson.
    ToggleExplain,
    /// Show or hide the curves.
    ToggleCurves,
    /// Light or dark.
    ToggleTheme,
    /// Show or hide the frame times.
    ToggleFrameTimes,
    /// Show or hide the messages.
    ToggleLog,
    /// Show or hide the help.
    ToggleHelp,
}

/// Something to be done after the layout.
#[derive(Clone, Debug)]
pub enum Action {
    /// A command.
    Command(UiCommand),
    /// Load a preset and start it.
    Preset(&'static Preset),
    /// Train on built-in or generated data.
    Source(Source),
    /// Open whatever lies at a path.
    Open(PathBuf),
    /// Choose a path in the system's dialog.
    Browse(Purpose),
    /// Write something to a path.
    Save {
        /// What.
        what: Saving,
        /// Where to.
        path: PathBuf,
        /// Whether a file that is there may be replaced.
        replace: bool,
    },
    /// Give a variant another decoder.
    Decoder {
        /// Index of the run.
        run: usize,
        /// Its new decoder.
        decoder: DecoderKind,
    },
    /// Show or hide a panel.
    Panel(Panel),
    /// How fast to train.
    Pace(Pace),
    /// Stop the load in progress.
    CancelLoading,
    /// Train on the data previewed.
    TrainOnPreview,
    /// Give the data previewed to the probabilistic PCA that is looked at.
    UsePreviewInPpca,
    /// Look at a classical model with other settings.
    Inspect(Box<Classical>),
    /// Read a data file, again with other options.
    Preview {
        /// The file or folder.
        path: PathBuf,
        /// How to read it.
        settings: Box<DataSettings>,
    },
    /// Forget the data previewed.
    ClosePreview,
    /// Open a cell of the phase diagram as a run.
    OpenCell {
        /// What the cell trained.
        experiment: Box<Experiment>,
        /// Its two values, in words.
        place: String,
    },
    /// Open a row of a comparison as a run.
    OpenRow {
        /// What the row trained.
        experiment: Box<Experiment>,
        /// Its method and seed, in words.
        place: String,
    },
}

/// Heading in the help table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Running, stepping, starting anew.
    Training,
    /// Files and undo.
    Files,
    /// What is looked at.
    View,
}

impl Group {
    /// All groups, in the order of the help table.
    pub const ALL: [Self; 3] = [Self::Training, Self::Files, Self::View];

    /// Name on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::Training => "Training",
            Self::Files => "Files and settings",
            Self::View => "View",
        }
    }
}

const fn plain(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::NONE, key)
}

const fn control(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

const CONTROL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);

impl UiCommand {
    /// Every command. A shortcut with more modifiers comes before the same key with fewer, which would otherwise take it.
    pub const ALL: [Self; 26] = [
        Self::ToggleRunning,
        Self::Step,
        Self::Reset,
        Self::NewSeed,
        Self::Restart,
        Self::Discard,
        Self::Open,
        Self::SaveSession,
        Self::SaveExperiment,
        Self::ExportCurves,
        Self::ExportPhaseDiagram,
        Self::ShowPhaseDiagram,
        Self::ExportComparison,
        Self::ShowComparison,
        Self::LeaveCell,
        Self::Redo,
        Self::Undo,
        Self::PreviousExample,
        Self::NextExample,
        Self::ToggleSettings,
        Self::ToggleExplain,
        Self::ToggleCurves,
        Self::ToggleTheme,
        Self::ToggleFrameTimes,
        Self::ToggleLog,
        Self::ToggleHelp,
    ];

    /// Name on buttons and menus.
    pub fn text(self) -> &'static str {
        match self {
            Self::ToggleRunning => "Run or pause",
            Self::Step => "Step",
            Self::Reset => "Reset",
            Self::NewSeed => "New seed",
            Self::Restart => "Restart",
            Self::Discard => "Discard",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::Open => "Open…",
            Self::SaveSession => "Save session…",
            Self::SaveExperiment => "Save experiment…",
            Self::ExportCurves => "Export curves…",
            Self::ExportPhaseDiagram => "Export cells…",
            Self::ShowPhaseDiagram => "Phase diagram…",
            Self::ExportComparison => "Export rows…",
            Self::ShowComparison => "Compare methods…",
            Self::LeaveCell => "Back to the former experiment",
            Self::PreviousExample => "Previous example",
            Self::NextExample => "Next example",
            Self::ToggleSettings => "Settings panel",
            Self::ToggleExplain => "Explanation panel",
            Self::ToggleCurves => "Curves panel",
            Self::ToggleTheme => "Light or dark theme",
            Self::ToggleFrameTimes => "Frame times",
            Self::ToggleLog => "Messages",
            Self::ToggleHelp => "Help",
        }
    }

    /// What it does, in one sentence.
    pub fn tooltip(self) -> &'static str {
        match self {
            Self::ToggleRunning => "Trains all variants, or pauses them; everything stays explorable while paused",
            Self::Step => "Takes one optimizer step in every variant, then pauses",
            Self::Reset => "Starts again from the same seed: same initial weights, same batches, same noise",
            Self::NewSeed => "Draws another seed and starts again from it",
            Self::Restart => "Starts anew with the changed settings, from the same seed",
            Self::Discard => "Returns the changed settings to those of the training in progress",
            Self::Undo => "Undoes the last change of settings",
            Self::Redo => "Redoes the change of settings that was undone",
            Self::Open => {
                "Opens a data file, a folder of pictures, an experiment (.toml) or a saved session (.collapsar)"
            }
            Self::SaveSession => "Saves weights, optimizer state, curves and settings, to go on from here later",
            Self::SaveExperiment => "Saves all settings as a TOML file, which the command line reads too",
            Self::ExportCurves => "Saves the curves of all variants as a CSV file",
            Self::ExportPhaseDiagram => "Saves the trained cells of the phase diagram as a CSV file",
            Self::ShowPhaseDiagram => "Trains a grid of short runs over two settings, and maps the active dimensions",
            Self::ExportComparison => "Saves the trained rows of the comparison as a CSV file",
            Self::ShowComparison => {
                "Trains several methods with several seeds, and puts what they bring and cost into a table"
            }
            Self::LeaveCell => "Starts what was in training before the cell or row was opened, from its first step",
            Self::PreviousExample => "Selects the previous held-out example in all panels",
            Self::NextExample => "Selects the next held-out example in all panels",
            Self::ToggleSettings => "Shows or hides the settings on the left",
            Self::ToggleExplain => "Shows or hides lesson, diagnosis and terms on the right",
            Self::ToggleCurves => "Shows or hides the curves at the bottom",
            Self::ToggleTheme => "Switches between the light and the dark theme",
            Self::ToggleFrameTimes => {
                "Shows the window thread's own time per frame: layout and panels, without waiting for the GPU"
            }
            Self::ToggleLog => "Shows all messages of this session",
            Self::ToggleHelp => "Shows all keyboard shortcuts, and how to use the window",
        }
    }

    /// Whether it means nothing while a classical model is looked at.
    pub fn needs_training(self) -> bool {
        matches!(
            self,
            Self::ToggleRunning
                | Self::Step
                | Self::Reset
                | Self::Restart
                | Self::Discard
                | Self::Undo
                | Self::Redo
                | Self::SaveSession
                | Self::ExportCurves
                | Self::ShowPhaseDiagram
                | Self::ShowComparison
                | Self::ToggleCurves
        )
    }

    /// Keys that trigger it.
    pub fn shortcuts(self) -> &'static [KeyboardShortcut] {
        const fn of<const N: usize>(shortcuts: &'static [KeyboardShortcut; N]) -> &'static [KeyboardShortcut] {
            shortcuts
        }
        match self {
            Self::ToggleRunning => of(&const { [plain(Key::Space)] }),
            Self::Step => of(&const { [plain(Key::S), plain(Key::ArrowRight)] }),
            Self::Reset => of(&const { [plain(Key::R)] }),
            Self::NewSeed => of(&const { [plain(Key::N)] }),
            Self::Restart => of(&const { [control(Key::Enter)] }),
            Self::Undo => of(&const { [control(Key::Z)] }),
            Self::Redo => of(&const { [KeyboardShortcut::new(CONTROL_SHIFT, Key::Z), control(Key::Y)] }),
            Self::Open => of(&const { [control(Key::O)] }),
            Self::SaveSession => of(&const { [control(Key::S)] }),
            Self::ExportCurves => of(&const { [control(Key::E)] }),
            Self::ShowPhaseDiagram => of(&const { [control(Key::P)] }),
            Self::ShowComparison => of(&const { [control(Key::M)] }),
            Self::PreviousExample => of(&const { [plain(Key::OpenBracket)] }),
            Self::NextExample => of(&const { [plain(Key::CloseBracket)] }),
            Self::ToggleSettings => of(&const { [plain(Key::F2)] }),
            Self::ToggleExplain => of(&const { [plain(Key::F3)] }),
            Self::ToggleCurves => of(&const { [plain(Key::F4)] }),
            Self::ToggleTheme => of(&const { [control(Key::D)] }),
            Self::ToggleFrameTimes => of(&const { [plain(Key::F12)] }),
            Self::ToggleLog => of(&const { [control(Key::L)] }),
            Self::ToggleHelp => of(&const { [plain(Key::F1)] }),
            Self::Discard
            | Self::SaveExperiment
            | Self::ExportPhaseDiagram
            | Self::ExportComparison
            | Self::LeaveCell => &[],
        }
    }

    /// Where the help lists it.
    pub fn group(self) -> Group {
        match self {
            Self::ToggleRunning
            | Self::Step
            | Self::Reset
            | Self::NewSeed
            | Self::Restart
            | Self::Discard
            | Self::ShowPhaseDiagram
            | Self::ShowComparison
            | Self::LeaveCell => Group::Training,
            Self::Undo
            | Self::Redo
            | Self::Open
            | Self::SaveSession
            | Self::SaveExperiment
            | Self::ExportCurves
            | Self::ExportPhaseDiagram
            | Self::ExportComparison => Group::Files,
            _ => Group::View,
        }
    }

    /// The shortcuts in words, such as `S or →`; empty without any.
    pub fn shortcut_text(self, ctx: &Context) -> String {
        let texts: Vec<String> = self.shortcuts().iter().map(|shortcut| ctx.format_shortcut(shortcut)).collect();
        texts.join(" or ")
    }

    /// Tooltip with the shortcuts behind it.
    pub fn tooltip_with_shortcut(self, ctx: &Context) -> String {
        match self.shortcut_text(ctx) {
            keys if keys.is_empty() => self.tooltip().to_owned(),
            keys => format!("{} ({keys})", self.tooltip()),
        }
    }

    /// A button of this command.
    pub fn button_ui(self, ui: &mut Ui, actions: &mut Vec<Action>) -> Response {
        self.widget_ui(ui, Button::new(self.text()), actions)
    }

    /// A menu entry of this command, with its shortcut on the right.
    pub fn menu_ui(self, ui: &mut Ui, actions: &mut Vec<Action>) -> Response {
        let keys = self.shortcut_text(ui.ctx());
        let response = self.widget_ui(ui, Button::new(self.text()).shortcut_text(keys), actions);
        if response.clicked() {
            ui.close();
        }
        response
    }

    /// A button that looks as given and does this.
    pub fn widget_ui(self, ui: &mut Ui, widget: impl Widget, actions: &mut Vec<Action>) -> Response {
        let response = ui.add(widget);
        if response.clicked() {
            actions.push(Action::Command(self));
        }
        lazily_explained(response, || self.tooltip_with_shortcut(ui.ctx()))
    }
}

/// Keyboard input of this frame: commands, and a latent dimension (counted from 0) for the keys 1 to 9.
///
/// Nothing while a widget has the keyboard: letters belong to the text field that is being written in.
pub fn pressed(ctx: &Context) -> (Vec<UiCommand>, Option<usize>) {
    if ctx.egui_wants_keyboard_input() {
        return (Vec::new(), None);
    }
    const DIGITS: [Key; 9] =
        [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6, Key::Num7, Key::Num8, Key::Num9];
    ctx.input_mut(|input| {
        let commands = UiCommand::ALL
            .into_iter()
            .filter(|command| command.shortcuts().iter().any(|shortcut| input.consume_shortcut(shortcut)))
            .collect();
        (commands, DIGITS.iter().position(|&key| input.consume_key(Modifiers::NONE, key)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things() {
        let mut seen: Vec<KeyboardShortcut> = Vec::new();
        for shortcut in UiCommand::ALL.iter().flat_map(|command| command.shortcuts()) {
            assert!(!seen.contains(shortcut), "{shortcut:?} is taken twice");
            seen.push(*shortcut);
        }
    }

    #[test]
    fn the_more_modifiers_the_earlier() {
        let order: Vec<_> = UiCommand::ALL.iter().flat_map(|command| command.shortcuts()).collect();
        for (at, shortcut) in order.iter().enumerate() {
            for earlier in &order[..at] {
                let takes = earlier.logical_key == shortcut.logical_key
                    && shortcut.modifiers.contains(earlier.modifiers)
                    && shortcut.modifiers.command == earlier.modifiers.command;
                assert!(!takes, "{earlier:?} would take {shortcut:?}");
            }
        }
    }
}
