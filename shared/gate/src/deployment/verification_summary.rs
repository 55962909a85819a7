//! What others are told of a deployment: a verification summary, as SLSA defines it
//! (`https://slsa.dev/spec/v1.1/verification_summary`), in an in-toto statement.
//!
//! Made of what is on record alone, so that every attempt at it says the same, however late it comes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha384};

use crate::{
    domain::{StackArn, Target},
    records::{Outcome, UploadState, VerdictRecord},
    verdict::{AttestationReport, ProvenanceReport},
};

/// The type of the envelope's payload.
pub(super) const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://slsa.dev/verification_summary/v1";
/// The version of SLSA that the summary's fields were held against.
const SLSA_VERSION: &str = "1.1";
/// Nothing was asked about where the package was built. A signature by Signer says nothing of it.
const NOT_EVALUATED: &str = "SLSA_BUILD_LEVEL_UNEVALUATED";

/// An in-toto statement with a verification summary.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerificationSummary {
    #[serde(rename = "_type")]
    type_uri: &'static str,
    subject: Vec<Subject>,
    predicate_type: &'static str,
    predicate: Predicate,
}

#[derive(Debug, Serialize)]
struct Subject {
    name: &'static str,
    digest: Sha256Digest,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate {
    verifier: Verifier,
    time_verified: Timestamp,
    resource_uri: String,
    policy: ObjectReference,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_attestations: Vec<ObjectReference>,
    verification_result: &'static str,
    verified_levels: Vec<&'static str>,
    slsa_version: &'static str,
}

#[derive(Debug, Serialize)]
struct Verifier {
    id: String,
    version: Version,
}

#[derive(Debug, Serialize)]
struct Version {
    #[serde(rename = "countersign")]
    gate: &'static str,
}

#[derive(Debug, Serialize)]
struct Sha256Digest {
    sha256: String,
}

/// An object of S3: where it is, and which it is.
#[derive(Debug, Serialize)]
pub(super) struct ObjectReference {
    uri: String,
    digest: Sha256Digest,
}

impl ObjectReference {
    /// The object at `uri`, by the SHA-256 of its bytes in hexadecimal.
    pub(super) fn new(uri: String, sha256: String) -> Self {
        Self {
            uri,
            digest: Sha256Digest { sha256 },
        }
    }

    /// The attestation that met the demand, in the bucket that the upload is in.
    fn of_attestation(outcome: &Outcome, attestation: &AttestationReport) -> Self {
        let (bucket, key) = (&outcome.upload.id.bucket, &attestation.key);
        Self::new(format!("s3://{bucket}/{key}"), attestation.sha256.clone())
    }
}

impl VerificationSummary {
    /// What is said of an upload that was deployed or prepared; `None` where its records do not tell which package that was.
    pub(super) fn new(
        verifier: &StackArn,
        target: &Target,
        outcome: &Outcome,
        record: &VerdictRecord,
        policy: ObjectReference,
    ) -> Option<Self> {
        let provenance = record.verdict.as_ref()?.provenance.as_ref();
        let package = package_of(outcome, record).and_then(hex_of)?;
        let mut subject = Vec::new();
        if let Some(source) = record.source_sha256.as_deref().and_then(hex_of) {
            subject.push(Subject {
                name: "upload",
                digest: Sha256Digest { sha256: source },
            });
        }
        subject.push(Subject {
            name: "signed-package",
            digest: Sha256Digest { sha256: package },
        });
        Some(Self {
            type_uri: STATEMENT_TYPE,
            subject,
            predicate_type: PREDICATE_TYPE,
            predicate: Predicate {
                verifier: Verifier {
                    id: verifier.as_str().to_owned(),
                    version: Version {
                        gate: env!("CARGO_PKG_VERSION"),
                    },
                },
                time_verified: record.judged_at,
                resource_uri: resource_of(verifier, target, outcome),
                policy,
                input_attestations: provenance
                    .map(|found| ObjectReference::of_attestation(outcome, &found.attestation))
                    .into_iter()
                    .collect(),
                verification_result: "PASSED",
                verified_levels: vec![level_of(provenance)],
                slsa_version: SLSA_VERSION,
            },
        })
    }
}

/// The level that is proven, and no other: where nothing is demanded, nothing is looked for.
fn level_of(provenance: Option<&ProvenanceReport>) -> &'static str {
    match provenance.map(|found| found.level) {
        Some(1) => "SLSA_BUILD_LEVEL_1",
        Some(2) => "SLSA_BUILD_LEVEL_2",
        Some(3) => "SLSA_BUILD_LEVEL_3",
        _ => NOT_EVALUATED,
    }
}

/// The package that Lambda has. Where the same content ran already it is an earlier one, which was verified anew beside
/// this upload; where the function does not exist yet it is the one that waits for it.
fn package_of<'a>(outcome: &'a Outcome, record: &'a VerdictRecord) -> Option<&'a str> {
    match outcome.state {
        UploadState::Deployed => Some(&outcome.deployed.as_ref()?.code_sha256),
        UploadState::Prepared => Some(&record.verdict.as_ref()?.package.sha256),
        UploadState::Rejected | UploadState::Superseded | UploadState::Failed => None,
    }
}

/// The version that runs it, by its ARN; without a version where the function does not exist yet.
fn resource_of(verifier: &StackArn, target: &Target, outcome: &Outcome) -> String {
    let deployed = outcome.deployed.as_ref();
    let layer = deployed.and_then(|deployed| deployed.layer_version_arn.clone());
    let version = deployed.and_then(|deployed| deployed.version.as_deref());
    layer.unwrap_or_else(|| verifier.target(target, version))
}

/// A SHA-256 in base64, as Lambda writes it, in hexadecimal, as in-toto does.
fn hex_of(base64: &str) -> Option<String> {
    let bytes = STANDARD.decode(base64).ok()?;
    (bytes.len() == 32).then(|| hex::encode(&bytes))
}

/// The digest that is signed: SHA-384 of DSSE's pre-authentication encoding, which covers the payload's type, too.
pub(super) fn digest_to_sign(payload: &[u8]) -> [u8; 48] {
    let mut hash = Sha384::new();
    let (type_bytes, bytes) = (PAYLOAD_TYPE.len(), payload.len());
    hash.update(format!("DSSEv1 {type_bytes} {PAYLOAD_TYPE} {bytes} "));
    hash.update(payload);
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of DSSE's specification has another type of payload, whence the lengths here; the digest was made
    /// by another program: `printf 'DSSEv1 28 application/vnd.in-toto+json 2 {}' | sha384sum`.
    #[test]
    fn encoding_is_that_of_dsse() {
        assert_eq!(hex::encode(digest_to_sign(b"{}")), EXPECTED);
    }

    const EXPECTED: &str = "8e8f68182c12efe66737346f23bd1bfd6379e51315a0e582aa2db5aa9365c573832d35f90668b3d332137be71a3b2213";

    #[test]
    fn digests_are_written_as_in_toto_does() {
        let empty = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(
            hex_of(empty).as_deref(),
            Some("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        );
        assert_eq!(hex_of("47DEQpj8"), None);
        assert_eq!(hex_of("no base64"), None);
    }
}
