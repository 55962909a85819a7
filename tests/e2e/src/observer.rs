//! Who watches, and waiting in a way that can be watched and interrupted.

use std::{
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use crate::{error::HarnessError, pages::Page};

/// After how long something on the local AWS is taken to have failed: it all takes seconds.
pub const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(100);

/// Is told what goes on. Tests need none of it; `cargo xtask local` shows it to a person.
pub trait Observer: Sync {
    /// Called several times a second during anything slow. `Break` ends it with
    /// [`HarnessError::Interrupted`].
    fn working(&self, _what: &str, _detail: &str, _since: Instant) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    /// A step was observed to have happened.
    fn seen(&self, _step: &str, _detail: &str, _took: Duration) {}
    /// A page reached its subscriber.
    fn paged(&self, _page: &Page) {}
}

/// Looks away.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;
impl Observer for Nobody {}

/// What a look at the world gave.
#[derive(Debug)]
pub enum Poll<T> {
    /// It is there.
    Ready(T),
    /// Not yet; this is there instead.
    Pending(String),
}

/// Looks again and again until the thing is there, at most for `patience`.
pub fn wait_until<T>(
    observer: &dyn Observer,
    what: &str,
    patience: Duration,
    mut look: impl FnMut() -> Result<Poll<T>, HarnessError>,
) -> Result<T, HarnessError> {
    let since = Instant::now();
    loop {
        let seen = match look()? {
            Poll::Ready(thing) => return Ok(thing),
            Poll::Pending(seen) => seen,
        };
        if since.elapsed() > patience {
            return Err(HarnessError::TimedOut {
                what: what.to_owned(),
                seconds: patience.as_secs(),
                seen,
            });
        }
        if observer.working(what, &seen, since).is_break() {
            return Err(HarnessError::Interrupted);
        }
        thread::sleep(POLL);
    }
}
