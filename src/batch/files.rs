//! Files that are replaced at once.

use std::path::Path;

/// Gives a file another text: at no moment is there less in the folder than before.
///
/// # Errors
/// A file that cannot be written.
pub(crate) fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = file.with_file_name(name);
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, file))
}
