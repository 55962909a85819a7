//! The judgement: from a sweep's posture to findings.

use std::collections::{BTreeMap, BTreeSet};

use countersign_package::ProfileVersionArn;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{
    access::{Reach, wildcard_right},
    command,
    finding::{AuditFinding, finding},
    kind::{AuditSeverity, FindingKind},
    read::SweepSnapshot,
    shadow,
    subject::{CodeStanding, ConfigurationAudit, Protection, Subject, TrendPoint},
};
use crate::{
    domain::{Arn, FunctionName, Stack},
    ports::Principal,
    records::{CscPosture, Drift, DriftKind, Posture, UploadState},
};

/// A posture that is older than two hourly sweeps says nothing of now.
const MAX_POSTURE_AGE: SignedDuration = SignedDuration::from_hours(2);

/// How many of what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditSummary {
    /// Functions of the account and region, the gate's own among them.
    pub functions: usize,
    /// Layers that are targets.
    pub layers: usize,
    /// Functions by what is known of their code.
    pub code: BTreeMap<CodeStanding, usize>,
    /// Functions by what Lambda does with code that nobody signed; the gate's own are left out.
    pub protection: BTreeMap<Protection, usize>,
    /// Functions and layers by the version of the profile that signed what they run.
    pub signers: BTreeMap<String, usize>,
    /// Findings by severity.
    pub findings: BTreeMap<AuditSeverity, usize>,
    /// Uploads without an outcome.
    pub unfinished: u32,
}

/// An account's posture, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// 1.
    pub schema: u8,
    /// The stack.
    pub stack: String,
    /// When the sweep ended that saw all this.
    pub swept_at: Timestamp,
    /// Seconds since then.
    pub age_seconds: i64,
    /// Whether that is more than two hours.
    pub is_old: bool,
    /// How many of what.
    pub summary: AuditSummary,
    /// The worst first.
    pub findings: Vec<AuditFinding>,
    /// Every function of the account and region, and every layer that is a target.
    pub subjects: Vec<Subject>,
    /// Every code signing configuration of the account and region.
    pub configurations: Vec<ConfigurationAudit>,
    /// What the sweep could not look at, and why.
    pub not_looked_at: Vec<String>,
    /// Earlier days, the oldest first; empty unless it was asked for.
    pub trend: Vec<TrendPoint>,
}

impl Audit {
    /// Whether there is a finding that is more than a note.
    #[must_use]
    pub fn has_gaps(&self) -> bool {
        let is_gap = |finding: &AuditFinding| finding.severity > AuditSeverity::Note;
        self.findings.iter().any(is_gap)
    }

    /// Whether nothing that was not found may be taken for something that is not there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let is_unknown = |subject: &Subject| subject.code == CodeStanding::NotKnown;
        !self.is_old && self.not_looked_at.is_empty() && !self.subjects.iter().any(is_unknown)
    }
}

/// Judges a sweep as of `now`. `trusted` are accounts whose signing profiles may sign here, `principals` those of the
/// account with their policies, if they were asked for.
#[must_use]
pub fn audit(
    swept: &SweepSnapshot,
    trusted: &BTreeSet<String>,
    principals: &[Principal],
    now: Timestamp,
) -> Audit {
    let SweepSnapshot { posture, drift } = swept;
    let mut subjects = subjects_of(posture);
    let mut configurations = configurations_of(posture);
    let mut findings = Vec::new();
    for subject in &subjects {
        of_subject(posture, subject, &mut findings);
    }
    of_drift(posture, drift, &mut findings);
    for csc in &posture.configurations {
        of_configuration(csc, &posture.stack, &subjects, trusted, &mut findings);
    }
    findings.extend(shadow::shadowed(&configurations));
    let principals = principals.iter();
    findings.extend(principals.filter_map(|principal| of_principal(principal, &posture.stack)));
    findings.sort_by(|a, b| {
        let key = |finding: &AuditFinding| (finding.subject.clone(), finding.kind);
        b.severity
            .cmp(&a.severity)
            .then_with(|| key(a).cmp(&key(b)))
    });
    let count = |subject: &str| findings.iter().filter(|f| f.subject == subject).count();
    for subject in &mut subjects {
        subject.findings = count(&subject.subject);
    }
    for csc in &mut configurations {
        csc.findings = count(&csc.arn);
    }
    let age = now
        .duration_since(posture.ended_at)
        .max(SignedDuration::ZERO);
    Audit {
        schema: 1,
        stack: posture.stack.clone(),
        swept_at: posture.ended_at,
        age_seconds: age.as_secs(),
        is_old: age > MAX_POSTURE_AGE,
        summary: summary(posture, &subjects, &findings),
        findings,
        subjects,
        configurations,
        not_looked_at: posture.troubles.clone(),
        trend: Vec::new(),
    }
}

/// Every function, and every target that is none.
pub(super) fn subjects_of(posture: &Posture) -> Vec<Subject> {
    let own = |name: &str| {
        let stack = Stack {
            name: posture.stack.clone(),
            uploads_bucket: String::new(),
            signed_bucket: String::new(),
            records_bucket: String::new(),
        };
        FunctionName::parse(name).is_ok_and(|name| stack.owns(&name))
    };
    let targets: BTreeMap<String, _> = posture
        .targets
        .iter()
        .map(|target| (target.target.to_string(), target))
        .collect();
    let mut subjects: Vec<Subject> = posture
        .functions
        .iter()
        .map(|function| {
            let target = targets.get(&format!("functions/{}", function.name));
            Subject::of_function(function, target.copied(), own(&function.name))
        })
        .collect();
    let listed: BTreeSet<String> = subjects.iter().map(|of| of.subject.clone()).collect();
    let others = targets.iter().filter(|(name, _)| !listed.contains(*name));
    subjects.extend(others.map(|(_, target)| Subject::of_target(target)));
    subjects.sort_by(|a, b| a.subject.cmp(&b.subject));
    subjects
}

fn configurations_of(posture: &Posture) -> Vec<ConfigurationAudit> {
    let users = |arn: &str| {
        let functions = posture.functions.iter();
        functions
            .filter(|function| function.code_signing_config.as_deref() == Some(arn))
            .count()
    };
    posture
        .configurations
        .iter()
        .map(|csc| ConfigurationAudit {
            arn: csc.arn.clone(),
            policy: csc.policy,
            publishers: csc.publishers.clone(),
            functions: users(&csc.arn),
            findings: 0,
        })
        .collect()
}

fn of_subject(posture: &Posture, subject: &Subject, findings: &mut Vec<AuditFinding>) {
    let name = &subject.subject;
    let mut add = |kind: FindingKind, message: Option<String>| {
        let command = command::of(kind, name, &posture.stack);
        findings.push(finding(name, kind, message, command));
    };
    let is_function = name.starts_with("functions/");
    match subject.code {
        CodeStanding::Gate => return,
        CodeStanding::Image => return add(FindingKind::ContainerImage, None),
        CodeStanding::Unsigned => add(FindingKind::Unsigned, None),
        CodeStanding::Gated
        | CodeStanding::Signed
        | CodeStanding::Absent
        | CodeStanding::NotKnown => {}
    }
    if subject.upload_state == Some(UploadState::Failed) {
        add(FindingKind::UploadFailed, None);
    }
    if !is_function || subject.code == CodeStanding::Absent {
        return;
    }
    if subject.deployed.is_none() {
        add(FindingKind::NotGated, None);
    }
    match (subject.protection, &subject.code_signing_config) {
        // The drift says the same, and since when.
        (Protection::None, _) if !has_drift(posture, name, DriftKind::CscMissing) => {
            add(FindingKind::NoCsc, None);
        }
        (Protection::Warn, Some(arn)) => {
            let message = format!("{} ({arn})", FindingKind::CscWarns.meaning());
            findings.push(finding(
                name,
                FindingKind::CscWarns,
                Some(message),
                command::enforce(arn),
            ));
        }
        _ => {}
    }
    of_signer(posture, subject, findings);
}

/// Whether the function's configuration lists whoever signed what it runs.
fn of_signer(posture: &Posture, subject: &Subject, findings: &mut Vec<AuditFinding>) {
    let Some(arn) = &subject.code_signing_config else {
        return;
    };
    let mut add = |kind: FindingKind, message: String| {
        let command = command::of(kind, &subject.subject, &posture.stack);
        findings.push(finding(&subject.subject, kind, Some(message), command));
    };
    let Some(csc) = posture.configurations.iter().find(|csc| csc.arn == *arn) else {
        // A gate that did not look at configurations yet lists none at all.
        if !posture.configurations.is_empty() {
            add(
                FindingKind::CscUnknown,
                format!("{arn} was not among the configurations of the account"),
            );
        }
        return;
    };
    if let Some(signer) = &subject.signing_profile_version
        && !csc.publishers.contains(signer)
    {
        add(
            FindingKind::SignerNotAllowed,
            format!("what runs was signed by {signer}, which {arn} does not list"),
        );
    }
}

fn has_drift(posture: &Posture, subject: &str, kind: DriftKind) -> bool {
    let mut targets = posture.targets.iter();
    targets.any(|target| target.target.to_string() == subject && target.drift.contains(&kind))
}

/// What the sweep found: by its documents, and where one is not there any more by its kind alone.
fn of_drift(posture: &Posture, drift: &[Drift], findings: &mut Vec<AuditFinding>) {
    let mut told = BTreeSet::new();
    // Functions outside the gate are a finding each, below.
    for drift in drift
        .iter()
        .filter(|drift| drift.kind != DriftKind::NotGated && !drift.kind.is_notice())
    {
        told.insert((drift.subject.clone(), drift.kind));
        let kind = FindingKind::Drift(drift.kind);
        let subject = subject_of(posture, drift);
        let command = command::of(kind, subject, &posture.stack);
        findings.push(AuditFinding {
            found_at: Some(drift.found_at),
            fix: drift.fix(),
            ..finding(subject, kind, Some(drift.message.clone()), command)
        });
    }
    for target in &posture.targets {
        let subject = target.target.to_string();
        for kind in &target.drift {
            if !told.contains(&(subject.clone(), *kind)) {
                let kind = FindingKind::Drift(*kind);
                let command = command::of(kind, &subject, &posture.stack);
                findings.push(finding(&subject, kind, None, command));
            }
        }
    }
}

/// The target; of a code signing configuration the ARN, as everywhere else in the audit.
fn subject_of<'a>(posture: &'a Posture, drift: &'a Drift) -> &'a str {
    let arn = drift
        .subject
        .strip_prefix("configurations/")
        .and_then(|id| {
            let mut arns = posture.configurations.iter().map(|csc| csc.arn.as_str());
            arns.find(|arn| arn.rsplit(':').next() == Some(id))
        });
    arn.unwrap_or(&drift.subject)
}

fn of_configuration(
    csc: &CscPosture,
    stack: &str,
    subjects: &[Subject],
    trusted: &BTreeSet<String>,
    findings: &mut Vec<AuditFinding>,
) {
    let users: Vec<&Subject> = subjects
        .iter()
        .filter(|subject| subject.code_signing_config.as_ref() == Some(&csc.arn))
        .collect();
    let mut add = |kind: FindingKind, message: Option<String>, command: Option<String>| {
        findings.push(finding(&csc.arn, kind, message, command));
    };
    if users.is_empty() {
        let kind = FindingKind::CscUnused;
        add(kind, None, command::of(kind, &csc.arn, stack));
    }
    if csc.publishers.is_empty() {
        let kind = FindingKind::CscWithoutPublishers;
        add(kind, None, command::of(kind, &csc.arn, stack));
    }
    for publisher in &csc.publishers {
        let without = command::without(csc, publisher);
        match ProfileVersionArn::parse(publisher) {
            Err(error) => {
                add(FindingKind::PublisherDead, Some(error.to_string()), without);
                continue;
            }
            Ok(arn) if is_foreign(csc, &arn, trusted) => {
                let message = format!("{publisher} is of another account, region or partition");
                add(
                    FindingKind::PublisherForeign,
                    Some(message),
                    without.clone(),
                );
            }
            Ok(_) => {}
        }
        let signed = |subject: &&Subject| {
            subject.signing_profile_version.as_ref() == Some(publisher)
                || subject.code == CodeStanding::NotKnown
        };
        if !users.is_empty() && !users.iter().any(signed) {
            let message = format!("{publisher} signed nothing that its functions run");
            add(FindingKind::PublisherIdle, Some(message), without);
        }
    }
}

fn of_principal(principal: &Principal, stack: &str) -> Option<AuditFinding> {
    let right = wildcard_right(principal)?;
    let kind = match right.reach {
        Reach::Lambda => FindingKind::CscOpenByWildcard,
        Reach::Everything => FindingKind::CscOpenToAdministrator,
        Reach::NotKnown => FindingKind::PolicyUnread,
    };
    let command = command::of(kind, &principal.arn, stack);
    Some(finding(&principal.arn, kind, Some(right.message), command))
}

/// Whether a publisher is not of the configuration's own partition, region and account.
fn is_foreign(csc: &CscPosture, publisher: &ProfileVersionArn, trusted: &BTreeSet<String>) -> bool {
    let own = Arn::parse(&csc.arn);
    let is_own_account = own.is_some_and(|own| own.account == publisher.account());
    let is_trusted = is_own_account || trusted.contains(publisher.account());
    let place = (publisher.partition(), publisher.region());
    !is_trusted || own.map(|own| (own.partition, own.region)) != Some(place)
}

fn summary(posture: &Posture, subjects: &[Subject], findings: &[AuditFinding]) -> AuditSummary {
    let mut summary = AuditSummary {
        unfinished: posture.unfinished,
        ..AuditSummary::default()
    };
    for subject in subjects {
        if subject.subject.starts_with("functions/") {
            summary.functions = summary.functions.saturating_add(1);
            count(&mut summary.code, subject.code);
            if subject.code != CodeStanding::Gate && subject.code != CodeStanding::Absent {
                count(&mut summary.protection, subject.protection);
            }
        } else {
            summary.layers = summary.layers.saturating_add(1);
        }
        if let Some(signer) = &subject.signing_profile_version {
            count(&mut summary.signers, signer.clone());
        }
    }
    for finding in findings {
        count(&mut summary.findings, finding.severity);
    }
    summary
}

fn count<K: Ord>(counts: &mut BTreeMap<K, usize>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}
