//! Losses and mutual information over steps, all runs in their colours.
//!
//! egui_plot gives axes, zoom and linked views; the curves are painted over it, brought to one point per column of pixels
//! ([`super::curve_points`]). Until somebody zooms, the view follows the data; from then on it is theirs, until a double click.

use super::axes::round_step;
use super::curve_points::{Column, nearest, typical_range};
use super::curve_turns::{Seen, Turn, recent_columns};
use super::model_information::{self, model_information_ui};
use super::overlay::plated_text_ui;
use super::words::{grouped, measured, number, tick};
use super::{PanelContext, explained, measures};
use crate::train::EVALUATE_EVERY;
use crate::train::history::{History, Series};
use crate::ui::verdict::title;
use eframe::egui::{
    Align, Align2, Color32, Grid, Id, Label, Layout, Mesh, Pos2, Rangef, Rect, RichText, Role, Sense, Shape, Stroke,
    TextStyle, Ui, Vec2b, WidgetInfo, pos2, vec2,
};
use egui_plot::{AxisHints, GridMark, Plot, PlotTransform};

/// Four plots stand in one row when each gets this much.
const NARROWEST: f32 = 215.0;
/// Two rows need this much.
const LOWEST: f32 = 240.0;
/// Lower plots have no room for words.
const LABELLED_HEIGHT: f32 = 90.0;
/// Room for the last tick's text at the right of a plot.
const OVERHANG: f32 = 12.0;
const TITLE_HEIGHT: f32 = 20.0;
/// Of a run's newest value.
const VALUE_WIDTH: f32 = 44.0;
const HINT: &str = "Drag to move, Ctrl and scroll to zoom, drag with the secondary button to zoom into a box, double-click to follow the training again";

#[derive(Clone, Copy, PartialEq)]
enum Curve {
    NegativeElbo,
    Reconstruction,
    Kl,
    MutualInformation,
}

impl Curve {
    const ALL: [Self; 4] = [Self::NegativeElbo, Self::Reconstruction, Self::Kl, Self::MutualInformation];

    fn name(self) -> &'static str {
        match self {
            Self::NegativeElbo => "−ELBO",
            Self::Reconstruction => "Reconstruction",
            Self::Kl => "KL",
            Self::MutualInformation => "Mutual information",
        }
    }

    /// Name on the screen: with two levels it is z1 that all information about x passes through.
    fn title(self, ctx: &PanelContext<'_>) -> &'static str {
        let has_levels = (0..ctx.session.runs().len()).any(|run| ctx.levels(run).count() > 1);
        if self == Self::MutualInformation && has_levels { "Information I(x; z1)" } else { self.name() }
    }

    fn unit(self) -> &'static str {
        if self == Self::MutualInformation { "nats" } else { "nats per example" }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::NegativeElbo => {
                "Negative evidence lower bound = reconstruction + KL (β left out), in nats per example, summed over the dimensions of the data: an upper \
                bound on −log p(x). Line: mean; band, where it does not fill the frame: smallest and largest training batch of what one pixel covers"
            }
            Self::Reconstruction => {
                "−E log p(x|z) under q(z|x), one sample of z per example, in nats per example, summed over the dimensions of the data, with the likelihood's \
                constants. It can be negative for a density. Line: mean; band, where it does not fill the frame: smallest and largest training batch"
            }
            Self::Kl => {
                "KL(q(z|x) ‖ p(z)) summed over latent dimensions, in nats per example: what the posterior says beyond the prior. Near 0 is posterior \
                collapse. Line: mean; band, where it does not fill the frame: smallest and largest training batch"
            }
            Self::MutualInformation => {
                "Mutual information of x and z under the encoder, in nats, estimated over the evaluation pool at regular steps. Such an estimate \
                cannot exceed the log of the pool's size, which is a cap of the estimate, not of the model: near it the true value may be higher. With two levels \
                it is of z1; I(x; z2), which is no larger, stands above the bars of z2. Rings: mutual information under the model \
                p(z) p(x|z), on samples from it; dashed below them the floor (K/2) log(1 + m⁴/σ²) that a Brenier decoder certifies for it"
            }
        }
    }

    fn series(self, history: &History) -> &Series {
        match self {
            Self::NegativeElbo => &history.negative_elbo,
            Self::Reconstruction => &history.reconstruction,
            Self::Kl => &history.kl,
            Self::MutualInformation => &history.mutual_information,
        }
    }

    fn turn(self) -> Turn {
        (self as u64, Self::ALL.len() as u64)
    }

    /// Whether the vertical axis always shows 0, where it means something.
    fn starts_at_zero(self) -> bool {
        matches!(self, Self::Kl | Self::MutualInformation)
    }
}

/// Draws the curves of all runs, four plots side by side, or in two rows where the window is narrow.
pub fn curves_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>) {
    // A resizable panel shrinks to its content: fill it.
    let room = ui.available_height().clamp(100.0, 600.0);
    ui.set_min_height(room);
    let bottom = ui.cursor().top() + room;
    runs_ui(ui, ctx);
    let room = bottom - ui.cursor().top();
    let per_row = if ui.available_width() >= 4.0 * NARROWEST || room < LOWEST { 4 } else { 2 };
    let rows = 4 / per_row;
    let height = (room / rows as f32 - TITLE_HEIGHT - ui.spacing().item_spacing.y).clamp(64.0, 480.0);
    let gap = 10.0;
    let width = (ui.available_width() - gap * (per_row - 1) as f32) / per_row as f32;
    for row in Curve::ALL.chunks(per_row) {
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for curve in row {
                let size = vec2(width, TITLE_HEIGHT + height);
                ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
                    ui.set_width(width);
                    ui.spacing_mut().item_spacing = vec2(6.0, 0.0);
                    curve_title_ui(ui, ctx, *curve);
                    curve_ui(ui, ctx, *curve, height);
                });
            }
        });
    }
}

/// Which colour is whose.
fn runs_ui(ui: &mut Ui, ctx: &PanelContext<'_>) {
    ui.horizontal(|ui| {
        let heading = ui.add(Label::new(RichText::new("Training curves").strong()).sense(Sense::hover()));
        explained(heading, HINT);
        for (index, run) in ctx.session.runs().iter().enumerate() {
            ui.add_space(6.0);
            let (rect, _) = ui.allocate_exact_size(vec2(16.0, 10.0), Sense::hover());
            ui.painter().line_segment([rect.left_center(), rect.right_center()], Stroke::new(3.0, ctx.color(index)));
            ui.add(Label::new(RichText::new(title(&run.settings)).small()));
        }
        let text = RichText::new("over optimizer steps").small().color(ctx.palette.weak_text);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| explained(ui.label(text), HINT));
    });
}

/// Name, and the newest value of every run.
fn curve_title_ui(ui: &mut Ui, ctx: &PanelContext<'_>, curve: Curve) {
    ui.horizontal(|ui| {
        ui.set_height(TITLE_HEIGHT);
        let title = ui.add(Label::new(RichText::new(curve.title(ctx)).small().strong()).sense(Sense::hover()));
        explained(title, curve.explanation());
        let unit = match cap(ctx).filter(|_| curve == Curve::MutualInformation) {
            Some((cap, _)) => format!("estimate ≤ {} nats", number(cap)),
            None => curve.unit().to_owned(),
        };
        if ui.available_width() > 160.0 {
            explained(ui.label(RichText::new(unit).small().color(ctx.palette.weak_text)), curve.explanation());
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(OVERHANG);
            // More values than fit are in the read-out.
            let has_room = ctx.session.runs().len() as f32 * VALUE_WIDTH <= ui.available_width();
            for (index, run) in ctx.session.runs().iter().enumerate().rev().filter(|_| has_room) {
                // The newest batch alone is noisy; the newest column of the curve is what the eye compares.
                if let Some(last) = curve.series(&run.history).last() {
                    let text = RichText::new(measured(last.mean)).small().color(ctx.color(index));
                    ui.add(Label::new(text).truncate());
                }
            }
        });
    });
}

fn curve_ui(ui: &mut Ui, ctx: &PanelContext<'_>, curve: Curve, height: f32) {
    let runs = ctx.session.runs();
    let series: Vec<&Series> = runs.iter().map(|run| curve.series(&run.history)).collect();
    let last = runs.iter().filter_map(|run| run.history.negative_elbo.last()).map(|bucket| bucket.step).max();
    let last = last.unwrap_or(0).max(50) as f64;
    let id = Id::unique(("collapsar-curve", curve.name()));
    let group = Id::unique("collapsar-curves");

    // The vertical range follows what is in view, which is only known from the last frame.
    let view = ui.data(|data| data.get_temp::<[f64; 2]>(id.with("view"))).unwrap_or([0.0, last]);
    let range = vertical_range(ui, ctx, curve, &series, view, last);
    let width = ui.available_width() - OVERHANG;
    let plot = Plot::new(id)
        .id(id)
        .height(height)
        .width(width)
        .link_axis(group, Vec2b::new(true, false))
        .link_cursor(group, Vec2b::new(true, false))
        .cursor_color(ctx.palette.weak_text)
        .allow_scroll(false)
        .set_margin_fraction(eframe::egui::Vec2::ZERO)
        .include_x(0.0)
        .include_x(last)
        .include_y(range.0)
        .include_y(range.1)
        .show_crosshair(true)
        .grid_color(ctx.palette.grid)
        .x_grid_spacer(move |input| marks(input.bounds, width / 64.0))
        .y_grid_spacer(move |input| marks(input.bounds, height / 26.0))
        .custom_x_axes(vec![axis(AxisHints::new_x(), ui, ctx).label_spacing(Rangef::new(20.0, 24.0))])
        .custom_y_axes(vec![
            axis(AxisHints::new_y(), ui, ctx).label_spacing(Rangef::new(12.0, 14.0)).min_thickness(38.0),
        ])
        .label_formatter(|_| None);
    let shown = plot.show(ui, |plot| {
        // After a reset nothing is left where the view was.
        if plot.plot_bounds().min()[0] > last {
            plot.set_auto_bounds(true);
        }
    });
    let bounds = shown.transform.bounds();
    ui.data_mut(|data| data.insert_temp(id.with("view"), [bounds.min()[0], bounds.max()[0]]));

    let response = shown.response;
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words(ctx, curve)));
    if series.iter().all(|series| series.is_empty()) {
        let font = TextStyle::Small.resolve(ui.style());
        let place = shown.transform.frame().center();
        let text = match curve {
            Curve::MutualInformation => {
                let limit = Some(ctx.session.experiment().steps).filter(|limit| *limit > 0);
                format!("First evaluation at step {}", limit.map_or(EVALUATE_EVERY, |limit| limit.min(EVALUATE_EVERY)))
            }
            _ => "Waiting for the first step".to_owned(),
        };
        ui.painter().text(place, Align2::CENTER_CENTER, text, font, ctx.palette.weak_text);
        return;
    }
    if ui.is_rect_visible(*shown.transform.frame()) {
        for index in 0..series.len() {
            line_ui(ui, ctx, &shown.transform, curve, index);
            if curve == Curve::MutualInformation {
                model_information_ui(ui, ctx, &shown.transform, index);
            }
        }
        if curve == Curve::MutualInformation {
            cap_ui(ui, ctx, &shown.transform);
            model_information::legend_ui(ui, ctx, &shown.transform);
        }
    }
    let Some(pointer) = response.hover_pos().filter(|pointer| shown.transform.frame().contains(*pointer)) else {
        return;
    };
    let step = shown.transform.value_from_position(pointer).x;
    response.on_hover_ui_at_pointer(|ui| read_out_ui(ui, ctx, step));
}

fn axis<'a>(hints: AxisHints<'a>, ui: &Ui, ctx: &PanelContext<'_>) -> AxisHints<'a> {
    hints
        .formatter(|mark, _| tick(mark.value as f32, mark.step_size as f32))
        .tick_label_color(ctx.palette.weak_text)
        .tick_label_font(TextStyle::Small.resolve(ui.style()))
}

/// About `count` round values; egui_plot's own grid knows powers of ten alone, which leaves low plots with one label.
fn marks((min, max): (f64, f64), count: f32) -> Vec<GridMark> {
    let step = f64::from(round_step(((max - min) / f64::from(count.max(2.0))) as f32));
    if !(step.is_finite() && step > 0.0 && (max - min) / step < 1e3) {
        return Vec::new();
    }
    let (first, last) = ((min / step).ceil() as i64, (max / step).floor() as i64);
    (first..=last).map(|at| GridMark { value: at as f64 * step, step_size: step }).collect()
}

/// A range that follows the data without trembling; judged anew when it is the curve's turn.
fn vertical_range(
    ui: &Ui,
    ctx: &PanelContext<'_>,
    curve: Curve,
    series: &[&Series],
    view: [f64; 2],
    last: f64,
) -> (f32, f32) {
    let id = Id::unique(("collapsar-curve-range", curve.name()));
    let seen = Seen::of(view, series);
    let known = ui.data(|data| data.get_temp::<(Seen, (f32, f32))>(id.with("seen")));
    if let Some((before, range)) = known
        && before.stands_for(&seen, ui.ctx(), curve.turn())
    {
        return range;
    }
    // Evaluations begin when the first steps are over.
    let warm_up = if curve == Curve::MutualInformation { 0.0 } else { (0.05 * last).max(20.0) };
    let (mut low, mut high) = typical_range(series, view[0], view[1], warm_up).unwrap_or((0.0, 1.0));
    if curve.starts_at_zero() {
        low = low.min(0.0);
        high = high.max(0.05);
    }
    if curve == Curve::MutualInformation {
        let (lowest, highest) = model_information::range(ctx, view);
        (low, high) = (low.min(lowest), high.max(highest));
        if highest.is_finite() {
            high += model_information::LEGEND_SHARE * (high - low);
        }
    }
    if curve == Curve::MutualInformation
        && let Some((cap, _)) = cap(ctx)
        && high > 0.6 * cap
    {
        high = high.max(1.04 * cap);
    }
    let pad = (0.08 * (high - low)).max(1e-3 * (low.abs() + high.abs())).max(1e-3);
    // A curve at 0 must not hide in the frame: at 0 is where collapse shows.
    let below = if curve.starts_at_zero() && low >= 0.0 { -0.5 * pad } else { low - pad };
    let wanted = (below, high + pad);
    let kept = ui.data(|data| data.get_temp::<(f32, f32)>(id));
    let kept = kept.filter(|kept| kept.0 <= low && kept.1 >= high && kept.1 - kept.0 < 1.4 * (wanted.1 - wanted.0));
    let range = kept.unwrap_or(wanted);
    ui.data_mut(|data| {
        data.insert_temp(id, range);
        data.insert_temp(id.with("seen"), (seen, range));
    });
    range
}

fn line_ui(ui: &Ui, ctx: &PanelContext<'_>, transform: &PlotTransform, curve: Curve, run: usize) {
    let frame = *transform.frame();
    let painter = ui.painter().with_clip_rect(frame.shrink(1.0).intersect(ui.clip_rect()));
    let bounds = transform.bounds();
    let series = curve.series(&ctx.session.runs()[run].history);
    let view = [bounds.min()[0], bounds.max()[0]];
    let id = Id::unique(("collapsar-curve-columns", curve.name(), run));
    let recent = recent_columns(ui.ctx(), id, curve.turn(), series, view, frame.width() as usize);
    let color = ctx.color(run);
    let places = Places::of(transform);
    let tint = ctx.palette.tint(color, band_opacity(recent.typical_height, bounds.height()));
    if tint.a() > 0 {
        painter.add(band(&recent.columns, &places, tint));
    }
    match recent.columns.as_slice() {
        [only] => {
            painter.circle_filled(places.at(only.step, only.mean), 2.5, color);
        }
        columns => {
            let line = columns.iter().map(|column| places.at(column.step, column.mean)).collect();
            painter.line(line, Stroke::new(1.6, color));
        }
    }
}

/// From the smallest to the largest value of every column.
fn band(columns: &[Column], places: &Places, color: Color32) -> Mesh {
    let mut band = Mesh::default();
    band.reserve_vertices(2 * columns.len());
    band.reserve_triangles(2 * columns.len());
    for (at, column) in columns.iter().enumerate() {
        band.colored_vertex(places.at(column.step, column.max), color);
        band.colored_vertex(places.at(column.step, column.min), color);
        if at > 0 {
            let last = 2 * at as u32;
            band.add_triangle(last - 2, last - 1, last);
            band.add_triangle(last - 1, last, last + 1);
        }
    }
    band
}

/// Where points are on the screen: a [`PlotTransform`] for thousands of them.
struct Places {
    first: [f64; 2],
    scale: [f64; 2],
    frame: Rect,
}

impl Places {
    fn of(transform: &PlotTransform) -> Self {
        let bounds = transform.bounds();
        Self {
            first: bounds.min(),
            scale: [transform.dpos_dvalue_x(), transform.dpos_dvalue_y()],
            frame: *transform.frame(),
        }
    }

    fn at(&self, step: f64, value: f32) -> Pos2 {
        let x = f64::from(self.frame.left()) + (step - self.first[0]) * self.scale[0];
        let y = f64::from(self.frame.bottom()) + (f64::from(value) - self.first[1]) * self.scale[1];
        // Far outside of the frame coordinates would lose their precision.
        pos2(x as f32, (y as f32).clamp(self.frame.top() - 9.0, self.frame.bottom() + 9.0))
    }
}

/// Opacity of the band from the smallest to the largest batch in a view of some height. Late in a training a column of pixels covers
/// many batches, whose ends lie far outside of a view of their means: the band fades before it would fill the frame.
fn band_opacity(typical: f32, height: f64) -> f32 {
    let share = typical / height.max(f64::MIN_POSITIVE) as f32;
    0.2 * ((0.6 - share) / 0.3).clamp(0.0, 1.0)
}

/// The log of the pool's size, and that size.
fn cap(ctx: &PanelContext<'_>) -> Option<(f32, usize)> {
    ctx.session.runs().iter().find_map(measures).map(|measures| (measures.mutual_information_cap, measures.pool))
}

fn cap_ui(ui: &Ui, ctx: &PanelContext<'_>, transform: &PlotTransform) {
    let Some((cap, pool)) = cap(ctx) else { return };
    let frame: Rect = *transform.frame();
    let y = transform.position_from_point_y(f64::from(cap));
    let painter = ui.painter().with_clip_rect(frame.intersect(ui.clip_rect()));
    let text = format!("cap of the estimate: log({}) = {}", grouped(pool as f32), number(cap));
    if frame.y_range().contains(y) {
        let ends = [pos2(frame.left(), y), pos2(frame.right(), y)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.0, ctx.palette.threshold), 5.0, 4.0));
        // In a low plot it would hide the curves, which reach the cap from below; the title says it, too.
        if frame.height() < LABELLED_HEIGHT {
            return;
        }
        let height = ui.text_style_height(&TextStyle::Small);
        let (y, align) = match y - height - 2.0 > frame.top() {
            true => (y - 2.0, Align2::RIGHT_BOTTOM),
            false => (y + 2.0, Align2::RIGHT_TOP),
        };
        plated_text_ui(ui, &painter, ctx.palette, pos2(frame.right() - 4.0, y), align, &text);
    }
}

/// Every curve of every run at a step.
fn read_out_ui(ui: &mut Ui, ctx: &PanelContext<'_>, step: f64) {
    let runs = ctx.session.runs();
    let found =
        runs.iter().filter_map(|run| nearest(&run.history.negative_elbo, step)).map(|bucket| bucket.step).next();
    ui.strong(format!("Step {}", grouped(found.map_or(step.max(0.0) as f32, |step| step as f32))));
    Grid::new("collapsar-curves-read-out").num_columns(runs.len() + 1).spacing(vec2(14.0, 2.0)).show(ui, |ui| {
        ui.label("");
        for (index, run) in runs.iter().enumerate() {
            ui.label(RichText::new(title(&run.settings)).color(ctx.color(index)));
        }
        ui.end_row();
        for curve in Curve::ALL {
            ui.label(curve.title(ctx));
            for run in runs {
                let bucket = nearest(curve.series(&run.history), step);
                ui.label(bucket.map_or_else(|| "none yet".to_owned(), |bucket| measured(bucket.mean)));
            }
            ui.end_row();
        }
        model_information::read_out_ui(ui, ctx, step);
    });
    ui.weak("Nats per example; mutual information from the evaluation nearest to this step");
}

fn words(ctx: &PanelContext<'_>, curve: Curve) -> String {
    let mut text = format!("{} over steps, {}:", curve.title(ctx), curve.unit());
    for run in ctx.session.runs() {
        let last = curve.series(&run.history).last();
        let value = last
            .map_or_else(|| "no value yet".to_owned(), |last| format!("{} at step {}", measured(last.mean), last.step));
        text.push_str(&format!(" {} {value};", run.settings.name));
        if curve == Curve::MutualInformation {
            text.push_str(&model_information::words(run));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_plot::{PlotBounds, PlotPoint};

    #[test]
    fn a_band_as_high_as_the_frame_is_not_drawn() {
        assert_eq!(band_opacity(1.0, 1.0), 0.0);
        assert_eq!(band_opacity(0.1, 1.0), 0.2);
    }

    #[test]
    fn places_are_those_of_the_plot() {
        let frame = Rect::from_min_max(pos2(40.0, 10.0), pos2(340.0, 110.0));
        let bounds = PlotBounds::from_min_max([-20.0, 1.5], [1e6, 4.0]);
        let transform = PlotTransform::new(frame, bounds, Vec2b::FALSE);
        let places = Places::of(&transform);
        for (step, value) in [(0.0, 1.5), (250_000.0, 3.25), (1e6, 4.0)] {
            let expected = transform.position_from_point(&PlotPoint::new(step, f64::from(value)));
            assert!((places.at(step, value) - expected).length() < 1e-3, "{step} {value}");
        }
        assert_eq!(places.at(0.0, 1e9).y, frame.top() - 9.0);
    }
}
