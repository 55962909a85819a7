//! Who approved an upload, what counts and why not, and what is still demanded; and who may approve it.
//!
//! What is demanded is on record while an upload waits (`waiting.json`): the gate's own settings, so that the same is counted
//! here as in the verdict. Before and after, nobody knows here what will be demanded.

use jiff::Timestamp;
use serde::Serialize;

use crate::{
    domain::{PersonalRoles, StatementKey, Target, Upload, UploadDigest, UploadId, VersionId},
    ports::{CallerIdentity, PortError, Records, UploadHead, Uploads},
    records::{RecordError, StatementRecords, UploadRecords},
    verdict::{ApprovalDemand, GivenApproval},
};

/// So many approvals of one upload are looked at, as many as the gate looks at.
const MAX_APPROVALS: usize = 50;
/// The most bytes of an approval that are read for its reason.
const MAX_APPROVAL_BYTES: u64 = 16 * 1024;

/// What somebody approves: these bytes, for this target.
#[derive(Clone, Debug)]
pub struct ApprovalSubject<'h> {
    /// The target.
    pub target: &'h Target,
    /// The bytes.
    pub upload: UploadDigest,
    /// What is on record of the upload that has them; `None` if nothing is, because it is still to come.
    pub records: Option<&'h UploadRecords>,
}

/// Why there is nothing to approve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NothingToApprove {
    /// Nothing was uploaded, as far as the records go back.
    #[error("nothing was uploaded for it, as far as it is on record")]
    NoUpload,
    /// No upload has this version.
    #[error("no upload of it has the version {version}")]
    NoSuchVersion {
        /// As it was given.
        version: VersionId,
    },
    /// Nobody read it.
    #[error("it is not on record which bytes the upload {label} has")]
    NoDigest {
        /// The upload.
        label: String,
    },
}

impl<'h> ApprovalSubject<'h> {
    /// The upload that is meant. `history` is the target's, newest first. Without `version`: the newest that waits for people,
    /// otherwise the newest that has not ended, otherwise the newest.
    ///
    /// # Errors
    ///
    /// There is none, or it was never read.
    pub fn of_history(
        target: &'h Target,
        history: &'h [UploadRecords],
        version: Option<&VersionId>,
    ) -> Result<Self, NothingToApprove> {
        let records = match version {
            Some(version) => history
                .iter()
                .find(|records| version_of(records).as_ref() == Some(version))
                .ok_or_else(|| NothingToApprove::NoSuchVersion {
                    version: version.clone(),
                })?,
            None => history
                .iter()
                .find(|records| records.outcome.is_none() && waits_for_people(records))
                .or_else(|| history.iter().find(|records| records.outcome.is_none()))
                .or_else(|| history.first())
                .ok_or(NothingToApprove::NoUpload)?,
        };
        let upload = digest_of(records).ok_or_else(|| NothingToApprove::NoDigest {
            label: records.label.clone(),
        })?;
        Ok(Self {
            target,
            upload,
            records: Some(records),
        })
    }

    /// These bytes, whether they were uploaded yet or not: the newest upload that has them, if one does.
    #[must_use]
    pub fn of_bytes(
        target: &'h Target,
        upload: UploadDigest,
        history: &'h [UploadRecords],
    ) -> Self {
        let has_them = |records: &&UploadRecords| digest_of(records).as_ref() == Some(&upload);
        let records = history.iter().find(has_them);
        Self {
            target,
            upload,
            records,
        }
    }

    /// What is demanded of approvals, where the upload waits and the gate said so.
    #[must_use]
    pub fn demand(&self) -> Option<&ApprovalDemand> {
        self.records?.waiting.as_ref()?.approvals.as_ref()
    }

    /// The principal that uploaded.
    #[must_use]
    pub fn uploader(&self) -> Option<&str> {
        let received = self.records?.received.as_ref()?;
        received.uploaded_by.principal.as_deref()
    }

    /// The key of this caller's own approval; `None` where the caller is nobody in particular, such as the root user.
    #[must_use]
    pub fn key_of(&self, caller: &CallerIdentity) -> Option<String> {
        PersonalRoles::default().person(&caller.user_id).ok()?;
        StatementKey::approval_by(self.target, &self.upload, &caller.user_id)
    }

    /// The approvals that there are now, the first given first.
    ///
    /// Two listings, and for each approval a look at it and a read of who gave it and why.
    ///
    /// # Errors
    ///
    /// A bucket gave no answer.
    pub async fn given<W: Uploads, R: Records>(
        &self,
        uploads: &W,
        records: &R,
        uploads_bucket: &str,
    ) -> Result<Vec<FoundApproval>, ApprovalsError> {
        let folder = StatementKey::approvals_of(self.target, &self.upload);
        let keys = uploads.list_statements(&folder, MAX_APPROVALS).await;
        let keys = keys.map_err(ApprovalsError::Uploads)?;
        let givers = StatementRecords::list(records, &folder).await;
        let givers = givers.map_err(|error| ApprovalsError::Records(error.into()))?;
        let mut found = Vec::new();
        for key in keys {
            if !matches!(StatementKey::parse(&key), Some(Ok(_))) {
                continue;
            }
            let head = uploads.head_upload(&key, None).await;
            let UploadHead::Object(head) = head.map_err(ApprovalsError::Uploads)? else {
                continue;
            };
            let by = match head.version {
                Some(version) => {
                    let id = UploadId {
                        bucket: uploads_bucket.to_owned(),
                        key: key.clone(),
                        version,
                    };
                    let object = Upload::new(id, head.last_modified);
                    let found = givers.of(records, &object).await;
                    found.map_err(|error| ApprovalsError::Records(error.into()))?
                }
                None => None,
            };
            let document = uploads.read_statement(&key, MAX_APPROVAL_BYTES).await;
            let document = document.map_err(ApprovalsError::Uploads)?;
            found.push(FoundApproval {
                reason: document.and_then(|document| reason_in(&document.body?)),
                given: GivenApproval {
                    key,
                    by: by.and_then(|statement| statement.by.principal),
                    at: head.last_modified,
                },
            });
        }
        found.sort_by(|a, b| (a.given.at, &a.given.key).cmp(&(b.given.at, &b.given.key)));
        Ok(found)
    }

    /// How these approvals count at this time.
    #[must_use]
    pub fn count(&self, found: &[FoundApproval], now: Timestamp) -> ApprovalCount {
        let standing = self.records.map_or("not uploaded", UploadRecords::status);
        let demand = self.demand();
        let verdict = self.records.and_then(|records| records.verdict.as_ref());
        let judged = demand.map(|demand| {
            let given = found.iter().map(|found| found.given.clone()).collect();
            let approvals = demand.with(self.uploader().map(str::to_owned), given);
            approvals.counted(now)
        });
        let say = |found: &FoundApproval| {
            let key = &found.given.key;
            let (counts, why) = match (&judged, verdict) {
                (_, Some(verdict)) => {
                    let counted = verdict.approved_by.iter().any(|by| by.key == *key);
                    let why = "the verdict did not count it".to_owned();
                    (Some(counted), (!counted).then_some(why))
                }
                (Some(Ok(count)), None) => {
                    let why = count.not_counted.iter().find(|other| other.key == *key);
                    (Some(why.is_none()), why.map(|other| other.why.clone()))
                }
                (Some(Err(why)), None) => (Some(false), Some(why.clone())),
                (None, None) => (None, None),
            };
            Approval {
                key: key.clone(),
                principal: found.given.by.clone(),
                at: found.given.at,
                reason: found.reason.clone(),
                counts,
                why_not: why,
            }
        };
        let mut approvals: Vec<Approval> = found.iter().map(say).collect();
        // What counted when the verdict was made, and was taken away since.
        for by in verdict.into_iter().flat_map(|verdict| &verdict.approved_by) {
            if approvals.iter().all(|approval| approval.key != by.key) {
                approvals.push(Approval {
                    key: by.key.clone(),
                    principal: Some(by.principal.clone()),
                    at: by.at,
                    reason: None,
                    counts: Some(true),
                    why_not: None,
                });
            }
        }
        let counting = approvals
            .iter()
            .filter(|approval| approval.counts == Some(true));
        let counting = u32::try_from(counting.count()).unwrap_or(u32::MAX);
        ApprovalCount {
            standing,
            required: demand.map(|demand| demand.required),
            missing: demand.map(|demand| demand.required.saturating_sub(counting)),
            wait_until: demand.map(|demand| demand.wait_until),
            approvals,
        }
    }

    /// The approvals as they are once this caller has given one, and why that one would not count, if so.
    #[must_use]
    pub fn with_own(&self, found: &[FoundApproval], own: FoundApproval) -> Vec<FoundApproval> {
        let others = found
            .iter()
            .filter(|found| found.given.key != own.given.key);
        let mut all: Vec<FoundApproval> = others.cloned().collect();
        all.push(own);
        all
    }

    /// Those that this caller gave: by who gave them, or, where that is not on record yet, by the key. Sessions of a role are
    /// one person as far as the gate says which roles are not.
    #[must_use]
    pub fn own<'f>(
        &self,
        found: &'f [FoundApproval],
        caller: &CallerIdentity,
    ) -> Vec<&'f FoundApproval> {
        let own_key = self.key_of(caller);
        let is_own = |found: &&FoundApproval| match (&found.given.by, self.demand()) {
            (Some(principal), Some(demand)) => {
                let person = |principal: &str| demand.personal_roles.person(principal).ok();
                person(principal).is_some() && person(principal) == person(&caller.user_id)
            }
            (Some(principal), None) => {
                principal.strip_prefix("AWS:").unwrap_or(principal) == caller.user_id
            }
            (None, _) => own_key.as_ref() == Some(&found.given.key),
        };
        found.iter().filter(is_own).collect()
    }
}

/// An approval that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundApproval {
    /// Its key, who gave it and when.
    pub given: GivenApproval,
    /// Why, as it says itself.
    pub reason: Option<String>,
}

impl FoundApproval {
    /// The one that this caller would give now, under this key.
    #[must_use]
    pub fn of_caller(
        caller: &CallerIdentity,
        key: &str,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Self {
        Self {
            given: GivenApproval {
                key: key.to_owned(),
                by: Some(format!("AWS:{}", caller.user_id)),
                at: now,
            },
            reason: reason.map(str::to_owned),
        }
    }
}

/// An approval, and whether it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approval {
    /// Its key in the uploads bucket.
    pub key: String,
    /// Who gave it; null while that is not on record.
    pub principal: Option<String>,
    /// When.
    pub at: Timestamp,
    /// Why, as it says itself; null where it says nothing.
    pub reason: Option<String>,
    /// Whether it counts; null where it is not known what is demanded.
    pub counts: Option<bool>,
    /// Why it does not count; null where it does, or that is not known.
    pub why_not: Option<String>,
}

/// How the approvals of an upload stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApprovalCount {
    /// Where the upload stands, in a word: as `status` says, or `not uploaded`.
    pub standing: &'static str,
    /// How many people have to approve; null where the upload does not wait, or for other things.
    pub required: Option<u32>,
    /// How many still have to.
    pub missing: Option<u32>,
    /// Until when it waits.
    pub wait_until: Option<Timestamp>,
    /// Each approval, the first given first.
    pub approvals: Vec<Approval>,
}

/// Approvals that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalsError {
    /// In the uploads bucket.
    #[error("the approvals in the uploads bucket could not be read")]
    Uploads(#[source] PortError),
    /// Who gave them, in the records bucket.
    #[error("who gave the approvals could not be read")]
    Records(#[source] RecordError),
}

fn version_of(records: &UploadRecords) -> Option<VersionId> {
    Upload::parse_label(&records.label).map(|(_, version)| version)
}

fn digest_of(records: &UploadRecords) -> Option<UploadDigest> {
    let received = records.received.as_ref()?;
    UploadDigest::of_base64(received.source_sha256.as_deref()?)
}

fn waits_for_people(records: &UploadRecords) -> bool {
    let waiting = records.waiting.as_ref();
    waiting.is_some_and(|waiting| waiting.waits_for_people)
}

fn reason_in(body: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(document.get("reason")?.as_str()?.to_owned())
}
