//! From a signing job that ended to the end of its upload.
//!
//! ```text
//! job event ─ describe ─ ours? ─ records ─┬─ failed ─────────────────► rejected
//!                                         └─ signed ─► function, layer ─► deployed, rejected,
//!                                                                         superseded, failed
//! ```
//!
//! Idempotent and safe under any interleaving: the terminal record is written by condition; an
//! accepting verdict is on record before anything is changed; Lambda's own revision guards every
//! change of a function, and whether the upload is still current is asked after the revision was
//! read, so an older upload cannot overwrite a newer one.

use crate::{
    code::Code,
    evidence::Evidence,
    finish::{Ending, Finished, Stop, Story, finish, finished_before},
    function,
    gather::{self, Specimen},
    layer,
    names::SigningJobId,
    ports::{
        Clock, Creation, Events, Functions, JobStatus, Layers, Records, SignedObjects, Signer,
        SigningJob, UploadHead, Uploads,
    },
    proof::Judgement,
    records::{self, LambdaVerdict, Schema, Signing, State, VerdictRecord},
    retry::{Patience, Retry},
    settings::{DeploySettings, Examine},
    target::Target,
    upload::Upload,
    verdict::Decision,
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

/// What became of a job event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deployment {
    /// The upload has come to its end.
    Finished(Box<Finished>),
    /// The job is none of this stack's, for this reason; to be logged.
    NotOurs(String),
}

/// One upload with its job, on the way to its end.
pub(crate) struct Case {
    pub(crate) upload: Upload,
    pub(crate) target: Target,
    pub(crate) job: SigningJob,
    pub(crate) signing: Signing,
    /// Bucket and key that the job wrote to.
    pub(crate) signed: Option<(String, String)>,
    /// A verdict that an earlier delivery left.
    pub(crate) verdict: Option<VerdictRecord>,
    /// An earlier delivery began to publish (layers).
    pub(crate) is_claimed: bool,
}

/// Brings the upload of a signing job to its end.
///
/// With its last patience, trouble and an inconclusive verdict end the upload, too: rejected when
/// nothing was approved, failed when something may have been begun.
pub async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    job: &SigningJobId,
    patience: Patience,
) -> Result<Deployment, Retry> {
    let mut case = match find(world, settings, job, patience).await? {
        Found::Case(case) => case,
        Found::Finished(finished) => return Ok(Deployment::Finished(finished)),
        Found::NotOurs(why) => return Ok(Deployment::NotOurs(why)),
    };
    let ending = match conduct(world, examiner, settings, &mut case).await {
        Ok(ending) => ending,
        Err(Stop::End(ending)) => *ending,
        Err(Stop::Retry(retry @ Retry::Claimed { .. })) => return Err(retry),
        Err(Stop::Retry(retry)) if patience.is_last() => give_up(world, &case, &retry).await?,
        Err(Stop::Retry(retry)) => return Err(retry),
    };
    let finished = finish(world, &settings.stack, &case.story(), ending).await?;
    Ok(Deployment::Finished(Box::new(finished)))
}

impl Case {
    fn story(&self) -> Story {
        Story {
            upload: self.upload.clone(),
            target: Some(self.target.clone()),
            job: Some(self.job.id.clone()),
            received: Some(self.signing.received.clone()),
        }
    }
}

enum Found {
    Case(Box<Case>),
    Finished(Box<Finished>),
    NotOurs(String),
}

/// Finds the upload that a job is for, and how far earlier deliveries came with it.
async fn find<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    job: &SigningJobId,
    patience: Patience,
) -> Result<Found, Retry> {
    let stack = &settings.stack;
    let not_ours = |why: String| Ok(Found::NotOurs(why));
    let Some(job) = world.describe_job(job).await? else {
        // Its event says that there is one. Should Signer's answer lag behind, it would cost an upload its end.
        let why = format!("Signer knows no job {job}");
        return if patience.is_last() {
            not_ours(why)
        } else {
            Err(Retry::busy(why))
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
        return Err(Retry::busy(format!(
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
    let is_claimed = has("publishing-1.json");
    let case = Case {
        upload,
        target,
        job,
        signing,
        signed,
        verdict,
        is_claimed,
    };
    Ok(Found::Case(Box::new(case)))
}

/// Time and version of the upload, as they stand in the signed object's key.
fn label_of(key: &str, target: &Target) -> Option<(jiff::Timestamp, crate::names::VersionId)> {
    let rest = key.strip_prefix(&format!("{target}/"))?;
    Upload::parse_label(rest.split_once('/')?.0)
}

/// The way from a case to its ending.
async fn conduct<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut Case,
) -> Result<Ending, Stop> {
    match &case.job.status {
        JobStatus::InProgress => {
            return Err(Retry::busy(format!("the job {} is in progress", case.job.id)).into());
        }
        JobStatus::Failed { reason } => {
            check_current(world, &case.upload).await?;
            let message = format!("the signing job {} failed: {reason}", case.job.id);
            return Err(Ending::rejected(Code::SigningFailed, message).into());
        }
        JobStatus::Succeeded => {}
    }
    // What was refused once stays refused, whoever finished the work.
    if let Some(record) = &case.verdict
        && !record.decision.accepts()
    {
        return Ok(ending_of(record));
    }
    match case.target.clone() {
        Target::Function(name) => function::deploy(world, examiner, settings, case, &name).await,
        Target::Layer(name) => layer::deploy(world, examiner, settings, case, &name).await,
    }
}

/// Ends an upload that is no longer the current version of its key.
pub(crate) async fn check_current<W: Uploads>(world: &W, upload: &Upload) -> Result<(), Stop> {
    let code = match world.head_upload(&upload.id.key, None).await? {
        UploadHead::Object(head) if head.version.as_ref() == Some(&upload.id.version) => {
            return Ok(());
        }
        UploadHead::Object(_) => Code::Replaced,
        UploadHead::DeleteMarker | UploadHead::Absent => Code::Deleted,
    };
    Err(Ending::new(State::Superseded, code, code.about().meaning).into())
}

/// Judges, and puts the verdict on record before anything is done about it.
pub(crate) async fn judge_on_record<W: Records>(
    world: &W,
    case: &mut Case,
    specimen: &Specimen,
    evidence: &Evidence,
) -> Result<Judgement, Stop> {
    let judgement = gather::judged(case, specimen, evidence)?;
    let record = gather::record(case, specimen, evidence, &judgement);
    record_verdict(world, case, record).await?;
    Ok(judgement)
}

/// The first verdict of an upload is written by condition; one that refuses is final for everyone, so its
/// ending is taken over. One that accepts is replaced by what was found since.
async fn record_verdict<W: Records>(
    world: &W,
    case: &mut Case,
    record: VerdictRecord,
) -> Result<(), Stop> {
    let path = format!("{}verdict.json", case.upload.folder());
    if case.verdict.is_none() && records::create(world, &path, &record).await? == Creation::Existed
    {
        case.verdict = records::read(world, &path).await?;
    }
    match &case.verdict {
        None => {}
        Some(earlier) if earlier.decision.accepts() => {
            records::replace(world, &path, &record).await?;
        }
        Some(earlier) => return Err(ending_of(earlier).into()),
    }
    case.verdict = Some(record);
    Ok(())
}

/// The ending that a refusing verdict leads to.
fn ending_of(record: &VerdictRecord) -> Ending {
    match &record.verdict {
        Some(verdict) if record.decision == Decision::Reject => Ending::by_verdict(verdict),
        verdict => Ending {
            findings: verdict.as_ref().map(Ending::notable).unwrap_or_default(),
            ..Ending::rejected(Code::Undecided, Code::Undecided.about().meaning)
        },
    }
}

/// The ending of an upload that could not be brought to one in all attempts.
///
/// Where an accepting verdict is on record, a change may have been begun, by this delivery or by
/// another: then it is not called rejected. Where there is none, one that accepts nothing is put there
/// first, so that no other delivery begins one.
async fn give_up<W: DeployWorld>(world: &W, case: &Case, retry: &Retry) -> Result<Ending, Retry> {
    let why = retry.in_full();
    let verdict = match retry {
        Retry::Inconclusive { verdict } => Some(verdict.as_ref().clone()),
        _ => None,
    };
    let path = format!("{}verdict.json", case.upload.folder());
    let record = VerdictRecord {
        schema: Schema,
        upload: case.upload.clone(),
        target: case.target.clone(),
        job: case.job.id.clone(),
        signed: None,
        source_sha256: case.signing.received.source_sha256.clone(),
        decision: Decision::Inconclusive,
        verdict: verdict.clone(),
        lambda: LambdaVerdict::NotAsked,
        code_signing_config: None,
        judged_at: world.now(),
    };
    let on_record = match records::create(world, &path, &record).await? {
        Creation::Created => Some(record),
        Creation::Existed => records::read(world, &path).await?,
    };
    let is_accepted = on_record.is_some_and(|record| record.decision.accepts());
    let (state, message) = if is_accepted {
        (
            State::Failed,
            format!("it was accepted, and could not be completed: {why}"),
        )
    } else {
        (
            State::Rejected,
            format!("no verdict could be reached: {why}"),
        )
    };
    Ok(Ending {
        findings: verdict.as_ref().map(Ending::notable).unwrap_or_default(),
        ..Ending::new(state, Code::Undecided, message)
    })
}
