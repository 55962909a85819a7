//! The command line of `countersign ci-report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  countersign push --events events.jsonl; status=$?
  countersign ci-report events.jsonl --status $status --to annotations
  countersign ci-report events.jsonl --status $status --to markdown > summary.md
  countersign ci-report events.jsonl --status $status --to junit > report.xml

The script ci/push.sh does all of this (docs/with-ci.md).

Exit status:
  0  written, however the uploads ended
  2  the command line or the events cannot be used";

/// Write how uploads ended as a CI system shows it
///
/// Reads the events that `push`, `wait` and `rollback` write with `--events`. Asks neither AWS nor the
/// records.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file of events, a JSON document a line; - is standard input
    #[arg(value_name = "EVENTS.jsonl")]
    pub(super) events: PathBuf,
    /// The exit status of the command that wrote them
    #[arg(long, value_name = "NUMBER", default_value = "0")]
    pub(super) status: u8,
    /// The form
    #[arg(long, value_name = "FORM")]
    pub(super) to: Form,
}

/// A form that CI systems read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Commands of GitHub's runners, for standard output
    Annotations,
    /// For the summary of a job
    Markdown,
    /// `NAME=VALUE`, for the file that $`GITHUB_OUTPUT` names
    Outputs,
    /// `COUNTERSIGN_NAME=VALUE`, for reports of the kind `dotenv`
    Dotenv,
    /// `JUnit`'s XML, for test reports
    Junit,
}
