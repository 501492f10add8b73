//! Gradients of several backward passes over the same parameters.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;

/// Adds the gradients of one pass to those of the passes before.
pub(super) fn add<M: Module>(model: &M, sum: &mut GradientsParams, gradients: GradientsParams) {
    model.visit(&mut Add { sum, gradients });
}

struct Add<'a> {
    sum: &'a mut GradientsParams,
    gradients: GradientsParams,
}

impl ModuleVisitor for Add<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return };
        let gradient = match self.sum.remove::<D>(param.id) {
            Some(sum) => sum + gradient,
            None => gradient,
        };
        self.sum.register(param.id, gradient);
    }
}
