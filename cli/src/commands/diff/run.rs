//! `countersign diff`: read two packages, and compare them.

use std::path::Path;

use countersign_gate::{
    client::{diff, live_upload},
    domain::{FunctionName, Target, UploadId},
    ports::{Adoption as _, PortError, Uploads as _},
    records::{history, live},
};
use countersign_package::{Archive, Limits};

use super::{
    args::{Arguments, Side},
    report::Report,
};
use crate::{
    aws::session::{Session, ask},
    following::diff_text::render_diff,
    io::{
        error::CliError,
        escape::escape,
        exit_status::ExitStatus,
        input,
        output::{self, Format},
        style::{BOLD, style},
    },
};

/// How far back a deployment is looked for, where there is no `live.json`.
const MAX_HISTORY_UPLOADS: usize = 1000;

/// A package, and how it is called.
struct Package {
    name: String,
    bytes: Vec<u8>,
}

/// Reads, compares, prints.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let old = read(&arguments.old, arguments)?;
    let new = read(&arguments.new, arguments)?;
    let report = Report {
        diff: diff(&parse(&old)?, &parse(&new)?),
        old: old.name,
        new: new.name,
    };
    match arguments.format {
        Format::Json => output::print_json(&report)?,
        Format::Text => output::print(&render(&report))?,
    }
    Ok(ExitStatus::Success)
}

fn read(side: &Side, arguments: &Arguments) -> Result<Package, CliError> {
    match side {
        Side::File(path) => read_file(path),
        Side::Upload(target, version) => {
            let bucket = arguments.uploads_bucket.name()?;
            let upload = UploadId {
                bucket: bucket.to_owned(),
                key: target.key(),
                version: version.clone(),
            };
            ask(&format!("reading {target}@{version}"), async {
                let session = Session::connect().await?.with_uploads(bucket);
                read_upload(&session, target, &upload).await
            })
        }
        Side::Live(target) => {
            let bucket = arguments.uploads_bucket.name()?;
            let records_bucket = arguments.records_bucket.name()?;
            ask(&format!("reading what is live of {target}"), async {
                let session = Session::connect()
                    .await?
                    .with_uploads(bucket)
                    .with_records(records_bucket);
                let upload = live_version(&session, target).await?;
                read_upload(&session, target, &upload).await
            })
        }
        Side::Running(name) => ask(&format!("reading what {name} runs"), async {
            let session = Session::connect().await?;
            read_running(&session, name).await
        }),
    }
}

fn read_file(path: &Path) -> Result<Package, CliError> {
    Ok(Package {
        name: path.to_string_lossy().into_owned(),
        bytes: input::read(path, "the package")?,
    })
}

async fn live_version(session: &Session, target: &Target) -> Result<UploadId, CliError> {
    let unread = |error| session.unread_records(target, &error);
    let live = live(&session.records, target).await.map_err(unread)?;
    if let Some(live) = live {
        return Ok(live.upload.id);
    }
    let uploads = history(&session.records, target, MAX_HISTORY_UPLOADS)
        .await
        .map_err(unread)?;
    live_upload(&uploads, None)
        .and_then(|upload| upload.outcome.as_ref())
        .map(|outcome| outcome.upload.id.clone())
        .ok_or_else(|| {
            CliError::new(
                format!("nothing was deployed to {target}, as far as the records go back"),
                format!("see what was uploaded: countersign history {target}"),
            )
        })
}

async fn read_upload(
    session: &Session,
    target: &Target,
    upload: &UploadId,
) -> Result<Package, CliError> {
    let name = format!("{target}@{}", upload.version);
    let bytes = session.uploads.read_upload(upload).await.map_err(|error| {
        let what = format!("read version {} of", upload.version);
        session.failed_upload(&what, target, "s3:GetObjectVersion", &error)
    })?;
    match bytes {
        Some(bytes) => Ok(Package { name, bytes }),
        None => Err(CliError::new(
            format!("{name} is not in the uploads bucket"),
            format!("see which uploads there are: countersign history {target}"),
        )),
    }
}

/// The code of `$LATEST`, from where Lambda keeps it.
async fn read_running(session: &Session, name: &FunctionName) -> Result<Package, CliError> {
    let failed = |error: PortError| {
        let what = format!("get the code of the function {name}");
        session.failed_lambda_call(&what, "lambda:GetFunction", &error)
    };
    let Some(candidate) = session.lambda.candidate(name).await.map_err(failed)? else {
        return Err(CliError::new(
            format!("there is no function {name} in {}", session.region()),
            "look at the name, and at the region (--region)",
        ));
    };
    let Some(location) = &candidate.location else {
        return Err(CliError::new(
            format!("Lambda hands out no package of the function {name}"),
            "it may be a container image, or Lambda may lack the right to its key",
        ));
    };
    let bytes = session.lambda.download(location).await.map_err(failed)?;
    Ok(Package {
        name: format!("lambda:{name}"),
        bytes,
    })
}

fn parse(package: &Package) -> Result<Archive<'_>, CliError> {
    Archive::parse(&package.bytes, &Limits::default()).map_err(|error| {
        CliError::new(
            format!("cannot read the package {}: {error}", package.name),
            "run `countersign verify` on it for the reason code and how to fix it",
        )
    })
}

fn render(report: &Report) -> String {
    let heading = format!(
        "{} -> {}",
        style(BOLD, escape(&report.old)),
        style(BOLD, escape(&report.new))
    );
    format!("{heading}\n{}", render_diff(&report.diff, usize::MAX))
}
