//! `collapsar doctor`: what works on this machine, and what to install for the rest.

use super::machine::{self, Dialogs, Display, Library};
use super::{CliError, print, print_json};
use crate::device::{self, AdapterDescription, DeviceChoice, DeviceKind};
use clap::Args;
use serde::Serialize;

/// Says what works here: graphics adapters, the training device, file dialogs, display
#[derive(Debug, Args)]
pub(super) struct Doctor {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Findings {
    version: &'static str,
    adapters: Vec<AdapterDescription>,
    training: Training,
    window: Window,
    file_dialogs: FileDialogs,
    /// What to do about what does not work.
    advice: Vec<String>,
}

#[derive(Serialize)]
struct Training {
    kind: DeviceKind,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    driver: Option<String>,
    reason: String,
}

#[derive(Serialize)]
struct Window {
    works: bool,
    display: Option<Display>,
    missing_libraries: Vec<Library>,
}

#[derive(Serialize)]
struct FileDialogs {
    works: bool,
    by: Option<Dialogs>,
}

impl Doctor {
    pub(super) fn run(&self) -> Result<(), CliError> {
        let findings = examine()?;
        if self.json { print_json(&findings) } else { print(&in_words(&findings)) }
    }
}

fn examine() -> Result<Findings, CliError> {
    let adapters = device::adapters();
    let training = device::select(DeviceChoice::Auto)?;
    let display = machine::display();
    let missing_libraries = machine::missing_libraries(display);
    let by = machine::dialogs();
    let works = display.is_some() && missing_libraries.is_empty() && !adapters.is_empty();
    let mut findings = Findings {
        version: env!("CARGO_PKG_VERSION"),
        adapters,
        training: Training {
            kind: training.kind,
            name: training.name,
            driver: training.driver,
            reason: training.reason,
        },
        window: Window { works, display, missing_libraries },
        file_dialogs: FileDialogs { works: by.is_some(), by },
        advice: Vec::new(),
    };
    findings.advice = advice(&findings);
    Ok(findings)
}

fn advice(findings: &Findings) -> Vec<String> {
    let mut advice = Vec::new();
    if findings.adapters.is_empty() {
        advice.push(
            "to draw, install a Vulkan driver: that of the graphics card, or the software driver (Debian, Ubuntu, Fedora: \
             mesa-vulkan-drivers; Arch: vulkan-swrast); training on the CPU needs none"
                .to_owned(),
        );
    }
    if findings.window.display.is_none() {
        advice.push(
            "to open the window, start from a desktop, or set DISPLAY or WAYLAND_DISPLAY; without one, `collapsar train` and \
             `collapsar picture` work"
                .to_owned(),
        );
    }
    if !findings.window.missing_libraries.is_empty() {
        let packages: Vec<&str> = findings.window.missing_libraries.iter().map(|library| library.package).collect();
        advice.push(format!("for the window, install (Debian names) {}", packages.join(" ")));
    }
    if !findings.file_dialogs.works {
        advice.push(
            "for file dialogs, install xdg-desktop-portal with libdbus-1-3, or zenity; without them, type a path in the window, drop a \
             file on it, or use `collapsar open PATH`"
                .to_owned(),
        );
    }
    advice
}

fn in_words(findings: &Findings) -> String {
    let mut text = format!("Collapsar {}\n\nGraphics adapters\n", findings.version);
    if findings.adapters.is_empty() {
        text.push_str("  none\n");
    }
    for adapter in &findings.adapters {
        let trains = if adapter.trains { "draws and trains" } else { "draws" };
        let AdapterDescription { name, kind, backend, driver, .. } = adapter;
        text.push_str(&format!("  {name} ({kind}, {backend}, driver {driver}): {trains}\n"));
    }
    let training = &findings.training;
    let kind = match training.kind {
        DeviceKind::Cpu => "CPU",
        DeviceKind::Gpu => "GPU",
    };
    text.push_str(&format!("\nTraining would use\n  {} ({kind}): {}\n", training.name, training.reason));
    let display = match findings.window.display {
        Some(Display::Wayland) => "Wayland",
        Some(Display::X11) => "X11",
        Some(Display::Native) => "the system's",
        None => "none (neither DISPLAY nor WAYLAND_DISPLAY is set)",
    };
    let can_open = if findings.window.works { "can open" } else { "cannot open" };
    text.push_str(&format!("\nWindow\n  {can_open}; display: {display}\n"));
    for library in &findings.window.missing_libraries {
        text.push_str(&format!("  {} was not found\n", library.file));
    }
    text.push_str(match findings.file_dialogs.by {
        Some(Dialogs::Portal) => "\nFile dialogs\n  through the desktop portal\n",
        Some(Dialogs::Zenity) => "\nFile dialogs\n  through zenity\n",
        Some(Dialogs::Native) => "\nFile dialogs\n  the system's\n",
        None => "\nFile dialogs\n  none\n",
    });
    if !findings.advice.is_empty() {
        text.push_str("\nWhat to do\n");
        findings.advice.iter().for_each(|line| text.push_str(&format!("  - {line}\n")));
    }
    text
}
