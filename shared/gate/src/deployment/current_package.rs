//! `current/<functions|layers>/<name>.zip` of the signed bucket: the last verified package of a target.
//! `CloudFormation`, CDK and Terraform create functions from it under Enforce.
//!
//! It is also how unchanged code is recognised: its bytes prove what they were signed from, whatever
//! anybody wrote beside them.

use super::{
    collect_evidence::{ExaminedPackage, TargetFacts, borrowed, collect_evidence},
    judge::candidate,
    pending_deployment::{DeployContext, DeployWorld, PendingDeployment},
};
use crate::{
    domain::{Csc, SigningJobId},
    outcome::EarlyExit,
    ports::CurrentPackage,
    verdict::{Examine, Fact, Judgement, People, ProvenanceEvidence, Verified, verify},
};

/// A package that was verified before, was signed from the same source as this upload, and is still
/// accepted.
pub(super) struct SamePackage {
    pub(super) verified: Verified,
    pub(super) job: SigningJobId,
}

/// Proves that the current package of the target was signed from this upload's source, and would be
/// accepted now. `None` when it was not, or when its package or job is gone: then the upload is deployed
/// like any other.
pub(super) async fn prove_same<W: DeployWorld, E: Examine>(
    context: DeployContext<'_, W, E>,
    pending: &PendingDeployment,
    current: Option<&CurrentPackage>,
    source: &Fact<Option<Vec<u8>>>,
    csc: &Fact<Option<Csc>>,
) -> Result<Option<SamePackage>, EarlyExit> {
    let DeployContext {
        world,
        examiner,
        settings,
    } = context;
    // The metadata only tells whether looking is worth a call.
    let is_likely = |current: &&CurrentPackage| {
        current.source_sha256.is_some()
            && current.source_sha256 == pending.signing.received.source_sha256
    };
    let Some(current) = current.filter(is_likely) else {
        return Ok(None);
    };
    let Some(bytes) = world.read_signed_version(&current.object).await? else {
        return Ok(None);
    };
    let package = ExaminedPackage {
        signed: current.object.clone(),
        examined: examiner.examine(&bytes, borrowed(source)),
    };
    let claimed = package.examined.proven_claims();
    let Some(job) = claimed.and_then(|claims| SigningJobId::parse(claims.job().job_id()).ok())
    else {
        return Ok(None);
    };
    let Some(job) = world.describe_job(&job).await? else {
        return Ok(None);
    };
    // Whether it can start, where it was built, and what people say of it, is judged of the upload itself.
    let target = TargetFacts {
        csc: csc.clone(),
        function: Fact::NotAsked,
        provenance: ProvenanceEvidence::NotDemanded,
        people: People::not_asked(),
    };
    let evidence = collect_evidence(world, settings, &job, &package, target).await;
    let judgement = verify(&evidence, candidate(pending, &package.signed));
    Ok(match judgement {
        Judgement::Accepted(verified, _) => Some(SamePackage {
            verified: *verified,
            job: job.id,
        }),
        Judgement::Rejected(_) | Judgement::Inconclusive(_) => None,
    })
}
