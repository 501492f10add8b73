//! The remedies of the literature against posterior collapse, each as settings that differ from a plain VAE.

use super::{Experiment, ExperimentError, Variant};
use toml::Table;

/// In the place of the steps of a run that has no limit.
const WITHOUT_LIMIT: u64 = 3000;

/// A remedy, as overrides of an experiment.
#[derive(Clone, Copy, Debug)]
pub struct Remedy {
    /// Name of the variant.
    pub name: &'static str,
    /// What it does, in one line, and who published it.
    pub summary: &'static str,
    assignments: &'static [&'static str],
    /// Numbers of steps, as a part of all: key and divisor.
    stages: &'static [(&'static str, u64)],
}

const fn remedy(name: &'static str, summary: &'static str, assignments: &'static [&'static str]) -> Remedy {
    Remedy { name, summary, assignments, stages: &[] }
}

impl Remedy {
    const fn in_stages(self, stages: &'static [(&'static str, u64)]) -> Self {
        Self { stages, ..self }
    }
}

/// All of them, the plain VAE first.
pub const REMEDIES: &[Remedy] = &[
    remedy("vae", "the evidence lower bound as it is (Kingma and Welling 2014)", &[]),
    remedy("beta-0.2", "a KL weight below 1 (Higgins et al. 2017)", &["objective.beta=0.2"]),
    remedy(
        "annealing",
        "a KL weight that grows from 0 to 1 once (Bowman et al. 2016)",
        &["objective.annealing.schedule=linear"],
    )
    .in_stages(&[("objective.annealing.steps", 3)]),
    remedy(
        "cyclical",
        "a KL weight that grows from 0 to 1 again and again (Fu et al. 2019)",
        &["objective.annealing.schedule=cyclical"],
    )
    .in_stages(&[("objective.annealing.steps", 6)]),
    remedy("free-bits", "some KL per dimension at no cost (Kingma et al. 2016)", &["objective.free_bits=0.25"]),
    remedy(
        "two-stage",
        "an autoencoder first, then free bits with a new decoder (Li et al. 2019)",
        &["objective.free_bits=0.25"],
    )
    .in_stages(&[("objective.pretraining.steps", 6)]),
    remedy("target-kl", "a KL that is aimed at (Burgess et al. 2018)", &["objective.target_kl=2"]),
    remedy("iwae", "the importance-weighted bound (Burda et al. 2016)", &["objective.method=iwae"]),
    remedy("lagging", "aggressive training of the encoder (He et al. 2019)", &["objective.method=lagging"]),
    remedy(
        "semi-amortized",
        "posteriors refined from the encoder's (Kim et al. 2018)",
        &["objective.method=semi-amortized"],
    ),
    remedy("libi", "likelihood before inference (Yacoby et al. 2019)", &["objective.method=libi"])
        .in_stages(&[("objective.libi.likelihood_steps", 2), ("objective.libi.inference_steps", 2)]),
    remedy(
        "mutual",
        "a constraint on the model's mutual information (Phuong et al. 2018)",
        &["objective.method=mutual"],
    ),
    remedy("mixture-prior", "a learned Gaussian mixture as prior", &["model.prior=gaussian-mixture"]),
    remedy("vamp-prior", "a mixture of posteriors as prior (Tomczak and Welling 2018)", &["model.prior=vamp"]),
    remedy(
        "brenier-0.5",
        "a decoder that is injective in z, m = 0.5 (Wang et al. 2021)",
        &["model.decoder=brenier", "model.convexity=0.5"],
    ),
    remedy("brenier-1", "the same, m = 1", &["model.decoder=brenier", "model.convexity=1"]),
];

impl Remedy {
    /// The remedy as a variant of an experiment, whose steps its stages share.
    ///
    /// # Errors
    /// None for the remedies that come with the program; a test applies them all.
    pub fn variant(&self, experiment: &Experiment) -> Result<Variant, ExperimentError> {
        let mut alone = Experiment {
            variants: vec![Variant { name: self.name.to_owned(), overrides: Table::new() }],
            ..experiment.clone()
        };
        for assignment in self.assignments {
            alone.assign(&format!("variants.{}.{assignment}", self.name))?;
        }
        let all = if experiment.steps > 0 { experiment.steps } else { WITHOUT_LIMIT };
        for (key, divisor) in self.stages {
            let steps = (all / divisor).max(1);
            alone.assign(&format!("variants.{}.{key}={steps}", self.name))?;
        }
        Ok(alone.variants.swap_remove(0))
    }
}
