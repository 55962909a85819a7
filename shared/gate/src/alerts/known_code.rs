//! What the records know of code that was put on a function past the gate.

use crate::{
    domain::Target,
    events::ApiCall,
    ports::Records,
    records::{UploadRecords, history},
};

/// How many uploads of the function are compared, the newest first. Each is up to five reads, and `alert`
/// has seconds.
const MAX_UPLOADS_COMPARED: usize = 20;

/// What the records know of the code in a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KnownCode {
    /// Nobody looked.
    #[default]
    NotAsked,
    /// The records could not be read. The page is sent all the same.
    Unreadable,
    /// Of an upload of this function.
    Upload {
        /// `20261121T214400Z-<version id>`
        label: String,
        /// How it stands: `deployed`, `rejected`, …
        status: &'static str,
        /// Whether it was the newest upload on record when the call was made.
        is_newest: bool,
    },
    /// Of none of the uploads of this function that were compared.
    Unknown {
        /// How many were compared.
        compared: usize,
        /// Whether there may be more.
        is_cut: bool,
    },
}

/// Looks for the code of a call among the newest uploads of its function.
pub(super) async fn look_up<R: Records>(records: &R, call: &ApiCall) -> KnownCode {
    let Some(function) = call.function() else {
        return KnownCode::NotAsked;
    };
    match history(records, &Target::Function(function), MAX_UPLOADS_COMPARED).await {
        Ok(uploads) => find(call, &uploads),
        Err(_) => KnownCode::Unreadable,
    }
}

/// Compares by the signing job, or by the SHA-256 of code that was deployed before.
fn find(call: &ApiCall, uploads: &[UploadRecords]) -> KnownCode {
    let job = call
        .signing_job_arn()
        .and_then(|arn| arn.rsplit('/').next());
    let sha256 = call.response_text("/codeSha256");
    let is_it = |upload: &&UploadRecords| {
        let of_signing = upload.signing.as_ref().map(|signing| signing.job.as_str());
        let outcome = upload.outcome.as_ref();
        let deployed = outcome.and_then(|outcome| outcome.deployed.as_ref());
        let of_deployed = deployed.map(|deployed| deployed.code_sha256.as_str());
        (job.is_some() && job == of_signing) || (sha256.is_some() && sha256 == of_deployed)
    };
    // What was uploaded since changes nothing about what was put there then.
    let was_there = |upload: &&UploadRecords| {
        let received = upload.received.as_ref();
        received.is_none_or(|received| received.upload.at <= call.at())
    };
    match uploads.iter().find(is_it) {
        Some(upload) => KnownCode::Upload {
            label: upload.label.clone(),
            status: upload.status(),
            is_newest: uploads.iter().find(was_there) == Some(upload),
        },
        None => KnownCode::Unknown {
            compared: uploads.len(),
            is_cut: uploads.len() >= MAX_UPLOADS_COMPARED,
        },
    }
}

impl KnownCode {
    /// Whose it is, in a word or two: the same caller with other code is another thing to tell. `None` if nobody can say.
    pub(super) fn class(&self) -> Option<&'static str> {
        match self {
            Self::NotAsked | Self::Unreadable => None,
            Self::Upload {
                is_newest: true, ..
            } => Some("of the newest upload"),
            Self::Upload { .. } => Some("of an older upload"),
            Self::Unknown { .. } => Some("never uploaded"),
        }
    }

    /// A sentence for the page.
    pub(super) fn sentence(&self) -> Option<String> {
        Some(match self {
            Self::NotAsked => return None,
            Self::Unreadable => "The records could not be read, so that it is not known whether \
                                 this package was ever uploaded."
                .to_owned(),
            Self::Upload {
                label,
                status,
                is_newest,
            } => {
                let age = if *is_newest { "the newest" } else { "an older" };
                format!("It is the package of {age} upload of this function: {label}, {status}.")
            }
            Self::Unknown { compared: 0, .. } => {
                "Nothing was ever uploaded for this function.".to_owned()
            }
            Self::Unknown { compared, is_cut } => {
                let which = if *is_cut { "newest " } else { "" };
                format!(
                    "None of the {compared} {which}uploads of this function has this code: it was never \
                     uploaded for it, or is another target's package."
                )
            }
        })
    }
}
