//! `live.json`: what the last deployment of a target was, and whether it is the same as this one.

use super::{
    collect_evidence::ExaminedPackage,
    pending_deployment::{DeployWorld, PendingDeployment},
};
use crate::{
    outcome::{EarlyExit, OutcomeDraft},
    ports::{Function, UpdateStatus},
    records,
    records::{Deployed, Live, Schema, UploadState},
    verdict::Verdict,
};

/// Writes `live.json`, by which unchanged code is recognised.
pub(crate) async fn note_live<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    profile_version_arn: Option<String>,
    deployed: &Deployed,
) -> Result<(), EarlyExit> {
    if let Some(source_sha256) = case.signing.received.source_sha256.clone() {
        let live = Live {
            schema: Schema,
            upload: case.upload.clone(),
            source_sha256,
            profile_version_arn,
            deployed: deployed.clone(),
        };
        records::replace(world, &live_path(case), &live).await?;
    }
    Ok(())
}

/// What the last deployment was, if it had the same content and publisher as this one.
pub(crate) async fn same_as_live<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    specimen: &ExaminedPackage,
) -> Result<Option<Live>, EarlyExit> {
    let live: Option<Live> = records::read(world, &live_path(case)).await?;
    let publisher = specimen
        .examined
        .proven_claims()
        .map(|c| c.profile_version().to_string());
    Ok(live.filter(|live| {
        case.signing.received.source_sha256.as_ref() == Some(&live.source_sha256)
            && publisher.is_some()
            && live.profile_version_arn == publisher
    }))
}

fn live_path(case: &PendingDeployment) -> String {
    format!("{}/live.json", case.target)
}

/// Whether the function already runs this content, from an earlier upload.
pub(super) async fn unchanged<W: DeployWorld>(
    world: &W,
    case: &PendingDeployment,
    specimen: &ExaminedPackage,
    function: &Function,
) -> Result<Option<Live>, EarlyExit> {
    let live = same_as_live(world, case, specimen).await?;
    Ok(live.filter(|live| {
        live.deployed.code_sha256 == function.code.sha256
            && function.update == UpdateStatus::Successful
    }))
}

/// The end of an upload whose content is live already.
pub(crate) fn unchanged_ending(live: Live, verdict: &Verdict) -> OutcomeDraft {
    let mut message = format!(
        "the same code is live already, from the upload {}",
        live.upload.label()
    );
    if let Some(alias) = &live.deployed.alias {
        message = format!("{message}, and {alias} points at it");
    }
    deployed_ending(
        message,
        Deployed {
            unchanged: true,
            ..live.deployed
        },
        verdict,
    )
}

pub(crate) fn deployed_ending(
    message: String,
    deployed: Deployed,
    verdict: &Verdict,
) -> OutcomeDraft {
    OutcomeDraft {
        state: UploadState::Deployed,
        code: None,
        message,
        findings: OutcomeDraft::notable(verdict),
        deployed: Some(deployed),
    }
}
