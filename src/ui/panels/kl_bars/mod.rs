//! KL per latent dimension, one bar each, in latent order; the levels of a hierarchical model one above the other. Outlines are what theory
//! predicts.
//!
//! A collapsed dimension is told by its bar's style and not by its height: on a linear axis the height at which a dimension counts as
//! collapsed is a hair above zero. A logarithmic axis, one click away, shows the threshold as a line.

mod bar;
mod level;

use self::bar::{Place, bar_ui, is_selected, said};
use self::level::{Known, LevelBars};
use super::axes::{Axes, Axis, Margins, is_narrow};
use super::memory::stable_maximum;
use super::theory::{Mark, Missing, is_by_mode, legend, legend_ui, level_prediction, theory};
use super::words::measured;
use super::{PanelContext, explained, measures, message_ui, posterior, scaled_height, title_ui};
use crate::measure::{ACTIVE_UNIT_VARIANCE, LevelMeasures};
use crate::train::Run;
use crate::ui::levels::Levels;
use crate::ui::theme::Palette;
use crate::ui::verdict::comparison;
use eframe::egui::{
    Align2, Id, Label, Rect, RichText, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

pub(super) use self::level::is_collapsed;

const HEIGHT: f32 = 134.0;
/// Height of the bars of one of several levels.
const LEVEL_HEIGHT: f32 = 108.0;
/// Narrower, the panel stands beside the densities over one dimension, and is as high as that.
const WIDEST_BESIDE: f32 = 330.0;
/// Bottom of the logarithmic axis, nats; lower values are drawn there.
const SMALLEST: f32 = 1e-4;
/// The axis never ends below this: a bar of a thousandth of a nat must not fill the panel.
const LEAST_MAXIMUM: f32 = 0.1;
/// Values this far below zero need an axis that shows them.
const NEGATIVE: f32 = -0.005;

const EXPLANATION: &str = "How far the encoder's posterior q(z|x) is from the prior in each latent dimension: KL(q(zi|x) ‖ p(zi)) in \
    nats per example, averaged over the evaluation pool. Under a learned prior: E[log q(zi|x) − log p(zi|z1 … z(i−1))], the parts of the KL to the mixture, which \
    depend on the order of the dimensions. A dimension is active when the variance of its posterior mean over examples is \
    at least 0.01 (Burda et al. 2016), otherwise it is collapsed, drawn hollow or marked with a ring. The outline over a bar is what the theory of linear models \
    predicts from the covariance of the training data, the largest prediction over the largest bar; dashed where the model is not linear and theory is a guide only. The arrow beside a bar is the KL of the exact posterior's marginal, by Bayes' \
    rule on a grid, for K ≤ 3: far above the bar, the encoder lags. Click a bar to look at that dimension everywhere; \
    Shift-click makes it the vertical axis of the plane.";
const LOWER: &str = "The term of z1 in the objective, E[log q(z1|x) − log p(z1|z2)], per dimension. It is no KL between two independent things and may be \
    negative; only its sum with the KL of z2, the KL of both levels together, is never below 0. I(x; z1) is the information about x in z1 under the encoder, \
    estimated over the pool";
const UPPER: &str = "KL(q(z2|z1) ‖ p(z2)), and the information about x in z2 under the encoder, I(x; z2), estimated over the pool. Where the encoder variance of \
    z1 is fixed, z2 may describe nothing but the noise of z1's encoder: a KL of z2 above 0 is then no evidence of information about x. I(x; z2) is";

/// KL at which a dimension of a linear-Gaussian model has the threshold's posterior-mean variance v: there the posterior variance
/// is 1 − v, and the KL is −½ ln(1 − v).
fn threshold_kl() -> f32 {
    -0.5 * (1.0 - ACTIVE_UNIT_VARIANCE).ln()
}

/// What a person has chosen for all columns.
#[derive(Clone, Copy)]
struct Choice {
    logarithmic: bool,
    by_mode: bool,
}

fn known(run: &Run) -> Option<Known<'_>> {
    Some(Known {
        levels: Levels::of(&run.settings.model),
        measures: measures(run)?,
        comparison: comparison(run),
        theory: theory(run),
    })
}

/// Draws the bars.
pub(super) fn kl_bars_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let width = ui.available_width();
    let choice = choice_ui(ui, ctx, run, width);
    let levels = ctx.levels(run);
    let is_beside = width < WIDEST_BESIDE && levels.count() == 1;
    let (line, gap) = (ui.text_style_height(&TextStyle::Small), ui.spacing().item_spacing.y);
    let height = match (is_beside, levels.count()) {
        (true, _) => posterior::height_below_title(ui) - line - gap,
        (false, 1) => scaled_height(ui, HEIGHT),
        (false, _) => scaled_height(ui, LEVEL_HEIGHT),
    };
    // Readings live in the session, which outlives this frame; the selection does not keep it borrowed.
    let session = ctx.session;
    let Some(own) = known(&session.runs()[run]) else {
        let headings = if levels.count() > 1 { line + gap } else { 0.0 };
        let height = line + levels.count() as f32 * (headings + height + gap);
        return message_ui(ui, ctx.palette, height, "Waiting for the first reading");
    };
    let mark = Mark::of(own.theory);
    let drawn: Vec<LevelBars> = (0..levels.count()).map(|level| own.level(level, choice.by_mode)).collect();
    let nothing = drawn.iter().rev().find_map(|level| level.nothing.as_ref());
    let has_ghosts = drawn.iter().any(|level| level.nothing.is_none());
    let shown = mark.filter(|_| has_ghosts);
    let is_by_mode = drawn.iter().any(|level| level.is_by_mode);
    legend_ui(ui, ctx.palette, shown, &legend(shown, is_by_mode, nothing.filter(|_| shown.is_none())));
    for (level, bars) in drawn.iter().enumerate().rev() {
        if let Some(heading) = &bars.heading {
            heading_ui(ui, ctx.palette, heading, if level == 0 { LOWER } else { UPPER }, bars.nothing.as_ref());
        }
        level_ui(ui, ctx, run, (level, bars), mark, choice, (height, is_beside));
    }
}

/// Whether theory speaks about modes of a run, and these are measured.
fn has_modes(run: &Run) -> bool {
    let levels = measures(run).map_or(&[][..], |measures| &measures.levels);
    let is_one = |(level, measured): (usize, &LevelMeasures)| {
        measured.kl_per_mode.is_some() && is_by_mode(level_prediction(theory(run), level))
    };
    levels.iter().enumerate().any(is_one)
}

/// Title, and what can be chosen for all columns.
fn choice_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, width: f32) -> Choice {
    let ids = ["collapsar-kl-logarithmic", "collapsar-kl-by-mode"].map(Id::unique);
    let mut logarithmic = ui.data(|data| data.get_temp(ids[0])).unwrap_or(false);
    let mut by_mode = ui.data(|data| data.get_temp(ids[1])).unwrap_or(true);
    let has_modes = has_modes(&ctx.session.runs()[run]);
    let is_narrow = is_narrow(width);
    let title = match (is_narrow, has_modes && by_mode && ctx.levels(run).count() == 1) {
        (true, _) => "KL, nats",
        (false, true) => "KL per mode",
        (false, false) => "KL per dimension",
    };
    title_ui(ui, title, EXPLANATION, |ui| {
        let toggle = ui.checkbox(&mut logarithmic, if is_narrow { "log" } else { "log axis" });
        toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, logarithmic, "Logarithmic KL axis"));
        if toggle.on_hover_text("Logarithmic axis in all columns, with the KL below which a linear model's dimension counts as collapsed").changed() {
            ui.data_mut(|data| data.insert_temp(ids[0], logarithmic));
        }
        if has_modes {
            let toggle = ui.checkbox(&mut by_mode, if is_narrow { "modes" } else { "by mode" });
            toggle.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, by_mode, "KL by mode"));
            let text = "With a fixed encoder variance, rotating z changes nothing in the loss, so that coordinates mean nothing. Modes are the eigenvectors of the \
                        covariance of posterior means, and these theory predicts. A dead mode is not at 0: the variance s that the encoder is held at costs \
                        ½(s − 1 − ln s), of z1 in units of p(z1|z2). Off: coordinates";
            if toggle.on_hover_text(text).changed() {
                ui.data_mut(|data| data.insert_temp(ids[1], by_mode));
            }
        }
    });
    Choice { logarithmic, by_mode }
}

/// One line above a level: its name and what is measured of it.
fn heading_ui(ui: &mut Ui, palette: &Palette, forms: &[String; 3], explanation: &str, nothing: Option<&Missing>) {
    let font = TextStyle::Small.resolve(ui.style());
    let width = |text: &String| ui.painter().layout_no_wrap(text.clone(), font.clone(), palette.text).size().x;
    let text = forms.iter().find(|text| width(text) <= ui.available_width()).unwrap_or(&forms[2]);
    let label = Label::new(RichText::new(text).small().color(palette.text)).truncate();
    let response = ui.add(label.show_tooltip_when_elided(false).sense(Sense::hover()));
    let note = nothing.map_or_else(String::new, |missing| format!("\n\nNo theory mark: {}", missing.sentence));
    explained(response, &format!("{}\n\n{explanation}{note}", forms[0]));
}

/// The vertical axis of a level, the same in every column.
fn vertical(ui: &Ui, ctx: &PanelContext<'_>, level: usize, choice: Choice) -> Axis {
    let id = Id::unique(("collapsar-kl-maximum", level));
    let (mut low, mut high) = (0.0_f32, LEAST_MAXIMUM);
    for known in ctx.session.runs().iter().filter_map(known) {
        for bar in known.level(level, choice.by_mode).bars {
            for value in [Some(bar.kl), bar.ghost, bar.exact_kl].into_iter().flatten() {
                (low, high) = (low.min(value), high.max(value));
            }
        }
    }
    let high = stable_maximum(ui.ctx(), id, 1.12 * high);
    match choice.logarithmic {
        true => Axis::logarithmic(SMALLEST, high),
        false if low < NEGATIVE => Axis::linear(-stable_maximum(ui.ctx(), id.with("below"), -1.12 * low), high),
        false => Axis::linear(0.0, high),
    }
}

fn level_ui(
    ui: &mut Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    (level, bars): (usize, &LevelBars),
    mark: Option<Mark>,
    choice: Choice,
    (height, is_beside): (f32, bool),
) {
    let width = ui.available_width();
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, summary(ctx, run, level, bars)));
    if !ui.is_rect_visible(outer) {
        return;
    }
    let margins = Margins::of_width(width);
    let margins = if is_beside { margins } else { Margins { bottom: 20.0, ..margins } };
    let x = Axis::linear(0.0, bars.bars.len().max(1) as f32);
    let axes = Axes::within(outer, margins, x, vertical(ui, ctx, level, choice));
    axes.back_ui(ui, ctx.palette, [false, true]);
    let selected = bars.bars.iter().position(|bar| is_selected(ctx, bar));
    let place = Place { axes: &axes, run, selected, mark };
    for (at, bar) in bars.bars.iter().enumerate() {
        bar_ui(ui, ctx, &place, at, bar);
    }
    if axes.y.min < 0.0 {
        let stroke = Stroke::new(1.0, ctx.palette.weak_text);
        ui.painter().hline(axes.frame.x_range(), axes.y_at(0.0), stroke);
    }
    // It is about a KL to the prior of one level.
    if !bars.is_by_mode && bars.heading.is_none() {
        threshold_line_ui(ui, ctx, &axes);
    }
    let unit = if height < 110.0 { "nats" } else { "nats per example" };
    axes.front_ui(ui, ctx.palette, "", if is_narrow(width) { " " } else { unit });
    if is_beside {
        let font = TextStyle::Small.resolve(ui.style());
        let place = pos2(axes.frame.center().x, axes.frame.bottom() + 18.0);
        let below = if bars.is_by_mode { "mode" } else { "latent dimension" };
        ui.painter().text(place, Align2::CENTER_TOP, below, font, ctx.palette.weak_text);
    }
}

fn summary(ctx: &PanelContext<'_>, run: usize, level: usize, bars: &LevelBars) -> String {
    let levels = ctx.levels(run);
    let what = if bars.is_by_mode { "mode" } else { "dimension" };
    let of = if levels.count() > 1 { format!(" of {}", levels.variable(level)) } else { String::new() };
    let mut text = format!("KL per {what}{of}, nats per example:");
    for bar in &bars.bars {
        text.push_str(&format!(" {}", said(bar)));
    }
    let total = bars.bars.iter().map(|bar| bar.kl).sum();
    text.push_str(&format!(" total {}", measured(total)));
    text
}

fn threshold_line_ui(ui: &Ui, ctx: &PanelContext<'_>, axes: &Axes) {
    let y = axes.y_at(threshold_kl());
    let floor = if axes.y.logarithmic { axes.frame.bottom() } else { axes.y_at(0.0) };
    // On a linear axis the line would hide in the axis itself.
    if floor - y < 5.0 || y < axes.frame.top() {
        return;
    }
    let stroke = Stroke::new(1.0, ctx.palette.threshold);
    let ends = [pos2(axes.frame.left(), y), pos2(axes.frame.right(), y)];
    ui.painter().extend(Shape::dashed_line(&ends, stroke, 4.0, 3.0));
    let font = TextStyle::Small.resolve(ui.style());
    let galley = ui.painter().layout_no_wrap("collapse threshold".to_owned(), font, ctx.palette.text);
    let place =
        Rect::from_min_size(pos2(axes.frame.right() - galley.size().x - 4.0, y - galley.size().y - 1.0), galley.size());
    // Bars may stand behind it.
    ui.painter().rect_filled(place.expand2(vec2(2.0, 0.0)), 2.0, ctx.palette.tint(ctx.palette.surface, 0.85));
    ui.painter().galley(place.min, galley, ctx.palette.text);
}
