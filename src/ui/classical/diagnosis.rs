//! What the numbers of a classical model say, in sentences.

use super::lab::ClassicalLab;
use super::{mixture, ppca};
use crate::exact::ClassicalReading;
use crate::ui::selection::Selection;
use crate::ui::theme::GAP;
use eframe::egui::Ui;

/// The diagnosis, made from the numbers of the newest answer.
pub fn diagnosis_ui(ui: &mut Ui, model: &ClassicalLab, selection: &Selection) {
    ui.set_width(ui.available_width() - 6.0);
    let Some(reading) = model.reading() else {
        ui.weak("Nothing computed yet");
        return;
    };
    let sentences = match &**reading {
        ClassicalReading::Ppca(reading) => ppca::diagnosis(reading, selection.dimension),
        ClassicalReading::Mixture(reading) => mixture::diagnosis(reading),
    };
    for sentence in sentences {
        ui.label(sentence);
        ui.add_space(GAP);
    }
}
