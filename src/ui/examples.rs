//! A look at a data set: pictures as thumbnails, points as a scatter, rows as a table.

use super::given::Given;
use super::theme::Palette;
use crate::data::{Dataset, ExampleShape};
use eframe::egui::{
    self, Color32, ColorImage, Context, Grid, RichText, Sense, Shape, TextureHandle, TextureOptions, Ui, Vec2,
    accesskit::Role, vec2,
};
use std::sync::{Arc, Weak};

/// Pictures or rows looked at.
const SHOWN: usize = 10;
/// Points of a scatter.
const POINTS: usize = 600;
/// Columns of a table.
const COLUMNS: usize = 6;

/// The first training examples of one data set, ready to be drawn.
#[derive(Default)]
pub struct Examples {
    of: Weak<Dataset>,
    textures: Vec<TextureHandle>,
    values: Vec<f32>,
    classes: Vec<Option<u32>>,
}

impl Examples {
    /// Draws the examples of `data` over the available width.
    pub fn show_ui(&mut self, ui: &mut Ui, data: &Arc<Dataset>) {
        if !self.of.upgrade().is_some_and(|known| Arc::ptr_eq(&known, data)) {
            *self = Self::of(ui.ctx(), data);
        }
        match data.shape() {
            ExampleShape::Image { height, width, .. } => self.thumbnails_ui(ui, data, width as f32 / height as f32),
            ExampleShape::Vector(2) => self.scatter_ui(ui, data),
            ExampleShape::Vector(dimensions) => self.table_ui(ui, data, dimensions),
        }
        if let Some(text) = given_text(data) {
            ui.label(RichText::new(text).small().weak());
        }
    }

    fn of(ctx: &Context, data: &Arc<Dataset>) -> Self {
        let wanted = if data.shape() == ExampleShape::Vector(2) { POINTS } else { SHOWN };
        let positions: Vec<usize> = (0..wanted.min(data.training_len())).collect();
        let outputs = data.training_batch(&positions);
        let conditions = data.training_condition(&positions);
        let classes = positions.iter().map(|&position| data.training_label(position)).collect();
        let textures = match data.shape() {
            ExampleShape::Vector(_) => Vec::new(),
            ExampleShape::Image { height, width, channels } => outputs
                .chunks(data.dimensions())
                .enumerate()
                .map(|(at, output)| {
                    let given = data.condition_dimensions();
                    let condition = conditions.as_ref().map_or(&[][..], |values| &values[at * given..][..given]);
                    let values = data.layout().whole(output, condition);
                    let image = picture(&values, [width, height], channels, data.value_range());
                    ctx.load_texture(format!("example {at}"), image, TextureOptions::NEAREST)
                })
                .collect(),
        };
        Self { of: Arc::downgrade(data), textures, values: outputs, classes }
    }

    fn thumbnails_ui(&self, ui: &mut Ui, data: &Dataset, aspect: f32) {
        let per_row = 5.0;
        let width = ((ui.available_width() - 4.0 * (per_row - 1.0)) / per_row).clamp(16.0, 64.0);
        let size = Vec2::new(width, width / aspect);
        ui.spacing_mut().item_spacing = vec2(4.0, 4.0);
        let given = Given::of(data);
        ui.horizontal_wrapped(|ui| {
            for (at, texture) in self.textures.iter().enumerate() {
                let label = self.class_name(data, at);
                let text = label
                    .as_ref()
                    .map_or_else(|| format!("Example {}", at + 1), |name| format!("Example {}: {name}", at + 1));
                let response = ui.add(egui::Image::new((texture.id(), size)).alt_text(&text));
                if let Some(given) = given {
                    given.paint(ui.painter(), Palette::current(ui.ctx()), response.rect, false);
                }
                response.on_hover_text(text);
            }
        });
    }

    fn scatter_ui(&self, ui: &mut Ui, data: &Dataset) {
        let palette = Palette::current(ui.ctx());
        let side = ui.available_width().min(150.0);
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width().min(1.6 * side), side), Sense::hover());
        response.widget_info(|| {
            egui::WidgetInfo::labeled(
                Role::Image,
                true,
                format!("Scatter plot of {} training points", self.classes.len()),
            )
        });
        ui.painter().rect_filled(rect, 4.0, palette.surface);
        let (low, high) = data.value_range();
        let extent = low.abs().max(high.abs()).max(f32::MIN_POSITIVE);
        let scale = 0.47 * rect.height() / extent;
        let points = self.values.chunks_exact(2).zip(&self.classes).map(|(point, class)| {
            let color = class.map_or(palette.data, |class| palette.class(class as usize));
            (rect.center() + vec2(point[0] * scale, -point[1] * scale), color.gamma_multiply(0.8))
        });
        let within = points.filter(|(at, _)| rect.contains(*at));
        ui.painter().extend(within.map(|(at, color)| Shape::circle_filled(at, 1.3, color)));
    }

    fn table_ui(&self, ui: &mut Ui, data: &Dataset, dimensions: usize) {
        let columns = dimensions.min(COLUMNS).min((ui.available_width() / 62.0) as usize).max(1);
        let names = data.feature_names();
        let symbol = if data.condition_dimensions() > 0 { 'y' } else { 'x' };
        Grid::new("examples").striped(true).spacing([10.0, 2.0]).min_col_width(44.0).show(ui, |ui| {
            for column in 0..columns {
                let name = names.get(column).cloned().unwrap_or_else(|| format!("{symbol}{}", column + 1));
                let short: String = name.chars().take(9).collect();
                ui.label(RichText::new(short).small().strong()).on_hover_text(name);
            }
            if data.labels().is_some() {
                ui.label(RichText::new("label").small().strong());
            }
            ui.end_row();
            for (at, row) in self.values.chunks(dimensions).take(6).enumerate() {
                for value in &row[..columns] {
                    ui.label(RichText::new(format!("{value:.3}").replace('-', "−")).small());
                }
                if let Some(name) = self.class_name(data, at) {
                    ui.label(RichText::new(name).small());
                }
                ui.end_row();
            }
        });
        if columns < dimensions {
            ui.label(RichText::new(format!("and {} more columns", dimensions - columns)).small().weak());
        }
    }

    fn class_name(&self, data: &Dataset, at: usize) -> Option<String> {
        let class = (*self.classes.get(at)?)? as usize;
        Some(data.labels()?.names.get(class)?.clone())
    }
}

/// What of each example is given to a conditional model.
fn given_text(data: &Dataset) -> Option<String> {
    match data.condition_dimensions() {
        0 => None,
        _ if !data.layout().given().is_empty() => Some("Framed: the part that is given".to_owned()),
        _ if data.labels().is_some() => Some("Given: the class".to_owned()),
        given => Some(format!("Given: {given} values of a condition")),
    }
}

fn picture(values: &[f32], size: [usize; 2], channels: usize, (low, high): (f32, f32)) -> ColorImage {
    let byte =
        |value: f32| (255.0 * (value - low) / (high - low).max(f32::MIN_POSITIVE)).round().clamp(0.0, 255.0) as u8;
    let pixels = values.chunks(channels).map(|pixel| match *pixel {
        [r, g, b, ..] => Color32::from_rgb(byte(r), byte(g), byte(b)),
        [grey, ..] => Color32::from_gray(byte(grey)),
        [] => Color32::BLACK,
    });
    ColorImage::new(size, pixels.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ConditionKind, LoadOptions, Source, Unmonitored, load};

    fn open(source: Source, condition: ConditionKind) -> Dataset {
        load(&source, &LoadOptions { condition, ..LoadOptions::default() }, &Unmonitored).unwrap()
    }

    #[test]
    fn what_is_given_is_said() {
        let data = open(Source::Digits, ConditionKind::LowerLeft);
        assert_eq!(given_text(&data).unwrap(), "Framed: the part that is given");
        for (source, condition, text) in [
            (Source::Digits, ConditionKind::Source, None),
            (Source::Digits, ConditionKind::Label, Some("Given: the class")),
            (Source::CorrelatedGaussian, ConditionKind::Source, Some("Given: 6 values of a condition")),
        ] {
            assert_eq!(given_text(&open(source, condition)).as_deref(), text);
        }
    }
}
