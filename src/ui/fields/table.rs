//! The table of all settings.

use super::{Applies, Control, Field, FieldGroup, priors};
use crate::experiment::{
    EncoderStart, Expectation, Family, LikelihoodKind, Method, Projection, RefinementGradient, Schedule,
};

/// All settings, in the order of the panel.
pub const FIELDS: &[Field] = &[
    Field {
        key: "model.family",
        label: "Family",
        tooltip: "VAE: z explains x. Conditional VAE: z explains the output y of each example given its condition c, which encoder \
                  and decoder see. Hierarchical VAE: two levels, z2 above z1 above x",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Choice(|_| Family::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.sigma",
        label: "Noise σ",
        tooltip: "Standard deviation of the Gaussian likelihood N(decoder(z), σ²I), in units of the data. A large σ makes information \
                  about x worth little, and collapse cheap. “Learned” optimises it with the weights",
        group: FieldGroup::Model,
        applies: Applies::Gaussian,
        control: Control::Learnable { low: 0.05, high: 3.0, learned: "Learned σ" },
    },
    Field {
        key: "model.level_sigma",
        label: "Level noise σ1",
        tooltip: "Standard deviation of p(z1|z2) = N(upper decoder(z2), σ1²I), in units of z1. The larger, the less of z1 needs \
                  explaining by z2",
        group: FieldGroup::Model,
        applies: Applies::Hierarchical,
        control: Control::Slider { low: 0.05, high: 3.0, logarithmic: true },
    },
    Field {
        key: "model.latent_dimensions",
        label: "Latent dimensions K",
        tooltip: "Number of latent dimensions. A Brenier decoder needs at least as many data dimensions",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Count { low: 1, high: 512, zero: None },
    },
    Field {
        key: "model.top_latent_dimensions",
        label: "Dimensions of z2",
        tooltip: "Number of latent dimensions of the upper level z2",
        group: FieldGroup::Model,
        applies: Applies::Hierarchical,
        control: Control::Count { low: 1, high: 512, zero: None },
    },
    Field {
        key: "model.likelihood",
        label: "Likelihood",
        tooltip: "Distribution of an example given z. Gaussian: N(decoder(z), σ²I). Bernoulli: independent pixels with logits decoder(z), \
                  over data in [0, 1] binarised afresh at every step",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Choice(|_| LikelihoodKind::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.prior",
        label: "Prior",
        tooltip: "What z is drawn from before x is seen. Standard normal: N(0, I). Learned Gaussian mixture: Σ w N(μ, diag σ²), all learned. \
                  VampPrior: the mean of q(z|u) over learned pseudo-inputs u. Learned from the condition (conditional models): N(μ(c), \
                  diag σ²(c)). The KL term is to whichever is chosen",
        group: FieldGroup::Model,
        applies: Applies::Prior,
        control: Control::Choice(priors),
    },
    Field {
        key: "model.prior_components",
        label: "Prior components",
        tooltip: "Components of the mixture prior; of a VampPrior the number of pseudo-inputs. All have learned parameters",
        group: FieldGroup::Model,
        applies: Applies::MixturePrior,
        control: Control::Count { low: 1, high: 1024, zero: None },
    },
    Field {
        key: "model.hidden",
        label: "Hidden layers",
        tooltip: "Widths of the hidden layers of the encoder and of a standard decoder (tanh), separated by commas, for example 64, 64. Empty: no \
                  hidden layer, and both are linear",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Widths,
    },
    Field {
        key: "model.encoder_variance",
        label: "Encoder variance",
        tooltip: "Variance of the encoder’s Gaussian q(z|x), of q(z1|x) where there are two levels. Learned: the encoder computes \
                  it for every dimension. Fixed: one number for all dimensions and examples; z cannot become certain, nor return to \
                  the prior by its variance",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Learnable { low: 0.01, high: 3.0, learned: "Learned encoder variance" },
    },
    Field {
        key: "model.top_encoder_variance",
        label: "Var q(z2|z1)",
        tooltip: "Variance of the upper encoder’s Gaussian q(z2|z1). Learned: the encoder computes it for every dimension. Fixed: \
                  one number for all",
        group: FieldGroup::Model,
        applies: Applies::Hierarchical,
        control: Control::Learnable { low: 0.01, high: 3.0, learned: "Learned upper variance" },
    },
    Field {
        key: "model.encoder_start",
        label: "Encoder starts",
        tooltip: "Random: with posteriors that differ from example to example. At the prior: with q(z|x) = p(z) for every x, as a collapsed \
                  encoder has it",
        group: FieldGroup::Model,
        applies: Applies::Always,
        control: Control::Choice(|_| EncoderStart::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.convexity",
        label: "Floor m",
        tooltip: "Strong-convexity floor m of both Brenier potentials: ‖decoder(z) − decoder(z′)‖ ≥ m² ‖z − z′‖ for all z, z′. At 0 the \
                  decoder is still injective, but its latents may come arbitrarily close to collapse",
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Slider { low: 0.0, high: 2.0, logarithmic: false },
    },
    Field {
        key: "model.projection",
        label: "Projection",
        tooltip: "How the K outputs of g1 enter the D inputs of g2. Identity: as the first K coordinates. Principal directions: along the \
                  K directions of largest variance of the training data",
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Choice(|_| Projection::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "model.latent_map_hidden",
        label: "Widths of g1",
        tooltip: "Hidden widths of the potential of the first Brenier map g1 (K → K), separated by commas; empty for the hidden widths above",
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Widths,
    },
    Field {
        key: "model.output_map_hidden",
        label: "Widths of g2",
        tooltip: "Hidden widths of the potential of the second Brenier map g2 (D → D), separated by commas; empty for the hidden widths above",
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Widths,
    },
    Field {
        key: "model.quadratic_rank",
        label: "Quadratic rank",
        tooltip: "Rank of the quadratic term of g2's potential, at most the number of data dimensions",
        group: FieldGroup::Brenier,
        applies: Applies::Brenier,
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.method",
        label: "Method",
        tooltip: "Way of training. ELBO: the evidence lower bound as it is. Importance-weighted bound: log of the mean weight of k samples. \
                  Lagging-inference training: the encoder nearly to convergence before each decoder step. Semi-amortised: each posterior refined \
                  from the encoder’s. LiBI: the likelihood first, with codes that must look like the prior, then inference. Mutual autoencoder: \
                  ELBO with a constraint on the model’s mutual information",
        group: FieldGroup::Objective,
        applies: Applies::Always,
        control: Control::Choice(|_| Method::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "objective.beta",
        label: "KL weight β",
        tooltip: "Weight of the KL term in the objective: reconstruction + β · KL. 1 is the ELBO; a larger β pushes the posterior towards \
                  the prior. Negative ELBO on the screen always counts the KL once",
        group: FieldGroup::Objective,
        applies: Applies::Always,
        control: Control::Slider { low: 0.0, high: 8.0, logarithmic: false },
    },
    Field {
        key: "objective.top_beta",
        label: "KL weight β2",
        tooltip: "Weight of KL(q(z2|z1) ‖ p(z2)) in the objective: reconstruction + β1 · E[log q(z1|x) − log p(z1|z2)] + β2 · KL of \
                  z2. β1 = β2 = 1 is the ELBO",
        group: FieldGroup::Objective,
        applies: Applies::Hierarchical,
        control: Control::Slider { low: 0.0, high: 8.0, logarithmic: false },
    },
    Field {
        key: "objective.expectation",
        label: "Expectation",
        tooltip: "How the expectation over q(z|x) in the objective is taken. One sample: with fresh noise at every step. Closed \
                  form: exactly, which linear maps and a Gaussian likelihood allow; with all training examples in a batch nothing \
                  is left to chance",
        group: FieldGroup::Objective,
        applies: Applies::Linear,
        control: Control::Choice(|_| Expectation::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "objective.importance_samples",
        label: "Samples k",
        tooltip: "Samples of q(z|x) per example in the importance-weighted bound E log (1/k) Σ p(x, z)/q(z|x). 1 is the ELBO; more bring it closer to \
                  log p(x), and ask less of q",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Iwae),
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.lagging.encoder_steps",
        label: "Encoder steps",
        tooltip: "Most steps of the encoder alone before each step of the decoder, each on a random batch; they end earlier when the encoder’s \
                  loss stops falling. The aggressive part ends, for good, when mutual information no longer rises from epoch to epoch",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Lagging),
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.refinement.steps",
        label: "Refinement steps",
        tooltip: "Gradient steps on mean and log variance of each example’s q(z|x), from the encoder’s, on that example’s own negative ELBO",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::SemiAmortized),
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.refinement.gradient",
        label: "Encoder learns",
        tooltip: "How the encoder learns of the refinement. Through it: the refined ELBO is differentiated through all steps, by Hessian-vector products \
                  from finite differences. Stopped: the encoder follows the ELBO at its own output, the decoder that at the refined posterior",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::SemiAmortized),
        control: Control::Choice(|_| RefinementGradient::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "objective.libi.likelihood_steps",
        label: "Likelihood steps",
        tooltip: "Optimizer steps of each repeat on the likelihood: deterministic codes that reconstruct x, with penalties that make them look like draws \
                  from N(0, I)",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Libi),
        control: Control::Count { low: 1, high: 1_000_000, zero: None },
    },
    Field {
        key: "objective.libi.inference_steps",
        label: "Inference steps",
        tooltip: "Optimizer steps of each repeat on the encoder, by the ELBO, while the generative model stays as it is",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Libi),
        control: Control::Count { low: 1, high: 1_000_000, zero: None },
    },
    Field {
        key: "objective.libi.repeats",
        label: "Repeats",
        tooltip: "How often likelihood and inference are done, one after the other; the best model is kept, and inference goes on with it",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Libi),
        control: Control::Count { low: 1, high: 1000, zero: None },
    },
    Field {
        key: "objective.information.target",
        label: "Target M",
        tooltip: "M in the constraint I(x; z) = M on the mutual information under the model p(z) p(x|z), in nats; as a penalty on the distance of a \
                  variational bound from it",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Mutual),
        control: Control::Slider { low: 0.0, high: 6.0, logarithmic: false },
    },
    Field {
        key: "objective.information.weight",
        label: "Weight C",
        tooltip: "Weight of |I − M| beside the negative ELBO. Where a nat of information costs more than C, the target is not reached, and the \
                  difference stays",
        group: FieldGroup::Objective,
        applies: Applies::Method(Method::Mutual),
        control: Control::Slider { low: 0.0, high: 20.0, logarithmic: false },
    },
    Field {
        key: "objective.lagging.check_every",
        label: "Check every",
        tooltip: "The encoder’s loss is averaged over so many of its steps; when an average is no lower than the one before it, its steps alone end",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::Lagging),
        control: Control::Count { low: 1, high: 4096, zero: None },
    },
    Field {
        key: "objective.refinement.rate",
        label: "Refinement rate",
        tooltip: "Size α of the refinement steps, on each example’s own negative ELBO",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::SemiAmortized),
        control: Control::Slider { low: 0.001, high: 1.0, logarithmic: true },
    },
    Field {
        key: "objective.refinement.momentum",
        label: "Momentum",
        tooltip: "Momentum γ of the refinement steps, from 0 to below 1",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::SemiAmortized),
        control: Control::Slider { low: 0.0, high: 0.95, logarithmic: false },
    },
    Field {
        key: "objective.libi.gaussianity_weight",
        label: "HZ weight",
        tooltip: "Weight of exp(HZ) in the likelihood stage, HZ the Henze–Zirkler statistic of the codes of a batch, which is small for a Gaussian; 0 \
                  leaves it out",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::Libi),
        control: Control::Slider { low: 0.0, high: 10.0, logarithmic: false },
    },
    Field {
        key: "objective.libi.covariance_tolerance",
        label: "Covariance ε",
        tooltip: "ε in the penalty exp(‖Cov(codes) − I‖²/ε) of the likelihood stage: the smaller, the closer to the identity",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::Libi),
        control: Control::Slider { low: 0.01, high: 5.0, logarithmic: true },
    },
    Field {
        key: "objective.libi.mean_tolerance",
        label: "Mean ε",
        tooltip: "ε in the penalty exp(‖mean(codes)‖²/ε) of the likelihood stage: the smaller, the closer to 0",
        group: FieldGroup::MethodDetails,
        applies: Applies::Method(Method::Libi),
        control: Control::Slider { low: 0.01, high: 5.0, logarithmic: true },
    },
    Field {
        key: "objective.free_bits",
        label: "Free bits λ",
        tooltip: "KL that costs nothing, in nats per latent dimension and example: the term is β Σ max(λ, KL). At or below λ a dimension’s KL has no \
                  gradient. 0 charges for all",
        group: FieldGroup::KlTerm,
        applies: Applies::FreeKl,
        control: Control::Slider { low: 0.0, high: 2.0, logarithmic: false },
    },
    Field {
        key: "objective.target_kl",
        label: "Target KL",
        tooltip: "KL that training aims at, in nats per example over all dimensions: the term is β |KL − target|. 0 aims at none. Free bits and a \
                  target exclude each other",
        group: FieldGroup::KlTerm,
        applies: Applies::FreeKl,
        control: Control::Slider { low: 0.0, high: 12.0, logarithmic: false },
    },
    Field {
        key: "objective.annealing.schedule",
        label: "Annealing",
        tooltip: "How a factor on the KL weight β grows while training. None: it is 1. Linear: once, up to 1. Cyclical: again and again, in the first half \
                  of each cycle, and 1 in the second",
        group: FieldGroup::KlTerm,
        applies: Applies::KlTerm,
        control: Control::Choice(|_| Schedule::ALL.iter().map(|kind| (kind.key(), kind.label())).collect()),
    },
    Field {
        key: "objective.annealing.start",
        label: "Starts at",
        tooltip: "The factor on β at the start, of each cycle where it is cyclical, from 0 to 1",
        group: FieldGroup::KlTerm,
        applies: Applies::Annealed,
        control: Control::Slider { low: 0.0, high: 1.0, logarithmic: false },
    },
    Field {
        key: "objective.annealing.steps",
        label: "Annealing steps",
        tooltip: "Steps until the factor on β is 1; the length of a cycle where it is cyclical",
        group: FieldGroup::KlTerm,
        applies: Applies::Annealed,
        control: Control::Count { low: 1, high: 1_000_000, zero: None },
    },
    Field {
        key: "objective.annealing.cycles",
        label: "Cycles",
        tooltip: "Cycles after which the factor on β stays 1",
        group: FieldGroup::KlTerm,
        applies: Applies::Cyclical,
        control: Control::Count { low: 1, high: 1000, zero: None },
    },
    Field {
        key: "objective.pretraining.steps",
        label: "Autoencoder steps",
        tooltip: "First steps, in which the KL term has no weight: an autoencoder, as in the two-stage recipe of Li et al. (2019). 0: none",
        group: FieldGroup::KlTerm,
        applies: Applies::Pretraining,
        control: Control::Count { low: 0, high: 1_000_000, zero: Some("none") },
    },
    Field {
        key: "objective.pretraining.reset_decoder",
        label: "New decoder after",
        tooltip: "Whether the decoder starts anew from random weights after the steps as an autoencoder, and the encoder alone is kept",
        group: FieldGroup::KlTerm,
        applies: Applies::Pretrained,
        control: Control::Switch,
    },
    Field {
        key: "optimizer.learning_rate",
        label: "Learning rate",
        tooltip: "Step size of Adam",
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 1e-5, high: 1e-1, logarithmic: true },
    },
    Field {
        key: "optimizer.encoder_rate",
        label: "Encoder rate",
        tooltip: "The encoder's step size as a multiple of the learning rate. 1 trains encoder and decoder alike; less lets the encoder lag \
                  behind the model's exact posterior, and 0 freezes it",
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 0.0, high: 1.0, logarithmic: false },
    },
    Field {
        key: "optimizer.batch_size",
        label: "Batch size",
        tooltip: "Training examples per optimizer step",
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Count { low: 1, high: 65_536, zero: None },
    },
    Field {
        key: "optimizer.gradient_clip",
        label: "Gradient clip",
        tooltip: "Largest Euclidean norm of the gradient over all parameters; a longer gradient is shortened to it",
        group: FieldGroup::Training,
        applies: Applies::Always,
        control: Control::Slider { low: 0.1, high: 100.0, logarithmic: true },
    },
    Field {
        key: "data.condition",
        label: "Condition",
        tooltip: "What of each example is given to a conditional model; the rest is the output y that it models. From the source: \
                  what the generator itself gives. Lower left quarter: of a picture; the other three quarters are completed. Label: \
                  the class, one of n",
        group: FieldGroup::Data,
        applies: Applies::Conditioned,
        control: Control::Choice(|_| {
            vec![("source", "From the source"), ("lower-left", "Lower left quarter"), ("label", "Label")]
        }),
    },
    Field {
        key: "data.spectrum",
        label: "Spectrum",
        tooltip: "Eigenvalues of the covariance of the generated Gaussian data, separated by commas; their number is the number of \
                  data dimensions. With conditions, of the output",
        group: FieldGroup::Data,
        applies: Applies::GaussianData,
        control: Control::Numbers {
            may_be_one: false,
            low: 0.0,
            high: 1e12,
            rule: "an eigenvalue of a covariance must be 0 or above, and at most 1e12",
        },
    },
    Field {
        key: "data.correlation",
        label: "Correlation",
        tooltip: "Correlation of every output with a condition of its own, between −1 and 1: one number for all, or one for each, \
                  separated by commas. Given the condition, variance λ(1 − r²) is left of an output of variance λ",
        group: FieldGroup::Data,
        applies: Applies::Correlated,
        control: Control::Numbers {
            may_be_one: true,
            low: -1.0,
            high: 1.0,
            rule: "a correlation must lie between −1 and 1",
        },
    },
    Field {
        key: "data.sampling",
        label: "Sampling",
        tooltip: "Drawn: at random, so that the sample’s covariance differs a little from the chosen one. Exact: a few points whose \
                  covariance is exactly the chosen one; training and held-out examples are then the same",
        group: FieldGroup::Data,
        applies: Applies::GaussianData,
        control: Control::Choice(|_| vec![("drawn", "Drawn at random"), ("exact", "Exact covariance")]),
    },
    Field {
        key: "data.examples",
        label: "Training points",
        tooltip: "Number of training points that the generator draws",
        group: FieldGroup::Data,
        applies: Applies::Generated,
        control: Control::Count { low: 2, high: 1_000_000, zero: None },
    },
    Field {
        key: "seed",
        label: "Seed",
        tooltip: "Key of every random number: initial weights, batch order and noise. Variants share batches and noise; the same seed on \
                  the CPU gives the same run, bit for bit",
        group: FieldGroup::Run,
        applies: Applies::Always,
        control: Control::Count { low: 0, high: 4_294_967_295, zero: None },
    },
    Field {
        key: "steps",
        label: "Step limit",
        tooltip: "Optimizer steps per variant after which training stops; 0 trains until paused",
        group: FieldGroup::Run,
        applies: Applies::Always,
        control: Control::Count { low: 0, high: 100_000_000, zero: Some("none") },
    },
];
