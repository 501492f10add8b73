//! IDX, the format of MNIST: two zero bytes, a type, the number of axes, their lengths, and the values, big-endian.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::input::{self, Context};
use super::raw::{self, FloatsBuilder, RawExamples};
use crate::data::error::Bytes;
use crate::data::example::LabelsBuilder;
use crate::data::inspection::Format;
use crate::data::{DataError, ExampleShape, Labels};

const NAME: &str = "IDX";

/// The type of one value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Element {
    U8,
    I8,
    I16,
    I32,
    F32,
    F64,
}

impl Element {
    fn from_code(code: u8) -> Option<Self> {
        match code {
            0x08 => Some(Self::U8),
            0x09 => Some(Self::I8),
            0x0b => Some(Self::I16),
            0x0c => Some(Self::I32),
            0x0d => Some(Self::F32),
            0x0e => Some(Self::F64),
            _ => None,
        }
    }

    fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// The value in exactly [`size`](Self::size) bytes.
    fn decode(self, bytes: &[u8]) -> f64 {
        match (self, bytes) {
            (Self::U8, &[a]) => f64::from(a),
            (Self::I8, &[a]) => f64::from(a.cast_signed()),
            (Self::I16, &[a, b]) => f64::from(i16::from_be_bytes([a, b])),
            (Self::I32, &[a, b, c, d]) => f64::from(i32::from_be_bytes([a, b, c, d])),
            (Self::F32, &[a, b, c, d]) => f64::from(f32::from_be_bytes([a, b, c, d])),
            (Self::F64, &[a, b, c, d, e, f, g, h]) => f64::from_be_bytes([a, b, c, d, e, f, g, h]),
            _ => f64::NAN,
        }
    }
}

/// Whether a file's first bytes are those of IDX.
pub(super) fn is_idx(head: &[u8]) -> bool {
    matches!(head, [0, 0, code, axes, ..] if Element::from_code(*code).is_some() && (1..=8).contains(axes))
}

struct Header {
    element: Element,
    lengths: Vec<u64>,
}

impl Header {
    fn read(context: &Context, reader: &mut dyn Read) -> Result<Self, DataError> {
        let cut_off = || context.malformed(NAME, "it ends inside its header");
        let mut magic = [0; 4];
        if input::fill(reader, &mut magic).map_err(|error| context.io(error))? < magic.len() {
            return Err(cut_off());
        }
        let element = Element::from_code(magic[2]).filter(|_| is_idx(&magic));
        let element = element.ok_or_else(|| {
            context.malformed(
                NAME,
                format!("it starts with the bytes {magic:02x?}, where 00 00, a type and the number of axes belong"),
            )
        })?;
        let mut lengths = vec![0; usize::from(magic[3]) * 4];
        if input::fill(reader, &mut lengths).map_err(|error| context.io(error))? < lengths.len() {
            return Err(cut_off());
        }
        let lengths =
            lengths.chunks_exact(4).map(|bytes| bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte)));
        Ok(Self { element, lengths: lengths.collect() })
    }

    /// The number of values, `None` beyond 64 bits.
    fn values(&self) -> Option<u64> {
        self.lengths.iter().try_fold(1_u64, |product, length| product.checked_mul(*length))
    }

    /// Bytes that the values take in the file, if `bytes_per_value` of them fit into the limit.
    fn checked_bytes(&self, context: &Context, bytes_per_value: usize) -> Result<usize, DataError> {
        let bytes = self.values().and_then(|values| values.checked_mul(bytes_per_value as u64));
        match bytes.filter(|bytes| *bytes <= context.limits.bytes).and_then(|bytes| usize::try_from(bytes).ok()) {
            Some(bytes) => Ok(bytes),
            None => {
                let limit = Bytes(context.limits.bytes);
                Err(context.unsuitable(format!(
                    "its header promises {}, more than the {limit} that are read at most",
                    self.promise()
                )))
            }
        }
    }

    fn promise(&self) -> String {
        let lengths: Vec<String> = self.lengths.iter().map(u64::to_string).collect();
        format!("{} values of {} byte(s)", lengths.join(" × "), self.element.size())
    }

    /// The sentence about a file that ends too early or too late.
    fn wrong_length(&self, context: &Context, found: &str) -> DataError {
        context.malformed(NAME, format!("its header promises {}, and it holds {found}", self.promise()))
    }
}

/// Reads the examples of an IDX file: `[n, d]` vectors, `[n, height, width]` or `[n, height, width, 1 or 3]` images.
pub(in crate::data) fn read_examples(context: &Context, reader: &mut dyn Read) -> Result<RawExamples, DataError> {
    let header = Header::read(context, reader)?;
    let axes: Vec<usize> = header.lengths.iter().map(|length| *length as usize).collect();
    let dimensions = header.lengths.iter().skip(1).try_fold(1_u64, |product, length| product.checked_mul(*length));
    raw::check_dimensions(context, dimensions)?;
    let shape = match *axes.as_slice() {
        [_] => {
            return Err(context.unsuitable("it has a single axis, as label files have; open the file of the images"));
        }
        [_, dimensions] => ExampleShape::Vector(dimensions),
        [_, height, width] => ExampleShape::Image { height, width, channels: 1 },
        [_, height, width, channels @ (1 | 3)] => ExampleShape::Image { height, width, channels },
        _ => {
            return Err(
                context.unsuitable("its axes are not those of vectors, grey images or colour images (3 channels last)")
            );
        }
    };
    if header.element == Element::U8 && shape.is_image() {
        let promised = header.checked_bytes(context, 1)?;
        let bytes = read_exactly(context, reader, &header, promised)?;
        return RawExamples::from_bytes(Format::Idx, shape, bytes).check(context);
    }
    header.checked_bytes(context, header.element.size().max(size_of::<f32>()))?;
    let mut builder = FloatsBuilder::new(context, shape, "row");
    let dimensions = shape.dimensions();
    let mut row = vec![0; dimensions * header.element.size()];
    for example in 0..header.lengths[0] {
        let filled = input::fill(reader, &mut row).map_err(|error| context.io(error))?;
        if filled < row.len() {
            return Err(header.wrong_length(context, &format!("only {} bytes", example as usize * row.len() + filled)));
        }
        // Vectors without values would make a loop of billions of empty reads.
        if row.is_empty() {
            break;
        }
        for (column, bytes) in row.chunks_exact(header.element.size()).enumerate() {
            builder.push(example + 1, column, header.element.decode(bytes));
        }
    }
    if !input::is_at_end(context, reader)? {
        return Err(header.wrong_length(context, "more"));
    }
    builder.finish(Format::Idx, shape, Vec::new()).check(context)
}

/// Reads the labels of an IDX file with one axis of integers.
pub(in crate::data) fn read_labels(context: &Context, reader: &mut dyn Read) -> Result<Labels, DataError> {
    let header = Header::read(context, reader)?;
    if header.lengths.len() != 1 || matches!(header.element, Element::F32 | Element::F64) {
        return Err(context.malformed("label", "labels are one axis of integers"));
    }
    let size = header.element.size();
    let promised = header.checked_bytes(context, size)?;
    let bytes = read_exactly(context, reader, &header, promised)?;
    let mut builder = LabelsBuilder::default();
    for label in bytes.chunks_exact(size) {
        builder.push(&header.element.decode(label).to_string());
    }
    builder.finish().map_err(|problem| context.unsuitable(problem))
}

fn read_exactly(
    context: &Context,
    reader: &mut dyn Read,
    header: &Header,
    promised: usize,
) -> Result<Vec<u8>, DataError> {
    let bytes = input::read_bytes(context, reader, promised)?;
    if bytes.len() < promised {
        return Err(header.wrong_length(context, &format!("only {} bytes", bytes.len())));
    }
    if !input::is_at_end(context, reader)? {
        return Err(header.wrong_length(context, "more"));
    }
    Ok(bytes)
}

/// The label file beside an image file, by the usual names: `train-images-idx3-ubyte.gz` and `train-labels-idx1-ubyte.gz`.
pub(super) fn label_file_beside(images: &Path) -> Option<PathBuf> {
    let name = images.file_name()?.to_str()?;
    let replaced = name.replace("images", "labels");
    if replaced == name {
        return None;
    }
    let stem = replaced.strip_suffix(".gz").unwrap_or(&replaced);
    let stems = [stem.replace("idx3", "idx1").replace("idx4", "idx1"), stem.to_owned()];
    let names = stems.iter().flat_map(|stem| [format!("{stem}.gz"), stem.clone()]);
    names.map(|name| images.with_file_name(name)).find(|path| path.is_file())
}
