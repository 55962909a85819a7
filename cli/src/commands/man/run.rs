//! `countersign man`: writes the pages.

use std::fs;

use super::args::Arguments;
use crate::io::{error::CliError, escape::escape_path, exit_status::ExitStatus};

/// Writes a page for each command, `countersign-push.1` and so on.
pub(crate) fn run(arguments: &Arguments, command: clap::Command) -> Result<ExitStatus, CliError> {
    let folder = &arguments.folder;
    let written =
        fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(command, folder));
    written.map_err(|error| {
        CliError::new(
            format!(
                "cannot write manual pages into {}: {error}",
                escape_path(folder)
            ),
            "give a folder that you may write to",
        )
    })?;
    Ok(ExitStatus::Success)
}
