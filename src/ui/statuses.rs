//! The three ways in which "the posterior collapsed" can be true, side by side under a run's title: the likelihood is flat, the exact posterior is the
//! prior, the encoder's posterior is the prior. A ring is collapsed, a disc is not.

use super::theme::Palette;
use super::verdict::nats;
use crate::measure::{COLLAPSED_KL, FLAT_RANGE, NoGrid, PosteriorComparison};
use crate::train::{Probe, ReadingValue, Run};
use eframe::egui::{Color32, FontId, Rect, RichText, Role, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

const HEIGHT: f32 = 18.0;
/// Room for the sign in front of a text.
const SIGN: f32 = 14.0;
const GAP: f32 = 12.0;
/// Room that the longest words of each form need.
const FORMS_FROM: [f32; 3] = [590.0, 320.0, 0.0];

/// One of the three, in words of decreasing length.
#[derive(Clone, Debug, PartialEq)]
struct Status {
    /// `None` where it cannot be told.
    is_collapsed: Option<bool>,
    forms: [String; 3],
    explanation: String,
}

/// Draws the three in one line.
pub fn statuses_ui(ui: &mut Ui, run: &Run, color: Color32) {
    let palette = Palette::current(ui.ctx());
    ui.horizontal(|ui| {
        ui.set_height(HEIGHT);
        ui.spacing_mut().item_spacing.x = GAP;
        let comparison = match run.reading(&Probe::PosteriorComparison).map(|reading| &reading.value) {
            Some(ReadingValue::PosteriorComparison(comparison)) => comparison,
            Some(ReadingValue::NotDefined(reason) | ReadingValue::Pending(reason)) => {
                ui.label(RichText::new(*reason).small().color(palette.weak_text));
                return;
            }
            _ => {
                ui.label(
                    RichText::new("Likelihood and exact posterior not measured yet").small().color(palette.weak_text),
                );
                return;
            }
        };
        let statuses = statuses(comparison);
        let font = TextStyle::Small.resolve(ui.style());
        let width = |text: &String| ui.painter().layout_no_wrap(text.clone(), font.clone(), palette.text).size().x;
        let room = ui.available_width() - 2.0 * GAP - 3.0 * SIGN;
        let fits = |form: &usize| statuses.iter().map(|status| width(&status.forms[*form])).sum::<f32>() <= room;
        // The same form in all columns, as far as they are equally wide.
        let first = FORMS_FROM.iter().position(|from| room >= *from).unwrap_or(2);
        let form = (first..3).find(fits).unwrap_or(2);
        for status in &statuses {
            status_ui(ui, palette, status, form, &font, color);
        }
    });
}

fn status_ui(ui: &mut Ui, palette: &Palette, status: &Status, form: usize, font: &FontId, color: Color32) {
    let galley = ui.painter().layout_no_wrap(status.forms[form].clone(), font.clone(), palette.text);
    let (rect, response) = ui.allocate_exact_size(vec2(SIGN + galley.size().x, HEIGHT), Sense::hover());
    let sign = Rect::from_center_size(pos2(rect.left() + 5.0, rect.center().y), vec2(9.0, 9.0));
    match status.is_collapsed {
        Some(true) => {
            ui.painter().circle_stroke(sign.center(), 4.0, Stroke::new(1.5, palette.weak_text));
        }
        Some(false) => {
            ui.painter().circle_filled(sign.center(), 4.5, color);
        }
        None => {
            ui.painter().line_segment([sign.left_center(), sign.right_center()], Stroke::new(1.5, palette.weak_text));
        }
    }
    ui.painter().galley(pos2(rect.left() + SIGN, rect.center().y - galley.size().y / 2.0), galley, palette.text);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &status.forms[0]));
    response.on_hover_text(&status.explanation);
}

fn statuses(comparison: &PosteriorComparison) -> [Status; 3] {
    [likelihood(comparison), exact(comparison), encoder(comparison)]
}

fn likelihood(comparison: &PosteriorComparison) -> Status {
    let range = nats(comparison.statuses.likelihood_range as f32);
    let is_flat = comparison.statuses.is_likelihood_flat();
    let place = match &comparison.exact {
        Ok(exact) => format!("over the grid |z| ≤ {}", exact.radius),
        Err(_) => "along the dimension where it is largest, the others at the encoder's mean".to_owned(),
    };
    let forms = match is_flat {
        true => [format!("Likelihood R {range} nats: flat"), format!("R {range}: flat"), format!("R {range} flat")],
        false => [format!("Likelihood R {range} nats: not flat"), format!("R {range} nats"), format!("R {range}")],
    };
    Status {
        is_collapsed: Some(is_flat),
        forms,
        explanation: format!(
            "R = max − min of log p(x|z) {place}, mean over examples of the pool. Below {FLAT_RANGE} nats it counts as flat: KL ≤ R²/8 then leaves at most \
             {COLLAPSED_KL} nats. By the theorem a flat likelihood and a collapsed posterior are the same thing, whatever the inference"
        ),
    }
}

fn exact(comparison: &PosteriorComparison) -> Status {
    let Some(kl) = comparison.statuses.exact_kl else {
        let why = comparison.exact.as_ref().err().copied().unwrap_or(NoGrid::Unresolved);
        let (long, short) = match why {
            NoGrid::Dimensions => ("Exact posterior: no grid for K > 3", "no grid"),
            NoGrid::Unresolved => ("Exact posterior: no grid resolves it", "unresolved"),
        };
        return Status {
            is_collapsed: None,
            forms: [long.to_owned(), format!("Exact: {short}"), short.to_owned()],
            explanation: why.sentence().to_owned(),
        };
    };
    let is_collapsed = comparison.statuses.is_exact_collapsed();
    let kl = nats(kl as f32);
    let forms = match is_collapsed {
        Some(true) => {
            [format!("Exact posterior KL {kl}: collapsed"), format!("Exact KL {kl}: collapsed"), format!("Exact {kl}")]
        }
        _ => [format!("Exact posterior KL {kl} nats"), format!("Exact KL {kl}"), format!("Exact {kl}")],
    };
    Status {
        is_collapsed,
        forms,
        explanation: format!(
            "KL(p(z|x) ‖ p(z)) of the posterior by Bayes' rule on a grid, mean over examples of the pool, nats per example. Below {COLLAPSED_KL} the posterior counts as \
             the prior: the model itself has collapsed, and no encoder can help"
        ),
    }
}

fn encoder(comparison: &PosteriorComparison) -> Status {
    let statuses = &comparison.statuses;
    let (active, count) = (statuses.active_units, comparison.latent_dimensions);
    let kl = nats(statuses.encoder_kl as f32);
    let is_collapsed = statuses.is_encoder_collapsed();
    let state = if is_collapsed { ": collapsed" } else { "" };
    Status {
        is_collapsed: Some(is_collapsed),
        forms: [
            format!("Encoder KL {kl}, {active} of {count} active{state}"),
            format!("Encoder: {active} of {count} active"),
            format!("{active}/{count} active"),
        ],
        explanation: format!(
            "KL(q(z|x) ‖ p(z)) of the encoder, nats per example, and the latent dimensions whose encoder mean varies over examples by at least 0.01. No active \
             dimension, or a KL below {COLLAPSED_KL}: the encoder has collapsed. It judges the encoder alone: the model may have information that it does not read"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{ExactComparison, Statuses};

    fn comparison(statuses: Statuses) -> PosteriorComparison {
        let exact = ExactComparison {
            means: vec![0.0; 2],
            kl: vec![0.0],
            likelihood_range: vec![0.0],
            kl_per_dimension: vec![0.0; 2],
            radius: 3.0,
            is_widened: false,
        };
        PosteriorComparison {
            latent_dimensions: 2,
            encoder_means: vec![0.0; 2],
            encoder_kl: vec![0.0],
            slice_ranges: vec![0.0; 2],
            exact: Ok(exact),
            labels: None,
            statuses,
        }
    }

    #[test]
    fn the_three_are_kept_apart() {
        let lagging = Statuses { likelihood_range: 12.3, exact_kl: Some(0.84), encoder_kl: 0.001, active_units: 0 };
        let said = statuses(&comparison(lagging));
        assert_eq!(said.clone().map(|status| status.is_collapsed), [Some(false), Some(false), Some(true)]);
        assert_eq!(
            said.map(|status| status.forms[0].clone()),
            [
                "Likelihood R 12.30 nats: not flat",
                "Exact posterior KL 0.84 nats",
                "Encoder KL 0.001, 0 of 2 active: collapsed"
            ]
        );
        let flat = Statuses { likelihood_range: 0.08, exact_kl: Some(0.0008), encoder_kl: 0.0009, active_units: 0 };
        let said = statuses(&comparison(flat));
        assert_eq!(said.clone().map(|status| status.is_collapsed), [Some(true); 3]);
        assert_eq!(said[0].forms[0], "Likelihood R 0.08 nats: flat");
        assert_eq!(said[1].forms[0], "Exact posterior KL 0.0008: collapsed");
    }

    #[test]
    fn without_a_grid_the_exact_posterior_is_not_judged() {
        let statuses_of = |why| {
            let unknown = Statuses { likelihood_range: 3.0, exact_kl: None, encoder_kl: 0.5, active_units: 4 };
            statuses(&PosteriorComparison { exact: Err(why), ..comparison(unknown) })[1].clone()
        };
        let status = statuses_of(NoGrid::Dimensions);
        assert_eq!((status.is_collapsed, status.explanation.as_str()), (None, NoGrid::Dimensions.sentence()));
        assert!(statuses_of(NoGrid::Unresolved).forms[0].contains("no grid resolves it"));
    }
}
