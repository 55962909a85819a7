//! Publishing a layer version.
//!
//! Lambda publishes whatever it is given (grade C), has no revision to guard by and no dry run. One
//! delivery at a time works under the lease; a delivery that goes on after another looks for the version by
//! its mark before it publishes one.
//!
//! Layer versions are immutable and are used by number, so no upload can overwrite another here.

use super::{
    collect_evidence::{collect_evidence, csc_by_arn, read_package},
    current_package::prove_same,
    description::{description, mark},
    expected::Expected,
    judge::{candidate, record_judgement},
    live::{deployed_draft, record_live},
    pending_deployment::{
        Applied, DeployWorld, PendingDeployment, check_current, replaced_or_deleted,
    },
    settings::DeploySettings,
};
use crate::{
    domain::{LayerMetadata, LayerName, ReasonCode},
    outcome::{EarlyExit, OutcomeDraft, RetryableError, Superseded},
    ports::{CurrentUpload, LayerContent, LayerPublish, LayerRequest},
    records::{self, Deployed, Live},
    verdict::{Approved, Examine, Fact, Verdict, judge},
};

/// How many of the newest versions are searched for a mark (one page of `ListLayerVersions`).
const MAX_VERSIONS_SEARCHED: u8 = 50;

/// How often somebody else may replace the current package under our hands.
const MAX_ROUNDS: u32 = 6;

/// Brings an upload to its end as a version of a layer.
pub(super) async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    pending: &mut PendingDeployment,
    layer: &LayerName,
) -> Result<OutcomeDraft, EarlyExit> {
    // An earlier delivery may have published it. What was applied is looked at before what is current.
    let mut published = None;
    if pending.applied == Applied::Perhaps {
        published = published_before(world, pending, layer).await?;
        pending.applied = match &published {
            Some(content) => Applied::Yes(deployed_of(content)),
            None => Applied::No,
        };
    }
    let mut current = world.current_package(&pending.target).await?;
    let source = match (&published, world.read_if_current(&pending.upload.id).await?) {
        (_, CurrentUpload::Current(bytes)) => Fact::Known(Some(bytes)),
        (Some(_), _) => super::collect_evidence::read_source(world, pending).await,
        (None, CurrentUpload::Deleted) => return Err(Superseded::KeyDeleted.draft().into()),
        (None, CurrentUpload::Other) => {
            let why = replaced_or_deleted(world, &pending.upload).await?;
            return Err(why.draft().into());
        }
    };
    let package = read_package(world, examiner, pending, &source).await?;
    let csc = match &settings.layer_csc {
        Some(arn) => csc_by_arn(world, arn).await,
        None => Fact::Known(None),
    };
    let evidence = collect_evidence(world, settings, &pending.job, &package, csc.clone()).await;
    let judgement = judge(&evidence, candidate(pending, &package.signed));
    let (approved, verdict) =
        record_judgement(world, pending, &package, &evidence, judgement, None).await?;
    let expected = Expected::of(approved.verified(), &pending.job.id);
    if let Some(content) = published {
        return finish(world, pending, &expected, &content, &verdict).await;
    }
    let same = prove_same(
        world,
        examiner,
        settings,
        pending,
        current.as_ref(),
        &source,
        &csc,
    )
    .await?;
    if let Some(same) = same {
        let expected = Expected::of(&same.verified, &same.job);
        if let Some(content) = live_version(world, pending, layer, &expected).await? {
            pending.applied = Applied::Yes(Deployed {
                unchanged: true,
                ..deployed_of(&content)
            });
            return finish(world, pending, &expected, &content, &verdict).await;
        }
    }
    for _ in 0..MAX_ROUNDS {
        let replaced = world.replace_current_package(approved.verified(), current.as_ref());
        if replaced.await?.is_some() {
            let content = publish(world, pending, layer, &approved).await?;
            return finish(world, pending, &expected, &content, &verdict).await;
        }
        current = world.current_package(&pending.target).await?;
        check_current(world, &pending.upload).await?;
    }
    let what = format!("the current package of {} keeps changing", pending.target);
    Err(RetryableError::busy(what).into())
}

/// Publishes the version.
async fn publish<W: DeployWorld>(
    world: &W,
    pending: &mut PendingDeployment,
    layer: &LayerName,
    approved: &Approved,
) -> Result<LayerContent, EarlyExit> {
    let metadata = LayerMetadata::read(&pending.signing.received.metadata)
        .map_err(|error| OutcomeDraft::rejected(ReasonCode::LayerMetadata, error.to_string()))?;
    let request = LayerRequest {
        layer: layer.clone(),
        description: description(pending),
        runtimes: metadata.runtimes().to_vec(),
        architectures: metadata.architectures().to_vec(),
    };
    // From here on, whether it was published is not known until Lambda has answered.
    pending.applied = Applied::Perhaps;
    match world.publish_layer(&request, approved).await? {
        LayerPublish::Published(content) => {
            pending.applied = Applied::Yes(deployed_of(&content));
            Ok(content)
        }
        LayerPublish::Refused(refusal) => {
            pending.applied = Applied::No;
            let message = refusal.to_string();
            Err(OutcomeDraft::rejected(ReasonCode::LambdaRefused, message).into())
        }
    }
}

/// The version that a delivery before this one published, found by its mark.
async fn published_before<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    layer: &LayerName,
) -> Result<Option<LayerContent>, EarlyExit> {
    let mark = mark(pending);
    let versions = world.layer_versions(layer, MAX_VERSIONS_SEARCHED).await?;
    match versions
        .into_iter()
        .find(|version| version.description.starts_with(&mark))
    {
        Some(version) => Ok(world.layer_content(layer, version.version).await?),
        None => Ok(None),
    }
}

/// The version that the last deployment published, if it still exists and Lambda says that it has this
/// code.
async fn live_version<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    layer: &LayerName,
    expected: &Expected,
) -> Result<Option<LayerContent>, EarlyExit> {
    let live: Option<Live> = records::read(world, &format!("{}/", pending.target)).await?;
    let version = live.and_then(|live| live.deployed.version?.parse().ok());
    let Some(version) = version else {
        return Ok(None);
    };
    let content = world.layer_content(layer, version).await?;
    Ok(content.filter(|content| expected.difference(&content.code).is_none()))
}

/// Compares what Lambda published with what was verified, and ends the upload.
async fn finish<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    expected: &Expected,
    content: &LayerContent,
    verdict: &Verdict,
) -> Result<OutcomeDraft, EarlyExit> {
    if let Some(difference) = expected.difference(&content.code) {
        return Err(OutcomeDraft {
            findings: OutcomeDraft::notable(verdict),
            ..pending.failed(ReasonCode::DeployedMismatch, difference)
        }
        .into());
    }
    let deployed = pending.progress().unwrap_or_default();
    record_live(world, pending, expected, &deployed).await?;
    let version = content.version.version;
    let message = if deployed.unchanged {
        format!("the same content is published already, as version {version}")
    } else {
        format!("version {version} is published")
    };
    Ok(deployed_draft(message, deployed, verdict))
}

fn deployed_of(content: &LayerContent) -> Deployed {
    Deployed {
        code_sha256: content.code.sha256.clone(),
        version: Some(content.version.version.to_string()),
        layer_version_arn: Some(content.version.arn.clone()),
        ..Deployed::default()
    }
}
