//! The weights of a module as named plain arrays, in the order in which the module visits them.

use crate::device::{DeviceError, read};
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedValues {
    /// Path in the module, like `decoder.output.weight`.
    pub name: String,
    /// Shape.
    pub shape: Vec<usize>,
    /// Entries, row-major.
    pub values: Vec<f32>,
}

/// All parameters of a module.
///
/// # Errors
/// A device that fails to answer.
pub fn values<M: Module>(module: &M) -> Result<Vec<NamedValues>, DeviceError> {
    let mut visitor = Collect { path: Vec::new(), parameters: Vec::new(), failure: None };
    module.visit(&mut visitor);
    visitor.failure.map_or(Ok(visitor.parameters), Err)
}

/// The module with its parameters replaced, on an autodiff device.
///
/// # Errors
/// Parameters of another module: the name of the first that differs.
pub fn with_values<M: Module>(module: M, parameters: Vec<NamedValues>, device: &Device) -> Result<M, String> {
    let mut mapper = Replace { path: Vec::new(), parameters: parameters.into_iter(), device, failure: None };
    let module = module.map(&mut mapper);
    match mapper.failure {
        Some(name) => Err(name),
        None => match mapper.parameters.next() {
            Some(left_over) => Err(left_over.name),
            None => Ok(module),
        },
    }
}

struct Collect {
    path: Vec<String>,
    parameters: Vec<NamedValues>,
    failure: Option<DeviceError>,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        match read(tensor) {
            Ok(values) => self.parameters.push(NamedValues { name: self.path.join("."), shape, values }),
            Err(error) => self.failure = Some(error),
        }
    }
}

struct Replace<'a> {
    path: Vec<String>,
    parameters: std::vec::IntoIter<NamedValues>,
    device: &'a Device,
    failure: Option<String>,
}

impl ModuleMapper for Replace<'_> {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        let shape = param.val().dims();
        let length: usize = shape.iter().product();
        match self.parameters.next() {
            Some(saved) if saved.name == name && saved.shape == shape && saved.values.len() == length => {
                let device = self.device;
                param.map(|_| Tensor::from_data(TensorData::new(saved.values, shape), device).require_grad())
            }
            _ => {
                self.failure.get_or_insert(name);
                param
            }
        }
    }
}
