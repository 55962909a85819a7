//! What happens to uploads while they are followed. The JSON is documented in docs/cli.md.

use countersign_gate::{
    client::{PackageDiff, Progress},
    domain::{ProfileName, ReasonCode, SigningJobId, Target, Upload, VersionId},
    records::{Outcome, UploadState},
    verdict::Decision,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::io::exit_status::ExitStatus;

/// Something that happened to an upload.
#[derive(Serialize)]
pub(crate) struct Event<'a> {
    pub(crate) target: &'a Target,
    /// `20261121T214400Z-<version id>`; null before there is an upload, and where S3 did not say its time.
    pub(crate) label: Option<String>,
    #[serde(flatten)]
    pub(crate) what: What<'a>,
}

/// What happened.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum What<'a> {
    /// The package was not uploaded: the gate would only refuse it.
    Refused {
        code: ReasonCode,
        message: &'a str,
        fix: &'static str,
    },
    /// The package was not uploaded, because another of the same push was refused.
    HeldBack,
    /// An earlier upload is about to be uploaded again.
    RollingBack {
        /// Its label.
        to: &'a str,
        /// The version of the function or layer that it became.
        deployed_version: Option<&'a str>,
        commit: Option<&'a str>,
    },
    /// The package is in the bucket.
    Uploaded {
        bucket: &'a str,
        key: &'a str,
        version: &'a VersionId,
        bytes: u64,
    },
    /// The gate took it in.
    Received,
    /// It is being signed.
    Signing {
        job: &'a SigningJobId,
        profile: &'a ProfileName,
    },
    /// It was judged.
    Judged { decision: Decision },
    /// An attempt did not come to its end; another one will follow.
    Waiting {
        attempt: u32,
        why: &'a str,
        next_try_at: Timestamp,
        give_up_at: Timestamp,
    },
    /// It came to its end.
    Ended {
        exit_status: u8,
        outcome: &'a Outcome,
        /// What it changes against the package that was live before; null when that is not known.
        changes: Option<&'a PackageDiff>,
    },
    /// There is no outcome after all the time that there was.
    NotKnown {
        exit_status: u8,
        /// How far it has come; null when the gate has not taken it in.
        standing: Option<&'static str>,
    },
}

impl<'a> Event<'a> {
    /// An event of an upload that is under way.
    pub(crate) fn of(target: &'a Target, upload: &Upload, what: What<'a>) -> Self {
        Self {
            target,
            label: Some(upload.label()),
            what,
        }
    }
}

impl<'a> What<'a> {
    /// A step, unless it is the last one: that is told when all is known.
    pub(crate) fn of_step(step: &'a Progress) -> Option<Self> {
        match step {
            Progress::Received => Some(Self::Received),
            Progress::Signing { job, profile } => Some(Self::Signing { job, profile }),
            Progress::Judged(decision) => Some(Self::Judged {
                decision: *decision,
            }),
            Progress::Waiting(waiting) => Some(Self::Waiting {
                attempt: waiting.attempt,
                why: &waiting.why,
                next_try_at: waiting.next_try_at,
                give_up_at: waiting.give_up_at,
            }),
            Progress::Ended(_) => None,
        }
    }
}

/// With what exit status an upload ends that ended so.
pub(crate) fn exit_status(state: UploadState) -> ExitStatus {
    match state {
        UploadState::Deployed | UploadState::Prepared => ExitStatus::Success,
        UploadState::Rejected => ExitStatus::Rejected,
        UploadState::Superseded => ExitStatus::Superseded,
        UploadState::Failed => ExitStatus::Failed,
    }
}

/// The exit status of several uploads together: the worst of theirs.
pub(crate) fn worst(statuses: impl IntoIterator<Item = ExitStatus>) -> ExitStatus {
    let rank = |status: &ExitStatus| match status {
        ExitStatus::Success => 0,
        ExitStatus::Superseded => 1,
        ExitStatus::Inconclusive => 2,
        ExitStatus::Rejected => 3,
        ExitStatus::Failed => 4,
        ExitStatus::Unusable => 5,
    };
    statuses
        .into_iter()
        .max_by_key(rank)
        .unwrap_or(ExitStatus::Success)
}
