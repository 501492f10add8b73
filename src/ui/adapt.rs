//! Fits the model's settings to other data: keeps all that can work, changes what cannot, and says what it changed.

mod methods;

pub use methods::fit_methods;

use crate::data::{ConditionKind, Dataset, Source};
use crate::experiment::{
    DataSettings, DecoderKind, Expectation, Experiment, ExperimentError, Family, LikelihoodKind, Projection,
};
use toml::Value;

/// Most hidden units that an image is given at once when the settings came from points in the plane.
const IMAGE_HIDDEN: usize = 256;
/// Data of this many dimensions or more need β along principal directions: their first K coordinates say nothing.
const MANY_DIMENSIONS: usize = 16;

/// How built-in or generated data are read for an experiment: pictures are completed by a conditional model.
pub fn data_settings(experiment: &Experiment, source: Source) -> DataSettings {
    let is_conditional =
        experiment.runs().is_ok_and(|runs| runs.iter().any(|run| run.model.family == Family::Conditional));
    let condition = match source {
        Source::FashionMnist | Source::Digits if is_conditional => ConditionKind::LowerLeft,
        _ => ConditionKind::default(),
    };
    DataSettings { source, condition, ..DataSettings::default() }
}

/// The experiment with other data, and what had to change, as short phrases.
///
/// # Errors
/// Overrides that do not apply.
pub fn adapt(
    experiment: &Experiment,
    data: &Dataset,
    settings: DataSettings,
) -> Result<(Experiment, Vec<String>), ExperimentError> {
    let mut adapted = Experiment { data: settings, ..experiment.clone() };
    let mut changes = Vec::new();
    let dimensions = data.dimensions();
    let scopes: Vec<String> = std::iter::once(String::new())
        .chain(adapted.variants.iter().map(|variant| format!("variants.{}.", variant.name)))
        .collect();

    let runs = adapted.runs()?;
    let has_family = |family| runs.iter().any(|run| run.model.family == family);
    if has_family(Family::Conditional) && data.condition_dimensions() == 0 {
        let mut set = Setter { experiment: &mut adapted, scopes: &scopes };
        let vae = Value::String(Family::Vae.key().to_owned());
        set.where_set("model.family", |value| value.as_str() == Some(Family::Conditional.key()), vae)?;
        changes.push("a VAE, because these data have no condition".to_owned());
    } else if has_family(Family::Conditional) && adapted.data.condition != experiment.data.condition {
        changes.push(format!("given {}", condition_name(adapted.data.condition)));
    }
    let has = |decoder| runs.iter().any(|run| run.model.decoder == decoder);
    let has_brenier = has(DecoderKind::Brenier);
    let largest = runs.iter().map(|run| run.model.latent_dimensions).max().unwrap_or(1);
    if (has_brenier || has(DecoderKind::Triangular)) && largest > dimensions {
        let mut set = Setter { experiment: &mut adapted, scopes: &scopes };
        // z2 has no more dimensions than z1 where a Brenier decoder lies between them.
        let keys = ["model.latent_dimensions", "model.top_latent_dimensions"];
        for key in &keys[..if has_family(Family::Hierarchical) { 2 } else { 1 }] {
            set.where_set(
                key,
                |value| value.as_integer().is_some_and(|k| k > dimensions as i64),
                Value::Integer(dimensions as i64),
            )?;
        }
        let kind = if has_brenier { "Brenier" } else { "triangular" };
        changes.push(format!("K = {dimensions}, the most that a {kind} decoder allows here"));
    }
    if runs.iter().any(|run| run.model.likelihood == LikelihoodKind::Bernoulli) && !data.is_unit_interval() {
        let mut set = Setter { experiment: &mut adapted, scopes: &scopes };
        let gaussian = Value::String(LikelihoodKind::Gaussian.key().to_owned());
        set.where_set("model.likelihood", |_| true, gaussian)?;
        changes.push("Gaussian likelihood, because values lie outside [0, 1]".to_owned());
    }
    let is_wide = data.shape().is_image() || dimensions >= MANY_DIMENSIONS;
    if has_brenier && is_wide && runs.iter().any(|run| run.model.projection == Projection::Identity) {
        let mut set = Setter { experiment: &mut adapted, scopes: &scopes };
        set.where_set("model.projection", |_| true, Value::String(Projection::Principal.key().to_owned()))?;
        changes.push("β along the principal directions".to_owned());
    }
    if is_wide && adapted.model.hidden == Experiment::default().model.hidden {
        let widest = if dimensions > IMAGE_HIDDEN { IMAGE_HIDDEN } else { 128 };
        adapted.model.hidden = vec![widest];
        adapted.model.latent_map_hidden.get_or_insert_with(|| vec![64, 64]);
        adapted.model.output_map_hidden.get_or_insert_with(|| vec![widest, widest]);
        changes.push(format!("hidden layers of width {widest}"));
    }
    let training = data.training_len();
    if adapted.optimizer.batch_size > training {
        adapted.optimizer.batch_size = training.max(1);
        changes.push(format!("batches of {training}, all training examples"));
    }
    changes.extend(methods::fit_methods(&mut adapted));
    Ok((adapted, changes))
}

/// Whether data are split into condition and output.
fn has_condition(settings: &DataSettings) -> bool {
    settings.condition != ConditionKind::Source || settings.source == Source::CorrelatedGaussian
}

/// What data could be conditioned on, where a model of the experiment needs a condition and the data settings name none.
pub fn missing_condition(experiment: &Experiment, data: &Dataset, settings: &DataSettings) -> Option<ConditionKind> {
    let runs = experiment.runs().unwrap_or_default();
    let needs_one = runs.iter().any(|run| run.model.family == Family::Conditional);
    if !needs_one || has_condition(settings) {
        return None;
    }
    let by_label = data.labels().is_some().then_some(ConditionKind::Label);
    if data.shape().is_image() { Some(ConditionKind::LowerLeft) } else { by_label }
}

/// Samples the expectation of every variant that has no closed form for it; a sentence, if that changes something.
pub fn fit_expectation(experiment: &mut Experiment) -> Option<&'static str> {
    const KEY: &str = "objective.expectation";
    let runs = experiment.runs().ok()?;
    let is_unfit = |run: &crate::experiment::Settings| {
        let has_form = run.model.is_linear() && run.model.likelihood == LikelihoodKind::Gaussian;
        run.objective.expectation == Expectation::ClosedForm && !has_form
    };
    let unfit: Vec<usize> = (0..runs.len()).filter(|run| is_unfit(&runs[*run])).collect();
    let is_shared = unfit.len() == runs.len();
    for run in &unfit {
        let path = match experiment.variants.get(*run) {
            Some(variant) if !is_shared || experiment.is_overridden(*run, KEY) => {
                format!("variants.{}.{KEY}", variant.name)
            }
            _ => KEY.to_owned(),
        };
        experiment.set(&path, Value::String(Expectation::Sampled.key().to_owned())).ok()?;
    }
    let has_changed = !unfit.is_empty();
    has_changed.then_some(
        "The expectation is set to “One sample”: only linear maps with a Gaussian likelihood have a closed form of it",
    )
}

/// Name of a condition in files.
pub fn condition_key(condition: ConditionKind) -> &'static str {
    match condition {
        ConditionKind::Source => "source",
        ConditionKind::LowerLeft => "lower-left",
        ConditionKind::Label => "label",
    }
}

fn condition_name(condition: ConditionKind) -> &'static str {
    match condition {
        ConditionKind::Source => "the source's own condition",
        ConditionKind::LowerLeft => "the lower left quarter",
        ConditionKind::Label => "the label",
    }
}

struct Setter<'a> {
    experiment: &'a mut Experiment,
    scopes: &'a [String],
}

impl Setter<'_> {
    /// Sets a key in the shared settings, and wherever a variant overrides it, if what stands there is `unfit`.
    fn where_set(&mut self, key: &str, unfit: impl Fn(&Value) -> bool, value: Value) -> Result<(), ExperimentError> {
        for (at, scope) in self.scopes.iter().enumerate() {
            let present = if at == 0 { shared(self.experiment, key) } else { overridden(self.experiment, at - 1, key) };
            if present.is_some_and(|present| unfit(&present)) {
                self.experiment.set(&format!("{scope}{key}"), value.clone())?;
            }
        }
        Ok(())
    }
}

/// The shared value of a setting.
fn shared(experiment: &Experiment, key: &str) -> Option<Value> {
    let table = toml::Table::try_from(experiment).ok()?;
    lookup(&table, key).cloned()
}

/// A variant's own value of a setting.
fn overridden(experiment: &Experiment, variant: usize, key: &str) -> Option<Value> {
    lookup(&experiment.variants.get(variant)?.overrides, key).cloned()
}

fn lookup<'a>(table: &'a toml::Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((head, rest)) => lookup(table.get(head)?.as_table()?, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{ExampleShape, LoadOptions, Unmonitored, load};
    use crate::experiment::presets::Preset;

    fn data(shape: ExampleShape, scale: f32) -> Dataset {
        let count = 40 * shape.dimensions();
        let values = (0..count).map(|at| scale * ((at * 7919) % 101) as f32 / 101.0).collect();
        Dataset::from_examples("test", shape, values, None).unwrap()
    }

    fn adapted(preset: &str, data: &Dataset) -> (Experiment, Vec<String>) {
        let experiment = Preset::find(preset).unwrap().experiment().unwrap();
        let settings = DataSettings { source: Source::File("test.csv".into()), ..DataSettings::default() };
        let (experiment, changes) = adapt(&experiment, data, settings).unwrap();
        experiment.validate_for(data).unwrap();
        (experiment, changes)
    }

    #[test]
    fn k_shrinks_to_the_data_and_nothing_else_changes() {
        let (experiment, changes) = adapted("surplus-dimensions", &data(ExampleShape::Vector(3), 5.0));
        assert_eq!(experiment.model.latent_dimensions, 3);
        assert_eq!(experiment.variants.len(), 2);
        // 40 examples leave fewer than a batch of 128 for training.
        assert_eq!(changes.len(), 2, "{changes:?}");
    }

    #[test]
    fn bernoulli_gives_way_to_values_outside_the_unit_interval() {
        let (experiment, _) = adapted("digits", &data(ExampleShape::Vector(64), 5.0));
        assert_eq!(experiment.model.likelihood, LikelihoodKind::Gaussian);
        let (experiment, _) = adapted("digits", &data(ExampleShape::Vector(64), 1.0));
        assert_eq!(experiment.model.likelihood, LikelihoodKind::Bernoulli);
    }

    #[test]
    fn images_get_principal_directions() {
        let shape = ExampleShape::Image { height: 8, width: 8, channels: 1 };
        let (experiment, changes) = adapted("collapse-2d", &data(shape, 1.0));
        assert_eq!(experiment.model.projection, Projection::Principal);
        assert!(changes.iter().any(|change| change.contains("principal")));
    }

    #[test]
    fn a_conditional_model_without_a_condition_becomes_a_vae() {
        let mut experiment = Preset::find("digits").unwrap().experiment().unwrap();
        experiment.assign("model.family=conditional").unwrap();
        let adapted_to = |settings: DataSettings| {
            let data = load(&settings.source, &settings.load_options(), &Unmonitored).unwrap();
            let (adapted, changes) = adapt(&experiment, &data, settings).unwrap();
            adapted.validate_for(&data).unwrap();
            (adapted.model.family, changes)
        };
        let (family, changes) = adapted_to(DataSettings { source: Source::Digits, ..DataSettings::default() });
        assert_eq!(family, Family::Vae);
        assert!(changes.iter().any(|change| change.contains("no condition")), "{changes:?}");
        for source in [Source::Digits, Source::CorrelatedGaussian] {
            let (family, changes) = adapted_to(data_settings(&experiment, source));
            assert_eq!(family, Family::Conditional, "{changes:?}");
        }
        assert_eq!(data_settings(&Experiment::default(), Source::Digits).condition, ConditionKind::Source);
    }

    #[test]
    fn the_expectation_is_sampled_where_it_has_no_closed_form() {
        let fitted = |assignments: &[&str]| {
            let mut experiment = Preset::find("linear-vae").unwrap().experiment().unwrap();
            assignments.iter().for_each(|assignment| experiment.assign(assignment).unwrap());
            let note = fit_expectation(&mut experiment);
            experiment.validate().unwrap();
            let is_sampled = |run: &crate::experiment::Settings| run.objective.expectation == Expectation::Sampled;
            (note.is_some(), experiment.runs().unwrap().iter().map(is_sampled).collect::<Vec<_>>())
        };
        assert_eq!(fitted(&[]), (false, vec![false, false]));
        assert_eq!(fitted(&["model.hidden=[64]"]), (true, vec![true, true]));
        assert_eq!(fitted(&["variants.beta-2.model.hidden=[8]"]), (true, vec![false, true]));
        assert_eq!(fitted(&["model.hidden=[8]", "variants.beta-1.objective.expectation=closed-form"]).1, [true, true]);
    }

    #[test]
    fn both_levels_shrink_to_the_data() {
        let mut experiment = Preset::find("digits").unwrap().experiment().unwrap();
        for setting in ["model.family=hierarchical", "model.latent_dimensions=8", "model.top_latent_dimensions=8"] {
            experiment.assign(setting).unwrap();
        }
        let settings = DataSettings { source: Source::PinwheelR6, ..DataSettings::default() };
        let data = load(&settings.source, &LoadOptions::default(), &Unmonitored).unwrap();
        let (adapted, _) = adapt(&experiment, &data, settings).unwrap();
        adapted.validate_for(&data).unwrap();
        assert_eq!((adapted.model.latent_dimensions, adapted.model.top_latent_dimensions), (6, 6));
    }
}
