//! Numbers as the classical panels write them, and the diagnosis.

use super::lab::ClassicalLab;
use super::{mixture, ppca};
use crate::exact::ClassicalReading;
use crate::ui::selection::Selection;
use crate::ui::theme::GAP;
use eframe::egui::Ui;

/// A number with so many significant digits at most, without zeros that say nothing.
pub(super) fn significant(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return "not finite".to_owned();
    }
    if value.abs() < 5e-7 {
        return "0".to_owned();
    }
    if value.abs() >= 1000.0 && digits <= 4 {
        let sign = if value < 0.0 { "−" } else { "" };
        return format!("{sign}{}", crate::ui::loading::grouped(value.abs().round() as u64));
    }
    let leading = value.abs().log10().floor() as i32 + 1;
    let decimals = (digits as i32 - leading).clamp(0, 9) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.replace('-', "−")
}

/// Words in a row: “a, b and c”.
pub(super) fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_matter() {
        let cases =
            [(4.277_03, "4.277"), (1.0, "1"), (0.05, "0.05"), (123.456, "123.5"), (0.105_829, "0.1058"), (0.0, "0")];
        for (value, text) in cases {
            assert_eq!(significant(value, 4), text);
        }
        assert_eq!(significant(-1.4983, 4), "−1.498");
        assert_eq!(significant(5659.4, 3), "5,659");
        assert_eq!(significant(-763_227.49, 4), "−763,227");
    }

    #[test]
    fn words_are_listed() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(listed(&words("a")), "a");
        assert_eq!(listed(&words("a b c")), "a, b and c");
    }
}
