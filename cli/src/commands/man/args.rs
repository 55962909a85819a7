//! The command line of `countersign man`.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  countersign man ~/.local/share/man/man1
  man countersign-push

Exit status: 0 they were written; 2 the folder cannot be used.";

/// Write manual pages, one for each command, into a folder
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder, which is made if it is not there
    #[arg(value_name = "FOLDER")]
    pub(super) folder: PathBuf,
}
