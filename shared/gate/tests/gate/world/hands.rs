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
    ports::{Announcement, PortError, SnsMessage, *},
};
use countersign_package::ProfileVersionArn;
use jiff::Timestamp;

use super::{
    Job, Mistake, UploadState, World,
    packages::{ACCOUNT, PROFILE_VERSION, job_id},
    promise::WRITTEN_TWICE,
};

/// A caller's hold on the world.
#[derive(Clone)]
pub struct Hands {
    pub world: World,
    pub name: String,
    /// An answer that was asked for too early, by mistake.
    pub early: Arc<Mutex<Option<UploadHead>>>,
}

/// Gives the scheduler a turn, once.
struct Turn(bool);

impl Future for Turn {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

impl Hands {
    /// One call: a turn for others, perhaps trouble, then the effect, whose answer may be lost.
    pub(super) async fn call<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut UploadState) -> T + Send,
    ) -> Result<T, PortError> {
        Turn(false).await;
        let mut state = self.world.state();
        state.ticks += 1;
        state.calls.push(call);
        let throttled = state.faults.throttled;
        if state.broken.contains(call) || state.random.in_1000(throttled) {
            state.note(|| format!("{}: {call} throttled", self.name));
            return Err(PortError::Throttled {
                call,
                source: "too many requests".into(),
            });
        }
        state.note(|| format!("{}: {call}", self.name));
        let answer = effect(&mut state);
        let lost = state.faults.lost;
        if state.random.in_1000(lost) {
            state.note(|| format!("{}: {call} had its effect, the answer is lost", self.name));
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
            let versions = state
                .uploads
                .get(key)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let found = match version {
                None => versions.last(),
                Some(version) => versions.iter().find(|stored| stored.version == *version),
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
                        tag_count: 0,
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

pub(super) fn upload_key(name: &FunctionName) -> String {
    format!("functions/{name}.zip")
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.world.state().now
    }

    async fn sleep(&self, duration: Duration) {
        Turn(false).await;
        self.world
            .state()
            .tick(i64::try_from(duration.as_secs()).unwrap());
        self.world.settle();
    }
}

impl Uploads for Hands {
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

    async fn upload_tags(&self, _: &UploadId) -> Result<BTreeMap<String, String>, PortError> {
        self.call("s3:GetObjectTagging", |_| BTreeMap::new()).await
    }
}

impl SignedObjects for Hands {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, PortError> {
        self.call("s3:GetObject signed", |state| {
            let bytes = state.signed.get(key)?.clone();
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
}

impl Records for Hands {
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, PortError> {
        self.call("s3:GetObject record", |state| {
            state.records.get(path).cloned()
        })
        .await
    }

    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, PortError> {
        self.call("s3:PutObject record", |state| {
            let is_blind = state.mistake == Some(Mistake::BlindCreate);
            if state.records.contains_key(path) && !is_blind {
                return Creation::Existed;
            }
            if path.ends_with("/outcome.json") {
                assert!(!state.records.contains_key(path), "{WRITTEN_TWICE}");
                let body = String::from_utf8_lossy(body).into_owned();
                state.note(|| format!("outcome {path}: {body}"));
            }
            state.records.insert(path.to_owned(), body.to_vec());
            Creation::Created
        })
        .await
    }

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), PortError> {
        self.call("s3:PutObject record", |state| {
            assert!(
                !path.ends_with("/outcome.json"),
                "an outcome is never replaced"
            );
            state.records.insert(path.to_owned(), body.to_vec());
        })
        .await
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, PortError> {
        self.call("s3:ListObjectsV2", |state| {
            let from = state.records.range(prefix.to_owned()..);
            from.map(|(path, _)| path.clone())
                .take_while(|path| path.starts_with(prefix))
                .collect()
        })
        .await
    }
}

impl Signer for Hands {
    async fn start_job(&self, request: &JobRequest) -> Result<JobStart, PortError> {
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
                },
            );
            JobStart::Job(id)
        })
        .await
    }

    async fn describe_job(&self, id: &SigningJobId) -> Result<Option<SigningJob>, PortError> {
        self.call("signer:DescribeSigningJob", |state| {
            let job = state.jobs.get(id)?;
            let profile: ProfileVersionArn = PROFILE_VERSION.parse().unwrap();
            Some(SigningJob {
                id: id.clone(),
                status: match job.succeeded {
                    None => JobStatus::InProgress,
                    Some(true) => JobStatus::Succeeded,
                    Some(false) => JobStatus::Failed {
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
                expires_at: None,
                revocation: None,
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

impl Events for Hands {
    async fn announce(&self, announcement: &Announcement) -> Result<(), PortError> {
        self.call("events:PutEvents", |state| {
            state.events.push(announcement.detail().to_owned());
        })
        .await
    }
}

impl Pager for Hands {
    async fn page(&self, _: &SnsMessage) -> Result<(), PortError> {
        self.call("sns:Publish", |_| ()).await
    }
}
