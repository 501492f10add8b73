//! The render pipelines of the shaders in `shaders/`.

use eframe::egui_wgpu::wgpu;

/// Format of a finished picture; its values are those of the screen, not linear light.
pub(super) const PICTURE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Pipelines of the shaders that read storage buffers.
pub(super) struct ReadingPipelines {
    pub heat_map: wgpu::RenderPipeline,
    /// The uniforms, the values, the colour map.
    pub heat_map_layout: wgpu::BindGroupLayout,
    pub accumulate: wgpu::ComputePipeline,
    /// The uniforms, the points, the classes, their colours, the sums.
    pub accumulate_layout: wgpu::BindGroupLayout,
    pub points: wgpu::RenderPipeline,
    /// The uniforms, the sums.
    pub points_layout: wgpu::BindGroupLayout,
}

/// Everything that does not depend on the picture.
pub(super) struct Pipelines {
    pub splat: wgpu::RenderPipeline,
    pub colour: wgpu::RenderPipeline,
    pub dot: wgpu::RenderPipeline,
    pub copy: wgpu::RenderPipeline,
    /// What reads storage buffers; `None` where the graphics driver has none for these shaders, as some for OpenGL.
    pub reading: Option<ReadingPipelines>,
    /// The uniforms alone.
    pub uniform_layout: wgpu::BindGroupLayout,
    /// The uniforms, what is to be coloured, the colour map.
    pub colour_layout: wgpu::BindGroupLayout,
    /// Where to copy to, and the picture.
    pub copy_layout: wgpu::BindGroupLayout,
    /// Format of the texture that densities are added up in.
    pub density_format: wgpu::TextureFormat,
    /// Whether the screen's texture converts from linear light.
    pub screen_is_linear: bool,
}

impl Pipelines {
    pub fn new(adapter: &wgpu::Adapter, device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let density_format = if device.features().contains(wgpu::Features::FLOAT32_BLENDABLE) {
            wgpu::TextureFormat::Rgba32Float
        } else {
            wgpu::TextureFormat::Rgba16Float
        };
        let density = module(device, include_str!("../../../shaders/density.wgsl"), "density");
        let copy = module(device, include_str!("../../../shaders/copy.wgsl"), "copy");
        let uniform_layout = layout(device, "density uniforms", DRAWING, &[UNIFORMS]);
        let colour_layout = layout(device, "colours", DRAWING, &[UNIFORMS, TEXTURE, TEXTURE]);
        let copy_layout = layout(device, "copy", DRAWING, &[UNIFORMS, TEXTURE]);

        let add = wgpu::BlendComponent {
            src_factor: wgpu::BlendFactor::One,
            dst_factor: wgpu::BlendFactor::One,
            operation: wgpu::BlendOperation::Add,
        };
        let add = wgpu::BlendState { color: add, alpha: add };
        let over = wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING;
        let build = |label, module, entries, layout, instanced, format, blend| {
            Pass { label, module, entries, layout, instanced, format, blend }.pipeline(device)
        };
        Self {
            splat: build(
                "splat",
                &density,
                ["splat_vertex", "splat_fragment"],
                &uniform_layout,
                true,
                density_format,
                Some(add),
            ),
            colour: build(
                "colour",
                &density,
                ["colour_vertex", "colour_fragment"],
                &colour_layout,
                false,
                PICTURE_FORMAT,
                None,
            ),
            dot: build(
                "dot",
                &density,
                ["dot_vertex", "dot_fragment"],
                &uniform_layout,
                true,
                PICTURE_FORMAT,
                Some(over),
            ),
            reading: can_read(adapter).then(|| ReadingPipelines::new(device)),
            copy: build("copy", &copy, ["vertex", "fragment"], &copy_layout, false, target, None),
            uniform_layout,
            colour_layout,
            copy_layout,
            density_format,
            screen_is_linear: target.is_srgb(),
        }
    }
}

fn module(device: &wgpu::Device, source: &str, label: &str) -> wgpu::ShaderModule {
    let source = wgpu::ShaderSource::Wgsl(source.into());
    device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
}

/// Whether shaders for drawing can read storage buffers, and others write them.
fn can_read(adapter: &wgpu::Adapter) -> bool {
    let needed = wgpu::DownlevelFlags::COMPUTE_SHADERS | wgpu::DownlevelFlags::FRAGMENT_STORAGE;
    adapter.get_downlevel_capabilities().flags.contains(needed)
}

impl ReadingPipelines {
    fn new(device: &wgpu::Device) -> Self {
        let heat_map = module(device, include_str!("../../../shaders/heat_map.wgsl"), "heat map");
        let points = module(device, include_str!("../../../shaders/points.wgsl"), "points");
        let fragment = wgpu::ShaderStages::FRAGMENT;
        let heat_map_layout = layout(device, "heat map", fragment, &[UNIFORMS, NUMBERS, TEXTURE]);
        let points_layout = layout(device, "points", fragment, &[UNIFORMS, NUMBERS]);
        let bindings = [UNIFORMS, NUMBERS, NUMBERS, TEXTURE, SUMS];
        let accumulate_layout = layout(device, "accumulate", wgpu::ShaderStages::COMPUTE, &bindings);
        let picture = |label, module, layout| {
            let entries = ["vertex", "fragment"];
            Pass { label, module, entries, layout, instanced: false, format: PICTURE_FORMAT, blend: None }
                .pipeline(device)
        };
        Self {
            heat_map: picture("heat map", &heat_map, &heat_map_layout),
            points: picture("points", &points, &points_layout),
            accumulate: device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("accumulate"),
                layout: Some(&pipeline_layout(device, "accumulate", &accumulate_layout)),
                module: &points,
                entry_point: Some("accumulate"),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            }),
            heat_map_layout,
            points_layout,
            accumulate_layout,
        }
    }
}

const DRAWING: wgpu::ShaderStages = wgpu::ShaderStages::VERTEX_FRAGMENT;
const UNIFORMS: wgpu::BindingType = of_buffer(wgpu::BufferBindingType::Uniform);
/// A storage buffer that is only read.
const NUMBERS: wgpu::BindingType = of_buffer(wgpu::BufferBindingType::Storage { read_only: true });
/// A storage buffer that is added to.
const SUMS: wgpu::BindingType = of_buffer(wgpu::BufferBindingType::Storage { read_only: false });
/// A texture that is read texel by texel.
const TEXTURE: wgpu::BindingType = wgpu::BindingType::Texture {
    sample_type: wgpu::TextureSampleType::Float { filterable: false },
    view_dimension: wgpu::TextureViewDimension::D2,
    multisampled: false,
};

const fn of_buffer(ty: wgpu::BufferBindingType) -> wgpu::BindingType {
    wgpu::BindingType::Buffer { ty, has_dynamic_offset: false, min_binding_size: None }
}

/// Of resources at bindings 0, 1 and so on.
fn layout(
    device: &wgpu::Device,
    label: &str,
    visibility: wgpu::ShaderStages,
    types: &[wgpu::BindingType],
) -> wgpu::BindGroupLayout {
    let entries: Vec<_> = (0..)
        .zip(types)
        .map(|(binding, &ty)| wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
}

fn pipeline_layout(device: &wgpu::Device, label: &str, layout: &wgpu::BindGroupLayout) -> wgpu::PipelineLayout {
    device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some(label),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    })
}

struct Pass<'a> {
    label: &'a str,
    module: &'a wgpu::ShaderModule,
    entries: [&'a str; 2],
    layout: &'a wgpu::BindGroupLayout,
    /// Whether there is one quad per Gaussian, or one in all.
    instanced: bool,
    format: wgpu::TextureFormat,
    blend: Option<wgpu::BlendState>,
}

impl Pass<'_> {
    fn pipeline(self, device: &wgpu::Device) -> wgpu::RenderPipeline {
        let layout = pipeline_layout(device, self.label, self.layout);
        let gaussian = wgpu::VertexBufferLayout {
            array_stride: size_of::<[f32; 4]>() as u64,
            step_mode: wgpu::VertexStepMode::Instance,
            attributes: &wgpu::vertex_attr_array![0 => Float32x4],
        };
        let buffers = if self.instanced { vec![Some(gaussian)] } else { Vec::new() };
        let [vertex, fragment] = self.entries;
        let target =
            wgpu::ColorTargetState { format: self.format, blend: self.blend, write_mask: wgpu::ColorWrites::ALL };
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(self.label),
            layout: Some(&layout),
            vertex: wgpu::VertexState {
                module: self.module,
                entry_point: Some(vertex),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                buffers: &buffers,
            },
            primitive: wgpu::PrimitiveState { topology: wgpu::PrimitiveTopology::TriangleStrip, ..Default::default() },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: self.module,
                entry_point: Some(fragment),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                targets: &[Some(target)],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}
