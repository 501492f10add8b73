//! The panels: each asks a run's trainer for a [`Probe`], and draws the answer.
//!
//! A panel draws its own title row, so that a column is a list of [`panel_ui`] calls. Height depends on the width alone, never on
//! whether an answer has arrived. Axes are computed over all runs: a difference seen between two columns is a difference.
//! Panels keep what they remember (axis maxima, textures, the last answer) in egui's memory, keyed by run.

pub(in crate::ui) mod axes;
mod bound;
pub(in crate::ui) mod color_legend;
mod curve_points;
mod curve_turns;
mod curves;
mod feature_lines;
mod injectivity;
mod kl_bars;
mod latent_grid;
mod likelihood_curve;
pub(in crate::ui) mod likelihood_map;
mod likelihood_scale;
pub(in crate::ui) mod memory;
pub(in crate::ui) mod method;
mod model_information;
pub(in crate::ui) mod overlay;
mod plane;
mod plane_samples;
pub(in crate::ui) mod posterior;
mod posterior_means;
mod prior;
mod spectrum;
mod theory;
mod traversal;
pub(in crate::ui) mod words;

pub use curves::curves_ui;
pub use words::{dimension_name, grouped, listed};

use super::levels::Levels;
use super::selection::Selection;
use super::theme::Palette;
use crate::data::ExampleShape;
use crate::measure::Measures;
use crate::train::{Probe, ReadingValue, Run, Session};
use eframe::egui::{Align, Color32, CursorIcon, Label, Layout, Response, RichText, Sense, TextStyle, Ui, Vec2, vec2};

pub(in crate::ui) const TITLE_HEIGHT: f32 = 22.0;

/// What a panel may see, and the selection it may change.
pub struct PanelContext<'a> {
    /// The runs and their readings.
    pub session: &'a Session,
    /// The dimension and example that all panels look at.
    pub selection: &'a mut Selection,
    /// Colours of the present theme.
    pub palette: &'a Palette,
}

/// Everything that can be drawn of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Panel {
    /// KL per latent dimension, beside what theory predicts.
    KlBars,
    /// Eigenvalues of the data's covariance, and the thresholds of theory.
    Spectrum,
    /// Prior, aggregated posterior and one posterior over the selected dimension.
    Posterior,
    /// Aggregated posterior in a plane of two dimensions.
    Plane,
    /// Decoded outputs along the latent dimensions.
    Traversal,
    /// The decoded latent plane in a two-dimensional data space.
    LatentGrid,
    /// log p(x|z) of one example over the latent space, with its exact posterior.
    LikelihoodMap,
    /// Exact against encoder's posterior means.
    PosteriorMeans,
    /// How far the decoder is from flat, over a latent plane.
    Injectivity,
    /// Phase of the training method, log-likelihood and posterior matching.
    Method,
    /// Losses and mutual information over steps, all runs.
    Curves,
}

impl Panel {
    /// Every panel, in the order of a column; the curves of all runs last.
    pub const ALL: [Self; 11] = [
        Self::KlBars,
        Self::Spectrum,
        Self::Posterior,
        Self::Plane,
        Self::Traversal,
        Self::LatentGrid,
        Self::LikelihoodMap,
        Self::PosteriorMeans,
        Self::Injectivity,
        Self::Method,
        Self::Curves,
    ];

    /// Title on the screen.
    pub fn title(self) -> &'static str {
        match self {
            Self::KlBars => "KL per dimension",
            Self::Spectrum => "Spectrum and thresholds",
            Self::Posterior => "Posterior against prior",
            Self::Plane => "Aggregated posterior",
            Self::Traversal => "Latent traversal",
            Self::LatentGrid => "Decoded latent grid",
            Self::LikelihoodMap => "Likelihood over z",
            Self::PosteriorMeans => "Posterior-mean plane",
            Self::Injectivity => "Injectivity",
            Self::Method => "Training method",
            Self::Curves => "Training curves",
        }
    }

    /// Name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::KlBars => "kl",
            Self::Spectrum => "spectrum",
            Self::Posterior => "posterior",
            Self::Plane => "plane",
            Self::Traversal => "traversal",
            Self::LatentGrid => "latent-grid",
            Self::LikelihoodMap => "likelihood-map",
            Self::PosteriorMeans => "posterior-means",
            Self::Injectivity => "injectivity",
            Self::Method => "method",
            Self::Curves => "curves",
        }
    }

    /// The panel of a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|panel| panel.name() == name)
    }

    /// Whether the panel is a row of many bars, which wants width.
    pub fn is_broad(self) -> bool {
        matches!(self, Self::KlBars | Self::Spectrum | Self::Method)
    }

    /// Whether the panel has something to show for a run; [`Self::Curves`] belongs to all runs and always has.
    pub fn applies(self, session: &Session, run: usize) -> bool {
        let Some(run) = session.runs().get(run) else { return false };
        let is_planar_data = session.data().shape() == ExampleShape::Vector(2);
        match self {
            Self::KlBars | Self::Spectrum | Self::Posterior | Self::Plane | Self::Curves => true,
            Self::LikelihoodMap | Self::PosteriorMeans | Self::Injectivity | Self::Method => true,
            Self::Traversal => !is_planar_data,
            Self::LatentGrid => is_planar_data && run.settings.model.latent_dimensions >= 1,
        }
    }

    /// What a run must be asked for while the panel is visible.
    pub fn probes(self, session: &Session, run: usize, selection: &Selection) -> Vec<Probe> {
        if !self.applies(session, run) {
            return Vec::new();
        }
        let Selection { dimension, example, .. } = *selection;
        let levels = session.runs().get(run).map(|run| Levels::of(&run.settings.model));
        let has_plane = levels.is_some_and(|levels| levels.range(levels.level_of(dimension)).len() >= 2);
        match self {
            Self::KlBars => vec![Probe::Measures, Probe::PosteriorComparison, Probe::Theory],
            Self::Spectrum => vec![Probe::Theory],
            Self::Posterior => vec![Probe::Marginal { dimension, example }],
            Self::Plane if has_plane => {
                let dimensions = selection.plane();
                let samples = selection.samples.then_some(Probe::Samples { dimensions });
                [Probe::Plane { dimensions }].into_iter().chain(samples).collect()
            }
            Self::Plane | Self::Curves => Vec::new(),
            Self::Traversal => vec![Probe::Traversal { example }, Probe::Measures],
            Self::LatentGrid => vec![Probe::LatentGrid { dimensions: selection.plane(), example }],
            Self::LikelihoodMap => vec![Probe::LikelihoodMap { dimensions: selection.plane(), example }],
            Self::PosteriorMeans => vec![Probe::PosteriorComparison],
            Self::Method => vec![Probe::Method],
            Self::Injectivity => vec![Probe::InjectivityField { dimensions: selection.plane(), example }],
        }
    }

    /// The probes of several panels, each once, in order.
    pub fn probes_of(panels: &[Self], session: &Session, run: usize, selection: &Selection) -> Vec<Probe> {
        let mut probes = Vec::new();
        for probe in panels.iter().flat_map(|panel| panel.probes(session, run, selection)) {
            if !probes.contains(&probe) {
                probes.push(probe);
            }
        }
        probes
    }
}

/// Draws a panel of a run over the available width.
pub fn panel_ui(panel: Panel, ui: &mut Ui, ctx: &mut PanelContext<'_>, run: usize) {
    if ctx.session.runs().get(run).is_none() {
        return;
    }
    match panel {
        Panel::KlBars => kl_bars::kl_bars_ui(ui, ctx, run),
        Panel::Spectrum => spectrum::spectrum_ui(ui, ctx, run),
        Panel::Posterior => posterior::posterior_ui(ui, ctx, run),
        Panel::Plane => plane::plane_ui(ui, ctx, run),
        Panel::Traversal => traversal::traversal_ui(ui, ctx, run),
        Panel::LatentGrid => latent_grid::latent_grid_ui(ui, ctx, run),
        Panel::LikelihoodMap => likelihood_map::likelihood_map_ui(ui, ctx, run),
        Panel::PosteriorMeans => posterior_means::posterior_means_ui(ui, ctx, run),
        Panel::Injectivity => injectivity::injectivity_ui(ui, ctx, run),
        Panel::Method => method::method_ui(ui, ctx, run),
        Panel::Curves => curves_ui(ui, ctx),
    }
}

impl PanelContext<'_> {
    fn levels(&self, run: usize) -> Levels {
        Levels::of(&self.session.runs()[run].settings.model)
    }

    fn color(&self, run: usize) -> Color32 {
        self.palette.run(self.session.runs(), run)
    }
}

/// The newest measures of a run: what was asked for, else the last periodic evaluation.
fn measures(run: &Run) -> Option<&Measures> {
    match run.reading(&Probe::Measures).map(|reading| &reading.value) {
        Some(ReadingValue::Measures(measures)) => Some(measures),
        _ => run.history.evaluations.last().map(|evaluation| &evaluation.measures),
    }
}

/// Title with its explanation on hover, and room at the right for a control or a remark.
pub(in crate::ui) fn title_ui(ui: &mut Ui, title: &str, explanation: &str, right: impl FnOnce(&mut Ui)) {
    let size = vec2(ui.available_width(), TITLE_HEIGHT);
    // From the right: what does not fit is cut from the title.
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
        ui.set_min_size(size);
        right(ui);
        ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
            let label = Label::new(RichText::new(title).strong()).truncate().show_tooltip_when_elided(false);
            explained(ui.add(label.sense(Sense::hover())), explanation);
        });
    });
}

/// Shows on hover what a term means.
pub(in crate::ui) fn explained(response: Response, explanation: &str) -> Response {
    response.on_hover_cursor(CursorIcon::Help).on_hover_text(explanation)
}

/// One line of fixed height under a title: the first of some forms of a sentence, long to short, that fits. The longest is the whole
/// sentence, and is shown on hover where another stands in for it.
pub(in crate::ui) fn caption_ui(ui: &mut Ui, palette: &Palette, forms: &[String]) {
    let size = vec2(ui.available_width(), ui.text_style_height(&TextStyle::Small));
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.set_min_size(size);
        let Some((whole, shortest)) = forms.first().zip(forms.last()) else { return };
        let font = TextStyle::Small.resolve(ui.style());
        let fits = |text: &&String| {
            let galley = ui.painter().layout_no_wrap(text.to_string(), font.clone(), palette.weak_text);
            galley.size().x <= size.x
        };
        let fitting = forms.iter().find(fits);
        let text = fitting.unwrap_or(shortest);
        let label = Label::new(RichText::new(text).small().color(palette.weak_text)).truncate();
        let response = ui.add(label.show_tooltip_when_elided(false).sense(Sense::hover()));
        if fitting != Some(whole) {
            response.on_hover_text(whole);
        }
    });
}

/// A panel's height: `usual` in a window of 900 points, a little less in a lower one and more on a large screen.
fn scaled_height(ui: &Ui, usual: f32) -> f32 {
    (usual * (ui.ctx().content_rect().height() / 900.0).clamp(0.85, 1.4)).round()
}

/// A sentence in the place of a picture.
pub(in crate::ui) fn message_ui(ui: &mut Ui, palette: &Palette, height: f32, text: &str) {
    let size = Vec2::new(ui.available_width(), height);
    ui.allocate_ui_with_layout(size, Layout::centered_and_justified(eframe::egui::Direction::TopDown), |ui| {
        ui.set_min_size(size);
        ui.add(Label::new(RichText::new(text).small().color(palette.weak_text)).wrap());
    });
}
