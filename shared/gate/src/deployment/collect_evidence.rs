//! Collects evidence about a signed package. What cannot be had is evidence, too: it makes the verdict
//! inconclusive, and does not hide what else is wrong.

use super::{
    pending_deployment::{DeployWorld, PendingDeployment},
    settings::DeploySettings,
};
use crate::{
    domain::{
        Architecture, Csc, CscArn, FunctionConfiguration, FunctionName, SignedObject, SigningJob,
    },
    outcome::{Backoff, EarlyExit, RetryableError},
    ports::{Function, FunctionCsc, Functions, PortError},
    verdict::{DryRun, Evidence, Examine, Examined, Fact, NoAnswer, People, ProvenanceEvidence},
};

/// What a call that gave no answer says of the thing that was asked for.
pub(super) fn no_answer<T>(error: &PortError) -> Fact<T> {
    let why = error.error_chain();
    Fact::Unavailable(if error.is_passing() {
        NoAnswer::passing(why)
    } else {
        NoAnswer::lasting(why)
    })
}

/// A package that was read and examined: from which object version, and what its bytes say.
#[derive(Clone)]
pub(super) struct ExaminedPackage {
    pub(super) signed: SignedObject,
    pub(super) examined: Examined,
}

/// Reads the signed package, and examines it beside its source. The versions are pinned: the upload's
/// by its id, the signed object's by the very answer that its bytes came in.
pub(super) async fn read_package<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    pending: &PendingDeployment,
    source: &Fact<Option<Vec<u8>>>,
) -> Result<ExaminedPackage, EarlyExit> {
    let Some((bucket, key)) = &pending.signed else {
        let what = format!(
            "the job {} succeeded and does not say where",
            pending.job.id
        );
        return Err(RetryableError::busy(what).into());
    };
    // Signer may say that it is done before the object can be read.
    let mut backoff = Backoff::brief(world, &pending.attempt);
    let (signed, package) = loop {
        if let Some(found) = world.read_signed(bucket, key).await? {
            break found;
        }
        if !backoff.pause(world).await {
            let what = format!("the signed package {bucket}/{key} is not there");
            return Err(RetryableError::busy(what).into());
        }
    };
    Ok(ExaminedPackage {
        signed,
        examined: examiner.examine(&package, borrowed(source)),
    })
}

/// The source that the package was signed from, whether it is current or not.
pub(super) async fn read_source<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
) -> Fact<Option<Vec<u8>>> {
    match world.read_upload(&pending.upload.id).await {
        Ok(source) => Fact::Known(source),
        Err(error) => no_answer(&error),
    }
}

/// The same fact, about borrowed bytes.
pub(super) fn borrowed(source: &Fact<Option<Vec<u8>>>) -> Fact<Option<&[u8]>> {
    match source {
        Fact::Known(bytes) => Fact::Known(bytes.as_deref()),
        Fact::NotAsked => Fact::NotAsked,
        Fact::Unavailable(why) => Fact::Unavailable(why.clone()),
    }
}

/// What a function would start, as it was read with the revision that guards the update; on the processor
/// that the update is to bring, if it is to bring another. An image starts nothing of a zip.
pub(super) fn configuration_of(
    function: &Function,
    architecture: Option<Architecture>,
) -> Fact<FunctionConfiguration> {
    if function.is_image {
        return Fact::NotAsked;
    }
    let mut configuration = function.configuration.clone();
    configuration.architecture = architecture.or(configuration.architecture);
    Fact::Known(configuration)
}

/// What is known before the package is judged: of its target, and of what is demanded of it.
pub(super) struct TargetFacts {
    pub(super) csc: Fact<Option<Csc>>,
    pub(super) function: Fact<FunctionConfiguration>,
    pub(super) provenance: ProvenanceEvidence,
    pub(super) people: People,
}

/// All evidence but Lambda's dry run, about a package that this job signed.
pub(super) async fn collect_evidence<W: DeployWorld>(
    world: &W,
    settings: &DeploySettings,
    job: &SigningJob,
    package: &ExaminedPackage,
    target: TargetFacts,
) -> Evidence {
    let profile = match world.profile(&job.profile, &job.owner).await {
        Ok(Some(profile)) => Fact::Known(profile),
        Ok(None) => Fact::Unavailable(NoAnswer::lasting(format!(
            "Signer shows no profile {}",
            job.profile
        ))),
        Err(error) => no_answer(&error),
    };
    Evidence {
        package: package.examined.clone(),
        now: world.now(),
        csc: target.csc,
        job: Fact::Known(job.clone()),
        profile,
        function: target.function,
        provenance: target.provenance,
        dry_run: Fact::<DryRun>::NotAsked,
        people: target.people,
        policy: settings.policy,
    }
}

/// The code signing configuration of a function, read anew at each judgement; `None` when the function was
/// deleted since it was looked at.
pub(super) async fn csc_of_function<W: Functions>(
    world: &W,
    name: &FunctionName,
) -> Option<Fact<Option<Csc>>> {
    Some(match world.function_csc(name).await {
        Ok(FunctionCsc::Attached(arn)) => csc_by_arn(world, &arn).await,
        Ok(FunctionCsc::NoneAttached) => Fact::Known(None),
        Ok(FunctionCsc::NoFunction) => return None,
        Err(error) => no_answer(&error),
    })
}

/// The code signing configuration of this ARN.
pub(super) async fn csc_by_arn<W: Functions>(world: &W, arn: &CscArn) -> Fact<Option<Csc>> {
    match world.csc(arn).await {
        Ok(Some(csc)) => Fact::Known(Some(csc)),
        Ok(None) => Fact::Unavailable(NoAnswer::lasting(format!(
            "there is no configuration {arn}"
        ))),
        Err(error) => no_answer(&error),
    }
}
