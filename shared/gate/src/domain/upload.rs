//! One upload: one version of one key, judged once.

use super::{names::VersionId, target::Target};
use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who uploaded, as far as the event says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploader {
    /// An account, service or principal: `requester` of an `EventBridge` event,
    /// `userIdentity.principalId` of an S3 notification.
    pub principal: Option<String>,
    /// The address that the request came from.
    pub source_ip: Option<String>,
}

/// One version of one object: what an upload is, before it is known whether it is for anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UploadId {
    /// The uploads bucket.
    pub bucket: String,
    /// The key, decoded.
    pub key: String,
    /// The version, never `null`.
    pub version: VersionId,
}

impl UploadId {
    /// The client token under which this upload's signing job is started: Signer answers a repeated
    /// token with the first call's job, so one upload has one job however often it is asked for.
    ///
    /// SHA-256 over bucket, key and version, each preceded by its length in bytes (eight, big
    /// endian), so that no two uploads can spell the same input; 64 hexadecimal digits, which is
    /// also what the service model allows.
    #[must_use]
    pub fn client_token(&self) -> String {
        let mut hash = Sha256::new();
        for part in [&self.bucket, &self.key, self.version.as_str()] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            hash.update(length.to_be_bytes());
            hash.update(part.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

/// An upload with its place in a target's history.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Upload {
    /// The object version.
    pub id: UploadId,
    /// When S3 took it: `LastModified` of the version, whole seconds.
    pub at: Timestamp,
}

impl Upload {
    /// An upload that S3 took at `at`, cut to the whole seconds that [`Self::label`] and the headers of S3 have: events
    /// carry milliseconds, and one upload is not two.
    #[must_use]
    pub fn new(id: UploadId, at: Timestamp) -> Self {
        let at = Timestamp::from_second(at.as_second()).unwrap_or(at);
        Self { id, at }
    }

    /// `20261121T214400Z-<version id>`: sorts by time, unique by version.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}-{}", compact(self.at), self.id.version)
    }

    /// The folder of this upload's records and of its signed package, with its final slash.
    ///
    /// A key that names no target has a place too: `unrecognised/<hash of the key>/…`, because a key
    /// may hold anything, and a refusal must be on record all the same.
    #[must_use]
    pub fn folder(&self) -> String {
        format!("{}/{}/", subject_of_key(&self.id.key), self.label())
    }

    /// Reads time and version back from a folder's label, `20261121T214400Z-<version id>`.
    #[must_use]
    pub fn parse_label(label: &str) -> Option<(Timestamp, VersionId)> {
        let (at, version) = label.split_once('-')?;
        let at = strtime::parse(COMPACT, at)
            .and_then(|parts| parts.to_datetime())
            .ok()?;
        let at = at.to_zoned(TimeZone::UTC).ok()?.timestamp();
        Some((at, VersionId::parse(version).ok()?))
    }
}

/// What the records call the uploads of one key together: the target, such as `functions/checkout`, or
/// `unrecognised/<hash of the key>` for a key that names none.
#[must_use]
pub fn subject_of_key(key: &str) -> String {
    if let Ok(target) = Target::from_key(key) {
        return target.to_string();
    }
    let hash = hex::encode(Sha256::digest(key.as_bytes()));
    let short = hash.get(..16).unwrap_or(&hash);
    format!("unrecognised/{short}")
}

const COMPACT: &str = "%Y%m%dT%H%M%SZ";

/// `20261121T214400Z`, cut to whole seconds.
fn compact(at: Timestamp) -> String {
    at.strftime(COMPACT).to_string()
}

/// Base64 of the SHA-256, as Lambda reports a package's.
#[must_use]
pub fn sha256_base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upload(key: &str) -> Upload {
        Upload {
            id: UploadId {
                bucket: "uploads".into(),
                key: key.into(),
                version: VersionId::parse("a.b-c_d").unwrap(),
            },
            at: "2026-11-21T21:44:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn folders_sort_by_time_and_read_back() {
        let upload = upload("functions/checkout.zip");
        assert_eq!(
            upload.folder(),
            "functions/checkout/20261121T214400Z-a.b-c_d/"
        );
        let (at, version) = Upload::parse_label(&upload.label()).unwrap();
        assert_eq!((at, version), (upload.at, upload.id.version));
        assert_eq!(Upload::parse_label("yesterday-x"), None);
        assert_eq!(Upload::parse_label("20261121T214400Z"), None);
    }

    #[test]
    fn key_without_a_target_has_a_folder_that_cannot_be_mistaken() {
        let folder = upload("../functions/checkout.zip").folder();
        assert!(folder.starts_with("unrecognised/"), "{folder}");
        assert_eq!(folder.split('/').count(), 4);
    }

    #[test]
    fn upload_is_the_same_whether_an_event_or_a_header_tells_its_time() {
        let of_header = upload("functions/checkout.zip");
        let of_event = of_header.at + jiff::SignedDuration::from_millis(987);
        assert_eq!(Upload::new(of_header.id.clone(), of_event), of_header);
    }

    #[test]
    fn tokens_are_framed() {
        let token = |bucket: &str, key: &str| {
            let version = VersionId::parse("v").unwrap();
            UploadId {
                bucket: bucket.into(),
                key: key.into(),
                version,
            }
            .client_token()
        };
        assert_eq!(token("a", "b").len(), 64);
        assert_ne!(token("ab", "c"), token("a", "bc"));
        assert_eq!(token("a", "b"), token("a", "b"));
    }
}
