//! Adam (Kingma and Ba 2015) with a clip on the Euclidean norm of the whole gradient.
//!
//! burn's own Adam clips each parameter by itself, and loads its state through the process's default device, which would bring
//! up a second wgpu device beside the window's (burn-optim 0.22.1, module_optimizer.rs, `load_record`). On the CPU the update
//! here is one pass over each parameter.

use crate::device::{DeviceError, DeviceKind, read};
use crate::kernels::{self, AdamRates};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Optimizer state: one pair of moments per parameter, in the order in which the module visits them.
#[derive(Clone, Debug)]
pub struct Adam {
    moments: Moments,
}

#[derive(Clone, Debug)]
enum Moments {
    Host(Vec<HostMoments>),
    Device(Vec<DeviceMoments>),
}

#[derive(Clone, Debug, PartialEq)]
struct HostMoments {
    /// Updates of this parameter: the encoder may take more than the decoder.
    steps: u64,
    first: Vec<f32>,
    second: Vec<f32>,
}

#[derive(Clone, Debug)]
struct DeviceMoments {
    steps: u64,
    first: Tensor<1>,
    second: Tensor<1>,
}

/// Which parameters an update is of; the others keep their values and their moments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All.
    #[default]
    All,
    /// Those of encoders.
    Encoder,
    /// Those of the generative model: all but the encoders'.
    Generator,
}

/// How far one update goes.
#[derive(Clone, Copy, Debug)]
pub struct StepSize<'a> {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Largest Euclidean norm of the whole gradient; a longer one is shortened to it.
    pub largest_norm: f64,
    /// Name of the fields, at any depth, that hold encoders.
    pub encoder: &'a str,
    /// Their parameters take this multiple of the step.
    pub encoder_rate: f64,
    /// What is updated; the norm is taken over it alone.
    pub part: Part,
}

/// Optimizer state as plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamState {
    /// Updates done, per parameter.
    pub steps: Vec<u64>,
    /// First and second moments per parameter.
    pub moments: Vec<[Vec<f32>; 2]>,
}

impl Adam {
    /// No updates done yet.
    pub fn new(kind: DeviceKind) -> Self {
        let moments = match kind {
            DeviceKind::Cpu => Moments::Host(Vec::new()),
            DeviceKind::Gpu => Moments::Device(Vec::new()),
        };
        Self { moments }
    }

    /// One update with gradients of the batch-mean loss.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        gradients: GradientsParams,
        size: StepSize<'_>,
    ) -> Result<M, DeviceError> {
        let walk = Walk::new(size);
        match &mut self.moments {
            Moments::Host(moments) => {
                let mut collect = CollectGradients { gradients, walk: walk.clone(), values: Vec::new(), failure: None };
                module.visit(&mut collect);
                if let Some(error) = collect.failure {
                    return Err(error);
                }
                let scale = clip_scale(&collect.values, size.largest_norm);
                let mut update =
                    HostUpdate { gradients: collect.values, moments, scale, walk, index: 0, failure: None };
                let module = module.map(&mut update);
                update.failure.map_or(Ok(module), Err)
            }
            Moments::Device(moments) => {
                let mut norm = SquaredNorm { gradients: &gradients, walk: walk.clone(), sum: None };
                module.visit(&mut norm);
                let scale = norm
                    .sum
                    .map(|sum| sum.sqrt().add_scalar(1e-12).recip().mul_scalar(size.largest_norm).clamp_max(1.0));
                let mut update = DeviceUpdate { gradients, moments, scale, walk, index: 0 };
                Ok(module.map(&mut update))
            }
        }
    }

    /// The state as plain numbers; reads back from the device.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn state(&self) -> Result<AdamState, DeviceError> {
        Ok(match &self.moments {
            Moments::Host(moments) => AdamState {
                steps: moments.iter().map(|of| of.steps).collect(),
                moments: moments.iter().map(|of| [of.first.clone(), of.second.clone()]).collect(),
            },
            Moments::Device(moments) => AdamState {
                steps: moments.iter().map(|of| of.steps).collect(),
                moments: moments
                    .iter()
                    .map(|of| Ok([read(of.first.clone())?, read(of.second.clone())?]))
                    .collect::<Result<_, DeviceError>>()?,
            },
        })
    }

    /// Goes on from a state.
    pub fn from_state(state: AdamState, kind: DeviceKind, device: &Device) -> Self {
        let on_device = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), device)
        };
        let each = state.steps.into_iter().zip(state.moments);
        let moments = match kind {
            DeviceKind::Cpu => {
                Moments::Host(each.map(|(steps, [first, second])| HostMoments { steps, first, second }).collect())
            }
            DeviceKind::Gpu => {
                let of = |(steps, pair): (u64, [Vec<f32>; 2])| {
                    let [first, second] = pair.map(on_device);
                    DeviceMoments { steps, first, second }
                };
                Moments::Device(each.map(of).collect())
            }
        };
        Self { moments }
    }
}

#[derive(Clone, Copy)]
struct Rates {
    learning_rate: f64,
    second_correction: f64,
}

impl Rates {
    /// Of the update number `steps`, counted from 1: bias corrections folded into the step size and ε's place kept, as in the paper's §2.
    fn at(steps: u64, learning_rate: f64) -> Self {
        let exponent = steps.min(i32::MAX as u64) as i32;
        Self {
            learning_rate: learning_rate / (1.0 - FIRST_DECAY.powi(exponent)),
            second_correction: 1.0 / (1.0 - SECOND_DECAY.powi(exponent)),
        }
    }

    /// With gradients times `scale`.
    fn scaled(self, scale: f32) -> AdamRates {
        AdamRates {
            scale,
            decays: [FIRST_DECAY as f32, SECOND_DECAY as f32],
            learning_rate: self.learning_rate as f32,
            second_correction: self.second_correction as f32,
            epsilon: EPSILON as f32,
        }
    }
}

/// Where in the module an update is: whether among an encoder's parameters, and how far it goes there.
#[derive(Clone)]
struct Walk<'a> {
    size: StepSize<'a>,
    depth: usize,
    /// Depth of the encoder that the walk is in.
    encoder_at: Option<usize>,
}

impl<'a> Walk<'a> {
    fn new(size: StepSize<'a>) -> Self {
        Self { size, depth: 0, encoder_at: None }
    }

    fn enter(&mut self, field: &str) {
        if self.encoder_at.is_none() && self.size.encoder == field {
            self.encoder_at = Some(self.depth);
        }
        self.depth += 1;
    }

    fn exit(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.encoder_at = self.encoder_at.filter(|&at| at < self.depth);
    }

    fn is_updated(&self) -> bool {
        match self.size.part {
            Part::All => true,
            Part::Encoder => self.encoder_at.is_some(),
            Part::Generator => self.encoder_at.is_none(),
        }
    }

    fn rates(&self, steps: u64) -> Rates {
        let factor = if self.encoder_at.is_some() { self.size.encoder_rate } else { 1.0 };
        Rates::at(steps, self.size.learning_rate * factor)
    }
}

/// Factor that brings the norm over all gradients down to `largest_norm`, at most 1.
fn clip_scale(gradients: &[Vec<f32>], largest_norm: f64) -> f32 {
    let norm = gradients.iter().map(|values| f64::from(kernels::sum_of_squares(values))).sum::<f64>().sqrt();
    if norm > largest_norm { (largest_norm / norm) as f32 } else { 1.0 }
}

struct CollectGradients<'a> {
    gradients: GradientsParams,
    walk: Walk<'a>,
    values: Vec<Vec<f32>>,
    failure: Option<DeviceError>,
}

impl ModuleVisitor for CollectGradients<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.walk.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.walk.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match self.gradients.remove::<D>(param.id).filter(|_| self.walk.is_updated()).map(read) {
            Some(Ok(values)) => self.values.push(values),
            // A parameter that is not updated keeps its place.
            None => self.values.push(Vec::new()),
            Some(Err(error)) => self.failure = Some(error),
        }
    }
}

struct HostUpdate<'a> {
    gradients: Vec<Vec<f32>>,
    moments: &'a mut Vec<HostMoments>,
    scale: f32,
    walk: Walk<'a>,
    index: usize,
    failure: Option<DeviceError>,
}

impl ModuleMapper for HostUpdate<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.walk.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.walk.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        if self.moments.len() <= index {
            let length = param.val().dims().iter().product();
            self.moments.push(HostMoments { steps: 0, first: vec![0.0; length], second: vec![0.0; length] });
        }
        let gradient = &self.gradients[index];
        if gradient.is_empty() {
            return param;
        }
        let moments = &mut self.moments[index];
        moments.steps += 1;
        let (scale, rates) = (self.scale, self.walk.rates(moments.steps));
        let failure = &mut self.failure;
        param.map(|tensor| {
            let (shape, device) = (tensor.shape(), tensor.device());
            // A clone would make reading copy. After a failure nobody sees the module.
            let mut values = match read(tensor.inner()) {
                Ok(values) => values,
                Err(error) => {
                    *failure = Some(error);
                    return Tensor::zeros(shape, &device);
                }
            };
            kernels::adam(&mut values, gradient, &mut moments.first, &mut moments.second, rates.scaled(scale));
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    walk: Walk<'a>,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.walk.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.walk.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.gradients.get::<D>(param.id).filter(|_| self.walk.is_updated());
        let Some(gradient) = gradient else { return };
        let squares = gradient.powi_scalar(2).sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + squares,
            None => squares,
        });
    }
}

struct DeviceUpdate<'a> {
    gradients: GradientsParams,
    moments: &'a mut Vec<DeviceMoments>,
    scale: Option<Tensor<1>>,
    walk: Walk<'a>,
    index: usize,
}

impl ModuleMapper for DeviceUpdate<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.walk.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.walk.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        let length: usize = param.val().dims().iter().product();
        if self.moments.len() <= index {
            let zeros = Tensor::<1>::zeros([length], &param.val().device().inner());
            self.moments.push(DeviceMoments { steps: 0, first: zeros.clone(), second: zeros });
        }
        let gradient = self.gradients.remove::<D>(param.id).filter(|_| self.walk.is_updated());
        let (Some(gradient), Some(scale)) = (gradient, self.scale.clone()) else { return param };
        let gradient = gradient.reshape([length]) * scale;
        let DeviceMoments { steps, first, second } = self.moments[index].clone();
        let steps = steps + 1;
        let rates = self.walk.rates(steps);
        let first = first.mul_scalar(FIRST_DECAY) + gradient.clone().mul_scalar(1.0 - FIRST_DECAY);
        let second = second.mul_scalar(SECOND_DECAY) + gradient.powi_scalar(2).mul_scalar(1.0 - SECOND_DECAY);
        self.moments[index] = DeviceMoments { steps, first: first.clone(), second: second.clone() };
        let deviation = second.mul_scalar(rates.second_correction).sqrt().add_scalar(EPSILON);
        let update = (first / deviation).mul_scalar(rates.learning_rate);
        param.map(|tensor| {
            let shape = tensor.shape();
            let updated = tensor.inner() - update.reshape(shape);
            Tensor::from_inner(updated).require_grad()
        })
    }
}
