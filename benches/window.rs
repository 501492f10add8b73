//! The window thread's time per frame while everything trains at full speed: every lesson in its default layout, then each panel of one lesson
//! alone.
//!
//! `cargo bench --bench window`, or `cargo bench --bench window -- NAME` for one lesson or panel; needs a graphics adapter (a software one will
//! do). Frames come 60 times a second, as on a display; their times are those that F12 shows.

use collapsar::device::DeviceChoice;
use collapsar::experiment::presets::{PRESETS, Preset};
use collapsar::ui::panels::Panel;
use collapsar::ui::picture::harness;
use collapsar::ui::{AppOptions, Environment};
use eframe::egui::{Theme, vec2};
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
    let mut harness = harness(options, vec2(1440.0, 900.0))?;
    if let Some(panel) = panel {
        harness.state_mut().show_only(panel);
    }
    let mut next = Instant::now();
    for frame in 0..WARM_UP + FRAMES {
        if frame == WARM_UP {
            harness.state_mut().clear_frame_times();
        }
        harness.step();
        next = (next + INTERVAL).max(Instant::now());
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
    let times = harness.state().frame_times().summary();
    println!("{name:34} {:8.2} {:8.2} {:8.2}", times.p50, times.p99, times.max);
    Ok(())
}
