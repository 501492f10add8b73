//! Drawing with shaders inside the window: what a painter of lines and text cannot do quickly enough.
//!
//! [`install`] puts pipelines into egui's callback resources once; [`is_installed`] tells a panel whether it may use them.

mod density;
mod pipelines;

pub use density::{DensityPicture, RAMP_COLORS};

use eframe::egui::{Context, Id};
use eframe::egui_wgpu::RenderState;

/// Prepares shader drawing; without a wgpu renderer panels fall back to painted shapes.
pub fn install(ctx: &Context, render_state: Option<&RenderState>) {
    if let Some(state) = render_state {
        let pipelines = pipelines::Pipelines::new(&state.device, state.target_format);
        state.renderer.write().callback_resources.insert(density::Canvas::new(pipelines));
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
