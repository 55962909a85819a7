//! The decision: a pure function over evidence.
//!
//! Each check looks at the evidence by itself and yields one finding, or one for each fault; all are kept, so that
//! a verdict says everything that is wrong, not just the first thing. What a failure does is a
//! separate question with its own table (`action_of`), and how findings add up to a decision is a
//! third (`add_up`).

use super::{
    break_glass::pass_over,
    checks::{
        approval::approval, claims::claims, expiry::expiry, freeze::freeze, integrity::integrity,
        origin::origin, provenance::provenance, publisher::publisher, revocation::revocation,
        second_opinion::second_opinion, startable::startable, structure::structure,
    },
    evidence::{Evidence, Fact, MissingCscPolicy, UnstartablePolicy},
    finding::{Action, Check, Decision, Finding, Status},
    provenance_report::ProvenanceReport,
    report::{PackageReport, SignatureReport, Verdict},
};
use crate::domain::{CscPolicy, ReasonCode};

/// Judges a package on all the evidence there is.
#[must_use]
pub fn decide(evidence: &Evidence) -> Verdict {
    let mut findings: Vec<Finding> = [
        (Check::Structure, structure(evidence)),
        (Check::Integrity, integrity(evidence)),
        (Check::Origin, origin(evidence)),
        (Check::Claims, claims(evidence)),
        (Check::Expiry, expiry(evidence)),
        (Check::Publisher, publisher(evidence)),
        (Check::Revocation, revocation(evidence)),
    ]
    .into_iter()
    .map(|(check, result)| result.into_finding(check, action_of(check, evidence)))
    .collect();
    findings.extend(provenance(evidence).map(|result| {
        let action = action_of(Check::Provenance, evidence);
        result.into_finding(Check::Provenance, action)
    }));
    let results = startable(evidence).into_iter();
    findings.extend(results.map(|(fault, result)| {
        let action = match fault {
            // The layer is not the upload's: it stays whatever becomes of this.
            Some(ReasonCode::LayerUntrusted) => Action::Warn,
            _ => action_of(Check::Startable, evidence),
        };
        result.into_finding(Check::Startable, action)
    }));
    // Where nobody asks for people, nothing is said of them.
    let of_people = [
        (Check::Approval, approval(evidence)),
        (Check::Freeze, freeze(evidence)),
    ];
    findings.extend(of_people.into_iter().filter_map(|(check, result)| {
        Some(result?.into_finding(check, action_of(check, evidence)))
    }));
    let glass = evidence.people.break_glass.as_ref();
    let glass = glass.and_then(|glass| pass_over(&mut findings, glass, evidence.now));
    let (told, break_glass) = glass.unzip();
    findings.extend(told);
    if let Some(result) = second_opinion(evidence, add_up(&findings, evidence)) {
        let action = action_of(Check::SecondOpinion, evidence);
        findings.push(result.into_finding(Check::SecondOpinion, action));
    }
    Verdict {
        decision: add_up(&findings, evidence),
        findings,
        signature: evidence.package.signature.as_ref().map(SignatureReport::of),
        package: PackageReport::of(evidence),
        provenance: ProvenanceReport::of(evidence),
        break_glass: break_glass.flatten(),
    }
}

/// What a failure of each check does.
fn action_of(check: Check, evidence: &Evidence) -> Action {
    match check {
        // Who demands provenance or approvals means it, whatever AWS does with signatures.
        Check::Structure
        | Check::Origin
        | Check::Claims
        | Check::Provenance
        | Check::Approval
        | Check::Freeze => Action::Block,
        Check::Integrity | Check::SecondOpinion => {
            if evidence.lambda_overrides_integrity() {
                Action::Warn
            } else {
                Action::Block
            }
        }
        Check::Startable => match evidence.policy.unstartable {
            UnstartablePolicy::Warn => Action::Warn,
            UnstartablePolicy::Refuse => Action::Block,
        },
        // It is no ground for anything by itself.
        Check::BreakGlass => Action::Warn,
        // A target without a configuration has no policy: what AWS would not even look at is
        // judged as under Enforce. Only the missing configuration itself can be allowed.
        Check::Publisher if evidence.csc == Fact::Known(None) => {
            match evidence.policy.without_csc {
                MissingCscPolicy::Reject => Action::Block,
                MissingCscPolicy::Allow => Action::Warn,
            }
        }
        Check::Expiry | Check::Publisher | Check::Revocation => match &evidence.csc {
            Fact::Known(Some(csc)) => match csc.policy() {
                CscPolicy::Warn => Action::Warn,
                CscPolicy::Enforce => Action::Block,
            },
            Fact::Known(None) | Fact::NotAsked | Fact::Unavailable(_) => Action::Block,
        },
    }
}

/// One block decides, unless the policy that makes it one is not known; then, and whenever anything
/// is inconclusive, nothing is decided; then warnings count.
fn add_up(findings: &[Finding], evidence: &Evidence) -> Decision {
    let policy_is_known = !matches!(evidence.csc, Fact::Unavailable(_));
    let is_certain = |check| {
        policy_is_known || !matches!(check, Check::Expiry | Check::Publisher | Check::Revocation)
    };
    let blocks = findings.iter().any(|finding| {
        finding.status == Status::Fail
            && finding.action == Action::Block
            && is_certain(finding.check)
    });
    if blocks {
        Decision::Reject
    } else if findings
        .iter()
        .any(|finding| finding.status == Status::Inconclusive)
    {
        Decision::Inconclusive
    } else if findings
        .iter()
        .any(|finding| finding.status == Status::Fail)
    {
        Decision::AcceptWithWarnings
    } else {
        Decision::Accept
    }
}
