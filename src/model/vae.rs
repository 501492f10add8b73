//! The variational autoencoder: plain, conditional, and hierarchical with two levels; each with linear maps or multilayer perceptrons.

use super::brenier_decoder::{BrenierDecoderConfig, identity_rows};
use super::encoder::EncoderConfig;
use super::gaussian::log_standard_normal;
use super::prior::ConditionalPrior;
use super::{
    Bound, BrenierDecoder, Decoder, DiagonalGaussian, Encoder, LatentModel, Likelihood, MixturePrior, PriorComponents,
    StandardDecoder, TopLevel, TriangularDecoder, decoder, principal_directions, repeat_rows,
};
use crate::data::Dataset;
use crate::experiment::{
    DecoderKind, EncoderStart, Family, Learnable, LikelihoodKind, Method, ModelSettings, PriorKind, Projection,
    Settings,
};
use crate::nn::Initializer;
use crate::random::{Purpose, stream};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// Encoder, decoder, likelihood, and what the family adds.
///
/// * plain: z ~ N(0, I) or a learned mixture of Gaussians, x | z ~ likelihood(decoder(z)).
/// * conditional: y | z, c ~ likelihood(decoder(z, c)). With a learned prior N(μ(c), diag σ²(c)) the latent variable is kept in the prior's
///   units, z = μ(c) + σ(c) ⊙ z′ with z′ ~ N(0, I): KLs are the same, and the encoder's output is q(z′ | y, c).
/// * hierarchical: z2 ~ N(0, I), z1 | z2 ~ N(f(z2), σ₁² I), x | z1 ~ likelihood(decoder(z1)). The latent variable as a whole is (ε, z2) with
///   ε = (z1 − f(z2)) / σ₁, which is N(0, I) under the model.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
    likelihood: Likelihood,
    prior: Option<ConditionalPrior>,
    mixture: Option<MixturePrior>,
    top: Option<TopLevel>,
    /// r(z | x) of a mutual autoencoder, which reads z from samples of the model.
    auxiliary: Option<Encoder>,
    /// K of the level next to the data.
    #[module(skip)]
    latent_dimensions: usize,
    /// D.
    #[module(skip)]
    output_dimensions: usize,
    /// Mean of the training conditions, `[1, C]`.
    #[module(skip)]
    condition_center: Option<Tensor<2>>,
    #[module(skip)]
    is_linear: bool,
}

impl Vae {
    /// Name of the fields, at any depth, by which an optimizer finds the parameters of encoders.
    pub const ENCODER: &str = "encoder";

    /// New weights from the settings' seed on an autodiff device. The encoder's do not depend on the decoder's kind.
    pub fn new(settings: &Settings, data: &Dataset, device: &Device) -> Self {
        let model = &settings.model;
        let plain = device.clone().inner();
        let training_mean = data.training_mean();
        let condition_mean = match model.family {
            Family::Conditional => data.condition_mean(),
            Family::Vae | Family::Hierarchical => Vec::new(),
        };
        let condition = condition_mean.len();
        let center = [training_mean.as_slice(), &condition_mean].concat();
        let mut for_encoder = Initializer::new(stream(settings.seed, Purpose::EncoderWeights, 0), device);
        let mut for_decoder = Initializer::new(stream(settings.seed, Purpose::DecoderWeights, 0), device);
        let offset = decoder::offset(model.likelihood, &training_mean);
        let latent = model.latent_dimensions;
        let decoder = new_decoder(model, latent, condition, offset, Some(data), &mut for_decoder, &plain);
        let encoder = EncoderConfig {
            center: &center,
            hidden: &model.hidden,
            latent,
            start: model.encoder_start,
            variance: model.encoder_variance,
        };
        let encoder = Encoder::new(encoder, &mut for_encoder, &plain);
        let prior = (condition > 0 && model.prior == PriorKind::Conditional)
            .then(|| ConditionalPrior::new(condition, &model.hidden, latent, &mut for_decoder));
        // A stream of its own: the other weights are those of the same run with another prior.
        let mixture = MixturePrior::new(model, data, stream(settings.seed, Purpose::DecoderWeights, 1), device);
        let top = (model.family == Family::Hierarchical)
            .then(|| new_top_level(model, &mut for_encoder, &mut for_decoder, &plain));
        Self {
            encoder,
            decoder,
            likelihood: Likelihood::new(model.likelihood, model.sigma, &for_decoder),
            prior,
            mixture,
            top,
            auxiliary: (settings.objective.method == Method::Mutual).then(|| new_auxiliary(settings, &center, device)),
            latent_dimensions: latent,
            output_dimensions: training_mean.len(),
            condition_center: (condition > 0)
                .then(|| Tensor::from_data(TensorData::new(condition_mean, [1, condition]), &plain)),
            is_linear: model.is_linear(),
        }
    }

    /// Applies the settings that a running model can take: fixed standard deviations and variances, and m.
    pub fn configure(&mut self, model: &ModelSettings) {
        self.likelihood.set_sigma(model.sigma);
        self.decoder.set_convexity(model.convexity);
        self.encoder.set_variance(model.encoder_variance);
        if let Some(top) = &mut self.top {
            top.decoder.set_convexity(model.convexity);
            top.encoder.set_variance(model.top_encoder_variance);
            top.sigma = model.level_sigma;
        }
    }

    /// The decoder, if it is a Brenier decoder of the latent variable itself: neither of z in a learned prior's units nor of z1 relative to z2.
    pub fn brenier(&self) -> Option<&BrenierDecoder> {
        match &self.decoder {
            Decoder::Brenier(decoder) if self.prior.is_none() && self.top.is_none() => Some(decoder),
            Decoder::Brenier(_) | Decoder::Standard(_) | Decoder::Triangular(_) => None,
        }
    }

    /// The same encoder beside another model's decoder, likelihood and prior.
    #[must_use]
    pub fn with_generator_of(self, other: Self) -> Self {
        let top = match (self.top, other.top) {
            (Some(own), Some(top)) => Some(TopLevel { encoder: own.encoder, ..top }),
            (_, top) => top,
        };
        Self { encoder: self.encoder, top, ..other }
    }

    /// The likelihood.
    pub fn likelihood(&self) -> &Likelihood {
        &self.likelihood
    }

    /// r(z | x), where training is that of a mutual autoencoder.
    pub fn auxiliary(&self) -> Option<&Encoder> {
        self.auxiliary.as_ref()
    }

    /// D.
    pub fn output_dimensions(&self) -> usize {
        self.output_dimensions
    }

    /// Range that the encoder keeps log σ² of q(z | x) in.
    pub fn log_variance_range(&self) -> (f32, f32) {
        self.encoder.log_variance_range()
    }

    /// Conditions of examples `x: [n, D + C]`, centred, for `rows` rows; the mean condition without examples.
    pub fn condition(&self, x: Option<Tensor<2>>, rows: usize) -> Option<Tensor<2>> {
        let center = self.condition_center.clone()?;
        let [_, columns] = center.dims();
        Some(match x {
            Some(x) => repeat_rows(x.narrow(1, self.output_dimensions, columns) - center, rows),
            None => Tensor::zeros([rows, columns], &center.device()),
        })
    }

    /// Both terms of the evidence lower bound at one sample of given posteriors of `x: [batch, D + C]`; of a model with one latent level.
    pub fn bound_given(&self, posterior: &DiagonalGaussian, x: Tensor<2>, noise: Tensor<2>) -> Bound {
        let z = posterior.reparameterize(noise);
        let natural = self.decode_for(z.clone(), x.clone());
        Bound { log_likelihood: self.log_likelihood(x, natural), kl: self.kl_given(posterior, || z) }
    }

    /// KL of given posteriors to the prior per dimension, nats, `[batch, K]`; of a model with one latent level. To a mixture, at the sample.
    pub fn kl_given(&self, posterior: &DiagonalGaussian, sample: impl FnOnce() -> Tensor<2>) -> Tensor<2> {
        match self.prior_components() {
            Some(mixture) => mixture.kl_terms(posterior, sample()),
            None => posterior.kl_to_standard_normal(),
        }
    }

    /// log p(x, z) − log q(z) in nats, `[rows]`, at one sample of each given posterior; of a model with one latent level.
    pub fn log_weights_given(&self, posterior: &DiagonalGaussian, x: Tensor<2>, noise: Tensor<2>) -> Tensor<1> {
        let z = posterior.reparameterize(noise);
        let natural = self.decode_for(z.clone(), x.clone());
        self.log_likelihood(x, natural) + self.log_prior(z.clone()) - posterior.log_density(z)
    }

    fn decode_given(&self, z: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        let z = match (&self.prior, &condition, &self.top) {
            (Some(prior), Some(condition), _) => prior.place(z, condition.clone()),
            (_, _, Some(top)) => top.lower_variable(z),
            _ => z,
        };
        self.decoder.forward(z, condition)
    }

    fn outputs(&self, x: Tensor<2>) -> Tensor<2> {
        let [_, columns] = x.dims();
        if columns == self.output_dimensions { x } else { x.narrow(1, 0, self.output_dimensions) }
    }
}

fn new_decoder(
    model: &ModelSettings,
    latent: usize,
    condition: usize,
    offset: Vec<f32>,
    data: Option<&Dataset>,
    initializer: &mut Initializer<'_>,
    device: &Device,
) -> Decoder {
    match model.decoder {
        DecoderKind::Standard => {
            Decoder::Standard(StandardDecoder::new(latent + condition, &model.hidden, offset, initializer))
        }
        DecoderKind::Triangular => Decoder::Triangular(TriangularDecoder::new(latent, offset, initializer, device)),
        DecoderKind::Brenier => {
            let rank = model.quadratic_rank.min(offset.len()).max(latent);
            let directions = match (model.projection, data) {
                (Projection::Principal, Some(data)) => principal_directions(data, rank),
                // z1 has no principal directions before training.
                (Projection::Identity, _) | (_, None) => identity_rows(rank, offset.len()),
            };
            let config = BrenierDecoderConfig { settings: model, latent, condition, offset, directions };
            Decoder::Brenier(BrenierDecoder::new(config, initializer, device))
        }
    }
}

/// A network like the encoder, with weights of its own and a learned variance. It starts at the prior, where its bound on the information is 0.
fn new_auxiliary(settings: &Settings, center: &[f32], device: &Device) -> Encoder {
    let mut initializer = Initializer::new(stream(settings.seed, Purpose::AuxiliaryWeights, 0), device);
    let config = EncoderConfig {
        center,
        hidden: &settings.model.hidden,
        latent: settings.model.latent_dimensions,
        start: EncoderStart::Prior,
        variance: Learnable::Learned,
    };
    Encoder::new(config, &mut initializer, &device.clone().inner())
}

fn new_top_level(
    model: &ModelSettings,
    for_encoder: &mut Initializer<'_>,
    for_decoder: &mut Initializer<'_>,
    device: &Device,
) -> TopLevel {
    let (lower, upper) = (model.latent_dimensions, model.top_latent_dimensions);
    let encoder = EncoderConfig {
        center: &vec![0.0; lower],
        hidden: &model.hidden,
        latent: upper,
        start: model.encoder_start,
        variance: model.top_encoder_variance,
    };
    TopLevel {
        encoder: Encoder::new(encoder, for_encoder, device),
        decoder: new_decoder(model, upper, 0, vec![0.0; lower], None, for_decoder, device),
        sigma: model.level_sigma,
        lower,
        upper,
    }
}

impl LatentModel for Vae {
    fn latent_dimensions(&self) -> usize {
        self.latent_dimensions + self.top.as_ref().map_or(0, |top| top.upper)
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        let posterior = self.encoder.forward(x);
        match &self.top {
            Some(top) => top.joint_moments(&posterior),
            None => posterior,
        }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        let [rows, _] = z.dims();
        self.decode_given(z, self.condition(None, rows))
    }

    fn decode_for(&self, z: Tensor<2>, x: Tensor<2>) -> Tensor<2> {
        let [rows, _] = z.dims();
        self.decode_given(z, self.condition(Some(x), rows))
    }

    fn has_exact_expectation(&self) -> bool {
        self.is_linear && self.likelihood.kind() == LikelihoodKind::Gaussian && self.mixture.is_none()
    }

    fn is_conditional(&self) -> bool {
        self.condition_center.is_some()
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        self.likelihood.mean(natural)
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        self.likelihood.log_density(self.outputs(x), natural)
    }

    fn log_likelihood_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        self.likelihood.log_density_table(self.outputs(x), natural)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        match self.prior_components() {
            Some(mixture) => mixture.log_density(z),
            None => log_standard_normal(z),
        }
    }

    fn prior_components(&self) -> Option<PriorComponents> {
        self.mixture.as_ref().map(|mixture| mixture.components(&self.encoder))
    }

    fn level_dimensions(&self) -> Vec<usize> {
        std::iter::once(self.latent_dimensions).chain(self.top.as_ref().map(|top| top.upper)).collect()
    }

    fn encode_levels(&self, x: Tensor<2>) -> Vec<DiagonalGaussian> {
        let posterior = self.encoder.forward(x);
        let Some(top) = &self.top else { return vec![posterior] };
        let joint = top.joint_moments(&posterior);
        let lower = DiagonalGaussian {
            mean: posterior.mean.div_scalar(top.sigma),
            log_variance: posterior.log_variance.sub_scalar(2.0 * top.sigma.ln()),
        };
        let upper = DiagonalGaussian {
            mean: joint.mean.narrow(1, top.lower, top.upper),
            log_variance: joint.log_variance.narrow(1, top.lower, top.upper),
        };
        vec![lower, upper]
    }

    fn fixed_variances(&self) -> Vec<Option<f64>> {
        let lower = self.encoder.fixed_variance();
        match &self.top {
            Some(top) => vec![lower.map(|variance| variance / top.sigma.powi(2)), top.encoder.fixed_variance()],
            None => vec![lower],
        }
    }

    fn sample(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let posterior = self.encoder.forward(x);
        match &self.top {
            Some(top) => top.relative(top.sample(&posterior, noise)),
            None => posterior.reparameterize(noise),
        }
    }

    fn kl_terms(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<2> {
        let posterior = self.encoder.forward(x);
        match &self.top {
            Some(top) => top.kl_terms(&posterior, &top.sample(&posterior, noise)),
            None => self.kl_given(&posterior, || posterior.reparameterize(noise)),
        }
    }

    fn bound(&self, x: Tensor<2>, noise: Tensor<2>) -> Bound {
        let posterior = self.encoder.forward(x.clone());
        let (natural, kl) = match &self.top {
            Some(top) => {
                let sample = top.sample(&posterior, noise);
                let kl = top.kl_terms(&posterior, &sample);
                (self.decoder.forward(sample.z1, None), kl)
            }
            None => return self.bound_given(&posterior, x, noise),
        };
        Bound { log_likelihood: self.log_likelihood(x, natural), kl }
    }

    fn log_weights(&self, x: Tensor<2>, noise: Tensor<2>) -> Tensor<1> {
        let [rows, _] = noise.dims();
        let posterior = self.encoder.forward(x.clone()).repeated(rows);
        let x = repeat_rows(x, rows);
        match &self.top {
            Some(top) => {
                let sample = top.sample(&posterior, noise);
                let ratio = top.log_prior_to_posterior(&posterior, &sample);
                self.log_likelihood(x, self.decoder.forward(sample.z1, None)) + ratio
            }
            None => self.log_weights_given(&posterior, x, noise),
        }
    }
}
