//! `cargo xtask bench promise`: as many schedules of the gate's model as one likes.

use std::{error::Error, ffi::OsString, path::Path, process::Command};

use clap::Parser;

use crate::test::cargo;

/// The test that runs them.
const TEST: &str = "model::promise_holds_for_as_many_schedules_as_one_likes";

/// Runs schedules of the gate's model, tells the story of each that fails, and keeps its number in
/// `shared/gate/tests/gate/model/seeds.txt`, which the suite replays.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench promise --")]
struct Options {
    /// How many. On two cores some 330 end in a second: a million take about 50 minutes, ten million a night of 8 hours and a half.
    #[arg(long, default_value_t = 1_000_000)]
    schedules: u64,
    /// The number of the first. The suite runs those from 0 to 99,999.
    #[arg(long, default_value_t = 0)]
    from: u64,
}

/// Runs the schedules; whether the promise held in all of them.
pub(crate) fn run(root: &Path, options: &[OsString]) -> Result<bool, Box<dyn Error>> {
    let name = OsString::from("promise");
    let options = Options::parse_from([&name].into_iter().chain(options));
    let status = Command::new(cargo())
        .args(["test", "--locked", "--package", "countersign-gate"])
        // Only this crate's own optimisation differs from that of the suite, so its dependencies are there.
        .args(["--config", "profile.dev.package.countersign-gate.opt-level=3"])
        .args(["--test", "gate", "--", "--ignored", "--exact", "--nocapture"])
        .arg(TEST)
        .env("COUNTERSIGN_MODEL_SCHEDULES", options.schedules.to_string())
        .env("COUNTERSIGN_MODEL_FROM", options.from.to_string())
        .env("RUST_BACKTRACE", "0")
        .current_dir(root)
        .status()?;
    Ok(status.success())
}
