//! Training on a wgpu device. Without a graphics adapter this reports itself as skipped, which CI does not accept.

use crate::{dataset, preset};
use collapsar::device::{self, DeviceChoice, DeviceError, DeviceKind, TrainingDevice};
use collapsar::experiment::Experiment;
use collapsar::train::{CurvePoint, Learner, StepOutcome};

fn losses(experiment: &Experiment, device: &TrainingDevice, steps: u64) -> Vec<Vec<CurvePoint>> {
    let data = dataset(experiment);
    let of = |settings| {
        let mut learner = Learner::new(settings, data.clone(), device);
        let mut points = Vec::new();
        let mut take = |outcome| match outcome {
            StepOutcome::Taken(taken) => points.extend(taken),
            StepOutcome::Diverged { at_step, .. } => panic!("diverged at step {at_step}"),
        };
        (0..steps).for_each(|_| take(learner.step().unwrap()));
        take(learner.catch_up().unwrap());
        points
    };
    experiment.runs().unwrap().into_iter().map(of).collect()
}

#[test]
fn a_gpu_takes_the_same_steps_as_the_cpu() {
    let gpu = match device::select(DeviceChoice::Gpu) {
        Ok(gpu) => gpu,
        Err(DeviceError::NoAdapter) if std::env::var_os("CI").is_none() => {
            eprintln!("skipped: no graphics adapter");
            return;
        }
        Err(error) => panic!("{error}"),
    };
    assert_eq!(gpu.kind, DeviceKind::Gpu);
    let steps = 12;
    for name in ["collapse-2d", "digits"] {
        let experiment = preset(name);
        let on_gpu = losses(&experiment, &gpu, steps);
        let on_cpu = losses(&experiment, &TrainingDevice::cpu(), steps);
        for (on_gpu, on_cpu) in on_gpu.iter().zip(&on_cpu) {
            assert_eq!(on_gpu.len(), steps as usize);
            for (gpu, cpu) in on_gpu.iter().zip(on_cpu) {
                assert_eq!(gpu.step, cpu.step);
                let error = (gpu.negative_elbo - cpu.negative_elbo).abs() / cpu.negative_elbo.abs();
                assert!(
                    error < 1e-3,
                    "{name}, step {}: {} on the GPU, {} on the CPU",
                    gpu.step,
                    gpu.negative_elbo,
                    cpu.negative_elbo
                );
            }
        }
    }
}
