//! The aggregated posterior in a plane, drawn by `shaders/density.wgsl` into a texture that is kept until the numbers, the size or the
//! colours change. A frame in which nothing changed copies one texture.

use super::pipelines::{PICTURE_FORMAT, Pipelines};
use crate::train::Plane;
use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, PaintCallbackInfo, Rect};
use eframe::egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor, wgpu};
use std::collections::HashMap;
use std::sync::Arc;
use wgpu::util::DeviceExt as _;

/// Colours of the map from density to colour.
pub const RAMP_COLORS: usize = 256;

/// Value that the highest density is stored as.
const STORED_PEAK: f32 = 1024.0;
/// Texels per standard deviation of the narrow Gaussians: the error of interpolating between them stays below what 256 colours show.
const TEXELS_PER_SD: f32 = 3.0;
const FEWEST_TEXELS: u32 = 24;
const MOST_TEXELS: u32 = 512;

/// What to draw where; made anew every frame, and cheap.
pub struct DensityPicture {
    /// Pictures of different keys are kept side by side: one per run.
    pub key: usize,
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
    /// Colour map, [`RAMP_COLORS`] entries; compared by address.
    pub ramp: &'static [Color32],
    /// Colour of the posterior means.
    pub dot: Color32,
}

/// Pipelines and kept pictures, among egui's callback resources.
pub(super) struct Canvas {
    pipelines: Pipelines,
    pictures: HashMap<usize, Kept>,
}

impl Canvas {
    pub fn new(pipelines: Pipelines) -> Self {
        Self { pipelines, pictures: HashMap::new() }
    }
}

/// What a kept picture shows.
#[derive(Clone)]
struct Shown {
    plane: Arc<Plane>,
    uniforms: Uniforms,
    ramp: &'static [Color32],
}

struct Kept {
    shown: Shown,
    place: wgpu::Buffer,
    copy: wgpu::BindGroup,
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

/// `Place` of the shader.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Place {
    rect: [f32; 4],
    screen: [f32; 2],
    linear: f32,
    unused: f32,
}

impl Shown {
    fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.plane, &other.plane) && self.uniforms == other.uniforms && std::ptr::eq(self.ramp, other.ramp)
    }
}

impl DensityPicture {
    fn pixel_rect(&self, pixels_per_point: f32) -> [f32; 4] {
        let (min, max) = (self.rect.min * pixels_per_point, self.rect.max * pixels_per_point);
        let (left, top) = (min.x.round(), min.y.round());
        [left, top, (max.x.round() - left).clamp(1.0, 4096.0), (max.y.round() - top).clamp(1.0, 4096.0)]
    }

    fn shown(&self, pixels_per_point: f32) -> Shown {
        let [_, _, width, height] = self.pixel_rect(pixels_per_point);
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
        Shown { plane: self.plane.clone(), uniforms, ramp: self.ramp }
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
        let Some(canvas) = resources.get_mut::<Canvas>() else { return Vec::new() };
        let shown = self.shown(screen.pixels_per_point);
        if !canvas.pictures.get(&self.key).is_some_and(|kept| kept.shown.is(&shown)) {
            let kept = draw(device, queue, encoder, &canvas.pipelines, shown);
            canvas.pictures.insert(self.key, kept);
        }
        if let Some(kept) = canvas.pictures.get(&self.key) {
            let [width, height] = screen.size_in_pixels;
            let place = Place {
                rect: self.pixel_rect(screen.pixels_per_point),
                screen: [width as f32, height as f32],
                linear: f32::from(u8::from(canvas.pipelines.screen_is_linear)),
                unused: 0.0,
            };
            queue.write_buffer(&kept.place, 0, bytemuck::bytes_of(&place));
        }
        Vec::new()
    }

    fn paint(&self, info: PaintCallbackInfo, pass: &mut wgpu::RenderPass<'static>, resources: &CallbackResources) {
        let Some(canvas) = resources.get::<Canvas>() else { return };
        let Some(kept) = canvas.pictures.get(&self.key) else { return };
        // egui's viewport is cut at the window's edge, which would squeeze a picture that is partly scrolled out.
        let [width, height] = info.screen_size_px;
        pass.set_viewport(0.0, 0.0, width as f32, height as f32, 0.0, 1.0);
        pass.set_pipeline(&canvas.pipelines.copy);
        pass.set_bind_group(0, &kept.copy, &[]);
        pass.draw(0..4, 0..1);
    }
}

/// Draws a picture into a texture of its own.
fn draw(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    encoder: &mut wgpu::CommandEncoder,
    pipelines: &Pipelines,
    shown: Shown,
) -> Kept {
    let uniforms = shown.uniforms;
    let density =
        texture(device, "density", uniforms.texels, pipelines.density_format, wgpu::TextureUsages::RENDER_ATTACHMENT);
    let picture = texture(device, "picture", uniforms.pixels, PICTURE_FORMAT, wgpu::TextureUsages::RENDER_ATTACHMENT);
    let ramp = ramp_texture(device, queue, shown.ramp);
    let buffer = |label, contents: &[u8], usage| {
        device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
    };
    let numbers = buffer("density uniforms", bytemuck::bytes_of(&uniforms), wgpu::BufferUsages::UNIFORM);
    let count = shown.plane.posteriors.len() as u32;
    let gaussians = buffer("gaussians", bytemuck::cast_slice(&shown.plane.posteriors), wgpu::BufferUsages::VERTEX);
    let plain = bind(device, &pipelines.uniform_layout, &numbers, &[]);
    let coloured = bind(device, &pipelines.colour_layout, &numbers, &[&density, &ramp]);

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

    let place = device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("place"),
        size: size_of::<Place>() as u64,
        usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let copy = bind(device, &pipelines.copy_layout, &place, &[&picture]);
    Kept { shown, place, copy }
}

fn begin<'encoder>(
    encoder: &'encoder mut wgpu::CommandEncoder,
    label: &str,
    view: &wgpu::TextureView,
) -> wgpu::RenderPass<'encoder> {
    let ops = wgpu::Operations { load: wgpu::LoadOp::Clear(wgpu::Color::TRANSPARENT), store: wgpu::StoreOp::Store };
    let target = wgpu::RenderPassColorAttachment { view, depth_slice: None, resolve_target: None, ops };
    encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some(label),
        color_attachments: &[Some(target)],
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    })
}

fn texture(
    device: &wgpu::Device,
    label: &str,
    [width, height]: [f32; 2],
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureView {
    let size = wgpu::Extent3d { width: width as u32, height: height as u32, depth_or_array_layers: 1 };
    let texture = device.create_texture(&wgpu::TextureDescriptor {
        label: Some(label),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    });
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

fn ramp_texture(device: &wgpu::Device, queue: &wgpu::Queue, ramp: &[Color32]) -> wgpu::TextureView {
    let size = wgpu::Extent3d { width: ramp.len() as u32, height: 1, depth_or_array_layers: 1 };
    let descriptor = wgpu::TextureDescriptor {
        label: Some("ramp"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: PICTURE_FORMAT,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    };
    let colors: Vec<u8> = ramp.iter().flat_map(Color32::to_array).collect();
    let texture =
        device.create_texture_with_data(queue, &descriptor, wgpu::util::TextureDataOrder::LayerMajor, &colors);
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

fn bind(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    uniforms: &wgpu::Buffer,
    textures: &[&wgpu::TextureView],
) -> wgpu::BindGroup {
    let mut entries = vec![wgpu::BindGroupEntry { binding: 0, resource: uniforms.as_entire_binding() }];
    entries.extend(
        textures.iter().zip(1..).map(|(view, binding)| wgpu::BindGroupEntry {
            binding,
            resource: wgpu::BindingResource::TextureView(view),
        }),
    );
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}
