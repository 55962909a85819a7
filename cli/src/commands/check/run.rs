//! `countersign check`: what the gate would say of an unsigned package before it has it signed.

use countersign_gate::verdict::{check_signable, check_size, start_faults};
use countersign_package::{Limits, Package};

use super::{
    args::Arguments,
    configuration::launch_settings,
    report::{Refusal, Report},
};
use crate::io::{
    error::CliError,
    exit_status::ExitStatus,
    input,
    output::{self, Format},
};

/// Reads, checks, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let launch = launch_settings(arguments)?;
    let bytes = input::read(&arguments.package, "the package")?;
    let limits = Limits::default();
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let refusal = check_size(size, &limits)
        .and_then(|()| check_signable(&bytes, &limits))
        .err()
        .map(|error| Refusal {
            code: error.code,
            message: error.message,
            fix: error.code.about().fix,
        });
    // What cannot be read has been refused, with its reason.
    let package = Package::read(&bytes, &limits).ok();
    let package = package.as_ref();
    let report = Report {
        is_signable: refusal.is_none(),
        refusal,
        start_faults: package.map_or_else(Vec::new, |package| start_faults(package, &launch)),
        warnings: package.map_or_else(Vec::new, |package| {
            let warnings = package.warnings().iter();
            warnings.map(ToString::to_string).collect()
        }),
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&report.render(&arguments.package))?,
    }
    Ok(
        if !report.is_signable || (arguments.strict && report.has_warnings()) {
            ExitStatus::Rejected
        } else {
            ExitStatus::Success
        },
    )
}
