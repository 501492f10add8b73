//! The training method: in which phase it is, and what it has brought, in numbers and over steps.
//!
//! Every column has the same rows and the same axes, whatever its own method: a difference seen is a difference.

mod chart;
mod terms;
mod words;

use super::memory::{self, Answer, panel_id};
use super::{PanelContext, caption_ui, title_ui};
use crate::experiment::{Method, ObjectiveSettings, Schedule};
use crate::train::{MethodReading, Probe, ReadingValue, Session};
use chart::Quantity;
use eframe::egui::{Ui, vec2};
use terms::Term;

/// From this width on, the two curves stand side by side.
const BESIDE: f32 = 400.0;
const GAP: f32 = 8.0;

const EXPLANATION: &str = "How this variant is trained, what the next step trains, and what that has brought. Log-likelihood and ELBO are over \
    the first held-out examples, with the same samples every time; curves have a point every 500 steps, and their last is now. A mini-batch never \
    enters";

/// Whether training is more than the evidence lower bound with a fixed KL weight.
pub(in crate::ui) fn is_special(objective: &ObjectiveSettings) -> bool {
    objective.method != Method::Elbo
        || objective.free_bits > 0.0
        || objective.target_kl > 0.0
        || objective.pretraining.steps > 0
        || objective.annealing.schedule != Schedule::Constant
}

/// Draws the panel.
pub(super) fn method_ui(ui: &mut Ui, ctx: &PanelContext<'_>, run: usize) {
    let palette = ctx.palette;
    let found = reading(ui, ctx, run);
    title_ui(ui, "Training method", EXPLANATION, |_| {});
    let objective = &ctx.session.runs()[run].settings.objective;
    let step = ctx.session.runs()[run].progress.step;
    let (what, phase) = match &found {
        Answer::Value(found) => (words::method(objective), words::phase(found, objective, step)),
        Answer::Message(reason) => (words::method(objective), vec![(*reason).to_owned()]),
    };
    caption_ui(ui, palette, &what);
    caption_ui(ui, palette, &phase);
    let found = match &found {
        Answer::Value(found) => Some(found.as_ref()),
        Answer::Message(_) => None,
    };
    let truth = ctx.session.data().true_log_likelihood();
    for term in Term::shown(ctx.session) {
        terms::term_ui(ui, ctx, run, (term, found, truth));
    }
    let width = ui.available_width();
    let is_beside = width >= BESIDE;
    let each = if is_beside { (width - GAP) / 2.0 } else { width };
    let draw = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing = vec2(GAP, 4.0);
        for quantity in Quantity::shown(ctx.session) {
            chart::chart_ui(ui, ctx, run, (quantity, truth), each);
        }
    };
    if is_beside {
        ui.horizontal_wrapped(draw);
    } else {
        ui.vertical(draw);
    }
}

fn reading(ui: &Ui, ctx: &PanelContext<'_>, run: usize) -> Answer<MethodReading> {
    let run_of = &ctx.session.runs()[run];
    memory::answer(ui.ctx(), panel_id("method", run), run_of, &Probe::Method, |value| match value {
        ReadingValue::Method(reading) => Some(reading),
        _ => None,
    })
}

/// Whether any run of a session is trained by more than the plain ELBO.
pub(in crate::ui) fn is_of_interest(session: &Session) -> bool {
    session.runs().iter().any(|run| is_special(&run.settings.objective))
}
