//! Options of the commands that follow uploads.

use std::{path::PathBuf, time::Duration};

use clap::Args;

use crate::io::{arguments::parse_duration, output::Format};

/// What is common to all of them.
#[derive(Args)]
pub(crate) struct FollowOptions {
    /// Wait at most this long for the outcome, such as 90s, 15m or 1h
    #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = parse_duration)]
    pub(crate) timeout: Duration,
    /// How to print; JSON is a line for each event
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Write the events to this file, too, as JSON lines: for `ci-report`, or for a log
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
}
