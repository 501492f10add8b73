//! The window around a comparison: what is compared on the left, table and trade-off on the right.

use super::plot::plot_ui;
use super::setup::Setup;
use super::table::TableView;
use super::words;
use crate::batch;
use crate::compare::{self, Comparison, ComparisonTable, Quantity, Row};
use crate::experiment::{Experiment, Settings};
use crate::train::Wake;
use crate::ui::commands::{Action, UiCommand};
use crate::ui::panels::{message_ui, title_ui};
use crate::ui::phase::Former;
use crate::ui::settings::capitalised;
use crate::ui::theme::{GAP, Palette, SECTION_GAP};
use eframe::egui::{
    self, Align, Button, Context, Key, Layout, Modifiers, Popup, ProgressBar, RichText, ScrollArea, TextStyle, Ui,
    Vec2, vec2,
};

const CONTROLS: f32 = 240.0;
/// What is left of the window around it.
const AROUND: [f32; 2] = [40.0, 90.0];
const LARGEST: [f32; 2] = [1500.0, 960.0];
/// Share of the height that the table may take.
const TABLE_SHARE: f32 = 0.5;

/// Start, Cancel and Resume stand in the same place.
const FIRST_BUTTON: Vec2 = vec2(78.0, 24.0);

const EXPLANATION: &str = "Every method is trained with every seed on the same data without a window, as many rows at a time as there are cores, and measured over \
    the same evaluation pool";

/// A comparison, and how it is asked for.
pub struct CompareWindow {
    /// Whether it is on the screen. Rows go on training while it is not.
    pub is_open: bool,
    setup: Setup,
    table: Option<ComparisonTable>,
    /// Settings of the methods in the table.
    runs: Vec<Settings>,
    view: TableView,
    across: Quantity,
    error: Option<String>,
    /// Whether a control had the keyboard in the last frame: Escape leaves that first.
    had_focus: bool,
}

impl Default for CompareWindow {
    fn default() -> Self {
        Self {
            is_open: false,
            setup: Setup::default(),
            table: None,
            runs: Vec::new(),
            view: TableView::default(),
            across: Quantity::ActiveUnits,
            error: None,
            had_focus: false,
        }
    }
}

impl CompareWindow {
    /// Trains a comparison made from an experiment; what was trained before is dropped.
    pub fn start(&mut self, comparison: Comparison, experiment: &Experiment, wake: Wake) {
        self.show(comparison, Vec::new(), experiment, wake);
        let started = self.table.as_mut().map(|table| table.start(batch::cores()));
        self.error = started.and_then(Result::err).map(|error| error.to_string());
    }

    /// Shows rows that are known already, by index; trains none.
    pub fn show(&mut self, comparison: Comparison, rows: Vec<Option<Row>>, experiment: &Experiment, wake: Wake) {
        self.setup.take(&comparison, experiment);
        self.view = TableView::default();
        self.runs = comparison.experiment().runs().unwrap_or_default();
        self.error = None;
        self.table = Some(ComparisonTable::with_rows(comparison, rows, wake));
    }

    /// Takes in what the threads have said; never waits.
    pub fn poll(&mut self) {
        if let Some(table) = &mut self.table {
            table.poll();
        }
    }

    /// The comparison and its rows.
    pub fn table(&self) -> Option<&ComparisonTable> {
        self.table.as_ref()
    }

    /// Every trained row as CSV.
    pub fn csv(&self) -> Option<String> {
        self.table.as_ref().filter(|table| table.finished() > 0).map(compare::csv)
    }

    /// Draws the window, if it is open. `experiment` is what a new comparison starts from, `former` what there is to go back to.
    pub fn window_ui(
        &mut self,
        ctx: &Context,
        experiment: &Experiment,
        wake: &Wake,
        former: Option<&Former>,
        actions: &mut Vec<Action>,
    ) {
        if !self.is_open {
            return;
        }
        self.take_escape(ctx);
        let mut is_open = true;
        let room = ctx.content_rect().size();
        let size = vec2((room.x - AROUND[0]).min(LARGEST[0]), (room.y - AROUND[1]).min(LARGEST[1]));
        egui::Window::new("Compare methods")
            .open(&mut is_open)
            .collapsible(false)
            .default_size(size)
            .min_size([640.0, 420.0])
            .max_size([room.x - 20.0, room.y - 60.0])
            .pivot(egui::Align2::CENTER_CENTER)
            .default_pos(ctx.content_rect().center() + vec2(0.0, 16.0))
            .vscroll(false)
            .show(ctx, |ui| {
                let height = ui.available_height();
                ui.horizontal_top(|ui| {
                    ui.allocate_ui_with_layout(vec2(CONTROLS, height), Layout::top_down(Align::Min), |ui| {
                        ui.set_width(CONTROLS);
                        ui.set_min_height(height);
                        self.controls_ui(ui, experiment, wake, former, actions);
                    });
                    ui.separator();
                    ui.vertical(|ui| {
                        ui.set_min_size(ui.available_size());
                        self.results_ui(ui, actions);
                    });
                });
            });
        self.is_open = is_open && self.is_open;
    }

    /// Escape closes the window; an open list or a control with the keyboard takes it first.
    fn take_escape(&mut self, ctx: &Context) {
        let is_taken = self.had_focus || Popup::is_any_open(ctx);
        if !is_taken && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.is_open = false;
        }
        self.had_focus = ctx.memory(|memory| memory.focused().is_some());
    }

    /// Draws table, trade-off and legend over the whole of `ui`.
    fn results_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let palette = Palette::current(ui.ctx());
        let Some(table) = &self.table else {
            let text = "Choose methods and press Start: every method is trained with every seed, and the table fills as they finish";
            return message_ui(ui, palette, ui.available_height(), text);
        };
        let experiment = table.comparison().experiment();
        let title = format!("{} · {} steps", experiment.data.source, experiment.steps);
        title_ui(ui, &title, EXPLANATION, |_| {});
        let small = ui.text_style_height(&TextStyle::Small) + ui.spacing().item_spacing.y;
        let room = ui.available_height();
        self.view.show_ui(ui, palette, table, (TABLE_SHARE * room).max(120.0), actions);
        ui.add_space(GAP);
        // A title and two lines of legend.
        let height = (ui.available_height() - 4.0 * small).max(120.0);
        ScrollArea::vertical().id_salt("compare-plot").auto_shrink([false; 2]).show(ui, |ui| {
            plot_ui(ui, palette, table, &self.runs, &mut self.across, height);
        });
    }

    fn controls_ui(
        &mut self,
        ui: &mut Ui,
        experiment: &Experiment,
        wake: &Wake,
        former: Option<&Former>,
        actions: &mut Vec<Action>,
    ) {
        let palette = Palette::current(ui.ctx());
        let is_running = self.table.as_ref().is_some_and(ComparisonTable::is_running);
        ui.add_enabled_ui(!is_running, |ui| self.setup.show_ui(ui, experiment));
        let comparison = self.setup.comparison(experiment);
        match &comparison {
            Ok(comparison) => {
                let runs = format!("{} runs of {} steps", comparison.len(), comparison.experiment().steps);
                ui.label(RichText::new(runs).small().color(palette.weak_text));
            }
            Err(error) => {
                ui.label(RichText::new(capitalised(&error.to_string())).small().color(palette.error));
            }
        }
        self.buttons_ui(ui, is_running, comparison.ok(), experiment, wake);
        if let Some(error) = &self.error {
            ui.colored_label(palette.error, error);
        }
        let Some(table) = &self.table else { return };
        ui.add_space(SECTION_GAP);
        let share = table.finished() as f32 / table.rows().len() as f32;
        ui.add(ProgressBar::new(share).desired_height(10.0));
        ui.label(words::progress(table));
        ui.add_enabled_ui(table.finished() > 0, |ui| UiCommand::ExportComparison.button_ui(ui, actions));
        if let Some(former) = former {
            let text = format!("Back to {}", former.title());
            UiCommand::LeaveCell.widget_ui(ui, Button::new(text).wrap(), actions);
        }
    }

    fn buttons_ui(
        &mut self,
        ui: &mut Ui,
        is_running: bool,
        comparison: Option<Comparison>,
        experiment: &Experiment,
        wake: &Wake,
    ) {
        let palette = Palette::current(ui.ctx());
        let primary = |text: &str| {
            let button = Button::new(RichText::new(text).color(palette.on_accent)).fill(palette.accent);
            button.min_size(FIRST_BUTTON)
        };
        ui.horizontal(|ui| {
            let Some(table) = &mut self.table else {
                let start = ui.add_enabled(comparison.is_some(), primary("Start"));
                let start = start.on_hover_text("Trains every row, on all cores; the run in the window goes on");
                if let (true, Some(comparison)) = (start.clicked(), comparison) {
                    self.start(comparison, experiment, wake.clone());
                }
                return;
            };
            // What stands first changes under the pointer, and none of it loses a row.
            if is_running {
                let cancel = ui.add_enabled(!table.is_cancelled(), Button::new("Cancel").min_size(FIRST_BUTTON));
                if cancel.on_hover_text("Stops; the rows that are trained stay").clicked() {
                    table.cancel();
                }
                return;
            }
            let resume = ui.add_enabled(!table.is_complete(), primary("Resume"));
            let resume = resume
                .on_hover_text("Trains the rows that are missing in the table")
                .on_disabled_hover_text("Every row of the table is trained");
            if resume.clicked() {
                self.error = table.start(batch::cores()).err().map(|error| error.to_string());
                return;
            }
            let again =
                ui.add_enabled(comparison.is_some(), Button::new("Start over").min_size([0.0, FIRST_BUTTON.y].into()));
            let again =
                again.on_hover_text("Drops the rows of the table, and trains every row of what is chosen above");
            if let (true, Some(comparison)) = (again.clicked(), comparison) {
                self.start(comparison, experiment, wake.clone());
            }
        });
    }
}
