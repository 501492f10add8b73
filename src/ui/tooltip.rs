//! Tooltips whose text is put together only when somebody looks at it, or listens to it: not for every widget of every frame.

use eframe::egui::{Response, Ui};

/// Shows a text on hover, also over a widget that is disabled.
pub(super) fn lazily_explained(response: Response, text: impl Fn() -> String) -> Response {
    // For screen readers egui makes it the widget's description, too.
    if response.ctx.has_accesskit_node(response.id) {
        let text = text();
        return response.on_hover_text(&text).on_disabled_hover_text(text);
    }
    let tooltip_ui = |ui: &mut Ui| {
        // What egui's own tooltips do, lest they shrink (https://github.com/emilk/egui/issues/5167).
        ui.set_max_width(ui.spacing().tooltip_width);
        ui.label(text());
    };
    response.on_hover_ui(tooltip_ui).on_disabled_hover_ui(tooltip_ui)
}
