//! `live.json`: what the last deployment of a target was. For people and for `sweep`: no deployment
//! rests on it.
//!
//! Two uploads of a target may come to their ends in another order than Lambda took them in. The numbers
//! that Lambda gives to versions only grow, so the document with the higher one is the later one, and a
//! conditional write keeps it.

use super::{
    expected::ExpectedCode,
    pending_deployment::{DeployWorld, PendingDeployment},
};
use crate::{
    domain::Target,
    outcome::{Backoff, EarlyExit, RetryableError},
    ports::{RecordWithEtag, Replacement, UploadHead},
    records::{self, Deployed, Document, Live, Schema},
};

/// Writes `live.json`, unless it tells of a later deployment.
pub(super) async fn record_live<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    expected: &ExpectedCode,
    deployed: &Deployed,
) -> Result<(), EarlyExit> {
    let Some(source_sha256) = pending.signing.received.source_sha256.clone() else {
        return Ok(());
    };
    let live = Live {
        schema: Schema,
        upload: pending.upload.clone(),
        source_sha256,
        profile_version_arn: expected.profile_version_arn.clone(),
        deployed: deployed.clone(),
        break_glass: pending.break_glass().cloned(),
    };
    let path = format!("{}/{}", pending.target, Live::FILE);
    let body = records::to_json(&path, &live).map_err(RetryableError::from)?;
    let mut backoff = Backoff::new(&pending.attempt);
    loop {
        let seen = world.read_record_with_etag(&path).await?;
        if is_later(world, pending, seen.as_ref(), &live).await? {
            return Ok(());
        }
        let replaced = world.replace_record_as_seen(&path, &body, seen.as_ref());
        if replaced.await? == Replacement::Replaced {
            return Ok(());
        }
        if !backoff.pause(world).await {
            return Err(RetryableError::busy(format!("{path} keeps changing")).into());
        }
    }
}

/// Whether the document that is there tells of a later deployment than this one. What cannot be read does
/// not.
async fn is_later<W: DeployWorld>(
    world: &W,
    pending: &PendingDeployment,
    seen: Option<&RecordWithEtag>,
    this: &Live,
) -> Result<bool, EarlyExit> {
    let Some(found) = seen.and_then(|seen| serde_json::from_slice::<Live>(&seen.body).ok()) else {
        return Ok(false);
    };
    let number = |live: &Live| live.deployed.version.as_ref()?.parse::<i64>().ok();
    let (Some(of_found), Some(of_this)) = (number(&found), number(this)) else {
        return Ok(false);
    };
    if of_found == of_this {
        // The same code in the same configuration, from two uploads.
        return Ok(found.upload.at > this.upload.at);
    }
    if of_found < of_this {
        return Ok(false);
    }
    // Numbers begin anew where a function was deleted and created again, and anyone who may write here may
    // claim one.
    let exists = match &pending.target {
        Target::Function(name) => {
            let version = world.version(name, &of_found.to_string()).await?;
            version.is_some_and(|version| version.code.sha256 == found.deployed.code_sha256)
        }
        Target::Layer(name) => {
            let content = world.layer_content(name, of_found).await?;
            content.is_some_and(|content| content.code.sha256 == found.deployed.code_sha256)
        }
    };
    // Of this very upload, what is there now counts.
    let is_comparable =
        found.upload.id.key == this.upload.id.key && found.upload.id != this.upload.id;
    if exists || !is_comparable {
        return Ok(exists);
    }
    // The version of a newer upload may have been deleted since. S3 says whether it is newer.
    let key = &this.upload.id.key;
    let head = world.head_upload(key, Some(&found.upload.id.version));
    Ok(match head.await? {
        UploadHead::Object(head) => head.last_modified > this.upload.at,
        UploadHead::DeleteMarker | UploadHead::Absent => false,
    })
}
