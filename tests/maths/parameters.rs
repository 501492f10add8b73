//! The parameters of a model as one list of numbers.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};
use collapsar::inference::Descent;
use collapsar::model::Vae;

/// One parameter, its entries row-major.
pub struct Parameter {
    /// Path in the module.
    pub name: String,
    pub values: Vec<f64>,
}

#[derive(Default)]
struct Collect {
    path: Vec<String>,
    parameters: Vec<Parameter>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let values: Vec<f32> = param.val().into_data().try_to_vec().unwrap();
        let values = values.into_iter().map(f64::from).collect();
        self.parameters.push(Parameter { name: self.path.join("."), values });
    }
}

/// All parameters, in the order of the model.
pub fn parameters(model: &Vae) -> Vec<Parameter> {
    let mut collect = Collect::default();
    model.visit(&mut collect);
    collect.parameters
}

struct Gradients<'a> {
    descent: &'a mut Descent,
    values: Vec<f64>,
}

impl ModuleVisitor for Gradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let count: usize = param.val().dims().iter().product();
        match self.descent.gradients.remove::<D>(param.id) {
            Some(gradient) => {
                let values: Vec<f32> = gradient.into_data().try_to_vec().unwrap();
                self.values.extend(values.into_iter().map(f64::from));
            }
            None => self.values.extend(std::iter::repeat_n(0.0, count)),
        }
    }
}

/// The gradients of a step, 0 for parameters without one.
pub fn gradients(model: &Vae, mut descent: Descent) -> Vec<f64> {
    let mut found = Gradients { descent: &mut descent, values: Vec::new() };
    model.visit(&mut found);
    found.values
}

struct Change<'a> {
    new: &'a mut dyn FnMut(usize, f32) -> f32,
    seen: usize,
}

impl ModuleMapper for Change<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let (shape, device) = (tensor.shape(), tensor.device());
            let mut values: Vec<f32> = tensor.into_data().try_to_vec().unwrap();
            for value in &mut values {
                *value = (self.new)(self.seen, *value);
                self.seen += 1;
            }
            let tensor = Tensor::from_data(TensorData::new(values, shape), &device);
            if device.is_autodiff() { tensor.require_grad() } else { tensor }
        })
    }
}

/// The model with other values, from each entry's place in the list and its value.
pub fn changed(model: &Vae, mut new: impl FnMut(usize, f32) -> f32) -> Vae {
    model.clone().map(&mut Change { new: &mut new, seen: 0 })
}

/// The model with `by` added to one entry.
pub fn nudged(model: &Vae, at: usize, by: f32) -> Vae {
    changed(model, |place, value| if place == at { value + by } else { value })
}
