//! Models whose answers are known: a linear one, and random networks of this program.

use crate::matrix;
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use collapsar::data::{self, Dataset, ExampleShape, Unmonitored};
use collapsar::exact::Ppca;
use collapsar::experiment::presets::Preset;
use collapsar::experiment::{LikelihoodKind, Settings};
use collapsar::measure::EvaluationPool;
use collapsar::model::{DiagonalGaussian, LatentModel, Vae};
use nalgebra::DMatrix;

/// z ~ N(0, I), x = Wz + σε, with the encoder of a collapsed model unless told otherwise.
pub struct Linear {
    pub ppca: Ppca,
    /// Posterior mean that the encoder gives to every example, `[K]`.
    pub encoder_mean: Vec<f32>,
}

impl Linear {
    /// `weights`: row-major `[D, K]`.
    pub fn new(latent: usize, weights: &[f64], sigma: f64) -> Self {
        let weights = DMatrix::from_row_slice(weights.len() / latent, latent, weights);
        Self { ppca: Ppca::new(weights, sigma).unwrap(), encoder_mean: vec![0.0; latent] }
    }
}

impl LatentModel for Linear {
    fn latent_dimensions(&self) -> usize {
        self.ppca.weights.ncols()
    }

    fn encode(&self, x: Tensor<2>) -> DiagonalGaussian {
        let ([count, _], latent) = (x.dims(), self.latent_dimensions());
        let mean = matrix(1, latent, &self.encoder_mean).expand([count, latent]);
        DiagonalGaussian { log_variance: mean.zeros_like(), mean }
    }

    fn decode(&self, z: Tensor<2>) -> Tensor<2> {
        let (dimensions, latent) = self.ppca.weights.shape();
        // nalgebra stores by columns: as rows, these are Wᵀ.
        let weights: Vec<f32> = self.ppca.weights.iter().map(|&weight| weight as f32).collect();
        z.matmul(matrix(latent, dimensions, &weights))
    }

    fn mean_output(&self, natural: Tensor<2>) -> Tensor<2> {
        natural
    }

    fn log_likelihood(&self, x: Tensor<2>, natural: Tensor<2>) -> Tensor<1> {
        let [_, dimensions] = x.dims();
        let sigma = self.ppca.sigma;
        let constant = dimensions as f64 * (sigma.ln() + 0.5 * (2.0 * std::f64::consts::PI).ln());
        (x - natural).powi_scalar(2).sum_dim(1).mul_scalar(-0.5 / sigma.powi(2)).sub_scalar(constant).squeeze_dim(1)
    }

    fn log_prior(&self, z: Tensor<2>) -> Tensor<1> {
        z.powi_scalar(2).sum_dim(1).mul_scalar(-0.5).squeeze_dim(1)
    }
}

/// A pool of these examples, row-major `[count, dimensions]`, in some order.
pub fn pool(dimensions: usize, values: Vec<f32>) -> EvaluationPool {
    let data = Dataset::from_examples("rows", ExampleShape::Vector(dimensions), values, None).unwrap();
    EvaluationPool::new(&data, LikelihoodKind::Gaussian, 1, &Device::flex())
}

/// A small pinwheel, and settings of a model of it: those of a preset's last variant with assignments on top.
pub fn settings(preset: &str, assignments: &[&str]) -> (Settings, Dataset) {
    let mut experiment = Preset::find(preset).unwrap().experiment().unwrap();
    experiment.variants.drain(..1);
    for assignment in assignments {
        experiment.assign(assignment).unwrap();
    }
    let data = data::load(&experiment.data.source, &experiment.data.load_options(), &Unmonitored).unwrap();
    (experiment.runs().unwrap().remove(0), data)
}

/// A model with new weights, all of them multiplied by `scale`.
pub fn scaled(settings: &Settings, data: &Dataset, scale: f64) -> Vae {
    struct Scale(f64);
    impl ModuleMapper for Scale {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let scale = self.0;
            param.map(|tensor| tensor.mul_scalar(scale))
        }
    }
    Vae::new(settings, data, &Device::flex().autodiff()).map(&mut Scale(scale)).valid()
}
