//! Judges, and puts the verdict on record before anything is changed. The accepting verdict is also the
//! lease under which this delivery works.

use super::{
    collect_evidence::ExaminedPackage,
    pending_deployment::{Applied, DeployWorld, PendingDeployment},
};
use crate::{
    domain::{AliasName, ReasonCode, SignedObject},
    outcome::{EarlyExit, OutcomeDraft, RetryableError},
    ports::Creation,
    records::{
        self, CscReport, Effect, HeldLease, Holder, LambdaVerdict, LeaseRequest, LeaseScope,
        RecordFolder, Schema, VerdictRecord,
    },
    verdict::{Approver, Candidate, Decision, DryRun, Evidence, Fact, Judgement, Verdict},
};

/// What was judged, and by what.
#[derive(Clone, Copy)]
pub(super) struct JudgedPackage<'a> {
    pub(super) package: &'a ExaminedPackage,
    pub(super) evidence: &'a Evidence,
    /// The alias that is moved if it is accepted.
    pub(super) alias: Option<&'a AliasName>,
}

/// Puts a judgement on record, and answers with its proof and verdict; a rejection ends the upload, and
/// what is inconclusive is tried again.
pub(super) async fn record_judgement<W: DeployWorld, P>(
    world: &W,
    pending: &mut PendingDeployment,
    judged: JudgedPackage<'_>,
    judgement: Judgement<P>,
) -> Result<(Box<P>, Verdict), EarlyExit> {
    if let Judgement::Inconclusive(verdict) = judgement {
        return Err(RetryableError::inconclusive(verdict, judged.evidence).into());
    }
    let record = verdict_record(world, pending, judged, judgement.verdict());
    record_verdict(world, pending, record).await?;
    match judgement {
        Judgement::Accepted(proof, verdict) => Ok((proof, verdict)),
        Judgement::Rejected(verdict) | Judgement::Inconclusive(verdict) => {
            Err(OutcomeDraft::by_verdict(&verdict).into())
        }
    }
}

/// What a judgement is about.
pub(super) fn candidate(pending: &PendingDeployment, signed: &SignedObject) -> Candidate {
    Candidate {
        target: pending.target.clone(),
        upload: pending.upload.clone(),
        signed: signed.clone(),
    }
}

fn verdict_record<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    judged: JudgedPackage<'_>,
    verdict: &Verdict,
) -> VerdictRecord {
    let JudgedPackage {
        package,
        evidence,
        alias,
    } = judged;
    VerdictRecord {
        schema: Schema,
        upload: pending.upload.clone(),
        target: pending.target.clone(),
        job: pending.job.id.clone(),
        signed: Some(package.signed.clone()),
        source_sha256: pending.signing.received.source_sha256.clone(),
        decision: verdict.decision,
        verdict: Some(verdict.clone()),
        lambda: match &evidence.dry_run {
            Fact::NotAsked => LambdaVerdict::NotAsked,
            Fact::Known(DryRun::Accepted) => LambdaVerdict::Takes,
            Fact::Known(DryRun::Refused(refusal)) => LambdaVerdict::Refuses(refusal.clone()),
            Fact::Unavailable(why) => LambdaVerdict::Unavailable {
                why: why.to_string(),
            },
        },
        code_signing_config: match &evidence.csc {
            Fact::Known(Some(csc)) => Some(CscReport {
                arn: csc.arn().map(ToString::to_string),
                policy: csc.policy(),
                publishers: csc.publishers().map(str::to_owned).collect(),
            }),
            Fact::Known(None) | Fact::NotAsked | Fact::Unavailable(_) => None,
        },
        operator_policy: Some(evidence.policy),
        approved_by: approvers(pending, evidence),
        alias: alias.cloned(),
        // One that refuses may come after an effect: what it is about was applied before, and is judged anew.
        effect: if verdict.decision.accepts() || pending.applied != Applied::No {
            Effect::Begun
        } else {
            Effect::None
        },
        delivery: pending.attempt.id.clone(),
        judged_at: world.now(),
    }
}

/// Who approved, where that was asked. What was judged again after the update keeps those of the first verdict.
fn approvers(pending: &PendingDeployment, evidence: &Evidence) -> Vec<Approver> {
    match (&evidence.people.approvals, &pending.verdict) {
        (Fact::Known(approvals), _) => approvals.approvers(evidence.now),
        (Fact::NotAsked | Fact::Unavailable(_), Some(before)) => before.approved_by.clone(),
        (Fact::NotAsked | Fact::Unavailable(_), None) => Vec::new(),
    }
}

/// The first verdict of an upload is written by condition. One that refuses is final for everyone, so its
/// outcome is taken over. One that accepts belongs to the delivery that wrote it, which replaces it by
/// what it finds later.
async fn record_verdict<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
    record: VerdictRecord,
) -> Result<(), EarlyExit> {
    let folder = pending.upload.folder();
    if pending.lease.is_some() {
        records::replace(world, &folder, &record).await?;
    } else if records::create(world, &folder, &record).await? == Creation::Created {
        pending.lease = Some(HeldLease::first(LeaseScope::Deployment));
    } else {
        let found: Option<VerdictRecord> = records::read(world, &folder).await?;
        match found {
            // Another delivery is about to end it, for a reason that is not in the verdict.
            Some(found)
                if !found.decision.accepts()
                    && found.verdict.is_none()
                    && pending.verdict.is_none() =>
            {
                return Err(lease_held(pending).into());
            }
            Some(found) if !found.decision.accepts() => {
                return Err(outcome_of_record(&found).into());
            }
            // A write whose answer was lost is seen as its own by its repetition.
            Some(found) if found.delivery == pending.attempt.id => {
                pending.lease = Some(HeldLease::first(LeaseScope::Deployment));
            }
            _ => return Err(lease_held(pending).into()),
        }
    }
    pending.verdict = Some(record);
    Ok(())
}

/// Takes the lease over from the delivery that wrote the accepting verdict on record, if that gave up or
/// was cut off.
pub(super) async fn take_lease<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
) -> Result<(), RetryableError> {
    let Some(record) = &pending.verdict else {
        return Err(lease_held(pending));
    };
    let first = Holder {
        delivery: record.delivery.clone(),
        began_at: record.judged_at,
    };
    // What was listed at the start may be older than the verdict.
    let folder = if pending.folder.has::<VerdictRecord>() {
        pending.folder.clone()
    } else {
        RecordFolder::list(world, &pending.upload).await?
    };
    let request = LeaseRequest {
        scope: LeaseScope::Deployment,
        upload: &pending.upload,
        folder: &folder,
        first,
        delivery: &pending.attempt.id,
    };
    let lease = HeldLease::take_over(world, request).await?;
    pending.lease = lease;
    if lease.is_none() {
        return Err(lease_held(pending));
    }
    Ok(())
}

fn lease_held(pending: &PendingDeployment) -> RetryableError {
    RetryableError::LeaseHeld {
        what: format!("another delivery is deploying {}", pending.target),
    }
}

/// The outcome that a refusing verdict on record leads to.
pub(super) fn outcome_of_record(record: &VerdictRecord) -> OutcomeDraft {
    match &record.verdict {
        Some(verdict) if record.decision == Decision::Reject => OutcomeDraft::by_verdict(verdict),
        verdict => OutcomeDraft {
            findings: verdict
                .as_ref()
                .map(OutcomeDraft::failures_of)
                .unwrap_or_default(),
            ..OutcomeDraft::rejected(ReasonCode::Undecided, ReasonCode::Undecided.about().meaning)
        },
    }
}
