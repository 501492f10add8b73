//! What a person sees when the program itself is at fault: one sentence, and a file to send along.

use std::backtrace::Backtrace;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::PanicHookInfo;
use std::path::{Path, PathBuf};

/// Set to have the details on standard error, too.
const SHOW_DETAILS: &str = "COLLAPSAR_BACKTRACE";

/// Keeps Rust's panic message for those who mend the program: no person should have to read it. Whoever catches a panic says
/// what it means: a trainer's becomes the state of its variant, one that reaches `main` is told by [`sentence`].
pub(super) fn install() {
    std::panic::set_hook(Box::new(|panic| {
        let details = details(panic);
        if std::env::var_os(SHOW_DETAILS).is_some() {
            eprintln!("{details}");
        }
        // Where nothing can be written, the sentence says how to see the details.
        let _ = keep(&details, &log_file());
    }));
}

/// What is said when the program cannot go on.
pub(super) fn sentence() -> String {
    let log = log_file();
    let place = if log.is_file() {
        format!("the details are in {}", log.display())
    } else {
        format!("start again with {SHOW_DETAILS}=1 to see the details")
    };
    format!("stopped by a defect in the program, not by anything you did; {place}")
}

fn details(panic: &PanicHookInfo<'_>) -> String {
    let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
    let version = env!("CARGO_PKG_VERSION");
    format!("collapsar {version}, thread `{thread}`: {panic}\n{}\n", Backtrace::force_capture())
}

/// Where the system cleans up by itself.
fn log_file() -> PathBuf {
    std::env::temp_dir().join("collapsar-defects.log")
}

fn keep(details: &str, log: &Path) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(log)?.write_all(details.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::keep;

    #[test]
    fn details_are_appended() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("defects.log");
        keep("first\n", &log).unwrap();
        keep("second\n", &log).unwrap();
        assert_eq!(std::fs::read_to_string(&log).unwrap(), "first\nsecond\n");
        assert!(keep("third", folder.path()).is_err());
    }
}
