//! From an upload to its signing job, or to the reason why there will be none.

use std::collections::BTreeMap;

use countersign_package::{Limits, Package, SIGNATURE_DIRECTORY};

use crate::{
    code::Code,
    finish::{Ending, Finished, Stop, Story, finish, finished_before},
    layer_metadata::LayerMetadata,
    names::{NamePattern, ProfileName, SigningJobId, VersionId},
    ports::{
        Clock, Creation, Events, Functions, JobRequest, JobStart, ObjectHead, Records, Signer,
        UploadHead, Uploads,
    },
    reasons,
    records::{self, Received, Schema, Signing, State},
    retry::{Patience, Retry},
    settings::{SignSettings, Stack},
    target::{KeyError, Target},
    triggers::UploadEvent,
    upload::{Upload, UploadId, sha256_base64},
};

/// The tag of a function that names the profile to sign it with.
pub const PROFILE_TAG: &str = "countersign:profile";

/// What `sign` needs of the world.
pub trait SignWorld: Clock + Uploads + Functions + Signer + Records + Events {}
impl<W: Clock + Uploads + Functions + Signer + Records + Events> SignWorld for W {}

/// What became of an upload event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// A signing job runs for it.
    Signing {
        /// The upload.
        upload: Upload,
        /// The job.
        job: SigningJobId,
        /// Whether this call recorded it: then, and only then, it is to be counted.
        is_new: bool,
    },
    /// It has come to its end.
    Finished(Box<Finished>),
    /// It is none of this stack's, for this reason; to be logged.
    NotOurs(String),
}

/// Takes an upload in: pins its version, refuses at once what can never be deployed, has the rest
/// signed.
///
/// Idempotent: the records tell how far an earlier delivery came, and Signer answers a repeated token
/// with the first job. With its last patience, trouble ends the upload as rejected.
pub async fn admit<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    patience: Patience,
) -> Result<Admission, Retry> {
    if event.bucket != settings.stack.uploads_bucket {
        return Ok(Admission::NotOurs(format!(
            "the bucket {} is not the uploads bucket of this stack",
            event.bucket
        )));
    }
    let mut story = None;
    match admit_once(world, settings, event, &mut story).await {
        Err(retry) if patience.is_last() => match &story {
            // Nothing is known of it but the event: the dead-letter queue keeps that.
            None => Err(retry),
            Some(story) => {
                let message = format!("it could not be taken in: {}", retry.in_full());
                let ending = Ending::rejected(Code::Undecided, message);
                end(world, &settings.stack, story, ending).await
            }
        },
        admission => admission,
    }
}

async fn admit_once<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    event: &UploadEvent,
    progress: &mut Option<Story>,
) -> Result<Admission, Retry> {
    let pinned = pin(world, event).await?;
    let target = Target::from_key(&event.key);
    let mut story = Story {
        upload: pinned.upload,
        target: target.as_ref().ok().cloned(),
        job: None,
        received: None,
    };
    if let Some(known) = known_before(world, &settings.stack, &story.upload).await? {
        return Ok(known);
    }
    *progress = Some(story.clone());

    let mut received = Received {
        schema: Schema,
        upload: story.upload.clone(),
        target: story.target.clone(),
        bytes: None,
        source_sha256: None,
        uploaded_by: event.uploaded_by.clone(),
        metadata: BTreeMap::new(),
        tags: BTreeMap::new(),
        received_at: world.now(),
    };
    let considered = consider(world, settings, pinned.standing, target, &mut received).await;
    if let Err(Stop::Retry(retry)) = considered {
        return Err(retry);
    }
    // What was received goes on record before anything comes of it.
    let path = format!("{}received.json", story.upload.folder());
    records::create(world, &path, &received).await?;
    story.received = Some(received.clone());
    *progress = Some(story.clone());
    let started = match considered {
        Ok(profile) => start(world, settings, received, profile).await,
        Err(stop) => Err(stop),
    };
    match started {
        Ok(admission) => Ok(admission),
        Err(Stop::Retry(retry)) => Err(retry),
        Err(Stop::End(ending)) => end(world, &settings.stack, &story, *ending).await,
    }
}

/// Where an upload stands in its key's history.
enum Standing {
    /// It is the current version.
    Current(ObjectHead),
    /// It is not what should run, or can never be pinned.
    Ended(Ending),
}

struct Pinned {
    upload: Upload,
    standing: Standing,
}

/// Finds the version that the event is about, and when S3 took it.
async fn pin<W: SignWorld>(world: &W, event: &UploadEvent) -> Result<Pinned, Retry> {
    let current = world.head_upload(&event.key, None).await?;
    let upload = |version: VersionId, at| Upload {
        id: UploadId {
            bucket: event.bucket.clone(),
            key: event.key.clone(),
            version,
        },
        at,
    };
    if let UploadHead::Object(head) = &current {
        match &head.version {
            None => {
                return Ok(Pinned {
                    upload: upload(VersionId::unversioned(), head.last_modified),
                    standing: Standing::Ended(Ending::rejected(
                        Code::BucketNotVersioned,
                        "the current object of this key has no version id",
                    )),
                });
            }
            Some(version)
                if event
                    .version
                    .as_ref()
                    .is_none_or(|wanted| wanted == version) =>
            {
                return Ok(Pinned {
                    upload: upload(version.clone(), head.last_modified),
                    standing: Standing::Current(head.clone()),
                });
            }
            Some(_) => {}
        }
    }
    // Not current. What took its place decides what is said, its own time where it is recorded.
    let code = match &current {
        UploadHead::Object(_) => Code::Replaced,
        UploadHead::DeleteMarker | UploadHead::Absent => Code::Deleted,
    };
    let version = event.version.clone().unwrap_or_else(VersionId::unversioned);
    let at = match world.head_upload(&event.key, Some(&version)).await? {
        UploadHead::Object(head) => head.last_modified,
        UploadHead::DeleteMarker | UploadHead::Absent => match Target::from_key(&event.key) {
            Ok(target) => records::find_upload(world, &target, &version)
                .await?
                .unwrap_or(event.at),
            Err(_) => event.at,
        },
    };
    Ok(Pinned {
        upload: upload(version, at),
        standing: Standing::Ended(Ending::new(State::Superseded, code, code.about().meaning)),
    })
}

/// How far an earlier delivery came, if it came far enough.
async fn known_before<W: SignWorld>(
    world: &W,
    stack: &Stack,
    upload: &Upload,
) -> Result<Option<Admission>, Retry> {
    let folder = upload.folder();
    let paths = world.list_records(&folder).await?;
    let has = |name: &str| {
        paths
            .iter()
            .any(|path| path.strip_prefix(&folder) == Some(name))
    };
    if has("outcome.json") {
        return Ok(finished_before(world, stack, upload)
            .await?
            .map(Box::new)
            .map(Admission::Finished));
    }
    if has("signing.json") {
        let signing: Option<Signing> =
            records::read(world, &format!("{folder}signing.json")).await?;
        return Ok(signing.map(|signing| Admission::Signing {
            upload: upload.clone(),
            job: signing.job,
            is_new: false,
        }));
    }
    Ok(None)
}

/// Looks for whatever can never be deployed; answers with the profile to sign with.
async fn consider<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    standing: Standing,
    target: Result<Target, KeyError>,
    received: &mut Received,
) -> Result<ProfileName, Stop> {
    let head = match standing {
        Standing::Current(head) => head,
        Standing::Ended(ending) => return Err(ending.into()),
    };
    received.bytes = Some(head.size);
    received.metadata = head.metadata;
    if head.tag_count > 0 {
        received.tags = world.upload_tags(&received.upload.id).await?;
    }
    let target =
        target.map_err(|error| Ending::rejected(reasons::of_key(&error), error.to_string()))?;
    let profile = profile_for(world, settings, &target, &received.metadata).await?;
    // Before it is fetched: what is too large for Signer is too large for memory.
    let limit = settings.limits.package_bytes;
    if head.size > limit {
        let message = format!(
            "the package has {} bytes; at most {limit} are allowed",
            head.size
        );
        return Err(Ending::rejected(Code::PackageTooLarge, message).into());
    }
    let Some(bytes) = world.read_upload(&received.upload.id).await? else {
        let message = "the version was deleted while it was looked at";
        return Err(Ending::new(State::Superseded, Code::Deleted, message).into());
    };
    received.source_sha256 = Some(sha256_base64(&bytes));
    check_signable(&bytes, &settings.limits)?;
    Ok(profile)
}

/// The profile that packages for this target are signed with, if there can be any.
async fn profile_for<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    target: &Target,
    metadata: &BTreeMap<String, String>,
) -> Result<ProfileName, Stop> {
    check_scope(settings, target)?;
    let name = match target {
        Target::Function(name) => name,
        Target::Layer(_) => {
            LayerMetadata::read(metadata)
                .map_err(|error| Ending::rejected(Code::LayerMetadata, error.to_string()))?;
            return Ok(settings.profile.clone());
        }
    };
    let Some(function) = world.function(name).await? else {
        let message = format!("there is no function {name}");
        return Err(Ending::rejected(Code::TargetNotFound, message).into());
    };
    if function.is_image {
        let message = format!("{} is a container image", function.arn);
        return Err(Ending::rejected(Code::TargetIsImage, message).into());
    }
    match function.tags.get(PROFILE_TAG) {
        Some(tag) => tagged_profile(settings, tag),
        None => Ok(settings.profile.clone()),
    }
}

/// Whether the gate may deploy to this target at all. Its roles have no right to others; asking would
/// only be denied.
fn check_scope(settings: &SignSettings, target: &Target) -> Result<(), Stop> {
    if let Target::Function(name) = target
        && settings.stack.owns(name)
    {
        let message = format!("{name} is a function of the gate itself");
        return Err(Ending::rejected(Code::TargetIsGate, message).into());
    }
    let pattern = settings.scope.pattern_for(target);
    if !pattern.matches(target.name()) {
        let message = format!(
            "{} is not among the names that the gate was given, {pattern}",
            target.name()
        );
        return Err(Ending::rejected(Code::TargetNotManaged, message).into());
    }
    Ok(())
}

/// The profile that a function's tag names, if the gate may sign with it.
fn tagged_profile(settings: &SignSettings, tag: &str) -> Result<ProfileName, Stop> {
    let profile = ProfileName::parse(tag)
        .map_err(|error| Ending::rejected(Code::ProfileTag, error.to_string()))?;
    let given = settings.scope.tagged_profiles.as_ref();
    if profile == settings.profile || given.is_some_and(|given| given.matches(profile.as_str())) {
        return Ok(profile);
    }
    let given = given.map_or("none", NamePattern::as_str);
    let message = format!(
        "the tag {PROFILE_TAG} names {profile}; beside its own profile the gate was given {given}"
    );
    Err(Ending::rejected(Code::ProfileNotManaged, message).into())
}

/// Whether Signer would take this, and nobody could read it in two ways.
fn check_signable(bytes: &[u8], limits: &Limits) -> Result<(), Stop> {
    let package = Package::read(bytes, limits)
        .map_err(|error| Ending::rejected(reasons::of_structure(&error), error.to_string()))?;
    let is_reserved = |name: &str| name.starts_with(SIGNATURE_DIRECTORY);
    if package.is_signed()
        || package
            .archive()
            .entries()
            .iter()
            .any(|entry| is_reserved(entry.name()))
    {
        let message = format!("the package holds {SIGNATURE_DIRECTORY}, where a signature goes");
        return Err(Ending::rejected(Code::AlreadySigned, message).into());
    }
    Ok(())
}

/// Starts the job, and puts it on record.
async fn start<W: SignWorld>(
    world: &W,
    settings: &SignSettings,
    received: Received,
    profile: ProfileName,
) -> Result<Admission, Stop> {
    let upload = received.upload.clone();
    let request = JobRequest {
        profile,
        source: upload.id.clone(),
        bucket: settings.stack.signed_bucket.clone(),
        prefix: upload.folder(),
        token: upload.id.client_token(),
    };
    let job = match world.start_job(&request).await? {
        JobStart::Job(job) => job,
        JobStart::Refused(refusal) => {
            let message = format!(
                "Signer refuses to sign with the profile {}: {}: {}",
                request.profile, refusal.exception, refusal.message
            );
            return Err(Ending::rejected(Code::SignerRefused, message).into());
        }
    };
    let signing = Signing {
        schema: Schema,
        job: job.clone(),
        profile: request.profile,
        bucket: request.bucket,
        prefix: request.prefix,
        token: request.token,
        started_at: world.now(),
        received,
    };
    let path = format!("{}signing.json", upload.folder());
    let creation = records::create(world, &path, &signing).await?;
    Ok(Admission::Signing {
        upload,
        job,
        is_new: creation == Creation::Created,
    })
}

async fn end<W: SignWorld>(
    world: &W,
    stack: &Stack,
    story: &Story,
    ending: Ending,
) -> Result<Admission, Retry> {
    finish(world, stack, story, ending)
        .await
        .map(Box::new)
        .map(Admission::Finished)
}
