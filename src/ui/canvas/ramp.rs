//! Colour maps, and the bar that explains one.

use eframe::egui::{Color32, Mesh, Rect, pos2};
use std::sync::LazyLock;

/// Colours of a map from number to colour.
pub const RAMP_COLORS: usize = 256;

/// Every so many colours a bar gets a vertex.
const BAR_STEP: usize = 15;

/// Viridis: even steps of a value are even steps to the eye, also to a colour-blind one, and in print.
pub fn viridis() -> &'static [Color32] {
    static COLORS: LazyLock<Vec<Color32>> = LazyLock::new(|| {
        (0..RAMP_COLORS)
            .map(|at| colorous::VIRIDIS.eval_rational(at, RAMP_COLORS))
            .map(|color| Color32::from_rgb(color.r, color.g, color.b))
            .collect()
    });
    &COLORS
}

/// The colour at a fraction of a map, 0 to 1; what is outside gets the colour of the nearer end.
pub fn ramp_color(ramp: &[Color32], fraction: f32) -> Color32 {
    let place = if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) } * ramp.len().saturating_sub(1) as f32;
    let color = |at: usize| ramp.get(at.min(ramp.len().saturating_sub(1))).copied().unwrap_or_default();
    let [low, high] = [color(place as usize), color(place as usize + 1)];
    low.lerp_to_gamma(high, place.fract())
}

/// A bar of all colours from left to right.
pub fn ramp_bar(rect: Rect, ramp: &[Color32]) -> Mesh {
    let mut mesh = Mesh::default();
    for (at, color) in ramp.iter().step_by(BAR_STEP).enumerate() {
        let x = rect.left() + rect.width() * (at * BAR_STEP) as f32 / (ramp.len() - 1) as f32;
        mesh.colored_vertex(pos2(x, rect.top()), *color);
        mesh.colored_vertex(pos2(x, rect.bottom()), *color);
        if at > 0 {
            let last = 2 * at as u32;
            mesh.add_triangle(last - 2, last - 1, last);
            mesh.add_triangle(last - 1, last, last + 1);
        }
    }
    mesh
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_lie_between_their_neighbours() {
        let ramp = [Color32::from_gray(0), Color32::from_gray(100), Color32::from_gray(200)];
        assert_eq!(ramp_color(&ramp, 0.25), Color32::from_gray(50));
        assert_eq!([-3.0, f32::NAN, 9.0].map(|fraction| ramp_color(&ramp, fraction).r()), [0, 0, 200]);
    }

    #[test]
    fn viridis_rises_evenly_in_lightness() {
        // CIE L* of the sRGB colour.
        let lightness = |color: &Color32| {
            let [r, g, b, _] = eframe::egui::Rgba::from(*color).to_array();
            let y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            if y > 0.008_856 { 116.0 * y.cbrt() - 16.0 } else { 903.3 * y }
        };
        let levels: Vec<f32> = viridis().iter().step_by(51).map(lightness).collect();
        for pair in levels.windows(2) {
            assert!((pair[1] - pair[0] - (levels[5] - levels[0]) / 5.0).abs() < 3.0, "{levels:?}");
        }
    }
}
