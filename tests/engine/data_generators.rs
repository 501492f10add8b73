//! Generated and built-in data: statistics that are known, and the same values in every run.

use collapsar::data::{DataError, Dataset, ExampleShape, Labels, LoadMonitor, LoadOptions, Source, Unmonitored, load};

fn load_plain(source: Source) -> Dataset {
    load(&source, &LoadOptions::default(), &Unmonitored).unwrap()
}

fn all_training(data: &Dataset) -> Vec<f32> {
    data.training_batch(&(0..data.training_len()).collect::<Vec<_>>())
}

fn mean_and_deviation(values: impl Iterator<Item = f32> + Clone) -> (f64, f64) {
    let count = values.clone().count() as f64;
    let mean = values.clone().map(f64::from).sum::<f64>() / count;
    (mean, (values.map(|value| (f64::from(value) - mean).powi(2)).sum::<f64>() / count).sqrt())
}

#[test]
fn pinwheel_has_the_published_statistics() {
    let data = load_plain(Source::Pinwheel);
    assert_eq!((data.training_len(), data.held_out_len(), data.shape()), (10_000, 2_048, ExampleShape::Vector(2)));
    let values = all_training(&data);
    for axis in 0..2 {
        let (mean, deviation) = mean_and_deviation(values.iter().skip(axis).step_by(2).copied());
        assert!(mean.abs() < 0.02, "mean {mean}");
        assert!((deviation - 0.738).abs() < 0.015, "standard deviation {deviation}");
        assert!((f64::from(data.training_mean()[axis]) - mean).abs() < 1e-5);
    }
    let published = [[0.698, -0.675], [-0.430, -0.875], [-0.962, 0.138], [-0.164, 0.961], [0.864, 0.453]];
    for (arm, published) in published.iter().enumerate() {
        let of_arm: Vec<usize> =
            (0..data.training_len()).filter(|position| data.training_label(*position) == Some(arm as u32)).collect();
        assert_eq!(of_arm.len(), 2_000);
        let points = data.training_batch(&of_arm);
        for (axis, published) in published.iter().enumerate() {
            let (mean, _) = mean_and_deviation(points.iter().skip(axis).step_by(2).copied());
            assert!((mean - published).abs() < 0.02, "arm {arm}, axis {axis}: {mean} instead of {published}");
        }
    }
    // Shuffled: the arms do not come in turn.
    let in_turn = (0..1_000).filter(|position| data.training_label(*position) == Some((position % 5) as u32)).count();
    assert!(in_turn < 300, "{in_turn} of 1000 in turn");
}

#[test]
fn pinwheel_r6_lies_near_a_plane() {
    let data = load_plain(Source::PinwheelR6);
    assert_eq!(data.dimensions(), 6);
    let values = all_training(&data);
    let mut covariance = [[0.0_f64; 6]; 6];
    for point in values.chunks_exact(6) {
        for (row, a) in point.iter().enumerate() {
            for (column, b) in point.iter().enumerate() {
                covariance[row][column] += f64::from(a * b) / 10_000.0;
            }
        }
    }
    // Two eigenvalues (1.5 · 0.738)² + 0.1² and four of 0.1²: their sum, and the sum of their squares.
    let (large, small) = ((1.5_f64 * 0.738).powi(2) + 0.01, 0.01);
    let trace: f64 = (0..6).map(|axis| covariance[axis][axis]).sum();
    let squares: f64 = covariance.iter().flatten().map(|value| value * value).sum();
    assert!((trace - (2.0 * large + 4.0 * small)).abs() < 0.05, "trace {trace}");
    assert!((squares - (2.0 * large * large + 4.0 * small * small)).abs() < 0.1, "squares {squares}");
}

#[test]
fn generated_data_repeat_and_held_out_points_are_others() {
    let (one, two) = (load_plain(Source::PinwheelR6), load_plain(Source::PinwheelR6));
    assert_eq!(all_training(&one), all_training(&two));
    let first = one.training_batch(&[0]);
    assert!((0..one.held_out_len()).all(|position| one.held_out_batch(&[position]) != first));
    let options = LoadOptions { examples: Some(100), ..LoadOptions::default() };
    let few = load(&Source::PinwheelR6, &options, &Unmonitored).unwrap();
    assert_eq!((few.training_len(), few.held_out_len(), few.inspection().examples), (100, 2_048, 100));
    assert_eq!(few.held_out_batch(&[0, 7]), one.held_out_batch(&[0, 7]));
}

#[test]
fn generators_refuse_impossible_numbers_of_examples() {
    for examples in [0, 1, usize::MAX] {
        let options = LoadOptions { examples: Some(examples), ..LoadOptions::default() };
        let error = load(&Source::Pinwheel, &options, &Unmonitored).err().unwrap();
        assert!(matches!(error, DataError::GeneratorExamples { .. }), "{error}");
    }
}

fn histogram(data: &Dataset) -> Vec<usize> {
    let labels = data.labels().unwrap();
    let mut counts = vec![0; labels.names.len()];
    labels.of_example.iter().for_each(|class| counts[*class as usize] += 1);
    counts
}

#[test]
fn digits_are_the_uci_digits() {
    let data = load_plain(Source::Digits);
    assert_eq!(data.shape().to_vec(), [8, 8]);
    assert_eq!((data.training_len(), data.held_out_len()), (1_797 - 449, 449));
    assert_eq!(histogram(&data), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    assert_eq!((data.value_range(), data.inspection().value_range), ((0.0, 1.0), (0.0, 16.0)));
    assert!(data.is_unit_interval() && data.warnings().is_empty());
    assert!(all_training(&data).iter().all(|value| (value * 16.0).fract() == 0.0));
}

#[test]
fn fashion_mnist_is_the_start_of_the_training_file() {
    let data = load_plain(Source::FashionMnist);
    assert_eq!((data.shape().to_vec(), data.inspection().examples), (vec![28, 28], 5_000));
    assert_eq!((data.training_len(), data.held_out_len()), (3_976, 1_024));
    let labels = data.labels().unwrap();
    assert_eq!(labels.of_example[..8], [9, 0, 0, 3, 0, 2, 7, 2]);
    assert_eq!((labels.names[9].as_str(), labels.names[0].as_str()), ("Ankle boot", "T-shirt/top"));
    assert_eq!((data.value_range(), data.is_unit_interval()), ((0.0, 1.0), true));
    assert!((mean_and_deviation(data.training_mean().iter().copied()).0 - 0.286).abs() < 0.005);
}

#[test]
fn sources_are_written_and_read_as_strings() {
    for source in Source::NAMED.into_iter().chain([Source::File("a folder/x.csv".into())]) {
        assert_eq!(source.to_string().parse::<Source>().unwrap(), source);
        let json = serde_json::to_string(&source).unwrap();
        assert_eq!(json, format!("\"{source}\""));
        assert_eq!(serde_json::from_str::<Source>(&json).unwrap(), source);
    }
    let message = "fashion-mnits".parse::<Source>().unwrap_err().to_string();
    assert!(message.contains("`fashion-mnits`") && message.contains("`fashion-mnist`"), "{message}");
    assert!("file:".parse::<Source>().is_err());
}

#[test]
fn examples_from_the_program_are_checked() {
    let values: Vec<f32> = (0..40).map(|value| value as f32).collect();
    let data = Dataset::from_examples("counted", ExampleShape::Vector(2), values.clone(), None).unwrap();
    assert_eq!((data.name(), data.training_len(), data.held_out_len()), ("counted", 15, 5));
    let mut seen = all_training(&data);
    seen.extend(data.held_out_batch(&[0, 1, 2, 3, 4]));
    seen.sort_by(f32::total_cmp);
    assert_eq!(seen, values);
    assert!(!data.is_unit_interval());
    assert_eq!(data.value_range(), (0.0, 39.0));

    let few = Dataset::from_examples("few", ExampleShape::Vector(20), values.clone(), None).unwrap();
    assert_eq!((few.training_len(), few.held_out_len(), few.warnings().len()), (2, 2, 1));
    assert!(Dataset::from_examples("ragged", ExampleShape::Vector(3), values.clone(), None).is_err());
    assert!(Dataset::from_examples("nan", ExampleShape::Vector(1), vec![0.0, f32::NAN], None).is_err());
    let labels = Labels { names: vec!["a".into()], of_example: vec![0, 1] };
    assert!(Dataset::from_examples("label", ExampleShape::Vector(1), vec![0.0, 1.0], Some(labels)).is_err());
}

#[test]
fn a_batch_keeps_the_order_of_its_positions_and_replaces_what_was_there() {
    let data = load_plain(Source::Digits);
    let mut batch = vec![7.0; 3];
    data.training_batch_into(&[5, 2, 5], &mut batch);
    assert_eq!(batch.len(), 3 * 64);
    assert_eq!(batch[..64], data.training_batch(&[5]));
    assert_eq!(batch[64..128], data.training_batch(&[2]));
    assert_eq!(batch[128..], batch[..64]);
}

struct Cancelled;

impl LoadMonitor for Cancelled {
    fn progress(&self, _fraction: f32) {}

    fn is_cancelled(&self) -> bool {
        true
    }
}

#[test]
fn every_source_can_be_cancelled() {
    for source in Source::NAMED {
        assert!(matches!(load(&source, &LoadOptions::default(), &Cancelled), Err(DataError::Cancelled)), "{source}");
    }
}
