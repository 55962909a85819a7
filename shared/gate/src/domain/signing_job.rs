//! Signing jobs, signing profiles and signed objects, as AWS Signer describes them.

use super::{
    names::{ProfileName, SigningJobId, VersionId},
    upload::UploadId,
};
use countersign_package::ProfileVersionArn;
use jiff::Timestamp;

/// One version of an object in the signed bucket: what Lambda is told to fetch.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct SignedObject {
    /// The signed bucket.
    pub bucket: String,
    /// The key: the upload's folder, the job's id, `.zip`.
    pub key: String,
    /// The version that was read, and is therefore the one that was judged.
    pub version: VersionId,
}

/// How a signing job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Not done yet.
    InProgress,
    /// Signed; the job says where.
    Succeeded,
    /// Not signed, and never will be under this job.
    Failed {
        /// `statusReason`, perhaps empty.
        reason: String,
    },
    /// A status that this gate does not know: neither signed nor failed, and waited for as long as anything is.
    Unknown {
        /// As Signer spells it.
        status: String,
    },
}

impl JobStatus {
    /// Whether it ended, as far as is known.
    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed { .. })
    }
}

/// `DescribeSigningJob`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningJob {
    /// The job.
    pub id: SigningJobId,
    /// How it stands.
    pub status: JobStatus,
    /// Bucket, key and version that were signed; `None` for what is not an S3 object.
    pub source: Option<UploadId>,
    /// Bucket and key of the signed object (`signedObject.s3`; it has no version id).
    pub signed: Option<(String, String)>,
    /// The profile's name.
    pub profile: ProfileName,
    /// The profile's version, ten alphanumerics.
    pub profile_version: String,
    /// The account that owns the profile's use: `jobOwner`.
    pub owner: String,
    /// `completedAt`: when it was signed, or when signing failed. Later than the time within the signature, if it
    /// differs at all.
    pub completed_at: Option<Timestamp>,
    /// `signatureExpiresAt`.
    pub expires_at: Option<Timestamp>,
    /// When the job's signature was revoked (`revocationRecord`), and why.
    pub revocation: Option<JobRevocation>,
}

/// A job's signature was revoked: whatever its time, it counts no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRevocation {
    /// `revokedAt`.
    pub at: Timestamp,
    /// Who gave which reason.
    pub reason: String,
}

/// `GetSigningProfile`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningProfile {
    /// The version that this answer is about (`profileVersionArn`).
    pub version_arn: ProfileVersionArn,
    /// How it stands.
    pub status: ProfileStatus,
}

/// How a signing profile stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileStatus {
    /// It signs.
    Active,
    /// It signs no more; what it signed stays valid.
    Canceled,
    /// What it signed at or after this time is invalid.
    Revoked {
        /// `revocationRecord.revocationEffectiveFrom`.
        effective_from: Timestamp,
    },
}
