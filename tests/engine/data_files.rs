//! Data files, good and bad: what is read, and the one sentence about what is not.

mod arrays;
mod idx;
mod limits;
mod pictures;
mod tables;

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use collapsar::data::{DataError, Dataset, Inspection, LoadOptions, Scale, Source, Unmonitored, inspect, load};
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }
}

fn look(path: &Path) -> Inspection {
    inspect(path, &LoadOptions::default(), &Unmonitored).unwrap()
}

fn open_with(path: &Path, options: &LoadOptions) -> Result<Dataset, DataError> {
    load(&Source::File(path.to_owned()), options, &Unmonitored)
}

fn open(path: &Path) -> Dataset {
    open_with(path, &LoadOptions::default()).unwrap()
}

/// The message that loading ends with: it names the file, is one line, and contains every one of `parts`.
#[track_caller]
fn refused_with(path: &Path, options: &LoadOptions, parts: &[&str]) {
    let message = open_with(path, options).err().expect("an error").to_string();
    assert!(message.contains(path.file_name().unwrap().to_str().unwrap()), "names the file: {message}");
    assert!(!message.contains('\n') && !message.ends_with('.'), "one sentence: {message}");
    for part in parts {
        assert!(message.contains(part), "“{part}” in: {message}");
    }
}

#[track_caller]
fn refused(path: &Path, parts: &[&str]) {
    refused_with(path, &LoadOptions::default(), parts);
}

fn with_label(label: &str) -> LoadOptions {
    LoadOptions { label: Some(label.to_owned()), ..LoadOptions::default() }
}

fn with_array(array: &str) -> LoadOptions {
    LoadOptions { array: Some(array.to_owned()), ..LoadOptions::default() }
}

fn raw_table() -> LoadOptions {
    LoadOptions { scale: Scale::None, ..LoadOptions::default() }
}

/// All examples of both splits, sorted by their first value.
fn sorted_rows(data: &Dataset) -> Vec<Vec<f32>> {
    let mut values = data.training_batch(&(0..data.training_len()).collect::<Vec<_>>());
    if data.training_len() < data.inspection().examples {
        values.extend(data.held_out_batch(&(0..data.held_out_len()).collect::<Vec<_>>()));
    }
    let mut rows: Vec<Vec<f32>> = values.chunks_exact(data.dimensions()).map(<[f32]>::to_vec).collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    rows
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

fn idx(kind: u8, lengths: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, lengths.len() as u8];
    lengths.iter().for_each(|length| bytes.extend(length.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn npy(descr: &str, is_fortran: bool, shape: &str, values: &[u8]) -> Vec<u8> {
    let order = if is_fortran { "True" } else { "False" };
    let header = format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values);
    bytes
}

fn f32s(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn npz(entries: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(format!("{name}.npy"), zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Ten 2 × 3 images that count up, with labels 3 and 7 in turn.
fn write_idx_pair(files: &Files, ending: &str, pack: impl Fn(&[u8]) -> Vec<u8>) -> PathBuf {
    let images: Vec<u8> = (0..60).map(|value| value * 4).collect();
    let labels: Vec<u8> = (0..10).map(|value| if value % 2 == 0 { 7 } else { 3 }).collect();
    files.write(&format!("train-labels-idx1-ubyte{ending}"), pack(&idx(8, &[10], &labels)));
    files.write(&format!("train-images-idx3-ubyte{ending}"), pack(&idx(8, &[10, 2, 3], &images)))
}
