//! Random numbers are functions of seed, purpose and index.

use collapsar::random::{BatchOrder, Purpose, binarize, normals, stream};
use std::collections::HashSet;

#[test]
fn streams_differ_by_seed_purpose_and_index_and_repeat() {
    let draw = |seed, purpose, index| {
        normals(&mut stream(seed, purpose, index), 4).iter().map(|v| v.to_bits()).collect::<Vec<_>>()
    };
    let mut seen = HashSet::new();
    for seed in 0..20 {
        for index in 0..20 {
            for purpose in [Purpose::LatentNoise, Purpose::Binarization, Purpose::BatchOrder] {
                assert!(seen.insert(draw(seed, purpose, index)), "a stream repeats another");
            }
        }
    }
    assert_eq!(draw(3, Purpose::LatentNoise, 5), draw(3, Purpose::LatentNoise, 5));
}

#[test]
fn normals_have_mean_0_and_variance_1() {
    let values = normals(&mut stream(1, Purpose::LatentNoise, 0), 100_000);
    let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / 1e5;
    let variance = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / 1e5;
    // Four standard errors.
    assert!(mean.abs() < 4.0 * 1e-5_f64.sqrt(), "{mean}");
    assert!((variance - 1.0).abs() < 4.0 * 2e-5_f64.sqrt(), "{variance}");
}

#[test]
fn binarization_follows_the_probabilities() {
    let mut values: Vec<f32> = [0.0, 0.25, 1.0].repeat(20_000);
    binarize(&mut stream(1, Purpose::Binarization, 0), &mut values);
    let share = |at: usize| values.iter().skip(at).step_by(3).map(|&v| f64::from(v)).sum::<f64>() / 20_000.0;
    assert_eq!((share(0), share(2)), (0.0, 1.0));
    assert!((share(1) - 0.25).abs() < 4.0 * (0.25_f64 * 0.75 / 20_000.0).sqrt());
}

#[test]
fn every_epoch_visits_every_example_once_and_any_step_can_be_reached_directly() {
    let (examples, batch) = (10, 4);
    let mut order = BatchOrder::new(5, examples);
    let straight: Vec<Vec<usize>> = (0..10).map(|step| order.batch(step, batch)).collect();
    let visited: Vec<usize> = straight.concat();
    let epochs: Vec<&[usize]> = visited.chunks_exact(examples).collect();
    for epoch in &epochs {
        assert_eq!(epoch.iter().collect::<HashSet<_>>().len(), examples);
    }
    assert_ne!(epochs[0], epochs[1]);
    for step in (0..10).rev() {
        assert_eq!(BatchOrder::new(5, examples).batch(step, batch), straight[step as usize]);
    }
    // A batch larger than the data set wraps around.
    assert_eq!(BatchOrder::new(5, 3).batch(0, 7).len(), 7);
}
