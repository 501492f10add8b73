//! How a thread that computes competes with the window's for a processor.

/// Which thread goes first where there are more of them than processors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Priority {
    /// As the system has it.
    #[default]
    Normal,
    /// After the window's: a frame does not wait until a trainer's time is up. On an otherwise idle machine it trains as fast.
    Background,
}

/// Added to the nice value of a thread in the background.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

impl Priority {
    /// Applies it to the calling thread. Elsewhere than on Linux threads have no nice value of their own, and nothing is done.
    pub fn apply(self) {
        #[cfg(target_os = "linux")]
        if self == Self::Background {
            // Without a process id it is the thread's (setpriority(2), "C library/kernel differences"). Nothing depends on its success.
            let _ = rustix::process::setpriority_process(None, NICE);
        }
    }
}
