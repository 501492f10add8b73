//! Takes in what happened since the last frame: data that were read, trainers that spoke, dialogs that closed, keys. Never waits.

use super::app::App;
use super::commands::{self, Action, UiCommand};
use super::dialog::{Answer, Purpose};
use super::loading::{Job, Loaded, Request};
use super::log::Level;
use super::open;
use super::save::{SaveError, Saving};
use super::verdict;
use crate::train::{RunState, Session, SessionEvent};
use eframe::egui::Context;
use std::path::Path;

impl App {
    pub(super) fn start_fallback(&mut self, ctx: &Context) {
        if let Some(experiment) = self.files.fallback.take() {
            let experiment = Box::new(experiment);
            self.request(ctx, Request::Experiment { experiment, preset: None, running: None, message: None });
        }
    }

    /// Goes on to what was asked for at the start of the program.
    pub(super) fn take_turns(&mut self, ctx: &Context) {
        let is_idle = self.files.loading.is_none() && self.actions.is_empty();
        if !self.lab.is_empty() {
            self.files.fallback = None;
            self.actions.extend(self.files.next.take().map(Action::Open));
        } else if is_idle {
            self.start_fallback(ctx);
        }
    }

    pub(super) fn take_loaded(&mut self) {
        let Some(result) = self.files.loading.as_ref().and_then(Job::poll) else { return };
        self.files.loading = None;
        let result = result.and_then(|result| result);
        if let Some(path) = self.files.opening.take()
            && result.is_ok()
        {
            open::remember(&mut self.view.recent, &path);
        }
        match result {
            Ok(Loaded::Preview(preview)) => self.windows.preview.show(*preview),
            Ok(Loaded::Classical(model, message)) => {
                self.lab.show(*model, None);
                self.log.push(Level::Success, message);
            }
            Ok(Loaded::Start(start)) => {
                let (message, experiment) = (start.message.clone(), start.experiment.clone());
                match self.lab.start(*start) {
                    Ok(()) => {
                        self.windows.way_back.arrive(&experiment);
                        let back = self.windows.way_back.former().map(|_| UiCommand::LeaveCell);
                        message.into_iter().for_each(|message| self.log.push_with(Level::Success, message, back));
                    }
                    Err(error) => self.log.error(error),
                }
            }
            Err(error) => self.log.error(error),
        }
    }

    pub(super) fn take_events(&mut self, ctx: &Context) {
        for event in self.lab.poll() {
            match event {
                SessionEvent::StateChanged { run, state } => self.tell_state(run, &state),
                SessionEvent::Saved(Ok(checkpoint)) => {
                    if let Some((path, replace)) = self.files.checkpoint_to.take() {
                        let content = move |path: &Path| checkpoint.write(path).map_err(|error| error.to_string());
                        self.write(ctx, Saving::Session, path, replace, content);
                    }
                }
                SessionEvent::Saved(Err(error)) => {
                    self.files.checkpoint_to = None;
                    self.log.error(format!("The session was not saved: {error}"));
                }
            }
        }
        let is_saving = self.lab.session().is_some_and(Session::is_saving);
        if !is_saving && self.files.checkpoint_to.take().is_some() {
            self.log.error("The session was not saved: another took its place before its weights had arrived");
        }
    }

    fn tell_state(&mut self, run: usize, state: &RunState) {
        let Some(run) = self.lab.session().and_then(|session| session.runs().get(run)) else { return };
        let name = super::verdict::title_of(&run.settings.name);
        match state {
            RunState::Diverged { .. } | RunState::Failed(_) => {
                let said = verdict::verdict(state, None);
                self.log.push(Level::Error, format!("{name}: {}", said.text));
            }
            RunState::Preparing { .. } | RunState::Running | RunState::Paused | RunState::Finished => {}
        }
    }

    pub(super) fn take_files(&mut self) {
        match self.files.dialog.poll() {
            Some(Answer::Chosen(Purpose::Save(what), path)) => {
                self.windows.save.close();
                // The system's dialog has asked whether to replace a file.
                self.actions.push(Action::Save { what, path, replace: true });
            }
            Some(Answer::Chosen(_, path)) => {
                self.windows.open.is_open = false;
                self.actions.push(Action::Open(path));
            }
            Some(Answer::NotOpened) => {
                self.log.push(Level::Warning, "The system file dialog did not open: type a path or drop a file");
            }
            Some(Answer::Cancelled) | None => {}
        }
        let Some(result) = self.files.saving.as_ref().and_then(Job::poll) else { return };
        self.files.saving = None;
        match result.unwrap_or_else(|error| Err(SaveError::Failed(error))) {
            Ok(message) => self.log.push(Level::Success, message),
            Err(SaveError::Exists(what, path)) => self.windows.save.ask_to_replace(what, &path),
            Err(SaveError::Failed(error)) => self.log.error(error),
        }
    }

    pub(super) fn take_keys(&mut self, ctx: &Context) {
        let (commands, dimension) = commands::pressed(ctx);
        self.actions.extend(commands.into_iter().map(Action::Command));
        if let (Some(dimension), Some(levels)) = (dimension, self.levels())
            && dimension < levels.total()
        {
            self.selection.select(dimension);
        }
    }
}
