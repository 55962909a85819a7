//! `countersign check`: what the gate would say of an unsigned package before it has it signed.

use std::{
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    args::Arguments,
    configuration::known_function,
    report::Report,
    subject::{Subject, subjects},
    survey,
};
use crate::io::{
    count::counted,
    error::CliError,
    exit_status::ExitStatus,
    input::{is_standard_input, one_standard_input},
    output::{self, Format},
    progress::while_working,
};

/// Reads, checks, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    // Before AWS is asked: what is wrong with the arguments is wrong with any function.
    let paths = arguments.packages.iter().chain(&arguments.configuration);
    one_standard_input(paths.map(PathBuf::as_path))?;
    let subjects = look_for_packages(arguments)?;
    let function = known_function(arguments)?;
    let is_bad = |report: &Report| {
        !report.is_signable
            || (arguments.strict && (report.has_warnings() || report.wants_options()))
    };
    let is_one_file = matches!(arguments.packages.as_slice(),
        [path] if is_standard_input(path) || !path.is_dir());
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
            let (all, count) = (subjects.len(), AtomicUsize::new(0));
            let survey = while_working(
                || {
                    format!(
                        "checked {} of {all} packages",
                        count.load(Ordering::Relaxed)
                    )
                },
                || survey::of(subjects, &function, &count),
            )?;
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

fn look_for_packages(arguments: &Arguments) -> Result<Vec<Subject>, CliError> {
    let count = AtomicUsize::new(0);
    while_working(
        || {
            let found = counted(count.load(Ordering::Relaxed), "package");
            format!("looking for packages, {found} found")
        },
        || subjects(&arguments.packages, &count),
    )
}
