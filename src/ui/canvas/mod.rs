//! Drawing with shaders inside the window: what a painter of lines and text cannot do quickly enough.
//!
//! [`install`] puts pipelines into egui's callback resources once; [`is_installed`] tells a panel whether it may use them. A picture is
//! drawn into a texture that is kept until its numbers, its size or its colours change; a frame in which nothing changed copies it. Numbers are
//! [`Drawable`](crate::device::Drawable): where the device that trains draws, too, shaders read the buffer that they were computed in.

mod density;
mod heat_map;
mod kept;
mod pipelines;
mod points;
mod ramp;
mod source;

pub use density::DensityPicture;
pub use heat_map::{Contours, HeatMapPicture};
pub use points::{PointClasses, PointsPicture};
pub use ramp::{RAMP_COLORS, ramp_bar, ramp_color, viridis};

use eframe::egui::{Context, Id};
use eframe::egui_wgpu::RenderState;

/// Pipelines and kept pictures, among egui's callback resources.
struct Canvas {
    pipelines: pipelines::Pipelines,
    densities: kept::Pictures<density::ShownDensity>,
    heat_maps: kept::Pictures<heat_map::ShownMap>,
    points: kept::Pictures<points::ShownPoints>,
}

/// Prepares shader drawing; without a wgpu renderer panels fall back to painted shapes.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    let mut reads_buffers = false;
    if let Some(state) = render_state {
        let pipelines = pipelines::Pipelines::new(&state.adapter, &state.device, state.target_format);
        reads_buffers = pipelines.reading.is_some();
        let canvas = Canvas {
            pipelines,
            densities: kept::Pictures::default(),
            heat_maps: kept::Pictures::default(),
            points: kept::Pictures::default(),
        };
        state.renderer.write().callback_resources.insert(canvas);
    }
    let installed = Installed { draws: render_state.is_some(), reads_buffers };
    ctx.data_mut(|data| data.insert_temp(installed_id(), installed));
}

/// What can be used in a window.
#[derive(Clone, Copy, Default)]
struct Installed {
    draws: bool,
    reads_buffers: bool,
}

/// Whether shaders can be used in this window.
pub fn is_installed(ctx: &Context) -> bool {
    installed(ctx).draws
}

/// Whether shaders can read storage buffers in this window, which a [`PointsPicture`] needs.
pub fn reads_buffers(ctx: &Context) -> bool {
    installed(ctx).reads_buffers
}

fn installed(ctx: &Context) -> Installed {
    ctx.data(|data| data.get_temp(installed_id())).unwrap_or_default()
}

fn installed_id() -> Id {
    Id::unique("collapsar-canvas-installed")
}
