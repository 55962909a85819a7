//! Ctrl-C and SIGTERM as a thing to ask for, so that whoever is at work can put everything away.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Whether somebody wants this to end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens from now on. Where no handler can be set, a signal ends the process as it always
    /// did; the guards of what was started notice that too.
    pub(crate) fn on_signals() -> Self {
        let stop = Self::default();
        let flag = stop.clone();
        drop(ctrlc::set_handler(move || {
            flag.0.store(true, Ordering::Relaxed);
        }));
        stop
    }

    /// Whether a signal came.
    pub(crate) fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
