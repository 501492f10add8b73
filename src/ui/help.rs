//! The help window: how to use the program in a few lines, and all keyboard shortcuts, from the table that the buttons use.

use super::commands::{Group, UiCommand};
use super::theme::SECTION_GAP;
use eframe::egui::{self, Context, Grid, RichText, ScrollArea, Ui};

const HOW_TO: [&str; 8] = [
    "All variants train side by side on the same batches and the same noise; click a bar to select that latent dimension in every panel",
    "Drag a slider while training: what can be applied at once is. What needs new weights waits for Restart",
    "Reset keeps the seed; New seed draws another",
    "Open a data file, a folder of pictures, an experiment or a session with Open…, by dropping it on the window, or with: collapsar open PATH",
    "Probabilistic PCA and the mixture weight, among the lessons, train nothing: drag σ or the separation, and read the exact posterior",
    "A phase diagram, below the lessons, trains a grid of short runs over two settings; click a cell to open it as a run",
    "Compare methods, below it, trains the remedies of the literature with several seeds; its table says what each brings and what it costs",
    "Hover over any term to read what it means, in which unit, and how it is computed",
];

/// Draws the help, if it is open.
pub fn window_ui(ctx: &Context, is_open: &mut bool) {
    egui::Window::new("Help")
        .open(is_open)
        .collapsible(false)
        .default_size([600.0, 640.0])
        .pivot(egui::Align2::CENTER_CENTER)
        .default_pos(ctx.content_rect().center())
        .vscroll(false)
        .show(ctx, |ui| {
            ScrollArea::vertical().auto_shrink([false, true]).show(ui, |ui| {
                for text in HOW_TO {
                    ui.horizontal_top(|ui| {
                        ui.label("•");
                        ui.add(egui::Label::new(text).wrap());
                    });
                }
                ui.add_space(SECTION_GAP);
                for group in Group::ALL {
                    ui.strong(group.title());
                    shortcuts_ui(ui, group);
                    ui.add_space(SECTION_GAP);
                }
            });
        });
}

fn shortcuts_ui(ui: &mut Ui, group: Group) {
    let ctx = ui.ctx().clone();
    Grid::new(group.title()).num_columns(2).spacing([18.0, 4.0]).min_col_width(120.0).show(ui, |ui| {
        let mut row = |keys: String, text: &str, tooltip: &str| {
            ui.label(RichText::new(keys).monospace());
            ui.label(text).on_hover_text(tooltip);
            ui.end_row();
        };
        for command in
            UiCommand::ALL.into_iter().filter(|command| command.group() == group && !command.shortcuts().is_empty())
        {
            row(command.shortcut_text(&ctx), command.text(), command.tooltip());
        }
        if group == Group::View {
            row("1 … 9".to_owned(), "Select a latent dimension", "Selects the dimension of that number in all panels");
            row("Ctrl + or −".to_owned(), "Zoom", "Makes everything larger or smaller");
        }
    });
}
