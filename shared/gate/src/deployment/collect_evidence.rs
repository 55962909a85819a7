//! Gathers evidence about a signed package. What cannot be had is evidence, too: it makes the verdict
//! inconclusive, and does not hide what else is wrong.

use super::{
    pending_deployment::{DeployWorld, PendingDeployment},
    settings::DeploySettings,
};
use crate::{
    domain::{CscArn, FunctionName, SignedObject},
    outcome::{EarlyExit, RetryableError},
    ports::Functions,
    verdict::{Evidence, Examine, Examined, Fact, Governance, SecondOpinion, Source, decide},
};

/// A package that was read and examined: from which object version, and what its bytes say.
#[derive(Clone)]
pub(crate) struct ExaminedPackage {
    pub(crate) signed: SignedObject,
    pub(crate) examined: Examined,
}

/// Reads the signed package and its source, and examines them. The versions are pinned: the upload's
/// by its id, the signed object's by the very answer that its bytes came in.
pub(crate) async fn specimen<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    case: &PendingDeployment,
) -> Result<ExaminedPackage, EarlyExit> {
    let Some((bucket, key)) = &case.signed else {
        let what = format!("the job {} succeeded and does not say where", case.job.id);
        return Err(RetryableError::busy(what).into());
    };
    let Some((signed, package)) = world.read_signed(bucket, key).await? else {
        return Err(RetryableError::busy(format!(
            "the signed package {bucket}/{key} is not there"
        ))
        .into());
    };
    let source = world
        .read_upload(&case.upload.id)
        .await
        .map_err(|trouble| trouble.error_chain());
    let source = match &source {
        Ok(Some(bytes)) => Source::Present(bytes),
        Ok(None) => Source::Absent,
        Err(why) => Source::Unavailable(why),
    };
    Ok(ExaminedPackage {
        signed,
        examined: examiner.examine(&package, source),
    })
}

/// Everything but Lambda's own opinion.
pub(crate) async fn evidence<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    case: &PendingDeployment,
    specimen: &ExaminedPackage,
    governance: Governance,
) -> Evidence {
    let profile = match world.profile(&case.job.profile, &case.job.owner).await {
        Ok(Some(profile)) => Fact::Known(profile),
        Ok(None) => Fact::Unavailable(format!("Signer shows no profile {}", case.job.profile)),
        Err(trouble) => Fact::Unavailable(trouble.error_chain()),
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
    match world.function_csc_arn(name).await {
        Ok(Some(arn)) => governance(world, &arn).await,
        Ok(None) => Governance::NoCsc,
        Err(trouble) => Governance::Unavailable(trouble.error_chain()),
    }
}

/// What this configuration says.
pub(crate) async fn governance<W: Functions>(world: &W, arn: &CscArn) -> Governance {
    match world.csc(arn).await {
        Ok(Some(csc)) => Governance::Csc(csc),
        Ok(None) => Governance::Unavailable(format!("there is no configuration {arn}")),
        Err(trouble) => Governance::Unavailable(trouble.error_chain()),
    }
}

/// Whether Lambda's opinion is worth a call: when we would deploy, and when we refuse on integrity,
/// which Lambda judges too if there is a configuration.
pub(crate) fn wants_dry_run(evidence: &Evidence) -> bool {
    decide(evidence).decision.accepts()
        || (crate::verdict::integrity_failed(evidence)
            && matches!(evidence.governance, Governance::Csc(_)))
}
