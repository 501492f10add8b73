//! The panel on the right: the lesson, what the numbers beside it say, and what the terms mean.

use super::classical;
use super::diagnosis::{Facts, diagnosis};
use super::in_view::in_view_ui;
use super::lab::Lab;
use super::selection::Selection;
use super::theme::{GAP, Palette, SECTION_GAP};
use super::verdict::{self, Maturity, comparison};
use crate::train::Session;
use eframe::egui::{CollapsingHeader, Frame, Margin, Panel, RichText, ScrollArea, Ui, style::ScrollStyle};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};

/// The explanation panel.
#[derive(Default)]
pub struct ExplainPanel {
    markdown: CommonMarkCache,
    /// Height of all of the diagnosis when it was last drawn.
    diagnosis_height: Option<f32>,
}

impl ExplainPanel {
    /// Draws lesson and terms, and below them the diagnosis, which stays where it is while its words change.
    pub fn show_ui(&mut self, ui: &mut Ui, lab: &Lab, selection: &Selection) {
        // Bars at rest are seen, too: text that is cut at an edge looks complete.
        ui.spacing_mut().scroll = ScrollStyle {
            floating_width: 4.0,
            foreground_color: true,
            dormant_background_opacity: 0.0,
            dormant_handle_opacity: 0.45,
            ..ScrollStyle::thin()
        };
        let frame = Frame::new().inner_margin(Margin { top: 8, ..Margin::ZERO });
        let height = (0.45 * ui.available_height()).clamp(120.0, 316.0);
        // What a short diagnosis leaves free is the lesson's. egui remembers one height for each panel.
        let needed = self.diagnosis_height.filter(|needed| *needed < height);
        let panel = match needed {
            Some(needed) => Panel::bottom("short diagnosis").resizable(false).exact_size(needed),
            None => Panel::bottom("diagnosis").resizable(true).default_size(height).size_range(80.0..=600.0),
        };
        let shown = panel.frame(frame).show(ui, |ui| {
            let top = ui.cursor().top();
            ui.heading("Diagnosis").on_hover_text("Made from the numbers beside it, and from nothing else");
            let heading = ui.cursor().top() - top;
            let area = ScrollArea::vertical().id_salt("diagnosis").auto_shrink([false; 2]).show(ui, |ui| {
                if let Some(session) = lab.session() {
                    diagnosis_ui(ui, session);
                } else if let Some(model) = lab.classical() {
                    classical::diagnosis_ui(ui, model, selection);
                }
            });
            heading + area.content_size.y
        });
        self.diagnosis_height = Some(shown.inner + f32::from(frame.inner_margin.top) + 4.0);
        ScrollArea::vertical().id_salt("lesson").auto_shrink([false; 2]).show(ui, |ui| {
            ui.set_width(ui.available_width() - 6.0);
            match lab.preset() {
                Some(preset) => {
                    // Lessons have no blank line within a list or a block of code.
                    for (number, paragraph) in preset.text.split("\n\n").enumerate() {
                        in_view_ui(ui, (preset.name, number), |ui| {
                            CommonMarkViewer::new().show(ui, &mut self.markdown, paragraph);
                            ui.add_space(GAP);
                        });
                    }
                }
                None => {
                    ui.heading("Your experiment");
                    ui.label(
                        "All variants see the same batches and the same noise. What differs between the columns comes from what differs in \
                         their settings.",
                    );
                }
            }
            ui.add_space(SECTION_GAP);
            ui.heading("Terms");
            let terms = if lab.classical().is_some() { classical::TERMS } else { TERMS };
            for (term, meaning) in terms {
                in_view_ui(ui, *term, |ui| {
                    CollapsingHeader::new(*term).show(ui, |ui| ui.label(*meaning));
                });
            }
        });
    }
}

fn diagnosis_ui(ui: &mut Ui, session: &Session) {
    let palette = Palette::current(ui.ctx());
    ui.set_width(ui.available_width() - 6.0);
    let examples = session.data().training_len();
    let known: Vec<(usize, Facts<'_>)> = session
        .runs()
        .iter()
        .enumerate()
        .filter_map(|(index, run)| {
            let facts = Facts {
                settings: &run.settings,
                measures: verdict::measures(run)?,
                evaluations: &run.history.evaluations,
                maturity: Maturity::of(run, examples),
                data_dimensions: session.data().dimensions(),
                statuses: comparison(run).map(|comparison| &comparison.statuses),
                prediction: verdict::theory(run).map(|theory| theory.prediction.as_ref()),
                method: verdict::method(run),
            };
            Some((index, facts))
        })
        .collect();
    if known.is_empty() {
        ui.weak("Nothing measured yet");
        return;
    }
    let (indices, facts): (Vec<usize>, Vec<Facts<'_>>) = known.into_iter().unzip();
    let (own, between) = diagnosis(&facts);
    // What two runs are next to each other is the point of the window: it must not be below the fold.
    for text in between {
        ui.label(text);
        ui.add_space(GAP);
    }
    for ((index, facts), text) in indices.into_iter().zip(&facts).zip(own) {
        ui.label(RichText::new(verdict::title(facts.settings)).strong().color(palette.run(session.runs(), index)));
        ui.label(text);
        ui.add_space(GAP);
    }
}

/// What the words on the screen mean.
const TERMS: &[(&str, &str)] = &[
    (
        "Posterior collapse",
        "The posterior p(z | x) equals the prior p(z): z says nothing about x. It happens exactly when the likelihood p(x | z) does not \
         depend on z (Wang, Blei and Cunningham 2021)",
    ),
    (
        "Likelihood range R",
        "max − min of log p(x | z) over z, in nats, on the grid where the exact posterior is computed. It bounds how far that posterior can be from the \
         prior: KL ≤ min(R, R²/8). R = 0 is collapse, by the theorem",
    ),
    (
        "Exact posterior",
        "p(z | x) ∝ p(z) p(x | z), computed on a grid over the latent space for K ≤ 3. It needs no encoder: where it is the prior the model has \
         collapsed, where only q(z | x) is, the encoder lags",
    ),
    (
        "Collapsed dimension",
        "Here: the variance over held-out examples of the encoder's posterior mean is below 0.01. This judges the encoder; the theorem \
         speaks of the exact posterior",
    ),
    ("Active units", "Number of latent dimensions that are not collapsed by that measure (Burda et al. 2016)"),
    (
        "Prior",
        "p(z), what z is drawn from before x is seen: N(0, I), or a mixture of Gaussians that is learned with the decoder, free or made of posteriors \
         (VampPrior, Tomczak and Welling 2018)",
    ),
    ("Encoder", "q(z | x), a diagonal Gaussian whose means and variances a network computes from x"),
    (
        "Aggregated posterior",
        "The mixture of q(z | x) over all held-out examples of the pool. It should resemble the prior",
    ),
    (
        "ELBO",
        "Evidence lower bound. Its negative is reconstruction + KL, in nats per example, summed over pixels or features and averaged over \
         examples; smaller is better. β is left out, so that runs with different β can be compared",
    ),
    (
        "Reconstruction",
        "−E log p(x | z) under the encoder, one sample of z per example, in nats per example, constants included",
    ),
    (
        "KL",
        "KL(q(z | x) ‖ p(z)), in nats per example: how far the encoder moves from the prior, in all dimensions or in one",
    ),
    (
        "Mutual information",
        "I(x; z) under the encoder, in nats, estimated over the pool of held-out examples. The estimate cannot exceed the logarithm of the \
         pool's size, its cap",
    ),
    (
        "Brenier map",
        "The gradient of a convex potential. With the floor m the potential is m-strongly convex, and the map moves points apart by at least \
         the factor m: two of them give m²",
    ),
    (
        "Theory of linear models",
        "For linear encoder and decoder and a Gaussian likelihood the optimum is known in closed form: a latent dimension carries an eigenvalue λ of the data's          covariance if λ > βσ², and then KL = ½ log(λ/βσ²). Outlines over bars and lines over the spectrum are these values; beside models that are not linear          they are a guide, not a theorem",
    ),
    (
        "Levels",
        "In a hierarchical VAE z2 explains z1, and z1 explains x. The term of z1, E[log q(z1 | x) − log p(z1 | z2)], may be negative; its sum with the KL of z2 is          the KL of both and is not. A KL of z2 alone is no evidence that z2 knows something about x: I(x; z2) is",
    ),
    ("Condition", "What a conditional model is given of each example, c; z carries what the output y has beyond it"),
    ("Nat", "Unit of information with the natural logarithm; 1 nat is 1.44 bits"),
];
