//! Decoders: the map from z to the likelihood's natural parameter.

use crate::data::Dataset;
use crate::experiment::{LikelihoodKind, ModelSettings, Projection};
use crate::nn::{BrenierMap, BrenierMapConfig, Dense, Initializer, Mlp};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// `[batch, K]` to `[batch, D]`.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one decoder per model, and burn's modules are not boxed")]
pub enum Decoder {
    /// Multilayer perceptron.
    Standard(StandardDecoder),
    /// Injective in z.
    Brenier(BrenierDecoder),
}

impl Decoder {
    /// Natural parameter, `[batch, D]`.
    pub fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Standard(decoder) => decoder.forward(z),
            Self::Brenier(decoder) => decoder.forward(z),
        }
    }
}

/// Multilayer perceptron with tanh hidden layers and a linear output.
#[derive(Module, Debug)]
pub struct StandardDecoder {
    hidden: Mlp,
    output: Dense,
}

impl StandardDecoder {
    /// Its output starts around the natural parameter of the training mean.
    pub fn new(settings: &ModelSettings, offset: Vec<f32>, initializer: &mut Initializer<'_>) -> Self {
        let latent = settings.latent_dimensions;
        let last = settings.hidden.last().copied().unwrap_or(latent);
        let hidden = Mlp::new(latent, &settings.hidden, initializer);
        let dimensions = offset.len();
        Self { hidden, output: Dense::with_bias(last, dimensions, 1.0, offset, initializer) }
    }

    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        self.output.forward(self.hidden.forward(z))
    }
}

/// g2(βᵀ g1(z)) with Brenier maps g1 on R^K and g2 on R^D, and β with K orthonormal rows in R^D, D ≥ K
/// (Wang, Blei, Cunningham 2021, LIDVAE). Injective, as a composition of injective maps.
#[derive(Module, Debug)]
pub struct BrenierDecoder {
    latent_map: BrenierMap,
    output_map: BrenierMap,
    /// β, `[K, D]`, row vectors.
    #[module(skip)]
    projection: Tensor<2>,
}

impl BrenierDecoder {
    /// Both maps start near the identity, around the natural parameter of the training mean.
    pub fn new(
        settings: &ModelSettings,
        data: &Dataset,
        offset: Vec<f32>,
        initializer: &mut Initializer<'_>,
        device: &Device,
    ) -> Self {
        let (latent, dimensions) = (settings.latent_dimensions, data.dimensions());
        let rank = settings.quadratic_rank.min(dimensions).max(latent);
        let directions = match settings.projection {
            Projection::Identity => identity_rows(rank, dimensions),
            Projection::Principal => super::principal_directions(data, rank),
        };
        let projection = directions[..latent * dimensions].to_vec();
        let latent_map = BrenierMap::new(
            BrenierMapConfig {
                dimensions: latent,
                hidden: settings.latent_map_hidden.as_ref().unwrap_or(&settings.hidden),
                convexity: settings.convexity,
                linear: vec![0.0; latent],
                quadratic: identity_rows(latent, latent),
            },
            initializer,
        );
        let output_map = BrenierMap::new(
            BrenierMapConfig {
                dimensions,
                hidden: settings.output_map_hidden.as_ref().unwrap_or(&settings.hidden),
                convexity: settings.convexity,
                linear: offset,
                quadratic: directions,
            },
            initializer,
        );
        Self {
            latent_map,
            output_map,
            projection: Tensor::from_data(TensorData::new(projection, [latent, dimensions]), device),
        }
    }

    fn forward(&self, z: Tensor<2>) -> Tensor<2> {
        self.output_map.forward_projected(self.latent_map.forward(z), self.projection.clone())
    }

    /// g1.
    pub fn latent_map(&self) -> &BrenierMap {
        &self.latent_map
    }

    /// g2.
    pub fn output_map(&self) -> &BrenierMap {
        &self.output_map
    }

    /// βᵀ g1(z), the argument of g2: `[batch, K]` to `[batch, D]`.
    pub fn output_map_argument(&self, z: Tensor<2>) -> Tensor<2> {
        self.latent_map.forward(z).matmul(self.projection.clone())
    }

    /// L = m², certified: ‖decoder(z) − decoder(z′)‖ ≥ L ‖z − z′‖ for all z, z′, since β has orthonormal rows.
    pub fn expansion(&self) -> f64 {
        self.latent_map.convexity() * self.output_map.convexity()
    }

    /// Sets the floor m of both potentials.
    pub fn set_convexity(&mut self, convexity: f64) {
        self.latent_map.set_convexity(convexity);
        self.output_map.set_convexity(convexity);
    }
}

/// Natural parameter of the training mean, where decoders start: the mean itself, or its logit.
pub(super) fn offset(kind: LikelihoodKind, training_mean: &[f32]) -> Vec<f32> {
    match kind {
        LikelihoodKind::Gaussian => training_mean.to_vec(),
        LikelihoodKind::Bernoulli => {
            // A pixel that is never on would start at −∞.
            training_mean.iter().map(|mean| mean.clamp(0.01, 0.99)).map(|mean| (mean / (1.0 - mean)).ln()).collect()
        }
    }
}

fn identity_rows(rows: usize, columns: usize) -> Vec<f32> {
    let mut entries = vec![0.0; rows * columns];
    (0..rows).for_each(|row| entries[row * columns + row] = 1.0);
    entries
}
