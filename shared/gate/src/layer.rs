//! Publishing a layer version.
//!
//! Lambda publishes whatever it is given (grade C), has no revision to guard by and no dry run. So a
//! version is published under a claim: a record, created by condition, that says who began when. A
//! claim that is too old belongs to a delivery that was cut off; its successor looks for the version
//! by its mark before it publishes one.
//!
//! Layer versions are immutable and are used by number, so no upload can overwrite another here.

use std::time::Duration;

use crate::{
    code::Code,
    deploy::{Case, DeployWorld, check_current, judge_on_record},
    evidence::Governance,
    finish::{Ending, Stop},
    function::{deployed_ending, note_live, same_as_live, unchanged_ending},
    gather,
    layer_metadata::LayerMetadata,
    names::LayerName,
    ports::{Creation, LayerContent, LayerPublish, LayerRequest},
    proof::{Approved, Expected},
    records::{self, Deployed, Publishing, Schema, State},
    retry::Retry,
    settings::{DeploySettings, Examine},
    verdict::{Decision, Verdict},
};

/// How long a claim holds. The function `deploy` is cut off after 150 seconds; five minutes leave no
/// doubt.
const LEASE: Duration = Duration::from_mins(5);

/// How many deliveries may be cut off while they publish.
const MOST_CLAIMS: u32 = 20;

/// How many of the newest versions are searched for a mark (one page of `ListLayerVersions`).
const VERSIONS_SEARCHED: u8 = 50;

/// Brings an upload to its end as a version of a layer.
pub(crate) async fn deploy<W: DeployWorld, E: Examine>(
    world: &W,
    examiner: &E,
    settings: &DeploySettings,
    case: &mut Case,
    layer: &LayerName,
) -> Result<Ending, Stop> {
    if case.is_claimed
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

    let specimen = gather::specimen(world, examiner, case).await?;
    let governance = match &settings.layer_csc {
        Some(arn) => gather::governance(world, arn).await,
        None => Governance::NoCsc,
    };
    let evidence = gather::evidence(world, settings, case, &specimen, governance).await;
    let judgement = judge_on_record(world, case, &specimen, &evidence).await?;
    let verdict = judgement.verdict;
    let Some(approved) = judgement.approved else {
        return match verdict.decision {
            Decision::Reject => Ok(Ending::by_verdict(&verdict)),
            _ => Err(Retry::Inconclusive {
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

/// Publishes under a claim, unless a claimant before did.
async fn publish<W: DeployWorld>(
    world: &W,
    case: &Case,
    layer: &LayerName,
    approved: &Approved,
) -> Result<LayerContent, Stop> {
    if claim(world, case).await? > 1
        && let Some(content) = published_before(world, case, layer).await?
    {
        return Ok(content);
    }
    let metadata = LayerMetadata::read(&case.signing.received.metadata)
        .map_err(|error| Ending::rejected(Code::LayerMetadata, error.to_string()))?;
    let request = LayerRequest {
        layer: layer.clone(),
        description: gather::description(case),
        runtimes: metadata.runtimes().to_vec(),
        architectures: metadata.architectures().to_vec(),
    };
    match world.publish_layer(&request, approved).await? {
        LayerPublish::Published(content) => Ok(content),
        LayerPublish::Refused(refusal) => {
            let message = format!("{}: {}", refusal.exception, refusal.message);
            Err(Ending::rejected(Code::LambdaRefused, message).into())
        }
    }
}

/// Takes the first claim that is free; answers with its number.
async fn claim<W: DeployWorld>(world: &W, case: &Case) -> Result<u32, Stop> {
    for number in 1..=MOST_CLAIMS {
        let path = format!("{}publishing-{number}.json", case.upload.folder());
        let claim = Publishing {
            schema: Schema,
            began_at: world.now(),
        };
        if records::create(world, &path, &claim).await? == Creation::Created {
            return Ok(number);
        }
        let held: Option<Publishing> = records::read(world, &path).await?;
        let is_held = held
            .is_none_or(|held| world.now().duration_since(held.began_at).unsigned_abs() < LEASE);
        if is_held {
            let what = format!("another delivery is publishing {}", case.target);
            return Err(Retry::Claimed { what }.into());
        }
    }
    Err(Retry::busy(format!(
        "{MOST_CLAIMS} deliveries were cut off while publishing"
    ))
    .into())
}

/// The version that a delivery before this one published, found by its mark.
async fn published_before<W: DeployWorld>(
    world: &W,
    case: &Case,
    layer: &LayerName,
) -> Result<Option<LayerContent>, Stop> {
    let mark = gather::mark(case);
    let versions = world.layer_versions(layer, VERSIONS_SEARCHED).await?;
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
    case: &Case,
    expected: &Expected,
    content: LayerContent,
    verdict: &Verdict,
) -> Result<Ending, Stop> {
    let version = content.version.version;
    let deployed = Deployed {
        code_sha256: content.code.sha256.clone(),
        version: Some(version.to_string()),
        layer_version_arn: Some(content.version.arn),
        ..Deployed::default()
    };
    if let Some(difference) = expected.difference(&content.code) {
        return Err(Ending {
            findings: Ending::notable(verdict),
            deployed: Some(deployed),
            ..Ending::new(State::Failed, Code::DeployedMismatch, difference)
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
