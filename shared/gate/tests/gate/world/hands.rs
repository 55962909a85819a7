//! The ports, as one caller has them.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use countersign_gate::announce::Announcement;
use countersign_gate::csc::Csc;
use countersign_gate::names::*;
use countersign_gate::page::SnsMessage;
use countersign_gate::ports::*;
use countersign_gate::proof::Approved;
use countersign_gate::records::VerdictRecord;
use countersign_gate::trouble::Trouble;
use countersign_gate::upload::UploadId;
use countersign_package::ProfileVersionArn;
use jiff::Timestamp;

use super::packages::{ACCOUNT, PROFILE_VERSION, job_id};
use super::{AliasState, FunctionState, Guarded, Job, LayerState, Mistake, State, World};

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
    async fn call<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut State) -> T + Send,
    ) -> Result<T, Trouble> {
        Turn(false).await;
        let mut state = self.world.state();
        state.ticks += 1;
        state.calls.push(call);
        let throttled = state.faults.throttled;
        if state.broken.contains(call) || state.random.in_1000(throttled) {
            state.note(|| format!("{}: {call} throttled", self.name));
            return Err(Trouble::Throttled {
                call,
                source: "too many requests".into(),
            });
        }
        state.note(|| format!("{}: {call}", self.name));
        let answer = effect(&mut state);
        let lost = state.faults.lost;
        if state.random.in_1000(lost) {
            state.note(|| format!("{}: {call} had its effect, the answer is lost", self.name));
            return Err(Trouble::Unavailable {
                call,
                source: "connection reset".into(),
            });
        }
        Ok(answer)
    }

    async fn head(&self, key: &str, version: Option<&VersionId>) -> Result<UploadHead, Trouble> {
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
    async fn head_early(&self, mistake: Mistake, name: &FunctionName) -> Result<(), Trouble> {
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

fn upload_key(name: &FunctionName) -> String {
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
    ) -> Result<UploadHead, Trouble> {
        let early = version.is_none().then(|| self.early.lock().unwrap().take());
        match early.flatten() {
            Some(head) => Ok(head),
            None => self.head(key, version).await,
        }
    }

    async fn read_upload(&self, upload: &UploadId) -> Result<Option<Vec<u8>>, Trouble> {
        self.call("s3:GetObject upload", |state| {
            let slot = state.slot_of(&upload.key, &upload.version)?;
            Some(state.packages[slot].source.clone())
        })
        .await
    }

    async fn upload_tags(&self, _: &UploadId) -> Result<BTreeMap<String, String>, Trouble> {
        self.call("s3:GetObjectTagging", |_| BTreeMap::new()).await
    }
}

impl SignedObjects for Hands {
    async fn read_signed(
        &self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<(SignedObject, Vec<u8>)>, Trouble> {
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
    async fn read_record(&self, path: &str) -> Result<Option<Vec<u8>>, Trouble> {
        self.call("s3:GetObject record", |state| {
            state.records.get(path).cloned()
        })
        .await
    }

    async fn create_record(&self, path: &str, body: &[u8]) -> Result<Creation, Trouble> {
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

    async fn replace_record(&self, path: &str, body: &[u8]) -> Result<(), Trouble> {
        self.call("s3:PutObject record", |state| {
            assert!(
                !path.ends_with("/outcome.json"),
                "an outcome is never replaced"
            );
            state.records.insert(path.to_owned(), body.to_vec());
        })
        .await
    }

    async fn list_records(&self, prefix: &str) -> Result<Vec<String>, Trouble> {
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
    async fn start_job(&self, request: &JobRequest) -> Result<JobStart, Trouble> {
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

    async fn describe_job(&self, id: &SigningJobId) -> Result<Option<SigningJob>, Trouble> {
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

    async fn profile(&self, _: &ProfileName, _: &str) -> Result<Option<SigningProfile>, Trouble> {
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

fn revision(number: u64) -> RevisionId {
    RevisionId::parse(format!("r{number}")).unwrap()
}

fn code_of(function: &FunctionState) -> CodeState {
    CodeState {
        code_sha256: function.code_sha256.clone(),
        job_arn: function.job_arn.clone(),
        profile_version_arn: function.profile_version_arn.clone(),
        revision: revision(function.revision),
        update: function.update.clone(),
    }
}

impl Functions for Hands {
    async fn function(&self, name: &FunctionName) -> Result<Option<Function>, Trouble> {
        self.head_early(Mistake::HeadBeforeFunction, name).await?;
        self.call("lambda:GetFunction", |state| {
            state.note_read(&self.name, Guarded::Code, name);
            let function = state.functions.get(name.as_str())?.clone();
            state.confirm(&function.code_sha256);
            Some(Function {
                arn: format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"),
                is_image: function.is_image,
                code: code_of(&function),
                tags: function.tags,
            })
        })
        .await
    }

    async fn csc_of(&self, name: &FunctionName) -> Result<Option<CscArn>, Trouble> {
        self.call("lambda:GetFunctionCodeSigningConfig", |state| {
            state.functions.get(name.as_str())?.csc.clone()
        })
        .await
    }

    async fn csc(&self, arn: &CscArn) -> Result<Option<Csc>, Trouble> {
        self.call("lambda:GetCodeSigningConfig", |state| {
            state.cscs.get(arn.as_str()).cloned()
        })
        .await
    }

    async fn try_code(
        &self,
        name: &FunctionName,
        _: &SignedObject,
        expected: &RevisionId,
    ) -> Result<CodeUpdate, Trouble> {
        self.call("lambda:UpdateFunctionCode DryRun", |state| {
            let Some(function) = state.functions.get(name.as_str()) else {
                return CodeUpdate::Gone;
            };
            if revision(function.revision) != *expected {
                return CodeUpdate::RevisionChanged;
            }
            match &state.dry_run_refuses {
                Some(refusal) => CodeUpdate::Refused(refusal.clone()),
                None => CodeUpdate::Taken(code_of(function)),
            }
        })
        .await
    }

    async fn update_code(
        &self,
        name: &FunctionName,
        approved: &Approved,
        expected: &RevisionId,
    ) -> Result<CodeUpdate, Trouble> {
        self.call("lambda:UpdateFunctionCode", |state| {
            let slot = state
                .slot_of_code(&approved.code_sha256())
                .expect("it is of a slot");
            let is_blind = state.mistake == Some(Mistake::BlindUpdate);
            let Some(function) = state.functions.get_mut(name.as_str()) else {
                return CodeUpdate::Gone;
            };
            if revision(function.revision) != *expected && !is_blind {
                return CodeUpdate::RevisionChanged;
            }
            if function.update == UpdateStatus::InProgress {
                return CodeUpdate::Busy;
            }
            function.code_sha256 = approved.code_sha256();
            let job = format!(
                "arn:aws:signer:us-east-1:{ACCOUNT}:/signing-jobs/{}",
                job_id(slot)
            );
            function.job_arn = Some(if state.reports_another_job {
                "another".to_owned()
            } else {
                job
            });
            function.profile_version_arn = Some(PROFILE_VERSION.to_owned());
            function.revision += 1;
            function.update = UpdateStatus::InProgress;
            let code = code_of(function);
            state.check_effect(approved, slot);
            state.check_order(&self.name, Guarded::Code, name, slot);
            state.applied.push(slot);
            CodeUpdate::Taken(code)
        })
        .await
    }

    async fn publish_version(&self, request: &VersionRequest) -> Result<VersionPublish, Trouble> {
        self.call("lambda:PublishVersion", |state| {
            let Some(function) = state.functions.get_mut(request.function.as_str()) else {
                return VersionPublish::Gone;
            };
            if function.update == UpdateStatus::InProgress {
                return VersionPublish::Busy;
            }
            if function.code_sha256 != request.code_sha256 {
                return VersionPublish::CodeChanged;
            }
            assert!(request.description.chars().count() <= 256);
            if function.versions.last() != Some(&request.code_sha256) {
                function.versions.push(request.code_sha256.clone());
                function.revision += 1;
            }
            let version = function.versions.len().to_string();
            state.confirm(&request.code_sha256);
            VersionPublish::Version(version)
        })
        .await
    }

    async fn alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
    ) -> Result<Option<Alias>, Trouble> {
        self.head_early(Mistake::HeadBeforeAlias, function).await?;
        self.call("lambda:GetAlias", |state| {
            state.note_read(&self.name, Guarded::Alias, function);
            let function = state.functions.get(function.as_str())?;
            let found = function.aliases.get(alias.as_str())?.clone();
            state.confirm_alias(&found.version);
            Some(Alias {
                version: found.version,
                splits_traffic: found.splits_traffic,
                revision: revision(found.revision),
            })
        })
        .await
    }

    async fn move_alias(
        &self,
        function: &FunctionName,
        alias: &AliasName,
        version: &str,
        expected: &RevisionId,
    ) -> Result<AliasMove, Trouble> {
        self.call("lambda:UpdateAlias", |state| {
            let name = function;
            let Some(function) = state.functions.get_mut(name.as_str()) else {
                return AliasMove::Gone;
            };
            let at = version.parse::<usize>().unwrap() - 1;
            let Some(code) = function.versions.get(at).cloned() else {
                return AliasMove::Gone;
            };
            let Some(found) = function.aliases.get_mut(alias.as_str()) else {
                return AliasMove::Gone;
            };
            if revision(found.revision) != *expected {
                return AliasMove::RevisionChanged;
            }
            *found = AliasState {
                revision: found.revision + 1,
                ..AliasState::at(version)
            };
            let slot = state
                .slot_of_code(&code)
                .expect("the gate moves aliases to its own code");
            state.check_order(&self.name, Guarded::Alias, name, slot);
            state.moved.push(slot);
            state.confirm_alias(version);
            AliasMove::Moved
        })
        .await
    }
}

/// What the world complains of, when an effect breaks the promise.
pub const WRITTEN_TWICE: &str = "an outcome is written over another";
pub const READ_TOO_LATE: &str = "another upload was current when the revision was read";
pub const OLDER_OVER_NEWER: &str = "an older upload lands over a newer one";

impl State {
    /// Remembers what was current when a caller read a revision.
    fn note_read(&mut self, caller: &str, guarded: Guarded, name: &FunctionName) {
        let versions = self.uploads.get(&upload_key(name)).map_or(0, Vec::len);
        self.read_at.insert((caller.to_owned(), guarded), versions);
    }

    /// What must hold of time whenever the gate changes a function or an alias: the upload was the
    /// current version when the revision that guards the change was read, and nothing newer has
    /// landed. The first holds or fails at this very effect, whoever puts it right later.
    fn check_order(&mut self, caller: &str, guarded: Guarded, name: &FunctionName, slot: usize) {
        let is_it = |stored: usize| match guarded {
            Guarded::Code => stored == slot,
            // An upload of the same content has the alias point at the version that there is.
            Guarded::Alias => self.packages[stored].source == self.packages[slot].source,
        };
        let at = self.uploads[&upload_key(name)]
            .iter()
            .rposition(|stored| stored.slot.is_some_and(is_it))
            .expect("what is deployed was uploaded")
            + 1;
        assert_eq!(
            at,
            self.read_at[&(caller.to_owned(), guarded)],
            "{READ_TOO_LATE}"
        );
        let before = self.landed.insert(guarded, at);
        assert!(
            before.is_none_or(|before| before <= at),
            "{OLDER_OVER_NEWER}"
        );
    }

    /// What must hold whenever the gate changes code: an accepting verdict of this upload is on
    /// record, and nothing has ended it as refused.
    fn check_effect(&self, approved: &Approved, slot: usize) {
        let folder = approved.upload().folder();
        let verdict: VerdictRecord = self
            .record(&format!("{folder}verdict.json"))
            .expect("a verdict is on record before anything is changed");
        assert!(verdict.decision.accepts());
        assert_eq!(verdict.signed.as_ref(), Some(approved.signed()));
        let outcome: Option<countersign_gate::records::Outcome> =
            self.record(&format!("{folder}outcome.json"));
        assert!(
            outcome.is_none_or(|o| o.state != countersign_gate::records::State::Rejected),
            "slot {slot} was rejected, and is deployed"
        );
    }
}

fn version_of(layer: &LayerName, at: usize, state: &LayerState) -> LayerVersion {
    let version = i64::try_from(at).unwrap() + 1;
    LayerVersion {
        version,
        arn: format!("arn:aws:lambda:us-east-1:{ACCOUNT}:layer:{layer}:{version}"),
        description: state.description.clone(),
    }
}

fn content_of(layer: &LayerName, at: usize, state: &LayerState) -> LayerContent {
    LayerContent {
        version: version_of(layer, at, state),
        code_sha256: state.code_sha256.clone(),
        job_arn: Some(format!(
            "arn:aws:signer:us-east-1:{ACCOUNT}:/signing-jobs/{}",
            job_id(state.slot)
        )),
        profile_version_arn: Some(PROFILE_VERSION.to_owned()),
    }
}

impl Layers for Hands {
    async fn layer_versions(
        &self,
        layer: &LayerName,
        most: u8,
    ) -> Result<Vec<LayerVersion>, Trouble> {
        self.call("lambda:ListLayerVersions", |state| {
            let versions = state
                .layers
                .get(layer.as_str())
                .map(Vec::as_slice)
                .unwrap_or_default();
            let newest = versions.iter().enumerate().rev().take(usize::from(most));
            newest
                .map(|(at, version)| version_of(layer, at, version))
                .collect()
        })
        .await
    }

    async fn layer_content(
        &self,
        layer: &LayerName,
        version: i64,
    ) -> Result<Option<LayerContent>, Trouble> {
        self.call("lambda:GetLayerVersion", |state| {
            let at = usize::try_from(version - 1).ok()?;
            let version = state.layers.get(layer.as_str())?.get(at)?;
            Some(content_of(layer, at, version))
        })
        .await
    }

    async fn publish_layer(
        &self,
        request: &LayerRequest,
        approved: &Approved,
    ) -> Result<LayerPublish, Trouble> {
        self.call("lambda:PublishLayerVersion", |state| {
            let slot = state
                .slot_of_code(&approved.code_sha256())
                .expect("it is of a slot");
            state.check_effect(approved, slot);
            let version = LayerState {
                description: request.description.clone(),
                code_sha256: approved.code_sha256(),
                slot,
            };
            let versions = state.layers.entry(request.layer.to_string()).or_default();
            versions.push(version.clone());
            LayerPublish::Published(content_of(&request.layer, versions.len() - 1, &version))
        })
        .await
    }
}

impl Events for Hands {
    async fn announce(&self, announcement: &Announcement) -> Result<(), Trouble> {
        self.call("events:PutEvents", |state| {
            state.events.push(announcement.detail().to_owned());
        })
        .await
    }
}

impl Pager for Hands {
    async fn page(&self, _: &SnsMessage) -> Result<(), Trouble> {
        self.call("sns:Publish", |_| ()).await
    }
}
