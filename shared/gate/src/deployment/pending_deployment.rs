//! The upload of a signing job, how far earlier deliveries came with it, and how far this one does.

use jiff::Timestamp;

use super::settings::DeploySettings;
use crate::{
    domain::{ReasonCode, SigningJob, SigningJobId, Target, Upload, VersionId},
    outcome::{
        Backoff, DeliveryAttempt, EarlyExit, Finished, OutcomeDraft, RetryableError, Superseded,
        UploadContext, finished_before,
    },
    ports::{
        Attestations, Clock, Events, Functions, Layers, Records, SignedObjects, Signer, UploadHead,
        Uploads,
    },
    records::{
        self, Deployed, Effect, HeldLease, Outcome, RecordFolder, Signing, UploadState,
        VerdictRecord,
    },
    verdict::BreakGlassUse,
};

/// What `deploy` needs of the world.
pub trait DeployWorld:
    Clock + Uploads + Attestations + SignedObjects + Records + Signer + Functions + Layers + Events
{
}

impl<W> DeployWorld for W where
    W: Clock
        + Uploads
        + Attestations
        + SignedObjects
        + Records
        + Signer
        + Functions
        + Layers
        + Events
{
}

/// What every step of a deployment has at hand.
pub(super) struct DeployContext<'a, W, E> {
    pub(super) world: &'a W,
    pub(super) examiner: &'a E,
    pub(super) settings: &'a DeploySettings,
}

// A derive would ask for the same of the world and of the examiner.
impl<W, E> Clone for DeployContext<'_, W, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W, E> Copy for DeployContext<'_, W, E> {}

/// One upload with its job, on the way to its end.
pub(super) struct PendingDeployment {
    pub(super) upload: Upload,
    pub(super) target: Target,
    pub(super) job: SigningJob,
    pub(super) signing: Signing,
    /// Bucket and key that the job wrote to.
    pub(super) signed: Option<(String, String)>,
    /// The verdict on record.
    pub(super) verdict: Option<VerdictRecord>,
    /// The lease under which this delivery works; none before there is an accepting verdict.
    pub(super) lease: Option<HeldLease>,
    /// What this upload has done to its target so far.
    pub(super) applied: Applied,
    /// The documents that were there at the start.
    pub(super) folder: RecordFolder,
    pub(super) attempt: DeliveryAttempt,
}

/// What an upload has done to its target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// Nothing.
    No,
    /// An update was sent, and whether Lambda took it is not known.
    Unknown,
    /// Lambda took it; how far it came.
    Yes(Deployed),
}

pub(super) enum JobLookup {
    Pending(Box<PendingDeployment>),
    Finished(Box<Finished>),
    NotOurs(String),
    /// A record is there that cannot be read, and no further attempt will read it.
    Unreadable(Box<UploadContext>, RetryableError),
}

/// A job, and what it signed.
struct SignedUpload {
    job: SigningJob,
    target: Target,
    upload: Upload,
}

/// Which upload a job is for, or why it is for none of this stack's.
async fn upload_of_job<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
) -> Result<Result<SignedUpload, String>, RetryableError> {
    let not_ours = |why: String| Ok(Err(why));
    let Some(job) = describe(world, job, attempt).await? else {
        return not_ours(format!("Signer knows no job {job}"));
    };
    let Some(source) = job
        .source
        .clone()
        .filter(|source| source.bucket == settings.stack.uploads_bucket)
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
    let at = match label_of(&job, &target, &settings.stack.signed_bucket) {
        Some((at, version)) if version == source.version => Some(at),
        _ => records::find_upload(world, &target, &source.version).await?,
    };
    let Some(at) = at else {
        return not_ours(format!("the job {} was not started by this stack", job.id));
    };
    let upload = Upload { id: source, at };
    Ok(Ok(SignedUpload {
        job,
        target,
        upload,
    }))
}

/// Finds the upload that a job is for, tells it to `found`, and finds how far earlier deliveries came with it.
pub(super) async fn find<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
    found: &(dyn Fn(&Upload, &Target) + Sync),
) -> Result<JobLookup, RetryableError> {
    let not_ours = |why: String| Ok(JobLookup::NotOurs(why));
    let SignedUpload {
        job,
        target,
        upload,
    } = match upload_of_job(world, settings, job, attempt).await? {
        Ok(signed) => signed,
        Err(why) => return not_ours(why),
    };
    found(&upload, &target);
    let folder = RecordFolder::list(world, &upload).await?;
    if folder.has::<Outcome>()
        && let Some(finished) = finished_before(world, &settings.stack, &upload).await?
    {
        return Ok(JobLookup::Finished(Box::new(finished)));
    }
    let mut context = UploadContext {
        upload: upload.clone(),
        target: Some(target.clone()),
        job: Some(job.id.clone()),
        received: None,
    };
    let end_on_last_attempt = |context: UploadContext, error: RetryableError| match error {
        RetryableError::UnreadableRecord { .. } if attempt.is_last(world.now()) => {
            Ok(JobLookup::Unreadable(Box::new(context), error))
        }
        error => Err(error),
    };
    let signing = match read_signing(world, &upload, attempt).await {
        Ok(signing) => signing,
        Err(error) => return end_on_last_attempt(context, error),
    };
    if signing.job != job.id {
        return not_ours(format!(
            "the upload is signed by the job {}, not {}",
            signing.job, job.id
        ));
    }
    let verdict: Option<VerdictRecord> = match folder.read(world, &upload).await {
        Ok(verdict) => verdict,
        Err(error) => {
            context.received = Some(signing.received);
            return end_on_last_attempt(context, error.into());
        }
    };
    let applied = match &verdict {
        Some(record) if record.effect == Effect::Begun => Applied::Unknown,
        _ => Applied::No,
    };
    Ok(JobLookup::Pending(Box::new(PendingDeployment {
        signed: job.signed.clone(),
        upload,
        target,
        job,
        signing,
        verdict,
        lease: None,
        applied,
        folder,
        attempt: attempt.clone(),
    })))
}

/// Describes the job. Its event says that there is one and that it ended, so while Signer does not know
/// it, or does not say that it ended, its answer lags behind (grade C). `None` when it does not know it
/// in all attempts.
async fn describe<W: DeployWorld>(
    world: &W,
    job: &SigningJobId,
    attempt: &DeliveryAttempt,
) -> Result<Option<SigningJob>, RetryableError> {
    let mut backoff = Backoff::brief(world, attempt);
    loop {
        let found = world.describe_job(job).await?;
        let is_over = |job: &SigningJob| job.status.is_over();
        if found.as_ref().is_some_and(is_over) || !backoff.pause(world).await {
            return match found {
                None if !attempt.is_last(world.now()) => {
                    let what = format!("Signer does not know the job {job} yet");
                    Err(RetryableError::busy(what))
                }
                found => Ok(found),
            };
        }
    }
}

/// `sign` writes the record after it started the job: it may come later than the job's end.
async fn read_signing<W: DeployWorld>(
    world: &W,
    upload: &Upload,
    attempt: &DeliveryAttempt,
) -> Result<Signing, RetryableError> {
    let folder = upload.folder();
    let mut backoff = Backoff::brief(world, attempt);
    loop {
        if let Some(signing) = records::read(world, &folder).await? {
            return Ok(signing);
        }
        if !backoff.pause(world).await {
            let what = format!("{folder}signing.json is not written yet");
            return Err(RetryableError::busy(what));
        }
    }
}

/// Time and version that the place of the signed object tells. A key is believed in the signed bucket alone: anybody may
/// sign an upload into a bucket of his own, under a key that tells any time.
fn label_of(
    job: &SigningJob,
    target: &Target,
    signed_bucket: &str,
) -> Option<(Timestamp, VersionId)> {
    let (bucket, key) = job.signed.as_ref()?;
    let rest = key.strip_prefix(&format!("{target}/"))?;
    let label = rest.split_once('/')?.0;
    Upload::parse_label(label).filter(|_| bucket == signed_bucket)
}

/// Ends an upload that is no longer the current version of its key.
pub(super) async fn check_current<W: Uploads>(world: &W, upload: &Upload) -> Result<(), EarlyExit> {
    let why = match world.head_upload(&upload.id.key, None).await? {
        UploadHead::Object(head) if head.version.as_ref() == Some(&upload.id.version) => {
            return Ok(());
        }
        UploadHead::Object(_) => replaced_or_deleted(world, upload).await?,
        UploadHead::DeleteMarker | UploadHead::Absent => Superseded::KeyDeleted,
    };
    Err(why.draft().into())
}

/// Another version is current: is this one still there?
pub(super) async fn replaced_or_deleted<W: Uploads>(
    world: &W,
    upload: &Upload,
) -> Result<Superseded, EarlyExit> {
    let version = &upload.id.version;
    Ok(
        match world.head_upload(&upload.id.key, Some(version)).await? {
            UploadHead::Object(_) => Superseded::Replaced,
            UploadHead::DeleteMarker | UploadHead::Absent => Superseded::VersionDeleted,
        },
    )
}

impl PendingDeployment {
    pub(super) fn context(&self) -> UploadContext {
        UploadContext {
            upload: self.upload.clone(),
            target: Some(self.target.clone()),
            job: Some(self.job.id.clone()),
            received: Some(self.signing.received.clone()),
        }
    }

    /// What was applied, as far as it is known.
    pub(super) fn progress(&self) -> Option<Deployed> {
        match &self.applied {
            Applied::Yes(deployed) => Some(deployed.clone()),
            Applied::No | Applied::Unknown => None,
        }
    }

    /// Notes how far the deployment came.
    pub(super) fn note_applied(&mut self, change: impl FnOnce(&mut Deployed)) {
        let mut deployed = self.progress().unwrap_or_default();
        change(&mut deployed);
        self.applied = Applied::Yes(deployed);
    }

    /// The one place that holds the promise: what Lambda took, or may have taken, is never called
    /// rejected or superseded afterwards, and a failure says how far it came.
    pub(super) fn fail_if_applied(&self, mut draft: OutcomeDraft) -> OutcomeDraft {
        let is_honest = matches!(draft.state, UploadState::Deployed | UploadState::Prepared);
        if is_honest || self.applied == Applied::No {
            return draft;
        }
        if draft.state != UploadState::Failed {
            draft.state = UploadState::Failed;
            draft.message = format!("{}; {}", draft.message, self.progress_sentence());
        }
        if draft.deployed.is_none() {
            draft.deployed = self.progress();
        }
        draft
    }

    /// A sentence about what was applied.
    pub(super) fn progress_sentence(&self) -> String {
        match &self.applied {
            Applied::No => "nothing was applied".to_owned(),
            Applied::Unknown => {
                "an update was sent, and whether Lambda took it is not known".to_owned()
            }
            Applied::Yes(deployed) => {
                let code = match &self.target {
                    Target::Function(_) => "Lambda took the code as $LATEST",
                    Target::Layer(_) => "Lambda took the layer",
                };
                let version = deployed.version.as_ref().map_or_else(
                    || "no version was published".to_owned(),
                    |version| format!("version {version} was published"),
                );
                match (&self.target, &deployed.alias) {
                    (Target::Layer(_), _) => format!("{code}, {version}"),
                    (_, Some(alias)) => format!("{code}, {version}, {alias} points at it"),
                    (_, None) => format!("{code}, {version}, no alias was moved"),
                }
            }
        }
    }

    /// By what the verdict on record passed over a policy, if it did.
    pub(super) fn break_glass(&self) -> Option<&BreakGlassUse> {
        let verdict = self.verdict.as_ref()?.verdict.as_ref()?;
        verdict.break_glass.as_ref()
    }

    /// A failure after an accepting verdict.
    pub(super) fn failed(&self, code: ReasonCode, message: impl Into<String>) -> OutcomeDraft {
        OutcomeDraft {
            deployed: self.progress(),
            ..OutcomeDraft::new(UploadState::Failed, code, message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{JobStatus, ProfileName};

    #[test]
    fn key_is_believed_in_the_signed_bucket_alone() {
        let label = "20261121T214400Z-v1";
        let job = |bucket: &str| SigningJob {
            id: SigningJobId::parse("065d37b3-1a2b-4c5d-8e9f-0a1b2c3d4e5f").unwrap(),
            status: JobStatus::Succeeded,
            source: None,
            signed: Some((
                bucket.to_owned(),
                format!("functions/orders/{label}/job.zip"),
            )),
            profile: ProfileName::parse("countersign").unwrap(),
            profile_version: "AbCdEfGh12".to_owned(),
            owner: "111122223333".to_owned(),
            expires_at: None,
            completed_at: None,
            revocation: None,
        };
        let target = Target::from_key("functions/orders.zip").unwrap();
        let (_, version) = label_of(&job("signed"), &target, "signed").unwrap();
        assert_eq!(version.as_str(), "v1");
        assert_eq!(label_of(&job("of-somebody"), &target, "signed"), None);
        let other = Target::from_key("functions/other.zip").unwrap();
        assert_eq!(label_of(&job("signed"), &other, "signed"), None);
    }
}
