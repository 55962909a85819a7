//! Which earlier upload a rollback means. By the records: an S3 version says what was uploaded, not what
//! was ever deployed.

use crate::records::{UploadRecords, UploadState};

/// Why there is nothing to go back to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// Nothing was ever deployed, as far as the records go back.
    #[error("nothing on record was deployed")]
    NothingDeployed,
    /// Only one package was ever deployed.
    #[error("nothing else was deployed before {label}, which is the last that was")]
    NothingBefore {
        /// The last deployment.
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

/// The upload to go back to. `history` is the target's, newest first.
///
/// Without `wanted`: the upload that was deployed last, if one that came after it failed with a part of it
/// applied, since that is what runs; otherwise the newest deployed upload whose package is another one than
/// that of the last deployment. With it: the upload with this label, this S3 version, or the one that was deployed as this
/// version of the function or layer.
pub fn rollback_source<'h>(
    history: &'h [UploadRecords],
    wanted: Option<&str>,
) -> Result<&'h UploadRecords, RollbackError> {
    match wanted {
        None => before_the_last(history),
        Some(wanted) => named(history, wanted),
    }
}

/// The upload that was deployed last: what runs, as far as the records tell.
#[must_use]
pub fn last_deployed(history: &[UploadRecords]) -> Option<&UploadRecords> {
    // Jobs end out of order; what was decided last is what runs.
    history
        .iter()
        .filter(|upload| is_deployed(upload))
        .max_by_key(|upload| upload.outcome.as_ref().map(|outcome| outcome.decided_at))
}

fn before_the_last(history: &[UploadRecords]) -> Result<&UploadRecords, RollbackError> {
    let Some(last) = last_deployed(history) else {
        return Err(RollbackError::NothingDeployed);
    };
    if has_failed_since(history, last) {
        return Ok(last);
    }
    let mut deployed: Vec<_> = history
        .iter()
        .filter(|upload| is_deployed(upload))
        .collect();
    deployed.sort_by_key(|upload| upload.outcome.as_ref().map(|outcome| outcome.decided_at));
    let other = |upload: &&&UploadRecords| source(upload) != source(last);
    deployed
        .iter()
        .rev()
        .find(other)
        .copied()
        .ok_or_else(|| RollbackError::NothingBefore {
            label: last.label.clone(),
        })
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

/// Whether an upload failed after this one was deployed, and left something of it behind.
fn has_failed_since(history: &[UploadRecords], last: &UploadRecords) -> bool {
    let outcomes = history.iter().filter_map(|upload| upload.outcome.as_ref());
    let mut applied = outcomes
        .filter(|outcome| outcome.state == UploadState::Failed && outcome.deployed.is_some());
    let deployed_at = last.outcome.as_ref().map(|outcome| outcome.decided_at);
    applied.any(|outcome| Some(outcome.decided_at) > deployed_at)
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
