//! The window around the phase diagram: what is swept on the left, the map on the right.

use super::former::Former;
use super::legend::legend_ui;
use super::map::map_ui;
use super::setup::Setup;
use super::words;
use crate::experiment::Experiment;
use crate::sweep::{self, PhaseDiagram, Sweep};
use crate::train::Wake;
use crate::ui::commands::{Action, UiCommand};
use crate::ui::panels::{message_ui, title_ui};
use crate::ui::theme::{GAP, Palette, SECTION_GAP};
use eframe::egui::{
    self, Align, Button, Context, Key, Layout, Modifiers, Popup, ProgressBar, RichText, ScrollArea, TextStyle, Ui,
    Vec2, vec2,
};

const CONTROLS: f32 = 250.0;
/// What is left of the window around it.
const AROUND: [f32; 2] = [60.0, 110.0];
const LARGEST: [f32; 2] = [1160.0, 860.0];

/// Start, Cancel and Resume stand in the same place.
const FIRST_BUTTON: Vec2 = vec2(78.0, 24.0);

const EXPLANATION: &str = "A grid of short runs over two settings, each trained from the same seed without a window, as many at a time as there are \
    cores. The number in a cell counts the latent dimensions that its encoder uses at the end. Where the optimum is known in closed form, lines \
    show where it changes";

/// The phase diagram, and how it is asked for.
#[derive(Default)]
pub struct PhaseWindow {
    /// Whether it is on the screen. Cells go on training while it is not.
    pub is_open: bool,
    setup: Setup,
    diagram: Option<PhaseDiagram>,
    level: usize,
    error: Option<String>,
    /// Whether a control had the keyboard in the last frame: Escape leaves that first.
    had_focus: bool,
}

impl PhaseWindow {
    /// Trains a sweep; what was trained before is dropped.
    pub fn start(&mut self, sweep: Sweep, wake: Wake) {
        // Of a hierarchical model the upper level, which is where collapse has two causes.
        self.level = sweep.levels() - 1;
        self.setup.take(&sweep);
        let mut diagram = PhaseDiagram::new(sweep, wake);
        self.error = diagram.start(sweep::cores()).err().map(|error| error.to_string());
        self.diagram = Some(diagram);
    }

    /// Takes in what the threads have said; never waits.
    pub fn poll(&mut self) {
        if let Some(diagram) = &mut self.diagram {
            diagram.poll();
        }
    }

    /// The sweep and its cells.
    pub fn diagram(&self) -> Option<&PhaseDiagram> {
        self.diagram.as_ref()
    }

    /// Every trained cell as CSV.
    pub fn csv(&self) -> Option<String> {
        self.diagram.as_ref().filter(|diagram| diagram.finished() > 0).map(sweep::csv)
    }

    /// Draws the window, if it is open. `experiment` is what a new sweep starts from, `former` what there is to go back to.
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
        egui::Window::new("Phase diagram")
            .open(&mut is_open)
            .collapsible(false)
            .default_size(size)
            .min_size([560.0, 380.0])
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
                        ScrollArea::vertical().auto_shrink([false; 2]).show(ui, |ui| {
                            self.controls_ui(ui, experiment, wake, former, actions);
                        });
                    });
                    ui.separator();
                    ui.vertical(|ui| {
                        ui.set_min_size(ui.available_size());
                        self.diagram_ui(ui, actions);
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

    /// Draws map, legend and words over the whole of `ui`.
    pub fn diagram_ui(&mut self, ui: &mut Ui, actions: &mut Vec<Action>) {
        let palette = Palette::current(ui.ctx());
        let Some(diagram) = &self.diagram else {
            let text =
                "Choose two settings and press Start: every cell is a short run, and the map grows as they finish";
            return message_ui(ui, palette, ui.available_height(), text);
        };
        let level = &mut self.level;
        let levels = diagram.sweep().levels();
        title_ui(ui, "Active dimensions", EXPLANATION, |ui| {
            // From the right.
            for at in (0..levels).rev().filter(|_| levels > 1) {
                let tooltip = format!("Counts the active dimensions of z{}", at + 1);
                ui.selectable_value(level, at, format!("z{}", at + 1)).on_hover_text(tooltip);
            }
        });
        let level = *level;
        let small = ui.text_style_height(&TextStyle::Small) + ui.spacing().item_spacing.y;
        // Two lines of legend and two of words.
        let height = (ui.available_height() - 4.0 * small - 3.0 * GAP).max(160.0);
        map_ui(ui, palette, diagram, level, height, actions);
        legend_ui(ui, palette, diagram, level);
        if let Some(text) = words::agreement(diagram, level) {
            ui.add(egui::Label::new(RichText::new(text).small().color(palette.text)).wrap());
        }
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
        let is_running = self.diagram.as_ref().is_some_and(PhaseDiagram::is_running);
        ui.add_enabled_ui(!is_running, |ui| self.setup.show_ui(ui, experiment));
        ui.add_space(GAP);
        let sweep = self.setup.sweep(experiment);
        match &sweep {
            Ok(sweep) => {
                let runs = format!("{} runs of {} steps", sweep.len(), sweep.experiment().steps);
                ui.label(RichText::new(runs).small().color(palette.weak_text));
            }
            Err(error) => {
                if let Some(problem) = self.setup.problem(error, experiment) {
                    ui.label(RichText::new(problem).small().color(palette.error));
                }
            }
        }
        ui.add_space(GAP);
        self.buttons_ui(ui, is_running, sweep.ok(), wake);
        if let Some(error) = &self.error {
            ui.colored_label(palette.error, error);
        }
        let Some(diagram) = &self.diagram else { return };
        ui.add_space(SECTION_GAP);
        let share = diagram.finished() as f32 / diagram.cells().len() as f32;
        ui.add(ProgressBar::new(share).desired_height(10.0));
        ui.label(words::progress(diagram));
        ui.add_space(GAP);
        ui.add_enabled_ui(diagram.finished() > 0, |ui| UiCommand::ExportPhaseDiagram.button_ui(ui, actions));
        ui.label(RichText::new("Click a cell to open it as a run").small().color(palette.weak_text));
        if let Some(former) = former {
            let text = format!("Back to {}", former.title());
            UiCommand::LeaveCell.widget_ui(ui, Button::new(text).wrap(), actions);
        }
    }

    fn buttons_ui(&mut self, ui: &mut Ui, is_running: bool, sweep: Option<Sweep>, wake: &Wake) {
        let palette = Palette::current(ui.ctx());
        let primary = |text: &str| {
            let button = Button::new(RichText::new(text).color(palette.on_accent)).fill(palette.accent);
            button.min_size(FIRST_BUTTON)
        };
        ui.horizontal(|ui| {
            let Some(diagram) = &mut self.diagram else {
                let start = ui.add_enabled(sweep.is_some(), primary("Start"));
                let start = start.on_hover_text("Trains every cell, on all cores; the run in the window goes on");
                if let (true, Some(sweep)) = (start.clicked(), sweep) {
                    self.start(sweep, wake.clone());
                }
                return;
            };
            // What stands first changes under the pointer, and none of it loses a cell.
            if is_running {
                let cancel = ui.add_enabled(!diagram.is_cancelled(), Button::new("Cancel").min_size(FIRST_BUTTON));
                if cancel.on_hover_text("Stops; the cells that are trained stay").clicked() {
                    diagram.cancel();
                }
                return;
            }
            let resume = ui.add_enabled(!diagram.is_complete(), primary("Resume"));
            let resume = resume
                .on_hover_text("Trains the cells that are missing on the map")
                .on_disabled_hover_text("Every cell on the map is trained");
            if resume.clicked() {
                self.error = diagram.start(sweep::cores()).err().map(|error| error.to_string());
                return;
            }
            let again =
                ui.add_enabled(sweep.is_some(), Button::new("Start over").min_size([0.0, FIRST_BUTTON.y].into()));
            let again =
                again.on_hover_text("Drops the cells on the map, and trains every cell of what is chosen above");
            if let (true, Some(sweep)) = (again.clicked(), sweep) {
                self.start(sweep, wake.clone());
            }
        });
    }
}
