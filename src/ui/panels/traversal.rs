//! What the decoder makes of every latent dimension: one strip of pictures per dimension, those of highest KL first.
//!
//! Pictures are shown as the data are: 0 is black and 1 is white in both themes. Tables are drawn by [`super::feature_lines`].

use super::feature_lines::feature_lines_ui;
use super::kl_bars::is_collapsed;
use super::memory::{Answer, answer, panel_id};
use super::words::{example_name, short_number, tick};
use super::{PanelContext, caption_ui, measures, message_ui, title_ui};
use crate::data::ExampleShape;
use crate::measure::Measures;
use crate::train::{Probe, ReadingValue, Traversal};
use crate::ui::given::Given;
use crate::ui::theme::Palette;
use eframe::egui::{
    Align2, Color32, ColorImage, Context, Id, Painter, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, TextStyle,
    TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// Room for a row's name, KL and state.
const GUTTER: f32 = 84.0;
const LARGEST_CELL: f32 = 56.0;
const ROW_GAP: f32 = 2.0;
const HEADER_PICTURE: f32 = 42.0;
/// Rows scroll beyond this height.
const LARGEST_HEIGHT: f32 = 640.0;
/// Rows become lower, down to this, before they scroll.
const SMALLEST_CELL: f32 = 24.0;
/// Larger pictures are smoothed when scaled; smaller ones show their pixels.
const LARGEST_PIXELATED: usize = 16;

const EXPLANATION: &str = "Latent traversal: the decoder's mean output while one latent dimension moves from −3 to 3 and the others stay at the selected example's \
    posterior mean. Rows are sorted by KL. A row whose pictures are all alike is a dimension that the decoder ignores. Click a row to select its dimension";

/// Pictures of a run, in one texture.
struct Atlas {
    source: Arc<Traversal>,
    texture: TextureHandle,
    cells: [usize; 2],
    /// The part of every picture that the model was given.
    given: Option<Given>,
}

/// Draws strips of pictures, or lines per feature for a table.
pub(super) fn traversal_ui(ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    let probe = Probe::Traversal { example: ctx.selection.example };
    let found = answer(ui.ctx(), panel_id("traversal", run), &ctx.session.runs()[run], &probe, traversal_of);
    let shape = ctx.session.data().shape();
    let ExampleShape::Image { height, width, channels } = shape else {
        return feature_lines_ui(ui, ctx, run, found, EXPLANATION);
    };
    title_ui(ui, "Latent traversal", EXPLANATION, |_| {});
    let rows = ctx.levels(run).total();
    let traversal = match found {
        Answer::Value(traversal) => traversal,
        Answer::Message(text) => {
            caption_ui(ui, ctx.palette, &[]);
            let cell = cell_size(ui.available_width(), 11, rows);
            let height = HEADER_PICTURE + 30.0 + (rows as f32 * (cell + ROW_GAP)).min(LARGEST_HEIGHT);
            return message_ui(ui, ctx.palette, height, text);
        }
    };
    let columns = traversal.positions.len();
    let given = Given::of(ctx.session.data());
    let Some(atlas) = atlas(ui.ctx(), run, &traversal, [height, width, channels], given) else {
        return message_ui(ui, ctx.palette, HEADER_PICTURE, "These pictures are too large for a texture");
    };
    let example = example_name(ctx.selection.example);
    let [long, short] = match atlas.given {
        Some(_) => ["; outlined at the left: given, the rest is completed", "; outlined: given"],
        None => ["", ""],
    };
    caption_ui(
        ui,
        ctx.palette,
        &[
            format!("Decoder's mean, from {example}{long}; a ring marks collapsed dimensions"),
            format!("From {example}{short}; ring: collapsed"),
            format!("From {example}{short}"),
        ],
    );
    header_ui(ui, ctx, &atlas);
    let cell = cell_size(ui.available_width(), columns, traversal.order.len());
    positions_ui(ui, ctx, &traversal, cell);
    let order = steady_order(ui.ctx(), run, &traversal, measures(&ctx.session.runs()[run]));
    let total = order.len() as f32 * (cell + ROW_GAP);
    if total <= LARGEST_HEIGHT + 1.0 {
        rows_ui(ui, ctx, run, &traversal, &atlas, &order, cell);
    } else {
        let area = ScrollArea::vertical().id_salt(panel_id("traversal-rows", run)).max_height(LARGEST_HEIGHT);
        // Within another scroll area the height available is no measure.
        area.min_scrolled_height(LARGEST_HEIGHT).show(ui, |ui| rows_ui(ui, ctx, run, &traversal, &atlas, &order, cell));
    }
}

pub(super) fn traversal_of(value: &ReadingValue) -> Option<&Arc<Traversal>> {
    match value {
        ReadingValue::Traversal(traversal) => Some(traversal),
        _ => None,
    }
}

fn cell_size(width: f32, columns: usize, rows: usize) -> f32 {
    let low_enough = (LARGEST_HEIGHT / rows.max(1) as f32 - ROW_GAP).max(SMALLEST_CELL);
    // Room for a scroll bar whether it is there or not: sizes must not depend on it.
    let narrow_enough = (width - GUTTER - 10.0) / columns.max(1) as f32;
    narrow_enough.min(low_enough).floor().clamp(8.0, LARGEST_CELL)
}

/// Row numbers of the reading in the order of the screen. Dimensions of nearly the same KL keep their places: rows that
/// change places at every reading can neither be watched nor clicked.
fn steady_order(ctx: &Context, run: usize, traversal: &Traversal, measures: Option<&Measures>) -> Vec<usize> {
    let id = panel_id("traversal-order", run);
    let mut order: Vec<usize> = ctx.data(|data| data.get_temp(id)).unwrap_or_default();
    let mut sorted = (order.clone(), traversal.order.clone());
    sorted.0.sort_unstable();
    sorted.1.sort_unstable();
    if sorted.0 != sorted.1 {
        order.clone_from(&traversal.order);
    }
    if let Some(measures) = measures {
        let kl = |dimension: usize| measures.kl_per_dimension.get(dimension).copied().unwrap_or(0.0);
        for end in (1..order.len()).rev() {
            for at in 0..end {
                if kl(order[at + 1]) > 1.15 * kl(order[at]) + 0.01 {
                    order.swap(at, at + 1);
                }
            }
        }
    }
    let rows =
        order.iter().filter_map(|dimension| traversal.order.iter().position(|other| other == dimension)).collect();
    ctx.data_mut(|data| data.insert_temp(id, order));
    rows
}

/// The example and its reconstruction, side by side.
fn header_ui(ui: &mut Ui, ctx: &PanelContext<'_>, atlas: &Atlas) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEADER_PICTURE), Sense::hover());
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Image,
            true,
            format!("{} and its reconstruction", example_name(ctx.selection.example)),
        )
    });
    let font = TextStyle::Small.resolve(ui.style());
    let mut x = rect.left();
    for (column, name) in ["Example", "Reconstruction"].into_iter().enumerate() {
        let picture = Rect::from_min_size(pos2(x, rect.top()), vec2(HEADER_PICTURE, HEADER_PICTURE));
        atlas.paint(ui.painter(), ctx.palette, picture, 0, column);
        ui.painter().rect_stroke(picture, 0.0, Stroke::new(1.0, ctx.palette.outline), StrokeKind::Outside);
        let place = pos2(picture.right() + 6.0, picture.center().y);
        let text = ui.painter().text(place, Align2::LEFT_CENTER, name, font.clone(), ctx.palette.weak_text);
        x = text.right() + 14.0;
    }
}

/// Latent positions above the columns.
fn positions_ui(ui: &mut Ui, ctx: &PanelContext<'_>, traversal: &Traversal, cell: f32) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 14.0), Sense::hover());
    let font = TextStyle::Small.resolve(ui.style());
    let color = ctx.palette.weak_text;
    ui.painter().text(pos2(rect.left(), rect.center().y), Align2::LEFT_CENTER, "KL, nats", font.clone(), color);
    let last = traversal.positions.len().saturating_sub(1);
    for at in [0, last / 2, last] {
        if let Some(position) = traversal.positions.get(at) {
            let x = rect.left() + GUTTER + (at as f32 + 0.5) * cell;
            ui.painter().text(
                pos2(x, rect.center().y),
                Align2::CENTER_CENTER,
                tick(*position, 1.0),
                font.clone(),
                color,
            );
        }
    }
}

fn rows_ui(
    ui: &mut Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    traversal: &Traversal,
    atlas: &Atlas,
    order: &[usize],
    cell: f32,
) {
    ui.spacing_mut().item_spacing.y = ROW_GAP;
    for row in order {
        row_ui(ui, ctx, run, traversal, atlas, *row, cell);
    }
}

fn row_ui(
    ui: &mut Ui,
    ctx: &mut PanelContext<'_>,
    run: usize,
    traversal: &Traversal,
    atlas: &Atlas,
    row: usize,
    cell: f32,
) {
    let dimension = traversal.order[row];
    let columns = traversal.positions.len();
    let size = vec2(GUTTER + cell * columns as f32, cell);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let values = measures(&ctx.session.runs()[run]);
    let kl = values.and_then(|values| values.kl_per_dimension.get(dimension)).copied();
    let state = values.map_or("", |values| if is_collapsed(values, dimension) { "collapsed" } else { "active" });
    let name = ctx.levels(run).name(dimension);
    let is_selected = ctx.selection.dimension == dimension;
    response.widget_info(|| {
        let label =
            format!("Traversal of {name}, KL {} nats, {state}", kl.map_or_else(|| "unknown".to_owned(), short_number));
        WidgetInfo::selected(Role::Button, true, is_selected, label)
    });
    if response.clicked() {
        ctx.selection.select(dimension);
    }
    if !ui.is_rect_visible(rect) {
        return;
    }
    let palette = ctx.palette;
    let painter = ui.painter();
    if is_selected {
        painter.rect_filled(rect.expand(1.0), 2.0, palette.tint(palette.accent, 0.22));
    }
    row_texts(ui, ctx, rect, &name, kl, state == "collapsed");
    for column in 0..columns {
        let corner = pos2(rect.left() + GUTTER + column as f32 * cell, rect.top());
        atlas.paint(painter, palette, Rect::from_min_size(corner, vec2(cell, cell)), row + 1, column);
    }
    if is_selected || response.hovered() || response.has_focus() {
        let color = if is_selected { palette.accent } else { palette.weak_text };
        painter.rect_stroke(rect.expand(1.0), 2.0, Stroke::new(1.5, color), StrokeKind::Middle);
    }
    let hovered = response.hover_pos().map(|pointer| ((pointer.x - rect.left() - GUTTER) / cell).floor());
    response.on_hover_ui_at_pointer(|ui| {
        ui.strong(format!("{name}, {state}"));
        if let Some(column) =
            hovered.filter(|column| *column >= 0.0).map(|column| column as usize).filter(|column| *column < columns)
        {
            let (picture, _) = ui.allocate_exact_size(vec2(112.0, 112.0), Sense::hover());
            atlas.paint(ui.painter(), palette, picture, row + 1, column);
            ui.label(format!(
                "{name} = {:.1}; the example's mean is {:.2}",
                traversal.positions[column], traversal.mean[dimension]
            ));
        }
        ui.weak("Click to select this dimension");
    });
}

/// Name and KL; what does not fit into a low row is in its tooltip.
fn row_texts(ui: &Ui, ctx: &PanelContext<'_>, rect: Rect, name: &str, kl: Option<f32>, collapsed: bool) {
    let palette = ctx.palette;
    let font = TextStyle::Small.resolve(ui.style());
    let value = kl.map_or_else(String::new, short_number);
    let two_lines = rect.height() >= 28.0;
    let y = if two_lines && collapsed { rect.top() + 0.3 * rect.height() } else { rect.center().y };
    ui.painter().text(pos2(rect.left() + 3.0, y), Align2::LEFT_CENTER, name, font.clone(), palette.text);
    let color = if collapsed { palette.weak_text } else { palette.text };
    ui.painter().text(pos2(rect.left() + 60.0, y), Align2::RIGHT_CENTER, value, font.clone(), color);
    if collapsed && two_lines {
        let place = pos2(rect.left() + 3.0, rect.top() + 0.7 * rect.height());
        ui.painter().text(place, Align2::LEFT_CENTER, "collapsed", font, palette.weak_text);
    } else if collapsed {
        let center = pos2(rect.left() + 71.0, y);
        ui.painter().circle_stroke(center, 3.5, Stroke::new(1.2, palette.weak_text));
    } else {
        ui.painter().circle_filled(pos2(rect.left() + 71.0, y), 4.0, palette.text);
    }
}

impl Atlas {
    /// Paints the picture of a row and column; row 0 holds the example and its reconstruction.
    fn paint(&self, painter: &Painter, palette: &Palette, place: Rect, row: usize, column: usize) {
        let [width, height] = self.texture.size().map(|size| size as f32);
        let [cell_width, cell_height] = self.cells.map(|size| size as f32);
        // Half a texel in from the edges: smoothing must not mix neighbours.
        let min = pos2((column as f32 * cell_width + 0.5) / width, (row as f32 * cell_height + 0.5) / height);
        let max =
            pos2(((column + 1) as f32 * cell_width - 0.5) / width, ((row + 1) as f32 * cell_height - 0.5) / height);
        let pixelated = self.cells[0].max(self.cells[1]) <= LARGEST_PIXELATED;
        let uv = if pixelated {
            let half = vec2(0.5 / width, 0.5 / height) * 0.98;
            Rect::from_min_max(min - half, max + half)
        } else {
            Rect::from_min_max(min, max)
        };
        // Pictures that are not square keep their shape.
        let scale = (place.width() / cell_width).min(place.height() / cell_height);
        let fitted = Rect::from_center_size(place.center(), vec2(cell_width, cell_height) * scale);
        painter.image(self.texture.id(), fitted, uv, Color32::WHITE);
        // In a strip of small pictures one outline says it for all.
        let is_small = row > 0 && place.width() <= LARGEST_CELL;
        if let Some(given) = self.given.filter(|_| !is_small || column == 0) {
            given.paint(painter, palette, fitted, is_small);
        }
    }
}

/// The texture of a reading, uploaded once per reading.
fn atlas(
    ctx: &Context,
    run: usize,
    traversal: &Arc<Traversal>,
    shape: [usize; 3],
    given: Option<Given>,
) -> Option<Arc<Atlas>> {
    let id: Id = panel_id("traversal-atlas", run);
    let known: Option<Arc<Atlas>> = ctx.data(|data| data.get_temp(id));
    if let Some(known) = known.as_ref().filter(|known| Arc::ptr_eq(&known.source, traversal)) {
        return Some(known.clone());
    }
    let image = picture_of(traversal, shape)?;
    if image.size[0].max(image.size[1]) > ctx.input(|input| input.max_texture_side) {
        return None;
    }
    let is_small = shape[0].max(shape[1]) <= LARGEST_PIXELATED;
    let options = if is_small { TextureOptions::NEAREST } else { TextureOptions::LINEAR };
    let texture = match known {
        Some(known) if known.texture.size() == image.size => {
            let mut texture = known.texture.clone();
            texture.set(image, options);
            texture
        }
        _ => ctx.load_texture(format!("traversal {run}"), image, options),
    };
    let atlas = Arc::new(Atlas { source: traversal.clone(), texture, cells: [shape[1], shape[0]], given });
    ctx.data_mut(|data| data.insert_temp(id, atlas.clone()));
    Some(atlas)
}

fn picture_of(traversal: &Traversal, [height, width, channels]: [usize; 3]) -> Option<ColorImage> {
    let (rows, columns) = (traversal.order.len() + 1, traversal.positions.len().max(2));
    let size = [columns * width, rows * height];
    let dimensions = height * width * channels;
    if dimensions == 0 || traversal.outputs.len() < (rows - 1) * traversal.positions.len() * dimensions {
        return None;
    }
    let mut pixels = vec![Color32::BLACK; size[0] * size[1]];
    let mut put = |row: usize, column: usize, values: &[f32]| {
        for (at, line) in values.chunks_exact(width * channels).enumerate() {
            let start = (row * height + at) * size[0] + column * width;
            let places = pixels[start..start + width].iter_mut();
            places.zip(line.chunks_exact(channels)).for_each(|(place, values)| *place = color_of(values));
        }
    };
    put(0, 0, &traversal.example);
    put(0, 1, &traversal.reconstruction);
    for (at, values) in traversal.outputs.chunks_exact(dimensions).enumerate() {
        put(at / traversal.positions.len() + 1, at % traversal.positions.len(), values);
    }
    Some(ColorImage::new(size, pixels))
}

/// Of one channel or three, each from 0 to 1; what is outside counts as the nearer end. A conversion to bytes saturates.
fn color_of(values: &[f32]) -> Color32 {
    let byte = |value: f32| (255.0 * value + 0.5) as u8;
    match *values {
        [red, green, blue, ..] => Color32::from_rgb(byte(red), byte(green), byte(blue)),
        _ => Color32::from_gray(byte(values.first().copied().unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_at_their_row_and_column() {
        let traversal = Traversal {
            order: vec![1, 0],
            positions: vec![-1.0, 0.0, 1.0],
            outputs: (0..6).flat_map(|at| [at as f32 / 10.0; 4]).collect(),
            example: vec![1.0; 4],
            reconstruction: vec![0.5; 4],
            mean: vec![0.0; 2],
        };
        let image = picture_of(&traversal, [2, 2, 1]).expect("sizes agree");
        assert_eq!(image.size, [6, 6]);
        let at = |x: usize, y: usize| image.pixels[y * 6 + x].r();
        assert_eq!([at(0, 0), at(2, 1), at(4, 0)], [255, 128, 0]);
        assert_eq!([at(0, 2), at(2, 3), at(5, 5)], [0, 26, 128]);
    }

    #[test]
    fn rows_of_nearly_equal_kl_keep_their_places() {
        let ctx = Context::default();
        let mut traversal = Traversal {
            order: vec![0, 1],
            positions: Vec::new(),
            outputs: Vec::new(),
            example: Vec::new(),
            reconstruction: Vec::new(),
            mean: Vec::new(),
        };
        let with = |kl: [f32; 2]| Measures { kl_per_dimension: kl.to_vec(), ..Measures::default() };
        assert_eq!(steady_order(&ctx, 0, &traversal, Some(&with([0.50, 0.49]))), [0, 1]);
        traversal.order = vec![1, 0];
        assert_eq!(steady_order(&ctx, 0, &traversal, Some(&with([0.49, 0.50]))), [1, 0], "dimension 0 stays first");
        assert_eq!(steady_order(&ctx, 0, &traversal, Some(&with([0.2, 0.9]))), [0, 1], "dimension 1 moves up");
    }
}
