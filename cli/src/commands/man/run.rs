//! `countersign man`: writes the pages.

use std::{fs, io, path::Path};

use super::{args::Arguments, page::page};
use crate::io::{error::CliError, escape::escape_path, exit_status::ExitStatus};

/// Writes a page for each command, `countersign-push.1` and so on.
pub(crate) fn run(arguments: &Arguments, command: clap::Command) -> Result<ExitStatus, CliError> {
    let folder = &arguments.folder;
    let written = fs::create_dir_all(folder).and_then(|()| {
        let mut command = command.disable_help_subcommand(true);
        command.build();
        write(command, folder)
    });
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

/// Writes the page of a command, and those of the commands below it.
fn write(command: clap::Command, folder: &Path) -> io::Result<()> {
    let shown = command
        .get_subcommands()
        .filter(|below| !below.is_hide_set());
    for below in shown {
        write(below.clone(), folder)?;
    }
    let page = page(command)?;
    fs::write(folder.join(page.file), page.roff)
}
