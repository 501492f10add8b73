//! The window, or one panel of it, as an image and without a display: the real [`App`] in egui's test harness, drawn by wgpu.

use super::app::{App, AppOptions, Environment};
use super::classical::ClassicalPanel;
use super::panels::Panel;
use crate::compare::{Comparison, Row};
use crate::device;
use crate::experiment::{Classical, Experiment};
use crate::sweep::{Outcome, Sweep};
use crate::train::RunState;
use eframe::egui::{self, Vec2};
use eframe::egui_wgpu::{self, RendererOptions, WgpuConfiguration, WgpuSetup, wgpu};
use egui_kittest::wgpu::WgpuTestRenderer;
use egui_kittest::{Harness, HarnessBuilder};
use image::RgbaImage;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Longest wait for training, beyond any preset on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// Frames drawn after training, in which panels receive their readings and axes settle.
const SETTLING: usize = 40;

/// What to draw.
#[derive(Clone, Debug)]
pub struct PictureOptions {
    /// What it shows.
    pub subject: Subject,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Dark theme.
    pub dark: bool,
    /// Planes show samples of the aggregated posterior, instead of its density.
    pub samples: bool,
}

/// What a picture shows, and one panel of it instead of the window.
#[derive(Clone, Debug)]
pub enum Subject {
    /// An experiment, trained first; its step limit says for how long.
    Training(Box<Experiment>, Option<Panel>),
    /// A classical model, sampled first.
    Classical(Box<Classical>, Option<ClassicalPanel>),
    /// The phase diagram of a sweep, all cells trained first: in the window, or alone.
    PhaseDiagram {
        /// What is swept.
        sweep: Box<Sweep>,
        /// Without the window around it.
        alone: bool,
    },
    /// The table of a comparison, all rows trained first.
    Comparison(Box<Comparison>),
    /// The table of a comparison with the rows that are known, by index; none is trained.
    Rows(Box<Comparison>, Vec<Option<Row>>),
}

/// A picture that cannot be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No graphics adapter.
    #[error("no picture can be drawn: {0}; a software Vulkan driver is enough (on Debian: mesa-vulkan-drivers)")]
    Adapter(String),
    /// The window could not be built.
    #[error("the window could not be built: {0}")]
    Window(String),
    /// Training failed or did not end.
    #[error("the picture was not drawn: {0}")]
    Training(String),
    /// The image could not be read back.
    #[error("the picture could not be drawn: {0}")]
    Drawing(String),
}

/// Trains, then draws; blocks.
///
/// # Errors
/// No graphics adapter, training that fails, or an image that cannot be read back.
pub fn render(options: PictureOptions) -> Result<RgbaImage, PictureError> {
    let [width, height] = options.size;
    let mut app = AppOptions {
        theme: Some(if options.dark { egui::Theme::Dark } else { egui::Theme::Light }),
        environment: Environment::Test,
        ..AppOptions::default()
    };
    match &options.subject {
        Subject::Training(experiment, _) => {
            app.running = experiment.steps > 0;
            app.experiment = (**experiment).clone();
        }
        Subject::Classical(model, _) => app.classical = Some((**model).clone()),
        // Behind the map stands what its cells were made from, untrained.
        Subject::PhaseDiagram { sweep, .. } => {
            app.running = false;
            app.experiment = sweep.experiment().clone();
        }
        Subject::Comparison(comparison) | Subject::Rows(comparison, _) => {
            app.running = false;
            app.experiment = comparison.experiment().clone();
        }
    }
    // A box in the place of an unknown letter is better than no picture.
    let mut harness = build(app, Vec2::new(width as f32, height as f32), HarnessBuilder::allow_missing_glyphs)?;
    harness.state_mut().show_samples(options.samples);
    match options.subject {
        Subject::Training(experiment, panel) => {
            panel.into_iter().for_each(|panel| harness.state_mut().show_only(panel));
            wait_for_training(&mut harness, experiment.steps)?;
        }
        Subject::Classical(_, panel) => {
            panel.into_iter().for_each(|panel| harness.state_mut().show_only_classical(panel));
            wait_for_answers(&mut harness)?;
        }
        Subject::PhaseDiagram { sweep, alone } => {
            harness.state_mut().show_phase_diagram(*sweep, alone);
            wait_for_cells(&mut harness)?;
        }
        Subject::Comparison(comparison) => {
            harness.state_mut().show_comparison(*comparison);
            wait_for_rows(&mut harness)?;
        }
        Subject::Rows(comparison, rows) => harness.state_mut().show_rows(*comparison, rows),
    }
    for _ in 0..SETTLING {
        harness.step();
        std::thread::sleep(Duration::from_millis(10));
    }
    harness.render().map_err(PictureError::Drawing)
}

/// The window in a test harness, which panics at a letter that the fonts lack.
///
/// # Errors
/// No graphics adapter, or a window that cannot be built.
pub fn harness(options: AppOptions, size: Vec2) -> Result<Harness<'static, App>, PictureError> {
    build(options, size, |builder| builder)
}

fn build(
    options: AppOptions,
    size: Vec2,
    adjust: impl FnOnce(HarnessBuilder<App>) -> HarnessBuilder<App>,
) -> Result<Harness<'static, App>, PictureError> {
    let renderer = WgpuTestRenderer::from_render_state(render_state()?);
    let theme = options.theme.unwrap_or(egui::Theme::Dark);
    let builder =
        adjust(Harness::builder().with_size(size).with_theme(theme).with_step_dt(1.0 / 30.0).renderer(renderer));
    // The harness asks for an app and not for a result, so the error takes a way around it.
    let (sender, receiver) = mpsc::channel();
    let built = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        builder.build_eframe(move |creation| match App::new(creation, options) {
            Ok(app) => app,
            Err(error) => {
                let _ = sender.send(error.to_string());
                std::panic::resume_unwind(Box::new(()))
            }
        })
    }));
    built.map_err(|_| PictureError::Window(receiver.try_recv().unwrap_or_else(|_| "the first frame failed".to_owned())))
}

/// A wgpu device to draw on: a software one where there is one, so that pictures are the same on every machine.
///
/// # Errors
/// No graphics adapter.
pub fn render_state() -> Result<egui_wgpu::RenderState, PictureError> {
    let mut setup = device::wgpu_setup();
    if let WgpuSetup::CreateNew(create) = &mut setup {
        create.native_adapter_selector =
            Some(Arc::new(|adapters: &[wgpu::Adapter], _surface: Option<&wgpu::Surface<'_>>| {
                let rank = |adapter: &&wgpu::Adapter| {
                    let info = adapter.get_info();
                    (info.backend == wgpu::Backend::Gl, info.device_type != wgpu::DeviceType::Cpu)
                };
                adapters.iter().min_by_key(rank).cloned().ok_or_else(|| "no graphics adapter was found".to_owned())
            }));
    }
    let configuration = WgpuConfiguration { wgpu_setup: setup.clone(), ..WgpuConfiguration::default() };
    let created = pollster::block_on(async {
        let instance = setup.new_instance().await;
        egui_wgpu::RenderState::create(&configuration, &instance, None, RendererOptions::PREDICTABLE).await
    });
    created.map_err(|error| PictureError::Adapter(error.to_string()))
}

/// Until there is an answer and nothing left to do for the session, or an error.
fn wait_for_answers(harness: &mut Harness<'_, App>) -> Result<(), PictureError> {
    let start = Instant::now();
    loop {
        harness.step();
        let Some(model) = harness.state().classical() else { return Ok(()) };
        if let Some(error) = model.error() {
            return Err(PictureError::Training(error));
        }
        if model.is_current() && model.progress().is_none() {
            return Ok(());
        }
        if start.elapsed() > PATIENCE {
            return Err(PictureError::Training(format!(
                "inference took more than {} minutes",
                PATIENCE.as_secs() / 60
            )));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Until every cell is trained.
fn wait_for_cells(harness: &mut Harness<'_, App>) -> Result<(), PictureError> {
    let start = Instant::now();
    loop {
        harness.step();
        let Some(diagram) = harness.state().phase_diagram() else { return Ok(()) };
        if !diagram.is_running() {
            let failure = diagram.cells().iter().flatten().find_map(|cell| match &cell.outcome {
                Outcome::Failed(reason) => Some(reason.clone()),
                _ => None,
            });
            return failure.map_or(Ok(()), |reason| Err(PictureError::Training(reason)));
        }
        if start.elapsed() > PATIENCE {
            return Err(PictureError::Training(format!(
                "the sweep took more than {} minutes",
                PATIENCE.as_secs() / 60
            )));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Until every row is trained. Some may fail, which the table says; all may not.
fn wait_for_rows(harness: &mut Harness<'_, App>) -> Result<(), PictureError> {
    let start = Instant::now();
    loop {
        harness.step();
        let Some(table) = harness.state().comparison() else { return Ok(()) };
        if !table.is_running() {
            let failure = table.common_failure().map(str::to_owned);
            return failure.map_or(Ok(()), |reason| Err(PictureError::Training(reason)));
        }
        if start.elapsed() > PATIENCE {
            return Err(PictureError::Training(format!(
                "the comparison took more than {} minutes",
                PATIENCE.as_secs() / 60
            )));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn wait_for_training(harness: &mut Harness<'_, App>, limit: u64) -> Result<(), PictureError> {
    let start = Instant::now();
    loop {
        harness.step();
        let app = harness.state();
        if let Some(session) = app.session() {
            let failure = session.runs().iter().find_map(|run| match &run.state {
                RunState::Failed(reason) => Some(format!("{}: {reason}", run.settings.name)),
                _ => None,
            });
            if let Some(failure) = failure {
                return Err(PictureError::Training(failure));
            }
            let is_done = |state: &RunState| match state {
                RunState::Finished | RunState::Diverged { .. } => true,
                RunState::Paused => limit == 0,
                _ => false,
            };
            if session.runs().iter().all(|run| is_done(&run.state)) {
                return Ok(());
            }
        } else if !app.is_loading() {
            let message =
                app.log().entries().last().map_or_else(|| "nothing to train".to_owned(), |entry| entry.text.clone());
            return Err(PictureError::Training(message));
        }
        if start.elapsed() > PATIENCE {
            return Err(PictureError::Training(format!("training took more than {} minutes", PATIENCE.as_secs() / 60)));
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
