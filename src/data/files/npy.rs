//! NPY: one numpy array, of which the first axis counts the examples.

use std::io::Read;

use super::input::{self, Context};
use super::npy_header::{Element, Header};
use super::raw::{self, FloatsBuilder, RawExamples};
use crate::data::error::Bytes;
use crate::data::example::LabelsBuilder;
use crate::data::inspection::Format;
use crate::data::{DataError, ExampleShape, Labels};

/// Bytes decoded at once; a multiple of every element size.
const BLOCK_BYTES: usize = 64 << 10;

/// Reads examples: `[n, d]` rows of a table, `[n, height, width]` grey images, `[n, height, width, 1 or 3]` images.
pub(in crate::data) fn read_examples(
    context: &Context,
    reader: &mut dyn Read,
    format: Format,
) -> Result<RawExamples, DataError> {
    let header = Header::read(context, reader)?;
    let element = header.element.clone().map_err(|problem| context.unsuitable(problem))?;
    let dimensions = header.shape.iter().skip(1).try_fold(1_u64, |product, length| product.checked_mul(*length));
    raw::check_dimensions(context, dimensions)?;
    let shape = example_shape(context, &header)?;
    let examples = header.shape.first().copied().unwrap_or(0);
    let stays_u8 = element.is_u8() && shape.is_image();
    let bytes_per_value = if stays_u8 { 1 } else { element.size.max(size_of::<f32>()) };
    // Numpy's column order is turned round with a second copy.
    let copies = if header.is_fortran { 2 } else { 1 };
    let memory = dimensions
        .and_then(|dimensions| dimensions.checked_mul(examples))
        .and_then(|values| values.checked_mul(bytes_per_value as u64 * copies));
    if memory.is_none_or(|memory| memory > context.limits.bytes) {
        let limit = Bytes(context.limits.bytes);
        return Err(context.unsuitable(format!(
            "its header promises {}, more than the {limit} that are read at most",
            promise(&header, element)
        )));
    }
    let examples = examples as usize;
    let axes: Vec<usize> = header.shape.iter().map(|length| *length as usize).collect();
    if stays_u8 {
        let promised = examples * shape.dimensions();
        let mut bytes = input::read_bytes(context, reader, promised)?;
        if bytes.len() < promised {
            return Err(cut_off(context, &header, element, bytes.len()));
        }
        if header.is_fortran {
            bytes = to_row_major(&bytes, &axes);
        }
        return RawExamples::from_bytes(format, shape, bytes).check(context);
    }
    let mut builder = FloatsBuilder::new(context, shape, "row");
    read_floats(context, reader, &header, element, &mut builder)?;
    if header.is_fortran {
        let values = to_row_major(builder.values_mut(), &axes);
        *builder.values_mut() = values;
    }
    builder.finish(format, shape, Vec::new()).check(context)
}

fn example_shape(context: &Context, header: &Header) -> Result<ExampleShape, DataError> {
    let axes: Vec<usize> = header.shape.iter().map(|length| *length as usize).collect();
    let shape = header.shape_text();
    match *axes.as_slice() {
        [] | [_] => Err(context.unsuitable(format!(
            "its shape is {shape}, and rows and columns are needed; save it with .reshape(-1, 1) if every number is one example"
        ))),
        [_, dimensions] => Ok(ExampleShape::Vector(dimensions)),
        [_, height, width] | [_, 1, height, width] => Ok(ExampleShape::Image { height, width, channels: 1 }),
        [_, height, width, channels @ (1 | 3)] => Ok(ExampleShape::Image { height, width, channels }),
        [_, 3, _, _] => Err(context.unsuitable(format!("its shape {shape} has the colours first; save it with .transpose(0, 2, 3, 1)"))),
        [_, _, _, _] => Err(context.unsuitable(format!("its shape {shape} has neither 1 nor 3 channels on the last axis; keep grey or the 3 colours"))),
        _ => Err(context.unsuitable(format!("its shape {shape} has more axes than images have; save it with .reshape(len(x), -1)"))),
    }
}

/// Reads all values as numbers, in the order in which they are stored.
fn read_floats(
    context: &Context,
    reader: &mut dyn Read,
    header: &Header,
    element: Element,
    builder: &mut FloatsBuilder,
) -> Result<(), DataError> {
    let examples = header.shape.first().copied().unwrap_or(0) as usize;
    let dimensions: usize = header.shape.iter().skip(1).map(|length| *length as usize).product();
    let total = examples * dimensions;
    let mut block = vec![0; BLOCK_BYTES];
    let mut read = 0;
    let (mut row, mut column) = (0, 0);
    // In column order the values of all examples come before the next value of any.
    let is_by_column = header.is_fortran;
    while read < total {
        let wanted = ((total - read) * element.size).min(BLOCK_BYTES);
        let filled = input::fill(reader, &mut block[..wanted]).map_err(|error| context.io(error))?;
        if filled < wanted {
            return Err(cut_off(context, header, element, read * element.size + filled));
        }
        for value in block[..filled].chunks_exact(element.size) {
            builder.push(row as u64 + 1, column, element.decode(value));
            let (fast, fast_end, slow) =
                if is_by_column { (&mut row, examples, &mut column) } else { (&mut column, dimensions, &mut row) };
            *fast += 1;
            if *fast == fast_end {
                *fast = 0;
                *slow += 1;
            }
        }
        read += filled / element.size;
    }
    Ok(())
}

/// Reads labels: one axis of whole numbers. `Ok(Err(..))` is a warning about labels that are of another kind.
pub(super) fn read_labels(context: &Context, reader: &mut dyn Read) -> Result<Result<Labels, String>, DataError> {
    let header = Header::read(context, reader)?;
    let lengths = match *header.shape.as_slice() {
        [length] | [length, 1] => length,
        _ => {
            return Ok(Err(format!(
                "the labels have the shape {} instead of one axis: they are left out",
                header.shape_text()
            )));
        }
    };
    let Ok(element) = header.element else {
        return Ok(Err("the labels are not numbers: they are left out".to_owned()));
    };
    let promised = context.check_bytes(lengths.checked_mul(element.size as u64))?;
    let bytes = input::read_bytes(context, reader, promised)?;
    if bytes.len() < promised {
        return Err(cut_off(context, &header, element, bytes.len()));
    }
    let mut builder = LabelsBuilder::default();
    for label in bytes.chunks_exact(element.size) {
        builder.push(&element.decode(label).to_string());
    }
    Ok(builder.finish())
}

fn promise(header: &Header, element: Element) -> String {
    format!("{} values of {} byte(s)", header.shape_text(), element.size)
}

fn cut_off(context: &Context, header: &Header, element: Element, found: usize) -> DataError {
    context
        .malformed("NPY", format!("its header promises {}, and it holds only {found} bytes", promise(header, element)))
}

/// Turns an array from column-major (Fortran) order into row-major order; `values` fill `axes`.
fn to_row_major<T: Copy + Default>(values: &[T], axes: &[usize]) -> Vec<T> {
    let mut strides = vec![1; axes.len()];
    for axis in (0..axes.len().saturating_sub(1)).rev() {
        strides[axis] = strides[axis + 1] * axes[axis + 1];
    }
    let mut turned = vec![T::default(); values.len()];
    let mut index = vec![0; axes.len()];
    let mut target = 0;
    for value in values {
        turned[target] = *value;
        for axis in 0..axes.len() {
            index[axis] += 1;
            target += strides[axis];
            if index[axis] < axes[axis] {
                break;
            }
            target -= strides[axis] * axes[axis];
            index[axis] = 0;
        }
    }
    turned
}
