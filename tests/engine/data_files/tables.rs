//! Text tables.

use collapsar::data::{DataError, Format, LoadOptions, Unmonitored, inspect};

use super::{Files, f32s, gzip, look, npy, open, open_with, raw_table, refused, refused_with, sorted_rows, with_label};

#[test]
fn tables_of_every_delimiter_are_the_same_table() {
    let files = Files::new();
    let tables = [
        ("a.csv", "x,y,species\n1.5,2,a\n-3,4e1,b\n0,1,a\n4,4,b\n"),
        ("b.csv", "\u{feff}x;y;species\r\n1,5;2;a\r\n-3;40;b\r\n\r\n0;1;a\r\n4;4;b\r\n"),
        ("c.tsv", "x\ty\tspecies\n1.5\t2\ta\n-3\t40\tb\n0\t1\ta\n4\t4\tb"),
        ("d.txt", "# written by numpy\n x  y  species\n 1.5  2 a\n-3  40 b\n 0  1  a\n 4 4 b\n"),
        ("e.csv", "\"x\",\"y\",\"species\"\n\"1.5\", 2,\"a\"\n-3,40,b\n0,1,a\n4,4,b\n"),
    ];
    for (name, content) in tables {
        let found = look(&files.write(name, content));
        let shown =
            (found.format, found.examples, found.dimensions, found.value_range, found.labels, found.warnings.len());
        assert_eq!(shown, (Format::Csv, 4, 2, (-3.0, 40.0), Some(2), 0), "{name}");
        let data = open_with(&files.path(name), &raw_table()).unwrap();
        assert_eq!(sorted_rows(&data), [[-3.0, 40.0], [0.0, 1.0], [1.5, 2.0], [4.0, 4.0]], "{name}");
        assert_eq!(
            (data.feature_names(), &data.labels().unwrap().names),
            (&["x".to_owned(), "y".into()][..], &vec!["a".into(), "b".into()])
        );
    }
    let packed = files.write("a.csv.gz", gzip(tables[0].1.as_bytes()));
    assert_eq!(look(&packed), look(&files.path("a.csv")));
}

#[test]
fn quoted_fields_keep_delimiters_and_lines() {
    let files = Files::new();
    let path = files.write("q.csv", "x,name\n1,\"a, \"\"b\"\"\nc\"\n2,d\n3,d\n4,oh\n5\n");
    assert!(matches!(
        open_with(&path, &LoadOptions::default()),
        Err(DataError::Ragged { line: 7, found: 1, expected: 2, .. })
    ));
    let path = files.write("r.csv", "x,name\n1,\"a, \"\"b\"\"\nc\"\n2,d\n");
    assert_eq!(open(&path).labels().unwrap().names, ["a, \"b\"\nc", "d"]);
    refused(&files.write("open.csv", format!("x,name\n1,\"a\n{}", "2,d\n".repeat(500))), &["line 2", "not closed"]);
}

#[test]
fn a_table_without_header_or_label() {
    let files = Files::new();
    let path = files.write("plain.csv", "1,2,3\n4,5,6\n7,8,9\n");
    let found = look(&path);
    assert_eq!((found.examples, found.dimensions, found.labels), (3, 3, None));
    let labelled = inspect(&path, &with_label("3"), &Unmonitored).unwrap();
    assert_eq!((labelled.dimensions, labelled.labels, labelled.value_range), (2, Some(3), (1.0, 8.0)));
    refused_with(&path, &with_label("4"), &["`4`", "1, 2, 3"]);
    assert_eq!(look(&files.write("one.csv", "1\n2\n3\n")).shape, [1]);
}

#[test]
fn the_label_column_is_found_or_chosen() {
    let files = Files::new();
    let named = files.write("named.csv", "x,Target\n1,10\n2,9\n3,10\n4,2\n");
    assert_eq!(open(&named).labels().unwrap().names, ["2", "9", "10"]);
    assert_eq!(open(&named).labels().unwrap().of_example, [2, 1, 2, 0]);
    let words = files.write("words.csv", "place,x,kind\nBonn,1,b\nUlm,2,a\nBonn,3,a\nUlm,4,a\n");
    refused(&words, &["`place`, `kind`", "--label"]);
    let chosen = open_with(&words, &with_label("KIND")).unwrap();
    assert_eq!(
        (chosen.labels().unwrap().names.clone(), chosen.feature_names()),
        (vec!["b".into(), "a".into()], &["x".to_owned()][..])
    );
    assert!(chosen.warnings()[0].contains("`place`"), "{:?}", chosen.warnings());
    refused(&files.write("label.csv", "label\n1\n2\n"), &["no column of numbers"]);
}

#[test]
fn bad_cells_are_named_by_line_and_column() {
    let files = Files::new();
    refused(
        &files.write("word.csv", "x,y,width\n1,2,3\n4,5,6\n\n1,2,abc\n1,2,3\n"),
        &["line 5, column 3 (`width`)", "“abc” is not a number"],
    );
    refused(&files.write("crlf.csv", "x,y\r\n1,2\r\n\r\n4,oops\r\n5,6\r\n"), &["line 4, column 2 (`y`)", "“oops”"]);
    refused(&files.write("lines.csv", "x,y\n1,2\n3,\"a\nb\"\n5,6\n7,8\n"), &["line 3, column 2 (`y`)", "“a b”"]);
    refused(&files.write("first.csv", "abc,2\n1,2\n3,4\n"), &["line 1, column 1", "“abc”"]);
    refused(&files.write("ragged.csv", "1,2\n3,4\n5\n6,7\n"), &["line 3", "1 fields", "has 2"]);
    refused(&files.write("long.csv", "1,2\n3,4\n5,6,7\n6,7\n"), &["line 3", "3 fields", "has 2"]);
}

#[test]
fn missing_and_non_finite_values_are_warned_of_and_then_refused() {
    let files = Files::new();
    let path = files.write("holes.csv", "kind,x,y\na,1,2\nb,3,NaN\na,,5\nb,inf,6\n");
    let found = look(&path);
    assert_eq!((found.examples, found.dimensions, found.value_range), (4, 2, (1.0, 6.0)));
    assert!(
        found.warnings[0].starts_with("3 values") && found.warnings[0].contains("line 3, column 3 (`y`)"),
        "{:?}",
        found.warnings
    );
    refused(&path, &["line 3, column 3 (`y`)", "3 in all"]);
    refused(&files.write("none.csv", "x,y\n,\nNA,?\n"), &["none of its values"]);
    let array = files.write("holes.npy", npy("'<f4'", false, "(2, 2)", &f32s(&[1.0, 2.0, 3.0, f32::INFINITY])));
    assert!(look(&array).warnings[0].contains("row 2, column 2"));
    refused(&array, &["row 2, column 2", "1 in all"]);
}

#[test]
fn columns_are_standardised_on_the_training_split() {
    let files = Files::new();
    let rows: String = (0..200)
        .map(|row| format!("{},{},7\n", 1_600_000_000.0 + f64::from(row), f64::from(row * row) * 1e-3))
        .collect();
    let path = files.write("table.csv", format!("time,square,constant\n{rows}"));
    let data = open(&path);
    assert_eq!((data.training_len(), data.held_out_len()), (150, 50));
    let training = data.training_batch(&(0..150).collect::<Vec<_>>());
    for column in 0..2 {
        let values: Vec<f64> = training.iter().skip(column).step_by(3).map(|value| f64::from(*value)).collect();
        let mean = values.iter().sum::<f64>() / 150.0;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 150.0;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-4, "column {column}: {mean}, {variance}");
        assert!(data.training_mean()[column].abs() < 1e-5);
    }
    let held_out = data.held_out_batch(&(0..50).collect::<Vec<_>>());
    assert!((held_out.iter().step_by(3).map(|value| f64::from(*value)).sum::<f64>() / 50.0).abs() > 1e-3);
    assert!(training.iter().chain(&held_out).skip(2).step_by(3).all(|value| *value == 0.0));
    assert!(data.warnings()[0].contains("`constant`"), "{:?}", data.warnings());
    // Seconds stay apart although single precision cannot hold the time stamps themselves.
    let times: Vec<f32> = sorted_rows(&data).iter().map(|row| row[0]).collect();
    let (least, most) = times
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .fold((f32::MAX, 0.0_f32), |(a, b), gap| (a.min(gap), b.max(gap)));
    assert!(least > 0.0 && most / least < 1.001, "gaps {least} to {most}");

    let stored = open_with(&path, &raw_table()).unwrap();
    assert_eq!(
        (stored.value_range().1, stored.inspection().value_range.1),
        (1_600_000_199.0_f64 as f32, 1_600_000_199.0)
    );
}

#[test]
fn a_wide_table_of_integers_is_a_table() {
    let files = Files::new();
    let row = |first: usize| (0..30_000).map(|value| ((value + first) % 256).to_string()).collect::<Vec<_>>().join(",");
    let path = files.write("wide.csv", (0..4).map(|first| row(first) + "\n").collect::<String>());
    assert_eq!((look(&path).shape, look(&path).examples), (vec![30_000], 4));
}
