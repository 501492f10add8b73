//! How a thread that computes competes with the window's for a processor.

use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

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

/// A frame that takes longer no longer has the right of way: whoever forgets to give it back does not stop the training.
const LONGEST_FRAME: Duration = Duration::from_millis(20);
/// How long a thread that gives way sleeps before it looks again.
const LOOK_AGAIN_AFTER: Duration = Duration::from_micros(500);

/// Says that the window is busy with a frame, and on which processor. A thread that [`respect`](Self::respect)s it and finds itself on that
/// processor has taken it in the middle of the frame, and leaves it alone until the frame is laid out. (Where the window's thread has been moved
/// since the frame began, nobody gives way.) Priorities do not prevent that: a
/// scheduler that shares time out fairly takes the processor from a thread of any priority once its slice is over (1.4 ms of Linux's EEVDF), and
/// gives it back at a later tick (4 ms at 250 Hz).
#[derive(Clone, Debug)]
pub struct RightOfWay {
    origin: Instant,
    longest: Duration,
    /// Microseconds after the origin; 0 while nobody has it.
    until: Arc<AtomicU64>,
    processor: Arc<AtomicUsize>,
}

thread_local! {
    static RESPECTED: OnceCell<RightOfWay> = const { OnceCell::new() };
}

impl Default for RightOfWay {
    fn default() -> Self {
        Self::lasting(LONGEST_FRAME)
    }
}

impl RightOfWay {
    fn lasting(longest: Duration) -> Self {
        Self { origin: Instant::now(), longest, until: Arc::default(), processor: Arc::default() }
    }

    /// The window's thread begins a frame, or goes on with it.
    pub fn take(&self) {
        let Some(processor) = processor() else { return };
        self.processor.store(processor, Ordering::Relaxed);
        let until = self.origin.elapsed() + self.longest;
        self.until.store(until.as_micros() as u64, Ordering::Relaxed);
    }

    /// The window has laid out a frame.
    pub fn give_back(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// From now on the calling thread gives way.
    pub fn respect(self) {
        RESPECTED.with(|respected| {
            // A thread has one window.
            let _ = respected.set(self);
        });
    }

    /// Whether it is taken by another thread, on the processor that the calling thread runs on.
    fn is_in_the_way(&self) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != 0
            && processor() == Some(self.processor.load(Ordering::Relaxed))
            && self.origin.elapsed().as_micros() < u128::from(until)
    }
}

/// Number of the processor that the calling thread runs on; `None` where the system does not say, and nobody gives way.
fn processor() -> Option<usize> {
    #[cfg(target_os = "linux")]
    return Some(rustix::thread::sched_getcpu());
    #[cfg(not(target_os = "linux"))]
    None
}

/// Waits while the calling thread is in the way of the window that it respects. Called between the operations of training steps and
/// measures, many of which take longer than a frame may.
pub fn give_way() {
    RESPECTED.with(|respected| {
        while respected.get().is_some_and(RightOfWay::is_in_the_way) {
            std::thread::sleep(LOOK_AGAIN_AFTER);
        }
    });
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use rustix::thread::{CpuSet, sched_getcpu, sched_setaffinity};
    use std::sync::{Mutex, mpsc};

    /// Keeps the calling thread, and those that it starts, where it is.
    /// (A test has a thread of its own, unless there is one for all.)
    fn stay() -> rustix::io::Result<()> {
        let mut here = CpuSet::new();
        here.set(sched_getcpu());
        sched_setaffinity(None, &here)
    }

    fn endless() -> RightOfWay {
        RightOfWay::lasting(Duration::from_secs(3600))
    }

    #[test]
    fn a_thread_on_the_windows_processor_waits_for_the_end_of_the_frame() {
        stay().unwrap();
        let right_of_way = endless();
        let order = Mutex::new(Vec::new());
        right_of_way.take();
        std::thread::scope(|scope| {
            let (begun, has_begun) = mpsc::channel();
            let (respected, order) = (right_of_way.clone(), &order);
            scope.spawn(move || {
                respected.respect();
                begun.send(()).unwrap();
                give_way();
                order.lock().unwrap().push("trainer");
            });
            has_begun.recv().unwrap();
            // The window's own thread respects nobody.
            give_way();
            order.lock().unwrap().push("window");
            right_of_way.give_back();
        });
        assert_eq!(*order.lock().unwrap(), ["window", "trainer"]);
    }

    #[test]
    fn a_thread_on_another_processor_goes_on() {
        stay().unwrap();
        let right_of_way = endless();
        right_of_way.take();
        assert!(right_of_way.is_in_the_way());
        right_of_way.processor.fetch_add(1, Ordering::Relaxed);
        assert!(!right_of_way.is_in_the_way());
    }

    #[test]
    fn what_is_not_given_back_ends_by_itself() {
        stay().unwrap();
        let right_of_way = RightOfWay::lasting(Duration::ZERO);
        right_of_way.take();
        assert!(!right_of_way.is_in_the_way());
    }
}
