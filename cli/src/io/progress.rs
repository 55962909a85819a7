//! A line on the terminal that says what is waited for, while it is waited for.

use std::{
    io::{IsTerminal as _, Write as _},
    panic,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use crate::io::{
    escape::escape,
    style::{DIM, style},
};

/// After this long, a person wants to know what is waited for. The line is renewed as often.
pub(crate) const PROGRESS_AFTER: Duration = Duration::from_secs(1);

/// Goes back to the start of the line and empties it.
pub(crate) const CLEAR_LINE: &str = "\r\x1b[K";

/// Such a line, on standard error. Where that is no terminal, nothing is written.
pub(crate) struct ProgressLine {
    is_live: bool,
}

impl ProgressLine {
    pub(crate) fn new() -> Self {
        Self {
            is_live: std::io::stderr().is_terminal(),
        }
    }

    /// Says what is waited for, and since when, in place of what the line said.
    pub(crate) fn show(&self, what: &str, since: Duration) {
        let since = style(DIM, format_args!("{} s", since.as_secs()));
        self.write(&format!("{CLEAR_LINE}{} {since}", escape(what)));
    }

    /// Takes the line away.
    pub(crate) fn clear(&self) {
        self.write(CLEAR_LINE);
    }

    fn write(&self, text: &str) {
        if self.is_live {
            let mut err = anstream::stderr().lock();
            // Progress that nobody can see is no reason to stop.
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        }
    }
}

/// Does work that has no pauses, in a thread of its own: after a second, a line on the terminal says how far it has come.
pub(crate) fn while_working<T: Send>(
    what: impl Fn() -> String,
    work: impl FnOnce() -> T + Send,
) -> T {
    let (at_work, ended) = mpsc::channel::<()>();
    let ended = thread::scope(|scope| {
        let working = scope.spawn(move || {
            let done = work();
            // Work that panics drops it, too.
            drop(at_work);
            done
        });
        let line = ProgressLine::new();
        let mut since = Duration::ZERO;
        while ended.recv_timeout(PROGRESS_AFTER) == Err(RecvTimeoutError::Timeout) {
            since = since.saturating_add(PROGRESS_AFTER);
            line.show(&what(), since);
        }
        if !since.is_zero() {
            line.clear();
        }
        working.join()
    });
    ended.unwrap_or_else(|panicked| panic::resume_unwind(panicked))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn work_is_told_once_it_takes_longer_than_a_second() {
        let told = AtomicUsize::new(0);
        let tell = || {
            told.fetch_add(1, Ordering::Relaxed);
            "working".to_owned()
        };
        assert_eq!(while_working(tell, || 7), 7);
        assert_eq!(told.load(Ordering::Relaxed), 0);
        let long = || thread::sleep(PROGRESS_AFTER.saturating_mul(2));
        while_working(tell, long);
        assert!(told.load(Ordering::Relaxed) >= 1);
    }
}
