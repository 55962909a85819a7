//! The draft of an outcome, and the early exits of a step.

use super::retry::RetryableError;
use crate::{
    domain::{ReasonCode, SignedObject, SigningJobId, Target, Upload, Uploader},
    ports::PortError,
    records::{Deployed, Outcome, Received, RecordError, Schema, UploadState},
    verdict::{Finding, Status, Verdict},
};
use jiff::Timestamp;

/// What is known of an upload on its way, for its last record.
#[derive(Clone, Debug)]
pub(crate) struct UploadContext {
    pub(crate) upload: Upload,
    pub(crate) target: Option<Target>,
    pub(crate) job: Option<SigningJobId>,
    pub(crate) received: Option<Received>,
}

/// How an upload ends.
#[derive(Clone, Debug)]
pub(crate) struct OutcomeDraft {
    pub(crate) state: UploadState,
    pub(crate) code: Option<ReasonCode>,
    pub(crate) message: String,
    /// What to do, where it is known better than for the code as such.
    pub(crate) fix: Option<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) deployed: Option<Deployed>,
    pub(crate) package: Option<SignedObject>,
}

/// Why a step does not go on to the next: it has to be tried again, or the upload ends here.
#[derive(Debug)]
pub(crate) enum EarlyExit {
    Retry(RetryableError),
    End(Box<OutcomeDraft>),
}

impl From<RetryableError> for EarlyExit {
    fn from(retry: RetryableError) -> Self {
        Self::Retry(retry)
    }
}

impl From<PortError> for EarlyExit {
    fn from(error: PortError) -> Self {
        Self::Retry(error.into())
    }
}

impl From<RecordError> for EarlyExit {
    fn from(error: RecordError) -> Self {
        Self::Retry(error.into())
    }
}

impl From<OutcomeDraft> for EarlyExit {
    fn from(ending: OutcomeDraft) -> Self {
        Self::End(Box::new(ending))
    }
}

impl OutcomeDraft {
    /// An end with a reason of its own.
    pub(crate) fn new(state: UploadState, code: ReasonCode, message: impl Into<String>) -> Self {
        Self {
            state,
            code: Some(code),
            message: message.into(),
            fix: None,
            findings: Vec::new(),
            deployed: None,
            package: None,
        }
    }

    /// Refused before anything was signed or judged.
    pub(crate) fn rejected(code: ReasonCode, message: impl Into<String>) -> Self {
        Self::new(UploadState::Rejected, code, message)
    }

    /// Refused by verdict: the first thing in the way is the reason, all of them are kept.
    pub(crate) fn by_verdict(verdict: &Verdict) -> Self {
        let first = verdict.grounds().next();
        Self {
            state: UploadState::Rejected,
            code: first.and_then(|finding| finding.code),
            message: first.map_or_else(String::new, |finding| finding.message.clone()),
            fix: first.and_then(|finding| finding.fix.clone()),
            findings: Self::failures_of(verdict),
            deployed: None,
            package: None,
        }
    }

    /// It is live.
    pub(crate) fn deployed(message: String, deployed: Deployed, verdict: &Verdict) -> Self {
        Self {
            state: UploadState::Deployed,
            code: None,
            message,
            fix: None,
            findings: Self::failures_of(verdict),
            deployed: Some(deployed),
            package: None,
        }
    }

    /// What of a verdict belongs into an outcome.
    pub(crate) fn failures_of(verdict: &Verdict) -> Vec<Finding> {
        let is_notable =
            |finding: &&Finding| matches!(finding.status, Status::Fail | Status::Inconclusive);
        verdict
            .findings
            .iter()
            .filter(is_notable)
            .cloned()
            .collect()
    }
}

impl UploadContext {
    pub(super) fn outcome(&self, ending: OutcomeDraft, now: Timestamp) -> Outcome {
        let codes = ending.findings.iter().filter_map(|finding| finding.code);
        let critical = codes.chain(ending.code).any(ReasonCode::is_critical);
        let received = self.received.as_ref();
        Outcome {
            schema: Schema,
            upload: self.upload.clone(),
            target: self.target.clone(),
            state: ending.state,
            code: ending.code,
            message: ending.message,
            fix: ending
                .code
                .map(|code| ending.fix.unwrap_or_else(|| fix_of(code, &ending.findings))),
            critical,
            findings: ending.findings,
            deployed: ending.deployed,
            package: ending.package,
            job: self.job.clone(),
            uploaded_by: received.map_or_else(Uploader::default, |r| r.uploaded_by.clone()),
            metadata: received.map(|r| r.metadata.clone()).unwrap_or_default(),
            tags: received.map(|r| r.tags.clone()).unwrap_or_default(),
            decided_at: now,
            took_ms: now
                .as_millisecond()
                .saturating_sub(self.upload.at.as_millisecond()),
        }
    }
}

/// What to do about a code: what the finding says that it is from, which may know more.
fn fix_of(code: ReasonCode, findings: &[Finding]) -> String {
    let found = findings.iter().find(|finding| finding.code == Some(code));
    found
        .and_then(|finding| finding.fix.clone())
        .unwrap_or_else(|| code.about().fix.to_owned())
}
