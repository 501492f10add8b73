//! The settings panel: every setting of the experiment that matters, with what it means and whether it applies at once.

use super::adapt;
use super::commands::{Action, UiCommand};
use super::draft::Draft;
use super::examples::Examples;
use super::fields::{Control, FIELDS, Field, FieldGroup};
use super::in_view::in_view_ui;
use super::loading::{grouped, source_name};
use super::theme::{GAP, Palette, SECTION_GAP};
use super::tooltip::lazily_explained;
use super::verdict;
use crate::experiment::{ExperimentError, Family, Learnable};
use crate::train::Session;
use eframe::egui::{
    self, Align, Button, CollapsingHeader, Color32, ComboBox, DragValue, Layout, Response, RichText, ScrollArea, Sense,
    Slider, SliderClamping, TextEdit, Ui, accesskit::Role, vec2,
};
use std::borrow::Cow;
use std::ops::RangeInclusive;
use toml::Value;

const LABEL_WIDTH: f32 = 130.0;
/// Room for the mark of a changed setting.
const RESET_WIDTH: f32 = 22.0;

/// Draws the settings of the draft.
pub fn settings_ui(
    ui: &mut Ui,
    session: &Session,
    draft: &mut Draft,
    examples: &mut Examples,
    actions: &mut Vec<Action>,
) {
    header_ui(ui, draft, actions);
    let was_conditional = has_conditional(draft);
    ScrollArea::vertical().auto_shrink([false; 2]).show(ui, |ui| {
        ui.set_width(ui.available_width() - 4.0);
        for group in FieldGroup::ALL {
            let fields: Vec<&Field> =
                FIELDS.iter().filter(|field| field.group == group && is_shown(field, draft)).collect();
            if fields.is_empty() && group != FieldGroup::Data {
                continue;
            }
            ui.add_space(GAP);
            if let Some(is_open) = group.folds(draft.runs()) {
                // Folded or not is the person's to say, until what is inside comes into use.
                let heading = CollapsingHeader::new(RichText::new(group.title()).strong());
                heading.id_salt((group.title(), is_open)).default_open(is_open).show_unindented(ui, |ui| {
                    fields.iter().for_each(|field| rows_ui(ui, session, field, draft));
                });
                ui.add_space(SECTION_GAP - GAP);
                continue;
            }
            ui.strong(group.title());
            if group == FieldGroup::Data {
                data_ui(ui, session, examples);
            }
            for field in fields {
                rows_ui(ui, session, field, draft);
            }
            ui.add_space(SECTION_GAP - GAP);
        }
    });
    if !was_conditional && has_conditional(draft) {
        // A conditional model without a condition could not start: the choice of one comes with it.
        let condition = adapt::missing_condition(draft.experiment(), session.data(), &draft.experiment().data);
        if let Some(condition) = condition {
            draft.set("data.condition", Value::String(adapt::condition_key(condition).to_owned()));
        }
    }
}

fn has_conditional(draft: &Draft) -> bool {
    draft.runs().iter().any(|run| run.model.family == Family::Conditional)
}

fn is_shown(field: &Field, draft: &Draft) -> bool {
    draft.runs().iter().any(|run| field.applies_to(run, &draft.experiment().data))
}

fn header_ui(ui: &mut Ui, draft: &Draft, actions: &mut Vec<Action>) {
    ui.horizontal(|ui| {
        ui.heading("Settings");
        let (can_undo, can_redo) = draft.history();
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_enabled_ui(can_redo, |ui| UiCommand::Redo.button_ui(ui, actions));
            ui.add_enabled_ui(can_undo, |ui| UiCommand::Undo.button_ui(ui, actions));
        });
    });
    let palette = Palette::current(ui.ctx());
    if let Some(error) = draft.error() {
        palette.card().stroke(egui::Stroke::new(1.0, palette.error)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(RichText::new(capitalised(&error.to_string())).color(palette.error));
            ui.label(RichText::new("The present run goes on with its own settings").small().weak());
            UiCommand::Discard.button_ui(ui, actions);
        });
    } else if draft.is_pending() {
        palette.card().stroke(egui::Stroke::new(1.0, palette.accent)).show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.label(format!("Restart needed: {}", draft.pending().join(", ")));
            for note in draft.note().into_iter().chain(draft.family_note()) {
                ui.label(RichText::new(note).small());
            }
            ui.label(RichText::new("The present run goes on until then").small().weak());
            ui.horizontal(|ui| {
                primary_ui(ui, UiCommand::Restart, actions);
                UiCommand::Discard.button_ui(ui, actions);
            });
        });
    }
    ui.add_space(2.0);
}

/// The button that a person most likely wants.
pub fn primary_ui(ui: &mut Ui, command: UiCommand, actions: &mut Vec<Action>) -> Response {
    let palette = Palette::current(ui.ctx());
    let button = Button::new(RichText::new(command.text()).color(palette.on_accent)).fill(palette.accent);
    command.widget_ui(ui, button, actions)
}

fn data_ui(ui: &mut Ui, session: &Session, examples: &mut Examples) {
    let data = session.data();
    ui.label(source_name(&session.experiment().data.source));
    let shape: Vec<String> = data.shape().to_vec().iter().map(usize::to_string).collect();
    let dimensions = match data.shape().is_image() {
        true => format!("{} pixels", shape.join(" × ")),
        false => format!("{} dimensions", shape.join(" × ")),
    };
    let given = match data.layout().given().is_empty() {
        true => String::new(),
        false => format!(", {} given and {} modelled", data.condition_dimensions(), data.dimensions()),
    };
    let classes = data.labels().map_or_else(String::new, |labels| format!(", {} classes", labels.names.len()));
    let counts = format!(
        "{} training and {} held-out examples, {dimensions}{given}{classes}",
        grouped(data.training_len() as u64),
        grouped(data.held_out_len() as u64)
    );
    ui.label(RichText::new(counts).small().weak());
    ui.scope(|ui| examples.show_ui(ui, data));
    for warning in data.warnings() {
        ui.label(RichText::new(warning).small().color(Palette::current(ui.ctx()).warning));
    }
}

/// One control of a setting.
struct Row {
    /// Dotted path that it changes.
    path: Cow<'static, str>,
    name: Cow<'static, str>,
    /// What training has made of it.
    now: Option<String>,
    /// Of the variant that it belongs to, where others have rows of their own.
    color: Option<Color32>,
    /// A run that has its value.
    run: usize,
}

fn rows_ui(ui: &mut Ui, session: &Session, field: &Field, draft: &mut Draft) {
    for row in rows(session, field, draft, Palette::current(ui.ctx())) {
        row_ui(ui, field, &row, draft);
    }
}

/// The shared setting, and one row for every variant that overrides it.
fn rows(session: &Session, field: &Field, draft: &Draft, palette: &Palette) -> Vec<Row> {
    let (runs, data) = (draft.runs(), &draft.experiment().data);
    let relevant = (0..runs.len()).filter(|&run| field.applies_to(&runs[run], data));
    let (own, shared): (Vec<usize>, Vec<usize>) =
        relevant.partition(|&run| draft.experiment().is_overridden(run, field.key));
    let has_several = own.len() + usize::from(!shared.is_empty()) > 1;
    let name = |runs_of_row: &[usize]| {
        let label = runs_of_row.first().map_or(field.label, |&run| field.label_for(&runs[run]));
        if !has_several {
            return label.into();
        }
        let names: Vec<&str> = runs_of_row.iter().map(|&run| runs[run].name.as_str()).collect();
        format!("{label}, {}", names.join(" and ")).into()
    };
    let of_shared = shared.first().map(|&run| Row {
        path: field.key.into(),
        name: name(&shared),
        now: learned_now(session, field, &shared),
        color: None,
        run,
    });
    let of_own = own.into_iter().map(|run| Row {
        path: format!("variants.{}.{}", runs[run].name, field.key).into(),
        name: name(&[run]),
        now: learned_now(session, field, &[run]),
        color: has_several.then(|| palette.of_settings(runs.iter(), run)),
        run,
    });
    of_shared.into_iter().chain(of_own).collect()
}

/// The σ that training has arrived at in some runs, where it is learned.
fn learned_now(session: &Session, field: &Field, runs: &[usize]) -> Option<String> {
    let learned = |run: &usize| {
        let run = session.runs().get(*run).filter(|run| run.settings.model.sigma == Learnable::Learned)?;
        verdict::measures(run)?.sigma.map(|sigma| format!("{sigma:.3}"))
    };
    let values: Vec<String> = runs.iter().filter(|_| field.key == "model.sigma").filter_map(learned).collect();
    (!values.is_empty()).then(|| format!("now {}", values.join(", ")))
}

fn row_ui(ui: &mut Ui, field: &Field, row: &Row, draft: &mut Draft) {
    let palette = Palette::current(ui.ctx());
    let path = row.path.as_ref();
    in_view_ui(ui, path, |ui| {
        ui.horizontal(|ui| {
            let label = ui
                .allocate_ui_with_layout(
                    vec2(LABEL_WIDTH, ui.spacing().interact_size.y),
                    Layout::left_to_right(Align::Center),
                    |ui| {
                        ui.set_min_width(LABEL_WIDTH);
                        let text = RichText::new(row.name.as_ref()).color(row.color.unwrap_or(palette.text));
                        let label = ui.add(egui::Label::new(text).truncate().sense(Sense::hover()));
                        lazily_explained(label, || field.full_tooltip())
                    },
                )
                .inner;
            let width = (ui.available_width() - RESET_WIDTH).max(80.0);
            let response = control_ui(ui, field, path, row.run, width, draft);
            lazily_explained(response.labelled_by(label.id), || field.full_tooltip());
            if draft.is_changed(path) {
                reset_ui(ui, field.label, path, draft);
            }
        });
        if let Control::Learnable { learned, .. } = field.control {
            learned_ui(ui, field.key, path, (learned, row.now.as_deref()), row.run, draft);
        }
        if let Some(message) = message(draft, field.key, path) {
            ui.label(RichText::new(capitalised(&message)).small().color(palette.error));
        }
    });
}

fn reset_ui(ui: &mut Ui, label: &str, path: &str, draft: &mut Draft) {
    let palette = Palette::current(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(RESET_WIDTH - 8.0, 20.0), Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Button, true, format!("Reset {label}")));
    let radius = if response.hovered() { 5.0 } else { 3.5 };
    ui.painter().circle_filled(rect.center(), radius, palette.accent);
    if response.on_hover_text("Changed; click to return to the lesson's value").clicked() {
        draft.reset(path);
    }
}

/// The sentence about what is wrong with a setting, if something is.
fn message(draft: &Draft, key: &str, path: &str) -> Option<String> {
    if let Some((_, reason)) = draft.rejected_text(path) {
        return Some(reason.clone());
    }
    match draft.error()? {
        ExperimentError::Range { key: wrong, rule, .. } if wrong == key => Some(rule.clone()),
        ExperimentError::Value { key: wrong, message } if wrong == path || wrong == key => Some(message.clone()),
        _ => None,
    }
}

fn control_ui(ui: &mut Ui, field: &Field, path: &str, run: usize, width: f32, draft: &mut Draft) -> Response {
    match field.control {
        Control::Slider { low, high, logarithmic } => {
            let mut value = number(draft, field.key, run);
            let response = slider_ui(ui, &mut value, low, high, logarithmic, width);
            if response.changed() {
                draft.set(path, Value::Float(value));
            }
            response
        }
        Control::Learnable { low, high, .. } => {
            let is_fixed = !is_learned(draft, field.key, run);
            let mut value = if is_fixed { number(draft, field.key, run) } else { Learnable::Learned.initial() };
            let response = ui.add_enabled_ui(is_fixed, |ui| slider_ui(ui, &mut value, low, high, true, width)).inner;
            if response.changed() {
                draft.set(path, Value::Float(value));
            }
            response
        }
        Control::Count { low, high, zero } => {
            let mut value = number(draft, field.key, run) as u64;
            let speed = (value as f64 * 0.01).clamp(0.05, 50.0);
            let drag =
                DragValue::new(&mut value).range(low..=high).speed(speed).custom_formatter(
                    move |value, _| match zero {
                        Some(zero) if value == 0.0 => zero.to_owned(),
                        _ => format!("{value:.0}"),
                    },
                );
            let response = ui.add_sized(vec2(width.min(110.0), ui.spacing().interact_size.y), drag);
            if response.changed() {
                draft.set(path, Value::Integer(value as i64));
            }
            if field.key == "seed" && ui.button("Copy").on_hover_text("Copies the seed").clicked() {
                ui.ctx().copy_text(value.to_string());
            }
            response
        }
        Control::Widths if field.key == "model.hidden" => {
            let empty = Some(Value::Array(Vec::new()));
            list_ui(ui, field, path, run, (width, "none: linear"), draft, move |text| Ok(parse_widths(text)?.or(empty)))
        }
        Control::Widths => list_ui(ui, field, path, run, (width, "as above"), draft, parse_widths),
        Control::Numbers { may_be_one, low, high, rule } => {
            let parse = move |text: &str| parse_numbers(text, may_be_one, (low..=high, rule)).map(Some);
            list_ui(ui, field, path, run, (width, ""), draft, parse)
        }
        Control::Switch => {
            let mut is_on = draft.value(run, field.key).and_then(Value::as_bool).unwrap_or_default();
            let response = ui.checkbox(&mut is_on, "");
            if response.changed() {
                draft.set(path, Value::Boolean(is_on));
            }
            response
        }
        Control::Choice(choices) => {
            let choices = draft.runs().get(run).map(choices).unwrap_or_default();
            let present = draft.value(run, field.key).and_then(Value::as_str).map(str::to_owned);
            let mut chosen = present.clone().unwrap_or_default();
            let shown = choices.iter().find(|(key, _)| *key == chosen).map_or("", |(_, name)| *name);
            let response = ComboBox::from_id_salt("choice").width(width).selected_text(shown).show_ui(ui, |ui| {
                for (key, name) in &choices {
                    ui.selectable_value(&mut chosen, (*key).to_owned(), *name);
                }
            });
            if Some(&chosen) != present.as_ref() {
                draft.set(path, Value::String(chosen));
            }
            response.response
        }
    }
}

fn slider_ui(ui: &mut Ui, value: &mut f64, low: f64, high: f64, logarithmic: bool, width: f32) -> Response {
    ui.spacing_mut().slider_width = (width - 76.0).max(40.0);
    // A typed value may lie outside the slider; whether it may be trained with is the experiment's to say.
    let slider =
        Slider::new(value, low..=high).logarithmic(logarithmic).clamping(SliderClamping::Never).max_decimals(5);
    ui.add(slider)
}

fn is_learned(draft: &Draft, key: &str, run: usize) -> bool {
    draft.value(run, key).is_some_and(Value::is_str)
}

fn learned_ui(ui: &mut Ui, key: &str, path: &str, (learned, now): (&str, Option<&str>), run: usize, draft: &mut Draft) {
    ui.horizontal(|ui| {
        ui.add_space(LABEL_WIDTH + 8.0);
        let mut is_learned = is_learned(draft, key, run);
        let response = ui
            .checkbox(&mut is_learned, learned)
            .on_hover_text("Optimises it with the weights instead of keeping a number; needs a restart");
        if let Some(now) = now.filter(|_| is_learned) {
            ui.label(RichText::new(now).small().weak());
        }
        if response.changed() {
            draft.set(path, if is_learned { Value::String("learned".to_owned()) } else { Value::Float(1.0) });
        }
    });
}

/// A text field for several numbers; `parse` gives none for a text that removes the setting.
fn list_ui(
    ui: &mut Ui,
    field: &Field,
    path: &str,
    run: usize,
    (width, hint): (f32, &str),
    draft: &mut Draft,
    parse: impl FnOnce(&str) -> Result<Option<Value>, String>,
) -> Response {
    let id = ui.scope_id().with("list");
    let present = draft.value(run, field.key).map(list_text).unwrap_or_default();
    let rejected = draft.rejected_text(path).map(|(text, _)| text.clone());
    let mut text = ui.data(|data| data.get_temp::<String>(id)).or(rejected).unwrap_or(present);
    let response = ui.add(TextEdit::singleline(&mut text).hint_text(hint).desired_width(width - 8.0));
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text.clone()));
    }
    if response.lost_focus() {
        ui.data_mut(|data| data.remove_temp::<String>(id));
        match parse(&text) {
            Ok(Some(value)) => draft.set(path, value),
            Ok(None) => draft.clear(path),
            Err(reason) => draft.reject_text(path, text, reason),
        }
    }
    response
}

fn number(draft: &Draft, key: &str, run: usize) -> f64 {
    match draft.value(run, key) {
        Some(Value::Float(value)) => *value,
        Some(Value::Integer(value)) => *value as f64,
        _ => 0.0,
    }
}

fn list_text(value: &Value) -> String {
    let text = |value: &Value| match value {
        Value::Float(number) => number.to_string(),
        value => value.to_string(),
    };
    value.as_array().map_or_else(|| text(value), |values| values.iter().map(text).collect::<Vec<_>>().join(", "))
}

fn words_of(text: &str) -> Vec<&str> {
    text.split([',', ' ', ';', '×']).map(str::trim).filter(|word| !word.is_empty()).collect()
}

/// Numbers from a text: a list, or one number by itself where that means something else.
fn parse_numbers(text: &str, may_be_one: bool, (range, rule): (RangeInclusive<f64>, &str)) -> Result<Value, String> {
    let number = |word: &&str| match word.replace('−', "-").parse::<f64>() {
        Ok(number) if range.contains(&number) => Ok(Value::Float(number)),
        Ok(_) => Err(format!("“{word}” is out of range: {rule}")),
        Err(_) => Err(format!("“{word}” is not a number; write for example 4, 2.5, 0.8")),
    };
    let mut numbers: Vec<Value> = words_of(text).iter().map(number).collect::<Result<_, _>>()?;
    match (numbers.len(), may_be_one) {
        (0, _) => Err("at least one number is needed".to_owned()),
        (1, true) => Ok(numbers.remove(0)),
        _ => Ok(Value::Array(numbers)),
    }
}

/// Widths from a text; none for an empty one.
fn parse_widths(text: &str) -> Result<Option<Value>, String> {
    let words = words_of(text);
    let width = |word: &&str| {
        word.parse::<u32>()
            .map(|width| Value::Integer(i64::from(width)))
            .map_err(|_| format!("“{word}” is not a width; write for example 64, 64"))
    };
    let widths: Vec<Value> = words.iter().map(width).collect::<Result<_, _>>()?;
    Ok((!widths.is_empty()).then_some(Value::Array(widths)))
}

pub(in crate::ui) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_read_with_any_separator() {
        let widths = parse_widths("64, 32 ;16").unwrap().unwrap();
        assert_eq!(list_text(&widths), "64, 32, 16");
        assert_eq!(parse_widths("  ").unwrap(), None);
        assert!(parse_widths("64, wide").unwrap_err().contains("wide"));
    }

    #[test]
    fn one_number_may_stand_for_all() {
        let parsed = |text, may_be_one, low: f64| parse_numbers(text, may_be_one, (low..=10.0, "the rule"));
        assert_eq!(list_text(&parsed("4, 2.5; 0.1", false, 0.0).unwrap()), "4, 2.5, 0.1");
        assert_eq!(parsed("−0.5", true, -1.0).unwrap(), Value::Float(-0.5));
        assert_eq!(parsed("0.5", false, 0.0).unwrap(), Value::Array(vec![Value::Float(0.5)]));
        assert!(parsed("", true, 0.0).is_err());
        assert!(parsed("4, much", false, 0.0).unwrap_err().contains("much"));
        for wrong in ["4, −1", "11", "inf", "NaN"] {
            assert!(parsed(wrong, false, 0.0).unwrap_err().ends_with("is out of range: the rule"), "{wrong}");
        }
    }
}
