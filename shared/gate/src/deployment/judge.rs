//! Judges, and puts the verdict on record before anything is changed.

use super::{collect_evidence::ExaminedPackage, pending_deployment::PendingDeployment};
use crate::{
    domain::ReasonCode,
    outcome::{EarlyExit, OutcomeDraft, RetryableError},
    ports::{Creation, Records},
    records,
    records::{CscReport, LambdaVerdict, Schema, VerdictRecord},
    verdict::{Candidate, Decision, Evidence, Governance, Judgement, SecondOpinion, judge},
};

/// Judges, and puts the verdict on record before anything is done about it.
pub(crate) async fn judge_on_record<W: Records>(
    world: &W,
    case: &mut PendingDeployment,
    specimen: &ExaminedPackage,
    evidence: &Evidence,
) -> Result<Judgement, EarlyExit> {
    let judgement = judged(case, specimen, evidence)?;
    let record = record(case, specimen, evidence, &judgement);
    record_verdict(world, case, record).await?;
    Ok(judgement)
}

/// The first verdict of an upload is written by condition; one that refuses is final for everyone, so its
/// ending is taken over. One that accepts is replaced by what was found since.
async fn record_verdict<W: Records>(
    world: &W,
    case: &mut PendingDeployment,
    record: VerdictRecord,
) -> Result<(), EarlyExit> {
    let path = format!("{}verdict.json", case.upload.folder());
    if case.verdict.is_none() && records::create(world, &path, &record).await? == Creation::Existed
    {
        case.verdict = records::read(world, &path).await?;
    }
    match &case.verdict {
        None => {}
        Some(earlier) if earlier.decision.accepts() => {
            records::replace(world, &path, &record).await?;
        }
        Some(earlier) => return Err(ending_of(earlier).into()),
    }
    case.verdict = Some(record);
    Ok(())
}

/// The ending that a refusing verdict leads to.
pub(super) fn ending_of(record: &VerdictRecord) -> OutcomeDraft {
    match &record.verdict {
        Some(verdict) if record.decision == Decision::Reject => OutcomeDraft::by_verdict(verdict),
        verdict => OutcomeDraft {
            findings: verdict
                .as_ref()
                .map(OutcomeDraft::notable)
                .unwrap_or_default(),
            ..OutcomeDraft::rejected(ReasonCode::Undecided, ReasonCode::Undecided.about().meaning)
        },
    }
}

/// Judges, and turns what is inconclusive into a retry.
pub(crate) fn judged(
    case: &PendingDeployment,
    specimen: &ExaminedPackage,
    evidence: &Evidence,
) -> Result<Judgement, EarlyExit> {
    let candidate = Candidate {
        target: case.target.clone(),
        upload: case.upload.clone(),
        signed: specimen.signed.clone(),
    };
    let judgement = judge(evidence, candidate);
    if judgement.verdict.decision == Decision::Inconclusive {
        return Err(RetryableError::Inconclusive {
            verdict: Box::new(judgement.verdict),
        }
        .into());
    }
    Ok(judgement)
}

/// The record of a judgement.
pub(crate) fn record(
    case: &PendingDeployment,
    specimen: &ExaminedPackage,
    evidence: &Evidence,
    judgement: &Judgement,
) -> VerdictRecord {
    VerdictRecord {
        schema: Schema,
        upload: case.upload.clone(),
        target: case.target.clone(),
        job: case.job.id.clone(),
        signed: Some(specimen.signed.clone()),
        source_sha256: case.signing.received.source_sha256.clone(),
        decision: judgement.verdict.decision,
        verdict: Some(judgement.verdict.clone()),
        lambda: match &evidence.second_opinion {
            SecondOpinion::NotAsked => LambdaVerdict::NotAsked,
            SecondOpinion::Takes => LambdaVerdict::Takes,
            SecondOpinion::Refuses(refusal) => LambdaVerdict::Refuses(refusal.clone()),
            SecondOpinion::Unavailable(why) => LambdaVerdict::Unavailable { why: why.clone() },
        },
        code_signing_config: match &evidence.governance {
            Governance::Csc(csc) => Some(CscReport {
                arn: csc.arn().map(ToString::to_string),
                policy: csc.policy(),
                publishers: csc.publishers().map(str::to_owned).collect(),
            }),
            Governance::NoCsc | Governance::NotAsked | Governance::Unavailable(_) => None,
        },
        judged_at: evidence.now,
    }
}
