//! Eigenvalues of the training data's covariance, with the thresholds of theory as lines: what is below collapses.

mod words;

use self::words::{Fate, eigenvalue_name, fates, sentence, short_threshold_text, threshold_text};
use super::axes::{Axes, Axis, Margins, is_narrow};
use super::overlay::{hatched_bar_ui, plated_text_ui};
use super::theory::{Mark, drawn_thresholds, theory};
use super::words::{grouped, number, short_number};
use super::{PanelContext, caption_ui, message_ui, scaled_height, title_ui};
use crate::exact::linear::{DataSpectrum, Theory, Threshold};
use crate::train::Run;
use crate::ui::theme::Palette;
use eframe::egui::{Align2, Color32, Painter, Rect, Role, Sense, Shape, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

const HEIGHT: f32 = 142.0;
/// So many eigenvalues are shown whatever the number of latent dimensions.
const SHOWN: usize = 24;
/// Eigenvalues below this share of the largest are rounding, and get no bar.
const NEGLIGIBLE: f64 = 1e-7;

const EXPLANATION: &str = "Eigenvalues λ of the covariance of the training data (1/n, in squared units of the data), on a logarithmic axis; with a condition, of what is \
    left of the output y once its best linear prediction from the condition c is taken away, Cov(y | c). In a linear model a latent dimension carries a mode only where its \
    eigenvalue is above the threshold, βσ² for a learned encoder variance: there KL = ½ log(λ/βσ²); below, it collapses (Lucas et al. 2019; Wang and Ziyin 2022; Dang et al. 2024). \
    Filled: active in theory. Hatched: collapsed in theory. Grey: no latent dimension is left for it. With two levels the sign above a bar is about z2: a disc is active, a ring \
    collapsed. Where the model is not linear the lines are dashed: a guide, not a theorem. In the formulas σ₁ is the level noise, s₁ and s₂ are fixed encoder variances";

/// Draws the spectrum.
pub(super) fn spectrum_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let title = if is_narrow(ui.available_width()) { "Spectrum" } else { "Spectrum and thresholds" };
    title_ui(ui, title, EXPLANATION, |_| {});
    let height = scaled_height(ui, HEIGHT);
    let session = ctx.session;
    let found = theory(&session.runs()[run]).map_err(str::to_owned);
    let found = found.and_then(|theory| Ok((theory, theory.spectrum.as_ref().map_err(Clone::clone)?)));
    let (theory, spectrum) = match found {
        Ok(found) => found,
        Err(reason) => {
            caption_ui(ui, ctx.palette, &[]);
            return message_ui(ui, ctx.palette, height, &reason);
        }
    };
    let levels = ctx.levels(run);
    let dimensions: Vec<usize> = (0..levels.count()).map(|level| levels.range(level).len()).collect();
    let said = sentence(theory, &dimensions);
    caption_ui(ui, ctx.palette, &said);
    let shown = shown(spectrum, dimensions[0]);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, label(theory, spectrum, shown, &said)));
    if !ui.is_rect_visible(outer) {
        return;
    }
    // Lines are named beside the frame: whatever is within it stays as it is.
    let names = session.runs().iter().map(|run| line_names(ui, ctx.palette, theory_of(run), 0.3 * outer.width()));
    let room = names.map(|names| names.width).fold(0.0, f32::max);
    let usual = Margins::of_width(outer.width());
    let margins = Margins { top: 8.0, right: usual.right.max(room + 8.0), ..usual };
    let axes = Axes::within(outer, margins, Axis::linear(0.0, shown.max(1) as f32), vertical(ctx));
    axes.back_ui(ui, ctx.palette, [false, true]);
    let lines = drawn_thresholds(theory);
    let fates = [0, 1].map(|level| level_fates(theory, &dimensions, level));
    let bars = Bars { axes: &axes, fates, lines };
    let drawn: Vec<Rect> = (0..shown).map(|at| bars.bar_ui(ui, ctx, run, at, spectrum.eigenvalues[at])).collect();
    let name = match (is_narrow(outer.width()), spectrum.is_conditional) {
        (true, _) => "λ",
        (false, false) => "eigenvalue λ",
        (false, true) => "λ of Cov(y | c)",
    };
    axes.front_ui(ui, ctx.palette, "", name);
    below_ui(ui, ctx.palette, &axes, spectrum, shown);
    lines_ui(ui, ctx.palette, &axes, lines, Mark::of(Ok(theory)));
    names_ui(ui, ctx.palette, &axes, lines, &line_names(ui, ctx.palette, Some(theory), 0.3 * outer.width()));
    // Over the lines, which may cross them.
    for (at, bar) in drawn.iter().enumerate() {
        bars.signs_ui(ui, ctx.palette, at, *bar, spectrum.eigenvalues[at]);
    }
}

fn theory_of(run: &Run) -> Option<&Theory> {
    theory(run).ok().map(|theory| &**theory)
}

/// How many eigenvalues are drawn for K latent dimensions.
fn shown(spectrum: &DataSpectrum, dimensions: usize) -> usize {
    spectrum.eigenvalues.len().min(SHOWN.max(dimensions + dimensions / 2))
}

fn level_fates(theory: &Theory, dimensions: &[usize], level: usize) -> Vec<Fate> {
    dimensions.get(level).map_or_else(Vec::new, |dimensions| fates(theory, level, *dimensions))
}

fn is_negligible(eigenvalue: f64, spectrum: &DataSpectrum) -> bool {
    eigenvalue <= NEGLIGIBLE * spectrum.eigenvalues.first().copied().unwrap_or(0.0)
}

/// Around what is shown of all runs.
fn vertical(ctx: &PanelContext<'_>) -> Axis {
    let mut ends = [f64::INFINITY, 0.0_f64];
    for (run, of) in ctx.session.runs().iter().enumerate() {
        let Ok(theory) = theory(of) else { continue };
        let Ok(spectrum) = &theory.spectrum else { continue };
        let count = shown(spectrum, ctx.levels(run).range(0).len());
        let lines = drawn_thresholds(theory);
        let eigenvalues = spectrum.eigenvalues[..count].iter().copied();
        let eigenvalues = eigenvalues.filter(|eigenvalue| !is_negligible(*eigenvalue, spectrum));
        for value in eigenvalues.chain(lines.iter().map(|line| line.eigenvalue)) {
            if value.is_finite() && value > 0.0 {
                ends = [ends[0].min(value), ends[1].max(value)];
            }
        }
    }
    let [low, high] = if ends[0] < f64::INFINITY { ends } else { [0.1, 1.0] };
    // Half powers of ten, with room for the numbers above the bars.
    let power = |value: f64| 10f32.powf(0.5 * value as f32);
    Axis::logarithmic(power((2.0 * (0.6 * low).log10()).floor()), power((2.0 * (2.5 * high).log10()).ceil()))
}

fn label(theory: &Theory, spectrum: &DataSpectrum, shown: usize, said: &[String]) -> String {
    let of = if spectrum.is_conditional { " of the output given the condition" } else { "" };
    let mut text = format!("Spectrum of the covariance{of}:");
    for (at, eigenvalue) in spectrum.eigenvalues.iter().take(shown.min(SHOWN)).enumerate() {
        text.push_str(&format!(" {} {};", eigenvalue_name(at), number(*eigenvalue as f32)));
    }
    for line in drawn_thresholds(theory) {
        text.push_str(&format!(" threshold {};", threshold_text(line, has_levels(theory))));
    }
    text.push_str(&format!(" {}", said.first().map_or("", String::as_str)));
    text
}

struct Bars<'a> {
    axes: &'a Axes,
    /// Of the level next to the data, and of the one above it, if there is one.
    fates: [Vec<Fate>; 2],
    lines: &'a [Threshold],
}

impl Bars<'_> {
    /// Draws and explains a bar; where it stands.
    fn bar_ui(&self, ui: &Ui, ctx: &PanelContext<'_>, run: usize, at: usize, eigenvalue: f64) -> Rect {
        let lines = self.lines;
        let (axes, palette, painter) = (self.axes, ctx.palette, ui.painter());
        let frame = axes.frame;
        let slot = Rect::from_x_y_ranges(axes.x_at(at as f32)..=axes.x_at(at as f32 + 1.0), frame.y_range());
        let top = axes.y_at(eigenvalue as f32).clamp(frame.top(), frame.bottom());
        let width = (0.6 * slot.width()).clamp(1.5, 40.0);
        let x = slot.center().x - width / 2.0..=slot.center().x + width / 2.0;
        let bar = Rect::from_x_y_ranges(x, top..=frame.bottom());
        let [lower, upper] = [0, 1].map(|level| self.fates[level].get(at).copied());
        let fate = lower.unwrap_or(Fate::Open);
        fate_ui(painter, palette, bar, fate, ctx.color(run));
        let font = TextStyle::Small.resolve(ui.style());
        let every = (24.0 / slot.width()).ceil().max(1.0) as usize;
        if at.is_multiple_of(every) {
            let place = pos2(slot.center().x, frame.bottom() + 2.0);
            painter.text(place, Align2::CENTER_TOP, eigenvalue_name(at), font, palette.weak_text);
        }
        let response = ui.interact(slot, ui.scope_id().with(("eigenvalue", run, at)), Sense::hover());
        let words = format!("{} = {}{}", eigenvalue_name(at), number(eigenvalue as f32), fate_words(fate));
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
        response.on_hover_ui(|ui| {
            ui.strong(&words);
            for line in lines {
                let is = if eigenvalue > line.eigenvalue { "above" } else { "below" };
                ui.label(format!("It is {is} the threshold {}", threshold_text(line, lines.len() > 1)));
            }
            if let Some(Fate::Active | Fate::Collapsed) = upper {
                let carries = if upper == Some(Fate::Active) { "carries" } else { "does not carry" };
                ui.label(format!("In theory z2 {carries} it"));
            }
        });
        bar
    }

    /// Above a bar: its eigenvalue, where there is room, and under that what theory expects of z2.
    fn signs_ui(&self, ui: &Ui, palette: &Palette, at: usize, bar: Rect, eigenvalue: f64) {
        let (frame, painter) = (self.axes.frame, ui.painter());
        let is_numbered = self.axes.x_at(1.0) - self.axes.x_at(0.0) >= 30.0;
        let upper = self.fates[1].get(at).filter(|fate| matches!(fate, Fate::Active | Fate::Collapsed));
        let needed = if is_numbered { 15.0 } else { 0.0 } + if upper.is_some() { 9.0 } else { 0.0 };
        let mut above = (bar.top() - 2.0).max(frame.top() + needed);
        if let Some(upper) = upper {
            let center = pos2(bar.center().x, above - 4.0);
            painter.circle_filled(center, 5.0, palette.surface);
            match upper {
                Fate::Active => painter.circle_filled(center, 3.5, palette.text),
                _ => painter.circle_stroke(center, 3.0, Stroke::new(1.2, palette.text)),
            };
            above -= 9.0;
        }
        if is_numbered {
            // A line through a number, or beside it, reads as a minus.
            let mut lines: Vec<f32> = self.lines.iter().map(|line| line_y(self.axes, line)).collect();
            lines.sort_by(|a, b| b.total_cmp(a));
            for y in lines {
                if (above - 15.0..above + 2.0).contains(&y) && y - 17.0 >= frame.top() {
                    above = y - 2.0;
                }
            }
            let text = short_number(eigenvalue as f32);
            plated_text_ui(ui, painter, palette, pos2(bar.center().x, above), Align2::CENTER_BOTTOM, &text);
        }
    }
}

fn fate_words(fate: Fate) -> &'static str {
    match fate {
        Fate::Active => ", active in theory",
        Fate::Collapsed => ", collapsed in theory",
        Fate::Unused => ", with no latent dimension left for it",
        Fate::Open => "",
    }
}

fn fate_ui(painter: &Painter, palette: &Palette, bar: Rect, fate: Fate, color: Color32) {
    match fate {
        Fate::Active => {
            painter.rect_filled(bar, 1.0, color);
        }
        Fate::Collapsed => {
            hatched_bar_ui(painter, palette, bar, color);
        }
        Fate::Unused | Fate::Open => {
            painter.rect_filled(bar, 1.0, palette.tint(palette.data, 0.5));
        }
    }
}

/// What the bars are of, as far as it fits.
fn below_ui(ui: &Ui, palette: &Palette, axes: &Axes, spectrum: &DataSpectrum, shown: usize) {
    let font = TextStyle::Small.resolve(ui.style());
    let left_out = spectrum.eigenvalues.len() - shown;
    let more =
        if left_out > 0 { format!("; {} smaller ones left out", grouped(left_out as f32)) } else { String::new() };
    let [of, short] = if spectrum.is_conditional { ["Cov(output | condition)", "Cov(y | c)"] } else { ["Cov(x)"; 2] };
    let examples = grouped(spectrum.examples as f32);
    let forms = [
        format!("eigenvalues of {of} over {examples} training examples{more}"),
        format!("eigenvalues of {of}{more}"),
        format!("eigenvalues of {of}"),
        format!("eigenvalues of {short}"),
        format!("λ of {short}"),
    ];
    let fits = |text: &&String| {
        ui.painter().layout_no_wrap((*text).clone(), font.clone(), palette.weak_text).size().x <= axes.frame.width()
    };
    let text = forms.iter().find(fits).unwrap_or(&forms[4]);
    let place = pos2(axes.frame.center().x, axes.frame.bottom() + 17.0);
    ui.painter().text(place, Align2::CENTER_TOP, text, font, palette.weak_text);
}

/// What lines are called at the right of the frame.
#[derive(Default)]
struct LineNames {
    texts: Vec<String>,
    /// Of the longest.
    width: f32,
}

fn has_levels(theory: &Theory) -> bool {
    theory.prediction.as_ref().is_ok_and(|prediction| prediction.levels.len() > 1)
}

/// The names of the lines, with formulas as far as all of them fit into a width.
fn line_names(ui: &Ui, palette: &Palette, theory: Option<&Theory>, most: f32) -> LineNames {
    let Some(theory) = theory else { return LineNames::default() };
    let font = TextStyle::Small.resolve(ui.style());
    let named = |name: fn(&Threshold, bool) -> String| {
        let texts: Vec<String> = drawn_thresholds(theory).iter().map(|line| name(line, has_levels(theory))).collect();
        let width = |text: &String| ui.painter().layout_no_wrap(text.clone(), font.clone(), palette.text).size().x;
        LineNames { width: texts.iter().map(width).fold(0.0, f32::max), texts }
    };
    let long = named(threshold_text);
    if long.width <= most { long } else { named(short_threshold_text) }
}

/// Names beside the ends of their lines, moved apart where these are close.
fn names_ui(ui: &Ui, palette: &Palette, axes: &Axes, lines: &[Threshold], names: &LineNames) {
    let font = TextStyle::Small.resolve(ui.style());
    let height = ui.text_style_height(&TextStyle::Small);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    order.sort_by(|&a, &b| line_y(axes, &lines[a]).total_cmp(&line_y(axes, &lines[b])));
    let mut centers: Vec<f32> = order.iter().map(|&at| line_y(axes, &lines[at])).collect();
    if let [upper, lower] = centers.as_mut_slice() {
        let apart = (0.5 * (height - (*lower - *upper))).max(0.0);
        *upper -= apart;
        *lower += apart;
    }
    for (at, center) in order.into_iter().zip(centers) {
        let place = pos2(axes.frame.right() + 5.0, center.min(axes.frame.bottom() - 0.5 * height));
        ui.painter().text(place, Align2::LEFT_CENTER, &names.texts[at], font.clone(), palette.text);
    }
}

fn line_y(axes: &Axes, line: &Threshold) -> f32 {
    axes.y_at(line.eigenvalue as f32).clamp(axes.frame.top(), axes.frame.bottom())
}

/// The thresholds, over everything else.
fn lines_ui(ui: &Ui, palette: &Palette, axes: &Axes, lines: &[Threshold], mark: Option<Mark>) {
    let frame = axes.frame;
    let painter = ui.painter().with_clip_rect(frame.expand(1.0).intersect(ui.clip_rect()));
    for line in lines {
        let y = line_y(axes, line);
        let ends = [pos2(frame.left(), y), pos2(frame.right(), y)];
        let stroke = Stroke::new(2.0, palette.theory);
        painter.line_segment(ends, Stroke::new(3.5, palette.tint(palette.surface, 0.7)));
        if mark == Some(Mark::Theorem) {
            painter.line_segment(ends, stroke);
        } else {
            painter.extend(Shape::dashed_line(&ends, stroke, 4.0, 3.0));
        }
    }
}
