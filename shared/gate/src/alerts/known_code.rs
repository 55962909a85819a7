//! What the records know of code that was put on a function past the gate.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    domain::Target,
    events::ApiCall,
    outcome::within,
    ports::{Clock, Records},
    records::{self, Posture, TargetPosture, UploadRecords, UploadState, history},
};

/// How many uploads of the function are compared, the newest first. Each is up to five reads, and `alert`
/// has seconds.
const MAX_UPLOADS_COMPARED: usize = 20;
/// How many other targets' uploads are compared that may be the code's.
const MAX_OTHERS_COMPARED: usize = 3;
/// How many other targets are asked what was deployed to them last: a read each.
const MAX_OTHERS_ASKED: usize = 50;

/// How long all of it may take: `alert` has 15 seconds for a page, of which sending it takes some.
const MAX_TIME: Duration = Duration::from_secs(6);

/// What the records know of the code in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KnownCode {
    /// Nobody looked.
    #[default]
    NotAsked,
    /// The records could not be read. The page is sent all the same.
    Unreadable,
    /// Of an upload of this function.
    Upload {
        /// `20261121T214400Z-<version id>`
        label: String,
        /// How it stands: `deployed`, `rejected`, …
        status: &'static str,
        /// Whether it was the newest upload on record when the call was made.
        is_newest: bool,
    },
    /// Of an upload of another target: a signature is bound to no function.
    OfOther {
        /// The other target.
        target: Target,
        /// `20261121T214400Z-<version id>`
        label: String,
        /// How it stands: `deployed`, `rejected`, …
        status: &'static str,
    },
    /// Of none of the uploads of this function that were compared, nor of those of other targets that were.
    Unknown {
        /// How many were compared.
        compared: usize,
        /// Whether there may be more.
        is_cut: bool,
    },
}

/// Looks for the code of a call among the newest uploads of its function, then among those of other targets, as long as
/// there is time: the page must not wait for what would be good to know.
pub(super) async fn look_up<W: Records + Clock>(world: &W, call: &ApiCall) -> KnownCode {
    let Some(function) = call.function() else {
        return KnownCode::NotAsked;
    };
    let own = Target::Function(function);
    let code = Code::of(call);
    let began_at = world.now();
    let known = match history(world, &own, MAX_UPLOADS_COMPARED).await {
        Ok(uploads) => find(call, code, &uploads),
        Err(_) => return KnownCode::Unreadable,
    };
    match known {
        KnownCode::Unknown { .. } => {
            let until = began_at.saturating_add(MAX_TIME).unwrap_or(began_at);
            let of_other = Box::pin(of_other(world, call, code, &own));
            let of_other = within(world, until, of_other).await;
            of_other.flatten().unwrap_or(known)
        }
        known => known,
    }
}

/// What a call tells of the code that it put on a function.
#[derive(Clone, Copy, Debug)]
struct Code<'a> {
    /// The id of the job that signed it.
    job: Option<&'a str>,
    /// Base64, as Lambda tells it.
    sha256: Option<&'a str>,
}

impl<'a> Code<'a> {
    fn of(call: &'a ApiCall) -> Self {
        Self {
            job: call.signing_job_arn().map(last_of),
            sha256: call.response_text("/codeSha256"),
        }
    }

    /// Whether it is the package of an upload: by its job, or by its SHA-256 if it was deployed before.
    fn is_of(self, upload: &UploadRecords) -> bool {
        let of_signing = upload.signing.as_ref().map(|signing| signing.job.as_str());
        let outcome = upload.outcome.as_ref();
        let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
        let of_deployed = deployed.map(|deployed| deployed.code_sha256.as_str());
        (self.job.is_some() && self.job == of_signing) || self.has(of_deployed)
    }

    fn has(self, sha256: Option<&str>) -> bool {
        self.sha256.is_some() && self.sha256 == sha256
    }
}

/// What is behind the last slash of an ARN.
fn last_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The upload of another target that the code is of. Others only say where to look: the key that the caller named, what
/// `sweep` saw running, what was deployed last. What the page says is of the records of that upload.
async fn of_other<R: Records>(
    records: &R,
    call: &ApiCall,
    code: Code<'_>,
    own: &Target,
) -> Option<KnownCode> {
    if code.job.is_none() && code.sha256.is_none() {
        return None;
    }
    let mut seen = BTreeSet::from([own.to_string()]);
    let named = target_named(call).into_iter().collect();
    if let Some(known) = among_uploads_of(records, code, named, &mut seen).await {
        return Some(known);
    }
    let running = targets_that_run(records, code).await.unwrap_or_default();
    if let Some(known) = among_uploads_of(records, code, running, &mut seen).await {
        return Some(known);
    }
    deployed_last(records, code, &seen).await
}

/// The targets that run the code, as `sweep` saw them last.
async fn targets_that_run<R: Records>(records: &R, code: Code<'_>) -> Option<Vec<Target>> {
    let posture: Posture = records::read(records, "").await.ok()??;
    let is_it = |seen: &TargetPosture| {
        let job = seen.signing_job.as_deref().map(last_of);
        (code.job.is_some() && code.job == job) || code.has(seen.runs.as_deref())
    };
    let running = posture.targets.into_iter().filter(is_it);
    let targets = running.map(|seen| seen.target);
    Some(targets.take(MAX_OTHERS_COMPARED).collect())
}

/// Looks among the uploads of targets that were not looked at yet.
async fn among_uploads_of<R: Records>(
    records: &R,
    code: Code<'_>,
    targets: Vec<Target>,
    seen: &mut BTreeSet<String>,
) -> Option<KnownCode> {
    for target in targets {
        if !seen.insert(target.to_string()) {
            continue;
        }
        let uploads = history(records, &target, MAX_UPLOADS_COMPARED).await;
        let uploads = uploads.unwrap_or_default();
        if let Some(upload) = uploads.iter().find(|upload| code.is_of(upload)) {
            return Some(KnownCode::OfOther {
                target,
                label: upload.label.clone(),
                status: upload.status(),
            });
        }
    }
    None
}

/// What was deployed last to the first of the other functions: `sweep` may not have looked since.
async fn deployed_last<R: Records>(
    records: &R,
    code: Code<'_>,
    seen: &BTreeSet<String>,
) -> Option<KnownCode> {
    code.sha256?;
    let folders = records.list_record_folders("functions/").await.ok()?;
    let targets = folders
        .iter()
        .filter_map(|folder| Target::try_from(folder.trim_end_matches('/').to_owned()).ok())
        .filter(|target| !seen.contains(&target.to_string()));
    for target in targets.take(MAX_OTHERS_ASKED) {
        let live = records::live(records, &target).await.ok().flatten();
        if let Some(live) = live.filter(|live| code.has(Some(&live.deployed.code_sha256))) {
            return Some(KnownCode::OfOther {
                target,
                label: live.upload.label(),
                status: UploadState::Deployed.as_str(),
            });
        }
    }
    None
}

/// The target whose package lies under the key that the call names, as far as it is of one of the stack's buckets:
/// `functions/<name>/<label>/<job>.zip`, `current/functions/<name>.zip`, `functions/<name>.zip`.
fn target_named(call: &ApiCall) -> Option<Target> {
    let key = call
        .request_text("/s3Key")
        .or_else(|| call.request_text("/code/s3Key"))?;
    let key = key.strip_prefix("current/").unwrap_or(key);
    let mut parts = key.split('/');
    let (kind, name) = (parts.next()?, parts.next()?);
    let name = name.strip_suffix(".zip").unwrap_or(name);
    Target::try_from(format!("{kind}/{name}")).ok()
}

/// Compares with uploads of the function itself.
fn find(call: &ApiCall, code: Code<'_>, uploads: &[UploadRecords]) -> KnownCode {
    let is_it = |upload: &&UploadRecords| code.is_of(upload);
    // What was uploaded since changes nothing about what was put there then.
    let was_there = |upload: &&UploadRecords| {
        let received = upload.received.as_ref();
        received.is_none_or(|received| received.upload.at <= call.at())
    };
    match uploads.iter().find(is_it) {
        Some(upload) => KnownCode::Upload {
            label: upload.label.clone(),
            status: upload.status(),
            is_newest: uploads.iter().find(was_there) == Some(upload),
        },
        None => KnownCode::Unknown {
            compared: uploads.len(),
            is_cut: uploads.len() >= MAX_UPLOADS_COMPARED,
        },
    }
}

impl KnownCode {
    /// Whose it is, in a word or two: the same caller with other code is another thing to tell. `None` if nobody can say.
    pub(super) fn class(&self) -> Option<&'static str> {
        match self {
            Self::NotAsked | Self::Unreadable => None,
            Self::Upload {
                is_newest: true, ..
            } => Some("of the newest upload"),
            Self::Upload { .. } => Some("of an older upload"),
            Self::OfOther { .. } => Some("of another target"),
            Self::Unknown { .. } => Some("never uploaded"),
        }
    }

    /// A sentence for the page.
    pub(super) fn sentence(&self) -> Option<String> {
        Some(match self {
            Self::NotAsked => return None,
            Self::Unreadable => "The records could not be read, so that it is not known whether \
                                 this package was ever uploaded."
                .to_owned(),
            Self::Upload {
                label,
                status,
                is_newest,
            } => {
                let age = if *is_newest { "the newest" } else { "an older" };
                format!("It is the package of {age} upload of this function: {label}, {status}.")
            }
            Self::OfOther {
                target,
                label,
                status,
            } => format!(
                "It is the package of another target, {target}: the upload {label}, {status}."
            ),
            Self::Unknown { compared: 0, .. } => {
                "Nothing was ever uploaded for this function.".to_owned()
            }
            Self::Unknown { compared, is_cut } => {
                let which = if *is_cut { "newest " } else { "" };
                format!(
                    "None of the {compared} {which}uploads of this function has this code: it was never \
                     uploaded for it, or is another target's package."
                )
            }
        })
    }
}
