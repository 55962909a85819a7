//! Placeholder until the crate exists.

#[cfg(feature = "runtime-api")]
pub mod http;
#[cfg(feature = "runtime-api")]
pub mod runtime_api;
