//! `countersign check`: what the gate would say of an unsigned package before it has it signed.

use super::{
    args::Arguments, configuration::known_function, report::Report, subject::subjects, survey,
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    output::{self, Format},
};

/// Reads, checks, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    // Before AWS is asked: what is wrong with the arguments is wrong with any function.
    let subjects = subjects(&arguments.packages)?;
    let function = known_function(arguments)?;
    let is_bad = |report: &Report| {
        !report.is_signable
            || (arguments.strict && (report.has_warnings() || report.wants_options()))
    };
    let is_one_file = matches!(arguments.packages.as_slice(), [path] if !path.is_dir());
    let is_any_bad = match subjects.as_slice() {
        [package] if is_one_file => {
            let report = Report::of(&package.read()?, &function, package.is_layer);
            match arguments.format {
                Format::Json => output::print_json(&report)?,
                Format::Text => output::print(&report.render(&package.shown))?,
            }
            is_bad(&report)
        }
        _ => {
            let survey = survey::of(subjects, &function)?;
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
