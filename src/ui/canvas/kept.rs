//! Pictures that are kept as textures: drawn when what they show changes, and otherwise copied, pixel for pixel.

use super::pipelines::{PICTURE_FORMAT, Pipelines};
use bytemuck::{Pod, Zeroable};
use eframe::egui::{Color32, Id, Rect};
use eframe::egui_wgpu::{ScreenDescriptor, wgpu};
use std::collections::HashMap;
use wgpu::util::DeviceExt as _;

/// Everything that a picture depends on.
pub(super) trait Shown {
    /// What drawing it needs on the device, kept for the next time.
    type Buffers: Default;

    /// Whether a picture of `other` looks the same. Large values are compared by address.
    fn is(&self, other: &Self) -> bool;
}

/// Kept pictures of one kind, side by side by key.
pub(super) struct Pictures<S: Shown> {
    kept: HashMap<Id, Kept<S>>,
}

struct Kept<S: Shown> {
    shown: S,
    buffers: S::Buffers,
    place: wgpu::Buffer,
    copy: wgpu::BindGroup,
}

/// `Place` of `copy.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Place {
    rect: [f32; 4],
    screen: [f32; 2],
    linear: f32,
    unused: f32,
}

/// What drawing needs of a frame.
pub(super) struct Frame<'a> {
    pub device: &'a wgpu::Device,
    pub queue: &'a wgpu::Queue,
    pub encoder: &'a mut wgpu::CommandEncoder,
    pub pipelines: &'a Pipelines,
}

impl<S: Shown> Default for Pictures<S> {
    fn default() -> Self {
        Self { kept: HashMap::new() }
    }
}

impl<S: Shown> Pictures<S> {
    /// Brings the picture of a key up to date, drawing it with `draw` where it shows something else, and says where it goes.
    pub fn prepare(
        &mut self,
        frame: &mut Frame<'_>,
        screen: &ScreenDescriptor,
        (key, rect): (Id, Rect),
        shown: S,
        draw: impl FnOnce(&mut Frame<'_>, &S, &mut S::Buffers) -> wgpu::TextureView,
    ) {
        if !self.kept.get(&key).is_some_and(|kept| kept.shown.is(&shown)) {
            let mut buffers = self.kept.remove(&key).map(|former| former.buffers).unwrap_or_default();
            let picture = draw(frame, &shown, &mut buffers);
            let place = frame.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("place"),
                size: size_of::<Place>() as u64,
                usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            let copy = bind(frame.device, &frame.pipelines.copy_layout, [place.as_entire_binding(), texture(&picture)]);
            self.kept.insert(key, Kept { shown, buffers, place, copy });
        }
        if let Some(kept) = self.kept.get(&key) {
            let [width, height] = screen.size_in_pixels;
            let place = Place {
                rect: pixel_rect(rect, screen.pixels_per_point),
                screen: [width as f32, height as f32],
                linear: f32::from(u8::from(frame.pipelines.screen_is_linear)),
                unused: 0.0,
            };
            frame.queue.write_buffer(&kept.place, 0, bytemuck::bytes_of(&place));
        }
    }

    /// Copies the picture of a key to its place.
    pub fn paint(
        &self,
        key: Id,
        screen_size: [u32; 2],
        pass: &mut wgpu::RenderPass<'static>,
        copy: &wgpu::RenderPipeline,
    ) {
        let Some(kept) = self.kept.get(&key) else { return };
        // egui's viewport is cut at the window's edge, which would squeeze a picture that is partly scrolled out.
        let [width, height] = screen_size;
        pass.set_viewport(0.0, 0.0, width as f32, height as f32, 0.0, 1.0);
        pass.set_pipeline(copy);
        pass.set_bind_group(0, &kept.copy, &[]);
        pass.draw(0..4, 0..1);
    }
}

/// Left, top, width and height in whole pixels.
pub(super) fn pixel_rect(rect: Rect, pixels_per_point: f32) -> [f32; 4] {
    let (min, max) = (rect.min * pixels_per_point, rect.max * pixels_per_point);
    let (left, top) = (min.x.round(), min.y.round());
    [left, top, (max.x.round() - left).clamp(1.0, 4096.0), (max.y.round() - top).clamp(1.0, 4096.0)]
}

/// Begins a pass over a cleared texture.
pub(super) fn begin<'encoder>(
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

/// A texture to draw into and to read from.
pub(super) fn target(
    device: &wgpu::Device,
    label: &str,
    [width, height]: [f32; 2],
    format: wgpu::TextureFormat,
) -> wgpu::TextureView {
    let descriptor = descriptor(label, [width as u32, height as u32], format, wgpu::TextureUsages::RENDER_ATTACHMENT);
    device.create_texture(&descriptor).create_view(&wgpu::TextureViewDescriptor::default())
}

/// A texture that holds `texels`.
pub(super) fn filled(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    label: &str,
    size: [u32; 2],
    format: wgpu::TextureFormat,
    texels: &[u8],
) -> wgpu::TextureView {
    let descriptor = descriptor(label, size, format, wgpu::TextureUsages::COPY_DST);
    let order = wgpu::util::TextureDataOrder::LayerMajor;
    device
        .create_texture_with_data(queue, &descriptor, order, texels)
        .create_view(&wgpu::TextureViewDescriptor::default())
}

fn descriptor<'a>(
    label: &'a str,
    [width, height]: [u32; 2],
    format: wgpu::TextureFormat,
    usage: wgpu::TextureUsages,
) -> wgpu::TextureDescriptor<'a> {
    wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: usage | wgpu::TextureUsages::TEXTURE_BINDING,
        view_formats: &[],
    }
}

/// A colour map as a texture of one row.
pub(super) fn ramp_texture(device: &wgpu::Device, queue: &wgpu::Queue, ramp: &[Color32]) -> wgpu::TextureView {
    let colors: Vec<u8> = ramp.iter().flat_map(Color32::to_array).collect();
    filled(device, queue, "ramp", [ramp.len() as u32, 1], PICTURE_FORMAT, &colors)
}

/// A buffer that starts with `contents`.
pub(super) fn buffer(device: &wgpu::Device, label: &str, contents: &[u8], usage: wgpu::BufferUsages) -> wgpu::Buffer {
    device.create_buffer_init(&wgpu::util::BufferInitDescriptor { label: Some(label), contents, usage })
}

/// Resources at bindings 0, 1 and so on.
pub(super) fn bind<const COUNT: usize>(
    device: &wgpu::Device,
    layout: &wgpu::BindGroupLayout,
    resources: [wgpu::BindingResource<'_>; COUNT],
) -> wgpu::BindGroup {
    let entries: Vec<_> =
        (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
    device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

/// A texture to be bound.
pub(super) fn texture(view: &wgpu::TextureView) -> wgpu::BindingResource<'_> {
    wgpu::BindingResource::TextureView(view)
}
