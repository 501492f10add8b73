//! The aggregated posterior in a plane, drawn by `shaders/density.wgsl`.

use super::Canvas;
use super::kept::{Frame, Shown, begin, bind, buffer, pixel_rect, ramp_texture, target, texture};
use super::pipelines::PICTURE_FORMAT;
use crate::train::Plane;
use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Id, PaintCallbackInfo, Rect};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};
use std::sync::Arc;

/// Value that the highest density is stored as.
const STORED_PEAK: f32 = 1024.0;
/// Texels per standard deviation of the narrow Gaussians: the error of interpolating between them stays below what 256 colours show.
const TEXELS_PER_SD: f32 = 3.0;
const FEWEST_TEXELS: u32 = 24;
const MOST_TEXELS: u32 = 512;

/// What to draw where; made anew every frame, and cheap.
pub struct DensityPicture {
    /// Pictures of different keys are kept side by side: one per run.
    pub key: Id,
    /// The Gaussians.
    pub plane: Arc<Plane>,
    /// The picture spans [−reach, reach] in both dimensions.
    pub reach: f32,
    /// Density that gets the last colour, per squared unit.
    pub highest: f32,
    /// Narrow standard deviations along each axis, which the texture must resolve.
    pub narrow: [f32; 2],
    /// Where on the screen, in points.
    pub rect: Rect,
    /// Colour map, [`RAMP_COLORS`](super::RAMP_COLORS) entries; compared by address.
    pub ramp: &'static [Color32],
    /// Colour of the posterior means.
    pub dot: Color32,
}

/// What a kept picture shows.
#[derive(Clone)]
pub(super) struct ShownDensity {
    plane: Arc<Plane>,
    uniforms: Uniforms,
    ramp: &'static [Color32],
}

/// `Picture` of the shader.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Pod, Zeroable)]
struct Uniforms {
    reach: f32,
    scale: f32,
    highest: f32,
    radius: f32,
    texels: [f32; 2],
    pixels: [f32; 2],
    dot: [f32; 4],
}

impl Shown for ShownDensity {
    type Buffers = ();

    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plane, &other.plane) && self.uniforms == other.uniforms && std::ptr::eq(self.ramp, other.ramp)
    }
}

impl DensityPicture {
    fn shown(&self, pixels_per_point: f32) -> ShownDensity {
        let [_, _, width, height] = pixel_rect(self.rect, pixels_per_point);
        let texels = |narrow: f32, pixels: f32| {
            let wanted = 2.0 * self.reach * TEXELS_PER_SD / narrow.max(1e-4);
            (wanted as u32).clamp(FEWEST_TEXELS, MOST_TEXELS.min(pixels as u32).max(FEWEST_TEXELS)) as f32
        };
        let count = self.plane.posteriors.len().max(1) as f32;
        let stored = STORED_PEAK / self.highest.max(f32::MIN_POSITIVE);
        let uniforms = Uniforms {
            reach: self.reach,
            scale: stored / (std::f32::consts::TAU * count),
            highest: STORED_PEAK,
            radius: 1.1 * pixels_per_point,
            texels: [texels(self.narrow[0], width), texels(self.narrow[1], height)],
            pixels: [width, height],
            dot: self.dot.to_array().map(|channel| f32::from(channel) / 255.0),
        };
        ShownDensity { plane: self.plane.clone(), uniforms, ramp: self.ramp }
    }
}

impl CallbackTrait for DensityPicture {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        encoder: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let Some(Canvas { pipelines, densities, .. }) = resources.get_mut::<Canvas>() else { return Vec::new() };
        let mut frame = Frame { device, queue, encoder, pipelines };
        densities.prepare(&mut frame, screen, (self.key, self.rect), self.shown(screen.pixels_per_point), draw);
        Vec::new()
    }

    fn paint(&self, info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(canvas) = resources.get::<Canvas>() else { return };
        canvas.densities.paint(self.key, info.screen_size_px, pass, &canvas.pipelines.copy);
    }
}

/// Draws a picture into a texture of its own.
fn draw(frame: &mut Frame<'_>, shown: &ShownDensity, (): &mut ()) -> wgpu::TextureView {
    let Frame { device, queue, encoder, pipelines } = frame;
    let uniforms = shown.uniforms;
    let density = target(device, "density", uniforms.texels, pipelines.density_format);
    let picture = target(device, "picture", uniforms.pixels, PICTURE_FORMAT);
    let ramp = ramp_texture(device, queue, shown.ramp);
    let numbers = buffer(device, "density uniforms", bytemuck::bytes_of(&uniforms), wgpu::BufferUsages::UNIFORM);
    let count = shown.plane.posteriors.len() as u32;
    let gaussians =
        buffer(device, "gaussians", bytemuck::cast_slice(&shown.plane.posteriors), wgpu::BufferUsages::VERTEX);
    let plain = bind(device, &pipelines.uniform_layout, [numbers.as_entire_binding()]);
    let resources = [numbers.as_entire_binding(), texture(&density), texture(&ramp)];
    let coloured = bind(device, &pipelines.colour_layout, resources);

    let mut pass = begin(encoder, "splat", &density);
    if count > 0 {
        pass.set_pipeline(&pipelines.splat);
        pass.set_bind_group(0, &plain, &[]);
        pass.set_vertex_buffer(0, gaussians.slice(..));
        pass.draw(0..4, 0..count);
    }
    drop(pass);
    let mut pass = begin(encoder, "colour", &picture);
    pass.set_pipeline(&pipelines.colour);
    pass.set_bind_group(0, &coloured, &[]);
    pass.draw(0..4, 0..1);
    if count > 0 {
        pass.set_pipeline(&pipelines.dot);
        pass.set_bind_group(0, &plain, &[]);
        pass.set_vertex_buffer(0, gaussians.slice(..));
        pass.draw(0..4, 0..count);
    }
    drop(pass);
    picture
}
