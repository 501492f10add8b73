//! Log-likelihood, posterior matching and the bound on the model's information over steps, on axes that all columns share, with the phases of
//! a run's method along the steps.

use super::super::axes::{Axes, Axis, Margins, round_step};
use super::super::words::{grouped, measured, number};
use super::super::{PanelContext, explained, scaled_height};
use crate::experiment::{Method, Settings};
use crate::inference::{LibiPhase, LibiStage};
use crate::train::{Probe, ReadingValue, Run, Session};
use eframe::egui::{
    Align2, Label, Layout, Pos2, Rect, RichText, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};
use std::ops::Range;

const HEIGHT: f32 = 118.0;
const TITLE_HEIGHT: f32 = 16.0;
/// From this width on, a title has room for its axis.
const WHOLE_TITLE: f32 = 240.0;
/// What a mark at the last step reaches beyond the axes.
const BEYOND: f32 = 4.0;
/// Smallest range of a vertical axis, nats: what is less is noise.
const SMALLEST_RANGE: f32 = 0.1;
/// More phases than these are not told apart.
const MOST_PHASES: u64 = 64;

/// What is drawn over steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantity {
    LogLikelihood,
    PosteriorMatching,
    Information,
}

impl Quantity {
    /// Those that some run has, the same for all.
    pub fn shown(session: &Session) -> impl Iterator<Item = Self> {
        let has_bound = session.runs().iter().any(|run| run.settings.objective.method == Method::Mutual);
        let all = [Self::LogLikelihood, Self::PosteriorMatching, Self::Information];
        all.into_iter().filter(move |quantity| has_bound || *quantity != Self::Information)
    }

    fn title(self) -> &'static str {
        match self {
            Self::LogLikelihood => "Log-likelihood",
            Self::PosteriorMatching => "Posterior matching",
            Self::Information => "Bound I^ on I(x; z)",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::LogLikelihood => {
                "Importance-weighted log-likelihood over steps, nats per example. Thick: this variant; thin: the others, on the same axes. Dashed: the \
                 true log-likelihood of the distribution that generated the data, where it is known. Shaded steps: LiBI's likelihood stages, or the \
                 first stage as an autoencoder"
            }
            Self::PosteriorMatching => {
                "E KL(q(z|x) ‖ p(z|x)) over steps, nats per example: log-likelihood − ELBO. Thick: this variant; thin: the others, on the same axes. \
                 Shaded steps: LiBI's likelihood stages, or the first stage as an autoencoder"
            }
            Self::Information => {
                "Lower bound on the model's mutual information over steps, nats, of mutual autoencoders. Dashed: this variant's target M. Thick: this \
                 variant; thin: the others, on the same axes"
            }
        }
    }

    /// Step and value of every evaluation that has one, the present reading last.
    fn points(self, run: &Run) -> Vec<(u64, f32)> {
        let mut points: Vec<(u64, f32)> = run
            .history
            .evaluations
            .iter()
            .filter_map(|evaluation| {
                let measures = &evaluation.measures;
                let value = match self {
                    Self::LogLikelihood => measures.likelihood.as_ref()?.log_likelihood as f32,
                    Self::PosteriorMatching => measures.likelihood.as_ref()?.posterior_matching() as f32,
                    Self::Information => measures.information_bound?,
                };
                Some((evaluation.step, value))
            })
            .collect();
        if let Some(reading) = run.reading(&Probe::Method)
            && let ReadingValue::Method(found) = &reading.value
            && points.last().is_none_or(|(step, _)| *step < reading.step)
        {
            let value = match self {
                Self::LogLikelihood => Some(found.likelihood.log_likelihood as f32),
                Self::PosteriorMatching => Some(found.likelihood.posterior_matching() as f32),
                Self::Information => found.information_bound,
            };
            points.extend(value.map(|value| (reading.step, value)));
        }
        points.retain(|(_, value)| value.is_finite());
        points
    }

    /// The line that the values are held against.
    fn reference(self, settings: &Settings, truth: Option<f64>) -> Option<f32> {
        match self {
            Self::LogLikelihood => truth.map(|truth| truth as f32),
            Self::PosteriorMatching => None,
            Self::Information => {
                let objective = &settings.objective;
                (objective.method == Method::Mutual).then_some(objective.information.target as f32)
            }
        }
    }
}

/// Round ends of a vertical axis around some values.
fn ends(values: impl Iterator<Item = f32>, from_zero: bool) -> [f32; 2] {
    let (mut low, mut high) =
        values.fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if !low.is_finite() {
        return [0.0, 1.0];
    }
    if from_zero {
        low = low.min(0.0);
    }
    if high - low < SMALLEST_RANGE {
        high = low + SMALLEST_RANGE;
    }
    let step = round_step((high - low) / 4.0);
    let below = if from_zero && low == 0.0 { 0.0 } else { ((low - 0.1 * step) / step).floor() * step };
    [below, ((high + 0.1 * step) / step).ceil() * step]
}

/// Steps that a run's method marks off, up to `last`.
fn stages(settings: &Settings, last: u64) -> Vec<Range<u64>> {
    let objective = &settings.objective;
    match objective.method {
        Method::Elbo if objective.pretraining.steps > 0 => std::iter::once(0..objective.pretraining.steps).collect(),
        Method::Libi => {
            let libi = &objective.libi;
            let length = (libi.likelihood_steps + libi.inference_steps).max(1);
            let repeats = libi.repeats.min(last / length + 1).min(MOST_PHASES);
            (0..repeats)
                .map(|repeat| repeat * length)
                .filter(|start| LibiPhase::at(libi, *start).stage == LibiStage::Likelihood)
                .map(|start| start..start + libi.likelihood_steps)
                .collect()
        }
        _ => Vec::new(),
    }
}

/// Draws a title and a chart of a width.
pub(super) fn chart_ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: usize,
    (quantity, truth): (Quantity, Option<f64>),
    width: f32,
) {
    let height = scaled_height(ui, HEIGHT);
    let size = vec2(width, TITLE_HEIGHT + height);
    ui.allocate_ui_with_layout(size, Layout::top_down(eframe::egui::Align::Min), |ui| {
        ui.set_min_size(size);
        ui.set_max_width(width);
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.allocate_ui(vec2(width, TITLE_HEIGHT), |ui| {
            ui.set_min_height(TITLE_HEIGHT);
            let axis = if width < WHOLE_TITLE { "" } else { " over steps" };
            let title = RichText::new(format!("{}{axis}, nats", quantity.title())).small().strong();
            let label = Label::new(title).truncate().show_tooltip_when_elided(false).sense(Sense::hover());
            explained(ui.add(label), quantity.explanation());
        });
        let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words(&ctx.session.runs()[run], quantity)));
        if !ui.is_rect_visible(outer) {
            return;
        }
        let axes = axes(ctx, (quantity, truth), outer);
        lines_ui(ui, ctx, run, (quantity, truth), &axes);
        let points = quantity.points(&ctx.session.runs()[run]);
        let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
        let step = axes.x_value(pointer.x);
        let distance = |at: u64| (at as f32 - step).abs();
        let nearest = points.iter().min_by(|a, b| distance(a.0).total_cmp(&distance(b.0)));
        if let Some((at, value)) = nearest {
            let text = format!("{} at step {}: {} nats", quantity.title(), grouped(*at as f32), measured(*value));
            response.on_hover_text_at_pointer(text);
        }
    });
}

fn axes(ctx: &PanelContext<'_>, (quantity, truth): (Quantity, Option<f64>), outer: Rect) -> Axes {
    let runs = ctx.session.runs();
    let last = runs.iter().map(|run| run.progress.step).max().unwrap_or(0).max(50);
    let values = runs.iter().flat_map(|run| quantity.points(run)).map(|(_, value)| value);
    let references = runs.iter().filter_map(|run| quantity.reference(&run.settings, truth));
    let [low, high] = ends(values.chain(references), quantity != Quantity::LogLikelihood);
    let margins = Margins { left: 40.0, right: 8.0, top: 2.0, bottom: 18.0 };
    Axes::within(outer, margins, Axis::linear(0.0, last as f32), Axis::linear(low, high))
}

fn lines_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, (quantity, truth): (Quantity, Option<f64>), axes: &Axes) {
    let (palette, runs) = (ctx.palette, ctx.session.runs());
    axes.back_ui(ui, palette, [false, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let settings = &runs[run].settings;
    let end = axes.x_value(axes.frame.right()) as u64;
    let font = TextStyle::Small.resolve(ui.style());
    for stage in stages(settings, end) {
        let ends = [axes.x_at(stage.start as f32), axes.x_at(stage.end as f32)];
        let shaded = Rect::from_x_y_ranges(ends[0]..=ends[1], axes.frame.y_range());
        painter.rect_filled(shaded, 0.0, palette.tint(ctx.color(run), 0.14));
        let name = if settings.objective.method == Method::Libi { "likelihood" } else { "autoencoder" };
        let text = painter.layout_no_wrap(name.to_owned(), font.clone(), palette.weak_text);
        if text.size().x + 6.0 < shaded.intersect(axes.frame).width() {
            painter.galley(shaded.left_bottom() + vec2(3.0, -text.size().y - 1.0), text, palette.weak_text);
        }
    }
    if let Some(reference) = quantity.reference(settings, truth) {
        let y = axes.y_at(reference);
        let line = [pos2(axes.frame.left(), y), pos2(axes.frame.right(), y)];
        painter.extend(Shape::dashed_line(&line, Stroke::new(1.4, palette.threshold), 5.0, 4.0));
        let text = match quantity {
            Quantity::Information => format!("M = {}", number(reference)),
            _ => format!("true {}", number(reference)),
        };
        // Under the line, unless that is the floor.
        let is_low = y > axes.frame.center().y;
        let align = if is_low { Align2::RIGHT_BOTTOM } else { Align2::RIGHT_TOP };
        painter.text(pos2(axes.frame.right() - 3.0, y), align, text, font.clone(), palette.weak_text);
    }
    // The run's own line lies above the others.
    let others = (0..runs.len()).filter(|other| *other != run);
    let mut is_empty = true;
    for index in others.chain([run]) {
        let points: Vec<Pos2> =
            quantity.points(&runs[index]).iter().map(|(step, value)| axes.at(*step as f32, *value)).collect();
        let (width, color) = match index == run {
            true => (2.2, ctx.color(index)),
            false => (1.0, palette.tint(ctx.color(index), 0.6)),
        };
        is_empty &= points.is_empty();
        if let Some(last) = points.last().copied() {
            let around = axes.frame.expand(BEYOND).intersect(ui.clip_rect());
            ui.painter().with_clip_rect(around).circle_filled(last, width + 0.6, color);
        }
        painter.line(points, Stroke::new(width, color));
    }
    if is_empty {
        painter.text(axes.frame.center(), Align2::CENTER_CENTER, "Nothing measured yet", font, palette.weak_text);
    }
    axes.front_ui(ui, palette, " ", " ");
}

fn words(run: &Run, quantity: Quantity) -> String {
    let last = quantity.points(run).last().copied();
    let value = last.map_or_else(
        || "no value yet".to_owned(),
        |(step, value)| format!("{} nats at step {}", measured(value), grouped(step as f32)),
    );
    format!("{} of {} over steps: {value}", quantity.title(), run.settings.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Experiment;

    #[test]
    fn axes_have_round_ends_around_all_values() {
        let [low, high] = ends([-3.2, -2.6].into_iter(), false);
        assert!(low <= -3.2 && high >= -2.6 && high - low < 1.2, "{low} {high}");
        assert_eq!(ends([0.02, 0.05].into_iter(), true)[0], 0.0);
        let [low, high] = ends([-2.0, -2.0].into_iter(), false);
        assert!(high - low >= SMALLEST_RANGE);
        assert_eq!(ends(std::iter::empty(), true), [0.0, 1.0]);
    }

    #[test]
    fn shaded_steps_are_those_of_the_algorithm() {
        let mut settings = Experiment::default().runs().unwrap().remove(0);
        settings.objective.method = Method::Libi;
        settings.objective.libi.likelihood_steps = 30;
        settings.objective.libi.inference_steps = 20;
        settings.objective.libi.repeats = 3;
        let shaded = stages(&settings, 500);
        for step in 0..500 {
            let is_likelihood = LibiPhase::at(&settings.objective.libi, step).stage == LibiStage::Likelihood;
            assert_eq!(shaded.iter().any(|stage| stage.contains(&step)), is_likelihood, "step {step}");
        }
        settings.objective.method = Method::Elbo;
        assert!(stages(&settings, 500).is_empty());
        settings.objective.pretraining.steps = 40;
        assert_eq!(stages(&settings, 500), std::iter::once(0..40).collect::<Vec<_>>());
    }
}
