//! Looks whether somebody broke the glass for an upload, where a policy would refuse it.

use super::{
    pending_deployment::{DeployWorld, PendingDeployment},
    people_settings::PeopleSettings,
};
use crate::{
    domain::{BreakGlass, StatementKey, Upload, UploadDigest, UploadId},
    outcome::EarlyExit,
    records,
    verdict::{BreakGlassRequest, Evidence, Glass, decide},
};

/// Puts into the evidence what is there below `break-glass/` for this upload. Nothing is asked where the stack does not
/// allow it, or where the upload is accepted as it is. What counted before Lambda took the package counts on, where it is known
/// to run (`is_taken`): it is brought to its end, whatever became of the statement, and is told as what it is. Nothing new is
/// changed by what has ended.
pub(super) async fn look_for_break_glass<W: DeployWorld>(
    world: &W,
    settings: &PeopleSettings,
    pending: &PendingDeployment,
    is_taken: bool,
    evidence: &mut Evidence,
) -> Result<(), EarlyExit> {
    if is_taken && let Some(used) = pending.break_glass() {
        evidence.people.break_glass = Some(Glass::Used(used.clone()));
        return Ok(());
    }
    if !settings.allows_break_glass || decide(evidence).decision.accepts() {
        return Ok(());
    }
    let Some(sha256) = evidence.package.proven_source() else {
        return Ok(());
    };
    let upload = UploadDigest::of_bytes(&sha256);
    let key = StatementKey::break_glass_of(&pending.target, &upload);
    let Some(object) = world.read_statement(&key, BreakGlass::MAX_BYTES).await? else {
        return Ok(());
    };
    let at = object.last_modified;
    let by = match object.version {
        Some(version) => {
            let id = UploadId {
                bucket: pending.upload.id.bucket.clone(),
                key: key.clone(),
                version,
            };
            records::read_statement(world, &Upload::new(id, at)).await?
        }
        None => None,
    };
    let order = match object.body {
        Some(body) => BreakGlass::parse(&body, at),
        None => Err(format!("it has more than {} bytes", BreakGlass::MAX_BYTES)),
    };
    evidence.people.break_glass = Some(Glass::Found(BreakGlassRequest {
        key,
        by: by.and_then(|statement| statement.by.principal),
        order,
        uploader: pending.signing.received.uploaded_by.principal.clone(),
        personal_roles: settings.personal_roles.clone(),
    }));
    Ok(())
}
