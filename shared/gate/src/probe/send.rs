//! Sends the package on its way, waits for its outcome, and has each fact answered.

use std::{collections::BTreeMap, time::Duration};

use countersign_package::Limits;
use jiff::Timestamp;

use super::{
    dry_run,
    package::{mark, probe_package},
    report::ProbeReport,
    signing,
    world::{ProbeError, ProbeSetup, ProbeWorld, Sent},
};
use crate::{
    domain::{Target, Upload, UploadId},
    ports::{
        Clock, Functions, Records, SignedObjects, Signer, StoredVersion, UploadHead, UploadStore,
        Uploads,
    },
    records::{UploadRecords, live, upload_records},
};

/// Between two looks at the records.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Sends the package through the gate, and asks each fact.
pub async fn probe<U, R, O, S, L, C>(
    world: &ProbeWorld<'_, U, R, O, S, L, C>,
    setup: &ProbeSetup<'_>,
) -> Result<ProbeReport, ProbeError>
where
    U: Uploads + UploadStore,
    R: Records,
    O: SignedObjects,
    S: Signer,
    L: Functions,
    C: Clock,
{
    let began_at = world.clock.now();
    check_names(world, setup).await?;
    let sent = send(world, setup, began_at).await?;
    let found = signing::Found::read(world, &sent).await;
    let mut facts = signing::facts(setup, &sent, &found);
    facts.extend(found.format(&sent.package, &Limits::default(), setup.roots));
    facts.extend(dry_run::facts(world, setup, &sent, &found).await);
    Ok(ProbeReport::new(
        setup.region,
        began_at,
        world.clock.now(),
        facts,
    ))
}

async fn check_names<U, R, O, S, L, C>(
    world: &ProbeWorld<'_, U, R, O, S, L, C>,
    setup: &ProbeSetup<'_>,
) -> Result<(), ProbeError>
where
    U: Uploads,
    R: Records,
    L: Functions,
{
    let function = setup.function;
    if let Some(scope) = setup
        .scope
        .filter(|scope| !scope.matches(function.as_str()))
    {
        return Err(ProbeError::OutOfScope {
            function: function.clone(),
            pattern: scope.to_string(),
        });
    }
    if world.lambda.function(function).await?.is_some() {
        return Err(ProbeError::FunctionExists(function.clone()));
    }
    let Some(other) = setup.dry_run_function else {
        return Ok(());
    };
    let target = Target::Function(other.clone());
    let has_uploads = world.uploads.head_upload(&target.key(), None).await? != UploadHead::Absent;
    if has_uploads || live(world.records, &target).await?.is_some() {
        return Err(ProbeError::IsTarget(other.clone()));
    }
    Ok(())
}

async fn send<U, R, O, S, L, C>(
    world: &ProbeWorld<'_, U, R, O, S, L, C>,
    setup: &ProbeSetup<'_>,
    began_at: Timestamp,
) -> Result<Sent, ProbeError>
where
    U: Uploads + UploadStore,
    R: Records,
    C: Clock,
{
    let target = Target::Function(setup.function.clone());
    let package = probe_package(&mark(&began_at.to_string()));
    let stored = world
        .uploads
        .put_upload(&target, &package, &BTreeMap::new())
        .await?;
    let StoredVersion::Version(version) = stored else {
        return Err(ProbeError::Unversioned);
    };
    let key = target.key();
    let UploadHead::Object(head) = world.uploads.head_upload(&key, Some(&version)).await? else {
        return Err(ProbeError::Unversioned);
    };
    let upload = Upload {
        id: UploadId {
            bucket: setup.uploads_bucket.to_owned(),
            key,
            version,
        },
        at: head.last_modified,
    };
    let passed =
        |now: Timestamp| Duration::try_from(now.duration_since(began_at)).unwrap_or_default();
    let has_ended = |seen: &UploadRecords| seen.outcome.is_some();
    while passed(world.clock.now()) < setup.timeout {
        // What could not be read is asked again in a moment.
        let seen = upload_records(world.records, &target, &upload).await;
        if seen.as_ref().is_ok_and(has_ended) {
            break;
        }
        world.clock.sleep(POLL_INTERVAL).await;
    }
    let records = upload_records(world.records, &target, &upload).await?;
    Ok(Sent {
        package,
        upload,
        records,
        began_at,
    })
}
