//! Drawing with shaders inside the window: what a painter of lines and text cannot do quickly enough.
//!
//! [`install`] puts pipelines into egui's callback resources once; [`is_installed`] tells a panel whether it may use them. A picture is
//! drawn into a texture that is kept until its numbers, its size or its colours change; a frame in which nothing changed copies it.

mod density;
mod heat_map;
mod kept;
mod pipelines;
mod ramp;

pub use density::DensityPicture;
pub use heat_map::{Contours, HeatMapPicture};
pub use ramp::{RAMP_COLORS, ramp_bar, ramp_color, viridis};

use eframe::egui::{Context, Id};
use eframe::egui_wgpu::RenderState;

/// Pipelines and kept pictures, among egui's callback resources.
struct Canvas {
    pipelines: pipelines::Pipelines,
    densities: kept::Pictures<density::ShownDensity>,
    heat_maps: kept::Pictures<heat_map::ShownMap>,
}

/// Prepares shader drawing; without a wgpu renderer panels fall back to painted shapes.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    if let Some(state) = render_state {
        let pipelines = pipelines::Pipelines::new(&state.device, state.target_format);
        let canvas = Canvas { pipelines, densities: kept::Pictures::default(), heat_maps: kept::Pictures::default() };
        state.renderer.write().callback_resources.insert(canvas);
    }
    ctx.data_mut(|data| data.insert_temp(installed_id(), render_state.is_some()));
}

/// Whether shaders can be used in this window.
pub fn is_installed(ctx: &Context) -> bool {
    ctx.data(|data| data.get_temp(installed_id())).unwrap_or(false)
}

fn installed_id() -> Id {
    Id::unique("collapsar-canvas-installed")
}
