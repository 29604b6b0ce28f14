//! Progress on standard error, for runs that take long on a terminal.

use std::{
    io::{IsTerminal, Write},
    sync::{Arc, Condvar, Mutex, PoisonError, atomic::Ordering},
    thread::JoinHandle,
    time::Duration,
};

use crate::repo::Progress;

/// Shows how many files were read, from 200 ms on, until it is dropped.
pub(super) struct Ticker {
    stop: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    /// Starts showing `progress`, if standard error is a terminal and `quiet` isn't set.
    pub(super) fn start(progress: &Arc<Progress>, quiet: bool) -> Self {
        let stop = Arc::new((Mutex::new(false), Condvar::new()));
        let thread = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let (progress, stop) = (Arc::clone(progress), Arc::clone(&stop));
            std::thread::spawn(move || show(&progress, &stop))
        });
        Self { stop, thread }
    }
}

fn show(progress: &Progress, (stop, changed): &(Mutex<bool>, Condvar)) {
    let mut shown = false;
    let mut stopped = stop.lock().unwrap_or_else(PoisonError::into_inner);
    while !*stopped {
        let (guard, timeout) = changed
            .wait_timeout(stopped, Duration::from_millis(200))
            .unwrap_or_else(PoisonError::into_inner);
        stopped = guard;
        if timeout.timed_out() && !*stopped {
            let (done, total) =
                (progress.done.load(Ordering::Relaxed), progress.total.load(Ordering::Relaxed));
            let _ = write!(std::io::stderr(), "\r\u{1b}[Kreading {done}/{total} files");
            shown = true;
        }
    }
    if shown {
        let _ = write!(std::io::stderr(), "\r\u{1b}[K");
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        let (stop, changed) = &*self.stop;
        *stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
