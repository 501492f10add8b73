//! Very many points, and numbers drawn from the buffer that they were computed in, read back from the screen.

use crate::panels::dataset;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::device::{self, DeviceChoice, DeviceKind, Drawable, Handover, TrainingDevice, read};
use collapsar::experiment::presets::Preset;
use collapsar::train::{Learner, Probe, ReadingValue};
use collapsar::ui::canvas::{self, HeatMapPicture, PointClasses, PointsPicture, viridis};
use collapsar::ui::picture::{PictureError, render_state};
use eframe::egui::{Color32, Id, Rect, Ui, Vec2, pos2, vec2};
use eframe::egui_wgpu::{RenderState, wgpu};
use egui_kittest::Harness;
use egui_kittest::wgpu::WgpuTestRenderer;
use image::RgbaImage;
use std::sync::Arc;

const SIZE: Vec2 = vec2(420.0, 200.0);
/// Two pictures of 160 pixels beside each other.
const PLACES: [Rect; 2] =
    [Rect { min: pos2(20.0, 20.0), max: pos2(180.0, 180.0) }, Rect { min: pos2(220.0, 20.0), max: pos2(380.0, 180.0) }];

#[derive(Clone)]
enum Picture {
    Points(PointsPicture),
    Map(HeatMapPicture),
}

struct Pictures {
    pictures: Vec<Picture>,
}

impl eframe::App for Pictures {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        for picture in self.pictures.iter().cloned() {
            match picture {
                Picture::Points(picture) => picture.paint(ui.painter()),
                Picture::Map(picture) => picture.paint(ui.painter()),
            }
        }
    }
}

type Window = Harness<'static, Pictures>;

fn state() -> Option<RenderState> {
    match render_state() {
        Ok(state) => Some(state),
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn window(state: RenderState, size: Vec2) -> Window {
    let renderer = WgpuTestRenderer::from_render_state(state);
    Harness::builder().with_size(size).renderer(renderer).build_eframe(|creation| {
        canvas::install(&creation.egui_ctx, creation.wgpu_render_state.as_ref());
        Pictures { pictures: Vec::new() }
    })
}

fn draw(window: &mut Window, pictures: Vec<Picture>) -> RgbaImage {
    window.state_mut().pictures = pictures;
    window.run_steps(2);
    window.render().expect("an image")
}

fn part(image: &RgbaImage, rect: Rect) -> RgbaImage {
    let [x, y, width, height] = [rect.min.x, rect.min.y, rect.width(), rect.height()].map(|side| side as u32);
    image::imageops::crop_imm(image, x, y, width, height).to_image()
}

fn colours(image: &RgbaImage) -> usize {
    image.pixels().map(|pixel| pixel.0).collect::<std::collections::HashSet<_>>().len()
}

fn points(place: usize, points: Drawable, rect: Rect) -> PointsPicture {
    PointsPicture {
        key: Id::unique(("points", place)),
        points,
        classes: None,
        color: Color32::from_rgb(20, 90, 200),
        background: Color32::WHITE,
        reach: 3.5,
        highest: 0.16,
        rect,
    }
}

fn classes() -> PointClasses {
    PointClasses {
        of_examples: Arc::new((0..50).map(|example| example % 3).collect()),
        colors: Arc::new(vec![Color32::RED, Color32::GREEN, Color32::BLUE]),
    }
}

fn map(place: usize, values: Drawable, side: usize) -> Picture {
    let key = Id::unique(("map", place));
    let picture = HeatMapPicture {
        key,
        values,
        side,
        low: -2.0,
        high: 2.0,
        rect: PLACES[place],
        ramp: viridis(),
        contours: None,
    };
    Picture::Map(picture)
}

/// One point in the middle of every pixel of a square.
fn grid(side: usize, reach: f32) -> Vec<f32> {
    let at = |index: usize| reach * (2.0 * (index as f32 + 0.5) / side as f32 - 1.0);
    (0..side * side).flat_map(|point| [at(point % side), -at(point / side)]).collect()
}

#[test]
fn a_million_points_all_arrive() {
    let Some(state) = state() else { return };
    let (side, margin) = (1000, 20.0);
    let rect = Rect::from_min_size(pos2(margin, margin), Vec2::splat(side as f32));
    let mut window = window(state, Vec2::splat(side as f32 + 2.0 * margin));
    let mut values = grid(side, 3.5);
    let all = draw(&mut window, vec![Picture::Points(points(0, Arc::new(values.clone()).into(), rect))]);
    let all = part(&all, rect);
    let color = *all.get_pixel(0, 0);
    assert!(color.0[0] < 250 && all.pixels().all(|pixel| *pixel == color), "every pixel has its one point");
    // One is no number, one is far away, and one lies on its neighbour.
    values[2 * 777_777] = f32::NAN;
    values[2 * 123_456 + 1] = -1e30;
    values[2 * 500_500] = values[2 * 500_501];
    let some = draw(&mut window, vec![Picture::Points(points(0, Arc::new(values).into(), rect))]);
    let some = part(&some, rect);
    let differing: Vec<usize> =
        some.pixels().zip(all.pixels()).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
    assert_eq!(differing, [123_456, 500_500, 500_501, 777_777]);
    let pixel = |at: usize| some.get_pixel((at % side) as u32, (at / side) as u32).0;
    for missing in [123_456, 500_500, 777_777] {
        assert_eq!(pixel(missing), [255; 4]);
    }
    assert!(pixel(500_501)[0] < color.0[0], "two points are darker than one");
}

#[test]
fn colours_of_classes_mix_where_points_lie_on_each_other() {
    let Some(state) = state() else { return };
    let mut window = window(state, SIZE);
    // Examples take turns: of class 0 at the left, 1 at the right, and of either in the middle.
    let [left, right, middle] = [[-2.0, 0.0], [2.0, 0.0], [0.0, 0.0]];
    let values = [left, right, middle, middle].repeat(2_000).concat();
    let classes = PointClasses {
        of_examples: Arc::new(vec![0, 1, 0, 1]),
        colors: Arc::new(vec![Color32::from_rgb(200, 0, 0), Color32::from_rgb(0, 0, 200)]),
    };
    let picture =
        PointsPicture { classes: Some(classes), highest: 0.0, ..points(0, Arc::new(values).into(), PLACES[0]) };
    let image = part(&draw(&mut window, vec![Picture::Points(picture)]), PLACES[0]);
    let at = |z: f32| image.get_pixel((80.0 + z / 3.5 * 80.0) as u32, 80).0;
    assert_eq!([at(-2.0), at(2.0)], [[200, 0, 0, 255], [0, 0, 200, 255]]);
    assert_eq!(at(0.0), [100, 0, 100, 255]);
}

/// The window's device, to compute on.
fn shared() -> Option<(RenderState, TrainingDevice)> {
    let state = state()?;
    let device = device::share(DeviceChoice::Gpu, &state).unwrap();
    assert_eq!((device.kind, device.handover()), (DeviceKind::Gpu, Handover::InPlace));
    Some((state, device))
}

fn normals(count: usize, device: &Device) -> Tensor<2> {
    let mut generator = collapsar::random::stream(3, collapsar::random::Purpose::Measurement, 5);
    let values = collapsar::random::normals(&mut generator, 2 * count);
    Tensor::from_data(TensorData::new(values, [count, 2]), device)
}

fn uploaded(values: Vec<f32>) -> Drawable {
    Drawable::Host(Arc::new(values))
}

#[test]
fn numbers_are_drawn_from_the_tensors_own_buffer_as_from_an_upload() {
    let Some((state, device)) = shared() else { return };
    let mut window = window(state, SIZE);
    let tensors = device.tensors();
    let cloud = normals(20_000, &tensors);
    let wave: Tensor<2> =
        (cloud.clone().narrow(0, 0, 33).mul_scalar(0.5).exp().matmul(cloud.clone().narrow(0, 50, 33).transpose()))
            .sin();
    // Laid out in memory otherwise than row by row.
    let turned = cloud.clone().transpose().mul_scalar(0.9).transpose();
    let pairs = [cloud.mul_scalar(0.8), turned];
    for (number, tensor) in pairs.into_iter().enumerate() {
        for count in [300, 20_000] {
            let tensor = tensor.clone().narrow(0, 0, count);
            let host = uploaded(read(tensor.clone()).unwrap());
            let own = Handover::InPlace.hand_over(tensor).unwrap();
            assert!(matches!(own, Drawable::Device(_)) && own.len() == host.len());
            for classes in [None, Some(classes())] {
                let drawn = [(0, own.clone()), (1, host.clone())].map(|(place, drawable)| {
                    Picture::Points(PointsPicture {
                        classes: classes.clone(),
                        ..points(place, drawable, PLACES[place])
                    })
                });
                let image = draw(&mut window, drawn.to_vec());
                let [own, host] = PLACES.map(|place| part(&image, place));
                assert!(own == host, "points {number}, {count}, {}", classes.is_some());
                assert!(colours(&own) > 5, "a picture of nothing is equal to another");
            }
        }
    }
    for wave in [wave.clone(), wave.transpose()] {
        let host = uploaded(read(wave.clone()).unwrap());
        let own = Handover::InPlace.hand_over(wave).unwrap();
        let image = draw(&mut window, vec![map(0, own, 33), map(1, host, 33)]);
        let [own, host] = PLACES.map(|place| part(&image, place));
        assert!(own == host && colours(&own) > 50);
    }
}

/// What a buffer holds, without the library that filled it.
fn copied(state: &RenderState, drawable: &Drawable) -> Vec<f32> {
    let Drawable::Device(own) = drawable else { panic!("not on the device") };
    let size = (drawable.len() * size_of::<f32>()) as u64;
    let staging = state.device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
        mapped_at_creation: false,
    });
    let mut encoder = state.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    encoder.copy_buffer_to_buffer(own.buffer(), own.offset(), &staging, 0, size);
    state.queue.submit([encoder.finish()]);
    staging.map_async(wgpu::MapMode::Read, .., |mapped| mapped.unwrap());
    state.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let bytes = staging.get_mapped_range(..).unwrap();
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

const SAMPLES: Probe = Probe::Samples { dimensions: [0, 1] };
const MAP: Probe = Probe::LikelihoodMap { dimensions: [0, 1], example: 3 };

fn learner(device: &TrainingDevice) -> Learner {
    let mut experiment = Preset::find("collapse-2d").unwrap().experiment().unwrap();
    experiment.assign("data.examples=500").unwrap();
    let data = dataset(&experiment);
    Learner::new(experiment.runs().unwrap().remove(0), data, device)
}

#[test]
fn readings_of_training_on_the_windows_device_are_drawn_in_place() {
    let Some((state, device)) = shared() else { return };
    let mut window = window(state.clone(), SIZE);
    let [mut on_gpu, mut on_cpu] = [&device, &TrainingDevice::cpu()].map(learner);
    for step in 0..3 {
        let [gpu, cpu] = [&mut on_gpu, &mut on_cpu].map(|learner| learner.answer(SAMPLES).unwrap().value);
        let (ReadingValue::Samples(gpu), ReadingValue::Samples(cpu)) = (gpu, cpu) else { panic!("no samples") };
        assert!(matches!(cpu.points, Drawable::Host(_)));
        assert!(gpu.effort.samples() > 900_000 && cpu.effort.samples() > 90_000);
        let values = copied(&state, &gpu.points);
        // The first round has the same noise for both.
        let expected = &cpu.points.host().unwrap()[..2 * cpu.effort.examples];
        let error = values.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(error < 1e-3, "step {step}: {error}");
        let drawn = [(0, gpu.points.clone()), (1, uploaded(values))].map(|(place, drawable)| {
            let of_examples = gpu.classes.clone().expect("classes");
            let classes = Some(PointClasses { of_examples, ..classes() });
            Picture::Points(PointsPicture { classes, ..points(place, drawable, PLACES[place]) })
        });
        let image = draw(&mut window, drawn.to_vec());
        let [own, host] = PLACES.map(|place| part(&image, place));
        assert!(own == host && colours(&own) > 100, "step {step}: a million points");

        let ReadingValue::LikelihoodMap(read_back) = on_gpu.answer(MAP).unwrap().value else { panic!("no map") };
        assert_eq!(copied(&state, &read_back.drawn), *read_back.log_likelihood, "step {step}");
        let host = Drawable::Host(read_back.log_likelihood.clone());
        let pictures = vec![map(0, read_back.drawn.clone(), read_back.side), map(1, host, read_back.side)];
        let image = draw(&mut window, pictures);
        let [own, host] = PLACES.map(|place| part(&image, place));
        assert!(own == host, "step {step}: a map");
        on_gpu.step().unwrap();
        on_cpu.step().unwrap();
    }
}

#[test]
fn columns_do_not_draw_over_each_other() {
    let Some(state) = state() else { return };
    let mut window = window(state, SIZE);
    let clouds = [0.5, 1.5].map(|scale| uploaded(read(normals(5_000, &Device::flex()).mul_scalar(scale)).unwrap()));
    let both = |order: [usize; 2]| {
        [0, 1].map(|place| Picture::Points(points(place, clouds[order[place]].clone(), PLACES[place]))).to_vec()
    };
    let image = draw(&mut window, both([0, 1]));
    let [narrow, wide] = PLACES.map(|place| part(&image, place));
    assert!(narrow != wide);
    let image = draw(&mut window, both([1, 0]));
    assert!(PLACES.map(|place| part(&image, place)) == [wide, narrow]);
}

#[test]
fn memory_does_not_grow_with_the_number_of_readings() {
    let Some((state, device)) = shared() else { return };
    let mut window = window(state.clone(), SIZE);
    let tensors = device.tensors();
    let cloud = normals(200_000, &tensors);
    let allocated = |update: usize| {
        state.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let report = state.device.generate_allocator_report().expect("a report of the graphics memory");
        (update, report.total_allocated_bytes)
    };
    let mut seen = Vec::new();
    for update in 0..60 {
        let tensor = cloud.clone().mul_scalar(1.0 + 0.01 * update as f32);
        let host = uploaded(read(tensor.clone()).unwrap());
        let own = Handover::InPlace.hand_over(tensor).unwrap();
        let pictures = [(0, own), (1, host)];
        let pictures =
            pictures.map(|(place, drawable)| Picture::Points(points(place, drawable, PLACES[place]))).to_vec();
        let image = draw(&mut window, pictures);
        assert!(part(&image, PLACES[0]) == part(&image, PLACES[1]), "update {update}");
        if update >= 20 {
            seen.push(allocated(update));
        }
    }
    let (smallest, largest) =
        seen.iter().fold((u64::MAX, 0), |(low, high), (_, bytes)| (low.min(*bytes), high.max(*bytes)));
    // One reading more than that would show: each is of 1.6 MB.
    assert!(largest - smallest < 8 << 20 && seen[39].1 <= seen[0].1 + (2 << 20), "{seen:?}");
}
