//! `countersign doctor`: looks at the stack, probes it if that is asked for, prints, and says by its exit status how it stands.

use countersign_gate::client::doctor::{Diagnosis, DoctorWorld, diagnose};
use jiff::Timestamp;

use super::{
    args::Arguments,
    probe::{self, Prepared, Probed},
    report::Report,
    text,
};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Looks, prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    // Before a package goes through the gate: what is found has to have a place.
    let prepared = arguments.probe.then(|| Prepared::of(arguments));
    let prepared = prepared.transpose()?;
    let (diagnosis, probed) = ask("looking at the stack", look(arguments, prepared, now))?;
    let (probe, error) = match &probed {
        Some(Ok(probed)) => (Some(&probed.report), None),
        Some(Err(error)) => (None, Some(error)),
        None => (None, None),
    };
    let report = Report {
        diagnosis: &diagnosis,
        probe,
        error,
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report, arguments.fix_hint))?,
    }
    let unkept = probed.iter().flatten().flat_map(|probed| &probed.unkept);
    for error in unkept.chain(error) {
        output::print_error(error);
    }
    Ok(status(&report))
}

async fn look(
    arguments: &Arguments,
    prepared: Option<Prepared>,
    now: Timestamp,
) -> Result<(Diagnosis, Option<Result<Probed, CliError>>), CliError> {
    let session = Session::connect().await?;
    let (inspector, signer) = (session.stack_inspector(), &session.signer);
    let world = DoctorWorld {
        inspection: &inspector,
        lambda: &session.lambda,
        signer,
        region: session.region(),
        now,
    };
    let records = |bucket: &str| session.records_in(bucket);
    let stack = &arguments.stack.name;
    let diagnosed = diagnose(&world, stack, records).await;
    let (diagnosis, place) = diagnosed.map_err(|error| session.failed_stack_look(stack, &error))?;
    let Some(prepared) = prepared else {
        return Ok((diagnosis, None));
    };
    // The diagnosis is told, also where there is nothing to probe or the probe fails.
    let probed = match place {
        Some(place) => Box::pin(probe::run(&session, arguments, &place, prepared)).await,
        None => Err(CliError::new(
            "there is nothing to probe: the stack was not found, or its buckets are not known",
            "mend what fails, and run it again",
        )),
    };
    Ok((diagnosis, Some(probed)))
}

fn status(report: &Report<'_>) -> ExitStatus {
    let summary = report.diagnosis.summary;
    let (differs, unknown) = report.probe.map_or((0, 0), |probe| {
        (probe.summary.differs, probe.summary.unknown)
    });
    if report.error.is_some() {
        ExitStatus::Unusable
    } else if summary.failure > 0 || differs > 0 {
        ExitStatus::Rejected
    } else if summary.could_not_tell > 0 || unknown > 0 {
        ExitStatus::Inconclusive
    } else {
        ExitStatus::Success
    }
}
