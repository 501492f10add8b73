//! Conditions: which values of an example are given, how the whole is put together again, and data that have no such part.

use collapsar::data::{ConditionKind, DataError, Dataset, ExampleShape, LoadOptions, Scale, Source, Unmonitored, load};
use collapsar::experiment::Experiment;
use tempfile::TempDir;

fn with(condition: ConditionKind) -> LoadOptions {
    LoadOptions { condition, ..LoadOptions::default() }
}

fn open(source: &Source, condition: ConditionKind) -> Dataset {
    load(source, &with(condition), &Unmonitored).unwrap()
}

fn file(folder: &TempDir, name: &str, content: &[u8]) -> Source {
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    Source::File(path)
}

/// Images `[count, height, width]` or `[count, height, width, 3]` of bytes that count up.
fn npy(shape: &[usize]) -> Vec<u8> {
    let lengths: Vec<String> = shape.iter().map(usize::to_string).collect();
    let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}), }}\n", lengths.join(", "));
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend((0..shape.iter().product::<usize>()).map(|value| value as u8));
    bytes
}

/// The example whose first value is 0, as bytes: output and condition.
fn first(data: &Dataset) -> (Vec<u8>, Vec<u8>) {
    // Values below 64 are divided by the brightest of them.
    let white = data.inspection().value_range.1 as f32;
    let bytes = |values: Vec<f32>| values.iter().map(|value| (value * white).round() as u8).collect::<Vec<_>>();
    let position = (0..data.training_len()).find(|position| data.training_batch(&[*position])[0] == 0.0).unwrap();
    (bytes(data.training_batch(&[position])), bytes(data.training_condition(&[position]).unwrap()))
}

#[test]
fn the_lower_left_quarter_is_given_and_the_rest_is_output() {
    let folder = tempfile::tempdir().unwrap();
    let even = open(&file(&folder, "even.npy", &npy(&[3, 4, 4])), ConditionKind::LowerLeft);
    assert_eq!((even.dimensions(), even.condition_dimensions(), even.shape().to_vec()), (12, 4, vec![4, 4]));
    assert_eq!(first(&even), (vec![0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 14, 15], vec![8, 9, 12, 13]));

    // Rows from ⌊3/2⌋, columns up to ⌊5/2⌋.
    let odd = open(&file(&folder, "odd.npy", &npy(&[3, 3, 5])), ConditionKind::LowerLeft);
    assert_eq!(first(&odd), (vec![0, 1, 2, 3, 4, 7, 8, 9, 12, 13, 14], vec![5, 6, 10, 11]));

    let color = open(&file(&folder, "color.npy", &npy(&[3, 2, 2, 3])), ConditionKind::LowerLeft);
    assert_eq!(first(&color), (vec![0, 1, 2, 3, 4, 5, 9, 10, 11], vec![6, 7, 8]));

    let smallest = open(&file(&folder, "smallest.npy", &npy(&[3, 2, 2])), ConditionKind::LowerLeft);
    assert_eq!(first(&smallest), (vec![0, 1, 3], vec![2]));
}

#[test]
fn output_and_condition_make_the_picture_again() {
    let folder = tempfile::tempdir().unwrap();
    let sources = [
        Source::Digits,
        Source::FashionMnist,
        file(&folder, "odd.npy", &npy(&[20, 3, 5])),
        file(&folder, "color.npy", &npy(&[20, 5, 3, 3])),
    ];
    for source in sources {
        let (plain, split) = (open(&source, ConditionKind::Source), open(&source, ConditionKind::LowerLeft));
        assert_eq!(plain.dimensions(), split.dimensions() + split.condition_dimensions());
        assert_eq!(plain.shape(), split.shape());
        assert_eq!((plain.training_len(), plain.value_range()), (split.training_len(), split.value_range()));
        let layout = split.layout().clone();
        for position in 0..split.training_len().min(100) {
            let (output, condition) =
                (split.training_batch(&[position]), split.training_condition(&[position]).unwrap());
            assert_eq!(layout.whole(&output, &condition), plain.training_batch(&[position]));
        }
        for position in 0..split.held_out_len().min(100) {
            let (output, condition) =
                (split.held_out_batch(&[position]), split.held_out_condition(&[position]).unwrap());
            assert_eq!(layout.whole(&output, &condition), plain.held_out_batch(&[position]));
        }
        assert_eq!(layout.whole(&split.training_mean(), &split.condition_mean()), plain.training_mean());
        let given: usize = layout.given().iter().map(ExactSizeIterator::len).sum();
        assert_eq!(given, split.condition_dimensions());
        assert_ne!(plain.fingerprint(), split.fingerprint());
        // Several examples at once are the examples one by one.
        let positions = [2, 0, 2];
        let one_by_one: Vec<f32> =
            positions.iter().flat_map(|position| split.training_condition(&[*position]).unwrap()).collect();
        assert_eq!(split.training_condition(&positions).unwrap(), one_by_one);
    }
}

#[test]
fn a_class_is_given_one_hot() {
    let data = open(&Source::Digits, ConditionKind::Label);
    let plain = open(&Source::Digits, ConditionKind::Source);
    assert_eq!((data.dimensions(), data.condition_dimensions()), (64, 10));
    let positions: Vec<usize> = (0..data.training_len()).collect();
    assert_eq!(data.training_batch(&positions), plain.training_batch(&positions));
    let condition = data.training_condition(&positions).unwrap();
    let mut counts = [0_usize; 10];
    for (position, one_hot) in condition.chunks_exact(10).enumerate() {
        let class = data.training_label(position).unwrap() as usize;
        let expected: Vec<f32> = (0..10).map(|index| if index == class { 1.0 } else { 0.0 }).collect();
        assert_eq!(one_hot, expected);
        counts[class] += 1;
    }
    for (mean, count) in data.condition_mean().iter().zip(counts) {
        assert!((f64::from(*mean) - count as f64 / positions.len() as f64).abs() < 1e-7);
    }
    let held_out = data.held_out_condition(&[5]).unwrap();
    assert_eq!(held_out.iter().position(|value| *value == 1.0), data.held_out_label(5).map(|class| class as usize));
    assert_eq!(data.layout().whole(&[7.0; 64], &held_out), [7.0; 64], "the class is no part of the picture");
    assert!(data.layout().given().is_empty());
    assert_ne!(data.fingerprint(), plain.fingerprint());
}

#[test]
fn a_table_is_given_its_label_column() {
    let folder = tempfile::tempdir().unwrap();
    let table = "a,b,kind\n1,2,red\n3,4,blue\n5,6,red\n7,8,green\n";
    let source = file(&folder, "table.csv", table.as_bytes());
    let options = LoadOptions { scale: Scale::None, ..with(ConditionKind::Label) };
    let data = load(&source, &options, &Unmonitored).unwrap();
    assert_eq!((data.dimensions(), data.condition_dimensions(), data.shape()), (2, 3, ExampleShape::Vector(2)));
    let position = (0..4).find(|position| data.training_batch(&[*position]) == [3.0, 4.0]).unwrap();
    assert_eq!(data.training_condition(&[position]).unwrap(), [0.0, 1.0, 0.0], "in order of appearance");
}

#[test]
fn without_a_condition_the_source_decides() {
    for source in [Source::Pinwheel, Source::Digits, Source::LinearGaussian] {
        let data = open(&source, ConditionKind::Source);
        assert_eq!(data.condition_dimensions(), 0);
        assert!(data.training_condition(&[0]).is_none() && data.layout().given().is_empty());
        let example = data.training_batch(&[0]);
        assert_eq!(data.layout().whole(&example, &[]), example);
    }
    let correlated = open(&Source::CorrelatedGaussian, ConditionKind::Source);
    assert_eq!(correlated.condition_dimensions(), 6);
    let (output, condition) = (correlated.training_batch(&[3]), correlated.training_condition(&[3]).unwrap());
    assert_eq!(correlated.layout().whole(&output, &condition), output, "no picture: the output itself");
}

#[test]
fn conditions_that_the_data_do_not_have_are_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let table = file(&folder, "table.csv", b"a,b\n1,2\n3,4\n5,6\n");
    let thin = file(&folder, "thin.npy", &npy(&[4, 1, 6]));
    for (source, condition, parts) in [
        (&Source::Pinwheel, ConditionKind::LowerLeft, ["\"lower-left\"", "pinwheel has no images", "open images"]),
        (&Source::CorrelatedGaussian, ConditionKind::LowerLeft, ["\"lower-left\"", "no images", "\"source\""]),
        (&table, ConditionKind::LowerLeft, ["\"lower-left\"", "table.csv has no images", "\"source\""]),
        (&thin, ConditionKind::LowerLeft, ["thin.npy", "1 × 6 pixels, which have no quarters", "2 × 2"]),
        (&table, ConditionKind::Label, ["\"label\"", "table.csv has no labels", "data.label"]),
        (&Source::LinearGaussian, ConditionKind::Label, ["\"label\"", "linear-gaussian has no labels", "\"source\""]),
    ] {
        let error = load(source, &with(condition), &Unmonitored).err().unwrap();
        assert!(matches!(error, DataError::NoCondition { .. }), "{error}");
        let message = error.to_string();
        assert!(message.starts_with("data.condition is ") && !message.contains('\n'), "{message}");
        parts.iter().for_each(|part| assert!(message.contains(part), "“{part}” in: {message}"));
    }
}

#[test]
fn conditions_are_kept_in_an_experiments_file() {
    let text = "[data]\nsource = \"digits\"\ncondition = \"lower-left\"\n";
    let experiment = Experiment::from_toml(text, "quarter.toml").unwrap();
    assert_eq!(experiment.data.condition, ConditionKind::LowerLeft);
    for kind in ConditionKind::ALL {
        let mut experiment = Experiment::default();
        experiment.assign(&format!("data.condition={}", kind.key())).unwrap();
        assert_eq!(experiment.data.condition, kind);
        assert_eq!(Experiment::from_toml(&experiment.to_toml(), "again").unwrap().data.condition, kind);
    }
    let mut experiment = Experiment::default();
    experiment.assign("data.spectrum=[2, 1.5]").unwrap();
    experiment.assign("data.correlation=[0.5, -1]").unwrap();
    let data = load(&Source::CorrelatedGaussian, &experiment.data.load_options(), &Unmonitored).unwrap();
    assert_eq!(data.dimensions(), 2);
    experiment.assign("data.correlation=1").unwrap();
    assert!(load(&Source::CorrelatedGaussian, &experiment.data.load_options(), &Unmonitored).is_ok());
}
