//! The other way to look at the plane: very many samples of the aggregated posterior, coloured by class where the data have labels.

use super::axes::{Axes, is_narrow};
use super::color_legend::sign_ui;
use super::memory::{Answer, answer, forget, panel_id};
use super::{PanelContext, explained, grouped};
use crate::data::Labels;
use crate::train::{PlaneSamples, Probe, ReadingValue};
use crate::ui::canvas::{PointClasses, PointsPicture, reads_buffers};
use crate::ui::theme::Palette;
use eframe::egui::{Color32, Id, Painter, Role, Sense, Ui, WidgetInfo, vec2};
use std::sync::Arc;

/// With more classes than this, colours say little and names nothing.
const MOST_CHIPS: usize = 12;
const CHIP: f32 = 9.0;
/// Classes that get a colour of their own.
const COLORS: usize = 256;

pub(super) const EXPLANATION: &str = "Samples of the aggregated posterior q(z) = mean of q(z|x) over the training examples, in two latent dimensions; circles are the prior at one and two \
    standard deviations, which hold 39 % and 86 % of it; of a learned prior, dashed contours hold the same shares. Samples of a collapsed model are those of the prior, with all classes \
    everywhere. Click to select the held-out example with the nearest posterior mean";
const LEGEND: &str = "Colours are classes, mixed where their samples lie on each other: a collapsed model mixes all of them. Opacity is how many samples lie there, on a \
    square-root scale that is the same in all columns";

/// What the plane shows instead of the density; drawn as in the density's place.
pub(super) struct Samples {
    samples: Arc<PlaneSamples>,
}

/// The choice between density and samples, for all columns.
pub(super) fn choice_ui(ui: &mut Ui, samples: &mut bool) {
    if !reads_buffers(ui.ctx()) {
        return;
    }
    let toggle = ui.checkbox(samples, "samples");
    let chosen = *samples;
    toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, chosen, "Samples of the aggregated posterior"));
    toggle.on_hover_text(
        "Samples of q(z|x) of the training examples, as many of each, instead of the density over the evaluation pool. Their noise is the same \
         every time, so that a point moves only as its posterior does. Their number is what the device that trains can afford",
    );
}

impl Samples {
    /// Those of a run, once they have arrived; `None` where the density is wanted.
    pub fn of(ui: &Ui, ctx: &PanelContext<'_>, run: usize, dimensions: [usize; 2]) -> Option<Self> {
        let id = panel_id("plane-samples", run);
        if !ctx.selection.samples || !reads_buffers(ui.ctx()) {
            forget::<PlaneSamples>(ui.ctx(), id);
            return None;
        }
        let probe = Probe::Samples { dimensions };
        match answer(ui.ctx(), id, &ctx.session.runs()[run], &probe, samples_of) {
            Answer::Value(samples) if samples.dimensions == dimensions => Some(Self { samples }),
            _ => None,
        }
    }

    /// How many there are, and what is said of the means besides, long to short.
    pub fn words(&self, means: &[String]) -> Vec<String> {
        let PlaneSamples { effort, training, .. } = &*self.samples;
        let count = grouped(effort.samples() as f32);
        let examples = grouped(effort.examples as f32);
        let all =
            if effort.examples < *training { format!(" of {}", grouped(*training as f32)) } else { String::new() };
        let long = format!("{count} samples of q(z), {examples}{all} examples");
        let first = means.first().map(|means| format!("{long}. {means}"));
        let shorter = [format!("{count} samples, {examples} examples"), format!("{count} samples")];
        first.into_iter().chain([long]).chain(shorter).collect()
    }

    /// Draws them.
    pub fn picture_ui(&self, ctx: &PanelContext<'_>, run: usize, axes: &Axes, painter: &Painter, highest: f32) {
        let colors = class_colors(painter.ctx(), ctx.palette);
        PointsPicture {
            key: panel_id("plane-samples", run),
            points: self.samples.points.clone(),
            classes: self.samples.classes.clone().map(|of_examples| PointClasses { of_examples, colors }),
            color: ctx.color(run),
            background: ctx.palette.surface,
            reach: axes.x.max,
            highest,
            rect: axes.frame,
        }
        .paint(painter);
    }

    /// What the colours mean.
    pub fn legend_ui(&self, ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, height: f32) {
        ui.horizontal(|ui| {
            ui.set_height(height);
            let is_narrow = is_narrow(ui.available_width());
            ui.add_space(if is_narrow { 0.0 } else { 44.0 });
            ui.spacing_mut().item_spacing.x = 4.0;
            let labels = ctx.session.data().labels().filter(|_| self.samples.classes.is_some());
            match labels {
                Some(labels) if labels.names.len() <= MOST_CHIPS => {
                    self.classes_ui(ui, ctx.palette, labels);
                    ui.spacing_mut().item_spacing.x = 4.0;
                }
                Some(labels) => {
                    let text = format!("colour: one of {} classes", labels.names.len());
                    explained(ui.small(text), LEGEND);
                }
                None => {
                    let (rect, _) = ui.allocate_exact_size(vec2(CHIP, CHIP), Sense::hover());
                    ui.painter().circle_filled(rect.center(), 3.0, ctx.color(run));
                    let text = if is_narrow { "samples" } else { "samples of q(z)" };
                    explained(
                        ui.small(text),
                        "Opacity is how many samples lie there, on a square-root scale that is the same in all columns",
                    );
                }
            }
            let selected = "Posterior mean of the selected example, with one standard deviation around it";
            sign_ui(ui, "selected", selected, |painter, rect| {
                painter.circle_filled(rect.center(), 4.0, ctx.palette.posterior);
            });
        });
    }

    /// A chip of each class, and the names where there is room.
    fn classes_ui(&self, ui: &mut Ui, palette: &Palette, labels: &Labels) {
        let colors = class_colors(ui.ctx(), palette);
        explained(ui.small("class"), LEGEND);
        let longest = labels.names.iter().map(String::len).max().unwrap_or_default();
        let has_names = longest <= 2 && ui.available_width() > 26.0 * labels.names.len() as f32;
        if !has_names {
            ui.spacing_mut().item_spacing.x = 2.0;
        }
        for (name, color) in labels.names.iter().zip(colors.iter()) {
            let (rect, chip) = ui.allocate_exact_size(vec2(CHIP, CHIP), Sense::hover());
            ui.painter().rect_filled(rect, 2.0, *color);
            explained(chip, &format!("Class {name}"));
            if has_names {
                ui.small(name);
            }
        }
    }
}

fn samples_of(value: &ReadingValue) -> Option<&Arc<PlaneSamples>> {
    match value {
        ReadingValue::Samples(samples) => Some(samples),
        _ => None,
    }
}

/// Colours of the classes; the same allocation as long as the theme stays.
fn class_colors(ctx: &eframe::egui::Context, palette: &Palette) -> Arc<Vec<Color32>> {
    let id = Id::unique(("collapsar-class-colors", palette.dark));
    if let Some(colors) = ctx.data(|data| data.get_temp::<Arc<Vec<Color32>>>(id)) {
        return colors;
    }
    let colors: Arc<Vec<Color32>> = Arc::new((0..COLORS).map(|class| palette.class(class)).collect());
    ctx.data_mut(|data| data.insert_temp(id, colors.clone()));
    colors
}
