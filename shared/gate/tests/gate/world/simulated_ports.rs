//! The ports, as one caller has them.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use countersign_gate::{
    domain::{UploadId, *},
    outcome::{APPROVAL_NEEDED_DETAIL_TYPE, DRIFT_DETAIL_TYPE},
    ports::{Announcement, PortError, SnsMessage, *},
    verdict::Verified,
};
use countersign_package::ProfileVersionArn;
use jiff::{SignedDuration, Timestamp};

use super::{
    FaultAt, Job, Mistake, SIGNED, StoredStatement, World, WorldState,
    invariants::Seen,
    packages::{ACCOUNT, PROFILE_VERSION, SUMMARY_KEY, job_id},
    simulated_records::with_field,
};

/// The name of an attestation that is not there.
const ASSUMED: &str = "assumed.json";

/// A path in the records, and what is to be written there.
type Write = (String, Vec<u8>);

/// A caller's hold on the world.
#[derive(Clone)]
pub struct SimulatedPorts {
    pub world: World,
    pub name: String,
    /// The delivery that it works for, as records name it.
    pub delivery: String,
    /// What it was told.
    pub seen: Arc<Mutex<Seen>>,
    /// The job that it asked for last.
    pub asked: Arc<Mutex<Option<JobRequest>>>,
    /// A write that it holds back, by mistake.
    pub late: Arc<Mutex<Option<Write>>>,
    /// An answer that was asked for too early, by mistake.
    pub early: Arc<Mutex<Option<UploadHead>>>,
}

/// Gives the scheduler a turn, once.
struct Turn<'a> {
    world: &'a World,
    is_over: bool,
}

impl Future for Turn<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.is_over, true) {
            Poll::Ready(())
        } else {
            self.world.state().turns += 1;
            Poll::Pending
        }
    }
}

/// Waits until the world's clock says that it is over; whoever drives the task moves the clock.
struct Sleep<'a> {
    world: &'a World,
    until: Timestamp,
}

impl Future for Sleep<'_> {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        let mut state = self.world.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.sleepers.push(self.until);
        Poll::Pending
    }
}

impl SimulatedPorts {
    /// One call: a turn for others, perhaps trouble, then the effect, whose answer may be lost.
    pub(super) async fn call<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut WorldState) -> T + Send,
    ) -> Result<T, PortError> {
        Turn {
            world: &self.world,
            is_over: false,
        }
        .await;
        let mut state = self.world.state();
        state.ticks += 1;
        if state.slowness_ms > 0 {
            let max = state.slowness_ms;
            let took = i64::try_from(state.random.below(max)).unwrap();
            state.now += jiff::SignedDuration::from_millis(took);
        }
        let nth = state.calls.len();
        let fault = state.fault_at.filter(|(at, _)| *at == nth);
        let fault = fault.map(|(_, fault)| fault);
        state.calls.push(call);
        let throttled = state.faults.throttled;
        let now = state.now;
        let is_beyond = state
            .quotas
            .as_mut()
            .is_some_and(|quotas| !quotas.allow(call, now));
        let is_throttled =
            is_beyond || state.broken.contains(call) || fault == Some(FaultAt::Throttled);
        if is_throttled || state.random.in_1000(throttled) {
            state.note(|| format!("{}: {call} throttled", self.name));
            state.trouble(&self.name);
            return Err(PortError::Throttled {
                call,
                source: "too many requests".into(),
            });
        }
        state.note(|| format!("{}: {call}", self.name));
        let answer = effect(&mut state);
        let lost = state.faults.lost;
        if fault == Some(FaultAt::AnswerLost) || state.random.in_1000(lost) {
            state.note(|| format!("{}: {call} had its effect, the answer is lost", self.name));
            state.trouble(&self.name);
            return Err(PortError::Unavailable {
                call,
                source: "connection reset".into(),
            });
        }
        Ok(answer)
    }

    pub(super) async fn head(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> Result<UploadHead, PortError> {
        self.call("s3:HeadObject", |state| {
            if let Some(stored) = state.statements.get(key) {
                let is_withdrawn_counted = state.mistake == Some(Mistake::WithdrawnCounted);
                if is_withdrawn_counted && version.is_none() {
                    let there = stored.iter().rposition(|stored| stored.body.is_some());
                    return head_of_statement(&stored[..=there.unwrap_or(0)], None);
                }
                return head_of_statement(stored, version);
            }
            let versions = state
                .uploads
                .get(key)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let found = match version {
                None => versions.last(),
                Some(version) => versions.iter().find(|stored| stored.version == *version),
            };
            // As if this version had not been asked for.
            let found = match state.mistake {
                Some(Mistake::DeletedCalledReplaced) if version.is_some() => {
                    found.or(versions.last())
                }
                _ => found,
            };
            match found {
                None => UploadHead::Absent,
                Some(stored) => match stored.slot {
                    None => UploadHead::DeleteMarker,
                    Some(slot) => UploadHead::Object(ObjectHead {
                        version: (!state.is_unversioned).then(|| stored.version.clone()),
                        last_modified: stored.at,
                        size: state.claimed_size.unwrap_or_else(|| {
                            u64::try_from(state.packages[slot].source.len()).unwrap()
                        }),
                        metadata: state.metadata.clone(),
                        tag_count: u32::try_from(state.upload_tags.len()).unwrap(),
                    }),
                },
            }
        })
        .await
    }

    /// Makes a mistake, if it is the one to make: asks before a revision is read what is to be
    /// asked after.
    pub(super) async fn head_early(
        &self,
        mistake: Mistake,
        name: &FunctionName,
    ) -> Result<(), PortError> {
        let is_made = self.world.state().mistake == Some(mistake);
        let head = if is_made {
            Some(self.head(&upload_key(name), None).await?)
        } else {
            None
        };
        *self.early.lock().unwrap() = head;
        Ok(())
    }
}

fn head_of_statement(stored: &[StoredStatement], version: Option<&VersionId>) -> UploadHead {
    let found = match version {
        None => stored.last(),
        Some(version) => stored.iter().find(|stored| stored.version == *version),
    };
    match found {
        None => UploadHead::Absent,
        Some(StoredStatement { body: None, .. }) => UploadHead::DeleteMarker,
        Some(StoredStatement {
            version,
            at,
            body: Some(body),
            ..
        }) => UploadHead::Object(ObjectHead {
            version: Some(version.clone()),
            last_modified: *at,
            size: u64::try_from(body.len()).unwrap(),
            metadata: BTreeMap::new(),
            tag_count: 0,
        }),
    }
}

pub(super) fn upload_key(name: &FunctionName) -> String {
    format!("functions/{name}.zip")
}

impl Clock for SimulatedPorts {
    fn now(&self) -> Timestamp {
        self.world.state().now
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.now().saturating_add(duration);
        Sleep {
            world: &self.world,
            until: until.unwrap_or(Timestamp::MAX),
        }
        .await;
    }
}

impl Uploads for SimulatedPorts {
    async fn head_upload(
        &self,
        key: &str,
        version: Option<&VersionId>,
    ) -> Result<UploadHead, PortError> {
        let early = version.is_none().then(|| self.early.lock().unwrap().take());
        match early.flatten() {
            Some(head) => Ok(head),
            None => self.head(key, version).await,
        }
    }

    async fn read_upload(&self, upload: &UploadId) -> Result<Option<Vec<u8>>, PortError> {
        self.call("s3:GetObject upload", |state| {
            let slot = state.slot_of(&upload.key, &upload.version)?;
            Some(state.packages[slot].source.clone())
        })
        .await
    }

    async fn read_if_current(&self, wanted: &UploadId) -> Result<CurrentUpload, PortError> {
        let early = self.early.lock().unwrap().take();
        self.call("s3:GetObject upload", |state| {
            let versions = state.uploads.get(&wanted.key).cloned().unwrap_or_default();
            let is_current = match early {
                Some(UploadHead::Object(head)) => head.version.as_ref() == Some(&wanted.version),
                Some(UploadHead::DeleteMarker | UploadHead::Absent) => {
                    return CurrentUpload::Deleted;
                }
                None => match versions.last() {
                    Some(stored) if stored.slot.is_some() => stored.version == wanted.version,
                    _ => return CurrentUpload::Deleted,
                },
            };
            match state.slot_of(&wanted.key, &wanted.version) {
                Some(slot) if is_current => {
                    CurrentUpload::Current(state.packages[slot].source.clone())
                }
                _ => CurrentUpload::Other,
            }
        })
        .await
    }

    async fn list_versions(&self, key: &str, max: usize) -> Result<Vec<UploadVersion>, PortError> {
        self.call("s3:ListObjectVersions", |state| {
            let versions = state.uploads.get(key).into_iter().flatten().rev();
            let told = versions
                .enumerate()
                .map(|(position, stored)| UploadVersion {
                    version: Some(stored.version.clone()),
                    last_modified: stored.at,
                    is_delete_marker: stored.slot.is_none(),
                    is_current: position == 0,
                });
            told.take(max).collect()
        })
        .await
    }

    async fn list_statements(&self, prefix: &str, max: usize) -> Result<Vec<String>, PortError> {
        self.call("s3:ListObjectsV2 uploads", |state| {
            let is_withdrawn_counted = state.mistake == Some(Mistake::WithdrawnCounted);
            let is_there = |stored: &[StoredStatement]| {
                is_withdrawn_counted || stored.last().is_some_and(|stored| stored.body.is_some())
            };
            let of_target = prefix.trim_end_matches('/').rsplit_once('/');
            let prefix = match (state.mistake, of_target) {
                // As if approvals were of the target, whatever the bytes.
                (Some(Mistake::BytesNotCompared), Some((of_target, _))) => of_target,
                _ => prefix,
            };
            let keys = state.statements.iter();
            keys.filter(|(key, stored)| key.starts_with(prefix) && is_there(stored))
                .map(|(key, _)| key.clone())
                .take(max)
                .collect()
        })
        .await
    }

    async fn read_statement(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> Result<Option<StatementObject>, PortError> {
        self.call("s3:GetObject statement", |state| {
            let stored = state.statements.get(key)?.last()?;
            let mut body = stored.body.clone()?;
            if state.mistake == Some(Mistake::GlassNeverEnds) {
                let end = stored.at + SignedDuration::from_hours(24);
                body = with_field(&body, "until", &end.to_string());
            }
            let size = u64::try_from(body.len()).unwrap();
            Some(StatementObject {
                version: Some(stored.version.clone()),
                last_modified: stored.at,
                size,
                body: (size <= max_bytes).then_some(body),
            })
        })
        .await
    }

    async fn upload_tags(&self, _: &UploadId) -> Result<BTreeMap<String, String>, PortError> {
        self.call("s3:GetObjectTagging", |state| state.upload_tags.clone())
            .await
    }
}

impl Attestations for SimulatedPorts {
    async fn list_attestations(
        &self,
        folder: &AttestationFolder,
        max: u16,
    ) -> Result<AttestationListing, PortError> {
        self.call("s3:ListObjectsV2 attestations", |state| {
            let below = |key: &&String| key.starts_with(folder.as_str());
            let keys: Vec<&String> = state.attestations.keys().filter(below).collect();
            let objects = keys.iter().take(max.into()).map(|key| ListedAttestation {
                key: (*key).clone(),
                size: u64::try_from(state.attestations[*key].len()).unwrap(),
            });
            let mut objects: Vec<ListedAttestation> = objects.collect();
            if state.mistake == Some(Mistake::AttestationNotMissed) && objects.is_empty() {
                let key = format!("{}{ASSUMED}", folder.as_str());
                objects.push(ListedAttestation { key, size: 1 });
            }
            AttestationListing {
                objects,
                has_more: keys.len() > max.into(),
            }
        })
        .await
    }

    async fn read_attestation(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> Result<AttestationRead, PortError> {
        self.call("s3:GetObject attestation", |state| {
            if state.attestations_vanish {
                state.attestations.remove(key);
            }
            let is_assumed = key.ends_with(ASSUMED);
            if is_assumed || state.mistake == Some(Mistake::AttestationNotCompared) {
                return AttestationRead::Object {
                    version: VersionId::parse("a1").unwrap(),
                    bytes: (state.proves)(key),
                };
            }
            let Some(bytes) = state.attestations.get(key) else {
                return AttestationRead::Gone;
            };
            let size = u64::try_from(bytes.len()).unwrap();
            if size > max_bytes {
                return AttestationRead::TooLarge { size };
            }
            AttestationRead::Object {
                version: VersionId::parse("a1").unwrap(),
                bytes: bytes.clone(),
            }
        })
        .await
    }
}

impl StatementStore for SimulatedPorts {
    async fn put_statement(&self, key: &str, body: &[u8]) -> Result<(), PortError> {
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.world.state_that(key, &text);
        Ok(())
    }

    async fn delete_statement(&self, key: &str) -> Result<(), PortError> {
        self.world.withdraw(key);
        Ok(())
    }
}

/// Only the daily probe uploads, and this world has none.
impl UploadStore for SimulatedPorts {
    async fn put_upload(
        &self,
        target: &Target,
        _: &[u8],
        _: &BTreeMap<String, String>,
    ) -> Result<StoredVersion, PortError> {
        panic!("the gate uploaded {target}")
    }

    async fn restore_upload(
        &self,
        target: &Target,
        _: &VersionId,
        _: &BTreeMap<String, String>,
    ) -> Result<Option<StoredVersion>, PortError> {
        panic!("the gate restored {target}")
    }
}

impl SignedObjects for SimulatedPorts {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, PortError> {
        self.call("s3:GetObject signed", |state| {
            let bytes = state.signed.get(key)?.clone();
            if state.is_hidden(key, state.objects_hide) {
                return None;
            }
            let version = VersionId::parse("s1").unwrap();
            Some((
                SignedObject {
                    bucket: bucket.to_owned(),
                    key: key.to_owned(),
                    version,
                },
                bytes,
            ))
        })
        .await
    }

    async fn current_package(&self, target: &Target) -> Result<Option<CurrentPackage>, PortError> {
        self.call("s3:HeadObject current", |state| {
            let found = state.current.get(&target.to_string())?.last()?;
            Some(CurrentPackage {
                etag: format!("e{}", found.number),
                object: found.object(target),
                upload: Some(found.upload.clone()),
                source_sha256: Some(found.source_sha256.clone()),
                code_sha256: Some(found.code_sha256.clone()),
            })
        })
        .await
    }

    async fn read_signed_version(
        &self,
        object: &SignedObject,
    ) -> Result<Option<Vec<u8>>, PortError> {
        self.call("s3:GetObject signed", |state| {
            let name = object.key.strip_prefix("current/")?.strip_suffix(".zip")?;
            let target = Target::try_from(name.to_owned()).unwrap();
            let all = state.current.get(name)?;
            let found = all.iter().find(|found| found.object(&target) == *object)?;
            Some(found.bytes.clone())
        })
        .await
    }

    async fn replace_current_package(
        &self,
        verified: &Verified,
        seen: Option<&CurrentPackage>,
    ) -> Result<Option<SignedObject>, PortError> {
        self.call("s3:CopyObject", |state| {
            let target = verified.target();
            let bytes = state.signed[&verified.signed().key].clone();
            let is_blind = state.mistake == Some(Mistake::BlindCopy);
            let versions = state.current.entry(target.to_string()).or_default();
            let etag = versions.last().map(|found| format!("e{}", found.number));
            if etag != seen.map(|seen| seen.etag.clone()) && !is_blind {
                return None;
            }
            let object = CurrentObject {
                number: versions.len() + 1,
                bytes,
                upload: verified.upload().label(),
                source_sha256: verified.source_sha256(),
                code_sha256: verified.code_sha256(),
            };
            versions.push(object.clone());
            state.check_offer(verified);
            Some(object.object(target))
        })
        .await
    }
}

/// The object under `current/` as the world keeps it.
#[derive(Clone)]
pub struct CurrentObject {
    pub number: usize,
    pub bytes: Vec<u8>,
    pub upload: String,
    pub source_sha256: String,
    pub code_sha256: String,
}

impl CurrentObject {
    fn object(&self, target: &Target) -> SignedObject {
        SignedObject {
            bucket: SIGNED.to_owned(),
            key: format!("current/{target}.zip"),
            version: VersionId::parse(format!("c{}", self.number)).unwrap(),
        }
    }
}

impl Signer for SimulatedPorts {
    async fn start_job(&self, request: &JobRequest) -> Result<JobStart, PortError> {
        *self.asked.lock().unwrap() = Some(request.clone());
        self.call("signer:StartSigningJob", |state| {
            if let Some(job) = state.tokens.get(&request.token) {
                return JobStart::Job(job.clone());
            }
            let slot = state.slot_of(&request.source.key, &request.source.version);
            let Some(slot) = slot else {
                return JobStart::Refused(Refusal {
                    exception: "ValidationException".to_owned(),
                    message: "The specified version does not exist.".to_owned(),
                });
            };
            let id = SigningJobId::parse(job_id(slot)).unwrap();
            state.tokens.insert(request.token.clone(), id.clone());
            state.jobs.insert(
                id.clone(),
                Job {
                    request: request.clone(),
                    succeeded: None,
                    completed_at: None,
                },
            );
            JobStart::Job(id)
        })
        .await
    }

    async fn describe_job(&self, id: &SigningJobId) -> Result<Option<SigningJob>, PortError> {
        self.call("signer:DescribeSigningJob", |state| {
            if state.is_hidden(id.as_str(), state.jobs_hide) {
                return None;
            }
            let mut job = state.jobs.get(id)?.clone();
            // As if what it signs had not been compared with what was asked.
            if let (Some(Mistake::ForeignJobTaken), Some(asked)) =
                (state.mistake, &*self.asked.lock().unwrap())
            {
                job.request.clone_from(asked);
            }
            let profile: ProfileVersionArn = PROFILE_VERSION.parse().unwrap();
            let mut seen = self.seen.lock().unwrap();
            if state.jobs_revoked_at.is_some() {
                seen.revoked.insert(id.clone());
            } else {
                seen.revoked.remove(id);
            }
            drop(seen);
            let is_blind = state.mistake == Some(Mistake::RevocationNotSeen);
            let alone = (state.job_revoked.as_ref() == Some(id)).then_some(state.now);
            let revoked_at = state.jobs_revoked_at.or(alone).filter(|_| !is_blind);
            Some(SigningJob {
                id: id.clone(),
                status: match (state.jobs_unknown.clone(), job.succeeded) {
                    (Some(status), _) => JobStatus::Unknown { status },
                    (None, None) => JobStatus::InProgress,
                    (None, Some(true)) => JobStatus::Succeeded,
                    (None, Some(false)) => JobStatus::Failed {
                        reason: "it is malformed".to_owned(),
                    },
                },
                source: Some(job.request.source.clone()),
                signed: (job.succeeded == Some(true)).then(|| {
                    (
                        job.request.bucket.clone(),
                        format!("{}{id}.zip", job.request.prefix),
                    )
                }),
                profile: job.request.profile.clone(),
                profile_version: profile.version().to_owned(),
                owner: ACCOUNT.to_owned(),
                completed_at: job.completed_at,
                expires_at: state.signatures_expire_at,
                revocation: revoked_at.map(|at| JobRevocation {
                    at,
                    reason: "the build machine was lost".to_owned(),
                }),
            })
        })
        .await
    }

    async fn profile(&self, _: &ProfileName, _: &str) -> Result<Option<SigningProfile>, PortError> {
        self.call("signer:GetSigningProfile", |state| {
            let version_arn = PROFILE_VERSION.parse().unwrap();
            Some(SigningProfile {
                version_arn,
                status: state.profile.clone(),
            })
        })
        .await
    }
}

impl Events for SimulatedPorts {
    async fn announce(&self, announcement: &Announcement) -> Result<(), PortError> {
        self.call("events:PutEvents", |state| {
            if announcement.detail_type() == DRIFT_DETAIL_TYPE {
                if state.mistake != Some(Mistake::DriftNotTold) {
                    state.tell_drift(announcement.detail());
                    state.put_own_event(announcement.detail_type(), announcement.detail());
                }
                return;
            }
            if announcement.detail_type() == APPROVAL_NEEDED_DETAIL_TYPE {
                state.approvals_asked.push(announcement.detail().to_owned());
                state.put_own_event(announcement.detail_type(), announcement.detail());
                return;
            }
            if state.mistake == Some(Mistake::NotAnnounced) {
                return;
            }
            state.put_own_event(announcement.detail_type(), announcement.detail());
            state.events.push(announcement.detail().to_owned());
        })
        .await
    }
}

/// The key of the stack. What it signs with is the digest itself, so that a test sees over what a signature is.
impl SummarySigner for SimulatedPorts {
    async fn sign_summary(&self, sha384: [u8; 48]) -> Result<SummarySignature, PortError> {
        self.call("kms:Sign", |_| SummarySignature {
            key: SUMMARY_KEY.to_owned(),
            bytes: sha384.to_vec(),
        })
        .await
    }
}

impl Pager for SimulatedPorts {
    async fn page(&self, message: &SnsMessage) -> Result<(), PortError> {
        self.call("sns:Publish", |state| {
            state.publish(&self.name, message);
            state.pages.push(message.clone());
        })
        .await
    }
}
