//! Very many points in a plane, drawn by `shaders/points.wgsl`: ink is added up per pixel, so that a million points cost what their numbers
//! cost to read, and a picture of them can still be read.

use super::kept::{Frame, Shown, begin, bind, buffer, pixel_rect, ramp_texture, target, texture};
use super::pipelines::PICTURE_FORMAT;
use super::source::Source;
use super::{Canvas, reads_buffers};
use crate::device::{Drawable, Identity};
use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Id, PaintCallbackInfo, Painter, Rect};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};
use std::sync::{Arc, Weak};

/// More points than this are not drawn: the sums of their ink might not fit into 32 bits.
const MOST: usize = 1 << 20;
/// Uniforms stand in for classes, too, where there are none.
const UNIFORMS: wgpu::BufferUsages = wgpu::BufferUsages::UNIFORM.union(wgpu::BufferUsages::STORAGE);
/// Points of one work group of the shader.
const GROUP: u32 = 256;
/// Largest radius of a point, in points of the screen.
const LARGEST_RADIUS: f32 = 1.6;
/// Points get smaller until they cover so much of the picture, if none lay on another.
const COVERED: f32 = 0.15;
/// Below this radius a point is a pixel.
const SMALLEST_RADIUS: f32 = 0.6;
/// Opacity of a single one of few points, and what it loses for every tenfold more.
const FAINTEST: f32 = 0.75;
const FAINTER: f32 = 0.15;
/// Points on each other at least, before they are opaque.
const LEAST_OPAQUE: f32 = 3.0;

/// Points to draw; made anew every frame, and cheap.
///
/// The texture is drawn again only when one of these fields changes; points and classes are compared by address. The shader reads points of the
/// device that draws where they are, and others from an upload.
#[derive(Clone, Debug)]
pub struct PointsPicture {
    /// Pictures of different keys are kept side by side: one per panel and run.
    pub key: Id,
    /// `[points, 2]`. What is not finite is left out, and so is what lies beyond 1,048,576 points.
    pub points: Drawable,
    /// Classes that points are coloured by.
    pub classes: Option<PointClasses>,
    /// Colour of points without class.
    pub color: Color32,
    /// Colour where there is no point.
    pub background: Color32,
    /// The picture spans [−reach, reach] in both dimensions.
    pub reach: f32,
    /// Density of points that is drawn opaque, as a share of all of them per squared unit.
    pub highest: f32,
    /// Where on the screen, in points.
    pub rect: Rect,
}

/// Classes of points.
#[derive(Clone, Debug)]
pub struct PointClasses {
    /// Class of each of n examples; point i is of example i mod n.
    pub of_examples: Arc<Vec<u32>>,
    /// Colour of each class; they start again where there are more classes.
    pub colors: Arc<Vec<Color32>>,
}

/// Which classes, and in which colours, without keeping either alive.
type ClassesIdentity = (Weak<Vec<u32>>, Weak<Vec<Color32>>);

/// What a kept picture shows.
#[derive(Clone)]
pub(super) struct ShownPoints {
    points: Identity,
    classes: Option<ClassesIdentity>,
    uniforms: Uniforms,
}

/// What drawing needs on the device.
#[derive(Default)]
pub(super) struct PointBuffers {
    points: Source<f32>,
    classes: Source<u32>,
    sums: Option<wgpu::Buffer>,
}

/// `Picture` of the shader.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Uniforms {
    reach: f32,
    radius: f32,
    faintest: f32,
    opaque: f32,
    pixels: [f32; 2],
    count: u32,
    examples: u32,
    colour: [f32; 4],
    background: [f32; 4],
}

impl Shown for ShownPoints {
    type Buffers = PointBuffers;

    fn is(&self, other: &Self) -> bool {
        let same_classes = match (&self.classes, &other.classes) {
            (Some(own), Some(other)) => Weak::ptr_eq(&own.0, &other.0) && Weak::ptr_eq(&own.1, &other.1),
            (None, None) => true,
            _ => false,
        };
        same_classes && self.points == other.points && self.uniforms == other.uniforms
    }
}

impl PointsPicture {
    /// Adds the picture to a painter. Draws nothing where shaders cannot read buffers.
    pub fn paint(self, painter: &Painter) {
        if reads_buffers(painter.ctx()) && self.rect.is_positive() {
            painter.add(Callback::new_paint_callback(self.rect, self));
        }
    }

    fn shown(&self, pixels_per_point: f32) -> ShownPoints {
        let [_, _, width, height] = pixel_rect(self.rect, pixels_per_point);
        let count = (self.points.len() / 2).min(MOST);
        let classes = self.classes.as_ref().filter(|classes| !classes.of_examples.is_empty());
        let look = Look::of(count, [width, height], pixels_per_point);
        let area = (2.0 * self.reach).powi(2) / (width * height);
        let color = |color: Color32| color.to_array().map(|channel| f32::from(channel) / 255.0);
        let uniforms = Uniforms {
            reach: self.reach,
            radius: look.radius,
            faintest: look.faintest,
            opaque: (self.highest * count as f32 * area * look.pixels()).max(LEAST_OPAQUE),
            pixels: [width, height],
            count: count as u32,
            examples: classes.map_or(0, |classes| classes.of_examples.len() as u32),
            colour: color(self.color),
            background: color(self.background),
        };
        let classes = classes.map(|classes| (Arc::downgrade(&classes.of_examples), Arc::downgrade(&classes.colors)));
        ShownPoints { points: self.points.identity(), classes, uniforms }
    }
}

/// How a point looks: the more there are, the smaller and the fainter.
struct Look {
    /// Pixels; 0 for a single pixel.
    radius: f32,
    faintest: f32,
}

impl Look {
    fn of(count: usize, [width, height]: [f32; 2], pixels_per_point: f32) -> Self {
        let count = count.max(1) as f32;
        let radius = (COVERED * width * height / (std::f32::consts::PI * count)).sqrt();
        let radius = radius.min(LARGEST_RADIUS * pixels_per_point);
        let tenfolds = (count / 1000.0).log10().max(0.0);
        Self {
            radius: if radius < SMALLEST_RADIUS { 0.0 } else { radius },
            faintest: (FAINTEST - FAINTER * tenfolds).max(FAINTER),
        }
    }

    /// That it covers.
    fn pixels(&self) -> f32 {
        (std::f32::consts::PI * self.radius * self.radius).max(1.0)
    }
}

impl CallbackTrait for PointsPicture {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(Canvas { pipelines, points, .. }) = resources.get_mut::<Canvas>() else { return Vec::new() };
        let mut frame = Frame { device, queue, encoder, pipelines };
        let shown = self.shown(screen.pixels_per_point);
        points.prepare(&mut frame, screen, (self.key, self.rect), shown, |frame, shown, buffers| {
            self.draw(frame, shown, buffers)
        });
        Vec::new()
    }

    fn paint(&self, info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(canvas) = resources.get::<Canvas>() else { return };
        canvas.points.paint(self.key, info.screen_size_px, pass, &canvas.pipelines.copy);
    }
}

impl PointsPicture {
    /// Draws a picture into a texture of its own.
    fn draw(&self, frame: &mut Frame<'_>, shown: &ShownPoints, buffers: &mut PointBuffers) -> wgpu::TextureView {
        let Frame { device, queue, encoder, pipelines } = frame;
        let uniforms = shown.uniforms;
        let picture = target(device, "points", uniforms.pixels, PICTURE_FORMAT);
        let Some(pipelines) = &pipelines.reading else { return picture };
        let numbers = buffer(device, "points uniforms", bytemuck::bytes_of(&uniforms), UNIFORMS);
        let size = 4 * size_of::<u32>() as u64 * (uniforms.pixels[0] * uniforms.pixels[1]) as u64;
        let sums = match buffers.sums.take().filter(|sums| sums.size() == size) {
            Some(sums) => sums,
            None => device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("sums of ink"),
                size,
                usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            }),
        };
        encoder.clear_buffer(&sums, 0, None);
        if uniforms.count > 0 {
            let single = [self.color];
            let (classes, colors) = match self.classes.as_ref().filter(|_| uniforms.examples > 0) {
                Some(classes) => {
                    (buffers.classes.uploaded(device, queue, &classes.of_examples), classes.colors.as_slice())
                }
                // Never read.
                None => (numbers.as_entire_binding(), &single[..]),
            };
            let colors = ramp_texture(device, queue, colors);
            let points = buffers.points.of(device, queue, &self.points);
            let resources = [numbers.as_entire_binding(), points, classes, texture(&colors), sums.as_entire_binding()];
            let bound = bind(device, &pipelines.accumulate_layout, resources);
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            pass.set_pipeline(&pipelines.accumulate);
            pass.set_bind_group(0, &bound, &[]);
            pass.dispatch_workgroups(uniforms.count.div_ceil(GROUP), 1, 1);
        }
        let resources = [numbers.as_entire_binding(), sums.as_entire_binding()];
        let bound = bind(device, &pipelines.points_layout, resources);
        let mut pass = begin(encoder, "points", &picture);
        pass.set_pipeline(&pipelines.points);
        pass.set_bind_group(0, &bound, &[]);
        pass.draw(0..4, 0..1);
        drop(pass);
        buffers.sums = Some(sums);
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_get_smaller_and_fainter_the_more_there_are() {
        let looks = [100, 10_000, 1_000_000].map(|count| Look::of(count, [300.0, 300.0], 1.0));
        assert_eq!([looks[0].radius, looks[2].radius], [LARGEST_RADIUS, 0.0]);
        assert!(looks.windows(2).all(|pair| pair[1].radius < pair[0].radius && pair[1].faintest < pair[0].faintest));
        assert!(looks[2].faintest >= FAINTER);
    }
}
