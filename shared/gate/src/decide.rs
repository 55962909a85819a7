//! The decision: a pure function over evidence.
//!
//! Each check looks at the evidence by itself and yields one finding; all findings are kept, so that
//! a verdict says everything that is wrong, not just the first thing. What a failure does is a
//! separate question with its own table (`action_of`), and how findings add up to a decision is a
//! third (`add_up`).

use countersign_package::IntegrityError;
use jiff::{SignedDuration, Timestamp};

use crate::{
    code::Code,
    csc::CscPolicy,
    evidence::{
        Evidence, Fact, Governance, Integrity, IntegrityAuthority, Origin, SecondOpinion,
        WithoutCsc,
    },
    ports::ProfileStatus,
    reasons,
    verdict::{Action, Check, Decision, Finding, PackageReport, SignatureReport, Status, Verdict},
};

/// How much later than the time of the verdict a signature may say that it was made: Signer's clock and
/// ours are not one. Beyond that one of the two is wrong, and an expiry cannot be held against it.
const CLOCKS_DIFFER: SignedDuration = SignedDuration::from_mins(5);

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
    .map(|(check, outcome)| outcome.into_finding(check, action_of(check, evidence)))
    .collect();
    if let Some(outcome) = second_opinion(evidence, add_up(&findings, evidence)) {
        let action = action_of(Check::SecondOpinion, evidence);
        findings.push(outcome.into_finding(Check::SecondOpinion, action));
    }
    Verdict {
        decision: add_up(&findings, evidence),
        findings,
        signature: evidence.package.signature.as_ref().map(SignatureReport::of),
        package: PackageReport::of(evidence),
    }
}

/// What a failure of each check does.
fn action_of(check: Check, evidence: &Evidence) -> Action {
    match check {
        Check::Structure | Check::Origin | Check::Claims => Action::Block,
        Check::Integrity | Check::SecondOpinion => {
            if stands_on_lambdas_word(evidence) {
                Action::Warn
            } else {
                Action::Block
            }
        }
        // A target without a configuration has no policy: what AWS would not even look at is
        // judged as under Enforce. Only the missing configuration itself can be allowed.
        Check::Publisher if evidence.governance == Governance::NoCsc => {
            match evidence.policy.without_csc {
                WithoutCsc::Reject => Action::Block,
                WithoutCsc::Allow => Action::Warn,
            }
        }
        Check::Expiry | Check::Publisher | Check::Revocation => match &evidence.governance {
            Governance::Csc(csc) if csc.policy() == CscPolicy::Warn => Action::Warn,
            _ => Action::Block,
        },
    }
}

/// One block decides, unless the policy that makes it one is not known; then, and whenever anything
/// is inconclusive, nothing is decided; then warnings count.
fn add_up(findings: &[Finding], evidence: &Evidence) -> Decision {
    let policy_is_known = !matches!(evidence.governance, Governance::Unavailable(_));
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

/// How a check came out, before it is known what that does.
enum Outcome {
    Pass(String),
    Fail(Code, String),
    NotJudged(String),
    Inconclusive(Code, String),
}

impl Outcome {
    fn into_finding(self, check: Check, action: Action) -> Finding {
        let (status, code, message) = match self {
            Self::Pass(message) => (Status::Pass, None, message),
            Self::Fail(code, message) => (Status::Fail, Some(code), message),
            Self::NotJudged(message) => (Status::NotJudged, None, message),
            Self::Inconclusive(code, message) => (Status::Inconclusive, Some(code), message),
        };
        let fix = code.map(|code| code.about().fix.to_owned());
        Finding {
            check,
            status,
            action,
            code,
            message,
            fix,
        }
    }
}

fn structure(evidence: &Evidence) -> Outcome {
    match &evidence.package.structure {
        Ok(contents) => Outcome::Pass(format!(
            "every byte belongs to one record; {} {}, {} bytes unpacked",
            contents.entries,
            if contents.entries == 1 {
                "entry"
            } else {
                "entries"
            },
            contents.unpacked_bytes
        )),
        Err(error) => Outcome::Fail(reasons::of_structure(error), error.to_string()),
    }
}

fn integrity(evidence: &Evidence) -> Outcome {
    match &evidence.package.integrity {
        Integrity::Verified(verified) => Outcome::Pass(format!(
            "signed at {} by {}, and unchanged since",
            verified.claims().signed_at(),
            verified.claims().profile_version()
        )),
        Integrity::Failed {
            error: IntegrityError::Unsigned,
            ..
        } => Outcome::NotJudged("there is no signature to verify".to_owned()),
        Integrity::Failed { error, .. } => {
            let mut message = error.to_string();
            if stands_on_lambdas_word(evidence) {
                message.push_str(
                    "; deployed on Lambda's word, because the stack is set to \
                     COUNTERSIGN_INTEGRITY_AUTHORITY=lambda",
                );
            }
            Outcome::Fail(reasons::of_integrity(error), message)
        }
        Integrity::Unjudged => {
            Outcome::NotJudged("a zip that is not sound has no one content to verify".to_owned())
        }
    }
}

fn origin(evidence: &Evidence) -> Outcome {
    match &evidence.package.origin {
        Origin::Judged(Ok(_)) => {
            Outcome::Pass("it is the uploaded package plus the signature, and nothing else".into())
        }
        Origin::Judged(Err(error)) => Outcome::Fail(reasons::of_origin(error), error.to_string()),
        Origin::NotAsked => {
            Outcome::NotJudged("the unsigned source was not given to compare with".to_owned())
        }
        Origin::Absent => Outcome::Fail(
            Code::SourceAbsent,
            "the uploaded version that it was signed from no longer exists".to_owned(),
        ),
        Origin::Unavailable(why) => Outcome::Inconclusive(
            Code::SourceUnknown,
            format!("the uploaded version could not be read: {why}"),
        ),
        Origin::Unjudged => {
            Outcome::NotJudged("a zip that is not sound cannot be compared".to_owned())
        }
    }
}

fn claims(evidence: &Evidence) -> Outcome {
    let job = match &evidence.job {
        Fact::Known(job) => job,
        Fact::NotAsked => {
            return Outcome::NotJudged("no signing job was given to compare with".to_owned());
        }
        Fact::Unavailable(why) => {
            return Outcome::Inconclusive(
                Code::JobUnknown,
                format!("the signing job could not be read: {why}"),
            );
        }
    };
    let Some(claims) = evidence.package.proven_claims() else {
        return if is_unsigned(evidence) {
            Outcome::Fail(
                Code::JobLeftUnsigned,
                format!(
                    "the signing job {} succeeded, and the package is not signed",
                    job.id
                ),
            )
        } else {
            Outcome::NotJudged("nothing in the signature is proven".to_owned())
        };
    };
    if claims.job().job_id() != job.id.as_str() || claims.job().account() != job.owner {
        return Outcome::Fail(
            Code::JobMismatch,
            format!(
                "it was signed by {}, not by the job {}",
                claims.job(),
                job.id
            ),
        );
    }
    let publisher = claims.profile_version();
    if publisher.profile_name() != job.profile.as_str()
        || publisher.version() != job.profile_version
    {
        return Outcome::Fail(
            Code::ProfileMismatch,
            format!(
                "it was signed with {publisher}; the job says {}/{}",
                job.profile, job.profile_version
            ),
        );
    }
    Outcome::Pass(format!(
        "it was signed by the job {} that was started for it",
        job.id
    ))
}

fn expiry(evidence: &Evidence) -> Outcome {
    let claims = claims_to_judge(evidence);
    let Some((signed_at, expires_at)) =
        claims.and_then(|claims| Some((claims.signed_at, claims.expires_at?)))
    else {
        return Outcome::NotJudged("there is no expiry that is proven".to_owned());
    };
    if let Some(signed_at) = signed_at
        && signed_at.duration_since(evidence.now) > CLOCKS_DIFFER
    {
        return Outcome::Inconclusive(
            Code::ExpiryUnknown,
            format!(
                "the signature says that it was made at {signed_at}; it is judged at {}, before that",
                evidence.now
            ),
        );
    }
    if expires_at <= evidence.now {
        Outcome::Fail(
            Code::SignatureExpired,
            format!(
                "the signature expired at {expires_at}; it is {} now",
                evidence.now
            ),
        )
    } else {
        Outcome::Pass(format!("the signature is valid until {expires_at}"))
    }
}

fn publisher(evidence: &Evidence) -> Outcome {
    let csc = match &evidence.governance {
        Governance::Csc(csc) => csc,
        Governance::NoCsc => {
            return Outcome::Fail(
                Code::NoCodeSigningConfig,
                "the target has no code signing configuration, so nobody is an allowed publisher"
                    .to_owned(),
            );
        }
        Governance::Unavailable(why) => {
            return Outcome::Inconclusive(
                Code::CscUnknown,
                format!("the code signing configuration could not be read: {why}"),
            );
        }
        // Only a configuration that says Warn lets an unsigned package through.
        Governance::NotAsked if is_unsigned(evidence) => {
            return Outcome::Fail(
                Code::Unsigned,
                "the package is not signed, and no configuration was given that would allow that"
                    .to_owned(),
            );
        }
        Governance::NotAsked => {
            return Outcome::NotJudged(
                "no code signing configuration was given, so publishers are not judged".to_owned(),
            );
        }
    };
    if is_unsigned(evidence) {
        return Outcome::Fail(
            Code::Unsigned,
            "the package is not signed, so it has no publisher".to_owned(),
        );
    }
    let Some(claims) = claims_to_judge(evidence) else {
        return Outcome::NotJudged("there is no publisher that is proven".to_owned());
    };
    if csc.allows(&claims.publisher) {
        Outcome::Pass(format!("{} is an allowed publisher", claims.publisher))
    } else {
        Outcome::Fail(
            Code::PublisherNotAllowed,
            format!("{} is not among the allowed publishers", claims.publisher),
        )
    }
}

fn revocation(evidence: &Evidence) -> Outcome {
    let (job, profile) = match (&evidence.job, &evidence.profile) {
        (Fact::Known(job), _) if job.revocation.is_some() => (job, None),
        (Fact::Known(job), Fact::Known(profile)) => (job, Some(profile)),
        (Fact::NotAsked, _) | (_, Fact::NotAsked) => {
            return Outcome::NotJudged("AWS was not asked whether it was revoked".to_owned());
        }
        (Fact::Unavailable(why), _) | (_, Fact::Unavailable(why)) => {
            return Outcome::Inconclusive(
                Code::RevocationUnknown,
                format!("job or profile could not be read: {why}"),
            );
        }
    };
    if is_unsigned(evidence) {
        return Outcome::NotJudged("there is no signature to revoke".to_owned());
    }
    if let Some(revocation) = &job.revocation {
        return Outcome::Fail(
            Code::JobRevoked,
            format!(
                "the job {} was revoked at {}: {}",
                job.id, revocation.at, revocation.reason
            ),
        );
    }
    let Some(profile) = profile else {
        return Outcome::NotJudged("AWS was not asked about the profile".to_owned());
    };
    if profile.version_arn.version() != job.profile_version {
        return Outcome::Inconclusive(
            Code::RevocationUnknown,
            format!(
                "Signer tells the state of version {} of the profile {}; this was signed with {}",
                profile.version_arn.version(),
                job.profile,
                job.profile_version
            ),
        );
    }
    let signed_at = claims_to_judge(evidence).and_then(|claims| claims.signed_at);
    match (&profile.status, signed_at) {
        (ProfileStatus::Active, _) => {
            Outcome::Pass("neither the job nor the profile is revoked".to_owned())
        }
        (ProfileStatus::Canceled, _) => Outcome::Pass(
            "the profile was canceled, which ends its signing and keeps what it signed".to_owned(),
        ),
        (ProfileStatus::Revoked { effective_from }, Some(signed_at))
            if signed_at < *effective_from =>
        {
            Outcome::Pass(format!(
                "the profile is revoked from {effective_from}; this was signed before, at \
                 {signed_at}"
            ))
        }
        (ProfileStatus::Revoked { effective_from }, _) => Outcome::Fail(
            Code::ProfileRevoked,
            format!("the profile is revoked for what was signed at or after {effective_from}"),
        ),
    }
}

/// What Lambda's verdict adds to `ours`; nothing when it was not asked.
fn second_opinion(evidence: &Evidence, ours: Decision) -> Option<Outcome> {
    // Without a configuration Lambda looks at no signature, so its consent says nothing of one.
    let has_csc = matches!(evidence.governance, Governance::Csc(_));
    Some(match &evidence.second_opinion {
        SecondOpinion::NotAsked => return None,
        SecondOpinion::Takes if has_csc && integrity_failed(evidence) => Outcome::Fail(
            Code::LambdaWouldAccept,
            "Lambda would take this package, whose integrity cannot be verified".to_owned(),
        ),
        SecondOpinion::Takes => Outcome::Pass("Lambda would take it, too".to_owned()),
        SecondOpinion::Refuses(refusal) if ours == Decision::Reject => {
            Outcome::Pass(format!("Lambda refuses it, too: {}", refusal.message))
        }
        SecondOpinion::Refuses(refusal) => {
            let code = if refusal.is_about_signature() {
                Code::LambdaDisagrees
            } else {
                Code::LambdaRefused
            };
            Outcome::Fail(code, format!("{}: {}", refusal.exception, refusal.message))
        }
        SecondOpinion::Unavailable(why) => Outcome::Inconclusive(
            Code::SecondOpinionUnknown,
            format!("Lambda could not be asked: {why}"),
        ),
    })
}

/// Claims that policy may be applied to.
struct JudgedClaims {
    publisher: countersign_package::ProfileVersionArn,
    signed_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

/// The proven claims; or, when Lambda's word stands for our finding, what Signer itself says of the
/// job and profile, which is as good a source and not in the package.
fn claims_to_judge(evidence: &Evidence) -> Option<JudgedClaims> {
    if let Some(claims) = evidence.package.proven_claims() {
        return Some(JudgedClaims {
            publisher: claims.profile_version().clone(),
            signed_at: Some(claims.signed_at()),
            expires_at: Some(claims.expires_at()),
        });
    }
    if !stands_on_lambdas_word(evidence) {
        return None;
    }
    match (&evidence.job, &evidence.profile) {
        (Fact::Known(job), Fact::Known(profile))
            if profile.version_arn.version() == job.profile_version =>
        {
            Some(JudgedClaims {
                publisher: profile.version_arn.clone(),
                signed_at: None,
                expires_at: job.expires_at,
            })
        }
        _ => None,
    }
}

/// Whether Lambda's word stands for our integrity finding: the operator says so, Lambda was asked
/// under a code signing configuration and takes it, the package is signed, comes from the upload, and
/// Signer itself says with which profile. Everything but our reading of the signature is then
/// established.
pub(crate) fn stands_on_lambdas_word(evidence: &Evidence) -> bool {
    evidence.policy.integrity_authority == IntegrityAuthority::Lambda
        && evidence.second_opinion == SecondOpinion::Takes
        && matches!(evidence.governance, Governance::Csc(_))
        && matches!(evidence.package.origin, Origin::Judged(Ok(_)))
        && matches!(evidence.job, Fact::Known(_))
        && matches!(evidence.profile, Fact::Known(_))
        && integrity_failed(evidence)
}

/// Whether a signature is there and does not verify.
pub(crate) fn integrity_failed(evidence: &Evidence) -> bool {
    matches!(&evidence.package.integrity, Integrity::Failed { error, .. } if *error != IntegrityError::Unsigned)
}

fn is_unsigned(evidence: &Evidence) -> bool {
    matches!(
        evidence.package.integrity,
        Integrity::Failed {
            error: IntegrityError::Unsigned,
            ..
        }
    )
}
