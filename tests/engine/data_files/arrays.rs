//! NPY and NPZ.

use collapsar::data::{Format, Unmonitored, inspect};

use super::{
    Files, f32s, gzip, look, npy, npz, open, open_with, raw_table, refused, refused_with, sorted_rows, with_array,
};

#[test]
fn npy_of_every_type_and_order() {
    let files = Files::new();
    let expected: Vec<Vec<f32>> = vec![vec![1.0, 2.0, 3.0], vec![4.0, 5.0, 6.0]];
    let rows = [1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    let columns = [1.0_f32, 4.0, 2.0, 5.0, 3.0, 6.0];
    let arrays = [
        npy("'<f4'", false, "(2, 3)", &f32s(&rows)),
        npy("'<f4'", true, "(2, 3)", &f32s(&columns)),
        npy(
            "'>f8'",
            false,
            "(2, 3)",
            &rows.iter().flat_map(|value| f64::from(*value).to_be_bytes()).collect::<Vec<_>>(),
        ),
        npy(
            "'<i8'",
            true,
            "(2, 3)",
            &columns.iter().flat_map(|value| (*value as i64).to_le_bytes()).collect::<Vec<_>>(),
        ),
        npy("'>i2'", false, "(2, 3)", &rows.iter().flat_map(|value| (*value as i16).to_be_bytes()).collect::<Vec<_>>()),
        npy("'|u1'", false, "(2, 3)", &[1, 2, 3, 4, 5, 6]),
    ];
    for (index, array) in arrays.iter().enumerate() {
        for content in [array.clone(), gzip(array)] {
            let path = files.write("array.npy", content);
            assert_eq!(sorted_rows(&open_with(&path, &raw_table()).unwrap()), expected, "array {index}");
            assert_eq!(look(&path).value_range, (1.0, 6.0));
        }
    }
    let negative =
        npy("'<i4'", false, "(2, 1)", &[-3_i32, 7].iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
    assert_eq!(look(&files.write("negative.npy", negative)).value_range, (-3.0, 7.0));
    assert_eq!(look(&files.write("bool.npy", npy("'|b1'", false, "(2, 2)", &[0, 1, 1, 0]))).value_range, (0.0, 1.0));
}

#[test]
fn npy_images_keep_their_shape() {
    let files = Files::new();
    let bytes: Vec<u8> = (0..48).map(|value| value * 5).collect();
    for (shape, expected) in [
        ("(4, 3, 4)", vec![3, 4]),
        ("(4, 2, 2, 3)", vec![2, 2, 3]),
        ("(4, 3, 4, 1)", vec![3, 4]),
        ("(4, 1, 3, 4)", vec![3, 4]),
    ] {
        let data = open(&files.write("images.npy", npy("'|u1'", false, shape, &bytes)));
        assert_eq!((data.shape().to_vec(), data.value_range().1), (expected, 235.0 / 255.0), "{shape}");
    }
    // Element (n, y, x) of a [2, 2, 2] array in column order stands at n + 2y + 4x.
    let data = open(&files.write("fortran.npy", npy("'|u1'", true, "(2, 2, 2)", &[0, 100, 1, 101, 2, 102, 3, 255])));
    assert_eq!(
        sorted_rows(&data)[0].iter().map(|value| (value * 255.0).round()).collect::<Vec<_>>(),
        [0.0, 2.0, 1.0, 3.0]
    );

    let unit = open(&files.write("unit.npy", npy("'<f4'", false, "(2, 1, 2)", &f32s(&[0.25, 0.5, 0.75, 0.5]))));
    assert_eq!(
        (unit.value_range(), unit.warnings().len()),
        ((0.25, 0.75), 1),
        "only the warning about too few examples"
    );
    let wide = open(&files.write("wide.npy", npy("'<f4'", false, "(4, 1, 1)", &f32s(&[-2.0, 0.0, 1.0, 2.0]))));
    assert_eq!((sorted_rows(&wide), wide.warnings().len()), (vec![vec![0.0], vec![0.5], vec![0.75], vec![1.0]], 2));
    let binary = open(&files.write("binary.npy", npy("'|u1'", false, "(4, 1, 1)", &[0, 1, 1, 0])));
    assert_eq!((binary.value_range(), binary.warnings().len()), ((0.0, 1.0), 2));
}

#[test]
fn npy_files_that_cannot_be_used_are_refused() {
    let files = Files::new();
    refused(&files.write("object.npy", npy("'|O'", false, "(2,)", b"\x80\x04")), &["Python objects", "astype"]);
    refused(&files.write("record.npy", npy("[('a', '<f4')]", false, "(2, 2)", &[0; 16])), &["records"]);
    refused(&files.write("text.npy", npy("'<U3'", false, "(2, 2)", &[0; 48])), &["text"]);
    refused(&files.write("half.npy", npy("'<f2'", false, "(2, 2)", &[0; 8])), &["<f2", "astype"]);
    refused(&files.write("axis.npy", npy("'<f4'", false, "(4,)", &f32s(&[1.0; 4]))), &["(4,)", "reshape(-1, 1)"]);
    refused(&files.write("first.npy", npy("'|u1'", false, "(2, 3, 8, 8)", &[0; 384])), &["transpose(0, 2, 3, 1)"]);
    refused(&files.write("short.npy", npy("'<f4'", false, "(3, 2)", &f32s(&[1.0; 5]))), &["(3, 2)", "only 20 bytes"]);
    refused(&files.write("huge.npy", npy("'<f4'", false, "(18446744073709551615, 2)", &[])), &["2 GiB"]);
    refused(&files.write("wide.npy", npy("'<f4'", false, "(2, 4294967296, 4294967296)", &[])), &["at most 200000"]);
    refused(&files.write("magic.npy", b"\x93NUMPY\x01\x00\xff"), &["ends inside its header"]);
    refused(&files.write("length.npy", b"\x93NUMPY\x02\x00\xff\xff\xff\xff"), &["4294967295 bytes"]);
    refused(&files.write("nested.npy", npy(&"(".repeat(60_000), false, "(2, 2)", &[])), &["records"]);
    refused(&files.write("garbled.npy", npy("'<f4'", false, "(2, x)", &[])), &["type, order and shape"]);
}

#[test]
fn npz_arrays_are_found_by_name_or_alone() {
    let files = Files::new();
    let table = |value: f32| npy("'<f4'", false, "(4, 2)", &f32s(&[value; 8]));
    let labels =
        npy("'<i8'", false, "(4,)", &[5_i64, 0, 5, 9].iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());

    let named = look(
        &files.write("named.npz", npz(&[("other", table(1.0)), ("data", table(2.0)), ("labels", labels.clone())])),
    );
    assert_eq!((named.format, named.value_range, named.labels), (Format::Npz, (2.0, 2.0), Some(3)));
    let alone = look(
        &files.write("alone.npz", npz(&[("weights", labels.clone()), ("points", table(3.0)), ("y", labels.clone())])),
    );
    assert_eq!((alone.value_range, alone.labels), ((3.0, 3.0), Some(3)));

    let several = files
        .write("several.npz", npz(&[("x_train", table(1.0)), ("y_train", labels.clone()), ("x_test", table(2.0))]));
    refused(&several, &["several arrays", "`x_train` (4, 2)", "`x_test` (4, 2)", "--array"]);
    let chosen = inspect(&several, &with_array("x_train"), &Unmonitored).unwrap();
    assert_eq!((chosen.value_range, chosen.labels), ((1.0, 1.0), Some(3)));
    refused_with(&several, &with_array("x"), &["no array `x`", "`x_train` (4, 2)"]);

    refused(
        &files.write("count.npz", npz(&[("x", table(1.0)), ("y", npy("'|u1'", false, "(3,)", &[0, 1, 2]))])),
        &["3 labels for 4"],
    );
    refused(&files.write("axis.npz", npz(&[("a", labels)])), &["no array of two or more axes", "`a` (4,)"]);
    let words =
        look(&files.write("words.npz", npz(&[("x", table(1.0)), ("y", npy("'<U1'", false, "(4,)", &[0; 16]))])));
    assert!(words.labels.is_none() && words.warnings[0].contains("not numbers"), "{:?}", words.warnings);
    let whole = npz(&[("x", table(1.0))]);
    refused(&files.write("cut.npz", &whole[..whole.len() - 30]), &["damaged or cut off"]);
    refused(&files.write("empty.npz", npz(&[])), &["without a numpy array"]);
}
