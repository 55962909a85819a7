//! Which earlier upload a rollback means. By the records: an S3 version says what was uploaded, not what
//! was ever deployed.

use crate::records::{Live, UploadRecords, UploadState};

/// Why there is nothing to go back to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// Nothing was ever deployed, as far as the records go back.
    #[error("nothing on record was deployed")]
    NothingDeployed,
    /// Only one package was ever deployed.
    #[error("nothing else was deployed before {label}, which is live")]
    NothingBefore {
        /// What is live.
        label: String,
    },
    /// No upload is called so.
    #[error("{wanted} is no upload on record")]
    Unknown {
        /// As it was given.
        wanted: String,
    },
    /// Several uploads were deployed as this version of the function or layer.
    #[error("{wanted} is not unique: {}", labels.join(", "))]
    Ambiguous {
        /// As it was given.
        wanted: String,
        /// Their labels, newest first.
        labels: Vec<String>,
    },
    /// The upload was not deployed.
    #[error("{label} was never deployed; it is {standing}")]
    NotDeployed {
        /// The upload.
        label: String,
        /// Its state.
        standing: &'static str,
    },
}

/// The upload to go back to. `history` is the target's, newest first, and `live` its `live.json`.
///
/// Without `wanted`: what is live, if a newer upload failed with a part of it applied; otherwise the newest
/// deployed upload whose package is another one than what is live. With it: the upload with this label, this
/// S3 version, or the one that was deployed as this version of the function or layer.
pub fn rollback_source<'h>(
    history: &'h [UploadRecords],
    live: Option<&Live>,
    wanted: Option<&str>,
) -> Result<&'h UploadRecords, RollbackError> {
    match wanted {
        None => before_what_is_live(history, live),
        Some(wanted) => named(history, wanted),
    }
}

/// The upload of `live.json`, which knows in which order Lambda took uploads in: they may be decided in another
/// one. Without the document, the newest upload that was deployed. `None` if the upload is not in this part
/// of the history, or nothing was deployed.
#[must_use]
pub fn live_upload<'h>(
    history: &'h [UploadRecords],
    live: Option<&Live>,
) -> Option<&'h UploadRecords> {
    let Some(live) = live else {
        return history.iter().find(|upload| is_deployed(upload));
    };
    let label = live.upload.label();
    history.iter().find(|upload| upload.label == label)
}

fn before_what_is_live<'h>(
    history: &'h [UploadRecords],
    live: Option<&Live>,
) -> Result<&'h UploadRecords, RollbackError> {
    let upload = live_upload(history, live);
    let (label, package) = match (upload, live) {
        (Some(upload), _) => (upload.label.clone(), source(upload)),
        (None, Some(live)) => (live.upload.label(), live.source_sha256.as_str()),
        (None, None) => return Err(RollbackError::NothingDeployed),
    };
    if let Some(upload) = upload
        && has_failed_since(history, upload)
    {
        return Ok(upload);
    }
    let mut deployed = history.iter().filter(|upload| is_deployed(upload));
    deployed
        .find(|upload| source(upload) != package)
        .ok_or(RollbackError::NothingBefore { label })
}

fn named<'h>(
    history: &'h [UploadRecords],
    wanted: &str,
) -> Result<&'h UploadRecords, RollbackError> {
    let by_upload = history.iter().find(|upload| {
        let version = upload.label.split_once('-').map(|(_, version)| version);
        upload.label == wanted || version == Some(wanted)
    });
    if let Some(upload) = by_upload {
        if is_deployed(upload) {
            return Ok(upload);
        }
        return Err(RollbackError::NotDeployed {
            label: upload.label.clone(),
            standing: upload.status(),
        });
    }
    let by_version: Vec<_> = history
        .iter()
        .filter(|upload| is_deployed(upload) && deployed_version(upload) == Some(wanted))
        .collect();
    // The same package, uploaded again while it was live, is the same version.
    let is_one = by_version
        .windows(2)
        .all(|pair| matches!(pair, [one, other] if source(one) == source(other)));
    match by_version.first() {
        None => Err(RollbackError::Unknown {
            wanted: wanted.to_owned(),
        }),
        Some(upload) if is_one => Ok(upload),
        Some(_) => Err(RollbackError::Ambiguous {
            wanted: wanted.to_owned(),
            labels: by_version
                .iter()
                .map(|upload| upload.label.clone())
                .collect(),
        }),
    }
}

/// Whether a newer upload failed, and left something of it behind. A failure that was decided later, of an older
/// upload, was overtaken: what is older is not applied once something newer is there.
fn has_failed_since(history: &[UploadRecords], live: &UploadRecords) -> bool {
    let mut newer = history
        .iter()
        .take_while(|upload| upload.label != live.label);
    newer.any(|upload| {
        let outcome = upload.outcome.as_ref();
        outcome.is_some_and(|outcome| {
            outcome.state == UploadState::Failed && outcome.deployed.is_some()
        })
    })
}

fn is_deployed(upload: &UploadRecords) -> bool {
    let outcome = upload.outcome.as_ref();
    outcome.is_some_and(|outcome| outcome.state == UploadState::Deployed)
}

/// What the uploaded zip was: its hash, or the upload itself where that is not on record.
fn source(upload: &UploadRecords) -> &str {
    let received = upload.received.as_ref();
    received
        .and_then(|received| received.source_sha256.as_deref())
        .unwrap_or(&upload.label)
}

fn deployed_version(upload: &UploadRecords) -> Option<&str> {
    let deployed = upload.outcome.as_ref()?.deployed.as_ref()?;
    deployed.version.as_deref()
}
