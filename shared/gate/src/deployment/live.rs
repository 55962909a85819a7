//! `live.json`: what the last deployment of a target was. For people and for `sweep`: no deployment
//! rests on it.

use super::{
    expected::Expected,
    pending_deployment::{DeployWorld, PendingDeployment},
};
use crate::{
    outcome::{EarlyExit, OutcomeDraft},
    records::{self, Deployed, Live, Schema, UploadState},
    verdict::Verdict,
};

/// Writes `live.json`.
pub(super) async fn record_live<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    expected: &Expected,
    deployed: &Deployed,
) -> Result<(), EarlyExit> {
    if let Some(source_sha256) = pending.signing.received.source_sha256.clone() {
        let live = Live {
            schema: Schema,
            upload: pending.upload.clone(),
            source_sha256,
            profile_version_arn: expected.profile_version_arn.clone(),
            deployed: deployed.clone(),
        };
        records::replace(world, &format!("{}/", pending.target), &live).await?;
    }
    Ok(())
}

/// The outcome of a deployment.
pub(super) fn deployed_draft(
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
        package: None,
    }
}
