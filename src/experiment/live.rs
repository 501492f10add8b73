//! Which settings a running training takes: the one list that trainer, session and screen go by.

use super::keys::{VARIANT_SECTIONS, lookup, place};
use super::{Change, Experiment, Settings};
use toml::{Table, Value};

/// Settings that a trainer applies from the next step on, by dotted path. One that may be learned is live from a number to a number
/// only: from or to `"learned"` is another model.
pub const LIVE: &[&str] = &[
    "steps",
    "model.convexity",
    "model.encoder_variance",
    "model.level_sigma",
    "model.sigma",
    "model.top_encoder_variance",
    "objective.beta",
    "objective.free_bits",
    "objective.information.target",
    "objective.information.weight",
    "objective.target_kl",
    "objective.top_beta",
    "optimizer.encoder_rate",
    "optimizer.learning_rate",
];

impl Settings {
    /// What applying `next` to a trainer running `self` takes.
    pub fn change_to(&self, next: &Self) -> Change {
        if self == next {
            return Change::Nothing;
        }
        let (Ok(mut live), Ok(wanted)) = (Table::try_from(self), Table::try_from(next)) else {
            return Change::Structural;
        };
        for key in LIVE {
            copy_number(&wanted, &mut live, key);
        }
        if live == wanted { Change::Live } else { Change::Structural }
    }
}

impl Experiment {
    /// This experiment, running, with those of the wanted settings that it can take without a restart.
    #[must_use]
    pub fn with_live_settings_of(&self, wanted: &Self) -> Self {
        let (Ok(mut live), Ok(source)) = (Table::try_from(self), Table::try_from(wanted)) else { return self.clone() };
        for key in LIVE {
            copy_number(&source, &mut live, key);
        }
        let may_override = |key: &&&str| key.split('.').next().is_some_and(|head| VARIANT_SECTIONS.contains(&head));
        for (variant, theirs) in self.variants.iter().zip(&wanted.variants) {
            if variant.name != theirs.name {
                continue;
            }
            for key in LIVE.iter().filter(may_override) {
                if let Some(Value::Table(variants)) = live.get_mut("variants")
                    && let Some(Value::Table(overrides)) = variants.get_mut(&variant.name)
                {
                    copy_number(&theirs.overrides, overrides, key);
                }
            }
        }
        live.try_into().unwrap_or_else(|_| self.clone())
    }
}

/// Gives a setting of `to` the value that it has in `from`, also if that is none, unless either is a word.
fn copy_number(from: &Table, to: &mut Table, key: &str) {
    let (old, new) = (lookup(to, key), lookup(from, key));
    if [old, new].into_iter().flatten().any(Value::is_str) {
        return;
    }
    let new = new.cloned();
    place(to, key, new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Learnable;

    #[test]
    fn every_live_setting_is_a_setting() {
        let known = Experiment::known_keys();
        for key in LIVE {
            assert!(known.iter().any(|known| known == key), "{key}");
        }
    }

    #[test]
    fn a_number_is_live_and_a_word_is_not() {
        let before = Experiment::default().runs().unwrap().remove(0);
        let mut after = before.clone();
        after.model.sigma = Learnable::Fixed(0.3);
        after.model.level_sigma = 2.0;
        after.objective.top_beta = 3.0;
        assert_eq!(before.change_to(&after), Change::Live);
        after.model.encoder_variance = Learnable::Fixed(0.5);
        assert_eq!(before.change_to(&after), Change::Structural);
        let mut fixed = after.clone();
        fixed.model.encoder_variance = Learnable::Fixed(0.25);
        assert_eq!(after.change_to(&fixed), Change::Live);
        fixed.model.hidden = Vec::new();
        assert_eq!(after.change_to(&fixed), Change::Structural);
    }
}
