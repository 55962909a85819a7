//! `countersign doctor`: looks at the stack, probes it if that is asked for, prints, and says by its exit status how it stands.

use countersign_gate::{
    client::doctor::{Diagnosis, DoctorWorld, StackPlace, diagnose},
    deployment::ALIAS_TAG,
};
use jiff::Timestamp;

use super::{
    args::Arguments,
    probe::{self, Probed},
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
    let (diagnosis, probed) = ask("looking at the stack", look(arguments, now))?;
    if let Some(Probed {
        unkept: Some(error),
        ..
    }) = &probed
    {
        output::print_error(error);
    }
    let report = Report {
        diagnosis: &diagnosis,
        probe: probed.as_ref().map(|probed| &probed.report),
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&text::render(&report, arguments.fix_hint))?,
    }
    Ok(status(&report))
}

async fn look(
    arguments: &Arguments,
    now: Timestamp,
) -> Result<(Diagnosis, Option<Probed>), CliError> {
    let session = Session::connect("", "").await?;
    let (inspector, signer) = (session.stack_inspector(), session.signer());
    let world = DoctorWorld {
        inspection: &inspector,
        lambda: &session.lambda,
        signer: &signer,
        alias_tag: ALIAS_TAG,
        region: session.region(),
        now,
    };
    let records = |bucket: &str| session.records_in(bucket);
    let stack = &arguments.stack.name;
    let diagnosed = diagnose(&world, stack, records).await;
    let (diagnosis, place) = diagnosed.map_err(|error| session.failed_stack_look(stack, &error))?;
    if !arguments.probe {
        return Ok((diagnosis, None));
    }
    let place: StackPlace = place.ok_or_else(|| {
        CliError::new(
            "there is nothing to probe: the stack was not found, or its buckets are not known",
            "run it without --probe, and mend what fails",
        )
    })?;
    let probed = Box::pin(probe::run(&session, arguments, &place)).await?;
    Ok((diagnosis, Some(probed)))
}

fn status(report: &Report<'_>) -> ExitStatus {
    let summary = report.diagnosis.summary;
    let (differs, unknown) = report.probe.map_or((0, 0), |probe| {
        (probe.summary.differs, probe.summary.unknown)
    });
    if summary.failure > 0 || differs > 0 {
        ExitStatus::Rejected
    } else if summary.could_not_tell > 0 || unknown > 0 {
        ExitStatus::Inconclusive
    } else {
        ExitStatus::Success
    }
}
