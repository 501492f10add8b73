//! The header of an NPY array: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
//!
//! Read here rather than by a crate, because a header comes from anywhere: its length, its nesting and the product of its axes are bounded
//! before anything is computed from them.

use std::io::Read;

use super::input::{self, Context};
use crate::data::{DataError, error};

/// How every NPY file starts.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";
/// Longer headers belong to structured arrays, which are not read.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// The kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
}

/// The type of one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Element {
    pub kind: Kind,
    pub size: usize,
    is_big_endian: bool,
}

impl Element {
    fn parse(text: &str) -> Option<Self> {
        let (order, rest) = text.split_at_checked(1)?;
        let (kind, size) = rest.split_at_checked(1)?;
        let size = size.parse().ok()?;
        let kind = match (kind, size) {
            ("b", 1) => Kind::Bool,
            ("u", 1 | 2 | 4 | 8) => Kind::Unsigned,
            ("i", 1 | 2 | 4 | 8) => Kind::Signed,
            ("f", 4 | 8) => Kind::Float,
            _ => return None,
        };
        matches!(order, "<" | ">" | "|" | "=").then_some(Self { kind, size, is_big_endian: order == ">" })
    }

    /// Whether one value is one unsigned byte.
    pub fn is_u8(self) -> bool {
        self.kind == Kind::Unsigned && self.size == 1
    }

    /// The value in exactly `size` bytes.
    pub fn decode(self, stored: &[u8]) -> f64 {
        let mut bytes = [0; 8];
        for (byte, stored) in bytes.iter_mut().zip(stored) {
            *byte = *stored;
        }
        if self.is_big_endian {
            bytes[..self.size].reverse();
        }
        let unsigned = u64::from_le_bytes(bytes);
        match (self.kind, self.size) {
            (Kind::Float, 4) => f64::from(f32::from_bits(unsigned as u32)),
            (Kind::Float, _) => f64::from_bits(unsigned),
            (Kind::Signed, size) => {
                let unused = 64 - 8 * size as u32;
                ((unsigned << unused).cast_signed() >> unused) as f64
            }
            (Kind::Bool | Kind::Unsigned, _) => unsigned as f64,
        }
    }
}

/// What an NPY header says.
pub(super) struct Header {
    pub shape: Vec<u64>,
    pub is_fortran: bool,
    /// `Err` has the sentence about a type that is not read.
    pub element: Result<Element, String>,
}

impl Header {
    pub fn read(context: &Context, reader: &mut dyn Read) -> Result<Self, DataError> {
        let cut_off = || context.malformed("NPY", "it ends inside its header");
        let mut start = [0; 8];
        read_all(context, reader, &mut start)?.ok_or_else(cut_off)?;
        if !start.starts_with(MAGIC) {
            return Err(context.malformed("NPY", "it does not start with \\x93NUMPY"));
        }
        let mut length = [0; 4];
        let length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            version => {
                return Err(context.malformed("NPY", format!("its version {version} is not known")));
            }
        };
        read_all(context, reader, &mut length[..length_bytes])?.ok_or_else(cut_off)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_HEADER_BYTES {
            return Err(context.malformed(
                "NPY",
                format!("its header claims {length} bytes, and at most {MAX_HEADER_BYTES} are read"),
            ));
        }
        let mut text = vec![0; length];
        read_all(context, reader, &mut text)?.ok_or_else(cut_off)?;
        let text = String::from_utf8_lossy(&text);
        Self::parse(&text).ok_or_else(|| context.malformed("NPY", "its header does not give type, order and shape"))
    }

    fn parse(text: &str) -> Option<Self> {
        let after = |key: &str| {
            let key_at = text.find(&format!("'{key}'"))?;
            Some(text[key_at + key.len() + 2..].trim_start().strip_prefix(':')?.trim_start())
        };
        let shape = after("shape")?.strip_prefix('(')?;
        let shape = shape[..shape.find(')')?].split(',').map(str::trim).filter(|length| !length.is_empty());
        let shape = shape.map(|length| length.trim_end_matches('L').parse().ok()).collect::<Option<Vec<u64>>>()?;
        let order = after("fortran_order")?;
        let is_fortran = order.starts_with("True");
        if !is_fortran && !order.starts_with("False") {
            return None;
        }
        let descr = after("descr")?;
        let element = match descr.strip_prefix('\'').and_then(|rest| rest.split_once('\'')) {
            Some((name, _)) => Element::parse(name).ok_or_else(|| refusal(name)),
            None => Err("it holds records of several types; save the numeric columns as one float32 array".to_owned()),
        };
        Some(Self { shape, is_fortran, element })
    }

    /// The shape as Python writes it.
    pub fn shape_text(&self) -> String {
        let lengths: Vec<String> = self.shape.iter().map(u64::to_string).collect();
        if lengths.len() == 1 { format!("({},)", lengths[0]) } else { format!("({})", lengths.join(", ")) }
    }
}

/// The sentence about a type that is not read.
fn refusal(name: &str) -> String {
    match name.trim_start_matches(['<', '>', '|', '=']).chars().next() {
        Some('O') => "it holds Python objects (dtype object), which only Python can read; save it as numbers with .astype('float32')".to_owned(),
        Some('U' | 'S') => "it holds text; save the examples as numbers with .astype('float32')".to_owned(),
        Some('c') => "it holds complex numbers; save their real and imaginary parts as columns of float32".to_owned(),
        _ => format!(
            "its values are of type {}, which is not read; save it with .astype('float32')",
            error::printable(name)
        ),
    }
}

/// Fills the buffer, or returns `None` where the data end before.
fn read_all(context: &Context, reader: &mut dyn Read, buffer: &mut [u8]) -> Result<Option<()>, DataError> {
    let filled = input::fill(reader, buffer).map_err(|error| context.io(error))?;
    Ok((filled == buffer.len()).then_some(()))
}
