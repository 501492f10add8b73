//! What it costs to draw very many points, and a likelihood map: the window thread's time and the device's, for numbers that are uploaded and for
//! numbers that are drawn where they were computed; and what a training thread pays for samples of the aggregated posterior.
//!
//! `cargo bench --bench drawing`; needs a graphics adapter (a software one will do).

use burn::tensor::{Tensor, TensorData};
use collapsar::data::{self, Unmonitored};
use collapsar::device::{self, DeviceChoice, Drawable, Handover, TrainingDevice, read};
use collapsar::experiment::{Experiment, presets::Preset};
use collapsar::random::{Purpose, normals, stream};
use collapsar::train::{Command, Learner, Probe, ReadingValue, Session, SessionOptions};
use collapsar::ui::canvas::{self, HeatMapPicture, PointClasses, PointsPicture, viridis};
use collapsar::ui::picture::render_state;
use eframe::egui::{Color32, Context, Id, Rect, Vec2};
use eframe::egui_wgpu::{CallbackTrait, RenderState, ScreenDescriptor, wgpu};
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Side of the pictures, pixels: that of a panel on a screen of high resolution.
const SIDE: u32 = 600;
const REPEATS: usize = 15;
const SAMPLES: Probe = Probe::Samples { dimensions: [0, 1] };
const SLICE: Duration = Duration::from_secs(4);
const ROUNDS: usize = 5;

fn main() -> Result<(), Box<dyn Error>> {
    frames()?;
    ["collapse-2d", "digits", "fashion"].into_iter().try_for_each(trainers)
}

/// Milliseconds of one frame: of the window thread, and until the device has drawn it.
#[derive(Clone, Copy)]
struct Cost {
    thread: f64,
    device: f64,
}

fn frames() -> Result<(), Box<dyn Error>> {
    let state = render_state()?;
    canvas::install(&Context::default(), Some(&state));
    let shared = device::share(DeviceChoice::Gpu, &state)?;
    println!(
        "{}, pictures of {SIDE} × {SIDE} pixels; milliseconds, medians of {REPEATS}",
        state.adapter.get_info().name
    );
    println!(
        "{:28} {:>9} {:>24} {:>24} {:>12}",
        "", "hand-over", "upload: thread, device", "in place: thread, device", "unchanged"
    );
    for count in [1_000, 10_000, 100_000, 1_000_000] {
        let values = normals(&mut stream(1, Purpose::Measurement, 7), 2 * count);
        let tensor = Tensor::<2>::from_data(TensorData::new(values, [count, 2]), &shared.tensors());
        for has_classes in [false, true] {
            let classes = has_classes.then(classes);
            let name = format!("{count} points{}", if has_classes { ", classes" } else { "" });
            row(&state, &name, &tensor, |drawable| PointsPicture {
                key: Id::unique("points"),
                points: drawable,
                classes: classes.clone(),
                color: Color32::BLUE,
                background: Color32::WHITE,
                reach: 3.5,
                highest: 0.16,
                rect: rect(),
            })?;
        }
    }
    let side = 257;
    let values = normals(&mut stream(1, Purpose::Measurement, 8), side * side);
    let tensor = Tensor::<2>::from_data(TensorData::new(values, [side, side]), &shared.tensors());
    row(&state, "map of 257 × 257 values", &tensor, |values| HeatMapPicture {
        key: Id::unique("map"),
        values,
        side,
        low: -2.0,
        high: 2.0,
        rect: rect(),
        ramp: viridis(),
        contours: None,
    })?;
    println!();
    Ok(())
}

fn rect() -> Rect {
    Rect::from_min_size(Default::default(), Vec2::splat(SIDE as f32))
}

fn classes() -> PointClasses {
    let palette = [Color32::RED, Color32::GREEN, Color32::BLUE, Color32::BLACK];
    PointClasses {
        of_examples: Arc::new((0..10_000).map(|example| example % 10).collect()),
        colors: Arc::new(palette.repeat(3)[..10].to_vec()),
    }
}

fn row<P: CallbackTrait>(
    state: &RenderState,
    name: &str,
    tensor: &Tensor<2>,
    picture: impl Fn(Drawable) -> P,
) -> Result<(), Box<dyn Error>> {
    let mut handovers = Vec::new();
    let mut costs = [Vec::new(), Vec::new(), Vec::new()];
    for repeat in 0..REPEATS {
        // New numbers, as of a new reading.
        let tensor = tensor.clone().mul_scalar(1.0 - 1e-3 * repeat as f32);
        let host = Drawable::Host(Arc::new(read(tensor.clone())?));
        let start = Instant::now();
        let own = Handover::InPlace.hand_over(tensor)?;
        handovers.push(milliseconds(start));
        wait(state)?;
        costs[0].push(frame(state, &picture(host))?);
        costs[1].push(frame(state, &picture(own.clone()))?);
        costs[2].push(frame(state, &picture(own))?);
    }
    let [upload, in_place, unchanged] = costs.map(|costs| Cost {
        thread: median(costs.iter().map(|cost| cost.thread).collect()),
        device: median(costs.iter().map(|cost| cost.device).collect()),
    });
    println!(
        "{name:28} {:9.2} {:14.3} {:9.2} {:14.3} {:9.2} {:12.3}",
        median(handovers),
        upload.thread,
        upload.device,
        in_place.thread,
        in_place.device,
        unchanged.thread
    );
    Ok(())
}

/// What egui does with the picture in a frame, the copy to the screen left out.
fn frame(state: &RenderState, picture: &impl CallbackTrait) -> Result<Cost, Box<dyn Error>> {
    let screen = ScreenDescriptor { size_in_pixels: [SIDE; 2], pixels_per_point: 1.0 };
    let start = Instant::now();
    let mut encoder = state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let resources = &mut state.renderer.write().callback_resources;
    picture.prepare(&state.device, &state.queue, &screen, &mut encoder, resources);
    state.queue.submit([encoder.finish()]);
    let thread = milliseconds(start);
    let start = Instant::now();
    wait(state)?;
    Ok(Cost { thread, device: milliseconds(start) })
}

fn wait(state: &RenderState) -> Result<(), Box<dyn Error>> {
    state.device.poll(wgpu::PollType::wait_indefinitely())?;
    Ok(())
}

fn milliseconds(start: Instant) -> f64 {
    1e3 * start.elapsed().as_secs_f64()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Interleaved rounds, so that a machine that gets slower does so for both.
fn trainers(preset: &str) -> Result<(), Box<dyn Error>> {
    let experiment = Experiment { steps: 0, ..Preset::find(preset)?.experiment()? };
    let data = Arc::new(data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored)?);
    let runs = experiment.runs()?.into_iter();
    let learners = runs.map(|settings| Learner::new(settings, data.clone(), &TrainingDevice::cpu()));
    let answers = learners.map(answer).collect::<Result<Vec<f64>, _>>()?;
    let options = SessionOptions::default();
    let mut session = Session::start(experiment, data, TrainingDevice::cpu(), options)?;
    session.command(&Command::RefreshEvery(Duration::from_millis(100)));
    observe(&mut session, Duration::from_secs(2));
    let names: Vec<String> = session.runs().iter().map(|run| run.settings.name.clone()).collect();
    println!(
        "\n{preset:12} {:>9} {:>9} {:>10} {:>14} {:>14} {:>11} {:>7}",
        "examples", "samples", "ms/answer", "steps/s alone", "with samples", "answers/s", "share"
    );
    let mut shares = vec![Vec::new(); names.len()];
    let mut last = Vec::new();
    for _ in 0..ROUNDS {
        (0..names.len()).for_each(|run| session.subscribe(run, &[]));
        let alone = observe(&mut session, SLICE);
        (0..names.len()).for_each(|run| session.subscribe(run, &[SAMPLES]));
        let with = observe(&mut session, SLICE);
        (0..names.len()).for_each(|run| shares[run].push(1.0 - with[run].steps / alone[run].steps));
        last = alone.into_iter().zip(with).collect();
    }
    for (run, name) in names.iter().enumerate() {
        let Some(ReadingValue::Samples(samples)) = session.runs()[run].reading(&SAMPLES).map(|reading| &reading.value)
        else {
            continue;
        };
        let (alone, with) = &last[run];
        println!(
            "{name:12} {:9} {:9} {:10.1} {:14.0} {:14.0} {:11.1} {:6.1}%",
            samples.effort.examples,
            samples.effort.samples(),
            answers[run],
            alone.steps,
            with.steps,
            with.readings,
            100.0 * median(shares[run].clone())
        );
    }
    session.finish();
    Ok(())
}

/// Milliseconds of one answer, nothing else going on.
fn answer(mut learner: Learner) -> Result<f64, Box<dyn Error>> {
    let mut costs = Vec::new();
    for _ in 0..REPEATS {
        learner.step()?;
        let start = Instant::now();
        learner.answer(SAMPLES)?;
        costs.push(milliseconds(start));
    }
    Ok(median(costs))
}

/// Rates per second of one variant over a while.
struct Observed {
    steps: f64,
    readings: f64,
}

fn observe(session: &mut Session, duration: Duration) -> Vec<Observed> {
    let at = |session: &Session| session.runs().iter().map(|run| run.progress.step).collect::<Vec<_>>();
    // What was under way before counts for neither.
    std::thread::sleep(Duration::from_millis(300));
    session.poll();
    let (start, before) = (Instant::now(), at(session));
    let mut seen: Vec<(usize, Option<u64>)> = before.iter().map(|_| (0, None)).collect();
    while start.elapsed() < duration {
        std::thread::sleep(Duration::from_millis(2));
        session.poll();
        for (run, (readings, last)) in session.runs().iter().zip(&mut seen) {
            let step = run.reading(&SAMPLES).map(|reading| reading.step);
            if step.is_some() && step != *last {
                *readings += 1;
                *last = step;
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let after = at(session);
    (0..after.len())
        .map(|run| Observed {
            steps: (after[run] - before[run]) as f64 / seconds,
            readings: seen[run].0 as f64 / seconds,
        })
        .collect()
}
