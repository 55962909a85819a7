//! What others may verify of a deployment: the policy that it was judged by, and the signed summary.

use serde::{Deserialize, Serialize};

use super::{
    documents::{CscReport, VerdictRecord},
    outcome::{Outcome, UploadState},
    schema::Schema,
    store::Document,
};
use crate::{
    domain::{ReasonCode, Target},
    verdict::{Action, Check, OperatorPolicy, Verdict},
};

/// `policy.json`: what the package had to meet. The summary names it by its SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyDocument {
    /// 1.
    pub schema: Schema,
    /// What was to be deployed to.
    pub target: Target,
    /// The code signing configuration; null when the target has none.
    pub code_signing_config: Option<CscReport>,
    /// The stack's own settings.
    pub operator_policy: OperatorPolicy,
    /// Each check that was made, in the order of the verdict, and what a failure of it does.
    pub checks: Vec<CheckPolicy>,
}

/// A check, and what a failure of it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckPolicy {
    /// The check.
    pub check: Check,
    /// What a failure of it does.
    pub on_failure: Action,
}

/// `summary.dsse.json`: a DSSE envelope (`https://github.com/secure-systems-lab/dsse`) around an in-toto statement. It
/// has no `schema`: others read it, by its own format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SummaryEnvelope {
    /// `application/vnd.in-toto+json`
    pub payload_type: String,
    /// Base64 of the statement.
    pub payload: String,
    /// One signature.
    pub signatures: Vec<EnvelopeSignature>,
}

/// One signature of an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvelopeSignature {
    /// The ARN of the key. It tells whom to ask for the public key, and proves nothing.
    pub keyid: String,
    /// Base64 of the signature.
    pub sig: String,
}

impl Document for PolicyDocument {
    const FILE: &'static str = "policy.json";
}

impl Document for SummaryEnvelope {
    const FILE: &'static str = "summary.dsse.json";
}

impl PolicyDocument {
    /// The policy of a verdict on record. `None` where the record does not tell it: an older one, or one that no
    /// package was judged in.
    pub(crate) fn of(record: &VerdictRecord) -> Option<Self> {
        let verdict = record.verdict.as_ref()?;
        Some(Self {
            schema: Schema,
            target: record.target.clone(),
            code_signing_config: record.code_signing_config.clone(),
            operator_policy: record.operator_policy?,
            checks: checks_of(verdict),
        })
    }
}

/// Each check once: `startable` may have several findings, of which those about others' layers only ever warn.
fn checks_of(verdict: &Verdict) -> Vec<CheckPolicy> {
    let mut checks: Vec<CheckPolicy> = Vec::new();
    for finding in &verdict.findings {
        match checks.iter_mut().find(|known| known.check == finding.check) {
            None => checks.push(CheckPolicy {
                check: finding.check,
                on_failure: finding.action,
            }),
            Some(known) if finding.action == Action::Block => known.on_failure = Action::Block,
            Some(_) => {}
        }
    }
    checks
}

/// Whether there is something to summarise of an upload that ended so. Of what passed over a policy by break-glass, nobody
/// says that it was verified.
pub(crate) fn is_summarised(outcome: &Outcome) -> bool {
    let mut codes = outcome.findings.iter().filter_map(|finding| finding.code);
    matches!(outcome.state, UploadState::Deployed | UploadState::Prepared)
        && !codes.any(|code| code == ReasonCode::BreakGlassUsed)
}

/// Whether a file in an upload's folder is its summary.
pub(crate) fn is_summary(file: &str) -> bool {
    file == SummaryEnvelope::FILE
}
