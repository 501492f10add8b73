//! Heat maps, read back from the screen.

use collapsar::device::Drawable;
use collapsar::ui::canvas::{self, Contours, HeatMapPicture, ramp_color, viridis};
use collapsar::ui::picture::{PictureError, render_state};
use eframe::egui::{Color32, Id, Rect, Ui, Vec2, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::wgpu::WgpuTestRenderer;
use image::RgbaImage;
use std::sync::Arc;

const SIDE: usize = 17;
const SIZE: Vec2 = vec2(420.0, 200.0);
/// Two pictures of 160 pixels beside each other.
const PLACES: [Rect; 2] =
    [Rect { min: pos2(20.0, 30.0), max: pos2(180.0, 190.0) }, Rect { min: pos2(220.0, 10.0), max: pos2(380.0, 170.0) }];

type Function = fn(f32, f32) -> f32;

struct Maps {
    pictures: Vec<HeatMapPicture>,
}

impl eframe::App for Maps {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        for picture in &self.pictures {
            picture.clone().paint(ui.painter());
        }
    }
}

/// A function over [−1, 1]² on the grid.
fn picture(place: usize, function: Function) -> HeatMapPicture {
    let at = |index: usize| 2.0 * index as f32 / (SIDE - 1) as f32 - 1.0;
    HeatMapPicture {
        key: Id::unique(("heat map", place)),
        values: Drawable::Host(Arc::new(
            (0..SIDE * SIDE).map(|point| function(at(point % SIDE), at(point / SIDE))).collect(),
        )),
        side: SIDE,
        low: -2.0,
        high: 2.0,
        rect: PLACES[place],
        ramp: viridis(),
        contours: None,
    }
}

fn window(pictures: Vec<HeatMapPicture>) -> Option<Harness<'static, Maps>> {
    let state = match render_state() {
        Ok(state) => state,
        Err(PictureError::Adapter(reason)) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: {reason}");
            return None;
        }
        Err(error) => panic!("{error}"),
    };
    let renderer = WgpuTestRenderer::from_render_state(state);
    Some(Harness::builder().with_size(SIZE).renderer(renderer).build_eframe(|creation| {
        canvas::install(&creation.egui_ctx, creation.wgpu_render_state.as_ref());
        Maps { pictures }
    }))
}

fn draw(window: &mut Harness<'static, Maps>) -> RgbaImage {
    window.run_steps(2);
    window.render().expect("an image")
}

/// Largest difference of any channel between the picture and the colours of a function.
fn difference(image: &RgbaImage, place: usize, function: Function) -> u8 {
    let rect = PLACES[place];
    let mut largest = 0;
    for row in 0..160 {
        for column in 0..160 {
            let [x, y] = [column, 159 - row].map(|pixel| (pixel as f32 + 0.5) / 80.0 - 1.0);
            let pixel = image.get_pixel(rect.min.x as u32 + column, rect.min.y as u32 + row);
            let expected = ramp_color(viridis(), (function(x, y) + 2.0) / 4.0);
            for channel in 0..3 {
                largest = largest.max(pixel[channel].abs_diff(expected.to_array()[channel]));
            }
        }
    }
    largest
}

/// Catmull-Rom splines are exact for quadratics.
fn quadratic(x: f32, y: f32) -> f32 {
    0.5 - x * x + 0.8 * x * y + 0.6 * y
}

/// Steeper than the colours reach.
fn plane(x: f32, y: f32) -> f32 {
    0.7 * x + 1.6 * y
}

#[test]
fn colours_are_those_of_the_values() {
    let Some(mut window) = window(vec![picture(0, quadratic), picture(1, plane)]) else { return };
    let image = draw(&mut window);
    let [curved, straight] = [difference(&image, 0, quadratic), difference(&image, 1, plane)];
    assert!(curved <= 2 && straight <= 2, "{curved} {straight}");
    // A wrong row order or a neighbour's picture would be far off.
    assert!(difference(&image, 0, plane) > 40 && difference(&image, 1, |x, y| plane(x, -y)) > 40);
}

#[test]
fn a_picture_follows_its_values() {
    let Some(mut window) = window(vec![picture(0, quadratic), picture(1, plane)]) else { return };
    draw(&mut window);
    window.state_mut().pictures[0] = picture(0, plane);
    let image = draw(&mut window);
    let differences = [0, 1].map(|place| difference(&image, place, plane));
    assert!(differences.iter().all(|difference| *difference <= 2), "{differences:?}");
}

#[test]
fn contours_lie_where_the_values_are_those_of_the_lines() {
    let contours = Contours { from: 0.0, every: 0.8, width: 2.0, color: Color32::WHITE };
    let sloped: Function = |_, y| 1.6 * y;
    let flat: Function = |_, _| 0.8;
    let pictures = [sloped, flat].into_iter().enumerate();
    let pictures =
        pictures.map(|(place, function)| HeatMapPicture { contours: Some(contours), ..picture(place, function) });
    let Some(mut window) = window(pictures.collect()) else { return };
    let image = draw(&mut window);
    let column = |row: u32| *image.get_pixel(100, PLACES[0].min.y as u32 + row);
    // 1.6 y = 0, ±0.8 at y = 0, ±½; rows go down.
    for line in [40, 80, 120] {
        assert_eq!(column(line - 1).0[..3], [255; 3], "a line above row {line}");
        assert_eq!(column(line).0[..3], [255; 3], "a line below row {line}");
    }
    for between in [20, 60, 100, 140] {
        let y = (159 - between) as f32 / 80.0 + 0.5 / 80.0 - 1.0;
        let expected = ramp_color(viridis(), (1.6 * y + 2.0) / 4.0);
        assert!(column(between)[0].abs_diff(expected.r()) <= 2, "no line at row {between}");
    }
    assert!(difference(&image, 1, flat) <= 2, "a plateau at the value of a line is no line");
}
