//! `countersign audit`: the posture out of the records, judged and printed.

use std::collections::BTreeSet;

use countersign_gate::{
    client::audit::{Audit, Impact, SweepSnapshot, TrendPoint, audit, read_swept, read_trend},
    ports::{AccessPolicies as _, PortError, Principal, error_chain},
    records::RecordError,
};
use jiff::Timestamp;

use super::{
    args::{Arguments, AuditCommand, AuditFormat, ImpactArguments},
    asff, csv, html, impact, ocsf,
    place::place,
    sarif, text,
};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

/// Reads, judges, prints.
pub(crate) fn run(arguments: &Arguments, now: Timestamp) -> Result<ExitStatus, CliError> {
    if let Some(AuditCommand::Impact(question)) = &arguments.question {
        return tell_impact(arguments, question, now);
    }
    let Some(swept) = read(arguments.records_bucket.name()?)? else {
        return Ok(no_sweep());
    };
    let trusted: BTreeSet<String> = arguments.trusted_account.iter().cloned().collect();
    let principals = principals(arguments)?;
    let mut audit = audit(&swept, &trusted, &principals, now);
    audit.trend = trend(arguments, now)?;
    match arguments.format {
        AuditFormat::Text => output::print(&text::render(&audit, now))?,
        AuditFormat::Json => output::print_json(&audit)?,
        AuditFormat::Csv => output::print(&csv::render(&audit))?,
        AuditFormat::Sarif => output::print_json(&sarif::log(&audit))?,
        AuditFormat::Ocsf => output::print_json(&ocsf::list(&audit, &place(&audit)?))?,
        AuditFormat::Asff => output::print_json(&asff::list(&audit, &place(&audit)?))?,
        AuditFormat::Html => output::print(&html::render(&audit))?,
    }
    Ok(status(&audit))
}

fn tell_impact(
    arguments: &Arguments,
    question: &ImpactArguments,
    now: Timestamp,
) -> Result<ExitStatus, CliError> {
    // The bucket may stand before the word impact, too.
    let bucket = question.records_bucket.name();
    let bucket = bucket.or_else(|_| arguments.records_bucket.name())?;
    let Some(swept) = read(bucket)? else {
        return Ok(no_sweep());
    };
    let impact = Impact::of(&question.signer, &swept.posture);
    let audit = audit(&swept, &BTreeSet::new(), &[], now);
    let report = impact::Report::new(&audit, impact);
    match question.format {
        Format::Text => output::print(&impact::render(&report, now))?,
        Format::Json => output::print_json(&report)?,
    }
    Ok(if report.runs_anywhere() {
        ExitStatus::Rejected
    } else if audit.is_complete() {
        ExitStatus::Success
    } else {
        ExitStatus::Inconclusive
    })
}

fn read(bucket: &str) -> Result<Option<SweepSnapshot>, CliError> {
    ask("reading what the last sweep saw", async {
        let session = Session::connect().await?.with_records(bucket);
        read_swept(&session.records)
            .await
            .map_err(|error| session.unread("the posture", &error))
    })
}

/// Who is in the account, if that was asked for.
fn principals(arguments: &Arguments) -> Result<Vec<Principal>, CliError> {
    if !arguments.iam {
        return Ok(Vec::new());
    }
    ask("reading the policies of users, groups and roles", async {
        let session = Session::connect().await?;
        session
            .access_policies()
            .principals()
            .await
            .map_err(|error| session.failed_policies(&error))
    })
}

/// Earlier days. Whoever may not read old versions gets the report without them, and is told.
fn trend(arguments: &Arguments, now: Timestamp) -> Result<Vec<TrendPoint>, CliError> {
    let (bucket, days) = (arguments.records_bucket.name()?, arguments.trend_days());
    if days == 0 {
        return Ok(Vec::new());
    }
    ask("reading how it was on earlier days", async {
        let session = Session::connect().await?.with_records(bucket);
        let records = session.uploads_in(bucket);
        match read_trend(&records, bucket, days, now).await {
            Ok(points) => Ok(points),
            Err(error @ PortError::Denied { .. }) if arguments.trend_days.is_none() => {
                output::print_aside(&format!(
                    "No trend: {}; it takes s3:ListBucketVersions and s3:GetObjectVersion on {bucket}\n",
                    error_chain(&error)
                ));
                Ok(Vec::new())
            }
            Err(error) => {
                Err(session.unread("earlier versions of the posture", &RecordError::Port(error)))
            }
        }
    })
}

fn no_sweep() -> ExitStatus {
    output::print_error(&CliError::new(
        "there is no posture.json in the records bucket: no hourly run of the function sweep has come to its end",
        "wait an hour after the stack was created; if it was longer ago, see the alarm SweepMissedAlarm and the \
         log of the function sweep",
    ));
    ExitStatus::Inconclusive
}

fn status(audit: &Audit) -> ExitStatus {
    if audit.has_gaps() {
        ExitStatus::Rejected
    } else if audit.is_complete() {
        ExitStatus::Success
    } else {
        ExitStatus::Inconclusive
    }
}
