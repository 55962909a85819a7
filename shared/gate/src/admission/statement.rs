//! Statements about uploads in the uploads bucket: no uploads, and not to be signed. Who approved, or broke the glass, is
//! put on record, because only S3's notification tells it.

use super::{admission::Admission, settings::SignWorld};
use crate::{
    domain::{PersonalRoles, StatementKey, StatementKeyError, Upload, UploadId},
    events::UploadEvent,
    outcome::RetryableError,
    ports::{Creation, UploadHead},
    records::{self, Schema, Statement},
};

/// Takes a statement in.
pub(super) async fn take_statement<W: SignWorld>(
    world: &W,
    event: &UploadEvent,
    key: Result<StatementKey, StatementKeyError>,
) -> Result<Admission, RetryableError> {
    let key = match key {
        Ok(key) => key,
        Err(error) if event.key.ends_with('/') => {
            return Ok(Admission::NotOurs(format!("a folder: {error}")));
        }
        Err(error) => return Ok(Admission::NotOurs(error.to_string())),
    };
    let what = match key {
        StatementKey::Attestation { upload, .. } => {
            return Ok(Admission::Statement(format!(
                "an attestation of the upload {upload}"
            )));
        }
        StatementKey::Freeze { name } => {
            return Ok(Admission::Statement(format!("the freeze {name}")));
        }
        StatementKey::Approval { target, upload, .. } => {
            format!("an approval of the upload {upload} for {target}")
        }
        StatementKey::BreakGlass { target, upload } => {
            format!("break-glass for the upload {upload} for {target}")
        }
    };
    let Some(version) = &event.version else {
        return Ok(Admission::NotOurs(format!(
            "{what} has no version id, so that nobody is on record for it"
        )));
    };
    let by = &event.uploaded_by;
    // Nobody is not put on record: the notification that names somebody may come yet.
    let principal = by.principal.as_deref().unwrap_or_default();
    if let Err(error) = PersonalRoles::default().person(principal) {
        return Ok(Admission::NotOurs(format!(
            "{what} counts for nobody: the event names {error}"
        )));
    }
    let UploadHead::Object(head) = world.head_upload(&event.key, Some(version)).await? else {
        return Ok(Admission::NotOurs(format!("{what} is gone already")));
    };
    let id = UploadId {
        bucket: event.bucket.clone(),
        key: event.key.clone(),
        version: version.clone(),
    };
    let statement = Statement {
        schema: Schema,
        object: Upload::new(id, head.last_modified),
        by: by.clone(),
        recorded_at: world.now(),
    };
    let creation = records::record_statement(world, &statement).await?;
    Ok(Admission::Statement(match creation {
        Creation::Created => format!("{what}, by {principal}"),
        Creation::Existed => format!("{what}, on record already"),
    }))
}
