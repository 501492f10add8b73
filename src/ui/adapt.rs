//! Fits the model's settings to other data: keeps all that can work, changes what cannot, and says what it changed.

use crate::data::Dataset;
use crate::experiment::{DataSettings, DecoderKind, Experiment, ExperimentError, LikelihoodKind, Projection};
use toml::Value;

/// Most hidden units that an image is given at once when the settings came from points in the plane.
const IMAGE_HIDDEN: usize = 256;
/// Data of this many dimensions or more need β along principal directions: their first K coordinates say nothing.
const MANY_DIMENSIONS: usize = 16;

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
    let has_brenier = runs.iter().any(|run| run.model.decoder == DecoderKind::Brenier);
    let largest = runs.iter().map(|run| run.model.latent_dimensions).max().unwrap_or(1);
    if has_brenier && largest > dimensions {
        let mut set = Setter { experiment: &mut adapted, scopes: &scopes };
        set.where_set(
            "model.latent_dimensions",
            |value| value.as_integer().is_some_and(|k| k > dimensions as i64),
            Value::Integer(dimensions as i64),
        )?;
        changes.push(format!("K = {dimensions}, the most that a Brenier decoder allows here"));
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
    Ok((adapted, changes))
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
pub fn shared(experiment: &Experiment, key: &str) -> Option<Value> {
    let table = toml::Table::try_from(experiment).ok()?;
    lookup(&table, key).cloned()
}

/// A variant's own value of a setting.
pub fn overridden(experiment: &Experiment, variant: usize, key: &str) -> Option<Value> {
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
    use crate::data::{ExampleShape, Source};
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
}
