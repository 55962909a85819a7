//! What a person sees: a line a step with its duration, and a moving line below while it is slow.

use std::{
    error::Error,
    io::{IsTerminal, Write, stderr, stdout},
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use countersign_e2e::{observer::Observer, pages::Page, process};

use crate::stop::Stop;

/// Columns of a line that moves; longer ones are cut, because what wraps cannot be taken back.
const MAX_LINE_COLUMNS: usize = 100;
/// Without a terminal, a sign of life this often.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(20);
const CLEAR_LINE: &str = "\r\x1b[K";

/// Standard output for results, standard error for progress.
#[derive(Debug)]
pub(crate) struct Terminal {
    stop: Stop,
    moving: bool,
    last_sign: Mutex<Option<Instant>>,
}

impl Terminal {
    /// The process's own.
    pub(crate) fn new(stop: Stop) -> Self {
        Self {
            stop,
            moving: stderr().is_terminal(),
            last_sign: Mutex::default(),
        }
    }

    /// Whether somebody pressed Ctrl-C.
    pub(crate) fn stop_asked(&self) -> bool {
        self.stop.asked()
    }

    /// A line of results.
    pub(crate) fn line(&self, text: &str) {
        self.clear();
        // A reader that went away is no reason to leave things running.
        drop(writeln!(stdout(), "{text}"));
    }

    /// A heading, with an empty line above.
    pub(crate) fn heading(&self, text: &str) {
        self.line(&format!("\n{text}"));
    }

    /// A step that was done.
    pub(crate) fn step(&self, name: &str, detail: &str, took: Duration) {
        let took = process::duration(took);
        self.line(&format!("  ok  {name:<13} {took:>8}  {detail}"));
    }

    /// An error with all its causes.
    pub(crate) fn error(&self, error: &dyn Error) {
        self.clear();
        let mut text = vec![format!("error: {error}")];
        let mut cause = error.source();
        while let Some(source) = cause {
            text.push(source.to_string());
            cause = source.source();
        }
        drop(writeln!(stderr(), "{}", text.join(": ")));
    }

    fn clear(&self) {
        if self.moving {
            drop(write!(stderr(), "{CLEAR_LINE}"));
        }
    }

    fn sign_of_life(&self, text: &str, since: Instant) {
        let mut last = self
            .last_sign
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let begun = last.filter(|last| *last > since).unwrap_or(since);
        if begun.elapsed() > PROGRESS_INTERVAL {
            *last = Some(Instant::now());
            drop(writeln!(stderr(), "{text}"));
        }
    }
}

impl Observer for Terminal {
    fn working(&self, what: &str, detail: &str, since: Instant) -> ControlFlow<()> {
        let text = format!("  ..  {what}, {}: {detail}", process::elapsed(since));
        let text: String = text.chars().take(MAX_LINE_COLUMNS).collect();
        if self.moving {
            drop(write!(stderr(), "{CLEAR_LINE}{text}"));
        } else {
            self.sign_of_life(&text, since);
        }
        if self.stop.asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    fn seen(&self, step: &str, detail: &str, took: Duration) {
        self.step(step, detail, took);
    }

    fn paged(&self, page: &Page) {
        for line in page.lines() {
            self.line(&format!("      | {line}"));
        }
    }
}

/// Observes what runs beside something else: says nothing, and ends it once nobody waits for it.
pub(crate) struct Background<'a> {
    /// Where somebody may ask to stop.
    pub(crate) terminal: &'a Terminal,
    /// Whether nobody waits any more.
    pub(crate) given_up: &'a AtomicBool,
}

impl Observer for Background<'_> {
    fn working(&self, _what: &str, _detail: &str, _since: Instant) -> ControlFlow<()> {
        if self.given_up.load(Ordering::Relaxed) || self.terminal.stop_asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}
