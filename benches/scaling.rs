//! Step time against the work of a step, and against the steps taken: both as numbers and as a picture.
//!
//! `cargo bench --bench scaling -- [PICTURE.png]`. A step should cost in proportion to the batch and to the square of the width of two hidden
//! layers, and the same whatever the number of examples; 100,000 steps of the default lesson should take neither longer nor more memory at
//! their end than at their start.

use collapsar::data::{self, Unmonitored};
use collapsar::device::TrainingDevice;
use collapsar::experiment::Experiment;
use collapsar::experiment::presets::Preset;
use collapsar::train::{Learner, Session, SessionOptions};
use collapsar::ui::picture::render_state;
use eframe::egui::{self, Theme, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::wgpu::WgpuTestRenderer;
use egui_plot::{Legend, Line, Plot, PlotPoints, Points};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCHES: [usize; 8] = [16, 32, 64, 128, 256, 512, 1024, 2048];
const WIDTHS: [usize; 6] = [32, 64, 128, 256, 512, 1024];
const EXAMPLES: [usize; 6] = [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000];
const VARIANTS: [&str; 2] = ["standard", "brenier"];
/// Least time that a step is timed for, at each size.
const SLICE: Duration = Duration::from_millis(1500);
/// Slices, of which the fastest counts: what else the machine does only adds.
const SLICES: usize = 3;
const LONG_RUN: u64 = 100_000;
const WINDOW: u64 = 5_000;

fn main() -> Result<(), Box<dyn Error>> {
    // cargo bench adds an argument of its own.
    let picture = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let batch = against(&BATCHES, &|size| vec![format!("optimizer.batch_size={size}")])?;
    let width = against(&WIDTHS, &|size| vec![format!("model.hidden=[{size}, {size}]")])?;
    let examples = against(&EXAMPLES, &|size| vec![format!("data.examples={size}")])?;
    report("batch", &BATCHES, &batch);
    report("width", &WIDTHS, &width);
    report("examples", &EXAMPLES, &examples);
    let long = long_run()?;
    if let Some(path) = picture {
        draw(&path, [(&BATCHES, &batch), (&WIDTHS, &width), (&EXAMPLES, &examples)], &long)?;
        println!("wrote {path}");
    }
    Ok(())
}

/// Seconds a step, per variant and size.
type Times = [Vec<f64>; 2];

fn against(sizes: &[usize], assignments: &dyn Fn(usize) -> Vec<String>) -> Result<Times, Box<dyn Error>> {
    let mut times = Times::default();
    for &size in sizes {
        let mut experiment = Preset::find("collapse-2d")?.experiment()?;
        for assignment in assignments(size) {
            experiment.assign(&assignment)?;
        }
        let data = Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored)?);
        for (variant, settings) in experiment.runs()?.into_iter().enumerate() {
            let mut learner = Learner::new(settings, data.clone(), &TrainingDevice::cpu());
            learner.step()?;
            let mut fastest = f64::INFINITY;
            for _ in 0..SLICES {
                let (start, first) = (Instant::now(), learner.step_count());
                while start.elapsed() < SLICE / SLICES as u32 || learner.step_count() < first + 3 {
                    learner.step()?;
                }
                fastest = fastest.min(start.elapsed().as_secs_f64() / (learner.step_count() - first) as f64);
            }
            times[variant].push(fastest);
        }
    }
    Ok(times)
}

/// Exponents p of time ∝ sizeᵖ between neighbours.
fn report(what: &str, sizes: &[usize], times: &Times) {
    println!("\n{what:>9} {:>15} {:>9} {:>15} {:>9}", "standard, µs", "exponent", "brenier, µs", "exponent");
    for (at, size) in sizes.iter().enumerate() {
        print!("{size:9}");
        for of in times {
            print!(" {:15.1}", 1e6 * of[at]);
            match at.checked_sub(1) {
                Some(before) => {
                    let ratio = sizes[at] as f64 / sizes[before] as f64;
                    print!(" {:9.2}", (of[at] / of[before]).ln() / ratio.ln());
                }
                None => print!(" {:>9}", ""),
            }
        }
        println!();
    }
}

/// What a window of a long run took.
struct Window {
    step: u64,
    /// Per variant: seconds of training a step.
    seconds: Vec<f64>,
    /// Resident memory of the process, MB; none where the system does not say.
    memory: Option<f64>,
}

/// The default lesson as the command line trains it: both variants, each in its thread, with curves and periodic evaluations.
fn long_run() -> Result<Vec<Window>, Box<dyn Error>> {
    let experiment = Experiment { steps: LONG_RUN, ..Preset::find("collapse-2d")?.experiment()? };
    let data = Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored)?);
    let options = SessionOptions { lockstep: true, ..SessionOptions::default() };
    let mut session = Session::start(experiment, data, TrainingDevice::cpu(), options)?;
    let mut windows: Vec<Window> = Vec::new();
    let mut before = vec![(0, 0.0); session.runs().len()];
    println!("\n{:>9} {:>17} {:>17} {:>12}", "steps", "standard, µs/step", "brenier, µs/step", "memory, MB");
    loop {
        session.wait(Duration::from_millis(20));
        let reached = session.runs().iter().map(|run| run.progress.step).min().unwrap_or_default();
        if reached >= (windows.len() as u64 + 1) * WINDOW || !session.is_active() {
            let seconds = session.runs().iter().zip(&mut before).map(|(run, (step, seconds))| {
                let per_step = (run.progress.seconds - *seconds) / (run.progress.step - *step).max(1) as f64;
                (*step, *seconds) = (run.progress.step, run.progress.seconds);
                per_step
            });
            let window = Window { step: reached, seconds: seconds.collect(), memory: resident_memory() };
            let [standard, brenier] = [0, 1].map(|run| 1e6 * window.seconds.get(run).copied().unwrap_or(f64::NAN));
            let memory = window.memory.map_or_else(|| "unknown".to_owned(), |memory| format!("{memory:.1}"));
            println!("{:9} {standard:17.1} {brenier:17.1} {memory:>12}", window.step);
            windows.push(window);
        }
        if !session.is_active() {
            session.finish();
            return Ok(windows);
        }
    }
}

fn resident_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
}

fn draw(path: &str, sizes: [(&[usize], &Times); 3], long: &[Window]) -> Result<(), Box<dyn Error>> {
    let logarithmic = |sizes: &[usize], times: &[f64]| -> Vec<[f64; 2]> {
        sizes.iter().zip(times).map(|(size, time)| [(*size as f64).log2(), (1e6 * time).log10()]).collect()
    };
    let mut charts = Vec::new();
    for ((sizes, times), (title, x)) in sizes.into_iter().zip([
        ("Batch", "log2 batch"),
        ("Width of two hidden layers", "log2 width"),
        ("Training examples", "log2 examples"),
    ]) {
        let lines = VARIANTS.iter().zip(times).map(|(name, of)| (*name, logarithmic(sizes, of))).collect();
        charts.push(Chart { title, x, y: "log10 µs a step", lines });
    }
    let steps = VARIANTS.iter().enumerate().map(|(run, name)| {
        (*name, long.iter().map(|window| [window.step as f64 / 1e3, 1e6 * window.seconds[run]]).collect())
    });
    let x = "thousand steps";
    charts.push(Chart { title: "100,000 steps: time", x, y: "µs a step", lines: steps.collect() });
    let memory = long.iter().filter_map(|window| Some([window.step as f64 / 1e3, window.memory?])).collect();
    charts.push(Chart { title: "100,000 steps: memory", x, y: "MB", lines: vec![("process", memory)] });

    let renderer = WgpuTestRenderer::from_render_state(render_state()?);
    let mut harness = Harness::builder()
        .with_size(vec2(1240.0, 640.0))
        .with_theme(Theme::Light)
        .renderer(renderer)
        .build_ui(move |ui| charts_ui(ui, &charts));
    harness.run_steps(3);
    harness.render()?.save(path)?;
    Ok(())
}

struct Chart {
    title: &'static str,
    x: &'static str,
    y: &'static str,
    lines: Vec<(&'static str, Vec<[f64; 2]>)>,
}

fn charts_ui(ui: &mut Ui, charts: &[Chart]) {
    egui::Grid::new("charts").spacing([24.0, 16.0]).show(ui, |ui| {
        for (at, Chart { title, x, y, lines }) in charts.iter().enumerate() {
            ui.vertical(|ui| {
                ui.strong(*title);
                Plot::new(*title)
                    .width(380.0)
                    .height(260.0)
                    .x_axis_label(*x)
                    .y_axis_label(*y)
                    .include_y(0.0)
                    .legend(Legend::default())
                    .show(ui, |plot| {
                        for ((name, points), color) in lines
                            .iter()
                            .zip([egui::Color32::from_rgb(0x1f, 0x77, 0xb4), egui::Color32::from_rgb(0xd9, 0x5f, 0x02)])
                        {
                            plot.line(Line::new(*name, PlotPoints::from(points.clone())).color(color));
                            plot.points(Points::new(*name, PlotPoints::from(points.clone())).color(color).radius(2.5));
                        }
                    });
            });
            if at == 2 {
                ui.end_row();
            }
        }
    });
}
