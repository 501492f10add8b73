//! The Brenier-map decoder: injective in z by construction.

use crate::experiment::ModelSettings;
use crate::kernels;
use crate::nn::{BrenierMap, BrenierMapConfig, Dense, Initializer, Mlp};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};

/// g2(βᵀ g1(z)) with Brenier maps g1 on R^K and g2 on R^D, and β with K orthonormal rows in R^D, D ≥ K
/// (Wang, Blei, Cunningham 2021, LIDVAE). Injective, as a composition of injective maps.
///
/// Given a condition c it is g2(βᵀ g1(z) + h(c)) with any h: injective in z for every c, since a shift is.
#[derive(Module, Debug)]
pub struct BrenierDecoder {
    latent_map: BrenierMap,
    output_map: BrenierMap,
    /// β, `[K, D]`, row vectors.
    #[module(skip)]
    projection: Tensor<2>,
    /// h.
    shift: Option<ConditionShift>,
}

/// h, from C to D dimensions.
#[derive(Module, Debug)]
struct ConditionShift {
    hidden: Mlp,
    output: Dense,
}

/// Shape and starting point of a [`BrenierDecoder`].
pub(super) struct BrenierDecoderConfig<'a> {
    pub settings: &'a ModelSettings,
    /// K.
    pub latent: usize,
    /// C.
    pub condition: usize,
    /// Natural parameter of the training mean, `[D]`.
    pub offset: Vec<f32>,
    /// Orthonormal rows `[rank, D]`: the first K are β, all of them the quadratic term of g2.
    pub directions: Vec<f32>,
}

impl BrenierDecoder {
    /// Both maps start near the identity, around the natural parameter of the training mean.
    pub(super) fn new(config: BrenierDecoderConfig<'_>, initializer: &mut Initializer<'_>, device: &Device) -> Self {
        let BrenierDecoderConfig { settings, latent, condition, offset, directions } = config;
        let dimensions = offset.len();
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
        let shift = (condition > 0).then(|| ConditionShift {
            hidden: Mlp::new(condition, &settings.hidden, initializer),
            output: Dense::new(settings.hidden.last().copied().unwrap_or(condition), dimensions, 1.0, initializer),
        });
        Self {
            latent_map,
            output_map,
            projection: Tensor::from_data(TensorData::new(projection, [latent, dimensions]), device),
            shift,
        }
    }

    pub(super) fn forward(&self, z: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        match &self.shift {
            None => self.output_map.forward_projected(self.latent_map.forward(z), self.projection.clone()),
            Some(_) => self.output_map.forward(self.output_map_argument(z, condition)),
        }
    }

    /// g1.
    pub fn latent_map(&self) -> &BrenierMap {
        &self.latent_map
    }

    /// g2.
    pub fn output_map(&self) -> &BrenierMap {
        &self.output_map
    }

    /// βᵀ g1(z) + h(c), the argument of g2: `[batch, K]` and centred conditions `[batch, C]` to `[batch, D]`.
    pub fn output_map_argument(&self, z: Tensor<2>, condition: Option<Tensor<2>>) -> Tensor<2> {
        let argument = kernels::product(self.latent_map.forward(z), self.projection.clone());
        match (&self.shift, condition) {
            (Some(shift), Some(condition)) => argument + shift.output.forward(shift.hidden.forward(condition)),
            _ => argument,
        }
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

/// The first rows of the identity, row-major `[rows, columns]`.
pub(super) fn identity_rows(rows: usize, columns: usize) -> Vec<f32> {
    let mut entries = vec![0.0; rows * columns];
    (0..rows).for_each(|row| entries[row * columns + row] = 1.0);
    entries
}
