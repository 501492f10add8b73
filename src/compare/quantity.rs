//! The columns of a comparison, and their mean and standard deviation over seeds.

use super::Row;

/// A number that every row may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// −ELBO.
    NegativeElbo,
    /// −E log p(x | z).
    Reconstruction,
    /// KL of the encoder's posterior.
    Kl,
    /// Importance-weighted −log p(x).
    ImportanceWeightedNll,
    /// I(x; z) under the encoder.
    MutualInformation,
    /// KL of the aggregated posterior.
    MarginalKl,
    /// Dimensions whose posterior mean moves with x.
    ActiveUnits,
    /// R on the grid.
    LikelihoodRange,
    /// KL of the exact posterior on the grid.
    KlExact,
    /// E KL(q(z | x) ‖ p(z | x)).
    PosteriorMatching,
    /// Seconds of training.
    Seconds,
}

/// Which of two numbers is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The lower.
    Lower,
    /// The higher.
    Higher,
}

/// Mean and standard deviation over the seeds that have a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, n − 1 in the denominator; none of a single number.
    pub sd: Option<f64>,
    /// n, the numbers behind both.
    pub count: usize,
}

impl Quantity {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 11] = [
        Self::NegativeElbo,
        Self::ImportanceWeightedNll,
        Self::Kl,
        Self::MutualInformation,
        Self::ActiveUnits,
        Self::MarginalKl,
        Self::Seconds,
        Self::Reconstruction,
        Self::PosteriorMatching,
        Self::LikelihoodRange,
        Self::KlExact,
    ];

    /// Name in files, as in the summary of a run.
    pub fn key(self) -> &'static str {
        match self {
            Self::NegativeElbo => "negative_elbo",
            Self::Reconstruction => "reconstruction",
            Self::Kl => "kl",
            Self::ImportanceWeightedNll => "importance_weighted_nll",
            Self::MutualInformation => "mutual_information",
            Self::MarginalKl => "marginal_kl",
            Self::ActiveUnits => "active_units",
            Self::LikelihoodRange => "likelihood_range",
            Self::KlExact => "kl_exact",
            Self::PosteriorMatching => "posterior_matching",
            Self::Seconds => "seconds",
        }
    }

    /// Name of the column, short.
    pub fn label(self) -> &'static str {
        match self {
            Self::NegativeElbo => "−ELBO",
            Self::Reconstruction => "Reconstr.",
            Self::Kl => "KL",
            Self::ImportanceWeightedNll => "−log p(x)",
            Self::MutualInformation => "MI",
            Self::MarginalKl => "Marginal KL",
            Self::ActiveUnits => "Active",
            Self::LikelihoodRange => "Range R",
            Self::KlExact => "Exact KL",
            Self::PosteriorMatching => "Matching",
            Self::Seconds => "Seconds",
        }
    }

    /// What it is, in which unit, computed how.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::NegativeElbo => {
                "Negative evidence lower bound = reconstruction + KL (β left out), nats per example, over the evaluation pool. Lower is better"
            }
            Self::Reconstruction => "−E log p(x|z) under q(z|x), nats per example. Lower is better",
            Self::Kl => {
                "KL(q(z|x) ‖ p(z)), nats per example, summed over latent dimensions. Near 0 is posterior collapse; more is no merit by itself"
            }
            Self::ImportanceWeightedNll => {
                "Importance-weighted −log p(x) with 500 samples, nats per example: what the model costs in likelihood, and but for the estimate not of its encoder. Lower is better"
            }
            Self::MutualInformation => {
                "Mutual information of x and z under the encoder, nats, estimated over the pool and capped by the log of its size. Higher is better"
            }
            Self::MarginalKl => {
                "KL(q(z) ‖ p(z)) = KL − mutual information, nats: how far the aggregated posterior is from the prior. The estimate of the mutual information falls short before \
                 it reaches its cap, the log of the pool (6.93 for 1,024 examples): where KL is above some 5 nats, this is too large"
            }
            Self::ActiveUnits => {
                "Active units: latent dimensions whose posterior mean varies by at least 0.01 over the pool. Higher is better"
            }
            Self::LikelihoodRange => {
                "R, the range of log p(x|z) over z on a grid, nats, mean over pool examples; 0 is a likelihood that ignores z. Higher is better"
            }
            Self::KlExact => "KL(p(z|x) ‖ p(z)) of the exact posterior on a grid, nats per example",
            Self::PosteriorMatching => {
                "E KL(q(z|x) ‖ p(z|x)), nats per example: the gap between −ELBO and −log p(x) at the same examples. Lower is better"
            }
            Self::Seconds => {
                "Seconds that the steps took on one core, while other rows trained on the other cores: read it as a ratio to the plain VAE's, not as what a run alone takes. \
                 Lower is better"
            }
        }
    }

    /// Which of two is the better one, where one is.
    pub fn better(self) -> Option<Better> {
        match self {
            // What is left of a capped estimate is no merit.
            Self::Kl | Self::KlExact | Self::MarginalKl => None,
            Self::MutualInformation | Self::ActiveUnits | Self::LikelihoodRange => Some(Better::Higher),
            _ => Some(Better::Lower),
        }
    }

    /// The number of a row that finished; none where it does not apply or is not finite.
    pub fn of(self, row: &Row) -> Option<f64> {
        self.measured(row).filter(|_| row.finished().is_some())
    }

    /// The number of a row, also of one that diverged.
    pub fn measured(self, row: &Row) -> Option<f64> {
        let last = row.measures.as_ref()?;
        let measures = &last.measures;
        let value = match self {
            Self::NegativeElbo => measures.negative_elbo.into(),
            Self::Reconstruction => measures.reconstruction.into(),
            Self::Kl => measures.kl.into(),
            Self::ImportanceWeightedNll => last.importance_weighted_nll,
            Self::MutualInformation => measures.mutual_information.into(),
            Self::MarginalKl => measures.marginal_kl.into(),
            Self::ActiveUnits => measures.active_units as f64,
            Self::LikelihoodRange => last.exact?.likelihood_range,
            Self::KlExact => last.exact?.kl,
            Self::PosteriorMatching => measures.likelihood?.posterior_matching(),
            Self::Seconds => row.seconds,
        };
        Some(value).filter(|value| value.is_finite())
    }
}

impl Better {
    /// Whether the first number is better than the second.
    pub fn is_better(self, value: f64, other: f64) -> bool {
        match self {
            Self::Lower => value < other,
            Self::Higher => value > other,
        }
    }
}

impl Estimate {
    /// Of the finite ones of some numbers; none where there is none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        let count = values.len();
        if count == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let sd = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        Some(Self { mean, sd, count })
    }
}
