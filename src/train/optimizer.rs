//! Adam (Kingma and Ba 2015) with a clip on the Euclidean norm of the whole gradient.
//!
//! burn's own Adam clips each parameter by itself, and loads its state through the process's default device, which would bring
//! up a second wgpu device beside the window's (burn-optim 0.22.1, module_optimizer.rs, `load_record`). On the CPU the update
//! here is one pass over each parameter.

use crate::device::{DeviceError, DeviceKind, read};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};

const FIRST_DECAY: f64 = 0.9;
const SECOND_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Optimizer state: one pair of moments per parameter, in the order in which the module visits them.
#[derive(Clone, Debug)]
pub struct Adam {
    steps: u64,
    moments: Moments,
}

#[derive(Clone, Debug)]
enum Moments {
    Host(Vec<HostMoments>),
    Device(Vec<[Tensor<1>; 2]>),
}

#[derive(Clone, Debug, PartialEq)]
struct HostMoments {
    first: Vec<f32>,
    second: Vec<f32>,
}

/// How far one update goes.
#[derive(Clone, Copy, Debug)]
pub struct StepSize<'a> {
    /// Adam's step size.
    pub learning_rate: f64,
    /// Largest Euclidean norm of the whole gradient; a longer one is shortened to it.
    pub largest_norm: f64,
    /// Fields of the module, by their name at any depth, whose parameters take this multiple of the step.
    pub slowed: Option<(&'a str, f64)>,
}

/// Optimizer state as plain numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AdamState {
    /// Updates done.
    pub steps: u64,
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
        Self { steps: 0, moments }
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
        self.steps += 1;
        let exponent = self.steps.min(i32::MAX as u64) as i32;
        let rates = Rates {
            // Bias corrections folded into the step size and ε's place kept, as in the paper's §2.
            learning_rate: size.learning_rate / (1.0 - FIRST_DECAY.powi(exponent)),
            second_correction: 1.0 / (1.0 - SECOND_DECAY.powi(exponent)),
        };
        let place = Place::at_top(size.slowed);
        match &mut self.moments {
            Moments::Host(moments) => {
                let mut collect = CollectGradients { gradients, values: Vec::new(), failure: None };
                module.visit(&mut collect);
                if let Some(error) = collect.failure {
                    return Err(error);
                }
                let scale = clip_scale(&collect.values, size.largest_norm);
                let mut update =
                    HostUpdate { gradients: collect.values, moments, scale, rates, place, index: 0, failure: None };
                let module = module.map(&mut update);
                update.failure.map_or(Ok(module), Err)
            }
            Moments::Device(moments) => {
                let mut norm = SquaredNorm { gradients: &gradients, sum: None };
                module.visit(&mut norm);
                let scale = norm
                    .sum
                    .map(|sum| sum.sqrt().add_scalar(1e-12).recip().mul_scalar(size.largest_norm).clamp_max(1.0));
                let mut update = DeviceUpdate { gradients, moments, scale, rates, place, index: 0 };
                Ok(module.map(&mut update))
            }
        }
    }

    /// The state as plain numbers; reads back from the device.
    ///
    /// # Errors
    /// A device that fails to answer.
    pub fn state(&self) -> Result<AdamState, DeviceError> {
        let moments = match &self.moments {
            Moments::Host(moments) => moments.iter().map(|m| [m.first.clone(), m.second.clone()]).collect(),
            Moments::Device(moments) => moments
                .iter()
                .map(|[first, second]| Ok([read(first.clone())?, read(second.clone())?]))
                .collect::<Result<_, DeviceError>>()?,
        };
        Ok(AdamState { steps: self.steps, moments })
    }

    /// Goes on from a state.
    pub fn from_state(state: AdamState, kind: DeviceKind, device: &Device) -> Self {
        let on_device = |values: Vec<f32>| {
            let length = values.len();
            Tensor::<1>::from_data(TensorData::new(values, [length]), device)
        };
        let moments = match kind {
            DeviceKind::Cpu => {
                Moments::Host(state.moments.into_iter().map(|[first, second]| HostMoments { first, second }).collect())
            }
            DeviceKind::Gpu => Moments::Device(state.moments.into_iter().map(|pair| pair.map(on_device)).collect()),
        };
        Self { steps: state.steps, moments }
    }
}

#[derive(Clone, Copy)]
struct Rates {
    learning_rate: f64,
    second_correction: f64,
}

/// Where in the module an update is: the parameters of one field may take shorter steps.
struct Place<'a> {
    slowed: Option<(&'a str, f64)>,
    depth: usize,
    /// Depth of the slowed field that the walk is in.
    slowed_at: Option<usize>,
}

impl<'a> Place<'a> {
    fn at_top(slowed: Option<(&'a str, f64)>) -> Self {
        Self { slowed, depth: 0, slowed_at: None }
    }

    fn enter(&mut self, field: &str) {
        if self.slowed_at.is_none() && self.slowed.is_some_and(|(slowed, _)| slowed == field) {
            self.slowed_at = Some(self.depth);
        }
        self.depth += 1;
    }

    fn exit(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.slowed_at = self.slowed_at.filter(|&at| at < self.depth);
    }

    fn rates(&self, rates: Rates) -> Rates {
        match self.slowed {
            Some((_, factor)) if self.slowed_at.is_some() => {
                Rates { learning_rate: rates.learning_rate * factor, ..rates }
            }
            _ => rates,
        }
    }
}

/// Factor that brings the norm over all gradients down to `largest_norm`, at most 1.
fn clip_scale(gradients: &[Vec<f32>], largest_norm: f64) -> f32 {
    let squares = |values: &Vec<f32>| {
        // Eight running sums, so that the additions vectorise; the order is fixed, so the result is.
        let mut sums = [0.0_f32; 8];
        let chunks = values.chunks_exact(8);
        let rest: f32 = chunks.remainder().iter().map(|v| v * v).sum();
        chunks.for_each(|chunk| sums.iter_mut().zip(chunk).for_each(|(sum, v)| *sum += v * v));
        f64::from(sums.iter().sum::<f32>() + rest)
    };
    let norm = gradients.iter().map(squares).sum::<f64>().sqrt();
    if norm > largest_norm { (largest_norm / norm) as f32 } else { 1.0 }
}

struct CollectGradients {
    gradients: GradientsParams,
    values: Vec<Vec<f32>>,
    failure: Option<DeviceError>,
}

impl ModuleVisitor for CollectGradients {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        match self.gradients.remove::<D>(param.id).map(read) {
            Some(Ok(values)) => self.values.push(values),
            // A parameter that the loss does not reach keeps its place.
            None => self.values.push(Vec::new()),
            Some(Err(error)) => self.failure = Some(error),
        }
    }
}

struct HostUpdate<'a> {
    gradients: Vec<Vec<f32>>,
    moments: &'a mut Vec<HostMoments>,
    scale: f32,
    rates: Rates,
    place: Place<'a>,
    index: usize,
    failure: Option<DeviceError>,
}

impl ModuleMapper for HostUpdate<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.place.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        if self.moments.len() <= index {
            let length = param.val().dims().iter().product();
            self.moments.push(HostMoments { first: vec![0.0; length], second: vec![0.0; length] });
        }
        let gradient = &self.gradients[index];
        if gradient.is_empty() {
            return param;
        }
        let moments = &mut self.moments[index];
        let (scale, rates) = (self.scale, self.place.rates(self.rates));
        let failure = &mut self.failure;
        param.map(|tensor| {
            let (shape, device) = (tensor.shape(), tensor.device());
            let kept = tensor.clone();
            let mut values = match read(tensor.inner()) {
                Ok(values) => values,
                Err(error) => {
                    *failure = Some(error);
                    return kept;
                }
            };
            drop(kept);
            adam_pass(&mut values, gradient, moments, scale, rates);
            Tensor::from_data(TensorData::new(values, shape), &device).require_grad()
        })
    }
}

fn adam_pass(values: &mut [f32], gradient: &[f32], moments: &mut HostMoments, scale: f32, rates: Rates) {
    let (decay1, decay2, epsilon) = (FIRST_DECAY as f32, SECOND_DECAY as f32, EPSILON as f32);
    let (learning_rate, correction) = (rates.learning_rate as f32, rates.second_correction as f32);
    let moments = moments.first.iter_mut().zip(&mut moments.second);
    for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
        let gradient = gradient * scale;
        *first = decay1 * *first + (1.0 - decay1) * gradient;
        *second = decay2 * *second + (1.0 - decay2) * gradient * gradient;
        *value -= learning_rate * *first / ((*second * correction).sqrt() + epsilon);
    }
}

struct SquaredNorm<'a> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<1>>,
}

impl ModuleVisitor for SquaredNorm<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.get::<D>(param.id) else { return };
        let squares = gradient.powi_scalar(2).sum();
        self.sum = Some(match self.sum.take() {
            Some(sum) => sum + squares,
            None => squares,
        });
    }
}

struct DeviceUpdate<'a> {
    gradients: GradientsParams,
    moments: &'a mut Vec<[Tensor<1>; 2]>,
    scale: Option<Tensor<1>>,
    rates: Rates,
    place: Place<'a>,
    index: usize,
}

impl ModuleMapper for DeviceUpdate<'_> {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.place.enter(name);
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.place.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let index = self.index;
        self.index += 1;
        let length: usize = param.val().dims().iter().product();
        if self.moments.len() <= index {
            let zeros = Tensor::<1>::zeros([length], &param.val().device().inner());
            self.moments.push([zeros.clone(), zeros]);
        }
        let (Some(gradient), Some(scale)) = (self.gradients.remove::<D>(param.id), self.scale.clone()) else {
            return param;
        };
        let gradient = gradient.reshape([length]) * scale;
        let rates = self.place.rates(self.rates);
        let [first, second] = self.moments[index].clone();
        let first = first.mul_scalar(FIRST_DECAY) + gradient.clone().mul_scalar(1.0 - FIRST_DECAY);
        let second = second.mul_scalar(SECOND_DECAY) + gradient.powi_scalar(2).mul_scalar(1.0 - SECOND_DECAY);
        self.moments[index] = [first.clone(), second.clone()];
        let deviation = second.mul_scalar(rates.second_correction).sqrt().add_scalar(EPSILON);
        let update = (first / deviation).mul_scalar(rates.learning_rate);
        param.map(|tensor| {
            let shape = tensor.shape();
            let updated = tensor.inner() - update.reshape(shape);
            Tensor::from_inner(updated).require_grad()
        })
    }
}
