//! The numbers of the panel, a row each.

use super::super::words::{measured, round_number};
use super::super::{PanelContext, explained};
use crate::experiment::Method;
use crate::train::{MethodReading, Session};
use eframe::egui::{Align, Label, Layout, RichText, Sense, Ui, vec2};

const ROW_HEIGHT: f32 = 17.0;

/// A number of the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    LogLikelihood,
    Elbo,
    PosteriorMatching,
    Aggregate,
    Gaussianity,
    Information,
}

impl Term {
    /// Those that some run has, the same for all.
    pub fn shown(session: &Session) -> impl Iterator<Item = Self> {
        let has_bound = session.runs().iter().any(|run| run.settings.objective.method == Method::Mutual);
        let all = [
            Self::LogLikelihood,
            Self::Elbo,
            Self::PosteriorMatching,
            Self::Aggregate,
            Self::Gaussianity,
            Self::Information,
        ];
        all.into_iter().filter(move |term| has_bound || *term != Self::Information)
    }

    /// Long, and for narrow columns.
    fn names(self) -> [&'static str; 2] {
        match self {
            Self::LogLikelihood => ["Log-likelihood", "log p(x)"],
            Self::Elbo => ["ELBO", "ELBO"],
            Self::PosteriorMatching => ["Posterior matching", "Matching"],
            Self::Aggregate => ["Aggregated posterior, moments", "q(z), moments"],
            Self::Gaussianity => ["Aggregated posterior, Henze–Zirkler", "q(z), HZ"],
            Self::Information => ["Bound on the model's information", "I^"],
        }
    }

    fn explanation(self) -> &'static str {
        match self {
            Self::LogLikelihood => {
                "Importance-weighted estimate of E log p(x), nats per example, from 100 samples, half of q(z|x) and half with twice its variance, for each of at most 128 held-out examples \
                 (Burda, Grosse, Salakhutdinov 2016). It approaches the log-likelihood from below. True: under the distribution that generated \
                 the data, where that is known; no model can do better on average"
            }
            Self::Elbo => {
                "Evidence lower bound E log p(x, z) − log q(z|x), nats per example, at the same samples as the log-likelihood; β, free bits and \
                 other costs left out"
            }
            Self::PosteriorMatching => {
                "Posterior-matching term E KL(q(z|x) ‖ p(z|x)), nats per example: log-likelihood − ELBO at the same samples. 0 where every q(z|x) is \
                 the exact posterior. It is what an ELBO trades against the likelihood"
            }
            Self::Aggregate => {
                "How far the aggregated posterior q(z) = E q(z|x) is from N(0, I), nats: KL to it of the Gaussian with the mean and covariance \
                 of q(z) over the held-out examples. Never more than KL(q(z) ‖ N(0, I)), with equality for a Gaussian"
            }
            Self::Gaussianity => {
                "Henze–Zirkler statistic of one sample of q(z|x) for each held-out example, no unit: how far the aggregated posterior is from any \
                 Gaussian, whatever its mean and covariance. In brackets its mean for as many draws from a Gaussian"
            }
            Self::Information => {
                "Variational lower bound on the mutual information I(x; z) under the model p(z) p(x|z), nats, from the auxiliary model r(z|x): \
                 H(z) + E log r(z|x) (Phuong et al. 2018). The constraint pulls it to M"
            }
        }
    }

    /// The number, with what it is held against.
    fn value(self, reading: &MethodReading, truth: Option<f64>, target: Option<f64>) -> String {
        let text = |value: f64| measured(value as f32);
        match self {
            Self::LogLikelihood => {
                let value = text(reading.likelihood.log_likelihood);
                truth.map_or(value.clone(), |truth| format!("{value} (true {})", text(truth)))
            }
            Self::Elbo => text(reading.likelihood.elbo),
            Self::PosteriorMatching => text(reading.likelihood.posterior_matching()),
            Self::Aggregate => reading.aggregate.map_or_else(undefined, |aggregate| text(aggregate.moment_kl)),
            Self::Gaussianity => reading.aggregate.map_or_else(undefined, |aggregate| {
                format!("{} ({})", text(aggregate.henze_zirkler), text(aggregate.henze_zirkler_null))
            }),
            Self::Information => match (reading.information_bound, target) {
                (Some(bound), Some(target)) => format!("{} (M {})", measured(bound), round_number(target as f32)),
                (Some(bound), None) => measured(bound),
                (None, _) => "none".to_owned(),
            },
        }
    }

    /// Whether the number is in nats.
    fn is_information(self) -> bool {
        self != Self::Gaussianity
    }
}

/// In the place of a comparison with N(0, I) where the prior is another.
fn undefined() -> String {
    "none".to_owned()
}

/// Draws a row: name, and the number at the right.
pub(super) fn term_ui(
    ui: &mut Ui,
    ctx: &PanelContext<'_>,
    run: usize,
    (term, reading, truth): (Term, Option<&MethodReading>, Option<f64>),
) {
    let objective = &ctx.session.runs()[run].settings.objective;
    let target = (objective.method == Method::Mutual).then_some(objective.information.target);
    let value = reading.map_or_else(String::new, |reading| term.value(reading, truth, target));
    let size = vec2(ui.available_width(), ROW_HEIGHT);
    let [long, short] = term.names();
    let is_narrow = size.x < 280.0;
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        ui.spacing_mut().item_spacing.x = 6.0;
        if !is_narrow && !value.is_empty() && value != "none" && term.is_information() {
            ui.label(RichText::new("nats").small().color(ctx.palette.weak_text));
        }
        let text = RichText::new(&value).small().color(ctx.palette.strong_text);
        explained(ui.add(Label::new(text).sense(Sense::hover())), term.explanation());
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let name = RichText::new(if is_narrow { short } else { long }).small().color(ctx.palette.weak_text);
            let label = Label::new(name).truncate().show_tooltip_when_elided(false);
            explained(ui.add(label.sense(Sense::hover())), term.explanation());
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{AggregateFit, LikelihoodEstimate};
    use crate::train::Phase;

    #[test]
    fn a_number_stands_beside_what_it_is_held_against() {
        let reading = MethodReading {
            method: Method::Mutual,
            kl_weight: 1.0,
            phase: Phase::Joint,
            likelihood: LikelihoodEstimate { log_likelihood: -3.0, elbo: -3.25 },
            aggregate: Some(AggregateFit { moment_kl: 0.125, henze_zirkler: 0.9, henze_zirkler_null: 0.8 }),
            information_bound: Some(1.4),
        };
        assert_eq!(Term::LogLikelihood.value(&reading, Some(-2.971), None), "−3.00 (true −2.97)");
        assert_eq!(Term::LogLikelihood.value(&reading, None, None), "−3.00");
        assert_eq!(Term::PosteriorMatching.value(&reading, None, None), "0.250");
        assert_eq!(Term::Information.value(&reading, None, Some(1.5)), "1.40 (M 1.5)");
        assert_eq!(Term::Gaussianity.value(&reading, None, None), "0.900 (0.800)");
        assert_eq!(Term::Aggregate.value(&MethodReading { aggregate: None, ..reading }, None, None), "none");
    }
}
