//! The render pipelines of the shaders in `shaders/`.

use eframe::egui_wgpu::wgpu;

/// Format of a finished picture; its values are those of the screen, not linear light.
pub(super) const PICTURE_FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Everything that does not depend on the picture.
pub(super) struct Pipelines {
    pub splat: wgpu::RenderPipeline,
    pub colour: wgpu::RenderPipeline,
    pub dot: wgpu::RenderPipeline,
    pub heat_map: wgpu::RenderPipeline,
    pub copy: wgpu::RenderPipeline,
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
    pub fn new(device: &wgpu::Device, target: wgpu::TextureFormat) -> Self {
        let density_format = if device.features().contains(wgpu::Features::FLOAT32_BLENDABLE) {
            wgpu::TextureFormat::Rgba32Float
        } else {
            wgpu::TextureFormat::Rgba16Float
        };
        let module = |source: &str, label| {
            let source = wgpu::ShaderSource::Wgsl(source.into());
            device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some(label), source })
        };
        let density = module(include_str!("../../../shaders/density.wgsl"), "density");
        let heat_map = module(include_str!("../../../shaders/heat_map.wgsl"), "heat map");
        let copy = module(include_str!("../../../shaders/copy.wgsl"), "copy");
        let uniform_layout = layout(device, "density uniforms", 0);
        let colour_layout = layout(device, "colours", 2);
        let copy_layout = layout(device, "copy", 1);

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
            heat_map: build("heat map", &heat_map, ["vertex", "fragment"], &colour_layout, false, PICTURE_FORMAT, None),
            copy: build("copy", &copy, ["vertex", "fragment"], &copy_layout, false, target, None),
            uniform_layout,
            colour_layout,
            copy_layout,
            density_format,
            screen_is_linear: target.is_srgb(),
        }
    }
}

/// Uniforms at binding 0, then textures that are read texel by texel.
fn layout(device: &wgpu::Device, label: &str, textures: u32) -> wgpu::BindGroupLayout {
    let uniforms = wgpu::BindingType::Buffer {
        ty: wgpu::BufferBindingType::Uniform,
        has_dynamic_offset: false,
        min_binding_size: None,
    };
    let texture = wgpu::BindingType::Texture {
        sample_type: wgpu::TextureSampleType::Float { filterable: false },
        view_dimension: wgpu::TextureViewDimension::D2,
        multisampled: false,
    };
    let entries: Vec<_> = (0..=textures)
        .map(|binding| wgpu::BindGroupLayoutEntry {
            binding,
            visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
            ty: if binding == 0 { uniforms } else { texture },
            count: None,
        })
        .collect();
    device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: Some(label), entries: &entries })
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
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some(self.label),
            bind_group_layouts: &[Some(self.layout)],
            immediate_size: 0,
        });
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
