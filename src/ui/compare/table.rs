//! The table: a line per method, which opens to a line per seed.

use super::words;
use crate::compare::{ComparisonTable, Quantity, Row};
use crate::ui::commands::Action;
use crate::ui::theme::Palette;
use eframe::egui::{Button, Grid, RichText, ScrollArea, Sense, Ui, vec2};
use std::collections::BTreeSet;

const NOTE: &str = "* best mean of its column · mean ± standard deviation over seeds (n − 1) · nats are per example · seconds of one core under the load of the others";

/// Room for the bar under a wide table.
const SCROLL_BAR: f32 = 14.0;

/// How the table is looked at.
#[derive(Default)]
pub(super) struct TableView {
    /// Column that sorts, and whether from its largest; by method without one.
    sorted: Option<(Quantity, bool)>,
    /// Methods whose seeds are shown.
    open: BTreeSet<usize>,
}

impl TableView {
    /// Draws the table in at most `height`.
    pub fn show_ui(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        table: &ComparisonTable,
        height: f32,
        actions: &mut Vec<Action>,
    ) {
        let methods = 0..table.comparison().methods().len();
        // What applies to no method has no column.
        let has_number =
            |quantity: &Quantity| methods.clone().any(|method| table.estimate(method, *quantity).is_some());
        let columns: Vec<Quantity> = Quantity::ALL.into_iter().filter(has_number).collect();
        let area = ScrollArea::both().id_salt("compare-table").max_height(height).auto_shrink([false, true]);
        area.show(ui, |ui| {
            ui.spacing_mut().interact_size.y = 20.0;
            ui.spacing_mut().button_padding = vec2(2.0, 1.0);
            Grid::new("compare-rows").num_columns(columns.len() + 2).spacing(vec2(10.0, 2.0)).striped(true).show(
                ui,
                |ui| {
                    self.heads_ui(ui, palette, &columns);
                    for method in self.order(table) {
                        self.method_ui(ui, palette, table, method, &columns);
                        if self.open.contains(&method) {
                            for index in table.comparison().rows_of(method) {
                                row_ui(ui, palette, table, index, &columns, actions);
                            }
                        }
                    }
                },
            );
            // The bar of a table that is wider than its place floats over what is lowest.
            ui.add_space(SCROLL_BAR);
        });
        ui.label(RichText::new(NOTE).small().color(palette.weak_text));
    }

    fn heads_ui(&mut self, ui: &mut Ui, palette: &Palette, columns: &[Quantity]) {
        let method = ui.add(Button::new(RichText::new("Method").small()).frame(false));
        if method.on_hover_text("Sorts in the order in which methods were chosen").clicked() {
            self.sorted = None;
        }
        ui.label(RichText::new("Seeds").small().color(palette.weak_text)).on_hover_text("Seeds that finished");
        for quantity in columns {
            let text = match self.sorted {
                Some((sorted, is_falling)) if sorted == *quantity => {
                    format!("{} {}", quantity.label(), if is_falling { "▼" } else { "▲" })
                }
                _ => quantity.label().to_owned(),
            };
            let head = ui.add(Button::new(RichText::new(text).small()).frame(false));
            if head.on_hover_text(format!("{}. Click to sort", quantity.explanation())).clicked() {
                let is_falling = self.sorted == Some((*quantity, false));
                self.sorted = Some((*quantity, is_falling));
            }
        }
        ui.end_row();
        let unit_ui = |ui: &mut Ui, unit: &str| ui.label(RichText::new(unit).small().color(palette.weak_text));
        ["", ""].into_iter().chain(columns.iter().map(|quantity| words::unit(*quantity))).for_each(|unit| {
            unit_ui(ui, unit);
        });
        ui.end_row();
    }

    /// Methods in the order shown; those without a number last.
    fn order(&self, table: &ComparisonTable) -> Vec<usize> {
        let mut order: Vec<usize> = (0..table.comparison().methods().len()).collect();
        if let Some((quantity, is_falling)) = self.sorted {
            let key = |method: &usize| {
                let mean = table.estimate(*method, quantity).map(|estimate| estimate.mean);
                mean.map_or(f64::INFINITY, |mean| if is_falling { -mean } else { mean })
            };
            order.sort_by(|a, b| key(a).total_cmp(&key(b)));
        }
        order
    }

    fn method_ui(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        table: &ComparisonTable,
        method: usize,
        columns: &[Quantity],
    ) {
        let is_open = self.open.contains(&method);
        let name = &table.comparison().methods()[method].name;
        let text = format!("{} {name}", if is_open { "▼" } else { "▶" });
        let head = ui.add(Button::new(RichText::new(text).color(palette.text)).frame(false));
        if head.on_hover_text("Shows or hides the seeds, each of which can be opened as a run").clicked() {
            if is_open {
                self.open.remove(&method)
            } else {
                self.open.insert(method)
            };
        }
        ui.label(RichText::new(words::seeds(table, method)).small().color(palette.weak_text));
        for quantity in columns {
            let text = words::estimate(*quantity, table.estimate(method, *quantity));
            let is_best = table.best(*quantity).contains(&method);
            let text = if is_best { format!("{text} *") } else { text };
            let color = if is_best { palette.strong_text } else { palette.text };
            ui.label(RichText::new(text).small().color(color));
        }
        ui.end_row();
    }
}

fn row_ui(
    ui: &mut Ui,
    palette: &Palette,
    table: &ComparisonTable,
    index: usize,
    columns: &[Quantity],
    actions: &mut Vec<Action>,
) {
    let (method, seed) = table.comparison().name(index);
    let row = table.rows()[index].as_ref();
    ui.horizontal(|ui| {
        ui.add_space(18.0);
        let text = RichText::new(format!("seed {seed}")).small().color(palette.weak_text);
        ui.label(text);
        let open = ui.add(Button::new(RichText::new("Open as a run").small()).sense(Sense::click()));
        let tooltip =
            format!("Trains {method} with seed {seed} in the window, from its first step; there is a way back");
        if open.on_hover_text(tooltip).clicked() {
            let place = format!("{method} with seed {seed}");
            actions.push(Action::OpenRow { experiment: Box::new(table.comparison().row(index)), place });
        }
    });
    let state = RichText::new(words::state(table, index)).small().color(palette.weak_text);
    let problem = row.and_then(|row| row.problem.as_deref());
    match problem {
        Some(problem) => ui.label(state.color(palette.error)).on_hover_text(crate::ui::settings::capitalised(problem)),
        None => ui.label(state),
    };
    for quantity in columns {
        ui.label(RichText::new(number(*quantity, row)).small().color(palette.weak_text));
    }
    ui.end_row();
}

fn number(quantity: Quantity, row: Option<&Row>) -> String {
    let value = row.and_then(|row| quantity.measured(row));
    value.map_or_else(|| words::NOTHING.to_owned(), |value| words::value(quantity, value))
}
