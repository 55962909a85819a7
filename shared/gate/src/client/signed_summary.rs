//! The signed summary of a deployment, found among a target's records. Nothing here verifies it: whoever keeps the
//! records bucket could have written it, and the key alone proves otherwise.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::{
    domain::{Target, Upload, VersionId},
    ports::Records,
    records::{self, RecordError, SummaryEnvelope},
};

/// A summary as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedSummary {
    /// Where it is in the records bucket.
    pub path: String,
    /// The upload that it is about, `20261121T214400Z-<version id>`.
    pub label: String,
    /// The document, byte by byte.
    pub body: Vec<u8>,
    /// The key that it names, unproven.
    pub key: Option<String>,
    /// The statement in it, unproven; `None` if it is none.
    pub statement: Option<serde_json::Value>,
}

/// The summary of this version of a target's key, or of the newest upload that has one. `None` when there is none.
///
/// Costs one listing and one read.
pub async fn signed_summary<W: Records>(
    world: &W,
    target: &Target,
    version: Option<&VersionId>,
) -> Result<Option<SignedSummary>, RecordError> {
    let prefix = format!("{target}/");
    let paths = world.list_records(&prefix).await?;
    let of_uploads = paths.iter().filter_map(|path| {
        let (label, file) = path.strip_prefix(&prefix)?.split_once('/')?;
        let (at, found) = Upload::parse_label(label)?;
        let is_wanted = version.is_none_or(|version| *version == found);
        (is_wanted && records::is_summary(file)).then_some((at, label, path))
    });
    let Some((_, label, path)) = of_uploads.max() else {
        return Ok(None);
    };
    let Some(body) = world.read_record(path).await? else {
        return Ok(None);
    };
    let envelope: SummaryEnvelope =
        serde_json::from_slice(&body).map_err(|source| RecordError::Unreadable {
            path: path.clone(),
            source,
        })?;
    let payload = STANDARD.decode(&envelope.payload).ok();
    Ok(Some(SignedSummary {
        path: path.clone(),
        label: label.to_owned(),
        body,
        key: envelope.signatures.first().map(|first| first.keyid.clone()),
        statement: payload.and_then(|payload| serde_json::from_slice(&payload).ok()),
    }))
}
