//! Gathers evidence about a signed package. What cannot be had is evidence, too: it makes the verdict
//! inconclusive, and does not hide what else is wrong.

use std::fmt::Display;

use crate::{
    decide::decide,
    deploy::{Case, DeployWorld},
    evidence::{Evidence, Examined, Fact, Governance, SecondOpinion, Source},
    finish::Stop,
    names::{CscArn, FunctionName},
    ports::{Functions, SignedObject},
    proof::{Candidate, Judgement, judge},
    records::{CscReport, LambdaVerdict, Schema, VerdictRecord},
    retry::Retry,
    settings::{DeploySettings, Examine},
    verdict::Decision,
};

/// A package that was read and examined: from which object version, and what its bytes say.
#[derive(Clone)]
pub(crate) struct Specimen {
    pub(crate) signed: SignedObject,
    pub(crate) examined: Examined,
}

/// Reads the signed package and its source, and examines them. The versions are pinned: the upload's
/// by its id, the signed object's by the very answer that its bytes came in.
pub(crate) async fn specimen<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    case: &Case,
) -> Result<Specimen, Stop> {
    let Some((bucket, key)) = &case.signed else {
        let what = format!("the job {} succeeded and does not say where", case.job.id);
        return Err(Retry::busy(what).into());
    };
    let Some((signed, package)) = world.read_signed(bucket, key).await? else {
        return Err(Retry::busy(format!("the signed package {bucket}/{key} is not there")).into());
    };
    let source = world
        .read_upload(&case.upload.id)
        .await
        .map_err(|trouble| trouble.in_full());
    let source = match &source {
        Ok(Some(bytes)) => Source::Present(bytes),
        Ok(None) => Source::Absent,
        Err(why) => Source::Unavailable(why),
    };
    Ok(Specimen {
        signed,
        examined: examiner.examine(&package, source),
    })
}

/// Everything but Lambda's own opinion.
pub(crate) async fn evidence<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    case: &Case,
    specimen: &Specimen,
    governance: Governance,
) -> Evidence {
    let profile = match world.profile(&case.job.profile, &case.job.owner).await {
        Ok(Some(profile)) => Fact::Known(profile),
        Ok(None) => Fact::Unavailable(format!("Signer shows no profile {}", case.job.profile)),
        Err(trouble) => Fact::Unavailable(trouble.in_full()),
    };
    Evidence {
        package: specimen.examined.clone(),
        now: world.now(),
        governance,
        job: Fact::Known(case.job.clone()),
        profile,
        second_opinion: SecondOpinion::NotAsked,
        policy: settings.policy,
    }
}

/// What governs a function: its configuration, asked for anew at each judgement.
pub(crate) async fn governance_of<W: Functions>(world: &W, name: &FunctionName) -> Governance {
    match world.csc_of(name).await {
        Ok(Some(arn)) => governance(world, &arn).await,
        Ok(None) => Governance::NoCsc,
        Err(trouble) => Governance::Unavailable(trouble.in_full()),
    }
}

/// What this configuration says.
pub(crate) async fn governance<W: Functions>(world: &W, arn: &CscArn) -> Governance {
    match world.csc(arn).await {
        Ok(Some(csc)) => Governance::Csc(csc),
        Ok(None) => Governance::Unavailable(format!("there is no configuration {arn}")),
        Err(trouble) => Governance::Unavailable(trouble.in_full()),
    }
}

/// Whether Lambda's opinion is worth a call: when we would deploy, and when we refuse on integrity,
/// which Lambda judges too if there is a configuration.
pub(crate) fn wants_second_opinion(evidence: &Evidence) -> bool {
    decide(evidence).decision.accepts()
        || (crate::decide::integrity_failed(evidence)
            && matches!(evidence.governance, Governance::Csc(_)))
}

/// Judges, and turns what is inconclusive into a retry.
pub(crate) fn judged(
    case: &Case,
    specimen: &Specimen,
    evidence: &Evidence,
) -> Result<Judgement, Stop> {
    let candidate = Candidate {
        target: case.target.clone(),
        upload: case.upload.clone(),
        signed: specimen.signed.clone(),
    };
    let judgement = judge(evidence, candidate);
    if judgement.verdict.decision == Decision::Inconclusive {
        return Err(Retry::Inconclusive {
            verdict: Box::new(judgement.verdict),
        }
        .into());
    }
    Ok(judgement)
}

/// The record of a judgement.
pub(crate) fn record(
    case: &Case,
    specimen: &Specimen,
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

/// The description of a published version: a mark of the upload, by which it can be found again, and
/// as much of the upload's metadata as fits (Lambda takes 256 characters).
pub(crate) fn description(case: &Case) -> String {
    const MOST: usize = 256;
    let pair = |(name, value): (&dyn Display, &dyn Display)| format!(" {name}={value}");
    let received = &case.signing.received;
    let text = received
        .metadata
        .iter()
        .chain(&received.tags)
        .fold(mark(case), |text, (name, value)| {
            text + &pair((name, value))
        });
    text.chars().take(MOST).collect()
}

/// `countersign:` and 16 hexadecimal digits of the upload's token.
pub(crate) fn mark(case: &Case) -> String {
    let token = case.upload.id.client_token();
    format!("countersign:{}", token.get(..16).unwrap_or(&token))
}
