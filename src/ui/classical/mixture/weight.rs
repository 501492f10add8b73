//! The weight α: its Beta prior, and its posterior by every way of inference.

use super::super::curves::{Curve, Look, curve_ui, peak};
use super::super::legend::{legend_ui, look};
use super::super::words::significant;
use super::way;
use super::words::against_prior;
use crate::exact::{MixtureReading, WeightInference};
use crate::experiment::Inference;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::memory::stable_maximum;
use crate::ui::panels::{caption_ui, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{Id, Response, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

/// Equal bins of HMC's histogram over [0, 1], as the reading has them.
const BINS: usize = 50;
/// How far a posterior may rise above the prior's peak before it leaves the picture.
const LARGEST_RATIO: f32 = 8.0;

const EXPLANATION: &str = "Densities over the weight α of the first component: its Beta prior, and its posterior by each way of inference. Where the \
    posterior lies on the prior the data say nothing about α. A mean-field density narrower than the exact one is over-confident";

/// Draws the densities.
pub(in crate::ui::classical) fn weight_ui(ui: &mut Ui, palette: &Palette, reading: &MixtureReading, height: f32) {
    title_ui(ui, "Weight, posterior against prior", EXPLANATION, |_| {});
    let prior = curve(&reading.grid, &reading.prior);
    let curves: Vec<(Inference, Curve)> =
        reading.posteriors.iter().map(|posterior| (posterior.inference, curve_of(reading, posterior))).collect();
    let highest = curves.iter().map(|(_, curve)| peak(curve)).fold(peak(&prior), f32::max);
    let limit = LARGEST_RATIO * peak(&prior);
    let mut words = against_prior(reading);
    if highest > limit {
        words.iter_mut().for_each(|form| form.push_str(&format!("; peaks at {}", significant(f64::from(highest), 3))));
    }
    caption_ui(ui, palette, &words);
    let [a, b] = reading.settings.prior.map(|parameter| significant(parameter, 3));
    let name = format!("Beta({a}, {b})");
    let ways = reading.posteriors.iter().map(|posterior| posterior.inference);
    legend_ui(ui, palette, (&name, "The prior of α"), ways);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Densities over the weight: {}", words[0])));
    if !ui.is_rect_visible(outer) {
        return;
    }
    let maximum = stable_maximum(ui.ctx(), Id::unique("collapsar-mixture-weight"), 1.08 * highest.min(limit));
    let axes =
        Axes::within(outer, Margins::of_width(outer.width()), Axis::linear(0.0, 1.0), Axis::linear(0.0, maximum));
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    curve_ui(&painter, palette, &axes, &prior, palette.prior, Look::Area);
    // Bars behind lines.
    for drawn in [Inference::Hmc, Inference::Exact, Inference::MeanField] {
        for (inference, curve) in curves.iter().filter(|(inference, _)| *inference == drawn) {
            curve_ui(&painter, palette, &axes, curve, palette.inference(*inference), look(*inference));
        }
    }
    axes.front_ui(ui, palette, "weight α", "density");
    values_on_hover(ui, palette, &axes, reading, &response);
}

fn curve(grid: &[f64], density: &[f64]) -> Curve {
    grid.iter().zip(density).map(|(alpha, density)| [*alpha as f32, *density as f32]).collect()
}

fn curve_of(reading: &MixtureReading, posterior: &WeightInference) -> Curve {
    match posterior.inference {
        Inference::Hmc => steps(&reading.grid, &posterior.density),
        Inference::Exact | Inference::MeanField => curve(&reading.grid, &posterior.density),
    }
}

/// The bins of a histogram that was read at a grid; every step has two points.
fn steps(grid: &[f64], density: &[f64]) -> Curve {
    let width = 1.0 / BINS as f64;
    (0..BINS)
        .flat_map(|bin| {
            let (low, high) = (bin as f64 * width, (bin + 1) as f64 * width);
            let at = grid.partition_point(|alpha| *alpha < 0.5 * (low + high));
            let density = density.get(at).copied().unwrap_or(0.0) as f32;
            [[low as f32, density], [high as f32, density]]
        })
        .collect()
}

fn values_on_hover(ui: &Ui, palette: &Palette, axes: &Axes, reading: &MixtureReading, response: &Response) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let alpha = f64::from(axes.x_value(pointer.x));
    let at = reading.grid.partition_point(|grid| *grid < alpha).min(reading.grid.len().saturating_sub(1));
    let value = |density: &[f64]| density.get(at).map_or_else(String::new, |value| significant(*value, 3));
    ui.painter().vline(pointer.x, axes.frame.y_range(), Stroke::new(1.0, palette.weak_text));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("α = {alpha:.3}"));
        ui.label(format!("Prior {}", value(&reading.prior)));
        for inference in Inference::ALL {
            if let Some(posterior) = way(reading, inference) {
                ui.label(format!("{} {}", inference.label(), value(&posterior.density)));
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_read_at_their_middle() {
        let grid: Vec<f64> = (1..=999).map(|at| f64::from(at) / 1000.0).collect();
        let density: Vec<f64> = grid.iter().map(|alpha| (alpha * 50.0).floor()).collect();
        let steps = steps(&grid, &density);
        assert_eq!(steps.len(), 2 * BINS);
        for (bin, step) in steps.chunks(2).enumerate() {
            assert_eq!([step[0][1], step[1][1]], [bin as f32, bin as f32]);
        }
    }
}
