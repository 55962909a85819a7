//! The harness of the end-to-end tests and of `cargo xtask local`: a local AWS on loopback with IAM
//! enforced, the real template deployed to it by SAM with the real binaries, and people who use it.
//!
//! Top down: the [`demo`] uses a [`local_stack`], which is deployed to a [`cloud`] that is started
//! with the checkout's own [`tools`]. Everything that is started here ends with the value that
//! stands for it.

pub mod cloud;
pub mod demo;
mod environment;
pub mod error;
pub mod local_stack;
pub mod observer;
pub mod packages;
pub mod pages;
pub mod process;
pub mod session;
pub mod tools;

pub use error::HarnessError;
