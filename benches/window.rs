//! The window thread's time per frame while everything trains at full speed: every lesson in its default layout, then each panel of one lesson
//! alone.
//!
//! `cargo bench --bench window`, or `cargo bench --bench window -- NAME` for one lesson or panel; needs a graphics adapter (a software one will
//! do). Frames come 60 times a second, as on a display; their times are those that F12 shows. What they draw is thrown away. (egui's test
//! harness would build the tree for screen readers in every frame, which a window does for a reader only.)

use collapsar::device::DeviceChoice;
use collapsar::experiment::presets::{PRESETS, Preset};
use collapsar::ui::panels::Panel;
use collapsar::ui::picture::render_state;
use collapsar::ui::{App, AppOptions, Environment};
use eframe::egui::{Context, Pos2, RawInput, Rect, Theme, vec2};
use eframe::{App as _, CreationContext};
use std::error::Error;
use std::time::{Duration, Instant};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Frames drawn before they count, and those that do.
const WARM_UP: usize = 90;
const FRAMES: usize = 400;
const INTERVAL: Duration = Duration::from_micros(16_667);

fn main() -> Result<(), Box<dyn Error>> {
    // cargo bench adds an argument of its own.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let is_wanted = |name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    println!("window thread per frame, ms: messages, layout, panels of all columns, at 1440 × 900");
    println!("{:34} {:>8} {:>8} {:>8}", "lesson", "median", "p99", "largest");
    for preset in PRESETS.iter().filter(|preset| is_wanted(preset.name)) {
        measure(preset.name, options(preset)?, None)?;
    }
    println!("{:34} {:>8} {:>8} {:>8}", "panel of the lesson theorem", "median", "p99", "largest");
    for panel in Panel::ALL.into_iter().filter(|panel| is_wanted(panel.name())) {
        measure(panel.name(), options(Preset::find("theorem")?)?, Some(panel))?;
    }
    Ok(())
}

fn options(preset: &Preset) -> Result<AppOptions, Box<dyn Error>> {
    let mut options = AppOptions {
        device: DeviceChoice::Cpu,
        environment: Environment::Test,
        theme: Some(Theme::Dark),
        ..AppOptions::default()
    };
    match preset.classical() {
        Some(model) => options.classical = Some(model?),
        None => options.experiment = preset.lesson()?,
    }
    Ok(options)
}

fn measure(name: &str, options: AppOptions, panel: Option<Panel>) -> Result<(), Box<dyn Error>> {
    let ctx = Context::default();
    let mut creation = CreationContext::_new_kittest(ctx.clone());
    creation.wgpu_render_state = Some(render_state()?);
    let mut app = App::new(&creation, options).map_err(|error| error.to_string())?;
    let mut frame = eframe::Frame::_new_kittest();
    if let Some(panel) = panel {
        app.show_only(panel);
    }
    let start = Instant::now();
    let mut next = start;
    for number in 0..WARM_UP + FRAMES {
        if number == WARM_UP {
            app.clear_frame_times();
        }
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1440.0, 900.0))),
            time: Some(start.elapsed().as_secs_f64()),
            ..RawInput::default()
        };
        let output = ctx.run_ui(input, |ui| {
            app.logic(ui.ctx(), &mut frame);
            app.ui(ui, &mut frame);
        });
        drop(output);
        next = (next + INTERVAL).max(Instant::now());
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let times = app.frame_times().summary();
    println!("{name:34} {:8.2} {:8.2} {:8.2}", times.p50, times.p99, times.max);
    Ok(())
}
