//! What is stopped: bombs, files that are no data, and loads that nobody waits for.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use collapsar::data::{DataError, Limits, LoadMonitor, LoadOptions, Unmonitored, inspect, inspect_within};

use super::{Files, gzip, idx, npy, npz, refused};

#[test]
fn a_gzip_bomb_stops_at_the_limit_that_is_named() {
    let files = Files::new();
    let mut header = idx(8, &[4, 2, 2], &[]);
    header.resize(64 << 20, 0);
    refused(&files.write("bomb.idx.gz", gzip(&header)), &["4 × 2 × 2", "holds more"]);

    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let mut rows = b"1,2\n".repeat(3 << 18);
    let path = files.write("bomb.csv.gz", gzip(&rows));
    let message = inspect_within(&limits, &path, &LoadOptions::default(), &Unmonitored).unwrap_err().to_string();
    assert!(message.contains("bomb.csv.gz") && message.contains("1 MiB"), "{message}");

    rows.fill(b' ');
    let path = files.write("line.csv.gz", gzip(&rows));
    let limits = Limits { line_bytes: 1 << 10, ..Limits::default() };
    let message = inspect_within(&limits, &path, &LoadOptions::default(), &Unmonitored).unwrap_err().to_string();
    assert!(message.contains("line.csv.gz"), "{message}");
}

#[test]
fn files_that_are_no_data_are_refused() {
    let files = Files::new();
    refused(&files.write("nothing.csv", ""), &["is empty"]);
    refused(&files.write("blank.csv", "\n\n"), &["is empty"]);
    refused(&files.write("nothing.csv.gz", gzip(b"")), &["is empty"]);
    refused(&files.write("program", b"\x7fELF\0\0\0\0rest"), &["IDX, CSV, NPY"]);
    refused(&files.write("utf16.csv", b"\xff\xfe1\0,\x002\0\n\0"), &["UTF-16"]);
    refused(&files.write("prose.txt", "It was a dark night\nand the rain fell on us\n"), &["prose.txt"]);
    refused(&files.write("words.csv", "a,b\nx,y\nz,y\n"), &["without a column of numbers"]);
    refused(&files.write("misnamed.npy", "1,2\n3,4\n"), &["not a valid NPY"]);
    refused(&files.path("absent.csv"), &["cannot read"]);
    refused(&files.write("picture.dat", b"\x89PNG\r\n\x1a\nrest"), &["open the folder"]);
}

/// Cancels after a number of questions, and remembers the progress.
struct Patience {
    questions: AtomicU32,
    has_progress: AtomicBool,
}

impl LoadMonitor for Patience {
    fn progress(&self, fraction: f32) {
        assert!((0.0..=1.0).contains(&fraction));
        self.has_progress.store(true, Ordering::Relaxed);
    }

    fn is_cancelled(&self) -> bool {
        self.questions.fetch_sub(1, Ordering::Relaxed) == 0
    }
}

#[test]
fn loading_reports_progress_and_is_cancelled_half_way() {
    let files = Files::new();
    let values: Vec<u8> = (0..4_000_000_u32).map(|value| (value.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let image_bytes = idx(8, &[40_000, 10, 10], &values);
    let rows = "1.5,2.5,3.5\n".repeat(300_000);
    let array = npy("'<f4'", false, "(10000, 100)", &values);
    let paths = [
        files.write("a.idx", &image_bytes),
        files.write("a.idx.gz", gzip(&image_bytes)),
        files.write("a.csv", rows),
        files.write("a.npy", array.clone()),
        files.write("a.npz", npz(&[("x", array)])),
    ];
    for path in paths {
        let monitor = Patience { questions: AtomicU32::new(8), has_progress: AtomicBool::new(false) };
        let result = inspect(&path, &LoadOptions::default(), &monitor);
        assert!(matches!(result, Err(DataError::Cancelled)), "{}: {result:?}", path.display());
        assert!(monitor.has_progress.into_inner(), "{}", path.display());
    }
}
