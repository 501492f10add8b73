//! What a data file holds, shown before anything is trained on it; the training in progress goes on behind it.

use super::commands::Action;
use super::examples::Examples;
use super::loading::{Preview, file_name};
use super::theme::{Palette, SECTION_GAP};
use crate::data::{Format, Scale};
use eframe::egui::{self, Align2, Button, ComboBox, Context, Grid, RichText, ScrollArea, Ui};

/// The preview dialog and the file in it.
#[derive(Default)]
pub struct PreviewWindow {
    preview: Option<Preview>,
    examples: Examples,
}

impl PreviewWindow {
    /// Shows a file.
    pub fn show(&mut self, preview: Preview) {
        self.examples = Examples::default();
        self.preview = Some(preview);
    }

    /// Closes the dialog.
    pub fn close(&mut self) -> Option<Preview> {
        self.preview.take()
    }

    /// Draws the dialog, if it is open; with probabilistic PCA on the screen the data can be given to it, too.
    pub fn window_ui(&mut self, ctx: &Context, is_loading: bool, is_ppca: bool, actions: &mut Vec<Action>) {
        let Self { preview: Some(preview), examples } = self else { return };
        let mut is_open = true;
        egui::Window::new(format!("Preview of {}", file_name(&preview.path)))
            .id(egui::Id::unique("preview"))
            .open(&mut is_open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, [0.0, 0.0])
            .show(ctx, |ui| {
                ui.set_width(520.0);
                facts_ui(ui, preview);
                options_ui(ui, preview, is_loading, actions);
                warnings_ui(ui, preview);
                if let Ok(data) = &preview.data {
                    ui.add_space(SECTION_GAP);
                    let is_table = !data.shape().is_image();
                    let scaled = is_table && preview.settings.scale == Scale::Standardize;
                    ui.strong(if scaled { "First training examples, standardised" } else { "First training examples" });
                    ScrollArea::vertical().max_height(220.0).show(ui, |ui| examples.show_ui(ui, data));
                }
                ui.add_space(SECTION_GAP);
                ui.horizontal(|ui| {
                    let palette = Palette::current(ui.ctx());
                    let primary = |text| {
                        Button::new(RichText::new(text).color(palette.on_accent)).fill(palette.accent)
                    };
                    let can_use = preview.data.is_ok() && !is_loading;
                    if is_ppca {
                        let response = ui.add_enabled(can_use, primary("Use in PPCA"));
                        let tooltip = "Looks at this file with the probabilistic PCA on the screen, all examples, as the file is read by default";
                        if response.on_hover_text(tooltip).clicked() {
                            actions.push(Action::UsePreviewInPpca);
                        }
                    }
                    let button = if is_ppca { Button::new("Train on this") } else { primary("Train on this") };
                    if ui
                        .add_enabled(can_use, button)
                        .on_hover_text("Keeps the model's settings and adapts what cannot work")
                        .clicked()
                    {
                        actions.push(Action::TrainOnPreview);
                    }
                    if ui.button("Cancel").clicked() {
                        actions.push(Action::ClosePreview);
                    }
                    if is_loading {
                        ui.spinner();
                        ui.weak("Reading again…");
                    }
                });
            });
        if !is_open {
            actions.push(Action::ClosePreview);
        }
    }
}

fn facts_ui(ui: &mut Ui, preview: &Preview) {
    let held = &preview.inspection;
    let shape: Vec<String> = held.shape.iter().map(usize::to_string).collect();
    let kind = match (held.format, held.shape.len()) {
        (_, 2) => format!("{} pixels, grey", shape.join(" × ")),
        (_, 3) => format!("{} pixels, colour", shape[..2].join(" × ")),
        _ => format!("{} values", held.dimensions),
    };
    Grid::new("facts").num_columns(2).spacing([18.0, 4.0]).show(ui, |ui| {
        let mut row = |name: &str, value: String| {
            ui.weak(name);
            ui.label(value);
            ui.end_row();
        };
        row("Format", format_name(held.format).to_owned());
        row(
            "Examples",
            match &preview.data {
                Ok(data) => {
                    format!("{}: {} for training, {} held out", held.examples, data.training_len(), data.held_out_len())
                }
                Err(_) => held.examples.to_string(),
            },
        );
        row("One example", kind);
        row("Values in the file", format!("{} to {}", short(held.value_range.0), short(held.value_range.1)));
        row("Labels", held.labels.map_or_else(|| "none".to_owned(), |classes| format!("{classes} classes")));
    });
}

/// A table leaves two choices; another answer means that the file is read again.
fn options_ui(ui: &mut Ui, preview: &Preview, is_loading: bool, actions: &mut Vec<Action>) {
    if preview.inspection.format != Format::Csv {
        return;
    }
    let mut settings = preview.settings.clone();
    ui.add_space(SECTION_GAP);
    ui.add_enabled_ui(!is_loading, |ui| {
        ui.horizontal(|ui| {
            let label = ui.label("Label column");
            let shown = settings.label.clone().unwrap_or_else(|| "Automatic".to_owned());
            let combo = ComboBox::from_id_salt("label-column").selected_text(shown).show_ui(ui, |ui| {
                ui.selectable_value(&mut settings.label, None, "Automatic");
                for name in columns(preview) {
                    ui.selectable_value(&mut settings.label, Some(name.clone()), name);
                }
            });
            combo
                .response
                .labelled_by(label.id)
                .on_hover_text("The column that holds the class; it is shown, never trained on");
            ui.add_space(SECTION_GAP);
            let label = ui.label("Scale");
            let name = |scale| if scale == Scale::Standardize { "Standardise" } else { "As in the file" };
            let combo = ComboBox::from_id_salt("scale").selected_text(name(settings.scale)).show_ui(ui, |ui| {
                for scale in [Scale::Standardize, Scale::None] {
                    ui.selectable_value(&mut settings.scale, scale, name(scale));
                }
            });
            combo
                .response
                .labelled_by(label.id)
                .on_hover_text("Standardise: mean 0 and variance 1 per column, over the training examples");
        });
    });
    if settings != preview.settings {
        actions.push(Action::Preview { path: preview.path.clone(), settings: Box::new(settings) });
    }
}

/// Columns that may be the label: by name where there is a header, else by number.
fn columns(preview: &Preview) -> Vec<String> {
    let Ok(data) = &preview.data else { return Vec::new() };
    let mut names = match data.feature_names() {
        [] => (1..=data.dimensions().min(64)).map(|number| number.to_string()).collect(),
        names => names.to_vec(),
    };
    if let Some(label) = &preview.settings.label
        && !names.contains(label)
    {
        names.push(label.clone());
    }
    names
}

fn warnings_ui(ui: &mut Ui, preview: &Preview) {
    let palette = Palette::current(ui.ctx());
    if let Err(error) = &preview.data {
        ui.add_space(SECTION_GAP);
        ui.colored_label(palette.error, format!("Cannot be trained on: {error}"));
    }
    for warning in &preview.inspection.warnings {
        ui.colored_label(palette.warning, warning);
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Idx => "IDX, the format of MNIST",
        Format::Csv => "CSV, a text table",
        Format::Npy => "NPY, one numpy array",
        Format::Npz => "NPZ, an archive of numpy arrays",
        Format::Images => "Folder of pictures",
        _ => "Generated",
    }
}

fn short(value: f64) -> String {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}
