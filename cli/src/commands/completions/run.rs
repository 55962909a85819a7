//! `countersign completions`: prints the script.

use clap_complete::{Shell, generate};

use super::args::Arguments;
use crate::io::{error::CliError, exit_status::ExitStatus, output};

/// Makes the script of the whole command line.
pub(crate) fn run(
    arguments: &Arguments,
    mut command: clap::Command,
) -> Result<ExitStatus, CliError> {
    let mut script = Vec::new();
    let name = command.get_name().to_owned();
    generate(
        Shell::from(arguments.shell),
        &mut command,
        name,
        &mut script,
    );
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Success)
}
