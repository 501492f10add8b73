//! What is compared, as the person has it: methods, seeds and steps.

use crate::compare::{CompareError, Comparison, MethodChoice, choices};
use crate::experiment::Experiment;
use crate::ui::theme::{GAP, Palette};
use crate::ui::verdict::title_of;
use eframe::egui::{DragValue, RichText, ScrollArea, Ui};
use std::collections::BTreeMap;

/// Steps of a row where the experiment itself has no end.
const STEPS: u64 = 3000;
/// Seeds to start from.
const SEEDS: usize = 3;
/// What stands below the list of methods.
const BELOW: f32 = 250.0;

/// What is compared, as edited; the experiment's own variants until somebody chooses.
#[derive(Default)]
pub(super) struct Setup {
    /// Methods by name whose box was clicked.
    chosen: BTreeMap<String, bool>,
    seeds: Option<usize>,
    steps: Option<u64>,
    made: Option<Made>,
}

/// What follows from what is chosen, and from which choices it does.
struct Made {
    experiment: Experiment,
    chosen: BTreeMap<String, bool>,
    seeds: usize,
    choices: Vec<MethodChoice>,
    comparison: Result<Comparison, CompareError>,
}

impl Setup {
    /// Shows what a comparison is.
    pub fn take(&mut self, comparison: &Comparison, experiment: &Experiment) {
        let names: Vec<&String> = comparison.methods().iter().map(|method| &method.name).collect();
        let all = choices(experiment).unwrap_or_default();
        self.chosen =
            all.iter().map(|choice| (choice.variant.name.clone(), names.contains(&&choice.variant.name))).collect();
        self.seeds = Some(comparison.seeds().len());
        self.steps = Some(comparison.experiment().steps);
    }

    /// The comparison as edited.
    ///
    /// # Errors
    /// Why it cannot be run, in one sentence.
    pub fn comparison(&mut self, experiment: &Experiment) -> Result<Comparison, CompareError> {
        self.made(experiment).comparison.clone()
    }

    /// What follows from the choices: settings by their path are too slow to be set in every frame.
    fn made(&mut self, experiment: &Experiment) -> &Made {
        let experiment = self.with_steps(experiment);
        let seeds = self.seeds.unwrap_or(SEEDS);
        let is_current =
            |made: &Made| made.experiment == experiment && made.chosen == self.chosen && made.seeds == seeds;
        let made = self.made.take().filter(is_current);
        let made = made.unwrap_or_else(|| {
            let found = choices(&experiment);
            let comparison = found.clone().and_then(|found| {
                let wanted = found.into_iter().filter(|choice| self.is_chosen(choice));
                let methods = wanted.map(|choice| choice.variant).collect();
                let seeds = (0..seeds as u64).map(|at| experiment.seed.saturating_add(at)).collect();
                Comparison::new(&experiment, methods, seeds)
            });
            Made { experiment, chosen: self.chosen.clone(), seeds, choices: found.unwrap_or_default(), comparison }
        });
        self.made.insert(made)
    }

    /// The stages of a remedy depend on the steps.
    fn with_steps(&self, experiment: &Experiment) -> Experiment {
        let steps = self.steps.unwrap_or(if experiment.steps > 0 { experiment.steps } else { STEPS });
        Experiment { steps, ..experiment.clone() }
    }

    fn is_chosen(&self, choice: &MethodChoice) -> bool {
        self.chosen.get(&choice.variant.name).copied().unwrap_or(choice.summary.is_none())
    }

    /// Draws the editors.
    pub fn show_ui(&mut self, ui: &mut Ui, experiment: &Experiment) {
        let palette = Palette::current(ui.ctx());
        let all = self.made(experiment).choices.clone();
        let height = (ui.available_height() - BELOW).max(90.0);
        ScrollArea::vertical().id_salt("compare-methods").max_height(height).auto_shrink([false, true]).show(
            ui,
            |ui| {
                let mut is_own = None;
                for choice in &all {
                    if is_own != Some(choice.summary.is_none()) {
                        is_own = Some(choice.summary.is_none());
                        ui.strong(if choice.summary.is_none() {
                            "Variants of the experiment"
                        } else {
                            "Published remedies"
                        });
                    }
                    let name = &choice.variant.name;
                    let mut is_chosen = self.is_chosen(choice);
                    let tooltip = choice.summary.map_or_else(|| overrides(choice), title_of);
                    if ui.checkbox(&mut is_chosen, name).on_hover_text(tooltip).changed() {
                        self.chosen.insert(name.clone(), is_chosen);
                    }
                }
            },
        );
        ui.add_space(GAP);
        let mut seeds = self.seeds.unwrap_or(SEEDS);
        ui.horizontal(|ui| {
            let label = ui.label("Seeds");
            let response = ui.add(DragValue::new(&mut seeds).range(1..=32).speed(0.05)).labelled_by(label.id);
            let tooltip = "Every method is trained with each of so many seeds, from the experiment's own on";
            if response.on_hover_text(tooltip).changed() {
                self.seeds = Some(seeds);
            }
            let label = ui.label("Steps");
            let mut steps = self.with_steps(experiment).steps;
            let drag = DragValue::new(&mut steps).range(1..=10_000_000).speed(20.0);
            let response = ui.add(drag).labelled_by(label.id);
            if response
                .on_hover_text("Optimizer steps of the decoder in every row; some methods do more work in a step")
                .changed()
            {
                self.steps = Some(steps);
            }
        });
        let note = "All rows share data; rows of a seed share batches and noise";
        ui.label(RichText::new(note).small().color(palette.weak_text));
    }
}

/// What a variant changes, as TOML.
fn overrides(choice: &MethodChoice) -> String {
    let text = choice.variant.overrides.to_string();
    if text.trim().is_empty() { "The experiment as it is".to_owned() } else { text.trim().to_owned() }
}
