//! How a long load tells how far it is, and hears that nobody wants it any more.

/// Watches a load from another thread, typically the window's.
pub trait LoadMonitor: Sync {
    /// The share of the work that is done, from 0 to 1.
    fn progress(&self, fraction: f32);

    /// Whether the load should stop; asked every few milliseconds.
    fn is_cancelled(&self) -> bool;
}

/// Neither reports nor cancels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmonitored;

impl LoadMonitor for Unmonitored {
    fn progress(&self, _fraction: f32) {}

    fn is_cancelled(&self) -> bool {
        false
    }
}
