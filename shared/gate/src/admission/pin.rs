//! Which version of the key an event is about, and whether it is current.

use super::settings::SignWorld;
use crate::{
    domain::{ReasonCode, Target, Upload, UploadId, VersionId},
    events::UploadEvent,
    outcome::{OutcomeDraft, RetryableError, Superseded},
    ports::{ObjectHead, UploadHead},
    records,
};

/// Where an upload stands in its key's history.
pub(super) enum UploadStanding {
    /// It is the current version.
    Current(ObjectHead),
    /// It is not what should run, or can never be pinned.
    Ended(OutcomeDraft),
}

pub(super) struct Pinned {
    pub(super) upload: Upload,
    pub(super) standing: UploadStanding,
}

impl Pinned {
    /// Whether this is how the S3 console makes a folder: no bytes, and a key that ends in a slash
    /// (grade C).
    pub(super) fn is_console_folder(&self) -> bool {
        self.upload.id.key.ends_with('/')
            && matches!(&self.standing, UploadStanding::Current(head) if head.size == 0)
    }
}

/// Finds the version that the event is about, and when S3 took it.
pub(super) async fn pin<W: SignWorld>(
    world: &W,
    event: &UploadEvent,
) -> Result<Pinned, RetryableError> {
    let current = world.head_upload(&event.key, None).await?;
    let upload = |version: VersionId, at| {
        let id = UploadId {
            bucket: event.bucket.clone(),
            key: event.key.clone(),
            version,
        };
        Upload::new(id, at)
    };
    if let UploadHead::Object(head) = &current {
        match &head.version {
            None => {
                return Ok(Pinned {
                    upload: upload(VersionId::unversioned(), head.last_modified),
                    standing: UploadStanding::Ended(OutcomeDraft::rejected(
                        ReasonCode::BucketNotVersioned,
                        "the current object of this key has no version id",
                    )),
                });
            }
            Some(version)
                if event
                    .version
                    .as_ref()
                    .is_none_or(|wanted| wanted == version) =>
            {
                return Ok(Pinned {
                    upload: upload(version.clone(), head.last_modified),
                    standing: UploadStanding::Current(head.clone()),
                });
            }
            Some(_) => {}
        }
    }
    // Not current. Whether it is still there tells whether the current one is newer.
    let Some(version) = event.version.clone() else {
        // Of a key that is there, an event without a version means what is current.
        return Ok(Pinned {
            upload: upload(VersionId::unversioned(), event.at),
            standing: UploadStanding::Ended(Superseded::KeyDeleted.draft()),
        });
    };
    let this = world.head_upload(&event.key, Some(&version)).await?;
    let why = match (&current, &this) {
        (UploadHead::DeleteMarker | UploadHead::Absent, _) => Superseded::KeyDeleted,
        (UploadHead::Object(_), UploadHead::Object(_)) => Superseded::Replaced,
        (UploadHead::Object(_), _) => Superseded::VersionDeleted,
    };
    let at = match this {
        UploadHead::Object(head) => head.last_modified,
        UploadHead::DeleteMarker | UploadHead::Absent => match Target::from_key(&event.key) {
            Ok(target) => records::find_upload(world, &target, &version)
                .await?
                .unwrap_or(event.at),
            Err(_) => event.at,
        },
    };
    Ok(Pinned {
        upload: upload(version, at),
        standing: UploadStanding::Ended(why.draft()),
    })
}
