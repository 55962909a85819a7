//! The attestations of a package, below `attestations/` of the uploads bucket.

use super::error::PortError;
use crate::domain::{AttestationFolder, VersionId};
use std::future::Future;

/// An object below the folder of a package's attestations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedAttestation {
    /// Its key: anything at all behind the folder.
    pub key: String,
    /// Bytes.
    pub size: u64,
}

/// What is below the folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttestationListing {
    /// The current objects, by the bytes of their keys.
    pub objects: Vec<ListedAttestation>,
    /// There are more than were asked for.
    pub has_more: bool,
}

/// What a read of an attestation found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AttestationRead {
    /// Its bytes, and the version *of that same answer*.
    Object {
        /// The version.
        version: VersionId,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// It has more bytes than were asked for; they were not read.
    TooLarge {
        /// How many it has.
        size: u64,
    },
    /// It is not there any more.
    Gone,
}

/// Reading attestations.
pub trait Attestations: Sync {
    /// `ListObjectsV2` below the folder: at most `max` objects.
    fn list_attestations(
        &self,
        folder: &AttestationFolder,
        max: u16,
    ) -> impl Future<Output = Result<AttestationListing, PortError>> + Send;

    /// `GetObject` of the key's current version. The body is not read where it has more than `max_bytes`. An answer
    /// without a version id (a bucket without versioning) is [`PortError::Unexpected`].
    fn read_attestation(
        &self,
        key: &str,
        max_bytes: u64,
    ) -> impl Future<Output = Result<AttestationRead, PortError>> + Send;
}

/// Writing attestations, for whoever uploads a package. No role of the gate has the right to.
pub trait AttestationStore: Sync {
    /// `PutObject` of this name below the folder.
    fn put_attestation(
        &self,
        folder: &AttestationFolder,
        name: &str,
        attestation: &[u8],
    ) -> impl Future<Output = Result<(), PortError>> + Send;
}
