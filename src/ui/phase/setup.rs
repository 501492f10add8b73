//! What is swept, as the person has it: two settings and their values.

use super::choices::{CHOICES, Choice, is_hierarchical, label_of};
use crate::data::Source;
use crate::experiment::{Experiment, LikelihoodKind};
use crate::sweep::{Axis, Spacing, Sweep, SweepError};
use crate::ui::settings::capitalised;
use crate::ui::theme::{GAP, SECTION_GAP};
use crate::ui::verdict;
use eframe::egui::{ComboBox, DragValue, Grid, Id, RichText, Ui};

/// Values per axis.
const COUNTS: std::ops::RangeInclusive<usize> = 2..=32;
/// Steps of a cell where the experiment itself has no end.
const STEPS: u64 = 2000;

/// One axis as edited.
#[derive(Clone, Debug, PartialEq)]
struct AxisDraft {
    key: &'static str,
    ends: [f64; 2],
    count: usize,
    logarithmic: bool,
}

impl AxisDraft {
    fn of(choice: &Choice) -> Self {
        Self { key: choice.key, ends: choice.ends, count: choice.count, logarithmic: choice.logarithmic }
    }

    fn showing(axis: &Axis) -> Option<Self> {
        let choice = CHOICES.iter().find(|choice| choice.key == axis.key)?;
        let ends = [*axis.values.first()?, *axis.values.last()?];
        let logarithmic = axis.spacing == Spacing::Logarithmic;
        let draft = Self { key: choice.key, ends, count: axis.len(), logarithmic };
        draft.axis().is_ok_and(|shown| shown == *axis).then_some(draft)
    }

    fn axis(&self) -> Result<Axis, SweepError> {
        Axis::range(self.key, self.ends[0], self.ends[1], self.count, self.logarithmic)
    }

    /// What is wrong with it, in the words of its controls.
    fn problem(&self) -> Option<&'static str> {
        let [from, to] = self.ends;
        match self.axis() {
            Ok(_) => None,
            Err(_) if from >= to => Some("From must be below To"),
            Err(_) if self.logarithmic && from <= 0.0 => Some("Equal factors need a From above 0"),
            Err(_) => Some("The values must be whole numbers: choose From, To and Values to fit"),
        }
    }
}

/// What is swept, as edited; empty until an experiment is known.
#[derive(Default)]
pub(super) struct Setup {
    axes: Option<[AxisDraft; 2]>,
    variant: Option<String>,
    steps: Option<u64>,
}

impl Setup {
    /// Shows what a sweep is, as far as the editors can; a list of values is none of theirs.
    pub fn take(&mut self, sweep: &Sweep) {
        let axes = [sweep.x(), sweep.y()].map(AxisDraft::showing);
        if let [Some(x), Some(y)] = axes {
            self.axes = Some([x, y]);
        }
        self.steps = Some(sweep.experiment().steps);
    }

    /// The sweep as edited.
    ///
    /// # Errors
    /// Why it cannot be run, in one sentence.
    pub fn sweep(&self, experiment: &Experiment) -> Result<Sweep, SweepError> {
        let [x, y] = self.axes.clone().unwrap_or_else(|| usual_axes(experiment));
        let steps = self.steps.unwrap_or_else(|| steps_of(experiment));
        let experiment = Experiment { steps, ..experiment.clone() };
        Sweep::new(&experiment, self.variant.as_deref(), x.axis()?, y.axis()?)
    }

    /// Why the sweep cannot be run, in the words of the window; nothing where an axis says so itself.
    pub fn problem(&self, error: &SweepError, experiment: &Experiment) -> Option<String> {
        match error {
            SweepError::Axis { .. } => None,
            SweepError::SameKey(key) => {
                let base = base_of(experiment, self.variant.as_deref());
                Some(format!("Both axes are {}: choose two settings", label_of(key, &base)))
            }
            error => Some(capitalised(&error.to_string())),
        }
    }

    /// Draws the editors.
    pub fn show_ui(&mut self, ui: &mut Ui, experiment: &Experiment) {
        let runs = experiment.runs().unwrap_or_default();
        let names: Vec<&String> = runs.iter().map(|run| &run.name).collect();
        if self.variant.as_ref().is_some_and(|name| !names.contains(&name)) {
            self.variant = None;
        }
        if runs.len() > 1 {
            let mut chosen = self.variant.clone().unwrap_or_else(|| runs[0].name.clone());
            let title = runs.iter().find(|run| run.name == chosen).map(verdict::title).unwrap_or_default();
            ui.horizontal(|ui| {
                let label = ui.label("Variant");
                let combo = ComboBox::from_id_salt("phase-variant").selected_text(title).show_ui(ui, |ui| {
                    for run in &runs {
                        ui.selectable_value(&mut chosen, run.name.clone(), verdict::title(run));
                    }
                });
                combo.response.labelled_by(label.id).on_hover_text("Which of the variants every cell trains");
            });
            self.variant = Some(chosen);
            ui.add_space(GAP);
        }
        // What the axes may be depends on the variant alone, and on the data.
        let base = base_of(experiment, self.variant.as_deref());
        let mut axes = self.axes.clone().unwrap_or_else(|| usual_axes(&base));
        let is_choice =
            |axis: &AxisDraft| CHOICES.iter().any(|choice| choice.key == axis.key && (choice.applies)(&base));
        if !axes.iter().all(is_choice) {
            axes = usual_axes(&base);
        }
        axis_ui(ui, "Horizontal axis", &mut axes[0], &base);
        ui.add_space(SECTION_GAP);
        axis_ui(ui, "Vertical axis", &mut axes[1], &base);
        ui.add_space(SECTION_GAP);
        self.axes = Some(axes);
        let mut steps = self.steps.unwrap_or_else(|| steps_of(experiment));
        ui.horizontal(|ui| {
            let label = ui.label("Steps per cell");
            let drag = DragValue::new(&mut steps).range(1..=1_000_000).speed(20.0);
            let response = ui.add(drag).labelled_by(label.id);
            if response.on_hover_text("Optimizer steps that each cell takes, all from the same seed").changed() {
                self.steps = Some(steps);
            }
        });
    }
}

/// One variant of the experiment, for what its settings say.
fn base_of(experiment: &Experiment, variant: Option<&str>) -> Experiment {
    let runs = experiment.runs().unwrap_or_default();
    let run = runs.iter().find(|run| variant.is_none_or(|name| run.name == name));
    let Some(run) = run else { return experiment.clone() };
    Experiment { model: run.model.clone(), objective: run.objective.clone(), ..experiment.clone() }
}

fn steps_of(experiment: &Experiment) -> u64 {
    if experiment.steps > 0 { experiment.steps } else { STEPS }
}

/// β, and what makes its effect another one.
fn usual_axes(experiment: &Experiment) -> [AxisDraft; 2] {
    let wanted = if is_hierarchical(experiment) {
        "objective.top_beta"
    } else if experiment.data.source == Source::CorrelatedGaussian {
        "data.correlation"
    } else if experiment.model.likelihood == LikelihoodKind::Gaussian {
        "model.sigma"
    } else {
        "model.latent_dimensions"
    };
    ["objective.beta", wanted].map(|key| {
        let choice = CHOICES.iter().find(|choice| choice.key == key);
        AxisDraft::of(choice.unwrap_or(&CHOICES[0]))
    })
}

fn axis_ui(ui: &mut Ui, title: &str, axis: &mut AxisDraft, base: &Experiment) {
    ui.strong(title);
    ui.push_id(title, |ui| {
        Grid::new("axis").num_columns(2).spacing([10.0, 4.0]).show(ui, |ui| {
            // Both axes have the same controls; a screen reader hears which is which.
            let name = |ui: &mut Ui, text: &str| ui.label(text).on_hover_text(format!("{title}: {text}")).id;
            let label = name(ui, "Setting");
            let mut key = axis.key;
            let combo =
                ComboBox::from_id_salt("key").width(140.0).selected_text(label_of(key, base)).show_ui(ui, |ui| {
                    for choice in CHOICES.iter().filter(|choice| (choice.applies)(base)) {
                        ui.selectable_value(&mut key, choice.key, label_of(choice.key, base));
                    }
                });
            combo.response.labelled_by(label);
            if let Some(choice) = CHOICES.iter().find(|choice| choice.key == key && key != axis.key) {
                *axis = AxisDraft::of(choice);
            }
            ui.end_row();
            for (at, text) in ["From", "To"].into_iter().enumerate() {
                let label = name(ui, text);
                number_ui(ui, label, &mut axis.ends[at]);
                ui.end_row();
            }
            let label = name(ui, "Values");
            ui.horizontal(|ui| {
                ui.add(DragValue::new(&mut axis.count).range(COUNTS).speed(0.05)).labelled_by(label);
                ui.checkbox(&mut axis.logarithmic, "Equal factors")
                    .on_hover_text("From one value to the next by equal factors instead of equal steps");
            });
            ui.end_row();
        });
        if let Some(problem) = axis.problem() {
            let palette = crate::ui::theme::Palette::current(ui.ctx());
            ui.label(RichText::new(problem).small().color(palette.error));
        }
    });
}

fn number_ui(ui: &mut Ui, label: Id, value: &mut f64) {
    let speed = (value.abs() * 0.01).max(0.001);
    ui.add(DragValue::new(value).speed(speed).max_decimals(6)).labelled_by(label);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_the_controls() {
        let problem = |key, ends, count, logarithmic| AxisDraft { key, ends, count, logarithmic }.problem();
        assert_eq!(problem("model.sigma", [0.5, 1.0], 3, true), None);
        assert_eq!(problem("model.sigma", [2.0, 1.0], 3, false), Some("From must be below To"));
        assert_eq!(problem("model.convexity", [0.0, 1.0], 3, true), Some("Equal factors need a From above 0"));
        let fractions = problem("model.latent_dimensions", [1.0, 6.0], 4, false);
        assert!(fractions.is_some_and(|text| text.contains("whole numbers")));
    }
}
