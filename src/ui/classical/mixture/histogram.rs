//! The data of the mixture, with the densities of both components over them.

use super::super::curves::{Curve, Look, curve_ui, gaussian};
use super::super::legend::{LEGEND_HEIGHT, entry_ui};
use super::super::words::significant;
use crate::exact::MixtureReading;
use crate::ui::panels::axes::{Axes, Axis, Margins};
use crate::ui::panels::{caption_ui, grouped, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{Align, Layout, Role, Sense, Ui, WidgetInfo, vec2};

const EXPLANATION: &str = "The data as a histogram, scaled to a density, and the two components that they were drawn from, each times its weight. \
    Equal components lie on one another: whatever the weight, their sum is the same";

/// Draws data and components.
pub(in crate::ui::classical) fn histogram_ui(ui: &mut Ui, palette: &Palette, reading: &MixtureReading, height: f32) {
    title_ui(ui, "Data and components", EXPLANATION, |_| {});
    let words = words(reading);
    caption_ui(ui, palette, &words);
    let size = vec2(ui.available_width(), LEGEND_HEIGHT);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 4.0;
        entry_ui(ui, palette.data, Look::Bars, "Data", "Histogram of the data, as a density");
        entry_ui(ui, palette.text, Look::Solid, "First", "First component times its weight α");
        entry_ui(ui, palette.text, Look::Dashed, "Second", "Second component times its weight 1 − α");
    });
    let (outer, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, format!("Data and components: {}", words[0])));
    let ends = reading.edges.first().zip(reading.edges.last());
    let Some((low, high)) = ends.map(|(low, high)| (*low as f32, *high as f32)).filter(|(low, high)| low < high) else {
        return;
    };
    if !ui.is_rect_visible(outer) {
        return;
    }
    let bars = bars(reading);
    let [first, second] = components(reading, low, high);
    let highest = [&bars, &first, &second].into_iter().flatten().map(|[_, y]| *y).fold(1e-3, f32::max);
    let axes = Axes::within(
        outer,
        Margins::of_width(outer.width()),
        Axis::linear(low, high),
        Axis::linear(0.0, 1.08 * highest),
    );
    axes.back_ui(ui, palette, [true, true]);
    let painter = ui.painter().with_clip_rect(axes.frame.intersect(ui.clip_rect()));
    curve_ui(&painter, palette, &axes, &bars, palette.data, Look::Bars);
    curve_ui(&painter, palette, &axes, &first, palette.text, Look::Solid);
    curve_ui(&painter, palette, &axes, &second, palette.text, Look::Dashed);
    axes.front_ui(ui, palette, "x", "density");
}

/// What was drawn, long to short.
fn words(reading: &MixtureReading) -> Vec<String> {
    let count = grouped(reading.settings.examples as f32);
    let [[first, sd], [second, _]] = reading.components.map(|component| component.map(|value| significant(value, 3)));
    vec![
        format!(
            "{count} data: N({first}, {sd}²) and N({second}, {sd}²), weight of the first {}",
            significant(reading.settings.weight, 3)
        ),
        format!("{count} data, means {first} and {second}"),
        format!("{count} data"),
    ]
}

/// The histogram as a density; every step has two points.
fn bars(reading: &MixtureReading) -> Curve {
    let total: usize = reading.counts.iter().sum();
    let steps = reading.edges.windows(2).zip(&reading.counts);
    steps
        .flat_map(|(edges, count)| {
            let density = (*count as f64 / (total.max(1) as f64 * (edges[1] - edges[0]).max(1e-12))) as f32;
            [[edges[0] as f32, density], [edges[1] as f32, density]]
        })
        .collect()
}

/// Both components, each times its weight.
fn components(reading: &MixtureReading, low: f32, high: f32) -> [Curve; 2] {
    let weights = [reading.settings.weight, 1.0 - reading.settings.weight];
    [0, 1].map(|at| {
        let [mean, sd] = reading.components[at];
        let scaled = |[x, y]: [f32; 2]| [x, y * weights[at] as f32];
        gaussian(mean, sd, low, high).into_iter().map(scaled).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::reading;
    use super::*;
    use crate::experiment::MixtureParameters;

    #[test]
    fn data_and_components_are_densities() {
        let reading = reading(1.0, MixtureParameters::Fixed);
        // 8 bins of width 1 with equal counts.
        assert!(bars(&reading).iter().all(|[_, y]| (y - 0.125).abs() < 1e-6));
        let area: f32 = components(&reading, -8.0, 8.0)
            .iter()
            .flat_map(|curve| curve.windows(2).map(|pair| 0.5 * (pair[1][0] - pair[0][0]) * (pair[0][1] + pair[1][1])))
            .sum();
        assert!((area - 1.0).abs() < 0.01, "{area}");
    }
}
