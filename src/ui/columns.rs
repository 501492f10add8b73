//! The middle of the window: a column per variant, equally wide, with the same panels at the same height in each.
//!
//! Only what is visible is drawn, and only what is drawn is asked of the trainers.

use super::commands::Action;
use super::in_view::in_view_ui;
use super::levels::Levels;
use super::panels::{Panel, PanelContext, method, panel_ui};
use super::selection::Selection;
use super::statuses::statuses_ui;
use super::theme::{GAP, Palette};
use super::verdict::{self, Standing, nats};
use crate::experiment::DecoderKind;
use crate::train::{Probe, Run, RunState, Session};
use eframe::egui::{
    self, Align, Button, CornerRadius, Label, Layout, Rect, RichText, ScrollArea, Sense, TextStyle, Ui, UiBuilder,
    accesskit::Role, pos2, vec2,
};
use std::collections::HashMap;

/// Columns narrower than this are scrolled to, not squeezed.
const NARROWEST: f32 = 300.0;
/// From this width on, two panels stand side by side.
const WIDE: f32 = 640.0;

/// What a run's state takes beside its title; a longer title sends it to the next line.
const STATE_WIDTH: f32 = 68.0;

/// Up to so many bars need no column of their own.
const FEW: usize = 4;

/// What the columns remember between frames.
#[derive(Default)]
pub struct Columns {
    /// Height of each panel when it was last drawn, to know where it stands without drawing it.
    heights: HashMap<(usize, Panel, u32), f32>,
    /// One panel instead of all.
    pub only: Option<Panel>,
}

/// Panels of one row, with the share of the width of each.
type Row = Vec<(Panel, f32)>;

/// Which panels are drawn, and which of them first.
#[derive(Clone, Copy)]
pub struct Order<'a> {
    /// Names of panels that are not drawn.
    pub hidden: &'a [String],
    /// Names of panels that stand first.
    pub front: &'a [&'a str],
}

impl Columns {
    /// Draws all columns; what they ask of each run.
    pub fn show_ui(
        &mut self,
        ui: &mut Ui,
        session: &Session,
        selection: &mut Selection,
        order: Order<'_>,
        actions: &mut Vec<Action>,
    ) -> Vec<Vec<Probe>> {
        let count = session.runs().len();
        let mut wanted = vec![vec![Probe::Measures, Probe::PosteriorComparison]; count];
        let palette = Palette::current(ui.ctx());
        let gap = 10.0;
        let width = ((ui.available_width() - gap * (count as f32 - 1.0)) / count as f32).max(NARROWEST);
        ScrollArea::both().auto_shrink([false; 2]).show(ui, |ui| {
            ui.horizontal_top(|ui| {
                ui.spacing_mut().item_spacing.x = gap;
                for (index, wanted) in wanted.iter_mut().enumerate() {
                    let size = vec2(width, ui.available_height());
                    ui.allocate_ui_with_layout(size, Layout::top_down(Align::Min), |ui| {
                        ui.set_width(width);
                        ui.push_id(index, |ui| {
                            palette.card().inner_margin(egui::Margin::symmetric(8, 6)).show(ui, |ui| {
                                ui.set_width(width - 18.0);
                                ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
                                in_view_ui(ui, "header", |ui| header_ui(ui, session, index, actions));
                                let mut context = PanelContext { session, selection, palette };
                                for row in self.rows(session, index, order, ui.available_width()) {
                                    ui.add_space(GAP);
                                    self.row_ui(ui, &row, &mut context, index, wanted);
                                }
                            });
                        });
                    });
                }
            });
        });
        wanted
    }

    fn rows(&self, session: &Session, run: usize, order: Order<'_>, width: f32) -> Vec<Row> {
        if let Some(only) = self.only {
            return vec![vec![(only, 1.0)]];
        }
        let is_shown = |panel: Panel| !order.hidden.iter().any(|name| name == panel.name());
        let keep = |row: Row| -> Row {
            row.into_iter().filter(|(panel, _)| is_shown(*panel) && panel.applies(session, run)).collect()
        };
        let rows = arranged(default_rows(session, width), order.front, width);
        rows.into_iter().map(keep).filter(|row| !row.is_empty()).collect()
    }

    fn row_ui(&mut self, ui: &mut Ui, row: &Row, context: &mut PanelContext<'_>, run: usize, wanted: &mut Vec<Probe>) {
        let gap = 8.0;
        let shares: f32 = row.iter().map(|(_, share)| share).sum();
        let room = ui.available_width() - gap * (row.len() as f32 - 1.0);
        let top_left = ui.cursor().min;
        let (mut left, mut tallest) = (top_left.x, 0.0_f32);
        for &(panel, share) in row {
            let width = (room * share / shares).floor();
            let key = (run, panel, width as u32);
            let known = self.heights.get(&key).copied();
            let rect = Rect::from_min_size(pos2(left, top_left.y), vec2(width, known.unwrap_or(200.0)));
            if known.is_none() || ui.is_rect_visible(rect) {
                for probe in panel.probes(context.session, run, context.selection) {
                    if !wanted.contains(&probe) {
                        wanted.push(probe);
                    }
                }
                let mut child =
                    ui.new_child(UiBuilder::new().id_salt(panel).max_rect(rect).layout(Layout::top_down(Align::Min)));
                child.set_width(width);
                // Panels are as high as they like, but a title must not run into the neighbour.
                child.set_clip_rect(ui.clip_rect().intersect(Rect::from_x_y_ranges(
                    rect.left() - 4.0..=rect.right() + 4.0,
                    ui.clip_rect().y_range(),
                )));
                panel_ui(panel, &mut child, context, run);
                self.heights.insert(key, child.min_rect().height());
            }
            tallest = tallest.max(self.heights.get(&key).copied().unwrap_or_default());
            left += width + gap;
        }
        ui.allocate_rect(Rect::from_min_size(top_left, vec2(ui.available_width(), tallest)), Sense::hover());
    }
}

/// The rows of a column of a width, from what is seen at a glance to what takes longer.
fn default_rows(session: &Session, width: f32) -> Vec<Row> {
    let whole = |panel| vec![(panel, 1.0)];
    let beside = |a, b, share: f32| vec![(a, share), (b, 1.0 - share)];
    let levels = || session.runs().iter().map(|run| Levels::of(&run.settings.model));
    let latent = levels().map(Levels::total).max().unwrap_or(1);
    let has_levels = levels().any(|levels| levels.count() > 1);
    let is_wide = width >= WIDE;
    let mut rows = if is_wide || latent <= FEW && !has_levels {
        vec![beside(Panel::KlBars, Panel::Posterior, if is_wide { 0.5 } else { 0.4 })]
    } else {
        vec![whole(Panel::KlBars)]
    };
    // Decoded outputs: a plane for data of two dimensions, else strips or lines, which want more width.
    let decoded = if session.data().dimensions() == 2 { Panel::LatentGrid } else { Panel::Traversal };
    let is_posterior_placed = rows[0].len() > 1;
    match (decoded, is_wide) {
        (Panel::LatentGrid, _) => {
            if !is_posterior_placed {
                rows.push(whole(Panel::Posterior));
            }
            rows.push(beside(Panel::Plane, decoded, 0.5));
        }
        (_, true) => rows.push(beside(decoded, Panel::Plane, 0.6)),
        (_, false) if is_posterior_placed => rows.extend([whole(decoded), whole(Panel::Plane)]),
        // Pictures are what people watch: they must not start below the fold.
        (_, false) if session.data().shape().is_image() => {
            rows.extend([whole(decoded), beside(Panel::Posterior, Panel::Plane, 0.55)]);
        }
        (_, false) => rows.extend([beside(Panel::Posterior, Panel::Plane, 0.55), whole(decoded)]),
    }
    if method::is_of_interest(session) {
        rows.insert(1, whole(Panel::Method));
    }
    // What takes longer to read comes after what is seen at a glance.
    rows.push(whole(Panel::Spectrum));
    if is_wide {
        rows.push([Panel::LikelihoodMap, Panel::PosteriorMeans, Panel::Injectivity].map(|panel| (panel, 1.0)).into());
    } else {
        rows.extend([beside(Panel::LikelihoodMap, Panel::PosteriorMeans, 0.5), whole(Panel::Injectivity)]);
    }
    rows
}

/// Brings the panels in front to the first rows: side by side, as many as the width allows, with equal shares.
fn arranged(rows: Vec<Row>, front: &[&str], width: f32) -> Vec<Row> {
    let in_front: Vec<Panel> = front.iter().filter_map(|name| Panel::from_name(name)).collect();
    let is_wide = width >= WIDE;
    let per_row = if is_wide { 3 } else { 2 };
    let mut arranged: Vec<Row> = Vec::new();
    for &panel in &in_front {
        // A row of bars needs the whole of a narrow column.
        let is_alone = !is_wide && panel.is_broad();
        match arranged.last_mut() {
            Some(row) if row.len() < per_row && !is_alone && (is_wide || !row[0].0.is_broad()) => {
                row.push((panel, 1.0))
            }
            _ => arranged.push(vec![(panel, 1.0)]),
        }
    }
    let rest = rows.into_iter().map(|row| row.into_iter().filter(|(panel, _)| !in_front.contains(panel)).collect());
    arranged.into_iter().chain(rest).collect()
}

fn header_ui(ui: &mut Ui, session: &Session, index: usize, actions: &mut Vec<Action>) {
    let run = &session.runs()[index];
    let palette = Palette::current(ui.ctx());
    let color = palette.run(session.runs(), index);
    let name = verdict::title(&run.settings);
    let font = TextStyle::Heading.resolve(ui.style());
    let name_width = ui.painter().layout_no_wrap(name.clone(), font, color).size().x;
    let header = ui.horizontal(|ui| {
        ui.set_height(26.0);
        let (chip, _) = ui.allocate_exact_size(vec2(12.0, 18.0), Sense::hover());
        ui.painter().rect_filled(chip, CornerRadius::same(3), color);
        // From the right: what does not fit is cut from the title.
        let from_the_right = ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            decoder_ui(ui, run, index, actions);
            ui.add_space(8.0);
            let has_room = name_width + STATE_WIDTH <= ui.available_width();
            if has_room {
                state_ui(ui, run);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                ui.add(Label::new(RichText::new(name).heading().color(color)).truncate());
            });
            has_room
        });
        from_the_right.inner
    });
    let is_state_shown = header.inner;
    let found = verdict::measures(run);
    let (said, objection) = verdict::verdict_of(run, session.data().training_len());
    let is_counted = !matches!(said.standing, Standing::Broken | Standing::Unknown);
    let text_color = match said.standing {
        Standing::Broken => palette.error,
        Standing::Unknown => palette.weak_text,
        _ => palette.strong_text,
    };
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if !is_state_shown {
            state_ui(ui, run);
        }
        let judged = |text: &str| RichText::new(text).size(16.0).color(text_color);
        match objection {
            Some(objection) => {
                ui.label(judged(objection)).on_hover_text(
                    "A count of collapsed dimensions is a judgement after an epoch, or 100 steps if those are more, and once the KL of two \
                     evaluations in a row is about the same",
                );
                if run.progress.step > 0 {
                    ui.label(RichText::new("so far").small().weak());
                    ui.label(RichText::new(&said.text).small().weak());
                }
            }
            None if is_counted => {
                ui.label(judged(&said.text));
            }
            None => {
                ui.label(RichText::new(&said.text).color(text_color));
            }
        }
        if is_counted && objection.is_none() {
            ui.label(RichText::new(verdict::measure_of_collapse()).small().weak()).on_hover_text(
                "Collapsed here: Var over held-out examples of E[z | x] under the encoder is below 0.01. It judges the encoder: one that lags \
                 behind its decoder looks the same as a collapsed model",
            );
        }
    });
    statuses_ui(ui, run, color);
    let losses = |unit: &str| match found {
        Some(measures) => format!(
            "−ELBO {} {unit}: reconstruction {} + KL {}",
            nats(measures.negative_elbo),
            nats(measures.reconstruction),
            nats(measures.kl)
        ),
        None => "−ELBO not measured yet".to_owned(),
    };
    let font = TextStyle::Small.resolve(ui.style());
    let whole = ui.painter().layout_no_wrap(losses("nats per example"), font, palette.weak_text);
    let losses = losses(if whole.size().x <= ui.available_width() { "nats per example" } else { "nats" });
    ui.add(Label::new(RichText::new(losses).small().color(palette.weak_text)).truncate()).on_hover_text(
        "Nats per example over the pool of held-out examples, one sample of z per example; summed over features, averaged over examples; β left out",
    );
}

fn state_ui(ui: &mut Ui, run: &Run) {
    let palette = Palette::current(ui.ctx());
    match &run.state {
        RunState::Preparing { what, .. } => {
            ui.label(RichText::new(*what).small().weak());
            ui.spinner();
        }
        RunState::Paused => {
            ui.label(RichText::new("Paused").small().color(palette.weak_text));
        }
        RunState::Finished => {
            ui.label(RichText::new("Finished").small().color(palette.success))
                .on_hover_text("The step limit is reached; Run goes on");
        }
        RunState::Diverged { .. } => {
            ui.label(RichText::new("Diverged").small().color(palette.error));
        }
        RunState::Failed(_) => {
            ui.label(RichText::new("Stopped").small().color(palette.error));
        }
        RunState::Running => {}
    }
}

/// Standard | Brenier.
fn decoder_ui(ui: &mut Ui, run: &Run, index: usize, actions: &mut Vec<Action>) {
    let palette = Palette::current(ui.ctx());
    ui.spacing_mut().item_spacing.x = 1.0;
    let is_offered = |decoder: &&DecoderKind| **decoder != DecoderKind::Triangular || run.settings.model.is_linear();
    for &decoder in DecoderKind::ALL.iter().filter(is_offered).rev() {
        let is_present = run.settings.model.decoder == decoder;
        let (text, fill) = match is_present {
            true => (palette.surface, palette.decoder(decoder)),
            false => (palette.weak_text, palette.control),
        };
        let text = RichText::new(decoder.label()).small().color(text);
        let response = ui.add(Button::new(text).fill(fill).selected(false));
        let label = format!("{} decoder for {}", decoder.label(), run.settings.name);
        response.widget_info(|| egui::WidgetInfo::selected(Role::RadioButton, true, is_present, &label));
        let tooltip = match decoder {
            DecoderKind::Standard => "Multilayer perceptron: may become flat in z. Restarts with the same seed",
            DecoderKind::Triangular => {
                "Lower-triangular linear map, for linear encoders: z cannot be rotated. Restarts with the same seed"
            }
            DecoderKind::Brenier => {
                "g2(β g1(z)), both maps gradients of convex potentials: injective in z. Restarts with the same seed"
            }
        };
        if response.on_hover_text(tooltip).clicked() && !is_present {
            actions.push(Action::Decoder { run: index, decoder });
        }
    }
    ui.spacing_mut().item_spacing.x = 8.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_in_front_stand_first_and_nowhere_else() {
        let rows = || vec![vec![(Panel::KlBars, 0.4), (Panel::Posterior, 0.6)], vec![(Panel::LikelihoodMap, 1.0)]];
        let front = ["likelihood-map", "kl", "posterior-means"];
        let arranged_panels = |width| -> Vec<Vec<Panel>> {
            let rows = arranged(rows(), &front, width);
            rows.iter().map(|row| row.iter().map(|(panel, _)| *panel).collect()).collect()
        };
        let (narrow, wide) = (arranged_panels(400.0), arranged_panels(800.0));
        assert_eq!(
            narrow[..4],
            [vec![Panel::LikelihoodMap], vec![Panel::KlBars], vec![Panel::PosteriorMeans], vec![Panel::Posterior]]
        );
        assert_eq!(wide[0], [Panel::LikelihoodMap, Panel::KlBars, Panel::PosteriorMeans]);
        assert_eq!(arranged(rows(), &[], 400.0), rows());
    }
}
