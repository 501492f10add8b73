//! The plane of posterior means (He, Spokoyny, Neubig and Berg-Kirkpatrick 2019): where the exact posterior puts each example in the
//! selected dimension, against where the encoder does. It tells a model that has collapsed from an encoder that lags.

use super::axes::{Axes, Axis, Margins, is_narrow};
use super::color_legend;
use super::memory::{Answer, answer, derived, panel_id, stable_maximum};
use super::overlay::plated_text_ui;
use super::words::{example_name, number, short_number};
use super::{PanelContext, caption_ui, explained, message_ui, title_ui};
use crate::measure::{ACTIVE_UNIT_VARIANCE, ExactComparison, PosteriorComparison};
use crate::train::{Probe, ReadingValue};
use eframe::egui::{
    Align2, Color32, Id, Label, Painter, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};
use std::sync::Arc;

/// The picture is square and no larger than this.
const LARGEST: f32 = 300.0;
/// Means within a tenth of a standard deviation of the prior must look like a point.
const LEAST_REACH: f32 = 1.0;
/// The encoder follows where its means move at least so far for each step of the exact ones.
const FOLLOWS: f32 = 0.8;

const EXPLANATION: &str = "Each dot is an example of the evaluation pool, in the selected latent dimension: mean of the exact posterior p(z|x), by Bayes' rule on a \
    grid (horizontal), against the encoder's mean E q(z|x) (vertical). All dots at the origin: both have collapsed. Along the horizontal axis: the model has \
    information about x and the encoder lags behind it. Along the diagonal: the encoder is right (He et al. 2019). Click to select the nearest example";

/// What follows from a reading for one dimension.
struct Facts {
    dimension: usize,
    /// Exact and encoder's mean of each example.
    points: Vec<[f32; 2]>,
    /// Standard deviation of either over examples.
    spread: [f32; 2],
    /// Least-squares slope of the encoder's means over the exact ones.
    slope: f32,
    /// Largest distance from the origin along an axis.
    extent: f32,
}

/// Draws the plane for the selected dimension.
pub(super) fn posterior_means_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::PosteriorComparison;
    let found = answer(ui.ctx(), panel_id("posterior-means", run), &ctx.session.runs()[run], &probe, comparison_of);
    let dimension = ctx.selection.dimension;
    let name = ctx.levels(run).name(dimension);
    let title = match ui.available_width() < 190.0 {
        true => format!("Means, {name}"),
        false => format!("Posterior-mean plane, {name}"),
    };
    title_ui(ui, &title, EXPLANATION, |_| {});
    let width = ui.available_width();
    let margins = Margins::of_width(width);
    let side = (width - margins.across()).clamp(40.0, LARGEST);
    let height = side + margins.top + margins.bottom;
    let message = |ui: &mut Ui, text: &str| {
        caption_ui(ui, ctx.palette, &[]);
        message_ui(ui, ctx.palette, height + color_legend::HEIGHT + ui.spacing().item_spacing.y, text);
    };
    let comparison = match found {
        Answer::Value(comparison) => comparison,
        Answer::Message(text) => return message(ui, text),
    };
    let facts = match facts_of(ui, run, &comparison, dimension) {
        Some(facts) => facts,
        None => return message(ui, comparison.exact.as_ref().err().map_or("Nothing to compare", |why| why.sentence())),
    };
    let reach = shared_reach(ui, ctx, &probe, dimension, &facts);
    let words = facts.words(comparison.exact.as_ref().ok());
    caption_ui(ui, ctx.palette, &words);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| {
        let label = format!("Exact against encoder's posterior means of {name}: {}", words[0]);
        WidgetInfo::labeled(Role::Image, true, label)
    });
    let left = outer.left() + ((width - side - margins.across()) / 2.0).max(0.0);
    let square = Rect::from_min_size(pos2(left, outer.top()), vec2(side + margins.across(), height));
    let axis = Axis::linear(-reach, reach);
    let axes = Axes::within(square, margins, axis, axis);
    if ui.is_rect_visible(outer) {
        drawing_ui(ui, ctx, run, &axes, &facts);
        let (x, y) = match is_narrow(width) {
            true => ("exact mean", "encoder mean"),
            false => ("exact posterior mean", "encoder mean"),
        };
        axes.front_ui(ui, ctx.palette, x, y);
    }
    legend_ui(ui, ctx);
    select_nearest(ui, ctx, run, &axes, &comparison, &facts, &response);
}

fn comparison_of(value: &ReadingValue) -> Option<&Arc<PosteriorComparison>> {
    match value {
        ReadingValue::PosteriorComparison(comparison) => Some(comparison),
        _ => None,
    }
}

/// `None` without a grid.
fn facts_of(ui: &Ui, run: usize, comparison: &Arc<PosteriorComparison>, dimension: usize) -> Option<Arc<Facts>> {
    if comparison.exact.is_err() || dimension >= comparison.latent_dimensions {
        return None;
    }
    let id = panel_id("posterior-means", run).with(("facts", dimension));
    Some(derived(ui.ctx(), id, comparison, |comparison| Facts::of(comparison, dimension)))
}

impl Facts {
    fn of(comparison: &PosteriorComparison, dimension: usize) -> Self {
        let latent = comparison.latent_dimensions.max(1);
        let exact = comparison.exact.as_ref().map(|exact| exact.means.as_slice()).unwrap_or_default();
        let column = |means: &[f32]| means.iter().skip(dimension).step_by(latent).copied().collect::<Vec<f32>>();
        let pairs = column(exact).into_iter().zip(column(&comparison.encoder_means));
        let points: Vec<[f32; 2]> = pairs
            .map(|(exact, encoder)| [exact, encoder])
            .filter(|point| point.iter().all(|mean| mean.is_finite()))
            .collect();
        let count = points.len().max(1) as f32;
        let center = [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f32>() / count);
        let product = |a: usize, b: usize| {
            points.iter().map(|point| (point[a] - center[a]) * (point[b] - center[b])).sum::<f32>() / count
        };
        let extent = points.iter().flatten().fold(0.0, |extent: f32, mean| extent.max(mean.abs()));
        Self {
            dimension,
            spread: [product(0, 0).sqrt(), product(1, 1).sqrt()],
            slope: product(0, 1) / product(0, 0).max(f32::MIN_POSITIVE),
            extent,
            points,
        }
    }

    /// What the plane says, long to short.
    fn words(&self, exact: Option<&ExactComparison>) -> Vec<String> {
        let [exact_spread, encoder_spread] = self.spread.map(number);
        let threshold = ACTIVE_UNIT_VARIANCE.sqrt();
        let [has_information, has_means] = self.spread.map(|spread| spread >= threshold);
        let (verdict, short) = match (has_information, has_means) {
            (false, false) => ("Both have collapsed", "both collapsed"),
            (true, false) => ("The encoder lags: the model has information", "encoder lags"),
            (false, true) => ("The encoder says what the model does not", "encoder invents"),
            (true, true) if self.slope < FOLLOWS => ("The encoder follows in part", "follows in part"),
            (true, true) => ("The encoder follows the exact posterior", "encoder follows"),
        };
        let slope = if has_information { format!(", slope {:.2}", self.slope) } else { String::new() };
        let slope = slope.replace('-', "−");
        let widened = exact.filter(|exact| exact.is_widened);
        let widened = widened.map_or_else(String::new, |exact| format!("; grid widened to radius {}", exact.radius));
        vec![
            format!(
                "{verdict}: spread of exact means {exact_spread}, of the encoder's {encoder_spread}{slope}{widened}"
            ),
            format!("{verdict}{slope}"),
            format!("Spread {}, {}: {short}", short_number(self.spread[0]), short_number(self.spread[1])),
            capitalized(short),
        ]
    }
}

fn capitalized(text: &str) -> String {
    crate::ui::verdict::title_of(text)
}

/// The same axes in every column.
fn shared_reach(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, dimension: usize, own: &Facts) -> f32 {
    let mut extent = own.extent.max(LEAST_REACH);
    for (index, run) in ctx.session.runs().iter().enumerate() {
        if let Some(ReadingValue::PosteriorComparison(comparison)) = run.reading(probe).map(|reading| &reading.value)
            && let Some(facts) = facts_of(ui, index, comparison, dimension)
        {
            extent = extent.max(facts.extent);
        }
    }
    stable_maximum(ui.ctx(), Id::unique("collapsar-posterior-means"), extent)
}

fn drawing_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, facts: &Facts) {
    let palette = ctx.palette;
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let reach = axes.x.max;
    let reference = Stroke::new(1.2, palette.threshold);
    painter.hline(axes.frame.x_range(), axes.y_at(0.0), Stroke::new(1.2, palette.weak_text));
    painter.extend(Shape::dashed_line(&[axes.at(-reach, -reach), axes.at(reach, reach)], reference, 5.0, 4.0));
    let color = ctx.color(run);
    let dot = palette.tint(color, 0.55);
    painter.extend(facts.points.iter().map(|[x, y]| Shape::circle_filled(axes.at(*x, *y), 2.2, dot)));
    painter.circle_stroke(axes.at(0.0, 0.0), 7.0, reference);
    let halo = if palette.dark { Color32::from_black_alpha(190) } else { Color32::from_white_alpha(220) };
    if let Some([x, y]) = facts.points.get(ctx.selection.example) {
        painter.circle(axes.at(*x, *y), 4.5, palette.posterior, Stroke::new(1.5, halo));
    }
    if !is_narrow(axes.frame.width()) {
        for (place, text) in [
            (axes.at(reach, reach) + vec2(-30.0, 4.0), "healthy"),
            (axes.at(reach, 0.0) + vec2(-5.0, 2.0), "encoder lags"),
            (axes.at(0.0, 0.0) + vec2(-8.0, 5.0), "collapsed"),
        ] {
            plated_text_ui(ui, &painter, palette, place, Align2::RIGHT_TOP, text);
        }
    }
}

fn legend_ui(ui: &mut Ui, ctx: &PanelContext<'_>) {
    let palette = ctx.palette;
    let is_narrow = is_narrow(ui.available_width());
    let is_narrowest = ui.available_width() < 165.0;
    ui.horizontal(|ui| {
        ui.set_height(color_legend::HEIGHT - ui.spacing().item_spacing.y);
        ui.spacing_mut().item_spacing.x = if is_narrow { 3.0 } else { 5.0 };
        ui.add_space(if is_narrow { 0.0 } else { 8.0 });
        let reference = Stroke::new(1.2, palette.threshold);
        type Sign<'a> = &'a dyn Fn(&Painter, Rect);
        let origin: Sign<'_> = &|painter, rect| {
            painter.circle_stroke(rect.center(), 4.5, reference);
        };
        let axis: Sign<'_> = &|painter, rect| {
            painter.line_segment([rect.left_center(), rect.right_center()], Stroke::new(1.2, palette.weak_text));
        };
        let diagonal: Sign<'_> = &|painter, rect| {
            painter.extend(Shape::dashed_line(&[rect.left_bottom(), rect.right_top()], reference, 4.0, 2.0));
        };
        let entries = [
            (
                origin,
                "both collapsed",
                "collapsed",
                "Origin: for these examples neither the exact posterior nor the encoder's has a mean away from the prior's. Many dots here: the model itself has \
                 collapsed, and no encoder can help",
            ),
            (
                axis,
                "encoder lags",
                "lags",
                "Horizontal axis: the exact posterior moves with x, the encoder's mean does not. The model has information, the encoder does not read it: more \
                 encoder steps per decoder step help",
            ),
            (
                diagonal,
                "healthy",
                if is_narrowest { "ok" } else { "healthy" },
                "Diagonal: the encoder's mean is the exact posterior's mean",
            ),
        ];
        for (at, (sign, long, short, explanation)) in entries.into_iter().enumerate() {
            if at > 0 {
                ui.add_space(4.0);
            }
            let (rect, _) = ui.allocate_exact_size(vec2(12.0, 12.0), Sense::hover());
            sign(ui.painter(), rect);
            let text = RichText::new(if is_narrow { short } else { long }).small();
            explained(ui.add(Label::new(text).truncate().sense(Sense::hover())), explanation);
        }
    });
}

fn select_nearest(
    ui: &Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    axes: &Axes,
    comparison: &PosteriorComparison,
    facts: &Facts,
    response: &Response,
) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let distance = |[x, y]: &[f32; 2]| axes.at(*x, *y).distance_sq(pointer);
    let nearest = facts.points.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    let Some((example, [x, y])) = nearest else { return };
    if response.clicked() {
        ctx.selection.example = example;
    }
    ui.painter().circle_stroke(axes.at(*x, *y), 5.0, Stroke::new(1.5, ctx.palette.text));
    let class = comparison.labels.as_ref().and_then(|labels| labels.get(example)).copied();
    let names = ctx.session.data().labels().map(|labels| &labels.names);
    let class = class.and_then(|class| names.and_then(|names| names.get(class as usize)));
    let name = ctx.levels(run).name(facts.dimension);
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("Nearest: {}", example_name(example)));
        ui.label(format!("E[{name} | x] exact {}, encoder {}", number(*x), number(*y)));
        if let Ok(exact) = &comparison.exact
            && let Some((exact, encoder)) = exact.kl.get(example).zip(comparison.encoder_kl.get(example))
        {
            ui.label(format!("KL to the prior, nats: exact {}, encoder {}", number(*exact), number(*encoder)));
        }
        if let Some(class) = class {
            ui.label(format!("Class {class}"));
        }
        ui.weak("Click to select");
    });
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::measure::{NoGrid, Statuses};

    /// Means of 101 examples in one dimension; the encoder's are the exact ones times `slope`.
    fn comparison(spread: f32, slope: f32) -> PosteriorComparison {
        let means: Vec<f32> = (0..101).map(|at| spread * (at as f32 - 50.0) / 29.155).collect();
        PosteriorComparison {
            latent_dimensions: 1,
            encoder_means: means.iter().map(|mean| slope * mean).collect(),
            encoder_kl: vec![0.1; 101],
            slice_ranges: vec![1.0],
            exact: Ok(ExactComparison {
                means,
                kl: vec![0.1; 101],
                likelihood_range: vec![1.0; 101],
                kl_per_dimension: vec![0.1],
                radius: 3.0,
                is_widened: false,
            }),
            labels: None,
            statuses: Statuses::default(),
        }
    }

    #[test]
    fn slope_and_spread_tell_lag_from_collapse() {
        let said = |spread, slope| {
            let comparison = comparison(spread, slope);
            Facts::of(&comparison, 0).words(comparison.exact.as_ref().ok())
        };
        assert!(said(0.02, 1.0)[0].starts_with("Both have collapsed"));
        assert!(said(0.8, 0.01)[0].starts_with("The encoder lags"));
        assert!(said(0.05, 4.0)[0].starts_with("The encoder says what the model does not"));
        assert!(said(0.8, 0.5)[0].starts_with("The encoder follows in part"));
        assert_eq!(
            said(0.8, 0.98)[0],
            "The encoder follows the exact posterior: spread of exact means 0.800, of the encoder's 0.784, slope 0.98"
        );
    }

    #[test]
    fn dimensions_are_columns_of_the_means() {
        let mut comparison = comparison(1.0, 1.0);
        comparison.latent_dimensions = 2;
        comparison.encoder_means = vec![1.0, 2.0, 3.0, 4.0];
        if let Ok(exact) = &mut comparison.exact {
            exact.means = vec![5.0, 6.0, 7.0, 8.0];
        }
        assert_eq!(Facts::of(&comparison, 1).points, [[6.0, 2.0], [8.0, 4.0]]);
        assert_eq!(Facts::of(&comparison, 1).extent, 8.0);
        comparison.exact = Err(NoGrid::Dimensions);
        assert!(Facts::of(&comparison, 0).points.is_empty());
    }
}
