//! How far the decoder is from flat, over a latent plane: the smallest singular value of its Jacobian, or the smallest curvature of a Brenier
//! decoder's potentials, on a logarithmic colour scale with the certified floor on it.

use super::axes::{Axes, Axis, Margins};
use super::color_legend::{self, ColorLegend, map_ramp};
use super::likelihood_map::value_at;
use super::memory::{Answer, answer, derived, panel_id, stable_maximum};
use super::overlay::{Ink, front_of_map_ui, prior_ui};
use super::prior::prior_lines_ui;
use super::words::{number, round_number, short_number};
use super::{PanelContext, caption_ui, message_ui, title_ui};
use crate::measure::InjectivityField;
use crate::train::{Probe, ReadingValue};
use crate::ui::canvas::HeatMapPicture;
use crate::ui::levels::Levels;
use eframe::egui::{
    Color32, ComboBox, Id, Pos2, Rect, Response, RichText, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// The picture is square and no larger than this.
const LARGEST: f32 = 300.0;
/// First colour: a decoder whose output moves by less than this for a step of one prior standard deviation is as good as flat.
const SMALLEST: f32 = 1e-3;
/// The last colour is never below this.
const LEAST_MAXIMUM: f32 = 1.0;

const EXPLANATION: &str = "Where the decoder takes different z to different outputs, and where it is nearly flat. σ_min(J): smallest singular value of the decoder's \
    Jacobian, by central differences of the natural parameter: how far the output moves, at least, for a small step of length 1 in z. λ_min(H1), λ_min(H2): \
    smallest eigenvalue of the Hessians of a Brenier decoder's two potentials. Logarithmic colours, the same in every column. A standard decoder may be flat \
    anywhere; a Brenier decoder with floor m is nowhere below m² (its potentials nowhere below m), the mark on the legend";

/// What is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quantity {
    Jacobian,
    Latent,
    Output,
}

impl Quantity {
    const ALL: [Self; 3] = [Self::Jacobian, Self::Latent, Self::Output];

    fn name(self) -> &'static str {
        match self {
            Self::Jacobian => "σ_min(J)",
            Self::Latent => "λ_min(H1)",
            Self::Output => "λ_min(H2)",
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::Jacobian => "Smallest singular value of the decoder's Jacobian",
            Self::Latent => "Smallest eigenvalue of the Hessian of g1's potential",
            Self::Output => "Smallest eigenvalue of the Hessian of g2's potential, at the image of each z",
        }
    }

    fn values(self, field: &InjectivityField) -> Option<&Arc<Vec<f32>>> {
        match self {
            Self::Jacobian => Some(&field.smallest_singular),
            Self::Latent => field.brenier.as_ref().map(|brenier| &brenier.smallest_latent),
            Self::Output => field.brenier.as_ref()?.smallest_output.as_ref(),
        }
    }

    /// What the construction certifies: m² for the decoder, m for either potential.
    fn floor(self, field: &InjectivityField) -> Option<f32> {
        let floor = field.brenier.as_ref()?.floor;
        Some(if self == Self::Jacobian { floor } else { floor.sqrt() }).filter(|floor| *floor > 0.0)
    }
}

/// What follows from a reading alone, for one quantity.
struct Facts {
    /// Smallest and largest value.
    ends: [f32; 2],
    /// log10 of the values, which the colours are of.
    logarithms: Arc<Vec<f32>>,
}

/// Draws the field over the selected plane.
pub(super) fn injectivity_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::InjectivityField { dimensions: ctx.selection.plane(), example: ctx.selection.example };
    let found = answer(ui.ctx(), panel_id("injectivity", run), &ctx.session.runs()[run], &probe, field_of);
    let quantity = switch_ui(ui, ctx, run, &found);
    let width = ui.available_width();
    let margins = Margins::of_width(width);
    let side = (width - margins.across()).clamp(40.0, LARGEST);
    let height = side + margins.top + margins.bottom;
    let field = match found {
        Answer::Value(field) => field,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            let height = height + color_legend::HEIGHT + 16.0 + 2.0 * ui.spacing().item_spacing.y;
            return message_ui(ui, ctx.palette, height, text);
        }
    };
    let facts = facts_of(ui, run, &field, quantity);
    let highest = shared_maximum(ui, ctx, &probe, quantity, &facts);
    let words = words(&field, quantity, &facts);
    caption_ui(ui, ctx.palette, &words);
    let (outer, response) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
    let is_line = field.dimensions[0] == field.dimensions[1];
    response.widget_info(|| {
        let axes = match is_line {
            true => ctx.levels(run).name(field.dimensions[0]),
            false => ctx.levels(run).names(field.dimensions).join(" and "),
        };
        WidgetInfo::labeled(Role::Image, true, format!("{} over {axes}: {}", quantity.name(), words[0]))
    });
    let left = outer.left() + ((width - side - margins.across()) / 2.0).max(0.0);
    let square = Rect::from_min_size(pos2(left, outer.top()), vec2(side + margins.across(), height));
    let axis = Axis::linear(-field.reach, field.reach);
    if is_line {
        let axes = Axes::within(outer, margins, axis, Axis::logarithmic(SMALLEST, highest));
        line_ui(ui, ctx, run, &axes, &field, quantity);
    } else {
        let axes = Axes::within(square, margins, axis, axis);
        if ui.is_rect_visible(outer) {
            picture_ui(ui, ctx, run, &axes, &field, &facts, highest);
        }
        value_on_hover(ui, ctx.levels(run), &axes, &field, quantity, &response);
    }
    legend_ui(ui, ctx, &field, quantity, highest, is_line);
    caption_ui(ui, ctx.palette, &information_words(&field, ctx.levels(run)));
}

fn field_of(value: &ReadingValue) -> Option<&Arc<InjectivityField>> {
    match value {
        ReadingValue::InjectivityField(field) => Some(field),
        _ => None,
    }
}

fn facts_of(ui: &Ui, run: usize, field: &Arc<InjectivityField>, quantity: Quantity) -> Arc<Facts> {
    let id = panel_id("injectivity", run).with(quantity.name());
    derived(ui.ctx(), id, field, |field| Facts::of(quantity.values(field).unwrap_or(&field.smallest_singular)))
}

impl Facts {
    fn of(values: &[f32]) -> Self {
        let finite = values.iter().copied().filter(|value| value.is_finite());
        let ends = finite.fold([f32::INFINITY, 0.0], |[low, high]: [f32; 2], value| [low.min(value), high.max(value)]);
        Self { ends, logarithms: Arc::new(values.iter().map(|value| value.max(1e-12).log10()).collect()) }
    }
}

/// Title, and what to show, where there is a choice.
fn switch_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize, found: &Answer<InjectivityField>) -> Quantity {
    let shared = Id::unique("collapsar-injectivity-quantity");
    let wanted = ui.data(|data| data.get_temp::<usize>(shared)).and_then(|at| Quantity::ALL.get(at).copied());
    let choices: Vec<Quantity> = match found {
        Answer::Value(field) => Quantity::ALL.into_iter().filter(|quantity| quantity.values(field).is_some()).collect(),
        Answer::Message(_) => vec![Quantity::Jacobian],
    };
    let present = wanted.filter(|quantity| choices.contains(quantity)).unwrap_or(Quantity::Jacobian);
    title_ui(ui, "Injectivity", EXPLANATION, |ui| {
        if choices.len() < 2 {
            ui.label(RichText::new(present.name()).small().color(ctx.palette.weak_text));
            return;
        }
        // No higher than a title without a choice, or columns would be out of line.
        ui.spacing_mut().interact_size.y = 18.0;
        ui.spacing_mut().button_padding.y = 1.0;
        let shown = RichText::new(present.name()).small();
        let choice =
            ComboBox::from_id_salt(("collapsar-injectivity", run)).selected_text(shown).width(72.0).show_ui(ui, |ui| {
                for quantity in choices {
                    let response = ui.selectable_label(quantity == present, quantity.name());
                    if response.on_hover_text(quantity.explanation()).clicked() {
                        let at = Quantity::ALL.iter().position(|known| *known == quantity).unwrap_or_default();
                        ui.data_mut(|data| data.insert_temp(shared, at));
                    }
                }
            });
        let label = format!("Injectivity measure, {}", present.name());
        choice.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, label.clone()));
        choice.response.on_hover_text(present.explanation());
    });
    present
}

/// The same colours in every column.
fn shared_maximum(ui: &Ui, ctx: &PanelContext<'_>, probe: &Probe, quantity: Quantity, own: &Facts) -> f32 {
    let mut highest = own.ends[1].max(LEAST_MAXIMUM);
    for (index, run) in ctx.session.runs().iter().enumerate() {
        if let Some(ReadingValue::InjectivityField(field)) = run.reading(probe).map(|reading| &reading.value) {
            let shown = if quantity.values(field).is_some() { quantity } else { Quantity::Jacobian };
            highest = highest.max(facts_of(ui, index, field, shown).ends[1]);
        }
    }
    stable_maximum(ui.ctx(), Id::unique("collapsar-injectivity-maximum"), highest)
}

/// What the field says, long to short.
fn words(field: &InjectivityField, quantity: Quantity, facts: &Facts) -> Vec<String> {
    let [low, high] = facts.ends.map(number);
    let [short_low, short_high] = facts.ends.map(short_number);
    let folds = match field.folds {
        Some(true) => "; the decoder folds: its Jacobian determinant changes sign",
        Some(false) => "; no fold: the determinant keeps its sign",
        None => "",
    };
    let short_folds = match field.folds {
        Some(true) => ", folds",
        Some(false) => ", no fold",
        None => "",
    };
    let floor = quantity.floor(field).map_or_else(String::new, |floor| {
        let name = if quantity == Quantity::Jacobian { "m²" } else { "m" };
        format!(", certified at least {name} = {}", round_number(floor))
    });
    let name = quantity.name();
    vec![
        format!("{name} from {low} to {high} within ±{}{floor}{folds}", round_number(field.reach)),
        format!("{name} {low} to {high}{short_folds}"),
        format!("{short_low} to {short_high}{short_folds}"),
        format!("{short_low} to {short_high}"),
    ]
}

/// Per-dimension Fisher information, long to short.
fn information_words(field: &InjectivityField, levels: Levels) -> Vec<String> {
    let listed = |write: fn(f32) -> String| {
        let entry = |(dimension, value): (usize, &f32)| format!("{} {}", levels.name(dimension), write(*value));
        let values = &field.information_per_dimension;
        let mut text = values.iter().enumerate().take(6).map(entry).collect::<Vec<_>>().join(", ");
        if values.len() > 6 {
            text.push_str(", …");
        }
        text
    };
    vec![
        format!("Information about each dimension, mean ‖∂f/∂z‖²/σ²: {}", listed(number)),
        format!("Mean ‖∂f/∂z‖²/σ²: {}", listed(number)),
        format!("‖J‖²/σ²: {}", listed(short_number)),
    ]
}

fn picture_ui(
    ui: &Ui,
    ctx: &PanelContext<'_>,
    run: usize,
    axes: &Axes,
    field: &Arc<InjectivityField>,
    facts: &Facts,
    highest: f32,
) {
    axes.back_ui(ui, ctx.palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    HeatMapPicture {
        key: panel_id("injectivity", run),
        values: facts.logarithms.clone().into(),
        side: field.side,
        low: SMALLEST.log10(),
        high: highest.log10(),
        rect: axes.frame,
        ramp: map_ramp(),
        contours: None,
    }
    .paint(&painter);
    match &field.prior {
        Some(prior) => prior_lines_ui(ui, &painter, axes, prior, Ink::OVER_MAP),
        None => prior_ui(ui, &painter, axes, Ink::OVER_MAP),
    }
    front_of_map_ui(ui, ctx.palette, axes, ctx.levels(run).names(field.dimensions));
}

fn line_ui(ui: &Ui, ctx: &PanelContext<'_>, run: usize, axes: &Axes, field: &InjectivityField, quantity: Quantity) {
    let palette = ctx.palette;
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    let values = quantity.values(field).unwrap_or(&field.smallest_singular);
    let last = (values.len().max(2) - 1) as f32;
    let at =
        |(index, value): (usize, &f32)| axes.at(field.reach * (2.0 * index as f32 / last - 1.0), value.max(SMALLEST));
    let points: Vec<Pos2> = values.iter().enumerate().map(at).collect();
    painter.line(points, Stroke::new(2.0, ctx.color(run)));
    if let Some(floor) = quantity.floor(field) {
        let ends = [axes.at(-field.reach, floor), axes.at(field.reach, floor)];
        painter.extend(Shape::dashed_line(&ends, Stroke::new(1.2, palette.threshold), 5.0, 4.0));
    }
    axes.front_ui(ui, palette, &ctx.levels(run).name(field.dimensions[0]), quantity.name());
}

fn legend_ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    field: &InjectivityField,
    quantity: Quantity,
    highest: f32,
    is_line: bool,
) {
    if is_line {
        ui.add_space(color_legend::HEIGHT);
        return;
    }
    let floor = quantity.floor(field);
    let mark = floor.map(|floor| (floor / SMALLEST).log10() / (highest / SMALLEST).log10());
    let legend = ColorLegend {
        ramp: map_ramp(),
        ends: [format!("≤ {}", round_number(SMALLEST)), round_number(highest)],
        mark,
        explanation: "Logarithmic, the same in every column. The mark is the floor that the construction of a Brenier decoder certifies",
    };
    legend.ui(ui, ctx.palette, |ui| {
        if let Some(floor) = floor {
            let name = if quantity == Quantity::Jacobian { "m²" } else { "m" };
            let text = format!("mark: floor {name} = {}", round_number(floor));
            ui.add_space(8.0);
            ui.add(eframe::egui::Label::new(RichText::new(text).small()).truncate());
        }
    });
}

fn value_on_hover(
    ui: &Ui,
    levels: Levels,
    axes: &Axes,
    field: &InjectivityField,
    quantity: Quantity,
    response: &Response,
) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let z = [axes.x_value(pointer.x), axes.y_value(pointer.y)];
    let place = z.map(|z| 0.5 * (z / field.reach + 1.0));
    ui.painter().circle_stroke(pointer, 3.0, Stroke::new(1.0, Color32::WHITE));
    response.clone().on_hover_ui_at_pointer(|ui| {
        for known in Quantity::ALL {
            let Some(value) = known.values(field).and_then(|values| value_at(values, field.side, place)) else {
                continue;
            };
            let text = format!("{} = {}", known.name(), number(value));
            if known == quantity {
                ui.strong(text)
            } else {
                ui.label(text)
            };
        }
        let [x, y] = levels.names(field.dimensions);
        ui.label(format!("{x} = {:.2}, {y} = {:.2}", z[0], z[1]).replace('-', "−"));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::BrenierField;

    fn field() -> InjectivityField {
        InjectivityField {
            dimensions: [0, 1],
            side: 2,
            reach: 3.0,
            prior: None,
            smallest_singular: Arc::new(vec![0.3, 0.4, 0.5, 2.0]),
            brenier: None,
            folds: Some(true),
            information_per_dimension: vec![1.5, 0.25],
        }
    }

    #[test]
    fn the_field_is_told_with_fold_and_floor() {
        let standard = field();
        let said = words(&standard, Quantity::Jacobian, &Facts::of(&standard.smallest_singular));
        assert!(said[0].starts_with("σ_min(J) from 0.300 to 2.00 within ±3; the decoder folds"), "{said:?}");
        let brenier = BrenierField { smallest_latent: Arc::new(vec![0.6; 4]), smallest_output: None, floor: 0.25 };
        let field = InjectivityField { brenier: Some(brenier), folds: Some(false), ..field() };
        let said = words(&field, Quantity::Latent, &Facts::of(&[0.6; 4]));
        assert!(said[0].contains("certified at least m = 0.5") && said[0].contains("no fold"), "{said:?}");
        assert_eq!(Quantity::Jacobian.floor(&field), Some(0.25));
        assert!(Quantity::Output.values(&field).is_none());
        assert_eq!(information_words(&field, Levels::single(2))[2], "‖J‖²/σ²: z1 1.50, z2 0.25");
    }

    #[test]
    fn colours_are_of_logarithms() {
        let facts = Facts::of(&[0.01, 10.0, 0.0, f32::NAN]);
        assert_eq!(facts.ends, [0.0, 10.0]);
        assert_eq!(facts.logarithms[..2], [-2.0, 1.0]);
        assert!(facts.logarithms[2] < -11.0);
    }
}
