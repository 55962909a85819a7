//! Sends the package on its way, waits for its outcome, and has each fact answered.

use std::{collections::BTreeMap, time::Duration};

use countersign_package::{Limits, TrustRoots};
use jiff::Timestamp;

use super::{
    dry_run,
    package::{mark, probe_package},
    report::ProbeReport,
    signing,
};
use crate::{
    client::Follower,
    domain::{FunctionName, NamePattern, Target, Upload, UploadId},
    ports::{
        Clock, Functions, PortError, Records, SignedObjects, Signer, Stored, UploadHead,
        UploadStore, Uploads, error_chain,
    },
    records::{RecordError, UploadRecords, live, upload_records},
};

/// Between two looks at the records.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// What a probe needs of the world.
#[derive(Debug)]
pub struct ProbeWorld<'a, U, R, O, S, L, C> {
    /// The uploads bucket.
    pub uploads: &'a U,
    /// The records bucket.
    pub records: &'a R,
    /// The signed bucket.
    pub signed: &'a O,
    /// Signer.
    pub signer: &'a S,
    /// Lambda.
    pub lambda: &'a L,
    /// The time.
    pub clock: &'a C,
}

/// What a probe is about.
#[derive(Debug)]
pub struct ProbeSetup<'a> {
    /// The function that the package is uploaded for; there must be none of this name.
    pub function: &'a FunctionName,
    /// The names that the gate may deploy to; `None` when they are not known.
    pub scope: Option<&'a NamePattern>,
    /// A function that Lambda is to judge packages for, without changing it; it must be no target.
    pub dry_run_function: Option<&'a FunctionName>,
    /// The uploads bucket.
    pub uploads_bucket: &'a str,
    /// The records bucket.
    pub records_bucket: &'a str,
    /// The region.
    pub region: &'a str,
    /// The account.
    pub account: &'a str,
    /// Whom signatures may lead to.
    pub roots: &'a TrustRoots,
    /// How long the outcome is waited for.
    pub timeout: Duration,
}

/// Why nothing was probed.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The gate would deploy the package to it.
    #[error("there is a function {0}: a probe is for none that is there")]
    FunctionExists(FunctionName),
    /// The gate has no right to it.
    #[error("the stack's parameter TargetFunctions is {pattern}, which leaves {function} out")]
    OutOfScope {
        /// The function.
        function: FunctionName,
        /// The pattern.
        pattern: String,
    },
    /// Something was deployed to it.
    #[error("{0} is a target: dry runs are for a function that was made for them")]
    IsTarget(FunctionName),
    /// Nothing tells this upload from others.
    #[error("the uploads bucket keeps no versions")]
    Unversioned,
    /// AWS gave no answer.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A record could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl ProbeError {
    /// What to do.
    #[must_use]
    pub fn fix(&self) -> &'static str {
        match self {
            Self::FunctionExists(_) | Self::OutOfScope { .. } => {
                "give another name with --probe-name, one that TargetFunctions allows and no function has"
            }
            Self::IsTarget(_) => "give another function with --dry-run-function, or leave it away",
            Self::Unversioned => "see what countersign doctor says of the bucket",
            Self::Port(_) | Self::Record(_) => {
                "a probe takes s3:PutObject on the uploads bucket, s3:GetObject on it, the signed and the records \
                 bucket, kms:GenerateDataKey and kms:Decrypt on the stack's key, signer:DescribeSigningJob, and \
                 lambda:GetFunction"
            }
        }
    }
}

/// How far the package came.
pub(super) struct Sent {
    pub(super) package: Vec<u8>,
    pub(super) upload: Upload,
    pub(super) records: UploadRecords,
    pub(super) began_at: Timestamp,
}

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
    let Stored::Version(version) = stored else {
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
    let mut follower = Follower::new(target.clone(), upload.clone());
    let passed =
        |now: Timestamp| Duration::try_from(now.duration_since(began_at)).unwrap_or_default();
    while follower.outcome().is_none() && passed(world.clock.now()) < setup.timeout {
        // It is asked again in a moment, and what is on record is read once more below.
        let _asked_again = follower.look(world.records).await;
        if follower.outcome().is_none() {
            world.clock.sleep(POLL_INTERVAL).await;
        }
    }
    let records = upload_records(world.records, &target, &upload).await?;
    Ok(Sent {
        package,
        upload,
        records,
        began_at,
    })
}

/// An error in a sentence that names no account.
pub(super) fn plain_error(error: &PortError) -> String {
    let text = error_chain(error);
    let mut kept = String::new();
    let mut digits = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        kept.push_str(if digits.len() == 12 {
            "<account>"
        } else {
            &digits
        });
        digits.clear();
        kept.push(c);
    }
    kept.trim_end().to_owned()
}
