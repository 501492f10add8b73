//! [`App`]: puts the pieces together. `logic` takes in what happened since the last frame, `ui` lays out panels, which push
//! [`Action`]s, and those are carried out after the layout (see `events` and `actions`).

use super::canvas;
use super::classical::{self, ClassicalFrame, ClassicalLab, ClassicalPanel};
use super::columns::{Columns, Order};
use super::commands::Action;
use super::compare::CompareWindow;
use super::dialog::SystemDialog;
use super::examples::Examples;
use super::explain::ExplainPanel;
use super::frame_time::{FrameTimes, StartTimes, WAKE_AFTER};
use super::help;
use super::lab::{Lab, WATCHING_PACE};
use super::levels::Levels;
use super::loading::{self, Job, Loaded, Request};
use super::log::{Level, Log};
use super::open::{self, OpenWindow};
use super::panels::{Panel, PanelContext, curves_ui};
use super::phase::{PhaseWindow, WayBack};
use super::preview::PreviewWindow;
use super::save::{SaveJob, SaveWindow};
use super::selection::Selection;
use super::settings::settings_ui;
use super::theme::{self, Palette};
use super::toolbar::Toolbar;
use super::view::View;
use crate::compare::{Comparison, ComparisonTable, Row};
use crate::device::{self, DeviceChoice, TrainingDevice};
use crate::experiment::{Classical, Experiment, presets::PRESETS};
use crate::measure::LARGEST_POOL;
use crate::sweep::{PhaseDiagram, Sweep};
use crate::train::{Pace, Session};
use eframe::egui::{self, CentralPanel, Context, Frame, Margin, RichText, Ui};
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// A window narrower than this starts without the explanation, so that two columns fit.
const ROOMY: f32 = 1120.0;

/// How the window starts.
#[derive(Clone, Debug)]
pub struct AppOptions {
    /// What to train first.
    pub experiment: Experiment,
    /// What to look at in its stead, with nothing to train.
    pub classical: Option<Classical>,
    /// Where to train.
    pub device: DeviceChoice,
    /// What to open at once.
    pub open: Option<PathBuf>,
    /// Whether training starts at once.
    pub running: bool,
    /// Light or dark, whatever was used last.
    pub theme: Option<egui::Theme>,
    /// Where the window lives.
    pub environment: Environment,
    /// When the program started.
    pub started: Instant,
}

/// Where the window lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Environment {
    /// On a screen, with a person.
    #[default]
    Window,
    /// In a test or a picture: no dialog opens, training is on the CPU, nothing is remembered.
    Test,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            experiment: PRESETS.first().and_then(|preset| preset.lesson().ok()).unwrap_or_default(),
            classical: None,
            device: DeviceChoice::Auto,
            open: None,
            running: true,
            theme: None,
            environment: Environment::Window,
            started: Instant::now(),
        }
    }
}

/// The window.
pub struct App {
    pub(super) lab: Lab,
    pub(super) log: Log,
    pub(super) view: View,
    pub(super) selection: Selection,
    pub(super) files: Files,
    pub(super) windows: Windows,
    columns: Columns,
    classical: ClassicalFrame,
    explain: ExplainPanel,
    examples: Examples,
    frame_times: FrameTimes,
    start_times: StartTimes,
    /// The phase diagram stands in the place of everything else.
    is_phase_alone: bool,
    pub(super) actions: Vec<Action>,
}

/// Files being read and written.
pub(super) struct Files {
    pub loading: Option<Job<Result<Loaded, String>>>,
    /// The path being read, if it is one that a person gave.
    pub opening: Option<PathBuf>,
    /// Opened once something trains.
    pub next: Option<PathBuf>,
    /// Trained when nothing else can be.
    pub fallback: Option<Experiment>,
    pub saving: Option<SaveJob>,
    /// Where the checkpoint goes that was asked of the trainers, and whether it may replace a file.
    pub checkpoint_to: Option<(PathBuf, bool)>,
    pub dialog: SystemDialog,
}

/// Windows in the window.
#[derive(Default)]
pub(super) struct Windows {
    pub open: OpenWindow,
    pub save: SaveWindow,
    pub preview: PreviewWindow,
    pub phase: PhaseWindow,
    pub compare: CompareWindow,
    /// From a cell or a row that was opened as a run.
    pub way_back: WayBack,
    pub is_help_open: bool,
}

impl App {
    /// Builds the window's state and starts loading the first experiment's data.
    ///
    /// # Errors
    /// A GPU that was asked for and cannot be had.
    pub fn new(
        creation: &eframe::CreationContext<'_>,
        options: AppOptions,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let ctx = &creation.egui_ctx;
        let is_test = options.environment == Environment::Test;
        let mut view = if is_test { View::default() } else { View::restore(creation.storage) };
        if let Some(theme) = options.theme {
            view.theme = theme.into();
        }
        theme::install(ctx);
        ctx.set_theme(view.theme);
        canvas::install(ctx, creation.wgpu_render_state.as_ref());
        // Pictures and most tests must come out the same on every machine.
        let choice = match options.device {
            DeviceChoice::Auto if is_test => DeviceChoice::Cpu,
            choice => choice,
        };
        let device = match &creation.wgpu_render_state {
            Some(state) => device::share(choice, state)?,
            None => TrainingDevice::cpu(),
        };
        let pace = if is_test { Pace::Fastest } else { WATCHING_PACE };
        let wake = {
            let ctx = ctx.clone();
            Arc::new(move || ctx.request_repaint_after(WAKE_AFTER))
        };
        let mut app = Self {
            lab: Lab::new(options.experiment.clone(), device, wake, options.running, pace),
            log: Log::default(),
            view,
            selection: Selection::default(),
            files: Files {
                loading: None,
                opening: None,
                next: None,
                fallback: Some(options.experiment),
                saving: None,
                checkpoint_to: None,
                dialog: if is_test { SystemDialog::forbidden() } else { SystemDialog::default() },
            },
            windows: Windows::default(),
            columns: Columns::default(),
            classical: ClassicalFrame::default(),
            explain: ExplainPanel::default(),
            examples: Examples::default(),
            frame_times: FrameTimes::default(),
            start_times: StartTimes::since(options.started),
            is_phase_alone: false,
            actions: Vec::new(),
        };
        if let Some(model) = options.classical {
            app.lab.show(model, None);
        }
        match options.open {
            // An experiment or a session takes the place of the first lesson; data are looked at while it trains.
            Some(path) if loading::is_experiment(&path) => app.actions.push(Action::Open(path)),
            open => app.files.next = open,
        }
        if app.actions.is_empty() && app.lab.is_empty() {
            app.start_fallback(ctx);
        }
        Ok(app)
    }

    /// The window thread's own time per frame.
    pub fn frame_times(&self) -> &FrameTimes {
        &self.frame_times
    }

    /// Forgets the frames so far, in which fonts and pipelines were built.
    pub fn clear_frame_times(&mut self) {
        self.frame_times.clear();
    }

    /// The classical model that is looked at.
    pub fn classical(&self) -> Option<&ClassicalLab> {
        self.lab.classical()
    }

    /// What is in training.
    pub fn session(&self) -> Option<&Session> {
        self.lab.session()
    }

    /// All messages so far.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What is looked at.
    pub fn selection(&self) -> &Selection {
        &self.selection
    }

    /// Whether planes show samples of the aggregated posterior, instead of its density.
    pub fn show_samples(&mut self, samples: bool) {
        self.selection.samples = samples;
    }

    /// Shows one panel instead of the whole window.
    pub fn show_only(&mut self, panel: Panel) {
        self.columns.only = Some(panel);
    }

    /// Shows one panel of a classical model instead of the whole window.
    pub fn show_only_classical(&mut self, panel: ClassicalPanel) {
        self.classical.only = Some(panel);
    }

    /// Trains a sweep and shows its phase diagram, in a window or, for a picture, instead of everything else.
    pub fn show_phase_diagram(&mut self, sweep: Sweep, alone: bool) {
        self.windows.phase.start(sweep, self.lab.wake().clone());
        self.windows.phase.is_open = !alone;
        self.is_phase_alone = alone;
    }

    /// Trains a comparison made from the experiment in training, and shows its table.
    pub fn show_comparison(&mut self, comparison: Comparison) {
        let experiment = self.lab.draft.experiment().clone();
        self.windows.compare.start(comparison, &experiment, self.lab.wake().clone());
        self.windows.compare.is_open = true;
    }

    /// Shows the table of a comparison whose rows are known, by index, without training any.
    pub fn show_rows(&mut self, comparison: Comparison, rows: Vec<Option<Row>>) {
        let experiment = self.lab.draft.experiment().clone();
        self.windows.compare.show(comparison, rows, &experiment, self.lab.wake().clone());
        self.windows.compare.is_open = true;
    }

    /// The comparison whose table is shown, or was.
    pub fn comparison(&self) -> Option<&ComparisonTable> {
        self.windows.compare.table()
    }

    /// The sweep whose phase diagram is shown, or was.
    pub fn phase_diagram(&self) -> Option<&PhaseDiagram> {
        self.windows.phase.diagram()
    }

    /// Whether data are being loaded.
    pub fn is_loading(&self) -> bool {
        self.files.loading.is_some()
    }

    /// Starts reading something; what was being read is given up.
    pub(super) fn request(&mut self, ctx: &Context, request: Request) {
        let title = request.title();
        match Job::start("load", title, ctx, move |monitor| request.read(monitor)) {
            Ok(job) => self.files.loading = Some(job),
            Err(error) => self.log.error(error),
        }
    }

    /// Examples that a person can step through.
    pub(super) fn pool(&self) -> usize {
        match self.lab.classical() {
            Some(classical) => classical.examples(),
            None => self.lab.session().map_or(0, |session| session.data().held_out_len().min(LARGEST_POOL)),
        }
    }

    /// Latent levels that all runs have.
    pub(super) fn levels(&self) -> Option<Levels> {
        if let Some(classical) = self.lab.classical() {
            return Some(Levels::single(classical.latent_dimensions()));
        }
        let runs = self.lab.session()?.runs().iter();
        runs.map(|run| Levels::of(&run.settings.model)).min_by_key(|levels| levels.total())
    }

    fn side_panels_ui(&mut self, ui: &mut Ui) {
        let palette = Palette::current(ui.ctx());
        let bar = Frame::new().fill(palette.panel).inner_margin(Margin::symmetric(10, 4));
        let side = Frame::new().fill(palette.panel).inner_margin(Margin::same(10));
        egui::Panel::top("toolbar").frame(bar).show(ui, |ui| {
            let toolbar = Toolbar {
                lab: &self.lab,
                log: &self.log,
                view: &self.view,
                loading: self.files.loading.as_ref().map(|job| (job.title.as_str(), job.progress())),
                is_saving: self.files.saving.is_some() || self.files.checkpoint_to.is_some(),
            };
            toolbar.show_ui(ui, &mut self.actions);
        });
        let curves_height = (0.2 * ui.ctx().content_rect().height()).clamp(136.0, 240.0);
        let curves = egui::Panel::bottom("curves")
            .frame(side)
            .resizable(true)
            .default_size(curves_height)
            .size_range(120.0..=480.0);
        // A classical model has no steps to draw curves over; what the person chose comes back with the next training.
        let (mut shown, mut hidden) = (self.view.curves, false);
        let is_shown = if self.lab.classical().is_some() { &mut hidden } else { &mut shown };
        curves.show_collapsible(ui, is_shown, |ui| {
            // A panel shrinks to what is in it, and at first there is nothing.
            ui.set_min_size(ui.available_size());
            let Some(session) = self.lab.session() else { return };
            curves_ui(ui, &mut PanelContext { session, selection: &mut self.selection, palette });
        });
        self.view.curves = shown;
        let settings = egui::Panel::left("settings").frame(side).default_size(290.0).size_range(250.0..=460.0);
        settings.show_collapsible(ui, &mut self.view.settings, |ui| {
            ui.set_min_size(ui.available_size());
            if let Some(classical) = self.lab.classical() {
                classical::settings_ui(ui, classical, &mut self.actions);
            } else if let (Some(session), draft) = self.lab.parts() {
                settings_ui(ui, session, draft, &mut self.examples, &mut self.actions);
            }
        });
        let explain = egui::Panel::right("explain").frame(side).default_size(270.0).size_range(220.0..=560.0);
        explain.show_collapsible(ui, &mut self.view.explain, |ui| {
            self.explain.show_ui(ui, &self.lab, &self.selection);
        });
    }

    fn center_ui(&mut self, ui: &mut Ui) {
        let palette = Palette::current(ui.ctx());
        let frame = Frame::new().fill(palette.background).inner_margin(Margin::same(8));
        if self.is_phase_alone {
            CentralPanel::default().frame(frame).show(ui, |ui| self.windows.phase.diagram_ui(ui, &mut self.actions));
            return;
        }
        if let Some(model) = self.lab.classical() {
            CentralPanel::default().frame(frame).show(ui, |ui| {
                self.classical.show_ui(ui, model, &mut self.selection, &mut self.actions);
            });
            return;
        }
        let wanted = CentralPanel::default().frame(frame).show(ui, |ui| match self.lab.session() {
            Some(session) if self.columns.only == Some(Panel::Curves) => {
                curves_ui(ui, &mut PanelContext { session, selection: &mut self.selection, palette });
                Vec::new()
            }
            Some(session) => {
                let front = self.lab.preset().map_or(&[][..], |preset| preset.front);
                let order = Order { hidden: &self.view.hidden, front };
                self.columns.show_ui(ui, session, &mut self.selection, order, &mut self.actions)
            }
            None => {
                self.empty_ui(ui);
                Vec::new()
            }
        });
        self.lab.subscribe(&wanted.inner);
    }

    /// Before anything trains.
    fn empty_ui(&self, ui: &mut Ui) {
        ui.vertical_centered(|ui| {
            ui.add_space(ui.available_height() * 0.4);
            match &self.files.loading {
                Some(job) => {
                    ui.spinner();
                    ui.heading(&job.title);
                }
                None => {
                    ui.heading("Nothing in training");
                    ui.weak("Choose a lesson, or open a file");
                }
            }
        });
    }

    fn windows_ui(&mut self, ui: &Ui) {
        let ctx = ui.ctx();
        let is_dialog_pending = self.files.dialog.is_pending();
        self.windows.open.window_ui(ctx, &self.view.recent, is_dialog_pending, &mut self.actions);
        self.windows.save.window_ui(ctx, is_dialog_pending, &mut self.actions);
        let is_ppca = self.is_ppca();
        self.windows.preview.window_ui(ctx, self.files.loading.is_some(), is_ppca, &mut self.actions);
        let (experiment, wake) = (self.lab.draft.experiment(), self.lab.wake());
        let former = self.windows.way_back.former();
        self.windows.phase.window_ui(ctx, experiment, wake, former, &mut self.actions);
        self.windows.compare.window_ui(ctx, experiment, wake, former, &mut self.actions);
        help::window_ui(ctx, &mut self.windows.is_help_open);
        self.log.window_ui(ctx);
        if let Some(remark) = open::drop_ui(ctx, &mut self.actions) {
            self.log.push(Level::Warning, remark);
        }
        let corner = ctx.content_rect().right_bottom() - egui::vec2(12.0, 12.0);
        self.log.toasts_ui(ctx, corner, &mut self.actions);
        if self.view.frame_times {
            self.frame_times_ui(ctx);
        }
    }

    fn frame_times_ui(&self, ctx: &Context) {
        let palette = Palette::current(ctx);
        let summary = self.frame_times.summary();
        egui::Area::new(egui::Id::unique("frame-times"))
            .anchor(egui::Align2::LEFT_BOTTOM, [12.0, -12.0])
            .order(egui::Order::Foreground)
            .interactable(false)
            .show(ctx, |ui| {
                Frame::popup(ui.style()).show(ui, |ui| {
                    let line =
                        |text: String| egui::Label::new(RichText::new(text).small().color(palette.text)).extend();
                    let text = format!(
                        "Window thread per frame: median {:.1} ms, 99 % {:.1} ms, largest {:.1} ms (last {} frames)",
                        summary.p50, summary.p99, summary.max, summary.frames
                    );
                    ui.add(line(text));
                    if let Some((frame, step)) = self.start_times.waits() {
                        let [frame, step] = [frame, step].map(|wait| wait.as_secs_f32());
                        ui.add(line(format!(
                            "First frame {frame:.2} s after the start, first trained step {step:.2} s after it"
                        )));
                    }
                });
            });
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &Context, _frame: &mut eframe::Frame) {
        let start = Instant::now();
        self.lab.right_of_way().take();
        self.take_loaded();
        self.take_turns(ctx);
        self.take_events(ctx);
        self.take_files();
        self.windows.phase.poll();
        self.windows.compare.poll();
        self.lab.reconcile();
        self.lab.draft.feed(ctx.input(|input| input.time));
        self.start_times.note(self.frame_times.total(), self.lab.session().map(Session::furthest_step));
        // A hidden window has no layout that would do so.
        self.lab.right_of_way().give_back();
        self.frame_times.end_logic(start);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        let start = Instant::now();
        self.lab.right_of_way().take();
        let ctx = ui.ctx().clone();
        if self.frame_times.total() == 0 && ctx.content_rect().width() < ROOMY {
            self.view.hide_explain_for_now();
        }
        self.take_keys(&ctx);
        self.selection.clamp(self.levels().unwrap_or(Levels::single(1)), self.pool());
        if self.columns.only.is_none() && self.classical.only.is_none() && !self.is_phase_alone {
            self.side_panels_ui(ui);
        }
        self.center_ui(ui);
        self.windows_ui(ui);
        for action in std::mem::take(&mut self.actions) {
            self.act(action, &ctx, frame);
        }
        // A change made by dragging reaches the trainers in this frame, not in the next.
        self.lab.reconcile();
        if let Some(classical) = self.lab.classical_mut() {
            classical.look_at(self.selection.example);
        }
        self.lab.right_of_way().give_back();
        self.frame_times.end_frame(start);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.view.store(storage);
    }
}
