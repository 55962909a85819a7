//! Whether a package can start as the function that it is for: from the zip and the function's
//! configuration alone.
//!
//! Where the configuration has a wrapper, or code may lie in a layer, nothing is said of what is missing: a warning that
//! is wrong once is not read the second time. What was not looked at is told as such. How each runtime finds its handler
//! is documented by AWS (Lambda developer guide, "handler" of each language; grade B).
//!
//! Lives here: the order of what is looked for, with layers, modes and sizes (`start_faults.rs`), the handler's file
//! of each runtime (`entry_point.rs`), handlers that are refused unseen (`handler_form.rs`), the program of a custom one
//! (`bootstrap.rs`), modules of the runtime's own that a handler names (`own_modules.rs`), libraries that were built for another
//! processor, system or C library (`native_libraries.rs`, `library_place.rs`), but for those that nothing on Linux loads
//! (`other_systems.rs`), or another version of Python (`python_version.rs`), what was not looked at (`not_judged.rs`), and what all of them use (`fault.rs`, `processor.rs`,
//! `runtime.rs`).
//!
//! May use: what the room `verdict` may, and its facts about the start.
//!
//! Data passes through like this: `StartFacts` of the package and `FunctionConfiguration`; [`start_faults`] asks each file in turn; what is
//! wrong is a `StartFault`, and what was not looked at a `NotJudged`.

mod bootstrap;
mod entry_point;
mod fault;
mod handler_form;
mod library_place;
mod native_libraries;
mod not_judged;
mod other_systems;
mod own_modules;
mod processor;
mod python_version;
mod runtime;
mod start_faults;

pub use fault::StartFault;
pub use not_judged::{NotJudged, not_judged};
pub use start_faults::{start_faults, untrusted_layers};
