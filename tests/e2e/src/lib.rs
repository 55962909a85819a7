//! Placeholder until the crate exists.
