//! `countersign push`: upload packages, and follow them to their outcome.

use std::{collections::BTreeMap, time::Duration};

use countersign_gate::{
    client::{PackageDiff, diff, live_upload},
    ports::{Clock as _, UploadStore as _, Uploads as _},
    records::{history, live},
};
use countersign_package::{Archive, Limits};

use super::{
    args::Arguments,
    attestation::{self, Attestation},
    choose::{Chosen, choose},
    metadata::{git, provenance},
    package::{self, Package},
};
use crate::{
    aws::session::{Session, block_on},
    builds::project::Project,
    following::{
        event::{Event, What, worst},
        reporter::Reporter,
        result::tell_result,
        result_table::tell_table,
        uploaded::tell_uploaded,
        watch::{Followed, watch},
    },
    io::{error::CliError, exit_status::ExitStatus},
};

/// How far back the package that is live is looked for.
const MAX_LIVE_LOOKBACK: usize = 20;

/// The largest live package that is fetched only to say what changes, in bytes.
const MAX_COMPARED_BYTES: u64 = 64 * 1024 * 1024;

/// Reads, checks, uploads, waits.
pub(crate) fn run(
    arguments: &Arguments,
    variables: &BTreeMap<String, String>,
) -> Result<ExitStatus, CliError> {
    let project = Project::find(arguments.config.as_deref())?;
    let chosen = choose(&arguments.packages, project.as_ref())?;
    one_package_a_target(&chosen)?;
    let reporter = Reporter::of(&arguments.follow)?;
    let provenance = if arguments.no_git {
        BTreeMap::new()
    } else {
        provenance(variables, git)
    };
    let mut packages = Vec::new();
    for chosen in chosen {
        packages.push(package::read(chosen, &provenance, &arguments.metadata)?);
    }
    let attestations = attestation::read(&arguments.attestation, packages.len())?;
    if refuse(&packages, &reporter)? {
        return Ok(ExitStatus::Rejected);
    }
    // After the arguments and the files, since what is wrong with those is wrong with any bucket.
    let uploads_bucket = arguments.uploads_bucket.name()?;
    let records_bucket = if arguments.no_wait {
        None
    } else {
        Some(arguments.records_bucket.name()?)
    };
    block_on(async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        push(&session, &packages, &attestations, arguments, &reporter).await
    })
}

/// Two packages for one target would overtake each other.
fn one_package_a_target(chosen: &[Chosen]) -> Result<(), CliError> {
    let mut seen = BTreeMap::new();
    for package in chosen {
        if let Some(other) = seen.insert(&package.target, &package.shown) {
            return Err(CliError::new(
                format!(
                    "{} is given twice: {} and {}",
                    package.target, other, package.shown
                ),
                "give one package for each target",
            ));
        }
    }
    Ok(())
}

/// Tells of every package that the gate would only refuse. When there is one, none is uploaded, and the others are told as
/// held back, so that a report has each.
fn refuse(packages: &[Package], reporter: &Reporter) -> Result<bool, CliError> {
    let checked: Vec<_> = packages.iter().map(package::check).collect();
    if checked.iter().all(Result::is_ok) {
        return Ok(false);
    }
    for (package, checked) in packages.iter().zip(&checked) {
        let what = match checked {
            Ok(()) => What::HeldBack,
            Err(error) => What::Refused {
                code: error.code,
                message: &error.message,
                fix: error.fix,
            },
        };
        reporter.tell(&Event {
            target: &package.target,
            label: None,
            what,
        })?;
    }
    Ok(true)
}

async fn push(
    session: &Session,
    packages: &[Package],
    attestations: &[Attestation],
    arguments: &Arguments,
    reporter: &Reporter,
) -> Result<ExitStatus, CliError> {
    let mut changes = Vec::new();
    if !arguments.no_wait {
        for package in packages {
            changes.push(changes_against_live(session, package).await);
        }
    }
    let mut uploads = Vec::new();
    for package in packages {
        attestation::upload(session, package, attestations).await?;
        uploads.push(upload(session, package, reporter).await?);
    }
    if arguments.no_wait {
        return Ok(ExitStatus::Success);
    }
    watch(session, &mut uploads, arguments.follow.timeout, reporter).await?;
    let mut statuses = Vec::new();
    for (followed, changes) in uploads.iter().zip(&changes) {
        let now = session.clock.now();
        statuses.push(tell_result(followed, changes.as_ref(), now, reporter)?);
    }
    tell_table(&uploads, reporter)?;
    Ok(worst(statuses))
}

/// Uploads one package, and tells so.
async fn upload(
    session: &Session,
    package: &Package,
    reporter: &Reporter,
) -> Result<Followed, CliError> {
    let target = &package.target;
    reporter.wait(&format!("{target} uploading"), Duration::ZERO);
    let stored = session
        .uploads
        .put_upload(target, &package.bytes, &package.metadata)
        .await;
    reporter.done();
    let stored =
        stored.map_err(|error| session.failed_upload("write", target, "s3:PutObject", &error))?;
    let upload = tell_uploaded(session, target, stored, package.size(), reporter).await?;
    Ok(Followed::new(target.clone(), upload))
}

/// What a package changes against the one that is live; `None` where that is not known. It is told for
/// convenience: that it cannot be told is no reason to stop.
async fn changes_against_live(session: &Session, package: &Package) -> Option<PackageDiff> {
    let (records, target) = (&session.records, &package.target);
    let live = live(records, target).await.ok()?;
    let uploads = history(records, target, MAX_LIVE_LOOKBACK).await.ok()?;
    let old = live_upload(&uploads, live.as_ref())?;
    if old.received.as_ref()?.bytes? > MAX_COMPARED_BYTES {
        return None;
    }
    let upload = &old.outcome.as_ref()?.upload;
    let bytes = session.uploads.read_upload(&upload.id).await.ok()??;
    let limits = Limits::default();
    let old = Archive::parse(&bytes, &limits).ok()?;
    let new = Archive::parse(&package.bytes, &limits).ok()?;
    Some(diff(&old, &new))
}
