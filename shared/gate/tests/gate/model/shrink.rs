//! The shortest story that ends as a schedule did that failed: steps are left out for as long as it does.

use std::{
    any::Any,
    cell::Cell,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::Once,
};

use super::schedule::{Schedule, StepStart, Told};
use crate::world::Mistake;

/// A schedule that failed, by all of its steps or by some.
pub(super) struct Failure {
    seed: u64,
    mistake: Option<Mistake>,
    /// Those that were run; the last is the rest.
    pub(super) steps: Vec<StepStart>,
    /// What was complained of.
    pub(super) text: String,
}

impl Failure {
    /// Runs a schedule; answers how many uploads were deployed, unless it fails.
    pub(super) fn or_deployed(seed: u64, mistake: Option<Mistake>) -> Result<u64, Self> {
        let mut told = Told::default();
        let end = quietly(|| Schedule::run(seed, false, mistake, &mut told).check());
        end.map_err(|text| {
            let mut steps = told.steps;
            if !told.is_at_rest {
                // The step in which it failed, and then the rest.
                steps.extend(steps.last().cloned());
            }
            Self {
                seed,
                mistake,
                steps,
                text,
            }
        })
    }

    /// Whether it ends the same way with these steps.
    pub(super) fn happens_with(&self, steps: &[StepStart]) -> bool {
        let mut told = Told::default();
        let Self { seed, mistake, .. } = *self;
        let end = quietly(|| Schedule::run_only(seed, false, mistake, steps, &mut told).check());
        end.is_err_and(|text| kind_of(&text) == kind_of(&self.text))
    }

    /// What happens in it.
    pub(super) fn story(&self) -> Vec<String> {
        let mut told = Told::default();
        let Self { seed, mistake, .. } = *self;
        let _end =
            quietly(|| Schedule::run_only(seed, true, mistake, &self.steps, &mut told).check());
        // A failed assertion inside the world leaves its lock poisoned.
        let trace = told.world.map(|world| world.lock_anyway().trace.clone());
        trace.unwrap_or_default()
    }
}

/// Leaves out steps, many at a time and then one by one, until each that is left is needed. A schedule that failed
/// in a step, and not at rest, rests from there.
pub(super) fn shortest(mut failure: Failure) -> Failure {
    // It may have failed before its first step.
    if failure.steps.len() < 2 || !failure.happens_with(&failure.steps) {
        return failure;
    }
    let mut most = failure.steps.len() / 2;
    loop {
        most = most.max(1);
        let mut at = 0;
        let mut is_shorter = false;
        // The last one is the rest.
        while at + 1 < failure.steps.len() {
            let end = (at + most).min(failure.steps.len() - 1);
            let mut fewer = failure.steps.clone();
            fewer.drain(at..end);
            if failure.happens_with(&fewer) {
                failure.steps = fewer;
                is_shorter = true;
            } else {
                at = end;
            }
        }
        if most == 1 && !is_shorter {
            return failure;
        }
        most /= 2;
    }
}

/// What is complained of, whichever upload it is about.
fn kind_of(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    first.chars().filter(|it| !it.is_ascii_digit()).collect()
}

thread_local! {
    static IS_QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Runs what may panic, without its words on the terminal: there may be thousands.
fn quietly<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IS_QUIET.get() {
                loud(info);
            }
        }));
    });
    IS_QUIET.set(true);
    let end = catch_unwind(AssertUnwindSafe(run));
    IS_QUIET.set(false);
    end.map_err(|panic| text_of(panic.as_ref()).to_owned())
}

fn text_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panics without a text")
}
