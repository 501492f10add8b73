//! What this machine offers to a window: a display, the libraries behind it, file dialogs.
//!
//! On Linux all of these are looked up when the program runs, so that it builds and trains on a machine that has none.

use serde::Serialize;
use std::path::{Path, PathBuf};

/// The windowing system that a window would open on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Display {
    Wayland,
    X11,
    /// macOS and Windows always have one.
    Native,
}

/// Who opens a file dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Dialogs {
    Portal,
    Zenity,
    Native,
}

/// A library that is opened at run time, and the Debian package that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Library {
    pub file: &'static str,
    pub package: &'static str,
}

const VULKAN: [Library; 1] = [Library { file: "libvulkan.so.1", package: "libvulkan1" }];
const X11: [Library; 6] = [
    Library { file: "libX11.so.6", package: "libx11-6" },
    Library { file: "libX11-xcb.so.1", package: "libx11-xcb1" },
    Library { file: "libXcursor.so.1", package: "libxcursor1" },
    Library { file: "libXi.so.6", package: "libxi6" },
    Library { file: "libxkbcommon.so.0", package: "libxkbcommon0" },
    Library { file: "libxkbcommon-x11.so.0", package: "libxkbcommon-x11-0" },
];
const WAYLAND: [Library; 2] = [
    Library { file: "libwayland-client.so.0", package: "libwayland-client0" },
    Library { file: "libxkbcommon.so.0", package: "libxkbcommon0" },
];

/// The display that a window would open on, if there is one.
pub(super) fn display() -> Option<Display> {
    if !on_desktop_linux() {
        return Some(Display::Native);
    }
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match (is_set("WAYLAND_DISPLAY") || is_set("WAYLAND_SOCKET"), is_set("DISPLAY")) {
        (true, _) => Some(Display::Wayland),
        (false, true) => Some(Display::X11),
        (false, false) => None,
    }
}

/// Libraries that drawing and opening a window need and that were not found.
pub(super) fn missing_libraries(display: Option<Display>) -> Vec<Library> {
    let window: &[Library] = match display {
        _ if !on_desktop_linux() => return Vec::new(),
        Some(Display::Wayland) => &WAYLAND,
        Some(Display::X11) => &X11,
        _ => &[],
    };
    VULKAN.iter().chain(window).filter(|library| !is_installed(library.file)).copied().collect()
}

/// Who would open a file dialog; none, and the window's path field and drag and drop remain.
pub(super) fn dialogs() -> Option<Dialogs> {
    if !on_desktop_linux() {
        return Some(Dialogs::Native);
    }
    if is_installed("libdbus-1.so.3") && has_session_bus() && has_portal() {
        return Some(Dialogs::Portal);
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join("zenity").is_file()).then_some(Dialogs::Zenity)
}

fn on_desktop_linux() -> bool {
    cfg!(all(unix, not(target_vendor = "apple")))
}

fn has_session_bus() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some() || runtime.is_some_and(|folder| folder.join("bus").exists())
}

fn has_portal() -> bool {
    let folders = std::env::var_os("XDG_DATA_DIRS").filter(|folders| !folders.is_empty());
    let folders = folders.unwrap_or_else(|| "/usr/local/share:/usr/share".into());
    let service = "dbus-1/services/org.freedesktop.portal.Desktop.service";
    std::env::split_paths(&folders).any(|folder| folder.join(service).is_file())
}

/// Whether the dynamic linker would find a library. Opening it would be surer, and needs unsafe code.
fn is_installed(file: &str) -> bool {
    let own = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let in_own = std::env::split_paths(&own).any(|folder| folder.join(file).exists());
    in_own
        || ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"]
            .iter()
            .any(|root| is_below(Path::new(root), file))
}

/// In a library folder itself, or in that of an architecture (`/usr/lib/x86_64-linux-gnu`).
fn is_below(root: &Path, file: &str) -> bool {
    let Ok(entries) = std::fs::read_dir(root) else { return false };
    let mut folders = entries.flatten().map(|entry| entry.path());
    root.join(file).exists()
        || folders.any(|folder| folder.to_string_lossy().ends_with("-linux-gnu") && folder.join(file).exists())
}
