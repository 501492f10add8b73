//! The variational autoencoder: z ~ N(0, I), x | z ~ likelihood(decoder(z)), q(z | x) a diagonal Gaussian.

use super::{BrenierDecoder, Decoder, DiagonalGaussian, Encoder, LatentModel, Likelihood, StandardDecoder, decoder};
use crate::data::Dataset;
use crate::experiment::{DecoderKind, ModelSettings, Settings};
use crate::nn::Initializer;
use crate::random::{Purpose, stream};
use burn::module::Module;
use burn::tensor::{Device, Tensor};

/// Encoder, decoder and likelihood.
#[derive(Module, Debug)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
    likelihood: Likelihood,
    #[module(skip)]
    latent_dimensions: usize,
}

impl Vae {
    /// Name of the encoder's field, by which an optimizer finds its parameters.
    pub const ENCODER: &str = "encoder";

    /// New weights from the settings' seed on an autodiff device. The encoder's do not depend on the decoder's kind.
    pub fn new(settings: &Settings, data: &Dataset, device: &Device) -> Self {
        let model = &settings.model;
        let training_mean = data.training_mean();
        let offset = decoder::offset(model.likelihood, &training_mean);
        let plain = device.clone().inner();
        let mut for_encoder = Initializer::new(stream(settings.seed, Purpose::EncoderWeights, 0), device);
        let mut for_decoder = Initializer::new(stream(settings.seed, Purpose::DecoderWeights, 0), device);
        let decoder = match model.decoder {
            DecoderKind::Standard => Decoder::Standard(StandardDecoder::new(model, offset, &mut for_decoder)),
            DecoderKind::Brenier => {
                Decoder::Brenier(BrenierDecoder::new(model, data, offset, &mut for_decoder, &plain))
            }
        };
        Self {
            encoder: Encoder::new(&training_mean, model, &mut for_encoder, &plain),
            decoder,
            likelihood: Likelihood::new(model.likelihood, model.sigma, &for_decoder),
            latent_dimensions: model.latent_dimensions,
        }
    }

    /// Applies the settings that a running model can take: a fixed σ, and m.
    pub fn configure(&mut self, model: &ModelSettings) {
        self.likelihood.set_sigma(model.sigma);
        if let Decoder::Brenier(decoder) = &mut self.decoder {
            decoder.set_convexity(model.convexity);
        }
    }

    /// The decoder, if it is a Brenier decoder.
    pub fn brenier(&self) -> Option<&BrenierDecoder> {
        match &self.decoder {
            Decoder::Brenier(decoder) => Some(decoder),
            Decoder::Standard(_) => None,
        }
    }

    /// The likelihood.
    pub fn likelihood(&self) -> &Likelihood {
        &self.likelihood
    }
}

impl LatentModel for Vae {
    fn latent_dimensions(&self) -> usize {
        self.latent_dimensions
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        self.encoder.forward(x)
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        self.decoder.forward(z)
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        self.likelihood.mean(natural)
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        self.likelihood.log_density(x, natural)
    }

    fn log_likelihood_table(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<2> {
        self.likelihood.log_density_table(x, natural)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        let [_, latent] = z.dims();
        let constant = latent as f64 * (2.0 * std::f64::consts::PI).ln();
        z.powi_scalar(2).sum_dim(1).squeeze_dim(1).add_scalar(constant).mul_scalar(-0.5)
    }
}
