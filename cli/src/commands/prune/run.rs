//! `countersign prune`: looks, deletes where that was asked for, and reports.

use std::time::Duration;

use countersign_gate::{
    deployment::{KeptVersions, MAX_PRUNED, plan_prune},
    domain::{FunctionName, Target},
    outcome::RetryableError,
    ports::{Clock as _, FunctionVersions as _, VersionDeletion},
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

/// Between two deletions: a tenth of the calls of the control plane that Lambda allows an account (grade B).
const DELETION_INTERVAL: Duration = Duration::from_millis(667);

const TO_LOOK: &str = "lambda:ListVersionsByFunction, lambda:ListAliases and lambda:ListProvisionedConcurrencyConfigs, \
                       and s3:GetObject and s3:ListBucket on the records bucket";

/// Looks, deletes, reports.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let records_bucket = arguments.records_bucket.name()?;
    let report = ask("asking which versions are needed", async {
        let session = Session::connect("", records_bucket).await?;
        let mut functions = Vec::new();
        for name in &arguments.targets {
            functions.push(one(&session, arguments, name).await?);
        }
        Ok(Report {
            applied: arguments.apply,
            functions,
        })
    })?;
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&render(&report))?,
    }
    Ok(report.status())
}

async fn one(
    session: &Session,
    arguments: &Arguments,
    name: &FunctionName,
) -> Result<Row, CliError> {
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
    if !arguments.apply {
        return Ok(row);
    }
    for number in row.chosen.clone() {
        session.clock.sleep(DELETION_INTERVAL).await;
        let deletion = session.lambda.delete_version(name, number).await;
        let deletion = deletion.map_err(|error| {
            let what = format!("delete version {number} of {}", row.target);
            session.failed_lambda_call(&what, "lambda:DeleteFunction", &error)
        })?;
        match deletion {
            VersionDeletion::Deleted => row.deleted.push(number),
            VersionDeletion::InUse(_) => row.in_use.push(number),
        }
    }
    row.chosen.retain(|number| !row.in_use.contains(number));
    Ok(row)
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
