//! The upload of a signing job, and how far earlier deliveries came with it.

use super::settings::DeploySettings;
use crate::{
    domain::{ReasonCode, SigningJob, SigningJobId, Target, Upload},
    outcome::{
        DeliveryAttempt, EarlyExit, Finished, OutcomeDraft, RetryableError, UploadContext,
        finished_before,
    },
    ports::{
        Clock, Events, Functions, Layers, Records, SignedObjects, Signer, UploadHead, Uploads,
    },
    records,
    records::{Signing, UploadState, VerdictRecord},
};

/// What `deploy` needs of the world.
pub trait DeployWorld:
    Clock + Uploads + SignedObjects + Records + Signer + Functions + Layers + Events
{
}

impl<W: Clock + Uploads + SignedObjects + Records + Signer + Functions + Layers + Events>
    DeployWorld for W
{
}

/// One upload with its job, on the way to its end.
pub(crate) struct PendingDeployment {
    pub(crate) upload: Upload,
    pub(crate) target: Target,
    pub(crate) job: SigningJob,
    pub(crate) signing: Signing,
    /// Bucket and key that the job wrote to.
    pub(crate) signed: Option<(String, String)>,
    /// A verdict that an earlier delivery left.
    pub(crate) verdict: Option<VerdictRecord>,
    /// An earlier delivery began to publish (layers).
    pub(crate) has_lease: bool,
}

impl PendingDeployment {
    pub(super) fn story(&self) -> UploadContext {
        UploadContext {
            upload: self.upload.clone(),
            target: Some(self.target.clone()),
            job: Some(self.job.id.clone()),
            received: Some(self.signing.received.clone()),
        }
    }
}

pub(super) enum Found {
    PendingDeployment(Box<PendingDeployment>),
    Finished(Box<Finished>),
    NotOurs(String),
}

/// Finds the upload that a job is for, and how far earlier deliveries came with it.
pub(super) async fn find<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: DeliveryAttempt,
) -> Result<Found, RetryableError> {
    let stack = &settings.stack;
    let not_ours = |why: String| Ok(Found::NotOurs(why));
    let Some(job) = world.describe_job(job).await? else {
        // Its event says that there is one. Should Signer's answer lag behind, it would cost an upload its end.
        let why = format!("Signer knows no job {job}");
        return if attempt.is_last(world.now()) {
            not_ours(why)
        } else {
            Err(RetryableError::busy(why))
        };
    };
    let Some(source) = job
        .source
        .clone()
        .filter(|source| source.bucket == stack.uploads_bucket)
    else {
        return not_ours(format!(
            "the job {} signed nothing of the uploads bucket",
            job.id
        ));
    };
    let Ok(target) = Target::from_key(&source.key) else {
        return not_ours(format!(
            "the job {} is for {:?}, which is no target",
            job.id, source.key
        ));
    };
    let at = match job
        .signed
        .as_ref()
        .and_then(|(_, key)| label_of(key, &target))
    {
        Some((at, version)) if version == source.version => Some(at),
        _ => records::find_upload(world, &target, &source.version).await?,
    };
    let Some(at) = at else {
        return not_ours(format!("the job {} was not started by this stack", job.id));
    };
    let upload = Upload { id: source, at };

    let folder = upload.folder();
    let present = world.list_records(&folder).await?;
    let has = |name: &str| {
        present
            .iter()
            .any(|path| path.strip_prefix(&folder) == Some(name))
    };
    if has("outcome.json")
        && let Some(finished) = finished_before(world, stack, &upload).await?
    {
        return Ok(Found::Finished(Box::new(finished)));
    }
    let signing: Option<Signing> = records::read(world, &format!("{folder}signing.json")).await?;
    let Some(signing) = signing else {
        // `sign` may have been cut off between the job and its record; it will write it yet.
        return Err(RetryableError::busy(format!(
            "{folder}signing.json is not written yet"
        )));
    };
    if signing.job != job.id {
        return not_ours(format!(
            "the upload is signed by the job {}, not {}",
            signing.job, job.id
        ));
    }
    let signed = job.signed.clone();
    if let Some((bucket, key)) = &signed
        && (*bucket != signing.bucket || *key != format!("{}{}.zip", signing.prefix, job.id))
    {
        return not_ours(format!("the job {} wrote to {bucket}/{key}", job.id));
    }
    let verdict = if has("verdict.json") {
        records::read(world, &format!("{folder}verdict.json")).await?
    } else {
        None
    };
    let has_lease = has("publishing-1.json");
    let case = PendingDeployment {
        upload,
        target,
        job,
        signing,
        signed,
        verdict,
        has_lease,
    };
    Ok(Found::PendingDeployment(Box::new(case)))
}

/// Time and version of the upload, as they stand in the signed object's key.
fn label_of(key: &str, target: &Target) -> Option<(jiff::Timestamp, crate::domain::VersionId)> {
    let rest = key.strip_prefix(&format!("{target}/"))?;
    Upload::parse_label(rest.split_once('/')?.0)
}

/// Ends an upload that is no longer the current version of its key.
pub(crate) async fn check_current<W: Uploads>(world: &W, upload: &Upload) -> Result<(), EarlyExit> {
    let code = match world.head_upload(&upload.id.key, None).await? {
        UploadHead::Object(head) if head.version.as_ref() == Some(&upload.id.version) => {
            return Ok(());
        }
        UploadHead::Object(_) => ReasonCode::Replaced,
        UploadHead::DeleteMarker | UploadHead::Absent => ReasonCode::Deleted,
    };
    Err(OutcomeDraft::new(UploadState::Superseded, code, code.about().meaning).into())
}
