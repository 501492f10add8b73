//! One latent dimension of one example: the prior, and the posterior by every way of inference, as densities.

use super::super::curves::{Curve, Look, curve_ui, gaussian, histogram, peak};
use super::super::legend::{legend_ui, look};
use super::super::words::significant;
use super::way;
use super::words::against_prior;
use crate::exact::{PpcaInference, PpcaReading};
use crate::experiment::Inference;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::memory::stable_maximum;
use crate::ui::panels::{caption_ui, dimension_name, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{Id, Response, Role, Sense, Stroke, Ui, WidgetInfo, vec2};

/// The axis goes at least so far from 0.
const REACH: f32 = 3.5;
/// Bins of a histogram over the whole axis, at least; narrow posteriors get more.
const BINS: usize = 48;
/// How far a posterior may rise above the prior's peak before it leaves the picture.
const LARGEST_RATIO: f32 = 12.0;

const EXPLANATION: &str = "Densities over the selected latent dimension for the selected example: the prior N(0, 1), and the posterior by each way of \
    inference. The exact posterior and mean-field are Gaussian; HMC is a histogram of its draws. Where the posterior lies on the prior the \
    dimension says nothing about the example";

/// Draws the densities.
pub(in crate::ui::classical) fn density_ui(
    ui: &mut Ui,
    palette: &Palette,
    reading: &PpcaReading,
    dimension: usize,
    height: f32,
) {
    let name = dimension_name(dimension);
    title_ui(ui, &format!("Posterior against prior, {name}"), EXPLANATION, |_| {});
    let words = against_prior(reading, dimension);
    caption_ui(ui, palette, &words);
    let ways = reading.posteriors.iter().map(|posterior| posterior.inference);
    legend_ui(ui, palette, ("Prior", "p(z) = N(0, 1)"), ways);
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| {
        let said = words.first().cloned().unwrap_or_default();
        WidgetInfo::labeled(Role::Image, true, format!("Densities over {name}: {said}"))
    });
    if !ui.is_rect_visible(outer) {
        return;
    }
    let reach = reach(reading, dimension);
    let prior = gaussian(0.0, 1.0, -reach, reach);
    let curves: Vec<(Inference, Curve)> = reading
        .posteriors
        .iter()
        .map(|posterior| (posterior.inference, curve_of(posterior, dimension, reach)))
        .collect();
    let highest = curves.iter().filter(|(way, _)| *way != Inference::Hmc).map(|(_, curve)| peak(curve));
    let highest = highest.fold(peak(&prior), f32::max).min(LARGEST_RATIO * peak(&prior));
    let maximum = stable_maximum(ui.ctx(), Id::unique("collapsar-ppca-density"), 1.08 * highest);
    let axes =
        Axes::within(outer, Margins::of_width(outer.width()), Axis::linear(-reach, reach), Axis::linear(0.0, maximum));
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    curve_ui(&painter, palette, &axes, &prior, palette.prior, Look::Area);
    // Bars behind lines.
    for drawn in [Inference::Hmc, Inference::Exact, Inference::MeanField] {
        for (inference, curve) in curves.iter().filter(|(inference, _)| *inference == drawn) {
            curve_ui(&painter, palette, &axes, curve, palette.inference(*inference), look(*inference));
        }
    }
    axes.front_ui(ui, palette, &name, "density");
    values_on_hover(ui, palette, &axes, reading, dimension, &response);
}

/// Half the width of the axis: room for prior and posterior.
fn reach(reading: &PpcaReading, dimension: usize) -> f32 {
    let far = reading.posteriors.iter().map(|posterior| {
        let [mean, sd] = posterior.moments(dimension);
        (mean.abs() + 3.5 * sd) as f32
    });
    far.filter(|far| far.is_finite()).fold(REACH, f32::max).ceil().max(REACH)
}

fn curve_of(posterior: &PpcaInference, dimension: usize, reach: f32) -> Curve {
    let [mean, sd] = posterior.moments(dimension);
    match &posterior.sampling {
        Some(sampling) => {
            // Five bins in two standard deviations: as fine as some thousand draws allow.
            let bins = (2.0 * reach / (0.4 * sd as f32).max(1e-3)) as usize;
            histogram(sampling, dimension, -reach, reach, bins.clamp(BINS, 8 * BINS))
        }
        None => gaussian(mean, sd, -reach, reach),
    }
}

fn values_on_hover(
    ui: &Ui,
    palette: &Palette,
    axes: &Axes,
    reading: &PpcaReading,
    dimension: usize,
    response: &Response,
) {
    let Some(pointer) = response.hover_pos().filter(|pointer| axes.frame.contains(*pointer)) else { return };
    let x = axes.x_value(pointer.x);
    ui.painter().vline(pointer.x, axes.frame.y_range(), Stroke::new(1.0, palette.weak_text));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("{} = {}", dimension_name(dimension), significant(f64::from(x), 3)));
        for inference in Inference::ALL {
            let Some(posterior) = way(reading, inference) else { continue };
            let [mean, sd] = posterior.moments(dimension).map(|moment| significant(moment, 3));
            ui.label(format!("{} {mean} ± {sd}", inference.label()));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;

    #[test]
    fn the_axis_has_room_for_a_far_posterior() {
        let mut far = reading(1.0);
        assert!((reach(&far, 0) - 4.0).abs() < 1e-6, "{}", reach(&far, 0));
        far.posteriors[0].mean[0] = -8.2;
        assert!(reach(&far, 0) > 8.2);
    }
}
