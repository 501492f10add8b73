//! IDX images, vectors and labels.

use collapsar::data::LoadOptions;

use super::{Files, gzip, idx, look, open, open_with, refused, sorted_rows, write_idx_pair};

#[test]
fn idx_images_are_read_with_the_labels_beside_them() {
    for (ending, is_packed) in [("", false), (".gz", true)] {
        let files = Files::new();
        let path = write_idx_pair(&files, ending, |bytes| if is_packed { gzip(bytes) } else { bytes.to_vec() });
        let found = look(&path);
        let json = serde_json::to_string(&found).unwrap();
        let expected = r#"{"format":"idx","examples":10,"dimensions":6,"shape":[2,3],"value_range":[0.0,236.0],"labels":2,"warnings":[]}"#;
        assert_eq!(json, expected);
        let data = open(&path);
        assert_eq!((data.training_len(), data.held_out_len()), (10, 10), "too few to split");
        assert_eq!(data.labels().unwrap().names, ["3", "7"]);
        assert_eq!(data.labels().unwrap().of_example[..3], [1, 0, 1]);
        assert_eq!(sorted_rows(&data)[1][0], 24.0 / 255.0);
        assert!(data.is_unit_interval());
        let position = (0..2).find(|position| data.held_out_label(*position).is_some()).unwrap();
        let example = (data.held_out_batch(&[position])[0] * 255.0 / 24.0).round() as usize;
        assert_eq!(data.held_out_label(position), Some(data.labels().unwrap().of_example[example]));
    }
}

#[test]
fn idx_of_other_types_is_a_table_or_scaled() {
    let files = Files::new();
    let integers: Vec<u8> = [-5_i32, 1, 0, 70_000, 5, 1].iter().flat_map(|value| value.to_be_bytes()).collect();
    let path = files.write("vectors.idx", idx(0x0c, &[3, 2], &integers));
    assert_eq!((look(&path).value_range, look(&path).shape), ((-5.0, 70_000.0), vec![2]));
    let floats: Vec<u8> = [-1.0_f64, 0.0, 1.0, 3.0].iter().flat_map(|value| value.to_be_bytes()).collect();
    let data = open(&files.write("images.idx", idx(0x0e, &[4, 1, 1], &floats)));
    assert_eq!(sorted_rows(&data), [[0.0], [0.25], [0.5], [1.0]]);
    assert_eq!(data.warnings().len(), 2, "scaled, and too few to split");
}

#[test]
fn damaged_idx_files_are_refused() {
    let files = Files::new();
    let whole = idx(8, &[10, 2, 3], &[9; 60]);
    refused(&files.write("short.idx", &whole[..50]), &["10 × 2 × 3", "only 34 bytes"]);
    refused(&files.write("short.idx.gz", gzip(&whole[..50])), &["10 × 2 × 3", "only 34 bytes"]);
    refused(&files.write("header.idx", &whole[..9]), &["ends inside its header"]);
    refused(&files.write("long.idx", idx(8, &[9, 2, 3], &[9; 60])), &["9 × 2 × 3", "holds more"]);
    refused(&files.write("cut.idx.gz", &gzip(&vec![9; 100_000])[..60]), &["damaged or cut off"]);
    refused(&files.write("huge.idx", idx(8, &[u32::MAX, 28, 28], &[9; 60])), &["4294967295 × 28 × 28", "2 GiB"]);
    refused(&files.write("wide.idx", idx(8, &[2, u32::MAX, u32::MAX], &[9; 60])), &["at most 200000"]);
    refused(&files.write("overflow.idx", idx(8, &[u32::MAX; 8], &[9; 60])), &["at most 200000"]);
    refused(&files.write("zero.idx", idx(8, &[u32::MAX, 0], &[])), &["at least 2 examples"]);
    refused(&files.write("one.idx", idx(8, &[1, 2, 2], &[9; 4])), &["at least 2 examples"]);
    refused(&files.write("train-labels-idx1-ubyte", idx(8, &[4], &[9; 4])), &["single axis", "images"]);
    refused(&files.write("text-idx3-ubyte", "1,2\n3,4\n"), &["not a valid IDX file", "[31, 2c, 32, 0a]"]);
}

#[test]
fn labels_that_do_not_fit_are_refused() {
    let files = Files::new();
    let path = write_idx_pair(&files, "", <[u8]>::to_vec);
    files.write("train-labels-idx1-ubyte", idx(8, &[9], &[1; 9]));
    let message = open_with(&path, &LoadOptions::default()).err().unwrap().to_string();
    assert!(message.contains("train-labels-idx1-ubyte") && message.contains("9 labels for 10 examples"), "{message}");
}
