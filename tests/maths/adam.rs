//! Adam and the global-norm clip against the paper's recursion in f64.

use crate::assert_close;
use burn::module::{Module, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use collapsar::device::DeviceKind;
use collapsar::train::{Adam, Part, StepSize};

#[derive(Module, Debug)]
struct Two {
    matrix: Param<Tensor<2>>,
    vector: Param<Tensor<1>>,
}

const TARGETS: [f32; 6] = [1.0, -2.0, 0.5, 30.0, -7.0, 0.0];

fn start(device: &Device) -> Two {
    Two {
        matrix: Param::from_tensor(Tensor::from_data(TensorData::new(vec![0.0_f32; 4], [2, 2]), device)),
        vector: Param::from_tensor(Tensor::from_data(TensorData::new(vec![0.0_f32; 2], [2]), device)),
    }
}

fn size(learning_rate: f64, largest_norm: f64) -> StepSize<'static> {
    StepSize { learning_rate, largest_norm, encoder: "vector", encoder_rate: 1.0, part: Part::All }
}

/// ½ Σ (parameter − target)²
fn gradients(two: &Two, device: &Device) -> GradientsParams {
    let matrix = Tensor::<2>::from_data(TensorData::new(TARGETS[..4].to_vec(), [2, 2]), device);
    let vector = Tensor::<1>::from_data(TensorData::new(TARGETS[4..].to_vec(), [2]), device);
    let loss = (two.matrix.val() - matrix).powi_scalar(2).sum() + (two.vector.val() - vector).powi_scalar(2).sum();
    GradientsParams::from_grads(loss.mul_scalar(0.5).backward(), two)
}

fn values(two: &Two) -> Vec<f64> {
    let matrix: Vec<f32> = two.matrix.val().into_data().try_to_vec().unwrap();
    let vector: Vec<f32> = two.vector.val().into_data().try_to_vec().unwrap();
    matrix.iter().chain(&vector).map(|&v| f64::from(v)).collect()
}

#[test]
fn both_paths_follow_the_papers_recursion_with_a_clip_on_the_whole_gradient() {
    let (rate, clip) = (0.1, 5.0);
    for kind in [DeviceKind::Cpu, DeviceKind::Gpu] {
        let device = Device::flex().autodiff();
        let mut two = start(&device);
        let mut adam = Adam::new(kind);
        let mut expected = [0.0_f64; 6];
        let (mut first, mut second) = ([0.0_f64; 6], [0.0_f64; 6]);
        for t in 1..=40 {
            let gradients = gradients(&two, &device);
            two = adam.step(two, gradients, size(rate, clip)).unwrap();
            let gradient: Vec<f64> =
                expected.iter().zip(TARGETS).map(|(value, target)| value - f64::from(target)).collect();
            let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            let scale = (clip / norm).min(1.0);
            for i in 0..6 {
                let g = gradient[i] * scale;
                first[i] = 0.9 * first[i] + 0.1 * g;
                second[i] = 0.999 * second[i] + 0.001 * g * g;
                let corrected = (first[i] / (1.0 - 0.9_f64.powi(t)), second[i] / (1.0 - 0.999_f64.powi(t)));
                expected[i] -= rate * corrected.0 / (corrected.1.sqrt() + 1e-8);
            }
        }
        for (actual, expected) in values(&two).iter().zip(expected) {
            assert_close(*actual, expected, 1e-4, &format!("{kind:?}"));
        }
    }
}

#[test]
fn a_restored_state_goes_on_bit_for_bit() {
    let device = Device::flex().autodiff();
    let (mut two, mut adam) = (start(&device), Adam::new(DeviceKind::Cpu));
    for _ in 0..5 {
        two = adam.step(two.clone(), gradients(&two, &device), size(0.1, 1.0)).unwrap();
    }
    let (mut again, mut restored) =
        (two.clone(), Adam::from_state(adam.state().unwrap(), DeviceKind::Cpu, &Device::flex()));
    for _ in 0..5 {
        two = adam.step(two.clone(), gradients(&two, &device), size(0.1, 1.0)).unwrap();
        again = restored.step(again.clone(), gradients(&again, &device), size(0.1, 1.0)).unwrap();
    }
    assert_eq!(values(&two), values(&again));
    assert_eq!(adam.state().unwrap(), restored.state().unwrap());
}

#[test]
fn one_field_may_take_shorter_steps() {
    for kind in [DeviceKind::Cpu, DeviceKind::Gpu] {
        let device = Device::flex().autodiff();
        let after = |encoder_rate| {
            let two = start(&device);
            let gradients = gradients(&two, &device);
            values(&Adam::new(kind).step(two, gradients, StepSize { encoder_rate, ..size(0.1, 5.0) }).unwrap())
        };
        let (whole, quarter, frozen) = (after(1.0), after(0.25), after(0.0));
        // The clip is on the whole gradient, so the other field moves as before.
        assert_eq!((&whole[..4], &whole[..4]), (&quarter[..4], &frozen[..4]), "{kind:?}");
        assert_close(quarter[4], 0.25 * whole[4], 1e-6, "a quarter of the step");
        assert!(whole[4] < -0.05 && frozen[4] == 0.0, "{kind:?}: {whole:?}, {frozen:?}");
    }
}

#[test]
fn a_part_that_is_left_out_keeps_its_values_its_moments_and_its_count() {
    for kind in [DeviceKind::Cpu, DeviceKind::Gpu] {
        let device = Device::flex().autodiff();
        let taken = |parts: &[Part]| {
            let (mut two, mut adam) = (start(&device), Adam::new(kind));
            for &part in parts {
                let gradients = gradients(&two, &device);
                two = adam.step(two, gradients, StepSize { part, ..size(0.1, 1e9) }).unwrap();
            }
            (values(&two), adam.state().unwrap())
        };
        let (at_start, _) = taken(&[]);
        let (encoder, state) = taken(&[Part::Encoder, Part::Encoder]);
        assert_eq!(encoder[..4], at_start[..4], "{kind:?}");
        assert_eq!(state.steps, [0, 2], "{kind:?}");
        // A step of either part is a step of the whole: the loss is a sum over parameters.
        let (whole, _) = taken(&[Part::All]);
        for (order, (apart, state)) in
            [taken(&[Part::Encoder, Part::Generator]), taken(&[Part::Generator, Part::Encoder])].into_iter().enumerate()
        {
            assert_eq!(state.steps, [1, 1]);
            for (apart, whole) in apart.iter().zip(&whole) {
                assert_close(*apart, *whole, 1e-6, &format!("{kind:?}, order {order}"));
            }
        }
    }
}
