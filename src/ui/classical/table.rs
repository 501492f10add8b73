//! Ways of inference side by side, in numbers.

use super::legend::explanation;
use super::words::significant;
use crate::exact::Sampling;
use crate::experiment::Inference;
use crate::ui::panels::{explained, grouped, title_ui};
use crate::ui::theme::Palette;
use eframe::egui::{CornerRadius, Grid, Id, RichText, Sense, Ui, vec2};

/// A posterior by one way of inference.
pub(super) struct TableRow<'a> {
    /// The way.
    pub inference: Inference,
    /// Mean and standard deviation.
    pub moments: [f64; 2],
    /// KL to the prior, nats.
    pub kl: f64,
    /// What sampling left behind, and which of its quantities this is.
    pub sampling: Option<(&'a Sampling, usize)>,
}

const HEADS: [(&str, &str); 6] = [
    ("Inference", "The way in which the posterior is found"),
    ("Mean", "Posterior mean"),
    ("SD", "Posterior standard deviation"),
    ("KL to prior, nats", "KL(posterior ‖ prior) of this one variable, in nats; 0 is collapse"),
    (
        "R-hat",
        "Split R-hat of the draws (Vehtari et al. 2021): near 1 when all chains tell the same; above 1.01 the draws must not be trusted",
    ),
    ("Draws (effective)", "Draws in all chains, and in brackets how many independent draws they are worth"),
];

/// Height of a row.
const ROW: f32 = 18.0;
/// Space between rows.
const BETWEEN: f32 = 2.0;

/// Height of title, head and three rows.
pub(super) fn height(ui: &Ui) -> f32 {
    crate::ui::panels::TITLE_HEIGHT + ui.spacing().item_spacing.y + 4.0 * (ROW + BETWEEN)
}

/// Draws the table; without `waiting` HMC that is missing is not mentioned.
pub(super) fn table_ui(
    ui: &mut Ui,
    palette: &Palette,
    title: &str,
    note: &str,
    rows: &[TableRow<'_>],
    waiting: Option<&str>,
) {
    title_ui(ui, title, note, |_| {});
    let space = (ui.available_width() / 46.0).clamp(8.0, 26.0);
    ui.spacing_mut().interact_size.y = ROW;
    Grid::new(Id::unique(("collapsar-inference", title))).num_columns(HEADS.len()).spacing(vec2(space, BETWEEN)).show(
        ui,
        |ui| {
            for (head, tooltip) in HEADS {
                explained(ui.label(RichText::new(head).small().color(palette.weak_text)), tooltip);
            }
            ui.end_row();
            for row in rows {
                name_ui(ui, palette, row.inference);
                ui.label(significant(row.moments[0], 3));
                ui.label(significant(row.moments[1], 3));
                ui.label(significant(row.kl, 3));
                match row.sampling {
                    Some((sampling, quantity)) => sampling_ui(ui, palette, sampling, quantity),
                    None => {
                        ui.weak("none").on_hover_text("Nothing is drawn at random");
                        ui.weak("none").on_hover_text("Nothing is drawn at random");
                    }
                }
                ui.end_row();
            }
            if let Some(waiting) = waiting {
                name_ui(ui, palette, Inference::Hmc);
                ui.weak(waiting);
                ui.end_row();
            }
        },
    );
}

fn name_ui(ui: &mut Ui, palette: &Palette, inference: Inference) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let (rect, _) = ui.allocate_exact_size(vec2(10.0, 12.0), Sense::hover());
        ui.painter().rect_filled(rect, CornerRadius::same(2), palette.inference(inference));
        explained(ui.label(inference.label()), explanation(inference));
    });
}

fn sampling_ui(ui: &mut Ui, palette: &Palette, sampling: &Sampling, quantity: usize) {
    let value = |of: &[f64]| of.get(quantity).copied().unwrap_or(f64::NAN);
    let r_hat = value(&sampling.r_hat);
    let is_bad = r_hat > 1.01 || !r_hat.is_finite();
    let text = if r_hat.is_finite() { format!("{r_hat:.3}") } else { "undefined".to_owned() };
    let text = if is_bad { RichText::new(text).color(palette.warning) } else { RichText::new(text) };
    ui.label(text).on_hover_text(if is_bad {
        "The chains do not agree: mean and standard deviation over all draws describe no posterior"
    } else {
        "The chains agree"
    });
    let effective = value(&sampling.effective_draws);
    let divergences = match sampling.divergences {
        0 => String::new(),
        count => format!("; {count} divergent transitions, so that parts of the posterior may be missing"),
    };
    ui.label(format!("{} ({})", grouped(sampling.count as f32), grouped(effective as f32)))
        .on_hover_text(format!("{} chains{divergences}", sampling.chains));
}
