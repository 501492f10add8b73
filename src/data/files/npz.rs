//! NPZ: a zip archive of NPY arrays, as `numpy.savez` writes it.

use std::fs::File;
use std::io::BufReader;

use zip::ZipArchive;
use zip::result::ZipError;

use super::input::{Context, Watched};
use super::npy;
use super::npy_header::Header;
use super::raw::RawExamples;
use crate::data::inspection::Format;
use crate::data::{DataError, error};

/// Arrays that hold the examples by their name, and those that hold the labels.
const EXAMPLE_NAMES: [&str; 3] = ["x", "data", "images"];
const LABEL_NAMES: [&str; 2] = ["y", "labels"];
/// Arrays listed in a message, and arrays looked at.
const MAX_LISTED: usize = 20;
const MAX_ARRAYS: usize = 10_000;

type Archive = ZipArchive<BufReader<File>>;

struct Array {
    name: String,
    index: usize,
    axes: usize,
    shape: String,
}

/// Reads the examples and labels of an archive.
pub(super) fn read_examples(context: &Context) -> Result<RawExamples, DataError> {
    let file = File::open(context.path).map_err(|error| context.io(error))?;
    let mut archive = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(context, error))?;
    let arrays = list(context, &mut archive)?;
    let chosen = choose(context, &arrays)?;
    let mut examples = with_entry(context, &mut archive, chosen.index, true, |reader| {
        npy::read_examples(context, reader, Format::Npz)
    })?;
    if let Some(array) = label_array(&arrays, &chosen.name) {
        match with_entry(context, &mut archive, array.index, false, |reader| npy::read_labels(context, reader))? {
            Ok(labels) => examples = examples.with_labels(labels, context.path)?,
            Err(warning) => examples.warnings.push(format!("{warning} (array `{}`)", array.name)),
        }
    }
    Ok(examples)
}

/// The arrays of an archive with their shapes, from their headers alone.
fn list(context: &Context, archive: &mut Archive) -> Result<Vec<Array>, DataError> {
    let mut arrays = Vec::new();
    for index in 0..archive.len().min(MAX_ARRAYS) {
        context.check_cancelled()?;
        let name = match archive.name_for_index(index) {
            Some(Ok(name)) => name.strip_suffix(".npy").map(str::to_owned),
            _ => None,
        };
        let Some(name) = name else { continue };
        let header = with_entry(context, archive, index, false, |reader| Header::read(context, reader))?;
        arrays.push(Array { name, index, axes: header.shape.len(), shape: header.shape_text() });
    }
    Ok(arrays)
}

fn choose<'a>(context: &Context, arrays: &'a [Array]) -> Result<&'a Array, DataError> {
    if arrays.is_empty() {
        return Err(context.unsuitable("it is a zip archive without a numpy array (.npy) in it"));
    }
    let open_choice = |problem: String| {
        let mut listed: Vec<String> = arrays
            .iter()
            .take(MAX_LISTED)
            .map(|array| format!("`{}` {}", error::printable(&array.name), array.shape))
            .collect();
        if arrays.len() > listed.len() {
            listed.push(format!("… ({} in all)", arrays.len()));
        }
        DataError::ChooseArray { path: context.path.to_owned(), problem, arrays: listed.join(", ") }
    };
    if let Some(wanted) = &context.options.array {
        let found = arrays.iter().find(|array| array.name == *wanted);
        return found.ok_or_else(|| open_choice(format!("has no array `{wanted}`")));
    }
    if let Some(array) = EXAMPLE_NAMES.iter().find_map(|name| arrays.iter().find(|array| array.name == *name)) {
        return Ok(array);
    }
    let mut candidates = arrays.iter().filter(|array| array.axes >= 2);
    match (candidates.next(), candidates.next()) {
        (Some(array), None) => Ok(array),
        (None, _) => Err(open_choice("has no array of two or more axes".to_owned())),
        (Some(_), Some(_)) => Err(open_choice("has several arrays that could be the examples".to_owned())),
    }
}

/// The labels: `y` or `labels`, or `y_train` beside `x_train`.
fn label_array<'a>(arrays: &'a [Array], examples: &str) -> Option<&'a Array> {
    let beside = examples.strip_prefix('x').map(|rest| format!("y{rest}"));
    let names = beside.iter().map(String::as_str).chain(LABEL_NAMES);
    names.filter(|name| *name != examples).find_map(|name| arrays.iter().find(|array| array.name == name))
}

/// Reads one entry; `has_progress` says that its bytes are what takes the time.
fn with_entry<T>(
    context: &Context,
    archive: &mut Archive,
    index: usize,
    has_progress: bool,
    read: impl FnOnce(&mut dyn std::io::Read) -> Result<T, DataError>,
) -> Result<T, DataError> {
    let entry = archive.by_index(index).map_err(|error| zip_error(context, error))?;
    let expected = has_progress.then(|| entry.size());
    read(&mut Watched::new(entry, context, expected))
}

fn zip_error(context: &Context, error: ZipError) -> DataError {
    match error {
        ZipError::Io(error) => context.io(error),
        ZipError::CompressionMethodNotSupported(_) | ZipError::UnsupportedArchive(_) => {
            context.unsuitable("its entries are compressed or encrypted in a way that numpy does not use; save it with numpy.savez_compressed")
        }
        error => context.malformed("NPZ", format!("the zip archive is damaged or cut off ({error})")),
    }
}
