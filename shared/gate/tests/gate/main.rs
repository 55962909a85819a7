//! The gate over a small AWS in memory. One binary, so that the world is compiled once.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a fault in the world should stop the test that uses it, at once and loudly"
)]

mod aliases;
mod documents;
mod ends;
mod model;
mod pages;
mod straight;
mod verdicts;
mod world;
