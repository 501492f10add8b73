//! The experiment as the person has it, beside the one in training.
//!
//! What can be applied to a running training is applied at once. The rest waits, visibly, until the person restarts or discards it.
//! What is out of range is applied nowhere: the training in progress never sees it.

use super::adapt;
use super::fields::label_of;
use crate::experiment::{Experiment, ExperimentError, Settings};
use crate::train::Session;
use eframe::egui::util::undoer::Undoer;
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The edited experiment.
pub struct Draft {
    experiment: Experiment,
    baseline: Experiment,
    undoer: Undoer<Experiment>,
    reconciled: Option<(Experiment, Experiment)>,
    runs: Vec<Settings>,
    /// The shared settings and those of every run, as tables.
    values: (Table, Vec<Table>),
    error: Option<ExperimentError>,
    pending: Vec<String>,
    changed: BTreeSet<String>,
    /// What stands in a text field and cannot be understood, by path, with the reason.
    texts: BTreeMap<String, (String, String)>,
    /// What had to change along with what the person changed, while it waits for a restart.
    note: Option<&'static str>,
    /// What had to change with another family, while it waits for a restart.
    family_note: Option<String>,
}

impl Draft {
    /// A draft equal to an experiment, which is also what “reset” leads back to.
    pub fn new(experiment: Experiment) -> Self {
        let mut draft = Self {
            runs: Vec::new(),
            values: (Table::new(), Vec::new()),
            baseline: experiment.clone(),
            experiment,
            undoer: Undoer::default(),
            reconciled: None,
            error: None,
            pending: Vec::new(),
            changed: BTreeSet::new(),
            texts: BTreeMap::new(),
            note: None,
            family_note: None,
        };
        draft.undoer.add_undo(&draft.experiment);
        draft.refresh();
        draft
    }

    /// The value of a setting for a run, overrides applied.
    pub fn value(&self, run: usize, key: &str) -> Option<&Value> {
        self.values.1.get(run).and_then(|table| find(table, key)).or_else(|| find(&self.values.0, key))
    }

    /// The experiment as edited.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// Settings of every variant, as edited; those of the last valid draft where an override is wrong.
    pub fn runs(&self) -> &[Settings] {
        &self.runs
    }

    /// What is wrong with it, if anything.
    pub fn error(&self) -> Option<&ExperimentError> {
        self.error.as_ref()
    }

    /// Names of the changes that need a restart.
    pub fn pending(&self) -> Vec<String> {
        self.pending.iter().map(|path| label_of(path)).collect()
    }

    /// What had to change along with what the person changed, if it waits for a restart.
    pub fn note(&self) -> Option<&'static str> {
        self.note.filter(|_| self.pending.iter().any(|path| path.ends_with("objective.expectation")))
    }

    /// What had to change with another family, if that waits for a restart.
    pub fn family_note(&self) -> Option<&str> {
        self.family_note.as_deref().filter(|_| self.pending.iter().any(|path| path.ends_with("model.family")))
    }

    /// Whether something waits for a restart.
    pub fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether nothing but decoders waits for a restart.
    pub fn is_only_decoder_pending(&self) -> bool {
        self.is_pending() && self.pending.iter().all(|path| path.ends_with("model.decoder"))
    }

    /// Whether a setting differs from what the lesson or file had.
    pub fn is_changed(&self, path: &str) -> bool {
        self.changed.contains(path)
    }

    /// The text in a field that could not be understood, and why.
    pub fn rejected_text(&self, path: &str) -> Option<&(String, String)> {
        self.texts.get(path)
    }

    /// Notes that a text could not be understood.
    pub fn reject_text(&mut self, path: &str, text: String, reason: String) {
        self.texts.insert(path.to_owned(), (text, reason));
    }

    /// Changes a setting by its dotted path.
    pub fn set(&mut self, path: &str, value: Value) {
        self.texts.remove(path);
        match self.experiment.set(path, value) {
            Ok(()) => {
                // A method that is chosen and does not fit is said to; one that another family cannot have would be in its way.
                if path.ends_with("model.family") {
                    let changes = adapt::fit_methods(&mut self.experiment);
                    self.family_note =
                        (!changes.is_empty()).then(|| format!("Changed with the family: {}", changes.join("; ")));
                }
                self.fit();
            }
            Err(error) => self.error = Some(error),
        }
    }

    /// Gives a setting the value that it has in another experiment, also if that is none.
    fn copy(&mut self, from: &Experiment, path: &str) {
        self.texts.remove(path);
        self.experiment.take_setting_of(from, path);
        self.fit();
    }

    /// Changes what cannot stay beside what the person has just changed.
    fn fit(&mut self) {
        self.note = adapt::fit_expectation(&mut self.experiment).or(self.note);
        self.refresh();
    }

    /// Returns a setting to what the lesson or file had.
    pub fn reset(&mut self, path: &str) {
        self.copy(&self.baseline.clone(), path);
    }

    /// Removes an optional setting.
    pub fn clear(&mut self, path: &str) {
        self.copy(&Experiment::default(), path);
    }

    /// Replaces the whole experiment, as one step of undo.
    pub fn replace(&mut self, experiment: Experiment) {
        self.undoer.add_undo(&self.experiment);
        self.experiment = experiment;
        self.undoer.add_undo(&self.experiment);
        self.refresh();
    }

    /// Returns to the experiment in training.
    pub fn discard(&mut self, session: &Session) {
        self.texts.clear();
        self.experiment = session.experiment().clone();
        self.refresh();
    }

    fn refresh(&mut self) {
        if let Ok(runs) = self.experiment.runs() {
            self.values.1 = runs.iter().filter_map(|run| Table::try_from(run).ok()).collect();
            self.runs = runs;
        }
        self.values.0 = Table::try_from(&self.experiment).unwrap_or_default();
        self.changed = differences(&self.baseline, &self.experiment).into_iter().collect();
        self.reconciled = None;
    }

    /// Applies what can be applied to the training in progress, and notes what waits.
    pub fn reconcile(&mut self, session: &mut Session) {
        let is_known = self
            .reconciled
            .as_ref()
            .is_some_and(|(draft, running)| *draft == self.experiment && running == session.experiment());
        if is_known {
            return;
        }
        self.error = self.objection(session);
        // What can be applied is applied, also while something structural is wrong: that only keeps a restart waiting.
        let live = session.experiment().with_live_settings_of(&self.experiment);
        if live != *session.experiment()
            && let Err(error) = session.configure(&live)
        {
            self.error = Some(error);
        }
        self.pending = differences(session.experiment(), &self.experiment);
        self.reconciled = Some((self.experiment.clone(), session.experiment().clone()));
    }

    /// Why the draft could not be trained, as far as that is known: what other data hold is known once they are loaded.
    pub fn objection(&self, session: &Session) -> Option<ExperimentError> {
        let has_same_data = self.experiment.data == session.experiment().data;
        let checked =
            if has_same_data { self.experiment.validate_for(session.data()) } else { self.experiment.validate() };
        checked.err()
    }

    /// Lets the undo history see the present state; a second of rest makes a step of undo.
    pub fn feed(&mut self, time: f64) {
        self.undoer.feed_state(time, &self.experiment);
    }

    /// Whether there is something to undo and to redo.
    pub fn history(&self) -> (bool, bool) {
        (self.undoer.has_undo(&self.experiment), self.undoer.has_redo(&self.experiment))
    }

    /// Goes back or forth one step; whether there was one.
    pub fn travel(&mut self, back: bool) -> bool {
        let state = if back { self.undoer.undo(&self.experiment) } else { self.undoer.redo(&self.experiment) };
        let Some(state) = state.cloned() else { return false };
        self.texts.clear();
        self.experiment = state;
        self.refresh();
        true
    }
}

fn find<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((head, rest)) => find(table.get(head)?.as_table()?, rest),
    }
}

/// Dotted paths at which two experiments differ.
fn differences(a: &Experiment, b: &Experiment) -> Vec<String> {
    if a == b {
        return Vec::new();
    }
    let paths = |experiment: &Experiment| {
        let mut paths = BTreeMap::new();
        if let Ok(table) = Table::try_from(experiment) {
            flatten(&table, "", &mut paths);
        }
        paths
    };
    let (a, b) = (paths(a), paths(b));
    let all: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    all.into_iter().filter(|path| a.get(*path) != b.get(*path)).cloned().collect()
}

fn flatten(table: &Table, prefix: &str, paths: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        match value {
            Value::Table(inner) => flatten(inner, &format!("{prefix}{name}."), paths),
            value => {
                paths.insert(format!("{prefix}{name}"), value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Change, presets::Preset};

    fn draft() -> Draft {
        Draft::new(Preset::find("collapse-2d").unwrap().experiment().unwrap())
    }

    #[test]
    fn the_live_part_of_mixed_changes_is_live() {
        let running = draft().experiment;
        let mut draft = draft();
        draft.set("model.sigma", Value::Float(0.3));
        draft.set("variants.brenier.model.convexity", Value::Float(0.5));
        draft.set("model.latent_dimensions", Value::Integer(1));
        let live = running.with_live_settings_of(draft.experiment());
        assert_eq!(running.change_to(&live), Change::Live);
        assert_eq!(differences(&live, draft.experiment()), ["model.latent_dimensions"]);
    }

    #[test]
    fn hidden_layers_end_the_closed_form() {
        let mut draft = Draft::new(Preset::find("linear-vae").unwrap().experiment().unwrap());
        let running = draft.experiment.clone();
        draft.set("model.hidden", Value::Array(vec![Value::Integer(64)]));
        draft.experiment.validate().unwrap();
        assert_eq!(differences(&running, &draft.experiment), ["model.hidden", "objective.expectation"]);
        draft.pending = differences(&running, &draft.experiment);
        assert!(draft.note().unwrap().contains("One sample"));
    }

    #[test]
    fn learning_sigma_is_not_live() {
        let mut draft = draft();
        draft.set("model.sigma", Value::String("learned".to_owned()));
        assert_eq!(draft.baseline.with_live_settings_of(draft.experiment()), draft.baseline);
    }

    #[test]
    fn reset_also_removes_what_was_not_set() {
        let mut draft = draft();
        draft.set("model.latent_map_hidden", Value::Array(vec![Value::Integer(8)]));
        assert!(draft.is_changed("model.latent_map_hidden"));
        draft.reset("model.latent_map_hidden");
        assert_eq!(draft.experiment(), &draft.baseline);
        assert!(!draft.is_changed("model.latent_map_hidden"));
    }

    #[test]
    fn undo_and_redo_walk_over_replaced_experiments() {
        let mut draft = draft();
        let mut other = draft.experiment().clone();
        other.seed = 99;
        draft.replace(other.clone());
        assert!(draft.travel(true));
        assert_eq!(draft.experiment(), &draft.baseline);
        assert!(draft.travel(false));
        assert_eq!(draft.experiment(), &other);
    }
}
