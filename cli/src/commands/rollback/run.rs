//! `countersign rollback`: upload again what was deployed before.

use std::collections::BTreeMap;

use countersign_gate::{
    client::{RollbackError, rollback_source},
    domain::{Target, Upload, VersionId},
    ports::{Clock as _, StoredVersion, UploadStore as _},
    records::{UploadRecords, history, live},
};

use super::args::Arguments;
use crate::{
    aws::session::{Session, block_on},
    following::{
        event::{Event, What},
        reporter::Reporter,
        result::tell_result,
        uploaded::tell_uploaded,
        watch::{Followed, watch},
    },
    io::{error::CliError, exit_status::ExitStatus},
};

/// How far back an upload is looked for.
const MAX_HISTORY_UPLOADS: usize = 1000;

/// The metadata that says which upload this is again.
const ROLLBACK_METADATA: &str = "rollback-to";

/// Chooses, copies, waits.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitStatus, CliError> {
    let uploads_bucket = arguments.uploads_bucket.name()?;
    let records_bucket = arguments.records_bucket.name()?;
    let reporter = Reporter::of(&arguments.follow)?;
    block_on(async {
        let session = Session::connect()
            .await?
            .with_uploads(uploads_bucket)
            .with_records(records_bucket);
        roll_back(&session, arguments, &reporter).await
    })
}

async fn roll_back(
    session: &Session,
    arguments: &Arguments,
    reporter: &Reporter,
) -> Result<ExitStatus, CliError> {
    let target = &arguments.target;
    let uploads = history(&session.records, target, MAX_HISTORY_UPLOADS)
        .await
        .map_err(|error| session.unread_records(target, &error))?;
    let live = live(&session.records, target)
        .await
        .map_err(|error| session.unread_records(target, &error))?;
    let source = rollback_source(&uploads, live.as_ref(), arguments.to.as_deref())
        .map_err(|error| nothing_to_go_back_to(target, &error))?;
    let Some((_, version)) = Upload::parse_label(&source.label) else {
        return Err(gone(target, source));
    };
    let deployed = source
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.deployed.as_ref());
    let what = What::RollingBack {
        to: &source.label,
        deployed_version: deployed.and_then(|deployed| deployed.version.as_deref()),
        commit: metadata_of(source).get("commit").map(String::as_str),
    };
    reporter.tell(&Event {
        target,
        label: None,
        what,
    })?;
    if arguments.dry_run {
        return Ok(ExitStatus::Success);
    }
    let stored = restore(session, target, source, &version).await?;
    let bytes = source.received.as_ref().and_then(|received| received.bytes);
    let upload =
        tell_uploaded(session, target, stored, bytes.unwrap_or_default(), reporter).await?;
    if arguments.no_wait {
        return Ok(ExitStatus::Success);
    }
    let mut followed = [Followed::new(target.clone(), upload)];
    watch(session, &mut followed, arguments.follow.timeout, reporter).await?;
    let [followed] = &followed;
    tell_result(followed, None, session.clock.now(), reporter)
}

async fn restore(
    session: &Session,
    target: &Target,
    source: &UploadRecords,
    version: &VersionId,
) -> Result<StoredVersion, CliError> {
    let mut metadata = metadata_of(source).clone();
    metadata.insert(ROLLBACK_METADATA.to_owned(), source.label.clone());
    let actions = "s3:PutObject and s3:GetObjectVersion";
    let stored = session
        .uploads
        .restore_upload(target, version, &metadata)
        .await
        .map_err(|error| {
            let what = format!("copy version {version} over");
            session.failed_upload(&what, target, actions, &error)
        })?;
    stored.ok_or_else(|| gone(target, source))
}

fn metadata_of(upload: &UploadRecords) -> &BTreeMap<String, String> {
    static NONE: BTreeMap<String, String> = BTreeMap::new();
    let received = upload.received.as_ref();
    received.map_or(&NONE, |received| &received.metadata)
}

fn nothing_to_go_back_to(target: &Target, error: &RollbackError) -> CliError {
    let fix = match error {
        RollbackError::NothingDeployed | RollbackError::NothingBefore { .. } => {
            format!("push the package that should run: countersign push {target}=FILE.zip")
        }
        RollbackError::Unknown { .. } | RollbackError::NotDeployed { .. } => {
            format!("choose one that was deployed: countersign history {target}")
        }
        RollbackError::Ambiguous { .. } => "give one of these labels with --to".to_owned(),
    };
    CliError::new(format!("cannot roll {target} back: {error}"), fix)
}

fn gone(target: &Target, source: &UploadRecords) -> CliError {
    CliError::new(
        format!(
            "cannot roll {target} back to {}: its version is not in the uploads bucket any more",
            source.label
        ),
        format!(
            "choose another one with --to (countersign history {target}), or push the package again"
        ),
    )
}
