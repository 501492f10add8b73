//! Data that are compiled into the program; `assets/README.md` says where they are from.

use std::io::Cursor;
use std::path::Path;

use flate2::read::GzDecoder;

use super::files::{self, Context};
use super::{DataError, Dataset, Limits, LoadMonitor, LoadOptions, Scale, Source};

const FASHION_IMAGES: &[u8] = include_bytes!("../../assets/fashion-mnist/train-images-idx3-ubyte.gz");
const FASHION_LABELS: &[u8] = include_bytes!("../../assets/fashion-mnist/train-labels-idx1-ubyte.gz");
const FASHION_CLASSES: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

const DIGIT_IMAGES: &[u8] = include_bytes!("../../assets/digits/digits-images-idx3-ubyte.gz");
const DIGIT_LABELS: &[u8] = include_bytes!("../../assets/digits/digits-labels-idx1-ubyte.gz");

/// The first 5,000 training images of Fashion-MNIST, `[28, 28]`.
pub(super) fn fashion_mnist(monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    let mut dataset = read(Source::FashionMnist, FASHION_IMAGES, FASHION_LABELS, 255.0, monitor)?;
    dataset.name_classes(&FASHION_CLASSES);
    Ok(dataset)
}

/// UCI's 1,797 handwritten digits, `[8, 8]`, of which white is 16.
pub(super) fn digits(monitor: &dyn LoadMonitor) -> Result<Dataset, DataError> {
    read(Source::Digits, DIGIT_IMAGES, DIGIT_LABELS, 16.0, monitor)
}

fn read(
    source: Source,
    images: &[u8],
    labels: &[u8],
    white: f64,
    monitor: &dyn LoadMonitor,
) -> Result<Dataset, DataError> {
    let name = source.to_string();
    let (options, limits) = (LoadOptions::default(), Limits::default());
    let context = Context { path: Path::new(&name), options: &options, limits: &limits, monitor };
    context.check_cancelled()?;
    let examples = files::read_idx_examples(&context, &mut GzDecoder::new(Cursor::new(images)))?;
    let labels = files::read_idx_labels(&context, &mut GzDecoder::new(Cursor::new(labels)))?;
    let examples = examples.with_labels(labels, context.path)?;
    monitor.progress(1.0);
    Ok(Dataset::from_raw(name, examples, Scale::None, Some(white)))
}
