//! The aggregated posterior in the plane of two latent dimensions, with the prior's contours over it.

use super::axes::{Axes, Axis, Margins, is_narrow};
use super::memory::{Answer, answer, panel_id, stable_maximum};
use super::overlay::{Ink, gaussian_ui, prior_ui};
use super::plane_samples::{self, Samples, choice_ui};
use super::prior::prior_lines_ui;
use super::words::{example_name, number, round_number, short_number};
use super::{PanelContext, caption_ui, explained, message_ui, title_ui};
use crate::train::{Plane, Probe, ReadingValue};
use crate::ui::canvas::{self, DensityPicture};
use crate::ui::theme::Palette;
use eframe::egui::{
    Align2, Color32, Id, Rect, Response, RichText, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};
use eframe::egui_wgpu::Callback;
use std::sync::{Arc, LazyLock};

/// The picture is square and no larger than this.
const LARGEST: f32 = 300.0;
/// Ends of the axes to choose from: the first that holds nearly all means of every run.
const REACHES: [f32; 6] = [3.5, 5.0, 8.0, 12.0, 20.0, 50.0];

const EXPLANATION: &str = "Where the encoder puts the examples of the evaluation pool, in two latent dimensions: the aggregated posterior \
    q(z) = mean of q(z|x), drawn as the exact mixture. Dots are posterior means, circles the prior at one and two standard deviations, which hold \
    39 % and 86 % of it; of a learned prior, dashed contours hold the same shares. \
    A collapsed model shows the prior itself, with all means at the centre. Click to select the example with the nearest mean";

/// The whole title and the box beside it need so much.
const ROOM_FOR_TITLE: f32 = 250.0;
/// And this the short one.
const ROOM_FOR_SHORT_TITLE: f32 = 178.0;

/// Draws the plane of the selected dimension and its partner.
pub(super) fn plane_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let levels = ctx.levels(run);
    if levels.range(levels.level_of(ctx.selection.dimension)).len() < 2 {
        title_ui(ui, "Aggregated posterior", EXPLANATION, |_| {});
        return message_ui(ui, ctx.palette, 40.0, "A plane needs two latent dimensions; there is one here");
    }
    let probe = Probe::Plane { dimensions: ctx.selection.plane() };
    let found = answer(ui.ctx(), panel_id("plane", run), &ctx.session.runs()[run], &probe, plane_of);
    let dimensions = match &found {
        Answer::Value(plane) => plane.dimensions,
        Answer::Message(_) => ctx.selection.plane(),
    };
    let [x_name, y_name] = levels.names(dimensions);
    let width = ui.available_width();
    let title = match width {
        ROOM_FOR_TITLE.. => "Aggregated posterior",
        ROOM_FOR_SHORT_TITLE.. => "Aggregated q(z)",
        _ => "q(z)",
    };
    let samples = Samples::of(ui, ctx, run, dimensions);
    let explanation = if samples.is_some() { plane_samples::EXPLANATION } else { EXPLANATION };
    title_ui(ui, title, explanation, |ui| choice_ui(ui, &mut ctx.selection.samples));
    let margins = Margins::of_width(width);
    let side = (width - margins.across()).clamp(40.0, LARGEST);
    let height = side + margins.top + margins.bottom;
    let plane = match found {
        Answer::Value(plane) => plane,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            return message_ui(ui, ctx.palette, height + LEGEND_HEIGHT, text);
        }
    };
    let (reach, highest) = shared(ui, ctx, &probe, &plane);
    let outside = plane.posteriors.iter().filter(|[x, y, ..]| x.abs() > reach || y.abs() > reach).count();
    let words = match &samples {
        Some(samples) => samples.words(&spread_words(&plane, outside)),
        None => spread_words(&plane, outside).to_vec(),
    };
    caption_ui(ui, ctx.palette, &words);

    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    response.widget_info(|| {
        let label = format!("Aggregated posterior over {x_name} and {y_name}: {}", words[0]);
        WidgetInfo::labeled(Role::Image, true, label)
    });
    let left = outer.left() + ((width - side - margins.across()) / 2.0).max(0.0);
    let square = Rect::from_min_size(pos2(left, outer.top()), vec2(side + margins.across(), height));
    let axis = Axis::linear(-reach, reach);
    let axes = Axes::within(square, margins, axis, axis);
    if ui.is_rect_visible(outer) {
        picture_ui(ui, ctx, run, &axes, &plane, highest, samples.as_ref());
        axes.front_ui(ui, ctx.palette, &x_name, &y_name);
    }
    match &samples {
        Some(samples) => samples.legend_ui(ui, ctx, run, LEGEND_HEIGHT),
        None => legend_ui(ui, ctx.palette, highest),
    }
    select_nearest(ui, ctx, run, &axes, &plane, &response);
}

fn plane_of(value: &ReadingValue) -> Option<&Arc<Plane>> {
    match value {
        ReadingValue::Plane(plane) => Some(plane),
        _ => None,
    }
}

/// Range and colours are the same in every column.
fn shared(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, own: &Plane) -> (f32, f32) {
    let (mut extent, mut highest) = (own.extent, own.highest);
    for run in ctx.session.runs() {
        if let Some(ReadingValue::Plane(plane)) = run.reading(probe).map(|reading| &reading.value) {
            extent = extent.max(plane.extent);
            highest = highest.max(plane.highest);
        }
    }
    let last = REACHES[REACHES.len() - 1];
    let wanted = REACHES.into_iter().find(|reach| extent <= *reach).unwrap_or(last);
    // `stable_maximum` rounds to its own numbers: keep the place in the list instead of the value.
    let place = REACHES.iter().position(|reach| *reach >= wanted).unwrap_or(REACHES.len() - 1);
    let place = stable_maximum(ui.ctx(), Id::unique("collapsar-plane-reach"), 1.0 + place as f32) as usize;
    let reach = REACHES[place.saturating_sub(1).min(REACHES.len() - 1)];
    (reach, stable_maximum(ui.ctx(), Id::unique("collapsar-plane-highest"), highest))
}

/// How far the means are spread, long to short.
fn spread_words(plane: &Plane, outside: usize) -> [String; 3] {
    let count = plane.posteriors.len().max(1) as f32;
    let spread = [0, 1].map(|axis| {
        let mean = plane.posteriors.iter().map(|posterior| posterior[axis]).sum::<f32>() / count;
        (plane.posteriors.iter().map(|posterior| (posterior[axis] - mean).powi(2)).sum::<f32>() / count).sqrt()
    });
    let [x, y] = spread.map(number);
    let [short_x, short_y] = spread.map(short_number);
    let (mut long, mut short) = (String::new(), String::new());
    if outside > 0 {
        long = format!("; {outside} outside the picture");
        short = format!("; {outside} outside");
    }
    [
        format!("Means spread by {x} and {y} (standard deviation){long}"),
        format!("Spread of means {short_x}, {short_y}{short}"),
        format!("Spread {short_x}, {short_y}{short}"),
    ]
}

fn picture_ui(
    ui: &Ui,
    ctx: &PanelContext<'_>,
    run: usize,
    axes: &Axes,
    plane: &Arc<Plane>,
    highest: f32,
    samples: Option<&Samples>,
) {
    let palette = ctx.palette;
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let dot = if palette.dark { Color32::from_white_alpha(70) } else { Color32::from_black_alpha(80) };
    if let Some(samples) = samples {
        samples.picture_ui(ctx, run, axes, &painter, highest);
    } else if canvas::is_installed(ui.ctx()) {
        let picture = DensityPicture {
            key: panel_id("plane", run),
            plane: plane.clone(),
            reach: axes.x.max,
            highest,
            narrow: plane.narrow,
            rect: axes.frame,
            ramp: ramp(palette),
            dot,
        };
        painter.add(Callback::new_paint_callback(axes.frame, picture));
    } else {
        axes.back_ui(ui, palette, [true, true]);
        painter.extend(plane.posteriors.iter().map(|[x, y, ..]| Shape::circle_filled(axes.at(*x, *y), 1.5, dot)));
        let font = TextStyle::Small.resolve(ui.style());
        let place = axes.frame.left_top() + vec2(4.0, 2.0);
        painter.text(
            place,
            Align2::LEFT_TOP,
            "Means only: the density needs a graphics adapter",
            font,
            palette.weak_text,
        );
    }
    match &plane.prior {
        Some(prior) => prior_lines_ui(ui, &painter, axes, prior, Ink::of_theme(palette)),
        None => prior_ui(ui, &painter, axes, Ink::of_theme(palette)),
    }
    if let Some([x, y, sd_x, sd_y]) = plane.posteriors.get(ctx.selection.example).copied() {
        let halo = if palette.dark { Color32::from_black_alpha(160) } else { Color32::from_white_alpha(190) };
        gaussian_ui(&painter, palette, axes, [x, y], [sd_x, sd_y], halo);
    }
}

/// Light ends are where the density is zero, as the surface around them; both rise evenly in lightness.
fn ramp(palette: &Palette) -> &'static [Color32] {
    static DARK: LazyLock<Vec<Color32>> =
        LazyLock::new(|| colors(&colorous::VIRIDIS, Palette::of(eframe::egui::Theme::Dark)));
    static LIGHT: LazyLock<Vec<Color32>> =
        LazyLock::new(|| colors(&colorous::YELLOW_GREEN_BLUE, Palette::of(eframe::egui::Theme::Light)));
    if palette.dark { &DARK } else { &LIGHT }
}

fn colors(gradient: &colorous::Gradient, palette: &Palette) -> Vec<Color32> {
    let count = canvas::RAMP_COLORS;
    (0..count)
        .map(|at| {
            let color = gradient.eval_rational(at, count);
            let level = at as f32 / (count - 1) as f32;
            // The first tenth comes out of the surface.
            palette.surface.lerp_to_gamma(Color32::from_rgb(color.r, color.g, color.b), (level * 10.0).min(1.0))
        })
        .collect()
}

const LEGEND_HEIGHT: f32 = 22.0;

fn legend_ui(ui: &mut Ui, palette: &Palette, highest: f32) {
    ui.horizontal(|ui| {
        ui.set_height(LEGEND_HEIGHT - ui.spacing().item_spacing.y);
        let is_narrow = is_narrow(ui.available_width());
        ui.add_space(if is_narrow { 0.0 } else { 44.0 });
        ui.spacing_mut().item_spacing.x = 4.0;
        if !canvas::is_installed(ui.ctx()) {
            ui.label(RichText::new("Dots are posterior means").small());
            return;
        }
        ui.label(RichText::new("0").small());
        let (rect, response) = ui.allocate_exact_size(vec2(if is_narrow { 44.0 } else { 72.0 }, 9.0), Sense::hover());
        ui.painter().add(canvas::ramp_bar(rect, ramp(palette)));
        explained(response, "Density per squared unit of the latent plane, on a square-root scale, the same in all columns");
        let text = ui.label(RichText::new(format!("{} density", round_number(highest))).small());
        explained(text, "Density per squared unit of the latent plane, on a square-root scale, the same in all columns; the peak of N(0, I) is 0.159");
        if is_narrow {
            return;
        }
        let (rect, _) = ui.allocate_exact_size(vec2(12.0, 10.0), Sense::hover());
        ui.painter().circle_filled(rect.center(), 4.0, palette.posterior);
        explained(ui.label(RichText::new("selected").small()), "Posterior mean of the selected example, with one standard deviation around it");
    });
}

fn select_nearest(ui: &Ui, ctx: &mut PanelContext<'_>, run: usize, axes: &Axes, plane: &Plane, response: &Response) {
    let levels = ctx.levels(run);
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let distance = |[x, y, ..]: &[f32; 4]| axes.at(*x, *y).distance_sq(pointer);
    let nearest = plane.posteriors.iter().enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b)));
    let Some((example, [x, y, sd_x, sd_y])) = nearest else { return };
    if response.clicked() {
        ctx.selection.example = example;
    }
    ui.painter().circle_stroke(axes.at(*x, *y), 5.0, Stroke::new(1.5, ctx.palette.text));
    let class = plane.labels.as_ref().and_then(|labels| labels.get(example)).copied();
    let names = ctx.session.data().labels().map(|labels| &labels.names);
    let class = class.and_then(|class| names.and_then(|names| names.get(class as usize)));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("Nearest mean: {}", example_name(example)));
        for (dimension, mean, sd) in [(plane.dimensions[0], x, sd_x), (plane.dimensions[1], y, sd_y)] {
            ui.label(format!("{} = {} ± {}", levels.name(dimension), number(*mean), number(*sd)));
        }
        if let Some(class) = class {
            ui.label(format!("Class {class}"));
        }
        ui.weak("Click to select");
    });
}
