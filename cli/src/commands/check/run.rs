//! `countersign check`: what the gate would say of an unsigned package before it has it signed.

use super::{args::Arguments, configuration::known_function, report::Report, survey};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
};

/// Reads, checks, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let function = known_function(arguments)?;
    let is_bad =
        |report: &Report| !report.is_signable || (arguments.strict && report.has_warnings());
    let is_any_bad = match arguments.packages.as_slice() {
        [package] if !package.is_dir() => {
            let bytes = input::read(package, "the package")?;
            let report = Report::of(&bytes, &function);
            match arguments.format {
                Format::Json => output::print_json(&report)?,
                Format::Text => output::print(&report.render(package))?,
            }
            is_bad(&report)
        }
        paths => {
            let survey = survey::of(paths, &function)?;
            match arguments.format {
                Format::Json => output::print_json(&survey)?,
                Format::Text => output::print(&survey.render())?,
            }
            survey.packages.iter().any(|row| is_bad(&row.report))
        }
    };
    Ok(if is_any_bad {
        ExitStatus::Rejected
    } else {
        ExitStatus::Success
    })
}
