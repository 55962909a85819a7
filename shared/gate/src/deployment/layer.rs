//! Publishing a layer version.
//!
//! Lambda publishes whatever it is given (grade C), has no revision to guard by and no dry run. So a
//! version is published under a claim: a record, created by condition, that says who began when. A
//! claim that is too old belongs to a delivery that was cut off; its successor looks for the version
//! by its mark before it publishes one.
//!
//! Layer versions are immutable and are used by number, so no upload can overwrite another here.

use super::{
    collect_evidence,
    description::{description, mark},
    expected::Expected,
    judge::judge_on_record,
    lease::acquire_lease,
    live::{deployed_ending, note_live, same_as_live, unchanged_ending},
    pending_deployment::{DeployWorld, PendingDeployment, check_current},
    settings::DeploySettings,
};
use crate::{
    domain::{LayerMetadata, LayerName, ReasonCode},
    outcome::{EarlyExit, OutcomeDraft, RetryableError},
    ports::{LayerContent, LayerPublish, LayerRequest},
    records::{Deployed, UploadState},
    verdict::{Approved, Decision, Examine, Governance, Verdict},
};

/// How many of the newest versions are searched for a mark (one page of `ListLayerVersions`).
const MAX_VERSIONS_SEARCHED: u8 = 50;

/// Brings an upload to its end as a version of a layer.
pub(crate) async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut PendingDeployment,
    layer: &LayerName,
) -> Result<OutcomeDraft, EarlyExit> {
    if case.has_lease
        && let Some(content) = published_before(world, case, layer).await?
        && let Some(verdict) = case
            .verdict
            .as_ref()
            .and_then(|record| record.verdict.clone())
    {
        return settle(
            world,
            case,
            &Expected::of_record(&verdict),
            content,
            &verdict,
        )
        .await;
    }
    check_current(world, &case.upload).await?;

    let specimen = collect_evidence::specimen(world, examiner, case).await?;
    let governance = match &settings.layer_csc {
        Some(arn) => collect_evidence::governance(world, arn).await,
        None => Governance::NoCsc,
    };
    let evidence = collect_evidence::evidence(world, settings, case, &specimen, governance).await;
    let judgement = judge_on_record(world, case, &specimen, &evidence).await?;
    let verdict = judgement.verdict;
    let Some(approved) = judgement.approved else {
        return match verdict.decision {
            Decision::Reject => Ok(OutcomeDraft::by_verdict(&verdict)),
            _ => Err(RetryableError::Inconclusive {
                verdict: Box::new(verdict),
            }
            .into()),
        };
    };
    if let Some(live) = same_as_live(world, case, &specimen).await? {
        let version = live
            .deployed
            .version
            .as_ref()
            .and_then(|version| version.parse().ok());
        if let Some(version) = version
            && let Some(content) = world.layer_content(layer, version).await?
            && content.code.sha256 == live.deployed.code_sha256
        {
            return Ok(unchanged_ending(live, &verdict));
        }
    }
    let content = publish(world, case, layer, &approved).await?;
    settle(world, case, &approved.expected(), content, &verdict).await
}

/// Publishes under a acquire_lease, unless a claimant before did.
pub(super) async fn publish<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    layer: &LayerName,
    approved: &Approved,
) -> Result<LayerContent, EarlyExit> {
    if acquire_lease(world, case).await? > 1
        && let Some(content) = published_before(world, case, layer).await?
    {
        return Ok(content);
    }
    let metadata = LayerMetadata::read(&case.signing.received.metadata)
        .map_err(|error| OutcomeDraft::rejected(ReasonCode::LayerMetadata, error.to_string()))?;
    let request = LayerRequest {
        layer: layer.clone(),
        description: description(case),
        runtimes: metadata.runtimes().to_vec(),
        architectures: metadata.architectures().to_vec(),
    };
    match world.publish_layer(&request, approved).await? {
        LayerPublish::Published(content) => Ok(content),
        LayerPublish::Refused(refusal) => {
            let message = format!("{}: {}", refusal.exception, refusal.message);
            Err(OutcomeDraft::rejected(ReasonCode::LambdaRefused, message).into())
        }
    }
}

/// The version that a delivery before this one published, found by its mark.
async fn published_before<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    layer: &LayerName,
) -> Result<Option<LayerContent>, EarlyExit> {
    let mark = mark(case);
    let versions = world.layer_versions(layer, MAX_VERSIONS_SEARCHED).await?;
    match versions
        .into_iter()
        .find(|version| version.description.starts_with(&mark))
    {
        Some(version) => Ok(world.layer_content(layer, version.version).await?),
        None => Ok(None),
    }
}

/// Compares what Lambda published with what was verified, and ends the upload.
async fn settle<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    expected: &Expected,
    content: LayerContent,
    verdict: &Verdict,
) -> Result<OutcomeDraft, EarlyExit> {
    let version = content.version.version;
    let deployed = Deployed {
        code_sha256: content.code.sha256.clone(),
        version: Some(version.to_string()),
        layer_version_arn: Some(content.version.arn),
        ..Deployed::default()
    };
    if let Some(difference) = expected.difference(&content.code) {
        return Err(OutcomeDraft {
            findings: OutcomeDraft::notable(verdict),
            deployed: Some(deployed),
            ..OutcomeDraft::new(
                UploadState::Failed,
                ReasonCode::DeployedMismatch,
                difference,
            )
        }
        .into());
    }
    note_live(world, case, expected.profile_version_arn.clone(), &deployed).await?;
    Ok(deployed_ending(
        format!("version {version} is published"),
        deployed,
        verdict,
    ))
}
