//! Values over a plane as colours, drawn by `shaders/heat_map.wgsl` at the window's resolution.

use super::kept::{Frame, Shown, begin, bind, buffer, pixel_rect, ramp_texture, target, texture};
use super::pipelines::PICTURE_FORMAT;
use super::source::Source;
use super::{Canvas, ramp_color, reads_buffers};
use crate::device::{Drawable, Identity};
use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Id, Mesh, PaintCallbackInfo, Painter, Rect, lerp};
use eframe::egui_wgpu::{Callback, CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};

/// Points per axis that the shader needs.
const FEWEST: usize = 4;
/// Points per axis of the mesh that stands in where there are no shaders.
const MESH_SIDE: usize = 96;

/// Values on a regular grid to draw as colours; made anew every frame, and cheap.
///
/// Between the points values are interpolated by bicubic Catmull-Rom splines, which go through every one of them. The texture is drawn
/// again only when one of these fields changes; `values` and `ramp` are compared by address. The shader reads values of the device that draws where they
/// are, and others from an upload.
///
/// ```no_run
/// # use collapsar::ui::canvas::{HeatMapPicture, viridis};
/// # use eframe::egui::{Id, Painter, Rect};
/// # fn draw(painter: &Painter, rect: Rect, values: std::sync::Arc<Vec<f32>>) {
/// let (key, values) = (Id::unique("likelihood of example 3"), values.into());
/// HeatMapPicture { key, values, side: 65, low: -8.0, high: 0.0, rect, ramp: viridis(), contours: None }.paint(painter);
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HeatMapPicture {
    /// Pictures of different keys are kept side by side: one per panel and run.
    pub key: Id,
    /// Row-major `[side, side]`, the vertical axis ascending by rows: the first row is at the bottom. The outer points lie on the
    /// edges of `rect`. What is not finite counts as `low`.
    pub values: Drawable,
    /// Points per axis, at least 2; below 4 interpolation is linear.
    pub side: usize,
    /// Value that gets the first colour, as do all below it.
    pub low: f32,
    /// Value that gets the last colour, as do all above it.
    pub high: f32,
    /// Where on the screen, in points.
    pub rect: Rect,
    /// Colour map, such as [`viridis`](super::viridis).
    pub ramp: &'static [Color32],
    /// Contour lines of the values.
    pub contours: Option<Contours>,
}

/// Lines along which the values of a [`HeatMapPicture`] are equal. They fade where they would lie too close to be told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contours {
    /// A value that has a line.
    pub from: f32,
    /// Difference between neighbouring lines, in the unit of the values; above 0.
    pub every: f32,
    /// Width in points.
    pub width: f32,
    /// Colour.
    pub color: Color32,
}

/// What a kept picture shows.
#[derive(Clone)]
pub(super) struct ShownMap {
    values: Identity,
    uniforms: Uniforms,
    ramp: &'static [Color32],
}

/// `Map` of the shader.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Uniforms {
    low: f32,
    high: f32,
    from: f32,
    every: f32,
    pixels: [f32; 2],
    width: f32,
    side: u32,
    line: [f32; 4],
}

impl Shown for ShownMap {
    type Buffers = Source<f32>;

    fn is(&self, other: &Self) -> bool {
        self.values == other.values && self.uniforms == other.uniforms && std::ptr::eq(self.ramp, other.ramp)
    }
}

impl HeatMapPicture {
    /// Adds the picture to a painter: by the shader, or as a coarser mesh without contours where there is none. Draws nothing where
    /// there are not `[side, side]` values, or no range of values for the colours.
    pub fn paint(self, painter: &Painter) {
        let is_drawable = self.side >= 2 && self.values.len() == self.side * self.side && self.high > self.low;
        if !is_drawable || !self.rect.is_positive() {
            return;
        }
        if reads_buffers(painter.ctx()) && self.side >= FEWEST {
            painter.add(Callback::new_paint_callback(self.rect, self));
        } else if let Some(values) = self.values.host() {
            painter.add(self.mesh(values));
        }
    }

    fn shown(&self, pixels_per_point: f32) -> ShownMap {
        let [_, _, width, height] = pixel_rect(self.rect, pixels_per_point);
        let contours = self.contours.filter(|contours| contours.every > 0.0 && contours.every.is_finite());
        let uniforms = Uniforms {
            low: self.low,
            high: self.high,
            from: contours.map_or(0.0, |contours| contours.from),
            every: contours.map_or(0.0, |contours| contours.every),
            pixels: [width, height],
            width: contours.map_or(0.0, |contours| contours.width) * pixels_per_point,
            side: self.side as u32,
            line: contours
                .map_or([0.0; 4], |contours| contours.color.to_array().map(|channel| f32::from(channel) / 255.0)),
        };
        ShownMap { values: self.values.identity(), uniforms, ramp: self.ramp }
    }

    fn mesh(&self, values: &[f32]) -> Mesh {
        let count = self.side.min(MESH_SIDE);
        let place = |at: usize| at * (self.side - 1) / (count - 1);
        let mut mesh = Mesh::default();
        for row in 0..count {
            for column in 0..count {
                let (x, y) = (place(column), place(row));
                let fraction = (values[y * self.side + x] - self.low) / (self.high - self.low);
                let last = (self.side - 1) as f32;
                let point = eframe::egui::pos2(
                    lerp(self.rect.x_range(), x as f32 / last),
                    lerp(self.rect.bottom()..=self.rect.top(), y as f32 / last),
                );
                mesh.colored_vertex(point, ramp_color(self.ramp, fraction));
                if row > 0 && column > 0 {
                    let here = (row * count + column) as u32;
                    let below = here - count as u32;
                    mesh.add_triangle(below - 1, below, here);
                    mesh.add_triangle(below - 1, here - 1, here);
                }
            }
        }
        mesh
    }
}

impl CallbackTrait for HeatMapPicture {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(Canvas { pipelines, heat_maps, .. }) = resources.get_mut::<Canvas>() else { return Vec::new() };
        let mut frame = Frame { device, queue, encoder, pipelines };
        let shown = self.shown(screen.pixels_per_point);
        heat_maps.prepare(&mut frame, screen, (self.key, self.rect), shown, |frame, shown, source| {
            draw(frame, shown, &self.values, source)
        });
        Vec::new()
    }

    fn paint(&self, info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(canvas) = resources.get::<Canvas>() else { return };
        canvas.heat_maps.paint(self.key, info.screen_size_px, pass, &canvas.pipelines.copy);
    }
}

/// Draws a picture into a texture of its own.
fn draw(frame: &mut Frame<'_>, shown: &ShownMap, values: &Drawable, source: &mut Source<f32>) -> wgpu::TextureView {
    let Frame { device, queue, encoder, pipelines } = frame;
    let Some(pipelines) = &pipelines.reading else { return target(device, "nothing", [1.0; 2], PICTURE_FORMAT) };
    let values = source.of(device, queue, values);
    let picture = target(device, "heat map", shown.uniforms.pixels, PICTURE_FORMAT);
    let ramp = ramp_texture(device, queue, shown.ramp);
    let numbers = buffer(device, "heat map uniforms", bytemuck::bytes_of(&shown.uniforms), wgpu::BufferUsages::UNIFORM);
    let bound = bind(device, &pipelines.heat_map_layout, [numbers.as_entire_binding(), values, texture(&ramp)]);
    let mut pass = begin(encoder, "heat map", &picture);
    pass.set_pipeline(&pipelines.heat_map);
    pass.set_bind_group(0, &bound, &[]);
    pass.draw(0..4, 0..1);
    drop(pass);
    picture
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::canvas::viridis;
    use eframe::egui::pos2;
    use std::sync::Arc;

    #[test]
    fn without_shaders_the_first_row_is_at_the_bottom() {
        let values = Arc::new(vec![0.0, 1.0, 2.0, f32::NAN]);
        let drawn = values.clone().into();
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(10.0, 20.0));
        let picture = HeatMapPicture {
            key: Id::unique("test"),
            values: drawn,
            side: 2,
            low: 0.0,
            high: 2.0,
            rect,
            ramp: viridis(),
            contours: None,
        };
        let vertices: Vec<_> = picture.mesh(&values).vertices.iter().map(|vertex| (vertex.pos, vertex.color)).collect();
        let color = |fraction| ramp_color(viridis(), fraction);
        let expected = [
            (pos2(0.0, 20.0), color(0.0)),
            (pos2(10.0, 20.0), color(0.5)),
            (pos2(0.0, 0.0), color(1.0)),
            (pos2(10.0, 0.0), color(0.0)),
        ];
        assert_eq!(vertices, expected);
    }
}
