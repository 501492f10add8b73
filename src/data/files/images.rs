//! A folder of PNG or JPEG pictures; sub-folders are the classes.

use std::fs;
use std::io::{BufRead, Seek};
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::input::Context;
use super::raw::{self, RawExamples};
use crate::data::example::LabelsBuilder;
use crate::data::inspection::Format;
use crate::data::{DataError, ExampleShape};

/// Folders inside folders that are looked into.
const MAX_DEPTH: usize = 8;
/// Memory that decoding may take beside the picture itself.
const DECODER_BYTES: u64 = 64 << 20;

/// Whether a file's first bytes are those of a picture that could be read.
pub(super) fn is_picture(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG\r\n\x1a\n") || head.starts_with(&[0xff, 0xd8, 0xff])
}

/// What a walk through the folder finds.
#[derive(Default)]
struct Found {
    pictures: Vec<PathBuf>,
    ignored: usize,
}

/// Reads all pictures of a folder in the order of their paths.
pub(super) fn read_examples(context: &Context) -> Result<RawExamples, DataError> {
    let mut found = Found::default();
    walk(context, context.path, 0, &mut found)?;
    found.pictures.sort();
    let Some(first) = found.pictures.first() else {
        return Err(DataError::NoPictures { path: context.path.to_owned() });
    };
    let mut stack = Stack { context, first, shape: None, bytes: Vec::new(), is_mixed: false, has_lost_alpha: false };
    for (done, path) in found.pictures.iter().enumerate() {
        context.check_cancelled()?;
        stack.push(path)?;
        context.monitor.progress((done + 1) as f32 / found.pictures.len() as f32);
    }
    let (is_mixed, has_lost_alpha) = (stack.is_mixed, stack.has_lost_alpha);
    let shape = stack.shape.unwrap_or(ExampleShape::Vector(0));
    let mut examples = RawExamples::from_bytes(Format::Images, shape, stack.bytes);

    let classes: Vec<Option<String>> = found.pictures.iter().map(|path| class_of(context.path, path)).collect();
    let labelled = classes.iter().flatten().count();
    if labelled == classes.len() {
        let mut labels = LabelsBuilder::default();
        classes.iter().flatten().for_each(|class| labels.push(class));
        match labels.finish() {
            Ok(labels) => examples = examples.with_labels(labels, context.path)?,
            Err(warning) => examples.warnings.push(warning),
        }
    } else if labelled > 0 {
        let loose = classes.len() - labelled;
        examples
            .warnings
            .push(format!("{loose} picture(s) lie in no sub-folder, so the sub-folders are not taken as classes"));
    }
    if found.ignored > 0 {
        examples.warnings.push(format!("{} file(s) that are neither PNG nor JPEG are left out", found.ignored));
    }
    if is_mixed {
        examples.warnings.push("some pictures are grey and some in colour: all are read in colour".to_owned());
    }
    if has_lost_alpha {
        examples.warnings.push("transparency is left out".to_owned());
    }
    examples.check(context)
}

/// Collects pictures and counts other files, hidden ones apart; links to folders are not followed, so the walk ends.
fn walk(context: &Context, folder: &Path, depth: usize, found: &mut Found) -> Result<(), DataError> {
    let failed = |source| DataError::Io { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(failed)? {
        context.check_cancelled()?;
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let kind = entry.file_type().map_err(failed)?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            if depth < MAX_DEPTH {
                walk(context, &path, depth + 1, found)?;
            }
        } else if has_picture_extension(&path) && path.is_file() {
            found.pictures.push(path);
        } else {
            found.ignored += 1;
        }
    }
    Ok(())
}

fn has_picture_extension(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase());
    matches!(extension.as_deref(), Some("png" | "jpg" | "jpeg"))
}

/// The first folder on the way from the opened folder to the picture.
fn class_of(folder: &Path, picture: &Path) -> Option<String> {
    let inside = picture.strip_prefix(folder).ok()?;
    let mut parts = inside.components();
    let first = parts.next()?;
    parts.next().map(|_| first.as_os_str().to_string_lossy().into_owned())
}

/// Pictures of one size, one after the other.
struct Stack<'a> {
    context: &'a Context<'a>,
    first: &'a Path,
    shape: Option<ExampleShape>,
    bytes: Vec<u8>,
    is_mixed: bool,
    has_lost_alpha: bool,
}

impl Stack<'_> {
    fn push(&mut self, path: &Path) -> Result<(), DataError> {
        let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
        let reader = reader.map_err(|source| DataError::Io { path: path.to_owned(), source })?;
        let picture = self.decode(path, reader)?;
        let colour = picture.color();
        self.has_lost_alpha |= colour.has_alpha();
        let channels = if colour.has_color() { 3 } else { 1 };
        let (width, height) = (picture.width() as usize, picture.height() as usize);
        let stacked = match self.shape {
            Some(ExampleShape::Image { channels: stacked, .. }) => stacked,
            _ => channels,
        };
        if stacked == 1 && channels == 3 {
            self.context.check_bytes((self.bytes.len() as u64).checked_mul(4))?;
            self.bytes = self.bytes.iter().flat_map(|grey| [*grey; 3]).collect();
        }
        self.is_mixed |= stacked != channels;
        let channels = stacked.max(channels);
        self.shape = Some(ExampleShape::Image { height, width, channels });
        let pixels = if channels == 3 { picture.into_rgb8().into_raw() } else { picture.into_luma8().into_raw() };
        self.context.check_bytes((self.bytes.len() as u64).checked_add(pixels.len() as u64))?;
        self.bytes.extend_from_slice(&pixels);
        Ok(())
    }

    /// Decodes one picture, after a look at its header has shown that it fits.
    fn decode<R: BufRead + Seek>(&self, path: &Path, reader: ImageReader<R>) -> Result<DynamicImage, DataError> {
        let damaged = |error: image::ImageError| DataError::Malformed {
            path: path.to_owned(),
            format: "picture",
            problem: error.to_string().replace('\n', " ").trim_end_matches('.').to_owned(),
        };
        if !matches!(reader.format(), Some(ImageFormat::Png | ImageFormat::Jpeg)) {
            let problem = "its content is neither PNG nor JPEG".to_owned();
            return Err(DataError::Malformed { path: path.to_owned(), format: "picture", problem });
        }
        let mut reader = reader;
        let mut limits = image::Limits::default();
        limits.max_alloc = Some(DECODER_BYTES);
        reader.limits(limits);
        let decoder = reader.into_decoder().map_err(damaged)?;
        let (found_width, found_height) = (decoder.dimensions().0 as usize, decoder.dimensions().1 as usize);
        if let Some(ExampleShape::Image { height, width, .. }) = self.shape
            && (height, width) != (found_height, found_width)
        {
            let (path, first) = (path.to_owned(), self.first.to_owned());
            return Err(DataError::PictureSize { path, found_width, found_height, first, width, height });
        }
        let channels = if decoder.color_type().has_color() { 3 } else { 1 };
        let dimensions =
            (found_width as u64).checked_mul(found_height as u64).and_then(|pixels| pixels.checked_mul(channels));
        raw::check_dimensions(&Context { path, ..*self.context }, dimensions)?;
        DynamicImage::from_decoder(decoder).map_err(damaged)
    }
}
