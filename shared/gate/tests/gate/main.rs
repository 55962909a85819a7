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
mod applied;
mod approvals;
mod architectures;
#[expect(
    dead_code,
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the tests of `countersign-attest` use the rest of it, and have these, too"
)]
#[path = "../../../attest/tests/attest/forge.rs"]
mod attest_forge;
mod documents;
mod exceptions_told;
mod faults;
mod happy_path;
mod managed_instances;
mod model;
mod order;
mod page_contents;
mod page_samples;
mod pages;
mod pages_detections;
mod parameters;
mod patience;
mod people;
mod plot;
mod probe;
mod provenance;
mod pruning;
mod refusals;
mod roles;
mod rollback;
mod scale;
mod scale_plots;
mod startable;
mod storage_mode;
mod summaries;
mod sweep;
mod sweep_trust;
mod told_once;
mod unknown_values;
mod verdicts;
mod world;
