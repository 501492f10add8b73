//! Colours and spacing: both themes, in one place.
//!
//! Blue and orange mean the standard and the Brenier-map decoder everywhere, in both themes; further variants get other colours
//! that stay apart for colour-blind eyes (after Okabe and Ito 2008). The one accent belongs to controls and never to data. The ways of
//! inference in a classical model have colours of their own.

use crate::experiment::{DecoderKind, Inference, Settings};
use crate::train::Run;
use eframe::egui::{
    self, Color32, Context, CornerRadius, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, Style,
    TextStyle, Theme, vec2,
};

/// Space between things that belong together.
pub const GAP: f32 = 6.0;
/// Space between groups.
pub const SECTION_GAP: f32 = 14.0;
/// Corner radius of cards and buttons.
pub const CORNER: u8 = 5;

/// Named colours of one theme.
#[derive(Clone, Debug, PartialEq)]
pub struct Palette {
    /// Whether this is the dark theme.
    pub dark: bool,
    /// Behind everything.
    pub background: Color32,
    /// Side panels, toolbar.
    pub panel: Color32,
    /// Cards, plots, text fields.
    pub surface: Color32,
    /// Buttons at rest.
    pub control: Color32,
    /// Thin lines between surfaces.
    pub outline: Color32,
    /// Titles and what matters: the default fonts have no bold.
    pub strong_text: Color32,
    /// Text.
    pub text: Color32,
    /// Units, captions, what can be skipped.
    pub weak_text: Color32,
    /// The selected thing, the primary button.
    pub accent: Color32,
    /// Text on [`Self::accent`].
    pub on_accent: Color32,
    /// Standard decoder.
    pub standard: Color32,
    /// Brenier-map decoder.
    pub brenier: Color32,
    /// Variants beyond the first of either decoder; none is close to [`Self::posterior`].
    pub further: [Color32; 6],
    /// The first classes of the data; see [`Self::class`].
    pub classes: [Color32; 10],
    /// The prior.
    pub prior: Color32,
    /// The aggregated posterior, where it is not drawn in its variant's colour.
    pub aggregated: Color32,
    /// The selected example and its posterior.
    pub posterior: Color32,
    /// Exact inference in a classical model.
    pub exact: Color32,
    /// Hamiltonian Monte Carlo.
    pub hmc: Color32,
    /// Mean-field variational inference.
    pub mean_field: Color32,
    /// What theory predicts, drawn over what was measured.
    pub theory: Color32,
    /// Threshold and reference lines.
    pub threshold: Color32,
    /// Grid lines of plots.
    pub grid: Color32,
    /// Data points.
    pub data: Color32,
    /// Done.
    pub success: Color32,
    /// Look here.
    pub warning: Color32,
    /// Failed.
    pub error: Color32,
}

const fn rgb(hex: u32) -> Color32 {
    Color32::from_rgb((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
}

static DARK: Palette = Palette {
    dark: true,
    background: rgb(0x13161b),
    panel: rgb(0x1a1e25),
    surface: rgb(0x20252d),
    control: rgb(0x2d343f),
    outline: rgb(0x343c48),
    strong_text: rgb(0xffffff),
    text: rgb(0xd3d9e1),
    weak_text: rgb(0x9ba6b4),
    accent: rgb(0x57c5b6),
    on_accent: rgb(0x08211e),
    standard: rgb(0x5cabf2),
    brenier: rgb(0xf59f45),
    further: [rgb(0x8ade90), rgb(0xead20c), rgb(0x9678fc), rgb(0xba60b4), rgb(0x6ca272), rgb(0xcc4e48)],
    classes: [
        rgb(0x5555ff),
        rgb(0xcc4411),
        rgb(0x008877),
        rgb(0xaabb00),
        rgb(0xff66ff),
        rgb(0x66ff88),
        rgb(0xaa8855),
        rgb(0x7766aa),
        rgb(0xffccff),
        rgb(0xbbeecc),
    ],
    prior: rgb(0xa8b0bb),
    aggregated: rgb(0xc9d2dd),
    posterior: rgb(0xf06ca8),
    exact: rgb(0x1fa37a),
    hmc: rgb(0xc78bff),
    mean_field: rgb(0xf5ea7a),
    theory: rgb(0xffffff),
    threshold: rgb(0xc7ccd4),
    grid: rgb(0x2f3641),
    data: rgb(0x8893a1),
    success: rgb(0x6ccf9c),
    warning: rgb(0xf2c14e),
    error: rgb(0xff7b72),
};

static LIGHT: Palette = Palette {
    dark: false,
    background: rgb(0xeef0f3),
    panel: rgb(0xf8f9fb),
    surface: rgb(0xffffff),
    control: rgb(0xe6e9ee),
    outline: rgb(0xd0d6de),
    strong_text: rgb(0x000000),
    text: rgb(0x2a313b),
    weak_text: rgb(0x566170),
    accent: rgb(0x0b7a6d),
    on_accent: rgb(0xffffff),
    standard: rgb(0x1669b8),
    brenier: rgb(0xc95f00),
    further: [rgb(0x3c9c54), rgb(0x783ce4), rgb(0x5a4e00), rgb(0x7e4236), rgb(0x5a667e), rgb(0xcc72ba)],
    classes: [
        rgb(0x2222dd),
        rgb(0xaa1100),
        rgb(0x009988),
        rgb(0xbb8800),
        rgb(0xdd66cc),
        rgb(0x889955),
        rgb(0x774433),
        rgb(0x446688),
        rgb(0x662299),
        rgb(0x4477ff),
    ],
    prior: rgb(0x6b7481),
    aggregated: rgb(0x3c4652),
    posterior: rgb(0x960054),
    exact: rgb(0x00543d),
    hmc: rgb(0x9a4fe0),
    mean_field: rgb(0x937f00),
    theory: rgb(0x101418),
    threshold: rgb(0x4a525d),
    grid: rgb(0xe2e6eb),
    data: rgb(0x7c8794),
    success: rgb(0x087f5b),
    warning: rgb(0x9a6a00),
    error: rgb(0xbf2c24),
};

impl Palette {
    /// The colours of a theme.
    pub fn of(theme: Theme) -> &'static Self {
        match theme {
            Theme::Dark => &DARK,
            Theme::Light => &LIGHT,
        }
    }

    /// The colours of a context's present theme.
    pub fn current(ctx: &Context) -> &'static Self {
        Self::of(ctx.theme())
    }

    /// The colour of a decoder.
    pub fn decoder(&self, decoder: DecoderKind) -> Color32 {
        match decoder {
            DecoderKind::Standard | DecoderKind::Triangular => self.standard,
            DecoderKind::Brenier => self.brenier,
        }
    }

    /// The colour of a way of inference.
    pub fn inference(&self, inference: Inference) -> Color32 {
        match inference {
            Inference::Exact => self.exact,
            Inference::Hmc => self.hmc,
            Inference::MeanField => self.mean_field,
        }
    }

    /// The colour of a run: its decoder's, unless another run is named after that decoder or came first with it.
    pub fn run(&self, runs: &[Run], index: usize) -> Color32 {
        self.of_settings(runs.iter().map(|run| &run.settings), index)
    }

    /// [`Self::run`] for settings of which no run may exist yet.
    pub fn of_settings<'a>(&self, runs: impl Iterator<Item = &'a Settings>, index: usize) -> Color32 {
        let runs: Vec<(&str, DecoderKind)> = runs.map(|run| (run.name.as_str(), run.model.decoder)).collect();
        self.variant(&runs, index)
    }

    fn variant(&self, runs: &[(&str, DecoderKind)], index: usize) -> Color32 {
        let Some(&(_, decoder)) = runs.get(index) else { return self.text };
        let owner = |decoder: DecoderKind| {
            let named = runs.iter().position(|run| *run == (decoder.key(), decoder));
            named.or_else(|| runs.iter().position(|run| run.1 == decoder))
        };
        if owner(decoder) == Some(index) {
            return self.decoder(decoder);
        }
        let earlier = (0..index).filter(|&at| owner(runs[at].1) != Some(at)).count();
        self.further[earlier % self.further.len()]
    }

    /// The colour of a class of the data: of its own for the first ten, of a hue of its own for further ones.
    pub fn class(&self, class: usize) -> Color32 {
        if let Some(color) = self.classes.get(class) {
            return *color;
        }
        // Part of the circle of hues from one to the next: the golden ratio, so that no two of a hundred are close.
        const TURN: f64 = 0.618_033_988_749_895;
        let color = colorous::SINEBOW.eval_continuous((TURN * class as f64).fract());
        Color32::from_rgb(color.r, color.g, color.b).lerp_to_gamma(self.text, 0.25)
    }

    /// A fill that lets what is behind it show through.
    pub fn tint(&self, color: Color32, opacity: f32) -> Color32 {
        color.gamma_multiply(opacity)
    }

    /// A card: one thing on a surface of its own.
    pub fn card(&self) -> egui::Frame {
        egui::Frame::new()
            .fill(self.surface)
            .stroke(Stroke::new(1.0, self.outline))
            .corner_radius(CornerRadius::same(CORNER))
            .inner_margin(Margin::symmetric(10, 8))
    }
}

/// Gives both themes their style.
pub fn install(ctx: &Context) {
    // egui's proportional font lacks the triangles and the mathematical signs that its monospaced one has.
    let mut fonts = FontDefinitions::default();
    let fallback = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let proportional = fonts.families.entry(FontFamily::Proportional).or_default();
    proportional.extend(fallback);
    let mut seen = std::collections::BTreeSet::new();
    proportional.retain(|name| seen.insert(name.clone()));
    ctx.set_fonts(fonts);
    for theme in [Theme::Dark, Theme::Light] {
        ctx.style_mut_of(theme, |style| apply(Palette::of(theme), style));
    }
}

fn apply(palette: &Palette, style: &mut Style) {
    // A projector in a lit room: a little larger than egui's own sizes.
    let font = |size, family| FontId::new(size, family);
    style.text_styles = [
        (TextStyle::Small, font(12.0, FontFamily::Proportional)),
        (TextStyle::Body, font(14.0, FontFamily::Proportional)),
        (TextStyle::Button, font(14.0, FontFamily::Proportional)),
        (TextStyle::Heading, font(18.0, FontFamily::Proportional)),
        (TextStyle::Monospace, font(13.0, FontFamily::Monospace)),
    ]
    .into();
    style.spacing.item_spacing = vec2(8.0, GAP);
    style.spacing.button_padding = vec2(8.0, 4.0);
    style.spacing.interact_size.y = 24.0;
    style.spacing.slider_width = 120.0;
    style.spacing.combo_width = 90.0;
    style.spacing.tooltip_width = 340.0;
    style.spacing.menu_margin = Margin::same(6);
    style.spacing.window_margin = Margin::same(14);
    style.interaction.tooltip_delay = 0.35;
    style.interaction.selectable_labels = false;

    let visuals = &mut style.visuals;
    visuals.dark_mode = palette.dark;
    visuals.weak_text_color = Some(palette.weak_text);
    visuals.panel_fill = palette.panel;
    visuals.window_fill = palette.panel;
    visuals.window_stroke = Stroke::new(1.0, palette.outline);
    visuals.window_corner_radius = CornerRadius::same(8);
    visuals.menu_corner_radius = CornerRadius::same(6);
    visuals.extreme_bg_color = palette.surface;
    visuals.faint_bg_color = palette.surface;
    visuals.code_bg_color = palette.control;
    visuals.hyperlink_color = palette.accent;
    visuals.warn_fg_color = palette.warning;
    visuals.error_fg_color = palette.error;
    visuals.selection.bg_fill = palette.accent;
    visuals.selection.stroke = Stroke::new(1.0, palette.on_accent);
    visuals.slider_trailing_fill = true;
    visuals.striped = false;
    visuals.indent_has_left_vline = false;
    let shadow = Shadow {
        offset: [0, 4],
        blur: 14,
        spread: 0,
        color: Color32::from_black_alpha(if palette.dark { 110 } else { 40 }),
    };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;

    let widgets = &mut visuals.widgets;
    for widget in [
        &mut widgets.noninteractive,
        &mut widgets.inactive,
        &mut widgets.hovered,
        &mut widgets.active,
        &mut widgets.open,
    ] {
        widget.corner_radius = CornerRadius::same(CORNER);
        widget.expansion = 0.0;
        widget.fg_stroke = Stroke::new(1.0, palette.text);
    }
    widgets.active.fg_stroke = Stroke::new(1.5, palette.strong_text);
    widgets.noninteractive.bg_fill = palette.panel;
    widgets.noninteractive.weak_bg_fill = palette.panel;
    widgets.noninteractive.bg_stroke = Stroke::new(1.0, palette.outline);
    widgets.inactive.bg_fill = palette.control;
    widgets.inactive.weak_bg_fill = palette.control;
    widgets.inactive.bg_stroke = Stroke::NONE;
    let raised = palette.control.lerp_to_gamma(palette.text, 0.12);
    widgets.hovered.bg_fill = raised;
    widgets.hovered.weak_bg_fill = raised;
    widgets.hovered.bg_stroke = Stroke::new(1.0, palette.weak_text);
    let pressed = palette.control.lerp_to_gamma(palette.text, 0.22);
    widgets.active.bg_fill = pressed;
    widgets.active.weak_bg_fill = pressed;
    widgets.active.bg_stroke = Stroke::new(1.0, palette.accent);
    widgets.open.bg_fill = raised;
    widgets.open.weak_bg_fill = palette.control;
    widgets.open.bg_stroke = Stroke::new(1.0, palette.outline);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2 relative luminance.
    fn luminance(color: Color32) -> f32 {
        let [r, g, b, _] = egui::Rgba::from(color).to_array();
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    fn contrast(a: Color32, b: Color32) -> f32 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_data_colours_stand_out_from_every_surface() {
        for palette in [&DARK, &LIGHT] {
            for surface in [palette.background, palette.panel, palette.surface] {
                assert!(contrast(palette.text, surface) >= 7.0);
                for text in [palette.weak_text, palette.error, palette.warning, palette.success] {
                    assert!(contrast(text, surface) >= 4.0, "{text:?} on {surface:?}: {}", contrast(text, surface));
                }
                let inferences = Inference::ALL.map(|inference| palette.inference(inference));
                for data in
                    [palette.standard, palette.brenier, palette.posterior, palette.prior].into_iter().chain(inferences)
                {
                    assert!(contrast(data, surface) >= 3.0, "{data:?} on {surface:?}: {}", contrast(data, surface));
                }
            }
            assert!(contrast(palette.on_accent, palette.accent) >= 4.5);
        }
    }

    /// CIE 1976 L*a*b* under D65, after the colour as an eye without one kind of cone sees it.
    fn seen(color: Color32, eye: [[f32; 3]; 3]) -> [f32; 3] {
        let [r, g, b, _] = egui::Rgba::from(color).to_array();
        let dot = |row: [f32; 3], of: [f32; 3]| row[0] * of[0] + row[1] * of[1] + row[2] * of[2];
        let rgb = eye.map(|row| dot(row, [r, g, b]).clamp(0.0, 1.0));
        let root = |t: f32| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let x = root(dot([0.4124, 0.3576, 0.1805], rgb) / 0.950_47);
        let y = root(dot([0.2126, 0.7152, 0.0722], rgb));
        let z = root(dot([0.0193, 0.1192, 0.9505], rgb) / 1.088_83);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn assert_apart(colors: &[Color32]) {
        // Full sight, protanopia, deuteranopia, tritanopia: Machado, Oliveira and Fernandes 2009, severity 1.
        let eyes = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
            [[0.367_322, 0.860_646, -0.227_968], [0.280_085, 0.672_501, 0.047_413], [-0.011_820, 0.042_940, 0.968_881]],
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ];
        for eye in eyes {
            for (a, first) in colors.iter().enumerate() {
                for second in &colors[..a] {
                    let (a, b) = (seen(*first, eye), seen(*second, eye));
                    let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f32>().sqrt();
                    assert!(distance > 18.0, "{first:?} and {second:?} are {distance} apart");
                }
            }
        }
    }

    #[test]
    fn ways_of_inference_stay_apart_for_every_eye() {
        for palette in [&DARK, &LIGHT] {
            assert_apart(&[palette.exact, palette.hmc, palette.mean_field, palette.prior]);
        }
    }

    #[test]
    fn eight_variants_stay_apart_for_every_eye() {
        for palette in [&DARK, &LIGHT] {
            let [a, b, c, d, e, f] = palette.further;
            assert_apart(&[palette.standard, palette.brenier, palette.posterior, a, b, c, d, e, f]);
            for color in palette.further {
                assert!(contrast(color, palette.surface) >= 3.0, "{color:?}");
            }
        }
    }

    #[test]
    fn ten_classes_stay_apart_for_every_eye() {
        for palette in [&DARK, &LIGHT] {
            assert_apart(&palette.classes);
            for color in palette.classes {
                assert!(contrast(color, palette.surface) >= 2.9, "{color:?}: {}", contrast(color, palette.surface));
            }
        }
    }

    #[test]
    fn runs_with_the_same_decoder_get_different_colours() {
        use DecoderKind::{Brenier, Standard};
        let runs = [("beta-1", Standard), ("standard", Brenier), ("beta-4", Standard), ("brenier", Brenier)];
        let colours: Vec<_> = (0..4).map(|index| DARK.variant(&runs, index)).collect();
        assert_eq!(
            (colours[0], colours[3]),
            (DARK.standard, DARK.brenier),
            "who is named after a decoder has its colour"
        );
        for a in 0..4 {
            for b in 0..a {
                assert_ne!(colours[a], colours[b]);
            }
        }
    }
}
