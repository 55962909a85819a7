//! What was deployed to a target last, by its records.
//!
//! `live.json` says it, and is the one record of a deployment that may be written again. So it may be lost, or an older one put
//! back, by whoever may repair records by hand. The outcomes, which are written once, tell when it is.

use super::{rate_limits::RateLimits, settings::SweepWorld};
use crate::{
    domain::{Target, Upload},
    outcome::RetryableError,
    records::{self, Deployed, Live, Outcome, Received, VerdictRecord, deployed_since},
    verdict::BreakGlassUse,
};

/// How many uploads are looked at that came after the one of `live.json`, the newest first.
const MAX_UPLOADS_READ: usize = 20;

/// What was deployed last.
pub(super) struct LastDeployment {
    pub(super) upload: Upload,
    pub(super) deployed: Deployed,
    /// Base64 of the SHA-256 of the upload.
    pub(super) source_sha256: String,
    /// By what a policy was passed over for it.
    pub(super) break_glass: Option<BreakGlassUse>,
}

impl From<Live> for LastDeployment {
    fn from(live: Live) -> Self {
        Self {
            upload: live.upload,
            deployed: live.deployed,
            source_sha256: live.source_sha256,
            break_glass: live.break_glass,
        }
    }
}

/// What the records say of a target's last deployment.
pub(super) struct DeploymentRecord {
    /// What was deployed last; `None` when nothing was.
    pub(super) last: Option<LastDeployment>,
    /// Why `live.json` is not what says so.
    pub(super) live_is_behind: Option<String>,
}

/// What was deployed last, by `live.json` as it was read, or by the outcomes if they know better. `current` is the upload
/// that is current.
///
/// While `live.json` names the current upload, the outcomes are not asked: nothing that is in the bucket is newer, and what
/// runs is compared with what it says.
pub(super) async fn last_deployment<W: SweepWorld>(
    world: &W,
    rate_limits: &RateLimits,
    target: &Target,
    live: Option<&Live>,
    current: Option<&Upload>,
) -> Result<DeploymentRecord, RetryableError> {
    let as_recorded = || DeploymentRecord {
        last: live.cloned().map(LastDeployment::from),
        live_is_behind: None,
    };
    if live.is_some_and(|live| Some(&live.upload) == current) {
        return Ok(as_recorded());
    }
    let since = live.map(|live| live.upload.at);
    let Some(newer) = deployed_since(world, target, since, MAX_UPLOADS_READ).await? else {
        return Ok(as_recorded());
    };
    let Some(newer) = deployment_of(world, newer).await? else {
        return Ok(as_recorded());
    };
    let why = match live {
        None => format!(
            "there is no live.json of {target}, and the upload {} was deployed",
            newer.upload.label()
        ),
        Some(live) if is_later(world, rate_limits, target, &newer, live).await? => format!(
            "live.json of {target} tells of the upload {}, and {} was deployed later",
            live.upload.label(),
            newer.upload.label()
        ),
        Some(_) => return Ok(as_recorded()),
    };
    Ok(DeploymentRecord {
        last: Some(newer),
        live_is_behind: Some(why),
    })
}

/// What an outcome says was deployed. Where the source's digest is on no record, no `live.json` was written.
async fn deployment_of<W: SweepWorld>(
    world: &W,
    outcome: Outcome,
) -> Result<Option<LastDeployment>, RetryableError> {
    let folder = outcome.upload.folder();
    let received: Option<Received> = records::read(world, &folder).await?;
    let source_sha256 = received.and_then(|received| received.source_sha256);
    let Some((deployed, source_sha256)) = outcome.deployed.zip(source_sha256) else {
        return Ok(None);
    };
    let record: Option<VerdictRecord> = records::read(world, &folder).await?;
    let verdict = record.and_then(|record| record.verdict);
    Ok(Some(LastDeployment {
        upload: outcome.upload,
        deployed,
        source_sha256,
        break_glass: verdict.and_then(|verdict| verdict.break_glass),
    }))
}

/// Whether a deployment of a newer upload is the later one. Where the newer upload was deleted for good, an older one may have
/// been deployed after it; the numbers that Lambda gives to versions tell, which begin anew where a function is created anew.
async fn is_later<W: SweepWorld>(
    world: &W,
    rate_limits: &RateLimits,
    target: &Target,
    newer: &LastDeployment,
    live: &Live,
) -> Result<bool, RetryableError> {
    let number = |deployed: &Deployed| deployed.version.as_ref()?.parse::<i64>().ok();
    let (Some(of_newer), Some(of_live)) = (number(&newer.deployed), number(&live.deployed)) else {
        return Ok(true);
    };
    if of_newer < of_live {
        return Ok(false);
    }
    let code = match target {
        Target::Function(name) => {
            rate_limits.get_function(world).await;
            let version = world.version(name, &of_newer.to_string()).await?;
            version.map(|version| version.code)
        }
        Target::Layer(name) => {
            rate_limits.control_plane(world).await;
            let content = world.layer_content(name, of_newer).await?;
            content.map(|content| content.code)
        }
    };
    Ok(code.is_some_and(|code| code.sha256 == newer.deployed.code_sha256))
}
