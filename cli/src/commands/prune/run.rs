//! `countersign prune`: looks, deletes where that was asked for, and reports.

use countersign_gate::{
    deployment::{KeptVersions, MAX_PRUNED, plan_prune},
    domain::{FunctionName, Target},
    outcome::RetryableError,
    ports::{CONTROL_PLANE_INTERVAL, Clock as _, FunctionVersions as _, VersionDeletion},
};

use super::{
    args::Arguments,
    report::{Report, Row, render},
};
use crate::{
    aws::session::{Session, ask},
    io::{
        error::CliError,
        exit_status::ExitStatus,
        output::{self, Format},
    },
};

const TO_LOOK: &str = "lambda:ListVersionsByFunction, lambda:ListAliases and lambda:ListProvisionedConcurrencyConfigs, \
                       and s3:GetObject and s3:ListBucket on the records bucket";

/// Looks, deletes, reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let records_bucket = arguments.records_bucket.name()?;
    let report = ask("asking which versions are needed", async {
        let session = Session::connect().await?.with_records(records_bucket);
        let mut report = Report {
            applied: arguments.apply,
            functions: Vec::new(),
            error: None,
        };
        for name in &arguments.targets {
            // What was deleted is in the report, also where a later call fails.
            if let Err(error) = one(&session, arguments, name, &mut report.functions).await {
                report.error = Some(error);
                break;
            }
        }
        Ok(report)
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&render(&report))?,
    }
    if let Some(error) = &report.error {
        output::print_error(error);
    }
    Ok(report.status())
}

/// Looks at a function, tells what it finds, and deletes.
async fn one(
    session: &Session,
    arguments: &Arguments,
    name: &FunctionName,
    told: &mut Vec<Row>,
) -> Result<(), CliError> {
    let kept = KeptVersions {
        newest: arguments.keep,
        days: arguments.days,
    };
    let target = Target::Function(name.clone()).to_string();
    let world = (&session.records, &session.lambda);
    let plan = plan_prune(world, kept, name, (None, session.clock.now())).await;
    let plan = plan.map_err(|error| unseen(session, &target, &error))?;
    let mut row = Row::of(target, plan);
    row.chosen.truncate(MAX_PRUNED);
    let deleted = if arguments.apply {
        delete(session, name, &mut row).await
    } else {
        Ok(())
    };
    told.push(row);
    deleted
}

/// Deletes what is chosen, one version after the other.
async fn delete(session: &Session, name: &FunctionName, row: &mut Row) -> Result<(), CliError> {
    for number in row.chosen.clone() {
        session.clock.sleep(CONTROL_PLANE_INTERVAL).await;
        let deletion = session.lambda.delete_version(name, number).await;
        let deletion = deletion.map_err(|error| {
            let what = format!("delete version {number} of {}", row.target);
            session.failed_lambda_call(&what, "lambda:DeleteFunction", &error)
        })?;
        match deletion {
            VersionDeletion::Deleted => row.deleted.push(number),
            VersionDeletion::InUse(_) => {
                row.in_use.push(number);
                row.chosen.retain(|chosen| *chosen != number);
            }
        }
    }
    Ok(())
}

fn unseen(session: &Session, target: &str, error: &RetryableError) -> CliError {
    match error {
        RetryableError::Port(error) => {
            let what = format!("see which versions of {target} are needed");
            session.failed_lambda_call(&what, TO_LOOK, error)
        }
        error => CliError::new(
            format!("cannot see which versions of {target} are needed: {error}"),
            "a newer gate may have written the record, so update this command",
        ),
    }
}
