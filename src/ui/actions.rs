//! Carries out what was asked for during the layout.

use super::adapt;
use super::app::App;
use super::classical::NOTHING_TRAINED;
use super::commands::{Action, UiCommand};
use super::loading::{Request, Start, file_name, source_name, training_on};
use super::log::Level;
use super::phase::Former;
use super::save::{self, Saving};
use super::selection::Selection;
use crate::data::Source;
use crate::experiment::{Classical, Experiment, PpcaData, PpcaSettings};
use eframe::egui::Context;
use std::path::{Path, PathBuf};

impl App {
    /// Does one thing.
    pub(super) fn act(&mut self, action: Action, ctx: &Context, frame: &eframe::Frame) {
        // What was asked for is on the screen in the next frame.
        ctx.request_repaint();
        match action {
            Action::Command(command) => self.command(command, ctx),
            Action::Preset(preset) => match (preset.classical(), preset.lesson()) {
                (Some(Ok(model)), _) => {
                    // What is being read was wanted for something else.
                    self.files.loading = None;
                    self.selection = Selection { samples: self.selection.samples, ..Selection::default() };
                    self.lab.show(model, Some(preset));
                }
                (Some(Err(error)), _) => self.log.error(error),
                (None, Ok(experiment)) => {
                    let experiment = Box::new(experiment);
                    self.request(
                        ctx,
                        Request::Experiment { experiment, preset: Some(preset), running: Some(true), message: None },
                    );
                }
                (None, Err(error)) => self.log.error(error),
            },
            Action::Source(source) if self.is_ppca() => self.use_in_ppca(source),
            Action::Source(source) => {
                // Built-in data need no preview; the model may have to be adapted to them.
                let experiment = Box::new(self.lab.draft.experiment().clone());
                let settings = Box::new(adapt::data_settings(&experiment, source));
                self.request(ctx, Request::Adapted { experiment, settings });
            }
            Action::Open(path) => {
                self.windows.preview.close();
                self.request(ctx, Request::Path(path.clone()));
                self.files.opening = Some(path);
            }
            Action::Preview { path, settings } => self.request(ctx, Request::Data { path, settings: *settings }),
            Action::Browse(purpose) => {
                if let Err(error) = self.files.dialog.open(purpose, ctx, frame) {
                    self.log.error(error);
                }
            }
            Action::Save { what, path, replace } => self.save_to(what, path, replace, ctx),
            Action::Decoder { run, decoder } => {
                let name =
                    self.lab.session().and_then(|session| session.runs().get(run)).map(|run| run.settings.name.clone());
                match self.lab.set_decoder(run, decoder) {
                    Ok(note) => {
                        let name = super::verdict::title_of(&name.unwrap_or_default());
                        let text =
                            format!("{name} has a {} decoder now; restarted with the same seed", decoder.label());
                        self.log.push_with(Level::Success, text, Some(UiCommand::Undo));
                        note.into_iter().for_each(|note| self.log.push(Level::Info, note));
                    }
                    Err(error) => self.log.error(error),
                }
            }
            Action::Panel(panel) => self.view.toggle_panel(panel),
            Action::Pace(pace) => self.lab.set_pace(pace),
            Action::CancelLoading => {
                if let Some(job) = self.files.loading.take() {
                    job.cancel();
                    self.log.push(Level::Info, "Loading was cancelled");
                }
            }
            Action::TrainOnPreview => self.train_on_preview(ctx),
            Action::UsePreviewInPpca => {
                if let Some(preview) = self.windows.preview.close() {
                    self.use_in_ppca(preview.settings.source);
                }
            }
            Action::Inspect(settings) => {
                if let Some(classical) = self.lab.classical_mut() {
                    classical.configure(*settings);
                }
            }
            Action::OpenCell { experiment, place } => {
                self.open_as_run(experiment, format!("Opened the cell at {place}"), ctx);
            }
            Action::OpenRow { experiment, place } => {
                self.open_as_run(experiment, format!("Opened {place}"), ctx);
            }
            Action::ClosePreview => {
                // Reading again with other columns, perhaps.
                self.files.loading = None;
                self.windows.preview.close();
            }
        }
    }

    fn command(&mut self, command: UiCommand, ctx: &Context) {
        if self.lab.classical().is_some() && command.needs_training() {
            let text = match command {
                UiCommand::Undo | UiCommand::Redo => "Changes of a classical model are not kept for undo",
                _ => NOTHING_TRAINED,
            };
            self.log.push(Level::Info, text);
            return;
        }
        match command {
            UiCommand::ToggleRunning => {
                if let Some(message) = self.lab.toggle_running() {
                    self.log.push(Level::Info, message);
                }
            }
            UiCommand::Step => self.lab.step(),
            UiCommand::Reset => {
                if let Err(error) = self.lab.reset() {
                    self.log.error(error);
                }
            }
            UiCommand::NewSeed => match self.lab.new_seed() {
                Ok(seed) if self.lab.classical().is_some() => {
                    self.log.push(Level::Info, format!("Drawn from seed {seed}"))
                }
                Ok(seed) => self.log.push(Level::Info, format!("Started from seed {seed}")),
                Err(error) => self.log.error(error),
            },
            UiCommand::Restart => self.restart(ctx),
            UiCommand::Discard => {
                if let (Some(session), draft) = self.lab.parts() {
                    draft.discard(session);
                }
            }
            UiCommand::Undo | UiCommand::Redo => self.travel(command == UiCommand::Undo),
            UiCommand::Open => self.windows.open.show(),
            UiCommand::SaveSession => self.windows.save.ask(Saving::Session),
            UiCommand::SaveExperiment => self.windows.save.ask(Saving::Experiment),
            UiCommand::ExportCurves => self.windows.save.ask(Saving::Curves),
            UiCommand::ExportPhaseDiagram => self.windows.save.ask(Saving::PhaseDiagram),
            UiCommand::ShowPhaseDiagram => self.windows.phase.is_open = !self.windows.phase.is_open,
            UiCommand::ExportComparison => self.windows.save.ask(Saving::Comparison),
            UiCommand::ShowComparison => self.windows.compare.is_open = !self.windows.compare.is_open,
            UiCommand::LeaveCell => self.leave_cell(ctx),
            UiCommand::PreviousExample => self.selection.move_example(-1, self.pool()),
            UiCommand::NextExample => self.selection.move_example(1, self.pool()),
            UiCommand::ToggleSettings => self.view.settings = !self.view.settings,
            UiCommand::ToggleExplain => self.view.explain = !self.view.explain,
            UiCommand::ToggleCurves => self.view.curves = !self.view.curves,
            UiCommand::ToggleTheme => self.view.toggle_theme(ctx),
            UiCommand::ToggleFrameTimes => self.view.frame_times = !self.view.frame_times,
            UiCommand::ToggleLog => self.log.is_open = !self.log.is_open,
            UiCommand::ToggleHelp => self.windows.is_help_open = !self.windows.is_help_open,
        }
    }

    /// Trains a cell of the phase diagram or a row of a comparison in the window, with a way back.
    fn open_as_run(&mut self, experiment: Box<Experiment>, message: String, ctx: &Context) {
        // The run is behind the map or the table, which is one key away.
        self.windows.phase.is_open = false;
        self.windows.compare.is_open = false;
        if let Some(session) = self.lab.session() {
            let present = Former {
                experiment: session.experiment().clone(),
                preset: self.lab.preset(),
                is_running: session.is_active(),
            };
            self.windows.way_back.leave((*experiment).clone(), present);
        }
        let message = Some(message);
        self.request(ctx, Request::Experiment { experiment, preset: None, running: Some(true), message });
    }

    /// Goes back to what was in training before a cell or a row took its place.
    fn leave_cell(&mut self, ctx: &Context) {
        let Some(former) = self.windows.way_back.former().cloned() else {
            self.log.push(Level::Info, "There is no cell or row to go back from");
            return;
        };
        self.windows.phase.is_open = false;
        self.windows.compare.is_open = false;
        let message = Some(format!("Back to {}, from its first step", former.title()));
        let experiment = Box::new(former.experiment);
        let running = Some(former.is_running);
        self.request(ctx, Request::Experiment { experiment, preset: former.preset, running, message });
    }

    /// Starts anew with the draft; data that must be drawn or read again are loaded first, while the present run goes on.
    fn restart(&mut self, ctx: &Context) {
        let Some(session) = self.lab.session() else { return };
        let draft = self.lab.draft.experiment().clone();
        if let Some(error) = self.lab.draft.objection(session) {
            self.log.error(error);
        } else if draft.data != session.experiment().data {
            let preset = self.lab.preset();
            let experiment = Box::new(draft);
            self.request(ctx, Request::Experiment { experiment, preset, running: Some(true), message: None });
        } else {
            let changes = self.lab.draft.pending().join(", ");
            match self.lab.restart(draft) {
                Ok(()) => {
                    self.log.push(Level::Success, format!("Restarted with another {changes}, from the same seed"))
                }
                Err(error) => self.log.error(error),
            }
        }
    }

    /// Undoes or redoes; a decoder is switched at once, as it was by the button.
    fn travel(&mut self, back: bool) {
        if !self.lab.draft.travel(back) {
            self.log.push(Level::Info, if back { "Nothing to undo" } else { "Nothing to redo" });
            return;
        }
        self.lab.reconcile();
        if self.lab.draft.is_only_decoder_pending() && self.lab.draft.error().is_none() {
            let experiment = self.lab.draft.experiment().clone();
            if let Err(error) = self.lab.restart(experiment) {
                self.log.error(error);
            }
        }
    }

    /// Whether probabilistic PCA is on the screen.
    pub(super) fn is_ppca(&self) -> bool {
        self.lab.classical().is_some_and(|classical| matches!(classical.draft(), Classical::Ppca(_)))
    }

    fn use_in_ppca(&mut self, source: Source) {
        let Some(classical) = self.lab.classical_mut() else { return };
        let Classical::Ppca(settings) = classical.draft() else { return };
        let message = format!("Probabilistic PCA of {}", source_name(&source));
        let settings = PpcaSettings { data: PpcaData::Source(source), ..settings.clone() };
        classical.configure(Classical::Ppca(settings));
        self.log.push(Level::Success, message);
    }

    fn train_on_preview(&mut self, ctx: &Context) {
        let Some(preview) = self.windows.preview.close() else { return };
        let Ok(data) = preview.data else { return };
        if adapt::missing_condition(self.lab.draft.experiment(), &data, &preview.settings).is_some() {
            // They have to be read again, split into condition and output.
            let experiment = Box::new(self.lab.draft.experiment().clone());
            self.request(ctx, Request::Adapted { experiment, settings: Box::new(preview.settings) });
            return;
        }
        match adapt::adapt(self.lab.draft.experiment(), &data, preview.settings) {
            Ok((experiment, changes)) => {
                let message = training_on(&experiment.data.source, &changes);
                let start =
                    Start { experiment, data, checkpoint: None, preset: None, running: Some(true), message: None };
                match self.lab.start(start) {
                    Ok(()) => self.log.push(Level::Success, message),
                    Err(error) => self.log.error(error),
                }
            }
            Err(error) => self.log.error(error),
        }
    }

    fn save_to(&mut self, what: Saving, path: PathBuf, replace: bool, ctx: &Context) {
        if let (Saving::Experiment, Some(classical)) = (what, self.lab.classical()) {
            let text = classical.settings().to_toml();
            self.write(ctx, what, path, replace, move |path| save::write_text(path, &text));
            return;
        }
        if what == Saving::PhaseDiagram {
            match self.windows.phase.csv() {
                Some(text) => self.write(ctx, what, path, replace, move |path| save::write_text(path, &text)),
                None => self.log.error("No cell of the phase diagram is trained yet"),
            }
            return;
        }
        if what == Saving::Comparison {
            match self.windows.compare.csv() {
                Some(text) => self.write(ctx, what, path, replace, move |path| save::write_text(path, &text)),
                None => self.log.error("No row of the comparison is trained yet"),
            }
            return;
        }
        let Some(session) = self.lab.session() else {
            self.log.error("There is nothing to save yet");
            return;
        };
        match what {
            Saving::Session => {
                if self.lab.save() {
                    self.files.checkpoint_to = Some((path, replace));
                }
            }
            Saving::Experiment => {
                let text = session.experiment().to_toml();
                self.write(ctx, what, path, replace, move |path| save::write_text(path, &text));
            }
            Saving::Curves => {
                let text = save::curves_csv(session);
                self.write(ctx, what, path, replace, move |path| save::write_text(path, &text));
            }
            Saving::PhaseDiagram | Saving::Comparison => {}
        }
    }

    /// Writes something on a thread of its own.
    pub(super) fn write(
        &mut self,
        ctx: &Context,
        what: Saving,
        path: PathBuf,
        replace: bool,
        content: impl FnOnce(&Path) -> Result<(), String> + Send + 'static,
    ) {
        if self.files.saving.is_some() {
            self.log.error(format!("{} was not written: another file is being written", file_name(&path)));
            return;
        }
        match save::write(what, path, replace, ctx, content) {
            Ok(job) => self.files.saving = Some(job),
            Err(error) => self.log.error(error),
        }
    }
}
