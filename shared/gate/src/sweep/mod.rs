//! The use case of `sweep`: finds from state alone what no event told.
//!
//! Lives here: `sweep.rs` (the entry: walks through the uploads bucket), `unfinished.rs` (an upload that
//! does not come to its end gets its event again), `what_runs.rs` (a target against its records),
//! `last_deployment.rs` (which deployment that is, by its records), `current_package.rs` (the package that it can be created from),
//! `judged_signatures.rs` (whether what runs is still signed well), `referenced_package.rs` (whether what Lambda reads from the signed bucket stays), `configuration.rs` (a function's configuration, layers and CSC against those), `account.rs` (what is told of
//! the account as a whole), `freezes.rs` (whether deployments are frozen), `daily_probe.rs` (whether Signer still writes what is known), `signatures.rs` (what Signer says, asked once in a run), `drift.rs` (what is found
//! is told once, and once more when it is gone), `inventory.rs` (all functions of the account), `rate_limits.rs`
//! (how fast is read), `report.rs` (what an attempt did), `settings.rs`.
//!
//! May use: `domain`, `verdict`, `events`, `ports`, `records`, `outcome`, `probe`.
//!
//! Data passes through like this: a page of `ListObjectVersions`, the versions of one key; for each that
//! has no outcome the event that was lost, back to its queue; for the target what Lambda says beside
//! `live.json`; the difference as a drift document, then its event; at the end `posture.json`.
//!
//! Nothing here changes a function, a layer or an upload: what was lost is sent again to those who do. The daily probe
//! uploads, for a function that is not there.

mod account;
mod configuration;
mod current_package;
mod daily_probe;
mod drift;
mod freezes;
mod inventory;
mod judged_signatures;
mod last_deployment;
mod rate_limits;
mod referenced_package;
mod report;
mod settings;
mod signatures;
#[expect(
    clippy::module_inception,
    reason = "the entry is called as its room is"
)]
mod sweep;
mod unfinished;
mod what_runs;

pub use report::{SweepReport, SweepStopped, SweepTotals};
pub use settings::{DailyProbeSettings, SweepSettings, SweepWorld};
pub use sweep::sweep;
