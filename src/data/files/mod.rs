//! Data files: the format is told by the content first and by the name second, and each format has a reader of its own.
//!
//! A reader returns examples as they stand in the file; `inspect` describes them and `load` turns them into a data set, so both see the same.

mod csv;
mod csv_layout;
mod csv_rows;
mod idx;
mod images;
mod input;
mod npy;
mod npy_header;
mod npz;
mod raw;

use std::fs;
use std::path::Path;

pub(super) use idx::{read_examples as read_idx_examples, read_labels as read_idx_labels};
pub(super) use input::Context;
pub(super) use raw::{RawExamples, RawValues};

use super::DataError;
use super::inspection::Format;

/// Reads a data file or a folder of pictures.
pub(super) fn read(context: &Context) -> Result<RawExamples, DataError> {
    let metadata = fs::metadata(context.path).map_err(|error| context.io(error))?;
    if metadata.is_dir() {
        return images::read_examples(context);
    }
    if !metadata.is_file() {
        return Err(context.unsuitable("it is neither a file nor a folder"));
    }
    let input = input::open(context)?;
    if input.head.is_empty() {
        return Err(DataError::Empty { path: context.path.to_owned() });
    }
    match format_of(context, &input.head)? {
        Format::Idx => read_idx(context, input),
        Format::Npy => npy::read_examples(context, &mut input.into_content(), Format::Npy),
        Format::Npz if input.is_compressed => {
            Err(context.unsuitable("an NPZ file is compressed in itself; unpack the gzip around it"))
        }
        Format::Npz => npz::read_examples(context),
        _ => csv::read_examples(context, input),
    }
}

/// The format of a file's content; a name that promises another is an error, because the file is then damaged or misnamed.
fn format_of(context: &Context, head: &[u8]) -> Result<Format, DataError> {
    let found = if idx::is_idx(head) {
        Some(Format::Idx)
    } else if head.starts_with(npy_header::MAGIC) {
        Some(Format::Npy)
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Some(Format::Npz)
    } else if images::is_picture(head) {
        return Err(DataError::SinglePicture { path: context.path.to_owned() });
    } else if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return Err(context.unsuitable("it is text in UTF-16; save it as UTF-8"));
    } else if head.contains(&0) {
        None
    } else {
        Some(Format::Csv)
    };
    let promised = promised_by_name(context.path);
    match (found, promised) {
        (Some(Format::Csv) | None, Some(Format::Idx)) => {
            let start = &head[..head.len().min(4)];
            Err(context.malformed(
                "IDX",
                format!("it starts with the bytes {start:02x?}, where 00 00, a type and the number of axes belong"),
            ))
        }
        (Some(Format::Csv) | None, Some(Format::Npy)) => {
            Err(context.malformed("NPY", "it does not start with \\x93NUMPY"))
        }
        (Some(Format::Csv) | None, Some(Format::Npz)) => {
            Err(context.malformed("NPZ", "it does not start like a zip archive"))
        }
        (Some(found), _) => Ok(found),
        (None, _) => Err(DataError::UnknownFormat { path: context.path.to_owned() }),
    }
}

fn promised_by_name(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_string_lossy().to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let is_idx =
        name.ends_with("-ubyte") || [".idx", ".idx1", ".idx2", ".idx3", ".idx4"].iter().any(|end| name.ends_with(end));
    match name.rsplit_once('.') {
        Some((_, "npy")) => Some(Format::Npy),
        Some((_, "npz")) => Some(Format::Npz),
        _ => is_idx.then_some(Format::Idx),
    }
}

/// Reads an IDX file, and its labels where they lie beside it.
fn read_idx(context: &Context, input: input::Input) -> Result<RawExamples, DataError> {
    let examples = idx::read_examples(context, &mut input.into_content())?;
    let Some(path) = idx::label_file_beside(context.path) else {
        return Ok(examples);
    };
    let beside = Context { path: &path, ..*context };
    let labels = idx::read_labels(&beside, &mut input::open(&beside)?.into_content())?;
    examples.with_labels(labels, &path)
}
