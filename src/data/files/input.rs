//! Reading bytes: gzip seen through, progress reported, cancelling heard, and the limit on uncompressed data kept.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use crate::data::{DataError, Limits, LoadMonitor, LoadOptions};

/// Bytes at the start of a file from which its format, delimiter and header are told.
const HEAD_BYTES: usize = 64 << 10;
/// Bytes read between two looks at whether the load is cancelled.
const CHUNK_BYTES: usize = 256 << 10;
/// Memory taken at once on a header's word alone; untouched pages cost nothing until bytes arrive.
const FIRST_RESERVATION: usize = 64 << 20;

/// What every reader needs beside the bytes.
#[derive(Clone, Copy)]
pub(in crate::data) struct Context<'a> {
    pub path: &'a Path,
    pub options: &'a LoadOptions,
    pub limits: &'a Limits,
    pub monitor: &'a dyn LoadMonitor,
}

impl Context<'_> {
    /// Turns a failed read into the sentence that belongs to it.
    pub fn io(&self, error: io::Error) -> DataError {
        let stop = error.get_ref().and_then(|inner| inner.downcast_ref::<Stop>());
        match (stop, error.kind()) {
            (Some(Stop::Cancelled), _) => DataError::Cancelled,
            (Some(Stop::TooLarge), _) => self.too_large(),
            (None, io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof) => {
                self.malformed("compressed", "its compressed data are damaged or cut off")
            }
            (None, _) => DataError::Io { path: self.path.to_owned(), source: error },
        }
    }

    pub fn malformed(&self, format: &'static str, problem: impl Into<String>) -> DataError {
        DataError::Malformed { path: self.path.to_owned(), format, problem: problem.into() }
    }

    pub fn unsuitable(&self, problem: impl Into<String>) -> DataError {
        DataError::unsuitable(self.path, problem)
    }

    pub fn too_large(&self) -> DataError {
        DataError::TooLarge { path: self.path.to_owned(), limit: self.limits.bytes }
    }

    /// Refuses what would take more memory than the limit; `None` is a product that overflowed.
    pub fn check_bytes(&self, bytes: Option<u64>) -> Result<usize, DataError> {
        let bytes = bytes.filter(|bytes| *bytes <= self.limits.bytes);
        bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or_else(|| self.too_large())
    }

    pub fn check_cancelled(&self) -> Result<(), DataError> {
        if self.monitor.is_cancelled() { Err(DataError::Cancelled) } else { Ok(()) }
    }
}

/// Why reading ended before the data did; carried through other crates' readers inside an [`io::Error`].
#[derive(Debug, thiserror::Error)]
enum Stop {
    #[error("cancelled")]
    Cancelled,
    #[error("more data than the limit")]
    TooLarge,
}

/// Counts what passes, and stops at the limit or when the load is cancelled.
pub(super) struct Watched<'a, R> {
    inner: R,
    monitor: &'a dyn LoadMonitor,
    passed: u64,
    limit: u64,
    /// What 100 % of the progress is, where this reader reports it.
    expected: Option<u64>,
}

impl<'a, R> Watched<'a, R> {
    /// Watches over uncompressed data, which the limit is on.
    pub fn new(inner: R, context: &Context<'a>, expected: Option<u64>) -> Self {
        Self { inner, monitor: context.monitor, passed: 0, limit: context.limits.bytes, expected }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.monitor.is_cancelled() {
            return Err(io::Error::other(Stop::Cancelled));
        }
        let length = buffer.len().min(CHUNK_BYTES);
        let count = self.inner.read(&mut buffer[..length])?;
        self.passed += count as u64;
        if self.passed > self.limit {
            return Err(io::Error::other(Stop::TooLarge));
        }
        if let Some(expected) = self.expected {
            self.monitor.progress((self.passed as f64 / expected.max(1) as f64).min(1.0) as f32);
        }
        Ok(count)
    }
}

/// A file whose first bytes are known.
pub(super) struct Input<'a> {
    /// The first bytes of the content.
    pub head: Vec<u8>,
    /// Whether `head` is the whole content.
    pub is_whole: bool,
    /// Whether the file is gzipped.
    pub is_compressed: bool,
    /// The content after `head`.
    rest: Box<dyn Read + 'a>,
}

impl<'a> Input<'a> {
    /// Makes `head` longer by up to `bytes`.
    pub fn extend_head(&mut self, context: &Context, bytes: usize) -> Result<(), DataError> {
        let start = self.head.len();
        self.head.resize(start + bytes, 0);
        let filled = fill(&mut self.rest, &mut self.head[start..]).map_err(|error| context.io(error))?;
        self.head.truncate(start + filled);
        self.is_whole = filled < bytes;
        Ok(())
    }

    /// The content from its first byte on.
    pub fn into_content(self) -> Chain<Cursor<Vec<u8>>, Box<dyn Read + 'a>> {
        Cursor::new(self.head).chain(self.rest)
    }
}

/// Opens a file for reading in order, and unpacks it if it is gzipped.
pub(super) fn open<'a>(context: &Context<'a>) -> Result<Input<'a>, DataError> {
    let file = File::open(context.path).map_err(|error| context.io(error))?;
    let length = file.metadata().map_err(|error| context.io(error))?.len();
    // Progress counts the bytes of the file; the limit is on the uncompressed ones.
    let counted = Watched { inner: file, monitor: context.monitor, passed: 0, limit: u64::MAX, expected: Some(length) };
    let mut buffered = BufReader::with_capacity(CHUNK_BYTES, counted);
    let is_compressed =
        io::BufRead::fill_buf(&mut buffered).map_err(|error| context.io(error))?.starts_with(&[0x1f, 0x8b]);
    let rest: Box<dyn Read + 'a> = if is_compressed {
        Box::new(Watched::new(MultiGzDecoder::new(buffered), context, None))
    } else {
        Box::new(Watched::new(buffered, context, None))
    };
    let mut input = Input { head: Vec::new(), is_whole: false, is_compressed, rest };
    input.extend_head(context, HEAD_BYTES)?;
    Ok(input)
}

/// Reads until the buffer is full or the data end, and returns how much was read.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads `promised` bytes, fewer if the data end before; memory grows with what arrives, and not with what is promised.
pub(super) fn read_bytes(context: &Context, reader: &mut dyn Read, promised: usize) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::with_capacity(promised.min(FIRST_RESERVATION));
    while bytes.len() < promised {
        let start = bytes.len();
        let end = promised.min(start + CHUNK_BYTES);
        if end > bytes.capacity() {
            bytes.reserve_exact(promised.min(2 * bytes.capacity()).max(end) - start);
        }
        bytes.resize(end, 0);
        let filled = fill(reader, &mut bytes[start..]).map_err(|error| context.io(error))?;
        bytes.truncate(start + filled);
        if start + filled < end {
            break;
        }
    }
    Ok(bytes)
}

/// Whether the data end here.
pub(super) fn is_at_end(context: &Context, reader: &mut dyn Read) -> Result<bool, DataError> {
    let filled = fill(reader, &mut [0]).map_err(|error| context.io(error))?;
    Ok(filled == 0)
}
